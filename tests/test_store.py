import json
import threading
from dataclasses import replace
from datetime import date

import pyarrow.parquet as pq
import pytest

from extract.export import ROW_COLUMNS
from extract.filters import Filters
from extract.mentions import Article, Role
from extract.parts import content_hash, first_words
from extract.questions import Span, Timeline, Totals
from extract.regions import regions_of
from extract.store import FORMAT, MANIFEST, AddCounts, StoreError, Workspace
from gazetteer import FeatureClass
from tests.made_workspace import (
    CANARY,
    GHARYAN,
    LIBYA,
    TRIPOLI,
    make_place,
    make_resolutions,
    make_results,
    make_workspace,
)

NEWS_ROLES = ("location", "actor")


@pytest.fixture
def workspace(tmp_path):
    return make_workspace(tmp_path / "store")


def places(workspace, **filters):
    return {place["place_id"]: place["mentions"] for place in workspace.places(Filters(**filters))}


# Writing


def test_add_counts_what_it_did(tmp_path):
    workspace = Workspace.create_or_open(tmp_path)
    assert workspace.add(make_results()) == AddCounts(added=3, mentions=10)


def test_add_again_replaces_articles_that_are_there(workspace):
    assert workspace.add(make_results()[:1], {"program": "next"}, again=True) == AddCounts(replaced=1, mentions=5)
    assert workspace.totals(Filters()).articles == 3
    assert (workspace.article("a1")["program"], workspace.article("a2")["program"]) == ("next", "test")


def test_an_article_in_two_parts_of_one_version_counts_once(workspace):
    before = workspace.totals(Filters())
    for path in list(workspace.folder.glob("*-*.parquet")):
        (workspace.folder / path.name.replace(".parquet", "-copy.parquet")).write_bytes(path.read_bytes())
    workspace.refresh(force=True)
    assert workspace.totals(Filters()) == before


def test_add_skips_an_article_that_is_there(workspace):
    before = workspace.totals(Filters())
    assert workspace.add(make_results()) == AddCounts(skipped=3)
    assert workspace.totals(Filters()) == before


def test_add_replaces_the_mentions_of_a_changed_article(workspace):
    article = Article("a1", "لا شيء سوى غريان.")
    resolutions = make_resolutions(article.text, [("غريان", GHARYAN, Role.LOCATION, None)])
    assert workspace.add([(article, resolutions)]) == AddCounts(replaced=1, mentions=1)
    assert places(workspace, article_ids=("a1",)) == {"t:gharyan": 1}
    assert len(workspace.articles()) == 3


def test_add_of_the_first_text_again_brings_its_mentions_back(workspace):
    workspace.add([(Article("a1", "لا شيء."), [])])
    assert places(workspace, article_ids=("a1",)) == {}
    workspace.add(make_results())
    assert places(workspace, article_ids=("a1",))["t:tripoli"] == 2


def test_add_keeps_the_last_of_two_articles_with_one_id(tmp_path):
    workspace = Workspace.create_or_open(tmp_path)
    counts = workspace.add([(Article("x", "أول"), []), (Article("x", "ثان"), [])])
    assert (counts.added, counts.replaced) == (1, 1)
    assert workspace.article("x")["text"] == "ثان"


def test_add_keeps_an_article_without_mentions(tmp_path):
    workspace = Workspace.create_or_open(tmp_path)
    workspace.add([(Article("x", "بلا أماكن"), [])])
    assert [row["article_id"] for row in workspace.articles()] == ["x"]


def test_add_writes_the_versions_into_the_part(workspace):
    part = next(workspace.folder.glob("articles-*.parquet"))
    assert json.loads(pq.read_schema(part).metadata[b"rasid"])["versions"] == {"program": "test"}


def test_workspace_says_what_wrote_it_last_and_whose_data_it_is(workspace):
    manifest = json.loads((workspace.folder / MANIFEST).read_text())
    assert manifest["format"] == FORMAT and manifest["versions"] == {"program": "test"}
    assert any("GeoNames" in line for line in manifest["attribution"])


