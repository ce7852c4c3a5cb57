"""The questions asked of a workspace: counts, places, passages, rows.

Counts, places and order come from narrow tables in memory (extract.facts); what has text is then read from the parts, and
only the rows asked for.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from extract import search
from extract.counting import NO_CODE, Coded, PlaceCounts, count_numbers, count_places, most
from extract.decisions import Kind
from extract.export import ROW_COLUMNS
from extract.facts import inside
from extract.filters import FACETS, IN_FACTS, IN_LIVE, IN_SPOTS, Area, Filters, conditions, days_before, read_day
from extract.full_rows import ARTICLE_COLUMNS, EXTRA_COLUMNS, SORTABLE, FullRows
from extract.live import iterate, question
from extract.mentions import Article
from extract.parts import MENTION_SCHEMA, articles_name, files_sql
from extract.sql import literals
from gazetteer import normalize_name

# More choices than this no one reads through in a list; a search finds the rest.
FACET_VALUES = 250
# Columns of long texts are sorted by DuckDB: ranks of their values would take longer, and much memory, to work out.
_LONG = ("passage", "reason")
# Names so long may be written with one or two letters wrong (optimal string alignment).
ONE_EDIT_FROM, TWO_EDITS_FROM = 5, 9
# DuckDB counts edits of bytes, and an Arabic letter is two: for that they are written as signs that no folded name has.
_ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهويءئؤةىپچژگڤ"
_CODES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%&()*+,-./"[: len(_ARABIC)]
# How a place is shown, and from how many on they are all read, once, and kept.
_PLACE_SHOWN = ("place_id", "place", "place_en", "feature", "country", "region", "region_en", "lat", "lon", "radius_km")
_FEW_PLACES = 100
_CODED_SCHEMA = pa.schema([("number", pa.int32()), ("value", pa.string())])
_COUNTED_SCHEMA = pa.schema([("place_no", pa.int32()), ("article_number", pa.int32()), ("role", pa.uint8())])
# A timeline's bars: days up to so many days, then weeks, months, years.
# Periods compared for what rose and fell: the longest that fits three times into the time covered.
TREND_DAYS = (365, 30, 7)
UNIT_LIMITS_DAYS = (("day", 120), ("week", 1_000), ("month", 9_000))


@dataclass(frozen=True, slots=True)
class Totals:
    """How much the filters leave: mentions with a place, their places and articles, and mentions without a place.

    What a reviewer found to be no place is none of these.
    """

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


class Questions(FullRows):
    """What can be asked of a workspace, under filters."""

    def _where(self, filters: Filters, copies_of: str | None = None) -> tuple[str, list[Any]]:
        self._want_facts()
        if filters.copies == "once":
            self.find_copies()
        find = (self._find_names, self.find_articles, self._find_inside)
        return conditions(filters, self._codes, *find, copies_of=copies_of)

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

    @question
    def find_articles(self, query: str, progress: Callable[[float], None] | None = None) -> list[int]:
        """Numbers of the articles with all words of the query; the first search makes the index (see extract.search)."""
        self._want_facts()
        return self._remember("text", query, lambda: self._articles_with(query, progress))

    def _articles_with(self, query: str, progress: Callable[[float], None] | None) -> list[int]:
        # The index lies beside the part, or, for an address, in the cache.
        parts = [self.folder / articles_name(key) for key, _, _ in self._parts]
        found = search.find_articles(parts, query, progress, lambda part: self.storage.read(part.name))
        rows = self._database.cursor().execute(
            "SELECT article_number FROM live JOIN (SELECT unnest(?::VARCHAR[]) AS article_id, unnest(?::BIGINT[]) AS version) "
            "USING (article_id, version)",
            [[article_id for article_id, _ in found], [version for _, version in found]],
        )
        return [row[0] for row in rows.fetchall()]

    @question
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

    @question
    def totals(self, filters: Filters) -> Totals:
        """How much the filters leave."""
        where, parameters = self._where(filters)
        row = self._ask(
            "SELECT count(place_no), count(DISTINCT place_no), count(DISTINCT article_number), "
            f"count(*) FILTER ({self._is_unplaced()}) FROM facts WHERE {where}",
            parameters,
        ).fetchone()
        return Totals(*row)

    @question
    def facets(self, filters: Filters) -> dict[str, list[tuple[str, int]]]:
        """For every list of values in Filters: the values with their mentions, most first.

        Each is counted under all the other filters, so that a choice shows what choosing it as well would give.
        At most FACET_VALUES are given of each.
        """
        found: dict[str, list[tuple[str, int]]] = {}
        same: dict[tuple[Filters, str | None], list[str]] = {}
        for name in FACETS:
            # Of each outlet, or article, alone a story counts where it came first within it.
            copies_of = IN_LIVE.get(name) if filters.copies == "once" else None
            same.setdefault((replace(filters, **{name: ()}), copies_of), []).append(name)
        for (asked, copies_of), names in same.items():
            found |= self._facets_of(asked, names, copies_of)
        return {name: found[name] for name in FACETS}

    def _facets_of(
        self, filters: Filters, names: Sequence[str], copies_of: str | None
    ) -> dict[str, list[tuple[str, int]]]:
        # One scan counts several columns. What hangs on the place or the article is counted by its number first.
        where, parameters = self._where(filters, copies_of)
        numbers = {name: "place_no" if name in IN_SPOTS else "article_number" for name in names if name not in IN_FACTS}
        columns = sorted({IN_FACTS[name] for name in names if name in IN_FACTS} | set(numbers.values()))
        counts = count_numbers(
            self._batches(f"SELECT {', '.join(columns)} FROM facts WHERE {where}", parameters), columns
        )
        found = {}
        for name in names:
            if name in IN_FACTS:
                words = self._codes[IN_FACTS[name]]
                chosen = most(counts[IN_FACTS[name]][: len(words)], FACET_VALUES)
                found[name] = [(words[code], count) for code, count in chosen]
            else:
                coded = self._coded((IN_SPOTS | IN_LIVE)[name], numbers[name])
                chosen = most(coded.sums(counts[numbers[name]]), FACET_VALUES)
                values = coded.values.take(pa.array([code for code, _ in chosen], pa.int32())).to_pylist()
                found[name] = [(value, count) for value, (_, count) in zip(values, chosen, strict=True)]
        return found

    def _coded(self, column: str, number: str) -> Coded:
        """What the column of `spots` (by place_no) or `live` (by article_number) holds."""
        known = self._seen.coded
        if column not in known:
            table = "spots" if number == "place_no" else "live"
            sql = f"SELECT {number} AS number, {column} AS value FROM {table}"
            found = pa.Table.from_batches(self._batches(sql), _CODED_SCHEMA)
            known[column] = Coded.of(found["number"].to_numpy(), found["value"])
        return known[column]

    @question
    def regions(self) -> dict[str, tuple[str, str]]:
        """Arabic and English name of every region that a place of the workspace lies in, by id."""
        rows = self._ask(
            "SELECT DISTINCT region_id, region, region_en FROM spots WHERE region_id IS NOT NULL"
        ).fetchall()
        return {region_id: (arabic, english) for region_id, arabic, english in rows}

    @question
    def places(self, filters: Filters, *, limit: int | None = None, by: str | None = None) -> list[dict[str, Any]]:
        """One dict a place with mentions and articles counted, the most mentioned first.

        `role` is the strongest its mentions have: location before actor before name-part; `last` the day of the newest.
        With `by` ("outlet" or "precision"), `most` is the value that most of its mentions have.
        """
        where, parameters = self._where(filters)
        counted = self._count_places(where, parameters)
        shown = self._places_shown(counted.numbers)
        ranks = self._coded("place_id", "place_no").codes[counted.numbers]
        order = [n for n in np.lexsort((ranks, -counted.mentions)).tolist() if int(counted.numbers[n]) in shown][:limit]
        numbers, mentions, articles = (
            column[order].tolist() for column in (counted.numbers, counted.mentions, counted.articles)
        )
        words = dict(enumerate(self._codes["role"]))
        roles = [words.get(role) for role in counted.roles[order].tolist()]
        days = self._days()[counted.firsts[order]].tolist()
        rows = []
        for number, mention, article, role, day in zip(numbers, mentions, articles, roles, days, strict=True):
            row = shown[number].copy()
            row["mentions"], row["articles"], row["role"], row["last"] = mention, article, role, day
            rows.append(row)
        if by in ("outlet", "precision"):
            value = self._word("precision") if by == "precision" else "outlet"
            source = "facts JOIN live USING (article_number)" if by == "outlet" else "facts"
            sql = f"SELECT place_no, mode({value}) FROM {source} WHERE {where} GROUP BY place_no"
            values = dict(self._ask(sql, parameters).fetchall())
            rows = [row | {"most": values[number]} for row, number in zip(rows, numbers, strict=True)]
        return rows

    def _count_places(self, where: str, parameters: Sequence[Any]) -> PlaceCounts:
        columns = f"coalesce(place_no, 0) AS place_no, article_number, coalesce(role, {NO_CODE})::UTINYINT AS role"
        batches = list(self._batches(f"SELECT {columns} FROM facts WHERE {where}", parameters))
        found = pa.Table.from_batches(batches, _COUNTED_SCHEMA)
        return count_places(*(found[name].to_numpy() for name in _COUNTED_SCHEMA.names))

    def _places_shown(self, numbers: np.ndarray) -> dict[int, dict[str, Any]]:
        """Places that have a point as they are shown, by their numbers: these at least."""
        # What is counted has its keys already: a dict that need not grow is copied more quickly.
        counted = ", ".join(f"NULL AS {name}" for name in ("mentions", "articles", "role", "last"))
        sql = f"SELECT place_no, {', '.join(_PLACE_SHOWN)}, {counted} FROM spots WHERE lat IS NOT NULL"
        known = self._seen.places
        wanted = [number for number in numbers.tolist() if number not in known]
        if len(wanted) > _FEW_PLACES:
            built = self._dicts(f"{sql} AND place_no <= ?", [self._seen.built_places])
            known.update((row.pop("place_no"), row) for row in built)
            wanted = [number for number in wanted if number not in known]
        if not wanted:
            return known
        rest = self._dicts(f"{sql} AND place_no IN (SELECT unnest(?::INTEGER[]))", [wanted])
        return known | {row.pop("place_no"): row for row in rest}

    def _days(self) -> np.ndarray:
        """The day of each article, by its number: datetime64[D], NaT for none."""
        found = self._ask("SELECT article_number, day FROM live").fetchnumpy()
        days = np.full(found["article_number"].max(initial=0) + 1, np.datetime64("NaT", "D"))
        days[found["article_number"]] = np.ma.filled(found["day"].astype("datetime64[D]"), np.datetime64("NaT"))
        return days

    def _is_unplaced(self) -> str:
        return f"place_no IS NULL AND review <> {self._codes['review'].index(Kind.NOT_A_PLACE)}"

    def _word(self, kind: str) -> str:
        return f"[{literals(self._codes[kind])}][{kind} + 1]"

    @question
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

    @question
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
        # A story counts where it came first within the time that is compared.
        compared = {"date_from": before.isoformat(), "date_to": last.isoformat(), "undated": False}
        where, parameters = self._where(replace(filters, **compared))
        rows = self._dicts(
            "SELECT place_id, place, place_en, now, earlier FROM (SELECT place_no, "
            "count(*) FILTER (day >= ?) AS now, count(*) FILTER (day < ?) AS earlier "
            f"FROM facts WHERE {where} AND place_no IS NOT NULL GROUP BY place_no) "
            "JOIN spots USING (place_no) WHERE now <> earlier "
            # A rise from 1 to 5 says more than one from 101 to 105.
            "ORDER BY (now - earlier) / sqrt(now + earlier) DESC, place_id",
            [first, first, *parameters],
        )
        risen = [row for row in rows if row["now"] > row["earlier"]][:limit]
        fallen = [row for row in reversed(rows) if row["now"] < row["earlier"]][:limit]
        return Trends(first, last, before, risen, fallen)

    @question
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
        near = self._pointers_of("article_number IN (SELECT unnest(?))", [sorted({key[0] for key in keys})])
        kept = [pointer for pointer in near if (pointer.article_number, pointer.passage_start) in pairs]
        for pointer, row in zip(kept, self._full_rows(kept), strict=True):
            pairs[pointer.article_number, pointer.passage_start].append(row | {"asked": pointer.position in asked})
        return keys[0][3], [_passage(pairs[key[:2]]) for key in keys]

    @question
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
        for row in self._full_rows(self._pointers_of("position IN (SELECT unnest(?))", [[key[0] for key in keys]])):
            found.setdefault(row["place_id"], []).append(row)
        return found

    @question
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
            return iter(
                self._full_rows(self._pointers_of(where, parameters, f"LIMIT {int(limit)} OFFSET {int(offset)}"))
            )
        if limit is not None and sort not in _LONG:
            found = self._positions(where, parameters)
            page = self._order_of(sort).page(found, limit, offset, descending=descending)
            return iter(self._full_rows(self._pointers_at(page)))
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
        return iterate(self._ask(sql, parameters))

    @question
    def unplaced(self, filters: Filters, *, limit: int = 200) -> list[dict[str, Any]]:
        """Names that could not be placed, each with its reason and mentions, the most frequent first.

        What a reviewer found to be no place is not among them.
        """
        where, parameters = self._where(filters)
        return self._dicts(
            "SELECT surface, reason, count(*) AS mentions, count(DISTINCT article_number) AS articles "
            f"FROM (SELECT part, row, article_number FROM facts WHERE {where} AND {self._is_unplaced()}) "
            "JOIN part_rows USING (part, row) WHERE place_id IS NULL GROUP BY surface, reason "
            "ORDER BY mentions DESC, surface, reason LIMIT ?",
            [*parameters, limit],
        )

    @question
    def unplaced_passages(self, surfaces: Sequence[str], limit: int) -> dict[str, list[dict[str, Any]]]:
        """Rows of mentions without a place by their name as the text has it, newest first, at most `limit` each."""
        keys = self._ask(
            f"SELECT position FROM (SELECT part, row, position FROM facts WHERE {self._is_unplaced()}) "
            "JOIN part_rows w USING (part, row) WHERE w.surface IN (SELECT unnest(?::VARCHAR[])) "
            "QUALIFY row_number() OVER (PARTITION BY w.surface ORDER BY position) <= ?",
            [list(surfaces), limit],
        ).fetchall()
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self._full_rows(self._pointers_of("position IN (SELECT unnest(?))", [[key[0] for key in keys]])):
            found.setdefault(row["surface"], []).append(row)
        return found

    @question
    def place(self, place_id: str) -> dict[str, Any] | None:
        """One place of the workspace whatever the filters say, or None."""
        found = self.places(Filters(place_id=place_id))
        return found[0] if found else None

    @question
    def article(self, article_id: str) -> dict[str, Any] | None:
        """The article with its text and its mentions in text order, or None."""
        found = self._dicts("SELECT * FROM live WHERE article_id = ?", [article_id])
        if not found:
            return None
        file = self.storage.location(articles_name(self._parts[found[0]["article_part"]][0]))
        text = f"SELECT text FROM {files_sql([file])} WHERE article_id = ? AND version = ?"
        found[0] |= self._dicts(text, [article_id, found[0]["version"]])[0]
        pointers = self._pointers_of("article_number = ?", [found[0]["article_number"]])
        return found[0] | {"mentions": self._full_rows(pointers)}

    @question
    def full_articles(self, article_ids: Sequence[str]) -> list[Article]:
        """The articles with these ids as they were added, with their texts, in no order; others are passed over."""
        found = self._dicts(
            "SELECT article_id, version, article_part FROM live WHERE article_id IN (SELECT unnest(?)) ORDER BY article_id",
            [list(article_ids)],
        )
        by_part: dict[int, list[dict[str, Any]]] = {}
        for row in found:
            by_part.setdefault(row["article_part"], []).append(row)
        names = [field.name for field in fields(Article) if field.name != "id"]
        articles = []
        for part, rows in by_part.items():
            file = self.storage.location(articles_name(self._parts[part][0]))
            kept = {(row["article_id"], row["version"]) for row in rows}
            texts = self._dicts(
                f"SELECT article_id, version, {', '.join(names)} FROM {files_sql([file])} "
                "WHERE article_id IN (SELECT unnest(?)) ORDER BY article_id",
                [[row["article_id"] for row in rows]],
            )
            for row in texts:
                if (row["article_id"], row.pop("version")) in kept:
                    articles.append(Article(row.pop("article_id"), **row))
        return articles

    @question
    def articles_naming(self, key: str) -> list[str]:
        """Ids of the articles with a mention whose own name, folded, is this."""
        rows = self._ask(
            "SELECT article_id FROM live WHERE article_number IN (SELECT article_number FROM facts WHERE name_no IN "
            "(SELECT name_no FROM names WHERE folded = ? OR ends_with(folded, ?))) ORDER BY article_id",
            [key, f"|{key}"],
        )
        return [row[0] for row in rows.fetchall()]

    @question
    def count_named(self, key: str, country: str | None) -> int:
        """Mentions whose own name, folded, is this, and whose place, or without one whose article, is of the country."""
        return self._ask(
            "SELECT count(*) FROM facts LEFT JOIN spots USING (place_no) JOIN live USING (article_number) "
            "WHERE name_no IN (SELECT name_no FROM names WHERE folded = ? OR ends_with(folded, ?)) "
            "AND if(place_no IS NULL, live.country, spots.country) IS NOT DISTINCT FROM ?",
            [key, f"|{key}", country],
        ).fetchone()[0]

    @question
    def articles_holding(self, name: str) -> list[str]:
        """Ids of the articles whose text may hold the name: all its words, with or without particles, or a mention of it."""
        key = normalize_name(name)
        if not key:
            return []
        numbers = self.find_articles(key)
        rows = self._ask(
            "SELECT article_id FROM live WHERE article_number IN (SELECT unnest(?)) OR article_number IN (SELECT "
            "article_number FROM facts WHERE name_no IN (SELECT name_no FROM names WHERE contains(folded, ?))) "
            "ORDER BY article_id",
            [numbers, key],
        )
        return [row[0] for row in rows.fetchall()]

    @question
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

    @question
    def outlets(self) -> int:
        """How many outlets the articles name."""
        return self._ask("SELECT count(DISTINCT outlet) FROM live").fetchone()[0]

    @question
    def read_with(self) -> list[dict[str, Any]]:
        """What the articles were read with (program, gazetteer, model), and how many with each, most first."""
        return self._dicts(
            "SELECT program, gazetteer, model, count(*) AS articles FROM live GROUP BY ALL "
            "ORDER BY articles DESC, program, gazetteer, model"
        )

    @question
    def newest(self) -> pa.Table:
        """Id and version of every article that is here: columns article_id and version."""
        self._want_facts()
        return self._database.cursor().sql("SELECT article_id, version FROM live").to_arrow_table()

    @question
    def span(self) -> Span:
        """How many articles there are, and the time they cover."""
        row = self._ask("SELECT count(*), count(*) - count(day), min(day), max(day) FROM live").fetchone()
        return Span(*row)


def _passage(rows: list[dict[str, Any]]) -> Passage:
    asked = [row for row in rows if row["asked"]]
    article = {name: asked[0][name] for name in ("article_id", *ARTICLE_COLUMNS, "head")}
    others = [row for row in rows if not row["asked"]]
    return Passage(article, asked[0]["passage"], asked[0]["passage_start"], asked, others)
