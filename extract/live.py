"""What the parts of a workspace hold now, as tables in memory: seen anew whenever the parts change."""

import functools
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from extract.counting import Coded
from extract.facts import Codes, FindRegions, build_facts
from extract.parts import (
    ARTICLE_SCHEMA,
    DAY_SQL,
    MENTION_SCHEMA,
    Part,
    articles_name,
    complete_parts,
    files_sql,
    mentions_name,
    scan_sql,
)
from extract.remote import is_url
from extract.removed import SHOWN, hide, list_removed, read_removed
from extract.replaced import Tables, forget, replace_articles
from extract.row_files import RowFiles
from extract.sorting import Order
from extract.sql import literals
from extract.storage import Entry, Storage, StoreError, open_storage

# How long a look at the folder holds: new parts are seen after this many seconds.
REFRESH_S = 1.0
FETCH_ROWS, BATCH_ROWS = 10_000, 1_000_000
# Numbers (of names, articles, places) kept of earlier searches, some 36 bytes each; what was asked counts as so many.
REMEMBERED, KEY_NUMBERS = 2_000_000, 20
# Parts that go while a question is answered are looked for again so often: each time others have taken their place.
LOOKS = 6
LOOK_AGAIN_S = 0.2

Method = TypeVar("Method", bound=Callable[..., Any])


def question(method: Method) -> Method:
    """Answer the whole question from the parts of one moment; once more when one of them was deleted meanwhile."""

    @functools.wraps(method)
    def ask(self: "LiveTables", *arguments: Any, **named: Any) -> Any:
        if self._pinned.seen is not None:
            return method(self, *arguments, **named)
        for look in range(LOOKS):
            self.refresh(force=look > 0)
            self._pinned.seen = seen = self._current
            try:
                return method(self, *arguments, **named)
            except (duckdb.Error, OSError) as error:
                # A file that is broken, and not gone, stays so however often it is asked.
                if look + 1 == LOOKS or not self._has_lost(seen):
                    first = str(error).strip().partition("\n")[0]
                    hint = "put it back from a copy, or delete both files of the part and read its articles again"
                    raise StoreError(f"{self.storage.place}: a part cannot be read ({first}): {hint}") from error
                time.sleep(LOOK_AGAIN_S * look)
            finally:
                self._pinned.seen = None
        raise AssertionError("unreachable")

    return ask  # type: ignore[return-value]


class _Pinned(threading.local):
    """The parts that this thread's question is answered from."""

    seen: "Snapshot | None" = None


