"""A headless Chromium, and a reader in it who writes down what the page does wrong."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, Page, expect, sync_playwright

from tests.chromium import ADVICE, find_chromium

OUT = Path(__file__).parent / "out"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
HOME = ("localhost", "127.0.0.1")
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")


class Reader:
    """A reader at the dashboard, who writes down what the page does wrong."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.errors: list[str] = []
        self.foreign: list[str] = []
        page.on("console", lambda message: self._console(message))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._request(request.url))
        page.on("response", lambda answer: answer.status >= 400 and self.errors.append(f"{answer.status} {answer.url}"))

    def _console(self, message):
        if message.type == "error":
            self.errors.append(message.text)

    def _request(self, url):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in HOME:
            self.foreign.append(url)

    @property
    def frame(self):
        return self.page.frame_locator('iframe[title*="st_folium"]')

    @property
    def circles(self):
        return self.frame.locator("path.place")

    @property
    def rows(self):
        return self.page.locator(".rasid-table").first.locator("tbody tr")

    @property
    def passages(self):
        return self.page.locator(".rasid-passage")

    def open(self, query="lang=en"):
        self.page.goto(f"{self.address}?{query}")
        self.circles.first.wait_for(timeout=60_000)
        expect(self.rows.first).to_be_visible()
        return self

    def circle(self, place_id):
        return self.frame.locator(f'path.place[data-place="{place_id}"]')

    def click(self, place_id):
        for _ in range(5):  # the map may be drawn anew just then
            with suppress(Error):
                self.circle(place_id).scroll_into_view_if_needed(timeout=5_000)
                if box := self.circle(place_id).bounding_box():
                    break
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def choose_from_list(self, text):
        self.page.locator(".st-key-place_list input").fill(text)
        expect(self.page.get_by_role("option")).to_have_count(1)
        self.page.keyboard.press("Enter")

    def in_map(self, script):
        return next(f for f in self.page.frames if "st_folium" in f.url).evaluate(script)

    def view(self):
        return self.in_map("[map.getCenter().lat, map.getCenter().lng, map.getZoom()]")

    def counts(self):
        return self.page.locator(".rasid-counts")


@pytest.fixture(scope="module")
def browser():
    """Chromium, open while a module's tests run."""
    found = find_chromium()
    assert found, ADVICE
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def reader(browser, address):
    """A reader at the module's `address`, to whom nothing wrong may happen."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, accept_downloads=True)
    reader = Reader(context.new_page(), address)
    yield reader
    context.close()
    assert reader.errors == []
    assert reader.foreign == []


def serious(frame):
    """What axe finds in a frame that keeps readers out: (rule, up to three elements)."""
    frame.evaluate(AXE + ";0")
    result = frame.evaluate("axe.run(document, {iframes: false, resultTypes: ['violations']})")
    return [
        (finding["id"], [node["html"][:200] for node in finding["nodes"][:3]])
        for finding in result["violations"]
        if finding["impact"] in ("serious", "critical")
    ]
