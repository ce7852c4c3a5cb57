"""One dot a mention with plotly, the clicked one's passage below."""

import plotly.graph_objects as go
import streamlit as st
from mentions import COLOUR, HEIGHT_PX, ZOOM, centre, chosen_mentions, show_passage, tell

shown = chosen_mentions()
lat, lon = centre(shown)
trace = go.Scattermap(
    lat=shown["lat"],
    lon=shown["lon"],
    text=shown["place"],
    mode="markers",
    marker={"size": 10, "color": f"rgb{COLOUR}"},
)
figure = go.Figure(trace)
figure.update_layout(
    map={"style": "white-bg", "center": {"lat": lat, "lon": lon}, "zoom": ZOOM},
    height=HEIGHT_PX,
    margin={"l": 0, "r": 0, "t": 0, "b": 0},
)
event = st.plotly_chart(figure, on_select="rerun", selection_mode="points", key="map")
tell(shown)
for number in event.selection.point_indices[:1]:
    show_passage(shown.iloc[number]["passage"])
