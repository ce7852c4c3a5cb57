"""Tables of a workspace in which few articles were read again: what did not change is shared with the tables before.

The tables of a moment are a schema of a database in memory. After a full build they are tables of `main`. When articles were
only read again, a new schema holds views: those tables without the articles that changed, and small tables of what took
their place. Nothing is changed in place, so that a question that has begun is answered from the moment it began in.
"""

from collections.abc import Callable
from functools import cached_property
from itertools import count

import duckdb

from extract.facts import CODED, PLACE_COLUMNS, Codes, FindRegions, add_regions, code_words, facts_sql, raw_sql

# With more articles than this replaced since the last full build, the views cost questions more than a build does.
MOST_REPLACED = 2_000
KEPT_MOMENTS = 8
_numbers = count(1)
_TABLES = {"live": "article_number", "facts": "article_number", "names": "name_no", "spots": "place_no"}


class Tables:
    """The tables of one moment. `replaced` counts the articles that are not as they were at the last full build.

    `connect` opens the database when it is first needed.
    """

    def __init__(
        self, connect: Callable[[], duckdb.DuckDBPyConnection], schema: str = "main", replaced: int = 0
    ) -> None:
        self._connect, self.schema, self.replaced = connect, schema, replaced

    @cached_property
    def database(self) -> duckdb.DuckDBPyConnection:
        """The database that the tables are in."""
        return self._connect()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor that finds these tables under their plain names."""
        cursor = self.database.cursor()
        if self.schema != "main":
            cursor.execute(f"SET search_path = '{self.schema},main'")
        return cursor


def replace_articles(
    before: Tables, codes: Codes, articles_sql: str, mentions_sql: str, find_regions: FindRegions | None
) -> tuple[Tables, Codes] | None:
    """The tables and codes after parts came that only hold articles read again, or None: then all is to be built anew.

    `articles_sql` gives the new parts' articles (the newest of each) as `live` has them, but for their numbers;
    `mentions_sql` the mentions of these parts as `part_rows` has them. An article that is new, or has another date, has no
    place in the order yet: None. The new parts count as later ones.
    """
    after, database = f"replaced{next(_numbers)}", before.database
    cursor = before.cursor()
    cursor.execute("BEGIN")
    try:
        cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE won AS SELECT f.*, l.article_number, l.day IS NOT DISTINCT FROM f.day AS kept "
            f"FROM ({articles_sql}) f LEFT JOIN live l USING (article_id) WHERE l.version IS NULL OR f.version >= l.version"
        )
        articles, kept = cursor.execute(
            "SELECT count(*), count(*) FILTER (kept AND article_number > 0) FROM won"
        ).fetchone()
        if kept < articles or before.replaced + articles > MOST_REPLACED:
            cursor.execute("ROLLBACK")
            return None
        codes = _replace(cursor, before.schema, after, codes, mentions_sql, find_regions)
        cursor.execute("COMMIT")
    except BaseException:
        cursor.execute("ROLLBACK")
        raise
    return Tables(lambda: database, after, before.replaced + articles), codes


def _replace(
    cursor: duckdb.DuckDBPyConnection,
    before: str,
    after: str,
    codes: Codes,
    mentions_sql: str,
    find_regions: FindRegions | None,
) -> Codes:
    cursor.execute(f"CREATE SCHEMA {after}")
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE raw AS {raw_sql(f'({mentions_sql})', 'won')}")
    codes = {kind: code_words(cursor, kind, codes[kind]) for kind in CODED}
    _find_dead(cursor)
    _start(cursor, before, after, "live", "SELECT article_number FROM won")
    cursor.execute(f"INSERT INTO {after}.new_live BY NAME SELECT * EXCLUDE (kept) FROM won")
    _start(cursor, before, after, "names", "SELECT name_no FROM dead_names")
    cursor.execute(
        f"INSERT INTO {after}.new_names SELECT (SELECT coalesce(max(name_no), 0) FROM {before}.names) + row_number() OVER "
        f"(ORDER BY folded), folded FROM (SELECT DISTINCT folded FROM raw WHERE folded NOT IN (SELECT folded FROM {after}.names))"
    )
    _start(cursor, before, after, "spots", "SELECT place_no FROM dead_spots")
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE added AS SELECT (SELECT coalesce(max(place_no), 0) FROM {before}.spots) + row_number() "
        f"OVER (ORDER BY place_id) AS place_no, *, NULL::VARCHAR AS region_id, NULL::VARCHAR AS region, "
        f"NULL::VARCHAR AS region_en FROM (SELECT {PLACE_COLUMNS} FROM raw WHERE place_id IS NOT NULL "
        f"AND place_id NOT IN (SELECT place_id FROM {after}.spots) GROUP BY place_id)"
    )
    if find_regions:
        add_regions(cursor, find_regions, "added")
    cursor.execute(f"INSERT INTO {after}.new_spots BY NAME SELECT * FROM added")
    _start(cursor, before, after, "facts", "SELECT article_number FROM won")
    cursor.execute(
        f"INSERT INTO {after}.new_facts BY NAME {facts_sql('raw', f'{after}.spots', f'{after}.names')}",
        list(codes.values()),
    )
    for table in ("won", "raw", "added", "lost", "dead_names", "dead_spots"):
        cursor.execute(f"DROP TABLE {table}")
    return codes


def _find_dead(cursor: duckdb.DuckDBPyConnection) -> None:
    """Names and places that only the replaced rows had."""
    replaced = "(SELECT article_number FROM won)"
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE lost AS SELECT DISTINCT name_no, place_no FROM facts WHERE article_number IN {replaced}"
    )
    for table, column in (("dead_names", "name_no"), ("dead_spots", "place_no")):
        # A mention without a place has no number of one: NOT IN knows nothing of what is null.
        others = f"SELECT {column} FROM facts WHERE {column} IN (SELECT {column} FROM lost) AND article_number NOT IN {replaced}"
        cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT DISTINCT {column} FROM lost "
            f"WHERE {column} IS NOT NULL AND {column} NOT IN ({others})"
        )


def _start(cursor: duckdb.DuckDBPyConnection, before: str, after: str, table: str, gone: str) -> None:
    """The table as a view: what it held before without the numbers that `gone` selects, and what `new_<table>` will hold."""
    column = _TABLES[table]
    if before == "main":
        cursor.execute(f"CREATE TABLE {after}.gone_{table} AS {gone}")
        cursor.execute(f"CREATE TABLE {after}.new_{table} AS SELECT * FROM main.{table} WHERE false")
    else:
        cursor.execute(f"CREATE TABLE {after}.gone_{table} AS SELECT {column} FROM {before}.gone_{table} UNION {gone}")
        cursor.execute(
            f"CREATE TABLE {after}.new_{table} AS SELECT * FROM {before}.new_{table} WHERE {column} NOT IN ({gone})"
        )
    cursor.execute(
        f"CREATE VIEW {after}.{table} AS SELECT * FROM main.{table} WHERE {column} NOT IN (SELECT {column} FROM "
        f"{after}.gone_{table}) UNION ALL SELECT * FROM {after}.new_{table}"
    )


def forget(tables: Tables) -> None:
    """Drop the schemas of moments so long past that no question can have begun in them."""
    cursor = tables.database.cursor()
    found = cursor.execute(
        "SELECT schema_name FROM duckdb_schemas() WHERE starts_with(schema_name, 'replaced')"
    ).fetchall()
    numbers = sorted(int(schema.removeprefix("replaced")) for (schema,) in found)
    for number in numbers[:-KEPT_MOMENTS]:
        cursor.execute(f"DROP SCHEMA replaced{number} CASCADE")
