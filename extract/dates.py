"""Dates as news writes them -> ISO 8601. Nothing is guessed: what is not a whole date of a plausible year is None."""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from hijridate import Hijri

from extract.word_tables import read_rows
from gazetteer.normalize import fold_word, is_mark, normalize_name

# The first Arabic newspaper is of 1828; what is older is a slip or the text's subject.
EARLIEST = date(1800, 1, 1)
# A clock may be wrong and a magazine is dated ahead; nothing is dated more than a year ahead.
AHEAD = timedelta(days=366)
# The Umm al-Qura table that the converter goes by.
HIJRI_YEARS = range(1343, 1501)
# A date stands at the beginning of a field; more than this is a text.
LONGEST_FIELD = 300
# Epoch seconds since 1973 and milliseconds since 2001: smaller numbers are counts, not times.
_SECONDS, _MILLISECONDS = range(10**8, 10**10), range(10**12, 10**13)

_WORD = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:t?\d{4,6}z?)?")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4})(?!\d)")
# After a year: هـ (folded), هجري, هجرية, AH.
_HIJRI_MARK = re.compile(r"\s*\(?(?:ه(?:جر\w*)?|a\.?h\.?)(?!\w)")


class _Found(NamedTuple):
    start: int
    hijri: bool
    year: int
    month: int
    day: int


def parse_date(value: object, *, order: Literal["dmy", "mdy"] | None = "dmy", latest: date | None = None) -> str | None:
    """The first Gregorian date that the value holds, else the first Hijri one converted; None where there is none.

    `order` is how 12/5/2019 is read; None leaves such dates out. A date before 1800 or after `latest` (a year from
    today when not given) is none. Numbers are taken as YYYYMMDD or as epoch seconds or milliseconds (UTC). A Hijri date
    is one with a Hijri month name or هـ after its year; it is converted by the Umm al-Qura calendar.

    >>> parse_date("الأحد ١٢ كانون الثاني/يناير ٢٠٢٠"), parse_date("25 جمادى الأولى 1441 هـ"), parse_date("12/5/2019")
    ('2020-01-12', '2020-01-20', '2019-05-12')
    """
    found = _read(value, order)
    if found is None or not EARLIEST <= found <= (latest or datetime.now(UTC).date() + AHEAD):
        return None
    return found.isoformat()


def _read(value: object, order: str | None) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return _read_text(value[:LONGEST_FIELD] if isinstance(value, str) else _number(value), order)


# The articles of an archive share their days.
@lru_cache(maxsize=4096)
def _read_text(value: str, order: str | None) -> date | None:
    text = _fold(value)
    compact = _COMPACT.fullmatch(text.strip())
    if compact and (exact := _gregorian(*map(int, compact.groups()))) is not None:
        return exact
    if text.strip().isdigit():
        return _from_epoch(int(text)) if len(text) < 20 else None
    return _first(sorted({*_find_numbers(text, order), *_find_names(text)}))


def _number(value: float) -> str:
    return str(int(value)) if value == value and abs(value) < 1e18 else ""


def _from_epoch(number: int) -> date | None:
    if number in _MILLISECONDS:
        number //= 1000
    return datetime.fromtimestamp(number, UTC).date() if number in _SECONDS else None


def _first(found: list[_Found]) -> date | None:
    """A page that gives both calendars means one day: the Gregorian one needs no conversion."""
    for entry in found:
        if not entry.hijri and (day := _gregorian(*entry[2:])) is not None and day >= EARLIEST:
            return day
    return next((day for entry in found if entry.hijri and (day := _from_hijri(*entry[2:])) is not None), None)


def _gregorian(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _from_hijri(year: int, month: int, day: int) -> date | None:
    if year not in HIJRI_YEARS or not (1 <= month <= 12 and 1 <= day <= 30):
        return None
    first = Hijri(year, month, 1).to_gregorian()
    # Countries begin months by their own sighting, so a 30th day may stand where the table has 29.
    return date(first.year, first.month, first.day) + timedelta(days=day - 1)


def _find_numbers(text: str, order: str | None) -> list[_Found]:
    found = []
    for match in _YEAR_FIRST.finditer(text):
        year, month, day = int(match[1]), int(match[3]), int(match[4])
        found.append(_Found(match.start(), _is_hijri(text, match.end()), year, month, day))
    for match in _YEAR_LAST.finditer(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        hijri = _is_hijri(text, match.end())
        if order is None and not hijri:
            continue
        day, month = (second, first) if order == "mdy" and not hijri else (first, second)
        found.append(_Found(match.start(), hijri, year, month, day))
    return found


def _is_hijri(text: str, end: int) -> bool:
    return _HIJRI_MARK.match(text, end) is not None


def _find_names(text: str) -> list[_Found]:
    months, patterns = _month_patterns()
    found = []
    for pattern in patterns:
        for match in pattern.finditer(text):
            calendar, month = months[_key(match["month"])]
            other = match.groupdict().get("other")
            if other and months[_key(other)] != (calendar, month):
                continue
            found.append(_Found(match.start(), calendar == "hijri", int(match["year"]), month, int(match["day"])))
    return found


@cache
def month_names() -> dict[str, tuple[str, int]]:
    """The months by folded name: calendar ("gregorian" or "hijri") and number."""
    return {normalize_name(row["name"]): (row["calendar"], int(row["month"])) for row in read_rows("months.csv")}


@cache
def _month_patterns() -> tuple[dict[str, tuple[str, int]], list[re.Pattern[str]]]:
    """The months by folded name, and the three orders in which a date with a month name is written."""
    months = dict(month_names())
    names = "|".join(name.replace(" ", r"[\s-]*") for name in sorted(months, key=len, reverse=True))
    months |= {name.replace(" ", ""): value for name, value in months.items()}
    month = rf"(?<!\w)(?P<month>{names})(?!\w)\.?"
    other = rf"(?:\s*[/|(\[–-]\s*(?P<other>{names})\s*[)\]]?)?"
    day, year = r"(?<!\d)(?P<day>\d{1,2})(?!\d)(?:st|nd|rd|th|er)?", r"(?<!\d)(?P<year>\d{4})(?!\d)"
    gap = r"[\s,،./_-]*"
    orders = (
        rf"{day}{gap}(?:من\s|شهر\s|of\s|\s)*{month}{other}{gap}(?:عام|سنه|لعام|لسنه)?\s*{year}",
        rf"{month}{other}{gap}{day}{gap}(?<!\d){year}",
        rf"{year}{gap}{month}{other}{gap}{day}",
    )
    return months, [re.compile(order) for order in orders]


def _key(name: str) -> str:
    return normalize_name(name).replace(" ", "")


def _fold(text: str) -> str:
    """Letters folded as names are, digits to 0-9, marks and invisible characters dropped, punctuation kept."""
    plain = "".join(c for c in text if not is_mark(c) and unicodedata.category(c) != "Cf")
    digits = _DIGITS.sub(lambda m: "".join(str(unicodedata.decimal(c)) for c in m[0]), plain)
    return _WORD.sub(lambda m: fold_word(m[0]), digits)
