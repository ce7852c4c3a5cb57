"""One marker a mention with folium and st_folium, the clicked one's passage below."""

import folium
from mentions import HEIGHT_PX, ZOOM, centre, chosen_mentions, show_passage, tell
from streamlit_folium import st_folium

shown = chosen_mentions()
base = folium.Map(location=centre(shown), zoom_start=ZOOM, tiles=None)
for place, lat, lon in zip(shown["place"], shown["lat"], shown["lon"], strict=True):
    folium.Marker([lat, lon], popup=place).add_to(base)
answer = st_folium(
    base, key="map", height=HEIGHT_PX, use_container_width=True, returned_objects=["last_object_clicked"]
)
tell(shown)
if spot := answer["last_object_clicked"]:
    there = shown[(shown["lat"] == spot["lat"]) & (shown["lon"] == spot["lng"])]
    for passage in there["passage"].head(1):
        show_passage(passage)
