"""The dashboard's entry: `streamlit run dashboard.py`. Page set-up, language and navigation; the pages are in views.

Streamlit reads this file twice. As a module it is the server, with the headers that every answer carries; for each reader
it is run as the script that draws the page. The server must not import the page: components are known to a running server only.
"""

import streamlit as st

if __name__ == "__main__":
    from views import about, add, decisions, explore, frame

    show = {"explore": explore.show, "add": add.show, "data": about.show, "decisions": decisions.show}
    st.set_page_config(page_title="راصد · Rasid", page_icon="📍", layout="wide", initial_sidebar_state="auto")
    t = frame.begin()
    show[st.session_state["page"]](t)
else:
    from views import headers, warm

    app = st.App(__file__, middleware=headers.MIDDLEWARE, lifespan=warm.lifespan)
