"""The page about the data: what the workspace holds, what it was read with, what is missing, and how right the reading is."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import streamlit as st

from extract.accuracy import read_accuracy
from extract.decisions import Kind
from extract.filters import Filters
from extract.mentions import Role
from extract.store import Workspace
from extract.uploads import LISTED, known_path
from extract.versions import PROGRAM
from gazetteer.import_store import import_folders, read_report
from gazetteer.load import fingerprint, imports_folder, user_tables
from gazetteer.sources.tables import own_tables, read_table
from views import address, frame
from views.data import Answers, is_read_only
from views.grounds import chosen_ground
from views.markup import Span, escape, html_table, isolate, mark, passage_html, plain
from views.reasons import reason_text
from views.refusals import refusal_html
from views.review import open_review, show_review
from views.texts import Texts

NAMES_A_PAGE = 10
NAMES_LISTED = 2_000
PASSAGES_EACH = 2
# All mentions, with the names inside other names too.
EVERYTHING = Filters(roles=tuple(map(str, Role)))


def show(t: Texts) -> None:
    """Draw the page."""
    frame.show_page(t("About the data"), _show_panels, t)


def _show_panels(answers: Answers, t: Texts) -> None:
    state = fingerprint()
    _show_numbers(answers, t)
    _show_unplaced(answers, t)
    _show_refused(answers.workspace, t)
    _show_accuracy(t)
    _show_read_with(answers.workspace, state, t)
    _show_layers(state, t)
    _show_online(t)
    show_review(answers, t)


def _show_numbers(answers: Answers, t: Texts) -> None:
    span, totals = answers.span(), answers.totals(EVERYTHING)
    period = f"{t.date(str(span.first))} – {t.date(str(span.last))}" if span.first else t("no date")
    facts = [
        (t("Articles"), t.number(span.articles)),
        (t("Outlets"), t.number(answers.outlets())),
        (t("Period"), period),
        (t("Articles without a date"), t.number(span.undated)),
        (t("Mentions with a place"), t.number(totals.mentions)),
        (t("Places"), t.number(totals.places)),
        (t("Names that could not be placed"), t.number(totals.unplaced)),
    ]
    listed = "".join(f"<div><dt>{escape(name)}</dt><dd>{isolate(value)}</dd></div>" for name, value in facts)
    st.html(f'<dl class="rasid-facts">{listed}</dl>')


def _show_unplaced(answers: Answers, t: Texts) -> None:
    st.subheader(t("Names that could not be placed"), anchor=False)
    names = answers.unplaced(EVERYTHING, NAMES_LISTED)
    if not names:
        st.caption(t("None: every name that was found has a place."))
        return
    st.caption(t("The most frequent first. A name added to your gazetteer is found in every article that has it."))
    pages = -(-len(names) // NAMES_A_PAGE)
    page = min(st.session_state.get("unplaced_page", 1), pages)
    shown = names[(page - 1) * NAMES_A_PAGE : page * NAMES_A_PAGE]
    passages = answers.unplaced_passages([row["surface"] for row in shown], PASSAGES_EACH)
    for number, row in enumerate(shown):
        _show_name(row, passages.get(row["surface"], []), f"{page}_{number}", t)
    if pages > 1:
        st.pagination(pages, key="unplaced_page", max_visible_pages=5)


def _show_name(name: dict[str, Any], passages: list[dict[str, Any]], key: str, t: Texts) -> None:
    counts = t(
        "{mentions} in {articles}",
        mentions=t.count("{n} mention", "{n} mentions", name["mentions"]),
        articles=t.count("{n} article", "{n} articles", name["articles"]),
    )
    with st.container(border=True, key=f"name_{key}"):
        st.html(
            f'<p class="rasid-found"><strong>{isolate(name["surface"])}</strong> · {escape(counts)} · '
            f"{isolate(reason_text(name['reason'], t))}</p>"
        )
        for row in passages:
            st.html(sentence_html(row))
        with st.container(horizontal=True, key=f"name_buttons_{key}"):
            if passages and not is_read_only():
                st.button(
                    t("Add to my gazetteer"),
                    key=f"name_add_{key}",
                    icon=":material/add_location_alt:",
                    on_click=open_review,
                    args=(passages[0]["article_id"], passages[0]["start"], Kind.NAME),
                )
            for number, row in enumerate(passages):
                title = row["title"] or row["head"] or row["article_id"]
                where = {"article_id": row["article_id"], "start": row["start"]}
                st.button(
                    plain(title[:50]),
                    key=f"name_{key}_{number}",
                    icon=":material/article:",
                    type="tertiary",
                    on_click=address.go,
                    args=("explore",),
                    kwargs=where,
                )


def sentence_html(row: dict[str, Any]) -> str:
    """The sentence of a mention, its name marked."""
    start = row["start"] - row["passage_start"]
    return passage_html(mark(row["passage"], [Span(start, start + row["end"] - row["start"], "place")]))


def _show_refused(workspace: Workspace, t: Texts) -> None:
    st.subheader(t("Refused inputs"), anchor=False)
    refused, total = rejected(workspace)
    if refused:
        st.html(refusal_html(refused, total, t))
    else:
        st.caption(t("None: everything that was given could be read."))


def rejected(workspace: Workspace) -> tuple[list[dict[str, Any]], int]:
    """Inputs that could not be read, newest first and at most LISTED, and how many there are."""
    rows = workspace.rejected()
    return [row | {"path": known_path(row["path"])} for row in reversed(rows[-LISTED:])], len(rows)


def _show_accuracy(t: Texts) -> None:
    st.subheader(t("How right the reading is"), anchor=False)
    accuracy = read_accuracy()
    about = {"date": t.date(accuracy.measured), "model": accuracy.versions.get("model", "")}
    st.caption(plain(t("Measured on {date} on annotated articles, with the model of {model}.", **about)))
    st.html(accuracy_html(accuracy.corpora, t))
    about = [f"{t.term('corpus', name)}: {t.term('corpus about', name)}" for name in accuracy.corpora]
    st.html(_list_html(about))
    st.html(f'<p class="rasid-found">{escape(t("What the confidence means, on texts held back from training:"))}</p>')
    st.html(_list_html(_confidence(band, t) for band in reversed(accuracy.confidence)))


def _confidence(band: dict[str, float], t: Texts) -> str:
    bounds = {"low": format(band["from"], "g"), "high": format(band["to"], "g")}
    right = t.number(round(100 * band["right"]))
    mentions = t.count("{n} mention", "{n} mentions", int(band["mentions"]))
    return t("said {low} to {high} sure: {share} % right", share=right, **bounds) + f" ({mentions})"


def _list_html(lines: Iterable[str]) -> str:
    return f'<ul class="rasid-notes">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul>'


def accuracy_html(corpora: dict[str, dict[str, float | None]], t: Texts) -> str:
    """One row a measure, one column a corpus."""
    measures = list(next(iter(corpora.values())))
    rows = [
        [t.term("measure", measure), *(_figure(measure, figures[measure]) for figures in corpora.values())]
        for measure in measures
    ]
    heads = ["", *(t.term("corpus", name) for name in corpora)]
    return html_table(heads, rows, label=t("How right the reading is"), direction=t.direction)


def _figure(measure: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:g}" if measure == "articles" else f"{value:.3f}"


def _show_read_with(workspace: Workspace, state: str, t: Texts) -> None:
    st.subheader(t("What the articles were read with"), anchor=False)
    used = workspace.read_with()
    heads = (t("Program"), t("Gazetteer"), t("Model"), t("Articles"))
    rows = [
        [*(row[name] or "–" for name in ("program", "gazetteer", "model")), t.number(row["articles"])] for row in used
    ]
    st.html(html_table(heads, rows, label=t("What the articles were read with"), direction=t.direction))
    older = sum(row["articles"] for row in used if (row["program"], row["gazetteer"]) != (PROGRAM, state))
    if older:
        st.info(
            t.count(
                "{n} article was read with another program or gazetteer than the present one; reading it again may find more.",
                "{n} articles were read with another program or gazetteer than the present one; reading them again may find more.",
                older,
            )
        )


@st.cache_data(show_spinner=False, max_entries=4)
def _count_places(state: str) -> tuple[int, list[tuple[str, int]]]:
    """Places of our own tables, and the names of the user's tables with their rows, in this state of the gazetteer."""
    own = sum(1 for path in own_tables() for _ in read_table(path))
    return own, [(path.stem, _rows_of(path)) for path in user_tables()]


