"""Files of the page that stay as they are while the server runs: given from memory, compressed, all that the first view
needs named at its head.

Streamlit opens each file anew, sends its own bundles uncompressed, and a page learns which of them it needs only while it is
drawn, one wave of requests after another. Files that are not known here are Streamlit's to give.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import streamlit
from starlette.types import Receive, Scope, Send
from streamlit import config

PROJECT = Path(__file__).parent.parent
MAP_FRAME = "component/streamlit_folium.st_folium/"
TIMELINE_FRAME = "component/views.timeline.rasid_timeline/"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".woff2": "font/woff2",
}
# Fonts are compressed already.
PACKED = (".html", ".js", ".css", ".json", ".geojson")
# What the first page is made of, by its place in Streamlit's list of bundles.
ELEMENTS = (
    *("elements/Html/Html.tsx", "widgets/CustomComponent/ComponentInstance.tsx", "widgets/Button/Button.tsx"),
    *("widgets/ButtonGroup/ButtonGroup.tsx", "widgets/Checkbox/Checkbox.tsx", "widgets/DateInput/DateInput.tsx"),
    *("widgets/DownloadButton/DownloadButton.tsx", "widgets/Multiselect/Multiselect.tsx"),
    *("widgets/Pagination/Pagination.tsx", "widgets/Selectbox/Selectbox.tsx", "widgets/Slider/Slider.tsx"),
    "widgets/TextInput/TextInput.tsx",
)
FONTS = ("noto-sans-arabic-arabic-wght-normal.woff2", "noto-sans-arabic-latin-wght-normal.woff2")
MAP_SCRIPTS = ("leaflet/leaflet.js", "leaflet-heat/leaflet-heat.js", "rasid-map.js")
MAP_STYLES = ("leaflet/leaflet.css", "rasid-map.css")
BASE_MAP = ("basemap/world.geojson", "basemap/region.geojson", "basemap/labels.json")
# Bundles have a new name when they change; everything else is asked for again, and answered in a word when it is the same.
FOR_GOOD, ASK_AGAIN = "public, immutable, max-age=31536000", "no-cache"
# Streamlit's own font, which no text of ours is written in.
_OTHER_FONT = re.compile(r'<link\s+rel="preload"[^>]*SourceSans[^>]*>')


@dataclass(slots=True)
class File:
    """A file's content and its headers. `packed` is the content compressed, None until `pack` is called."""

    content: bytes
    kind: str
    keep: str
    tag: str
    packed: bytes | None = None


def make_file(content: bytes, ending: str, keep: str) -> File:
    """The file as it is given; `ending` is one of TYPES."""
    return File(content, TYPES[ending], keep, f'"{hashlib.blake2s(content, digest_size=12).hexdigest()}"')


@cache
def files() -> dict[str, File]:
    """The files by their paths on the server, "" for the page itself."""
    bundles = Path(streamlit.__file__).parent / "static"
    index, manifest = (bundles / name for name in ("index.html", "manifest.json"))
    needed = needed_bundles(json.loads(manifest.read_text("utf-8")))
    found = {
        path: make_file((bundles / path).read_bytes(), Path(path).suffix, FOR_GOOD)
        for path in [*needed["page"], *needed["elements"]]
        if Path(path).suffix in TYPES
    }
    page = index.read_text("utf-8")
    found[""] = make_file(page_with_links(page, needed["elements"]).encode(), ".html", ASK_AGAIN)
    folders = {"app/static/": PROJECT / "static", TIMELINE_FRAME: PROJECT / "static" / "timeline"}
    if spec := find_spec("streamlit_folium"):
        folders[MAP_FRAME] = Path(str(spec.origin)).parent / "frontend" / "build"
    for prefix, folder in folders.items():
        for path in _listed(folder):
            name = prefix + path.relative_to(folder).as_posix()
            found[name] = make_file(path.read_bytes(), path.suffix, ASK_AGAIN)
    if frame := found.get(MAP_FRAME + "index.html"):
        text = frame.content.decode()
        found[MAP_FRAME + "index.html"] = make_file(frame_with_links(text).encode(), ".html", ASK_AGAIN)
    return found