class Snapshot:
    """The tables live, facts, spots and names (see extract.facts) of the parts of one moment, made when they are asked for."""

    def __init__(
        self,
        storage: Storage,
        parts: tuple[Part, ...],
        removed: tuple[Entry, ...],
        find_regions: FindRegions | None,
        before: "Snapshot | None" = None,
    ) -> None:
        self.parts, self.removed = parts, removed
        self.database = Tables(storage.connect)
        self.codes: Codes = {}
        self.found: dict[tuple[str, Any], list[int]] = {}
        # The orders of columns that were asked for last (see extract.sorting).
        self.orders: dict[str, Order] = {}
        # What the counted columns of places and articles hold (see extract.counting).
        self.coded: dict[str, Coded] = {}
        # The places of the last full build as they are shown: numbers up to `built_places` keep their meaning until the next.
        self.places: dict[int, dict[str, Any]] = {}
        self.built_places = 0
        # Whether the table of copies is made as well (see extract.copy_tables).
        self.grouped = False
        self._storage, self._find_regions = storage, find_regions
        self._lock, self._made = threading.Lock(), False
        # The last moment whose tables were made.
        self._before = before if before is None or before._made else before._before

    def make(self) -> None:
        """Make the tables, once; what the moment before has already is shared."""
        with self._lock:
            if not self._made:
                if not self._share():
                    self._see_articles()
                    self._make_facts()
                self._made, self._before = True, None

    def _share(self) -> bool:
        """Take over the tables before, where later parts came that hold nothing but articles read again."""
        before = self._before
        if before is None or before.removed != self.removed or not before.parts:
            return False
        count = len(before.parts)
        if self.parts[:count] != before.parts:
            return False
        articles, mentions = (
            [self._storage.location(name(key)) for key, _, _ in self.parts] for name in (articles_name, mentions_name)
        )
        try:
            found = replace_articles(
                before.database,
                before.codes,
                newest_sql(_numbered_sql(articles[count:], count, "article_part")),
                _numbered_sql(mentions[count:], count, "part", "file_row_number"),
                self._find_regions,
            )
        except duckdb.CatalogException:
            # That moment is so long past that its tables were dropped.
            return False
        if found is None:
            return False
        self.database, self.codes = found
        self.places, self.built_places = before.places, before.built_places
        rows = _numbered_sql(mentions, 0, "part", "file_row_number")
        self.database.cursor().execute(f"CREATE VIEW {self.database.schema}.part_rows AS {rows}")
        forget(self.database)
        return True

    def _see_articles(self) -> None:
        cursor = self.database.cursor()
        files = [self._storage.location(articles_name(key)) for key, _, _ in self.parts]
        scan = scan_sql([], ARTICLE_SCHEMA).replace("SELECT ", "SELECT 0 AS article_part, ", 1)
        _enter_files(cursor, "article_files", files)
        if files:
            # An article and its mentions are in parts of one key: of two parts with the same version one counts, whole.
            scan = (
                "SELECT f.part AS article_part, a.* EXCLUDE (filename) "
                f"FROM {files_sql(files, 'filename = true')} a JOIN article_files f USING (filename)"
            )
        hide(cursor, read_removed(self._storage, self.removed))
        cursor.execute(
            "CREATE OR REPLACE TABLE live AS SELECT *, "
            "row_number() OVER (ORDER BY day DESC NULLS LAST, article_id)::INTEGER AS article_number "
            f"FROM ({newest_sql(scan)})"
        )

    def _make_facts(self) -> None:
        files = [self._storage.location(mentions_name(key)) for key, _, _ in self.parts]
        scan = scan_sql([], MENTION_SCHEMA).replace("SELECT ", "SELECT 0 AS part, 0::BIGINT AS row, ", 1)
        if files:
            scan = (
                "SELECT p.part, m.file_row_number AS row, m.* EXCLUDE (filename, file_row_number) "
                f"FROM {files_sql(files, 'filename = true', 'file_row_number = true')} m JOIN files p USING (filename)"
            )
        cursor = self.database.cursor()
        cursor.execute("BEGIN")
        _enter_files(cursor, "files", files)
        cursor.execute(f"CREATE OR REPLACE VIEW part_rows AS {scan}")
        self.codes = build_facts(cursor, self._find_regions)
        self.built_places = cursor.execute("SELECT count(*) FROM spots").fetchone()[0]
        cursor.execute("COMMIT")


def newest_sql(scan: str) -> str:
    """SQL for the newest version of each article of the scan that is not hidden, without its text."""
    return (
        f"SELECT * EXCLUDE (text), {DAY_SQL} AS day FROM ({scan}) WHERE {SHOWN} "
        "QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY version DESC, article_part DESC) = 1"
    )


def _numbered_sql(files: Sequence[str], first: int, number: str, row: str = "") -> str:
    """SQL for the rows of the files, with the number of the part, from `first` on, and the row's in its file where asked."""
    options = ("filename = true", *([f"{row} = true"] if row else []))
    shown = (
        f"f.number AS {number}, m.{row} AS row, m.* EXCLUDE (filename, {row})"
        if row
        else f"f.number AS {number}, m.* EXCLUDE (filename)"
    )
    return (
        f"SELECT {shown} FROM {files_sql(files, *options)} m JOIN (SELECT unnest([{literals(files)}]) AS filename, "
        f"unnest(range({first}, {first + len(files)}))::INTEGER AS number) f USING (filename)"
    )


def _enter_files(cursor: duckdb.DuckDBPyConnection, table: str, files: Sequence[str]) -> None:
    cursor.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT unnest(?::VARCHAR[]) AS filename, "
        "generate_subscripts(?::VARCHAR[], 1)::INTEGER - 1 AS part",
        [list(files), list(files)],
    )


