"""Which spans a text offers: clitics, glue, typos, names of several words. Rows of right and of wrong readings."""

import pytest

from extract.geoparse import Geoparser
from extract.mentions import Article


def offered(parser: Geoparser, text: str, *, kinds: tuple[str, ...] | None = None) -> dict[str, str]:
    """Surface -> kind of every span with candidates; the longest kind list wins for doubles."""
    context = parser.context(Article("t", text))
    return {text[s.start : s.end]: s.kind for s in context.spans if s.candidates and (kinds is None or s.kind in kinds)}


READ = [
    ("وصل إلى طرابلس", "طرابلس", "plain"),
    ("وبطرابلس", "طرابلس", "clitic"),
    ("فغريان بعيدة", "غريان", "clitic"),
    ("وصلوا لطرابلس", "طرابلس", "clitic"),
    ("عادوا للعزيزية", "لعزيزية", "clitic"),
    ("وللعزيزية", "لعزيزية", "clitic"),
    ("بالخرطوم", "الخرطوم", "clitic"),
    ("والعزيزية", "العزيزية", "clitic"),
    ("نالوت وجادو", "جادو", "clitic"),
    ("جنوبطرابلس", "طرابلس", "glued"),
    ("جنوبيطرابلس", "طرابلس", "glued"),
    ("تستميت قطروتركيا", "قطر", "glued"),
    ("تستميت قطروتركيا", "تركيا", "glued"),
    ("شماليحلب", "حلب", "glued"),
    ("منغريان", "غريان", "glued"),
    ("قرب مدينةبنغازي", "بنغازي", "glued"),
    ("إلى شرقيبن جواد", "بن جواد", "glued"),
    ("طرابلسوضواحيها", "طرابلس", "glued"),
    ("وصل منوجدة", "وجدة", "glued"),
    ("فيحلب", "حلب", "glued"),
    ("عنبنغازيوقمينسوالمقرونثلاثة", "قمينس", "glued"),
    ("منتل أبيض", "تل أبيض", "glued"),
    ("وأم درمان", "أم درمان", "clitic"),
    ("أحياء الزهور والتفاح", "التفاح", "clitic"),
    ("غرْيان", "غرْيان", "plain"),
    ("طـرابلس", "طـرابلس", "plain"),
    ("من قصر بن غشير", "قصر بن غشير", "plain"),
    ("أبناء الجبل» الغربي", "الجبل» الغربي", "plain"),
    ("وغوط بوساق", "غوط بوساق", "clitic"),
    ("من الحديجة", "الحديجة", "fuzzy"),
    ("إلى مصرانة", "مصرانة", "fuzzy"),
    ("معبر رأس اجدير", "رأس اجدير", "plain"),
    ("محافظة مأرب", "مأرب", "plain"),
    ("أبوسليم", "أبوسليم", "plain"),
]


@pytest.mark.parametrize(("text", "surface", "kind"), READ)
def test_spans_offer_the_name(parser: Geoparser, text: str, surface: str, kind: str) -> None:
    found = offered(parser, text)
    assert surface in found
    assert found[surface] == kind


NOT_READ = [
    ("الليبية", "ليبي"),
    ("الليبيون", "ليبيون"),
    ("القطرية", "قطر"),
    ("منصور", "صور"),
    ("الصورة", "صور"),
    ("تركيان", "تركيا"),
    ("في بيان", "في"),
    ("المصريين", "مصر"),
    ("مدينتهم", "مدينتهم"),
    ("وقالت إن", "قالت"),
    ("أكل التفاح", "التفاح"),
]


@pytest.mark.parametrize(("text", "surface"), NOT_READ)
def test_spans_leave_other_words_alone(parser: Geoparser, text: str, surface: str) -> None:
    assert surface not in offered(parser, text)


def test_a_name_does_not_reach_over_a_full_stop(parser: Geoparser) -> None:
    assert "قصر. بن غشير" not in offered(parser, "عند القصر. بن غشير تنتظر")


def test_offsets_cut_the_surface_out_of_the_original(parser: Geoparser) -> None:
    text = "قال إن «غـرْيان» و»العزيزية» وجنوبطرابلس"
    for span in parser.context(Article("t", text)).spans:
        assert 0 <= span.start < span.end <= len(text)
        assert text[span.start : span.end] == text[span.start : span.end].strip()


COMPOSED = [
    ("نقلوا إلى مستشفى غريان التعليمي أمس", "مستشفى غريان التعليمي"),
    ("أقيمت في ملعب زليتن البلدي", "ملعب زليتن"),
    ("طلاب في جامعة نالوت", "جامعة نالوت"),
]


@pytest.mark.parametrize(("text", "surface"), COMPOSED)
def test_composed_names_are_offered(parser: Geoparser, text: str, surface: str) -> None:
    found = offered(parser, text)
    assert surface in found
    assert found[surface] in ("composed", "plain")


def test_names_that_no_table_holds_are_offered_after_a_head_noun(parser: Geoparser) -> None:
    context = parser.context(Article("t", "في بلدة كخبزار القريبة"))
    assert any(s.kind == "unlisted" and context.text[s.start : s.end] == "كخبزار" for s in context.spans)
