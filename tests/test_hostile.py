"""Nothing that strangers wrote runs, asks a server or breaks a file: page, saved map, every download, addresses, terminals."""

import ast
import csv
import io
import json
import logging
import re
import sqlite3
import struct
from contextlib import suppress
from html.parser import HTMLParser

import openpyxl
import pyarrow.parquet as pq
import pytest
from lxml import etree
from openpyxl.utils.escape import unescape
from playwright.sync_api import TimeoutError, expect

from extract.export import csv_cell, write_jsonl
from extract.filters import Filters
from extract.formats import LONGEST_CELL, clean_text
from extract.mentions import Article
from extract.store import Workspace
from gazetteer.terminal import OneLineFormatter
from tests.hostile import FORMULAS, canary_server, hostile_results, hostile_texts, make_hostile_workspace
from tests.in_app import run_app
from tests.in_browser import Reader
from tests.serving import PROJECT, dashboard
from views import markup
from views.data import Answers
from views.downloads import COLUMNS, FORMATS, PLACE_COLUMNS, describe, file_bytes
from views.grounds import tile_origins
from views.saved_map import saved_map_bytes
from views.texts import Texts

TEXTS = hostile_texts()
ENGLISH = Texts("en")
ORDER = {"sort": None, "descending": False}


# In the browser


@pytest.fixture(scope="module")
def canary():
    with canary_server() as found:
        yield found


@pytest.fixture(scope="module")
def store(tmp_path_factory, canary):
    folder = tmp_path_factory.mktemp("hostile") / "store"
    make_hostile_workspace(folder, canary[0])
    return folder


@pytest.fixture(scope="module")
def served(store):
    with dashboard(store) as (port, _):
        yield f"http://localhost:{port}/"


@pytest.fixture
def reader(request, served, canary):
    context = request.getfixturevalue("browser").new_context(viewport={"width": 1400, "height": 1000})
    reader = Reader(context.new_page(), served)
    yield reader
    assert ran(reader) == []
    context.close()
    # The policy would stop a request, and the browser say so: not even that may happen.
    assert reader.errors == []
    assert canary[1] == []


def ran(reader):
    return [found for frame in reader.page.frames if (found := frame.evaluate("window.__canary")) is not None]


def open_list(reader, key):
    # A list closes again when the page is drawn anew just then: the reader opens it once more.
    box = reader.page.locator(f".st-key-{key} input").first
    option = reader.page.get_by_role("option").first
    box.scroll_into_view_if_needed()
    for _ in range(5):
        box.focus()
        reader.page.keyboard.press("ArrowDown")
        with suppress(TimeoutError):
            option.wait_for(timeout=4_000)
            return
    expect(option).to_be_visible()


def everything_is_text(reader):
    """No picture, link or frame stands in the page that a text made."""
    links = "a[href*='127.0.0.1'], a[href^=javascript], a[href^=mailto], a[href^='http://www']"
    made = "img, link[href*='/a.css'], iframe[src*='/frame'], .katex, [data-testid=stIconMaterial][title=home], svg[onload]"
    for frame in reader.page.frames:
        inside = (
            "[data-testid=stMain], [data-testid=stSidebar], [role=dialog], [role=listbox], [role=tooltip], body > div"
        )
        found = frame.evaluate(
            "([made, links, inside]) => [...document.querySelectorAll(made + ',' + links)]"
            ".filter(e => e.closest(inside)).map(e => e.outerHTML + ' in ' + (e.closest('[class*=st-key]') || {}).className)",
            [made, links, inside],
        )
        assert found == []


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "ar"])
def test_page_shows_hostile_texts_as_text(reader, language):
    reader.open(f"lang={language}")
    expect(reader.rows).to_have_count(len(TEXTS))
    everything_is_text(reader)
    for row in range(0, len(TEXTS), 9):
        reader.rows.nth(row).hover()
    reader.page.locator(".st-key-unplaced summary").click()
    for key in ("place_list", "filter_outlets", "filter_article_ids", "filter_countries"):
        open_list(reader, key)
        everything_is_text(reader)
        reader.page.keyboard.press("Escape")
    for circle in reader.circles.all()[:12]:
        circle.dispatch_event("mouseover")
        everything_is_text(reader)
    # Outlets stand in the legend.
    reader.open(f"lang={language}&colour=outlet")
    everything_is_text(reader)


