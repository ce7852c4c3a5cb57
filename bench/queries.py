"""The workspace's questions beside pandas in memory and SQLite with indexes, over the same mentions.

Every question is asked again and again with other values, so that no answer can be remembered; the median counts. What is
asked is the same everywhere, and where the answers can be compared they are: a difference is told.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any, Protocol

import pandas as pd
import pyarrow.parquet as pq

from bench.made_store import store_of
from bench.page import Plan, Section, Table, number, said, seconds, times
from bench.process import MeasureError, memory_mb, run_measure
from extract.facts import regions_of
from extract.filters import Filters
from extract.store import FACET_VALUES, Workspace
from gazetteer import load_gazetteer

ASKED = 9
PASSAGES, PAGE = 50, 50
LIMIT_S, FULL_S = 400, 3 * 3600
COUNTRIES = "LY EG SD SY IQ YE SA AE LB JO PS DZ MA TN QA KW".split()
WORDS = ("الحكومة", "المدرسة", "البحر", "الطريق", "المباراة", "السوق", "الجامعة", "القمر", "الرئيس")
YEARS = range(2018, 2026)
# Columns that each engine counts the values of; the workspace counts regions and precision as well.
COUNTED = ("role", "relation", "method", "feature", "outlet", "article_id")


class Engine(Protocol):
    """Something that answers the questions. Answers are plain values that can be compared; None when they cannot."""

    def totals(self, country: str) -> Any:
        """Placed mentions, places and articles of a country."""

    def places(self, year: int) -> Any:
        """The places of a year with their mentions, all of them."""

    def facets(self, country: str) -> Any:
        """For each column its values with their mentions."""

    def passages(self, place_id: str) -> Any:
        """The newest sentences of a place."""

    def timeline(self, country: str) -> Any:
        """Mentions by month."""

    def rows(self, page: int) -> Any:
        """A page of rows, the newest first."""

    def sorted_rows(self, page: int) -> Any:
        """A page of rows by name of the place."""

    def search(self, word: str) -> Any:
        """How many mentions stand in articles with the word."""


QUESTIONS = ("totals", "places", "facets", "passages", "timeline", "rows", "sorted_rows", "search")
SAID = {
    "totals": "totals of a country",
    "places": "places of a year, counted",
    "facets": "counts for all filters",
    "passages": f"{PASSAGES} newest passages of a place",
    "timeline": "timeline of a country",
    "rows": f"{PAGE} rows, newest first",
    "sorted_rows": f"{PAGE} rows by place name",
    "search": "text search, mentions counted",
}


def measure(plan: Plan) -> Section:
    """Every question at every size with every engine."""
    section = Section("Queries")
    for mentions in [500] if plan.small else [1_000_000] + [10_000_000] * plan.full:
        folder = store_of(plan, mentions)
        found: dict[str, Any] = {}
        for engine in ENGINES:
            request = {"engine": engine, "folder": str(folder), "asked": plan.size(2, ASKED)}
            try:
                found[engine] = run_measure(__name__, request, limit_s=FULL_S if plan.full else LIMIT_S)
            except MeasureError as error:
                section.notes.append(f"{engine}, {mentions:,} mentions: {said(error)}")
        _tables(section, mentions, found)
    section.notes.append(
        f"Medians of {plan.size(2, ASKED)} questions with different values, everything warm, on all cores. The search of Rasid and "
        "of SQLite is by words (Rasid's finds them behind clitics too), pandas looks for letters. Rasid counts regions and "
        "articles' precision among the filters as well."
    )
    if not plan.full and not plan.small:
        section.notes.append("10,000,000 mentions: make bench-full.")
    return section


def _tables(section: Section, mentions: int, found: dict[str, Any]) -> None:
    if "Rasid" not in found:
        return
    ours = found["Rasid"]
    others = [engine for engine in found if engine != "Rasid"]
    head = ["", "Rasid", *[cell for engine in others for cell in (engine, f"{engine} ÷ Rasid")]]
    table = section.table(*head, title=f"{mentions:,} mentions")
    for question in QUESTIONS:
        own = ours["taken"][question]
        cells = [(seconds(found[e]["taken"][question]), times(found[e]["taken"][question] / own)) for e in others]
        table.add(SAID[question], seconds(own), *[cell for pair in cells for cell in pair])
    _add_held(table, ours, [found[engine] for engine in others])
    for engine in others:
        compared = [q for q in QUESTIONS if ours["answers"][q] is not None and found[engine]["answers"][q] is not None]
        unequal = [SAID[q] for q in compared if ours["answers"][q] != found[engine]["answers"][q]]
        verdict = f"differ for {', '.join(unequal)}" if unequal else f"are the same for {len(compared)} questions compared"
        section.notes.append(f"{mentions:,} mentions: the answers of {engine} and Rasid {verdict}.")


def _add_held(table: Table, ours: dict[str, Any], others: list[dict[str, Any]]) -> None:
    for name, key, write in (
        ("made ready, once a start", "ready_s", seconds),
        ("index of texts, made once", "index_s", seconds),
        ("private memory, MB", "private_mb", number),
    ):
        cells = [(write(other[key]), times(other[key] / ours[key]) if ours[key] else "") for other in others]
        table.add(name, write(ours[key]), *[cell for pair in cells for cell in pair])


class WorkspaceEngine:
    """Rasid's own workspace."""

    def __init__(self, folder: Path) -> None:
        gazetteer = load_gazetteer()
        self._workspace = Workspace.open(folder, lambda ids: regions_of(ids, gazetteer))
        self._workspace.totals(Filters())

    def index_texts(self) -> None:
        """Make the search's index."""
        self._workspace.find_articles(WORDS[0])

    def totals(self, country: str) -> Any:
        found = self._workspace.totals(Filters(countries=(country,)))
        return found.mentions, found.places, found.articles

    def places(self, year: int) -> Any:
        found = self._workspace.places(Filters(date_from=f"{year}-01-01", date_to=f"{year}-12-31"))
        return len(found), sum(place["mentions"] for place in found), sum(place["articles"] for place in found)

    def facets(self, country: str) -> Any:
        found = self._workspace.facets(Filters(countries=(country,)))
        return {name: dict(found[f"{name}s"]) for name in ("role", "feature", "outlet")}

    def passages(self, place_id: str) -> Any:
        found, passages = self._workspace.passages(Filters(), place_id, PASSAGES)
        return found, len(passages)

    def timeline(self, country: str) -> Any:
        return [count for _, count in self._workspace.timeline(Filters(countries=(country,))).bars]

    def rows(self, page: int) -> Any:
        return [row["article_id"] for row in self._workspace.rows(Filters(), limit=PAGE, offset=page * PAGE)]

    def sorted_rows(self, page: int) -> Any:
        rows = self._workspace.rows(Filters(), limit=PAGE, offset=page * PAGE, sort="place")
        return [row["place"] for row in rows]

    def search(self, word: str) -> Any:
        self._workspace.totals(Filters(text=word))
        # Words behind clitics are found as well: more than the others find.
        return None