def test_add_leaves_no_unfinished_file(workspace):
    names = sorted(path.name.split("-")[0] for path in workspace.folder.iterdir())
    assert names == ["articles", "mentions", MANIFEST]


def test_mentions_without_their_articles_do_not_count(workspace):
    next(workspace.folder.glob("articles-*.parquet")).unlink()
    workspace.refresh(force=True)
    assert workspace.totals(Filters()) == Totals(0, 0, 0, 0)


@pytest.mark.parametrize("field", ["text", "title", "date", "outlet", "country", "url"])
def test_has_notices_any_change(workspace, field):
    article = make_results()[0][0]
    assert workspace.has(article)
    assert not workspace.has(replace(article, **{field: "2001-01-01"}))


def test_content_hash_does_not_hang_on_the_id():
    assert content_hash(Article("a", "نص")) == content_hash(Article("b", "نص"))


# Opening


def test_open_refuses_a_folder_without_a_workspace(tmp_path):
    with pytest.raises(StoreError, match="no workspace"):
        Workspace.open(tmp_path)


def test_open_refuses_another_format(tmp_path):
    (tmp_path / MANIFEST).write_text('{"format": 99}')
    with pytest.raises(StoreError, match="99"):
        Workspace.open(tmp_path)


def test_open_refuses_a_broken_manifest(tmp_path):
    (tmp_path / MANIFEST).write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        Workspace.open(tmp_path)


def test_an_empty_workspace_answers(tmp_path):
    workspace = Workspace.create_or_open(tmp_path)
    assert workspace.places(Filters()) == []
    assert workspace.passages(Filters(), "t:tripoli") == (0, [])
    assert workspace.article("a1") is None


def test_an_open_workspace_sees_what_another_writer_adds(workspace, monkeypatch):
    other = Workspace.open(workspace.folder)
    workspace.add([(Article("new", "نص"), [])])
    monkeypatch.setattr("extract.live.REFRESH_S", 0)
    assert len(other.articles()) == 4


def test_a_folder_with_a_quote_in_its_name_works(tmp_path):
    assert make_workspace(tmp_path / "it's").totals(Filters()).articles == 3


def test_many_threads_may_ask_while_one_adds(workspace):
    errors = []

    def ask():
        try:
            for _ in range(20):
                assert workspace.totals(Filters(article_ids=("a1",))).mentions == 5
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(10):
        workspace.add([(Article(f"more{number}", "نص"), [])])
    for thread in threads:
        thread.join()
    assert errors == []


# Asking


def test_rows_have_the_promised_columns_first(workspace):
    row = next(workspace.rows(Filters()))
    assert tuple(row)[: len(ROW_COLUMNS)] == ROW_COLUMNS


def test_rows_give_what_was_added(workspace):
    row = next(row for row in workspace.rows(Filters(article_ids=("a1",))) if row["relation"])
    assert row["surface"] == "طرابلس" and row["relation"] == "S:30" and row["place_id"] == "t:tripoli"
    assert row["passage"] == "وصلت القوات إلى غريان جنوب طرابلس."
    assert row["title"] == "معركة الطريق" and row["outlet"] == "وكالة أولى"
    assert json.loads(row["candidates"])[1]["place_id"] == "t:tripoli-lb"


