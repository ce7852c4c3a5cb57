"""Removing, merging, bringing up to date: nothing lost, nothing double, whatever is interrupted."""

import importlib
import json
import os
import subprocess
import sys
import threading

import pyarrow.parquet as pq
import pytest

from extract import compact_command, remove_command, upkeep
from extract.__main__ import COMMANDS
from extract.filters import Filters
from extract.mentions import Article, Role
from extract.parts import complete_parts
from extract.removed import write_removed
from extract.store import FORMAT, MANIFEST, StoreError, Workspace
from extract.upkeep import compact_parts, remove_articles
from tests.conftest import ROOT
from tests.made_workspace import GHARYAN, TRIPOLI, make_resolutions, make_workspace


@pytest.fixture
def workspace(tmp_path):
    return make_workspace(tmp_path / "store")


def one(identity, place=GHARYAN, text="وصل إلى {} اليوم.", **fields):
    article = Article(identity, text.format(place.name), **fields)
    return article, make_resolutions(article.text, [(place.name, place, Role.LOCATION, None)])


def add_each(workspace, count, start=0):
    """So many articles, each in a part of its own."""
    for number in range(start, start + count):
        workspace.add([one(f"n{number}")], {"program": f"p{number % 2}"})


def everything(workspace):
    """What the workspace says of all articles and mentions."""
    workspace.refresh(force=True)
    rows = [tuple(row.items()) for row in workspace.rows(Filters(), placed=None)]
    texts = [(row["article_id"], workspace.article(row["article_id"])["text"]) for row in workspace.articles()]
    return sorted(map(repr, rows)), texts


def held_ids(workspace):
    """Every article that any file holds rows of, whether they count or not."""
    return {i for path in workspace.folder.glob("*.parquet") for i in pq.read_table(path)["article_id"].to_pylist()}


# Removing


def test_a_removed_article_is_in_no_file(tmp_path):
    workspace = Workspace.create_or_open(tmp_path)
    secret, other = "زلزال عظيم", "xyzzyplugh"
    workspace.add([one("gone", text=f"{secret} {other} {{}}"), one("stays")])
    list(workspace.rows(Filters(text=other)))
    assert list(tmp_path.glob("search*"))
    assert workspace.remove(["gone", "never there"]) == 1
    assert [row["article_id"] for row in workspace.articles()] == ["stays"]
    assert workspace.totals(Filters()).mentions == 1
    assert workspace.totals(Filters(text=other)).mentions == 0
    found = [pq.read_table(path).to_pylist() for path in tmp_path.glob("*.parquet")]
    assert "xyzzyplugh" not in repr(found) and "stays" in repr(found)
    assert all(other.encode() not in path.read_bytes() for path in tmp_path.glob("search*"))
    assert list(tmp_path.glob("removed-*")) == []


def test_older_versions_of_a_removed_article_do_not_come_back(workspace):
    workspace.add([one("a1")])
    workspace.add([one("a1", TRIPOLI)])
    assert workspace.remove(["a1"]) == 1
    assert workspace.article("a1") is None
    assert held_ids(workspace) == {"a2", "a3"}


def test_an_article_added_after_its_removal_shows_again(workspace):
    workspace.remove(["a1"])
    assert workspace.add([one("a1")]).added == 1
    assert workspace.article("a1")["text"].startswith("وصل إلى غريان")


def test_the_rest_of_the_part_stays_as_it_was(workspace):
    before = [row for row in workspace.rows(Filters(), placed=None) if row["article_id"] != "a1"]
    article = workspace.article("a2")
    workspace.remove(["a1"])
    assert list(workspace.rows(Filters(), placed=None)) == before
    again = workspace.article("a2")
    assert again["version"] == article["version"] and again["mentions"] == article["mentions"]


def test_a_crash_before_the_parts_are_rewritten_leaves_the_article_hidden(workspace, monkeypatch):
    monkeypatch.setattr(upkeep, "_rewrite", crash)
    with pytest.raises(KeyboardInterrupt):
        workspace.remove(["a1"])
    assert {row["article_id"] for row in Workspace.open(workspace.folder).articles()} == {"a2", "a3"}
    assert not Workspace.open(workspace.folder).known().holds("a1")
    monkeypatch.undo()
    workspace.compact()
    assert held_ids(workspace) == {"a2", "a3"}
    assert len(workspace.articles()) == 2


