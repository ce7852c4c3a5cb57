"""The page's state in its address, so that a link shows another reader the same, and Back goes back.

The state lives in the session: "page", "filters" (a dict by name), "settings" (of the map), "table" (columns, none for the
first choice; sort, None for the order of time; descending; page), "place", "read" (the open article and the mention it is
opened at), "reviewer" (the name that decisions are kept under) and "language". The address is read when the session starts
and when it was changed from outside (Back, an edited address), and written after every change. The map keeps its view there
by itself ("view").
"""

import math
import time
from typing import Any
from urllib.parse import unquote

import streamlit as st

from extract.filters import COPIES, Area
from extract.full_rows import SORTABLE
from views.palette import SCHEMES
from views.texts import DEFAULT_LANGUAGE, LANGUAGES

# Parameter names by filter; the short ones stay when the program changes, for links are kept.
LISTS = {
    "article_ids": "article",
    "outlets": "outlet",
    "roles": "role",
    "features": "feature",
    "countries": "country",
    "regions": "region",
    "relations": "relation",
    "precisions": "precision",
    "reviews": "review",
}
TEXTS = {"text": "text", "place_text": "q", "date_from": "from", "date_to": "to"}
DEFAULT_ROLES = ("location", "actor")
ALL = "all"
DEFAULTS: dict[str, Any] = {
    "article_ids": (),
    "outlets": (),
    "roles": DEFAULT_ROLES,
    "features": (),
    "countries": (),
    "regions": (),
    "relations": (),
    "precisions": (),
    "reviews": (),
    "text": "",
    "place_text": "",
    "date_from": None,
    "date_to": None,
    "undated": True,
    "min_confidence": 0.0,
    "area": (),
    "copies": "all",
}
SETTINGS = {"colour": SCHEMES, "size": ("mentions", "articles"), "marks": ("circles", "single", "heat")}
# The first one is shown when the address names none.
PAGES = ("explore", "add", "data", "decisions")
CORNERS = 200
# Anyone can write an address: what is longer than the page itself would write is cut.
TEXT_CHARACTERS = 80
VALUE_CHARACTERS, VALUES = 4_000, 250
NAME_CHARACTERS = 60
# Set by the map's frame once a name was given (static/rasid-map.js).
REVIEWER_COOKIE = "rasid_reviewer"
VIEW = "view"
# Streamlit tells the browser the new address a moment after the page changed; an older one that comes back sooner is not
# a reader's going back.
_SETTLE_S = 0.7

Query = dict[str, list[str]]


def load() -> None:
    """Fill the session from the address: at its start, and when the address is not the one last written."""
    touched = st.session_state.pop("touched", False)
    query = _query()
    if "filters" in st.session_state:
        written, when = st.session_state.get("written", (query, 0.0))
        if touched or query == written or time.monotonic() - when < _SETTLE_S:
            return
    _read(query)


def touch() -> None:
    """Say that the reader has just changed something: the address will follow."""
    st.session_state["touched"] = True


def go(page: str, *, article_id: str | None = None, start: int | None = None, place_id: str | None = None) -> None:
    """Turn to a page; with an article or a place to show, to the explorer with nothing else in its way.

    `start` opens the article at the mention that begins there.
    """
    st.session_state["page"] = page
    if article_id is not None or place_id is not None:
        st.session_state["filters"] = DEFAULTS | {"article_ids": (article_id,) if article_id else ()}
        st.session_state["place"] = place_id
        # Another place is meant than the one the map was left at.
        st.session_state["new_view"] = True
    st.session_state["read"] = (article_id, start) if article_id and start is not None else None
    touch()


def _query() -> Query:
    return {name: _sound(st.query_params.get_all(name)) for name in st.query_params if name != VIEW}


def _sound(values: list[str]) -> list[str]:
    kept = (value[:VALUE_CHARACTERS].encode("utf-8", "ignore").decode() for value in values[:VALUES])
    return [value.replace("\0", "") for value in kept]