class PandasEngine:
    """Mentions and articles as data frames in memory, joined, words of few values as categories."""

    def __init__(self, folder: Path) -> None:
        articles = pq.read_table(sorted(folder.glob("articles-*.parquet")))
        self._articles = articles.select(["article_id", "title", "date", "outlet", "url", "text"]).to_pandas()
        names = "article_id start end surface role place_id place place_en feature country lat lon relation method"
        columns = [*names.split(), "confidence", "passage", "passage_start"]
        mentions = pq.read_table(sorted(folder.glob("mentions-*.parquet")), columns=columns).to_pandas()
        frame = mentions.merge(self._articles[["article_id", "date", "outlet"]], on="article_id")
        frame["date"] = pd.to_datetime(frame["date"])
        for name in ("role", "place_id", "place", "feature", "country", "relation", "method", "outlet", "article_id"):
            frame[name] = frame[name].astype("category")
        order = ["date", "article_id", "start"]
        self._frame = frame.sort_values(order, ascending=[False, True, True], ignore_index=True)

    def index_texts(self) -> None:
        """Nothing to make."""

    def totals(self, country: str) -> Any:
        found = self._frame[self._frame["country"] == country]
        return len(found), found["place_id"].nunique(), found["article_id"].nunique()

    def places(self, year: int) -> Any:
        dates = self._frame["date"]
        found = self._frame[(dates >= f"{year}-01-01") & (dates <= f"{year}-12-31")]
        counted = found.groupby("place_id", observed=True).agg(
            mentions=("article_id", "size"),
            articles=("article_id", "nunique"),
            place=("place", "first"),
            lat=("lat", "first"),
            lon=("lon", "first"),
            last=("date", "max"),
        )
        counted = counted.sort_values("mentions", ascending=False)
        return len(counted), int(counted["mentions"].sum()), int(counted["articles"].sum())

    def facets(self, country: str) -> Any:
        found = self._frame[self._frame["country"] == country]
        counts = {name: found[name].value_counts().head(FACET_VALUES) for name in COUNTED}
        self._frame["country"].value_counts().head(FACET_VALUES)
        return {name: {v: int(n) for v, n in counts[name].items() if n} for name in ("role", "feature", "outlet")}

    def passages(self, place_id: str) -> Any:
        found = self._frame[self._frame["place_id"] == place_id]
        sentences = found.drop_duplicates(["article_id", "passage_start"])
        page = sentences.head(PASSAGES)
        near = self._frame[self._frame["article_id"].isin(page["article_id"].unique())]
        near.merge(page[["article_id", "passage_start"]], on=["article_id", "passage_start"]).to_dict("records")
        return len(sentences), len(page)

    def timeline(self, country: str) -> Any:
        found = self._frame[self._frame["country"] == country]
        return found.groupby(found["date"].dt.to_period("M")).size().tolist()

    def rows(self, page: int) -> Any:
        placed = self._frame[self._frame["place_id"].notna()]
        return [row["article_id"] for row in placed.iloc[page * PAGE : (page + 1) * PAGE].to_dict("records")]

    def sorted_rows(self, page: int) -> Any:
        placed = self._frame[self._frame["place_id"].notna()]
        ordered = placed.sort_values("place", kind="stable")
        return [row["place"] for row in ordered.iloc[page * PAGE : (page + 1) * PAGE].to_dict("records")]

    def search(self, word: str) -> Any:
        found = self._articles["text"].str.contains(word, regex=False) | self._articles["title"].str.contains(
            word, regex=False
        )
        int(self._frame["article_id"].isin(self._articles.loc[found, "article_id"]).sum())
        return None