@pytest.mark.parametrize("after", range(9))
def test_a_crash_anywhere_in_a_removal_loses_and_shows_nothing_wrong(workspace, monkeypatch, after):
    add_each(workspace, 3)
    storage = workspace.storage
    count = 0

    def counted(do):
        def step(*arguments):
            nonlocal count
            count += 1
            if count > after + 1:
                raise KeyboardInterrupt
            return do(*arguments)

        return step

    monkeypatch.setattr(storage, "write", counted(storage.write))
    monkeypatch.setattr(storage, "delete", counted(storage.delete))
    with pytest.raises(KeyboardInterrupt):
        remove_articles(storage, ["a1", "n1"])
    assert {row["article_id"] for row in Workspace.open(workspace.folder).articles()} == {"a2", "a3", "n0", "n2"}
    assert Workspace.open(workspace.folder).totals(Filters()).mentions == 6
    again = Workspace.create_or_open(workspace.folder)
    again.remove([])
    assert {row["article_id"] for row in again.articles()} == {"a2", "a3", "n0", "n2"}
    assert list(workspace.folder.glob("removed-*")) == []
    assert held_ids(workspace) == {"a2", "a3", "n0", "n2"}


def crash(*arguments, **named):
    raise KeyboardInterrupt


def test_removal_by_outlet_and_date(workspace):
    workspace.add([one("old", date="2001-01-01"), one("new", date="2031-01-01", outlet="س")])
    assert workspace.select(outlets=["س"]) == ["new"]
    assert workspace.select(before="2019-04-06") == ["a1", "old"]
    assert workspace.select() == []


# Merging


def test_merging_changes_no_answer(workspace):
    add_each(workspace, 8)
    workspace.add([one("n3", TRIPOLI)])
    workspace.add([one("a2", TRIPOLI)])
    before = everything(workspace)
    counts = workspace.compact()
    assert (counts.before, counts.after, counts.dropped) == (11, 1, 2)
    assert everything(workspace) == before
    assert workspace.compact().after == 1


def test_parts_are_merged_up_to_a_size(workspace, monkeypatch):
    add_each(workspace, 9)
    monkeypatch.setattr(upkeep, "PART_MENTIONS", 3)
    monkeypatch.setattr(upkeep, "SMALL_MENTIONS", 2)
    before = everything(workspace)
    compact_parts(workspace.storage)
    assert everything(workspace) == before
    assert len(complete_parts(workspace.storage)) == 4


def test_merging_without_looking_at_all_keeps_what_counts_elsewhere(workspace):
    workspace.add([one("a1", TRIPOLI)])
    before = everything(workspace)
    counts = compact_parts(workspace.storage, thorough=False)
    assert counts.dropped == 1 and everything(workspace) == before


def test_a_crash_between_writing_and_deleting_doubles_nothing(workspace, monkeypatch):
    add_each(workspace, 4)
    before = everything(workspace)
    monkeypatch.setattr(upkeep, "delete_parts", crash)
    with pytest.raises(KeyboardInterrupt):
        workspace.compact()
    assert everything(workspace) == before
    monkeypatch.undo()
    assert workspace.compact().after == 1
    assert everything(workspace) == before


def test_merged_parts_leave_no_index_behind(workspace):
    add_each(workspace, 2)
    workspace.totals(Filters(text="وصل"))
    assert len(list(workspace.folder.glob("search*"))) == 3
    workspace.compact()
    assert list(workspace.folder.glob("search*")) == []
    assert workspace.totals(Filters(text="غريان")).mentions > 0


def test_each_row_keeps_what_it_was_read_with(workspace):
    add_each(workspace, 2)
    workspace.compact()
    assert [workspace.article(name)["program"] for name in ("a1", "n0", "n1")] == ["test", "p0", "p1"]


def test_readers_meet_no_gap_while_parts_are_merged(workspace, monkeypatch):
    monkeypatch.setattr("extract.live.REFRESH_S", 0)
    add_each(workspace, 6)
    reader, wrong, done = Workspace.open(workspace.folder), [], threading.Event()

    def ask():
        while not done.is_set():
            try:
                found = len(list(reader.rows(Filters(article_ids=("a1",)), placed=None)))
                texts = [reader.article(f"n{number}")["text"] for number in range(6)]
            except Exception as error:  # noqa: BLE001
                wrong.append(repr(error))
                return
            if found != 5 or len(texts) != 6:
                wrong.append((found, texts))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for start in range(6, 15, 3):
        add_each(workspace, 3, start)
        workspace.compact()
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_two_that_merge_at_once_do_it_one_after_the_other(workspace):
    add_each(workspace, 5)
    before = everything(workspace)
    threads = [threading.Thread(target=lambda: Workspace.open(workspace.folder).compact()) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert everything(workspace) == before
    assert len(complete_parts(workspace.storage)) == 1


def test_a_read_ends_with_merging_when_parts_are_many(workspace, monkeypatch):
    monkeypatch.setattr("extract.store.MANY_SMALL", 5)
    add_each(workspace, 3)
    workspace.merge_small()
    assert len(complete_parts(workspace.storage)) == 4
    add_each(workspace, 1, 3)
    workspace.merge_small()
    assert len(complete_parts(workspace.storage)) == 1


# Formats


def make_old(folder):
    """A workspace as the first version wrote it."""
    made = make_workspace(folder)
    for path in folder.glob("*.parquet"):
        table = pq.read_table(path)
        old = [
            n for n in table.schema.names if n in ("review", "reviewer", "reviewed_at", "program", "gazetteer", "model")
        ]
        metadata = {b"rasid": json.dumps({"format": 1, "versions": {"program": "0.0", "model": "m"}}).encode()}
        pq.write_table(table.drop_columns(old).replace_schema_metadata(metadata), path)
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | {"format": 1}))
    return made


