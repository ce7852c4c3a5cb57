"""The dashboard's entry: `streamlit run dashboard.py`. Page set-up, language and navigation; the pages are in views."""

import streamlit as st

from views import about, add, decisions, explore, frame

SHOW = {"explore": explore.show, "add": add.show, "data": about.show, "decisions": decisions.show}

st.set_page_config(page_title="راصد · Rasid", page_icon="📍", layout="wide", initial_sidebar_state="auto")
t = frame.begin()
SHOW[st.session_state["page"]](t)
