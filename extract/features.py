"""What the context model sees of a span: its name, the words around it, and the rest of the article. Pure.

Features are strings, and come in groups. A group is a function of a few small things (a bucket, a sign, a type of cue, how a
word looks), its key: `look_at_span` finds the keys of a span, the groups say which features they stand for. Training reads
the features; reading adds up what the model makes of each group's key, worked out once for every distinct one
(`extract.model`), so that no string is made on the way.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from extract.context import Context
from extract.language import Head
from extract.names import Look, Name, bucket
from extract.readings import NAME
from extract.segment import Gap
from extract.spans import Span
from extract.words import Word

CUES_REACH = 4  # words
_HOME_SHARE = 0.25  # of an article: a country with more of it is one of its own
_NEAR = ((), ("place_head",), ("place_verb",), ("place_head", "place_verb"))

# The spans right before a span, how they are joined to it, and the same after it.
Neighbours = tuple[Sequence[Span], str, Sequence[Span], str]
# A key, None where a group says nothing.
Key = Any
Group = Callable[[Key], Iterable[str]]


def span_features(context: Context, span: Span) -> list[str]:
    """Features of the first stage, as strings: the same ones always come in the same order."""
    return _features(SPAN_GROUPS, look_at_span(context, span))


def article_features(context: Context, span: Span, chances: dict[Span, float]) -> list[str]:
    """Features of the second stage: what the first one thought of the article's other spans (the chance to be a place)."""
    return _features(ARTICLE_GROUPS, look_at_article(context, span, chances))


def _features(groups: tuple[Group, ...], keys: Iterable[Key]) -> list[str]:
    return [f for group, key in zip(groups, keys, strict=True) if key is not None for f in group(key)]


def name_group(look: Look) -> list[str]:
    """The name by itself."""
    kind, name_class, frequency, clean = look.kind, look.name_class, look.frequency, look.clean
    features = [
        name_class,
        frequency,
        f"kind={kind}",
        f"n={look.words}",
        f"count={look.count}",
        f"al={look.article}",
        f"len={look.letters}w{look.size}",
        f"len={min(look.letters, 5)}w{look.size}&{name_class}",
        f"imp={look.top}&{frequency}",
        f"given={look.given}",
        f"family={look.family}",
        f"clean={clean}",
        f"clean={clean}&{name_class}",
        f"clean={clean}&{kind}",
        *(f"amb={other}" for other in look.ambiguous),
    ]
    if look.feature:
        features += [f"feat={look.feature}", f"feat={look.feature}&{name_class}", f"score={look.fit}&{kind}"]
    if look.own_head:
        features += [f"headed={look.own_head_inside}{kind}", f"headed={look.own_head}"]
    if look.head:
        features += [f"head={look.head}", f"head={look.head}&{kind}", f"headkind={kind}&in={look.head_inside}"]
    if look.demonym:
        features.append("demonym")
    return features


def joined_group(key: tuple[str, int, bool, str, str]) -> list[str]:
    """What is written together with the name: a proclitic, other words."""
    proclitic, zipf, glued, left, right = key
    return [
        f"pro={proclitic}",
        f"pro={proclitic}&zf={zipf}",
        f"glued={glued}&left={_glue_kind(left)}&right={_glue_kind(right)}",
    ]


def _glue_kind(word: str) -> str:
    return "none" if not word else "name" if word == NAME else "word"


def country_group(key: tuple[int, int, str]) -> list[str]:
    """Whether the name may mean a place in the article's countries, and how well known a one."""
    home, local, frequency = key
    return [f"home={home}", f"local={local}", f"local={local}&{frequency}"]


def nesting_group(key: tuple[int, int, str]) -> list[str]:
    """Longer names around the name and shorter ones inside it, at most two of each."""
    longer, inner, kind = key
    return [f"longer={longer}", f"longer={longer}&{kind}", f"inner={inner}&{kind}"]


def organisation_group(key: tuple[tuple[str, str], ...]) -> list[str]:
    """The organisations' names that it is, or stands in."""
    return [f for whole, kind in key for f in (f"org={whole}", f"org={whole}{kind}")]


