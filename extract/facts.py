"""The workspace's facts: of every mention what filters and counts need, narrow and in memory.

Texts stay in the Parquet parts; a row of `facts` knows its part and its row there. `position` orders the mentions as
they are shown: newest article first, those without a date last. `spots` has one row a place, `names` one a set of folded
names, `live` one an article (its newest version), `article_number` in the order of `position`.
"""

from collections.abc import Callable, Iterable, Mapping

import duckdb
import numpy as np

from extract.decisions import VERDICTS
from extract.filters import UNREVIEWED
from extract.mentions import Role
from extract.sql import literals
from gazetteer import FeatureClass

# A place with a larger radius is an area whatever its kind: its middle says little about where something happened.
AREA_FROM_KM = 30.0
PRECISIONS = ("exact", "area", "region", "country", "composed", "derived")
_AREA_FEATURES = (FeatureClass.DESERT, FeatureClass.WATER, FeatureClass.MOUNTAIN, FeatureClass.ROAD)
# A relation after which the text does not mean the place's own point; "centre" does.
_AWAY = ("N", "NE", "E", "SE", "S", "SW", "W", "NW", "near", "outskirts", "between", "towards", "road")

# A place's region: id, Arabic and English name.
Region = tuple[str, str, str]
FindRegions = Callable[[list[str]], Mapping[str, Region]]


# How exactly the mention's point says where: see docs. What is composed or derived says so before all else.
PRECISION_SQL = (
    "CASE WHEN m.place_id IS NULL THEN NULL WHEN m.method = 'composed' THEN 'composed' "
    f"WHEN split_part(m.relation, ':', 1) IN ({literals(_AWAY)}) THEN 'derived' "
    f"WHEN m.feature IN ('{FeatureClass.COUNTRY}', '{FeatureClass.CONTINENT}') THEN 'country' "
    f"WHEN m.feature = '{FeatureClass.REGION}' THEN 'region' "
    f"WHEN m.feature IN ({literals(_AREA_FEATURES)}) OR m.radius_km > {AREA_FROM_KM} THEN 'area' ELSE 'exact' END"
)


PLACE_COLUMNS = (
    "place_id, any_value(place) AS place, any_value(place_en) AS place_en, any_value(feature) AS feature, "
    "any_value(country) AS country, any_value(lat) AS lat, any_value(lon) AS lon, any_value(radius_km) AS radius_km"
)
START_BITS = 32

# What is one of few words is kept as its number in this list, for numbers are quick to compare and to group.
Codes = dict[str, list[str]]
CODED = {
    "role": tuple(map(str, Role)),
    "relation": (*_AWAY, "centre"),
    "precision": PRECISIONS,
    "review": (UNREVIEWED, *VERDICTS),
}


def build_facts(cursor: duckdb.DuckDBPyConnection, find_regions: FindRegions | None) -> Codes:
    """Make the tables facts, spots and names from the view `part_rows` and the table `live`; return the words of codes."""
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE raw AS {raw_sql('part_rows', 'live')}")
    cursor.execute(
        "CREATE OR REPLACE TABLE names AS SELECT row_number() OVER (ORDER BY folded)::INTEGER AS name_no, folded "
        "FROM (SELECT DISTINCT folded FROM raw)"
    )
    cursor.execute(
        "CREATE OR REPLACE TABLE spots AS SELECT row_number() OVER (ORDER BY place_id)::INTEGER AS place_no, *, "
        "NULL::VARCHAR AS region_id, NULL::VARCHAR AS region, NULL::VARCHAR AS region_en FROM ("
        f"SELECT {PLACE_COLUMNS} FROM raw WHERE place_id IS NOT NULL GROUP BY place_id)"
    )
    if find_regions:
        add_regions(cursor, find_regions, "spots")
    codes = {kind: code_words(cursor, kind, words) for kind, words in CODED.items()}
    cursor.execute(
        f"CREATE OR REPLACE TABLE facts AS {facts_sql('raw', 'spots', 'names')} ORDER BY position", list(codes.values())
    )
    cursor.execute("DROP TABLE raw")
    return codes


def raw_sql(rows: str, live: str) -> str:
    """SQL for the mentions of `rows` whose article counts, by `live`: what the facts are made of."""
    return (
        "SELECT m.part, m.row, m.start, m.passage_start, m.place_id, m.place, "
        "m.place_en, m.feature, m.country, m.lat, m.lon, m.radius_km, m.role, m.folded, m.confidence::FLOAT AS confidence, "
        f"nullif(split_part(m.relation, ':', 1), '') AS relation, {PRECISION_SQL} AS precision, "
        f"coalesce(m.review, '{UNREVIEWED}') AS review, a.article_number, a.day "
        f"FROM {rows} m JOIN {live} a ON a.article_id = m.article_id AND a.version = m.version AND a.article_part = m.part"
    )


def facts_sql(raw: str, spots: str, names: str) -> str:
    """SQL for the rows of facts, with a parameter for the words of each code."""
    coded = ", ".join(f"(list_position(?::VARCHAR[], {kind}) - 1)::UTINYINT AS {kind}" for kind in CODED)
    # The position of a mention does not hang on how many others there are: an article that is read again keeps its place.
    return (
        f"SELECT (article_number::BIGINT << {START_BITS}) + start AS position, "
        "part, row, article_number, day, start::INTEGER AS start, passage_start::INTEGER AS passage_start, "
        f"s.place_no, n.name_no, {coded}, confidence "
        f"FROM {raw} LEFT JOIN {spots} s USING (place_id) JOIN {names} n USING (folded)"
    )


def code_words(cursor: duckdb.DuckDBPyConnection, kind: str, known: Iterable[str]) -> list[str]:
    """The words known, and those that the table raw has besides."""
    found = cursor.execute(f"SELECT DISTINCT {kind} FROM raw WHERE {kind} IS NOT NULL ORDER BY 1").fetchall()
    known = list(known)
    return known + [value for (value,) in found if value not in known]


def add_regions(cursor: duckdb.DuckDBPyConnection, find_regions: FindRegions, table: str) -> None:
    """Enter the regions of the places in the table."""
    ids = [row[0] for row in cursor.execute(f"SELECT place_id FROM {table} ORDER BY place_id").fetchall()]
    rows = [[place_id, *region] for place_id, region in find_regions(ids).items()] if ids else []
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        cursor.execute(
            f"UPDATE {table} SET region_id = r.id, region = r.ar, region_en = r.en FROM (SELECT unnest(?) AS place_id, "
            f"unnest(?) AS id, unnest(?) AS ar, unnest(?) AS en) r WHERE {table}.place_id = r.place_id",
            columns,
        )


def inside(area: Iterable[tuple[float, float]], lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Which points lie inside the polygon of (lat, lon) corners: a ray to the east crosses its sides an odd number of times.

    >>> inside([(0, 0), (0, 2), (2, 2), (2, 0)], np.array([1.0, 3.0]), np.array([1.0, 1.0])).tolist()
    [True, False]
    """
    corners = list(area)
    odd = np.zeros(len(lat), dtype=bool)
    for (lat1, lon1), (lat2, lon2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if lat1 != lat2:
            crosses = (lat1 > lat) != (lat2 > lat)
            odd ^= crosses & (lon < (lon2 - lon1) * (lat - lat1) / (lat2 - lat1) + lon1)
    return odd
