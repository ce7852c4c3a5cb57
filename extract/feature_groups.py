"""The features of the context model, as strings, in groups. Pure.

A group is a function of a few small things (a bucket, a sign, a type of cue, how a word looks), its key, and says which
features the key stands for. `extract.features` finds the keys of spans. Training reads the features; reading adds up what
the model makes of each group's key, worked out once for every distinct one (`extract.scoring`), so that no string is made
on the way.
"""

from collections.abc import Callable, Iterable
from typing import Any

from extract.names import Look, NameClass
from extract.readings import NAME
from extract.words import WordLook

_NEAR = ((), ("place_head",), ("place_verb",), ("place_head", "place_verb"))

# A key, None where a group says nothing.
Key = Any
Group = Callable[[Key], Iterable[str]]


def name_group(look: Look) -> list[str]:
    """The name by itself."""
    kind, of_name = look.kind, look.name_class
    name_class, frequency, clean = of_name.known, of_name.frequency, of_name.clean
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

    def features(look: WordLook) -> list[str]:
        found = [f"{where}={look.seen}"]
        if look.start is not None:
            found += [f"{where}p={look.start}", f"{where}s={look.end}"]
        if look.stem is not None:
            found.append(f"{where}={look.stem}")
        return found

    return features


def pair_group(key: tuple[str, str]) -> list[str]:
    """The two words before the name."""
    return [f"b21={key[0]}_{key[1]}"]


def second_cue_group(key: tuple[str, ...]) -> list[str]:
    """Types of the cue that stands before another word before the name."""
    return [f"cb2={t}" for t in key]


def cue_group(key: tuple[tuple[str, ...], NameClass, str]) -> list[str]:
    """Types of the cue right before the name (() where it cannot have one), and whether it stands in quotation marks."""
    types, name, quote = key
    cues = [f"cb={t}" for t in types]
    quotes = [f"quote={quote}"]
    if quote != "none":
        quotes += [f"quote={quote}&{cue}" for cue in cues]
    crossed = [f"{cue}&{other}" for cue in cues for other in (name.known, name.frequency)]
    return [*cues, *quotes, *crossed, *(f"{f}&clean={name.clean}" for f in (*cues, *quotes))]


def person_group(key: tuple[str, str, bool, bool, int]) -> list[str]:
    """Signs of a person's name: a title or a given name stands before, maybe with one word between."""
    one, two, title, kinship, clean = key
    features = [f"pn={one}{two}", f"pt={title}&{one}"]
    return [*features, f"kin={kinship}", *(f"{f}&clean={clean}" for f in features)]


def after_cue_group(key: tuple[tuple[str, ...], NameClass]) -> list[str]:
    """Types of the cue right after the name."""
    types, name = key
    cues = [f"ca={t}" for t in types]
    return [*cues, *(f"{cue}&{other}" for cue in cues for other in (name.known, name.frequency, f"clean={name.clean}"))]


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
