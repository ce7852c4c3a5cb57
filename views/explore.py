"""The first page: map, passages, timeline and table of the mentions that the filters leave."""

from typing import Any

import streamlit as st

from extract.filters import Filters
from views import address, data, frame
from views.address import SETTINGS
from views.copies import prepare_copies
from views.data import Answers
from views.filters import chosen_filters, clear_filters, prepare_search, set_filter, show_filters
from views.grounds import Ground, chosen_ground, find_grounds
from views.map import clicked, counts_text, look, map_options, place_rows, show_map
from views.markup import escape, html_table, isolate, plain
from views.palette import Colouring, colour_places
from views.passages import show_passages
from views.ranking import show_ranking
from views.reader import show_reader
from views.reasons import reason_text
from views.review import show_review
from views.table import show_table
from views.texts import Texts
from views.timeline import show_timeline

# A list longer than this is no help; the text filter finds the rest.
LISTED_PLACES = 300
UNPLACED_NAMES = 200
# How often an open page looks whether somebody else changed the workspace.
WATCH_S = 5.0


def show(t: Texts) -> None:
    """Draw the page."""
    answers = frame.open_answers(t)
    if answers is None:
        frame.end(t, ())
        return
    if not answers.workspace.span().articles:
        st.info(t("The workspace holds no articles yet. `make run ARTICLES=path` reads yours."))
        st.button(t("Add articles here"), key="add_first", on_click=address.go, args=("add",))
    else:
        filters = chosen_filters()
        # What comes and goes above the map has a box that stays: the map would lose its view if it changed its place.
        tour, chips, counts = (st.container() for _ in range(3))
        with tour:
            frame.show_tour(t)
            prepare_search(answers, filters, t)
            prepare_copies(answers, filters, t)
        with counts:
            _show_counts(answers, filters, t)
        # The map comes first: the filters' own counts can follow.
        _show_desk(answers, filters, t)
        show_filters(answers, chips, t)
        show_timeline(answers, filters, t)
        show_table(answers, filters, answers.totals(filters).mentions, t)
        if unplaced := answers.totals(filters).unplaced:
            _show_unplaced(answers, filters, unplaced, t)
        if st.session_state["read"]:
            show_reader(answers, t)
        else:
            show_review(answers, t)
        _watch(answers)
    frame.end(t, answers.workspace.attribution)


@st.fragment(run_every=WATCH_S)
def _watch(answers: Answers) -> None:
    """What others add or decide is shown without being asked for."""
    if answers.are_old():
        st.rerun()


def _show_counts(answers: Answers, filters: Filters, t: Texts) -> None:
    totals = answers.totals(filters)
    st.html(f'<p class="rasid-counts" role="status">{escape(count_line(totals, t))}</p>')
    if not totals.mentions:
        st.info(t("Nothing matches these filters."))
        st.button(t("Clear all filters"), key="clear_empty", on_click=clear_filters)


@st.fragment
def _show_desk(answers: Answers, filters: Filters, t: Texts) -> None:
    # What is drawn on the map is a filter: it is about the whole page.
    if chosen_filters() != filters:
        st.rerun()
    settings = st.session_state["settings"]
    places = answers.places(filters, settings["colour"])
    left, right = st.columns([3, 2], gap="medium")
    chosen = _chosen_place(answers, places)
    # What a click asks for comes first.
    with right, st.container(key="passages"):
        if chosen:
            show_passages(answers, filters, chosen, t)
        else:
            show_ranking(answers, filters, places, t)
    with left:
        _show_map_head(t)
        _show_place_list(places, chosen, t)
        _show_map(answers, filters, places, chosen, t)
    address.save()


def _show_map_head(t: Texts) -> None:
    title, choices = st.columns([3, 1.4], vertical_alignment="center")
    title.subheader(t("Map"), anchor=False)
    with choices.popover(t("Map settings"), width="stretch", key="map_settings"):
        words = {
            "colour": (
                t("Colour by"),
                {"role": t("Role"), "precision": t("Precision"), "outlet": t("Outlet"), "period": t("Period")},
            ),
            "size": (t("Size by"), {"mentions": t("Mentions"), "articles": t("Articles")}),
            "marks": (
                t("Show as"),
                {"circles": t("Circles, near ones together"), "single": t("Every circle"), "heat": t("Heat map")},
            ),
        }
        for name, (label, said) in words.items():
            key = f"setting_{name}"
            st.session_state[key] = st.session_state["settings"][name]
            st.radio(
                label, SETTINGS[name], key=key, format_func=said.get, on_change=_set, args=(name, key), horizontal=True
            )
        grounds = find_grounds()
        st.session_state["ground_choice"] = chosen_ground(st.session_state.get("ground")).key
        st.radio(
            t("Base map"),
            list(grounds),
            key="ground_choice",
            format_func=lambda key: _ground_name(grounds[key], t),
            help=t("A server that draws the map learns which part of it you look at."),
            on_change=_choose_ground,
        )


def _choose_ground() -> None:
    # Not in the address: opening a link must ask no server.
    st.session_state["ground"] = st.session_state["ground_choice"]


