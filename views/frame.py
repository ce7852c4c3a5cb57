"""What surrounds every page: language, direction, style, title and footer."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from extract.store import StoreError
from views import address, data, login
from views.data import Answers
from views.markup import escape, plain
from views.reading import readings_of
from views.texts import DEFAULT_LANGUAGE, LANGUAGES, Texts

# Set by the map's frame once the tour was left: it is shown once a browser.
TOUR_COOKIE = "rasid_tour"
STYLE = Path(__file__).parent / "style.css"


def begin() -> Texts:
    """Set up the page and return the texts of its language. The run ends here for who may not see it (views.login)."""
    address.load()
    language = st.session_state["language"]
    t = Texts(language)
    st.html(STYLE)
    mirror, far = (-1, "flex-start") if t.right_to_left else (1, "flex-end")
    st.html(f"<style>:root {{ --direction: {t.direction}; --mirror: {mirror}; --far: {far}; }}</style>")
    title, choice = st.columns([5, 2], vertical_alignment="center")
    with title:
        name, line = escape(t("Rasid")), escape(t("Where the news reports from, with the sentence that says so"))
        st.html(f'<header class="rasid-title"><h1>{name}</h1><p>{line}</p></header>')
    st.session_state["language_choice"] = language
    with choice:
        st.segmented_control(
            t("Language"),
            list(LANGUAGES),
            key="language_choice",
            required=True,
            format_func=LANGUAGES.get,
            label_visibility="collapsed",
            on_change=_choose_language,
        )
    login.demand(t)
    _show_pages(t)
    return t


def _show_pages(t: Texts) -> None:
    names = {"explore": t("Explore"), "add": t("Add articles"), "data": t("About the data"), "decisions": t("Reviews")}
    page = st.session_state["page"]
    if page != address.PAGES[0]:
        st.set_page_config(page_title=f"{names[page]} · {t('Rasid')}")
    st.session_state["page_choice"] = page
    st.segmented_control(
        t("Page"),
        address.PAGES,
        key="page_choice",
        required=True,
        format_func=names.get,
        label_visibility="collapsed",
        on_change=_choose_page,
    )


def _choose_page() -> None:
    address.go(st.session_state["page_choice"] or address.PAGES[0])


def open_answers(t: Texts) -> Answers | None:
    """The workspace's answers; None when it cannot be opened, and the page has said why and what to do."""
    try:
        workspace = data.open_workspace(data.store_folder())
        if not data.is_read_only():
            # What waited to be read when the program ended is read now.
            readings_of(workspace)
        return Answers(workspace)
    except StoreError as error:
        st.warning(t("There is no workspace to show yet."))
        st.markdown(
            t("Read some articles first: `make run` reads the two examples, `make run ARTICLES=path` your own.")
        )
        st.button(t("Add articles here"), key="add_first", on_click=address.go, args=("add",))
        st.caption(plain(str(error)))
        return None


def _choose_language() -> None:
    st.session_state["language"] = st.session_state["language_choice"] or DEFAULT_LANGUAGE
    address.touch()


def show_tour(t: Texts) -> None:
    """Three sentences for who comes for the first time; gone for good with one click."""
    if st.session_state.get("toured") or st.context.cookies.get(TOUR_COOKIE) == "1":
        return
    with st.container(border=True, key="tour"):
        text, leave = st.columns([6, 1], vertical_alignment="center")
        sentences = (
            t("Each circle is a place that the articles name: click it to read the sentences, with the name marked."),
            t("The filters, the timeline and shapes drawn on the map narrow everything on the page at once."),
            t("The address of the page holds what you see, and the table below can be downloaded as it stands."),
        )
        text.html(f'<ol class="rasid-tour">{"".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)}</ol>')
        leave.button(t("Got it"), key="leave_tour", width="stretch", on_click=_leave_tour)


def _leave_tour() -> None:
    st.session_state["toured"] = True


def show_page(title: str, draw: Callable[[Answers, Texts], None], t: Texts) -> None:
    """A page of the workspace: its head, what `draw` draws, the footer; without a workspace what to do about that."""
    answers = open_answers(t)
    if answers is None:
        end(t, ())
        return
    st.header(title, anchor=False)
    draw(answers, t)
    end(t, answers.workspace.attribution)


def end(t: Texts, attribution: tuple[str, ...]) -> None:
    """The footer: whose data this is. And what was done just now, said once."""
    if notice := st.session_state.pop("notice", None):
        st.toast(plain(notice), icon=":material/check:")
    sources = " · ".join([*attribution, "Natural Earth", "Leaflet", "Noto Sans Arabic"])
    st.html(
        f'<footer class="rasid-footer">{escape(t("Place names and positions:"))} <bdi>{escape(sources)}</bdi><br>'
        f"{escape(t('Nothing on this page is fetched from outside, unless you choose a map from a server.'))}</footer>"
    )
    address.save()
