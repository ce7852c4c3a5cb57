"""The dashboard's entry: `streamlit run dashboard.py`. Page set-up and language; the page itself is in views.

Streamlit reads this file twice. As a module it is the server, with the headers that every answer carries; for each reader
it is run as the script that draws the page. The server must not import the page: components are known to a running server only.
"""

import streamlit as st

if __name__ == "__main__":
    from views import explore, frame

    st.set_page_config(page_title="راصد · Rasid", page_icon="📍", layout="wide", initial_sidebar_state="auto")
    explore.show(frame.begin())
else:
    from views import headers, memory

    app = st.App(__file__, middleware=headers.MIDDLEWARE, lifespan=memory.lifespan)
