"""Reads that are killed, meet a full disk or a folder that cannot be written: nothing lost, nothing double, clear words."""

import errno
import os
import re
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest

from extract import read_command
from extract.filters import Filters
from extract.mentions import Article
from extract.storage import FolderStorage
from extract.store import StoreError, Workspace
from gazetteer.whole_file import HOST
from tests.kill_reads import kill_trials, start, state_of
from tests.made_articles import make_folder, make_lines
from tests.made_workspace import make_workspace


def test_killed_reads_lose_and_double_nothing(tmp_path):
    result = kill_trials(tmp_path, 4, articles=100, seed=7)
    assert result["killed"] > 0
    assert {name: count for name, count in result.items() if count} == {"trials": 4, "killed": result["killed"]}


def test_an_interrupted_read_keeps_what_was_read_and_says_so(tmp_path):
    make_lines(tmp_path / "x.jsonl", 30_000)
    process = start(tmp_path / "x.jsonl", "--store", tmp_path / "store")
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("store/articles-*"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    message = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert message.splitlines()[-1].startswith("interrupted: what was read before is kept")
    assert "Traceback" not in message
    assert 0 < len(Workspace.open(tmp_path / "store").articles()) < 30_000


def test_two_commands_at_once_both_finish(tmp_path):
    make_folder(tmp_path / "in", 40)
    both = [start(tmp_path / "in", "--store", tmp_path / "store") for _ in range(2)]
    assert [process.communicate(timeout=120) and process.returncode for process in both] == [0, 0]
    start(tmp_path / "in", "--store", tmp_path / "alone").communicate(timeout=120)
    assert state_of(tmp_path / "store") == state_of(tmp_path / "alone")


@contextmanager
def mounted(folder, *options):
    """A folder with a file system of its own; skips where that may not be mounted."""
    folder.mkdir()
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def read(*arguments):
    process = start(*arguments)
    return process.communicate(timeout=120)[1], process.returncode


def test_a_full_disk_is_told_and_what_was_read_is_kept(tmp_path):
    make_lines(tmp_path / "x.jsonl", 400)
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=300k", "tmpfs") as small:
        message, code = read(tmp_path / "x.jsonl", "--store", small / "store")
        assert code == 2
        assert "No space left on device" in message.splitlines()[-1] and "Traceback" not in message
        assert not list((small / "store").glob(".*.part"))
        kept = len(Workspace.open(small / "store").articles())
        assert 0 < kept < 400
        subprocess.run(["mount", "-o", "remount,size=30m", str(small)], check=True)
        message, code = read(tmp_path / "x.jsonl", "--store", small / "store")
        assert code == 0
        assert int(re.search(r"(\d+) there already", message)[1]) >= kept
        assert len(Workspace.open(small / "store").articles()) == 400


def test_a_write_that_fails_leaves_nothing_and_says_what_to_do(tmp_path, monkeypatch):
    workspace = make_workspace(tmp_path)
    before = sorted(os.listdir(tmp_path))

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device.*run the same command again"):
        workspace.add([(Article("x", "نص"), [])])
    assert sorted(os.listdir(tmp_path)) == before


def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("RASID_STORES", str(tmp_path / "cache"))
    make_folder(tmp_path / "in", 2)
    make_workspace(tmp_path / "store")
    with mounted(tmp_path / "fixed", "--bind", "-o", "ro", str(tmp_path / "store")) as fixed:
        for store in (fixed, fixed / "new"):
            message, code = read(tmp_path / "in", "--store", store)
            assert code == 2
            assert "Read-only file system" in message.splitlines()[-1] and "Traceback" not in message
        assert Workspace.open(fixed).totals(Filters(text="القوات")).mentions == 5
    assert len(Workspace.open(tmp_path / "store").articles()) == 3


def test_what_dead_writers_left_is_cleaned_up_at_the_next_write(tmp_path):
    make_workspace(tmp_path)
    process = subprocess.Popen(["true"])
    process.wait()
    dead, alive = (tmp_path / f".articles-1.parquet.{HOST}.{pid}.1.part" for pid in (process.pid, os.getppid()))
    other = tmp_path / ".articles-1.parquet.0badf00d.1.1.part"
    old = tmp_path / ".workspace.json.77.part"
    for path in (dead, alive, other, old):
        path.write_text("half")
    os.utime(old, (1, 1))
    Workspace.create_or_open(tmp_path)
    assert [path.exists() for path in (dead, alive, other, old)] == [False, True, True, False]


def test_a_storage_that_is_listed_while_files_go_does_not_mind(tmp_path, monkeypatch):
    make_workspace(tmp_path)
    scan = os.scandir

    class Gone:
        def __enter__(self):
            self.entries = list(scan(tmp_path))
            (tmp_path / "workspace.json").unlink()
            return iter(self.entries)

        def __exit__(self, *error):
            return False

    monkeypatch.setattr(os, "scandir", lambda path: Gone())
    assert "workspace.json" not in [name for name, _, _ in FolderStorage(tmp_path).entries()]


def test_errors_end_with_2_and_one_line(tmp_path, capsys, caplog):
    (tmp_path / "file").write_text("x")
    make_folder(tmp_path / "in", 1)
    assert read_command.main([str(tmp_path / "in"), "--store", str(tmp_path / "file")]) == 2
    assert len(caplog.messages) == 1 and str(tmp_path / "file") in caplog.messages[0]
