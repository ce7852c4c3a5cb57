"""Times taken inside the dashboard's page, from the reader's key or click to what is drawn for it.

What asks a page from outside (bench.maps) waits until the page has nothing else to do, and adds its own steps.
"""

import statistics
from contextlib import suppress

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Locator, Page

from bench.browser import Clock, Visit

TIMES = 8
_LIMIT_MS = 10_000
# Both watch for the next change and keep when it was drawn: window.rasidTimed is the milliseconds it took, or null.
_WATCH_CIRCLES = """limit => {
  const map = document.querySelector('iframe[title*="st_folium"]').contentWindow;
  const count = () => map.document.querySelectorAll('path.place').length;
  const before = count();
  window.rasidTimed = new Promise(done => {
    let began = null;
    document.addEventListener('keydown', event => { began ??= event.key === 'Enter' ? performance.now() : null; }, true);
    const watch = new map.MutationObserver(() => {
      if (began === null || count() === 0 || count() === before) return;
      watch.disconnect();
      map.requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
    });
    watch.observe(map.document.documentElement, {subtree: true, childList: true});
    setTimeout(() => done(null), limit);
  });
}"""
_WATCH_PASSAGES = """limit => {
  const map = document.querySelector('iframe[title*="st_folium"]').contentWindow;
  const first = () => document.querySelector('.rasid-passage')?.textContent;
  const before = first();
  window.rasidTimed = new Promise(done => {
    let began = null;
    map.document.addEventListener('click', () => { began ??= performance.now(); }, true);
    const watch = new MutationObserver(() => {
      if (began === null || !first() || first() === before) return;
      watch.disconnect();
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
    });
    watch.observe(document.body, {subtree: true, childList: true, characterData: true});
    setTimeout(() => done(null), limit);
  });
}"""
_TIMED = "() => window.rasidTimed"


def filter_times(visit: Visit, places: list[str], clock: Clock) -> list[float]:
    """Milliseconds from the key to the drawn circles, for a filter by each of the names; all are shown before each."""
    found = []
    field = visit.page.locator(".st-key-filter_place_text input")
    for place in places:
        visit.rest(clock)
        field.fill(place, timeout=clock.left_ms())
        visit.page.evaluate(_WATCH_CIRCLES, _LIMIT_MS)
        field.press("Enter")
        found.append(visit.page.evaluate(_TIMED))
        visit.rest(clock)
        field.fill("")
        field.press("Enter")
    return [taken for taken in found if taken is not None]


def click_times(visit: Visit, clock: Clock) -> list[float]:
    """Milliseconds from the click to the drawn passage, for a click on each of some circles."""
    found = []
    for number in range(TIMES):
        visit.rest(clock)
        visit.page.evaluate(_WATCH_PASSAGES, _LIMIT_MS)
        # A circle may lie under another one: then its click is the other's, or nobody's.
        with suppress(BrowserError):
            _circles(visit.page).nth(number).click(timeout=2_000, force=True)
            found.append(visit.page.evaluate(_TIMED))
    return [taken for taken in found if taken is not None]


def _circles(page: Page) -> Locator:
    return page.frame_locator('iframe[title*="st_folium"]').locator("path.place")


def told(name: str, times: list[float]) -> str:
    """The times in words."""
    if not times:
        return f"{name}: none seen"
    return (
        f"{name}: median {statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f}, {len(times)} times)"
    )
