"""The page's state in its address, so that a link shows another reader the same.

The state lives in the session under "language", "filters" (a dict by name) and "place"; the address is read once, when
the session starts, and written after every change.
"""

import streamlit as st

from views.texts import DEFAULT_LANGUAGE, LANGUAGES

# Parameter names by filter; the short ones stay when the program changes, for links are kept.
LISTS = {"article_ids": "article", "outlets": "outlet", "roles": "role", "features": "feature", "countries": "country"}
TEXTS = {"place_text": "q", "date_from": "from", "date_to": "to"}
DEFAULT_ROLES = ("location", "actor")
ALL = "all"
DEFAULTS = {
    "article_ids": (),
    "outlets": (),
    "roles": DEFAULT_ROLES,
    "features": (),
    "countries": (),
    "place_text": "",
    "date_from": None,
    "date_to": None,
    "undated": True,
    "min_confidence": 0.0,
}


def load() -> None:
    """Fill the session from the address, once."""
    if "filters" in st.session_state:
        return
    query = st.query_params
    filters = dict(DEFAULTS)
    for name, parameter in LISTS.items():
        if parameter in query:
            filters[name] = tuple(value for value in query.get_all(parameter) if value and value != ALL)
    for name, parameter in TEXTS.items():
        if query.get(parameter):
            filters[name] = query[parameter]
    filters["undated"] = query.get("undated") != "0"
    filters["min_confidence"] = _share(query.get("min"))
    st.session_state["filters"] = filters
    st.session_state["place"] = query.get("place") or None
    if query.get("lang") in LANGUAGES:
        st.session_state["language"] = query["lang"]


def _share(text: str | None) -> float:
    try:
        return min(1.0, max(0.0, float(text or 0)))
    except ValueError:
        return 0.0


def save() -> None:
    """Write the session's state into the address; what is as by default is left out."""
    filters = st.session_state["filters"]
    query: dict[str, str | list[str]] = {}
    if st.session_state["language"] != DEFAULT_LANGUAGE:
        query["lang"] = st.session_state["language"]
    for name, parameter in LISTS.items():
        if filters[name] != DEFAULTS[name]:
            query[parameter] = list(filters[name]) or [ALL]
    for name, parameter in TEXTS.items():
        if filters[name]:
            query[parameter] = filters[name]
    if not filters["undated"]:
        query["undated"] = "0"
    if filters["min_confidence"]:
        query["min"] = f"{filters['min_confidence']:g}"
    if st.session_state["place"]:
        query["place"] = st.session_state["place"]
    if {name: st.query_params.get_all(name) for name in st.query_params} != {
        name: [value] if isinstance(value, str) else value for name, value in query.items()
    }:
        st.query_params.from_dict(query)