@pytest.mark.browser
@pytest.mark.parametrize("number", range(1, len(TEXTS), 20))
def test_place_chips_passages_and_article_show_hostile_texts_as_text(reader, store, number):
    found = list(hostile_results(hostile_texts("x")))
    workspace = Workspace.open(store)
    rows = list(workspace.rows(Filters(), sort="place_id"))
    row = rows[number]
    assert len(found) == len(rows)
    reader.page.goto(f"{reader.address}?lang=en")
    reader.circles.first.wait_for(timeout=60_000)
    chips = {"lang": "en", "place": row["place_id"], "outlet": row["outlet"], "article": row["article_id"]}
    chips |= {"country": row["country"], "q": row["place"][:80]}
    reader.page.evaluate("query => location.search = new URLSearchParams(query)", chips)
    expect(reader.page.locator(".st-key-chips button").first).to_be_visible(timeout=60_000)
    expect(reader.page.locator(".rasid-place strong")).to_be_visible()
    everything_is_text(reader)
    if reader.passages.count():
        reader.page.get_by_text("Other places it could have been").first.click()
        reader.page.get_by_role("button", name="Open article").first.click()
        expect(reader.page.get_by_role("dialog").locator("mark.now")).to_be_visible()
        reader.page.get_by_role("dialog").frame_locator("iframe").locator("path.place").first.wait_for()
        everything_is_text(reader)
        reader.page.keyboard.press("Escape")


@pytest.mark.browser
def test_saved_map_shows_hostile_texts_as_text(reader, store, tmp_path):
    path = tmp_path / "map.html"
    path.write_bytes(saved(store))
    reader.page.goto(path.as_uri())
    circles = reader.page.locator("path.place")
    circles.first.wait_for()
    for circle in circles.all():
        circle.dispatch_event("click")
        expect(reader.page.locator("aside blockquote").first).to_be_visible()
        assert reader.page.locator("aside").locator("img, a, script, iframe, style").count() == 0


def saved(store):
    answers = Answers(Workspace.open(store))
    return saved_map_bytes(answers, Filters(), describe(answers, Filters()), ENGLISH)


@pytest.mark.browser
def test_policy_stops_what_gets_in_all_the_same(reader, canary):
    reader.open("lang=en")
    url = f"{canary[0]}/in"
    page = reader.page
    page.evaluate(
        """url => {
          const add = (name, values) => document.body.append(Object.assign(document.createElement(name), values));
          add("img", { src: url });
          add("script", { src: url });
          add("script", { textContent: "window.__canary = 8" });
          add("iframe", { src: url });
          fetch(url).catch(() => 0);
          document.body.insertAdjacentHTML("beforeend", "<b onclick='window.__canary = 9'>x</b>");
          document.body.lastChild.click();
        }""",
        url,
    )
    page.wait_for_timeout(500)
    assert sum("Content Security Policy" in error for error in reader.errors) >= 6
    reader.errors.clear()
    reader.foreign.clear()


