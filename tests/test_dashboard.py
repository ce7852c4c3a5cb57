import ast
import csv
import io
import json
import re
import tomllib
from datetime import date

import folium
import pytest
from babel.messages.pofile import read_po
from folium.elements import JSCSSMixin

from extract.accuracy import read_accuracy
from extract.facts import PRECISIONS
from extract.filters import Filters
from extract.mentions import Role
from extract.store import Workspace
from gazetteer import FeatureClass
from tests.in_app import again, counts, html_parts, run_app, table_rows
from tests.made_workspace import CANARY, HOSTILE_NAME, make_workspace
from tests.serving import PROJECT
from views import downloads, markup, refusals, table, texts, timeline
from views.address import read_area
from views.data import Answers
from views.filters import REVIEWS, article_label
from views.map import AREAS, BaseMap, build_map, circle_size_px, place_rows, script_json
from views.palette import SCHEMES, colour_places
from views.reasons import FORMS, SEPARATOR, reason_text
from views.saved_map import saved_map_bytes
from views.texts import LANGUAGES, RELATIONS, Texts

ENGLISH, ARABIC = Texts("en"), Texts("ar")


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("RASID_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


# The page


def test_page_shows_counts_of_what_the_filters_leave(store):
    make_workspace(store)
    app = run_app(lang="en")
    assert "8 mentions · 6 places · 3 articles · 1 name that could not be placed" in counts(app)
    assert table_rows(app) == 8


def test_page_is_arabic_by_default(store):
    make_workspace(store)
    app = run_app()
    assert "8 إشارات · 6 أماكن · 3 مقالات" in counts(app)
    assert any("--direction: rtl" in part for part in html_parts(app))


def test_page_switches_its_language_and_says_so_in_the_address(store):
    make_workspace(store)
    app = run_app()
    again(app.button_group(key="language_choice").set_value("en"))
    assert "8 mentions" in counts(app)
    assert app.query_params["lang"] == "en"
    assert any("--direction: ltr" in part for part in html_parts(app))


def test_page_without_a_workspace_says_what_to_do(store):
    app = run_app(lang="en")
    assert "no workspace" in app.warning[0].value
    assert "make run" in app.markdown[0].value


def test_page_with_an_empty_workspace_says_so(store):
    Workspace.create_or_open(store)
    assert "holds no articles" in run_app(lang="en").info[0].value


def test_page_with_nothing_left_says_so_and_clears(store):
    make_workspace(store)
    app = run_app(lang="en", q="لا يوجد")
    assert "0 mentions" in counts(app)
    assert any("Nothing matches" in info.value for info in app.info)
    again(app.button(key="clear_empty").click())
    assert "8 mentions" in counts(app)


def test_page_sees_articles_added_while_it_is_open(store, monkeypatch):
    monkeypatch.setattr("extract.live.REFRESH_S", 0)
    Workspace.create_or_open(store)
    app = run_app(lang="en")
    make_workspace(store)
    again(app)
    assert "8 mentions" in counts(app)


# Filters


@pytest.mark.parametrize(
    ("key", "value", "mentions"),
    [
        ("filter_article_ids", ["a1"], 5),
        ("filter_features", ["country"], 2),
        ("filter_countries", ["QA"], 1),
        ("filter_outlets", ["وكالة أولى"], 5),
    ],
)
def test_lists_narrow_page_and_address(store, key, value, mentions):
    make_workspace(store)
    app = run_app(lang="en")
    again(app.multiselect(key=key).set_value(value))
    assert f">{ENGLISH.count('{n} mention', '{n} mentions', mentions)} ·" in counts(app)
    assert table_rows(app) == mentions
    assert value[0] in app.query_params.values()


def test_names_inside_other_names_are_shown_on_demand(store):
    make_workspace(store)
    app = run_app(lang="en")
    again(app.button_group(key="filter_roles").set_value(["location", "actor", "name-part"]))
    assert "9 mentions" in counts(app)


def test_filters_hold_each_other_though_their_counts_change(store):
    make_workspace(store)
    app = run_app(lang="en")
    again(app.multiselect(key="filter_countries").set_value(["LY"]))
    again(app.multiselect(key="filter_article_ids").set_value(["a3"]))
    again(app.text_input(key="filter_place_text").set_value("tripoli"))
    assert app.multiselect(key="filter_countries").value == ["LY"]
    assert app.multiselect(key="filter_article_ids").value == ["a3"]
    assert "1 mention ·" in counts(app)


def test_confidence_narrows(store):
    make_workspace(store)
    app = run_app(lang="en")
    again(app.slider(key="filter_min_confidence").set_value(0.95))
    assert "0 mentions" in counts(app)


def test_dates_narrow_and_undated_articles_can_stay(store):
    make_workspace(store)
    app = run_app(lang="en", **{"from": "2019-12-31"})
    assert "3 mentions" in counts(app)
    again(app.checkbox(key="filter_undated").uncheck())
    assert "2 mentions" in counts(app)


def test_clear_takes_every_filter_back(store):
    make_workspace(store)
    app = run_app(lang="en", country="LY", q="tripoli", min="0.5", role="location", feature="city")
    assert "3 mentions" in counts(app)
    again(app.button(key="clear").click())
    assert "8 mentions" in counts(app)
    assert set(app.query_params) == {"lang"}


def test_address_brings_filters_and_place_back(store):
    make_workspace(store)
    app = run_app(lang="en", article=["a1"], place="t:tripoli")
    assert "5 mentions" in counts(app)
    assert app.multiselect(key="filter_article_ids").value == ["a1"]
    assert app.selectbox(key="place_list").value == "t:tripoli"
    assert len([part for part in html_parts(app) if part.startswith("<article")]) == 2


@pytest.mark.parametrize(
    "query",
    [
        {"min": "much"},
        {"from": "yesterday"},
        {"place": "nowhere"},
        {"country": "<script>"},
        {"lang": "xx"},
        {"article": "gone"},
        {"role": "all"},
        {"to": "9999-99-99"},
        {"from": "1200-01-01"},
        {"min": "nan"},
    ],
)
def test_address_with_nonsense_does_no_harm(store, query):
    make_workspace(store)
    run_app(**query)


# Passages


def test_place_chosen_from_the_list_shows_its_passages(store):
    make_workspace(store)
    app = run_app(lang="en")
    again(app.selectbox(key="place_list").set_value("t:gharyan"))
    part = next(part for part in html_parts(app) if "rasid-passage" in part)
    assert '<mark class="place" title="Gharyan · Place itself">غريان</mark>' in part
    assert '<span class="other location" title="Tripoli · Place itself">طرابلس</span>' in part
    assert "معركة الطريق" in part and "5 April 2019" in part and "the exact name" in part and "0.90" in part
    assert app.query_params["place"] == "t:gharyan"


def test_passages_say_relation_in_words_and_no_date(store):
    make_workspace(store)
    app = run_app(place="t:tripoli")
    assert any("على بعد 30 كم جنوب طرابلس" in part for part in html_parts(app))
    app = run_app(place="t:benghazi")
    assert any("بلا تاريخ" in part and "قالت قناة ليبيا" in part for part in html_parts(app) if "rasid-passage" in part)


def test_chosen_place_stays_in_the_list_when_a_filter_hides_it(store):
    make_workspace(store)
    app = run_app(lang="en", place="t:benghazi", country="QA")
    assert app.selectbox(key="place_list").value == "t:benghazi"
    assert any("No sentence names this place" in info.value for info in app.info)


def test_article_text_is_never_markup(store):
    make_workspace(store)
    app = run_app(place="t:tripoli")
    page = "".join(html_parts(app))
    assert "&lt;script&gt;window.canary=4&lt;/script&gt;" in page
    assert "<script" not in page and "<img" not in page


# Table and downloads


def answers_of(folder):
    return Answers(make_workspace(folder))


def test_csv_holds_the_rows_in_view(tmp_path):
    content = downloads.file_bytes("csv", answers_of(tmp_path), Filters(article_ids=("a1",)), {}, t=ENGLISH)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["surface"] for row in rows] == ["غريان", "طرابلس", "طرابلس", "قطر", "ليبيا"]
    assert tuple(rows[0]) == table.COLUMNS


