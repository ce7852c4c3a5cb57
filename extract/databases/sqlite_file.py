"""Exports to an SQLite file: tables, views, an R*Tree of places and a full-text index, as Datasette likes them."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from extract.databases.errors import ExportError
from extract.databases.files import check_own, replaced_file
from extract.databases.result import Exported, nul_note
from extract.databases.snapshot import Snapshot, about_rows
from extract.databases.tables import ABOUT, ARTICLES, PLACES, TABLES, VIEWS, Table, view_sql
from extract.databases.target import Target

TYPES = {
    "text": "TEXT",
    "integer": "INTEGER",
    "bigint": "INTEGER",
    "number": "REAL",
    "boolean": "INTEGER",
    "date": "TEXT",
}
BOXES, SEARCH = "places_box", "articles_fts"
CACHE_KIB = 65_536


def export_sqlite(snapshot: Snapshot, target: Target, *, search: bool = True) -> Exported:
    """Write the snapshot as a new file in the place of the target; with `search`, an index of all texts.

    Raises ExportError.
    """
    path = target.path
    try:
        if path.exists() and path.stat().st_size:
            _check(path)
        with replaced_file(path) as temporary, contextlib.closing(sqlite3.connect(temporary)) as database:
            return _write(database, snapshot, search)
    except sqlite3.Error as error:
        raise ExportError(f"{path}: cannot be written: {error}") from error


def _check(path: Path) -> None:
    """Raise ExportError when the file is not from an export, or is in use by a writer."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=1)) as database:
            # What another program has yet to bring into the old file would be taken for a part of the new one.
            if path.with_name(f"{path.name}-wal").exists():
                database.execute("PRAGMA journal_mode = DELETE")
            names = database.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
    except sqlite3.OperationalError as error:
        raise ExportError(f"{path}: cannot be replaced ({error}): close the program that has it open") from error
    except sqlite3.DatabaseError as error:
        raise ExportError(f"{path}: is not an SQLite database ({error}): choose another file") from error
    own = {ABOUT.name, *(table.name for table in TABLES), *VIEWS}
    held = {name for (name,) in names if not name.startswith(("sqlite_", SEARCH, BOXES))}
    check_own(path, held, own, ABOUT.name)


def _write(database: sqlite3.Connection, snapshot: Snapshot, search: bool) -> Exported:
    # Nothing is lost when this is killed: the file is not there yet under its name.
    for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KIB}"):
        database.execute(f"PRAGMA {pragma}")
    for table in (*TABLES, ABOUT):
        links = (table.link_sql(column, other) for column, other in table.links)
        database.execute(table.create_sql(TYPES, "", (table.key_sql(), *links)))
    counts = {}
    for table, batches in snapshot.tables():
        counts[table.name] = _insert(database, table, batches)
    for table in TABLES:
        for sql in table.index_sql():
            database.execute(sql)
    for name in VIEWS:
        database.execute(view_sql(name))
    notes = (*_add_boxes(database), *(_add_search(database) if search else ()), *nul_note(snapshot.nuls))
    database.executemany(f"INSERT INTO {ABOUT.name} VALUES (?, ?)", about_rows(snapshot, counts))
    database.execute("ANALYZE")
    database.commit()
    return Exported(**counts, notes=notes)


def _insert(database: sqlite3.Connection, table: Table, batches: Iterator[pa.RecordBatch]) -> int:
    marks, count = ", ".join("?" * len(table.columns)), 0
    for batch in batches:
        columns = list(map(_values, batch.columns))
        database.executemany(f"INSERT INTO {table.name} VALUES ({marks})", zip(*columns, strict=True))
        count += batch.num_rows
    return count


def _values(array: pa.Array) -> list[object]:
    return (array.cast(pa.string()) if pa.types.is_date(array.type) else array).to_pylist()


def _add_boxes(database: sqlite3.Connection) -> tuple[str, ...]:
    """An R*Tree of the places' points, for boxes; where SQLite was built without it, a note."""
    try:
        database.execute(
            f"CREATE VIRTUAL TABLE {BOXES} USING rtree(id, min_lat, max_lat, min_lon, max_lon, +place_id TEXT)"
        )
    except sqlite3.OperationalError as error:
        return (f"without the table {BOXES}: {error}",)
    database.execute(
        f"INSERT INTO {BOXES} SELECT rowid, lat, lat, lon, lon, place_id FROM {PLACES.name} "
        "WHERE lat IS NOT NULL AND lon IS NOT NULL"
    )
    return ()


def _add_search(database: sqlite3.Connection) -> tuple[str, ...]:
    """A full-text index of titles and texts by three letters each, so that غريان finds وبغريان as well."""
    try:
        database.execute(
            # Datasette looks for content="articles", with quotation marks of this kind.
            f"CREATE VIRTUAL TABLE {SEARCH} USING fts5(title, text, content=\"{ARTICLES.name}\", tokenize='trigram')"
        )
    except sqlite3.OperationalError as error:
        return (f"without the table {SEARCH}: {error}",)
    database.execute(f"INSERT INTO {SEARCH} ({SEARCH}) VALUES ('rebuild')")
    return ()
