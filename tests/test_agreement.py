"""Agreement of two annotators, on cases counted by hand."""

import pytest

from extract.agreement import cohens_kappa, compare

TEXT = "وصل إلى طرابلس ثم إلى غريان أمس."


def mention(surface, role="location", lat=32.9, lon=13.2, relation=None, **more):
    start = TEXT.index(surface)
    fields = {"start": start, "end": start + len(surface), "surface": surface, "role": role, "relation": relation}
    return fields | {"lat": lat, "lon": lon, "radius_km": 10} | more


def entry(*mentions, identity="a", text=TEXT):
    return {"id": identity, "text": text, "mentions": list(mentions)}


def fields(one, other):
    return {a.field: (a.agreed, a.units) for a in compare([one], [other]).fields}


def test_full_agreement():
    one = entry(mention("طرابلس"), mention("غريان", role="actor", relation="S:30"))
    comparison = compare([one], [one])
    assert all(a.share == 1 for a in comparison.fields)
    assert {a.field: a.kappa for a in comparison.fields} == {
        "span": None, "word": 1.0, "role": 1.0, "place": None, "relation": 1.0,
    }  # fmt: skip


def test_each_field_is_counted():
    one = entry(mention("طرابلس"), mention("غريان", relation="S:30"))
    other = entry(mention("طرابلس", role="actor", lat=40), mention("غريان", relation="S:5"), mention("وصل"))
    assert fields(one, other) == {"span": (2, 3), "word": (6, 7), "role": (1, 2), "place": (1, 2), "relation": (2, 2)}


def test_a_place_without_a_point_agrees_with_one_without():
    here, none = entry(mention("غريان")), entry(mention("غريان", lat=None, lon=None))
    assert fields(none, none)["place"] == (1, 1)
    assert fields(here, none)["place"] == fields(none, here)["place"] == (0, 1)


def test_what_readers_may_differ_on_does_not_count():
    assert fields(entry(mention("غريان", optional=True)), entry())["span"] == (0, 0)


def test_articles_of_one_alone_and_of_another_text_are_left_out():
    comparison = compare(
        [entry(identity="a"), entry(identity="b"), entry(identity="c", text="x")],
        [entry(identity="b", text="y"), entry(identity="c", text="x"), entry(identity="d"), entry(identity="e")],
    )
    assert (comparison.articles, comparison.only_first, comparison.only_second, comparison.other_text) == (1, 1, 2, 1)
    assert all(a.share is None or a.field == "word" for a in comparison.fields)


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        # (both yes, first alone, second alone, both no): worked examples of the textbook formula.
        ((20, 5, 10, 15), 0.4),
        ((45, 15, 25, 15), 0.1304),
        ((0, 5, 5, 0), -1.0),
        ((10, 0, 0, 0), None),
        ((0, 0, 0, 0), None),
    ],
)
def test_kappa(table, kappa):
    pairs = [
        pair for pair, count in zip([(1, 1), (1, 0), (0, 1), (0, 0)], table, strict=True) for pair in [pair] * count
    ]
    assert cohens_kappa(pairs) == (None if kappa is None else pytest.approx(kappa, abs=1e-4))