class SqliteEngine:
    """One SQLite file with the indexes that the questions want, and FTS5 over the texts. Filled anew each time."""

    def __init__(self, folder: Path) -> None:
        path = folder / "bench.sqlite"
        path.unlink(missing_ok=True)
        self._path = path
        self._database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -262144", "mmap_size = 4294967296"):
            self._database.execute(f"PRAGMA {pragma}")
        self._fill(folder)

    def _fill(self, folder: Path) -> None:
        database = self._database
        database.execute(
            "CREATE TABLE articles (n INTEGER PRIMARY KEY, article_id TEXT UNIQUE, title TEXT, date TEXT, outlet TEXT, "
            "url TEXT, text TEXT)"
        )
        database.execute(
            "CREATE TABLE mentions (article INTEGER, start INTEGER, surface TEXT, role TEXT, place_id TEXT, place TEXT, "
            "place_en TEXT, feature TEXT, country TEXT, lat REAL, lon REAL, relation TEXT, method TEXT, confidence REAL, "
            "passage TEXT, passage_start INTEGER, day TEXT, outlet TEXT, position INTEGER)"
        )
        # Numbered as the workspace numbers them, so that a page of rows needs no sorting.
        tables = [pq.read_table(path) for path in sorted(folder.glob("articles-*.parquet"))]
        rows = [row for table in tables for row in table.to_pylist()]
        rows.sort(key=lambda row: row["article_id"])
        rows.sort(key=lambda row: row["date"], reverse=True)
        numbers = {row["article_id"]: (n, row["date"], row["outlet"]) for n, row in enumerate(rows, 1)}
        names = ("article_id", "title", "date", "outlet", "url", "text")
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO articles VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((n, *(row[name] for name in names)) for n, row in enumerate(rows, 1)),
        )
        for path in sorted(folder.glob("mentions-*.parquet")):
            mentions = pq.read_table(path).to_pylist()
            database.executemany(
                f"INSERT INTO mentions VALUES ({', '.join('?' * 19)})", self._mention_rows(mentions, numbers)
            )
        for name, columns in {
            "by_position": "position",
            "by_place": "place_id, position",
            "by_country": "country, day, place_id, article",
            "by_day": "day, place_id, article",
            "by_name": "place, position",
            "by_article": "article",
        }.items():
            database.execute(f"CREATE INDEX {name} ON mentions ({columns})")
        database.execute("COMMIT")
        database.execute("ANALYZE")

    @staticmethod
    def _mention_rows(
        mentions: Iterable[dict[str, Any]], numbers: dict[str, tuple[int, str, str]]
    ) -> Iterable[tuple[Any, ...]]:
        names = "surface role place_id place place_en feature country lat lon relation method confidence passage".split()
        for row in mentions:
            article, day, outlet = numbers[row["article_id"]]
            # Articles are shorter than a million letters.
            position = article * 1_000_000 + row["start"]
            yield article, row["start"], *(row[name] for name in names), row["passage_start"], day, outlet, position

    def index_texts(self) -> None:
        """Make the index of words."""
        self._database.execute(
            "CREATE VIRTUAL TABLE words USING fts5(title, text, content='articles', content_rowid='n')"
        )
        self._database.execute("INSERT INTO words(words) VALUES ('rebuild')")

    def _ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(self._database.execute(sql, values)) as cursor:
            return cursor.fetchall()

    def totals(self, country: str) -> Any:
        sql = "SELECT count(*), count(DISTINCT place_id), count(DISTINCT article) FROM mentions WHERE country = ?"
        return self._ask(sql, country)[0]

    def places(self, year: int) -> Any:
        found = self._ask(
            "SELECT place_id, place, lat, lon, count(*) AS n, count(DISTINCT article), max(day) FROM mentions "
            "WHERE day BETWEEN ? AND ? AND place_id IS NOT NULL GROUP BY place_id ORDER BY n DESC",
            f"{year}-01-01",
            f"{year}-12-31",
        )
        return len(found), sum(row[4] for row in found), sum(row[5] for row in found)

    def facets(self, country: str) -> Any:
        found = {}
        for name in COUNTED:
            column = "article" if name == "article_id" else name
            found[name] = self._ask(
                f"SELECT {column}, count(*) AS n FROM mentions WHERE country = ? AND {column} IS NOT NULL "
                f"GROUP BY 1 ORDER BY n DESC LIMIT {FACET_VALUES}",
                country,
            )
        self._ask(f"SELECT country, count(*) AS n FROM mentions GROUP BY 1 ORDER BY n DESC LIMIT {FACET_VALUES}")
        return {name: dict(found[name]) for name in ("role", "feature", "outlet")}

    def passages(self, place_id: str) -> Any:
        keys = self._ask(
            "SELECT article, passage_start, count(*) OVER () FROM mentions WHERE place_id = ? "
            f"GROUP BY article, passage_start ORDER BY article, passage_start LIMIT {PASSAGES}",
            place_id,
        )
        for article, start, _ in keys:
            self._ask(
                "SELECT * FROM mentions JOIN articles a ON a.n = article WHERE article = ? AND passage_start = ?",
                article,
                start,
            )
        return keys[0][2] if keys else 0, len(keys)

    def timeline(self, country: str) -> Any:
        sql = "SELECT substr(day, 1, 7), count(*) FROM mentions WHERE country = ? GROUP BY 1 ORDER BY 1"
        return [count for _, count in self._ask(sql, country)]

    def rows(self, page: int) -> Any:
        found = self._ask(
            "SELECT a.article_id, a.title, a.url, m.* FROM mentions m JOIN articles a ON a.n = article "
            "WHERE place_id IS NOT NULL ORDER BY position LIMIT ? OFFSET ?",
            PAGE,
            page * PAGE,
        )
        return [row[0] for row in found]

    def sorted_rows(self, page: int) -> Any:
        found = self._ask(
            "SELECT place, a.title, m.* FROM mentions m JOIN articles a ON a.n = article "
            "WHERE place IS NOT NULL ORDER BY place, position LIMIT ? OFFSET ?",
            PAGE,
            page * PAGE,
        )
        return [row[0] for row in found]

    def search(self, word: str) -> Any:
        self._ask("SELECT count(*) FROM mentions WHERE article IN (SELECT rowid FROM words WHERE words MATCH ?)", word)
        return None

    def close(self) -> None:
        """Remove the file."""
        self._database.close()
        self._path.unlink(missing_ok=True)


