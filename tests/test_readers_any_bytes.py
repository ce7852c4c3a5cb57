"""Whatever bytes a file holds, reading ends with articles and refusals, never with an error of another kind."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.readers import KINDS
from tests.made_inputs import NEWS, make_docx, make_feed, make_jsonl, make_page, make_pdf, make_xlsx, make_zip, read

RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(path: Path) -> None:
    articles, refused = read(path)
    assert articles or refused
    for article in articles:
        assert article.text.strip()
        article.text.encode("utf-8")
        assert "\0" not in article.text
    for error in refused:
        assert str(error).isprintable()


@pytest.mark.parametrize("suffix", KINDS)
@RELAXED
@given(data=st.binary(max_size=300))
def test_any_bytes_of_any_kind_end_well(tmp_path, suffix: str, data: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    check(path)


@pytest.mark.parametrize("suffix", [".txt", ".csv", ".jsonl", ".json", ".html", ".rss"])
@RELAXED
@given(text=st.text(max_size=200))
def test_any_text_of_any_kind_ends_well(tmp_path, suffix: str, text: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    check(path)


@RELAXED
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=200))
def test_a_json_text_comes_back_as_it_is_or_repaired(tmp_path, text: str) -> None:
    (tmp_path / "a.jsonl").write_text(make_jsonl({"id": "x", "text": text}), encoding="utf-8")
    articles, refused = read(tmp_path / "a.jsonl")
    if articles and "Ø" not in text and "Ù" not in text and not any("\u00c0" <= c <= "\u00ff" for c in text):
        assert articles[0].text == text or any(c in text for c in "طظ")
    assert len(articles) + len(refused) == 1


def make_good(folder: Path) -> list[Path]:
    make_docx(folder / "a.docx", [NEWS], table=[["أ", "ب"]])
    make_xlsx(folder / "a.xlsx", [["id", "text"], [1, NEWS]])
    make_zip(folder / "a.zip", {"a.txt": NEWS.encode(), "b.jsonl": make_jsonl({"text": NEWS}).encode()})
    (folder / "a.pdf").write_bytes(make_pdf([[NEWS[:80], NEWS[80:160]], [NEWS[160:]]]))
    (folder / "a.html").write_text(make_page(), encoding="utf-8")
    (folder / "a.rss").write_text(make_feed(f"<item><description>{NEWS}</description></item>"), encoding="utf-8")
    return sorted(folder.iterdir())


def damage(data: bytes, chance: random.Random) -> bytes:
    """The bytes with a few of them changed, left out or doubled."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(changed))
        kind = chance.random()
        if kind < 0.6:
            changed[at] = chance.randrange(256)
        elif kind < 0.8:
            del changed[at : at + chance.randint(1, 50)]
        else:
            changed[at:at] = changed[at : at + chance.randint(1, 50)]
        if not changed:
            break
    return bytes(changed)


def test_damaged_files_end_well(tmp_path) -> None:
    (tmp_path / "good").mkdir()
    chance = random.Random(7)
    for path in make_good(tmp_path / "good"):
        data = path.read_bytes()
        for _ in range(25):
            (tmp_path / path.name).write_bytes(damage(data, chance))
            check(tmp_path / path.name)