def sign_group(key: tuple[str, str, bool, int]) -> list[str]:
    """The signs on both sides, and whether a line starts with the name."""
    left, right, starts, clean = key
    features = [f"ls={left}", f"rs={right}", f"ls={left}&rs={right}"]
    if starts:
        features += ["start", f"start&rs={right}"]
    return [*features, *(f"{f}&clean={clean}" for f in features)]


def word_group(where: str) -> Group:
    """The group of the word at a place beside the name: b1, b2 before it, a1, a2 after it."""

    def features(look: tuple) -> list[str]:
        seen, start, end, stem = look
        found = [f"{where}={seen}"]
        if start is not None:
            found += [f"{where}p={start}", f"{where}s={end}"]
        if stem is not None:
            found.append(f"{where}={stem}")
        return found

    return features


def pair_group(key: tuple[str, str]) -> list[str]:
    """The two words before the name."""
    return [f"b21={key[0]}_{key[1]}"]


def second_cue_group(key: tuple[str, ...]) -> list[str]:
    """Types of the cue that stands before another word before the name."""
    return [f"cb2={t}" for t in key]


def cue_group(key: tuple[tuple[str, ...], tuple[str, str, int], str]) -> list[str]:
    """Types of the cue right before the name (() where it cannot have one), and whether it stands in quotation marks."""
    types, (name_class, frequency, clean), quote = key
    cues = [f"cb={t}" for t in types]
    quotes = [f"quote={quote}"]
    if quote != "none":
        quotes += [f"quote={quote}&{cue}" for cue in cues]
    crossed = [f"{cue}&{other}" for cue in cues for other in (name_class, frequency)]
    return [*cues, *quotes, *crossed, *(f"{f}&clean={clean}" for f in (*cues, *quotes))]


def person_group(key: tuple[str, str, bool, bool, int]) -> list[str]:
    """Signs of a person's name: a title or a given name stands before, maybe with one word between."""
    one, two, title, kinship, clean = key
    features = [f"pn={one}{two}", f"pt={title}&{one}"]
    return [*features, f"kin={kinship}", *(f"{f}&clean={clean}" for f in features)]


def after_cue_group(key: tuple[tuple[str, ...], tuple[str, str, int]]) -> list[str]:
    """Types of the cue right after the name."""
    types, (name_class, frequency, clean) = key
    cues = [f"ca={t}" for t in types]
    return [*cues, *(f"{cue}&{other}" for cue in cues for other in (name_class, frequency, f"clean={clean}"))]


def follower_group(key: tuple[str, str, bool, bool, int]) -> list[str]:
    """Whether the word after the name is a person's name or an adjective of origin."""
    name_like, sign, nisba, demonym, clean = key
    features = [f"an={name_like}&rs={sign}", f"an={name_like}&rs={sign}&clean={clean}"]
    if nisba:
        features += [f"anis&{sign}", f"anisdem={demonym}"]
    return features


def list_group(side: str) -> Group:
    """The group of the neighbours in a list or a «between X and Y» on one side: whether they are names too."""

    def features(key: tuple[int | str, str]) -> list[str]:
        return [f"{side}={key[0]}&{key[1]}"]

    return features


def head_group(key: tuple[str, int, str, int]) -> list[str]:
    """Whether the word before the name is a generic noun for what it may mean; cue words a little before it."""
    head, near, frequency, clean = key
    return [f"pc={head}", f"pc={head}&{frequency}", f"pc={head}&clean={clean}", *(f"cw={t}" for t in _NEAR[near])]


SPAN_GROUPS: tuple[Group, ...] = (
    name_group,
    joined_group,
    country_group,
    nesting_group,
    organisation_group,
    sign_group,
    word_group("b1"),
    word_group("b2"),
    pair_group,
    second_cue_group,
    cue_group,
    person_group,
    word_group("a1"),
    word_group("a2"),
    after_cue_group,
    follower_group,
    list_group("lb"),
    list_group("la"),
    head_group,
)


