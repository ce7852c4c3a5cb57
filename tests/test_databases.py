"""Exports as the databases hold them: the same for PostgreSQL, DuckDB and SQLite."""

import contextlib
import itertools
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from adbc_driver_postgresql import dbapi

from extract import export_command
from extract.databases.snapshot import Snapshot
from extract.databases.tables import ARTICLES, MENTIONS, PLACES, TABLES, VIEWS
from extract.filters import Filters
from extract.mentions import Article, Role
from extract.store import Workspace
from gazetteer import FeatureClass
from tests.conftest import ROOT, one_error
from tests.made_workspace import (
    BENGHAZI,
    GHARYAN,
    TRIPOLI,
    make_place,
    make_resolutions,
    make_results,
    make_workspace,
)

pytestmark = pytest.mark.usefixtures("small_export")
KINDS = ("postgresql", "duckdb", "sqlite")
HOSTILE = [
    "'; DROP TABLE rasid.mentions; --",
    '"; DROP SCHEMA rasid CASCADE; --',
    "\\'; \\copy x; \\. \\N \t \r\n",
    "a\0b\0",
    "$$ $1 %s {0} {{7*7}} ${x}",
    "\u202eقلب\u202c 🙂 \U0010ffff \ufeff",
    "=cmd()|' /C calc'!A0",
]
_numbers = itertools.count()