@pytest.mark.browser
def test_site_that_opens_the_dashboard_has_no_hold_on_it(reader, canary, tmp_path):
    # streamlit_folium's frame runs what a message hands it, and does not look who sent it.
    page = reader.page
    page.route(f"{canary[0]}/site", lambda route: route.fulfill(body="<p>a site</p>", content_type="text/html"))
    page.goto(f"{canary[0]}/site")
    with page.context.expect_page() as waiting:
        page.evaluate("url => { window.opened = window.open(url) }", f"{reader.address}?lang=en")
    opened = waiting.value
    opened.frame_locator('iframe[title*="st_folium"]').locator("path.place").first.wait_for(timeout=60_000)
    page.evaluate(
        """() => {
          const args = { script: "", html: "", feature_group: "window.__canary = 10", layer_control: "", default: {} };
          for (let i = 0; i < opened.length; i++) opened[i].postMessage({ type: "streamlit:render", args }, "*");
        }"""
    )
    opened.wait_for_timeout(300)
    assert page.evaluate("opened.closed || opened.length === 0")
    assert [frame.evaluate("window.__canary") for frame in opened.frames] == [None] * len(opened.frames)


# Addresses


@pytest.mark.parametrize(
    "query",
    [
        {"from": "0001-01-01"},
        {"to": "0001-01-01"},
        {"from": "9999-01-01", "to": "9999-12-31"},
        {"from": "2020-13-45", "to": "x" * 5_000},
        {"q": "x" * 50_000, "text": '"' * 50_000},
        {"text": "* OR NEAR( \x00 -", "q": "\x00"},
        {"min": "nan", "area": "nan,nan;1,1;2,2"},
        {"min": "1e999", "area": "1,1;" * 50_000},
        {"outlet": [f"o{n}" for n in range(900)], "country": "\x00"},
        {"place": "x" * 50_000, "read": "a@99999999999"},
        {"read": "@@-1", "lang": "../../x", "colour": "{}", "size": "{{7*7}}", "marks": "<b>"},
        {"role": "{x}", "precision": "$x$", "relation": "{", "feature": "`", "region": "![x](y)", "article": "'--"},
    ],
    ids=lambda query: "-".join(query),
)
def test_hostile_addresses_open_a_page(store, monkeypatch, query):
    monkeypatch.setenv("RASID_STORE", str(store))
    app = run_app(**query | {"lang": query.get("lang", "en")})
    # What the page keeps of it is what the page itself could have written.
    kept = [value if isinstance(value, list) else [value] for value in app.query_params.values()]
    assert all(len(value) <= 4_000 for values in kept for value in values)
    assert sum(map(len, kept)) < 300


@pytest.mark.parametrize(
    "url", ["javascript:x", "data:text/html,x", "//x.org", "file:///etc/passwd", " http://x", "vbscript:x"]
)
def test_only_web_addresses_become_links(url):
    assert "<a" not in markup.link(url, "x")


@pytest.mark.parametrize(
    ("asked", "origin"),
    [
        ("", "https://tile.openstreetmap.org"),
        ("off", None),
        ("https://tiles.example:8443/{z}/{x}/{y}.png", "https://tiles.example:8443"),
        ("javascript:x", None),
        ("https://a.example; script-src *//{z}{x}{y}", None),
        ("https://user@a.example/{z}/{x}/{y}", None),
        ("https:///{x}{y}{z}", None),
    ],
)
def test_street_tiles_are_asked_of_a_plain_host_only(monkeypatch, asked, origin):
    monkeypatch.setenv("RASID_TILES", asked)
    assert tile_origins() == ([origin] if origin else [])


# Downloads


@pytest.fixture(scope="module")
def answers(store):
    return Answers(Workspace.open(store))


@pytest.fixture(scope="module")
def rows(answers):
    return [row for row in answers.workspace.rows(Filters())]


def made(ending, answers, unit):
    columns = COLUMNS if unit == "mentions" else PLACE_COLUMNS
    return file_bytes(ending, answers, Filters(), ORDER, t=ENGLISH, unit=unit, columns=columns)


def expected(answers, rows, unit):
    if unit == "mentions":
        return rows, COLUMNS
    return answers.workspace.places(Filters()), PLACE_COLUMNS


UNITS = ("mentions", "places")


