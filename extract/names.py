"""A name that a text may hold, with the places it may mean and all that hangs on nothing else in the text."""

from dataclasses import dataclass, field

from extract.language import Language
from extract.memo import Memo
from gazetteer import Candidate, Gazetteer
from gazetteer.index import BARE
from gazetteer.match import NOUN_MISSING
from gazetteer.normalize import ARTICLE

EVERYDAY_ZIPF, FAMOUS_IMPORTANCE = 3.9, 50.0
RARE_ZIPF = 2.6  # a rarer word may stand for a place without its generic noun
_NEAR_BEST = 25.0  # of importance: places so little behind the best one may be meant as well
_MADE = ("composed", "unlisted")  # kinds of names that the gazetteer does not hold


@dataclass(frozen=True, slots=True, eq=False)
class NameClass:
    """What much else is seen together with. There is one object of each, so that they are told apart quickly."""

    known: str  # importance and kind in one
    frequency: str  # how common its words are, and whether it is one token
    clean: int


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the context model sees of a name, in buckets. There is one object of each, so that they are told apart quickly."""

    kind: str
    words: int
    size: str  # "1" or "2+" tokens
    top: int  # importance of its best place
    zipf: int  # frequency of its rarest word
    count: int  # of candidates
    article: bool
    letters: int
    feature: str  # of the first candidate, "" for none
    fit: int  # its score
    own_head: str  # the generic noun the name begins with
    own_head_inside: str
    head: str  # the generic noun of a composed or unlisted name
    head_inside: str
    ambiguous: tuple[str, ...]  # what else it may be
    given: bool
    family: bool
    demonym: bool
    clean: int

    @property
    def name_class(self) -> NameClass:
        """Its importance, kind and frequency, and how surely it is a place by itself."""
        known = f"imp={self.top}{'' if self.kind in ('plain', 'clitic', 'glued') else self.kind}"
        return _classes[known, f"zf={self.zipf}w{self.size}", self.clean]


_classes = Memo(lambda fields: NameClass(*fields), most=10_000)
_looks = Memo(lambda fields: Look(*fields), most=50_000)


@dataclass(slots=True, eq=False)
class Name:
    """A name under its key, in one way to write it. Two names are the same only when they are one object."""

    key: str
    kind: str  # plain, clitic, glued, article, fuzzy, composed, unlisted
    candidates: list[Candidate]
    head: str  # the generic noun of a composed or unlisted name
    look: Look
    name_class: NameClass
    focus_counts: bool = False  # it says which countries the article is about
    importance: float = -1.0  # of the first candidate
    listed: bool = False  # the gazetteer holds it
    countries: list[tuple[str, float]] = field(default_factory=list)  # each with the importance of the best place in it
    focus: list[tuple[str, float]] = field(default_factory=list)  # countries that it speaks for, with weights
    features: frozenset[str] = frozenset()
    rest: str = ""  # the name proper, when a generic noun that does not belong to it stands before it


def describe_name(
    key: str,
    kind: str,
    candidates: list[Candidate],
    gazetteer: Gazetteer,
    language: Language,
    zipf: dict[str, float],
    *,
    tokens: int,
    head: str = "",
) -> Name:
    """The name with everything that follows from the gazetteer and the tables; `tokens` it takes up in the text."""
    look = _look(key, kind, candidates, language, zipf, tokens, head)
    name = Name(key, kind, candidates, head, look, look.name_class)
    if candidates:
        name.importance = candidates[0].place.importance
        name.listed = kind not in _MADE
        name.features = frozenset(c.place.feature.value for c in candidates)
        name.countries = _countries(candidates)
    if name.listed and kind != "fuzzy":
        name.focus, name.focus_counts = _focus(candidates), True
    if tokens > 1 and name.listed:
        name.rest = _rest(key, gazetteer, language)
    return name


def _look(
    key: str,
    kind: str,
    candidates: list[Candidate],
    language: Language,
    zipf: dict[str, float],
    tokens: int,
    head: str,
) -> Look:
    words = key.split()
    best = candidates[0] if candidates else None
    own_head = language.heads.get(words[0]) if len(words) > 1 and kind != "unlisted" else None
    forms = {key, key.removeprefix(ARTICLE), ARTICLE + key}
    ambiguous = tuple(sorted(k for form in forms for k in language.ambiguous.get(form, ()) if k != "place"))
    # In the order of the fields of Look.
    return _looks[
        kind,
        min(len(words), 4),
        "1" if tokens == 1 else "2+",
        bucket(max((c.place.importance for c in candidates), default=0.0), 15, 6),
        bucket(min((zipf[w] for w in words), default=0.0), 0.8, 8),
        bucket(len(candidates), 2, 5),
        key.startswith(ARTICLE),
        min(len(key), 8),
        best.place.feature.value if best else "",
        bucket(best.score, 5, 20) if best else 0,
        words[0] if own_head else "",
        own_head.inside if own_head else "",
        head,
        language.heads[head].inside if head else "",
        ambiguous,
        key in language.given_names,
        key in language.family_names,
        key in language.demonyms,
        _clean(key, candidates, forms, ambiguous, language, zipf),
    ]


def bucket(value: float, step: float, most: int) -> int:
    """Which of the steps a value lies in, the last one open."""
    found = int(value / step)
    return found if found < most else most


def _clean(
    key: str,
    candidates: list[Candidate],
    forms: set[str],
    ambiguous: tuple[str, ...],
    language: Language,
    zipf: dict[str, float],
) -> int:
    """How surely the name is a place by itself: 0 an everyday word or listed as something else too, 1 a person's name too,
    2 nothing else that we know, 3 that and well known."""
    famous = bool(candidates) and candidates[0].place.importance >= FAMOUS_IMPORTANCE
    everyday = " " not in key and zipf[key] >= EVERYDAY_ZIPF and not famous
    if everyday or ambiguous:
        return 0
    lists = (language.given_names, language.family_names, language.demonyms)
    if any(form in names for form in forms for names in lists):
        return 1
    return 3 if famous else 2


def _countries(candidates: list[Candidate]) -> list[tuple[str, float]]:
    best: dict[str, float] = {}
    for candidate in candidates:
        place = candidate.place
        if place.country:
            best[place.country] = max(best.get(place.country, 0.0), place.importance)
    return list(best.items())


def _focus(candidates: list[Candidate]) -> list[tuple[str, float]]:
    best = candidates[0].place.importance
    near = [c.place for c in candidates if c.place.country and c.place.importance > best - _NEAR_BEST]
    return [(place.country, (0.2 + place.importance / 100) / len(near)) for place in near]


def _rest(key: str, gazetteer: Gazetteer, language: Language) -> str:
    noun, _, rest = key.partition(" ")
    head = language.heads.get(noun)
    if head is None or not rest or head.inside not in ("no", "never"):
        return ""
    if head.inside == "no" and all(kind == BARE for _, kind in gazetteer.rows(rest)):
        return ""
    return rest


def with_named_nouns(candidates: list[Candidate], features: frozenset[str], rarest_zipf: float) -> list[Candidate]:
    """The candidates; those whose generic noun is left out only when the noun stands a few words before (the head of a
    list: «أحياء الزيتون والتفاح»), naming these features, or the word is hardly anything else."""
    named = any(c.score != NOUN_MISSING for c in candidates)
    rare = not named and rarest_zipf < RARE_ZIPF
    return [c for c in candidates if c.score != NOUN_MISSING or rare or c.place.feature.value in features]