def test_csv_cells_are_no_formulas(tmp_path):
    content = downloads.file_bytes("csv", answers_of(tmp_path), Filters(article_ids=("a3",)), {}, t=ENGLISH).decode(
        "utf-8-sig"
    )
    assert "'=cmd()" in content


def test_geojson_holds_the_rows_in_view_in_their_order(tmp_path):
    order = {"sort": "place_en", "descending": True}
    content = json.loads(
        downloads.file_bytes("geojson", answers_of(tmp_path), Filters(article_ids=("a1",)), order, t=ENGLISH)
    )
    assert [feature["properties"]["place_en"] for feature in content["features"]][0] == "Tripoli"
    assert content["features"][0]["geometry"]["coordinates"] == [13.187, 32.887]


def test_table_cells_are_escaped_and_in_words(tmp_path):
    rows = list(answers_of(tmp_path).workspace.rows(Filters(article_ids=("a3",))))
    html = table.table_html(rows, list(table.COLUMNS), ENGLISH)
    assert "<img" not in html and "Place itself" in html and "2020-01-02" in html


def test_table_is_paged_and_sorted(store, monkeypatch):
    monkeypatch.setattr("views.table.PAGE_ROWS", 3)
    make_workspace(store)
    app = run_app(lang="en")
    assert table_rows(app) == 3
    assert any("Rows 1 to 3 of 8" in caption.value for caption in app.caption)
    again(app.selectbox(key="sort").set_value("place_en"))
    part = next(part for part in html_parts(app) if part.startswith('<div class="rasid-table"'))
    assert "Benghazi" in part and "Tripoli" not in part
    assert app.query_params["sort"] == "place_en"


