"""What every importing source yields besides places: rows it refuses, with the reason. And reading single cells."""

import unicodedata
from dataclasses import dataclass

from gazetteer.normalize import normalize_name
from gazetteer.places import Place, Point

LONGEST_ID, LONGEST_NAME, MOST_NAMES = 120, 250, 1_000
_SHOWN = 60
# Decimal signs besides the point; float() itself reads the digits of every script.
_DECIMAL = str.maketrans({",": ".", "٫": ".", "−": "-"})


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not taken. `row` counts from 1, the way the file's lines or features do.

    Values stand in quotes in the reason, so that reasons can be counted without them.
    """

    row: int
    reason: str


class RowError(ValueError):
    """A row cannot be taken: the message is the reason."""


def shown(value: object) -> str:
    """A value as a reason quotes it: short, in quotes, control characters as escapes."""
    text = str(value)
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def read_point(lat: object, lon: object) -> Point:
    """The point of two cells. Raises RowError for what is no number or out of range."""
    try:
        return Point(float(str(lat).translate(_DECIMAL)), float(str(lon).translate(_DECIMAL)))
    except ValueError as error:
        missing = not str(lat).strip() or not str(lon).strip()
        reason = "no position" if missing else f"position {shown(lat)}, {shown(lon)} is none on Earth"
        raise RowError(reason) from error


def read_people(cell: object) -> int:
    """A number of people, 0 when it is not known or no number."""
    try:
        return max(0, int(float("".join(c for c in str(cell or 0) if c not in ", '٬\u00a0\u202f"))))
    except (ValueError, OverflowError):
        return 0


def read_country(cell: object) -> str | None:
    """An ISO 3166-1 alpha-2 code in capitals, None for anything else."""
    code = str(cell or "").strip().upper()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


def clean_name(name: str) -> str:
    """A name with every run of blanks, tabs and line ends as one space."""
    if name.isprintable() and "  " not in name:
        return name.strip(" ")
    return " ".join(part for part in name.replace("\t", " ").replace("\r", " ").replace("\n", " ").split(" ") if part)


def check_place(place: Place) -> None:
    """Raises RowError for a place that the index must not hold: no letters, control characters, texts without end."""
    if len(place.id) > LONGEST_ID or place.id.split() != [place.id]:
        raise RowError(f"id {shown(place.id)} is empty, too long or has blanks")
    if len(place.aliases) > MOST_NAMES:
        raise RowError(f"more than {MOST_NAMES} names")
    for text in (place.id, *place.names, *place.parents, place.source):
        if len(text) > LONGEST_NAME:
            raise RowError(f"name {shown(text)} is too long")
        if text.isprintable():  # most are
            continue
        kinds = {unicodedata.category(c) for c in text}
        if "Cs" in kinds:
            raise RowError(f"{shown(text)} is not UTF-8")
        if "Cc" in kinds:
            raise RowError(f"a control character in {shown(text)}")
    if not normalize_name(place.name):
        raise RowError("no name" if not place.name.strip() else f"name {shown(place.name)} has no letters")
