"""Reading into a workspace, in this process and in several; again, changed, and with inputs that come and go."""

import json
import os
import signal
import threading

import pytest

from extract import pools, run
from extract.articles import ArticleError, ReadOptions
from extract.batches import Batch, read_batch
from extract.geoparse import Geoparser
from extract.mentions import Article
from extract.pools import Pool, ProcessPool, open_pool
from extract.run import RunCounts, read_into
from extract.store import Workspace
from tests.made_articles import make_folder, make_lines, text_of
from tests.made_work import Numbers, double, slow_double
from tests.made_workspace import ids_of, rows_of

pytestmark = pytest.mark.processes


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create_or_open(tmp_path / "store")


def read(workspace, *paths, parser, **named):
    refused: list[ArticleError] = []
    counts = read_into(workspace, paths, parser=parser, refuse=refused.append, **named)
    return counts, refused


def test_a_folder_is_read(workspace, tmp_path, parser):
    counts, refused = read(workspace, make_folder(tmp_path / "in", 5), parser=parser)
    assert (counts.articles, counts.added, counts.skipped, counts.refused, refused) == (5, 5, 0, 0, [])
    assert counts.mentions == len(rows_of(workspace)) > 9
    assert counts.bytes_read == counts.bytes_total > 0
    assert ids_of(workspace) == ["a0000", "a0001", "a0002", "a0003", "a0004"]


def test_what_is_there_is_not_read_again(workspace, tmp_path, monkeypatch, parser):
    folder = make_folder(tmp_path / "in", 5)
    read(workspace, folder, parser=parser)
    before, parts = rows_of(workspace), sorted(os.listdir(workspace.folder))
    monkeypatch.setattr(Geoparser, "geoparse_many", lambda self, articles: pytest.fail("read again"))
    counts, _ = read(workspace, folder, parser=parser)
    assert counts == RunCounts(skipped=5, bytes_read=counts.bytes_total, bytes_total=counts.bytes_total)
    assert (rows_of(workspace), sorted(os.listdir(workspace.folder))) == (before, parts)


def test_a_changed_article_is_replaced(workspace, tmp_path, parser):
    folder = make_folder(tmp_path / "in", 3)
    read(workspace, folder, parser=parser)
    (folder / "a0001.txt").write_text("لا شيء سوى غريان.", encoding="utf-8")
    counts, _ = read(workspace, folder, parser=parser)
    assert (counts.articles, counts.replaced, counts.added, counts.skipped) == (1, 1, 0, 2)
    assert [row["surface"] for row in workspace.article("a0001")["mentions"]] == ["غريان"]
    assert len(ids_of(workspace)) == 3


@pytest.mark.parametrize("added", ["2020/news.txt", "2018/news.txt", "2019/news.html", "2019/news.csv", "news.txt"])
def test_a_file_of_the_same_name_leaves_the_old_id(workspace, tmp_path, parser, added):
    old = tmp_path / "in" / "2019" / "news.txt"
    for path in (old, tmp_path / "in" / "2019" / "other.txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"وصل الوفد إلى غريان {path.stem}.", encoding="utf-8")
    read(workspace, tmp_path / "in", parser=parser)
    assert ids_of(workspace) == ["news", "other"]
    new = tmp_path / "in" / added
    new.parent.mkdir(exist_ok=True)
    text = "وصل الوفد إلى سبها ثم إلى درنة بعد يومين من السفر في الصحراء."
    page = f"<html><body><article><h1>خبر</h1><p>{text}</p><p>{text * 5}</p></article></body></html>"
    new.write_text({".html": page, ".csv": f"text\n{text}\n"}.get(new.suffix, text), encoding="utf-8")
    counts, _ = read(workspace, tmp_path / "in", parser=parser)
    assert (counts.added, counts.replaced, counts.skipped) == (1, 0, 2)
    assert "غريان" in workspace.article("news")["text"]
    assert len(ids_of(workspace)) == 3
    assert read(workspace, tmp_path / "in", parser=parser)[0].skipped == 3
    # And each keeps its id when the other changes or goes.
    old.write_text("وصل الوفد إلى طرابلس.", encoding="utf-8")
    counts, _ = read(workspace, tmp_path / "in", parser=parser)
    assert (counts.added, counts.replaced) == (0, 1)
    assert "طرابلس" in workspace.article("news")["text"]
    old.unlink()
    assert read(workspace, tmp_path / "in", parser=parser)[0].skipped == 2
    assert len(ids_of(workspace)) == 3


def test_a_file_that_changes_as_another_of_its_name_comes_is_neither_lost_nor_doubled(workspace, tmp_path, parser):
    for name, place in (("2019/news.txt", "غريان"), ("2018/news.txt", "سبها")):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True)
        if place == "غريان":
            path.write_text(f"وصل إلى {place}.", encoding="utf-8")
            read(workspace, tmp_path / "in", parser=parser)
            path.write_text("وصل إلى درنة.", encoding="utf-8")
        else:
            path.write_text(f"وصل إلى {place}.", encoding="utf-8")
    read(workspace, tmp_path / "in", parser=parser)
    texts = sorted(workspace.article(identity)["text"] for identity in ids_of(workspace))
    assert texts == ["وصل إلى درنة.", "وصل إلى سبها."]
    assert read(workspace, tmp_path / "in", parser=parser)[0].skipped == 2


