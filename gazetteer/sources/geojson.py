"""Places as GeoJSON: Who's On First records and bundles, OpenStreetMap extracts."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from gazetteer.errors import SourceError
from gazetteer.places import FeatureClass, Place, Point
from gazetteer.sources.files import is_archive, open_members, open_table, read_lines
from gazetteer.sources.kinds import WHOS_ON_FIRST
from gazetteer.sources.rows import Refused, RowError, clean_name, read_country, read_people, read_point, shown
from gazetteer.sources.towns import group_of, importance_from_people, radius_from_people

RECORDS, LINES = (".geojson", ".json"), (".geojsonl", ".geojsonseq", ".ndjson", ".jsonl")
LONGEST_FEATURE = 64_000_000  # characters; the coast of Canada has 20 million
_AT_ONCE = 16_000_000  # larger files are read feature by feature
_BEGINS = re.compile(r'"features"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
# OpenStreetMap: the first tag that is there decides.
_OSM_KINDS: tuple[tuple[str, dict[str, FeatureClass]], ...] = (
    (
        "place",
        {
            "country": FeatureClass.COUNTRY,
            "continent": FeatureClass.CONTINENT,
            "state": FeatureClass.REGION,
            "region": FeatureClass.REGION,
            "province": FeatureClass.REGION,
            "county": FeatureClass.REGION,
            "district": FeatureClass.REGION,
            "municipality": FeatureClass.REGION,
            **dict.fromkeys(("island", "islet", "archipelago"), FeatureClass.REGION),
            **dict.fromkeys(("sea", "ocean"), FeatureClass.WATER),
            "suburb": FeatureClass.DISTRICT,
            "neighbourhood": FeatureClass.DISTRICT,
            "quarter": FeatureClass.DISTRICT,
            "*": FeatureClass.CITY,
        },
    ),
    ("aeroway", {"*": FeatureClass.AIRPORT}),
    ("harbour", {"*": FeatureClass.PORT}),
    (
        "natural",
        {
            "desert": FeatureClass.DESERT,
            **dict.fromkeys(("water", "bay", "strait", "valley", "spring", "wetland"), FeatureClass.WATER),
            **dict.fromkeys(
                ("peak", "volcano", "ridge", "hill", "mountain_range", "plateau", "cliff"), FeatureClass.MOUNTAIN
            ),
            "*": FeatureClass.REGION,
        },
    ),
    ("waterway", {"dam": FeatureClass.FACILITY, "*": FeatureClass.WATER}),
    ("highway", {"*": FeatureClass.ROAD}),
    ("boundary", {"*": FeatureClass.REGION}),
)
_OSM_NAMES = ("name:ar", "name", "alt_name:ar", "alt_name", "official_name:ar", "old_name:ar", "short_name:ar")
_RADIUS_KM = {FeatureClass.REGION: 30.0, FeatureClass.COUNTRY: 500.0, FeatureClass.CONTINENT: 3000.0}
_OTHER_TAGS = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')  # as ogr2ogr writes what has no column


def read_geojson(path: Path) -> Iterator[Place | Refused]:
    """The places of a .geojson file, of one feature a line (.geojsonl), or of a folder, a zip or a tar archive of such
    files (Who's On First keeps one record a file).

    Raises SourceError when a single file is no GeoJSON, or a folder or archive holds none.
    """
    file = re.sub(r"[^\w.-]+", "-", path.stem)
    for number, feature in enumerate(_features(path), 1):
        try:
            if isinstance(feature, RowError):
                raise feature
            yield _place(feature, f"{file}:{number}")
        except RowError as error:
            yield Refused(number, str(error))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
            yield Refused(number, "a feature of another form")


def _features(path: Path) -> Iterator[Any]:
    """The features, or a RowError for each one that cannot be read."""
    if not path.is_dir() and not is_archive(path):
        with open_table(path, "") as stream:
            yield from _of_lines(stream) if path.suffix.lower() in LINES else _of_stream(stream, path.name)
        return
    nothing = True
    for name, opener in open_members(path, (*RECORDS, *LINES)):
        nothing = False
        try:
            with opener() as stream:
                yield from _of_lines(stream) if name.lower().endswith(LINES) else _of_stream(stream, shown(name))
        except SourceError as error:
            yield RowError(f"{error}: {shown(name)}" if shown(name) not in str(error) else str(error))
    if nothing:
        raise SourceError(f"{path.name}: holds no {', '.join(RECORDS)} file")


def _of_lines(stream: TextIO) -> Iterator[Any]:
    for line in read_lines(stream, LONGEST_FEATURE):
        text = None if line is None else line.strip("\x1e \t\r\n")
        if text is None:
            yield RowError("a line without end")
        elif text:
            try:
                yield json.loads(text)
            except (json.JSONDecodeError, RecursionError):
                yield RowError(f"{shown(text)} is not JSON")


def _of_stream(stream: TextIO, name: str) -> Iterator[Any]:
    """The features of a file, one after the other when it is large."""
    text = stream.read(_AT_ONCE)
    begins = _BEGINS.search(text) if len(text) == _AT_ONCE else None
    if begins is not None:
        yield from _one_by_one(stream, text[begins.end() :], name)
        return
    text += stream.read(LONGEST_FEATURE)
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SourceError(f"{name}: not JSON ({error})") from error
    kind = data.get("type") if isinstance(data, dict) else None
    if kind == "FeatureCollection":
        features = data.get("features")
        yield from features if isinstance(features, list) else ()
    elif kind == "Feature":
        yield data
    else:
        raise SourceError(f"{name}: neither a Feature nor a FeatureCollection")


def _one_by_one(stream: TextIO, text: str, name: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), 0
    while True:
        at = _BETWEEN.match(text, at).end()
        if text.startswith("]", at):
            return
        try:
            feature, at = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError) as error:
            more = stream.read(max(_AT_ONCE, len(text) - at)) if len(text) - at <= LONGEST_FEATURE else ""
            if not more:
                raise SourceError(f"{name}: not JSON, or cut off ({error})") from error
            text, at = text[at:] + more, 0
            continue
        yield feature


def _place(feature: dict[str, Any], nameless: str) -> Place:
    properties = feature.get("properties") or {}
    if "wof:id" in properties:
        return _wof_place(feature, properties)
    return _osm_place(feature, _osm_tags(properties), properties, nameless)


def _osm_tags(properties: dict[str, Any]) -> dict[str, Any]:
    if isinstance(properties.get("tags"), dict):
        return properties["tags"]
    return {**dict(_OTHER_TAGS.findall(str(properties.get("other_tags") or ""))), **properties}


def _wof_place(feature: dict[str, Any], properties: dict[str, Any]) -> Place:
    if properties.get("src:alt_label"):
        raise RowError("another outline of a record")
    if str(properties.get("edtf:deprecated") or "") not in ("", "uuuu", "-1") or properties.get("wof:superseded_by"):
        raise RowError("a place that is no more")
    kind = WHOS_ON_FIRST.get(properties.get("wof:placetype", ""))
    if kind is None:
        raise RowError(f"placetype {shown(properties.get('wof:placetype'))} is no place")
    arabic = [*_names(properties.get("name:ara_x_preferred")), *_names(properties.get("name:ara_x_variant"))]
    english = next(iter([*_names(properties.get("name:eng_x_preferred")), *_names(properties.get("wof:name"))]), "")
    country = properties.get("wof:country") or properties.get("iso:country")
    people = properties.get("wof:population") or properties.get("gn:population")
    for lat, lon in (("lbl:latitude", "lbl:longitude"), ("geom:latitude", "geom:longitude")):
        if properties.get(lat) is not None and properties.get(lon) is not None:
            point = read_point(properties[lat], properties[lon])
            break
    else:
        point = _middle(feature)
    return _made(f"wof:{properties['wof:id']}", arabic, english, kind, country, point, read_people(people))


def _osm_place(feature: dict[str, Any], tags: dict[str, Any], properties: dict[str, Any], nameless: str) -> Place:
    """`nameless` is the id of a feature that has none."""
    given = (feature.get("id"), *(properties.get(key) for key in ("@id", "osm_id", "osm_way_id", "id")))
    identity = next((str(value).replace("/", "-") for value in given if value not in (None, "")), "")
    if re.fullmatch(r"(node-|way-|relation-|[nwra])?\d+", identity):
        identity = f"osm:{identity}"
    elif identity:
        identity = f"{nameless.partition(':')[0]}:{identity}".replace(" ", "-")
    names = [part for key in _OSM_NAMES for part in _names(tags.get(key))]
    english = next(iter(_names(tags.get("name:en"))), "")
    country = tags.get("addr:country") or tags.get("ISO3166-1:alpha2") or tags.get("country_code")
    people = read_people(tags.get("population"))
    return _made(identity or nameless, names, english, _osm_kind(tags), country, _middle(feature), people)


def _osm_kind(tags: dict[str, Any]) -> FeatureClass:
    if str(tags.get("admin_level")) == "2" and tags.get("boundary") == "administrative":
        return FeatureClass.COUNTRY
    for key, kinds in _OSM_KINDS:
        if tags.get(key) not in (None, "", "no"):
            return kinds.get(str(tags[key]), kinds["*"])
    return FeatureClass.FACILITY


def _names(value: Any) -> list[str]:
    """The names of a tag: one, several after ";", or a list."""
    values = value if isinstance(value, list) else [value]
    parts = (part for text in values if isinstance(text, str) for part in text.split(";"))
    return [name for name in map(clean_name, parts) if name]


def _made(
    identity: str, names: list[str], english: str, kind: FeatureClass, country: Any, point: Point, people: int
) -> Place:
    code = read_country(country)
    every = list(dict.fromkeys([*names, english] if english else names))
    if not every:
        raise RowError("no name")
    settled = kind in (FeatureClass.CITY, FeatureClass.DISTRICT, FeatureClass.REGION)
    return Place(
        id=identity,
        name=every[0],
        name_en=english,
        feature=kind,
        country=code,
        point=point,
        radius_km=_RADIUS_KM.get(kind) or radius_from_people(people),
        importance=importance_from_people(people, group_of(code)) if settled else 5.0,
        aliases=tuple(n for n in every[1:] if n != english),
        source=identity,
    )


def _middle(feature: dict[str, Any]) -> Point:
    """The point itself, or the middle of the box around a line or an area."""
    geometry = feature.get("geometry") or {}
    parts = geometry.get("geometries") or [geometry]  # a GeometryCollection has several
    pairs = [pair for part in parts for pair in _pairs(part.get("coordinates"))]
    if not pairs:
        raise RowError("no position")
    lons, lats = [p[0] for p in pairs], [p[1] for p in pairs]
    return read_point((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2)


def _pairs(coordinates: Any) -> Iterator[tuple[float, float]]:
    stack = [coordinates]
    while stack:
        at = stack.pop()
        if isinstance(at, list) and len(at) >= 2 and all(isinstance(v, (int, float)) for v in at[:2]):
            yield float(at[0]), float(at[1])
        elif isinstance(at, list):
            stack.extend(at)
