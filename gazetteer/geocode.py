"""The gazetteer as a geopy geocoder, and online geocoders behind it, off unless asked for. The only importer of geopy."""

import inspect
import json
import logging
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from geopy.exc import ConfigurationError, GeocoderQueryError, GeopyError
from geopy.extra.rate_limiter import RateLimiter
from geopy.geocoders import get_geocoder_for_service
from geopy.geocoders.base import DEFAULT_SENTINEL, Geocoder
from geopy.location import Location
from geopy.point import Point as GeopyPoint

from gazetteer.errors import SourceError
from gazetteer.index import Gazetteer
from gazetteer.load import load_gazetteer
from gazetteer.match import find_candidates
from gazetteer.normalize import normalize_name
from gazetteer.places import Candidate, FeatureClass, Place, Point

logger = logging.getLogger(__name__)
USER_AGENT = "rasid-geocoder/0.1 (open software for reading Arabic news)"
ONLINE_DELAY_S = 1.1  # Nominatim's usage policy allows one request a second
ONLINE_TIMEOUT_S = 5
REVERSE_WITHIN_KM = 200.0
NEAR_KM = 300.0
# What a bias adds to a candidate's importance (0..100): a named parent or country outweighs fame, a view helps.
PARENT_BONUS, VIEW_BONUS, NEAR_BONUS = 100.0, 40.0, 40.0
_SEPARATORS = re.compile("[,،;؛/]")