def test_rows_keep_text_as_it_was(workspace):
    row = next(workspace.rows(Filters(article_ids=("a3",))))
    assert CANARY in row["passage"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, 9),
        ({"article_ids": ("a1",)}, 5),
        ({"article_ids": ("a1", "a3")}, 7),
        ({"roles": ("actor",)}, 1),
        ({"roles": NEWS_ROLES}, 8),
        ({"features": ("country",)}, 3),
        ({"countries": ("QA",)}, 1),
        ({"outlets": ("وكالة أولى",)}, 5),
        ({"place_text": "غَريـان"}, 1),
        ({"place_text": "GHARYAN"}, 1),
        ({"place_text": "tripoli"}, 3),
        ({"place_text": "طرابلس|tripoli"}, 0),
        ({"place_text": "لا يوجد"}, 0),
        ({"place_text": "%"}, 9),
        ({"date_from": "2019-12-31"}, 4),
        ({"date_from": "2019-12-31", "undated": False}, 2),
        ({"date_to": "2019-04-05", "undated": False}, 5),
        ({"date_from": "2019-04-05", "date_to": "2019-04-05", "undated": False}, 5),
        ({"min_confidence": 0.9}, 9),
        ({"min_confidence": 0.91}, 0),
        ({"relations": ("S",)}, 1),
        ({"relations": ("N",)}, 0),
        ({"place_id": "t:libya"}, 2),
        ({"place_id": "t:libya", "roles": NEWS_ROLES}, 1),
        ({"article_ids": ("' OR 1=1 --",)}, 0),
    ],
)
def test_filters_narrow_rows_places_and_totals_alike(workspace, filters, expected):
    chosen = Filters(**filters)
    assert len(list(workspace.rows(chosen))) == expected
    assert sum(place["mentions"] for place in workspace.places(chosen)) == expected
    assert workspace.totals(chosen).mentions == expected


def test_places_come_most_mentioned_first(workspace):
    found = workspace.places(Filters(roles=NEWS_ROLES))
    assert found[0] | {"lat": 0, "lon": 0} == {
        "place_id": "t:tripoli",
        "place": "طرابلس",
        "place_en": "Tripoli",
        "feature": "city",
        "country": "LY",
        "region": None,
        "region_en": None,
        "lat": 0,
        "lon": 0,
        "radius_km": 25.0,
        "mentions": 3,
        "articles": 2,
        "role": "location",
        "last": date(2020, 1, 2),
    }
    assert (found[0]["lat"], found[0]["lon"]) == (TRIPOLI.point.lat, TRIPOLI.point.lon)


def test_places_have_their_strongest_role(workspace):
    roles = {place["place_id"]: place["role"] for place in workspace.places(Filters())}
    assert (roles["t:qatar"], roles["t:libya"], roles["t:tripoli"]) == ("actor", "location", "location")
    assert workspace.places(Filters(article_ids=("a2",), place_id="t:libya"))[0]["role"] == "name-part"


def test_places_can_be_limited(workspace):
    assert len(workspace.places(Filters(), limit=2)) == 2


def test_facets_count_each_choice_under_the_other_filters(workspace):
    facets = workspace.facets(Filters(roles=("actor",)))
    assert dict(facets["roles"]) == {"location": 8, "actor": 1, "name-part": 1}
    assert facets["countries"] == [("QA", 1)]
    assert facets["article_ids"] == [("a1", 1)]


def test_passages_come_newest_first_and_undated_last(workspace):
    total, found = workspace.passages(Filters(), "t:tripoli")
    assert total == 3
    assert [passage.article["article_id"] for passage in found] == ["a3", "a1", "a1"]
    total, found = workspace.passages(Filters(), "t:libya")
    assert [passage.article["date"] for passage in found] == ["2019-04-05", None]


def test_passages_are_paged(workspace):
    first = workspace.passages(Filters(), "t:tripoli", limit=2)
    second = workspace.passages(Filters(), "t:tripoli", limit=2, offset=2)
    assert (first[0], len(first[1]), len(second[1])) == (3, 2, 1)


def test_passages_hold_the_other_names_of_the_sentence(workspace):
    passage = workspace.passages(Filters(article_ids=("a1",)), "t:tripoli")[1][0]
    assert [row["surface"] for row in passage.mentions] == ["طرابلس"]
    assert [row["surface"] for row in passage.others] == ["غريان"]


