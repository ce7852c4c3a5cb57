"""GeoNames country dumps (CC BY 4.0): LY.txt or LY.zip, with the alternate names table where it is given."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from gazetteer.errors import SourceError
from gazetteer.places import Place
from gazetteer.sources.files import open_table, read_lines
from gazetteer.sources.kinds import GEONAMES_CLASSES, GEONAMES_CODES
from gazetteer.sources.rows import Refused, RowError, clean_name, read_country, read_people, read_point, shown
from gazetteer.sources.towns import group_of, importance_from_people, is_arabic, radius_from_people

COLUMNS = 19
_ALTERNATE_COLUMNS = 4
_RADIUS_KM = {"ADM1": 60.0, "ADM2": 25.0, "PCLI": 500.0, "DSRT": 80.0}


def read_dump(path: Path, alternate: Path | None = None) -> Iterator[Place | Refused]:
    """The places of a country dump, or why a row was refused. Raises SourceError for a file of another form."""
    names = read_alternate_names(alternate) if alternate else {}
    with open_table(path, ".txt") as stream:
        for number, line in enumerate(read_lines(stream), 1):
            cells = [] if line is None else line.rstrip("\r\n").split("\t")
            if number == 1 and len(cells) != COLUMNS:
                raise SourceError(f"{path.name}: no GeoNames dump ({len(cells)} columns, {COLUMNS} are wanted)")
            try:
                yield _place(cells, names.get(cells[0], []) if cells else [])
            except RowError as error:
                yield Refused(number, "a line without end" if line is None else str(error))


def read_alternate_names(path: Path) -> dict[str, list[str]]:
    """Arabic names by GeoNames id, preferred ones first and historic ones last, from an alternateNamesV2 table (.txt or
    .zip). Raises SourceError for a file of another form.
    """
    ranked: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    with open_table(path, ".txt") as stream:
        for number, line in enumerate(read_lines(stream), 1):
            cells = (line or "").rstrip("\r\n").split("\t")
            if number == 1 and (len(cells) < _ALTERNATE_COLUMNS or not cells[1].isdigit()):
                raise SourceError(f"{path.name}: no alternateNamesV2 table ({len(cells)} columns)")
            if len(cells) >= _ALTERNATE_COLUMNS and cells[2] == "ar" and is_arabic(cells[3]):
                flags = [cell == "1" for cell in (*cells[4:8], "", "", "", "")[:4]]
                ranked[cells[1]].append((0 if flags[0] else 2 if flags[3] else 1, cells[3]))
    return {key: [name for _, name in sorted(names, key=lambda n: n[0])] for key, names in ranked.items()}


def _place(cells: list[str], arabic: list[str]) -> Place:
    if len(cells) != COLUMNS:
        raise RowError(f"{len(cells)} columns instead of {COLUMNS}")
    identity, name, ascii_name, alternates, lat, lon, letter, code, country = cells[:9]
    if not (identity.isascii() and identity.isdigit()):
        raise RowError(f"id {shown(identity)} is no number")
    feature = GEONAMES_CODES.get(code) or GEONAMES_CLASSES.get(letter)
    if feature is None:
        raise RowError(f"feature class {shown(letter)} is unknown")
    if not alternates.isascii():
        arabic = arabic + [n for n in alternates.split(",") if is_arabic(n)]
    people = read_people(cells[14])
    names = dict.fromkeys(clean_name(n) for n in (*arabic, name, ascii_name) if n)
    first = next(iter(names), "")
    return Place(
        id=f"geonames:{identity}",
        name=first,
        name_en=name if name in names else "",
        feature=feature,
        country=read_country(country),
        point=read_point(lat, lon),
        radius_km=_RADIUS_KM.get(code) or radius_from_people(people),
        importance=importance_from_people(people, group_of(country)) if letter in "PA" else 5.0,
        aliases=tuple(n for n in names if n not in (first, name)),
        source=f"geonames:{identity}",
    )
