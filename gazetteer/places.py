"""The gazetteer's value types: points, feature classes, places and candidates."""

import math
from dataclasses import dataclass
from enum import StrEnum

EARTH_RADIUS_KM = 6371.0088


class FeatureClass(StrEnum):
    """The kind of a place, as the annotation guide names kinds."""

    COUNTRY = "country"
    REGION = "region"
    CITY = "city"
    DISTRICT = "district"
    AIRPORT = "airport"
    PORT = "port"
    FACILITY = "facility"
    ROAD = "road"
    MOUNTAIN = "mountain"
    WATER = "water"
    DESERT = "desert"
    CONTINENT = "continent"


@dataclass(frozen=True, slots=True)
class Point:
    """A WGS 84 position in degrees, latitude first. Raises ValueError when out of range."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise ValueError(f"point out of range: lat {self.lat}, lon {self.lon}")

    def distance_km(self, other: "Point") -> float:
        """Great-circle distance in kilometres (haversine; within 0.5 % of the ellipsoid's)."""
        lat1, lat2 = math.radians(self.lat), math.radians(other.lat)
        dlat, dlon = lat2 - lat1, math.radians(other.lon - self.lon)
        h = math.sin(dlat / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(dlon / 2) ** 2
        return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(h)))

    def offset_km(self, bearing_deg: float, distance_km: float) -> "Point":
        """The point reached by going `distance_km` along `bearing_deg` (0 north, 90 east)."""
        angle, bearing = distance_km / EARTH_RADIUS_KM, math.radians(bearing_deg)
        lat1, lon1 = math.radians(self.lat), math.radians(self.lon)
        lat2 = math.asin(math.sin(lat1) * math.cos(angle) + math.cos(lat1) * math.sin(angle) * math.cos(bearing))
        lon2 = lon1 + math.atan2(
            math.sin(bearing) * math.sin(angle) * math.cos(lat1), math.cos(angle) - math.sin(lat1) * math.sin(lat2)
        )
        return Point(math.degrees(lat2), (math.degrees(lon2) + 180) % 360 - 180)


@dataclass(frozen=True, slots=True)
class Place:
    """One gazetteer entry.

    `parents` are ids, nearest first. `country` is ISO 3166-1 alpha-2, or None for what is larger than a country or at sea.
    `radius_km` is the place's own rough size, `importance` (0..100) how likely news means this place by its name.
    """

    id: str
    name: str
    name_en: str
    feature: FeatureClass
    country: str | None
    point: Point
    radius_km: float
    importance: float
    aliases: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    source: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The Arabic name, the aliases and the English name."""
        return (self.name, *self.aliases, self.name_en) if self.name_en else (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place a name may mean. `score` (0..100) says how well the name fits; `method` how it was found."""

    place: Place
    matched_name: str
    score: float
    method: str