def test_address_brings_the_table_back(store, monkeypatch):
    monkeypatch.setattr("views.table.PAGE_ROWS", 3)
    make_workspace(store)
    app = run_app(lang="en", sort="place_en", desc="1", rows="2", columns="place_en,nonsense,lat,lat")
    assert any("Rows 4 to 6 of 8" in caption.value for caption in app.caption)
    part = next(part for part in html_parts(app) if part.startswith('<div class="rasid-table"'))
    assert part.count('<th scope="col">') == 2
    assert app.selectbox(key="sort").value == "place_en" and app.checkbox(key="descending").value
    again(app.checkbox(key="descending").uncheck())
    assert any("Rows 1 to 3 of 8" in caption.value for caption in app.caption)
    assert "rows" not in app.query_params and "desc" not in app.query_params


@pytest.mark.parametrize("page", ["0", "-1", "99", "x", "9" * 40])
def test_a_page_that_is_not_there_shows_one_that_is(store, page):
    make_workspace(store)
    app = run_app(lang="en", rows=page, sort="password")
    assert table_rows(app) == 8 and app.selectbox(key="sort").value is None


# The desk: chips, presets, shapes, settings, lists, reader


def buttons(app, start):
    return {button.key: button for button in app.button if button.key and button.key.startswith(start)}


def test_each_filter_is_taken_away_with_one_click(store):
    make_workspace(store)
    app = run_app(lang="en", country="LY", q="tripoli", **{"from": "2019-12-31"}, min="0.5", undated="0")
    chips = buttons(app, "chip_")
    assert set(chips) == {"chip_countries", "chip_place_text", "chip_dates", "chip_min_confidence", "chip_undated"}
    assert chips["chip_countries"].label.startswith("Country:")
    again(chips["chip_place_text"].click())
    again(buttons(app, "chip_")["chip_dates"].click())
    assert "q" not in app.query_params and "from" not in app.query_params and app.query_params["country"] == "LY"


