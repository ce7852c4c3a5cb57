"""The filters in the side bar: what is chosen, and what there is to choose, with counts.

The choices live in the session's "filters" (see views.address); the widgets are set from them on every run, because
their labels carry counts, and Streamlit would forget a choice whose label changed.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import streamlit as st

from extract.decisions import VERDICTS
from extract.facts import PRECISIONS
from extract.filters import REVIEWED, UNREVIEWED, Filters, days_before, read_day
from extract.mentions import Role
from extract.questions import Span
from gazetteer import FeatureClass
from views import address
from views.address import DEFAULTS, LISTS, TEXT_CHARACTERS
from views.copies import show_switch
from views.data import Answers
from views.markup import plain
from views.texts import RELATIONS, Texts

TITLE_CHARACTERS = 60
CONFIDENCE_STEP = 0.05
REVIEWS = (REVIEWED, UNREVIEWED, *VERDICTS)
LISTED = ("countries", "regions", "roles", "features", "precisions", "relations", "reviews", "outlets", "article_ids")
# Days back from the newest article.
PRESETS = {"7": 7, "30": 30, "365": 365}

Choice = tuple[str, int]
Wording = Callable[[str], str]


def chosen_filters() -> Filters:
    """What the session has chosen."""
    return Filters(**st.session_state["filters"])


def clear_filters() -> None:
    """Back to what a new reader sees."""
    st.session_state["filters"] = dict(DEFAULTS)
    address.touch()


def set_filter(name: str, value: Any) -> None:
    """Choose a value for one filter."""
    st.session_state["filters"][name] = value
    address.touch()


def article_label(article: dict[str, Any], t: Texts) -> str:
    """The article's title, or its first words, with its date."""
    title = article["title"] or article["head"] or article["article_id"]
    short = title if len(title) <= TITLE_CHARACTERS else title[: TITLE_CHARACTERS - 1] + "…"
    return f"{short} · {t.date(article['date'])}"


def wordings(answers: Answers, articles: dict[str, dict[str, Any]], t: Texts) -> dict[str, Wording]:
    """How the values of each list are said."""
    regions = answers.regions()

    def region(region_id: str) -> str:
        return t.place_name(*regions[region_id]) if region_id in regions else region_id

    def title(article_id: str) -> str:
        return article_label(articles[article_id], t) if article_id in articles else article_id

    return {
        "roles": lambda code: t.term("role", code),
        "features": lambda code: t.term("feature", code),
        "countries": t.country,
        "regions": region,
        "relations": lambda code: t.relation(code, "…"),
        "precisions": lambda code: t.term("precision", code),
        "reviews": lambda code: t.term("review", code),
        "outlets": str,
        "article_ids": title,
    }


def labels(t: Texts) -> dict[str, str]:
    """What each filter is called."""
    return {
        "text": t("Search in articles"),
        "place_text": t("Place name"),
        "countries": t("Country"),
        "regions": t("Region"),
        "roles": t("Role of the name"),
        "features": t("Kind of place"),
        "precisions": t("Precision"),
        "relations": t("Relation"),
        "reviews": t("Review"),
        "outlets": t("Outlet"),
        "article_ids": t("Articles"),
    }


def show_filters(answers: Answers, chips: Any, t: Texts) -> None:
    """Draw the filters, and in the container `chips` those that are on, each to be taken away with one click."""
    filters = chosen_filters()
    facets = answers.facets(filters)
    listed = [*(article_id for article_id, _ in facets["article_ids"]), *filters.article_ids]
    articles = {article["article_id"]: article for article in answers.articles(listed)}
    words, names = wordings(answers, articles, t), labels(t)
    orders = {
        "roles": Role,
        "features": FeatureClass,
        "precisions": PRECISIONS,
        "relations": RELATIONS,
        "reviews": REVIEWS,
    }
    with st.sidebar:
        st.subheader(t("Filters"), anchor=False)
        changed = st.session_state["filters"] != DEFAULTS
        st.button(t("Clear all filters"), key="clear", on_click=clear_filters, disabled=not changed, width="stretch")
        _text("text", names["text"], t('Words; "in quotes" next to each other'))
        _text("place_text", names["place_text"], t("Part of a name, Arabic or English"))
        _dates(answers.span(), t)
        for name in LISTED:
            found = _in_order(facets[name], orders[name]) if name in orders else facets[name]
            if name == "reviews":
                found = _with_reviewed(found)
            if found or getattr(filters, name):
                _list(name, names[name], found, words[name], t, pills=name in ("roles", "precisions", "reviews"))
        show_switch(set_filter, t)
        _confidence(t)
    with chips:
        _chips(filters, words, names, t)


def prepare_search(answers: Answers, filters: Filters, t: Texts) -> None:
    """Make the search's index where it is missing, with a progress bar."""
    if filters.text.strip() and not answers.workspace.search_is_ready():
        bar = st.progress(0.0, t("Preparing the search, once for these articles …"))
        answers.workspace.find_articles(filters.text, bar.progress)
        bar.empty()