def test_an_older_workspace_is_brought_up_to_date_when_it_is_written_in(tmp_path):
    make_old(tmp_path / "old")
    with pytest.raises(StoreError, match="older format.*compact --store"):
        Workspace.open(tmp_path / "old")
    workspace = Workspace.create_or_open(tmp_path / "old")
    wanted = make_workspace(tmp_path / "new")
    assert everything(workspace) == everything(wanted)
    assert (workspace.article("a1")["program"], workspace.article("a1")["model"]) == ("0.0", "m")
    assert next(workspace.rows(Filters()))["review"] is None
    assert json.loads((tmp_path / "old" / MANIFEST).read_text())["format"] == FORMAT
    assert workspace.add(make_old_article()).added == 1


def make_old_article():
    return [one("later")]


def test_bringing_up_to_date_goes_on_after_a_crash(tmp_path, monkeypatch):
    add_each(make_old(tmp_path), 2)
    write_tables, done = upkeep.write_tables, []

    def once(*arguments):
        if done:
            raise KeyboardInterrupt
        done.append(write_tables(*arguments))

    (tmp_path / MANIFEST).write_text(json.dumps({"format": 1}))
    monkeypatch.setattr(upkeep, "write_tables", once)
    with pytest.raises(KeyboardInterrupt):
        upkeep.migrate_parts(Workspace.create_or_open(tmp_path).storage) or crash()
    monkeypatch.undo()
    assert len(Workspace.create_or_open(tmp_path).articles()) == 5


def test_a_newer_workspace_is_refused(tmp_path):
    (tmp_path / MANIFEST).write_text(json.dumps({"format": FORMAT + 1}))
    for do in (Workspace.open, Workspace.create_or_open):
        with pytest.raises(StoreError, match="newer program"):
            do(tmp_path)


# The commands


def test_the_remove_command(workspace, caplog):
    caplog.set_level("INFO")
    store = ["--store", str(workspace.folder)]
    assert remove_command.main([*store, "a1", "nowhere"]) == 1
    assert caplog.messages[-1] == "1 articles removed, 1 ids are not there"
    assert remove_command.main([*store, "--before", "2021-01-01"]) == 0
    assert remove_command.main([*store, "nowhere"]) == 2
    for wrong in ([], ["--before", "spring"]):
        with pytest.raises(SystemExit, match="2"):
            remove_command.main([*store, *wrong])
    assert {row["article_id"] for row in Workspace.open(workspace.folder).articles()} == {"a2"}


def test_the_compact_command(tmp_path, caplog):
    caplog.set_level("INFO")
    make_old(tmp_path / "old")
    add_each(Workspace.create_or_open(tmp_path / "old"), 2)
    assert compact_command.main(["--store", str(tmp_path / "old")]) == 0
    assert caplog.messages[-1] == "3 parts are now 1, 0 old readings of articles dropped"
    assert compact_command.main(["--store", str(tmp_path)]) == 2
    assert not (tmp_path / MANIFEST).exists()


def test_commands_are_told_by_the_first_word(tmp_path):
    (tmp_path / "compact").mkdir()
    (tmp_path / "compact" / "a.txt").write_text("وصل إلى غريان.", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def run(*arguments):
        command = [sys.executable, "-m", "extract", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    assert "--store" in run("compact").stderr
    assert '"a"' in run("./compact").stdout


@pytest.mark.parametrize("module", COMMANDS.values())
def test_every_command_has_a_main(module):
    assert callable(importlib.import_module(module).main)


def test_a_hidden_article_stays_hidden_for_those_who_look(workspace):
    write_removed(workspace.storage, ["a2"])
    workspace.refresh(force=True)
    assert {row["article_id"] for row in workspace.articles()} == {"a1", "a3"}
    assert workspace.totals(Filters()).articles == 2
