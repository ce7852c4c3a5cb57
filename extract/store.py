"""The workspace: a folder of Parquet parts that any number of readers and writers share, and the questions asked of it.

A batch of articles becomes two files, `articles-<key>.parquet` and `mentions-<key>.parquet`, each written under another
name and renamed; the articles come last, so that a batch is there when its articles are. Every row carries the version
(nanoseconds since 1970) of the write it came with: of several versions of one article the newest counts, with its
mentions. Nothing is ever changed in place.

Questions about counts, places and order go to narrow tables in memory (extract.facts), made at the first question after the
parts changed; what has text is then read from the parts, and only the rows asked for.
"""

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from extract import search
from extract.export import ROW_COLUMNS, mention_rows
from extract.facts import Codes, FindRegions, build_facts, inside
from extract.filters import FACETS, IN_FACTS, IN_LIVE, IN_SPOTS, Area, Filters, conditions, days_before, read_day
from extract.mentions import Article, Resolution
from extract.parts import (
    ARTICLE_SCHEMA,
    MENTION_SCHEMA,
    article_row,
    complete_parts,
    content_hash,
    files_sql,
    mention_row,
    scan_sql,
    write_json,
    write_parquet,
)

FORMAT = 1
MANIFEST = "workspace.json"
ATTRIBUTION = ("GeoNames (CC BY 4.0)", "Who's On First", "Unicode CLDR")
# A part of so many articles holds some 50,000 mentions: large enough for fast scans, small enough to build in memory.
BATCH_ARTICLES = 5_000
# How long a look at the folder holds: new parts are seen after this many seconds.
REFRESH_S = 1.0
FETCH_ROWS = 10_000
# Numbers (of names, articles, places) kept of earlier searches, some 36 bytes each; what was asked counts as so many.
REMEMBERED, KEY_NUMBERS = 2_000_000, 20
# More choices than this no one reads through in a list; a search finds the rest.
FACET_VALUES = 250
# What rows have beyond the columns promised to other programs: of the article, and for showing why.
ARTICLE_COLUMNS = ("title", "date", "outlet", "url")
DERIVED_COLUMNS = ("precision", "region", "region_en")
EXTRA_COLUMNS = ("passage_start", "candidates", *DERIVED_COLUMNS, *ARTICLE_COLUMNS, "head")
SORTABLE = (*ROW_COLUMNS, *DERIVED_COLUMNS, *ARTICLE_COLUMNS)
# Names so long may be written with one or two letters wrong (optimal string alignment).
ONE_EDIT_FROM, TWO_EDITS_FROM = 5, 9
# DuckDB counts edits of bytes, and an Arabic letter is two: for that they are written as signs that no folded name has.
_ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءئؤةىپچژگڤ"
_CODES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%&()*+,-./"[: len(_ARABIC)]
# A timeline's bars: days up to so many days, then weeks, months, years.
# Periods compared for what rose and fell: the longest that fits three times into the time covered.
TREND_DAYS = (365, 30, 7)
UNIT_LIMITS_DAYS = (("day", 120), ("week", 1_000), ("month", 9_000))


class StoreError(OSError):
    """A workspace is missing, or of a form this program does not know: the message says which, and what to do."""


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
class Timeline:
    """Mentions by the first day of each `unit` ("day", "week", "month", "year") that has any, and those without a date."""

    unit: str
    bars: list[tuple[date, int]]
    undated: int


