"""Which of its candidates a mention means, why, and how sure. Pure."""

import math
import re
import unicodedata

from extract.context import Context
from extract.mentions import RankedCandidate, Role
from extract.recognize import Recognized
from extract.relate import inherits_relation
from gazetteer import Candidate, FeatureClass, Place

# Weights of the evidence, in the units of a softmax; chosen by measurement on the training texts (`make train` reports
# the accuracy they give).
IMPORTANCE = 0.08  # per point of importance: fame
FIT = 0.15  # per point of name fit
COUNTRY_GIVEN = 2.5  # the article says which country it is about
COUNTRY_FOCUS = 3.0  # share of the article's other places in the candidate's country
NEARNESS = 2.5  # other places of the article are close by
NEAR_KM = 80.0
WORDS_APART = 60.0  # places so many words apart speak half as much for each other
PARENT_NAMED = 2.0  # the candidate's division or city is named in the article
CONTAINED = 4.0  # «طرابلس في لبنان», «البيضاء، اليمن»
HEAD_FITS, HEAD_ODD = 3.0, -2.0  # «محافظة X» is a region
PLAIN_CITY = 0.8  # a bare name is a town sooner than its division
DEMONYM = 3.0  # «طرابلس اللبنانية»
VOWELLED = 5.0  # the text writes the very vowel marks of the name: عمّان is not عُمان
PARALLEL = 1.5  # names of one list are of one kind: «أنقرة وعمان» are capitals, «قطر وعمان» countries
# A place is not believed when the article's other places all lie farther off, in other countries, and it is little known.
UNLIKELY_KM, UNLIKELY_IMPORTANCE, UNLIKELY_OTHERS = 500.0, 35.0, 2.5
_WITHIN = re.compile(
    r"[»”\"]?\s*(?:في|ب|،|,|\(|-|–)?\s*(?:محافظة|ولاية|إقليم|مدينة|جنوب|شمال|شرق|غرب|جنوبي|شمالي|شرقي|غربي|وسط)?\s*"
)
_LARGE = (FeatureClass.COUNTRY, FeatureClass.CONTINENT)
_PRECISE = (FeatureClass.CITY, FeatureClass.COUNTRY, FeatureClass.CONTINENT)


# A candidate, its score and the reasons for it.
Scored = tuple[Candidate, float, list[str]]


def rank_candidates(context: Context, mentions: list[Recognized]) -> list[list[RankedCandidate]]:
    """For every mention its candidates, best first, with weights that sum to 1. [] where it has none.

    The mentions speak for each other, so the choice is made twice: by what each one may mean, then by what the others
    were taken for.
    """
    own = [[(c, *_own_score(context, m, c)) for c in m.span.candidates] for m in mentions]
    chosen = [_softmax(scored) for scored in own]
    listed = [
        inherits_relation(context.text, a.span, b.span, context.language)
        for a, b in zip(mentions, mentions[1:], strict=False)
    ]
    for _ in range(2):
        chosen = [_together(context, mentions, own[i], chosen, i, listed) for i in range(len(mentions))]
    return chosen


def is_unlikely(context: Context, mentions: list[Recognized], chosen: list[list[RankedCandidate]], at: int) -> bool:
    """Whether the best place of a mention fits nothing else in the article: then no place is better than a wrong one."""
    best = chosen[at][0].place
    well_known = best.importance >= UNLIKELY_IMPORTANCE and mentions[at].span.kind != "fuzzy"
    if well_known or best.country is None or best.country == context.country:
        return False
    others = [
        (ranked[0].place, ranked[0].weight * _voice(m))
        for i, (m, ranked) in enumerate(zip(mentions, chosen, strict=True))
        if i != at and ranked and m.span.key != mentions[at].span.key
    ]
    if sum(weight for _, weight in others) < UNLIKELY_OTHERS:
        return False
    return all(o.country != best.country and o.point.distance_km(best.point) > UNLIKELY_KM for o, _ in others)


def _own_score(context: Context, mention: Recognized, candidate: Candidate) -> tuple[float, list[str]]:
    """The candidate's score from its name, its fame and the words around it, with reasons."""
    place, span = candidate.place, mention.span
    score = IMPORTANCE * place.importance + FIT * (candidate.score - 100)
    reasons = []
    if context.country and place.country == context.country:
        score += COUNTRY_GIVEN
        reasons.append(f"article about {context.country}")
    head = _head_before(context, mention)
    features = context.language.heads[head].features if head else ()
    if features:
        fits = place.feature.value in features
        score += HEAD_FITS if fits else HEAD_ODD
        if fits:
            reasons.append(f"«{head}» says {place.feature.value}")
    elif place.feature in _PRECISE:
        score += PLAIN_CITY
    written = context.text[span.start : span.end]
    if written in place.names and any(unicodedata.combining(c) for c in written):
        score += VOWELLED
        reasons.append("written with its vowel marks")
    if place.country and context.words[span.last + 1].demonym_country == place.country:
        score += DEMONYM
        reasons.append("the adjective after it names the country")
    return score, reasons


