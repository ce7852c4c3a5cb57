"""The table of the mentions in view, page by page, and its downloads.

It is an HTML table and not a Streamlit data frame: that one is a canvas, which has no right-to-left layout, cuts Arabic
text off at its beginning, and says nothing to a screen reader.
"""

from typing import Any

import streamlit as st

from extract.filters import Filters
from views import address
from views.data import Answers
from views.downloads import COLUMNS, show_downloads
from views.markup import escape, link, table_around
from views.reasons import reason_text
from views.texts import Texts

PAGE_ROWS = 50
_AFTER_PLACE = ("feature", "country", "role", "precision", "confidence", "review", "date", "passage", "title")
FIRST_COLUMNS = {"ar": ("surface", "place", *_AFTER_PLACE), "en": ("surface", "place_en", *_AFTER_PLACE)}
_CODES = ("role", "feature", "method", "precision")
_WIDE = ("passage", "title", "reason")
_LEFT_TO_RIGHT = ("article_id", "place_id", "place_en", "region_en", "lat", "lon")


@st.fragment
def show_table(answers: Answers, filters: Filters, mentions: int, t: Texts) -> None:
    """The rows in view, columns and order to choose, and the downloads of the same rows."""
    st.subheader(t("Table"), anchor=False)
    columns, sort, descending = _controls(t)
    pages = max(1, -(-mentions // PAGE_ROWS))
    table = st.session_state["table"]
    # Other rows or another order begin at the first page.
    shown = (filters, sort, descending)
    if st.session_state.setdefault("table_of", shown) != shown:
        st.session_state["table_of"] = shown
        table["page"] = 1
    page = table["page"] = min(table["page"], pages)
    first = (page - 1) * PAGE_ROWS
    order = {"sort": sort, "descending": descending}
    rows = answers.rows(filters, PAGE_ROWS, first, **order) if mentions else []
    if rows:
        st.html(table_html(rows, columns, t))
        place = {"first": t.number(first + 1), "last": t.number(first + len(rows)), "all": t.number(mentions)}
        st.caption(t("Rows {first} to {last} of {all}", **place))
    if pages > 1:
        st.session_state["table_page"] = page
        st.pagination(pages, key="table_page", max_visible_pages=5, on_change=_keep, args=("page", "table_page"))
    show_downloads(answers, filters, order, columns, t)
    address.save()


def _keep(name: str, key: str) -> None:
    value = st.session_state[key]
    st.session_state["table"][name] = tuple(value) if name == "columns" else value
    address.touch()


def _controls(t: Texts) -> tuple[list[str], str | None, bool]:
    def label(name: str) -> str:
        return t.term("column", name)

    first, table = list(FIRST_COLUMNS[t.language]), st.session_state["table"]
    key = f"columns_{t.language}"
    st.session_state[key] = list(table["columns"]) or first
    st.session_state["sort"], st.session_state["descending"] = table["sort"], table["descending"]
    columns_side, sort_side, order_side = st.columns([4, 2, 1.2], vertical_alignment="bottom")
    with columns_side.expander(t("Columns"), key="columns_box"):
        chosen = st.multiselect(
            t("Columns"),
            COLUMNS,
            key=key,
            format_func=label,
            select_all=False,
            label_visibility="collapsed",
            on_change=_keep,
            args=("columns", key),
        )
    sort = sort_side.selectbox(
        t("Sort by"),
        COLUMNS,
        index=None,
        key="sort",
        format_func=label,
        placeholder=t("Newest first"),
        on_change=_keep,
        args=("sort", "sort"),
    )
    descending = order_side.checkbox(
        t("Descending"),
        key="descending",
        disabled=sort is None,
        on_change=_keep,
        args=("descending", "descending"),
    )
    return chosen or first, sort, descending


def table_html(rows: list[dict[str, Any]], columns: list[str], t: Texts) -> str:
    """The rows as an HTML table in the language's direction, every cell escaped."""
    body = "".join("<tr>" + "".join(_cell(row, name, t) for name in columns) + "</tr>" for row in rows)
    heads = (t.term("column", name) for name in columns)
    return table_around(body, heads, label=t("Table"), direction=t.direction)


def _cell(row: dict[str, Any], name: str, t: Texts) -> str:
    kind = "wide" if name in _WIDE else name
    direction = "ltr" if name in _LEFT_TO_RIGHT else "auto"
    return f'<td class="{kind}"><div dir="{direction}">{_cell_html(row, name, t)}</div></td>'


def _cell_html(row: dict[str, Any], name: str, t: Texts) -> str:
    value = row[name]
    if name == "title":
        return escape(value or row["head"] or row["article_id"])
    if name == "date":
        return escape(t.date(value, short=True))
    if name == "glued":
        return escape(t("yes")) if value else ""
    if value is None:
        return ""
    if name == "url":
        return link(value, value)
    if name == "review":
        return f"✓ {escape(t.term(name, value))}"
    if name == "reviewed_at":
        return escape(t.date(value, short=True))
    if name in _CODES:
        return escape(t.term(name, value))
    if name == "reason":
        return escape(reason_text(value, t))
    if name == "country":
        return escape(t.country(value))
    if name == "confidence":
        return f"{value:.2f}"
    return escape(f"{value:g}" if isinstance(value, float) else str(value))