class GazetteerGeocoder(Geocoder):
    """A geopy geocoder over the gazetteer: it may stand where Nominatim stands, and needs no network.

    `Location.raw` holds the place: place_id, name, name_en, feature, country, parents, radius_km, importance, score
    (0..100, how well the name fits), method, source.
    """

    def __init__(self, gazetteer: Gazetteer | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.gazetteer = load_gazetteer() if gazetteer is None else gazetteer

    def geocode(
        self,
        query: str | Mapping[str, str],
        *,
        exactly_one: bool = True,
        timeout: Any = DEFAULT_SENTINEL,
        limit: int | None = None,
        addressdetails: bool = False,
        language: str | bool = False,
        geometry: str | None = None,
        extratags: bool = False,
        country_codes: str | Iterable[str] | None = None,
        viewbox: Sequence[Any] | None = None,
        bounded: bool = False,
        featuretype: str | None = None,
        namedetails: bool = False,
        near: Any = None,
    ) -> Location | list[Location] | None:
        """The place of a name, best first; None when there is none.

        `query` is a name, or a name and what contains it after commas («البيضاء، اليمن»), or a mapping with `city`,
        `state`, `country` and the like. `country_codes` keeps only those ISO codes; `viewbox` (two corners) and `near`
        (a point) prefer what lies there, `bounded` keeps only what lies in the box; `language` "en" gives English
        addresses. What a gazetteer has no use for is taken and left aside. Raises GeocoderQueryError for a bad box.
        """
        name, within = _split_query(query)
        candidates = [c for c in find_candidates(self.gazetteer, name, limit=100)] if name else []
        if country_codes:
            codes = [country_codes] if isinstance(country_codes, str) else country_codes
            wanted = {code.strip().upper() for entry in codes for code in entry.split(",")}
            candidates = [c for c in candidates if c.place.country in wanted]
        if featuretype:
            candidates = [c for c in candidates if c.place.feature.value == featuretype]
        box = _read_box(viewbox)
        if bounded and box:
            candidates = [c for c in candidates if _in_box(c.place.point, box)]
        containers = [self._containers(part) for part in within]
        ranked = sorted(candidates, key=lambda c: (-self._rank(c, containers, box, near), c.place.id))
        return self._answer([self._location(c, language) for c in ranked], exactly_one, limit)

    def reverse(
        self,
        query: Any,
        *,
        exactly_one: bool = True,
        timeout: Any = DEFAULT_SENTINEL,
        limit: int | None = None,
        language: str | bool = False,
        addressdetails: bool = True,
        zoom: int | None = None,
        namedetails: bool = False,
    ) -> Location | list[Location] | None:
        """The places around a point, nearest first; None when none lies within 200 km.

        A country or continent comes only when nothing smaller does. `zoom` as in Nominatim: 3 asks for the country, 5 and
        8 for a region, 10 for a town, more for anything.
        """
        at = GeopyPoint(query)
        point = Point(at.latitude, at.longitude)
        wanted = _features_at(zoom)
        near = self.gazetteer.nearest(point, limit=200, within_km=REVERSE_WITHIN_KM if wanted is None else 2000.0)
        found = [(km, self.gazetteer.place(row)) for km, row in near]
        large = (FeatureClass.COUNTRY, FeatureClass.CONTINENT)
        kept = [(km, p) for km, p in found if (p.feature in wanted if wanted else p.feature not in large)]
        locations = [
            self._location(Candidate(place, place.name, 100.0, "nearest"), language, km)
            for km, place in kept or (found if wanted is None else [])
        ]
        return self._answer(locations, exactly_one, limit)

    def _containers(self, part: str) -> set[str]:
        return {c.place.id for c in find_candidates(self.gazetteer, part, limit=20)}

    def _rank(self, candidate: Candidate, containers: list[set[str]], box: Any, near: Any) -> float:
        place = candidate.place
        score = candidate.score + place.importance
        score += sum(PARENT_BONUS for ids in containers if ids.intersection(place.parents))
        if box and _in_box(place.point, box):
            score += VIEW_BONUS
        if near is not None:
            at = GeopyPoint(near)
            distance = place.point.distance_km(Point(at.latitude, at.longitude))
            score += NEAR_BONUS * max(0.0, 1 - distance / NEAR_KM)
        return score

    def _location(self, candidate: Candidate, language: str | bool, distance_km: float | None = None) -> Location:
        place = candidate.place
        english = isinstance(language, str) and language.lower().startswith("en")
        raw = {**place_fields(place), "score": round(candidate.score, 1), "method": candidate.method}
        raw["display_name"] = self._address(place, english)
        if distance_km is not None:
            raw["distance_km"] = round(distance_km, 3)
        return Location(raw["display_name"], (place.point.lat, place.point.lon), raw)

    def _address(self, place: Place, english: bool) -> str:
        rows = [self.gazetteer.row_of(parent) for parent in place.parents]
        chain = [place, *(self.gazetteer.place(row) for row in rows if row is not None)]
        names = [(p.name_en or p.name) if english else p.name for p in chain]
        return (", " if english else "، ").join(dict.fromkeys(names))

    @staticmethod
    def _answer(locations: list[Location], exactly_one: bool, limit: int | None) -> Location | list[Location] | None:
        if not locations:
            return None
        return locations[0] if exactly_one else locations[:limit]


def place_fields(place: Place) -> dict[str, Any]:
    """The place as plain values, as `Location.raw` holds it."""
    return {
        "place_id": place.id,
        "name": place.name,
        "name_en": place.name_en,
        "feature": place.feature.value,
        "country": place.country,
        "parents": list(place.parents),
        "lat": place.point.lat,
        "lon": place.point.lon,
        "radius_km": place.radius_km,
        "importance": place.importance,
        "source": place.source,
    }


def _split_query(query: str | Mapping[str, str]) -> tuple[str, list[str]]:
    if isinstance(query, Mapping):
        order = ("amenity", "street", "city", "county", "state", "country")
        parts = [query[key] for key in order if query.get(key)]
    else:
        parts = [part.strip() for part in _SEPARATORS.split(query)]
    parts = [part for part in parts if normalize_name(part)]
    return (parts[0], parts[1:]) if parts else ("", [])


def _read_box(viewbox: Sequence[Any] | None) -> tuple[float, float, float, float] | None:
    if viewbox is None:
        return None
    try:
        first, second = (GeopyPoint(corner) for corner in viewbox)
    except (TypeError, ValueError) as error:
        raise GeocoderQueryError(f"viewbox must be two corners, not {viewbox!r}") from error
    lats, lons = sorted((first.latitude, second.latitude)), sorted((first.longitude, second.longitude))
    return lats[0], lons[0], lats[1], lons[1]


def _in_box(point: Point, box: tuple[float, float, float, float]) -> bool:
    south, west, north, east = box
    return south <= point.lat <= north and west <= point.lon <= east


def _features_at(zoom: int | None) -> tuple[FeatureClass, ...] | None:
    if zoom is None or zoom > 12:
        return None
    if zoom <= 4:
        return (FeatureClass.COUNTRY,)
    return (FeatureClass.REGION,) if zoom <= 9 else (FeatureClass.CITY,)


class OnlineGeocoder(Geocoder):
    """An online geopy geocoder behaved: rate limit, timeout, answers kept on disk, no error when the network is away.

    Answers say where they came from in `raw["method"]`. The answers of one service are kept in one SQLite file.
    """

    def __init__(self, geocoder: Geocoder, service: str, cache: Path, *, min_delay_s: float = ONLINE_DELAY_S) -> None:
        super().__init__(user_agent=USER_AGENT)
        self.service = service
        self._taken = {name: inspect.signature(getattr(geocoder, name)).parameters for name in ("geocode", "reverse")}
        self._limited = {
            name: RateLimiter(
                getattr(geocoder, name), min_delay_seconds=min_delay_s, max_retries=0, swallow_exceptions=False
            )
            for name in ("geocode", "reverse")
        }
        self._cache: Path | None = cache
        try:
            cache.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(cache)) as db, db:
                db.execute("CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, answer TEXT NOT NULL)")
        except (sqlite3.Error, OSError) as error:
            logger.warning("answers of %s are not kept: %s cannot be used (%s)", service, cache, error)
            self._cache = None

    def geocode(self, query: Any, *, exactly_one: bool = True, **options: Any) -> Location | list[Location] | None:
        """What the service answers, from the cache when it was asked before; None when it cannot be reached."""
        return self._ask("geocode", query, exactly_one, options)

    def reverse(self, query: Any, *, exactly_one: bool = True, **options: Any) -> Location | list[Location] | None:
        """As `geocode`, for a point."""
        return self._ask("reverse", str(query), exactly_one, options)

    def _ask(self, kind: str, query: Any, exactly_one: bool, options: dict[str, Any]) -> Any:
        # In a chain, options that only other geocoders know come by too.
        options = {n: v for n, v in options.items() if v is not None and v is not False and self._takes(kind, n)}
        question = json.dumps([kind, query, sorted(options.items())], ensure_ascii=False, default=str)
        found = self._kept(question)
        if found is None:
            try:
                answer = self._limited[kind](query, exactly_one=False, timeout=ONLINE_TIMEOUT_S, **options)
            except (GeopyError, OSError, TypeError, ValueError) as error:
                logger.warning("%s did not answer (%s): going on without it", self.service, error)
                return None
            found = [(at.address, at.latitude, at.longitude, at.raw) for at in answer or ()]
            self._keep(question, found)
        locations = [self._labelled(*entry) for entry in found]
        if not locations:
            return None
        return locations[0] if exactly_one else locations

    def _takes(self, kind: str, option: str) -> bool:
        taken = self._taken[kind]
        return option in taken or any(p.kind is inspect.Parameter.VAR_KEYWORD for p in taken.values())

    def _labelled(self, address: str, lat: float, lon: float, raw: Any) -> Location:
        fields = raw if isinstance(raw, dict) else {"answer": raw}
        return Location(address, (lat, lon), {**fields, "method": "geocoder", "source": f"online: {self.service}"})

    def _kept(self, question: str) -> list[Any] | None:
        rows = self._query("SELECT answer FROM answers WHERE question = ?", (question,))
        return json.loads(rows[0][0]) if rows else None

    def _keep(self, question: str, found: list[Any]) -> None:
        answer = json.dumps(found, ensure_ascii=False, default=str)
        self._query("INSERT OR REPLACE INTO answers VALUES (?, ?)", (question, answer))

    def _query(self, statement: str, values: tuple[str, ...]) -> list[Any]:
        if self._cache is None:
            return []
        try:
            with closing(sqlite3.connect(self._cache)) as db, db:
                return db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            logger.warning("the kept answers of %s cannot be used (%s)", self.service, error)
            return []


