"""Articles read from end to end: roles, places, relations, and the ordinary words that must stay words.

The sentences are written for these tests; none of them stands in a gold or training text.
"""

import json

import pytest

from extract.geoparse import Geoparser
from extract.mentions import Article, Role
from gazetteer import Point
from tests.conftest import GOLD
from training.score import FLOOR, MEASURES, fingerprint, gold_sets, measure
from training.train import read_corpus


def read(parser: Geoparser, text: str, country: str | None = None) -> dict[str, object]:
    return {r.mention.surface: r for r in parser.geoparse(Article("t", text, country=country))}


PLACED = [
    ("قال مسؤول محلي إن السيول غمرت شوارع غريان أمس.", "غريان", "ly-gharyan"),
    ("وصلت قافلة مساعدات إلى بني وليد قادمة من مصراتة.", "بني وليد", "ly-bani-walid"),
    ("أعلنت الشرطة في القاهرة توقيف ثلاثة أشخاص.", "القاهرة", "eg-cairo"),
    ("اندلع حريق في سوق بمدينة أم درمان غرب الخرطوم.", "أم درمان", "sd-omdurman"),
    ("نقل الجرحى من تعز إلى عدن.", "تعز", "ye-taiz"),
]


@pytest.mark.parametrize(("text", "surface", "place_id"), PLACED)
def test_places_are_found(parser: Geoparser, text: str, surface: str, place_id: str) -> None:
    found = read(parser, text)
    assert surface in found
    assert found[surface].place.id.startswith(place_id)
    assert found[surface].mention.role is Role.LOCATION


ORDINARY = [
    "التقط المصور صورا كثيرة للحفل، وكانت صور العروسين أجملها.",
    "فقدت الأم جنينها في الشهر الخامس.",
    "لا حجة له في التأخر عن العمل.",
    "طرق الباب ثلاث مرات ولم يجبه أحد.",
    "اللاعب محمد المصراتي سجل هدفين في الشوط الثاني.",
    "وضعت المعلمة الكتب على الطاولة وطلبت من التلاميذ الصمت.",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_words_stay_words(parser: Geoparser, text: str) -> None:
    shown = [s for s, r in read(parser, text).items() if r.mention.role is not Role.NAME_PART]
    assert shown == []


def test_names_of_militias_are_parts_of_names(parser: Geoparser) -> None:
    found = read(parser, "قالت قوات «فجر ليبيا» إنها دخلت العجيلات ليلا.")
    assert found["ليبيا"].mention.role is Role.NAME_PART
    assert found["العجيلات"].mention.role is Role.LOCATION


def test_capitals_act(parser: Geoparser) -> None:
    found = read(parser, "رفضت أنقرة الاقتراح فيما رحبت به باريس.")
    assert found["أنقرة"].mention.role is Role.ACTOR


TRIPOLIS = [
    ("قال سكان في طرابلس إن الكهرباء انقطعت في تاجوراء وعين زارة وجنزور.", None, "LY"),
    ("شهدت مدينة طرابلس اللبنانية ومخيم البداوي وعكار أمطارا غزيرة.", None, "LB"),
    ("أبحر الزورق من طرابلس قرب بيروت.", "LB", "LB"),
    ("وصلت الباخرة إلى ميناء طرابلس في لبنان.", None, "LB"),
]


@pytest.mark.parametrize(("text", "country", "wanted"), TRIPOLIS)
def test_namesakes_go_where_the_article_is(parser: Geoparser, text: str, country: str | None, wanted: str) -> None:
    found = read(parser, text, country)
    name = next(s for s in found if "طرابلس" in s)
    assert found[name].place.country == wanted


def test_every_resolution_keeps_its_candidates_with_scores(parser: Geoparser) -> None:
    resolution = read(parser, "وقع الحادث في طرابلس أمس.")["طرابلس"]
    assert len(resolution.candidates) > 1
    assert resolution.candidates[0].place == resolution.place
    assert sum(c.weight for c in resolution.candidates) <= 1.0001
    assert resolution.reason
    assert 0 < resolution.confidence <= 1


def test_a_place_described_by_distance_is_derived(parser: Geoparser) -> None:
    text = "هاجم مسلحون بلدة كخبزار الواقعة على بعد 30 كيلومترا جنوب غريان."
    found = read(parser, text, "LY")
    derived = found["كخبزار"]
    assert derived.method == "derived"
    assert derived.place.point.distance_km(Point(32.172, 13.02)) == pytest.approx(30, abs=1)
    assert derived.place.point.lat < 32.0
    assert derived.place.radius_km >= 5


def test_an_unknown_name_is_kept_without_a_point(parser: Geoparser) -> None:
    found = read(parser, "وقال سكان في بلدة كخبزار إن المياه مقطوعة منذ أسبوع.", "LY")
    assert found["كخبزار"].place is None
    assert "not in the gazetteer" in found["كخبزار"].reason


def test_a_facility_named_after_a_place_is_put_there_as_a_facility(parser: Geoparser) -> None:
    found = read(parser, "نقل المصابون إلى مستشفى ككلة القروي.", "LY")
    name = next(s for s in found if "ككلة" in s)
    assert found[name].place.feature.value == "facility"
    assert found[name].place.point.distance_km(Point(32.07, 12.7)) < 15


def test_reading_is_the_same_twice(parser: Geoparser) -> None:
    article = Article("t", "بين مصراتة وسرت طريق ساحلي، ومن الجفرة إلى سبها طريق آخر.")
    assert parser.geoparse(article) == parser.geoparse(article)


@pytest.mark.parametrize("text", ["", " ", "...", "12 34", "😀", "a" * 5000, "و" * 3000, "«»«»"])
def test_odd_texts_give_no_mentions(parser: Geoparser, text: str) -> None:
    assert parser.geoparse(Article("t", text)) == []


@pytest.mark.parametrize("name", ["seeds", "dev"])
def test_gold_scores_hold_their_floor(parser: Geoparser, name: str) -> None:
    floor = json.loads(FLOOR.read_text(encoding="utf-8"))[name]
    paths = gold_sets()[name]
    assert fingerprint(paths) == floor["fingerprint"], "the gold changed: measure anew with make score"
    errors: list[str] = []
    found = measure(parser, read_corpus(paths), errors)
    low = {m: (found[m], floor[m]) for m in MEASURES if found[m] < floor[m]}
    assert not low, "\n".join([str(low), *errors])


def test_gold_annotations_cut_their_surfaces_out() -> None:
    for path in GOLD.glob("*.jsonl"):
        for entry in read_corpus([path]):
            assert all(entry["text"][m["start"] : m["end"]] == m["surface"] for m in entry["mentions"])
