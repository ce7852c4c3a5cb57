"""What can lie under the places: Rasid's own base map, a user's PMTiles file or tile server, OpenStreetMap's tiles.

Those of a server are the outside services that the page may ask, and only once the reader has chosen one. Imports nothing of
the page.
"""

import logging
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, urlsplit

logger = logging.getLogger(__name__)
TILES_FOLDER = Path(__file__).parent.parent / "static" / "tiles"
# Streamlit serves no larger file from its static folder.
LARGEST_FILE_BYTES = 200 * 1024 * 1024
OWN, OFF = "own", "off"
_MARK = re.compile(r"\{([a-z-]+)\}")
_MARKS = {"s", "x", "y", "z", "r"}


@dataclass(frozen=True, slots=True)
class Ground:
    """A base map: `kind` is "own", "file" (PMTiles served with the page) or "tiles" (images by z, x and y).

    `host` is the outside server that then learns which part of the map is looked at, None when there is none.
    """

    key: str
    kind: str
    url: str = ""
    credit: str = ""

    @property
    def host(self) -> str | None:
        """The outside server, for people."""
        return urlsplit(self.url).hostname if self.kind == "tiles" else None

    @property
    def origin(self) -> str | None:
        """Scheme, host and port of the outside server, as a header names them."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}" if self.kind == "tiles" else None


OWN_GROUND = Ground(OWN, "own")
OPENSTREETMAP = Ground("osm", "tiles", "https://tile.openstreetmap.org/{z}/{x}/{y}.png", "© OpenStreetMap contributors")


def find_grounds(folder: Path = TILES_FOLDER) -> dict[str, Ground]:
    """Every base map there is to choose from, by key: the own one first, servers last.

    Files are those in `folder`; the server is that of the setting RASID_TILES, credited as RASID_TILES_CREDIT says, or
    OpenStreetMap's; none when the setting is "off" or no address of tiles.
    """
    found = [OWN_GROUND]
    for path in sorted(folder.glob("*.pmtiles")):
        if path.stat().st_size > LARGEST_FILE_BYTES:
            logger.warning("%r is larger than 200 MB and cannot be served: cut a region out of it", path.name)
            continue
        found.append(Ground(path.stem, "file", f"tiles/{quote(path.name)}", "© OpenStreetMap contributors"))
    server = _tile_server(os.environ.get("RASID_TILES", "").strip(), os.environ.get("RASID_TILES_CREDIT", ""))
    return {ground.key: ground for ground in (*found, server) if ground}


def chosen_ground(key: str | None) -> Ground:
    """The base map of that key, or our own when there is none of it."""
    return find_grounds().get(key or OWN, OWN_GROUND)


def tile_origins() -> list[str]:
    """The outside servers on offer, as a header names them."""
    return [ground.origin for ground in find_grounds().values() if ground.origin]


@lru_cache
def _tile_server(url: str, credit: str) -> Ground | None:
    if not url:
        return OPENSTREETMAP
    if url == OFF:
        return None
    parts = urlsplit(url)
    # The host stands in a header and in a sentence: nothing but a plain name and port may come there.
    name = (parts.hostname or "").replace("-", "").replace(".", "")
    plain = name.isalnum() and parts.netloc.isascii() and "@" not in parts.netloc
    if parts.scheme not in ("http", "https") or not plain or not {"x", "y", "z"} <= set(_MARK.findall(url)) <= _MARKS:
        logger.warning(
            "RASID_TILES is not used: it must be like https://tiles.example.org/{z}/{x}/{y}.png, not %r", url
        )
        return None
    return Ground("server", "tiles", url, credit)
