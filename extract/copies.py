"""Which articles are copies of one story: the same text in several outlets, cut, retitled or lightly edited. Pure.

A text becomes a sequence of word codes: numbers of 32 bits that are the same for every spelling of a word, with a kind
(word, number, date, place) in the two highest. Two texts that share a stretch of SURE_WORDS words share at least one
fingerprint (winnowing: of every WINDOW stretches of STRETCH words the one with the smallest hash is kept), however much one of
them was cut. Texts that share enough are laid side by side word by word: a copy has nearly all words of the shorter text in
order, from its beginning on, and tells of the same numbers, dates and places.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from rapidfuzz.distance import LCSseq

from gazetteer.normalize import fold_word

STRETCH, WINDOW = 4, 6
SURE_WORDS = STRETCH + WINDOW - 1
# A fingerprint in more texts than this is a footer or a form, and says nothing.
COMMON_FROM = 200
# What a pair must share to be laid side by side: fingerprints, and the share of the shorter text's.
LEAST_SHARED, LEAST_SHARE = 2, 0.2
# Equal words in a row that count as taken over: fewer meet by chance in any two reports of one event.
RUN_WORDS = 3
# A text of fewer words is a headline: only the same words make a copy of it.
LEAST_WORDS = 12
# The words at the beginning that a copy has too, and how many of them; chosen with LEAST_COVERED on tests/copies/dev.jsonl.
LEAD_WORDS, LEAST_LEAD = 40, 0.4
LEAST_COVERED = 0.65
# One number set right does not make another story of a long text.
WORDS_PER_CONFLICT = 150

WORD, NUMBER, DATE, PLACE = range(4)
_KIND_BITS = 30
_BELOW = (1 << _KIND_BITS) - 1
# Numbers up to here stand for themselves; others, and broken ones, for a hash with the next bit set.
_LARGEST = (1 << 29) - 1

_WORD = re.compile(r"\d+(?:[.,:/\u066b\u066c]\d+)*|[^\W\d_]+(?:[\u064b-\u0652\u0640\u0670]+[^\W\d_]*)*")
_GROUPED = re.compile(r"\d{1,3}(?:[.,\u066c]\d{3})+")
_SMALL = "واحد اثن ثلاث اربع خمس ست سبع ثمان تسع عشر".split()
# As fold_word leaves them: ئ is ي, a hamza without a seat is gone.
_NUMBERS = (
    {stem + end: value for value, stem in enumerate(_SMALL, 1) for end in ("", "ه", "ا")}
    | {stem + end: value * 10 for value, stem in enumerate(_SMALL, 1) if value > 2 for end in ("ون", "ين")}
    | {stem + end: value * 100 for value, stem in enumerate(_SMALL, 1) for end in ("ميه", "مايه")}
    | {"احد": 1, "احدي": 1, "اثنان": 2, "اثنين": 2, "اثنتين": 2, "اثنتا": 2, "اثنتي": 2, "اثني": 2, "ثماني": 8, "ثمانيه": 8}
    | {"ثمانيا": 8, "عشرون": 20, "عشرين": 20, "ميه": 100, "مايه": 100, "ميتي": 200, "ميتين": 200, "مايتين": 200, "مايتي": 200}
    | {"الف": 1_000, "الاف": 1_000, "الفا": 1_000, "الفين": 2_000, "الفي": 2_000, "مليون": 1_000_000, "ملايين": 1_000_000}
)
_MULTIPLIERS = (100, 1_000, 1_000_000)
_MONTHS = (
    "يناير",
    "فبراير شباط",
    "مارس اذار",
    "ابريل نيسان افريل",
    "مايو ايار ماي",
    "يونيو حزيران جوان",
    "يوليو تموز جويليه",
    "اغسطس اوت",
    "سبتمبر ايلول",
    "اكتوبر",
    "نوفمبر",
    "ديسمبر",
)
_DAYS = "السبت الاحد الاثنين الثلاثا الاربعا الخميس الجمعه".split()
_DATES = {name: month for month, names in enumerate(_MONTHS, 1) for name in names.split()} | {
    name: day for day, name in enumerate(_DAYS, 21)
}
_PARTICLES = ("و", "ب", "ل", "ف")


@lru_cache(maxsize=400_000)
def word_code(word: str) -> int:
    """The code of a word: the same for its other spellings, for 5, ٥ and خمسة, and for مايو and أيار.

    >>> word_code("٥") == word_code("خمسة"), word_code("إدارة") == word_code("اداره")
    (True, True)
    """
    folded = fold_word(word)
    if folded[:1].isdigit():
        plain = re.sub(r"\D", "", word) if _GROUPED.fullmatch(word) else folded
        value = int(plain) if plain.isdigit() and not re.search(r"\d[.:/\u066b]\d{1,2}(?!\d)", word) else _LARGEST + 1
        if value > _LARGEST:
            value = (_LARGEST + 1) | (zlib.crc32(word.encode("utf-8", "surrogatepass")) & _LARGEST)
        return NUMBER << _KIND_BITS | value
    for form in (folded, folded[1:]) if folded.startswith(_PARTICLES) else (folded,):
        if (value := _NUMBERS.get(form)) is not None:
            return NUMBER << _KIND_BITS | value
        if (value := _DATES.get(form)) is not None:
            return DATE << _KIND_BITS | value
    return zlib.crc32(folded.encode("utf-8", "surrogatepass")) & _BELOW


def text_codes(text: str, places: Iterable[tuple[int, int]] = ()) -> np.ndarray:
    """The codes of a text's words (uint32). `places`: start and end of the place names in it, by code points."""
    spans = sorted(places)
    if not spans:
        return np.fromiter(map(word_code, _WORD.findall(text)), dtype=np.uint32)
    codes, at = [], 0
    for match in _WORD.finditer(text):
        code = word_code(match[0])
        while at < len(spans) and spans[at][1] <= match.start():
            at += 1
        if at < len(spans) and spans[at][0] < match.end() and code >> _KIND_BITS == WORD:
            code |= PLACE << _KIND_BITS
        codes.append(code)
    return np.array(codes, dtype=np.uint32)


