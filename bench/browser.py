"""A page of a Streamlit server in headless Chromium: how long until something is drawn, and what came over the wire."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, Route

from bench.process import ROOT, MeasureError, end_group, tie
from tests.chromium import ADVICE, find_chromium
from tests.in_browser import FLAGS, HOME
from tests.serving import free_port, wait_until_up

# Other maps draw with WebGL, which a machine without a graphics card does in software.
SOFTWARE_GL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
# A colour that no page has, by which a picture of the page tells whether the points of a map are drawn.
COLOUR = (255, 0, 255)
# What a reader takes at least before the next step.
LOOK_S = 1.0
SIZE = {"width": 1400, "height": 1000}
_LEAFLET = ROOT / "static" / "leaflet"
# Enough of jQuery for what folium asks of it: an element made from its text.
_JQUERY = "window.$ = window.jQuery = text => { const t = document.createElement('template');\n"
_JQUERY += "t.innerHTML = text.trim(); return [t.content.firstElementChild]; };"


@contextmanager
def serve(script: Path, environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Address and process id of a new Streamlit server of the script."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    server = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment, start_new_session=True, preexec_fn=tie, **quiet
    )
    try:
        wait_until_up(f"http://localhost:{port}/_stcore/health", server)
        yield f"http://localhost:{port}/", server.pid
    finally:
        end_group(server)


def launch(playwright: Playwright, *, webgl: bool = True) -> Browser:
    """A Chromium that draws in software, with WebGL where a page needs it. Raises MeasureError when there is none."""
    found = find_chromium()
    if not found:
        raise MeasureError(ADVICE)
    flags = [*(flag for flag in FLAGS if flag != "--disable-gpu"), *SOFTWARE_GL] if webgl else FLAGS
    return playwright.chromium.launch(executable_path=found, args=flags)


class Visit:
    """One reader's page, in a browser window of its own, with the bytes that came to it."""

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context(viewport=SIZE)
        self.page: Page = self.context.new_page()
        self.page.route(lambda url: urlsplit(url).hostname not in HOME, _from_here)
        self.received = 0
        network = self.context.new_cdp_session(self.page)
        network.send("Network.enable")
        network.on("Network.loadingFinished", self._loaded)
        network.on("Network.webSocketFrameReceived", self._told)

    def _loaded(self, event: dict[str, Any]) -> None:
        self.received += int(event["encodedDataLength"])

    def _told(self, event: dict[str, Any]) -> None:
        frame = event["response"]
        # Binary frames are handed over in base64.
        self.received += len(frame["payloadData"]) * 3 // 4 if frame["opcode"] == 2 else len(frame["payloadData"])

    def rest(self, clock: "Clock") -> None:
        """Until the server is done with the page, and a moment for a reader to look at it."""
        still = self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
        still.wait_for(timeout=clock.left_ms())
        time.sleep(LOOK_S)

    def coloured(self, selector: str) -> int:
        """How many pixels of the element have COLOUR."""
        picture = Image.open(io.BytesIO(self.page.locator(selector).first.screenshot())).convert("RGB")
        return sum(count for count, colour in picture.getcolors(2**24) or [] if _alike(colour))


def _alike(colour: tuple[int, int, int]) -> bool:
    return all(abs(part - wanted) < 40 for part, wanted in zip(colour, COLOUR, strict=True))


def _from_here(route: Route) -> None:
    """What a page asks of outside servers comes from this machine, where it is here, or is nothing."""
    name = Path(urlsplit(route.request.url).path).name
    here = next((path for path in (_LEAFLET / name, _LEAFLET / "images" / name) if path.is_file()), None)
    if here:
        route.fulfill(path=here)
    elif name.startswith("jquery"):
        route.fulfill(body=_JQUERY, content_type="text/javascript")
    else:
        route.fulfill(status=200, body=b"")


class Clock:
    """What is left of the time that a page was given, in milliseconds for Playwright."""

    def __init__(self, limit_s: float) -> None:
        self._end = time.monotonic() + limit_s

    def left_ms(self) -> float:
        """At least one millisecond: zero would mean no limit."""
        return max(1.0, (self._end - time.monotonic()) * 1000)

    def wait_for(self, what: Callable[[], bool], every_s: float = 0.01) -> None:
        """Wait until it is so. Raises MeasureError when the time is over."""
        while not what():
            if time.monotonic() > self._end:
                raise MeasureError("time is over")
            time.sleep(every_s)
