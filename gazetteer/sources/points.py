"""Any CSV with a name, a latitude and a longitude: columns are guessed by their names, in English or Arabic. Tables of Who's
On First are such files, and tables of our own form, whose rows keep their ids.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from gazetteer.errors import SourceError, TableError
from gazetteer.normalize import normalize_name
from gazetteer.places import Place
from gazetteer.sources import tables
from gazetteer.sources.files import open_table, read_lines
from gazetteer.sources.kinds import kind_of
from gazetteer.sources.rows import Refused, RowError, clean_name, read_country, read_people, read_point, shown
from gazetteer.sources.towns import group_of, importance_from_people, radius_from_people

# What a column may be called, the best name first; compared as folded for matching, without blanks.
_NAMES = {
    "name": "name_ar arabic_name name_ara name:ar الاسم اسم الاسم_العربي الاسم_بالعربية اسم_المكان اسم_الموقع المكان الموقع "
    "البلدة المدينة القرية name place place_name title wof:name",
    "lat": "lat latitude y lbl_latitude geom_latitude lat_dd خط_العرض العرض دائرة_العرض",
    "lon": "lon lng long longitude x lbl_longitude geom_longitude lon_dd خط_الطول الطول",
    "id": "id place_id wof:id wof_id geonameid gn_id pcode المعرف الرقم",
    "aliases": "aliases aliases_ar alternate_names alternatenames alt_names other_names أسماء_أخرى أسماء_بديلة",
    "name_en": "name_en english_name name_eng name:en latin_name ascii_name asciiname الاسم_الإنجليزي الاسم_بالإنجليزية",
    "other_name": "name place place_name title",
    "feature": "feature feature_code placetype feature_class type kind النوع الصنف",
    "country": "country country_code iso_country wof_country iso2 cc الدولة",
    "people": "population pop people السكان عدد_السكان",
    "importance": "importance الأهمية",
    "radius_km": "radius_km radius",
    "current": "is_current",
    "deprecated": "deprecated",
    "superseded": "superseded_by",
}
_WANTED = ("name", "lat", "lon")
_LONG_LINE = "\x00"  # stands for a line that was not read


def _plain(header: str) -> str:
    return normalize_name(header).replace(" ", "")


_NAMES = {ours: [_plain(name) for name in names.split()] for ours, names in _NAMES.items()}


def read_points(path: Path) -> Iterator[Place | Refused]:
    """The places of the file (.csv, .tsv or a zip of one), or why a row was refused.

    Raises SourceError without columns for name, lat and lon.
    """
    with open_table(path, ".csv") as stream:
        yield from _read(stream, path)


def _read(stream: TextIO, path: Path) -> Iterator[Place | Refused]:
    lines = (_LONG_LINE if line is None else line for line in read_lines(stream))
    head = next(lines, "")
    delimiter = max(",;\t|", key=head.count)
    header = next(csv.reader([head], delimiter=delimiter), [])
    columns = guess_columns(header)
    missing = [name for name in _WANTED if name not in columns]
    if missing:
        raise SourceError(f"{path.name}: no column for {', '.join(missing)} among {shown(', '.join(header))}")
    ours = tuple(header) == tables.COLUMNS
    wof = "placetype" in header and ("wof_country" in header or "geom_hash" in header)
    prefix = "wof" if wof else re.sub(r"[^\w.-]+", "-", path.stem.removesuffix(".csv"))
    reader = csv.reader(lines, delimiter=delimiter)
    for number, row in enumerate(_rows(reader), 1):
        try:
            if isinstance(row, str):
                raise RowError(row)
            if ours:
                yield tables.make_place(_cells(header, row), "row")
            else:
                cells = _cells(header, row)
                yield _place({our: cells[their].strip() for our, their in columns.items()}, prefix, number)
        except (RowError, TableError) as error:
            yield Refused(number, str(error).removeprefix("row: "))


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str] | str]:
    """The rows that are not empty, or why one cannot be read."""
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"no CSV ({error})"
            continue
        if row == [_LONG_LINE]:
            yield "a line without end"
        elif any(cell.strip() for cell in row):
            yield row


def _cells(header: list[str], row: list[str]) -> dict[str, str]:
    if len(row) > len(header) and any(cell.strip() for cell in row[len(header) :]):
        raise RowError(f"{len(row)} cells instead of {len(header)}")
    return dict(zip(header, [*row, *[""] * (len(header) - len(row))], strict=False))


def guess_columns(header: list[str]) -> dict[str, str]:
    """Our column names -> the file's, for those that were recognised.

    >>> guess_columns(["اسم المكان", "خط العرض", "Lon"])
    {'name': 'اسم المكان', 'lat': 'خط العرض', 'lon': 'Lon'}
    """
    plain = {_plain(name): name for name in reversed(header) if name}
    found = {ours: next((plain[n] for n in names if n in plain), None) for ours, names in _NAMES.items()}
    if found["other_name"] == found["name"]:
        found["other_name"] = None
    return {ours: theirs for ours, theirs in found.items() if theirs is not None}


def _place(cells: dict[str, str], prefix: str, number: int) -> Place:
    if cells.get("current") == "0" or cells.get("deprecated") or cells.get("superseded"):
        raise RowError("a place that is no more")
    english = clean_name(cells.get("name_en", ""))
    given = [cells["name"], cells.get("other_name", ""), *re.split("[|;,،]", cells.get("aliases", "")), english]
    names = list(dict.fromkeys(name for name in map(clean_name, given) if name))
    if not names:
        raise RowError("no name")
    country = read_country(cells.get("country"))
    people = read_people(cells.get("people"))
    identity = f"{prefix}:{cells.get('id', '').replace(' ', '-') or number}"
    return Place(
        id=identity,
        name=names[0],
        name_en=english,
        feature=kind_of(cells.get("feature", "")),
        country=country,
        point=read_point(cells["lat"], cells["lon"]),
        radius_km=_number(cells, "radius_km", 0.1, 10_000) or radius_from_people(people),
        importance=_importance(cells, people, country),
        aliases=tuple(name for name in names[1:] if name != english),
        source=identity,
    )


def _importance(cells: dict[str, str], people: int, country: str | None) -> float:
    given = _number(cells, "importance", 0, 100)
    return importance_from_people(people, group_of(country)) if given is None else given


def _number(cells: dict[str, str], name: str, low: float, high: float) -> float | None:
    """The number of a cell, None for an empty one. Raises RowError for what is no number or out of range."""
    text = cells.get(name, "")
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError as error:
        raise RowError(f"{name} {shown(text)} is no number") from error
    if not low <= value <= high:
        raise RowError(f"{name} {shown(text)} is not between {low} and {high}")
    return value
