"""What can lie under the places: Rasid's own base map, a user's PMTiles file or tile server, OpenStreetMap's tiles."""

import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from views.texts import Texts

logger = logging.getLogger(__name__)
TILES_FOLDER = Path(__file__).parent.parent / "static" / "tiles"
# Streamlit serves no larger file from its static folder.
LARGEST_FILE_BYTES = 200 * 1024 * 1024
OWN = "own"
_TEMPLATE = re.compile(r"\{([a-z-]+)\}")
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
    host: str | None = None


OWN_GROUND = Ground(OWN, "own")
OPENSTREETMAP = Ground(
    "osm",
    "tiles",
    "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
    "© OpenStreetMap contributors",
    "tile.openstreetmap.org",
)


def find_grounds(folder: Path = TILES_FOLDER) -> dict[str, Ground]:
    """Every base map there is to choose from, by key: the own one first, OpenStreetMap last.

    Files are those in `folder`; the tile server is that of the setting RASID_TILES, credited as RASID_TILES_CREDIT says.
    """
    found = [OWN_GROUND]
    for path in sorted(folder.glob("*.pmtiles")):
        if path.stat().st_size > LARGEST_FILE_BYTES:
            logger.warning("%r is larger than 200 MB and cannot be served: cut a region out of it", path.name)
            continue
        found.append(Ground(path.stem, "file", f"tiles/{quote(path.name)}", "© OpenStreetMap contributors"))
    found += [server for server in (_tile_server(),) if server]
    return {ground.key: ground for ground in (*found, OPENSTREETMAP)}


def _tile_server() -> Ground | None:
    url = os.environ.get("RASID_TILES", "").strip()
    if not url:
        return None
    parts = urlsplit(url)
    marks = set(_TEMPLATE.findall(url))
    if parts.scheme not in ("http", "https") or not parts.hostname or not {"x", "y", "z"} <= marks <= _MARKS:
        logger.warning(
            "RASID_TILES is not used: it must be like https://tiles.example.org/{z}/{x}/{y}.png, not %r", url
        )
        return None
    return Ground("server", "tiles", url, os.environ.get("RASID_TILES_CREDIT", ""), parts.hostname)


def ground_name(ground: Ground, t: Texts) -> str:
    """What the ground is called where it is chosen."""
    if ground.kind == "own":
        return t("Rasid's own, without a network")
    if ground.kind == "file":
        return t("My map file: {name}", name=ground.key)
    return t("Tiles from {host}", host=ground.host)
