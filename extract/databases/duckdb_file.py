"""Exports to a DuckDB file: the tables and views, without an extension that would have to be downloaded."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from extract.databases.errors import ExportError
from extract.databases.files import check_own, replaced_file
from extract.databases.result import Exported, nul_note
from extract.databases.snapshot import Snapshot, about_rows, arrow_schema
from extract.databases.tables import ABOUT, TABLES, VIEWS, Table, view_sql
from extract.databases.target import Target
from extract.sql import literal

TYPES = {
    "text": "VARCHAR",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
}
# A form of file that programs with an older DuckDB can open too.
STORAGE = "v1.0.0"
# Without a limit it would keep whatever it wrote in memory, up to most of the machine's.
MEMORY = "768MB"


def export_duckdb(snapshot: Snapshot, target: Target) -> Exported:
    """Write the snapshot as a new file in the place of the target. Raises ExportError."""
    path = target.path
    if not str(path).isprintable() or "?" in str(path):
        raise ExportError(f"{path}: DuckDB needs a name of printable characters without a question mark")
    try:
        if path.exists() and path.stat().st_size:
            _check(path)
        with replaced_file(path) as temporary, contextlib.closing(_connect(temporary.parent)) as database:
            database.execute(f"ATTACH {literal(str(temporary))} AS exported (STORAGE_VERSION '{STORAGE}')")
            database.execute("USE exported")
            result = _write(database, snapshot)
            database.execute("USE memory")
            database.execute("DETACH exported")
            return result
    except duckdb.Error as error:
        raise ExportError(f"{path}: cannot be written: {_first_line(error)}") from error


def _connect(folder: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:", config={"memory_limit": MEMORY, "temp_directory": str(folder / "spilled")})


def _check(path: Path) -> None:
    """Raise ExportError when the file is not from an export, or is in use by a writer."""
    # What another program has yet to bring into the old file would be taken for a part of the new one: to attach the
    # file for writing brings it in.
    mode = "READ_WRITE" if path.with_name(f"{path.name}.wal").exists() else "READ_ONLY"
    with contextlib.closing(duckdb.connect(":memory:")) as database:
        try:
            database.execute(f"ATTACH {literal(str(path))} AS old ({mode})")
            names = database.execute(
                "SELECT table_name FROM duckdb_tables() WHERE database_name = 'old' "
                "UNION SELECT view_name FROM duckdb_views() WHERE database_name = 'old' AND NOT internal"
            ).fetchall()
            database.execute("DETACH old")
        except duckdb.Error as error:
            raise ExportError(f"{path}: cannot be replaced: {_first_line(error)}") from error
    own = {ABOUT.name, *(table.name for table in TABLES), *VIEWS}
    check_own(path, {name for (name,) in names}, own, ABOUT.name)


def _write(database: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> Exported:
    counts = {}
    for table, batches in snapshot.tables():
        # Without keys: an index of them must fit into memory, and no program that reads tables of this kind needs it.
        database.execute(table.create_sql(TYPES))
        counts[table.name] = _insert(database, table, batches)
        for column in table.columns:
            database.execute(f'COMMENT ON COLUMN {table.name}."{column.name}" IS {literal(column.meaning)}')
    database.execute(ABOUT.create_sql(TYPES))
    for name in VIEWS:
        database.execute(view_sql(name))
    database.executemany(f"INSERT INTO {ABOUT.name} VALUES (?, ?)", about_rows(snapshot, counts))
    return Exported(**counts, notes=nul_note(snapshot.nuls))


def _insert(database: duckdb.DuckDBPyConnection, table: Table, batches: Iterator[pa.RecordBatch]) -> int:
    reader = pa.RecordBatchReader.from_batches(arrow_schema(table), batches)
    database.register("incoming", reader)
    count = database.execute(f"INSERT INTO {table.name} SELECT * FROM incoming").fetchone()[0]
    database.unregister("incoming")
    return count


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
