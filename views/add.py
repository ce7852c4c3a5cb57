"""The page for adding articles: files or a pasted text, how far the reading is, and what it gave."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import streamlit as st

from extract.articles import KINDS
from extract.mentions import ARTICLE_FIELDS
from extract.store import StoreError, Workspace
from extract.uploads import Found, Outcome, shown_name
from views import address, data, frame
from views.markup import escape, is_web_address, isolate, plain
from views.reading import Readings, readings_of
from views.refusals import refusal_html
from views.removal import show_removal
from views.texts import Texts

# A long feature has some 30,000 characters; what is longer comes as a file.
PASTED_CHARACTERS = 300_000
FIRST_DAY = date(1800, 1, 1)
# How often the page looks how far the reading is.
LOOK_S = 0.7
ARTICLES_SHOWN = 10
NAMES_SHOWN = 24
EARLIER_SHOWN = 30


def show(t: Texts) -> None:
    """Draw the page."""
    workspace = _open(t)
    if workspace is None:
        frame.end(t, ())
        return
    st.header(t("Add articles"), anchor=False)
    if data.is_read_only():
        st.info(t("This workspace is served for reading only: nothing can be added here."))
        frame.end(t, workspace.attribution)
        return
    readings = readings_of(workspace)
    files, pasted = st.columns(2, gap="large")
    with files:
        _show_upload(readings, t)
    with pasted:
        _show_paste(readings, t)
    for message in st.session_state.pop("add_errors", ()):
        st.error(plain(message))
    _show_state(readings, t)
    _show_added(readings, t)
    _show_waiting(readings, t)
    _show_earlier(readings, t)
    frame.end(t, workspace.attribution)


def _open(t: Texts) -> Workspace | None:
    folder = data.store_folder()
    try:
        try:
            return data.open_workspace(folder)
        except StoreError:
            # Who has no workspace yet begins one here; one of another form is refused a second time.
            Workspace.create_or_open(folder)
            return data.open_workspace(folder)
    except OSError as error:
        st.error(t("The workspace cannot be opened or made."))
        st.caption(plain(str(error)))
        return None


def _show_upload(readings: Readings, t: Texts) -> None:
    st.subheader(t("Files"), anchor=False)
    words = f'--choose-files: "{t("Choose files")}"; --drop-files: "{t("or drop them here")}";'
    st.html(f"<style>:root {{ {words} }}</style>")
    st.file_uploader(
        t("Article files"),
        accept_multiple_files=True,
        key=_key("files"),
        on_change=_take_files,
        args=(readings, t),
        label_visibility="collapsed",
    )
    # Kept from mixing with the direction around it.
    st.caption(
        t(
            "Read are {kinds}, up to {mb} MB each.",
            kinds=f"\u2066{plain(' '.join(KINDS))}\u2069",
            mb=t.number(st.get_option("server.maxUploadSize")),
        )
        + " "
        + t("Tables and feeds may hold many articles. Files are kept in the workspace's folder and read at once.")
    )


def _show_paste(readings: Readings, t: Texts) -> None:
    st.subheader(t("A text"), anchor=False)
    with st.form(_key("paste"), border=False):
        st.text_area(t("Text of the article"), key=_key("text"), max_chars=PASTED_CHARACTERS, height=180)
        left, right = st.columns(2)
        left.text_input(t("Title (optional)"), key=_key("title"), max_chars=300)
        right.text_input(t("Outlet (optional)"), key=_key("outlet"), max_chars=120)
        left.date_input(
            t("Date (optional)"),
            value=None,
            min_value=FIRST_DAY,
            max_value=date.today() + timedelta(days=1),
            format="YYYY-MM-DD",
            key=_key("date"),
        )
        right.text_input(t("Web address (optional)"), key=_key("url"), max_chars=2_000, placeholder="https://…")
        st.selectbox(
            t("Country it is about (optional)"),
            t.countries(),
            index=None,
            key=_key("country"),
            format_func=t.country,
            placeholder=t("Helps to tell places of one name apart"),
        )
        st.form_submit_button(t("Read this text"), type="primary", on_click=_take_text, args=(readings, t))


def _key(name: str) -> str:
    """A widget's key, which changes when what it holds was taken: it is empty again then."""
    return f"add_{name}_{st.session_state.setdefault('add_round', 0)}"