def test_passages_cut_the_names_out_of_their_text(workspace):
    for place_id in places(workspace):
        for passage in workspace.passages(Filters(), place_id)[1]:
            for row in (*passage.mentions, *passage.others):
                cut = passage.text[row["start"] - passage.start : row["end"] - passage.start]
                assert cut == row["surface"]


def test_rows_are_sorted_by_any_column(workspace):
    names = [row["place_en"] for row in workspace.rows(Filters(), sort="place_en")]
    assert names == sorted(names)
    assert [row["place_en"] for row in workspace.rows(Filters(), sort="place_en", descending=True)] == names[::-1]


def test_rows_refuse_to_sort_by_what_is_no_column(workspace):
    with pytest.raises(ValueError, match="sort"):
        workspace.rows(Filters(), sort="1; DROP TABLE live")


def test_rows_are_paged_without_loss(workspace):
    whole = [(row["article_id"], row["start"]) for row in workspace.rows(Filters())]
    pages = [row for offset in range(0, 12, 4) for row in workspace.rows(Filters(), limit=4, offset=offset)]
    assert [(row["article_id"], row["start"]) for row in pages] == whole


def test_unplaced_names_come_with_their_reason(workspace):
    assert workspace.unplaced(Filters()) == [
        {"surface": "الصابرية", "reason": "not in the gazetteer", "mentions": 1, "articles": 1}
    ]
    assert workspace.totals(Filters()).unplaced == 1
    assert [row["surface"] for row in workspace.rows(Filters(), placed=False)] == ["الصابرية"]


def test_article_comes_with_text_and_all_its_mentions_in_order(workspace):
    article = workspace.article("a2")
    assert article["text"].startswith("قالت") and article["date"] is None
    assert [row["surface"] for row in article["mentions"]] == ["ليبيا", "بنغازي", "الصابرية"]


def test_articles_come_newest_first_with_first_words(workspace):
    found = workspace.articles()
    assert [row["article_id"] for row in found] == ["a3", "a1", "a2"]
    assert found[2]["title"] is None and found[2]["head"].startswith("قالت قناة ليبيا")


def test_articles_can_be_asked_for_by_id(workspace):
    assert [row["article_id"] for row in workspace.articles(["a2", "gone"])] == ["a2"]
    assert workspace.articles([]) == []


def test_span_tells_the_time_covered(workspace):
    workspace.add([(Article("odd", "نص", date="spring"), [])])
    assert workspace.span() == Span(4, 2, date(2019, 4, 5), date(2020, 1, 2))


def test_facets_are_limited_each(workspace, monkeypatch):
    monkeypatch.setattr("extract.questions.FACET_VALUES", 1)
    assert workspace.facets(Filters())["countries"] == [("LY", 8)]
    assert workspace.facets(Filters())["roles"] == [("location", 8)]


@pytest.mark.parametrize(
    ("text", "head"), [("", ""), ("كلمة", "كلمة"), ("أ ب\nج", "أ ب ج"), (" ".join("123456789ا"), "1 2 3 4 5 6 7 8 9 …")]
)
def test_first_words_stand_for_a_title(text, head):
    assert first_words(text) == head


def test_place_is_found_whatever_the_filters(workspace):
    assert workspace.place("t:gharyan")["place"] == "غريان"
    assert workspace.place("nowhere") is None


# Precision, regions, shapes, time


def one_place(tmp_path, feature, radius_km=5, *, relation=None, method="exact"):
    place = make_place("p", "مكان", "Place", feature, "LY", 30, 15, radius_km)
    article = Article("x", "في مكان كبير.")
    (resolution,) = make_resolutions(article.text, [("مكان", place, Role.LOCATION, relation)])
    workspace = Workspace.create_or_open(tmp_path)
    workspace.add([(article, [replace(resolution, method=method)])])
    return workspace