class ChainGeocoder(Geocoder):
    """Geocoders one behind the other: the first that answers wins."""

    def __init__(self, geocoders: Sequence[Geocoder]) -> None:
        super().__init__(user_agent=USER_AGENT)
        self.geocoders = list(geocoders)

    def geocode(self, query: Any, **options: Any) -> Location | list[Location] | None:
        """The first answer, or None."""
        return next((found for g in self.geocoders if (found := g.geocode(query, **options))), None)

    def reverse(self, query: Any, **options: Any) -> Location | list[Location] | None:
        """The first answer, or None."""
        return next((found for g in self.geocoders if (found := g.reverse(query, **options))), None)


def online_geocoder(service: str, cache: Path, **options: Any) -> OnlineGeocoder:
    """A geopy service by its name ("nominatim", "geonames", ...), made by `options` and behaved.

    Raises geopy's GeocoderNotFound for an unknown name, SourceError for options that it does not take or lacks.
    """
    kind = get_geocoder_for_service(service)
    try:
        geocoder = kind(user_agent=USER_AGENT, timeout=ONLINE_TIMEOUT_S, **options)
    except (TypeError, ConfigurationError) as error:
        raise SourceError(f"the service {service} cannot be asked with these options ({error})") from error
    return OnlineGeocoder(geocoder, service, cache)
