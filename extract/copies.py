"""Which articles are copies of one story: the same text in several outlets, cut, retitled or lightly edited. Pure.

A text becomes a sequence of word codes: numbers of 32 bits that are the same for every spelling of a word, with its kind (word,
number, date, name of a place or a person) in the highest. Two texts that share SURE_WORDS words in a row share at least one
fingerprint (winnowing: of every WINDOW stretches of STRETCH words the one with the smallest hash is kept), however much one of
them was cut. Texts that share enough are laid side by side word by word: a copy has most words of the shorter text in order,
from its beginning on, and tells of the same numbers, dates, places and persons.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from rapidfuzz.distance import LCSseq

from extract.dates import month_names
from extract.language import load_language
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
# And fewer than these tell no story.
LEAST_SAME = 5
# How much of the shorter text a copy has, and how much of the LEAD_WORDS that both begin with: either less of the beginning (a
# sentence was put before it) or less of all (another outlet's footer, a paragraph of its own). Chosen on tests/copies/dev.jsonl.
LEAD_WORDS = 40
LEAST_COVERED_AND_LEAD = ((0.65, 0.4), (0.5, 0.7))
# What is left of both texts after the last words in common is compared when it is no longer: more is a paragraph of its own.
LAST_WORDS = 8
# One number set right does not make another story of a long text.
WORDS_PER_CONFLICT = 150

WORD, NUMBER, DATE, PLACE, PERSON = range(5)
# The lower bits of a code are the word, the others its kind.
_KIND_BITS = 29
_BELOW = (1 << _KIND_BITS) - 1
# Numbers up to here stand for themselves; others, and broken ones, for a hash with the next bit set.
_LARGEST = (1 << 28) - 1

_WORD = re.compile(r"[\w\u064b-\u0652\u0670]+(?:[.,:/\u066b\u066c]\d+)*")
_IN_WORD = re.compile(r"[\w\u064b-\u0652\u0670]")
_SEPARATOR = re.compile(r"[.,:/\u066b\u066c]")
# Words whose codes are kept: some 100 MB.
_REMEMBERED = 1_000_000
_PARTICLES = "وبلفك"
# Letters written onto a place's name; more is a word grown together with it.
_LONGEST_PARTICLE = 3
_MULTIPLIERS = (100, 1_000, 1_000_000, 1_000_000_000)
_WEEK = "السبت الأحد الاثنين الثلاثاء الأربعاء الخميس الجمعة".split()


@cache
def _known_words() -> dict[str, int]:
    """Codes of words that are numbers, dates or names of persons, by folded word."""
    language = load_language()
    values = {word: int(value) for word, value in language.numbers.items() if " " not in word and value == int(value)}
    # In the accusative, as in خمسا وثلاثين; ألفا is that more often than two thousand.
    values |= {"الفا": 1_000} | {
        word + "ا": value for word, value in values.items() if 3 <= value <= 9 and not word.endswith("ه")
    }
    days = {fold_word(name): number for number, name in enumerate(_WEEK, 21)}
    months = {word: value for word, value in month_names().items() if " " not in word}
    dates = {word: month + (30 if calendar == "hijri" else 0) for word, (calendar, month) in months.items()} | days
    codes = {name: PERSON << _KIND_BITS | _hash(name) for name in language.given_names | language.family_names}
    codes |= {word: NUMBER << _KIND_BITS | value for word, value in values.items()}
    return codes | {word: DATE << _KIND_BITS | value for word, value in dates.items()}


def _hash(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass")) & _BELOW


def word_code(word: str) -> int:
    """The code of a word: the same for its other spellings, for 5, ٥ and خمسة, and for مايو and أيار.

    >>> word_code("٥") == word_code("خمسة"), word_code("إدارة") == word_code("اداره")
    (True, True)
    """
    folded = fold_word(word)
    bare = folded.lstrip(_PARTICLES)
    if bare[:1].isdigit():
        return NUMBER << _KIND_BITS | _number(word, bare)
    known = _known_words()
    if (code := known.get(folded)) is not None:
        return code
    code = known.get(folded[1:]) if folded.startswith(tuple(_PARTICLES)) else None
    # A person's name is too often the end of another word.
    return code if code is not None and code >> _KIND_BITS != PERSON else _hash(folded)


def _number(word: str, folded: str) -> int:
    plain = _SEPARATOR.split(word)
    grouped = len(plain) > 1 and all(len(part) == 3 for part in plain[1:])
    if folded.isdigit() and (grouped or len(plain) == 1) and int(folded) <= _LARGEST:
        return int(folded)
    return (_LARGEST + 1) | (_hash(" ".join(map(fold_word, plain))) & _LARGEST)


class _Codes(dict[str, int]):
    """Codes of the words met: most words of a text were met before."""

    def __missing__(self, word: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[word] = code = word_code(word)
        return code


_codes = _Codes()


def text_codes(text: str, places: Iterable[tuple[int, int]] = ()) -> np.ndarray:
    """The codes of a text's words (uint32). `places`: start and end of the place names in it, by code points."""
    codes: list[int] = []
    at = 0
    for start, end in sorted(places):
        if end <= at:
            continue
        start = max(start, at)
        before = start
        while before > at and _IN_WORD.match(text, before - 1):
            before -= 1
        # بطرابلس and في طرابلس name one place.
        particle = start - before <= _LONGEST_PARTICLE
        codes.extend(map(_codes.__getitem__, _WORD.findall(text, at, before if particle else start)))
        while end < len(text) and _IN_WORD.match(text, end):
            end += 1
        codes.extend(PLACE << _KIND_BITS | _codes[word] & _BELOW for word in _WORD.findall(text, start, end))
        at = end
    codes.extend(map(_codes.__getitem__, _WORD.findall(text, at)))
    return np.array(codes, dtype=np.uint32)


