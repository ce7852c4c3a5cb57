"""The most named places, and what rose and fell: what stands beside the map until a place is chosen."""

from typing import Any

import streamlit as st

from extract.filters import Filters
from views import address
from views.data import Answers
from views.markup import plain
from views.texts import Texts

NAMED = 10
CHANGED = 5


def show_ranking(answers: Answers, filters: Filters, places: list[dict[str, Any]], t: Texts) -> None:
    """The lists, each name a way to its passages."""
    st.subheader(t("Most named places"), anchor=False)
    st.caption(t("Choose a circle on the map, or a place here or in the list, to read the sentences that name it."))
    if places:
        _list("top", [(place, t.number(place["mentions"])) for place in places[:NAMED]], t)
    trends = answers.trends(filters)
    if trends is None or not (trends.risen or trends.fallen):
        return
    period = {
        "first": t.date(str(trends.first)),
        "last": t.date(str(trends.last)),
        "before": t.date(str(trends.before)),
    }
    st.caption(t("{first} to {last}, against the equally long time before, from {before}:", **period))
    sides = zip(st.columns(2), (("rose", t("Rose"), trends.risen), ("fell", t("Fell"), trends.fallen)), strict=True)
    for column, (name, title, rows) in sides:
        with column:
            if not rows:
                continue
            st.markdown(f"**{title}**")
            _list(name, [(row, _change(row, t)) for row in rows[:CHANGED]], t)


def _list(name: str, rows: list[tuple[dict[str, Any], str]], t: Texts) -> None:
    with st.container(key=f"ranking_{name}", gap=None):
        for place, note in rows:
            text = f"{plain(t.place_name(place['place'], place['place_en']))} · {note}"
            st.button(
                text, key=f"{name}_{place['place_id']}", type="tertiary", on_click=_choose, args=(place["place_id"],)
            )


def _change(row: dict[str, Any], t: Texts) -> str:
    return t("{now}, before: {earlier}", now=t.number(row["now"]), earlier=t.number(row["earlier"]))


def _choose(place_id: str) -> None:
    st.session_state["place"] = place_id
    address.touch()
