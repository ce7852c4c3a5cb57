"""The interface's texts in the reader's language: gettext catalogues, plural forms, numbers and dates.

A translator edits `locale/<language>.po`; the English texts stand in the code and are the keys.
"""

import gettext
from dataclasses import dataclass
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from gazetteer.sources.countries import country_codes

LOCALE_FOLDER = Path(__file__).parent / "locale"
# CLDR has Arabic digits for some countries and 1,234.5 for others: the latter agrees with scores and coordinates.
LANGUAGES = {"ar": "العربية", "en": "English"}
DEFAULT_LANGUAGE = "ar"
_CLDR = {"ar": "ar_AE", "en": "en_GB"}
_RIGHT_TO_LEFT = {"ar"}

# What the codes of a relation (see extract.mentions.Mention) say, as a text to translate.
RELATIONS = {
    "N": "north of {place}",
    "NE": "north-east of {place}",
    "E": "east of {place}",
    "SE": "south-east of {place}",
    "S": "south of {place}",
    "SW": "south-west of {place}",
    "W": "west of {place}",
    "NW": "north-west of {place}",
    "near": "near {place}",
    "outskirts": "on the outskirts of {place}",
    "between": "between {place} and another place",
    "towards": "towards {place}",
    "road": "on the road to {place}",
    "centre": "in the centre of {place}",
}


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    path = LOCALE_FOLDER / f"{language}.po"
    if not path.exists():
        return gettext.NullTranslations()
    with path.open("rb") as stream:
        catalogue = read_po(stream, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language. Call it with an English text to get that text in the language."""

    language: str

    def __call__(self, text: str, **values: str) -> str:
        """The text in the language, its {fields} filled with the values."""
        found = _catalogue(self.language).gettext(text)
        return found.format(**values) if values else found

    def count(self, one: str, many: str, n: int, **values: str) -> str:
        """A text that holds {n}, in the plural form that n asks for."""
        return _catalogue(self.language).ngettext(one, many, n).format(n=self.number(n), **values)

    def term(self, kind: str, code: str) -> str:
        """A word of a closed list (role, feature, method, column) by its code; the code itself where none is known."""
        return _catalogue(self.language).pgettext(kind, code)

    def relation(self, code: str, place: str) -> str:
        """A relation such as "S:30" in words, around the place's name."""
        direction, _, distance = code.partition(":")
        text = self(RELATIONS.get(direction, "{place}"), place=place)
        return self("{km} km {relation}", km=distance, relation=text) if distance else text

    @property
    def right_to_left(self) -> bool:
        """Whether the language is written from right to left."""
        return self.language in _RIGHT_TO_LEFT

    @property
    def direction(self) -> str:
        """The language's direction as HTML says it."""
        return "rtl" if self.right_to_left else "ltr"

    def number(self, value: float) -> str:
        """A number with the language's grouping."""
        return format_decimal(value, locale=_CLDR[self.language])

    def date(self, iso: str | None, *, short: bool = False) -> str:
        """A date in words (with `short` in figures), "no date" for none, and what is no ISO date as it stands."""
        if not iso:
            return self("no date")
        try:
            day = date.fromisoformat(iso[:10])
        except ValueError:
            return iso
        return format_date(day, "yyyy-MM-dd" if short else "d MMMM y", locale=_CLDR[self.language])

    def place_name(self, place: str | None, place_en: str | None) -> str:
        """A place's name in the language, or the one it has."""
        first, second = (place, place_en) if self.language == "ar" else (place_en, place)
        return first or second or ""

    def country(self, code: str) -> str:
        """A country's usual short name by its ISO 3166-1 alpha-2 code, or the code."""
        short = self.term("country", code)
        return short if short != code else _territories(self.language).get(code, code)

    def countries(self) -> list[str]:
        """The codes of all countries, in the order of their names."""
        return sorted(country_codes(), key=lambda code: self.country(code))


@cache
def _territories(language: str) -> dict[str, str]:
    return dict(Locale(language).territories)