def test_chips_say_hostile_text_as_text(store):
    make_workspace(store)
    app = run_app(lang="en", outlet="=cmd()|' /C calc'!A0", q="![x](http://x) :material/home:")
    labels = [button.label for button in buttons(app, "chip_").values()]
    assert not any("![x](" in label or ":material/" in label for label in labels)


@pytest.mark.parametrize(("preset", "first"), [("7", "2019-12-27"), ("30", "2019-12-04"), ("365", "2019-01-03")])
def test_presets_count_back_from_the_newest_article(store, preset, first):
    make_workspace(store)
    app = run_app(lang="en")
    again(app.button_group(key="date_preset").set_value(preset))
    assert app.query_params["from"] == first
    assert app.button_group(key="date_preset").value == preset


def test_search_narrows_the_page(store):
    make_workspace(store)
    app = run_app(lang="en")
    again(app.text_input(key="filter_text").set_value("قناه"))
    assert "1 article ·" in counts(app) and app.query_params["text"] == "قناه"


@pytest.mark.parametrize(
    ("parameter", "value", "mentions"),
    [
        ("precision", "country", 2),
        ("precision", "derived", 1),
        ("relation", "S", 1),
        ("area", "31,12;34,12;34,14;31,14", 4),
        ("area", "nonsense", 8),
        ("text", "غريان", 5),
    ],
)
def test_new_filters_come_from_the_address(store, parameter, value, mentions):
    make_workspace(store)
    app = run_app(lang="en", **{parameter: value})
    assert f">{ENGLISH.count('{n} mention', '{n} mentions', mentions)} ·" in counts(app)


@pytest.mark.parametrize(
    ("text", "corners"),
    [
        ("1,2;3,4;5,6", 3),
        ("", 0),
        ("1,2;3,4", 0),
        ("1,2;3,4;95,6", 0),
        ("1,2;3,4;nan,6", 0),
        ("1,2;3,4;x,y", 0),
        (";".join(["1,2"] * 300), 0),
    ],
)
def test_shapes_in_the_address_are_checked(text, corners):
    assert len(read_area(text)) == corners


def test_a_changed_address_changes_the_page(store, monkeypatch):
    monkeypatch.setattr("views.address._SETTLE_S", 0)
    make_workspace(store)
    app = run_app(lang="en")
    again(app.multiselect(key="filter_countries").set_value(["QA"]))
    assert "1 mention ·" in counts(app)
    del app.query_params["country"]
    again(app)
    assert "8 mentions" in counts(app)
    app.query_params["place"] = "t:gharyan"
    again(app)
    assert app.selectbox(key="place_list").value == "t:gharyan"


def test_settings_are_kept_in_the_address(store):
    make_workspace(store)
    app = run_app(lang="en", colour="outlet", marks="heat", size="articles")
    assert [app.radio(key=f"setting_{name}").value for name in ("colour", "size", "marks")] == [
        "outlet",
        "articles",
        "heat",
    ]
    again(app.radio(key="setting_marks").set_value("single"))
    assert app.query_params["marks"] == "single"
    assert run_app(colour="no such").radio(key="setting_colour").value == "role"


def test_most_named_places_stand_beside_the_map_and_lead_to_passages(store):
    make_workspace(store)
    app = run_app(lang="en")
    top = list(buttons(app, "top_").values())
    assert top[0].label.endswith("Tripoli · 3") and len(top) == 6
    assert not any("{{7" in button.label and "`" in button.label.replace("\\`", "") for button in top)
    again(buttons(app, "top_")["top_t:gharyan"].click())
    assert app.query_params["place"] == "t:gharyan"
    again(app.button(key="all_places").click())
    assert "place" not in app.query_params and buttons(app, "top_")


