"""The dashboard in headless Chromium, as a reader meets it. Screenshots go to tests/out/."""

import csv
import io
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from chromium import ADVICE, find_chromium
from made_workspace import make_workspace
from playwright.sync_api import Page, expect, sync_playwright

pytestmark = pytest.mark.browser

PROJECT = Path(__file__).parent.parent
OUT = Path(__file__).parent / "out"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
START_S = 60
HOME = ("localhost", "127.0.0.1")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    store = tmp_path_factory.mktemp("browser") / "store"
    make_workspace(store)
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.port", str(port)]
    server = subprocess.Popen(
        command,
        cwd=PROJECT,
        env=os.environ | {"RASID_STORE": str(store)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_up(f"http://localhost:{port}/_stcore/health", server)
        yield f"http://localhost:{port}/"
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_until_up(health, server):
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        assert server.poll() is None, "the dashboard ended at once"
        try:
            with urllib.request.urlopen(health, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the dashboard did not start within {START_S} s")


@pytest.fixture(scope="module")
def browser():
    found = find_chromium()
    assert found, ADVICE
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


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
        self.circles.first.wait_for(timeout=30_000)
        expect(self.rows.first).to_be_visible()
        return self

    def circle(self, place_id):
        return self.frame.locator(f'path.place[data-place="{place_id}"]')

    def click(self, place_id):
        box = self.circle(place_id).bounding_box()
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def choose_from_list(self, text):
        self.page.locator(".st-key-place_list input").fill(text)
        self.page.get_by_role("option").first.click()

    def in_map(self, script):
        return next(f for f in self.page.frames if "st_folium" in f.url).evaluate(script)

    def view(self):
        return self.in_map("[map.getCenter().lat, map.getCenter().lng, map.getZoom()]")

    def counts(self):
        return self.page.locator(".rasid-counts")


@pytest.fixture
def reader(browser, address):
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, accept_downloads=True)
    reader = Reader(context.new_page(), address)
    yield reader
    context.close()
    assert reader.errors == []
    assert reader.foreign == []


def test_map_draws_a_circle_for_every_place(reader):
    reader.open()
    expect(reader.circles).to_have_count(6)
    assert reader.circle("t:tripoli").get_attribute("aria-label") == "Tripoli: 3 mentions in 2 articles"
    sizes = {place: reader.circle(place).bounding_box()["width"] for place in ("t:tripoli", "t:gharyan")}
    assert sizes["t:tripoli"] > sizes["t:gharyan"]


def test_wide_places_are_drawn_hollow(reader):
    reader.open()
    assert float(reader.circle("t:libya").get_attribute("fill-opacity")) < 0.1
    assert reader.circle("t:libya").get_attribute("stroke-dasharray")
    assert float(reader.circle("t:gharyan").get_attribute("fill-opacity")) > 0.4


def test_click_shows_the_passage_with_the_name_marked(reader):
    reader.open()
    reader.click("t:gharyan")
    expect(reader.passages).to_have_count(1)
    expect(reader.passages.locator("mark")).to_have_text("غريان")
    expect(reader.passages.locator(".other.location")).to_have_text("طرابلس")
    assert reader.passages.evaluate("e => getComputedStyle(e).direction") == "rtl"
    source = reader.page.locator(".rasid-source").first
    expect(source).to_contain_text("معركة الطريق")
    expect(source).to_contain_text("5 April 2019")
    expect(reader.page.locator(".rasid-why").first).to_contain_text("the exact name")
    expect(reader.page.locator(".rasid-why").first).to_contain_text("0.90")


def test_second_click_on_a_circle_shows_it_again(reader):
    reader.open()
    reader.click("t:gharyan")
    expect(reader.page.locator(".rasid-place strong")).to_have_text("Gharyan")
    reader.choose_from_list("Benghazi")
    expect(reader.page.locator(".rasid-place strong")).to_have_text("Benghazi")
    reader.click("t:gharyan")
    expect(reader.page.locator(".rasid-place strong")).to_have_text("Gharyan")


def test_circle_is_chosen_by_keyboard(reader):
    reader.open()
    reader.circle("t:benghazi").focus()
    reader.page.keyboard.press("Enter")
    expect(reader.page.locator(".rasid-place strong")).to_have_text("Benghazi")


def test_losing_candidates_are_shown_on_demand(reader):
    reader.open("lang=en&place=t:gharyan")
    reader.page.get_by_text("Other places it could have been").click()
    rows = reader.page.locator(".rasid-candidates tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("88")


def test_filter_narrows_map_and_table_alike_and_keeps_the_view(reader):
    reader.open()
    reader.page.wait_for_timeout(500)
    reader.in_map("map.setView([30, 15], 6, {animate: false}) && 0")
    before = reader.view()
    reader.page.locator(".st-key-filter_place_text input").fill("tripoli")
    reader.page.keyboard.press("Enter")
    expect(reader.circles).to_have_count(1)
    expect(reader.rows).to_have_count(3)
    expect(reader.counts()).to_contain_text("3 mentions · 1 place · 2 articles")
    assert reader.view() == before
    reader.page.get_by_role("button", name="Clear all filters").click()
    expect(reader.circles).to_have_count(6)
    expect(reader.rows).to_have_count(8)
    assert reader.view() == before


def test_confidence_slider_moves_the_right_way_in_arabic(reader):
    reader.open("lang=ar")
    box = reader.page.locator("[data-testid=stSlider] [role=group]").bounding_box()
    thumb = reader.page.locator(".st-key-filter_min_confidence input[type=range]")
    reader.page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + box["height"] / 2)
    expect(thumb).to_have_value("0.75")
    thumb.press("ArrowRight")
    expect(thumb).to_have_value("0.8")
    reader.page.wait_for_url(re.compile("min=0.8"))


def test_address_shows_another_reader_the_same(reader):
    reader.open()
    reader.click("t:gharyan")
    expect(reader.passages).to_have_count(1)
    reader.page.locator(".st-key-filter_place_text input").fill("غريان")
    reader.page.keyboard.press("Enter")
    expect(reader.rows).to_have_count(1)
    reader.page.wait_for_url(re.compile("q="))
    query = parse_qs(urlsplit(reader.page.url).query)
    assert query == {"lang": ["en"], "q": ["غريان"], "place": ["t:gharyan"]}
    reader.open(urlsplit(reader.page.url).query)
    expect(reader.rows).to_have_count(1)
    expect(reader.passages).to_have_count(1)


def test_download_equals_the_table(reader):
    reader.open("lang=en&article=a1")
    expect(reader.rows).to_have_count(5)
    shown = [row.locator("td").first.inner_text() for row in reader.rows.all()]
    with reader.page.expect_download() as waiting:
        reader.page.get_by_role("button", name="Download CSV").click()
    content = Path(waiting.value.path()).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert [row["surface"] for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))] == shown
    assert waiting.value.suggested_filename == "rasid-mentions.csv"


