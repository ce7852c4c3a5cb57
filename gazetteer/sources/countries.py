"""Countries and their names in Arabic and English from CLDR, through the babel package (Unicode licence)."""

from collections.abc import Mapping

# Of the two-letter codes of CLDR these are no countries: unions, and codes kept for tests and for what is unknown.
_NO_COUNTRIES = frozenset("EU EZ UN QO XA XB ZZ".split())


def country_codes() -> list[str]:
    """The ISO 3166-1 alpha-2 codes that CLDR has a name for."""
    from babel import Locale  # only building the index needs it here

    return [
        code
        for code in Locale.parse("en").territories
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    ]


def cldr_names() -> Mapping[str, tuple[str, str]]:
    """Arabic and English name by ISO 3166-1 alpha-2 code."""
    from babel import Locale

    arabic, english = Locale.parse("ar").territories, Locale.parse("en").territories
    return {code: (arabic[code], english[code]) for code in country_codes() if code in arabic}