@dataclass(frozen=True, slots=True)
class Trends:
    """Places with the mentions `now` (first to last) and `earlier` (from `before` until first), the strongest change first."""

    first: date
    last: date
    before: date
    risen: list[dict[str, Any]]
    fallen: list[dict[str, Any]]


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

    def __init__(self, folder: Path, manifest: Mapping[str, Any], find_regions: FindRegions | None = None) -> None:
        self.folder = folder
        self._find_regions = find_regions
        self.attribution: tuple[str, ...] = tuple(manifest.get("attribution", ATTRIBUTION))
        self.versions: dict[str, str] = dict(manifest.get("versions", {}))
        self._lock = threading.RLock()
        self._database = duckdb.connect(":memory:")
        self._parts: tuple[tuple[str, int, int], ...] | None = None
        self._looked = 0.0
        self._known: tuple[str, dict[str, str]] | None = None
        self._facts_of: tuple[tuple[str, int, int], ...] | None = None
        self._found: dict[tuple[str, Any], list[int]] = {}
        self._codes: Codes = {}
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
    def open(cls, folder: str | os.PathLike[str], find_regions: FindRegions | None = None) -> "Workspace":
        """Open the workspace in the folder. Raises StoreError when there is none, or one of another format.

        `find_regions` gives the region of each place of a list of ids (see extract.facts.regions_of).
        """
        path = Path(folder)
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise StoreError(f"{path}: no workspace here ({MANIFEST} is missing)") from error
        except (OSError, ValueError) as error:
            raise StoreError(f"{path / MANIFEST}: cannot be read: {error}") from error
        if manifest.get("format") != FORMAT:
            raise StoreError(f"{path}: workspace format {manifest.get('format')!r}, this program knows {FORMAT}")
        return cls(path, manifest, find_regions)

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
        cursor.execute("BEGIN")
        cursor.execute(f"CREATE OR REPLACE VIEW all_articles AS {articles}")
        cursor.execute(
            "CREATE OR REPLACE TABLE live AS SELECT *, "
            "row_number() OVER (ORDER BY day DESC NULLS LAST, article_id)::INTEGER AS article_number "
            # DuckDB knows more dates than Python does: infinity, years BC, years of five figures.
            "FROM (SELECT * EXCLUDE (text), CASE WHEN regexp_full_match(left(date, 10), '[0-9]{4}-[0-9]{2}-[0-9]{2}') "
            "AND date > '0001' THEN TRY_CAST(left(date, 10) AS DATE) END AS day FROM all_articles "
            "QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY version DESC) = 1)"
        )
        cursor.execute("COMMIT")

    def _mention_files(self) -> list[Path]:
        return [self.folder / f"mentions-{key}.parquet" for key, _, _ in self._parts or ()]

    def _make_facts(self) -> None:
        files = self._mention_files()
        scan = scan_sql([], MENTION_SCHEMA).replace("SELECT ", "SELECT 0 AS part, 0::BIGINT AS row, ", 1)
        if files:
            scan = (
                "SELECT p.part, m.file_row_number AS row, m.* EXCLUDE (filename, file_row_number) "
                f"FROM {files_sql(files, 'filename = true', 'file_row_number = true')} m JOIN files p USING (filename)"
            )
        cursor = self._database.cursor()
        cursor.execute("BEGIN")
        cursor.execute(
            "CREATE OR REPLACE TABLE files AS SELECT unnest(?::VARCHAR[]) AS filename, "
            "generate_subscripts(?::VARCHAR[], 1)::INTEGER - 1 AS part",
            [list(map(str, files)), list(map(str, files))],
        )
        cursor.execute(f"CREATE OR REPLACE VIEW part_rows AS {scan}")
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
        return list(_iterate(self._ask(sql, parameters)))

    # Asking

    def _where(self, filters: Filters) -> tuple[str, list[Any]]:
        self.refresh()
        self._want_facts()
        return conditions(filters, self._codes, self._find_names, self.find_articles, self._find_inside)

    def _remember(self, kind: str, asked: Any, find: Callable[[], list[int]]) -> list[int]:
        """What was found for these parts before, or what is found now. What is asked changes seldom, and comes often."""
        key = (kind, asked)
        # Other threads remember at the same time: the dict may be another one, or a longer one, at the next line.
        found = self._found.get(key)
        if found is None:
            found = find()
            kept = sum(len(numbers) + KEY_NUMBERS for numbers in list(self._found.values()))
            if kept + len(found) > REMEMBERED:
                self._found = {}
            self._found[key] = found
        return found

    def _find_names(self, key: str) -> list[int]:
        """Numbers of the names that hold the folded text; when there are none, of those a letter or two away."""
        return self._remember("name", key, lambda: self._names_like(key))

    def _names_like(self, key: str) -> list[int]:
        cursor = self._database.cursor()
        held = cursor.execute("SELECT name_no FROM names WHERE contains(folded, ?)", [key]).fetchall()
        edits = 2 if len(key) >= TWO_EDITS_FROM else 1 if len(key) >= ONE_EDIT_FROM else 0
        if not held and edits:
            held = cursor.execute(
                "SELECT DISTINCT name_no FROM (SELECT name_no, unnest(string_split(translate(folded, $arabic, $codes), '|')) "
                "AS name FROM names) WHERE abs(length(name) - length($key)) <= $edits "
                "AND damerau_levenshtein(name, translate($key, $arabic, $codes)) <= $edits",
                {"arabic": _ARABIC, "codes": _CODES, "key": key, "edits": edits},
            ).fetchall()
        return [row[0] for row in held]

    def find_articles(self, query: str, progress: Callable[[float], None] | None = None) -> list[int]:
        """Numbers of the articles with all words of the query; the first search makes the index (see extract.search)."""
        self.refresh()
        self._want_facts()
        return self._remember("text", query, lambda: self._articles_with(query, progress))

    def _articles_with(self, query: str, progress: Callable[[float], None] | None) -> list[int]:
        parts = [self.folder / f"articles-{name}.parquet" for name, _, _ in self._parts or ()]
        found = search.find_articles(parts, query, progress)
        rows = self._database.cursor().execute(
            "SELECT article_number FROM live JOIN (SELECT unnest(?::VARCHAR[]) AS article_id, unnest(?::BIGINT[]) AS version) "
            "USING (article_id, version)",
            [[article_id for article_id, _ in found], [version for _, version in found]],
        )
        return [row[0] for row in rows.fetchall()]

    def search_is_ready(self) -> bool:
        """Whether every part has its index: if not, the next search takes a while."""
        self.refresh()
        return all(
            search.index_path(self.folder / f"articles-{name}.parquet").exists() for name, _, _ in self._parts or ()
        )

    def _find_inside(self, area: Area) -> list[int]:
        return self._remember("area", area, lambda: self._places_inside(area))

    def _places_inside(self, area: Area) -> list[int]:
        found = self._database.cursor().execute("SELECT place_no, lat, lon FROM spots").fetchnumpy()
        lat, lon = np.asarray(found["lat"], dtype=float), np.asarray(found["lon"], dtype=float)
        return np.asarray(found["place_no"])[inside(area, lat, lon)].tolist()

    def totals(self, filters: Filters) -> Totals:
        """How much the filters leave."""
        where, parameters = self._where(filters)
        row = self._ask(
            "SELECT count(place_no), count(DISTINCT place_no), count(DISTINCT article_number), "
            f"count(*) - count(place_no) FROM facts WHERE {where}",
            parameters,
        ).fetchone()
        return Totals(*row)

    def facets(self, filters: Filters) -> dict[str, list[tuple[str, int]]]:
        """For every list of values in Filters: the values with their mentions, most first.

        Each is counted under all the other filters, so that a choice shows what choosing it as well would give.
        At most FACET_VALUES are given of each.
        """
        found: dict[str, list[tuple[str, int]]] = {}
        same: dict[Filters, list[str]] = {}
        for name in FACETS:
            same.setdefault(replace(filters, **{name: ()}), []).append(name)
        for asked, names in same.items():
            for table, columns in (("facts", IN_FACTS), ("spots", IN_SPOTS), ("live", IN_LIVE)):
                wanted = {name: columns[name] for name in names if name in columns}
                if wanted:
                    found |= self._facets_of(asked, table, wanted)
        return {name: found[name] for name in FACETS}

    def _facets_of(self, filters: Filters, table: str, columns: Mapping[str, str]) -> dict[str, list[tuple[str, int]]]:
        # One scan counts several columns: grouping() tells which of them a row counts. What hangs on the place or the
        # article is counted by its number first: numbers are quick to group, and there are fewer of them than mentions.
        where, parameters = self._where(filters)
        listed = ", ".join(columns.values())
        number = {"spots": "place_no", "live": "article_number"}.get(table)
        source = f"(SELECT {listed}, 1 AS n FROM facts WHERE {where})"
        if number:
            source = f"(SELECT {number}, count(*) AS n FROM facts WHERE {where} GROUP BY {number}) JOIN {table} USING ({number})"
        rows = self._ask(
            f"SELECT grouping({listed}) AS mask, coalesce({listed}) AS value, sum(n)::BIGINT AS total "
            f"FROM {source} GROUP BY GROUPING SETS ({', '.join(f'({column})' for column in columns.values())}) "
            "HAVING value IS NOT NULL "
            "QUALIFY row_number() OVER (PARTITION BY mask ORDER BY total DESC, value) <= ? ORDER BY total DESC, value",
            [*parameters, FACET_VALUES],
        ).fetchall()
        found: dict[str, list[tuple[str, int]]] = {name: [] for name in columns}
        every = (1 << len(columns)) - 1
        masks = {every ^ (1 << (len(columns) - 1 - position)): name for position, name in enumerate(columns)}
        for mask, value, n in rows:
            name = masks[mask]
            found[name].append((self._codes[columns[name]][value] if table == "facts" else value, n))
        return found

    def regions(self) -> dict[str, tuple[str, str]]:
        """Arabic and English name of every region that a place of the workspace lies in, by id."""
        rows = self._ask(
            "SELECT DISTINCT region_id, region, region_en FROM spots WHERE region_id IS NOT NULL"
        ).fetchall()
        return {region_id: (arabic, english) for region_id, arabic, english in rows}

    def places(self, filters: Filters, *, limit: int | None = None, by: str | None = None) -> list[dict[str, Any]]:
        """One dict a place with mentions and articles counted, the most mentioned first.

        `role` is the strongest its mentions have: location before actor before name-part; `last` the day of the newest.
        With `by` ("outlet" or "precision"), `most` is the value that most of its mentions have.
        """
        where, parameters = self._where(filters)
        most = f"mode({self._word('precision')})" if by == "precision" else "mode(outlet)" if by == "outlet" else "NULL"
        source = "facts JOIN live USING (article_number)" if by == "outlet" else "facts"
        return self._dicts(
            "SELECT place_id, place, place_en, feature, country, region, region_en, lat, lon, radius_km, mentions, articles, "
            f"{self._word('role')} AS role, last"
            + (", most " if by in ("outlet", "precision") else " ")
            + "FROM (SELECT place_no, count(*) AS mentions, count(DISTINCT article_number) AS articles, "
            f"min(role) AS role, max(facts.day) AS last, {most} AS most FROM {source} WHERE {where} GROUP BY place_no) "
            "JOIN spots USING (place_no) WHERE lat IS NOT NULL ORDER BY mentions DESC, place_id LIMIT ?",
            [*parameters, limit],
        )

    def _word(self, kind: str) -> str:
        words = ", ".join("'" + word.replace("'", "''") + "'" for word in self._codes[kind])
        return f"[{words}][{kind} + 1]"

    def timeline(self, filters: Filters) -> Timeline:
        """Mentions with a place over all time (the dates in the filters do not count), by day, week, month or year."""
        where, parameters = self._where(replace(filters, date_from=None, date_to=None))
        span = self.span()
        if span.first is None or span.last is None:
            return Timeline("day", [], 0)
        days = (span.last - span.first).days
        unit = next((name for name, limit in UNIT_LIMITS_DAYS if days <= limit), "year")
        rows = self._ask(
            f"SELECT date_trunc('{unit}', day)::DATE AS first, count(*) FROM facts "
            f"WHERE {where} AND place_no IS NOT NULL GROUP BY 1 ORDER BY 1 NULLS LAST",
            parameters,
        ).fetchall()
        undated = rows.pop()[1] if rows and rows[-1][0] is None else 0
        return Timeline(unit, rows, undated)

    def trends(self, filters: Filters, *, limit: int = 8) -> Trends | None:
        """Places whose mentions rose and fell most in the filters' period against the equally long one before.

        Without dates in the filters: in the last part of the time covered. None where there is no time to compare.
        """
        span = self.span()
        if span.first is None or span.last is None or span.first == span.last:
            return None
        last = min(read_day(filters.date_to) or span.last, span.last)
        covered = (span.last - span.first).days + 1
        window = next((days for days in TREND_DAYS if covered >= 3 * days), max(1, covered // 2))
        first = read_day(filters.date_from) or days_before(last, window - 1)
        if first > last:
            return None
        before = days_before(first, (last - first).days + 1)
        where, parameters = self._where(replace(filters, date_from=None, date_to=None))
        rows = self._dicts(
            "SELECT place_id, place, place_en, now, earlier FROM (SELECT place_no, "
            "count(*) FILTER (day >= ?) AS now, count(*) FILTER (day < ?) AS earlier "
            f"FROM facts WHERE day BETWEEN ? AND ? AND {where} AND place_no IS NOT NULL GROUP BY place_no) "
            "JOIN spots USING (place_no) WHERE now <> earlier "
            # A rise from 1 to 5 says more than one from 101 to 105.
            "ORDER BY (now - earlier) / sqrt(now + earlier) DESC, place_id",
            [first, first, before, last, *parameters],
        )
        risen = [row for row in rows if row["now"] > row["earlier"]][:limit]
        fallen = [row for row in reversed(rows) if row["now"] < row["earlier"]][:limit]
        return Trends(first, last, before, risen, fallen)

    def passages(self, filters: Filters, place_id: str, limit: int = 10, offset: int = 0) -> tuple[int, list[Passage]]:
        """How many sentences name the place, and a page of them: newest article first, those without a date last."""
        where, parameters = self._where(replace(filters, place_id=place_id))
        keys = self._ask(
            "SELECT article_number, passage_start, list(position), count(*) OVER () FROM facts "
            f"WHERE {where} GROUP BY article_number, passage_start ORDER BY article_number, passage_start LIMIT ? OFFSET ?",
            [*parameters, limit, offset],
        ).fetchall()
        if not keys:
            return 0, []
        asked = {position for key in keys for position in key[2]}
        pairs = {key[:2]: [] for key in keys}
        near = self._ask(
            "SELECT position, article_number, passage_start FROM facts WHERE article_number IN (SELECT unnest(?)) "
            "ORDER BY position",
            [sorted({key[0] for key in keys})],
        ).fetchall()
        kept = {position: (number, start) for position, number, start in near if (number, start) in pairs}
        for row in self._full_rows("position IN (SELECT unnest(?))", [list(kept)]):
            position = row.pop("position")
            pairs[kept[position]].append(row | {"asked": position in asked})
        return keys[0][3], [_passage(pairs[key[:2]]) for key in keys]

    def first_passages(self, filters: Filters, place_ids: Sequence[str], limit: int) -> dict[str, list[dict[str, Any]]]:
        """The newest mentions of each place as rows, one a sentence, at most `limit` each."""
        where, parameters = self._where(filters)
        keys = self._ask(
            "SELECT min(position) AS position FROM facts "
            f"WHERE {where} AND place_no IN (SELECT place_no FROM spots WHERE place_id IN (SELECT unnest(?))) "
            "GROUP BY place_no, article_number, passage_start "
            "QUALIFY row_number() OVER (PARTITION BY place_no ORDER BY min(position)) <= ?",
            [*parameters, list(place_ids), limit],
        ).fetchall()
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self._full_rows("position IN (SELECT unnest(?))", [[key[0] for key in keys]]):
            found.setdefault(row["place_id"], []).append(row)
        return found

    def _full_rows(self, where: str, parameters: Sequence[Any], limit: str = "") -> list[dict[str, Any]]:
        """Rows with their texts, in the order of the facts, which the condition is on: few rows, read from few parts."""
        keys = self._ask(
            f"SELECT part, row, position, {self._word('precision')} AS precision, region, region_en, "
            "title, date, outlet, url, head FROM facts LEFT JOIN spots USING (place_no) JOIN live USING (article_number) "
            f"WHERE {where} ORDER BY position {limit}",
            parameters,
        )
        found = list(_iterate(keys))
        files, texts = self._mention_files(), {}
        names = [name for name in (*ROW_COLUMNS, *EXTRA_COLUMNS) if name in MENTION_SCHEMA.names]
        columns = ", ".join(f'"{name}"' for name in names)
        by_part: dict[int, list[int]] = {}
        for row in found:
            by_part.setdefault(row["part"], []).append(row["row"])
        if by_part:
            asked = " UNION ALL ".join(
                f"SELECT {part} AS part, file_row_number AS row, {columns} "
                f"FROM {files_sql([files[part]], 'file_row_number = true')} "
                f"WHERE file_row_number IN ({', '.join(map(str, numbers))})"
                for part, numbers in by_part.items()
            )
            texts = {(row["part"], row["row"]): row for row in self._dicts(asked)}
        return [
            {name: text.get(name, row.get(name)) for name in (*ROW_COLUMNS, *EXTRA_COLUMNS)}
            | {"position": row["position"]}
            for row in found
            for text in (texts[row["part"], row["row"]],)
        ]

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
        if sort is not None and sort not in SORTABLE:
            raise ValueError(f"cannot sort by {sort!r}")
        where, parameters = self._where(filters)
        if placed is not None:
            where += f" AND place_no IS {'NOT ' if placed else ''}NULL"
        if sort is None and limit is not None:
            found = self._full_rows(where, parameters, f"LIMIT {int(limit)} OFFSET {int(offset)}")
            return iter([{name: row[name] for name in (*ROW_COLUMNS, *EXTRA_COLUMNS)} for row in found])
        columns = ", ".join(
            f'{"w" if name in MENTION_SCHEMA.names else "k"}."{name}"' for name in (*ROW_COLUMNS, *EXTRA_COLUMNS)
        )
        order = f'"{sort}" {"DESC" if descending else "ASC"} NULLS LAST, position' if sort else "position"
        sql = (
            f"WITH k AS (SELECT part, row, position, {self._word('precision')} AS precision, region, region_en, "
            "title, date, outlet, url, head "
            f"FROM facts LEFT JOIN spots USING (place_no) JOIN live USING (article_number) WHERE {where}) "
            f"SELECT {columns} FROM k JOIN part_rows w USING (part, row) ORDER BY {order}"
        )
        if limit is not None:
            sql, parameters = f"{sql} LIMIT ? OFFSET ?", [*parameters, limit, offset]
        return _iterate(self._ask(sql, parameters))

    def unplaced(self, filters: Filters, *, limit: int = 200) -> list[dict[str, Any]]:
        """Names that could not be placed, each with its reason and mentions, the most frequent first."""
        where, parameters = self._where(filters)
        return self._dicts(
            "SELECT surface, reason, count(*) AS mentions, count(DISTINCT article_number) AS articles "
            f"FROM (SELECT part, row, article_number FROM facts WHERE {where} AND place_no IS NULL) "
            "JOIN part_rows USING (part, row) WHERE place_id IS NULL GROUP BY surface, reason "
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
        row = self._ask("SELECT count(*), count(*) - count(day), min(day), max(day) FROM live").fetchone()
        return Span(*row)


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