def look_at_span(context: Context, span: Span) -> tuple[Key, ...]:
    """The keys of SPAN_GROUPS for a span."""
    words, gaps = context.words, context.tokens.gaps
    name, first, last, left, right = span.name, span.first, span.last, span.left, span.right
    classes = name.classes
    _, frequency, clean = classes
    before, before2, after, after2 = words[first - 1], words[first - 2], words[last + 1], words[last + 2]
    gap_before, gap_after = gaps[first], gaps[last + 1]
    left_sign, right_sign, left_clear, right_clear = gap_before.sign, gap_after.sign, gap_before.clear, gap_after.clear
    if left:
        before, before2, left_sign, left_clear = context.word(left), before, "", True
    if right:
        after, after2, right_sign, right_clear = context.word(right), after, "", True
    cues: tuple[str, ...] = ()
    look1 = look2 = pair = second_cue = person = look3 = look4 = after_cue = follower = None
    if left_clear:
        cues = _cues_before(context, span, before)
        look1, look2, pair = before.look, before2.look, (before2.seen, before.seen)
        second_cue = before2.cue_sorted or None
        person = (before.name_like, before2.name_like, before2.title, before.kinship, clean)
    if right_clear:
        look3, look4 = after.look, after2.look
        types = _cues_after(context, after, after2) if after.begins_after else after.after
        if types:
            after_cue = (types, classes)
        follower = (after.name_like, right_sign, after.nisba, after.demonym and after.nisba, clean)
    near_before, joined_before, near_after, joined_after = neighbours(context, span)
    listed_before = listed_after = None
    if name.kind != "unlisted":
        listed_before, listed_after = (_listed(near_before), joined_before), (_listed(near_after), joined_after)
    home = local = 0.0
    for country, importance in name.countries:
        share = context.focus.get(country, 0.0)
        if share > home:
            home = share
        if share > _HOME_SHARE and importance > local:
            local = importance
    head = before.head
    return (
        name.look,
        (span.proclitic, words[first].zipf_bucket, span.glued, left, right),
        (bucket(home, 0.2, 4), bucket(local, 15, 6), frequency),
        (0, 0, name.kind) if first == last and len(context.at[first]) == 1 else _nesting(context, span),
        _organisations(context, span) if context.organisations else None,
        (left_sign, right_sign, gap_before.starts, clean),
        look1,
        look2,
        pair,
        second_cue,
        (cues, classes, _quote_kind(context, span) if context.quoted else "none"),
        person,
        look3,
        look4,
        after_cue,
        follower,
        listed_before,
        listed_after,
        ("none" if head is None else _head_kind(head, name), _cues_near(words, gaps, first), frequency, clean),
    )


def _nesting(context: Context, span: Span) -> Key:
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


def _organisations(context: Context, span: Span) -> Key:
    return tuple(
        ("whole" if (first, last) == (span.first, span.last) else "in", kind)
        for first, last, kind in context.organisations
        if first <= span.first and span.last <= last
    )


def _quote_kind(context: Context, span: Span) -> str:
    """whole: the name alone in quotation marks; begins, ends or inside a short quotation; none."""
    for start, end in context.quoted:
        if start < span.start and span.end < end:
            begins, ends = start + 1 == span.start, span.end + 1 == end
            return "whole" if begins and ends else "begins" if begins else "ends" if ends else "inside"
    return "none"


def _cues_before(context: Context, span: Span, before: Word) -> tuple[str, ...]:
    """Types of the longest cue that ends right before the name, ("none", ...) where there is none."""
    clitic = span.proclitic[-1:]
    if not before.ends_cue and before.cue_sorted:
        return before.cue_sorted
    types = before.cue or (clitic and before.cue_with.get(clitic)) or before.cue_inner
    if before.ends_cue:
        types = _long_cue(context, span, before, clitic, types)
    return tuple(sorted(types)) if types else before.no_cue


def _long_cue(context: Context, span: Span, before: Word, clitic: str, types: frozenset[str]) -> frozenset[str]:
    cues, phrase = context.language.cues_before, before.folded
    at = span.first - 1 if span.left else span.first - 2
    for i in range(at, max(-1, span.first - context.language.longest_cue), -1):
        phrase = f"{context.words[i].folded} {phrase}"
        longer = cues.get(phrase) or (clitic and cues.get(f"{phrase} {clitic}"))
        if longer:
            types = longer
        elif not types and phrase[0] in "وف":
            types = cues.get(phrase[1:], types)
    return types