@dataclass(frozen=True)
class Database:
    """A target of one kind, and how its tables are read."""

    kind: str
    address: str
    schema: str | None = None

    @property
    def prefix(self) -> str:
        return f"{self.schema}." if self.schema else ""

    @property
    def options(self) -> list[str]:
        return ["--schema", self.schema] if self.schema else []

    def rows(self, sql: str, before: str = "") -> list[tuple[Any, ...]]:
        if self.kind == "postgresql":
            with dbapi.connect(self.address) as connection, connection.cursor() as cursor:
                if before:
                    cursor.execute(before)
                cursor.execute(sql)
                return cursor.fetchall()
        opened = (
            sqlite3.connect(self.address) if self.kind == "sqlite" else duckdb.connect(self.address, read_only=True)
        )
        with contextlib.closing(opened) as connection:
            return connection.execute(sql).fetchall()

    def table(self, name: str, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
        """Rows of the table, dates as texts and booleans as numbers, as SQLite has them."""
        listed = ", ".join(f'"{column}"' for column in columns)
        found = self.rows(f"SELECT {listed} FROM {self.prefix}{name}")
        return sorted((tuple(map(_plain, row)) for row in found), key=repr)

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """All tables and views but what says when they were made."""
        tables = {table.name: self.table(table.name, table.column_names) for table in TABLES}
        views = {name: sorted(self.rows(f"SELECT * FROM {self.prefix}{name}"), key=repr) for name in VIEWS}
        return tables | views

    def about(self) -> dict[str, str]:
        return dict(self.rows(f"SELECT key, value FROM {self.prefix}rasid"))


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def make_database(kind: str, folder: Path, request: pytest.FixtureRequest) -> Database:
    if kind != "postgresql":
        return Database(kind, str(folder / f"out{next(_numbers)}.{kind}"))
    return Database(kind, request.getfixturevalue("postgis"), f"news{next(_numbers)}")


@pytest.fixture(params=KINDS)
def database(request, tmp_path) -> Database:
    return make_database(request.param, tmp_path, request)


def export(workspace: Workspace, database: Database, *more: str) -> int:
    return export_command.main(["--store", str(workspace.folder), "--to", database.address, *database.options, *more])


def expected_mentions(workspace: Workspace) -> list[tuple[Any, ...]]:
    rows = workspace.rows(Filters(), placed=None)
    found = [
        tuple(_plain((row[name] or "")[:10] or None if name == "date" else row[name]) for name in MENTIONS.column_names)
        for row in rows
    ]
    return sorted(found, key=repr)


# What is written


def test_the_tables_hold_what_the_workspace_does(database, tmp_path, caplog) -> None:
    workspace = make_workspace(tmp_path / "made")
    assert export(workspace, database) == 0
    assert database.table("mentions", MENTIONS.column_names) == expected_mentions(workspace)
    columns = ("article_id", "title", "head", "text", "date_given", "outlet", "country", "url")
    found = {article.id: workspace.article(article.id) for article, _ in make_results()}
    wanted = [tuple(found[key]["date" if name == "date_given" else name] for name in columns) for key in sorted(found)]
    assert database.table("articles", columns) == wanted
    places = {place["place_id"]: place for place in workspace.places(Filters())}
    names = {"name": "place", "name_en": "place_en"}
    wanted = [tuple(places[key].get(names.get(n, n)) for n in PLACES.column_names) for key in sorted(places)]
    assert database.table("places", PLACES.column_names) == wanted
    assert "3 articles, 10 mentions, 6 places" in caplog.text


def test_what_it_was_made_from_is_told(database, tmp_path) -> None:
    workspace = make_workspace(tmp_path / "made")
    export(workspace, database)
    about = database.about()
    assert about["version_program"] == "test"
    assert "GeoNames" in about["attribution"]
    assert (about["articles"], about["mentions"], about["places"]) == ("3", "10", "6")
    assert about["exported_at"].startswith("20")


def test_the_views_have_what_map_programs_look_for(database, tmp_path) -> None:
    workspace = make_workspace(tmp_path / "made")
    export(workspace, database)
    columns = ("mention_id", "place", "title", "date", "latitude", "longitude", "precision")
    rows = database.table("mentions_on_map", columns)
    assert len(rows) == 9
    assert ("a1:16", "غريان", "معركة الطريق", "2019-04-05", 32.172, 13.02, "exact") in rows
    head = next(row[2] for row in rows if row[0].startswith("a2:"))
    assert head.startswith("قالت قناة ليبيا")
    places = database.table(
        "places_on_map", ("place_id", "mentions", "articles", "first_date", "last_date", "latitude")
    )
    assert ("t:tripoli", 3, 2, "2019-04-05", "2020-01-02", 32.887) in places


def test_a_place_has_its_region(database, tmp_path) -> None:
    place = make_place("ly-jufra", "الجفرة", "Jufra", FeatureClass.REGION, "LY", 29.1, 15.9, 100)
    workspace = Workspace.create_or_open(tmp_path / "one")
    article = Article("x", "وصل إلى الجفرة.")
    workspace.add([(article, make_resolutions(article.text, [("الجفرة", place, Role.LOCATION, None)]))])
    export(workspace, database)
    assert database.table("places", ("place_id", "region_id", "region")) == [("ly-jufra", "ly-jufra", "الجفرة")]


def test_an_empty_workspace_gives_empty_tables(database, tmp_path) -> None:
    assert export(Workspace.create_or_open(tmp_path / "empty"), database) == 0
    assert not any(database.dump().values())


@pytest.mark.parametrize("given", ["spring", "infinity", "290000-01-01", "", "2019-13-40", "0044-03-15 (BC)"])
def test_a_date_that_is_none_is_kept_as_text(database, tmp_path, given) -> None:
    workspace = Workspace.create_or_open(tmp_path / "one")
    workspace.add([(Article("x", "نص", date=given), [])])
    assert export(workspace, database) == 0
    day = "0044-03-15" if given.startswith("0044") else None
    assert database.table("articles", ("date", "date_given")) == [(day, given)]


# Again


def test_a_second_export_changes_nothing(database, tmp_path) -> None:
    workspace = make_workspace(tmp_path / "made")
    export(workspace, database)
    before = database.dump()
    assert export(workspace, database) == 0
    assert database.dump() == before


def test_added_changed_and_removed_articles_give_what_a_new_export_gives(database, tmp_path, request, caplog) -> None:
    export(make_workspace(tmp_path / "made"), database)
    later = Workspace.create_or_open(tmp_path / "later")
    (first, resolutions), _, third = make_results()
    new = Article("a4", "هدوء في بنغازي.", "خبر", "2021-05-06")
    later.add(
        [
            (replace(first, title="عنوان آخر"), resolutions[:2]),
            (new, make_resolutions(new.text, [("بنغازي", BENGHAZI, Role.LOCATION, None)])),
            third,
        ]
    )
    assert export(later, database) == 0
    fresh = make_database(database.kind, tmp_path, request)
    export(later, fresh)
    assert database.dump() == fresh.dump()
    assert [row[0] for row in database.table("articles", ("article_id",))] == ["a1", "a3", "a4"]
    assert "t:libya" not in {row[0] for row in database.table("places", ("place_id",))}


def test_an_article_read_anew_takes_the_place_of_the_old_one(database, tmp_path) -> None:
    workspace = make_workspace(tmp_path / "made")
    export(workspace, database)
    article = replace(make_results()[0][0], title="بعد التصحيح")
    workspace.add(
        [
            (
                article,
                make_resolutions(article.text, [("غريان", replace(GHARYAN, name="غريان الجديدة"), Role.ACTOR, None)]),
            )
        ]
    )
    export(workspace, database)
    assert database.table("mentions", MENTIONS.column_names) == expected_mentions(workspace)
    assert ("a1", "بعد التصحيح") in database.table("articles", ("article_id", "title"))
    assert ("t:gharyan", "غريان الجديدة") in database.table("places", ("place_id", "name"))


def test_the_same_part_twice_doubles_nothing(database, tmp_path) -> None:
    workspace = make_workspace(tmp_path / "made")
    for path in list(workspace.folder.glob("*.parquet")):
        kind, _, rest = path.name.partition("-")
        shutil.copy(path, path.with_name(f"{kind}-copy{rest}"))
    assert export(workspace, database) == 0
    assert len(database.table("mentions", ("article_id", "start"))) == 10
    assert len(database.table("articles", ("article_id",))) == 3


def test_many_small_parts_come_out_whole(database, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("extract.databases.snapshot.GROUP_ARTICLES", 3)
    workspace = Workspace.create_or_open(tmp_path / "parts")
    for number in range(7):
        article, resolutions = make_results()[0]
        workspace.add([(replace(article, id=f"x{number}"), resolutions)])
    export(workspace, database)
    assert database.table("mentions", MENTIONS.column_names) == expected_mentions(workspace)


# Hostile texts


def hostile_workspace(folder: Path) -> Workspace:
    workspace = Workspace.create_or_open(folder)
    results = []
    for number, evil in enumerate(HOSTILE):
        text = f"وصل إلى طرابلس {evil} ثم غريان. {evil}"
        place = replace(GHARYAN, id=f"p{number}{evil}", name=evil, name_en=evil)
        found = make_resolutions(
            text, [("طرابلس", TRIPOLI, Role.LOCATION, None), ("غريان", place, Role.LOCATION, evil)]
        )
        results.append((Article(f"{number}{evil}", text, evil, evil, evil * 900, "LY", evil), found))
    workspace.add(results, {"program": "'; \0"})
    return workspace


def test_hostile_text_is_only_text(database, tmp_path, caplog) -> None:
    workspace = hostile_workspace(tmp_path / "hostile")
    assert export(workspace, database) == 0
    wanted = [
        tuple(value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in row)
        for row in expected_mentions(workspace)
    ]
    date = MENTIONS.column_names.index("date")
    wanted = sorted(((*row[:date], None, *row[date + 1 :]) for row in wanted), key=repr)
    assert database.table("mentions", MENTIONS.column_names) == wanted
    texts = {row[0]: row for row in database.table("articles", ("article_id", "title", "text", "outlet", "url"))}
    for number, evil in enumerate(HOSTILE):
        clean = evil.replace("\0", "\ufffd")
        text = f"وصل إلى طرابلس {clean} ثم غريان. {clean}"
        assert texts[f"{number}{clean}"] == (f"{number}{clean}", clean, text, clean * 900, clean)


def test_nul_characters_are_told_and_offsets_stay_true(database, tmp_path, caplog) -> None:
    export(hostile_workspace(tmp_path / "hostile"), database)
    assert "3 rows had NUL characters" in caplog.text
    articles = dict(database.table("articles", ("article_id", "text")))
    for article_id, start, end, surface in database.table("mentions", ("article_id", "start", "end", "surface")):
        assert articles[article_id][start:end] == surface


# What goes wrong


def test_an_unreadable_part_leaves_the_target_as_it_was(database, tmp_path, caplog) -> None:
    workspace = make_workspace(tmp_path / "made")
    export(workspace, database)
    before = database.dump()
    article = Article("b1", "في طرابلس.")
    workspace.add([(article, make_resolutions(article.text, [("طرابلس", TRIPOLI, Role.LOCATION, None)]))])
    newest = max(workspace.folder.glob("mentions-*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(b"PAR1 not at all PAR1")
    assert export(workspace, database) == 2
    assert "cannot be read" in one_error(caplog)
    assert database.dump() == before


def test_a_missing_workspace_is_one_line_and_code_2(database, tmp_path, caplog) -> None:
    assert export_command.main(["--store", str(tmp_path / "none"), "--to", database.address]) == 2
    assert "no workspace here" in one_error(caplog)


@pytest.mark.parametrize(
    "name", ["x\udcff.duckdb", "x\udcff.sqlite", "none/x.duckdb", "none/x.sqlite", "\udcff"], ids=ascii
)
def test_a_name_that_cannot_be_written_is_one_line(name, tmp_path, caplog) -> None:
    workspace = make_workspace(tmp_path / "made")
    code = export_command.main(["--store", str(workspace.folder), "--to", str(tmp_path / name)])
    if code:
        assert (code, one_error(caplog).isprintable()) == (2, True)
    else:
        assert os.path.exists(tmp_path / name)


@pytest.mark.parametrize("options", [["--schema", "x"], ["--plain"]])
def test_options_of_postgresql_are_refused_for_files(options, tmp_path, caplog) -> None:
    workspace = make_workspace(tmp_path / "made")
    assert export(workspace, Database("sqlite", str(tmp_path / "x.db")), *options) == 2
    assert "PostgreSQL" in one_error(caplog)


def test_the_command_is_reached_by_its_name(tmp_path) -> None:
    command = [sys.executable, "-m", "extract", "export", "--store", str(tmp_path), "--to", "mysql://u:s3cret@h/d"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "--to must be" in done.stderr
    assert "s3cret" not in done.stderr


# Killed


@contextlib.contextmanager
def started(workspace: Workspace, database: Database) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "extract", "export", "--store", str(workspace.folder), "--to", database.address]
    process = subprocess.Popen([*command, *database.options], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(condition: Any, process: subprocess.Popen[bytes], seconds: float = 120, step: float = 0.001) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the export was over before it could be killed"
        assert time.monotonic() < until
        time.sleep(step)


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Workspace:
    workspace = Workspace.create_or_open(tmp_path_factory.mktemp("large") / "store")
    article, resolutions = make_results()[0]
    long = replace(article, text=article.text + " حشو" * 2_000)
    workspace.add((replace(long, id=f"n{number}"), resolutions) for number in range(3_000))
    return workspace


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
def test_a_killed_export_leaves_the_old_file(kind, large, tmp_path) -> None:
    database = Database(kind, str(tmp_path / f"out.{kind}"))
    export(make_workspace(tmp_path / "made"), database)
    before = database.dump()

    def written() -> int:
        return sum(path.stat().st_size for path in tmp_path.glob(f".out.{kind}.*.part/*") if path.exists())

    with started(large, database) as process:
        wait_until(lambda: written() > 1_000_000, process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert database.dump() == before
    assert list(tmp_path.glob(f".out.{kind}.*.part"))
    assert export(large, database) == 0
    assert database.rows("SELECT count(*) FROM articles") == [(3_000,)]
    assert not list(tmp_path.glob(f".out.{kind}.*.part"))


def test_a_killed_export_leaves_postgresql_as_it_was(large, tmp_path, request) -> None:
    database = make_database("postgresql", tmp_path, request)
    export(make_workspace(tmp_path / "made"), database)
    before = database.dump()
    with (
        dbapi.connect(database.address) as holder,
        holder.cursor() as cursor,
        started(large, database) as process,
    ):
        # Whoever writes to mentions has to wait for this, after articles were written.
        cursor.execute(f"LOCK TABLE {database.prefix}mentions IN SHARE MODE")
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        wait_until(lambda: database.rows(waiting) == [(1,)], process, step=0.05)
        assert database.dump() == before, "readers see nothing half done"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert database.dump() == before
    assert export(large, database) == 0
    assert database.rows(f"SELECT count(*) FROM {database.prefix}articles") == [(3_000,)]


# Documentation


def test_the_documentation_names_every_table_and_column() -> None:
    text = (ROOT / "docs" / "databases.md").read_text(encoding="utf-8")
    for table in (ARTICLES, PLACES, MENTIONS):
        missing = [column.name for column in table.columns if f"`{column.name}`" not in text]
        assert not missing, table.name
    assert all(f"`{name}`" in text for name in VIEWS)


def test_the_questions_of_the_documentation_are_answered(tmp_path, request) -> None:
    text = (ROOT / "docs" / "databases.md").read_text(encoding="utf-8")
    questions = [
        sql.strip().rstrip(";") for sql in re.findall(r"(?:^    .*\n)+", text, re.M) if sql.startswith("    SELECT")
    ]
    kinds = ["postgresql", "postgresql", "postgresql", "duckdb", "sqlite", "sqlite"]
    workspace = make_workspace(tmp_path / "made")
    for kind, sql in zip(kinds, questions, strict=True):
        database = make_database(kind, tmp_path, request)
        export(workspace, database)
        path = f"SET search_path = {database.schema}, public; " if kind == "postgresql" else ""
        assert database.rows(sql, before=path), sql


def test_a_snapshot_that_leaves_out_everything_reads_no_texts(tmp_path) -> None:
    workspace = make_workspace(tmp_path / "made")
    snapshot = Snapshot(workspace)
    difference = snapshot.leave_out(workspace.newest())
    assert (difference.added, difference.changed, difference.removed) == (0, 0, 0)
    assert list(snapshot.articles()) == list(snapshot.mentions()) == []
