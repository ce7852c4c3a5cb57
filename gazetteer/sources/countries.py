"""Country names in Arabic and English from CLDR, through the babel package (Unicode licence): names for places we have."""

from collections.abc import Mapping


def cldr_names() -> Mapping[str, tuple[str, str]]:
    """Arabic and English name by ISO 3166-1 alpha-2 code."""
    from babel import Locale  # only building the index needs it

    arabic, english = Locale.parse("ar").territories, Locale.parse("en").territories
    return {
        code: (arabic[code], english[code]) for code in arabic if len(code) == 2 and code.isalpha() and code in english
    }
