"""What the context model sees of spans: their names, the words around them, and the rest of the article. Pure.

The spans of many articles are looked at together, as columns with one row a span: one column for every group of
`extract.feature_groups`, which holds the group's keys. Nearly all rows follow one rule; the few that do not (words grown
together with the name, cues of several words) are put right one by one.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from extract.context import Context
from extract.feature_groups import ARTICLE_GROUPS, SPAN_GROUPS, Group, Key
from extract.language import Head
from extract.names import Name, bucket
from extract.readings import NAME
from extract.segment import Gap
from extract.spans import Span
from extract.words import Word

CUES_REACH = 4  # words
_HOME_SHARE = 0.25  # of an article: a country with more of it is one of its own
_GLUED_ON = Gap("", joins=True, starts=False, clear=True, breaks=False, ends=False)  # between words grown together

Spans = Sequence[Span]


@dataclass(frozen=True, slots=True)
class Looks:
    """The spans of some articles, one row each, article after article: `keys` has a column for each of SPAN_GROUPS.

    `before` are the spans right before each span, `joined_before` how they are joined to it (signs, a conjunction, or glue);
    the same after it.
    """

    contexts: list[Context]
    spans: list[Span]
    keys: list[list[Key]]
    before: list[Spans]
    joined_before: list[str]
    after: list[Spans]
    joined_after: list[str]


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """The article of every row, and the two words and the gap on both sides of its span."""

    contexts: list[Context]
    before: list[Word]
    before2: list[Word]
    after: list[Word]
    after2: list[Word]
    gap_before: list[Gap]
    gap_after: list[Gap]
    starts: list[bool]  # whether the span begins a line


def span_features(contexts: list[Context]) -> list[list[str]]:
    """Features of the first stage, as strings, of every span: the same ones always come in the same order."""
    looks = look_at_spans(contexts)
    return _features(SPAN_GROUPS, looks.keys, len(looks.spans))


def article_features(contexts: list[Context], chances: list[float]) -> list[list[str]]:
    """Features of the second stage: what the first one thought of each span (the chance to be a place)."""
    return _features(ARTICLE_GROUPS, look_at_articles(look_at_spans(contexts), chances), len(chances))


def _features(groups: tuple[Group, ...], columns: list[list[Key]], size: int) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in range(size)]
    for group, column in zip(groups, columns, strict=True):
        for features, key in zip(found, column, strict=True):
            if key is not None:
                features += group(key)
    return found


def look_at_spans(contexts: list[Context]) -> Looks:
    """The keys of SPAN_GROUPS for every span of the articles."""
    contexts = [context for context in contexts if context.spans]
    spans = [span for context in contexts for span in context.spans]
    names = [span.name for span in spans]
    frequencies, clean = [name.name_class.frequency for name in names], [name.name_class.clean for name in names]
    around = _surroundings(contexts, spans)
    cues, *words_before = _words_before(around, spans, clean)
    look1, look2, pair, second_cue, person = words_before
    beside = _spans_beside(contexts)
    near_before, joined_before, near_after, joined_after = beside
    signs = [gap.sign for gap in around.gap_before], [gap.sign for gap in around.gap_after]
    keys = [
        [name.look for name in names],
        _joined(contexts),
        [_countries(context.focus, span.name) for context in contexts for span in context.spans],
        _nesting(contexts),
        _organisations(contexts),
        list(zip(*signs, around.starts, clean, strict=True)),
        look1,
        look2,
        pair,
        second_cue,
        list(zip(cues, [name.name_class for name in names], _quotes(contexts), strict=True)),
        person,
        *_words_after(around, names, clean),
        _listed(names, near_before, joined_before),
        _listed(names, near_after, joined_after),
        list(zip(_heads(around.before, names), _cues_near(contexts), frequencies, clean, strict=True)),
    ]
    return Looks(contexts, spans, keys, *beside)


def _surroundings(contexts: list[Context], spans: list[Span]) -> _Surroundings:
    around = _Surroundings([], [], [], [], [], [], [], [])
    for context in contexts:
        words, gaps = context.words, context.tokens.gaps
        firsts, lasts = [span.first for span in context.spans], [span.last for span in context.spans]
        around.contexts.extend([context] * len(firsts))
        around.before.extend([words[i - 1] for i in firsts])
        around.before2.extend([words[i - 2] for i in firsts])
        around.after.extend([words[i + 1] for i in lasts])
        around.after2.extend([words[i + 2] for i in lasts])
        around.gap_before.extend([gaps[i] for i in firsts])
        around.gap_after.extend([gaps[i + 1] for i in lasts])
    around.starts.extend([gap.starts for gap in around.gap_before])
    for row, span in enumerate(spans):
        if span.glued:
            if span.left:
                around.before2[row], around.before[row] = around.before[row], around.contexts[row].word(span.left)
                around.gap_before[row] = _GLUED_ON
            if span.right:
                around.after2[row], around.after[row] = around.after[row], around.contexts[row].word(span.right)
                around.gap_after[row] = _GLUED_ON
    return around


def _words_before(around: _Surroundings, spans: list[Span], clean: list[int]) -> list[list[Key]]:
    """Types of the cue before each name, then the keys of the groups of the words before it."""
    before, before2 = around.before, around.before2
    columns: list[list[Key]] = [
        _types_before(around, spans),
        [word.look for word in before],
        [word.look for word in before2],
        [(word2.look.seen, word.look.seen) for word2, word in zip(before2, before, strict=True)],
        [word.cue_sorted or None for word in before2],
        [
            (word.name_like, word2.name_like, word2.title, word.kinship, c)
            for word, word2, c in zip(before, before2, clean, strict=True)
        ],
    ]
    for row, gap in enumerate(around.gap_before):
        if not gap.clear:
            for column in columns:
                column[row] = None
            columns[0][row] = ()
    return columns


def _words_after(around: _Surroundings, names: list[Name], clean: list[int]) -> list[list[Key]]:
    """The keys of the groups of the words after each name."""
    after, signs = around.after, [gap.sign for gap in around.gap_after]
    columns: list[list[Key]] = [
        [word.look for word in after],
        [word.look for word in around.after2],
        [(types, name.name_class) if types else None for types, name in zip(_types_after(around), names, strict=True)],
        [
            (word.name_like, sign, word.nisba, word.demonym and word.nisba, c)
            for word, sign, c in zip(after, signs, clean, strict=True)
        ],
    ]
    for row, gap in enumerate(around.gap_after):
        if not gap.clear:
            for column in columns:
                column[row] = None
    return columns


def _joined(contexts: list[Context]) -> list[Key]:
    return [
        (span.proclitic, context.words[span.first].zipf_bucket, span.glued, span.left, span.right)
        for context in contexts
        for span in context.spans
    ]


def _types_before(around: _Surroundings, spans: list[Span]) -> list[tuple[str, ...]]:
    """Types of the longest cue that ends right before each name, ("none", ...) where there is none."""
    found = [word.cue_types for word in around.before]
    for row, types in enumerate(found):
        if types is None:
            found[row] = _cues_before(around.contexts[row], spans[row], around.before[row])
    return found


def _cues_before(context: Context, span: Span, before: Word) -> tuple[str, ...]:
    clitic = span.proclitic[-1:]
    types = before.cue or (clitic and before.cue_with.get(clitic)) or before.cue_inner
    if before.ends_cue:
        types = _long_cue(context, span, before, clitic, types)
    return tuple(sorted(types)) if types else before.no_cue


def _long_cue(context: Context, span: Span, before: Word, clitic: str, types: frozenset[str]) -> frozenset[str]:
    language, phrase = context.language, before.folded
    cues, tails = language.cues_before, language.cue_tails
    at = span.first - 1 if span.left else span.first - 2
    for i in range(at, max(-1, span.first - language.longest_cue), -1):
        phrase = f"{context.words[i].folded} {phrase}"
        longer = cues.get(phrase) or (clitic and cues.get(f"{phrase} {clitic}")) if phrase in tails else None
        if longer:
            types = longer
        elif not types and phrase[0] in "وف":
            types = cues.get(phrase[1:], types)
        if phrase not in tails:
            break
    return types


def _types_after(around: _Surroundings) -> list[tuple[str, ...]]:
    """Types of the cue right after each name."""
    found = [word.after for word in around.after]
    for row, word in enumerate(around.after):
        if word.begins_after:
            phrase = f"{word.folded} {around.after2[row].folded}"
            longer = around.contexts[row].language.cues_after.get(phrase)
            if longer:
                found[row] = tuple(sorted(longer))
    return found


def _countries(focus: dict[str, float], name: Name) -> Key:
    home = local = 0.0
    for country, importance in name.countries:
        share = focus.get(country, 0.0)
        if share > home:
            home = share
        if share > _HOME_SHARE and importance > local:
            local = importance
    return bucket(home, 0.2, 4), bucket(local, 15, 6), name.name_class.frequency


def _nesting(contexts: list[Context]) -> list[Key]:
    return [
        (0, 0, span.name.kind) if _stands_alone(context, span) else _longer_and_inner(context, span)
        for context in contexts
        for span in context.spans
    ]


def _stands_alone(context: Context, span: Span) -> bool:
    return span.first == span.last and len(context.at[span.first]) == 1


def _longer_and_inner(context: Context, span: Span) -> Key:
    longer = inner = 0
    own = span.end - span.start
    for i in range(span.first, span.last + 1):
        for other in context.at[i]:
            if other is span or other.name.kind in ("unlisted", "fuzzy", "article"):
                continue
            size = other.end - other.start
            if size > own and other.start <= span.start and other.end >= span.end:
                longer += 1
            elif size < own and other.start >= span.start and other.end <= span.end:
                inner += 1
    return min(longer, 2), min(inner, 2), span.name.kind


def _organisations(contexts: list[Context]) -> list[Key]:
    found: list[Key] = []
    for context in contexts:
        if context.organisations:
            found += [
                tuple(
                    ("whole" if (first, last) == (span.first, span.last) else "in", kind)
                    for first, last, kind in context.organisations
                    if first <= span.first and span.last <= last
                )
                for span in context.spans
            ]
        else:
            found += [None] * len(context.spans)
    return found


def _quotes(contexts: list[Context]) -> list[str]:
    """whole: the name alone in quotation marks; begins, ends or inside a short quotation; none."""
    found: list[str] = []
    for context in contexts:
        if context.quoted:
            found += [_quote_kind(context, span) for span in context.spans]
        else:
            found += ["none"] * len(context.spans)
    return found


def _quote_kind(context: Context, span: Span) -> str:
    for start, end in context.quoted:
        if start < span.start and span.end < end:
            begins, ends = start + 1 == span.start, span.end + 1 == end
            return "whole" if begins and ends else "begins" if begins else "ends" if ends else "inside"
    return "none"


def _cues_near(contexts: list[Context]) -> list[int]:
    """Types of the cue words a little before each name, in the same sentence («السيطرة الخاطفة على»): a number that
    head_group knows."""
    found: list[int] = []
    for context in contexts:
        gaps, near = context.tokens.gaps, defaultdict(int)
        for at in context.page.noted:
            types = context.words[at].near_cues
            if types:
                for first in range(at + 2, at + 2 + CUES_REACH):
                    if first > len(gaps) or gaps[first - 1].breaks:
                        break
                    near[first] |= types
        found += [near.get(span.first, 0) for span in context.spans]
    return found


def _heads(before: list[Word], names: list[Name]) -> list[str]:
    return [
        "none" if word.head is None else _head_kind(word.head, name) for word, name in zip(before, names, strict=True)
    ]


def _head_kind(head: Head, name: Name) -> str:
    return f"head{head.inside}{'odd' if name.features.isdisjoint(head.features) else 'fits'}"


def _spans_beside(contexts: list[Context]) -> tuple[list[Spans], list[str], list[Spans], list[str]]:
    """The spans right before each span and how they are joined to it, the same after it (see Looks)."""
    before, joined_before, after, joined_after = [], [], [], []
    for context in contexts:
        words, gaps, ending, beginning = context.words, context.tokens.gaps, context.ending, context.beginning
        for span in context.spans:
            i = span.first - 1
            sign, joined = gaps[i + 1].sign, span.proclitic[:1]
            if words[i].folded == "و":  # a conjunction that stands alone, as before a quotation mark
                i, joined = i - 1, "و"
            before.append(ending.get(i, ()))
            joined_before.append(sign + joined)
            i = span.last + 1
            sign, joined = gaps[i].sign, ""
            if words[i].folded == "و":
                i, joined = i + 1, "و"
            near = beginning.get(i, ())
            after.append(near)
            joined_after.append(sign + (joined or near[0].proclitic[:1]) if near else sign + joined)
            if span.left == NAME:
                before[-1], joined_before[-1] = [s for s in context.at[span.first] if s.end <= span.start], "glue"
            if span.right == NAME:
                after[-1], joined_after[-1] = [s for s in context.at[span.last] if s.start >= span.end], "glue"
    return before, joined_before, after, joined_after


def _listed(names: list[Name], beside: list[Spans], joined: list[str]) -> list[Key]:
    """How well known the best name beside each span is, "no" where none of them is in the gazetteer."""
    return [
        None if name.kind == "unlisted" else (_best_known(near) if near else "no", how)
        for name, near, how in zip(names, beside, joined, strict=True)
    ]


def _best_known(near: Spans) -> int | str:
    top = -1.0
    for span in near:
        if span.name.listed and span.name.importance > top:
            top = span.name.importance
    return bucket(top, 20, 4) if top >= 0 else "no"


def look_at_articles(looks: Looks, chances: list[float]) -> list[list[Key]]:
    """The keys of ARTICLE_GROUPS for every span, a column a group; `chances` to be a place, one a span."""
    by_span = dict(zip(looks.spans, chances, strict=True))
    same, rivals = [], []
    for context in looks.contexts:
        for span in context.spans:
            alike = context.named[span.name.key]
            same.append(_same(span, alike, by_span) if len(alike) > 1 else (None, None))
            alone = _stands_alone(context, span)
            rivals.append("no" if alone else _likeliest(_overlapping(context, span), by_span))
    return [
        [
            (bucket(chance, 0.1, 9), bucket(chance, 0.2, 4), most, mean)
            for chance, (most, mean) in zip(chances, same, strict=True)
        ],
        _likely(looks.spans, looks.before, looks.joined_before, by_span),
        _likely(looks.spans, looks.after, looks.joined_after, by_span),
        rivals,
    ]


def _same(span: Span, alike: Spans, chances: dict[Span, float]) -> tuple[int | None, int | None]:
    """The highest and the mean chance of others of the same name."""
    others = [chances[s] for s in alike if s is not span and s.name.kind != "unlisted"]
    if not others:
        return None, None
    return bucket(max(others), 0.2, 4), bucket(sum(others) / len(others), 0.2, 4)


def _overlapping(context: Context, span: Span) -> list[Span]:
    return [
        s
        for i in range(span.first, span.last + 1)
        if len(context.at[i]) > 1
        for s in context.at[i]
        if s is not span and s.start < span.end and span.start < s.end
    ]


def _likely(spans: list[Span], beside: list[Spans], joined: list[str], chances: dict[Span, float]) -> list[Key]:
    return [
        (_likeliest([s for s in near if s is not span], chances) if near else "no", how)
        for span, near, how in zip(spans, beside, joined, strict=True)
    ]


def _likeliest(spans: Spans, chances: dict[Span, float]) -> int | str:
    return bucket(max([chances[span] for span in spans]), 0.25, 3) if spans else "no"
