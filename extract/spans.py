"""Where in a text the name of a place could stand: spans, before anything is decided about them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from extract.names import Name
from extract.readings import GLUE_ZIPF, NO_NOUNS, Reading, WordInfo, WordReader
from extract.segment import Tokens
from extract.words import Word
from gazetteer import Candidate
from gazetteer.match import ARTICLE_DIFFERS, rank

NOUN_REACH = 9  # words between a list's generic noun and a name in it
_NEVER_NAME_ZIPF, _NEVER_SECOND_ZIPF = (
    5.5,
    5.2,
)  # commoner words after a generic noun are no name that the gazetteer lacks


@dataclass(slots=True, eq=False)
class Span:
    """A stretch of text that may be a place name. Tokens `first`..`last` (inclusive) hold `text[start:end]`."""

    start: int
    end: int
    first: int
    last: int
    name: Name
    proclitic: str = ""
    left: str = ""  # the word grown together with the name, before it
    right: str = ""
    glued: bool = False
    inner: "Span | None" = None  # the place a composed name is named after

    @property
    def key(self) -> str:
        """The name's key."""
        return self.name.key

    @property
    def kind(self) -> str:
        """How the name was read: plain, clitic, glued, article, fuzzy, composed, unlisted."""
        return self.name.kind

    @property
    def candidates(self) -> list[Candidate]:
        """The places it may mean, best first, each with method and score of the fit."""
        return self.name.candidates


@dataclass(frozen=True, slots=True)
class Page:
    """A text cut into words, each looked up. `words` ends with words for the edges: index -1 stands before the first word.

    `noted` are the numbers of the words that a name may begin with, or that say something about names farther on.
    """

    text: str
    tokens: Tokens
    infos: list[WordInfo]
    words: list[Word]
    noted: list[int]
    reader: WordReader


EDGES = 8  # how many words a look at a span's neighbours may reach over the text's edges


def read_page(text: str, tokens: Tokens, reader: WordReader) -> Page:
    """Look every word of the text up."""
    infos = list(map(reader.infos.__getitem__, tokens.written))
    noted = [i for i, info in enumerate(infos) if info.noted]
    return Page(text, tokens, infos, [info.word for info in infos] + [reader.edge] * EDGES, noted, reader)


def find_spans(page: Page) -> list[Span]:
    """All spans that carry a name of the gazetteer, in text order; overlapping ones and all."""
    spans: list[Span] = []
    headed = False  # whether a name begins with a generic noun that does not belong to it
    text, reader, words = page.text, page.reader, page.words
    infos, starts, gaps, next_words = page.infos, page.tokens.starts, page.tokens.gaps, reader.next_words
    noun_before = -NOUN_REACH - 1  # where the last generic noun stands
    for i in page.noted:
        info, size = infos[i], len(spans)
        if info.readings:
            nouns = _nouns_before(words, i) if i - noun_before <= NOUN_REACH else NO_NOUNS
            for reading in info.readings:
                if reading.complete:
                    start, end = starts[i] + reading.start, starts[i] + reading.end
                    name = reading.name
                    if nouns and reading.needs_noun:
                        name = reader.name(reading.key, reading.kind, text[start:end], 1, nouns)
                    if name is not None:
                        glued = reading.kind == "glued"
                        spans.append(
                            Span(start, end, i, i, name, reading.proclitic, reading.left, reading.right, glued)
                        )
                if reading.opens and gaps[i + 1].joins:
                    following, known = words[i + 1], next_words[reading.key]
                    if following.zipf < GLUE_ZIPF or known is None or following.folded in known:
                        longer = list(_grow(page, i, reading, nouns))
                        headed = headed or any(span.name.rest for span in longer)
                        spans += longer
        elif info.typo_forms:
            spans += _grow_typos(page, i, noun_before)
        if info.word.head_features:
            noun_before = i
        if len(spans) > size + 1:
            spans[size:] = _each_once(spans[size:])
    if headed:
        spans = _without_outer_heads(page, spans)
    return spans + compose_spans(page, spans)


