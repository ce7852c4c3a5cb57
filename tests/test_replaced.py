"""Articles read again: the tables brought up to date answer as tables built anew do."""

import shutil
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from extract import replaced
from extract.filters import REVIEWED, UNREVIEWED, Filters
from extract.mentions import Article, Resolution, Review, Role
from extract.store import Workspace
from tests.made_workspace import BENGHAZI, GHARYAN, HOSTILE, LIBYA, QATAR, TRIPOLI, make_resolutions

PLACES = [None, TRIPOLI, GHARYAN, BENGHAZI, LIBYA, QATAR, HOSTILE]
NAMES = ["طرابلس", "غريان", "بنغازي", "ليبيا", "قطر", "سبها"]
VERDICTS = [None, "right", "not-a-place", "place", "a word of strangers"]
FILTERS = [
    Filters(),
    Filters(roles=("actor",)),
    Filters(countries=("LY",), text="طرابلس"),
    Filters(place_text="غريان"),
    Filters(place_text="بنغاذي"),
    Filters(regions=("r:t:tripoli",)),
    Filters(reviews=(REVIEWED,), date_from="2019-02-01", undated=False),
    Filters(reviews=(UNREVIEWED,), min_confidence=0.6),
    Filters(area=((30.0, 10.0), (30.0, 16.0), (34.0, 16.0), (34.0, 10.0))),
]


def find_regions(place_ids):
    return {
        place_id: (f"r:{place_id}", f"منطقة {place_id}", place_id) for place_id in place_ids if "libya" not in place_id
    }


def answers(workspace):
    """All that can be asked, in a form that can be compared."""
    found = []
    for filters in FILTERS:
        found.append(workspace.totals(filters))
        found.append(workspace.facets(filters))
        found.append(workspace.places(filters))
        found.append(workspace.timeline(filters))
        found.append(workspace.unplaced(filters))
        found.append(list(workspace.rows(filters, placed=None)))
    found += [workspace.passages(Filters(), place.id, 3) for place in PLACES if place]
    found.append(list(workspace.rows(Filters(), placed=None, limit=5, offset=1)))
    found.append(list(workspace.rows(Filters(), sort="place", descending=True)))
    found.append(workspace.trends(Filters()))
    found.append(workspace.articles())
    found.append(sorted(workspace.regions().items()))
    found.append(workspace.span())
    found += [workspace.article(row["article_id"]) for row in workspace.articles()[:3]]
    return found


def same(workspace):
    return answers(workspace) == answers(Workspace.open(workspace.folder, find_regions))


def make_result(number, date, mentions, title=None):
    """An article of the names given, and a resolution of each: (name, place, role, verdict)."""
    text = ". ".join(f"وصل وفد إلى {name} أمس" for name, *_ in mentions) + "."
    found = [(name, place, role, None) for name, place, role, _ in mentions]
    resolutions: list[Resolution] = []
    for resolution, (*_, verdict) in zip(make_resolutions(text, found), mentions, strict=True):
        review = Review(verdict, "Aya", "2026-01-01T00:00:00.000000Z") if verdict else None
        place = None if verdict == "not-a-place" else resolution.place
        resolutions.append(replace(resolution, place=place, review=review))
    return Article(f"a{number}", text, title, date, f"outlet {number % 2}", "LY"), resolutions


MENTIONS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(PLACES), st.sampled_from(list(Role)), st.sampled_from(VERDICTS)),
    max_size=4,
)
STEPS = st.one_of(
    st.tuples(st.just("again"), st.integers(0, 5), MENTIONS),
    st.tuples(st.just("dated"), st.integers(0, 5), st.sampled_from(["2019-01-01", "2021-03-04", "spring", None])),
    st.tuples(st.just("new"), st.integers(6, 9), MENTIONS),
    st.tuples(st.just("copy"), st.integers(0, 9), st.none()),
    st.tuples(st.just("gone"), st.integers(0, 9), st.none()),
)
DATES = ["2019-01-01", "2019-01-01", "2019-02-01", "2020-05-05", None, "spring"]