@pytest.mark.parametrize("unit", UNITS)
def test_csv_has_the_texts_and_no_formula(answers, rows, unit):
    content = made("csv", answers, unit).decode("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(content, newline="")))
    kept, columns = expected(answers, rows, unit)
    assert len(found) == len(kept)
    for line, row in zip(found, kept, strict=True):
        for name in columns:
            value, text = row[name], line[name]
            if isinstance(value, str):
                assert text in (value, "'" + value)
                assert not re.match(r"[\s\u200b-\u200f\ufeff]*[=+\-@＝＋－＠]", text), text
                assert text[:1] not in "\t\r\n" or text == ""
            elif isinstance(value, int | float) and not isinstance(value, bool):
                assert float(text) == value


@pytest.mark.parametrize("text", FORMULAS.values(), ids=FORMULAS)
def test_formulas_get_an_apostrophe(text):
    assert csv_cell(text) == "'" + text


@pytest.mark.parametrize("value", [-5, -0.25, 1e-7, "غريان = x", "a-b", "(+218)", "٣-٤", "", "  نص", "«=»"])
def test_numbers_and_plain_texts_stay_as_they_are(value):
    assert csv_cell(value) == value


@pytest.mark.parametrize("unit", UNITS)
def test_xlsx_has_the_texts_and_no_formula(answers, rows, unit):
    book = openpyxl.load_workbook(io.BytesIO(made("xlsx", answers, unit)))
    sheet = book.worksheets[0]
    kept, columns = expected(answers, rows, unit)
    for line, row in zip(sheet.iter_rows(min_row=2), kept, strict=True):
        for cell, name in zip(line, columns, strict=True):
            value = row[name]
            assert cell.data_type != "f" and cell.hyperlink is None
            if isinstance(value, bool | int | float):
                assert cell.value == value and cell.data_type in "nb"
            elif isinstance(value, str) and "_x" not in value:
                assert unescape(cell.value or "") == clean_text(value)[:LONGEST_CELL]


@pytest.mark.parametrize("unit", UNITS)
def test_geojson_has_the_texts(answers, rows, unit):
    found = json.loads(made("geojson", answers, unit))
    kept, columns = expected(answers, rows, unit)
    for feature, row in zip(found["features"], kept, strict=True):
        assert feature["geometry"]["coordinates"] == [row["lon"], row["lat"]]
        assert {name: feature["properties"][name] for name in ("place", "place_en", "place_id")} == {
            name: row[name] for name in ("place", "place_en", "place_id")
        }


@pytest.mark.parametrize("unit", UNITS)
def test_kml_has_the_texts_and_no_other_elements(answers, rows, unit):
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(made("kml", answers, unit), parser)
    names = {etree.QName(element).localname for element in root.iter()}
    assert names <= {
        *(
            "kml",
            "Document",
            "name",
            "ExtendedData",
            "Data",
            "value",
            "Placemark",
            "TimeStamp",
            "when",
            "Point",
            "coordinates",
        )
    }
    assert not root.getroottree().docinfo.doctype
    kept, _ = expected(answers, rows, unit)
    places = [mark.findtext("{*}name") for mark in root.iter("{*}Placemark")]
    flat = [clean_text(row["place"]).replace("\r\n", "\n").replace("\r", "\n") for row in kept]
    assert places == flat


def test_geopackage_and_parquet_have_the_texts(answers, rows, tmp_path):
    path = tmp_path / "x.gpkg"
    path.write_bytes(made("gpkg", answers, "mentions"))
    database = sqlite3.connect(path)
    found = database.execute("SELECT geom, place, passage FROM rasid ORDER BY fid").fetchall()
    database.close()
    assert [(place, passage) for _, place, passage in found] == [
        (clean_text(row["place"]), clean_text(row["passage"])) for row in rows
    ]
    assert struct.unpack("<dd", found[0][0][-16:]) == (rows[0]["lon"], rows[0]["lat"])
    table = pq.read_table(io.BytesIO(made("parquet", answers, "mentions"))).to_pylist()
    assert [row["passage"] for row in table] == [row["passage"] for row in rows]


class Elements(HTMLParser):
    """The elements of a page, with the text of scripts that hold data."""

    def __init__(self):
        super().__init__()
        self.names, self.data, self._kind = [], [], None

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.names.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name in values)
        self._kind = values.get("type") if tag == "script" else None

    def handle_data(self, data):
        if self._kind == "application/json":
            self.data.append(data)
        self._kind = None


