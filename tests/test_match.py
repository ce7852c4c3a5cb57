import pytest

from gazetteer import Gazetteer, find_candidates

# What newspapers write, and the place that must come first.
WRITTEN = [
    ("طرابلس", "ly-tripoli", "exact"),
    ("غـرْيان", "ly-gharyan", "variant"),
    ("مدينة غريان", "ly-gharyan", "variant"),
    ("Gheryan", "ly-gharyan", "exact"),
    ("gharyan", "ly-gharyan", "variant"),
    ("بنى وليد", "ly-bani-walid", "variant"),
    ("بوسليم", "ly-abu-salim", "variant"),
    ("غريلن", "ly-gharyan", "fuzzy"),
    ("طرابلص", "ly-tripoli", "fuzzy"),
    ("طربلس", "ly-tripoli", "fuzzy"),
    ("طراابلس", "ly-tripoli", "fuzzy"),
    ("طراببلس", "ly-tripoli", "fuzzy"),
    ("طرالبس", "ly-tripoli", "fuzzy"),
]
NOT_THESE = ["صورة", "سور", "صورمان الجديدة", "مدينة", "بني", "وليد", "غر", "", "«»"]


@pytest.mark.parametrize(("written", "place_id", "method"), WRITTEN)
def test_find_candidates_finds_spellings(small_gazetteer: Gazetteer, written: str, place_id: str, method: str) -> None:
    best = find_candidates(small_gazetteer, written)[0]
    assert (best.place.id, best.method) == (place_id, method)


@pytest.mark.parametrize("written", NOT_THESE)
def test_find_candidates_finds_nothing_else(small_gazetteer: Gazetteer, written: str) -> None:
    assert find_candidates(small_gazetteer, written) == []


def test_known_names_are_never_typos_of_each_other(small_gazetteer: Gazetteer) -> None:
    assert [c.place.id for c in find_candidates(small_gazetteer, "الجفرة")] == ["ly-jufra"]
    assert [c.place.id for c in find_candidates(small_gazetteer, "الجفارة")] == ["ly-jafara"]
    assert [c.place.id for c in find_candidates(small_gazetteer, "صور")] == ["lb-tyre"]


def test_candidates_of_one_name_come_by_importance(small_gazetteer: Gazetteer) -> None:
    assert [c.place.id for c in find_candidates(small_gazetteer, "طرابلس")] == ["ly-tripoli", "lb-tripoli"]


def test_scores_order_the_methods(small_gazetteer: Gazetteer) -> None:
    scores = [find_candidates(small_gazetteer, n)[0].score for n in ("غريان", "غـريان", "مدينة غريان", "غريلن")]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 100
    assert 50 < scores[-1] < 95


def test_typos_can_be_switched_off(small_gazetteer: Gazetteer) -> None:
    assert find_candidates(small_gazetteer, "غريلن", fuzzy=False) == []


REAL = [
    ("السعودية", "sa"),
    ("أمريكا", "us"),
    ("أميركا", "us"),
    ("الإمارات", "ae"),
    ("بريطانيا", "gb"),
    ("سورية", "sy"),
    ("الخرطوم", "sd-khartoum"),
    ("واشنغتن", "us-washington"),
]


@pytest.mark.parametrize(("name", "place_id"), REAL)
def test_find_candidates_in_the_real_gazetteer(gazetteer: Gazetteer, name: str, place_id: str) -> None:
    found = find_candidates(gazetteer, name)
    assert found, name
    best = max(found, key=lambda c: c.place.importance).place
    assert best.id.startswith(place_id), best.id
