"""Adding, correcting and looking up the data in headless Chromium. The workspace is read with the real gazetteer."""

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from extract.decisions import DecisionLog
from extract.mentions import Article
from extract.review import ReviewingGeoparser
from extract.store import Workspace
from tests.in_browser import OUT, Reader, serious
from tests.serving import dashboard

pytestmark = pytest.mark.browser
ARTICLES = [
    Article("n1", "اندلعت اشتباكات في غريان جنوب طرابلس.", "اشتباكات", "2019-04-05", "وكالة", "LY"),
    Article("n2", "وصل الوفد إلى بني وليد ثم إلى بلدة كخبزار.", "وفد", "2019-04-06", "وكالة", "LY"),
    Article("n3", "قصف على بلدة كخبزار شرق بنغازي.", "قصف", "2019-04-07", "صحيفة", "LY"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory, gazetteer):
    store = tmp_path_factory.mktemp("review") / "store"
    workspace = Workspace.create_or_open(store)
    parser = ReviewingGeoparser(gazetteer, DecisionLog(store))
    workspace.add([(article, parser.geoparse(article)) for article in ARTICLES])
    with dashboard(store) as (port, _):
        yield f"http://localhost:{port}/"


@pytest.fixture(scope="module", autouse=True)
def patience():
    """Articles are read behind these pages: on a busy machine that takes its time."""
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)


def open_page(reader, query):
    reader.page.goto(f"{reader.address}?{query}")
    expect(reader.page.locator(".rasid-footer")).to_be_visible()
    return reader.page


def press(scope, name):
    button = scope.get_by_role("button", name=name).first
    expect(button).to_be_enabled()
    button.click()


def small_map(dialog):
    return dialog.frame_locator('iframe[title*="st_folium"]')


def test_a_wrong_dot_is_corrected_here_after_a_reload_and_in_another_session(reader, browser):
    other = Reader(browser.new_context().new_page(), reader.address).open("lang=en")
    expect(other.circle("ly-gharyan")).to_have_count(1)
    page = reader.open("lang=en&place=ly-gharyan&by=Aya").page
    press(page, "Right or wrong?")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Another place is meant").click()
    search = dialog.get_by_role("textbox", name="Search for a place")
    search.fill("ترهونا")
    search.press("Enter")
    mark = small_map(dialog).locator('path.place[data-place="ly-tarhuna"]')
    mark.wait_for()
    mark.focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("radio", name=re.compile("Tarhuna"))).to_be_checked()
    press(dialog, "Keep this decision")
    expect(dialog).to_have_count(0)
    agrees(reader)
    reader.open("lang=en")
    agrees(reader)
    # The other session has done nothing meanwhile.
    expect(other.circle("ly-tarhuna")).to_have_count(1)
    expect(other.circle("ly-gharyan")).to_have_count(0)
    assert other.errors == []
    other.page.context.close()


def agrees(reader):
    expect(reader.circle("ly-tarhuna")).to_have_attribute("aria-label", re.compile("1 mention in 1 article"))
    expect(reader.circle("ly-gharyan")).to_have_count(0)
    row = reader.rows.filter(has=reader.page.locator("td:first-child", has_text="غريان"))
    expect(row).to_contain_text("Tarhuna")
    expect(row).to_contain_text("✓ Another place")
    with reader.page.expect_download() as waiting:
        reader.page.get_by_role("button", name="Download CSV").click()
    rows = csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8-sig")))
    assert [(r["place_id"], r["review"], r["reviewer"]) for r in rows if r["surface"] == "غريان"] == [
        ("ly-tarhuna", "place", "Aya")
    ]