def test_reader_shows_the_whole_article_and_steps_through_its_names(store):
    make_workspace(store)
    app = run_app(lang="en", read="a1@0")
    part = next(part for part in html_parts(app) if 'rasid-article"' in part)
    assert '<mark class="place now"' in part and 'class="other actor"' in part and part.count("class=") >= 6
    assert any("Mention 1 of 5" in part for part in html_parts(app))
    assert any('href="https://example.org/a1"' in part and "معركة الطريق" in part for part in html_parts(app))
    assert app.button(key="step_back").disabled
    again(app.button(key="step_on").click())
    assert any("Mention 2 of 5" in part for part in html_parts(app))


def test_reader_shows_hostile_text_as_text(store):
    make_workspace(store)
    page = "".join(html_parts(run_app(lang="en", read="a3@0")))
    assert "&lt;script&gt;window.canary=4&lt;/script&gt;" in page and "<script" not in page and "<img" not in page


@pytest.mark.parametrize("read", ["gone@0", "a1", "@", "a1@-5", "a1@99999999999999", "a1@x"])
def test_reader_of_nonsense_does_no_harm(store, read):
    make_workspace(store)
    app = run_app(lang="en", read=read)
    assert "8 mentions" in counts(app)


def test_passage_opens_its_article(store):
    make_workspace(store)
    app = run_app(lang="en", place="t:gharyan")
    again(next(iter(buttons(app, "open_").values())).click())
    assert app.query_params["read"] == "a1@16"
    assert any('rasid-article"' in part for part in html_parts(app))


def test_tour_is_three_sentences_and_leaves(store):
    make_workspace(store)
    app = run_app(lang="en")
    tour = next(part for part in html_parts(app) if 'class="rasid-tour"' in part)
    assert tour.count("<li>") == 3
    again(app.button(key="leave_tour").click())
    assert not any('class="rasid-tour"' in part for part in html_parts(app))


# Downloads


@pytest.mark.parametrize("ending", list(downloads.FORMATS))
@pytest.mark.parametrize("unit", ["mentions", "places"])
def test_every_format_is_made_of_rows_and_of_places(tmp_path, ending, unit):
    columns = downloads.PLACE_COLUMNS if unit == "places" else downloads.COLUMNS
    answers = answers_of(tmp_path)
    content = downloads.file_bytes(ending, answers, Filters(), {}, unit=unit, columns=columns, t=ARABIC)
    assert len(content) > 500


def test_places_download_holds_every_place_in_view(tmp_path):
    options = {"unit": "places", "columns": downloads.PLACE_COLUMNS, "t": ENGLISH}
    content = downloads.file_bytes("csv", answers_of(tmp_path), Filters(article_ids=("a1",)), {}, **options)
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert {row["place_id"]: row["mentions"] for row in rows}["t:tripoli"] == "2" and len(rows) == 4


def test_downloads_may_hold_the_shown_columns_only(tmp_path):
    content = downloads.file_bytes("csv", answers_of(tmp_path), Filters(), {}, columns=("surface", "date"), t=ENGLISH)
    assert content.decode("utf-8-sig").splitlines()[0] == "surface,date"


def test_description_says_data_filters_time_version_and_attribution(tmp_path):
    about = downloads.describe(answers_of(tmp_path), Filters(countries=("LY",), min_confidence=0.5))
    assert json.loads(about["filters"]) == {"roles": [], "countries": ["LY"], "min_confidence": 0.5}
    assert json.loads(about["versions"]) == {"program": "test"} and "GeoNames" in about["attribution"]
    assert about["data"] == "3 articles, 2019-04-05 to 2020-01-02" and about["made"].endswith("+00:00")
    assert downloads.about_text(about).count("\n") == len(about)


def test_saved_map_runs_nothing_of_strangers_and_asks_no_one(tmp_path):
    answers = answers_of(tmp_path)
    page = saved_map_bytes(answers, Filters(), downloads.describe(answers, Filters()), ARABIC).decode()
    saved = json.loads(re.search(r'id="rasid-saved">(.*?)</script>', page, re.DOTALL).group(1))
    assert CANARY in saved["passages"]["t:tripoli"][0][0] and len(saved["rows"]) == 6
    assert "<img" not in page and "window.canary=4</script>" not in page
    assert not re.search(r"<script[^>]+src|<link|@import|url\((?![\"']?data:|#)", page)
    assert "default-src 'none'" in page


