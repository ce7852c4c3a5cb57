"""The page of all reviews: where reviewers differ, what each decided and when, to be undone, and the names they added."""

import io
from typing import Any

import streamlit as st

from extract.added_names import added_places, write_table
from extract.decisions import Decision, Kind, Scope
from gazetteer import GazetteerError, Place
from views import address, frame
from views.data import Answers, is_read_only
from views.markup import apart, escape, html_table, isolate, plain
from views.picking import coordinates
from views.reading import open_parser
from views.review import ask_reviewer, take_back
from views.texts import Texts

A_PAGE = 15
CONFLICTS_SHOWN = 20


def show(t: Texts) -> None:
    """Draw the page."""
    frame.show_page(t("Reviews"), _show_panels, t)


def _show_panels(answers: Answers, t: Texts) -> None:
    try:
        parser = open_parser(answers.workspace.folder)
    except (GazetteerError, OSError) as error:
        st.error(plain(str(error)))
        return
    decisions = parser.log.all()
    if not decisions:
        st.info(t("Nobody has reviewed anything yet. Each passage on the first page has a button for it."))
    else:
        reviewer = "" if is_read_only() else ask_reviewer("history", t)
        _show_conflicts(parser.log.conflicts(), t)
        _show_history(answers, decisions, {d.id for d in parser.log.active()}, reviewer, t)
        _show_names(added_places(parser.log.active()), t)
    for line in parser.log.damaged():
        st.warning(plain(line))


def decision_text(decision: Decision, t: Texts) -> str:
    """What was decided, in words."""
    said = t.term("review", decision.kind)
    if decision.kind is Kind.UNDO:
        return said
    name = decision.surface or (decision.place.name if decision.place else "")
    # The sign tells browsers, which go by the first letter, that it is a text of this language that names another.
    sign = "\u200f" if t.right_to_left else "\u200e"
    parts = [f"{sign}{apart(f'«{name}»')} {said}"]
    if decision.place and decision.kind is not Kind.RIGHT:
        parts.append(_place_text(decision.place, t))
    if decision.scope is Scope.NAME and decision.kind is not Kind.NAME:
        country = t.country(decision.country) if decision.country else t("no country")
        parts.append(t("all with this name ({country})", country=country))
    return " · ".join(parts)


def _place_text(place: Place, t: Texts) -> str:
    name = apart(t.place_name(place.name, place.name_en))
    country = f" ({t.country(place.country)})" if place.country else ""
    return f"{name}{country} {coordinates(place.point, 3)}"


def _show_conflicts(conflicts: list[Any], t: Texts) -> None:
    if not conflicts:
        return
    n = len(conflicts)
    differ = t.count("Reviewers differ about {n} name", "Reviewers differ about {n} names", n)
    st.warning(plain(f"{differ}: {t('the later decision counts.')}"), icon=":material/group:")
    heads = (t("Earlier"), t("By"), t("Later, counts"), t("By"))
    rows = [
        [decision_text(c.earlier, t), c.earlier.reviewer, decision_text(c.later, t), c.later.reviewer]
        for c in conflicts[:CONFLICTS_SHOWN]
    ]
    st.html(html_table(heads, rows, label=t("Where reviewers differ"), direction=t.direction, wide=(0, 2)))


def _show_history(answers: Answers, decisions: list[Decision], active: set[str], reviewer: str, t: Texts) -> None:
    st.subheader(t("Decisions, newest first"), anchor=False)
    known = {d.id: d for d in decisions}
    newest = list(reversed(decisions))
    pages = -(-len(newest) // A_PAGE)
    page = min(st.session_state.get("history_page", 1), pages)
    for decision in newest[(page - 1) * A_PAGE : page * A_PAGE]:
        _show_decision(answers, decision, known, decision.id in active, reviewer, t)
    if pages > 1:
        st.pagination(pages, key="history_page", max_visible_pages=5)


def _show_decision(
    answers: Answers, decision: Decision, known: dict[str, Decision], counts: bool, reviewer: str, t: Texts
) -> None:
    undone = known.get(decision.undoes or "")
    text = t("took back: {what}", what=decision_text(undone, t)) if undone else decision_text(decision, t)
    note = "" if counts or decision.kind is Kind.UNDO else f" · {t('taken back')}"
    when = f"{t.date(decision.at)}, {decision.at[11:16]} UTC"
    with st.container(border=True, horizontal=True, key=f"decision_{decision.id}", vertical_alignment="center"):
        st.html(
            f'<p class="rasid-found{"" if counts else " undone"}">{isolate(text)}<br>'
            f"<small>{isolate(decision.reviewer)} · {escape(when)}{escape(note)}</small></p>",
            width="stretch",
        )
        if decision.article_id and decision.start is not None:
            where = {"article_id": decision.article_id, "start": decision.start}
            st.button(
                t("Read it"),
                key=f"see_{decision.id}",
                icon=":material/article:",
                type="tertiary",
                on_click=address.go,
                args=("explore",),
                kwargs=where,
            )
        if counts and st.button(t("Undo"), key=f"undo_{decision.id}", icon=":material/undo:", disabled=not reviewer):
            take_back(answers, open_parser(answers.workspace.folder), decision, reviewer, t)


def _show_names(places: list[Place], t: Texts) -> None:
    if not places:
        return
    st.subheader(t("Names added to the gazetteer"), anchor=False)
    heads = (t("Name"), t("Other spellings"), t("Kind of place"), t("Country"), t("Position"))
    rows = [
        [
            place.name,
            t("، ").join(place.aliases),
            t.term("feature", place.feature),
            t.country(place.country) if place.country else "",
            f"{place.point.lat:.4f}, {place.point.lon:.4f}",
        ]
        for place in places
    ]
    st.html(html_table(heads, rows, label=t("Names added to the gazetteer"), direction=t.direction))
    st.download_button(
        t("Download them as a table"),
        data=lambda: _table(places),
        file_name="rasid-names.csv",
        mime="text/csv",
        key="download_names",
        on_click="ignore",
        help=t("The form that `python -m gazetteer import` reads, for other workspaces."),
    )


def _table(places: list[Place]) -> bytes:
    stream = io.StringIO(newline="")
    write_table(places, stream)
    return stream.getvalue().encode("utf-8-sig")