def test_ids_do_not_hang_on_the_order_of_the_paths(tmp_path, parser):
    make_folder(tmp_path / "a", 1)
    make_folder(tmp_path / "b", 1)
    (tmp_path / "b" / "a0000.txt").write_text("وصل الوفد إلى درنة.", encoding="utf-8")
    found = []
    for name, paths in (("x", ("a", "b")), ("y", ("b", "a"))):
        store = Workspace.create_or_open(tmp_path / name)
        read(store, *(tmp_path / path for path in paths), parser=parser)
        found.append({identity: store.article(identity)["text"] for identity in ids_of(store)})
    assert found[0] == found[1] and len(found[0]) == 2


def test_a_file_given_twice_is_read_once(workspace, tmp_path, parser):
    folder = make_folder(tmp_path / "in", 2)
    counts, _ = read(workspace, folder, folder / "a0001.txt", parser=parser)
    assert counts.articles == 2


def test_progress_grows_and_ends_at_the_counts(workspace, tmp_path, parser):
    seen: list[RunCounts] = []
    counts, _ = read(workspace, make_lines(tmp_path / "x.jsonl", 30), parser=parser, progress=seen.append)
    assert [one.articles for one in seen] == sorted(one.articles for one in seen)
    assert [one.bytes_read for one in seen] == sorted(one.bytes_read for one in seen)
    assert seen[-1] == counts


def test_an_article_the_program_fails_on_is_refused_and_the_others_read(workspace, tmp_path, parser, monkeypatch):
    geoparse_many = Geoparser.geoparse_many

    def fail(self, articles):
        if any(article.id == "a0001" for article in articles):
            raise ZeroDivisionError("made to fail")
        return geoparse_many(self, articles)

    monkeypatch.setattr(Geoparser, "geoparse_many", fail)
    folder = make_folder(tmp_path / "in", 3)
    counts, refused = read(workspace, folder, parser=parser)
    assert (counts.articles, counts.added, counts.refused) == (2, 2, 1)
    assert "made to fail" in str(refused[0]) and refused[0].path == "a0001"
    monkeypatch.undo()
    assert len(workspace.rejected()) == 1
    assert read(workspace, folder, parser=parser)[0].added == 1
    assert workspace.rejected() == []


# The list of what was refused


def test_refusals_are_listed_once_and_leave_the_list_when_read(workspace, tmp_path, parser):
    folder = make_folder(tmp_path / "in", 1)
    (folder / "b.txt").write_text(" ")
    (folder / "c.jsonl").write_text('{"id": 1, "text": "غريان"}\n{\n', encoding="utf-8")
    for _ in range(2):
        counts, _ = read(workspace, folder, parser=parser)
        rows = workspace.rejected()
        assert [(row["path"], row["row"], row["unit"]) for row in rows] == [
            (str(folder / "b.txt"), None, "row"),
            (str(folder / "c.jsonl"), 2, "line"),
        ]
        assert counts.refused == 2
        assert all(row["reason"] and row["hint"] and row["time"].startswith("20") for row in rows)
    (folder / "c.jsonl").write_text('{"id": 1, "text": "غريان"}\n', encoding="utf-8")
    read(workspace, folder / "c.jsonl", parser=parser)
    assert [row["path"] for row in workspace.rejected()] == [str(folder / "b.txt")]
    (folder / "b.txt").write_text(text_of(1), encoding="utf-8")
    read(workspace, folder, parser=parser)
    assert workspace.rejected() == []


# Processes


def test_processes_give_the_same_rows_as_one(workspace, tmp_path, parser, monkeypatch):
    monkeypatch.setattr(run, "FIRST_CHARS", 300)
    paths = (make_folder(tmp_path / "in", 25), make_lines(tmp_path / "x.jsonl", 25))
    read(workspace, *paths, parser=parser)
    other = Workspace.create_or_open(tmp_path / "other")
    counts, _ = read(other, *paths, parser=parser, workers=2)
    assert counts.articles == 50
    assert rows_of(other) == rows_of(workspace)