def _read(query: Query) -> None:
    last = {name: values[-1] for name, values in query.items() if values}
    filters = dict(DEFAULTS)
    for name, parameter in LISTS.items():
        if parameter in query:
            filters[name] = tuple(value for value in query[parameter] if value and value != ALL)
    for name, parameter in TEXTS.items():
        if last.get(parameter):
            filters[name] = last[parameter][:TEXT_CHARACTERS]
    filters["undated"] = last.get("undated") != "0"
    filters["min_confidence"] = _share(last.get("min"))
    filters["area"] = read_area(last.get("area", ""))
    filters["copies"] = last["copies"] if last.get("copies") in COPIES else DEFAULTS["copies"]
    settings = {name: last[name] if last.get(name) in values else values[0] for name, values in SETTINGS.items()}
    article, _, start = last.get("read", "").rpartition("@")
    st.session_state["filters"], st.session_state["settings"] = filters, settings
    st.session_state["table"] = _read_table(last)
    st.session_state["place"] = last.get("place") or None
    st.session_state["read"] = (article, int(start)) if article and start.isdecimal() and len(start) < 12 else None
    # A link is passed on: whose name it would carry is not written there, but kept by the browser.
    st.session_state["reviewer"] = (last.get("by") or st.session_state.get("reviewer") or _kept_name())[
        :NAME_CHARACTERS
    ]
    st.session_state["page"] = last["page"] if last.get("page") in PAGES else PAGES[0]
    st.session_state["language"] = last["lang"] if last.get("lang") in LANGUAGES else DEFAULT_LANGUAGE


def _read_table(last: dict[str, str]) -> dict[str, Any]:
    columns = tuple(name for name in last.get("columns", "").split(",") if name in SORTABLE)
    sort, page = last.get("sort"), last.get("rows", "")
    return {
        "columns": tuple(dict.fromkeys(columns)),
        "sort": sort if sort in SORTABLE else None,
        "descending": last.get("desc") == "1",
        "page": max(1, int(page)) if page.isdecimal() and len(page) < 9 else 1,
    }


def _kept_name() -> str:
    name = st.context.cookies.get(REVIEWER_COOKIE)
    return unquote(name) if isinstance(name, str) else ""


def _share(text: str | None) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0


def read_area(text: str) -> Area:
    """The corners in "lat,lon;lat,lon;lat,lon", or () when it is not that.

    >>> read_area("1,2;3,4;5,6"), read_area("1,2;x")
    (((1.0, 2.0), (3.0, 4.0), (5.0, 6.0)), ())
    """
    try:
        corners = tuple((float(lat), float(lon)) for lat, lon in (pair.split(",") for pair in text.split(";")))
    except ValueError:
        return ()
    fine = 3 <= len(corners) <= CORNERS and all(abs(lat) <= 90 and abs(lon) <= 540 for lat, lon in corners)
    return corners if fine else ()


def _wanted() -> Query:
    filters, query = st.session_state["filters"], {}
    if st.session_state["language"] != DEFAULT_LANGUAGE:
        query["lang"] = [st.session_state["language"]]
    if st.session_state["page"] != PAGES[0]:
        query["page"] = [st.session_state["page"]]
    for name, parameter in LISTS.items():
        if filters[name] != DEFAULTS[name]:
            query[parameter] = list(filters[name]) or [ALL]
    for name, parameter in TEXTS.items():
        if filters[name]:
            query[parameter] = [filters[name]]
    if not filters["undated"]:
        query["undated"] = ["0"]
    if filters["min_confidence"]:
        query["min"] = [f"{filters['min_confidence']:g}"]
    if filters["area"]:
        query["area"] = [";".join(f"{lat:g},{lon:g}" for lat, lon in filters["area"])]
    if filters["copies"] != DEFAULTS["copies"]:
        query["copies"] = [filters["copies"]]
    for name, values in SETTINGS.items():
        if st.session_state["settings"][name] != values[0]:
            query[name] = [st.session_state["settings"][name]]
    table = st.session_state["table"]
    if table["columns"]:
        query["columns"] = [",".join(table["columns"])]
    if table["sort"]:
        query["sort"] = [table["sort"]]
    if table["sort"] and table["descending"]:
        query["desc"] = ["1"]
    if table["page"] > 1:
        query["rows"] = [str(table["page"])]
    if st.session_state["place"]:
        query["place"] = [st.session_state["place"]]
    if read := st.session_state["read"]:
        query["read"] = [f"{read[0]}@{read[1]}"]
    return query


def save() -> None:
    """Write the session's state into the address; what is as by default is left out."""
    st.session_state.pop("touched", None)
    wanted, present = _wanted(), _query()
    if wanted != present:
        view = None if st.session_state.pop("new_view", False) else st.query_params.get(VIEW)
        whole = wanted | ({VIEW: [view]} if view else {})
        st.query_params.from_dict({name: values if len(values) > 1 else values[0] for name, values in whole.items()})
    if st.session_state.get("written", (None, 0.0))[0] != wanted:
        st.session_state["written"] = (wanted, time.monotonic())