def digest(codes: np.ndarray) -> int:
    """Eight bytes that stand for a text and what was read in it; 0 for one too short to be told from others."""
    if len(codes) < LEAST_SAME:
        return 0
    return int.from_bytes(blake2b(codes.astype("<u4").tobytes(), digest_size=8).digest(), "little")


def fingerprints(codes: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The fingerprints of texts whose codes stand one after another: (text number, hash) of each, by text.

    A text too short for a stretch has none.
    """
    nothing = np.empty(0, np.int64), np.empty(0, np.uint32)
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
    mixed = (mixed >> np.uint64(32)).astype(np.uint32)
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
    # Print and owner in one number: these sort five times as fast as pairs, and those twice in a text fall together.
    both = prints.astype(np.uint64) << np.uint64(32) | owners.astype(np.uint64)
    both.sort()
    both = both[np.r_[True, both[1:] != both[:-1]]] if len(both) else both
    owners, prints = (both & np.uint64(0xFFFFFFFF)).astype(np.int64), both >> np.uint64(32)
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
    keys = np.concatenate(found)
    keys.sort()
    new = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.empty(0, np.int64)
    keys, shared = keys[new], np.diff(np.r_[new, len(keys)])
    first, second = keys // max(count, 1), keys % max(count, 1)
    enough = (shared >= LEAST_SHARED) & (shared >= LEAST_SHARE * np.minimum(sizes[first], sizes[second]))
    return np.column_stack((first[enough], second[enough]))


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much of the shorter text stands in the longer, 0..1: `covered` in all, `lead` of both beginnings, and how many
    numbers, dates and names of the one have others in their stead in the other (`conflicts`), in `words` words in common.
    """

    covered: float
    lead: float
    conflicts: int
    words: int

    @property
    def copy(self) -> bool:
        """Whether the two texts are one story."""
        enough = any(self.covered >= covered and self.lead >= lead for covered, lead in LEAST_COVERED_AND_LEAD)
        return enough and self.conflicts <= self.words // WORDS_PER_CONFLICT


def compare(first: Sequence[int], second: Sequence[int]) -> Likeness:
    """Lay two texts, given by their codes, side by side."""
    # The same word is the same, read as a name in both texts or in one.
    below = [[code & _BELOW if code >> _KIND_BITS > DATE else code for code in codes] for codes in (first, second)]
    runs = [
        (block.src_start, block.dest_start, block.src_end - block.src_start)
        for block in LCSseq.opcodes(*below)
        if block.tag == "equal" and block.src_end - block.src_start >= RUN_WORDS
    ]
    words = sum(length for _, _, length in runs)
    shorter = min(len(first), len(second))
    # What stands before the first words in common is the place and the agency it came from: that may differ.
    between = [(a + length, next_a, b + length, next_b) for (a, b, length), (next_a, next_b, _) in pairwise(runs)]
    if runs:
        a, b, length = runs[-1]
        if max(len(first) - a, len(second) - b) - length <= LAST_WORDS:
            between.append((a + length, len(first), b + length, len(second)))
    conflicts = sum(_conflicts(first[a:end_a], second[b:end_b]) for a, end_a, b, end_b in between)
    leads = (_lead([(run[side], run[2]) for run in runs], len(codes)) for side, codes in enumerate((first, second)))
    return Likeness(words / shorter if shorter else 0.0, min(leads), conflicts, words)


def _lead(runs: Iterable[tuple[int, int]], length: int) -> float:
    words = min(LEAD_WORDS, length)
    return sum(max(0, min(start + run, words) - start) for start, run in runs) / words if words else 0.0


def _conflicts(first: Sequence[int], second: Sequence[int]) -> int:
    count = 0
    for kind in (NUMBER, DATE, PLACE, PERSON):
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


Verdicts = dict[tuple[int, int], float]


def find_groups(
    digests: np.ndarray,
    owners: np.ndarray,
    prints: np.ndarray,
    codes_of: Callable[[int], Sequence[int]],
    verdicts: Verdicts,
    progress: Callable[[float], None] | None = None,
) -> list[list[int]]:
    """Groups of copies among texts numbered from 0, each by number.

    `owners` and `prints` are the texts' fingerprints, by text. What was found of a pair of texts is kept in `verdicts`, by
    their digests, the smaller first: 0 for no copies, else how much of the shorter one the longer has. A pair that is there
    is not compared again.
    """
    texts = np.flatnonzero(digests)
    kinds, first, kind_of = np.unique(digests[texts], return_index=True, return_inverse=True)
    # Texts that are the same to the letter are one.
    number = np.full(len(digests), -1)
    number[texts[first]] = np.arange(len(kinds))
    kept = number[owners] >= 0
    pairs = candidate_pairs(number[owners[kept]], prints[kept], len(kinds)).tolist()
    likeness, codes, now = {}, [], -1
    for done, (one, other) in enumerate(pairs):
        key = (int(kinds[one]), int(kinds[other]))
        if key not in verdicts:
            if one != now:
                codes, now = codes_of(int(texts[first[one]])), one
            verdicts[key] = _verdict(codes, codes_of(int(texts[first[other]])))
        if verdicts[key]:
            likeness[one, other] = verdicts[key]
        if progress and done % 1_000 == 0:
            progress(done / len(pairs))
    members: dict[int, list[int]] = defaultdict(list)
    for text, kind in zip(texts.tolist(), kind_of.tolist(), strict=True):
        members[kind].append(text)
    groups = [sorted(text for kind in group for text in members.pop(kind)) for group in group_texts(likeness)]
    return sorted(groups + [same for same in members.values() if len(same) > 1])


def _verdict(first: Sequence[int], second: Sequence[int]) -> float:
    if min(len(first), len(second)) < LEAST_WORDS:
        return 0.0
    found = compare(first, second)
    return found.covered if found.copy else 0.0


def group_codes(texts: Mapping[Hashable, np.ndarray]) -> list[list[Hashable]]:
    """Groups of copies among texts given by their codes, in memory."""
    keys, codes = list(texts), list(texts.values())
    owners, prints = fingerprints(
        np.concatenate([np.empty(0, np.uint32), *codes]), np.array([len(code) for code in codes], np.int64)
    )
    digests = np.array([digest(code) for code in codes], np.uint64)
    groups = find_groups(digests, owners, prints, lambda number: codes[number].tolist(), {})
    return [[keys[number] for number in group] for group in groups]
