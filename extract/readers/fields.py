"""Records -> articles: which column is which field, what a field may hold, and the ids."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from babel import Locale
from babel.core import get_global

from extract.dates import parse_date
from extract.mentions import Article
from extract.readers.encoding import repair_mojibake
from extract.readers.errors import ArticleError
from extract.readers.options import ReadOptions
from extract.readers.source import Source
from extract.word_tables import read_rows
from gazetteer import normalize_name
from gazetteer.sources.countries import country_codes
from gazetteer.terminal import printable

# Longer ones are a text in the wrong column.
LONGEST_ID, LONGEST_LINE = 500, 2_000

_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
_UNDECODED = re.compile("[\udc80-\udcff]")
# In ids: controls, and the marks that turn the reading direction of what follows.
_UNSAFE_IN_ID = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_WEB = frozenset({"http", "https", "ftp"})


class RecordFile:
    """The records of one file: turns each into an article, and holds what the file as a whole decides.

    The first record says whether the file has ids. If so, a record without one is refused; if not, a record is named by
    the file and its place in it ("news#7"). Where `wants_ids` is false, no record is refused for its id.
    """

    def __init__(
        self, source: Source, options: ReadOptions, *, unit: str, order: str | None = "dmy", wants_ids: bool = True
    ) -> None:
        self._source, self._options, self._unit = source, options, unit
        self._order = options.date_order or order
        self._has_ids = None if wants_ids else False

    def error(self, reason: str, hint: str = "", *, row: int | None = None) -> ArticleError:
        """A refusal of one record."""
        return self._source.error(reason, hint, row=row, unit=self._unit)

    def make_article(
        self, values: Mapping[str, Any], row: int, *, columns: Mapping[str, str], tag: str = ""
    ) -> Article:
        """The record as an article. `columns` are the names to tell people; `tag` stands before the row in the id.

        Raises ArticleError when the text is missing or garbled, or the id is missing in a file that has ids.
        """
        text = self._text(values.get("text"), columns.get("text", "text"), row)
        identity = clean_id(values.get("id"))
        if self._has_ids is None:
            self._has_ids = identity is not None
        if identity is None:
            if self._has_ids:
                name = columns.get("id", "id")
                raise self.error(f'"{name}" is missing', "give every article an id, or none", row=row)
            identity = f"{self._source.base_id}#{tag}{row}"
        return Article(id=identity, text=text, **read_metadata(values, self._order))

    def _text(self, value: Any, column: str, row: int) -> str:
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            value = "\n".join(value)
        if not isinstance(value, str) or not value.strip():
            raise self.error(f'"{column}" is missing or empty', "fill it, or name the column of the text", row=row)
        return check_text(self._source, value, self._options, row=row, unit=self._unit)


def check_text(source: Source, text: str, options: ReadOptions, *, row: int | None = None, unit: str = "row") -> str:
    """The text, repaired where it was decoded wrongly, NULs and lone surrogates replaced by U+FFFD.

    Raises ArticleError when it is blank, too long or garbled.
    """
    if not text.strip():
        raise source.error("empty: no text", "remove it, or save the article again", row=row, unit=unit)
    if len(text) > options.max_text_chars:
        limit = f"more than {options.max_text_chars:,} characters in one article"
        raise source.error(limit, "split it into articles, or raise the limit", row=row, unit=unit)
    unwritable = not is_writable(text)
    if unwritable and _UNDECODED.search(text):
        raise source.error("bytes of another encoding", "save the file in one encoding, UTF-8", row=row, unit=unit)
    repaired = repair_mojibake(text)
    if repaired is None:
        raise source.error("garbled: its letters were lost", "get the text again, in UTF-8", row=row, unit=unit)
    return clean(repaired)


def is_writable(text: str) -> bool:
    """Whether the text can be stored: no NUL, no lone surrogate. Encoding tells it ten times sooner than a search."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def clean(text: str) -> str:
    """NULs and lone surrogates cannot be stored: U+FFFD stands in their place, so that offsets stay."""
    return text if is_writable(text) else _UNWRITABLE.sub("\ufffd", text)