def take(workspace, step, results):
    kind, number, given_value = step
    if kind == "again":
        article, _ = results[number]
        results[number] = make_result(number, article.date, given_value)
    elif kind == "dated":
        article, resolutions = results[number]
        results[number] = (replace(article, date=given_value), resolutions)
    elif kind == "new":
        results[number] = make_result(number, "2019-06-06", given_value)
    if kind in ("again", "dated", "new"):
        workspace.add([results[number]], again=True)
        return
    parts = sorted(workspace.folder.glob("articles-*.parquet"))
    part = parts[number % len(parts)]
    mentions = part.with_name(part.name.replace("articles", "mentions"))
    if kind == "copy":
        for path in (mentions, part):
            shutil.copy(path, path.with_name(path.name.replace("-", f"-f{len(parts)}", 1)))
    elif len(parts) > 1:
        part.unlink()
    workspace.refresh(force=True)


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(MENTIONS, min_size=6, max_size=6), st.lists(STEPS, min_size=1, max_size=6))
def test_any_changes_answer_as_a_workspace_opened_anew(tmp_path_factory, mentions, steps):
    folder = tmp_path_factory.mktemp("replaced")
    results = {n: make_result(n, date, found) for n, (date, found) in enumerate(zip(DATES, mentions, strict=True))}
    Workspace.create_or_open(folder).add(results.values())
    workspace = Workspace.open(folder, find_regions)
    workspace.totals(Filters())
    for step in steps:
        take(workspace, step, results)
        workspace.totals(Filters())
    assert same(workspace)
    shutil.rmtree(folder)


@pytest.fixture
def workspace(tmp_path):
    mentions = [("طرابلس", TRIPOLI, Role.LOCATION, None), ("غريان", GHARYAN, Role.LOCATION, None)]
    Workspace.create_or_open(tmp_path).add(make_result(n, date, mentions) for n, date in enumerate(DATES))
    workspace = Workspace.open(tmp_path, find_regions)
    workspace.totals(Filters())
    return workspace


def shared(workspace):
    """How many articles were replaced in the tables, which are otherwise those of the last full build; 0 for that."""
    workspace.totals(Filters())
    tables = workspace._database
    assert (tables.schema == "main") == (tables.replaced == 0)
    return tables.replaced


CHANGED = [("سبها", HOSTILE, Role.ACTOR, "place")]


def test_an_article_read_again_is_all_that_is_made_anew(workspace):
    assert shared(workspace) == 0
    workspace.add([make_result(2, DATES[2], CHANGED)], again=True)
    assert shared(workspace) == 1
    workspace.add([make_result(3, DATES[3], CHANGED), make_result(2, DATES[2], [])], again=True)
    assert shared(workspace) == 3 and same(workspace)


@pytest.mark.parametrize(
    "results",
    [
        [make_result(2, "2022-02-02", CHANGED)],
        [make_result(7, "2019-02-01", CHANGED)],
        [make_result(2, DATES[2], CHANGED), make_result(7, None, [])],
    ],
    ids=["another date", "a new article", "both"],
)
def test_what_changes_the_order_is_built_anew(workspace, results):
    workspace.add(results, again=True)
    assert shared(workspace) == 0 and same(workspace)


def test_a_part_that_went_is_built_anew(workspace):
    workspace.add([make_result(2, DATES[2], CHANGED)], again=True)
    shared(workspace)
    max(workspace.folder.glob("articles-*.parquet")).unlink()
    workspace.refresh(force=True)
    assert shared(workspace) == 0 and same(workspace)


def test_many_replaced_articles_are_built_anew(workspace):
    with patch.object(replaced, "MOST_REPLACED", 2):
        for number, wanted in ((1, 1), (2, 2), (3, 0), (4, 1)):
            workspace.add([make_result(number, DATES[number], CHANGED)], again=True)
            assert shared(workspace) == wanted
    assert same(workspace)


def test_a_place_of_replaced_articles_alone_is_told_of_anew(workspace):
    moved = replace(HOSTILE, radius_km=99.0)
    workspace.add([make_result(2, DATES[2], CHANGED)], again=True)
    shared(workspace)
    workspace.add([make_result(2, DATES[2], [("سبها", moved, Role.ACTOR, None)])], again=True)
    assert shared(workspace) == 2
    assert workspace.place(HOSTILE.id)["radius_km"] == 99.0


def test_former_moments_are_dropped_but_for_a_few(workspace):
    for number in range(replaced.KEPT_MOMENTS + 4):
        workspace.add([make_result(2, DATES[2], CHANGED if number % 2 else [])], again=True)
        shared(workspace)
    kept = workspace._database.database.execute(
        "SELECT count(*) FROM duckdb_schemas() WHERE schema_name LIKE 'replaced%'"
    ).fetchone()[0]
    assert kept == replaced.KEPT_MOMENTS and same(workspace)