def _take_files(readings: Readings, t: Texts) -> None:
    files = st.session_state[_key("files")] or []
    if files:
        _take([(lambda file=file: readings.uploads.keep(file.name, file.getvalue())) for file in files], readings, t)
        st.session_state["add_round"] += 1


def _take_text(readings: Readings, t: Texts) -> None:
    values = {name: st.session_state[_key(name)] for name in ARTICLE_FIELDS}
    text, url = (values["text"] or "").strip(), (values["url"] or "").strip()
    if not text:
        st.session_state["add_errors"] = [t("Paste the text of the article first.")]
        return
    if url and not is_web_address(url):
        st.session_state["add_errors"] = [t("The web address must begin with http:// or https://.")]
        return
    about = {name: (values[name] or "").strip() or None for name in ("title", "outlet", "country")}
    about |= {"date": values["date"] and values["date"].isoformat(), "url": url or None}
    if _take([lambda: readings.uploads.keep_text(text, about)], readings, t):
        st.session_state["add_round"] += 1


def _take(keepers: list[Callable[[], tuple[Path, bool]]], readings: Readings, t: Texts) -> bool:
    """Keep what was handed in and ask for its reading; whether it could be kept. What was taken before is told."""
    kept: list[tuple[Path, bool]] = []
    fine = True
    try:
        for keep in keepers:
            kept.append(keep())
    except OSError as error:
        fine = False
        reason = t("The workspace cannot be written to, so nothing can be added: {reason}", reason=error.strerror or "")
        st.session_state["add_errors"] = [reason]
    readings.ask(path for path, _ in kept)
    st.session_state["added"] = kept + [pair for pair in st.session_state.get("added", []) if pair not in kept]
    return fine


def _show_state(readings: Readings, t: Texts) -> None:
    """The progress bar, looked at again and again while there is something to read, and then the page once more."""
    if readings.state() is not None:
        st.fragment(_show_progress, run_every=LOOK_S)(readings, t)


def _show_progress(readings: Readings, t: Texts) -> None:
    state = readings.state()
    if state is None:
        st.rerun()
    read = t.count("{n} article read", "{n} articles read", state.articles)
    text = t("Reading {name} ({n} of {all})", name=state.name, n=t.number(state.done + 1), all=t.number(state.asked))
    st.progress(min(1.0, (state.done + state.share) / state.asked), plain(f"{text} · {read}"))


def _show_added(readings: Readings, t: Texts) -> None:
    with st.container(key="added"):
        for number, (path, known) in enumerate(st.session_state.get("added", [])):
            outcome = None if readings.is_asked(path) else readings.uploads.outcome(path)
            if outcome is None:
                continue
            if known and outcome.known and not outcome.articles:
                said = t("«{name}» was added before: nothing is doubled.", name=shown_name(path))
                st.info(plain(said), icon=":material/content_copy:")
            _show_outcome(readings, outcome, f"added_{number}", t)


def _show_outcome(readings: Readings, outcome: Outcome, key: str, t: Texts) -> None:
    with st.container(border=True, key=f"outcome_{key}"):
        st.html(_outcome_html(outcome, t))
        with st.container(gap=None, key=f"articles_{key}"):
            for number, found in enumerate(outcome.found[:ARTICLES_SHOWN]):
                _show_article(found, f"{key}_{number}", t)
        if outcome.articles > ARTICLES_SHOWN:
            st.caption(t.count("and {n} more article", "and {n} more articles", outcome.articles - ARTICLES_SHOWN))
        _show_nowhere(outcome, key, t)
        if outcome.refused:
            st.html(refusal_html(outcome.refused, outcome.refusals, t))
        if outcome.found and len(outcome.found) == outcome.articles + outcome.known:
            show_removal(readings, [found.article_id for found in outcome.found], key, t)


