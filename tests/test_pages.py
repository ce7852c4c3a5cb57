"""The pages where an analyst adds articles, reviews readings and learns how good the data is."""

import re
import time
from types import SimpleNamespace

import pytest
import streamlit as st

from extract.accuracy import read_accuracy
from extract.decisions import DecisionLog, Kind, make_place
from extract.filters import Filters
from extract.review import ReviewingGeoparser, decide, review
from extract.store import Workspace
from extract.uploads import FOLDER, Uploads
from gazetteer import Point
from tests.conftest import ROOT
from tests.in_app import again, counts, html_parts, run_app, table_rows
from tests.made_workspace import CANARY, make_workspace
from tests.small_world import write_table
from views import about, reading
from views.decisions import decision_text
from views.picking import read_point
from views.texts import Texts

ENGLISH, ARABIC = Texts("en"), Texts("ar")
TEXT = "اندلعت اشتباكات في غريان جنوب طرابلس. ووصل الوفد إلى بلدة كخبزار."
READ_S = 60


def wait_for_reading(store_folder):
    readings = next(r for r in [reading._readings(store_folder, None)])
    end = time.monotonic() + READ_S
    while readings.state() is not None:
        assert time.monotonic() < end
        time.sleep(0.02)


def all_text(app):
    return "\n".join(html_parts(app))


@pytest.fixture
def world(tmp_path, monkeypatch):
    """The made workspace, open in the dashboard."""
    monkeypatch.setenv("RASID_STORE", str(tmp_path / "store"))
    monkeypatch.setattr("extract.live.REFRESH_S", 0)
    return make_workspace(tmp_path / "store")


def buttons(app, label):
    return [button for button in app.button if label in button.label]


# Navigation


def test_pages_are_turned_and_the_address_holds_them(world):
    app = run_app(lang="en")
    again(app.button_group(key="page_choice").set_value("data"))
    assert app.query_params["page"] == "data"
    assert app.header[0].value == "About the data"
    again(app.button_group(key="page_choice").set_value("explore"))
    assert "page" not in app.query_params
    assert "8 mentions" in counts(app)


@pytest.mark.parametrize(
    ("page", "title"), [("add", "إضافة مقالات"), ("data", "عن البيانات"), ("decisions", "المراجعات")]
)
def test_a_page_opens_from_its_address(world, page, title):
    assert run_app(page=page).header[0].value == title


def test_filters_are_kept_while_another_page_is_open(world):
    app = run_app(lang="en", country="QA")
    again(app.button_group(key="page_choice").set_value("add"))
    again(app.button_group(key="page_choice").set_value("explore"))
    assert "1 mention ·" in counts(app)


def test_a_page_that_is_none_is_the_first(world):
    assert "8 إشارات" in counts(run_app(page="<script>"))


# Adding


def add_files(app, world, *files):
    key = next(w.key for w in app.get("file_uploader"))
    app.file_uploader(key=key).set_value([(name, content, "") for name, content in files])
    again(app)
    wait_for_reading(world.folder)
    again(app)


def test_files_are_read_and_what_they_gave_is_told(world):
    app = run_app(lang="en", page="add")
    add_files(app, world, ("خبر.txt", TEXT.encode()), ("empty.csv", b""), ("x.doc", b"\xd0\xcf"))
    said = all_text(app)
    assert "1 article read · 2 mentions of places · 1 name that could not be placed" in said
    assert said.count("0 articles read · 1 refused") == 2
    assert "save it as .docx" in said and "remove it, or save it again" in said
    assert world.span().articles == 4
    again(buttons(app, "On the map")[0].click())
    assert "2 mentions · 2 places · 1 article" in counts(app)


def test_a_name_without_a_place_leads_to_where_it_stands(world):
    app = run_app(lang="en", page="add")
    add_files(app, world, ("a.txt", TEXT.encode()))
    again(buttons(app, "كخبزار")[0].click())
    assert '<mark class="place now"' in all_text(app)
    assert app.query_params["read"].endswith(f"@{TEXT.index('كخبزار')}")


