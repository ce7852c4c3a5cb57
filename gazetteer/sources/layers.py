"""Putting the layers together: later ones override earlier ones by id, or by name and distance."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import SequenceMatcher

from gazetteer.errors import TableError
from gazetteer.normalize import name_keys, normalize_name
from gazetteer.places import FeatureClass, Place

# Two layers mean one place when a name is shared and the points are so near. Towns of GeoNames lie at a median of 0.7 km,
# at most 8 km, from rows of ours for the same town; namesakes within one district are rarely nearer than 12 km.
SAME_PLACE_KM = 9.0
# Packaged towns carry names of other places and other ages: القدس came with يبوس and اريئيل. Of 1,165 Arabic names of
# towns that are rows of ours too, 984 are this like a name the row has.
RESEMBLES_FROM = 0.6
_KINDS = {
    FeatureClass.CITY: "settlement",
    FeatureClass.DISTRICT: "settlement",
    FeatureClass.AIRPORT: "transport",
    FeatureClass.PORT: "transport",
}


def merge_layers(layers: Iterable[Iterable[Place]]) -> dict[str, Place]:
    """All places by id, the last layer's first. Names of an overridden place stay as aliases of the one that took over, and
    places within it lie within that one.

    Of the first layer, the packaged one, only names that resemble one the place has are taken over.
    """
    every = [list(layer) for layer in layers]
    merged: dict[str, Place] = {}
    became: dict[str, str] = {}
    for number in reversed(range(len(every))):
        taken = _by_key(merged.values())
        for place in every[number]:
            twin = merged.get(place.id) or _twin(place, taken)
            if twin is None:
                merged[place.id] = place
                continue
            twin = merged[twin.id]
            names = [n for n in place.names if resembles(n, twin.names)] if number == 0 else place.names
            merged[twin.id] = _with_names(twin, names)
            if twin.id != place.id:
                became[place.id] = twin.id
    return {identity: _moved(place, merged, became) for identity, place in merged.items()}


def _moved(place: Place, merged: Mapping[str, Place], became: Mapping[str, str]) -> Place:
    """The place with its parents under the ids they have now."""
    parents = tuple(p if p in merged else became.get(p, p) for p in place.parents)
    parents = tuple(p for p in parents if p != place.id)
    return place if parents == place.parents else replace(place, parents=parents)


def resembles(name: str, known: Iterable[str]) -> bool:
    """Whether a name looks like another writing, or a short form, of one of these. Latin spellings always do.

    >>> resembles("تاجورا", ["تاجوراء"]), resembles("يبوس", ["القدس", "Jerusalem"]), resembles("Al Quds", ["القدس"])
    (True, False, True)
    """
    key = normalize_name(name)
    if not any("\u0600" <= letter <= "\u06ff" for letter in key):
        return True
    others = [normalize_name(other) for other in known]
    return any(
        set(key.split()) <= set(other.split()) or SequenceMatcher(None, key, other).ratio() >= RESEMBLES_FROM
        for other in others
    )


def place_kind(place: Place) -> str:
    """Settlement, transport or the feature class itself: only places of one kind may be one place in two layers."""
    return _KINDS.get(place.feature, place.feature.value)


def _by_key(places: Iterable[Place]) -> dict[tuple[str, str], list[Place]]:
    index: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)
    for place in places:
        for name in place.names:
            for key in name_keys(name):
                index[place_kind(place), key].append(place)
    return index


def _twin(place: Place, taken: Mapping[tuple[str, str], list[Place]]) -> Place | None:
    near = [
        other
        for name in place.names
        for key in name_keys(name)
        for other in taken.get((place_kind(place), key), ())
        if same_place(place, other)
    ]
    return min(near, key=lambda other: (other.point.distance_km(place.point), other.id), default=None)


def same_place(place: Place, other: Place) -> bool:
    """Whether two places with a name in common lie near enough to be one. `other` is the one that is kept."""
    return other.point.distance_km(place.point) <= max(SAME_PLACE_KM, min(other.radius_km, 25.0))


def _with_names(place: Place, names: Iterable[str]) -> Place:
    known = set(place.names)
    more = tuple(dict.fromkeys(n for n in names if n and n not in known))
    return replace(place, aliases=place.aliases + more) if more else place


def with_country_names(places: dict[str, Place], names: Mapping[str, tuple[str, str]]) -> dict[str, Place]:
    """The places, countries known under CLDR's Arabic and English names too."""
    for code, (arabic, english) in names.items():
        country = places.get(code.lower())
        if country is not None:
            places[country.id] = _with_names(country, (arabic, english))
    return places


def with_parent_chains(places: dict[str, Place]) -> list[Place]:
    """The places sorted by id, with all their parents, nearest first, down to the country.

    Raises TableError for a parent that does not exist or a circle of parents.
    """
    return [replace(place, parents=_chain(place, places)) for _, place in sorted(places.items())]


def _chain(place: Place, places: Mapping[str, Place]) -> tuple[str, ...]:
    chain: list[str] = []
    at = place
    while at.parents:
        parent = at.parents[0]
        if parent not in places:
            raise TableError(f"{place.id}: its parent {parent!r} is in no table")
        if parent in chain or parent == place.id:
            raise TableError(f"{place.id}: circle of parents at {parent!r}")
        chain.append(parent)
        at = places[parent]
    if place.country and place.country.lower() in places and place.id != place.country.lower():
        country = place.country.lower()
        if country not in chain:
            chain.append(country)
    return tuple(chain)