class LiveTables:
    """The tables live, facts, spots and names (see extract.facts) of the parts in a folder. Safe to share between threads.

    `given` is what it was opened by; `folder` is where things made from the parts may lie beside them: the folder itself, or
    a cache for an address.
    """

    def __init__(self, place: str | os.PathLike[str], find_regions: FindRegions | None = None) -> None:
        self.given = place
        self.storage = open_storage(place)
        self.folder: Path = self.storage.cache
        self._row_files = RowFiles(self.storage)
        self._find_regions = find_regions
        self._lock = threading.RLock()
        self._pinned = _Pinned()
        self._looked = 0.0
        self._current: Snapshot | None = None
        self._current = Snapshot(self.storage, *self._look(), find_regions)

    @property
    def address(self) -> str:
        """The folder, or the address of one elsewhere."""
        place = self.storage.place
        return place if is_url(place) else os.path.abspath(place)

    @property
    def fingerprint(self) -> str:
        """A short text that changes whenever the parts do: a key for what is remembered of the answers."""
        seen = self._seen
        return hashlib.sha256(repr((seen.parts, seen.removed)).encode()).hexdigest()[:16]

    def refresh(self, *, force: bool = False) -> None:
        """Look for parts that came or went; the look holds for REFRESH_S seconds unless forced."""
        with self._lock:
            if not force and time.monotonic() - self._looked < REFRESH_S:
                return
            found = self._look()
            if found != (self._current.parts, self._current.removed):
                self._current = Snapshot(self.storage, *found, self._find_regions, self._current)

    def _look(self) -> tuple[tuple[Part, ...], tuple[Entry, ...]]:
        self._looked = time.monotonic()
        # In this order: what is hidden is hidden in parts that are seen, whatever another process does meanwhile.
        parts = complete_parts(self.storage)
        if self._current is not None and {part[0] for part in self._current.parts} - {part[0] for part in parts}:
            # A list made while one part takes the place of another may hold neither.
            parts = complete_parts(self.storage)
        return parts, list_removed(self.storage)

    def _has_lost(self, seen: Snapshot) -> bool:
        """Whether a part of that moment is gone."""
        return not {key for key, _, _ in seen.parts} <= {key for key, _, _ in complete_parts(self.storage)}

    @property
    def _seen(self) -> Snapshot:
        return self._pinned.seen or self._current

    @property
    def _parts(self) -> tuple[Part, ...]:
        return self._seen.parts

    @property
    def _database(self) -> Tables:
        return self._seen.database

    @property
    def _codes(self) -> Codes:
        return self._seen.codes

    def _mention_files(self) -> list[str]:
        return [self.storage.location(mentions_name(key)) for key, _, _ in self._parts]

    def _ask(self, sql: str, parameters: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        self._want_facts()
        return self._database.cursor().execute(sql, list(parameters))

    def _want_facts(self) -> None:
        if self._pinned.seen is None:
            self.refresh()
        self._seen.make()

    def _batches(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[pa.RecordBatch]:
        """The answer as columns, some rows at a time."""
        self._want_facts()
        return iter(self._database.cursor().sql(sql, params=list(parameters)).to_arrow_reader(BATCH_ROWS))

    def _dicts(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        return list(iterate(self._ask(sql, parameters)))

    def _remember(self, kind: str, asked: Any, find: Callable[[], list[int]]) -> list[int]:
        """What was found for these parts before, or what is found now. What is asked changes seldom, and comes often."""
        key, seen = (kind, asked), self._seen
        # Other threads remember at the same time: the dict may be another one, or a longer one, at the next line.
        found = seen.found.get(key)
        if found is None:
            found = find()
            kept = sum(len(numbers) + KEY_NUMBERS for numbers in list(seen.found.values()))
            if kept + len(found) > REMEMBERED:
                seen.found = {}
            seen.found[key] = found
        return found


def iterate(cursor: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    """The rows of an answer as dicts, fetched some at a time."""
    names = [column[0] for column in cursor.description]
    while found := cursor.fetchmany(FETCH_ROWS):
        for row in found:
            yield dict(zip(names, row, strict=True))