@pytest.mark.parametrize(
    ("feature", "radius_km", "relation", "method", "expected"),
    [
        ("city", 25, None, "exact", "exact"),
        ("facility", 1, "centre", "exact", "exact"),
        ("city", 80, None, "exact", "area"),
        ("desert", 5, None, "exact", "area"),
        ("road", 5, None, "fuzzy", "area"),
        ("region", 100, None, "exact", "region"),
        ("country", 700, None, "alias", "country"),
        ("continent", 3000, None, "exact", "country"),
        ("city", 5, "S:30", "exact", "derived"),
        ("country", 700, "near", "exact", "derived"),
        ("facility", 10, None, "composed", "composed"),
        ("facility", 10, "N", "composed", "composed"),
    ],
)
def test_precision_says_how_exact_the_point_is(tmp_path, feature, radius_km, relation, method, expected):
    workspace = one_place(tmp_path, FeatureClass(feature), radius_km, relation=relation, method=method)
    assert next(workspace.rows(Filters()))["precision"] == expected
    assert workspace.totals(Filters(precisions=(expected,))).mentions == 1
    assert workspace.totals(Filters(precisions=("no such",))).mentions == 0


def test_names_without_a_place_have_no_precision(workspace):
    assert next(workspace.rows(Filters(), placed=False))["precision"] is None


def test_relation_of_an_unknown_kind_does_no_harm(tmp_path):
    workspace = one_place(tmp_path, FeatureClass.CITY, relation="it's:3")
    assert workspace.totals(Filters(relations=("it's",))).mentions == 1
    assert list(workspace.rows(Filters(), sort="precision"))[0]["precision"] == "exact"


class MadeGazetteer:
    """Places by row, as the gazetteer gives them."""

    def __init__(self, places):
        self.places = places

    def row_of(self, place_id):
        return next((number for number, place in enumerate(self.places) if place.id == place_id), None)

    def place(self, row):
        return self.places[row]


WEST = make_place("r:west", "الغرب", "West", FeatureClass.REGION, "LY", 32, 13, 150)
JABAL = make_place("r:jabal", "الجبل", "Mountain District", FeatureClass.REGION, "LY", 32, 12.7, 90)


def region_workspace(tmp_path):
    made = MadeGazetteer([replace(GHARYAN, parents=("r:jabal", "r:west", "t:libya")), JABAL, WEST, LIBYA])
    make_workspace(tmp_path)
    return Workspace.open(tmp_path, lambda ids: regions_of(ids, made))


def test_places_know_their_first_level_region(tmp_path):
    workspace = region_workspace(tmp_path)
    assert workspace.place("t:gharyan")["region"] == "الغرب"
    assert workspace.place("t:libya")["region"] is None
    assert workspace.regions() == {"r:west": ("الغرب", "West")}
    assert workspace.facets(Filters())["regions"] == [("r:west", 1)]
    assert [row["surface"] for row in workspace.rows(Filters(regions=("r:west",)))] == ["غريان"]


def test_what_is_named_after_a_place_lies_where_that_does():
    made = MadeGazetteer([replace(GHARYAN, parents=("r:west",)), WEST])
    assert regions_of(["t:gharyan+مستشفى", "gone"], made) == {"t:gharyan+مستشفى": ("r:west", "الغرب", "West")}


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        (((31, 12), (34, 12), (34, 14), (31, 14)), {"t:tripoli", "t:gharyan"}),
        (((32.5, 12), (34, 13), (32.5, 14)), {"t:tripoli"}),
        (((0, 0), (1, 0), (1, 1)), set()),
    ],
)
def test_shapes_hold_the_places_inside(workspace, area, expected):
    assert set(places(workspace, area=area)) == expected
    assert workspace.totals(Filters(area=area)).places == len(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("طرابلص", {"t:tripoli"}),
        ("Gharyen", {"t:gharyan"}),
        ("بنقازي", {"t:benghazi"}),
        ("benghzai", {"t:benghazi"}),
        ("قطرة", set()),
        ("xxxxxxxx", set()),
    ],
)
def test_place_text_forgives_a_letter_or_two(workspace, text, expected):
    assert set(places(workspace, place_text=text)) == expected


