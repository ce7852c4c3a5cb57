"""Tables of places as CSV: our own in gazetteer/data, and what users write in the same form."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from gazetteer.errors import TableError
from gazetteer.places import FeatureClass, Place, Point
from gazetteer.sources.rows import check_place

DATA = Path(__file__).resolve().parent.parent / "data"
COLUMNS = (
    "id",
    "name",
    "aliases",
    "name_en",
    "feature",
    "country",
    "parent",
    "lat",
    "lon",
    "radius_km",
    "importance",
    "source",
)
_ID = re.compile(r"[a-z0-9][a-z0-9-]*(:[A-Za-z0-9-]+)?")


def own_tables() -> list[Path]:
    """The project's own tables, in a fixed order."""
    return sorted(p for p in DATA.glob("*.csv"))


def read_table(path: Path) -> Iterator[Place]:
    """The places of one table, in file order. Raises TableError naming file, line and value.

    Columns are COLUMNS; several aliases are separated by "|"; degrees are WGS 84, importance runs from 0 to 100.
    """
    for row in read_rows(path):
        if isinstance(row, TableError):
            raise row
        yield row


def read_rows(path: Path) -> Iterator[Place | TableError]:
    """As `read_table`, but a wrong row comes as the error it is, and the rows after it are read."""
    with open(path, encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        try:
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise TableError(f"{path.name}: the header must be {','.join(COLUMNS)}, not {reader.fieldnames}")
            for row in reader:
                try:
                    place = make_place(row, f"{path.name}, line {reader.line_num}")
                except TableError as error:
                    yield error
                    continue
                yield place
        except UnicodeDecodeError as error:
            raise TableError(f"{path.name}: not UTF-8: save it as that") from error
        except csv.Error as error:
            raise TableError(f"{path.name}, line {reader.line_num}: {error}") from error


def make_place(row: dict[str, str], where: str) -> Place:
    """The place of one row; `where` it stands begins the message of the TableError for a wrong one."""
    if None in row or None in row.values():
        raise TableError(f"{where}: {len(COLUMNS)} cells are wanted")
    cells = {name: value.strip() for name, value in row.items()}
    if not _ID.fullmatch(cells["id"]):
        raise TableError(f"{where}: bad id {cells['id']!r}")
    if not cells["name"] or not cells["source"]:
        raise TableError(f"{where}: name and source must not be empty")
    if cells["country"] and not re.fullmatch("[A-Z]{2}", cells["country"]):
        raise TableError(f"{where}: country {cells['country']!r} is no ISO 3166-1 alpha-2 code")
    try:
        place = Place(
            id=cells["id"],
            name=cells["name"],
            name_en=cells["name_en"],
            feature=FeatureClass(cells["feature"]),
            country=cells["country"] or None,
            point=Point(float(cells["lat"]), float(cells["lon"])),
            radius_km=_between(float(cells["radius_km"]), 0.1, 10000),
            importance=_between(float(cells["importance"]), 0, 100),
            aliases=tuple(a.strip() for a in cells["aliases"].split("|") if a.strip()),
            parents=(cells["parent"],) if cells["parent"] else (),
            source=cells["source"],
        )
        check_place(place)
    except ValueError as error:
        raise TableError(f"{where}: {error}") from error
    return place


def _between(value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise ValueError(f"{value} is not between {low} and {high}")
    return value