def clean_id(value: Any) -> str | None:
    """An id as text, its controls replaced; None for what cannot be one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        return None
    identity = str(value).strip()
    return _UNSAFE_IN_ID.sub("\ufffd", identity) if 0 < len(identity) <= LONGEST_ID else None


def read_metadata(values: Mapping[str, Any], order: str | None = "dmy") -> dict[str, str | None]:
    """Title, date, outlet, country and url out of raw values, each None where there is none."""
    return {
        "title": clean_line(values.get("title")),
        "date": parse_date(values.get("date"), order=order),
        "outlet": clean_line(values.get("outlet")),
        "country": find_country(values.get("country")),
        "url": clean_url(values.get("url")),
    }


def clean_line(value: Any) -> str | None:
    """The text on one line, None when there is none; {"name": ...} stands for its name."""
    if isinstance(value, Mapping):
        value = value.get("name")
    if not isinstance(value, str) or not value.strip():
        return None
    line = " ".join(value[: 2 * LONGEST_LINE].split())[:LONGEST_LINE]
    return clean(repair_mojibake(line) or "") or None


def clean_url(value: Any) -> str | None:
    """An address of the web, None for other schemes: a link that runs a script must not reach a page."""
    line = clean_line(value)
    if line is None:
        return None
    bare = "".join(c for c in line if c > " " and unicodedata.category(c) not in ("Cc", "Cf"))
    scheme = _SCHEME.match(bare)
    return bare or None if scheme is None or scheme[1].lower() in _WEB else None


def find_country(value: Any) -> str | None:
    """ISO 3166-1 alpha-2 of a country by its code (two or three letters) or its Arabic or English name.

    >>> find_country("ly"), find_country("LBY"), find_country("الإمارات"), find_country("Syria"), find_country("??")
    ('LY', 'LY', 'AE', 'SY', None)
    """
    return _countries().get(normalize_name(value[:100])) if isinstance(value, str) else None


@cache
def _countries() -> dict[str, str]:
    codes = set(country_codes())
    names = {code.lower(): code for code in codes}
    for old, new in get_global("territory_aliases").items():
        if old.isalpha() and len(new) == 1 and new[0] in codes:
            names.setdefault(old.lower(), new[0])
    for language in ("en", "ar"):
        territories = Locale(language).territories
        names |= {normalize_name(territories[code]): code for code in codes if code in territories}
    return names | {normalize_name(row["name"]): row["country"] for row in read_rows("country_names.csv")}


@cache
def _column_names() -> dict[str, tuple[str, int]]:
    """Folded column name -> field and rank, the surest name of a field first."""
    return {normalize_name(row["name"]): (row["field"], n) for n, row in enumerate(read_rows("columns.csv"))}


def guess_columns(names: Iterable[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """Field -> column of the names given: the chosen ones as they are, the others by what columns are usually called.

    A field without a column is left out; a column serves one field.

    >>> guess_columns(["م", "النص", "Published_At", "body"], {"text": "body"})
    {'text': 'body', 'date': 'Published_At'}
    """
    return dict(_guess_columns(tuple(dict.fromkeys(names)), tuple(chosen.items())))


# Records of a file have the same few sets of keys.
@lru_cache(maxsize=256)
def _guess_columns(names: tuple[str, ...], chosen: tuple[tuple[str, str], ...]) -> dict[str, str]:
    columns = dict(chosen)
    ranked = []
    for name in names:
        known = _column_names().get(normalize_name(repair_mojibake(name) or name)) if len(name) < 100 else None
        if known is not None and name not in columns.values():
            ranked.append((known[1], known[0], name))
    for _, field, name in sorted(ranked):
        columns.setdefault(field, name)
    return columns


def find_field(name: str) -> str | None:
    """The field that a label such as «العنوان» names, None for other labels."""
    known = _column_names().get(normalize_name(name)) if len(name) < 100 else None
    return known[0] if known else None


def list_names(names: Iterable[str]) -> str:
    """Column names for a message: the first dozen, each cut to a readable length."""
    shown = [printable(str(name)[:30]) for name in names][:13]
    return ", ".join(shown[:12]) + (", ..." if len(shown) > 12 else "")
