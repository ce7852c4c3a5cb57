"""What the tables say of a folded word as such, wherever it stands: looked up once for every distinct word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from extract.language import Head, Language
from gazetteer.normalize import ARTICLE

EDGE = "<>"  # stands for a word before the first and after the last of a text
COMMON_WORD_ZIPF = 4.3  # words rarer than this say nothing by themselves that was seen often enough to learn
_NISBA = re.compile(r"(?:ال)?\w{2,}(?:ي|يه|يين|يون|يات)$")
_TWO = ("وب", "ول", "وك", "فب", "فل")
# Nouns that stand before names like the generic ones of the table, in the dual and in the plural.
_LIST_HEADS = frozenset("العاصمه مدينتي بلدتي قريتي بلدات قري مدن محافظتي جزيرتي منطقتي مناطق".split())
# The words between a name and «على بعد» or a verb of motion, which relations turn on.
_LINKING = frozenset(("من", "عن", "الي"))

# How a word looks to a name beside it: the word itself (or its last letters), its first and last letters, and it without a
# conjunction; the last three None in short words, the last one None where it has none.
Look = tuple[str, str | None, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Word:
    """What is known of a distinct folded word."""

    folded: str
    zipf: float
    zipf_bucket: int
    stems: tuple[str, ...]  # the word, and it without each possible proclitic
    look: Look
    seen: str  # the first part of the look
    name_like: str  # given, family or no: whether persons are called so
    title: bool  # a person's title: «الرئيس»
    kinship: bool
    demonym: bool
    nisba: bool  # ends like an adjective of origin
    demonym_country: str | None
    head: Head | None  # the generic noun it is, maybe after a conjunction
    head_word: str  # that noun
    head_features: frozenset[str]  # what the generic nouns it may be name
    composing: str  # the generic noun it is after any proclitics, "" for none
    composing_at: int  # where this noun begins in the word
    outer_head: bool  # a generic noun that does not belong to the name after it
    facility_adjective: bool
    cue: frozenset[str]  # types of the cue before a name that the word is
    cue_with: dict[str, frozenset[str]]  # and it with a clitic of the name, by this
    cue_inner: frozenset[str]  # and it without a conjunction
    cue_short: tuple[str, ...]  # and it without its first letter, when that may be any proclitic of one letter
    cue_sorted: tuple[str, ...]
    ends_cue: bool  # cues of several words end with it
    after: tuple[str, ...]  # types of the cue after a name that it is
    begins_after: bool
    near_cues: int  # the cues it is that reach over a few words: 1 for place_head, 2 for place_verb
    starts_organisation: tuple[
        tuple[str, frozenset[str]], ...
    ]  # its stems that organisations begin with, and how these go on
    relates: bool  # a relation of the name after it may be read from it


_NONE: frozenset[str] = frozenset()


def describe_word(folded: str, language: Language, zipf: dict[str, float]) -> Word:
    """Everything the tables say of the word; `zipf` maps any folded word to its frequency."""
    frequency = zipf[folded]
    stems = tuple(dict.fromkeys([folded, *(rest for _, rest, _ in proclitics(folded))]))
    cues, heads = language.cues_before, language.heads
    without = folded[1:]
    head_word = next((stem for stem in (folded, without) if stem in heads), "")
    composing, at = next(((h, at) for _, h, at in proclitics(folded) if h in heads), ("", 0))
    look = _look(folded, frequency, zipf)
    plain = cues.get(folded, _NONE)
    near = frozenset(t for stem in stems for t in cues.get(stem, ()))
    return Word(
        folded=folded,
        zipf=frequency,
        zipf_bucket=min(8, int(frequency / 0.8)),
        stems=stems,
        look=look,
        seen=look[0],
        name_like="given" if folded in language.given_names else "family" if folded in language.family_names else "no",
        title="person_title" in plain,
        kinship="kinship" in plain,
        demonym=folded in language.demonyms,
        nisba=_NISBA.match(folded) is not None,
        demonym_country=language.demonym_countries.get(folded),
        head=heads.get(head_word),
        head_word=head_word,
        head_features=frozenset(f for stem in stems if stem in heads for f in heads[stem].features),
        composing=composing if folded else "",
        composing_at=at,
        outer_head=is_outer_head(folded, language),
        facility_adjective=folded in language.facility_adjectives,
        cue=plain,
        cue_with={p: cues[f"{folded} {p}"] for p in "وفبكل" if f"{folded} {p}" in cues},
        cue_inner=cues.get(without, _NONE) if folded[:1] in ("و", "ف") else _NONE,
        cue_short=tuple(sorted(cues.get(without, ()))) if folded[:1] in ("و", "ف", "ب", "ل") else (),
        cue_sorted=tuple(sorted(plain)),
        ends_cue=folded in language.cue_ends,
        after=tuple(sorted(language.cues_after.get(folded, ()))),
        begins_after=folded in language.after_starts,
        near_cues=("place_head" in near) + 2 * ("place_verb" in near),
        starts_organisation=tuple(
            (stem, language.organisation_starts[stem]) for stem in stems if stem in language.organisation_starts
        ),
        relates=_relates(folded, language),
    )


def _look(folded: str, frequency: float, zipf: dict[str, float]) -> Look:
    seen = _seen(folded, frequency)
    if len(folded) <= 3:
        return seen, None, None, None
    joined = folded[0] in "وف"
    stem = folded[1:] if joined else folded
    return seen, stem[:2], stem[-2:], _seen(stem, zipf[stem]) if joined else None


def _seen(word: str, frequency: float) -> str:
    if word.isdigit():
        return "0"
    return word if frequency >= COMMON_WORD_ZIPF else word[-2:] + "~"


def is_outer_head(word: str, language: Language) -> bool:
    """Whether the word is a generic noun that does not belong to the name after it, maybe after a proclitic."""
    for stem in (word, word[1:] if word[:1] in ("و", "ب", "ل", "ف") else word):
        head = language.heads.get(stem)
        if (head is not None and head.inside != "yes") or stem in _LIST_HEADS:
            return True
    return False


def _relates(word: str, language: Language) -> bool:
    ends = language.relation_ends
    stem = word[1:] if word[:1] in ("و", "ف", "ب", "ل") else word
    return word in ends or stem in ends or word in _LINKING or is_outer_head(word, language)


def proclitics(folded: str) -> Iterator[tuple[str, str, int]]:
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
