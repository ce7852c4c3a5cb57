"""The tables and views that an export makes, the same in every database; docs/databases.md shows them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from extract.sql import quote

# Another number: the tables of former exports are made anew instead of brought up to date.
LAYOUT = "1"
MARK = f"Made by Rasid's export, layout {LAYOUT}. The next export brings it up to date: keep nothing of your own in it."


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its kind is text, integer, bigint, number, boolean or date."""

    name: str
    kind: str
    meaning: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its key, the columns that point to the key of another table, and the columns asked for most."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    links: tuple[tuple[str, str], ...] = ()
    indexed: tuple[str, ...] = ()

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def create_sql(self, types: Mapping[str, str], prefix: str = "", constraints: tuple[str, ...] = ()) -> str:
        """CREATE TABLE with the database's names of the kinds; `prefix` is a quoted schema with its dot."""
        columns = [f'"{c.name}" {types[c.kind]}{" NOT NULL" if c.needed else ""}' for c in self.columns]
        return f'CREATE TABLE {prefix}"{self.name}" ({", ".join([*columns, *constraints])})'

    def key_sql(self) -> str:
        """The constraint of the key."""
        return f"PRIMARY KEY ({', '.join(quote(name) for name in self.key)})"

    def link_sql(self, column: str, table: str, prefix: str = "") -> str:
        """The constraint of a link."""
        return f"FOREIGN KEY ({quote(column)}) REFERENCES {prefix}{quote(table)} ({quote(column)})"

    def index_sql(self, prefix: str = "") -> Iterator[str]:
        """CREATE INDEX of every column asked for most; the index lies where its table does."""
        for name in self.indexed:
            yield f"CREATE INDEX {quote(f'{self.name}_{name}')} ON {prefix}{quote(self.name)} ({quote(name)})"


PLACES = Table(
    "places",
    "One row a place that any mention was resolved to.",
    (
        Column("place_id", "text", "the gazetteer's id", needed=True),
        Column("name", "text", "Arabic name"),
        Column("name_en", "text", "English name"),
        Column("feature", "text", "kind of place: country, region, city, district, airport, ..."),
        Column("country", "text", "ISO 3166-1 alpha-2"),
        Column("region_id", "text", "id of the largest region it lies in, or is"),
        Column("region", "text", "Arabic name of that region"),
        Column("region_en", "text", "English name of that region"),
        Column("lat", "number", "WGS 84 degrees"),
        Column("lon", "number", "WGS 84 degrees"),
        Column("radius_km", "number", "how far the place reaches around its point"),
    ),
    key=("place_id",),
    indexed=("country", "region_id"),
)
ARTICLES = Table(
    "articles",
    "One row an article: its newest version.",
    (
        Column("article_id", "text", "the article's id in the workspace", needed=True),
        Column("title", "text", "title, where it has one"),
        Column("head", "text", "the first words of the text: what stands for a missing title"),
        Column("text", "text", "the whole text; offsets of mentions count its code points"),
        Column("date", "date", "the day it is of, or null"),
        Column("date_given", "text", "the date as the workspace holds it"),
        Column("outlet", "text", "who published it"),
        Column("country", "text", "the outlet's or the article's country, ISO 3166-1 alpha-2"),
        Column("url", "text", "its address"),
        Column("version", "bigint", "when it came into the workspace: nanoseconds since 1970", needed=True),
    ),
    key=("article_id",),
    # Not the outlet: any text may stand there, and PostgreSQL refuses what is too long for an index.
    indexed=("date",),
)
MENTIONS = Table(
    "mentions",
    "One row a place name at a spot of a text.",
    (
        Column("article_id", "text", "the article", needed=True),
        Column("start", "integer", "first code point in the article's text", needed=True),
        Column("end", "integer", "the code point after the last", needed=True),
        Column("surface", "text", "the name as the text has it"),
        Column("role", "text", "location, actor or name-part"),
        Column("place_id", "text", "the place, or null where none could be found"),
        Column("lat", "number", "the point that this mention was put at"),
        Column("lon", "number", "the point that this mention was put at"),
        Column("relation", "text", "S:30 is 30 km south of; near, outskirts, between, ...; null is the place itself"),
        Column("precision", "text", "exact, area, region, country, composed or derived"),
        Column("glued", "boolean", "whether the name had grown together with a word beside it"),
        Column("method", "text", "how the name was found: exact, alias, fuzzy, ..."),
        Column("score", "number", "0 to 100: how well the name fits"),
        Column("confidence", "number", "0 to 1: how often such a reading is right"),
        Column("date", "date", "the article's day"),
        Column("passage", "text", "the sentence"),
        Column("passage_start", "integer", "where the sentence starts in the article's text"),
        Column("reason", "text", "why this place, or why none"),
    ),
    key=("article_id", "start"),
    links=(("article_id", "articles"), ("place_id", "places")),
    indexed=("place_id", "date", "role"),
)
ABOUT = Table(
    "rasid",
    "What the tables were made from: layout, exported_at, versions, attribution, counts.",
    (Column("key", "text", "what is told", needed=True), Column("value", "text", "what it is")),
    key=("key",),
)
# What a row of one points to stands in an earlier one.
TABLES = (PLACES, ARTICLES, MENTIONS)
VIEWS = {
    "mentions_on_map": "Every mention that has a place, with its article and place beside it, and latitude and longitude.",
    "places_on_map": "Every place with the mentions and articles that name it, and latitude and longitude.",
}


def view_sql(name: str, prefix: str = "", *, geometry: bool = False) -> str:
    """CREATE VIEW of one of VIEWS; with `geometry` it also has the column geom."""
    geom = ", {}.geom" if geometry else ""
    if name == "mentions_on_map":
        return (
            f"CREATE VIEW {prefix}mentions_on_map AS SELECT m.article_id || ':' || m.start AS mention_id, "
            "coalesce(nullif(a.title, ''), a.head) AS title, m.date, a.outlet, a.url, m.surface, p.name AS place, "
            "p.name_en AS place_en, p.feature, p.country, p.region, p.region_en, m.role, m.relation, m.precision, "
            "m.confidence, m.passage, m.reason, m.lat AS latitude, m.lon AS longitude, p.radius_km, m.place_id, "
            f'm.article_id, m.start, m."end"{geom.format("m")} FROM {prefix}mentions m '
            f"JOIN {prefix}articles a ON a.article_id = m.article_id JOIN {prefix}places p ON p.place_id = m.place_id"
        )
    return (
        f"CREATE VIEW {prefix}places_on_map AS SELECT p.place_id, p.name, p.name_en, p.feature, p.country, p.region, "
        "p.region_en, n.mentions, n.articles, n.first_date, n.last_date, p.lat AS latitude, p.lon AS longitude, "
        f"p.radius_km{geom.format('p')} FROM {prefix}places p JOIN (SELECT place_id, count(*) AS mentions, "
        "count(DISTINCT article_id) AS articles, min(date) AS first_date, max(date) AS last_date "
        f"FROM {prefix}mentions GROUP BY place_id) n ON n.place_id = p.place_id"
    )
