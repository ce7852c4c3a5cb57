"""The workspace: a folder of Parquet parts that any number of readers and writers share, and the questions asked of it.

A batch of articles becomes two files, `articles-<key>.parquet` and `mentions-<key>.parquet`, each written under another
name and renamed; the articles come last, so that a batch is there when its articles are. Every row carries the version
(nanoseconds since 1970) of the write it came with: of several versions of one article the newest counts, with its
mentions. Nothing is ever changed in place.
"""

import contextlib
import hashlib
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from extract.export import ROW_COLUMNS, mention_rows
from extract.mentions import Article, Resolution
from gazetteer.normalize import normalize_name

FORMAT = 1
MANIFEST = "workspace.json"
ATTRIBUTION = ("GeoNames (CC BY 4.0)", "Who's On First", "Unicode CLDR")
# A part of so many articles holds some 50,000 mentions: large enough for fast scans, small enough to build in memory.
BATCH_ARTICLES = 5_000
# How many words of an article without a title stand for one.
HEAD_WORDS = 9
# How long a look at the folder holds: new parts are seen after this many seconds.
REFRESH_S = 1.0
FETCH_ROWS = 10_000
# More choices than this no one reads through in a list; a search finds the rest.
FACET_VALUES = 1_000
# What rows have beyond the columns promised to other programs: of the article, and for showing why.
ARTICLE_COLUMNS = ("title", "date", "outlet", "url")
EXTRA_COLUMNS = ("passage_start", "candidates", *ARTICLE_COLUMNS, "head")
SORTABLE = (*ROW_COLUMNS, *ARTICLE_COLUMNS)

_INTEGERS, _NUMBERS = ("start", "end", "passage_start"), ("lat", "lon", "radius_km", "score", "confidence")


def _mention_type(name: str) -> pa.DataType:
    if name in _INTEGERS:
        return pa.int64()
    if name in _NUMBERS:
        return pa.float64()
    return pa.bool_() if name == "glued" else pa.string()


_MENTION_SCHEMA = pa.schema(
    [(name, _mention_type(name)) for name in (*ROW_COLUMNS, "passage_start", "candidates")]
    + [("folded", pa.string()), ("version", pa.int64())]
)
_ARTICLE_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("article_id", "text", "title", "date", "outlet", "country", "url", "head")]
    + [("content_hash", pa.string()), ("version", pa.int64())]
)


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


def content_hash(article: Article) -> str:
    """A fingerprint of everything in the article but its id: another one means the article changed."""
    fields = (article.text, article.title, article.date, article.outlet, article.country, article.url)
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def first_words(text: str) -> str:
    """The first words of a text, with an ellipsis where it goes on: what stands for a missing title."""
    words = text.split(maxsplit=HEAD_WORDS)
    return " ".join(words[:HEAD_WORDS]) + (" …" if len(words) > HEAD_WORDS else "")


class Workspace:
    """A folder of parts, open for questions and for adding. Safe to share between threads."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self.folder = folder
        self.attribution: tuple[str, ...] = tuple(manifest.get("attribution", ATTRIBUTION))
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
            _write_json(path / MANIFEST, {"format": FORMAT, "versions": {}, "attribution": ATTRIBUTION})
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
                counts = replace(counts, mentions=counts.mentions + self._write(batch, versions or {}))
                known = known | batch.hashes
                batch = _Batch()
        if batch.articles:
            counts = replace(counts, mentions=counts.mentions + self._write(batch, versions or {}))
        self.refresh(force=True)
        return counts

    def has(self, article: Article) -> bool:
        """Whether the article is here with exactly this content."""
        return self._known_hashes().get(article.id) == content_hash(article)

    def _write(self, batch: _Batch, versions: Mapping[str, str]) -> int:
        version = time.time_ns()
        key = hashlib.sha256(json.dumps(sorted(batch.hashes.items())).encode()).hexdigest()[:16]
        articles, mentions = [], []
        for article, resolutions in batch.articles.values():
            articles.append(_article_row(article, batch.hashes[article.id], version))
            mentions.extend(_stored_row(row, version) for row in mention_rows(article, resolutions))
        metadata = {b"rasid": json.dumps({"format": FORMAT, "versions": dict(versions)}).encode()}
        for name, rows, schema in (("mentions", mentions, _MENTION_SCHEMA), ("articles", articles, _ARTICLE_SCHEMA)):
            table = pa.Table.from_pylist(rows, schema=schema.with_metadata(metadata))
            _write_parquet(self.folder / f"{name}-{key}.parquet", table)
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
            parts = _complete_parts(self.folder)
            if parts != self._parts:
                self._define_views([name for name, _, _ in parts])
                self._parts = parts

    def _define_views(self, keys: Sequence[str]) -> None:
        cursor = self._database.cursor()
        articles = _scan([self.folder / f"articles-{key}.parquet" for key in keys], _ARTICLE_SCHEMA)
        mentions = _scan([self.folder / f"mentions-{key}.parquet" for key in keys], _MENTION_SCHEMA)
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
        return {name: self._facet(filters, name, column) for name, column in _FACETS.items()}

    def _facet(self, filters: Filters, name: str, column: str) -> list[tuple[str, int]]:
        where, parameters = _where(replace(filters, **{name: ()}))
        return self._ask(
            f"SELECT {column}, count(*) AS n FROM mentions WHERE {where} AND {column} IS NOT NULL "
            "GROUP BY ALL ORDER BY n DESC, 1 LIMIT ?",
            [*parameters, FACET_VALUES],
        ).fetchall()

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

    def articles(self) -> list[dict[str, Any]]:
        """All articles without their texts, newest first: article_id, title, head, date, outlet, country, url."""
        return self._dicts(
            "SELECT article_id, title, head, date, outlet, country, url FROM live "
            "ORDER BY date DESC NULLS LAST, article_id"
        )


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


def _article_row(article: Article, digest: str, version: int) -> dict[str, Any]:
    names = ("text", "title", "date", "outlet", "country", "url")
    row = {"article_id": article.id} | {name: getattr(article, name) for name in names}
    return row | {"head": first_words(article.text), "content_hash": digest, "version": version}


def _stored_row(row: dict[str, Any], version: int) -> dict[str, Any]:
    names = (row["place"], row["place_en"], row["surface"])
    # A separator that no folded query holds: a text must not be found across two names.
    folded = "|".join(normalize_name(name) for name in names if name)
    return row | {"folded": folded, "version": version}


def _complete_parts(folder: Path) -> tuple[tuple[str, int, int], ...]:
    parts = []
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("articles-") and entry.name.endswith(".parquet"):
                state = entry.stat()
                key = entry.name.removeprefix("articles-").removesuffix(".parquet")
                parts.append((key, state.st_mtime_ns, state.st_size))
    return tuple(sorted(parts))


def _scan(files: Sequence[Path], schema: pa.Schema) -> str:
    if files:
        names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
        return f"SELECT * FROM read_parquet([{names}])"
    types = {pa.string(): "VARCHAR", pa.int64(): "BIGINT", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN"}
    columns = ", ".join(f'NULL::{types[column.type]} AS "{column.name}"' for column in schema)
    return f"SELECT {columns} WHERE false"


def _write_parquet(path: Path, table: pa.Table) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        pq.write_table(table, temporary, compression="zstd")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    temporary.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    os.replace(temporary, path)