def _ground_name(ground: Ground, t: Texts) -> str:
    if ground.kind == "own":
        return t("Rasid's own, without a network")
    if ground.kind == "file":
        return plain(t("My map file: {name}", name=ground.key))
    return t("Tiles from {host}", host=plain(ground.host))


def _set(name: str, key: str) -> None:
    st.session_state["settings"][name] = st.session_state[key]
    address.touch()


def _show_map(
    answers: Answers, filters: Filters, places: list[dict[str, Any]], chosen: dict[str, Any] | None, t: Texts
) -> None:
    settings = st.session_state["settings"]
    colouring = colour_places(places, settings["colour"], look(), t)
    size, ground = settings["size"], chosen_ground(st.session_state.get("ground"))
    chosen_id = chosen["place_id"] if chosen else None
    rows = place_rows(places, t, largest=answers.largest(size), chosen=chosen_id, colouring=colouring, size=size)
    options = map_options(t, colouring.colours, answers.largest(size)) | {
        "ground": {"kind": ground.kind, "url": ground.url, "credit": ground.credit},
        "heat": settings["marks"] == "heat",
        "cluster": settings["marks"] == "circles",
        "area": filters.area,
        "draws": True,
        "keepsView": True,
        "reviewer": st.session_state["reviewer"],
        "toured": bool(st.session_state.get("toured")),
    }
    with st.container(key="map_box", gap=None):
        hint = t("If the map stays empty, choose a place from the list above.")
        st.html(f'<p class="rasid-map-hint">{escape(hint)}</p>')
        show_map(rows, options, on_click=_take_click)
    _show_legend(colouring, t)
    if len(places) == data.MAX_PLACES:
        st.caption(t("The map shows the most mentioned places only; narrow the filters to see the others."))
    if ground.host:
        st.warning(t("This page now asks an outside server for the map: {host}.", host=plain(ground.host)))


def count_line(totals: Any, t: Texts) -> str:
    """What is in view, in numbers."""
    parts = [
        t.count("{n} mention", "{n} mentions", totals.mentions),
        t.count("{n} place", "{n} places", totals.places),
        t.count("{n} article", "{n} articles", totals.articles),
    ]
    if totals.unplaced:
        parts.append(
            t.count("{n} name that could not be placed", "{n} names that could not be placed", totals.unplaced)
        )
    return " · ".join(parts)


def _take_click() -> None:
    answer = clicked()
    if place_id := answer.get("place_id"):
        st.session_state["place"] = str(place_id)
        address.touch()
    if isinstance(corners := answer.get("area"), list):
        set_filter("area", address.read_area(";".join(f"{lat:g},{lon:g}" for lat, lon in corners)))


def _choose_listed() -> None:
    st.session_state["place"] = st.session_state["place_list"]
    address.touch()


def _chosen_place(answers: Answers, places: list[dict[str, Any]]) -> dict[str, Any] | None:
    place_id = st.session_state["place"]
    if place_id is None:
        return None
    for place in places:
        if place["place_id"] == place_id:
            return place
    hidden = answers.workspace.place(place_id)
    return hidden | {"mentions": 0, "articles": 0} if hidden else None


def _show_place_list(places: list[dict[str, Any]], chosen: dict[str, Any] | None, t: Texts) -> None:
    listed = {place["place_id"]: place for place in places[:LISTED_PLACES]}
    if chosen:
        listed.setdefault(chosen["place_id"], chosen)
    st.session_state["place_list"] = chosen["place_id"] if chosen else None

    def text(place_id: str) -> str:
        place = listed[place_id]
        return f"{t.place_name(place['place'], place['place_en'])} · {counts_text(place, t)}"

    st.selectbox(
        t("Place"),
        list(listed),
        index=None,
        format_func=text,
        key="place_list",
        placeholder=t("Choose a place here or on the map"),
        label_visibility="collapsed",
        on_change=_choose_listed,
    )


def _show_legend(colouring: Colouring, t: Texts) -> None:
    entries = "".join(
        f'<li><i style="background:{colouring.colours[number]}"></i>{isolate(text)}</li>'
        for number, text in colouring.legend
    )
    ring = t("Outline or ring: a country, region or other wide area, no exact point")
    size = {"mentions": t("The larger, the more mentions."), "articles": t("The larger, the more articles.")}
    st.html(
        f'<div class="rasid-legend"><ul aria-label="{escape(t("Legend"))}">{entries}'
        f'<li><i class="ring"></i>{escape(ring)}</li>'
        f"<li>{escape(size[st.session_state['settings']['size']])}</li></ul></div>"
    )


def _show_unplaced(answers: Answers, filters: Filters, n: int, t: Texts) -> None:
    with st.expander(
        t.count("{n} name that could not be placed", "{n} names that could not be placed", n), key="unplaced"
    ):
        heads = [t.term("column", name) for name in ("surface", "mentions", "articles", "reason")]
        rows = [
            (row["surface"], t.number(row["mentions"]), t.number(row["articles"]), reason_text(row["reason"], t))
            for row in answers.unplaced(filters, UNPLACED_NAMES)
        ]
        st.html(html_table(heads, rows, label=t("Names that could not be placed"), direction=t.direction))
