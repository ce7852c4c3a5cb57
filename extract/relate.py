"""How a text places something relative to a name: compass points, near, outskirts, between, towards, road, centre. Pure."""

import re

from extract.context import Context
from extract.language import Language
from extract.spans import Span
from extract.words import is_outer_head
from gazetteer import fold_word

COMPASS = frozenset("N S E W NE NW SE SW".split())
FARTHEST_KM = 5000
_CONJUNCTIONS = frozenset(("و", "او", "ثم"))
_LIST_GAP = re.compile(r"[\s،,«»“”\"()]*(?:أو|او|ثم|و)?[\s«»“”\"]*")
_DISTANCE_REACH = 7
_ROUTE_GAP = re.compile(r"\s*[-–—]\s*")
TOWARDS_REACH, ARRIVAL_REACH = 6, 5
# After these «إلى» names where somebody is, not where he is heading.
_ARRIVALS = frozenset(
    "وصل وصلت وصلوا ووصل ووصلت يصل تصل وصول نقل نقلت نقلوا ونقل ينقل عاد عادت عادوا وعاد يعود تعود عوده دخل دخلت دخلوا نزح نزحت "
    "نزحوا لجا لجات لجووا انتقل انتقلت اعاده".split()
)


def find_lists(context: Context, spans: list[Span]) -> list[bool]:
    """Of each span but the last, in text order, whether the next one stands in one list with it."""
    words, found = context.words, []
    for before, after in zip(spans, spans[1:], strict=False):
        between = words[before.last + 1] if before.last + 1 < after.first else None
        if between is not None and not between.outer_head and between.folded not in _CONJUNCTIONS:
            found.append(False)  # most stand far apart
        else:
            found.append(stands_in_list(context.text[before.end : after.start], context.language))
    return found


def find_relations(context: Context, spans: list[Span], listed: list[bool]) -> list[str | None]:
    """The relation of each of the spans, which are names, in text order; those in one list (`find_lists`) share theirs."""
    found: list[str | None] = []
    for i, span in enumerate(spans):
        relation = find_relation(context, span)
        if i > 0 and found[i - 1] is not None:
            if relation is None and listed[i - 1]:
                relation = found[i - 1].partition(":")[0]
            if found[i - 1] == "road" and joins_route(context.text, spans[i - 1], span):
                found[i - 1] = relation = "between"
        found.append(relation)
    return found


def find_relation(context: Context, span: Span) -> str | None:
    """The relation the words before a name give it, with a distance in kilometres ("S:30"), or None."""
    before, language = context.word_before(span), context.language
    if not before.relates and context.words[span.first - (1 if span.left else 2)].folded != "عن":
        return None
    words, lam = _words_before(context, span)
    phrase_words, relation = _longest_phrase(words, lam, language)
    used = len(words) - phrase_words
    distance = _distance_before(words[:used], language) if relation in COMPASS or relation in (None, "near") else None
    if distance is not None and relation is None and not _is_distance_from(words):
        return None
    if distance is not None:
        return f"{relation or 'near'}:{distance:g}"
    if relation is None and words and words[-1] == "الي" and _sets_out(words[:-1], language):
        return "towards"
    if relation == "towards" and _ARRIVALS.intersection(words[-ARRIVAL_REACH:]):
        return None
    return relation


def _sets_out(words: list[str], language: Language) -> bool:
    """Whether a verb of setting out stands a few words before «إلى», and none of arriving: «توجه الوفد أمس إلى»."""
    near = words[-TOWARDS_REACH:]
    return bool(language.setting_out.intersection(near)) and not _ARRIVALS.intersection(near)


def _words_before(context: Context, span: Span) -> tuple[list[str], bool]:
    """Folded words of the same sentence before the name, without generic nouns right before it, and whether the clitic ل
    stands before the name or before these nouns."""
    gaps, words = context.tokens.gaps, []
    last = span.first - 1
    for i in range(last, max(-1, last - 14), -1):
        if gaps[i + 1].ends:
            break
        words.append(context.words[i].folded)
    words.reverse()
    if span.left:
        words.append(span.left)
    lam = "ل" in span.proclitic
    while words and context.word(words[-1]).outer_head and not _phrase(words[-1], words[-1], context.language):
        lam = words.pop().startswith("ل")
    return words, lam


def _longest_phrase(words: list[str], lam: bool, language: Language) -> tuple[int, str | None]:
    found, phrase = (0, None), ""
    for count, word in enumerate(reversed(words), start=1):
        phrase = f"{word} {phrase}" if phrase else word
        relation = (_phrase(f"{phrase} ل", word, language) if lam else None) or _phrase(phrase, word, language)
        if relation:
            found = count, relation
        if count > 1 and phrase not in language.relation_tails:
            break
    return found


def _phrase(phrase: str, first: str, language: Language) -> str | None:
    """The relation that the phrase says, or it without a clitic of its first word."""
    found = language.relations.get(phrase)
    if found is None and first[:1] in "وفبل" and len(first) > 3:
        found = language.relations.get(phrase[1:])
    return found


def _is_distance_from(words: list[str]) -> bool:
    return bool(words) and (words[-1] in ("من", "عن") or "عن" in words[-2:])


def _distance_before(words: list[str], language: Language) -> float | None:
    """Kilometres from the last number and unit among the words, when they stand near the end."""
    for i in range(len(words) - 1, max(-1, len(words) - _DISTANCE_REACH), -1):
        if words[i] in language.dual_units:
            return _sane(language.dual_units[words[i]])
        unit = language.units.get(words[i])
        if unit is None or i == 0:
            continue
        number = _number(words[max(0, i - 4) : i], language)
        if number is not None:
            return _sane(number * unit)
    return None


def _sane(kilometres: float) -> float | None:
    return round(kilometres, 1) if 0 < kilometres <= FARTHEST_KM else None


def _number(words: list[str], language: Language) -> float | None:
    """The number the last words spell: digits, or number words joined by و."""
    last = words[-1]
    if last[:1].isdigit():
        try:
            return float(last.replace(",", "").replace("/", "."))
        except ValueError:
            return None
    for count in range(min(4, len(words)), 0, -1):
        phrase = " ".join(words[-count:])
        for key in (phrase, phrase[1:] if phrase[:1] in "وبل" else phrase):
            if key in language.numbers:
                return language.numbers[key]
    return None


def stands_in_list(gap: str, language: Language) -> bool:
    """Whether names with these words between them stand in one list: «بين X وY», «نحو X وY ومدينة Z»."""
    words = []
    for word in gap.split():
        if not is_outer_head(fold_word(word), language):
            if _LIST_GAP.fullmatch(word) is None:
                return False
            words.append(word)
    return _LIST_GAP.fullmatch(" ".join(words)) is not None


def joins_route(text: str, before: Span, after: Span) -> bool:
    """Whether two names are the ends of a road: «طريق حلب - دمشق»."""
    return _ROUTE_GAP.fullmatch(text, before.end, after.start) is not None
