"""One dot a mention with pydeck, the clicked one's passage below."""

import pydeck as pdk
import streamlit as st
from mentions import COLOUR, HEIGHT_PX, ZOOM, centre, chosen_mentions, show_passage, tell

shown = chosen_mentions()
lat, lon = centre(shown)
points = shown[["place", "lat", "lon"]].assign(number=range(len(shown)))
layer = pdk.Layer(
    "ScatterplotLayer",
    id="mentions",
    data=points,
    get_position="[lon, lat]",
    get_fill_color=list(COLOUR),
    radius_min_pixels=5,
    radius_max_pixels=5,
    pickable=True,
)
view = pdk.ViewState(latitude=lat, longitude=lon, zoom=ZOOM)
deck = pdk.Deck([layer], initial_view_state=view, map_style=None, tooltip={"text": "{place}"})
event = st.pydeck_chart(deck, height=HEIGHT_PX, on_select="rerun", selection_mode="single-object", key="map")
tell(shown)
for clicked in event.selection.objects.get("mentions", []):
    show_passage(shown.iloc[clicked["number"]]["passage"])