def _listed(folder: Path) -> Iterator[Path]:
    """Files of known kinds; no links, and no map files of the user's, which are large and come and go."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        linked = any((folder / part).is_symlink() for part in (inside, *inside.parents))
        if path.suffix in TYPES and path.is_file() and not linked and inside.parts[0] != "tiles":
            yield path


def needed_bundles(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """Paths of what the page loads at once ("page") and of what its elements need besides ("elements").

    A bundle that a later Streamlit does not have is left out.

    >>> needed_bundles({"index.html": {"file": "a.js", "imports": ["_b"]}, "_b": {"file": "b.js"}})
    {'page': ['a.js', 'b.js'], 'elements': []}
    """
    page = _with_imports(["index.html"], manifest)
    elements = _with_imports([f"../lib/src/components/{name}" for name in ELEMENTS], manifest)
    styles = [path for key in page for path in manifest[key].get("css", [])]
    return {
        "page": [manifest[key]["file"] for key in page] + styles,
        "elements": [manifest[key]["file"] for key in elements if key not in page],
    }


def _with_imports(keys: Iterable[str], manifest: dict[str, Any]) -> dict[str, None]:
    found: dict[str, None] = {}
    waiting = [key for key in keys if key in manifest]
    while waiting:
        key = waiting.pop(0)
        if key not in found:
            found[key] = None
            waiting += [name for name in manifest[key].get("imports", []) if name in manifest]
    return found


def page_with_links(page: str, bundles: Iterable[str]) -> str:
    """Streamlit's page with the bundles and the fonts named at its head."""
    # Of low priority: the page asks for its web socket while they come.
    links = "".join(f'<link rel="modulepreload" crossorigin fetchpriority="low" href="./{path}">' for path in bundles)
    fonts = "".join(
        f'<link rel="preload" as="font" type="font/woff2" crossorigin href="./app/static/fonts/{name}">'
        for name in FONTS
    )
    return _OTHER_FONT.sub("", page).replace("</head>", f"{fonts}{links}</head>", 1)


def frame_with_links(page: str) -> str:
    """The page of the map's frame with what the map loads, one after the other, named at its head."""
    static = "../../app/static/"
    links = [f'<link rel="preload" as="script" href="{static}{name}">' for name in MAP_SCRIPTS]
    links += [f'<link rel="preload" as="style" href="{static}{name}">' for name in MAP_STYLES]
    links += [
        f'<link rel="preload" as="fetch" crossorigin fetchpriority="low" href="{static}{name}">' for name in BASE_MAP
    ]
    return page.replace("</head>", f"{''.join(links)}</head>", 1)


def pack() -> None:
    """Compress what gains by it, for browsers that ask for it compressed: until then they get it as it is."""
    for file in files().values():
        if file.packed is None and file.kind in {TYPES[ending] for ending in PACKED}:
            file.packed = gzip.compress(file.content, 6, mtime=0)


class GivenFiles:
    """Middleware that answers for the files."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        file = _find(scope) if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else None
        asked = dict(scope["headers"]) if file else {}
        if file is None or b"range" in asked:
            await self.app(scope, receive, send)
            return
        same = asked.get(b"if-none-match") == file.tag.encode()
        packed = file.packed if b"gzip" in asked.get(b"accept-encoding", b"") else None
        content = b"" if same else packed or file.content
        headers = [
            (b"content-type", file.kind.encode()),
            (b"cache-control", file.keep.encode()),
            (b"etag", file.tag.encode()),
            (b"vary", b"Accept-Encoding"),
        ]
        if not same:
            headers.append((b"content-length", str(len(content)).encode()))
            headers += [(b"content-encoding", b"gzip")] if packed else []
        await send({"type": "http.response.start", "status": 304 if same else 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})


def _find(scope: Scope) -> File | None:
    base = (config.get_option("server.baseUrlPath") or "").strip("/")
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    if base:
        if not path.startswith(f"/{base}/"):
            return None
        path = path.removeprefix(f"/{base}")
    return files().get(path[1:]) if path.startswith("/") else None