def _keep(name: str, key: str) -> None:
    value = st.session_state[key]
    set_filter(name, tuple(value) if isinstance(value, list) else value)


def _list(name: str, label: str, found: Sequence[Choice], wording: Wording, t: Texts, *, pills: bool = False) -> None:
    key, counts = f"filter_{name}", dict(found)
    chosen = [value for value in st.session_state["filters"][name]]
    options = [*counts, *(value for value in chosen if value not in counts)]

    def text(value: str) -> str:
        return f"{wording(value)} ({t.number(counts.get(value, 0))})"

    st.session_state[key] = chosen
    common = {"format_func": text, "key": key, "on_change": _keep, "args": (name, key)}
    if pills:
        # Their labels are read as Markdown; those of lists are not.
        st.pills(label, options, selection_mode="multi", **common | {"format_func": lambda value: plain(text(value))})
    else:
        st.multiselect(label, options, placeholder=t("All"), select_all=False, **common)


def _text(name: str, label: str, placeholder: str) -> None:
    key = f"filter_{name}"
    st.session_state[key] = st.session_state["filters"][name]
    st.text_input(label, key=key, placeholder=placeholder, max_chars=TEXT_CHARACTERS, on_change=_keep, args=(name, key))


def _in_order(found: Sequence[Choice], codes: Iterable[str]) -> list[Choice]:
    order = {code: number for number, code in enumerate(map(str, codes))}
    return sorted(found, key=lambda choice: order.get(choice[0], len(order)))


def _with_reviewed(found: Sequence[Choice]) -> Sequence[Choice]:
    """The verdicts and all of them together; nothing to choose where nobody has reviewed anything."""
    reviewed = sum(n for code, n in found if code != UNREVIEWED)
    return [(REVIEWED, reviewed), *found] if reviewed else []


def _dates(span: Span, t: Texts) -> None:
    if span.first is None or span.last is None:
        return
    filters = st.session_state["filters"]
    _presets(span.last, t)
    for name, label in (("date_from", t("From")), ("date_to", t("To"))):
        key, chosen = f"filter_{name}", read_day(filters[name])
        st.session_state[key] = chosen and min(max(chosen, span.first), span.last)
        st.date_input(
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


def _presets(last: date, t: Texts) -> None:
    filters = st.session_state["filters"]
    starts = {days_before(last, days - 1).isoformat(): name for name, days in PRESETS.items()}
    st.session_state["date_preset"] = None if filters["date_to"] else starts.get(filters["date_from"])
    words = {"7": t("last 7 days"), "30": t("last 30 days"), "365": t("last 12 months")}
    st.pills(
        t("Dates"),
        list(PRESETS),
        key="date_preset",
        format_func=words.get,
        help=t("Counted back from the newest article."),
        on_change=_keep_preset,
        args=(last,),
    )


def _keep_preset(last: date) -> None:
    days = PRESETS.get(st.session_state["date_preset"] or "")
    set_filter("date_from", days_before(last, days - 1).isoformat() if days else None)
    set_filter("date_to", None)


def _keep_day(name: str, key: str) -> None:
    day = st.session_state[key]
    set_filter(name, day.isoformat() if day else None)


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


def active_filters(
    filters: Filters, words: dict[str, Wording], names: dict[str, str], t: Texts
) -> list[tuple[str, str]]:
    """(filter, what it says) of every filter that is not as by default."""
    found = [
        (name, f"{names[name]}: {getattr(filters, name)}") for name in ("text", "place_text") if getattr(filters, name)
    ]
    for name in LISTS:
        values = getattr(filters, name)
        if values != DEFAULTS[name]:
            said = t("، ").join(words[name](value) for value in values) or t("All")
            found.append((name, f"{names[name]}: {said}"))
    if filters.date_from or filters.date_to:
        days = [t.date(day) if day else "…" for day in (filters.date_from, filters.date_to)]
        found.append(("dates", t("Dates") + ": " + " – ".join(days)))
    if not filters.undated:
        found.append(("undated", t("without articles that have no date")))
    if filters.min_confidence:
        found.append(("min_confidence", f"{t('Confidence at least')} {filters.min_confidence:g}"))
    if filters.copies == "once":
        found.append(("copies", t("each story once")))
    if filters.area:
        found.append(("area", t("inside the shape on the map")))
    return found


def _chips(filters: Filters, words: dict[str, Wording], names: dict[str, str], t: Texts) -> None:
    active = active_filters(filters, words, names, t)
    if not active:
        return
    with st.container(horizontal=True, key="chips", gap="small"):
        for name, said in active:
            short = said if len(said) <= TITLE_CHARACTERS else said[: TITLE_CHARACTERS - 1] + "…"
            st.button(
                f"{plain(short)} ✕", key=f"chip_{name}", help=t("Take this filter away"), on_click=_drop, args=(name,)
            )


def _drop(name: str) -> None:
    for part in ("date_from", "date_to") if name == "dates" else (name,):
        set_filter(part, DEFAULTS[part])
