"""The filters in the side bar: what is chosen, and what there is to choose, with counts.

The choices live in the session's "filters" (see views.address); the widgets are set from them on every run, because
their labels carry counts, and Streamlit would forget a choice whose label changed.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import streamlit as st

from extract.mentions import Role
from extract.store import Filters, Span
from gazetteer import FeatureClass
from views.address import DEFAULTS
from views.data import Answers
from views.texts import Texts

TITLE_CHARACTERS = 60
CONFIDENCE_STEP = 0.05

Choice = tuple[str, int]


def chosen_filters() -> Filters:
    """What the session has chosen."""
    return Filters(**st.session_state["filters"])


def clear_filters() -> None:
    """Back to what a new reader sees."""
    st.session_state["filters"] = dict(DEFAULTS)


def article_label(article: dict[str, Any], t: Texts) -> str:
    """The article's title, or its first words, with its date."""
    title = article["title"] or article["head"] or article["article_id"]
    short = title if len(title) <= TITLE_CHARACTERS else title[: TITLE_CHARACTERS - 1] + "…"
    return f"{short} · {t.date(article['date'])}"


def show_filters(answers: Answers, t: Texts) -> Filters:
    """Draw the filters and return what is chosen."""
    filters = chosen_filters()
    facets = answers.facets(filters)
    listed = [*(article_id for article_id, _ in facets["article_ids"]), *filters.article_ids]
    articles = {article["article_id"]: article for article in answers.workspace.articles(listed)}
    with st.sidebar:
        st.subheader(t("Filters"), anchor=False)
        changed = st.session_state["filters"] != DEFAULTS
        st.button(t("Clear all filters"), key="clear", on_click=clear_filters, disabled=not changed, width="stretch")
        _text(t)
        _list(
            "roles",
            t("Role of the name"),
            _in_order(facets["roles"], Role),
            lambda code: t.term("role", code),
            t,
            pills=True,
        )
        _list(
            "features",
            t("Kind of place"),
            _in_order(facets["features"], FeatureClass),
            lambda code: t.term("feature", code),
            t,
        )
        _list("countries", t("Country"), facets["countries"], t.country, t)

        def title(article_id: str) -> str:
            return article_label(articles[article_id], t) if article_id in articles else article_id

        _list("article_ids", t("Articles"), facets["article_ids"], title, t)
        if facets["outlets"] or filters.outlets:
            _list("outlets", t("Outlet"), facets["outlets"], str, t)
        _dates(answers.workspace.span(), t)
        _confidence(t)
    return filters


def _keep(name: str, key: str) -> None:
    value = st.session_state[key]
    st.session_state["filters"][name] = tuple(value) if isinstance(value, list) else value


def _list(
    name: str, label: str, found: Sequence[Choice], wording: Callable[[str], str], t: Texts, *, pills: bool = False
) -> None:
    key, counts = f"filter_{name}", dict(found)
    chosen = [value for value in st.session_state["filters"][name]]
    options = [*counts, *(value for value in chosen if value not in counts)]

    def text(value: str) -> str:
        return f"{wording(value)} ({t.number(counts.get(value, 0))})"

    st.session_state[key] = chosen
    common = {"format_func": text, "key": key, "on_change": _keep, "args": (name, key)}
    if pills:
        st.pills(label, options, selection_mode="multi", **common)
    else:
        st.multiselect(label, options, placeholder=t("All"), select_all=False, **common)


def _text(t: Texts) -> None:
    key = "filter_place_text"
    st.session_state[key] = st.session_state["filters"]["place_text"]
    st.text_input(
        t("Place name"),
        key=key,
        placeholder=t("Part of a name, Arabic or English"),
        max_chars=80,
        on_change=_keep,
        args=("place_text", key),
    )


def _in_order(found: Sequence[Choice], codes: Iterable[str]) -> list[Choice]:
    order = {code: number for number, code in enumerate(map(str, codes))}
    return sorted(found, key=lambda choice: order.get(choice[0], len(order)))


def _dates(span: Span, t: Texts) -> None:
    if span.first is None or span.last is None:
        return
    filters = st.session_state["filters"]
    for name, label, column in zip(("date_from", "date_to"), (t("From"), t("To")), st.columns(2), strict=True):
        key, chosen = f"filter_{name}", _day(filters[name])
        st.session_state[key] = chosen and min(max(chosen, span.first), span.last)
        column.date_input(
            label,
            value=None,
            min_value=span.first,
            max_value=span.last,
            format="YYYY-MM-DD",
            key=key,
            on_change=_keep_day,
            args=(name, key),
        )
    if span.undated:
        st.session_state["filter_undated"] = filters["undated"]
        label = t.count("With {n} article that has no date", "With {n} articles that have no date", span.undated)
        st.checkbox(label, key="filter_undated", on_change=_keep, args=("undated", "filter_undated"))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _keep_day(name: str, key: str) -> None:
    day = st.session_state[key]
    st.session_state["filters"][name] = day.isoformat() if day else None


def _confidence(t: Texts) -> None:
    key = "filter_min_confidence"
    st.session_state[key] = st.session_state["filters"]["min_confidence"]
    st.slider(
        t("Confidence at least"),
        0.0,
        1.0,
        step=CONFIDENCE_STEP,
        key=key,
        help=t("How sure the program is of the whole reading: 1 is certain."),
        on_change=_keep,
        args=("min_confidence", key),
    )