def test_the_same_upload_twice_is_said_and_doubles_nothing(world):
    app = run_app(lang="en", page="add")
    add_files(app, world, ("a.txt", TEXT.encode()))
    add_files(app, world, ("b.txt", TEXT.encode()))
    assert any("was added before" in info.value for info in app.info)
    assert world.span().articles == 4


def fill_paste(app, text, **fields):
    app.text_area[0].set_value(text)
    for label, value in fields.items():
        next(w for w in app.text_input if w.label.startswith(label)).set_value(value)
    again(next(b for b in app.button if b.label == "Read this text").click())


def test_a_pasted_text_is_read_with_its_title(world):
    app = run_app(lang="en", page="add")
    fill_paste(app, TEXT, Title="عنوان [x](y)", Web="https://example.org/9")
    wait_for_reading(world.folder)
    again(app)
    assert "عنوان [x](y) · 2 mentions" in re.sub("</?bdi>", "", all_text(app)).replace("</p>", "")
    pasted = [a for a in world.articles() if a["article_id"].startswith("pasted-")]
    assert [(a["title"], a["url"]) for a in pasted] == [("عنوان [x](y)", "https://example.org/9")]
    assert app.text_area[0].value == ""


@pytest.mark.parametrize(
    ("text", "url", "said"),
    [
        ("", "", "Paste the text"),
        ("  \n ", "", "Paste the text"),
        (TEXT, "javascript:alert(1)", "must begin with http"),
    ],
)
def test_a_wrong_form_is_told_and_keeps_what_was_written(world, text, url, said):
    app = run_app(lang="en", page="add")
    fill_paste(app, text, Web=url)
    assert said in app.error[0].value
    assert app.text_area[0].value == text
    assert Uploads(world.folder).waiting() == [] and Uploads(world.folder).outcomes() == []


def test_an_upload_is_removed_for_good_once_it_was_said_twice(world):
    app = run_app(lang="en", page="add")
    add_files(app, world, ("a.txt", TEXT.encode()))
    assert world.span().articles == 4
    again(buttons(app, "Remove for good")[0].click())
    assert world.span().articles == 3
    assert "كخبزار" not in all_text(app)


def test_an_article_is_removed_where_it_is_read(world):
    app = run_app(lang="en", read="a1@0")
    again(buttons(app, "Remove for good")[0].click())
    assert "2 articles" in counts(app) and "read" not in app.query_params


def test_hostile_text_and_names_stay_text_when_added(world):
    app = run_app(lang="en", page="add")
    add_files(app, world, (f"{CANARY}.txt", f"{CANARY} في غريان.".encode()), ("<img src=x>.csv", b"a,b\n1,2\n"))
    fill_paste(app, f"{CANARY} في سبها.", Title=CANARY)
    wait_for_reading(world.folder)
    again(app)
    assert "<img src=x" not in all_text(app) and "<script>window" not in all_text(app)
    assert "&lt;img src=x" in all_text(app)


def test_what_waited_since_a_crash_is_read_when_the_workspace_is_opened(world):
    Uploads(world.folder).keep("left.txt", TEXT.encode())
    app = run_app(lang="en")
    wait_for_reading(world.folder)
    again(app)
    assert "4 articles" in counts(app)