def digest(codes: np.ndarray) -> int:
    """Eight bytes that stand for a text: the same for texts of the same words, whatever was read in them."""
    words = np.where(codes >> _KIND_BITS == PLACE, codes & _BELOW, codes).astype("<u4")
    return int.from_bytes(blake2b(words.tobytes(), digest_size=8).digest(), "little")


def fingerprints(codes: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The fingerprints of texts whose codes stand one after another: (text number, hash) of each, by text.

    A text too short for a stretch has none.
    """
    nothing = np.empty(0, np.int64), np.empty(0, np.uint64)
    if len(codes) < STRETCH:
        return nothing
    owner = np.repeat(np.arange(len(lengths)), lengths)
    words = (codes & np.uint32(_BELOW)).astype(np.uint64)
    count = len(codes) - STRETCH + 1
    mixed = np.zeros(count, np.uint64)
    for shift in range(STRETCH):
        mixed = (mixed + words[shift : shift + count] + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    inside = owner[:count] == owner[STRETCH - 1 :]
    owner, mixed = owner[:count][inside], mixed[inside]
    least = mixed.copy()
    for shift in range(1, min(WINDOW, len(mixed))):
        same = owner[shift:] == owner[:-shift]
        np.minimum(least[:-shift], mixed[shift:], out=least[:-shift], where=same)
    if not len(least):
        return nothing
    new = np.ones(len(least), bool)
    new[1:] = (least[1:] != least[:-1]) | (owner[1:] != owner[:-1])
    return owner[new], least[new]


def candidate_pairs(owners: np.ndarray, prints: np.ndarray, count: int) -> np.ndarray:
    """Pairs (lower number first) of `count` texts that share enough fingerprints to be compared, as rows, sorted."""
    order = np.lexsort((owners, prints))
    owners, prints = owners[order].astype(np.int64), prints[order]
    new = np.ones(len(prints), bool)
    new[1:] = (prints[1:] != prints[:-1]) | (owners[1:] != owners[:-1])
    owners, prints = owners[new], prints[new]
    sizes = np.bincount(owners, minlength=count)
    starts = np.flatnonzero(np.r_[True, prints[1:] != prints[:-1]]) if len(prints) else np.empty(0, np.int64)
    runs = np.diff(np.r_[starts, len(prints)])
    # Of every print in few texts, each text with the ones after it in the run.
    kept = (runs > 1) & (runs <= COMMON_FROM)
    at = np.flatnonzero(np.repeat(kept, runs))
    ends = np.repeat(starts + runs, runs)[at]
    found, shift = [np.empty(0, np.int64)], 1
    while len(at):
        more = at + shift < ends
        at, ends = at[more], ends[more]
        found.append(owners[at] * count + owners[at + shift])
        shift += 1
    keys, shared = np.unique(np.concatenate(found), return_counts=True)
    first, second = keys // max(count, 1), keys % max(count, 1)
    enough = (shared >= LEAST_SHARED) & (shared >= LEAST_SHARE * np.minimum(sizes[first], sizes[second]))
    return np.column_stack((first[enough], second[enough]))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much of the shorter text stands in the longer, 0..1: `covered` in all, `lead` of both beginnings, and how many
    numbers, dates and places of the one have others in their stead in the other (`conflicts`), in `words` words in common.
    """

    covered: float
    lead: float
    conflicts: int
    words: int

    @property
    def copy(self) -> bool:
        """Whether the two texts are one story."""
        return (
            self.covered >= LEAST_COVERED
            and self.lead >= LEAST_LEAD
            and self.conflicts <= self.words // WORDS_PER_CONFLICT
        )


def compare(first: Sequence[int], second: Sequence[int]) -> Likeness:
    """Lay two texts, given by their codes, side by side."""
    below = [[code & _BELOW if code >> _KIND_BITS == PLACE else code for code in codes] for codes in (first, second)]
    runs = [
        (block.src_start, block.dest_start, block.src_end - block.src_start)
        for block in LCSseq.opcodes(*below)
        if block.tag == "equal" and block.src_end - block.src_start >= RUN_WORDS
    ]
    words = sum(length for _, _, length in runs)
    shorter = min(len(first), len(second))
    conflicts = 0
    for (a, b, length), (next_a, next_b, _) in zip(runs, runs[1:], strict=False):
        conflicts += _conflicts(first[a + length : next_a], second[b + length : next_b])
    leads = (_lead([(run[side], run[2]) for run in runs], len(codes)) for side, codes in enumerate((first, second)))
    return Likeness(words / shorter if shorter else 0.0, min(leads), conflicts, words)


def _lead(runs: Iterable[tuple[int, int]], length: int) -> float:
    words = min(LEAD_WORDS, length)
    return sum(max(0, min(start + run, words) - start) for start, run in runs) / words if words else 0.0


def _conflicts(first: Sequence[int], second: Sequence[int]) -> int:
    count = 0
    for kind in (NUMBER, DATE, PLACE):
        ours, theirs = ({code for code in part if code >> _KIND_BITS == kind} for part in (first, second))
        if kind == NUMBER and _amount(first) == _amount(second):
            continue
        count += min(len(ours - theirs), len(theirs - ours))
    return count


def _amount(codes: Iterable[int]) -> int:
    """The numbers of a stretch put together: five thousand and two hundred are 5200."""
    total = now = 0
    for value in (code & _BELOW for code in codes if code >> _KIND_BITS == NUMBER):
        if value in _MULTIPLIERS and now:
            now *= value
            if value > 100:
                total, now = total + now, 0
        else:
            now += value
    return total + now


def group_texts(likeness: Mapping[tuple[int, int], float]) -> list[set[int]]:
    """Groups of texts from pairs of copies and how alike they are: each text in one group, none of a single text.

    The most alike are put together first, and two groups become one only where most pairs across them are copies: a text
    that stands between two stories does not make them one.
    """
    group_of: dict[int, int] = {}
    members: dict[int, set[int]] = {}
    links: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for pair in likeness:
        for one, other in (pair, pair[::-1]):
            group_of[one], members[one] = one, {one}
            links[one][other] = 1
    for one, other in sorted(likeness, key=lambda pair: (-likeness[pair], pair)):
        a, b = group_of[one], group_of[other]
        if a == b or 2 * links[a][b] <= len(members[a]) * len(members[b]):
            continue
        if len(members[a]) < len(members[b]):
            a, b = b, a
        members[a] |= members.pop(b)
        for text in members[a]:
            group_of[text] = a
        for third, count in links.pop(b).items():
            links[third].pop(b, None)
            if third != a:
                links[a][third] += count
                links[third][a] += count
    return [texts for texts in members.values() if len(texts) > 1]


def find_groups(
    texts: Mapping[Hashable, np.ndarray], progress: Callable[[float], None] | None = None
) -> list[list[Hashable]]:
    """Groups of copies among texts given by their codes, in memory: for a few thousand. See extract.copy_index for more."""
    keys = list(texts)
    codes = [texts[key] for key in keys]
    lengths = np.array([len(code) for code in codes], dtype=np.int64)
    owners, prints = fingerprints(np.concatenate(codes) if codes else np.empty(0, np.uint32), lengths)
    likeness = {}
    pairs = candidate_pairs(owners, prints, len(keys))
    for number, (one, other) in enumerate(pairs.tolist()):
        found = compare(codes[one].tolist(), codes[other].tolist())
        if found.copy:
            likeness[one, other] = found.covered
        if progress:
            progress((number + 1) / len(pairs))
    return [[keys[text] for text in sorted(group)] for group in group_texts(likeness)]
