"""Drawn lines -> text: the letters of a line by where they stand, put in the order in which Arabic is read.

Programs write the letters of a page in any order they like, and libraries guess: whole words come out reversed. Where a
letter stands on the paper is not a guess.
"""

import re
import unicodedata
from bisect import bisect
from collections.abc import Sequence
from typing import NamedTuple

from extract.readers.encoding import ENOUGH_SCORE, score_arabic

# A gap wider than this part of the height of the tallest letter (an alif) is a blank. Tried on pages that Chromium printed
# in four proportional Arabic fonts, plain, bold, small, justified and in columns: 0 to 4 of 108 words wrong, most of them
# vowelled. Fonts of one width for all letters (17 of 108) and Nastaliq, which slants its lines, are not read well.
GAP = 0.2
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc]")
_LETTER = re.compile("[\u0620-\u064a\u066e-\u06d3\ufb50-\ufdff\ufe70-\ufefc]")
# What is read from left to right within Arabic: foreign words in a row, and numbers with the signs within them.
_LEFT_TO_RIGHT = re.compile(
    r"[A-Za-z\u00c0-\u024f](?:[A-Za-z0-9\u00c0-\u024f .,'’&/@:_+-]*[A-Za-z\u00c0-\u024f])?"
    r"|[0-9\u0660-\u0669\u06f0-\u06f9]+(?:[.,:/\u066b\u066c][0-9\u0660-\u0669\u06f0-\u06f9]+)*"
)
_OPENING, _CLOSING = "([{«“‹", ")]}»”›"
_PAIRS = dict(zip(_OPENING, _CLOSING, strict=True)) | dict(zip(_CLOSING, _OPENING, strict=True))
_BRACKET = re.compile(f"[{re.escape(_OPENING + _CLOSING)}]")
_ALIFS = "اأإآٱ"


class Glyph(NamedTuple):
    """A character and where it stands, in points: from `left` to `right`; `origin` is shared by letters of a ligature."""

    char: str
    left: float
    right: float
    height: float
    origin: float


def is_right_to_left(text: str) -> bool:
    """Whether a line is Arabic: a quarter of its letters."""
    return 4 * len(_LETTER.findall(text)) > sum(map(str.isalpha, text))


def order_line(glyphs: Sequence[Glyph], height: float) -> str:
    """The text of an Arabic line in reading order. `height` is that of a tall letter, by which blanks are told.

    >>> order_line([Glyph(c, x, x + 4, 9, x) for x, c in zip((0, 4, 8, 16, 20, 28, 32), "راد12يف")], 9)
    'في 12 دار'
    """
    marks = [glyph for glyph in glyphs if is_mark(glyph)]
    units: dict[float, list[Glyph]] = {}
    for glyph in glyphs:
        if not is_mark(glyph):
            units.setdefault(round(glyph.origin, 2), []).append(glyph)
    ordered = [units[origin] for origin in sorted(units, reverse=True)]
    texts = [_read_ligature(unit) for unit in ordered]
    middles = [(min(g.left for g in unit) + max(g.right for g in unit)) / 2 for unit in ordered]
    for mark in marks if units else ():
        texts[_nearest(mark, middles)] += mark.char
    pieces = texts[:1]
    for right, left, text in zip(ordered, ordered[1:], texts[1:], strict=False):
        is_blank = min(g.left for g in right) - max(g.right for g in left) > GAP * height
        pieces += [" ", text] if is_blank else [text]
    line = " ".join("".join(pieces).split())
    line = _LEFT_TO_RIGHT.sub(lambda match: match[0][::-1], line)
    return _BRACKET.sub(lambda match: _turn(line, match.start()), line)


def repair_backward(text: str) -> str:
    """Text of a page that programs without Arabic drew from left to right, turned; other text as it is.

    >>> repair_backward("مويلا سلبارط يف ةكرشلا ريدم عم ةيدلبلا سلجم سيئر لاق 2019")
    '2019 قال رئيس مجلس البلدية مع مدير الشركة في طرابلس اليوم'
    """
    turned = "\n".join(_LEFT_TO_RIGHT.sub(lambda m: m[0][::-1], line[::-1]) for line in text.split("\n"))
    return turned if score_arabic(turned) > max(ENOUGH_SCORE, 2 * score_arabic(text)) else text


def is_mark(glyph: Glyph) -> bool:
    """Whether the glyph is a vowel sign, which stands above or below a letter."""
    return unicodedata.category(glyph.char) == "Mn"


def _read_ligature(unit: Sequence[Glyph]) -> str:
    """The letters that are drawn as one, from the right; those that share one box come as drawn, from the left."""
    from_right = sorted(reversed(unit), key=lambda glyph: -(glyph.left + glyph.right))
    text = "".join(glyph.char for glyph in from_right)
    # Boxes within a ligature are the library's guess; alif and lam in this order are never drawn as one.
    return text[::-1] if len(text) == 2 and text[0] in _ALIFS and text[1] == "ل" else text


def _nearest(mark: Glyph, middles: Sequence[float]) -> int:
    """Which of the units, whose middles go from right to left, the mark stands over."""
    middle = (mark.left + mark.right) / 2
    at = bisect(middles, -middle, key=lambda x: -x)
    return min((n for n in (at - 1, at) if 0 <= n < len(middles)), key=lambda n: abs(middles[n] - middle))


def _turn(line: str, at: int) -> str:
    """A bracket the way it must stand: opening before a word, closing after it. Drawn ones are mirrored or not."""
    before, after = line[at - 1 : at].strip(), line[at + 1 : at + 2].strip()
    # «word». and (word)، : a sign after a bracket is like a blank.
    after = after if after.isalnum() or after in _PAIRS else ""
    if bool(before) == bool(after):
        return line[at]
    wanted = _OPENING if after else _CLOSING
    return line[at] if line[at] in wanted else _PAIRS[line[at]]