def _outcome_html(outcome: Outcome, t: Texts) -> str:
    parts = [t.count("{n} article read", "{n} articles read", outcome.articles)]
    if outcome.articles:
        parts.append(t.count("{n} mention of a place", "{n} mentions of places", outcome.mentions))
    if outcome.unplaced:
        parts.append(
            t.count("{n} name that could not be placed", "{n} names that could not be placed", outcome.unplaced)
        )
    if outcome.replaced:
        parts.append(t.count("{n} took another's place", "{n} took the place of others", outcome.replaced))
    if outcome.known:
        parts.append(t.count("{n} was here already", "{n} were here already", outcome.known))
    if outcome.refusals:
        parts.append(t.count("{n} refused", "{n} refused", outcome.refusals))
    return (
        f'<p class="rasid-outcome"><strong>{isolate(outcome.name)}</strong> '
        f"<small>{escape(t.date(outcome.when))}</small><br>{' · '.join(map(escape, parts))}</p>"
    )


def _show_article(found: Found, key: str, t: Texts) -> None:
    with st.container(horizontal=True, key=f"found_{key}", vertical_alignment="center", gap="small"):
        count = t.count("{n} mention", "{n} mentions", found.mentions)
        st.html(f'<p class="rasid-found">{isolate(found.title)} · {escape(count)}</p>', width="stretch")
        _go_button(t("On the map"), f"map_{key}", ":material/map:", article_id=found.article_id)
        _go_button(t("Read it"), f"read_{key}", ":material/article:", article_id=found.article_id, start=0)


def _go_button(label: str, key: str, icon: str | None = None, **where: Any) -> None:
    kind = "tertiary" if icon else "secondary"
    st.button(label, key=key, icon=icon, type=kind, on_click=address.go, args=("explore",), kwargs=where)


def _show_nowhere(outcome: Outcome, key: str, t: Texts) -> None:
    names: dict[str, tuple[str, int]] = {}
    for found in outcome.found:
        for name, start in found.nowhere:
            names.setdefault(name, (found.article_id, start))
    if not names:
        return
    st.html(
        f'<p class="rasid-found">{escape(t("Names that could not be placed; choose one to read where it stands:"))}</p>'
    )
    with st.container(horizontal=True, key=f"chips_{key}", gap="small"):
        for number, (name, (article_id, start)) in enumerate(list(names.items())[:NAMES_SHOWN]):
            _go_button(plain(name), f"nowhere_{key}_{number}", article_id=article_id, start=start)


def _show_waiting(readings: Readings, t: Texts) -> None:
    for number, path in enumerate(readings.uploads.waiting()):
        if readings.is_asked(path):
            continue
        with st.container(border=True, horizontal=True, key=f"waiting_{number}", vertical_alignment="center"):
            said = t("«{name}» was added but not read.", name=shown_name(path))
            st.html(
                f'<p class="rasid-found">{escape(said)} {isolate(readings.failure(path) or "")}</p>', width="stretch"
            )
            st.button(t("Read it now"), key=f"retry_{number}", on_click=readings.ask, args=([path],))
            st.button(t("Take it away"), key=f"forget_{number}", on_click=readings.uploads.forget, args=(path,))


def _show_earlier(readings: Readings, t: Texts) -> None:
    shown = {path for path, _ in st.session_state.get("added", [])}
    newest = readings.uploads.outcomes(EARLIER_SHOWN + len(shown))
    earlier = [outcome for path, outcome in newest if path not in shown]
    if not earlier:
        return
    with st.expander(t("Added earlier"), key="earlier"):
        for number, outcome in enumerate(earlier[:EARLIER_SHOWN]):
            _show_outcome(readings, outcome, f"earlier_{number}", t)