def _show_layers(state: str, t: Texts) -> None:
    own, tables = _count_places(state)
    st.subheader(t("Where the places come from"), anchor=False)
    layers = [
        (t("Rasid's own tables"), t.number(own), "CC BY 4.0 · Rasid gazetteer"),
        (t("Towns of the world"), "", "CC BY 4.0 · © GeoNames"),
        (t("Names of countries"), "", "Unicode License v3 · Unicode CLDR"),
        (t("Some positions in Rasid's tables"), "", "Who's On First · airportsdata (MIT) · Natural Earth"),
        (t("How common words are"), "", "CC BY-SA 4.0 · wordfreq"),
        *((f"{t('Your table')}: {name}", t.number(rows), "") for name, rows in tables),
        *(
            (f"{t('Your import')}: {folder.name}", t.number(read_report(folder).accepted), "")
            for folder in import_folders(imports_folder())
        ),
    ]
    heads = (t("Layer"), t("Places"), t("Licence and credit"))
    st.html(html_table(heads, layers, label=t("Where the places come from"), direction=t.direction))


def _rows_of(path: Path) -> int:
    with open(path, encoding="utf-8-sig", newline="") as lines:
        return max(0, sum(1 for _ in lines) - 1)


def _show_online(t: Texts) -> None:
    st.subheader(t("Online services"), anchor=False)
    host = chosen_ground(st.session_state.get("ground")).host
    tiles = t("on: the map asks {host}", host=host) if host else t("off")
    geocoder = t("off: the dashboard never asks one")
    st.html(_list_html([f"{t('Map from a server')}: {tiles}", f"{t('Online search for names')}: {geocoder}"]))
