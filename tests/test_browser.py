"""The dashboard in headless Chromium, as a reader meets it. Screenshots go to tests/out/."""

import csv
import io
import json
import os
import re
import shutil
import time
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as pq
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.in_browser import OUT, serious
from tests.made_workspace import make_workspace
from tests.serving import dashboard
from views.grounds import TILES_FOLDER

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    store = tmp_path_factory.mktemp("browser") / "store"
    make_workspace(store)
    with dashboard(store) as (port, _):
        yield f"http://localhost:{port}/"


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
    reader.page.locator("[data-testid=stSlider]").scroll_into_view_if_needed()
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


def choose_ground(reader, name):
    reader.page.get_by_role("button", name="Map settings").click()
    reader.page.locator(".st-key-ground_choice label").filter(has_text=name).click()


def test_street_tiles_are_asked_for_only_when_chosen(reader):
    reader.page.route("**/*openstreetmap*/**", lambda route: route.fulfill(status=200, body=b""))
    reader.open()
    assert reader.foreign == []
    choose_ground(reader, "openstreetmap")
    expect(reader.page.get_by_text("now asks an outside server")).to_be_visible()
    reader.page.wait_for_timeout(1500)
    assert {urlsplit(url).hostname for url in reader.foreign} == {"tile.openstreetmap.org"}
    reader.foreign.clear()


@pytest.fixture
def map_file():
    path = TILES_FOLDER / f"square-{os.getpid()}.pmtiles"
    shutil.copy(Path(__file__).parent / "data" / "square.pmtiles", path)
    yield path.stem
    path.unlink()


def test_a_map_file_of_the_users_is_drawn_without_a_network(reader, map_file):
    reader.open()
    assert reader.frame.locator(".leaflet-tile-pane canvas").count() == 0
    choose_ground(reader, map_file)
    drawn = """canvases => canvases.some(canvas => canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height).data.some(value => value > 0))"""
    tiles = reader.frame.locator(".leaflet-tile-pane canvas")
    tiles.first.wait_for()
    end = time.monotonic() + 10
    while not tiles.evaluate_all(drawn):
        assert time.monotonic() < end, "nothing was drawn"
        reader.page.wait_for_timeout(200)
    assert reader.foreign == []


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


def query(reader):
    return parse_qs(urlsplit(reader.page.url).query)


def drag(page, first, last):
    page.mouse.move(*first)
    page.mouse.down()
    page.mouse.move((first[0] + last[0]) / 2, (first[1] + last[1]) / 2)
    page.mouse.move(*last)
    page.mouse.up()


def point_of(reader, lat, lon):
    at = reader.in_map(f"(p => [p.x, p.y])(map.latLngToContainerPoint([{lat}, {lon}]))")
    box = reader.page.locator('iframe[title*="st_folium"]').first.bounding_box()
    return box["x"] + at[0], box["y"] + at[1]


def test_back_takes_the_last_change_back(reader):
    reader.open()
    reader.page.locator(".st-key-filter_place_text input").fill("tripoli")
    reader.page.keyboard.press("Enter")
    expect(reader.rows).to_have_count(3)
    reader.page.wait_for_url(re.compile("q=tripoli"))
    reader.page.wait_for_timeout(900)
    reader.click("t:tripoli")
    reader.page.wait_for_url(re.compile("place="))
    reader.page.wait_for_timeout(900)
    reader.page.go_back()
    expect(reader.page.locator(".st-key-ranking_top")).to_be_visible()
    expect(reader.rows).to_have_count(3)
    reader.page.wait_for_timeout(900)
    reader.page.go_back()
    expect(reader.rows).to_have_count(8)
    expect(reader.page.locator(".st-key-filter_place_text input")).to_have_value("")


def test_a_box_drawn_on_the_map_is_a_filter_and_the_view_part_of_the_address(reader):
    reader.open("lang=en&view=32,14,6")
    assert reader.view() == [pytest.approx(32, abs=0.05), pytest.approx(14, abs=0.05), 6]
    reader.frame.locator(".rasid-button.box").click()
    drag(reader.page, point_of(reader, 33.6, 12.2), point_of(reader, 31.6, 13.9))
    expect(reader.circles).to_have_count(2)
    expect(reader.counts()).to_contain_text("4 mentions · 2 places")
    reader.page.wait_for_url(re.compile("area="))
    expect(reader.page.locator(".st-key-chip_area")).to_be_visible()
    reader.page.locator(".st-key-chip_area button").first.click()
    expect(reader.circles).to_have_count(6)
    reader.frame.locator(".rasid-button.view").click()
    expect(reader.page.locator(".st-key-chip_area")).to_be_visible()
    reader.frame.locator(".leaflet-control-zoom-out").click()
    reader.page.wait_for_url(re.compile(r"view=[\d.]+(%2C|,)[\d.]+(%2C|,)5"))
    assert "area" in query(reader)


def test_a_polygon_is_drawn_by_its_corners(reader):
    reader.open("lang=en&view=32,14,6")
    reader.frame.locator(".rasid-button.polygon").click()
    for lat, lon in ((33.8, 12.6), (33.8, 14.2), (32.5, 13.3)):
        reader.page.mouse.click(*point_of(reader, lat, lon))
        reader.page.wait_for_timeout(60)
    reader.page.keyboard.press("Enter")
    expect(reader.circles).to_have_count(1)
    expect(reader.counts()).to_contain_text("3 mentions · 1 place")


