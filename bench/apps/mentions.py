"""What the other maps are given: every placed mention of a workspace, read once a server."""

import os
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import streamlit as st

# Red, green and blue of the points: a picture of the page tells by it whether they are drawn.
COLOUR = tuple(map(int, os.environ["BENCH_COLOUR"].split(",")))
HEIGHT_PX = 560
ZOOM = 4


@st.cache_resource(show_spinner=False)
def load_mentions() -> pd.DataFrame:
    """place_id, place, lat, lon and passage of each mention that has a point."""
    folder = Path(os.environ["BENCH_STORE"])
    columns = ["place_id", "place", "lat", "lon", "passage"]
    tables = [pq.read_table(path, columns=columns) for path in sorted(folder.glob("mentions-*.parquet"))]
    return pd.concat([table.to_pandas() for table in tables], ignore_index=True).dropna(subset=["lat"])


def chosen_mentions() -> pd.DataFrame:
    """The mentions of places whose name holds what the reader typed."""
    text = st.text_input("Place", key="place_text")
    mentions = load_mentions()
    return mentions[mentions["place"].str.contains(text, regex=False)] if text else mentions


def centre(mentions: pd.DataFrame) -> tuple[float, float]:
    """Where the most mentioned place lies: the map opens with it in the middle."""
    place_id = mentions["place_id"].mode().iloc[0]
    row = mentions[mentions["place_id"] == place_id].iloc[0]
    return float(row["lat"]), float(row["lon"])


def tell(mentions: pd.DataFrame) -> None:
    """How many mentions the map shows: the last thing on the page but the passage."""
    st.text(f"mentions shown: {len(mentions)}")


def show_passage(passage: str) -> None:
    """The sentence of the mention that was clicked, as text."""
    with st.container(key="passage"):
        st.text(passage)
