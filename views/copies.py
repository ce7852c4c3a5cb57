"""Copies of a story: the switch that counts it once, how many there are, and where else it stands."""

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from extract.filters import Filters
from views import address
from views.data import Answers
from views.markup import plain
from views.texts import Texts

LONGEST_TITLE = 80
# A bar that is gone again at once only flickers.
_BAR_AFTER_S = 1.0
_SWITCH = "filter_copies"


def show_switch(keep: Callable[[str, Any], None], t: Texts) -> None:
    """The switch among the filters; `keep` is told the filter's name and its new value."""
    st.session_state[_SWITCH] = st.session_state["filters"]["copies"] == "once"
    st.toggle(
        t("Count copies of a story once"),
        key=_SWITCH,
        help=t(
            "The same report in several outlets, shortened or lightly edited, counts once: where it came first among the "
            "articles that the filters on outlets, dates and text leave."
        ),
        on_change=lambda: keep("copies", "once" if st.session_state[_SWITCH] else "all"),
    )


def prepare_copies(answers: Answers, filters: Filters, t: Texts) -> None:
    """Find the copies where the filters need them and they are not known, with a progress bar when it takes long."""
    if filters.copies != "once" or answers.workspace.copies_are_ready():
        return
    box, started = st.empty(), time.monotonic()

    def tell(share: float) -> None:
        if time.monotonic() - started > _BAR_AFTER_S:
            box.progress(share, t("Looking for copies of stories, once for these articles …"))

    answers.workspace.find_copies(tell)
    box.empty()


def copies_text(count: int, t: Texts) -> str:
    """How many other articles tell the same story, "" for none."""
    return t.count("+{n} copy", "+{n} copies", count) if count else ""


def show_copies(answers: Answers, article_id: str, t: Texts) -> None:
    """The article's copies, each to be opened."""
    if not answers.copies_are_known():
        st.caption(t("Copies in other outlets are still being looked for."))
        return
    found = answers.copies(article_id)
    if not found:
        return
    with st.container(key="copies", gap=None):
        st.caption(t("Also in:"))
        for number, copy in enumerate(found):
            if st.button(copy_label(copy, t), key=f"copy_{number}", type="tertiary", icon=":material/file_copy:"):
                st.session_state["read"] = (copy["article_id"], 0)
                address.touch()
                # Another article is another dialog: the whole page opens it.
                st.rerun()


def copy_label(copy: dict[str, Any], t: Texts) -> str:
    """Outlet (or title), date, and how much of the text is the same, as a button's label."""
    name = copy["outlet"] or copy["title"] or copy["head"] or copy["article_id"]
    short = name if len(name) <= LONGEST_TITLE else name[: LONGEST_TITLE - 1] + "…"
    parts = [short, t.date(copy["date"]), t("{share} % the same", share=t.number(round(100 * copy["similarity"])))]
    if copy["first"]:
        parts.append(t("the earliest"))
    return plain(" · ".join(parts))
