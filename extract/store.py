"""The workspace: a folder of Parquet parts that any number of readers and writers share, and the questions asked of it.

A batch of articles becomes two files, `articles-<key>.parquet` and `mentions-<key>.parquet`, each written under another
name and renamed; the articles come last, so that a batch is there when its articles are. Every row carries the version
(nanoseconds since 1970) of the write it came with: of several versions of one article the newest counts, with its
mentions. Nothing is ever changed in place.
"""

import hashlib
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from extract.export import ROW_COLUMNS, mention_rows
from extract.mentions import Article, Resolution
from extract.parts import (
    ARTICLE_SCHEMA,
    MENTION_SCHEMA,
    article_row,
    complete_parts,
    content_hash,
    mention_row,
    scan_sql,
    write_json,
    write_parquet,
)
from gazetteer.normalize import normalize_name

FORMAT = 1
MANIFEST = "workspace.json"
ATTRIBUTION = ("GeoNames (CC BY 4.0)", "Who's On First", "Unicode CLDR")
# A part of so many articles holds some 50,000 mentions: large enough for fast scans, small enough to build in memory.
BATCH_ARTICLES = 5_000
# How long a look at the folder holds: new parts are seen after this many seconds.
REFRESH_S = 1.0
FETCH_ROWS = 10_000
# More choices than this no one reads through in a list; a search finds the rest.
FACET_VALUES = 500
# What rows have beyond the columns promised to other programs: of the article, and for showing why.
ARTICLE_COLUMNS = ("title", "date", "outlet", "url")
EXTRA_COLUMNS = ("passage_start", "candidates", *ARTICLE_COLUMNS, "head")
SORTABLE = (*ROW_COLUMNS, *ARTICLE_COLUMNS)


class StoreError(OSError):
    """A workspace is missing, or of a form this program does not know: the message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which mentions are meant. Empty tuples, empty text and None mean all. Dates are ISO, both ends included.

    `place_text` is looked for, folded, in the place's Arabic and English name and in the name as the text has it.
    With a date range, articles without a date stay unless `undated` is False.
    """

    article_ids: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    place_text: str = ""
    date_from: str | None = None
    date_to: str | None = None
    undated: bool = True
    min_confidence: float = 0.0
    relation: str | None = None
    place_id: str | None = None


@dataclass(frozen=True, slots=True)
class AddCounts:
    """What a write did: articles new, changed and already there, and the mentions written."""

    added: int = 0
    replaced: int = 0
    skipped: int = 0
    mentions: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """How much the filters leave: mentions with a place, their places and articles, and mentions without a place."""

    mentions: int
    places: int
    articles: int
    unplaced: int


