"""The first page: map, passages and table of the mentions that the filters leave."""

from typing import Any

import streamlit as st

from extract.store import Filters, StoreError
from views import address, data, frame
from views.data import Answers
from views.filters import clear_filters, show_filters
from views.map import clicked_place, counts_text, show_map
from views.markup import escape, isolate
from views.passages import show_passages
from views.reasons import reason_text
from views.table import show_table
from views.texts import Texts

# A list longer than this is no help; the text filter finds the rest.
LISTED_PLACES = 500
UNPLACED_NAMES = 200


def show(t: Texts) -> None:
    """Draw the page."""
    try:
        answers = Answers(data.open_workspace(data.store_folder()))
    except StoreError as error:
        st.warning(t("There is no workspace to show yet."))
        st.markdown(
            t("Read some articles first: `make run` reads the two examples, `make run ARTICLES=path` your own.")
        )
        st.caption(str(error).replace("`", "'"))
        frame.end(t, ())
        return
    if not answers.workspace.span().articles:
        st.info(t("The workspace holds no articles yet. `make run ARTICLES=path` reads yours."))
    else:
        _show_desk(answers, show_filters(answers, t), t)
    frame.end(t, answers.workspace.attribution)


@st.fragment
def _show_desk(answers: Answers, filters: Filters, t: Texts) -> None:
    totals = answers.totals(filters)
    places = answers.places(filters)
    st.html(f'<p class="rasid-counts" role="status">{escape(count_line(totals, t))}</p>')
    if not totals.mentions:
        st.info(t("Nothing matches these filters."))
        st.button(t("Clear all filters"), key="clear_empty", on_click=clear_filters)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.subheader(t("Map"), anchor=False)
        chosen = _chosen_place(answers, places)
        _show_place_list(places, chosen, t)
        with st.container(key="map_box", gap=None):
            st.html(
                f'<p class="rasid-map-hint">{escape(t("If the map stays empty, choose a place from the list above."))}</p>'
            )
            show_map(
                places,
                t,
                largest=answers.largest(),
                chosen=chosen["place_id"] if chosen else None,
                street_tiles=bool(st.session_state.get("street_tiles")),
                on_click=_choose_clicked,
            )
        _show_legend(totals.places > len(places), t)
    with right, st.container(key="passages"):
        show_passages(answers, filters, chosen, t)
    show_table(answers, filters, totals.mentions, t)
    if totals.unplaced:
        _show_unplaced(answers, filters, totals.unplaced, t)
    address.save()


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


def _choose_clicked() -> None:
    if place_id := clicked_place():
        st.session_state["place"] = place_id


def _choose_listed() -> None:
    st.session_state["place"] = st.session_state["place_list"]


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


def _show_legend(cut: bool, t: Texts) -> None:
    items = (
        ("dot location", t("Place of the news")),
        ("dot actor", t("Only named for its government or forces")),
        ("dot name-part", t("Only named inside another name")),
        ("ring", t("Country, region or other wide area: no exact point")),
    )
    entries = "".join(f'<li><i class="{kind}"></i>{escape(text)}</li>' for kind, text in items)
    st.html(
        f'<div class="rasid-legend"><ul aria-label="{escape(t("Legend"))}">{entries}'
        f"<li>{escape(t('The larger the circle, the more mentions.'))}</li></ul></div>"
    )
    if cut:
        st.caption(t("The map shows the most mentioned places only; narrow the filters to see the others."))
    st.toggle(
        t("Street tiles"),
        key="street_tiles",
        help=t("Draws streets from tile.openstreetmap.org. That server then learns which part of the map you look at."),
    )
    if st.session_state["street_tiles"]:
        st.warning(t("Street tiles are on: this page now asks an outside server (tile.openstreetmap.org)."))


def _show_unplaced(answers: Answers, filters: Filters, n: int, t: Texts) -> None:
    with st.expander(
        t.count("{n} name that could not be placed", "{n} names that could not be placed", n), key="unplaced"
    ):
        rows = answers.workspace.unplaced(filters, limit=UNPLACED_NAMES)
        columns = ("surface", "mentions", "articles", "reason")
        head = "".join(f'<th scope="col">{escape(t.term("column", name))}</th>' for name in columns)
        body = "".join(f"<tr>{''.join(_unplaced_cell(row, name, t) for name in columns)}</tr>" for row in rows)
        st.html(
            f'<div class="rasid-table" dir="{t.direction}"><table><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )


def _unplaced_cell(row: dict[str, Any], name: str, t: Texts) -> str:
    value = row[name]
    text = t.number(value) if isinstance(value, int) else value
    return f"<td>{isolate(reason_text(text, t) if name == 'reason' else text)}</td>"