def _each_once(spans: list[Span]) -> list[Span]:
    """The spans, of those over the same stretch the first; a name whose generic noun will be cut off stays."""
    kept: dict[object, Span] = {}
    for span in spans:
        kept.setdefault(span if span.name.rest else (span.start, span.end), span)
    return list(kept.values())


def _nouns_before(words: list[Word], i: int) -> frozenset[str]:
    """The features that generic nouns a few words before say."""
    return NO_NOUNS.union(*(word.head_features for word in words[max(0, i - NOUN_REACH) : i] if word.head_features))


def _grow(page: Page, i: int, reading: Reading, nouns: frozenset[str]) -> Iterator[Span]:
    """The names of several words that begin with a reading of the word."""
    tokens, reader, words = page.tokens, page.reader, page.words
    start, glued = tokens.starts[i] + reading.start, reading.kind == "glued"
    key, j, opens = reading.key, i, True
    while opens and tokens.gaps[j + 1].joins:
        j += 1
        if not words[j].folded:
            break
        key = f"{key} {words[j].folded}"
        named, opens = reader.longer_keys[key]
        if named:
            end = tokens.ends[j]
            name = reader.name(key, reading.kind, page.text[start:end], j - i + 1, nouns)
            if name is not None:
                yield Span(start, end, i, j, name, reading.proclitic, reading.left, reading.right, glued)
        elif not opens and words[j].zipf < GLUE_ZIPF:
            yield from _grow_last(page, i, j, key, reading, nouns)


def _grow_last(page: Page, i: int, j: int, key: str, reading: Reading, nouns: frozenset[str]) -> Iterator[Span]:
    """The name ends inside a glued last word, or its last word is misspelt."""
    reader, tokens = page.reader, page.tokens
    last = reader.last_words[key]
    if last is None:
        return
    start = tokens.starts[i] + reading.start
    glued = last.end is not None
    end = tokens.starts[j] + last.end if glued else tokens.ends[j]
    name = reader.name(last.key, "glued" if glued else "fuzzy", page.text[start:end], j - i + 1, nouns)
    if name is not None:
        right = last.right if glued else reading.right
        yield Span(start, end, i, j, name, reading.proclitic, reading.left, right, glued or reading.kind == "glued")


def _grow_typos(page: Page, i: int, noun_before: int) -> Iterator[Span]:
    """A name of two words whose first one is misspelt."""
    tokens, reader, words = page.tokens, page.reader, page.words
    if not tokens.gaps[i + 1].joins:
        return
    for proclitic, stem, at in page.infos[i].typo_forms:
        key = f"{stem} {words[i + 1].folded}"
        if reader.typos[key]:
            start, end = tokens.starts[i] + at, tokens.ends[i + 1]
            nouns = _nouns_before(words, i) if i - noun_before <= NOUN_REACH else NO_NOUNS
            name = reader.name(key, "fuzzy", page.text[start:end], 2, nouns)
            if name is not None:
                yield Span(start, end, i, i + 1, name, proclitic)
            return


def _without_outer_heads(page: Page, spans: list[Span]) -> list[Span]:
    """The spans, generic nouns that stand outside of a name cut off: «معبر وازن» is the name وازن, the crossing of it.

    The places of the longer name come before those that the name alone may mean.
    """
    kept: dict[tuple[int, int], Span] = {}
    cut: list[Span] = []
    for span in spans:
        if span.name.rest:
            cut.append(_cut_head(page, span))
        else:
            kept.setdefault((span.start, span.end), span)
    for span in cut:
        twin = kept.setdefault((span.start, span.end), span)
        if twin is not span:
            candidates = rank([*span.candidates, *twin.candidates])
            twin.name = page.reader.made_name(twin.key, twin.kind, candidates, twin.last - twin.first + 1)
    return list(kept.values())


def _cut_head(page: Page, span: Span) -> Span:
    first = span.first + 1
    name = page.reader.made_name(span.name.rest, "plain", span.candidates, span.last - first + 1)
    return replace(span, start=page.tokens.starts[first], first=first, name=name, proclitic="", left="")


