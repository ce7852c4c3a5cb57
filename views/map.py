"""The map: one circle a place. The only module that knows folium.

Folium renders what it is given as a template and as script, so nothing but ids, numbers and place names comes here,
and names are written so that neither can run them (`script_json`). Article text is shown by the page, never by the map.
"""

import json
import math
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import folium
import streamlit as st
from folium.template import Template
from streamlit_folium import st_folium

from views.palette import Colouring
from views.texts import Texts

KEY = "map"
HEIGHT_PX = 560
# Relative to the frame that streamlit_folium draws in (component/<name>/index.html).
STATIC = "../../app/static/"
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

    default_js = [
        ("leaflet", STATIC + "leaflet/leaflet.js"),
        ("leaflet_heat", STATIC + "leaflet-heat/leaflet-heat.js"),
        ("rasid_map", STATIC + "rasid-map.js"),
    ]
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


def circle_size_px(n: int, largest: int) -> float:
    """A circle's radius: its area grows with the number of mentions or articles."""
    share = math.sqrt(n / max(largest, LARGEST_FROM))
    return round(SMALLEST_PX + (LARGEST_PX - SMALLEST_PX) * min(1.0, share), 1)


def place_rows(
    places: Iterable[dict[str, Any]],
    t: Texts,
    *,
    largest: int,
    chosen: str | None,
    colouring: Colouring | None = None,
    size: str = "mentions",
) -> list[list[Any]]:
    """What the map's script needs of each place, in the order it expects (see static/rasid-map.js).

    `size` is what the circle's area stands for: "mentions" or "articles".
    """
    return [
        [
            place["place_id"],
            t.place_name(place["place"], place["place_en"]),
            counts_text(place, t),
            round(place["lat"], 5),
            round(place["lon"], 5),
            place["radius_km"] or 0,
            circle_size_px(place[size], largest),
            colouring.numbers[number] if colouring else 0,
            int(place["feature"] in AREAS),
            int(place["place_id"] == chosen),
            place["country"] if place["feature"] == "country" else "",
            place[size],
        ]
        for number, place in enumerate(places)
    ]


def counts_text(place: dict[str, Any], t: Texts) -> str:
    """How often and in how many articles the place is mentioned."""
    return _counts_text(place["mentions"], place["articles"], t)


# Most places are mentioned a few times only: few different texts serve thousands of circles.
@lru_cache(maxsize=20_000)
def _counts_text(mentions: int, articles: int, t: Texts) -> str:
    return t(
        "{mentions} in {articles}",
        mentions=t.count("{n} mention", "{n} mentions", mentions),
        articles=t.count("{n} article", "{n} articles", articles),
    )


def build_map() -> folium.Map:
    """The map without places. It is the same for everyone: a different one would lose the reader's view."""
    base = BaseMap(location=START, zoom_start=START_ZOOM, tiles=None, zoom_control=False, minZoom=2, maxZoom=18)
    base.add_child(_Start())
    return base


def clicked(key: str = KEY) -> dict[str, Any]:
    """What was clicked ("place_id") or drawn ("area"), to be asked in the map's `on_click` callback."""
    drawing = (st.session_state.get(key) or {}).get("last_active_drawing") or {}
    return drawing.get("properties") or {}


def look() -> str:
    """Whether the page is "light" or "dark"."""
    return "dark" if st.context.theme.type == "dark" else "light"


def map_words(t: Texts) -> dict[str, str]:
    """What the map's buttons and hints say."""
    return {
        "zoom_in": t("Zoom in"),
        "zoom_out": t("Zoom out"),
        "fit": t("Show all places"),
        "view": t("Only what is in this view"),
        "box": t("Draw a box to filter by"),
        "polygon": t("Draw a shape to filter by"),
        "box_hint": t("Press and drag to draw the box; Escape gives up."),
        "polygon_hint": t("Click the corners, then the first one again; Escape gives up."),
        "picture": t("Save the view as a picture"),
        "near": t("Places near each other:"),
        "credit": t("Rasid") + " · Natural Earth · GeoNames",
    }


def map_options(t: Texts, colours: list[str], largest: int) -> dict[str, Any]:
    """What every map is told beside its places; `largest` as for `place_rows`."""
    return {
        "scale": {"smallest": SMALLEST_PX, "largest": LARGEST_PX, "most": max(largest, LARGEST_FROM)},
        "language": t.language,
        "direction": t.direction,
        "look": look(),
        "colours": colours,
        "words": map_words(t),
    }


def show_map(
    rows: list[list[Any]],
    options: dict[str, Any],
    *,
    on_click: Callable[[], None],
    key: str = KEY,
    height_px: int = HEIGHT_PX,
) -> None:
    """Draw the rows of `place_rows`. `on_click` is called after a click, before the page is built again."""
    group = folium.FeatureGroup()
    group.add_child(_Places(rows, options))
    # Built anew each time: st_folium changes the map it is given.
    st_folium(
        build_map(),
        key=key,
        height=height_px,
        use_container_width=True,
        returned_objects=["last_active_drawing"],
        feature_group_to_add=group,
        on_change=on_click,
    )
