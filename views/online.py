"""The outside services that the page may ask, and only once the reader has turned them on. Imports nothing of the page."""

import os
from urllib.parse import urlsplit

OPENSTREETMAP = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"


def street_tiles() -> str | None:
    """The address of street tiles on offer: RASID_TILES, or OpenStreetMap's; None for "off" or what is no web address."""
    asked = os.environ.get("RASID_TILES", "").strip() or OPENSTREETMAP
    parts = urlsplit(asked)
    # The host stands in a header and in a sentence: nothing but a plain name and port may come there.
    plain = (parts.hostname or "").replace("-", "").replace(".", "").isalnum() and parts.netloc.isascii()
    return asked if parts.scheme in ("http", "https") and plain and "@" not in parts.netloc else None


def tile_origin() -> str | None:
    """Scheme, host and port of the street tiles on offer, as a header names them."""
    tiles = street_tiles()
    if tiles is None:
        return None
    parts = urlsplit(tiles)
    return f"{parts.scheme}://{parts.netloc}"


def tile_host() -> str:
    """The host of the street tiles, for people; empty when none are on offer."""
    tiles = street_tiles()
    return (urlsplit(tiles).hostname or "") if tiles else ""