def test_hostile_text_and_names_stay_text(reader):
    reader.open("lang=en&place=t:tripoli")
    expect(reader.passages.first).to_contain_text("{{7*7}} ${window.canary=3} </script><script>")
    expect(reader.page.locator(".rasid-source").first).to_contain_text("<img src=x onerror=window.canary=5>")
    reader.circle("t:hostile_0").hover()
    expect(reader.frame.locator(".rasid-tip strong")).to_have_text(re.compile(r"\{\{7\*7\}\}`\$\{window"))
    reader.click("t:hostile_0")
    expect(reader.page.locator(".rasid-place strong")).to_contain_text("{{7*7}}")
    for frame in reader.page.frames:
        assert frame.evaluate("typeof window.canary") == "undefined"
        assert frame.evaluate("document.querySelectorAll('img[onerror]').length") == 0


def test_street_tiles_are_asked_for_only_when_turned_on(reader):
    reader.page.route("**/*openstreetmap*/**", lambda route: route.fulfill(status=200, body=b""))
    reader.open()
    assert reader.foreign == []
    reader.page.locator(".st-key-street_tiles label").click()
    expect(reader.page.get_by_text("now asks an outside server")).to_be_visible()
    reader.page.wait_for_timeout(1500)
    assert {urlsplit(url).hostname for url in reader.foreign} == {"tile.openstreetmap.org"}
    reader.foreign.clear()


def test_names_that_could_not_be_placed_are_listed(reader):
    reader.open()
    reader.page.locator(".st-key-unplaced summary").click()
    expect(reader.page.locator(".st-key-unplaced tbody tr")).to_have_text(re.compile("الصابرية"))


def test_page_says_so_when_the_map_cannot_be_drawn(browser, address):
    page = browser.new_page()
    page.route("**/leaflet.js", lambda route: route.abort())
    page.goto(f"{address}?lang=en")
    expect(page.get_by_text("If the map stays empty")).to_be_visible()
    page.close()


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("en", "ltr")])
def test_page_works_in_both_languages_wide_and_narrow(reader, language, direction, width):
    reader.page.set_viewport_size({"width": width, "height": 844})
    reader.open(f"lang={language}")
    page = reader.page
    assert page.locator("[data-testid=stAppViewContainer]").evaluate("e => getComputedStyle(e).direction") == direction
    assert page.evaluate("document.fonts.check('16px \"Noto Sans Arabic\"', 'غ')")
    page.wait_for_timeout(800)
    reader.click("t:tripoli")
    expect(reader.passages.first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    main = page.locator("[data-testid=stMain]")
    page.set_viewport_size({"width": width, "height": main.evaluate("e => e.scrollHeight") + 20})
    page.wait_for_timeout(800)
    OUT.mkdir(exist_ok=True)
    page.screenshot(path=OUT / f"explore-{language}-{width}.png")


def test_language_is_switched_in_the_page_and_the_view_kept(reader):
    reader.open("lang=en")
    reader.page.wait_for_timeout(500)
    before = reader.view()
    reader.page.get_by_text("العربية").click()
    expect(reader.counts()).to_contain_text("إشارات")
    expect(reader.circle("t:tripoli")).to_have_attribute("aria-label", re.compile("طرابلس"))
    assert reader.view() == before
    assert "lang" not in parse_qs(urlsplit(reader.page.url).query)