def test_dragging_on_the_timeline_chooses_its_dates(reader):
    reader.open()
    frame = reader.page.frame_locator('iframe[title*="rasid_timeline"]')
    expect(frame.locator("rect.n")).to_have_count(2)
    reader.page.locator('iframe[title*="rasid_timeline"]').scroll_into_view_if_needed()
    box = frame.locator("svg").bounding_box()
    drag(reader.page, (box["x"] + 2, box["y"] + 30), (box["x"] + box["width"] / 2, box["y"] + 30))
    reader.page.wait_for_url(re.compile("from=2019-04"))
    expect(reader.counts()).to_contain_text("6 mentions")
    expect(frame.locator("rect.off")).to_have_count(1)
    frame.locator("#clear").click()
    expect(reader.counts()).to_contain_text("8 mentions")
    frame.locator("#play").click()
    reader.page.wait_for_url(re.compile("from="))
    frame.locator("#play").click()
    expect(frame.locator("#play")).to_have_attribute("aria-pressed", "false")


def test_article_opens_from_its_passage_and_steps_by_keyboard(reader):
    reader.open("lang=en&place=t:gharyan")
    reader.page.get_by_role("button", name="Open article").click()
    dialog = reader.page.get_by_role("dialog")
    expect(dialog.locator("mark.now")).to_have_text("غريان")
    expect(dialog.locator(".rasid-article .other.actor")).to_have_text("قطر")
    assert dialog.get_by_role("link", name="Source").get_attribute("href") == "https://example.org/a1"
    dialog.get_by_role("button", name="Next mention").focus()
    reader.page.keyboard.press("Enter")
    expect(dialog.locator("mark.now")).to_have_text("طرابلس")
    expect(dialog.locator(".rasid-step")).to_have_text("Mention 2 of 5")
    small = dialog.frame_locator('iframe[title*="st_folium"]')
    expect(small.locator("path.place")).to_have_count(4)
    small.locator('path.place[data-place="t:qatar"]').focus()
    reader.page.keyboard.press("Enter")
    expect(dialog.locator("mark.now")).to_have_text("قطر")
    reader.page.wait_for_url(re.compile("read=a1"))
    reader.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    reader.page.wait_for_url(lambda url: "read=" not in url)


def saved(reader, name):
    with reader.page.expect_download() as waiting:
        reader.page.get_by_role("button", name=name, exact=True).click()
    return Path(waiting.value.path()).read_bytes()


def test_files_of_every_format_hold_the_table(reader):
    reader.open("lang=en&article=a1")
    shown = [row.locator("td").first.inner_text() for row in reader.rows.all()]
    features = json.loads(saved(reader, "Download GeoJSON"))["features"]
    assert [feature["properties"]["surface"] for feature in features] == shown
    assert pq.read_table(io.BytesIO(saved(reader, "Download Parquet")))["surface"].to_pylist() == shown
    with zipfile.ZipFile(io.BytesIO(saved(reader, "Download XLSX"))) as archive:
        assert all(name in archive.read("xl/worksheets/sheet1.xml").decode() for name in shown)
    assert saved(reader, "Download KML").count(b"<Placemark>") == len(shown)
    assert saved(reader, "Download GeoPackage").startswith(b"SQLite format 3")
    assert b"attribution: GeoNames" in saved(reader, "About these data")


def test_map_is_saved_as_a_picture_and_as_a_page_that_opens_without_a_network(reader, browser, tmp_path):
    reader.open("lang=en")
    with reader.page.expect_download() as waiting:
        reader.frame.locator(".rasid-button.picture").click()
    picture = Image.open(waiting.value.path())
    assert picture.format == "PNG" and picture.width > 1000 and len(picture.convert("RGB").getcolors(2**24)) > 20
    path = tmp_path / "map.html"
    path.write_bytes(saved(reader, "Download the map (HTML)"))
    context = browser.new_context(offline=True)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.goto(path.as_uri())
    expect(page.locator("path.place")).to_have_count(6)
    page.locator('path.place[data-place="t:tripoli"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator("blockquote").first).to_contain_text("{{7*7}} ${window.canary=3} </script><script>")
    page.locator('path.place[data-place="t:hostile_0"]').focus()
    page.keyboard.press("Enter")
    assert page.evaluate("typeof window.canary") == "undefined" and errors == []
    context.close()


def test_near_circles_become_one_that_opens_when_clicked(reader):
    reader.open("lang=en&view=30,20,3")
    cluster = reader.frame.locator("path.cluster")
    expect(cluster).to_have_count(1)
    assert "Tripoli" in cluster.get_attribute("aria-label")
    cluster.focus()
    reader.page.keyboard.press("Enter")
    expect(reader.circle("t:gharyan")).to_be_visible()
    assert reader.view()[2] > 3
    reader.page.get_by_role("button", name="Map settings").click()
    reader.page.locator(".st-key-setting_marks").get_by_text("Heat map").click()
    expect(reader.frame.locator("canvas.leaflet-heatmap-layer")).to_have_count(1)
    expect(reader.circle("t:gharyan")).to_be_visible()
    reader.page.wait_for_url(re.compile("marks=heat"))


def test_tour_is_shown_once_a_browser(reader):
    reader.open()
    reader.page.get_by_role("button", name="Got it").click()
    expect(reader.page.locator(".rasid-tour")).to_have_count(0)
    reader.page.wait_for_timeout(300)
    reader.open()
    expect(reader.page.locator(".rasid-tour")).to_have_count(0)


@pytest.mark.parametrize(("address_query", "scheme"), [("lang=en&place=t:tripoli", "light"), ("read=a1@0", "dark")])
def test_page_has_no_serious_finding_of_axe(browser, address, address_query, scheme):
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{address}?{address_query}")
    page.frame_locator('iframe[title*="st_folium"]').first.locator("path.place").first.wait_for(timeout=30_000)
    page.wait_for_timeout(1500)
    found = [finding for frame in page.frames for finding in serious(frame)]
    context.close()
    assert found == []
