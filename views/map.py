"""The map: one circle a place. The only module that knows folium.

Folium renders what it is given as a template and as script, so nothing but ids, numbers and place names comes here,
and names are written so that neither can run them (`script_json`). Article text is shown by the page, never by the map.
"""

import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import folium
import streamlit as st
from folium.template import Template
from streamlit_folium import st_folium

from views.texts import Texts

KEY = "map"
HEIGHT_PX = 560
# Relative to the frame that streamlit_folium draws in (component/<name>/index.html).
STATIC = "../../app/static/"
STREET_TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
ROLES = ("location", "actor", "name-part")
# What is drawn as a ring and not as a dot: places too large for one point to mean anything.
AREAS = frozenset(("country", "region", "continent", "desert", "water", "mountain", "road"))
SMALLEST_PX, LARGEST_PX = 5.5, 30
# With few mentions in all, the most mentioned place should not yet have the largest circle.
LARGEST_FROM = 60
# Until the places say better: the Arab world.
START, START_ZOOM = (26.0, 19.0), 4

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "{}<>&'`$%#_"})


class BaseMap(folium.Map):
    """A folium map whose scripts and styles all come from this machine."""

    default_js = [("leaflet", STATIC + "leaflet/leaflet.js"), ("rasid_map", STATIC + "rasid-map.js")]
    default_css = [("leaflet_css", STATIC + "leaflet/leaflet.css"), ("rasid_map_css", STATIC + "rasid-map.css")]


class _Start(folium.MacroElement):
    _template = Template("{% macro script(this, kwargs) %}rasid.start({{ this._parent.get_name() }});{% endmacro %}")


class _Places(folium.MacroElement):
    _template = Template(
        "{% macro script(this, kwargs) %}"
        "rasid.draw({{ this._parent.get_name() }}, {{ this.rows }}, {{ this.options }});"
        "{% endmacro %}"
    )

    def __init__(self, rows: list[list[Any]], options: dict[str, Any]) -> None:
        super().__init__()
        self._name = "Places"
        self.rows = script_json(rows)
        self.options = script_json(options)


def script_json(value: Any) -> str:
    """JSON for a script that is a template as well: what either could read as code is written as an escape.

    Braces matter most: the template engine would run {{...}}. The underscore is there because streamlit_folium
    rewrites names such as _0f3a in the script.

    >>> script_json(["{{7*7}}</script>"])
    '["\\\\u007b\\\\u007b7*7\\\\u007d\\\\u007d\\\\u003c/script\\\\u003e"]'
    """
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return _STRING.sub(lambda match: match.group().translate(_ESCAPES), text)


def circle_size_px(mentions: int, largest: int) -> float:
    """A circle's radius: its area grows with the number of mentions."""
    share = math.sqrt(mentions / max(largest, LARGEST_FROM))
    return round(SMALLEST_PX + (LARGEST_PX - SMALLEST_PX) * min(1.0, share), 1)


def place_rows(places: Iterable[dict[str, Any]], t: Texts, *, largest: int, chosen: str | None) -> list[list[Any]]:
    """What the map's script needs of each place, in the order it expects (see static/rasid-map.js)."""
    return [
        [
            place["place_id"],
            t.place_name(place["place"], place["place_en"]),
            counts_text(place, t),
            round(place["lat"], 5),
            round(place["lon"], 5),
            place["radius_km"] or 0,
            circle_size_px(place["mentions"], largest),
            ROLES.index(place["role"]) if place["role"] in ROLES else 0,
            int(place["feature"] in AREAS),
            int(place["place_id"] == chosen),
        ]
        for place in places
    ]


def counts_text(place: dict[str, Any], t: Texts) -> str:
    """How often and in how many articles the place is mentioned."""
    mentions = t.count("{n} mention", "{n} mentions", place["mentions"])
    articles = t.count("{n} article", "{n} articles", place["articles"])
    return t("{mentions} in {articles}", mentions=mentions, articles=articles)


def build_map() -> folium.Map:
    """The map without places. It is the same for everyone: a different one would lose the reader's view."""
    base = BaseMap(location=START, zoom_start=START_ZOOM, tiles=None, zoom_control=False, minZoom=2, maxZoom=18)
    base.add_child(_Start())
    return base


def clicked_place() -> str | None:
    """The id of the place that was clicked, to be asked in the map's `on_click` callback."""
    drawing = (st.session_state.get(KEY) or {}).get("last_active_drawing") or {}
    return (drawing.get("properties") or {}).get("place_id")


def show_map(
    places: list[dict[str, Any]],
    t: Texts,
    *,
    largest: int,
    chosen: str | None,
    street_tiles: bool,
    on_click: Callable[[], None],
) -> None:
    """Draw the places. `on_click` is called after a click, before the page is built again."""
    options = {
        "language": t.language,
        "direction": t.direction,
        "look": "dark" if st.context.theme.type == "dark" else "light",
        "tiles": STREET_TILES if street_tiles else None,
        "words": {"zoom_in": t("Zoom in"), "zoom_out": t("Zoom out"), "fit": t("Show all places")},
    }
    group = folium.FeatureGroup()
    group.add_child(_Places(place_rows(places, t, largest=largest, chosen=chosen), options))
    # Built anew each time: st_folium changes the map it is given.
    st_folium(
        build_map(),
        key=KEY,
        height=HEIGHT_PX,
        use_container_width=True,
        returned_objects=["last_active_drawing"],
        feature_group_to_add=group,
        on_change=on_click,
    )