def _head_before(context: Context, mention: Recognized) -> str:
    """The generic noun right before the name (or kept inside it), "" when there is none."""
    span = mention.span
    if span.kind == "composed":
        return ""
    return context.word_before(span).head_word


def _together(
    context: Context,
    mentions: list[Recognized],
    own: list[Scored],
    chosen: list[list[RankedCandidate]],
    at: int,
    listed: list[bool],
) -> list[RankedCandidate]:
    mention = mentions[at]
    beside = [
        i for i, linked in ((at - 1, at > 0 and listed[at - 1]), (at + 1, at < len(listed) and listed[at])) if linked
    ]
    kinds = [(chosen[i][0].place.feature, chosen[i][0].weight) for i in beside if chosen[i]]
    others = [
        (ranked[0].place, abs(m.span.first - mention.span.first), ranked[0].weight * _voice(m))
        for i, (m, ranked) in enumerate(zip(mentions, chosen, strict=True))
        if i != at and ranked and m.span.key != mention.span.key
    ]
    scored = []
    for candidate, score, reasons in own:
        more, why = _support(candidate.place, others)
        if _contained(context, mentions, chosen, at, candidate.place):
            more += CONTAINED
            why = [
                *why,
                f"«{context.text[mentions[at + 1].span.start : mentions[at + 1].span.end]}» is named right after it",
            ]
        alike = max((weight for feature, weight in kinds if feature == candidate.place.feature), default=0.0)
        scored.append((candidate, score + more + PARALLEL * alike, [*reasons, *why]))
    return _softmax(scored)


def _contained(
    context: Context, mentions: list[Recognized], chosen: list[list[RankedCandidate]], at: int, place: Place
) -> bool:
    """Whether what contains the place is named right after it: «في», a comma or a bracket between."""
    if at + 1 >= len(mentions) or not chosen[at + 1]:
        return False
    container = chosen[at + 1][0].place
    between = context.text[mentions[at].span.end : mentions[at + 1].span.start]
    return container.id in place.parents and _WITHIN.fullmatch(between) is not None


def _voice(mention: Recognized) -> float:
    """How much a mention says about where the article is: an actor less, a part of a name hardly anything."""
    role = {Role.LOCATION: 1.0, Role.ACTOR: 0.4, Role.NAME_PART: 0.15}[mention.role]
    return role * mention.chance


def _support(place: Place, others: list[tuple[Place, int, float]]) -> tuple[float, list[str]]:
    """What the other places say for this one: its country, its neighbourhood, its parents."""
    if not others:
        return 0.0, []
    reasons, score = [], 0.0
    weights = [weight * (0.35 + 0.65 * math.exp(-words / WORDS_APART)) for _, words, weight in others]
    total = sum(weights) + 0.5
    if place.country:
        share = sum(w for (o, _, _), w in zip(others, weights, strict=True) if o.country == place.country) / total
        score += COUNTRY_FOCUS * share
        if share > 0.3:
            reasons.append(f"{share:.0%} of the places around lie in {place.country}")
    near = 0.0
    nearest: tuple[float, Place] | None = None
    for (other, _, _), weight in zip(others, weights, strict=True):
        if other.feature in _LARGE or other.id == place.id:
            continue
        distance = place.point.distance_km(other.point)
        closeness = weight * math.exp(-distance / NEAR_KM)
        near = max(near, 0.0) + closeness
        if nearest is None or distance < nearest[0]:
            nearest = (distance, other)
    score += NEARNESS * min(1.0, near)
    if nearest is not None and nearest[0] < NEAR_KM:
        reasons.append(f"{nearest[0]:.0f} km from {nearest[1].name}")
    named = [o for (o, _, _) in others if o.id in place.parents]
    if named:
        score += PARENT_NAMED if any(o.feature is not FeatureClass.COUNTRY for o in named) else PARENT_NAMED / 2
        reasons.append(f"in {named[0].name}, which is named too")
    return score, reasons


def _softmax(scored: list[Scored]) -> list[RankedCandidate]:
    if not scored:
        return []
    top = max(score for _, score, _ in scored)
    weights = [math.exp(score - top) for _, score, _ in scored]
    total = sum(weights)
    ranked = [
        RankedCandidate(c.place, c.score, w / total, "; ".join(reasons))
        for (c, _, reasons), w in zip(scored, weights, strict=True)
    ]
    return sorted(ranked, key=lambda r: (-r.weight, -r.place.importance, r.place.id))
