import json

import pytest

from extract.articles import ArticleError, read_articles


def read(*paths):
    refused: list[ArticleError] = []
    return list(read_articles(paths, refused.append)), [str(error) for error in refused]


def test_a_text_file_is_an_article_named_by_it(tmp_path) -> None:
    (tmp_path / "خبر 1.txt").write_bytes("\ufeffوصل الوفد\r\nإلى غريان".encode())
    articles, refused = read(tmp_path / "خبر 1.txt")
    assert [(a.id, a.text, a.title, a.date) for a in articles] == [("خبر 1", "وصل الوفد\r\nإلى غريان", None, None)]
    assert refused == []


def test_folders_are_read_in_order_and_hidden_files_left_out(tmp_path) -> None:
    for name in ("b.txt", "a.txt", ".hidden.txt", "notes.md", "sub/c.txt", ".git/d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert [a.id for a in read(tmp_path)[0]] == ["a", "b", "c"]


def test_jsonl_fields(tmp_path) -> None:
    entry = {
        "id": 7,
        "text": " نص ",
        "title": "عنوان\nطويل",
        "date": "2020-01-20T10:00",
        "outlet": "",
        "country": "ly",
        "url": "u",
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(entry), encoding="utf-8")
    (article,), _ = read(tmp_path / "a.jsonl")
    assert (article.id, article.text, article.title) == ("7", " نص ", "عنوان طويل")
    assert (article.date, article.outlet, article.country, article.url) == ("2020-01-20", None, "LY", "u")


BAD_LINES = [
    ("{", "line 2: not JSON"),
    ("[1]", "line 2: one JSON object"),
    ('{"id": "x"}', '"text" is missing'),
    ('{"id": "x", "text": "  "}', '"text" is missing'),
    ('{"text": "نص"}', '"id" is missing'),
    ('{"id": true, "text": "نص"}', '"id" is missing'),
]


@pytest.mark.parametrize(("line", "reason"), BAD_LINES)
def test_a_bad_line_is_refused_and_the_others_read(tmp_path, line: str, reason: str) -> None:
    good = json.dumps({"id": "ok", "text": "نص"})
    (tmp_path / "a.jsonl").write_text(f"{good}\n{line}\n\n{good}", encoding="utf-8")
    articles, refused = read(tmp_path / "a.jsonl")
    assert [a.id for a in articles] == ["ok", "ok~2"]
    assert len(refused) == 1
    assert reason in refused[0]


@pytest.mark.parametrize("date", ["yesterday", "", None, 5, "20/1/2020"])
def test_a_date_that_is_none_stays_none(tmp_path, date) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "x", "text": "نص", "date": date}))
    assert read(tmp_path / "a.jsonl")[0][0].date is None


def test_lone_surrogates_become_readable_without_moving_offsets(tmp_path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "x", "text": "قبل\\ud800 بعد"}')
    assert read(tmp_path / "a.jsonl")[0][0].text == "قبل\ufffd بعد"


def test_what_is_not_utf8_or_empty_is_refused(tmp_path) -> None:
    (tmp_path / "a.txt").write_bytes("طرابلس".encode("windows-1256"))
    (tmp_path / "b.txt").write_text(" \n")
    articles, refused = read(tmp_path)
    assert articles == []
    assert "not UTF-8" in refused[0]
    assert "empty" in refused[1]


def test_an_unknown_kind_of_file_is_refused(tmp_path) -> None:
    (tmp_path / "a.exe").write_text("x")
    assert ".jsonl" in read(tmp_path / "a.exe")[1][0]


def test_a_missing_path_raises(tmp_path) -> None:
    with pytest.raises(ArticleError, match="no such file"):
        read(tmp_path / "none")
