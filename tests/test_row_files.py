import random
import threading

import pytest

from extract import row_files
from extract.filters import Filters
from extract.mentions import Article, Role
from extract.parts import complete_parts, mentions_name
from extract.row_files import COLUMNS, RowFiles, file_name, write_rows
from extract.storage import open_storage
from extract.store import Workspace
from tests.made_workspace import TRIPOLI, make_resolutions, make_workspace


@pytest.fixture
def small_blocks(monkeypatch):
    """Files of rows also beside small parts, in blocks of few rows."""
    monkeypatch.setattr(row_files, "LEAST_BYTES", 0)
    monkeypatch.setattr(row_files, "BLOCK_ROWS", 4)


@pytest.fixture
def workspace(tmp_path, small_blocks):
    workspace = make_workspace(tmp_path / "store")
    text = "في طرابلس. " * 30
    found = make_resolutions(text, [("طرابلس", TRIPOLI, Role.LOCATION, None)] * 30)
    workspace.add([(Article("long", text, date="2021-01-01"), found)])
    return workspace


def files(workspace):
    return sorted(path.name for path in workspace.folder.glob("rows*"))


def answers(workspace):
    return (
        list(workspace.rows(Filters(), limit=100)),
        list(workspace.rows(Filters(), limit=100, sort="surface", descending=True)),
        workspace.passages(Filters(), "t:tripoli", 50),
        workspace.article("a1"),
    )


def test_rows_are_the_same_with_and_without_the_files(workspace):
    before = answers(workspace)
    workspace.prepare_rows()
    assert len(files(workspace)) == 2
    for path in workspace.folder.glob("mentions-*.parquet"):
        path.write_bytes(b"not asked any more")
    assert answers(workspace) == before


def test_any_rows_are_read_in_the_order_asked(workspace):
    workspace.prepare_rows()
    for key, _, _ in complete_parts(workspace.storage):
        whole = workspace.storage.read_table(mentions_name(key)).select(COLUMNS).to_pylist()
        numbers = list(range(len(whole)))
        random.Random(1).shuffle(numbers)
        found = RowFiles(workspace.storage).read(key, numbers, COLUMNS)
        assert found == [whole[number] for number in numbers]


def test_the_first_question_makes_the_files_in_the_background(workspace):
    list(workspace.rows(Filters(), limit=3))
    for thread in threading.enumerate():
        if thread.name == "rasid-rows":
            thread.join(30)
    assert len(files(workspace)) == 2


def test_small_parts_get_no_file(tmp_path):
    workspace = make_workspace(tmp_path)
    workspace.prepare_rows()
    assert files(workspace) == []


@pytest.mark.parametrize("damage", [b"", b"no file", None], ids=["empty", "other", "gone"])
def test_a_file_that_is_gone_or_broken_is_made_again(workspace, damage):
    workspace.prepare_rows()
    expected = answers(workspace)
    for name in files(workspace):
        path = workspace.folder / name
        path.unlink() if damage is None else path.write_bytes(damage)
    other = Workspace.open(workspace.folder)
    assert answers(other) == expected
    other.prepare_rows()
    assert answers(Workspace.open(workspace.folder)) == expected and len(files(workspace)) == 2


def test_a_file_cut_short_is_broken(workspace):
    workspace.prepare_rows()
    expected = answers(workspace)
    for name in files(workspace):
        path = workspace.folder / name
        path.write_bytes(path.read_bytes()[:-200])
    assert answers(Workspace.open(workspace.folder)) == expected


def test_removed_articles_are_in_no_file(workspace):
    workspace.prepare_rows()
    workspace.remove(["long"])
    assert len(files(workspace)) == 1
    assert not any(b"long" in path.read_bytes() for path in workspace.folder.glob("rows*"))


def test_a_part_that_goes_while_its_file_is_made_leaves_none(workspace, monkeypatch):
    storage = open_storage(workspace.folder)
    key = complete_parts(storage)[0][0]
    read = storage.read

    def read_and_lose(name):
        data = read(name)
        storage.delete(name)
        return data

    monkeypatch.setattr(storage, "read", read_and_lose)
    with pytest.raises(FileNotFoundError):
        write_rows(storage, key)
    assert not (workspace.folder / file_name(key)).exists()


def test_a_folder_that_cannot_be_written_is_tried_once(workspace, monkeypatch, caplog):
    def refuse(*names):
        raise PermissionError("read only")

    expected = answers(workspace)
    for thread in threading.enumerate():
        if thread.name == "rasid-rows":
            thread.join(30)
    for name in files(workspace):
        (workspace.folder / name).unlink()
    other = Workspace.open(workspace.folder)
    monkeypatch.setattr("os.replace", refuse)
    other.prepare_rows()
    assert "is not made" in caplog.text
    caplog.clear()
    other.prepare_rows()
    assert not caplog.text and not list(workspace.folder.glob("*rows*")) and answers(other) == expected