def test_what_failed_is_offered_again_or_taken_away(world, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("{{no}} <b>")

    with monkeypatch.context() as patch:
        patch.setattr(Uploads, "read", fail)
        app = run_app(lang="en", page="add")
        add_files(app, world, ("a.txt", TEXT.encode()))
        assert "was added but not read" in all_text(app) and "<b>" not in all_text(app)
    again(buttons(app, "Read it now")[0].click())
    wait_for_reading(world.folder)
    again(app)
    assert "1 article read" in all_text(app) and not buttons(app, "Read it now")


def test_a_workspace_that_cannot_be_written_to_says_so(world):
    (world.folder / FOLDER).write_text("in the way")
    app = run_app(lang="en", page="add")
    fill_paste(app, TEXT)
    assert "cannot be written to" in app.error[0].value
    assert app.text_area[0].value == TEXT


def test_a_workspace_served_for_reading_only_takes_nothing(world, monkeypatch):
    Uploads(world.folder).keep("left.txt", TEXT.encode())
    monkeypatch.setenv("RASID_READ_ONLY", "1")
    app = run_app(lang="en", page="add")
    assert "for reading only" in app.info[0].value and not app.text_area and not app.get("file_uploader")
    app = run_app(lang="en", read="a1@0")
    assert not buttons(app, "Remove for good") and not buttons(app, "Keep this decision")
    app = run_app(lang="en", page="data")
    assert not buttons(app, "Add to my gazetteer")
    assert world.span().articles == 3 and Uploads(world.folder).waiting() != []


def test_who_has_no_workspace_begins_one(tmp_path, monkeypatch):
    monkeypatch.setenv("RASID_STORE", str(tmp_path / "new" / "store"))
    app = run_app(lang="en")
    again(app.button(key="add_first").click())
    fill_paste(app, TEXT)
    wait_for_reading(tmp_path / "new" / "store")
    again(app)
    assert Workspace.open(tmp_path / "new" / "store").span().articles == 1


# About the data


def test_the_page_tells_how_much_there_is_and_what_has_no_place(world):
    said = all_text(run_app(lang="en", page="data"))
    for name, value in (("Articles", 3), ("Outlets", 2), ("Mentions with a place", 9), ("Places", 6)):
        assert f"<dt>{name}</dt><dd><bdi>{value}</bdi></dd>" in said
    assert '<mark class="place">الصابرية</mark>' in said
    assert "1 mention in 1 article" in said


def test_the_page_shows_the_accuracy_with_its_day_and_corpora(world):
    app = run_app(lang="en", page="data")
    figures = read_accuracy().corpora["fresh"]
    assert f"<td><bdi>{figures['mapped_f1']:.3f}</bdi></td>" in all_text(app)
    assert any(ENGLISH.date(read_accuracy().measured) in caption.value for caption in app.caption)


def test_the_page_shows_layers_with_licences_and_refused_inputs(world):
    app = run_app(lang="en", page="add")
    add_files(app, world, ("empty.csv", b""))
    said = all_text(run_app(lang="en", page="data"))
    assert "Rasid gazetteer" in said and "CC BY 4.0 · © GeoNames" in said
    assert "<bdi>empty.csv</bdi>" in said and "remove it, or save it again" in said


def test_tables_of_the_user_are_counted_once_for_a_state_of_the_gazetteer(world, tmp_path, monkeypatch):
    monkeypatch.setenv("RASID_DATA", str(tmp_path / "data"))
    rows = "x-1,قرية,,Village,village,LY,,31,13,2,10,own\n"
    table = write_table(tmp_path / "data" / "gazetteer" / "mine.csv", rows)
    opened, count = [], about._rows_of
    monkeypatch.setattr(about, "_rows_of", lambda path: opened.append(path) or count(path))
    app = run_app(lang="en", page="data")
    again(app)
    assert opened == [table] and "Your table: mine" in all_text(app)
    write_table(table, rows + rows.replace("x-1", "x-2"))
    again(app)
    assert opened == [table, table]
    row = next(row for row in re.findall("<tr>.*?</tr>", all_text(app)) if "Your table: mine" in row)
    assert ">2<" in re.sub("</?bdi[^>]*>", "", row)


def test_articles_of_other_versions_are_told(world):
    assert any("3 articles were read with another program" in i.value for i in run_app(lang="en", page="data").info)


def test_the_document_agrees_with_the_figures():
    lines = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    table = {row[0].lower().replace(" ", "_"): row[1:] for row in rows}
    corpora = list(read_accuracy().corpora.values())
    assert len(table[""]) == len(corpora)
    for measure in corpora[0]:
        said = [
            "–" if c[measure] is None else format(c[measure], "g" if measure == "articles" else ".3f") for c in corpora
        ]
        assert table[measure] == said, measure


# Reviewing


def open_form(app, place="t:gharyan"):
    again(app.selectbox(key="place_list").set_value(place))
    again(buttons(app, "Right or wrong?")[0].click())


def field(widgets, label):
    return next(w for w in widgets if label in w.label)


def say(app, kind):
    again(field(app.radio, "What do you say?").set_value(kind))


def name_and_keep(app, name="Aya"):
    again(field(app.text_input, "Your name").set_value(name))
    again(buttons(app, "Keep this decision")[0].click())


def test_a_right_reading_is_marked_and_filtered(world):
    app = run_app(lang="en")
    open_form(app)
    assert buttons(app, "Keep this decision")[0].disabled
    name_and_keep(app)
    assert any("✓ Right · Aya" in part for part in html_parts(app))
    app = run_app(lang="en", review="reviewed")
    assert "1 mention ·" in counts(app) and table_rows(app) == 1
    assert "✓ Right" in all_text(app)


def test_the_reviewer_is_asked_once_and_not_in_the_address(world):
    app = run_app(lang="en")
    open_form(app)
    name_and_keep(app, "  آية  العلي ")
    assert "by" not in app.query_params, "a link that is passed on must not carry a name"
    app = run_app(lang="en", by="Badr")
    open_form(app)
    assert field(app.text_input, "Your name").value == "Badr"
    assert not buttons(app, "Keep this decision")[0].disabled


def test_who_is_logged_in_decides_under_that_name(world, monkeypatch):
    user = SimpleNamespace(to_dict=lambda: {"is_logged_in": True, "name": "Aya\nAli", "email": "a@example.org"})
    monkeypatch.setattr(st, "user", user)
    app = run_app(lang="en")
    open_form(app)
    assert not [widget for widget in app.text_input if "Your name" in widget.label]
    again(buttons(app, "Keep this decision")[0].click())
    assert next(world.rows(Filters(reviews=("reviewed",))))["reviewer"] == "Aya Ali"
    assert "by" not in app.query_params


def test_another_place_moves_the_mention_on_map_table_and_passages(world):
    app = run_app(lang="en", by="Aya")
    open_form(app)
    say(app, Kind.PLACE)
    again(field(app.text_input, "Search for a place").set_value("ترهونا"))
    choices = field(app.radio, "Places of this name")
    assert "Tarhuna" in choices.options[0] and "Libya" in choices.options[0]
    assert buttons(app, "Keep this decision")[0].disabled
    again(choices.set_value("ly-tarhuna"))
    again(buttons(app, "Keep this decision")[0].click())
    assert "8 mentions" in counts(app)
    assert any("Tarhuna" in part and "rasid-place" in part for part in html_parts(app))
    table = next(part for part in html_parts(app) if part.startswith('<div class="rasid-table"'))
    assert "Tarhuna" in table and "Another place" in table


def test_a_point_by_coordinates_becomes_a_place_of_the_reviewers(world):
    app = run_app(lang="en", by="Aya")
    open_form(app)
    say(app, Kind.PLACE)
    again(field(app.text_input, "Search for a place").set_value("31.5, 14.25"))
    assert "31.5000,\xa014.2500" in field(app.radio, "Places of this name").options[0]
    again(buttons(app, "Keep this decision")[0].click())
    row = next(world.rows(Filters(reviews=("reviewed",))))
    assert (row["lat"], row["lon"], row["country"], row["surface"]) == (31.5, 14.25, "LY", "غريان")


def test_no_place_leaves_the_map_and_comes_back_when_undone(world):
    app = run_app(lang="en", by="Aya")
    open_form(app)
    say(app, Kind.NOT_A_PLACE)
    again(buttons(app, "Keep this decision")[0].click())
    assert "7 mentions" in counts(app)
    app = run_app(lang="en", by="Badr", page="decisions")
    assert "Not a place" in all_text(app) and "Aya" in all_text(app)
    again(buttons(app, "Undo")[0].click())
    assert "took back" in all_text(app)
    assert "8 mentions" in counts(run_app(lang="en"))


def test_one_decision_for_all_mentions_of_a_name(world):
    app = run_app(lang="en", by="Aya")
    open_form(app, "t:tripoli")
    say(app, Kind.NOT_A_PLACE)
    scope = field(app.radio, "This is so for")
    assert "all 3 mentions" in scope.options[1]
    again(scope.set_value("name"))
    again(buttons(app, "Keep this decision")[0].click())
    assert world.totals(Filters(reviews=("not-a-place",))).mentions == 0
    assert len([row for row in world.rows(Filters(reviews=("not-a-place",)), placed=None)]) == 3


def test_other_words_are_chosen_for_the_name(world):
    app = run_app(lang="en", by="Aya")
    open_form(app)
    say(app, Kind.SPAN)
    last = field(app.selectbox, "Last word")
    again(last.set_value(next(v for v in range(20) if v == field(app.selectbox, "First word").value + 1)))
    again(buttons(app, "Keep this decision")[0].click())
    assert next(world.rows(Filters(reviews=("span",)), placed=None))["surface"] == "غريان جنوب"


def test_a_missing_name_is_added_and_found_everywhere(world):
    app = run_app(lang="en", by="Aya", page="data")
    again(buttons(app, "Add to my gazetteer")[0].click())
    assert buttons(app, "Keep this decision")[0].disabled
    again(field(app.text_input, "Search for a place").set_value("32.5, 13.5"))
    again(field(app.text_input, "Other spellings").set_value("الصابريه، صابرية"))
    again(buttons(app, "Keep this decision")[0].click())
    assert "None: every name" in " ".join(caption.value for caption in app.caption)
    row = next(world.rows(Filters(reviews=("name",))))
    assert (row["surface"], row["lat"], row["lon"]) == ("الصابرية", 32.5, 13.5)
    said = all_text(run_app(lang="en", page="decisions"))
    assert "صابرية" in said and "32.5000, 13.5000" in said


def test_reviewers_who_differ_are_told(world, gazetteer):
    parser = ReviewingGeoparser(gazetteer, DecisionLog(world.folder))
    row = next(world.rows(Filters(place_id="t:gharyan")))
    for who, lat in (("Aya", 31.0), ("Badr", 30.0)):
        place = make_place("غريان", Point(lat, 13.0), country="LY")
        review(world, parser, decide(world, parser.log, row, Kind.PLACE, who, place=place))
    app = run_app(lang="en", page="decisions", by="Aya")
    assert "Reviewers differ about 1 name" in app.warning[0].value
    assert "30.000,\u00a013.000" in all_text(app)


def test_hostile_decisions_stay_text(world, gazetteer):
    parser = ReviewingGeoparser(gazetteer, DecisionLog(world.folder))
    row = next(world.rows(Filters(place_id="t:gharyan")))
    place = make_place(CANARY[:60], Point(31.0, 13.0), aliases=[CANARY[:60]])
    review(world, parser, decide(world, parser.log, row, Kind.NAME, CANARY[:90], place=place))
    for page in ("decisions", "explore", "data"):
        said = all_text(run_app(lang="en", page=page, place=place.id))
        assert "<script>window" not in said and "<img src=x" not in said


def test_a_broken_decision_is_told_and_does_not_stop_the_page(world):
    folder = DecisionLog(world.folder).folder
    folder.mkdir()
    (folder / "x.json").write_text("{<b>")
    app = run_app(lang="en", page="decisions")
    assert "no JSON" in app.warning[0].value


def test_a_review_of_what_is_gone_closes(world):
    app = run_app(lang="en")
    app.session_state["review"] = ("gone", 5, None)
    again(app)
    assert app.session_state["review"] is None


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("32.17, 13.02", Point(32.17, 13.02)),
        ("-1.5 ; -70", Point(-1.5, -70)),
        ("32 13", Point(32, 13)),
        ("32,17 13,02", None),
        ("99, 13", None),
        ("غريان", None),
        ("", None),
        ("1, 2, 3", None),
    ],
)
def test_coordinates_are_read_latitude_first(text, point):
    assert read_point(text) == point


def test_decisions_are_said_in_both_languages(world):
    log = DecisionLog(world.folder)
    decision = decide(
        world, log, next(world.rows(Filters(place_id="t:gharyan"))), Kind.NOT_A_PLACE, "Aya", scope="name"
    )
    assert "Not a place" in decision_text(decision, ENGLISH) and "Libya" in decision_text(decision, ENGLISH)
    assert "ليس مكانًا" in decision_text(decision, ARABIC) and "ليبيا" in decision_text(decision, ARABIC)


def test_refused_inputs_are_listed_by_the_names_people_know(world):
    assert about.rejected(world) == ([], 0)
