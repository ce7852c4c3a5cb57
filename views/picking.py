"""Choosing a place or a point: by its name, spelt rightly or not, by coordinates, or by clicking the map."""

import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from extract.regions import regions_of
from gazetteer import Gazetteer, Place, Point, find_candidates
from views.map import clicked, look, map_options, show_map
from views.markup import apart, plain
from views.texts import Texts

CANDIDATES = 8
QUERY_CHARACTERS = 80
MAP_HEIGHT_PX = 260
# What a point takes its country from: the nearest place the gazetteer knows.
NEAREST_KM = 150.0
_COORDINATES = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)(?:\s*[,;،]\s*|\s+)(-?\d{1,3}(?:\.\d+)?)\s*\Z")
_COLOURS = {"light": ["#0f766e", "#b45309"], "dark": ["#4fc3b8", "#f0a04b"]}
_CIRCLE_PX = 9


def read_point(text: str) -> Point | None:
    """The point in "32.17, 13.02" (latitude first), or None when it is not that.

    >>> read_point("32.17, 13.02"), read_point("غريان"), read_point("95, 13")
    (Point(lat=32.17, lon=13.02), None, None)
    """
    found = _COORDINATES.match(text)
    if not found:
        return None
    try:
        return Point(*map(float, found.groups()))
    except ValueError:
        return None


def coordinates(point: Point, digits: int) -> str:
    """The position for a label: in the order of reading in every language, and on one line."""
    return apart(f"{point.lat:.{digits}f},\u00a0{point.lon:.{digits}f}")


def pick(gazetteer: Gazetteer, first_query: str, key: str, t: Texts) -> Place | Point | None:
    """The place or the point chosen with a search field, a list of candidates and a small map; None when none is yet."""
    query = st.text_input(
        t("Search for a place, or write coordinates"),
        value=first_query,
        key=f"{key}_query",
        max_chars=QUERY_CHARACTERS,
        help=t("A letter or two may be wrong. Coordinates: latitude, longitude, such as 32.17, 13.02"),
        on_change=_forget_choice,
        args=(key,),
    )
    point = read_point(query)
    places = [] if point else [c.place for c in find_candidates(gazetteer, query, limit=CANDIDATES)]
    point = point or st.session_state.get(f"{key}_point")
    options = {place.id: place_text(place, gazetteer, t) for place in places}
    if point:
        where = coordinates(point, 4)
        options[""] = t("The point {where}", where=where) + _near(point, gazetteer, t)
    choice = _list(options, key, t) if options else None
    if query.strip() and not options:
        st.caption(t("No place of this name is known. Write another name, or click the map where it is."))
    _show_map(places, point, choice, key, t)
    if choice == "":
        return point
    return next((place for place in places if place.id == choice), None)


def _list(options: Mapping[str, str], key: str, t: Texts) -> str | None:
    name = f"{key}_choice"
    if st.session_state.get(name) not in options:
        # What a point is asked for is the point.
        st.session_state[name] = "" if "" in options else None
    return st.radio(t("Places of this name"), list(options), key=name, index=None, format_func=options.get)


def _forget_choice(key: str) -> None:
    for name in (f"{key}_point", f"{key}_choice"):
        st.session_state.pop(name, None)


def place_text(place: Place, gazetteer: Gazetteer, t: Texts) -> str:
    """The place as a label: name, kind, region, country and position, so that no two are alike."""
    region = regions_of([place.id], gazetteer).get(place.id)
    parts = [t.place_name(place.name, place.name_en), t.term("feature", place.feature)]
    if region and region[0] != place.id:
        parts.append(t.place_name(region[1], region[2]))
    if place.country:
        parts.append(t.country(place.country))
    return " · ".join([*(apart(plain(part)) for part in parts), coordinates(place.point, 2)])


def _near(point: Point, gazetteer: Gazetteer, t: Texts) -> str:
    place = nearest_place(point, gazetteer)
    if place is None:
        return ""
    name, km = apart(plain(t.place_name(place.name, place.name_en))), t.number(round(place.point.distance_km(point)))
    return " · " + t("{km} km from {place}", km=km, place=name)


def nearest_place(point: Point, gazetteer: Gazetteer) -> Place | None:
    """The place of the gazetteer next to the point, or None in the middle of nowhere."""
    found = gazetteer.nearest(point, limit=1, within_km=NEAREST_KM)
    return gazetteer.place(found[0][1]) if found else None


def _show_map(places: list[Place], point: Point | None, choice: str | None, key: str, t: Texts) -> None:
    rows = [
        _row(place.id, t.place_name(place.name, place.name_en), place.point, 0, place.id == choice) for place in places
    ]
    if point:
        rows.append(_row("", t("The point chosen"), point, 1, choice == ""))
    options: dict[str, Any] = map_options(t, _COLOURS[look()], 1)
    options |= {"points": True, "scrollTo": ".rasid-review mark", "fitTo": "|".join(place.id for place in places)}
    st.caption(t("Click a circle to choose that place, or anywhere else to put the point there."))
    show_map(rows, options, on_click=lambda: _take_click(key), key=f"{key}_map", height_px=MAP_HEIGHT_PX)


def _row(place_id: str, name: str, point: Point, colour: int, chosen: bool) -> list[Any]:
    """A row as static/rasid-map.js expects it."""
    return [place_id, name, "", round(point.lat, 5), round(point.lon, 5), 0, _CIRCLE_PX, colour, 0, int(chosen), "", 1]


def _take_click(key: str) -> None:
    answer = clicked(f"{key}_map")
    if (at := answer.get("point")) and isinstance(at, list):
        st.session_state[f"{key}_point"] = read_point(f"{at[0]}, {at[1]}")
        st.session_state[f"{key}_choice"] = ""
    elif "place_id" in answer:
        st.session_state[f"{key}_choice"] = str(answer["place_id"])