def test_a_name_that_is_held_needs_no_forgiving(workspace):
    assert set(places(workspace, place_text="غريان")) == {"t:gharyan"}


@pytest.mark.parametrize("day", ["yesterday", "2019-13-01", "9999-99-99"])
def test_a_date_that_cannot_be_read_is_no_limit(workspace, day):
    assert workspace.totals(Filters(date_from=day, undated=False)).mentions == 9


def test_timeline_counts_by_month_over_all_time(workspace):
    timeline = workspace.timeline(Filters(date_from="2020-01-01"))
    assert timeline == Timeline("week", [(date(2019, 4, 1), 5), (date(2019, 12, 30), 2)], 2)
    assert workspace.timeline(Filters(countries=("QA",))).bars == [(date(2019, 4, 1), 1)]


@pytest.mark.parametrize(
    ("last", "unit"), [("2019-04-30", "day"), ("2020-04-05", "week"), ("2025-04-05", "month"), ("2099-04-05", "year")]
)
def test_timeline_has_bars_of_a_fitting_length(tmp_path, last, unit):
    workspace = Workspace.create_or_open(tmp_path)
    workspace.add([(Article("a", "نص", date="2019-04-05"), []), (Article("b", "نص", date=last), [])])
    assert workspace.timeline(Filters()).unit == unit


def trend_workspace(tmp_path):
    workspace = Workspace.create_or_open(tmp_path)
    texts = [("2020-01-05", [GHARYAN]), ("2020-01-12", [TRIPOLI]), ("2020-01-13", [TRIPOLI]), ("2020-01-01", [])]
    results = []
    for number, (day, found) in enumerate(texts):
        article = Article(f"x{number}", f"خبر من {found[0].name if found else 'بعيد'} اليوم", date=day)
        results.append((article, make_resolutions(article.text, [(p.name, p, Role.LOCATION, None) for p in found])))
    workspace.add(results)
    return workspace


def test_trends_compare_with_the_time_before(tmp_path):
    trends = trend_workspace(tmp_path).trends(Filters(date_from="2020-01-08", date_to="2020-01-13"))
    assert (trends.first, trends.last, trends.before) == (date(2020, 1, 8), date(2020, 1, 13), date(2020, 1, 2))
    assert [(row["place_id"], row["now"], row["earlier"]) for row in trends.risen] == [("t:tripoli", 2, 0)]
    assert [(row["place_id"], row["now"], row["earlier"]) for row in trends.fallen] == [("t:gharyan", 0, 1)]


def test_trends_without_dates_look_at_the_last_part(tmp_path):
    trends = trend_workspace(tmp_path).trends(Filters())
    assert (trends.first, trends.last) == (date(2020, 1, 8), date(2020, 1, 13))


def test_there_are_no_trends_without_time(tmp_path, workspace):
    assert Workspace.create_or_open(tmp_path / "other").trends(Filters()) is None
    assert workspace.trends(Filters(date_from="2030-01-01")) is None


def test_first_passages_are_the_newest_of_each_place(workspace):
    found = workspace.first_passages(Filters(), ["t:tripoli", "t:qatar", "nowhere"], 2)
    assert [row["article_id"] for row in found["t:tripoli"]] == ["a3", "a1"]
    assert set(found) == {"t:tripoli", "t:qatar"}


@pytest.mark.parametrize("by", ["outlet", "precision"])
def test_places_tell_what_most_of_their_mentions_have(workspace, by):
    most = {place["place_id"]: place["most"] for place in workspace.places(Filters(article_ids=("a1",)), by=by)}
    assert most["t:qatar"] == {"outlet": "وكالة أولى", "precision": "country"}[by]


def test_any_page_of_any_order_holds_the_same_rows(workspace):
    whole = [(row["article_id"], row["start"]) for row in workspace.rows(Filters())]
    paged = [(row["article_id"], row["start"]) for row in workspace.rows(Filters(), limit=100)]
    assert paged == whole
