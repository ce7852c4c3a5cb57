"""GeoNames country dumps (CC BY 4.0): LY.txt or LY.zip, with the alternate names table where it is given."""

import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from gazetteer.errors import SourceError
from gazetteer.places import FeatureClass, Place, Point
from gazetteer.sources.rows import Refused
from gazetteer.sources.towns import ARAB, NEIGHBOURS, importance_from_people, is_arabic, radius_from_people

COLUMNS = 19
_ALTERNATE_COLUMNS = 4
# By feature code first, then by the class's letter: https://www.geonames.org/export/codes.html
_CODES = {
    "PCLI": FeatureClass.COUNTRY,
    "CONT": FeatureClass.CONTINENT,
    "PPLX": FeatureClass.DISTRICT,
    "AIRP": FeatureClass.AIRPORT,
    "AIRB": FeatureClass.AIRPORT,
    "AIRF": FeatureClass.AIRPORT,
    "PRT": FeatureClass.PORT,
    "HBR": FeatureClass.PORT,
    "DSRT": FeatureClass.DESERT,
    "ERG": FeatureClass.DESERT,
    "VAL": FeatureClass.WATER,
    "WAD": FeatureClass.WATER,
    "ISL": FeatureClass.REGION,
    "ISLS": FeatureClass.REGION,
}
_CLASSES = {
    "A": FeatureClass.REGION,
    "P": FeatureClass.CITY,
    "H": FeatureClass.WATER,
    "T": FeatureClass.MOUNTAIN,
    "S": FeatureClass.FACILITY,
    "L": FeatureClass.REGION,
    "R": FeatureClass.ROAD,
    "V": FeatureClass.REGION,
    "U": FeatureClass.WATER,
}
_RADIUS_KM = {"ADM1": 60.0, "ADM2": 25.0, "PCLI": 500.0, "DSRT": 80.0}


def read_dump(path: Path, alternate: Path | None = None) -> Iterator[Place | Refused]:
    """The places of a country dump, or why a row was refused. Raises SourceError for a file of another form."""
    names = read_alternate_names(alternate) if alternate else {}
    for number, line in enumerate(_lines(path), 1):
        cells = line.rstrip("\n").split("\t")
        if len(cells) != COLUMNS:
            if number == 1:
                raise SourceError(f"{path.name}: no GeoNames dump ({len(cells)} columns, {COLUMNS} are wanted)")
            yield Refused(number, f"{len(cells)} columns instead of {COLUMNS}")
            continue
        try:
            yield _place(cells, names.get(cells[0], []))
        except ValueError as error:
            yield Refused(number, str(error))


def read_alternate_names(path: Path) -> dict[str, list[str]]:
    """Arabic names by GeoNames id, preferred ones first, from an alternateNamesV2 table (.txt or .zip)."""
    preferred: defaultdict[str, list[str]] = defaultdict(list)
    other: defaultdict[str, list[str]] = defaultdict(list)
    for line in _lines(path):
        cells = line.rstrip("\n").split("\t")
        if len(cells) >= _ALTERNATE_COLUMNS and cells[2] == "ar" and is_arabic(cells[3]):
            (preferred if len(cells) > 4 and cells[4] == "1" else other)[cells[1]].append(cells[3])
    return {key: [*preferred[key], *other[key]] for key in sorted({*preferred, *other})}


def _lines(path: Path) -> Iterator[str]:
    with ExitStack() as stack:
        if path.suffix.lower() == ".zip":
            try:
                archive = stack.enter_context(zipfile.ZipFile(path))
            except zipfile.BadZipFile as error:
                raise SourceError(f"{path.name}: not a zip file") from error
            tables = [n for n in archive.namelist() if n.endswith(".txt") and "readme" not in n.lower()]
            if len(tables) != 1:
                raise SourceError(f"{path.name}: one .txt table is wanted in the zip, {len(tables)} found")
            stream = io.TextIOWrapper(stack.enter_context(archive.open(tables[0])), encoding="utf-8", newline="\n")
        else:
            stream = stack.enter_context(open(path, encoding="utf-8", newline="\n"))
        try:
            yield from stream
        except UnicodeDecodeError as error:
            raise SourceError(f"{path.name}: not UTF-8") from error


def _place(cells: list[str], arabic: list[str]) -> Place:
    identity, name, ascii_name, alternates, lat, lon, letter, code, country = cells[:9]
    if not identity.isdigit():
        raise ValueError(f"id {identity!r} is no number")
    arabic = arabic + [n for n in alternates.split(",") if is_arabic(n) and n not in arabic]
    people = int(cells[14] or 0)
    feature = _CODES.get(code) or _CLASSES.get(letter)
    if feature is None:
        raise ValueError(f"feature class {letter!r} is unknown")
    group = "arab" if country in ARAB else "neighbour" if country in NEIGHBOURS else "other"
    return Place(
        id=f"geonames:{identity}",
        name=arabic[0] if arabic else name,
        name_en=name,
        feature=feature,
        country=country or None,
        point=Point(float(lat), float(lon)),
        radius_km=_RADIUS_KM.get(code, radius_from_people(people)),
        importance=importance_from_people(people, group) if letter in "PA" else 5.0,
        aliases=tuple(dict.fromkeys([*arabic[1:], *([ascii_name] if ascii_name != name else [])])),
        source=f"geonames:{identity}",
    )
