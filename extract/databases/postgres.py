"""Exports to PostgreSQL, with PostGIS where there is one: one transaction that brings the tables up to date.

Only articles that are new, changed or gone since the last export are written; rows go by COPY, as Arrow batches.
The one home of adbc_driver_postgresql.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from extract.databases.errors import ExportError
from extract.databases.result import Exported, nul_note
from extract.databases.snapshot import Difference, Snapshot, about_rows, arrow_schema
from extract.databases.tables import (
    ABOUT,
    ARTICLES,
    LAYOUT,
    MARK,
    MENTIONS,
    PLACES,
    TABLES,
    VIEWS,
    Table,
    view_sql,
)
from extract.databases.target import Target
from extract.sql import literal, quote

SCHEMA = "rasid"
# The oldest server with generated columns.
LEAST_SERVER = 12
LONGEST_NAME_BYTES = 63
WGS84 = 4326
TYPES = {
    "text": "text",
    "integer": "integer",
    "bigint": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "date": "date",
}
# What the driver says before the server's words, and what it adds after them.
_BEFORE = re.compile(r"^[A-Z_ ]+: (\[libpq\] )?(Failed to [^:]*: )?(PGRES_\w+ )?(ERROR: +)?")
_AFTER = re.compile(
    r"\n(LINE \d|CONTEXT:|Query was|\. SQLSTATE|DETAIL:|HINT:|STATEMENT:).*|\. SQLSTATE: \w+$", re.DOTALL
)


def export_postgres(snapshot: Snapshot, target: Target, *, schema: str = SCHEMA, plain: bool = False) -> Exported:
    """Bring the tables in the schema up to date with the snapshot, or leave all as it was.

    `plain` makes no geometry columns and no extension. Raises ExportError.
    """
    if not schema or "\0" in schema or len(schema.encode("utf-8", "replace")) > LONGEST_NAME_BYTES:
        raise ExportError(f"--schema: a name has 1 to {LONGEST_NAME_BYTES} bytes")
    driver = _load_driver()
    try:
        with (
            contextlib.closing(_connect(driver, target)) as connection,
            contextlib.closing(connection.cursor()) as cursor,
        ):
            result = _Export(cursor, snapshot, schema, plain).run()
            connection.commit()
            return result
    except driver.Error as error:
        raise ExportError(f"{target.shown}: {target.hide(_server_words(error))}") from None


def _load_driver() -> Any:
    try:
        from adbc_driver_postgresql import dbapi  # takes half a second, which other commands do not need
    except ImportError as error:
        raise ExportError(
            f"exports to PostgreSQL need a driver ({error}): .venv/bin/pip install -r requirements.txt"
        ) from error
    return dbapi


def _connect(driver: Any, target: Target) -> Any:
    try:
        return driver.connect(target.address)
    except driver.Error as error:
        # The error before this one may show the address with its password.
        raise ExportError(f"{target.shown}: cannot connect: {target.hide(_server_words(error))}") from None


def _server_words(error: Exception) -> str:
    words = _AFTER.sub("", _BEFORE.sub("", str(error).strip()))
    state = getattr(error, "sqlstate", None)
    hint = " (this needs a user with the right to do it)" if state == "42501" else ""
    return " ".join(words.split()).rstrip(".") + hint


class _Export:
    """One export, inside the transaction of its cursor."""

    def __init__(self, cursor: Any, snapshot: Snapshot, schema: str, plain: bool) -> None:
        self._cursor, self._snapshot = cursor, snapshot
        self._schema, self._prefix = schema, f"{quote(schema)}."
        self._plain = plain
        self._notes: list[str] = []

    def run(self) -> Exported:
        """Everything but the commit."""
        self._run("SET LOCAL client_encoding = 'UTF8'")
        self._run("SET LOCAL standard_conforming_strings = on")
        self._check_server()
        self._lock()
        self._make_schema()
        held = self._held_tables()
        if held and (self._layout() != LAYOUT or not {ABOUT.name, *(table.name for table in TABLES)} <= held):
            self._drop(held)
            held = set()
        new = not held
        if new:
            self._create_tables()
        geometry = self._add_geometry()
        difference = self._load(new)
        if new:
            self._add_constraints()
        if geometry:
            for table in (PLACES, MENTIONS):
                index, name = quote(f"{table.name}_geom"), f"{self._prefix}{quote(table.name)}"
                self._run(f"CREATE INDEX IF NOT EXISTS {index} ON {name} USING gist (geom)")
        self._add_views(geometry)
        for table in TABLES:
            self._run(f"ANALYZE {self._prefix}{quote(table.name)}")
        return self._finish(difference, geometry)

    # Asking and telling the server

    def _run(self, sql: str) -> None:
        self._cursor.execute(sql)

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        self._cursor.execute(sql)
        return self._cursor.fetchall()

    def _value(self, sql: str) -> Any:
        rows = self._rows(sql)
        return rows[0][0] if rows else None

    def _copy(self, name: str, data: pa.Table | pa.RecordBatchReader, *, temporary: bool = False) -> None:
        schema = {} if temporary else {"db_schema_name": self._schema}
        self._cursor.adbc_ingest(name, data, mode="append", temporary=temporary, **schema)

    # What is there

    def _check_server(self) -> None:
        version = int(self._value("SELECT current_setting('server_version_num')")) // 10_000
        if version < LEAST_SERVER:
            raise ExportError(f"the server is PostgreSQL {version}; {LEAST_SERVER} or newer is needed")
        encoding = self._value("SELECT current_setting('server_encoding')")
        if encoding != "UTF8":
            raise ExportError(
                f"the database's encoding {encoding} cannot hold Arabic: make one with CREATE DATABASE ... "
                "ENCODING 'UTF8' TEMPLATE template0"
            )

    def _lock(self) -> None:
        key = f"hashtextextended({literal(f'rasid export {self._schema}')}, 0)"
        if not self._value(f"SELECT pg_try_advisory_xact_lock({key})"):
            raise ExportError(f"another export is writing to the schema {self._schema}: try again when it is over")

    def _make_schema(self) -> None:
        if not self._value(f"SELECT count(*) FROM pg_namespace WHERE nspname = {literal(self._schema)}"):
            self._run(f"CREATE SCHEMA {quote(self._schema)}")

    def _held_tables(self) -> set[str]:
        """Names of ours that the schema has. Raises ExportError where someone else's table has one of them."""
        ours = ", ".join(literal(name) for name in (ABOUT.name, *(table.name for table in TABLES), *VIEWS))
        found = self._rows(
            "SELECT c.relname, obj_description(c.oid, 'pg_class') FROM pg_class c JOIN pg_namespace n "
            f"ON n.oid = c.relnamespace WHERE n.nspname = {literal(self._schema)} AND c.relname IN ({ours})"
        )
        start = MARK.split(",")[0]
        strange = [name for name, comment in found if not (comment or "").startswith(start)]
        if strange:
            raise ExportError(
                f"the schema {self._schema} has {', '.join(sorted(strange))} that no export made: choose another --schema"
            )
        return {name for name, _ in found}

    def _layout(self) -> str | None:
        name = literal(f"{self._prefix}{quote(ABOUT.name)}")
        found = self._value(f"SELECT obj_description(to_regclass({name}), 'pg_class')")
        return LAYOUT if found == MARK else None

    def _drop(self, held: set[str]) -> None:
        self._notes.append("tables were missing, or of a former version of the export: all were made anew")
        for name in sorted(held & set(VIEWS)):
            self._run(f"DROP VIEW {self._prefix}{quote(name)}")
        for table in (MENTIONS, ARTICLES, PLACES, ABOUT):
            self._run(f"DROP TABLE IF EXISTS {self._prefix}{quote(table.name)}")

    # Making tables

    def _create_tables(self) -> None:
        for table in (*TABLES, ABOUT):
            self._run(table.create_sql(TYPES, self._prefix, (table.key_sql(),) if table is ABOUT else ()))
            self._comment("TABLE", table.name, f"{MARK} {table.meaning}" if table is not ABOUT else MARK)
            for column in table.columns:
                name = f"{self._prefix}{quote(table.name)}.{quote(column.name)}"
                self._run(f"COMMENT ON COLUMN {name} IS {literal(column.meaning)}")

    def _comment(self, kind: str, name: str, text: str) -> None:
        self._run(f"COMMENT ON {kind} {self._prefix}{quote(name)} IS {literal(text)}")

    def _add_constraints(self) -> None:
        # After the rows: an index made at once is made faster.
        for table in TABLES:
            self._run(f"ALTER TABLE {self._prefix}{quote(table.name)} ADD {table.key_sql()}")
        for table in TABLES:
            for column, other in table.links:
                link = table.link_sql(column, other, self._prefix)
                self._run(f"ALTER TABLE {self._prefix}{quote(table.name)} ADD {link}")
            for sql in table.index_sql(self._prefix):
                self._run(sql)

    def _add_views(self, geometry: str | None) -> None:
        schema = literal(self._schema)
        for name, meaning in VIEWS.items():
            found = self._value(
                f"SELECT count(*) FROM pg_views WHERE schemaname = {schema} AND viewname = {literal(name)}"
            )
            # Made only once: making one anew would hold up everyone who reads it until the export is over.
            if not found:
                self._run(view_sql(name, self._prefix, geometry=geometry is not None))
                self._comment("VIEW", name, f"{MARK} {meaning}")

    # PostGIS

    def _add_geometry(self) -> str | None:
        """Give places and mentions a column geom that follows lat and lon. Returns PostGIS's version, or None without."""
        if self._plain:
            return None
        found = self._find_postgis() or self._make_postgis()
        if found is None:
            return None
        version, home = found
        for table in (PLACES, MENTIONS):
            name = f"{self._prefix}{quote(table.name)}"
            if self._value(
                f"SELECT count(*) FROM pg_attribute WHERE attrelid = {literal(name)}::regclass "
                "AND attname = 'geom' AND NOT attisdropped"
            ):
                continue
            for view in VIEWS:
                self._run(f"DROP VIEW IF EXISTS {self._prefix}{quote(view)}")
            point = f"{home}ST_SetSRID({home}ST_MakePoint(lon, lat), {WGS84})"
            self._run(
                f"ALTER TABLE {name} ADD COLUMN geom {home}geometry(Point, {WGS84}) GENERATED ALWAYS AS ({point}) STORED"
            )
        return version

    def _find_postgis(self) -> tuple[str, str] | None:
        rows = self._rows(
            "SELECT e.extversion, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
            "WHERE e.extname = 'postgis'"
        )
        return (rows[0][0], f"{quote(rows[0][1])}.") if rows else None

    def _make_postgis(self) -> tuple[str, str] | None:
        # The server catches the error itself: after one that comes back, the driver lets a transaction only end.
        self._run(
            "DO $$ BEGIN CREATE EXTENSION postgis; "
            "EXCEPTION WHEN OTHERS THEN PERFORM set_config('rasid.refusal', SQLERRM, true); END $$"
        )
        found = self._find_postgis()
        if found is None:
            refusal = self._value("SELECT current_setting('rasid.refusal', true)")
            self._notes.append(
                f"without PostGIS ({refusal}): the points are in the columns lat and lon alone. When an "
                "administrator has run CREATE EXTENSION postgis in this database, the next export adds geometry"
            )
        return found

    # Rows

    def _load(self, new: bool) -> Difference:
        held = pa.table({"article_id": pa.array([], pa.string()), "version": pa.array([], pa.int64())})
        if not new:
            self._cursor.execute(f"SELECT article_id, version FROM {self._prefix}{quote(ARTICLES.name)}")
            held = self._cursor.fetch_arrow_table()
        difference = self._snapshot.leave_out(held)
        self._load_places()
        if difference.gone.num_rows:
            self._delete_articles(difference.gone)
        for table, batches in ((ARTICLES, self._snapshot.articles()), (MENTIONS, self._snapshot.mentions())):
            self._copy_batches(table, batches)
        mentions, places = (f"{self._prefix}{quote(table.name)}" for table in (MENTIONS, PLACES))
        if not new:
            self._run(
                f"DELETE FROM {places} p WHERE NOT EXISTS (SELECT FROM incoming_places i WHERE i.place_id = p.place_id) "
                f"AND NOT EXISTS (SELECT FROM {mentions} m WHERE m.place_id = p.place_id)"
            )
        return difference

    def _copy_batches(self, table: Table, batches: Iterator[pa.RecordBatch]) -> None:
        self._copy(table.name, pa.RecordBatchReader.from_batches(arrow_schema(table), batches))

    def _load_places(self) -> None:
        columns = ", ".join(quote(name) for name in PLACES.column_names)
        places = f"{self._prefix}{quote(PLACES.name)}"
        self._run(
            f"CREATE TEMPORARY TABLE incoming_places ON COMMIT DROP AS SELECT {columns} FROM {places} WHERE false"
        )
        self._copy("incoming_places", self._snapshot.places(), temporary=True)
        mine, theirs = (", ".join(f"{t}.{quote(n)}" for n in PLACES.column_names) for t in ("p", "i"))
        values = ", ".join(f"{quote(name)} = i.{quote(name)}" for name in PLACES.column_names if name not in PLACES.key)
        self._run(
            f"UPDATE {places} p SET {values} FROM incoming_places i WHERE i.place_id = p.place_id "
            f"AND ({mine}) IS DISTINCT FROM ({theirs})"
        )
        self._run(
            f"INSERT INTO {places} ({columns}) SELECT {columns} FROM incoming_places i "
            f"WHERE NOT EXISTS (SELECT FROM {places} p WHERE p.place_id = i.place_id)"
        )

    def _delete_articles(self, gone: pa.Table) -> None:
        self._run("CREATE TEMPORARY TABLE gone_articles (article_id text) ON COMMIT DROP")
        self._copy("gone_articles", gone, temporary=True)
        self._run("ANALYZE gone_articles")
        for table in (MENTIONS, ARTICLES):
            self._run(
                f"DELETE FROM {self._prefix}{quote(table.name)} t USING gone_articles g WHERE t.article_id = g.article_id"
            )

    def _finish(self, difference: Difference, geometry: str | None) -> Exported:
        counts = {
            table.name: self._value(f"SELECT count(*) FROM {self._prefix}{quote(table.name)}") for table in TABLES
        }
        about = about_rows(self._snapshot, counts, f"PostGIS {geometry}, SRID {WGS84}" if geometry else "none")
        table = f"{self._prefix}{quote(ABOUT.name)}"
        self._run(f"DELETE FROM {table}")
        rows = ", ".join(f"({literal(key)}, {literal(value)})" for key, value in about)
        self._run(f"INSERT INTO {table} VALUES {rows}")
        notes = (*self._notes, *nul_note(self._snapshot.nuls))
        changes = (difference.added, difference.changed, difference.removed)
        return Exported(**counts, changes=changes, notes=notes)
