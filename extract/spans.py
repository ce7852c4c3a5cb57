"""Where in a text the name of a place could stand: spans, before anything is decided about them.

The work is done once for every distinct word (`WordReader.read`): clitics, glued words and typos are looked for there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from extract.language import Language
from extract.segment import Token
from gazetteer import Candidate, Gazetteer, fold_with_offsets
from gazetteer.index import BARE
from gazetteer.match import (
    ARTICLE_DIFFERS,
    NOUN_MISSING,
    article_candidates,
    bare_candidates,
    exact_candidates,
    fuzzy_candidates,
    rank,
)
from gazetteer.normalize import ARTICLE, PROCLITICS

# Zipf frequencies (log 10 per 10^9 words) of everyday Arabic, chosen on the training texts.
UNKNOWN_ZIPF = 2.0  # a rarer word may be a typo: 97 % of misspelt names are rarer, 80 % of other words are not
GLUE_ZIPF = 2.6  # a rarer word may be two words grown together
FUNCTION_ZIPF = 6.2  # a commoner word (في، من، على) is never a place
TYPO_IMPORTANCE = 20.0
NOUN_REACH = 9  # words between a list's generic noun and a name in it
RARE_ZIPF = 2.6  # a rarer word may stand for a place without its generic noun
GLUE_LEAST, GLUE_MOST = 4, 40  # letters of a glued word
GLUE_COST = 30.0  # what every name in a glued word must be worth: importance (0..100) and four a letter
GLUE_STRENGTH = 20.0  # a cutting worth less is not believed
NAME = "<name>"  # stands for a name that has grown together with the one in question
_GAP = re.compile("[ \u00a0\u202f\t«»“”\"'’‘\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff-]{0,3}")
_WORD_CACHE = 1_000_000


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a word as (the beginning of) a name: the name is `word[start:end]` under `key`."""

    start: int
    end: int
    key: str
    kind: str  # plain, clitic, glued, article, fuzzy
    proclitic: str = ""
    left: str = ""  # the word grown together with the name, before it
    right: str = ""  # and after it
    complete: bool = True  # the key is a name; otherwise only the beginning of one
    opens: bool = True  # the name may go on in the next word


@dataclass(frozen=True, slots=True)
class WordInfo:
    """What is known of a distinct word."""

    folded: str
    zipf: float
    readings: tuple[Reading, ...] = ()
    stems: tuple[str, ...] = ()  # the folded word, and it without each possible proclitic


@dataclass(slots=True)
class Span:
    """A stretch of text that may be a place name. Tokens `first`..`last` (inclusive) hold `text[start:end]`."""

    start: int
    end: int
    first: int
    last: int
    key: str
    kind: str  # plain, clitic, glued, article, fuzzy, composed, unlisted
    proclitic: str = ""
    left: str = ""
    right: str = ""
    glued: bool = False
    head: str = ""  # the generic noun of a composed or unlisted name
    inner: "Span | None" = None  # the place a composed name is named after
    candidates: list[Candidate] = field(default_factory=list)