def test_a_missing_name_is_added_by_a_click_on_the_map_and_found_in_every_article(reader):
    page = open_page(reader, "lang=en&page=data&by=Aya")
    press(page, "Add to my gazetteer")
    dialog = page.get_by_role("dialog")
    search = dialog.get_by_role("textbox", name="Search for a place")
    search.fill("بنغازي")
    search.press("Enter")
    small_map(dialog).locator("path.place").first.wait_for()
    page.wait_for_timeout(500)
    dialog.locator('iframe[title*="st_folium"]').scroll_into_view_if_needed()
    box = dialog.locator('iframe[title*="st_folium"]').bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + 200)
    expect(dialog.get_by_role("radio", name=re.compile("^The point"))).to_be_checked()
    press(dialog, "Keep this decision")
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("None: every name that was found has a place.")).to_be_visible()
    page.get_by_role("radio", name="Explore").click()
    expect(reader.frame.locator('path.place[data-place^="own:"]')).to_have_attribute(
        "aria-label", re.compile("كخبزار: 2 mentions in 2 articles")
    )
    page.get_by_role("radio", name="Reviews").click()
    expect(page.locator(".rasid-table", has_text="كخبزار")).to_be_visible()
    page.wait_for_url(re.compile("page=decisions"))


def test_good_and_bad_files_are_uploaded_together(reader, tmp_path):
    good, table, bad = tmp_path / "خبر.txt", tmp_path / "two.csv", tmp_path / "old.doc"
    good.write_text("وصلت القافلة إلى سبها.", encoding="utf-8")
    table.write_text("id,text\nu1,هدوء في سرت.\nu2,\n", encoding="utf-8")
    bad.write_bytes(b"\xd0\xcf\x11\xe0")
    page = open_page(reader, "lang=en&page=add")
    page.locator("input[type=file]").set_input_files([good, table, bad])
    outcomes = page.locator(".rasid-outcome")
    expect(outcomes).to_have_count(3)
    expect(outcomes.filter(has_text="خبر.txt")).to_contain_text("1 article read")
    expect(outcomes.filter(has_text="two.csv")).to_contain_text("1 refused")
    expect(page.get_by_text("save it as .docx")).to_be_visible()
    page.reload()
    page.get_by_text("Added earlier").click()
    expect(page.locator(".rasid-outcome").filter(has_text="خبر.txt")).to_be_visible()
    press(page, "On the map")
    expect(reader.counts()).to_contain_text("1 article")


def test_a_pasted_text_is_found_and_turned_back_from(reader):
    page = open_page(reader, "lang=en&page=add")
    page.get_by_role("textbox", name="Text of the article").fill("قصف عنيف على تاجوراء مساء أمس.")
    page.get_by_role("textbox", name="Title (optional)").fill("خبر ملصق")
    press(page, "Read this text")
    expect(page.locator(".rasid-outcome").first).to_contain_text("1 article read")
    press(page, "Read it")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("mark.now")).to_have_text("تاجوراء")
    expect(dialog).to_contain_text("خبر ملصق")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.wait_for_url(lambda url: "read=" not in url)
    page.wait_for_timeout(900)
    page.go_back()
    expect(dialog.locator("mark.now")).to_be_visible()
    page.wait_for_timeout(900)
    page.go_back()
    expect(page.get_by_role("heading", name="Add articles")).to_be_visible()


@pytest.mark.parametrize(
    ("query", "scheme", "width"),
    [("page=add", "light", 1400), ("page=data&lang=en", "dark", 360), ("page=decisions&by=Aya", "dark", 1400)],
)
def test_the_pages_have_no_serious_finding_of_axe_and_fit(browser, address, query, scheme, width):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{address}?{query}")
    expect(page.locator(".rasid-footer")).to_be_visible()
    page.wait_for_timeout(800)
    assert serious(page.main_frame) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    OUT.mkdir(exist_ok=True)
    page.screenshot(path=OUT / f"{re.sub('[^a-z]+', '-', query)}-{width}.png", full_page=True)
    context.close()


def test_the_review_has_no_serious_finding_of_axe_and_fits(browser, address):
    context = browser.new_context(viewport={"width": 360, "height": 800}, color_scheme="light")
    page = context.new_page()
    page.goto(f"{address}?place=ly-bani-walid")
    press(page, "صحيح أم خطأ؟")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("المقصود مكان آخر").click()
    small_map(dialog).locator("path.place").first.wait_for()
    page.wait_for_timeout(500)
    assert [finding for frame in page.frames for finding in serious(frame)] == []
    assert dialog.evaluate("e => getComputedStyle(e).direction") == "rtl"
    assert dialog.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    page.screenshot(path=OUT / "review-ar-360.png")
    context.close()