def test_a_batch_read_twice_is_kept_once(workspace, parser):
    batch = Batch((Article("x", text_of(1)), Article("y", text_of(2))), 77, workspace.address)
    read_batch(batch, parser)
    before = sorted(os.listdir(workspace.folder))
    read_batch(batch, parser)
    assert sorted(os.listdir(workspace.folder)) == before
    assert ids_of(workspace) == ["x", "y"]


def test_what_kills_its_process_is_found_and_the_rest_done():
    pool = ProcessPool(2)
    try:
        jobs = [pool.submit(double, item) for item in (Numbers(1, 2), Numbers(13, 5), Numbers(7))]
        done = [(item.numbers, result) for job in jobs for item, result in pool.result(job)]
    finally:
        pool.close()
    assert done == [((1, 2), [2, 4]), ((13,), None), ((5,), [10]), ((7,), [14])]


def test_a_killed_worker_costs_nothing():
    pool = ProcessPool(2)
    try:
        jobs = [pool.submit(slow_double, Numbers(number)) for number in range(6)]
        pool.result(jobs[0])
        os.kill(next(iter(pool._executor._processes)), signal.SIGKILL)
        assert [pool.result(job)[0][1] for job in jobs[1:]] == [[2], [4], [6], [8], [10]]
    finally:
        pool.close()


def test_a_worker_killed_in_a_run_leaves_nothing_missing_and_nothing_double(workspace, tmp_path, parser, monkeypatch):
    monkeypatch.setattr(run, "FIRST_CHARS", 600)
    made: list[Pool] = []
    monkeypatch.setattr(run, "open_pool", lambda *given: made.append(open_pool(*given)) or made[-1])
    killed: list[int] = []

    def kill_once(counts):
        if counts.articles and not killed:
            killed.extend(list(made[0]._executor._processes)[:1])
            os.kill(killed[0], signal.SIGKILL)

    counts, refused = read(
        workspace, make_lines(tmp_path / "x.jsonl", 60), parser=parser, workers=2, progress=kill_once
    )
    assert killed and counts.articles == 60 and refused == []
    assert ids_of(workspace) == sorted(f"r{number}" for number in range(60))
    whole = Workspace.create_or_open(tmp_path / "whole")
    read(whole, tmp_path / "x.jsonl", parser=parser)
    assert rows_of(workspace) == rows_of(whole)


def test_one_worker_is_this_process():
    assert type(open_pool(1)) is Pool
    assert pools.open_pool().workers == 1


class Killing(Pool):
    """A pool where the first article of a batch kills its process every time."""

    def result(self, job):
        first, second = job.item.halves()
        return [(first, None), (second, job.function(second))]


def test_an_article_that_kills_every_process_is_refused(workspace, parser):
    refused: list[ArticleError] = []
    killing = run.Run(place=workspace.address, refuse=refused.append)
    articles = iter([Article("x", text_of(1)), Article("y", text_of(2))])
    assert list(killing.read_articles(articles, Killing(), parser)) == []
    assert ids_of(workspace) == ["y"]
    assert killing.counts.articles == 1 and [error.path for error in refused] == ["x"]


def test_two_runs_at_once_and_a_reader_see_whole_articles(workspace, tmp_path, parser, monkeypatch):
    monkeypatch.setattr(run, "FIRST_CHARS", 300)
    monkeypatch.setattr("extract.live.REFRESH_S", 0)
    make_lines(tmp_path / "x.jsonl", 40)
    wanted = {f"r{number}": len(parser.geoparse(Article("x", text_of(number)))) for number in range(40)}
    wrong: list[str] = []
    done = threading.Event()

    def look():
        while not done.is_set():
            for row in workspace.articles():
                article = workspace.article(row["article_id"])
                if len(article["mentions"]) != wanted[row["article_id"]]:
                    wrong.append(row["article_id"])

    def write():
        read(Workspace.create_or_open(workspace.folder), tmp_path / "x.jsonl", parser=Geoparser(parser.gazetteer))

    threads = [threading.Thread(target=write) for _ in range(2)]
    reader = threading.Thread(target=look)
    for thread in (*threads, reader):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    assert wrong == []
    assert ids_of(workspace) == sorted(wanted)
    assert len(rows_of(workspace)) == sum(wanted.values())


def test_options_reach_the_readers(workspace, tmp_path, parser):
    (tmp_path / "x.jsonl").write_text(json.dumps({"id": 1, "body": "غريان", "text": "سبها"}), encoding="utf-8")
    read(workspace, tmp_path / "x.jsonl", parser=parser, options=ReadOptions({"text": "body"}))
    assert workspace.article("1")["text"] == "غريان"
