"""The workspace's answers beside a plain count of the same rows, for many filters: few articles, copies among them, some
read again."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from extract.export import mention_rows
from extract.filters import Filters
from extract.full_rows import SORTABLE
from extract.mentions import Article, Role
from extract.store import Workspace
from tests.made_workspace import BENGHAZI, GHARYAN, LIBYA, QATAR, TRIPOLI, TRIPOLI_LB, make_resolutions

PLACES = (TRIPOLI, GHARYAN, BENGHAZI, LIBYA, QATAR, TRIPOLI_LB, None)
OUTLETS = ("الأولى", "الثانية", "الثالثة", None)
DAYS = ("2019-04-05", "2019-04-06", "2019-12-31", "2020-01-02", None)
ROLES = (*Role,)
WORDS = "حريق سوق مدرسة طريق مطار ميناء جسر نهر جبل قرية شارع مصنع مزرعة مستشفى ملعب".split()
STORIES, ARTICLES, CHOICES = 12, 60, 60


def make_article(number, chance):
    """One of a few stories, each a text of its own: what has the same text is a copy."""
    story = number % STORIES
    words = Random(story).choices(WORDS, k=14)
    found = [(Random(f"{story} {place}").choice(PLACES), chance.choice(ROLES)) for place in range(4)]
    text = (
        f"خبر {story}: {' '.join(words)}. " + " ثم ".join(place.name if place else "مجهولة" for place, _ in found) + "."
    )
    title = None if number % 5 else f"عنوان {chance.choice(WORDS)}"
    article = Article(f"a{number:02d}", text, title, chance.choice(DAYS), chance.choice(OUTLETS))
    resolutions = make_resolutions(text, [(p.name if p else "مجهولة", p, role, None) for p, role in found])
    return article, [replace(one, confidence=chance.choice((0.2, 0.5, 0.9))) for one in resolutions]


@pytest.fixture(scope="module", params=["at once", "read again"])
def asked(request, tmp_path_factory):
    """The workspace, and its mentions as dicts with day and story, in the order in which they are shown."""
    chance = Random(7)
    results = [make_article(number, chance) for number in range(ARTICLES)]
    workspace = Workspace.create_or_open(tmp_path_factory.mktemp("answers") / "store")
    for start in range(0, ARTICLES, 25):
        workspace.add(results[start : start + 25])
    if request.param == "read again":
        workspace.totals(Filters())
        for number in (3, 40):
            article, resolutions = results[number]
            results[number] = (article, [replace(one, confidence=0.9) for one in resolutions[:3]])
        workspace.add([results[3], results[40]], again=True)
        workspace.totals(Filters())
        assert workspace._database.schema != "main"
    rows = []
    for number, (article, resolutions) in enumerate(results):
        for row in mention_rows(article, resolutions):
            about = {"title": article.title, "date": article.date, "outlet": article.outlet}
            rows.append(row | about | {"story": number % STORIES, "long": len(article.text)})
    rows.sort(key=lambda row: (row["article_id"], row["start"]))
    rows.sort(key=lambda row: row["date"] or "", reverse=True)
    return workspace, rows


def some_filters(chance):
    def some(values, share=0.3):
        return tuple(chance.sample(values, chance.randint(1, 2))) if chance.random() < share else ()

    return Filters(
        outlets=some(OUTLETS[:3]),
        article_ids=some([f"a{number:02d}" for number in range(ARTICLES)], 0.1),
        roles=some([str(role) for role in ROLES]),
        features=some(["city", "country"]),
        countries=some(["LY", "QA", "LB"]),
        text=chance.choice(WORDS) if chance.random() < 0.2 else "",
        date_from=chance.choice(DAYS[:4]) if chance.random() < 0.3 else None,
        date_to=chance.choice(DAYS[1:4]) if chance.random() < 0.3 else None,
        undated=chance.random() < 0.5,
        min_confidence=chance.choice((0.0, 0.0, 0.5)),
        copies=chance.choice(("all", "once")),
    )


def left(rows, filters, copies_of=None):
    """The rows that the filters leave, one by one."""

    def article_fits(row):
        day = row["date"]
        dated = filters.undated if day is None else (filters.date_from or "") <= day <= (filters.date_to or "9")
        return (
            (not filters.outlets or row["outlet"] in filters.outlets)
            and (not filters.article_ids or row["article_id"] in filters.article_ids)
            and (
                not filters.text
                or filters.text in Random(row["story"]).choices(WORDS, k=14)
                or filters.text in (row["title"] or "")
            )
            and (dated or not (filters.date_from or filters.date_to))
        )

    found = [row for row in rows if article_fits(row)]
    if filters.copies == "once":
        first = {}
        for row in found:
            key = (row["story"], row[copies_of] if copies_of else None)
            order = (row["date"] or "9", -row["long"], row["article_id"])
            first[key] = min(first.get(key, order), order)
        kept = {order[-1] for order in first.values()}
        found = [row for row in found if row["article_id"] in kept]
    return [
        row
        for row in found
        if (not filters.roles or row["role"] in filters.roles)
        and (not filters.features or row["feature"] in filters.features)
        and (not filters.countries or row["country"] in filters.countries)
        and row["confidence"] >= filters.min_confidence
    ]


def ids(rows):
    return [(row["article_id"], row["start"]) for row in rows]


@pytest.mark.parametrize("seed", range(CHOICES))
def test_answers_are_those_of_a_plain_count(asked, seed):
    workspace, rows = asked
    chance = Random(seed)
    filters = some_filters(chance)
    found = left(rows, filters)
    placed = [row for row in found if row["place_id"]]

    totals = workspace.totals(filters)
    assert (totals.mentions, totals.unplaced) == (len(placed), len(found) - len(placed))
    assert totals.articles == len({row["article_id"] for row in found})

    counts = Counter(row["place_id"] for row in placed)
    articles = Counter(place for place, _ in {(row["place_id"], row["article_id"]) for row in placed})
    roles, last = {}, {}
    for row in placed:
        roles[row["place_id"]] = min(roles.get(row["place_id"], 9), [str(role) for role in Role].index(row["role"]))
        last[row["place_id"]] = max(last.get(row["place_id"], ""), row["date"] or "")
    assert [
        (one["place_id"], one["mentions"], one["articles"], one["role"], str(one["last"] or ""))
        for one in workspace.places(filters)
    ] == [
        (place, n, articles[place], str(ROLES[roles[place]]), last[place])
        for place, n in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]

    facets = workspace.facets(filters)
    for name, column in {
        "roles": "role",
        "countries": "country",
        "outlets": "outlet",
        "article_ids": "article_id",
    }.items():
        copies_of = column if name in ("outlets", "article_ids") else None
        others = left(rows, replace(filters, **{name: ()}), copies_of)
        expected = Counter(row[column] for row in others if row[column] is not None)
        words = [str(role) for role in Role] if name == "roles" else sorted(expected)
        assert facets[name] == sorted(expected.items(), key=lambda one: (-one[1], words.index(one[0])))

    offset, limit = chance.randint(0, 5), chance.randint(1, 40)
    page = workspace.rows(filters, limit=limit, offset=offset, placed=None)
    assert ids(page) == ids(found[offset : offset + limit])
    place = chance.choice(PLACES[:-1]).id
    sentences = list(
        dict.fromkeys((row["article_id"], row["passage_start"]) for row in passages_of(rows, filters, place))
    )
    total, passages = workspace.passages(filters, place, limit, offset)
    assert [(one.article["article_id"], one.start) for one in passages] == sentences[offset : offset + limit]
    assert total == (len(sentences) if passages else 0)


def passages_of(rows, filters, place_id):
    return [row for row in left(rows, filters) if row["place_id"] == place_id]


@pytest.mark.parametrize("column", SORTABLE)
def test_a_page_by_a_column_is_that_of_all_rows(asked, column):
    workspace, _ = asked
    for descending in (False, True):
        for filters in (Filters(), Filters(roles=("location",))):
            order = {"sort": column, "descending": descending, "placed": None}
            whole = list(workspace.rows(filters, **order))
            assert list(workspace.rows(filters, limit=30, offset=10, **order)) == whole[10:40]
            assert list(workspace.rows(filters, limit=9, offset=len(whole) - 3, **order)) == whole[-3:]
            values = [row[column] for row in whole if row[column] is not None]
            assert values == sorted(values, reverse=descending)
            assert all(row[column] is None for row in whole[len(values) :])


def test_a_page_past_the_end_is_empty(asked):
    workspace, rows = asked
    for sort in (None, "place", "title", "region", "precision"):
        assert list(workspace.rows(Filters(), limit=5, offset=len(rows), sort=sort)) == []
        assert list(workspace.rows(Filters(outlets=("لا توجد",)), limit=5, sort=sort)) == []