# Colours


def test_colours_by_outlet_keep_the_rest_together():
    places = [{"most": f"o{n % 9}", "mentions": 100 - n, "last": None} for n in range(30)] + [
        {"most": None, "mentions": 1, "last": None}
    ]
    colouring = colour_places(places, "outlet", "light", ENGLISH)
    assert len(colouring.legend) == 7 and colouring.legend[-1] == (6, "other or none")
    assert colouring.numbers[-1] == 6 and max(colouring.numbers) < len(colouring.colours)


def test_colours_by_period_run_from_old_to_new():
    days = [date(2020, 1, 1), date(2020, 6, 1), date(2020, 12, 31), None]
    colouring = colour_places([{"last": day} for day in days], "period", "dark", ENGLISH)
    assert colouring.numbers == [0, 2, 4, 5]
    assert [number for number, _ in colouring.legend] == [0, 2, 4, 5]
    assert colour_places([{"last": None}], "period", "dark", ENGLISH).legend == [(5, "no date")]
    assert colour_places([{"last": date(2020, 1, 1)}], "period", "dark", ENGLISH).numbers == [0]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_colour_is_there(scheme, look):
    place = {"role": "actor", "most": None, "last": None, "mentions": 1}
    colouring = colour_places([place], scheme, look, ENGLISH)
    assert re.fullmatch("#[0-9a-f]{6}", colouring.colours[colouring.numbers[0]])
    assert colour_places([], scheme, look, ENGLISH).numbers == []


# Words


@pytest.mark.parametrize(
    ("t", "code", "name"),
    [(ARABIC, "SA", "السعودية"), (ARABIC, "LY", "ليبيا"), (ENGLISH, "GB", "United Kingdom"), (ARABIC, "xx", "xx")],
)
def test_countries_have_their_usual_short_names(t, code, name):
    assert t.country(code) == name


@pytest.mark.parametrize(
    "text", ["![x](http://x)", "**a**", "`a`", ":red[a]", "$x$", "# a", "1. a", "<b>", HOSTILE_NAME]
)
def test_plain_labels_hold_no_markdown(text):
    shown = markup.plain(text)
    assert not re.search(r"(?<!\\)[`*_\[\]()<>#$!]", shown) and ":r" not in shown


def test_timeline_choice_becomes_the_dates(store, monkeypatch):
    state = {"timeline": {"from": "2019-01-01", "to": "x", "at": 1}, "filters": {"date_from": None, "date_to": None}}
    monkeypatch.setattr("views.timeline.st.session_state", state)
    timeline._choose()
    assert state["filters"] == {"date_from": "2019-01-01", "date_to": None}


# The map


def walk_classes(element):
    yield type(element)
    for child in element._children.values():
        yield from walk_classes(child)


def test_map_asks_no_other_host():
    used = {kind for kind in walk_classes(build_map().get_root()) if issubclass(kind, JSCSSMixin)}
    assert used == {BaseMap}
    for _, address in (*BaseMap.default_js, *BaseMap.default_css):
        assert "http" not in address and not address.startswith("//")
        assert (PROJECT / "static" / address.removeprefix("../../app/static/")).is_file()


def test_static_files_load_nothing_from_elsewhere():
    # Names and links to click on; protomaps-leaflet takes addresses apart with a base that it never asks.
    allowed = {
        *("http://www.w3.org/2000/svg", "https://leafletjs.com", "http://example.com"),
        *("https://protomaps.com", "https://openstreetmap.org/copyright"),
    }
    for path in (PROJECT / "static").rglob("*.[cj]s*"):
        code = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found = set(re.findall(r"https?://[^\"'\s)<>\\]+", code))
        assert {url for url in found if not any(url.startswith(start) for start in allowed)} <= set(), path


