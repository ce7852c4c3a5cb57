"""The dashboard's entry: `streamlit run dashboard.py`. Page set-up and language; the page itself is in views."""

import streamlit as st

from views import explore, frame

st.set_page_config(page_title="راصد · Rasid", page_icon="📍", layout="wide", initial_sidebar_state="auto")
explore.show(frame.begin())
