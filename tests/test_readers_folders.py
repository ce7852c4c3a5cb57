"""Folders, archives in them, ids, and reading that does not fill memory."""

import gzip
import io
import itertools
import os
import threading

import pytest

from extract.articles import ArticleError, find_files, read_articles
from extract.readers import ReadOptions, Source, read_source
from gazetteer.terminal import printable
from tests.made_inputs import make_jsonl, make_zip, read


def ids(*paths) -> list[str]:
    return [article.id for article in read(*paths)[0]]


def test_files_of_one_name_are_named_by_their_paths(tmp_path) -> None:
    for name in ("a.txt", "2019/b.txt", "2020/b.txt", "2020/c.txt", "2020/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text\nنص" if name.endswith("csv") else "نص")
    assert ids(tmp_path) == ["2019/b.txt", "2020/b.txt", "2020/c.csv#2", "2020/c.txt", "a"]


def test_members_are_named_by_archive_and_path(tmp_path) -> None:
    text = "نص".encode()
    make_zip(
        tmp_path / "z.zip", {"in/b.txt": text, "a.txt": text, "a.csv": b"text\nx", ".hidden.txt": b"x", "p.png": b"x"}
    )
    (tmp_path / "n.txt.gz").write_bytes(gzip.compress(text))
    assert ids(tmp_path) == ["n", "z/a.csv#2", "z/a.txt", "z/in/b"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["x", "x", "x"], ["x", "x~2", "x~3"]),
        (["x~2", "x", "x"], ["x~2", "x", "x~3"]),
        (["x", "x", "x~2"], ["x", "x~2", "x~2~2"]),
        (["a\nb", "a\u202eb", 7, 7.0, " y "], ["a\ufffdb", "a\ufffdb~2", "7", "7~2", "y"]),
    ],
    ids=ascii,
)
def test_every_article_has_an_id_of_its_own(tmp_path, given: list, wanted: list[str]) -> None:
    (tmp_path / "a.jsonl").write_text(make_jsonl(*({"id": identity, "text": "نص"} for identity in given)))
    assert ids(tmp_path) == wanted


@pytest.mark.parametrize("identity", ["", " ", None, True, [1], {"a": 1}, "x" * 501, float("nan"), 1.5])
def test_what_is_no_id_is_refused_in_a_file_of_ids(tmp_path, identity) -> None:
    (tmp_path / "a.jsonl").write_text(make_jsonl({"id": "x", "text": "نص"}, {"id": identity, "text": "نص"}))
    articles, refused = read(tmp_path)
    assert [a.id for a in articles] == ["x"]
    assert "id" in str(refused[0])


def test_folders_are_walked_in_the_order_of_names(tmp_path) -> None:
    for name in ("b.txt", "a/z.txt", "a.txt", "a-b/x.txt", "A.TXT", ".x/h.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("نص")
    found = [path.relative_to(tmp_path).as_posix() for path in find_files(tmp_path)]
    assert found == ["A.TXT", "a/z.txt", "a-b/x.txt", "a.txt", "b.txt"]


def test_linked_files_are_read_and_linked_folders_are_not(tmp_path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("نص")
    (tmp_path / "in" / "b.txt").symlink_to(tmp_path / "out" / "a.txt")
    (tmp_path / "in" / "far").symlink_to(tmp_path / "out")
    assert ids(tmp_path / "in") == ["b"]
    (tmp_path / "in" / "far").unlink()
    (tmp_path / "link").symlink_to(tmp_path / "in")
    assert ids(tmp_path / "link") == ["b"]


def test_folders_a_thousand_deep_are_read(tmp_path) -> None:
    folders = [str(tmp_path) + "/d" * depth for depth in range(1, 1201)]
    for folder in folders:
        os.mkdir(folder)
    with open(folders[-1] + "/a.txt", "w", encoding="utf-8") as file:
        file.write("نص")
    assert ids(tmp_path) == ["a"]
    os.unlink(folders[-1] + "/a.txt")
    for folder in reversed(folders):
        os.rmdir(folder)


def test_a_folder_that_may_not_be_opened_is_told(tmp_path, monkeypatch) -> None:
    (tmp_path / "a.txt").write_text("نص")
    (tmp_path / "shut").mkdir()
    list_folder = os.listdir

    def refuse_one(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return list_folder(path)

    monkeypatch.setattr(os, "listdir", refuse_one)
    articles, refused = read(tmp_path)
    assert [a.id for a in articles] == ["a"]
    assert "Permission denied" in str(refused[0])


def test_a_file_gone_since_it_was_listed_is_told(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("نص")
    (tmp_path / "b.txt").write_text("نص")
    refused: list[ArticleError] = []
    articles = read_articles([tmp_path], refused.append)
    next(articles)
    (tmp_path / "b.txt").unlink()
    assert list(articles) == []
    assert len(refused) == 1


def test_refusals_say_where_why_and_what_to_do(tmp_path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "x"}\n{')
    (error,) = read(tmp_path)[1]
    record = error.to_record()
    assert (record["path"], record["row"]) == (str(tmp_path / "a.jsonl"), 2)
    assert "not JSON" in record["reason"]
    assert record["hint"] and record["unit"] == "line"
    assert str(error).startswith(f"{tmp_path / 'a.jsonl'}, line 2: not JSON")


@pytest.mark.parametrize("text", ["a\nb", "\u202eb", "\x1b[31m", "\ud800", "\u2028", "طرابلس", "\x00"], ids=ascii)
def test_messages_hold_printable_characters_only(text: str) -> None:
    assert printable(text).isprintable()
    assert printable("طرابلس 2") == "طرابلس 2"


class Endless(io.RawIOBase):
    """A JSON Lines file without an end."""

    def __init__(self) -> None:
        self.given = 0
        self._line = make_jsonl({"text": "نص " * 1000}).encode()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        count = min(len(buffer), len(self._line))
        buffer[:count] = self._line[:count]
        self.given += count
        return count


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_records_are_read_as_they_are_asked_for(name: str) -> None:
    stream = Endless()
    if name.endswith("csv"):
        stream._line = ("text\n" + "نص " * 1000 + "\n").encode()
    source = Source(path=name, name=name, base_id="a", open=lambda: io.BufferedReader(stream))
    articles = list(itertools.islice(read_source(source, ReadOptions(), lambda error: None), 300))
    assert len(articles) == 300
    assert stream.given < 4_000_000


def test_reading_leaves_no_file_open(tmp_path) -> None:
    (tmp_path / "a.jsonl").write_text(make_jsonl(*[{"text": "نص"}] * 9))
    make_zip(tmp_path / "b.zip", {"a.txt": "نص".encode()})
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress("نص".encode()))
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(5):
        read(tmp_path)
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after == before


def test_readers_run_in_threads(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("text\n" + "نص\n" * 200)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(len(read(tmp_path)[0]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [200] * 4
