"""Name -> candidates: exact, alias, other writings, typos. The only importer of rapidfuzz."""

from collections.abc import Iterable

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from gazetteer.index import BARE, DERIVED, Gazetteer, allowed_edits
from gazetteer.normalize import ARTICLE, normalize_name
from gazetteer.places import Candidate, FeatureClass, Place

# How well a name fits, 0..100: as written; folded letters differ; grown together or split; article added or left out;
# the generic noun of the name left out.
EXACT, VARIANT, JOINED, ARTICLE_DIFFERS, NOUN_MISSING = 100.0, 97.0, 95.0, 90.0, 85.0
# Generic nouns that a name may be given with although the gazetteer holds it without: مدينة غريان, بلدية جنزور.
GENERIC = {
    "مدينه": (FeatureClass.CITY,),
    "بلده": (FeatureClass.CITY,),
    "قريه": (FeatureClass.CITY,),
    "بلديه": (FeatureClass.CITY, FeatureClass.DISTRICT, FeatureClass.REGION),
    "محافظه": (FeatureClass.REGION,),
    "ولايه": (FeatureClass.REGION,),
    "اقليم": (FeatureClass.REGION,),
    "منطقه": (FeatureClass.REGION, FeatureClass.DISTRICT, FeatureClass.CITY),
    "حي": (FeatureClass.DISTRICT,),
    "ضاحيه": (FeatureClass.DISTRICT, FeatureClass.CITY),
    "دوله": (FeatureClass.COUNTRY,),
    "جمهوريه": (FeatureClass.COUNTRY,),
    "جزيره": (FeatureClass.REGION,),
    "معبر": (FeatureClass.FACILITY,),
    "منفذ": (FeatureClass.FACILITY,),
    "قضاء": (FeatureClass.REGION, FeatureClass.CITY),
    "ناحيه": (FeatureClass.REGION, FeatureClass.CITY),
    "مديريه": (FeatureClass.REGION, FeatureClass.CITY),
}
GENERIC = {normalize_name(noun): features for noun, features in GENERIC.items()}


def find_candidates(gazetteer: Gazetteer, name: str, *, limit: int = 10, fuzzy: bool = True) -> list[Candidate]:
    """Places the name may mean, best first: by score, then importance, then id. [] when none fits.

    Typos (`fuzzy`) are looked for only when nothing else fits.
    """
    key = normalize_name(name)
    found = exact_candidates(gazetteer, key, name)
    if not found:
        found = generic_candidates(gazetteer, key)
    found += bare_candidates(gazetteer, key)
    if not found:
        found = article_candidates(gazetteer, key)
    if not found and fuzzy:
        found = fuzzy_candidates(gazetteer, key)
    return rank(found)[:limit]


def rank(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Best first, one a place; ties by id, so that the order never hangs on anything else."""
    best: dict[str, Candidate] = {}
    for candidate in candidates:
        known = best.get(candidate.place.id)
        if known is None or candidate.score > known.score:
            best[candidate.place.id] = candidate
    return sorted(best.values(), key=lambda c: (-c.score, -c.place.importance, c.place.id))


def exact_candidates(gazetteer: Gazetteer, key: str, written: str | None = None) -> list[Candidate]:
    """Places with a name of this very key. `written` tells a name written to the letter from a variant."""
    found = []
    for row, kind in gazetteer.rows(key):
        if kind == BARE:
            continue
        place = gazetteer.place(row)
        name = matched_name(place, key, written)
        if written is not None and name == written:
            found.append(Candidate(place, name, EXACT, "exact"))
        else:
            found.append(Candidate(place, name, JOINED if kind == DERIVED else VARIANT, "variant"))
    return found


def bare_candidates(gazetteer: Gazetteer, key: str) -> list[Candidate]:
    """Places whose name is this one with a generic noun before it: الزيتون for حي الزيتون."""
    places = [gazetteer.place(row) for row, kind in gazetteer.rows(key) if kind == BARE]
    return [Candidate(place, place.name, NOUN_MISSING, "variant") for place in places]


def matched_name(place: Place, key: str, written: str | None = None) -> str:
    """Which of the place's names has this key; the one written the same way when there is one."""
    if written is not None and written in place.names:
        return written
    return next((name for name in place.names if normalize_name(name) == key), place.name)


def generic_candidates(gazetteer: Gazetteer, key: str) -> list[Candidate]:
    """Places under the name without its generic noun, when they are of that kind."""
    noun, _, rest = key.partition(" ")
    features = GENERIC.get(noun)
    if not features or not rest:
        return []
    fitting = [c for c in exact_candidates(gazetteer, rest) if c.place.feature in features]
    return [Candidate(c.place, c.matched_name, JOINED, "variant") for c in fitting]


def article_candidates(gazetteer: Gazetteer, key: str) -> list[Candidate]:
    """Places under the name with the article added to or taken from its first word."""
    other = key.removeprefix(ARTICLE) if key.startswith(ARTICLE) else ARTICLE + key
    if len(other) < 3:
        return []
    return [Candidate(c.place, c.matched_name, ARTICLE_DIFFERS, "variant") for c in exact_candidates(gazetteer, other)]


def fuzzy_candidates(gazetteer: Gazetteer, key: str) -> list[Candidate]:
    """Places with a name that is this one with one wrong letter (two from nine letters on). Score is `fuzz.ratio`.

    Edits are insertion, deletion, replacement and the exchange of neighbours (optimal string alignment).
    """
    edits = allowed_edits(key)
    if not edits:
        return []
    near = [(OSA.distance(key, other, score_cutoff=edits), other) for other in gazetteer.near_keys(key) if other != key]
    near = [(distance, other) for distance, other in near if distance <= edits and distance <= allowed_edits(other)]
    if not near:
        return []
    least = min(distance for distance, _ in near)
    found = []
    for distance, other in near:
        if distance == least:
            score = min(fuzz.ratio(key, other), ARTICLE_DIFFERS)
            found += [Candidate(c.place, c.matched_name, score, "fuzzy") for c in exact_candidates(gazetteer, other)]
    return found
