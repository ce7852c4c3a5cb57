"""What answers the questions: Rasid's workspace, pandas with everything in memory, SQLite with indexes."""

# ruff: noqa: D102  (`Engine` says what each method answers)

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pyarrow.parquet as pq

from extract.filters import Filters
from extract.questions import FACET_VALUES
from extract.regions import regions_of
from extract.store import Workspace
from gazetteer import load_gazetteer

PASSAGES, PAGE = 50, 50
# Asked for once, to make the index: an answer that may be remembered must not be asked for again.
FIRST_WORD = "الأمس"
# Columns that pandas and SQLite count the values of; the workspace counts regions and precision as well.
COUNTED = ("role", "relation", "method", "feature", "outlet", "article_id")


class Engine(Protocol):
    """Something that answers the questions. Answers are plain values that can be compared; None when they cannot."""

    def index_texts(self) -> None:
        """Make what the search needs, where something is to be made."""

    def close(self) -> None:
        """Remove what was written to the disk for the measure."""

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


class WorkspaceEngine:
    """Rasid's own workspace."""

    def __init__(self, folder: Path) -> None:
        gazetteer = load_gazetteer()
        self._workspace = Workspace.open(folder, lambda ids: regions_of(ids, gazetteer))
        self._workspace.totals(Filters())

    def index_texts(self) -> None:
        self._workspace.find_articles(FIRST_WORD)
        # The dashboard makes these in the background, at the first page of rows or passages.
        self._workspace.prepare_rows()

    def close(self) -> None:
        pass

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
        pass

    def close(self) -> None:
        pass

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
        names = (
            "surface role place_id place place_en feature country lat lon relation method confidence passage".split()
        )
        for row in mentions:
            article, day, outlet = numbers[row["article_id"]]
            # Articles are shorter than a million letters.
            position = article * 1_000_000 + row["start"]
            yield article, row["start"], *(row[name] for name in names), row["passage_start"], day, outlet, position

    def index_texts(self) -> None:
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
        self._database.close()
        self._path.unlink(missing_ok=True)
