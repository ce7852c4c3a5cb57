"""Any CSV with a name, a latitude and a longitude: columns are guessed by their names, in English or Arabic."""

import csv
from collections.abc import Iterator
from pathlib import Path

from gazetteer.errors import SourceError
from gazetteer.places import FeatureClass, Place, Point
from gazetteer.sources.rows import Refused
from gazetteer.sources.towns import ARAB, NEIGHBOURS, importance_from_people, radius_from_people

# What a column may be called, the best name first; compared in lower case without blanks, dashes and underscores.
_NAMES = {
    "name": (
        "namear",
        "arabicname",
        "nameara",
        "الاسم",
        "اسم",
        "المكان",
        "name",
        "place",
        "title",
        "wof:name",
        "wofname",
    ),
    "lat": ("lat", "latitude", "y", "geomlatitude", "خطالعرض", "العرض"),
    "lon": ("lon", "lng", "long", "longitude", "x", "geomlongitude", "خطالطول", "الطول"),
    "id": ("id", "placeid", "wofid", "geonameid", "gnid", "pcode", "المعرف"),
    "aliases": ("aliases", "aliasesar", "alternatenames", "altnames", "othernames", "اسماءاخرى"),
    "name_en": ("nameen", "englishname", "latinname", "asciiname", "الاسمبالانجليزية"),
    "feature": ("feature", "featureclass", "placetype", "type", "kind", "النوع"),
    "country": ("country", "countrycode", "isocountry", "iso2", "cc", "الدولة"),
    "people": ("population", "pop", "people", "السكان"),
    "importance": ("importance",),
    "radius_km": ("radiuskm", "radius"),
}
_KINDS = {
    "locality": FeatureClass.CITY,
    "populatedplace": FeatureClass.CITY,
    "town": FeatureClass.CITY,
    "village": FeatureClass.CITY,
    "county": FeatureClass.REGION,
    "localadmin": FeatureClass.REGION,
    "governorate": FeatureClass.REGION,
    "province": FeatureClass.REGION,
    "neighbourhood": FeatureClass.DISTRICT,
    "campus": FeatureClass.FACILITY,
    "camp": FeatureClass.FACILITY,
}


def read_points(path: Path) -> Iterator[Place | Refused]:
    """The places of the file, or why a row was refused. Raises SourceError without columns for name, lat and lon."""
    with open(path, encoding="utf-8-sig", newline="") as lines:
        head = lines.readline()
        delimiter = max(",;\t|", key=head.count)
        lines.seek(0)
        reader = csv.DictReader(lines, delimiter=delimiter)
        columns = guess_columns(reader.fieldnames or [])
        missing = [name for name in ("name", "lat", "lon") if name not in columns]
        if missing:
            raise SourceError(
                f"{path.name}: no column for {', '.join(missing)} among {', '.join(reader.fieldnames or [])}"
            )
        for number, row in enumerate(reader, 1):
            try:
                yield _place(
                    {ours: (row.get(theirs) or "").strip() for ours, theirs in columns.items()}, path.stem, number
                )
            except ValueError as error:
                yield Refused(number, str(error))


def guess_columns(header: list[str]) -> dict[str, str]:
    """Our column names -> the file's, for those that were recognised."""
    plain = {"".join(c for c in name.lower() if c not in " -_"): name for name in reversed(header) if name}
    return {
        ours: plain[theirs]
        for ours, names in _NAMES.items()
        if (theirs := next((n for n in names if n in plain), None))
    }


def _place(cells: dict[str, str], file: str, number: int) -> Place:
    name, english = cells["name"] or cells.get("name_en", ""), cells.get("name_en", "")
    if not name:
        raise ValueError("no name")
    try:
        point = Point(float(cells["lat"].replace(",", ".")), float(cells["lon"].replace(",", ".")))
    except ValueError as error:
        raise ValueError(f"position {cells['lat']!r}, {cells['lon']!r}: {error}") from error
    country = cells.get("country", "").upper()
    country = country if len(country) == 2 and country.isalpha() else None
    group = "arab" if country in ARAB or country is None else "neighbour" if country in NEIGHBOURS else "other"
    people = int(float(cells.get("people") or 0))
    given = cells.get("importance")
    return Place(
        id=f"{file}:{cells.get('id') or number}".replace(" ", "-"),
        name=name,
        name_en=english,
        feature=_kind(cells.get("feature", "")),
        country=country,
        point=point,
        radius_km=float(cells.get("radius_km") or radius_from_people(people)),
        importance=float(given) if given else importance_from_people(people, group),
        aliases=tuple(a.strip() for a in cells.get("aliases", "").replace(";", "|").split("|") if a.strip()),
        source=f"{file}:{cells.get('id') or number}",
    )


def _kind(text: str) -> FeatureClass:
    plain = "".join(c for c in text.lower() if c.isalpha())
    try:
        return FeatureClass(plain)
    except ValueError:
        return _KINDS.get(plain, FeatureClass.CITY)