def test_map_of_each_run_is_the_same():
    def script(base):
        base.get_root().render()
        return re.sub(r"[0-9a-f]{32}", "", base.get_root().script.render())

    assert script(build_map()) == script(build_map())


@pytest.mark.parametrize("text", [HOSTILE_NAME, CANARY, "{% raw %}", "{# x", "\u2028", "`", "_0", "'\"\\", "غريان"])
def test_script_json_neither_runs_nor_changes_a_text(text):
    written = script_json([text, {"key": text}])
    assert json.loads(written) == [text, {"key": text}]
    assert not re.search(r"\{\{|\{%|\{#|\$|`|<|_", written)
    element = folium.MacroElement()
    element._template = folium.template.Template("{% macro script(this, kwargs) %}f(" + written + "){% endmacro %}")
    figure = folium.Figure()
    figure.add_child(element)
    assert written in figure.render()


def test_circles_grow_with_the_square_root_and_have_a_limit():
    sizes = [circle_size_px(n, 100) for n in (1, 25, 100, 400)]
    assert sizes == sorted(sizes) and sizes[2] == sizes[3] == 30
    assert (sizes[1] - 5.5) / (sizes[2] - 5.5) == pytest.approx(0.5, abs=0.01)


def test_wide_places_are_no_dots(tmp_path):
    places = make_workspace(tmp_path).places(Filters())
    colours = colour_places(places, "role", "light", ENGLISH)
    rows = {row[0]: row for row in place_rows(places, ENGLISH, largest=3, chosen="t:qatar", colouring=colours)}
    assert rows["t:libya"][8] == 1 and rows["t:tripoli"][8] == 0
    assert rows["t:qatar"][9] == 1 and rows["t:qatar"][7] == 1 and rows["t:qatar"][10] == "QA"
    assert {feature for feature in AREAS} <= {feature.value for feature in FeatureClass}


# Markup


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b>&", "&lt;b&gt;&amp;"),
        ("\"'", "&quot;&#x27;"),
        ("a\x00b\x1bc\x85", "abc"),
        pytest.param("\ud800x", "x", id="lone surrogate"),
        ("سطر\nآخر", "سطر\nآخر"),
    ],
)
def test_escape_leaves_no_markup(text, expected):
    assert markup.escape(text) == expected


def test_mark_leaves_out_what_overlaps_or_lies_outside():
    spans = [markup.Span(0, 2, "place"), markup.Span(1, 3, "other"), markup.Span(3, 9, "other"), markup.Span(2, 2, "x")]
    assert markup.mark("abcd", spans) == '<mark class="place">ab</mark>cd'


def test_mark_escapes_around_and_inside():
    html = markup.mark("<a><b>", [markup.Span(3, 6, "place", note='"x"')])
    assert html == '&lt;a&gt;<mark class="place" title="&quot;x&quot;">&lt;b&gt;</mark>'


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "data:text/html,x", 'https://a"onclick=1', "//x.org"])
def test_link_is_only_made_of_web_addresses(url):
    assert markup.link(url, "<t>") == "&lt;t&gt;"


def test_link_opens_apart():
    assert markup.link("https://a.org/?x=1&y=2", "t").startswith('<a href="https://a.org/?x=1&amp;y=2" target="_blank"')


# Texts


def used_texts():
    """Every literal that the views hand to a Texts: t("..."), and t.count("...", "...")."""
    forms = (text for _, text in (*FORMS, *refusals.FORMS))
    single, plural = {*RELATIONS.values(), *forms, SEPARATOR}, set()
    for path in (PROJECT / "views").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            called = ast.unparse(node.func)
            if called in ("t", "self") and isinstance(node.args[0].value, str):
                single.add(node.args[0].value)
            if called == "t.count":
                plural.add((node.args[0].value, node.args[1].value))
    return single, plural


