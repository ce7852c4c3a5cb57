"""What surrounds every page: language, direction, style, title and footer."""

from pathlib import Path

import streamlit as st

from views import address
from views.markup import escape
from views.texts import DEFAULT_LANGUAGE, LANGUAGES, Texts

STYLE = Path(__file__).parent / "style.css"


def begin() -> Texts:
    """Set up the page and return the texts of its language."""
    address.load()
    language = st.session_state.setdefault("language", DEFAULT_LANGUAGE)
    t = Texts(language)
    st.html(STYLE)
    mirror = -1 if t.right_to_left else 1
    st.html(f"<style>:root {{ --direction: {t.direction}; --mirror: {mirror}; }}</style>")
    title, choice = st.columns([5, 2], vertical_alignment="center")
    with title:
        name, line = escape(t("Rasid")), escape(t("Where the news reports from, with the sentence that says so"))
        st.html(f'<header class="rasid-title"><h1>{name}</h1><p>{line}</p></header>')
    with choice:
        st.segmented_control(
            t("Language"),
            list(LANGUAGES),
            key="language_choice",
            default=language,
            required=True,
            format_func=LANGUAGES.get,
            label_visibility="collapsed",
            on_change=_choose_language,
        )
    return t


def _choose_language() -> None:
    st.session_state["language"] = st.session_state["language_choice"] or DEFAULT_LANGUAGE


def end(t: Texts, attribution: tuple[str, ...]) -> None:
    """The footer: whose data this is."""
    sources = " · ".join([*attribution, "Natural Earth", "Leaflet", "Noto Sans Arabic"])
    st.html(
        f'<footer class="rasid-footer">{escape(t("Place names and positions:"))} <bdi>{escape(sources)}</bdi><br>'
        f"{escape(t('Nothing on this page is fetched from outside, unless you turn street tiles on.'))}</footer>"
    )
    address.save()
