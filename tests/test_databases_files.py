"""Exports to files: whose file is replaced, what stays when something goes wrong, and SQLite's indexes."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys

import duckdb
import pytest

from extract import export_command
from tests.conftest import ROOT
from tests.made_workspace import make_workspace

pytestmark = pytest.mark.usefixtures("small_export")
COUNT = "SELECT count(*) FROM mentions"
LIMITED = (
    "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)); "
    "from extract.__main__ import main; sys.exit(main(sys.argv[1:]))"
)
both = pytest.mark.parametrize("kind", ["duckdb", "sqlite"])


@pytest.fixture
def store(tmp_path) -> str:
    return str(make_workspace(tmp_path / "made").folder)


def export(store: str, path: object, *more: str) -> int:
    return export_command.main(["--store", store, "--to", str(path), *more])


def connect(path: object) -> contextlib.closing:
    return contextlib.closing(duckdb.connect(str(path)) if str(path).endswith(".duckdb") else sqlite3.connect(path))


def rows(path: object, sql: str) -> list[tuple]:
    with connect(path) as connection:
        return connection.execute(sql).fetchall()


@both
@pytest.mark.parametrize("table", ["mine", "articles"])
def test_a_database_of_someone_else_is_not_replaced(kind, table, store, tmp_path, caplog) -> None:
    path = tmp_path / f"out.{kind}"
    with connect(path) as connection:
        connection.execute(f"CREATE TABLE {table} (a INTEGER)")
    before = path.read_bytes()
    assert export(store, path) == 2
    assert f"no export made ({table})" in caplog.text
    assert path.read_bytes() == before


@both
def test_an_export_to_which_someone_added_a_table_is_not_replaced(kind, store, tmp_path, caplog) -> None:
    path = tmp_path / f"out.{kind}"
    export(store, path)
    with connect(path) as connection:
        connection.execute("CREATE TABLE notes (a INTEGER)")
    assert export(store, path) == 2
    assert "no export made (notes)" in caplog.text


@both
def test_a_file_that_is_no_database_is_not_replaced(kind, store, tmp_path, caplog) -> None:
    path = tmp_path / f"out.{kind}"
    path.write_text("my thesis, by no means a database " * 100, encoding="utf-8")
    assert export(store, path) == 2
    assert path.read_text(encoding="utf-8").startswith("my thesis")


@both
def test_an_empty_file_is_replaced_and_its_rights_stay(kind, store, tmp_path) -> None:
    path = tmp_path / f"out.{kind}"
    path.touch(mode=0o600)
    assert export(store, path) == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert rows(path, COUNT) == [(10,)]


@both
def test_a_link_stays_a_link(kind, store, tmp_path) -> None:
    (tmp_path / "far").mkdir()
    link = tmp_path / f"out.{kind}"
    link.symlink_to(tmp_path / "far" / f"real.{kind}")
    assert export(store, link) == 0
    assert export(store, link) == 0
    assert link.is_symlink()
    assert rows(tmp_path / "far" / f"real.{kind}", COUNT) == [(10,)]


@both
def test_a_name_of_odd_signs_is_used(kind, store, tmp_path) -> None:
    path = tmp_path / f"أخبار 'a'; [x]*#%41.{kind}"
    assert export(store, path) == 0
    assert export(store, path) == 0
    assert rows(path, COUNT) == [(10,)]
    assert sorted(os.listdir(tmp_path)) == sorted(["made", path.name])


@both
def test_a_full_disk_leaves_the_old_file_and_nothing_else(kind, store, tmp_path) -> None:
    path = tmp_path / f"out.{kind}"
    export(store, path)
    before = path.read_bytes()
    command = [sys.executable, "-c", LIMITED, "export", "--store", store, "--to", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert path.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == sorted(["made", path.name])


def test_what_a_writer_left_beside_an_sqlite_file_does_not_reach_the_new_one(store, tmp_path) -> None:
    path = tmp_path / "out.sqlite"
    export(store, path)
    script = (
        "import os, sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.execute('PRAGMA journal_mode = WAL'); "
        "d.execute(\"UPDATE articles SET title = 'old'\"); d.commit(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    assert path.with_name("out.sqlite-wal").exists()
    assert export(store, path) == 0
    assert rows(path, "SELECT count(*) FROM articles WHERE title = 'old'") == [(0,)]
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def test_a_duckdb_file_in_the_hands_of_a_writer_is_not_replaced(store, tmp_path, caplog) -> None:
    path = tmp_path / "out.duckdb"
    export(store, path)
    script = "import duckdb, sys; d = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.readline() == b"open\n"
        assert export(store, path) == 2
        assert "cannot be replaced" in caplog.text
        writer.stdin.close()


def test_a_reader_keeps_what_it_has_open(store, tmp_path) -> None:
    path = tmp_path / "out.sqlite"
    export(store, path)
    with contextlib.closing(sqlite3.connect(path)) as reader:
        assert reader.execute(COUNT).fetchone() == (10,)
        assert export(store, path) == 0
        assert reader.execute(COUNT).fetchone() == (10,)


def test_datasette_finds_the_index_of_the_texts(store, tmp_path) -> None:
    path = tmp_path / "out.sqlite"
    export(store, path)
    # The pattern by which Datasette offers a search box above the table articles.
    pattern = """sql LIKE '%VIRTUAL TABLE%USING FTS%content="articles"%'"""
    assert rows(path, f"SELECT name FROM sqlite_master WHERE {pattern}") == [("articles_fts",)]


def test_boxes_find_places(store, tmp_path) -> None:
    path = tmp_path / "out.sqlite"
    export(store, path)
    box = "SELECT place_id FROM places_box WHERE min_lat >= 32 AND max_lat <= 33 AND min_lon >= 12 AND max_lon <= 14"
    assert sorted(rows(path, box)) == [("t:gharyan",), ("t:tripoli",)]


@pytest.mark.parametrize(
    ("query", "found"), [("غريان", ["a1"]), ("برابلس", []), ("الصابرية", ["a2"]), ("طرابلس", ["a1", "a3"])]
)
def test_texts_are_searched(query, found, store, tmp_path) -> None:
    path = tmp_path / "out.sqlite"
    export(store, path)
    asked = f"SELECT article_id FROM articles WHERE rowid IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH '{query}')"
    assert [row[0] for row in rows(path, asked)] == found


def test_a_search_finds_names_with_particles_written_onto_them(store, tmp_path) -> None:
    path = tmp_path / "out.sqlite"
    export(store, path)
    found = rows(path, "SELECT title FROM articles_fts WHERE articles_fts MATCH 'قوات'")
    assert found == [("معركة الطريق",)]  # the text has «القوات»


def test_the_example_for_datasette_names_what_is_there(store, tmp_path) -> None:
    path = tmp_path / "rasid.sqlite"
    export(store, path)
    example = json.loads((ROOT / "docs" / "examples" / "datasette.json").read_text(encoding="utf-8"))
    for name, settings in example["databases"]["rasid"]["tables"].items():
        columns = {row[1] for row in rows(path, f"PRAGMA table_info({name})")}
        named = [settings.get("sort_desc"), settings.get("label_column"), *settings.get("facets", [])]
        assert {column for column in named if column} <= columns, name
        assert columns, name


def test_without_search_there_is_no_index(store, tmp_path) -> None:
    path = tmp_path / "out.sqlite"
    assert export(store, path, "--no-search") == 0
    assert rows(path, "SELECT count(*) FROM sqlite_master WHERE name LIKE 'articles_fts%'") == [(0,)]
    assert export(store, path) == 0


def test_sqlite_keys_and_links_hold(store, tmp_path) -> None:
    path = tmp_path / "out.sqlite"
    export(store, path)
    assert rows(path, "PRAGMA foreign_key_check") == []
    assert {row[2] for row in rows(path, "PRAGMA foreign_key_list(mentions)")} == {"articles", "places"}
    names = {row[1] for row in rows(path, "PRAGMA index_list(mentions)")}
    assert {"mentions_place_id", "mentions_date", "mentions_role"} <= names
