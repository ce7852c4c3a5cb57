"""Tokens and sentences of a text, by offsets. Pure."""

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from extract.memo import Memo

_ARABIC = (
    "\u0621-\u0652\u0653-\u065f\u066e-\u06d3\u06d5\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u06fa-\u06ff"
    "\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdf9\ufdfb-\ufdff\ufe70-\ufefc"
)
_JOINERS = "\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad"
_TOKEN = re.compile(
    rf"([{_ARABIC}][{_ARABIC}{_JOINERS}]*"
    r"|[0-9\u0660-\u0669\u06f0-\u06f9]+(?:[.,\u066b\u066c:/][0-9\u0660-\u0669\u06f0-\u06f9]+)*"
    r"|[A-Za-z\u00c0-\u024f\u1e00-\u1eff](?:[A-Za-z\u00c0-\u024f\u1e00-\u1eff\u0300-\u036f]|['’ʿʾ-](?=[A-Za-z\u00c0-\u024f\u1e00-\u1eff]))*)"
)
_SIGNS = re.compile(r"[^\w\s]|\n")
_JOINING = re.compile("[ \u00a0\u202f\t«»“”\"'’‘\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff-]{0,3}")
_ENDING = re.compile(r"[.!؟?\n؛;؛:•]")
# A full stop ends a sentence unless it stands in a number or after a single letter (أ. ب. initials).
# It begins with a set of characters, which is what the search is quick at. A row of signs is looked at once, from its first
# one: a row of a million dots before a letter must not be tried from each of them.
_END = re.compile(r"[.!?؟…۔\n](?:(?<=\n)\n*+|(?<!\n)(?<![.!?؟…۔]{2})[.!?؟…۔]*+[»”\")\]]*+(?=\s|$))")
_LETTER = re.compile(r"[\u0621-\u064aA-Za-z]")
LONGEST_PASSAGE = 700


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands between two words: blanks, signs, line ends."""

    sign: (
        str  # its first two signs, "n" for a line end, "" for blanks only, "^" before the first and after the last word
    )
    joins: bool  # blanks or quotes, no other sign: the words on both sides may belong to one name
    starts: bool  # a line
    clear: bool  # neither a full stop nor a line end among the first signs
    breaks: bool  # the words before it have no say in the words after it
    ends: bool  # a sentence, or the part of one that a relation reaches over, ends in it


_EDGE = Gap("^", joins=False, starts=True, clear=True, breaks=False, ends=False)


def _describe_gap(gap: str) -> Gap:
    sign = "".join("n" if s == "\n" else s for s in _SIGNS.findall(gap))[:2]
    return Gap(
        sign,
        joins=_JOINING.fullmatch(gap) is not None,
        starts=sign.startswith("n"),
        clear="n" not in sign and "." not in sign,
        breaks=any(s in "n.؟!؛" for s in sign),
        ends=_ENDING.search(gap) is not None,
    )


_gaps = Memo(_describe_gap, most=20_000)


class Word(NamedTuple):
    """A word as a stretch of the text: `text[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words, numbers and Latin words of a text, as columns: word i is `text[starts[i]:ends[i]]`.

    `gaps` has one more: gap i stands before word i, the last one after the last word.
    """

    written: list[str]
    starts: list[int]
    ends: list[int]
    gaps: list[Gap]

    def __len__(self) -> int:
        return len(self.written)

    def words(self) -> list[Word]:
        """Each word by its offsets."""
        return list(map(Word, self.starts, self.ends))


def tokenize(text: str) -> Tokens:
    """All tokens, in order. Marks and invisible characters inside a word belong to it."""
    pieces = _TOKEN.split(text)  # gap, word, gap, ..., word, gap
    bounds = list(accumulate(map(len, pieces)))
    gaps = list(map(_gaps.__getitem__, pieces[::2]))
    gaps[0] = gaps[-1] = _EDGE
    return Tokens(pieces[1::2], bounds[:-1:2], bounds[1::2], gaps)


def cut_stretches(text: str, most: int) -> list[tuple[int, int]]:
    """(start, end) of stretches of at most so many characters that together are the text: cut after a line, else after a
    sentence, else at a blank, where one stands in the second half of a stretch.
    """
    found, start = [], 0
    while len(text) - start > most:
        half, limit = start + most // 2, start + most
        cuts = (text.rfind(sign, half, limit) + len(sign) for sign in ("\n", ". ", "؟ ", " "))
        end = next((cut for cut in cuts if cut > half), limit)
        found.append((start, end))
        start = end
    return [*found, (start, len(text))]


def split_sentences(text: str) -> list[tuple[int, int]]:
    """(start, end) of every sentence, without the blanks around it; together they hold every token.

    A sentence of more than LONGEST_PASSAGE characters is cut at a comma or a blank.
    """
    found, start = [], 0
    for match in _END.finditer(text):
        at, end = match.span()
        if text[at] != "." or not _after_initial(text, at):
            found += _passages(text, start, end)
            start = end
    return found + _passages(text, start, len(text))


def _after_initial(text: str, at: int) -> bool:
    """Whether a single letter stands before this place."""
    return (
        at > 0
        and _LETTER.match(text, at - 1) is not None
        and (at == 1 or text[at - 2] in "(«" or text[at - 2].isspace())
    )


def _passages(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The sentence without the blanks around it, cut where it is long; [] where nothing is left."""
    start, end = _strip(text, start, end)
    return [(start, end)] * (end > start) if end - start <= LONGEST_PASSAGE else _cut(text, start, end)


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    pieces = []
    while end - start > LONGEST_PASSAGE:
        window = text[start : start + LONGEST_PASSAGE]
        at = max(window.rfind(mark, LONGEST_PASSAGE // 2) for mark in ("،", "؛", ",", ";"))
        if at < 0:
            at = max(window.rfind(" ", LONGEST_PASSAGE // 2), window.rfind("\t", LONGEST_PASSAGE // 2))
        stop = start + (at + 1 if at >= 0 else LONGEST_PASSAGE)
        pieces.append(_strip(text, start, stop))
        start = stop
    if end > start:
        pieces.append(_strip(text, start, end))
    return [piece for piece in pieces if piece[1] > piece[0]]
