"""The dashboard beside other maps in headless Chromium: first view, filter, click, bytes, and the server's memory.

Rasid draws a circle a place; the others, as they are usually used, a mark a mention (bench/apps). All get the same mentions.
Every page has so many seconds; what is not done by then did not finish, and that is the result.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import sync_playwright

from bench.browser import COLOUR, Clock, Visit, launch, serve
from bench.inside import TIMES, click_times, filter_times, told
from bench.made_store import store_of
from bench.page import Keep, Plan, Section, Table, number, said, seconds, times
from bench.process import ROOT, MeasureError, memory_mb, run_measure
from extract.filters import Filters
from extract.store import Workspace
from tests.in_browser import Reader

LIMIT_S = 120
# What starting and stopping a server and a browser may take on top.
AROUND_S = 60
SESSIONS = 5
# Memory is read when it was still for so long.
SETTLE_S = 1.0
UNFINISHED, NONE = "–", "none seen"
WEBGL = ("pydeck", "plotly")
APPS = {"pydeck": "pydeck_map.py", "plotly": "plotly_map.py", "folium, a marker a mention": "folium_map.py"}
STEPS = {
    "first_s": "first view, new server",
    "again_s": "first view, warm",
    "filter_s": "filter to map",
    "click_s": "click to passage",
}


def measure(plan: Plan, keep: Keep) -> Section:
    """Every map at every size."""
    section = Section("Map and dashboard")
    limit = plan.size(60, LIMIT_S)
    section.notes += [
        f"Each page had {limit} s in all; {UNFINISHED} is what did not finish in them. Received: everything up to the first view. "
        f"Server memory: private memory that more sessions added, each ({SESSIONS} of them, fewer where the time was over).",
        "Rasid's first view is there with its circles and its table, the others' with their points. "
        "Rasid draws a circle a place and sends the passages of the place that is clicked; the other pages draw a mark a mention. "
        "They are small pages (bench/apps) with a filter by name and the clicked mention's passage.",
        "WebGL (pydeck, plotly) is drawn in software here: with a graphics card they draw faster. The others need none, and get "
        "the Chromium that a machine without a graphics card has: emulating one for them as well added 0.5 s to Rasid's first "
        "view. No window fills its own address bar's menus, which took 0.5 s of processor time beside the page's. "
        "A step begins when the server is done with the step before, and a second after. "
        "When the points of pydeck and plotly are drawn is seen on pictures of the page, which adds up to 0.3 s. Files that "
        "folium loads from outside come from this machine, jQuery as a stand-in of two lines.",
    ]
    head = ["", "first view × Rasid's", *STEPS.values(), "received MB", "server MB a session"]
    seeds = section.table(*head, title="The seed articles")
    _add(section, seeds, "Rasid", _seeds_store(plan), limit, None)
    keep(section)
    for mentions, names in _sizes(plan).items():
        table = section.table(*head, title=f"{mentions:,} mentions")
        store = store_of(plan, mentions)
        ours = None
        for name in names:
            found = _add(section, table, name, store, limit, ours)
            ours = found if name == "Rasid" else ours
            keep(section)
    return section


def _sizes(plan: Plan) -> dict[int, list[str]]:
    every = ["Rasid", *APPS]
    return {200: every} if plan.small else {10_000: every, 100_000: every, 1_000_000: ["Rasid"]}


def _seeds_store(plan: Plan) -> Path:
    store = plan.out / "store-seeds"
    command = [sys.executable, "-m", "extract", str(ROOT / "seeds"), "--store", str(store)]
    subprocess.run(command, check=False, cwd=ROOT, capture_output=True)
    return store


def _add(section: Section, table: Table, name: str, store: Path, limit_s: float, ours_s: float | None) -> float | None:
    """A row of the table; returns the seconds of the first view, None when it did not finish."""
    request = {"name": name, "store": str(store), "limit_s": limit_s}
    try:
        found = run_measure(__name__, request, limit_s=limit_s + AROUND_S)
    except MeasureError as error:
        table.add(name, *[UNFINISHED] * (len(table.head) - 1))
        section.notes.append(f"{table.title}, {name}: {said(error)}")
        return None
    cells = [seconds(found[step]) if step in found else UNFINISHED for step in STEPS]
    received = number(found["received"] / 1e6) if "received" in found else UNFINISHED
    memory = (
        UNFINISHED if "session_mb" not in found else number(found["session_mb"]) if found["session_mb"] > 0 else NONE
    )
    first = found.get("first_s")
    ratio = times(first / (ours_s or first)) if first and (ours_s or name == "Rasid") else UNFINISHED
    table.add(name, ratio, *cells, received, memory)
    if "inside" in found:
        section.notes.append(f"{table.title}, {name}, taken inside the page {'; '.join(found['inside'])}.")
    if "ended" in found:
        section.notes.append(f"{table.title}, {name}: {found['ended']}")
    return first


class RasidPage:
    """The dashboard, asked as its own tests ask it."""

    script = ROOT / "dashboard.py"

    def __init__(self, visit: Visit, address: str, clock: Clock) -> None:
        self._reader = Reader(visit.page, address.rstrip("/") + "/")
        self._clock = clock

    def open(self) -> None:
        """Until circles and the first row of the table are there."""
        self._reader.page.goto(f"{self._reader.address}?lang=en", timeout=self._clock.left_ms())
        self._reader.circles.first.wait_for(timeout=self._clock.left_ms())
        self._reader.rows.first.wait_for(timeout=self._clock.left_ms())

    def filter(self, place: str) -> None:
        """Until the map shows fewer circles and the counts have changed."""
        before, drawn = self._reader.counts().inner_text(), self._reader.circles.count()
        self._reader.page.locator(".st-key-filter_place_text input").fill(place)
        self._reader.page.keyboard.press("Enter")
        self._clock.wait_for(lambda: self._reader.counts().inner_text() != before)
        self._clock.wait_for(lambda: 0 < self._reader.circles.count() < drawn)

    def click(self) -> None:
        """A click on the first circle, until a passage is there."""
        self._reader.circles.first.click(timeout=self._clock.left_ms(), force=True)
        self._reader.passages.first.wait_for(timeout=self._clock.left_ms())


class AppPage:
    """One of the other maps."""

    drawing = ""

    def __init__(self, visit: Visit, address: str, clock: Clock) -> None:
        self._visit, self._page, self._address, self._clock = visit, visit.page, address, clock

    def open(self) -> None:
        """Until the page tells its count and the points are drawn."""
        self._page.goto(self._address, timeout=self._clock.left_ms())
        self._told().wait_for(timeout=self._clock.left_ms())
        self._page.locator(self.drawing).first.wait_for(timeout=self._clock.left_ms())
        self._clock.wait_for(lambda: self._drawn() > 0)

    def filter(self, place: str) -> None:
        """Until the count has changed and fewer points are drawn."""
        before, drawn = self._told().inner_text(), self._drawn()
        self._page.get_by_label("Place").fill(place)
        self._page.keyboard.press("Enter")
        self._clock.wait_for(lambda: self._told().count() > 0 and self._told().inner_text() != before)
        self._clock.wait_for(lambda: 0 < self._drawn() < drawn)

    def click(self) -> None:
        """A click on the point in the middle, until its passage is there."""
        self._page.locator(self.drawing).first.click(timeout=self._clock.left_ms())
        self._page.locator(".st-key-passage").first.wait_for(timeout=self._clock.left_ms())

    def _told(self) -> Any:
        return self._page.get_by_text("mentions shown")

    def _drawn(self) -> int:
        return self._visit.coloured(self.drawing)


class PydeckPage(AppPage):
    """pydeck."""

    drawing = "[data-testid=stDeckGlJsonChart]"


class PlotlyPage(AppPage):
    """plotly."""

    drawing = "[data-testid=stPlotlyChart]"


class FoliumPage(AppPage):
    """folium: markers are elements of its frame."""

    drawing = 'iframe[title*="st_folium"]'

    def _marks(self) -> Any:
        return self._page.frame_locator(self.drawing).locator("img.leaflet-marker-icon")

    def _drawn(self) -> int:
        return self._marks().count()

    def click(self) -> None:
        """A click on the first marker, until its passage is there."""
        self._marks().first.click(timeout=self._clock.left_ms(), force=True)
        self._page.locator(".st-key-passage").first.wait_for(timeout=self._clock.left_ms())


PAGES = {"Rasid": RasidPage, "pydeck": PydeckPage, "plotly": PlotlyPage, "folium, a marker a mention": FoliumPage}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Seconds of each step, bytes received, memory a session: as far as the time reaches, with what ended it."""
    name, store = request["name"], request["store"]
    script = RasidPage.script if name == "Rasid" else ROOT / "bench" / "apps" / APPS[name]
    environment = {"RASID_STORE": store, "BENCH_STORE": store, "BENCH_COLOUR": ",".join(map(str, COLOUR))}
    found: dict[str, Any] = {}
    place = most_mentioned(Path(store))
    with sync_playwright() as playwright, serve(script, environment) as (address, server):
        browser = launch(playwright, webgl=name in WEBGL)
        clock = Clock(request["limit_s"])

        def visit() -> tuple[Visit, Any]:
            new = Visit(browser)
            return new, PAGES[name](new, address, clock)

        step, first = "first view", None
        try:
            first, page = visit()
            found["first_s"] = _timed(page.open)
            found["received"] = first.received
            step = "filter"
            first.rest(clock)
            found["filter_s"] = _timed(page.filter, place)
            step = "click"
            first.rest(clock)
            found["click_s"] = _timed(page.click)
            step = "second session"
            _, page = visit()
            found["again_s"] = _timed(page.open)
            step = "more sessions"
            before = _settled_mb(server, clock)
            for number_opened in range(1, SESSIONS + 1):
                visit()[1].open()
                found["session_mb"] = (_settled_mb(server, clock) - before) / number_opened
            if name == "Rasid":
                step = "times inside the page"
                places = [row["place"] for row in Workspace.open(Path(store)).places(Filters(), limit=TIMES)]
                new, page = visit()
                page.open()
                found["inside"] = [
                    told("from the key to the drawn circles", filter_times(new, places, clock)),
                    told("from the click to the drawn passage", click_times(new, clock)),
                ]
        except (BrowserError, MeasureError) as error:
            came = f"{first.received / 1e6:,.0f} MB had come to the first page" if first else "no page was opened"
            why = str(error).splitlines()[0].split("Timeout")[0].rstrip(": ")
            found["ended"] = f"{step} did not finish ({why or 'time is over'}); {came}"
        browser.close()
    return found


def most_mentioned(store: Path) -> str:
    """The name of the place with the most mentions: what is filtered by."""
    return next(iter(Workspace.open(store).places(Filters(), limit=1)))["place"]


def _timed(do: Callable[..., None], *given: Any) -> float:
    began = time.perf_counter()
    do(*given)
    return time.perf_counter() - began


def _settled_mb(server: int, clock: Clock) -> float:
    """The server's private memory once it is still."""
    last = memory_mb(server)[1]
    while True:
        time.sleep(SETTLE_S)
        now = memory_mb(server)[1]
        if abs(now - last) < 1 or clock.left_ms() <= 1:
            return now
        last = now