class WordReader:
    """Reads distinct words against a gazetteer, each once."""

    def __init__(self, gazetteer: Gazetteer, language: Language) -> None:
        self.gazetteer = gazetteer
        self.language = language
        self._known: dict[str, WordInfo] = {}

    def read(self, word: str) -> WordInfo:
        """The word's frequency and readings."""
        info = self._known.get(word)
        if info is None:
            if len(self._known) >= _WORD_CACHE:
                self._known.clear()
            info = self._known[word] = self._read(word)
        return info

    def _read(self, word: str) -> WordInfo:
        folded, offsets = fold_with_offsets(word)
        if " " in folded:
            kept = [i for i, c in enumerate(folded) if c != " "]
            folded, offsets = "".join(folded[i] for i in kept), [offsets[i] for i in kept]
        if not folded:
            return WordInfo("", 9.0)
        zipf = self.gazetteer.zipf(folded)
        stems = tuple(dict.fromkeys([folded, *(rest for _, rest, _ in _proclitics(folded))]))
        if zipf >= FUNCTION_ZIPF or folded[0].isdigit():
            return WordInfo(folded, zipf, (), stems)
        readings = list(self._plain(folded))
        if not any(r.complete for r in readings) and not folded.isascii():
            found = self._glued(folded) if zipf < GLUE_ZIPF and GLUE_LEAST <= len(folded) <= GLUE_MOST else []
            found = found or (self._article(folded) if zipf < 4 else [])
            found = found or (self._fuzzy(folded) if zipf < UNKNOWN_ZIPF else [])
            readings += found
        ends = [*offsets[1:], len(word)]
        placed = tuple(replace(r, start=offsets[r.start], end=ends[r.end - 1]) for r in readings)
        return WordInfo(folded, zipf, placed, stems)

    def _plain(self, folded: str) -> Iterator[Reading]:
        for proclitic, key, at in _proclitics(folded):
            complete, begins = key in self.gazetteer, self.gazetteer.begins_name(key)
            if proclitic and len(key) < 3:
                complete = False
            if complete or begins:
                kind = "clitic" if proclitic else "plain"
                yield Reading(at, len(folded), key, kind, proclitic, complete=complete)

    def _article(self, folded: str) -> list[Reading]:
        found = []
        for proclitic, key, at in _proclitics(folded):
            other = key.removeprefix(ARTICLE) if key.startswith(ARTICLE) else ARTICLE + key
            if len(other) > 3 and other in self.gazetteer:
                found.append(Reading(at, len(folded), key, "article", proclitic, opens=False))
        return found[:1]

    def _fuzzy(self, folded: str) -> list[Reading]:
        if self._is_ordinary(folded):
            return []
        for proclitic, key, at in _proclitics(folded):
            if self.gazetteer.zipf(key) < UNKNOWN_ZIPF and not self._is_ordinary(key):
                candidates = fuzzy_candidates(self.gazetteer, key)
                if any(c.place.importance >= TYPO_IMPORTANCE for c in candidates):
                    return [Reading(at, len(folded), key, "fuzzy", proclitic, opens=False)]
        return []

    def _is_ordinary(self, key: str) -> bool:
        language, bare = self.language, key.removeprefix(ARTICLE)
        listed = any(form in names for form in (key, bare) for names in (language.demonyms, language.family_names))
        return listed or bare in language.given_names

    def _glued(self, folded: str) -> list[Reading]:
        """The best way to cut a word into names and known words that have grown together, at least one of them a name.

        `best[i, named]` is the best cutting of the first i letters, with or without a name in it: its strength, its
        readings, and the known word it ends with.
        """
        size = len(folded)
        best: dict[tuple[int, bool], tuple[float, list[Reading], str]] = {(0, False): (0.0, [], "")}
        for start in range(size - 1):
            for named in (False, True):
                if (start, named) not in best:
                    continue
                strength, readings, left = best[start, named]
                for end in range(start + 2, size + 1):
                    for gain, reading, word in self._pieces(folded, start, end):
                        state = (end, named or reading is not None)
                        total = strength + gain
                        if reading and reading.proclitic and left:
                            total -= GLUE_COST  # «منوجدة» is من وجدة, not من و جدة
                        if state not in best or total > best[state][0]:
                            before = left or (NAME if readings else "")
                            added = [*readings, replace(reading, left=before)] if reading else readings
                            best[state] = (total, added, word)
        strength, readings, _ = best.get((size, True), (0.0, [], ""))
        if strength < GLUE_STRENGTH:
            return []
        starts = [r.start - len(r.proclitic) for r in readings[1:]] + [size]
        rest = [folded[r.end : start] for r, start in zip(readings, starts, strict=True)]
        return [
            replace(r, right=after or (NAME if i + 1 < len(readings) else ""))
            for i, (r, after) in enumerate(zip(readings, rest, strict=True))
        ]

    def _pieces(self, folded: str, start: int, end: int) -> Iterator[tuple[float, Reading | None, str]]:
        """What `folded[start:end]` may be in a glued word: (strength, reading, the known word) each."""
        whole, last = folded[start:end], end == len(folded)
        if start == 0 and last:
            joined = self._lost_blank(folded)
            if joined:
                yield GLUE_STRENGTH, Reading(0, end, joined, "glued", complete=joined in self.gazetteer), ""
            return
        known = self._known_strength(whole)
        if known:
            yield known, None, whole
        for proclitic, at in (("", 0), (whole[0], 1)):
            key = whole[at:]
            if at and proclitic not in PROCLITICS:
                continue
            complete = len(key) > 2 and key in self.gazetteer
            begins = last and len(key) > 1 and self.gazetteer.begins_name(key)
            if complete or begins:
                strength = self._name_strength(key) - GLUE_COST if complete else 0.0
                reading = Reading(start + at, end, key, "glued", proclitic, complete=complete, opens=last)
                yield max(strength, 0.0) if begins else strength, reading, ""

    def _lost_blank(self, folded: str) -> str | None:
        """A name of three or more words whose first blank is lost: «قصربن غشير»."""
        for cut in range(2, len(folded) - 1):
            key = f"{folded[:cut]} {folded[cut:]}"
            if self.gazetteer.begins_name(key):
                return key
        return None

    def _known_strength(self, word: str) -> float:
        """How likely a word is one that grows together with its neighbours: 0 when it is not known."""
        zipf = self.gazetteer.zipf(word)
        stem = word[1:] if word[0] in "وف" and len(word) > 2 else word
        cue = stem in self.language.relations or self.language.cues_before.get(stem, frozenset()) & _GLUING
        if cue and (len(word) > 2 or zipf >= FUNCTION_ZIPF - 0.7):
            return 8 * max(zipf, 4.5) - GLUE_COST / 2
        least = 3.0 if word[0] == "و" else 3.5
        return max(1.0, 6 * zipf - 20) if len(word) > 3 and zipf >= least else 0.0

    def _name_strength(self, key: str) -> float:
        importance = max((self.gazetteer.importance(row) for row, _ in self.gazetteer.rows(key)), default=0.0)
        return 0.0 if len(key) < 4 and importance < 50 else importance + 4 * len(key)

    def candidates(self, span: Span, written: str) -> list[Candidate]:
        """The places the span may mean, best first, each with method and score of the fit."""
        if span.kind == "article":
            found = article_candidates(self.gazetteer, span.key)
        elif span.kind == "fuzzy":
            found = [c for c in fuzzy_candidates(self.gazetteer, span.key) if c.place.importance >= TYPO_IMPORTANCE]
        else:
            found = exact_candidates(self.gazetteer, span.key, written) + bare_candidates(self.gazetteer, span.key)
            if span.kind in ("clitic", "glued"):
                found = [replace(c, method=span.kind) for c in found]
        return rank(found)