def test_saved_map_is_one_page_without_links_and_its_data_are_the_texts(store, rows):
    page = Elements()
    page.feed(saved(store).decode())
    assert set(page.names) <= set("html head meta title style body header h1 div aside p footer br script".split())
    assert page.names.count("script") == 4 + 1 + 4
    found = json.loads(page.data[-1])
    shown = {row[0]: row[1] for row in found["rows"]}
    assert shown == {row["place_id"]: row["place"] for row in rows}
    assert {row["passage"] for row in rows} == {kept[0] for lists in found["passages"].values() for kept in lists}


def test_every_format_is_tested_here():
    assert set(FORMATS) == {"csv", "geojson", "xlsx", "kml", "gpkg", "parquet"}


# Lines


def test_jsonl_holds_a_row_a_line_and_nothing_that_a_terminal_obeys(rows):
    stream = io.StringIO()
    write_jsonl(rows, stream)
    text = stream.getvalue()
    assert [json.loads(line)["passage"] for line in text.splitlines()] == [row["passage"] for row in rows]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_line_of_the_log_is_one_line_of_shown_characters(text):
    line = OneLineFormatter("%(message)s").format(logging.makeLogRecord({"msg": "%s", "args": (text,)}))
    assert line.isprintable() and set(filter(str.isprintable, text)) <= set(line)


@pytest.mark.parametrize(
    "day", ["infinity", "-infinity", "epoch", "20200-01-0", "0000-00-00", "0044-01-01 (BC)", "-001-01-01"]
)
def test_article_with_a_date_that_python_has_not_is_one_without(tmp_path, monkeypatch, day):
    workspace = Workspace.create_or_open(tmp_path / "store")
    workspace.add([(Article("a", "نص", None, day), [])])
    assert workspace.span().articles == 1
    monkeypatch.setenv("RASID_STORE", str(tmp_path / "store"))
    run_app(lang="en")


# The code


def calls(name):
    """(file, call) of every call in the views whose last name is `name`."""
    for path in sorted((PROJECT / "views").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
                yield path.name, node


def test_no_page_hands_streamlit_raw_markup_as_markdown():
    for path in sorted((PROJECT / "views").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert "unsafe_allow_html" not in text and "unsafe_allow_javascript" not in text, path.name
    assert list(calls("write")) == []


SAFE = {"t", "count", "plain", "number", "date", "format", "tile_host"}


def is_our_own(node):
    """Whether a text can only be ours, or has been through `plain`: literals, texts of the catalogue, and what is made of them."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.JoinedStr):
        return all(is_our_own(part.value) for part in node.values if isinstance(part, ast.FormattedValue))
    if isinstance(node, ast.BinOp):
        return is_our_own(node.left) and is_our_own(node.right)
    if isinstance(node, ast.IfExp):
        return is_our_own(node.body) and is_our_own(node.orelse)
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        filled = [value.value for value in node.keywords if value.arg] if called in ("t", "count") else []
        return called in SAFE and all(map(is_our_own, filled))
    return False


@pytest.mark.parametrize("name", ["markdown", "caption", "info", "warning", "error", "toast", "success"])
def test_markdown_holds_our_own_texts_or_plain_ones(name):
    # A name is allowed where the lines before show what it is: those are listed here.
    known = {("ranking.py", "title"), ("login.py", "said")}
    for path, call in calls(name):
        if ast.unparse(call.func).startswith("logger."):
            continue
        for text in call.args[:1]:
            named = {(path, part.id) for part in ast.walk(text) if isinstance(part, ast.Name)} & known
            assert is_our_own(text) or named, f"{path}: {ast.unparse(call)}"