def catalogue(language):
    with (texts.LOCALE_FOLDER / f"{language}.po").open("rb") as stream:
        return read_po(stream, locale=language)


def test_every_text_has_its_arabic():
    single, plural = used_texts()
    found = catalogue("ar")
    assert [text for text in single if not (found.get(text) and found.get(text).string)] == []
    assert [pair for pair in plural if not (found.get(pair) and all(found.get(pair).string))] == []


def test_no_arabic_text_is_left_over():
    single, plural = used_texts()
    known = single | set(plural) | {""}
    assert [m.id for m in catalogue("ar") if not m.context and m.id not in known] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_its_word(language):
    codes = {
        "feature": FeatureClass,
        "role": Role,
        "column": {*table.COLUMNS, *downloads.PLACE_COLUMNS},
        "precision": PRECISIONS,
        "review": REVIEWS,
        "corpus": read_accuracy().corpora,
        "corpus about": read_accuracy().corpora,
        "measure": read_accuracy().corpora["seeds"],
    }
    for kind, members in codes.items():
        for code in map(str, members):
            assert catalogue(language).get(code, context=kind), (kind, code)


def test_translations_keep_the_fields():
    for message in catalogue("ar"):
        original = message.id if isinstance(message.id, str) else message.id[-1]
        for string in (message.string,) if isinstance(message.string, str) else message.string[3:]:
            assert set(re.findall(r"{\w+}", string)) == set(re.findall(r"{\w+}", original)), message.id


@pytest.mark.parametrize(
    ("n", "expected"),
    [(0, "لا مقالات"), (1, "مقال واحد"), (2, "مقالان"), (3, "3 مقالات"), (11, "11 مقالًا"), (100, "100 مقال")],
)
def test_arabic_counts_have_their_plural_forms(n, expected):
    assert ARABIC.count("{n} article", "{n} articles", n) == expected


@pytest.mark.parametrize(
    ("t", "code", "expected"),
    [
        (ENGLISH, "S", "south of X"),
        (ENGLISH, "S:30", "30 km south of X"),
        (ARABIC, "NE:7", "على بعد 7 كم شمال شرق X"),
        (ENGLISH, "unknown", "X"),
    ],
)
def test_relations_are_said_in_words(t, code, expected):
    assert t.relation(code, "X") == expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("", ""),
        ("the only place of this name; article about LY", "المكان الوحيد بهذا الاسم؛ المقال عن: ليبيا"),
        ("«مدينة» says city", "كلمة «مدينة» تدل على: مدينة أو بلدة"),
        ("23 km from {x}", "على بعد 23 كم من {x}"),
        ("a form of tomorrow; 5% of the places around lie in QA", None),
    ],
)
def test_reasons_are_said_in_arabic(reason, expected):
    said = reason_text(reason, ARABIC)
    assert said == expected if expected is not None else said.startswith("a form of tomorrow؛ 5% ")


@pytest.mark.parametrize(
    ("t", "iso", "expected"),
    [
        (ENGLISH, "2019-04-05", "5 April 2019"),
        (ARABIC, "2019-04-05", "5 أبريل 2019"),
        (ENGLISH, None, "no date"),
        (ENGLISH, "spring", "spring"),
    ],
)
def test_dates_are_said_in_words(t, iso, expected):
    assert t.date(iso) == expected


def test_article_without_title_is_named_by_its_first_words():
    article = {"title": None, "head": "أعلنت …", "article_id": "x", "date": None}
    assert article_label(article, ENGLISH) == "أعلنت … · no date"
    assert article_label(article | {"title": "ع" * 100}, ENGLISH).startswith("ع" * 59 + "…")


def test_config_keeps_streamlit_at_home():
    config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["browser"] == {"gatherUsageStats": False, "serverAddress": "localhost"}
    assert config["server"]["address"] == "127.0.0.1"
    for face in config["theme"]["fontFaces"]:
        assert (PROJECT / face["url"].removeprefix("app/")).is_file()
