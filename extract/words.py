"""What the tables say of a folded word as such, wherever it stands: looked up once for every distinct word."""

import re
from dataclasses import dataclass, field
from sys import intern

from extract.language import LINKING, LIST_HEADS, Head, Language
from extract.memo import Memo
from gazetteer.normalize import ARTICLE, PROCLITICS

EDGE = "<>"  # stands for a word before the first and after the last of a text
COMMON_WORD_ZIPF = 4.3  # words rarer than this say nothing by themselves that was seen often enough to learn
_NISBA = re.compile(r"(?:ال)?\w{2,}(?:ي|يه|يين|يون|يات)$")
_TWO = ("وب", "ول", "وك", "فب", "فل")


@dataclass(frozen=True, slots=True, eq=False)
class WordLook:
    """How a word looks to a name beside it. There is one object of each, so that they are told apart quickly."""

    seen: str  # the word itself, or its last letters
    start: str | None  # its first letters, None in short words as what follows
    end: str | None
    stem: str | None  # as it is seen without a conjunction, None where it has none


_looks = Memo(lambda fields: WordLook(*fields), most=200_000)
_NONE: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class Word:
    """What is known of a distinct folded word. The fields with defaults are what the tables say, of most words nothing."""

    folded: str
    zipf: float
    zipf_bucket: int
    look: WordLook
    nisba: bool  # ends like an adjective of origin
    name_like: str = "no"  # given, family or no: whether persons are called so
    title: bool = False  # a person's title: «الرئيس»
    kinship: bool = False
    demonym: bool = False
    demonym_country: str | None = None
    head: Head | None = None  # the generic noun it is, maybe after a conjunction
    head_word: str = ""  # that noun
    head_features: frozenset[str] = _NONE  # what the generic nouns it may be name
    composing: str = ""  # the generic noun it is after any proclitics
    composing_at: int = 0  # where this noun begins in the word
    outer_head: bool = False  # a generic noun that does not belong to the name after it
    facility_adjective: bool = False
    cue: frozenset[str] = _NONE  # types of the cue before a name that the word is
    cue_with: dict[str, frozenset[str]] = field(default_factory=dict)  # and it with a clitic of the name, by this
    cue_inner: frozenset[str] = _NONE  # and it without a conjunction
    cue_sorted: tuple[str, ...] = ()
    no_cue: tuple[str, ...] = ("none",)  # what stands for no cue, with the types of the word without its first letter
    ends_cue: bool = False  # cues of several words end with it
    cue_types: tuple[str, ...] | None = ("none",)  # of the cue before a name, None where more than the word decides
    after: tuple[str, ...] = ()  # types of the cue after a name that it is
    begins_after: bool = False
    near_cues: int = 0  # the cues it is that reach over a few words: 1 for place_head, 2 for place_verb
    starts_organisation: tuple[
        tuple[str, frozenset[str]], ...
    ] = ()  # its stems that organisations begin with, and how these go on
    relates: bool = False  # a relation of the name after it may be read from it
    noted: bool = False  # it says something about names that do not stand right beside it, or begins one


def describe_word(folded: str, language: Language, zipf: dict[str, float]) -> Word:
    """Everything the tables say of the word; `zipf` maps any folded word to its frequency."""
    frequency = zipf[folded]
    look = _look(folded, frequency, zipf)
    word = Word(folded, frequency, min(8, int(frequency / 0.8)), look, _NISBA.match(folded) is not None)
    forms = proclitics(folded)
    if not language.single_words.isdisjoint((folded[1:], *(stem for _, stem, _ in forms))):
        _add_facts(word, forms, language)
    return word