def compose_spans(page: Page, spans: list[Span]) -> list[Span]:
    """Names made of a generic noun and a name: placed at the place they are named after, or not in the gazetteer."""
    gaps, heads = page.tokens.gaps, page.reader.language.heads
    nouns = [(i, page.words[i]) for i in page.noted if page.words[i].composing and gaps[i + 1].joins]
    if not nouns:
        return []
    by_first: dict[int, list[Span]] = {}
    for span in spans:
        by_first.setdefault(span.first, []).append(span)
    found: list[Span] = []
    for i, word in nouns:
        here = [s for s in by_first.get(i, ()) if s.last > i]
        longer = max((s.last for s in here), default=i)
        if heads[word.composing].inside in ("yes", "both"):
            for inner in by_first.get(i + 1, ()):
                if not inner.proclitic and not inner.left and inner.last > longer and not inner.right:
                    found.append(_composed(page, i, word, inner))
        found += _with_longer_end(page, here)
        if longer == i:
            found += _unlisted(page, i, word)
    if not found:
        return []
    taken = {(s.start, s.end) for s in [*spans, *found] if s.name.kind not in ("fuzzy", "unlisted")}
    return [s for s in found if s.name.kind != "unlisted" or (s.start, s.end) not in taken]


def _composed(page: Page, i: int, word: Word, inner: Span) -> Span:
    last = _with_adjectives(page, inner.last)
    key = " ".join([word.composing, *(w.folded for w in page.words[i + 1 : last + 1])])
    start, end = page.tokens.starts[i] + word.composing_at, page.tokens.ends[last]
    name = page.reader.made_name(key, "composed", inner.candidates, last - i + 1, word.composing)
    return Span(start, end, i, last, name, word.folded[: word.composing_at], inner=inner)


def _with_longer_end(page: Page, spans: list[Span]) -> Iterator[Span]:
    """«مجمع الشفاء الطبي» where the gazetteer holds «مجمع الشفاء»."""
    for span in spans:
        last = _with_adjectives(page, span.last)
        if last > span.last and not span.right:
            key = " ".join([span.key, *(w.folded for w in page.words[span.last + 1 : last + 1])])
            candidates = [replace(c, score=min(c.score, ARTICLE_DIFFERS), method="variant") for c in span.candidates]
            name = page.reader.made_name(key, span.kind, candidates, last - span.first + 1, span.name.head)
            yield replace(span, end=page.tokens.ends[last], last=last, name=name)


def _with_adjectives(page: Page, last: int) -> int:
    while page.tokens.gaps[last + 1].joins and page.words[last + 1].facility_adjective:
        last += 1
    return last


def _unlisted(page: Page, i: int, word: Word) -> Iterator[Span]:
    """A head noun before words that the gazetteer does not hold: one word, or two where the first asks for a second."""
    tokens, words, head = page.tokens, page.words, word.composing
    first = i + 1
    named = words[first]
    if len(named.folded) < 3 or not named.folded[0].isalpha() or named.zipf >= _NEVER_NAME_ZIPF:
        return
    inside = page.reader.language.heads[head].inside
    for last in (first, first + 1):
        if last > first:
            if last >= len(tokens) or not tokens.gaps[last].joins:
                return
            if words[last].zipf >= _NEVER_SECOND_ZIPF or not words[last].folded:
                return
        key = " ".join(w.folded for w in words[first : last + 1])
        if inside in ("yes", "both"):
            end = _with_adjectives(page, last)
            start = tokens.starts[i] + word.composing_at
            name = page.reader.unlisted_name(f"{head} {key}", end - i + 1, head)
            yield Span(start, tokens.ends[end], i, end, name, word.folded[: word.composing_at])
        if inside != "yes":
            name = page.reader.unlisted_name(key, last - first + 1, head)
            yield Span(tokens.starts[first], tokens.ends[last], first, last, name)
