"""Removing articles from the workspace for good, once it was said twice."""

import streamlit as st

from views import address
from views.markup import plain
from views.reading import Readings
from views.texts import Texts


def show_removal(readings: Readings, article_ids: list[str], key: str, t: Texts) -> None:
    """A button that asks once more, and then removes these articles."""
    n = len(article_ids)
    label = t.count("Remove this article …", "Remove these {n} articles …", n)
    with st.popover(label, icon=":material/delete:", type="tertiary", key=f"removal_{key}"):
        st.markdown(
            t("Their texts leave the workspace for good, with all that was found in them. Reviews stay on record.")
        )
        if st.button(t("Remove for good"), key=f"remove_{key}", type="primary"):
            _remove(readings, article_ids, t)


def _remove(readings: Readings, article_ids: list[str], t: Texts) -> None:
    try:
        with st.spinner(t("Removing …")):
            removed = readings.workspace.remove(article_ids)
            readings.uploads.forget_articles(set(article_ids))
    except OSError as error:
        st.error(plain(str(error)))
        return
    st.session_state["notice"] = t.count("{n} article was removed.", "{n} articles were removed.", removed)
    st.session_state["read"] = None
    address.touch()
    st.rerun()