def _cues_after(context: Context, after: Word, after2: Word) -> tuple[str, ...]:
    if after.begins_after:
        longer = context.language.cues_after.get(f"{after.folded} {after2.folded}")
        if longer:
            return tuple(sorted(longer))
    return after.after


def _cues_near(words: list[Word], gaps: list[Gap], first: int) -> int:
    """Types of the cue words a little before the name, in the same sentence («السيطرة الخاطفة على»): a number in _NEAR."""
    found = 0
    for i in range(first - 2, max(-1, first - 2 - CUES_REACH), -1):
        if gaps[i + 1].breaks:
            break
        found |= words[i].near_cues
    return found


def _head_kind(head: Head, name: Name) -> str:
    return f"head{head.inside}{'odd' if name.features.isdisjoint(head.features) else 'fits'}"


def neighbours(context: Context, span: Span) -> Neighbours:
    """The spans right before a span and how they are joined to it (signs, a conjunction, or glue), the same after it."""
    if span.beside is None:
        span.beside = *_before(context, span), *_after(context, span)
    return span.beside


def _before(context: Context, span: Span) -> tuple[Sequence[Span], str]:
    if span.left == NAME:
        return [s for s in context.at[span.first] if s.end <= span.start], "glue"
    i = span.first - 1
    sign, joined = context.tokens.gaps[i + 1].sign, span.proclitic[:1]
    if context.words[i].folded == "و":  # a conjunction that stands alone, as before a quotation mark
        i, joined = i - 1, "و"
    return context.ending.get(i, ()), sign + joined


def _after(context: Context, span: Span) -> tuple[Sequence[Span], str]:
    if span.right == NAME:
        return [s for s in context.at[span.last] if s.start >= span.end], "glue"
    i = span.last + 1
    sign, joined = context.tokens.gaps[i].sign, ""
    if context.words[i].folded == "و":
        i, joined = i + 1, "و"
    near = context.beginning.get(i, ())
    return near, sign + (joined or (near[0].proclitic[:1] if near else ""))


def _listed(near: Sequence[Span]) -> int | str:
    """How well known the best of these names is, "no" where none of them is in the gazetteer."""
    top = -1.0
    for span in near:
        if span.name.listed and span.name.importance > top:
            top = span.name.importance
    return bucket(top, 20, 4) if top >= 0 else "no"


def own_group(key: tuple[int, int, int | None, int | None]) -> list[str]:
    """What the first stage thought of the span (in tenths and fifths), and of others of the same name."""
    tenths, fifths, most, mean = key
    if most is None:
        return [f"own={tenths}", "same=none"]
    return [f"own={tenths}", f"same={most}", f"samemean={mean}", f"own={fifths}&same={most}"]


def rival_group(key: int | str) -> list[str]:
    """What it thought of the likeliest span that overlaps."""
    return [f"rival={key}"]


ARTICLE_GROUPS: tuple[Group, ...] = (own_group, list_group("lbp"), list_group("lap"), rival_group)


def look_at_article(context: Context, span: Span, chances: dict[Span, float]) -> tuple[Key, ...]:
    """The keys of ARTICLE_GROUPS for a span."""
    own = chances[span]
    most = mean = None
    named = context.named[span.name.key]
    if len(named) > 1:
        same = [chances[s] for s in named if s is not span and s.name.kind != "unlisted"]
        if same:
            most, mean = bucket(max(same), 0.2, 4), bucket(sum(same) / len(same), 0.2, 4)
    near_before, joined_before, near_after, joined_after = neighbours(context, span)
    rivals = [
        chances[s]
        for i in range(span.first, span.last + 1)
        if len(context.at[i]) > 1
        for s in context.at[i]
        if s is not span and s.start < span.end and span.start < s.end
    ]
    return (
        (bucket(own, 0.1, 9), bucket(own, 0.2, 4), most, mean),
        (_likeliest([chances[s] for s in near_before if s is not span]) if near_before else "no", joined_before),
        (_likeliest([chances[s] for s in near_after if s is not span]) if near_after else "no", joined_after),
        _likeliest(rivals),
    )


def _likeliest(chances: list[float]) -> int | str:
    return bucket(max(chances), 0.25, 3) if chances else "no"
