"""Checks over all tables: what must hold (errors) and what is likely wrong (warnings)."""

from collections import defaultdict
from pathlib import Path

from gazetteer.errors import TableError
from gazetteer.normalize import normalize_name
from gazetteer.places import Place
from gazetteer.sources.layers import place_kind
from gazetteer.sources.tables import read_rows

SAME_KM = 5.0
FAR_FROM_PARENT = 2.2  # times the parent's radius, and
FAR_FROM_PARENT_KM = 60.0


def check_tables(paths: list[Path]) -> tuple[list[str], list[str]]:
    """(errors, warnings) over all tables together, in file order."""
    errors: list[str] = []
    places: list[Place] = []
    where: dict[str, str] = {}
    for path in paths:
        try:
            for place in read_rows(path):
                if isinstance(place, TableError):
                    errors.append(str(place))
                    continue
                if place.id in where:
                    errors.append(f"{path.name}: id {place.id} is in {where[place.id]} too")
                where.setdefault(place.id, path.name)
                places.append(place)
        except TableError as error:
            errors.append(str(error))
    errors += _check_parents(places)
    errors += [f"{p.id}: {n!r} has no letters" for p in places for n in p.names if not normalize_name(n)]
    return errors, _doubles(places) + _far_children(places)


def _check_parents(places: list[Place]) -> list[str]:
    known = {p.id for p in places}
    missing = [
        f"{p.id}: its parent {parent!r} is in no table" for p in places for parent in p.parents if parent not in known
    ]
    countries = [
        f"{p.id}: its country {p.country} is in no table"
        for p in places
        if p.country and p.country.lower() not in known
    ]
    return missing + countries


def _doubles(places: list[Place]) -> list[str]:
    by_name: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)
    found = []
    for place in places:
        key = place_kind(place), normalize_name(place.name)
        for other in by_name[key]:
            if other.feature == place.feature and other.point.distance_km(place.point) < SAME_KM:
                found.append(f"{place.id} and {other.id} have one name, one kind and lie within {SAME_KM:g} km")
        by_name[key].append(place)
    return found


def _far_children(places: list[Place]) -> list[str]:
    by_id = {p.id: p for p in places}
    found = []
    for place in places:
        for parent in place.parents:
            if parent in by_id:
                above = by_id[parent]
                distance = place.point.distance_km(above.point)
                if distance > FAR_FROM_PARENT * above.radius_km + FAR_FROM_PARENT_KM:
                    found.append(
                        f"{place.id} lies {distance:.0f} km from its parent {above.id} (radius {above.radius_km:g} km)"
                    )
    return found
