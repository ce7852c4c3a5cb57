"""Places as GeoJSON: Who's On First records and bundles, OpenStreetMap extracts."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gazetteer.errors import SourceError
from gazetteer.places import FeatureClass, Place, Point
from gazetteer.sources.rows import Refused
from gazetteer.sources.towns import ARAB, NEIGHBOURS, importance_from_people, radius_from_people

_WOF_KINDS = {
    "continent": FeatureClass.CONTINENT,
    "country": FeatureClass.COUNTRY,
    "dependency": FeatureClass.COUNTRY,
    "macroregion": FeatureClass.REGION,
    "region": FeatureClass.REGION,
    "macrocounty": FeatureClass.REGION,
    "county": FeatureClass.REGION,
    "localadmin": FeatureClass.REGION,
    "locality": FeatureClass.CITY,
    "borough": FeatureClass.DISTRICT,
    "macrohood": FeatureClass.DISTRICT,
    "neighbourhood": FeatureClass.DISTRICT,
    "microhood": FeatureClass.DISTRICT,
    "campus": FeatureClass.FACILITY,
    "venue": FeatureClass.FACILITY,
    "ocean": FeatureClass.WATER,
    "marinearea": FeatureClass.WATER,
}
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
            "island": FeatureClass.REGION,
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
            "water": FeatureClass.WATER,
            "bay": FeatureClass.WATER,
            "*": FeatureClass.MOUNTAIN,
        },
    ),
    ("waterway", {"*": FeatureClass.WATER}),
    ("highway", {"*": FeatureClass.ROAD}),
    ("boundary", {"*": FeatureClass.REGION}),
)


def read_geojson(path: Path) -> Iterator[Place | Refused]:
    """The places of a .geojson file, of one feature a line (.geojsonl), or of a folder or zip of Who's On First records.

    Raises SourceError when the file is no GeoJSON.
    """
    for number, feature in enumerate(_features(path), 1):
        try:
            yield _place(feature, path.stem)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            yield Refused(number, str(error) or type(error).__name__)


def _features(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_dir():
        for file in sorted(path.rglob("*.geojson")):
            yield from _of_text(file.read_text(encoding="utf-8"), file.name)
    elif path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in sorted(n for n in archive.namelist() if n.endswith(".geojson")):
                yield from _of_text(archive.read(name).decode("utf-8"), name)
    elif path.suffix.lower() in (".geojsonl", ".geojsonseq", ".ndjson"):
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                if line.strip("\x1e \n"):
                    yield from _of_text(line.strip("\x1e \n"), path.name)
    else:
        yield from _of_text(path.read_text(encoding="utf-8-sig"), path.name)


def _of_text(text: str, name: str) -> Iterator[dict[str, Any]]:
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceError(f"{name}: not JSON ({error})") from error
    kind = data.get("type") if isinstance(data, dict) else None
    if kind == "FeatureCollection":
        yield from data.get("features") or ()
    elif kind == "Feature":
        yield data
    else:
        raise SourceError(f"{name}: neither a Feature nor a FeatureCollection")


def _place(feature: dict[str, Any], file: str) -> Place:
    properties = feature.get("properties") or {}
    return _wof_place(feature, properties) if "wof:id" in properties else _osm_place(feature, properties, file)


def _wof_place(feature: dict[str, Any], properties: dict[str, Any]) -> Place:
    if str(properties.get("edtf:deprecated", "")) not in ("", "uuuu", "-1"):
        raise ValueError("deprecated record")
    identity = properties.get("wof:id")
    arabic = [*properties.get("name:ara_x_preferred", []), *properties.get("name:ara_x_variant", [])]
    english = (properties.get("name:eng_x_preferred") or [properties.get("wof:name") or ""])[0]
    kind = _WOF_KINDS.get(properties.get("wof:placetype", ""))
    if kind is None:
        raise ValueError(f"placetype {properties.get('wof:placetype')!r} is no place")
    country = properties.get("wof:country") or properties.get("iso:country")
    people = int(properties.get("wof:population") or properties.get("gn:population") or 0)
    lat, lon = properties.get("lbl:latitude") or properties.get("geom:latitude"), None
    if lat is not None:
        lon = properties.get("lbl:longitude") or properties.get("geom:longitude")
    point = Point(float(lat), float(lon)) if lat is not None and lon is not None else _middle(feature)
    return _made(f"wof:{identity}", arabic, english, kind, country, point, people)


def _osm_place(feature: dict[str, Any], properties: dict[str, Any], file: str) -> Place:
    tags = properties.get("tags") if isinstance(properties.get("tags"), dict) else properties
    identity = feature.get("id") or properties.get("@id") or properties.get("osm_id") or properties.get("id")
    if not identity:
        raise ValueError("no id")
    names = [tags.get(key) for key in ("name:ar", "name", "alt_name:ar", "alt_name", "old_name:ar", "short_name:ar")]
    names = [part.strip() for name in names if name for part in name.split(";") if part.strip()]
    if not names:
        raise ValueError("no name")
    kind = next(
        (kinds.get(tags[key], kinds.get("*")) for key, kinds in _OSM_KINDS if tags.get(key)), FeatureClass.FACILITY
    )
    if kind is None:
        raise ValueError("a kind of thing that is no place")
    people = int(str(tags.get("population") or 0).replace(",", "").split(".")[0] or 0)
    country = tags.get("addr:country") or tags.get("ISO3166-1:alpha2") or tags.get("country_code")
    return _made(
        f"osm:{identity}".replace("/", "-"), names, tags.get("name:en") or "", kind, country, _middle(feature), people
    )


def _made(
    identity: str, names: list[str], english: str, kind: FeatureClass, country: str | None, point: Point, people: int
) -> Place:
    country = country.upper() if country and len(country) == 2 and country.isalpha() else None
    group = "arab" if country in ARAB or country is None else "neighbour" if country in NEIGHBOURS else "other"
    every = list(dict.fromkeys(n for n in [*names, english] if n))
    if not every:
        raise ValueError("no name")
    settled = kind in (FeatureClass.CITY, FeatureClass.DISTRICT, FeatureClass.REGION)
    return Place(
        id=identity,
        name=every[0],
        name_en=english,
        feature=kind,
        country=country,
        point=point,
        radius_km=radius_from_people(people) if kind is not FeatureClass.REGION else 30.0,
        importance=importance_from_people(people, group) if settled else 5.0,
        aliases=tuple(n for n in every[1:] if n != english),
        source=identity,
    )


def _middle(feature: dict[str, Any]) -> Point:
    """The point itself, or the middle of the box around a line or an area."""
    geometry = feature.get("geometry") or {}
    pairs = list(_pairs(geometry.get("coordinates")))
    if not pairs:
        raise ValueError("no position")
    lons, lats = [p[0] for p in pairs], [p[1] for p in pairs]
    return Point((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2)


def _pairs(coordinates: Any) -> Iterator[tuple[float, float]]:
    stack = [coordinates]
    while stack:
        at = stack.pop()
        if isinstance(at, list) and len(at) >= 2 and all(isinstance(v, (int, float)) for v in at[:2]):
            yield float(at[0]), float(at[1])
        elif isinstance(at, list):
            stack.extend(at)