_GLUING = frozenset({"place_head", "place_prep", "actor_head", "place_verb", "org_head"})
_TWO = ("وب", "ول", "وك", "فب", "فل")


def _proclitics(folded: str) -> Iterator[tuple[str, str, int]]:
    """(proclitic, key of the rest, where in the word the rest begins) for every way to take proclitics off.

    After لل the name begins at the second lam, which stands for its article: للعزيزية is ل + العزيزية.
    """
    yield "", folded, 0
    size = len(folded)
    if size > 2 and folded[0] in "وفبكل":
        yield folded[0], folded[1:], 1
    if size > 4 and folded[:2] in _TWO:
        yield folded[:2], folded[2:], 2
    for lead in ("", "و", "ف"):
        if folded.startswith(lead + "لل") and size > len(lead) + 4:
            rest = folded[len(lead) + 2 :]
            yield lead + "ل", ARTICLE + rest, len(lead) + 1
            yield lead + "ل", ARTICLE + "ل" + rest, len(lead) + 1


def find_spans(text: str, tokens: list[Token], infos: list[WordInfo], reader: WordReader) -> list[Span]:
    """All spans that carry a name of the gazetteer, in text order; overlapping ones and all."""
    spans: list[Span] = []
    for i, info in enumerate(infos):
        for reading in info.readings:
            spans += _grow(text, tokens, infos, i, reading, reader)
        spans += _grow_typos(text, tokens, infos, i, reader)
    for span in spans:
        found = reader.candidates(span, text[span.start : span.end])
        span.candidates = _without_unnamed(infos, span, found, reader)
    spans = _without_outer_heads(tokens, [s for s in spans if s.candidates], reader)
    return spans + compose_spans(text, tokens, infos, spans, reader)


def _without_unnamed(
    infos: list[WordInfo], span: Span, candidates: list[Candidate], reader: WordReader
) -> list[Candidate]:
    """The candidates, those whose generic noun is left out only when the noun stands a few words before (the head of a
    list: «أحياء الزيتون والتفاح») or the word is hardly anything else."""
    if all(c.score != NOUN_MISSING for c in candidates):
        return candidates
    heads = reader.language.heads
    before = {
        stem for info in infos[max(0, span.first - NOUN_REACH) : span.first] for stem in info.stems if stem in heads
    }
    features = {feature for stem in before for feature in heads[stem].features}
    named = any(c.score != NOUN_MISSING for c in candidates)
    rare = not named and min(reader.gazetteer.zipf(word) for word in span.key.split()) < RARE_ZIPF
    return [c for c in candidates if c.score != NOUN_MISSING or rare or c.place.feature.value in features]