ENGINES: dict[str, Callable[[Path], Any]] = {"Rasid": WorkspaceEngine, "pandas": PandasEngine, "SQLite": SqliteEngine}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Ask one engine everything: median seconds and the last answer of each question, what it took to open, memory."""
    folder, asked = Path(request["folder"]), request["asked"]
    places = _frequent_places(folder)
    values: dict[str, Any] = {
        "totals": COUNTRIES,
        "places": YEARS,
        "facets": COUNTRIES,
        "passages": places,
        "timeline": COUNTRIES,
        "rows": range(3, 100, 7),
        "sorted_rows": range(3, 100, 7),
        "search": WORDS,
    }
    before = memory_mb()[1]
    began = time.perf_counter()
    engine = ENGINES[request["engine"]](folder)
    ready = time.perf_counter() - began
    began = time.perf_counter()
    engine.index_texts()
    indexed = time.perf_counter() - began
    taken, answers = {}, {}
    for question in QUESTIONS:
        ask, each = getattr(engine, question), list(values[question])
        ask(each[-1])  # what is read once, such as a file's head, is read now
        spent = []
        for number_asked in range(asked):
            began = time.perf_counter()
            answers[question] = ask(each[number_asked % (len(each) - 1)])
            spent.append(time.perf_counter() - began)
        taken[question] = median(spent)
    private = memory_mb()[1] - before
    if hasattr(engine, "close"):
        engine.close()
    return {"ready_s": ready, "index_s": indexed, "taken": taken, "answers": answers, "private_mb": private}


def _frequent_places(folder: Path) -> list[str]:
    """Ids of the most mentioned places of the first part, the most frequent first."""
    first = sorted(folder.glob("mentions-*.parquet"))[0]
    counts = pq.read_table(first, columns=["place_id"])["place_id"].drop_null().value_counts().to_pylist()
    counts.sort(key=lambda one: (-one["counts"], one["values"]))
    return [one["values"] for one in counts[:20]]
