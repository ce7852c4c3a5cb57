"""One article as a whole: its text with all its names, its own small map, from mention to mention."""

from typing import Any

import streamlit as st

from extract.mentions import Role
from views import address
from views.copies import show_copies
from views.data import Answers, is_read_only
from views.map import clicked, look, map_options, place_rows, show_map
from views.markup import Span, escape, isolate, link, mark
from views.palette import colour_places
from views.passages import candidates_html, reading_html, span_note
from views.reading import readings_of
from views.removal import show_removal
from views.review import show_form, verdict_html
from views.texts import Texts

MAP_KEY = "article_map"
MAP_HEIGHT_PX = 300
# Few mentions in one article: circles grow sooner than on the large map.
LARGEST = 8


def open_article(article_id: str, start: int) -> None:
    """Ask for the reader, at the mention that begins there."""
    st.session_state["read"] = (article_id, start)
    address.touch()


def show_reader(answers: Answers, t: Texts) -> None:
    """Open the reader for what the session asks for."""
    article = answers.article(st.session_state["read"][0])
    if article is None:
        st.session_state["read"] = None
        return
    # The title is set for each language: a decorator would fix it.
    st.dialog(t("Article"), width="large", on_dismiss=_close)(_show)(answers, article, t)


def _close() -> None:
    st.session_state["read"] = None
    address.touch()


def _show(answers: Answers, article: dict[str, Any], t: Texts) -> None:
    mentions = article["mentions"]
    start = st.session_state["read"][1]
    now = next((number for number, row in enumerate(mentions) if row["start"] >= start), 0)
    about = [article["outlet"], t.date(article["date"])]
    title = article["title"] or article["head"] or article["article_id"]
    st.html(
        f'<header class="rasid-reader"><h2 dir="auto">{escape(title)}</h2>'
        f"<p>{' · '.join(isolate(part) for part in about if part)}"
        + (f" · {link(article['url'], t('Source'))}" if link(article["url"], "x").startswith("<a") else "")
        + "</p></header>"
    )
    text, side = st.columns([3, 2], gap="medium")
    with text:
        if mentions:
            _steps(article["article_id"], mentions, now, t)
        st.html(
            f'<article class="rasid-passage rasid-article" lang="ar" dir="rtl" tabindex="0" '
            f'aria-label="{escape(t("Text of the article"))}"><p>{article_html(article, now, t)}</p></article>'
        )
        _legend(t)
        show_copies(answers, article["article_id"], t)
    with side:
        if mentions:
            _show_map(article, mentions[now], t)
            row = mentions[now]
            st.html(
                f'<div class="rasid-now">{reading_html(row, t)}{verdict_html(row, t)}</div>{candidates_html(row, t)}'
            )
            if not is_read_only():
                with st.expander(t("Right or wrong?"), icon=":material/rate_review:", key=f"review_box_{row['start']}"):
                    show_form(answers, row, t)
        else:
            st.info(t("No place is named in this article."))
        if not is_read_only():
            show_removal(readings_of(answers.workspace), [article["article_id"]], "reader", t)
    address.save()


def _steps(article_id: str, mentions: list[dict[str, Any]], now: int, t: Texts) -> None:
    before, place, after = st.columns([1, 1.3, 1], vertical_alignment="center")
    steps = ((before, "step_back", t("Previous mention"), now - 1), (after, "step_on", t("Next mention"), now + 1))
    for column, key, label, number in steps:
        there = 0 <= number < len(mentions)
        start = mentions[number]["start"] if there else 0
        column.button(
            label, key=key, disabled=not there, width="stretch", on_click=open_article, args=(article_id, start)
        )
    said = t("Mention {n} of {all}", n=t.number(now + 1), all=t.number(len(mentions)))
    place.html(f'<p class="rasid-step" role="status">{escape(said)}</p>')


def article_html(article: dict[str, Any], now: int, t: Texts) -> str:
    """The text with every name marked by its role, the one numbered `now` more strongly."""
    spans = [
        Span(
            row["start"],
            row["end"],
            "place now" if number == now else f"other {row['role']}{'' if row['place_id'] else ' unplaced'}",
            span_note(row, t),
        )
        for number, row in enumerate(article["mentions"])
    ]
    return mark(article["text"], spans)


def _legend(t: Texts) -> None:
    entries = "".join(
        f'<li class="rasid-passage"><span class="other {role}">{escape(t.term("role", role))}</span></li>'
        for role in Role
    )
    st.html(f'<div class="rasid-legend"><ul aria-label="{escape(t("Legend"))}">{entries}</ul></div>')


def _show_map(article: dict[str, Any], mention: dict[str, Any], t: Texts) -> None:
    places: dict[str, dict[str, Any]] = {}
    for row in article["mentions"]:
        if row["lat"] is not None:
            place = places.setdefault(row["place_id"], row | {"mentions": 0, "articles": 1, "most": row["precision"]})
            place["mentions"] += 1
    colouring = colour_places(list(places.values()), "role", look(), t)
    rows = place_rows(places.values(), t, largest=LARGEST, chosen=mention["place_id"], colouring=colouring)
    options = map_options(t, colouring.colours, LARGEST) | {"cluster": True, "scrollTo": ".rasid-article .now"}
    show_map(rows, options, on_click=_take_click, key=MAP_KEY, height_px=MAP_HEIGHT_PX)
    st.session_state["article_starts"] = {
        row["place_id"]: (article["article_id"], row["start"]) for row in reversed(article["mentions"])
    }


def _take_click() -> None:
    if at := st.session_state.get("article_starts", {}).get(clicked(MAP_KEY).get("place_id")):
        open_article(*at)