def _without_outer_heads(tokens: list[Token], spans: list[Span], reader: WordReader) -> list[Span]:
    """The spans, generic nouns that stand outside of a name cut off: «معبر وازن» is the name وازن, the crossing of it.

    The places of the longer name come before those that the name alone may mean.
    """
    kept: dict[tuple[int, int], Span] = {}
    cut: list[Span] = []
    for span in spans:
        shorter = _cut_head(tokens, span, reader)
        if shorter is None:
            kept.setdefault((span.start, span.end), span)
        else:
            cut.append(shorter)
    for span in cut:
        twin = kept.setdefault((span.start, span.end), span)
        if twin is not span:
            twin.candidates = rank([*span.candidates, *twin.candidates])
    return list(kept.values())


def _cut_head(tokens: list[Token], span: Span, reader: WordReader) -> Span | None:
    first, _, rest = span.key.partition(" ")
    head = reader.language.heads.get(first)
    if head is None or not rest or span.first == span.last or head.inside not in ("no", "never"):
        return None
    if head.inside == "no" and all(kind == BARE for _, kind in reader.gazetteer.rows(rest)):
        return None
    start = span.first + 1
    return replace(span, start=tokens[start].start, first=start, key=rest, kind="plain", proclitic="", left="")


def joins(text: str, left: Token, right: Token) -> bool:
    """Whether two neighbouring words may belong to one name: blanks or quotes between them, no other sign."""
    return _GAP.fullmatch(text, left.end, right.start) is not None


def _grow(
    text: str, tokens: list[Token], infos: list[WordInfo], i: int, reading: Reading, reader: WordReader
) -> Iterator[Span]:
    start = tokens[i].start + reading.start
    glued = reading.kind == "glued"
    make = lambda end, last, key: Span(  # noqa: E731
        start, end, i, last, key, reading.kind, reading.proclitic, reading.left, reading.right, glued
    )
    if reading.complete:
        yield make(tokens[i].start + reading.end, i, reading.key)
    key, j = reading.key, i
    gazetteer = reader.gazetteer
    while (
        reading.opens and gazetteer.begins_name(key) and j + 1 < len(tokens) and joins(text, tokens[j], tokens[j + 1])
    ):
        j += 1
        if not infos[j].folded:
            break
        key = f"{key} {infos[j].folded}"
        if key in gazetteer:
            yield make(tokens[j].end, j, key)
        elif not gazetteer.begins_name(key):
            yield from _grow_last(tokens, infos, j, key, make, reader)


def _grow_last(tokens, infos, j, key, make, reader) -> Iterator[Span]:  # noqa: ANN001
    """The name ends inside a glued last word, or its last word is misspelt."""
    info, gazetteer = infos[j], reader.gazetteer
    if info.zipf >= GLUE_ZIPF or info.folded.isascii():
        return
    head = key[: len(key) - len(info.folded)]
    for cut in range(len(info.folded) - 3, 1, -1):
        name, rest = head + info.folded[:cut], info.folded[cut:]
        if name in gazetteer and (gazetteer.zipf(rest) >= 4.0 or any(k in gazetteer for _, k, _ in _proclitics(rest))):
            span = make(tokens[j].start + cut, j, name)
            span.kind, span.right, span.glued = "glued", rest, True
            yield span
            return
    near = [c for c in fuzzy_candidates(gazetteer, key) if c.place.importance >= TYPO_IMPORTANCE]
    if near and info.zipf < UNKNOWN_ZIPF:
        span = make(tokens[j].end, j, key)
        span.kind = "fuzzy"
        yield span


def _grow_typos(text: str, tokens: list[Token], infos: list[WordInfo], i: int, reader: WordReader) -> Iterator[Span]:
    """A name of two words whose first one is misspelt."""
    info = infos[i]
    if (
        info.zipf >= UNKNOWN_ZIPF
        or info.readings
        or len(info.folded) < 3
        or info.folded.isascii()
        or i + 1 >= len(tokens)
    ):
        return
    if not info.folded[0].isalpha() or not joins(text, tokens[i], tokens[i + 1]):
        return
    for proclitic, stem, at in _proclitics(info.folded):
        key = f"{stem} {infos[i + 1].folded}"
        if any(c.place.importance >= TYPO_IMPORTANCE for c in fuzzy_candidates(reader.gazetteer, key)):
            start = tokens[i].start + at
            yield Span(start, tokens[i + 1].end, i, i + 1, key, "fuzzy", proclitic)
            return