@dataclass(frozen=True, slots=True)
class Span:
    """How many articles there are, how many of them have no date that can be read, and the first and the last date."""

    articles: int
    undated: int
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence that names the place asked for: `mentions` of it as rows, and `others` named in the same sentence."""

    article: dict[str, Any]
    text: str
    start: int
    mentions: list[dict[str, Any]]
    others: list[dict[str, Any]]


@dataclass(slots=True)
class _Batch:
    articles: dict[str, tuple[Article, list[Resolution]]] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)


class Workspace:
    """A folder of parts, open for questions and for adding. Safe to share between threads."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self.folder = folder
        self.attribution: tuple[str, ...] = tuple(manifest.get("attribution", ATTRIBUTION))
        self.versions: dict[str, str] = dict(manifest.get("versions", {}))
        self._lock = threading.RLock()
        self._database = duckdb.connect(":memory:")
        self._parts: tuple[tuple[str, int, int], ...] | None = None
        self._looked = 0.0
        self._known: tuple[str, dict[str, str]] | None = None
        self.refresh()

    @classmethod
    def create_or_open(cls, folder: str | os.PathLike[str]) -> "Workspace":
        """Open the workspace in the folder, or make an empty one. Raises StoreError for another format."""
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        if not (path / MANIFEST).exists():
            write_json(path / MANIFEST, {"format": FORMAT, "versions": {}, "attribution": ATTRIBUTION})
        return cls.open(path)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> "Workspace":
        """Open the workspace in the folder. Raises StoreError when there is none, or one of another format."""
        path = Path(folder)
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise StoreError(f"{path}: no workspace here ({MANIFEST} is missing)") from error
        except (OSError, ValueError) as error:
            raise StoreError(f"{path / MANIFEST}: cannot be read: {error}") from error
        if manifest.get("format") != FORMAT:
            raise StoreError(f"{path}: workspace format {manifest.get('format')!r}, this program knows {FORMAT}")
        return cls(path, manifest)

    # Writing

    def add(
        self, results: Iterable[tuple[Article, list[Resolution]]], versions: Mapping[str, str] | None = None
    ) -> AddCounts:
        """Keep articles with their resolutions, and return what that did.

        An article that is there with the same content is skipped, a changed one takes the place of the old one and of
        its mentions. `versions` (of program, gazetteer, ...) are kept with each part.
        """
        versions = dict(versions or {})
        self._record(versions)
        counts, batch = AddCounts(), _Batch()
        known = self._known_hashes()
        for article, resolutions in results:
            digest = content_hash(article)
            before = batch.hashes.get(article.id, known.get(article.id))
            if before == digest:
                counts = replace(counts, skipped=counts.skipped + 1)
                continue
            key = "added" if before is None else "replaced"
            counts = replace(counts, **{key: getattr(counts, key) + 1})
            batch.articles[article.id], batch.hashes[article.id] = (article, resolutions), digest
            if len(batch.articles) >= BATCH_ARTICLES:
                counts = replace(counts, mentions=counts.mentions + self._write(batch, versions))
                known = known | batch.hashes
                batch = _Batch()
        if batch.articles:
            counts = replace(counts, mentions=counts.mentions + self._write(batch, versions))
        self.refresh(force=True)
        return counts

    def has(self, article: Article) -> bool:
        """Whether the article is here with exactly this content."""
        return self._known_hashes().get(article.id) == content_hash(article)

    def _record(self, versions: dict[str, str]) -> None:
        if versions and versions != self.versions:
            self.versions = versions
            content = {"format": FORMAT, "versions": versions, "attribution": self.attribution}
            write_json(self.folder / MANIFEST, content)

    def _write(self, batch: _Batch, versions: Mapping[str, str]) -> int:
        version = time.time_ns()
        content = hashlib.sha256(json.dumps(sorted(batch.hashes.items())).encode()).hexdigest()
        key = f"{version:x}-{content[:16]}"
        articles, mentions = [], []
        for article, resolutions in batch.articles.values():
            articles.append(article_row(article, batch.hashes[article.id], version))
            mentions.extend(mention_row(row, version) for row in mention_rows(article, resolutions))
        metadata = {b"rasid": json.dumps({"format": FORMAT, "versions": dict(versions)}).encode()}
        for name, rows, schema in (("mentions", mentions, MENTION_SCHEMA), ("articles", articles, ARTICLE_SCHEMA)):
            table = pa.Table.from_pylist(rows, schema=schema.with_metadata(metadata))
            write_parquet(self.folder / f"{name}-{key}.parquet", table)
        return len(mentions)

    def _known_hashes(self) -> dict[str, str]:
        self.refresh(force=True)
        with self._lock:
            if self._known is None or self._known[0] != self.fingerprint:
                rows = self._database.cursor().execute("SELECT article_id, content_hash FROM live").fetchall()
                self._known = (self.fingerprint, dict(rows))
            return self._known[1]

    # Seeing the parts

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
                self._define_views([name for name, _, _ in parts])
                self._parts = parts

    def _define_views(self, keys: Sequence[str]) -> None:
        cursor = self._database.cursor()
        articles = scan_sql([self.folder / f"articles-{key}.parquet" for key in keys], ARTICLE_SCHEMA)
        mentions = scan_sql([self.folder / f"mentions-{key}.parquet" for key in keys], MENTION_SCHEMA)
        cursor.execute("BEGIN")
        cursor.execute(f"CREATE OR REPLACE VIEW all_articles AS {articles}")
        cursor.execute(
            "CREATE OR REPLACE TABLE live AS SELECT * EXCLUDE (text), row_number() OVER () AS article_number "
            "FROM (SELECT * FROM all_articles "
            "QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY version DESC) = 1)"
        )
        cursor.execute(
            "CREATE OR REPLACE VIEW mentions AS "
            "SELECT m.*, a.title, a.date, a.outlet, a.url, a.head, a.article_number "
            f"FROM ({mentions}) m JOIN live a USING (article_id, version)"
        )
        cursor.execute("COMMIT")

    def _ask(self, sql: str, parameters: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        self.refresh()
        return self._database.cursor().execute(sql, list(parameters))

    def _dicts(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        return list(_iterate(self._ask(sql, parameters)))

    # Asking

    def totals(self, filters: Filters) -> Totals:
        """How much the filters leave."""
        where, parameters = _where(filters)
        row = self._ask(
            "SELECT count(place_id), count(DISTINCT place_id), count(DISTINCT article_number), "
            f"count(*) - count(place_id) FROM mentions WHERE {where}",
            parameters,
        ).fetchone()
        return Totals(*row)

    def facets(self, filters: Filters) -> dict[str, list[tuple[str, int]]]:
        """For articles, outlets, roles, features and countries: values with their mentions, most first.

        Each is counted under all the other filters, so that a choice shows what choosing it as well would give.
        At most FACET_VALUES are given of each.
        """
        found: dict[str, list[tuple[str, int]]] = {}
        same: dict[Filters, list[str]] = {}
        for name in _FACETS:
            same.setdefault(replace(filters, **{name: ()}), []).append(name)
        for asked, names in same.items():
            found |= self._facets_of(asked, names)
        return {name: found[name] for name in _FACETS}

    def _facets_of(self, filters: Filters, names: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
        # One scan counts several columns: grouping() tells which of them a row counts.
        where, parameters = _where(filters)
        columns = [_FACETS[name] for name in names]
        sets = ", ".join(f"({column})" for column in columns)
        rows = self._ask(
            f"SELECT grouping({', '.join(columns)}) AS mask, coalesce({', '.join(columns)}) AS value, count(*) AS n "
            f"FROM mentions WHERE {where} GROUP BY GROUPING SETS ({sets}) HAVING value IS NOT NULL "
            "QUALIFY row_number() OVER (PARTITION BY mask ORDER BY n DESC, value) <= ? ORDER BY n DESC, value",
            [*parameters, FACET_VALUES],
        ).fetchall()
        found: dict[str, list[tuple[str, int]]] = {name: [] for name in names}
        every = (1 << len(names)) - 1
        masks = {every ^ (1 << (len(names) - 1 - position)): name for position, name in enumerate(names)}
        for mask, value, n in rows:
            found[masks[mask]].append((value, n))
        return found

    def places(self, filters: Filters, *, limit: int | None = None) -> list[dict[str, Any]]:
        """One dict a place with mentions and articles counted, the most mentioned first.

        `role` is the strongest its mentions have: location before actor before name-part.
        """
        where, parameters = _where(filters)
        return self._dicts(
            "SELECT place_id, any_value(place) AS place, any_value(place_en) AS place_en, "
            "any_value(feature) AS feature, any_value(country) AS country, any_value(lat) AS lat, "
            "any_value(lon) AS lon, any_value(radius_km) AS radius_km, count(*) AS mentions, "
            "count(DISTINCT article_number) AS articles, "
            "CASE WHEN bool_or(role = 'location') THEN 'location' WHEN bool_or(role = 'actor') THEN 'actor' "
            "ELSE 'name-part' END AS role "
            f"FROM mentions WHERE {where} AND lat IS NOT NULL GROUP BY place_id "
            "ORDER BY mentions DESC, place_id LIMIT ?",
            [*parameters, limit],
        )

    def passages(self, filters: Filters, place_id: str, limit: int = 10, offset: int = 0) -> tuple[int, list[Passage]]:
        """How many sentences name the place, and a page of them: newest article first, those without a date last."""
        where, parameters = _where(replace(filters, place_id=place_id))
        keys = self._ask(
            "SELECT article_id, passage_start, count(*) OVER () FROM (SELECT article_id, passage_start, "
            f"any_value(date) AS date FROM mentions WHERE {where} GROUP BY article_id, passage_start) "
            "ORDER BY date DESC NULLS LAST, article_id, passage_start LIMIT ? OFFSET ?",
            [*parameters, limit, offset],
        ).fetchall()
        if not keys:
            return 0, []
        rows = self._passage_rows([key[:2] for key in keys], where, parameters)
        return keys[0][2], [_passage(rows[article_id, start]) for article_id, start, _ in keys]

    def _passage_rows(
        self, keys: list[tuple[str, int]], where: str, parameters: Sequence[Any]
    ) -> dict[tuple[str, int], list[dict[str, Any]]]:
        columns = ", ".join(f'"{name}"' for name in (*ROW_COLUMNS, *EXTRA_COLUMNS))
        found = self._dicts(
            f"SELECT {columns}, coalesce({where}, false) AS asked FROM mentions "
            "WHERE article_id IN (SELECT unnest(?)) AND passage_start IN (SELECT unnest(?)) ORDER BY start",
            [*parameters, sorted({key[0] for key in keys}), sorted({key[1] for key in keys})],
        )
        rows: dict[tuple[str, int], list[dict[str, Any]]] = {}
        for row in found:
            rows.setdefault((row["article_id"], row["passage_start"]), []).append(row)
        return rows

    def rows(
        self,
        filters: Filters,
        *,
        limit: int | None = None,
        offset: int = 0,
        sort: str | None = None,
        descending: bool = False,
        placed: bool | None = True,
    ) -> Iterator[dict[str, Any]]:
        """The mentions as dicts of ROW_COLUMNS and EXTRA_COLUMNS, newest article first, or by the column `sort`.

        `placed` True gives those with a place, False those without, None all. Raises ValueError for an unknown column.
        """
        where, parameters = _where(filters)
        if placed is not None:
            where += f" AND place_id IS {'NOT ' if placed else ''}NULL"
        columns = ", ".join(f'"{name}"' for name in (*ROW_COLUMNS, *EXTRA_COLUMNS))
        sql = f"SELECT {columns} FROM mentions WHERE {where} ORDER BY {_order(sort, descending)}"
        if limit is not None:
            sql, parameters = f"{sql} LIMIT ? OFFSET ?", [*parameters, limit, offset]
        return _iterate(self._ask(sql, parameters))

    def unplaced(self, filters: Filters, *, limit: int = 200) -> list[dict[str, Any]]:
        """Names that could not be placed, each with its reason and mentions, the most frequent first."""
        where, parameters = _where(filters)
        return self._dicts(
            "SELECT surface, reason, count(*) AS mentions, count(DISTINCT article_number) AS articles "
            f"FROM mentions WHERE {where} AND place_id IS NULL GROUP BY surface, reason "
            "ORDER BY mentions DESC, surface, reason LIMIT ?",
            [*parameters, limit],
        )

    def place(self, place_id: str) -> dict[str, Any] | None:
        """One place of the workspace whatever the filters say, or None."""
        found = self.places(Filters(place_id=place_id))
        return found[0] if found else None

    def article(self, article_id: str) -> dict[str, Any] | None:
        """The article with its text and its mentions in text order, or None."""
        found = self._dicts(
            "SELECT a.* FROM all_articles a JOIN live USING (article_id, version) WHERE article_id = ?", [article_id]
        )
        if not found:
            return None
        rows = self.rows(Filters(article_ids=(article_id,)), sort="start", placed=None)
        return found[0] | {"mentions": list(rows)}

    def articles(self, article_ids: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Articles without their texts, newest first: article_id, title, head, date, outlet, country, url.

        All of them, or those with the ids given.
        """
        where, parameters = ("true", []) if article_ids is None else ("article_id IN (SELECT unnest(?))", [article_ids])
        return self._dicts(
            f"SELECT article_id, title, head, date, outlet, country, url FROM live WHERE {where} "
            "ORDER BY date DESC NULLS LAST, article_id",
            parameters,
        )

    def span(self) -> Span:
        """How many articles there are, and the time they cover."""
        day = "TRY_CAST(date AS DATE)"
        row = self._ask(f"SELECT count(*), count(*) - count({day}), min({day}), max({day}) FROM live").fetchone()
        return Span(*row)


_FACETS = {
    "article_ids": "article_id",
    "outlets": "outlet",
    "roles": "role",
    "features": "feature",
    "countries": "country",
}


def _where(filters: Filters) -> tuple[str, list[Any]]:
    clauses, parameters = ["true"], []

    def add(clause: str, *values: Any) -> None:
        clauses.append(clause)
        parameters.extend(values)

    for name, column in _FACETS.items():
        if chosen := getattr(filters, name):
            add(f"{column} IN (SELECT unnest(?))", list(chosen))
    if text := normalize_name(filters.place_text):
        add("contains(folded, ?)", text)
    dates = [(filters.date_from, "date >= ?"), (filters.date_to, "left(date, 10) <= ?")]
    asked = [(value, clause) for value, clause in dates if value]
    if asked:
        clause = " AND ".join(clause for _, clause in asked)
        add(f"({clause})" + (" OR date IS NULL" if filters.undated else ""), *(value for value, _ in asked))
    if filters.min_confidence > 0:
        add("confidence >= ?", filters.min_confidence)
    if filters.relation:
        add("split_part(relation, ':', 1) = ?", filters.relation)
    if filters.place_id:
        add("place_id = ?", filters.place_id)
    return " AND ".join(f"({clause})" for clause in clauses), parameters


def _order(sort: str | None, descending: bool) -> str:
    newest = "date DESC NULLS LAST, article_id, start"
    if sort is None:
        return newest
    if sort not in SORTABLE:
        raise ValueError(f"cannot sort by {sort!r}")
    return f'"{sort}" {"DESC" if descending else "ASC"} NULLS LAST, {newest}'


def _iterate(cursor: duckdb.DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    names = [column[0] for column in cursor.description]
    while found := cursor.fetchmany(FETCH_ROWS):
        for row in found:
            yield dict(zip(names, row, strict=True))


def _passage(rows: list[dict[str, Any]]) -> Passage:
    asked = [row for row in rows if row["asked"]]
    article = {name: asked[0][name] for name in ("article_id", *ARTICLE_COLUMNS, "head")}
    others = [row for row in rows if not row["asked"]]
    return Passage(article, asked[0]["passage"], asked[0]["passage_start"], asked, others)
