"""A file is there as a whole or not at all, under its own name and with its own permissions."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gazetteer.whole_file import HOST, UNFINISHED, is_left_over, whole_file


def permissions(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "أخبار.csv"
    with whole_file(path) as temporary:
        temporary.write_text("نص", encoding="utf-8")
        assert not path.exists() and temporary.parent == tmp_path
    assert path.read_text(encoding="utf-8") == "نص"
    assert os.listdir(tmp_path) == [path.name]


def test_a_block_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("before")
    with pytest.raises(ValueError, match="half"), whole_file(path) as temporary:
        temporary.write_text("after")
        raise ValueError("half")
    assert path.read_text() == "before" and os.listdir(tmp_path) == ["a.csv"]


@pytest.mark.parametrize("durable", [True, False])
def test_the_bytes_are_on_the_disk_before_the_name_where_asked(tmp_path, monkeypatch, durable):
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("fsync"), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("replace"), replace(*paths)))
    with whole_file(tmp_path / "a", durable=durable) as temporary:
        temporary.write_text("a")
    assert done == (["fsync", "replace"] if durable else ["replace"])


@pytest.mark.parametrize(("mask", "wanted"), [(0o022, 0o644), (0o077, 0o600)], ids=oct)
def test_a_new_file_has_the_permissions_that_the_user_asks_for(tmp_path, mask, wanted):
    before = os.umask(mask)
    try:
        with whole_file(tmp_path / "a") as temporary:
            temporary.write_text("a")
    finally:
        os.umask(before)
    assert permissions(tmp_path / "a") == wanted


def test_a_file_that_is_replaced_hands_on_its_permissions(tmp_path):
    path = tmp_path / "a"
    path.write_text("before")
    path.chmod(0o640)
    with whole_file(path) as temporary:
        temporary.write_text("after")
    assert (path.read_text(), permissions(path)) == ("after", 0o640)


def test_the_error_names_the_file_that_was_asked_for(tmp_path):
    path = tmp_path / "missing" / "out.jsonl"
    with pytest.raises(FileNotFoundError) as caught, whole_file(path) as temporary, open(temporary, "w"):
        pass
    assert caught.value.filename == str(path) and UNFINISHED not in str(caught.value)


@pytest.mark.parametrize("name", ["n" * 255, "ن" * 127], ids=["ascii", "arabic"])
def test_a_name_as_long_as_names_may_be_is_written(tmp_path, name):
    with whole_file(tmp_path / name) as temporary:
        temporary.write_text("a")
    assert os.listdir(tmp_path) == [name]


def test_threads_that_write_one_file_do_not_meet(tmp_path):
    together = threading.Barrier(4)

    def write(letter: str) -> None:
        with whole_file(tmp_path / "a") as temporary:
            temporary.write_text(letter * 1000)
            together.wait()

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set((tmp_path / "a").read_text())) == 1 and os.listdir(tmp_path) == ["a"]


def test_only_what_a_process_of_this_machine_left_is_left_over():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    cases = {f"{HOST}.{process.pid}.1": True, f"{HOST}.{os.getpid()}.1": False, f"0badf00d.{process.pid}.1": False}
    assert {middle: is_left_over(f".a.json.{middle}{UNFINISHED}") for middle in cases} == cases
    assert not is_left_over(f".a.json.{HOST}.{process.pid}.1")