def compose_spans(
    text: str, tokens: list[Token], infos: list[WordInfo], spans: list[Span], reader: WordReader
) -> list[Span]:
    """Names made of a generic noun and a name: placed at the place they are named after, or not in the gazetteer."""
    heads = reader.language.heads
    by_first: dict[int, list[Span]] = {}
    for span in spans:
        by_first.setdefault(span.first, []).append(span)
    found = []
    for i, info in enumerate(infos[:-1]):
        head, at = (
            next(((h, at) for _, h, at in _proclitics(info.folded) if h in heads), ("", 0)) if info.folded else ("", 0)
        )
        if not head or not joins(text, tokens[i], tokens[i + 1]):
            continue
        longer = max((s.last for s in by_first.get(i, ()) if s.first == i and s.last > i), default=i)
        for inner in [s for s in by_first.get(i + 1, ()) if not s.proclitic and not s.left]:
            if heads[head].inside in ("yes", "both") and inner.last > longer and not inner.right:
                found.append(_composed(text, tokens, infos, i, at, head, inner, reader))
        found += _with_longer_end(text, tokens, infos, [s for s in by_first.get(i, ()) if s.last > i], reader)
        found += _unlisted(text, tokens, infos, i, at, head, longer, reader)
    taken = {(s.start, s.end) for s in [*spans, *found] if s.kind not in ("fuzzy", "unlisted")}
    return [s for s in found if s.kind != "unlisted" or (s.start, s.end) not in taken]


def _composed(text, tokens, infos, i, at, head, inner, reader) -> Span:  # noqa: ANN001
    last = _with_adjectives(text, tokens, infos, inner.last, reader)
    start = tokens[i].start + at
    key = " ".join([head, *(infos[k].folded for k in range(i + 1, last + 1))])
    span = Span(start, tokens[last].end, i, last, key, "composed", infos[i].folded[:at], head=head, inner=inner)
    span.candidates = list(inner.candidates)
    return span


def _with_longer_end(text, tokens, infos, spans, reader) -> Iterator[Span]:  # noqa: ANN001
    """«مجمع الشفاء الطبي» where the gazetteer holds «مجمع الشفاء»."""
    for span in spans:
        last = _with_adjectives(text, tokens, infos, span.last, reader)
        if last > span.last and not span.right:
            key = " ".join([span.key, *(infos[k].folded for k in range(span.last + 1, last + 1))])
            longer = replace(span, end=tokens[last].end, last=last, key=key)
            longer.candidates = [
                replace(c, score=min(c.score, ARTICLE_DIFFERS), method="variant") for c in span.candidates
            ]
            yield longer


def _with_adjectives(text: str, tokens: list[Token], infos: list[WordInfo], last: int, reader: WordReader) -> int:
    while (
        last + 1 < len(tokens)
        and joins(text, tokens[last], tokens[last + 1])
        and infos[last + 1].folded in reader.language.facility_adjectives
    ):
        last += 1
    return last


def _unlisted(text, tokens, infos, i, at, head, longer, reader) -> Iterator[Span]:  # noqa: ANN001
    """A head noun before words that the gazetteer does not hold: one word, or two where the first asks for a second."""
    if longer > i:
        return
    first = i + 1
    info = infos[first]
    if len(info.folded) < 3 or not info.folded[0].isalpha() or info.zipf >= 5.5:
        return
    inside = reader.language.heads[head].inside
    for last in (first, first + 1):
        if last > first and (last >= len(tokens) or not joins(text, tokens[last - 1], tokens[last])):
            return
        if last > first and (infos[last].zipf >= 5.2 or not infos[last].folded):
            return
        words = [infos[k].folded for k in range(first, last + 1)]
        if inside in ("yes", "both"):
            end = _with_adjectives(text, tokens, infos, last, reader)
            start = tokens[i].start + at
            yield Span(
                start, tokens[end].end, i, end, " ".join([head, *words]), "unlisted", infos[i].folded[:at], head=head
            )
        if inside != "yes":
            start = tokens[first].start
            yield Span(start, tokens[last].end, first, last, " ".join(words), "unlisted", head=head)
