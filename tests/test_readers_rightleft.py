"""Letters of a drawn line in reading order."""

import pytest

from extract.readers.pdf import join_lines
from extract.readers.rightleft import Glyph, is_right_to_left, order_line, repair_backward


def draw(text: str, *, step: float = 5.0) -> list[Glyph]:
    """Glyphs from left to right, five points each; a blank is a gap."""
    return [Glyph(c, n * step, n * step + step, 9.0, n * step) for n, c in enumerate(text) if c != " "]


LINES = [
    ("نايرغ يف", "في غريان"),
    ("2019 ويام 12 يف", "في 12 مايو 2019"),
    ("٢٠١٩ ويام", "مايو ٢٠١٩"),
    ("1,500 و 3.5 و 12/5/2019", "12/5/2019 و 3.5 و 1,500"),
    ("فلم NATO دفو", "وفد NATO ملف"),
    ("ةكرش Total Oil ةكرش", "شركة Total Oil شركة"),
    ("(دحألا) موي", "يوم (الأحد)"),
    (")دحألا( موي", "يوم (الأحد)"),
    (".«ديلو ينب» يف", "في «بني وليد»."),
    (".»ديلو ينب« يف", "في «بني وليد»."),
]


@pytest.mark.parametrize(("drawn", "wanted"), LINES)
def test_drawn_lines_are_put_in_reading_order(drawn: str, wanted: str) -> None:
    glyphs = draw(drawn.replace("ألا", "أ\0لا").replace("\0", ""))
    assert order_line(glyphs, 9.0) == wanted
    assert order_line(glyphs[::-1], 9.0) == wanted


def test_letters_drawn_as_one_are_read_from_the_right() -> None:
    lam_alif = [Glyph("ا", 10, 15, 9, 10), Glyph("ل", 15, 20, 9, 10)]
    same_box = [Glyph("ا", 10, 20, 9, 10), Glyph("ل", 10, 20, 9, 10)]
    allah = [Glyph(c, 10, 20, 9, 10) for c in "هلل"]
    assert [order_line(unit, 9) for unit in (lam_alif, lam_alif[::-1], same_box, allah)] == ["لا", "لا", "لا", "لله"]


def test_vowel_signs_go_to_the_letter_they_stand_over() -> None:
    glyphs = [Glyph("ر", 0, 5, 5, 0), Glyph("ب", 5, 10, 5, 5), Glyph("\u064e", 6, 8, 2, 6), Glyph("\u0651", 1, 3, 2, 1)]
    assert order_line(glyphs, 9) == "بَرّ"


@pytest.mark.parametrize(("text", "wanted"), [("وصل NATO", True), ("the town of غريان in Libya", False), ("12", False)])
def test_arabic_lines_are_told_from_others(text: str, wanted: bool) -> None:
    assert is_right_to_left(text) is wanted


def test_right_pages_are_not_turned() -> None:
    right = "قال رئيس مجلس البلدية مع مدير الشركة في طرابلس اليوم"
    assert repair_backward(right) == right
    assert repair_backward(right[::-1]) == right
    assert repair_backward("غريان") == "غريان"


def test_short_lines_and_sentences_end_paragraphs() -> None:
    full = "وصل الوفد الرسمي إلى مدينة طرابلس"
    assert join_lines(f"عنوان\n{full}\n{full}.\n\n{full}") == f"عنوان\n{full} {full}.\n{full}"
    assert join_lines("") == ""
