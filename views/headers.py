"""What every answer of the server carries besides its content: what a page may load, who may frame it, whose it is.

Streamlit adds none of this by itself. It is ASGI middleware and knows nothing of the page, so that the server can have it
before the page is ever drawn (see dashboard.py).
"""

import base64
import hashlib
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send
from streamlit import config

from views.files import GivenFiles
from views.grounds import tile_origins

# streamlit_folium hands the map to its frame as script text, which the frame runs: there, and only there, may text run.
# What it is handed is made by views.map, which writes every name so that it cannot run.
MAP_FRAME = "component/streamlit_folium."
MEDIA = "media/"
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def inline_hashes(page: str) -> list[str]:
    """The scripts written out in a page, as a policy names them.

    >>> inline_hashes("<script>x</script><script src='a.js'></script>")
    ["'sha256-LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE='"]
    """
    digests = (hashlib.sha256(text.encode()).digest() for text in _INLINE_SCRIPT.findall(page))
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def page_policy() -> str:
    """The policy of the page and of everything but the map's frame: its own scripts, and no other host at all."""
    index = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    return _policy(" ".join(["'self'", *inline_hashes(index)]), "'self' data: blob:")


def map_policy() -> str:
    """The policy of the map's frame: text may run (see MAP_FRAME), and pictures may come from the tile server on offer."""
    return _policy("'self' 'unsafe-inline' 'unsafe-eval'", " ".join(["'self' data: blob:", *tile_origins()]))


def _policy(scripts: str, pictures: str) -> str:
    parts = {
        "default-src": "'none'",
        "script-src": scripts,
        # Streamlit writes styles into the page as it draws it.
        "style-src": "'self' 'unsafe-inline'",
        "img-src": pictures,
        "font-src": "'self' data:",
        "media-src": "'self' blob:",
        "connect-src": "'self'",
        "frame-src": "'self'",
        "worker-src": "'self' blob:",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
        "object-src": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())


class SafeHeaders:
    """Middleware that refuses other hosts' names and puts the headers on every answer."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self._page, self._map = page_policy(), map_policy()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            # Streamlit itself refuses other hosts' names for its web sockets.
            await self.app(scope, receive, send)
            return
        if not host_is_allowed(_header(scope, b"host")):
            await _refuse(send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), scope["path"].lstrip("/"))
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _add(self, headers: MutableHeaders, path: str) -> None:
        path = path.removeprefix((config.get_option("server.baseUrlPath") or "").strip("/") + "/")
        in_map = path.startswith(MAP_FRAME)
        # A file someone made or uploaded is for saving: opened as a page it may do nothing.
        policy = "sandbox; default-src 'none'" if path.startswith(MEDIA) else self._map if in_map else self._page
        headers["Content-Security-Policy"] = policy
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "SAMEORIGIN"
        # Tile servers want to know which site asks; no other host learns even that.
        headers["Referrer-Policy"] = "strict-origin-when-cross-origin" if in_map else "same-origin"
        # A window that another site opened has no hold on this one: without it, that site could send messages to
        # the map's frame, which would take them for the page's.
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def host_is_allowed(host: str | None) -> bool:
    """Whether the request names this server as `server.allowedHosts` does; an empty setting allows every name.

    A site whose name is made to point at this machine (DNS rebinding) asks under its own name.
    """
    allowed = [name.strip().lower() for name in config.get_option("server.allowedHosts")]
    if not allowed or "*" in allowed:
        return True
    name = _host_name(host or "")
    return any(name == known or (known.startswith("*.") and name.endswith(known[1:])) for known in allowed if name)


def _host_name(host: str) -> str:
    found = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^:@/?#\s]+)(:\d{1,5})?", host.lower())
    return found.group(1).strip("[]").rstrip(".") if found else ""


async def _refuse(send: Send) -> None:
    text = b"This server does not go by that name: see server.allowedHosts in docs/serving.md.\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": text})


MIDDLEWARE = (Middleware(SafeHeaders), Middleware(GivenFiles))