def _add_facts(word: Word, forms: list[tuple[str, str, int]], language: Language) -> None:
    folded = word.folded
    cues, heads = language.cues_before, language.heads
    stems = dict.fromkeys(stem for _, stem, _ in forms)
    without = folded[1:]
    plain = cues.get(folded, _NONE)
    near = {t for stem in stems for t in cues.get(stem, ())}
    in_given, in_family = folded in language.given_names, folded in language.family_names
    word.name_like = "given" if in_given else "family" if in_family else "no"
    word.title = "person_title" in plain
    word.kinship = "kinship" in plain
    word.demonym = folded in language.demonyms
    word.demonym_country = language.demonym_countries.get(folded)
    word.head_word = next((stem for stem in (folded, without) if stem in heads), "")
    word.head = heads.get(word.head_word)
    word.head_features = frozenset(f for stem in stems if stem in heads for f in heads[stem].features)
    word.composing, word.composing_at = next(((h, at) for _, h, at in forms if h in heads), ("", 0))
    word.outer_head = is_outer_head(folded, language)
    word.facility_adjective = folded in language.facility_adjectives
    word.cue = plain
    word.cue_with = {p: cues[f"{folded} {p}"] for p in "وفبكل" if f"{folded} {p}" in cues}
    word.cue_inner = cues.get(without, _NONE) if folded[:1] in ("و", "ف") else _NONE
    if folded[:1] in ("و", "ف", "ب", "ل"):
        word.no_cue = ("none", *sorted(cues.get(without, ())))
    word.cue_sorted = tuple(sorted(plain))
    word.ends_cue = folded in language.cue_ends
    if word.ends_cue:
        word.cue_types = None
    elif plain:
        word.cue_types = word.cue_sorted
    else:
        word.cue_types = None if word.cue_with else tuple(sorted(word.cue_inner)) or word.no_cue
    word.after = tuple(sorted(language.cues_after.get(folded, ())))
    word.begins_after = folded in language.after_starts
    word.near_cues = ("place_head" in near) + 2 * ("place_verb" in near)
    word.starts_organisation = tuple(
        (stem, language.organisation_starts[stem]) for stem in stems if stem in language.organisation_starts
    )
    word.relates = _relates(folded, language)
    word.noted = bool(word.head_features or word.composing or word.near_cues or word.starts_organisation)


def _look(folded: str, frequency: float, zipf: dict[str, float]) -> WordLook:
    seen = _seen(folded, frequency)
    if len(folded) <= 3:
        return _looks[seen, None, None, None]
    joined = folded[0] in "وف"
    stem = folded[1:] if joined else folded
    return _looks[seen, intern(stem[:2]), intern(stem[-2:]), _seen(stem, zipf[stem]) if joined else None]


def _seen(word: str, frequency: float) -> str:
    if word.isdigit():
        return "0"
    return word if frequency >= COMMON_WORD_ZIPF else intern(word[-2:] + "~")


def is_outer_head(word: str, language: Language) -> bool:
    """Whether the word is a generic noun that does not belong to the name after it, maybe after a proclitic."""
    for stem in (word, word[1:] if word[:1] in ("و", "ب", "ل", "ف") else word):
        head = language.heads.get(stem)
        if (head is not None and head.inside != "yes") or stem in LIST_HEADS:
            return True
    return False


def _relates(word: str, language: Language) -> bool:
    ends = language.relation_ends
    stem = word[1:] if word[:1] in ("و", "ف", "ب", "ل") else word
    return word in ends or stem in ends or word in LINKING or is_outer_head(word, language)


def proclitics(folded: str) -> list[tuple[str, str, int]]:
    """(proclitic, key of the rest, where in the word the rest begins) for every way to take proclitics off, none first.

    After لل the name begins at the second lam, which stands for its article: للعزيزية is ل + العزيزية.
    """
    found = [("", folded, 0)]
    size = len(folded)
    if size < 3 or folded[0] not in PROCLITICS:
        return found
    found.append((folded[0], folded[1:], 1))
    if size > 4 and folded[:2] in _TWO:
        found.append((folded[:2], folded[2:], 2))
    for lead in ("", "و", "ف"):
        if folded.startswith(lead + "لل") and size > len(lead) + 4:
            rest = folded[len(lead) + 2 :]
            found.append((lead + "ل", ARTICLE + rest, len(lead) + 1))
            found.append((lead + "ل", ARTICLE + "ل" + rest, len(lead) + 1))
    return found
