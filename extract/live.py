"""What the parts of a workspace hold now, as tables in memory: seen anew whenever the parts change."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from extract.facts import Codes, FindRegions, build_facts
from extract.parts import ARTICLE_SCHEMA, MENTION_SCHEMA, complete_parts, files_sql, scan_sql
from extract.replaced import Tables, forget, replace_articles

# How long a look at the folder holds: new parts are seen after this many seconds.
REFRESH_S = 1.0
FETCH_ROWS = 10_000
REMEMBERED = 200


class LiveTables:
    """The tables live, facts, spots and names (see extract.facts) of the parts in a folder. Safe to share between threads."""

    def __init__(self, folder: Path, find_regions: FindRegions | None = None) -> None:
        self.folder = folder
        self._find_regions = find_regions
        self._lock = threading.RLock()
        self._database = Tables()
        self._parts: tuple[tuple[str, int, int], ...] | None = None
        self._looked = 0.0
        self._facts_of: tuple[tuple[str, int, int], ...] | None = None
        self._found: dict[tuple[str, Any], list[int]] = {}
        self._codes: Codes = {}
        self.refresh()

    @property
    def fingerprint(self) -> str:
        """A short text that changes whenever the parts do: a key for what is remembered of the answers."""
        return hashlib.sha256(repr(self._parts).encode()).hexdigest()[:16]

    def refresh(self, *, force: bool = False) -> None:
        """Look for parts that came or went; the look holds for REFRESH_S seconds unless forced."""
        with self._lock:
            if not force and self._parts is not None and time.monotonic() - self._looked < REFRESH_S:
                return
            self._looked = time.monotonic()
            parts = complete_parts(self.folder)
            if parts != self._parts:
                before, self._parts = self._parts or (), parts
                if not (before and self._facts_of == before and self._replace_articles(before)):
                    if self._database.schema != "main":
                        self._database = Tables()
                    self._see_articles()

    def _see_articles(self) -> None:
        files = [str(self.folder / f"articles-{key}.parquet") for key, _, _ in self._parts or ()]
        self._database.cursor().execute(
            "CREATE OR REPLACE TABLE live AS SELECT *, "
            "row_number() OVER (ORDER BY day DESC NULLS LAST, article_id)::INTEGER AS article_number "
            f"FROM ({_articles_sql(files)})"
        )

    def _replace_articles(self, before: tuple[tuple[str, int, int], ...]) -> bool:
        """Bring the facts up to date where later parts came that hold nothing but articles read again."""
        parts, count = self._parts or (), len(before)
        if parts[:count] != before:
            return False
        articles = [str(self.folder / f"articles-{key}.parquet") for key, _, _ in parts[count:]]
        mentions = list(map(str, self._mention_files()))
        found = replace_articles(
            self._database,
            self._codes,
            _articles_sql(articles, count),
            _mentions_sql(mentions[count:], count),
            self._find_regions,
        )
        if found is None:
            return False
        self._database, self._codes = found
        self._database.cursor().execute(f"CREATE VIEW {self._database.schema}.part_rows AS {_mentions_sql(mentions)}")
        self._facts_of, self._found = parts, {}
        forget(self._database)
        return True

    def _mention_files(self) -> list[Path]:
        return [self.folder / f"mentions-{key}.parquet" for key, _, _ in self._parts or ()]

    def _make_facts(self) -> None:
        cursor = self._database.cursor()
        cursor.execute("BEGIN")
        cursor.execute(f"CREATE OR REPLACE VIEW part_rows AS {_mentions_sql(list(map(str, self._mention_files())))}")
        self._codes = build_facts(cursor, self._find_regions)
        cursor.execute("COMMIT")

    def _ask(self, sql: str, parameters: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        self.refresh()
        self._want_facts()
        return self._database.cursor().execute(sql, list(parameters))

    def _want_facts(self) -> None:
        with self._lock:
            if self._facts_of != self._parts:
                self._make_facts()
                self._facts_of, self._found = self._parts, {}

    def _dicts(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        return list(iterate(self._ask(sql, parameters)))

    def _remember(self, kind: str, asked: Any, find: Callable[[], list[int]]) -> list[int]:
        """What was found for these parts before, or what is found now. What is asked changes seldom, and comes often."""
        key = (kind, asked)
        if key not in self._found:
            if len(self._found) >= REMEMBERED:
                self._found = {}
            self._found[key] = find()
        return self._found[key]


def _articles_sql(files: Sequence[str], first_part: int = 0) -> str:
    """SQL for the newest version of each article of the files, which are parts from this number on, without its text."""
    scan = scan_sql([], ARTICLE_SCHEMA).replace("SELECT ", "SELECT 0 AS article_part, ", 1)
    if files:
        # An article and its mentions are in parts of one key: of two parts with the same version one counts, whole.
        scan = (
            "SELECT p.part AS article_part, a.* EXCLUDE (filename) "
            f"FROM {files_sql(files, 'filename = true')} a JOIN ({_numbers_sql(files, first_part)}) p USING (filename)"
        )
    return (
        # DuckDB knows more dates than Python does: infinity, years BC, years of five figures.
        "SELECT * EXCLUDE (text), CASE WHEN regexp_full_match(left(date, 10), '[0-9]{4}-[0-9]{2}-[0-9]{2}') "
        f"AND date > '0001' THEN TRY_CAST(left(date, 10) AS DATE) END AS day FROM ({scan}) "
        "QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY version DESC, article_part DESC) = 1"
    )


def _mentions_sql(files: Sequence[str], first_part: int = 0) -> str:
    """SQL for the mentions of the files, which are parts from this number on, each with its part and its row there."""
    if not files:
        return scan_sql([], MENTION_SCHEMA).replace("SELECT ", "SELECT 0 AS part, 0::BIGINT AS row, ", 1)
    return (
        "SELECT p.part, m.file_row_number AS row, m.* EXCLUDE (filename, file_row_number) "
        f"FROM {files_sql(files, 'filename = true', 'file_row_number = true')} m "
        f"JOIN ({_numbers_sql(files, first_part)}) p USING (filename)"
    )


def _numbers_sql(files: Sequence[str], first_part: int) -> str:
    names = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    return (
        f"SELECT unnest([{names}]) AS filename, unnest(range({first_part}, {first_part + len(files)}))::INTEGER AS part"
    )


def iterate(cursor: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    """The rows of an answer as dicts, fetched some at a time."""
    names = [column[0] for column in cursor.description]
    while found := cursor.fetchmany(FETCH_ROWS):
        for row in found:
            yield dict(zip(names, row, strict=True))
