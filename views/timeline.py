"""The timeline under the map: mentions over time, a stretch of it chosen by dragging, played step by step."""

from pathlib import Path

import streamlit as st
import streamlit.components.v1 as components

from extract.filters import Filters, read_day
from views import address
from views.data import Answers
from views.map import look
from views.texts import Texts

FOLDER = Path(__file__).parent.parent / "static" / "timeline"
KEY = "timeline"
_LOCALES = {"ar": "ar-AE-u-nu-latn", "en": "en-GB"}
_component = components.declare_component("rasid_timeline", path=str(FOLDER))


def show_timeline(answers: Answers, filters: Filters, t: Texts) -> None:
    """Draw the timeline; nothing when no article has a date."""
    timeline, span = answers.timeline(filters), answers.span()
    if span.first is None or span.last is None or span.first == span.last:
        return
    st.subheader(t("Timeline"), anchor=False)
    dated = sum(n for _, n in timeline.bars)
    about = t("Mentions over time from {first} to {last}", first=t.date(str(span.first)), last=t.date(str(span.last)))
    _component(
        unit=timeline.unit,
        bars=[[first.isoformat(), n] for first, n in timeline.bars],
        first=span.first.isoformat(),
        last=span.last.isoformat(),
        **{"from": filters.date_from, "to": filters.date_to},
        language=t.language,
        locale=_LOCALES[t.language],
        direction=t.direction,
        look=look(),
        words={
            "about": f"{about}: " + t.count("{n} mention", "{n} mentions", dated),
            "hint": t("Drag to choose a stretch of time."),
            "play": t("Play"),
            "stop": t("Stop"),
            "clear": t("All dates"),
        },
        key=KEY,
        default=None,
        on_change=_choose,
    )
    if timeline.undated:
        st.caption(
            t.count(
                "{n} mention is in an article without a date.",
                "{n} mentions are in articles without a date.",
                timeline.undated,
            )
        )


def _choose() -> None:
    value = st.session_state[KEY] or {}
    first, last = read_day(value.get("from")), read_day(value.get("to"))
    st.session_state["filters"] |= {
        "date_from": first.isoformat() if first else None,
        "date_to": last.isoformat() if last else None,
    }
    address.touch()
