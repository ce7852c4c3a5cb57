"""Which of its candidates a mention means, why, and how sure. Pure."""

import math
import re
import unicodedata
from operator import itemgetter

from extract.context import Context
from extract.memo import Memo
from extract.mentions import RankedCandidate, Role
from extract.recognize import Recognized
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


KEPT_CANDIDATES = 6  # of each mention, best first
_VOICES = {Role.LOCATION: 1.0, Role.ACTOR: 0.4, Role.NAME_PART: 0.15}
_PAIRS_REMEMBERED = 500_000

# A candidate, its score and the reasons for it; the best place of a mention and its weight.
Scored = tuple[Candidate, float, list[str]]
Best = tuple[Place, float]
# What was measured between places of one gazetteer, by their ids.
Pairs = dict[tuple[str, str], tuple[float, float]]


# What a mention was taken for: its key and first token, the place, how much it says, whether the place is no larger than a region.
Heard = tuple[str, int, Place, float, bool]


def rank_candidates(context: Context, mentions: list[Recognized], listed: list[bool]) -> list[list[RankedCandidate]]:
    """For every mention its best candidates, best first, with the weights that sum to 1 over all. [] where it has none.

    The mentions speak for each other, so the choice is made twice: by what each one may mean, then by what the others
    were taken for. `listed` says of each mention but the last whether the next one stands in one list with it.
    """
    own = [_own_scores(context, mention) if mention.span.candidates else [] for mention in mentions]
    best = [_best(scored) for scored in own]
    more = _with_others(context, mentions, own, best, listed, why=False)
    best = [_best(scored) for scored in more]
    return [_softmax(scored) for scored in _with_others(context, mentions, own, best, listed, why=True)]


def is_unlikely(context: Context, mentions: list[Recognized], chosen: list[list[RankedCandidate]], at: int) -> bool:
    """Whether the best place of a mention fits nothing else in the article: then no place is better than a wrong one."""
    best = chosen[at][0].place
    well_known = best.importance >= UNLIKELY_IMPORTANCE and mentions[at].span.kind != "fuzzy"
    if well_known or best.country is None or best.country == context.country:
        return False
    others = [
        (ranked[0].place, ranked[0].weight * voice(m))
        for i, (m, ranked) in enumerate(zip(mentions, chosen, strict=True))
        if i != at and ranked and m.span.key != mentions[at].span.key
    ]
    if sum(weight for _, weight in others) < UNLIKELY_OTHERS:
        return False
    return all(o.country != best.country and o.point.distance_km(best.point) > UNLIKELY_KM for o, _ in others)


def _own_scores(context: Context, mention: Recognized) -> list[Scored]:
    """The candidates, each with the score from its name, its fame and the words around it, with reasons."""
    span = mention.span
    head = "" if span.name.kind == "composed" else context.word_before(span).head_word
    features = context.language.heads[head].features if head else ()
    written = context.text[span.start : span.end]
    vowelled = _vowelled[written]
    origin = context.words[span.last + 1].demonym_country
    found = []
    for candidate in span.name.candidates:
        place = candidate.place
        score = IMPORTANCE * place.importance + FIT * (candidate.score - 100)
        reasons = []
        if context.country and place.country == context.country:
            score += COUNTRY_GIVEN
            reasons.append(f"article about {context.country}")
        if features:
            fits = place.feature in features
            score += HEAD_FITS if fits else HEAD_ODD
            if fits:
                reasons.append(f"«{head}» says {place.feature.value}")
        elif place.feature in _PRECISE:
            score += PLAIN_CITY
        if vowelled and written in place.names:
            score += VOWELLED
            reasons.append("written with its vowel marks")
        if origin and origin == place.country:
            score += DEMONYM
            reasons.append("the adjective after it names the country")
        found.append((candidate, score, reasons))
    return found


_vowelled = Memo(lambda written: any(unicodedata.combining(char) for char in written), most=100_000)


def voice(mention: Recognized) -> float:
    """How much a mention says about where the article is: an actor less, a part of a name hardly anything."""
    return _VOICES[mention.role] * mention.chance


def _with_others(
    context: Context,
    mentions: list[Recognized],
    own: list[list[Scored]],
    best: list[Best | None],
    listed: list[bool],
    *,
    why: bool,
) -> list[list[Scored]]:
    """The candidates of each mention with what the other mentions say for them added, and the reasons when asked for (`why`).

    Without reasons, a single candidate stays as it is: it has all the weight anyway.
    """
    heard = _hear(mentions, best)
    return [
        _with_heard(context, mentions, scored, heard, best, at, listed, why=why)
        if len(scored) > 1 or (why and scored)
        else scored
        for at, scored in enumerate(own)
    ]


def _hear(mentions: list[Recognized], best: list[Best | None]) -> list[Heard]:
    heard = []
    for mention, known in zip(mentions, best, strict=True):
        if known is not None:
            span, (place, weight) = mention.span, known
            heard.append((span.name.key, span.first, place, weight * voice(mention), place.feature not in _LARGE))
    return heard


def _with_heard(
    context: Context,
    mentions: list[Recognized],
    scored: list[Scored],
    heard: list[Heard],
    best: list[Best | None],
    at: int,
    listed: list[bool],
    *,
    why: bool,
) -> list[Scored]:
    span = mentions[at].span
    key, first = span.name.key, span.first
    # Mentions of the same name say nothing; those far away half as much.
    others = [
        (place, weight * _nearness[first - there], small) for name, there, place, weight, small in heard if name != key
    ]
    kinds = []
    if at > 0 and listed[at - 1] and best[at - 1]:
        kinds.append(best[at - 1])
    following = best[at + 1] if at + 1 < len(mentions) else None
    if following and listed[at]:
        kinds.append(following)
    container = following[0].id if following else None
    found = []
    for candidate, score, reasons in scored:
        place = candidate.place
        if others:
            more, reasons = _support(place, others, reasons, context.page.reader.pairs, why=why)
            score += more
        if container in place.parents:
            after = mentions[at + 1].span
            if _WITHIN.fullmatch(context.text, span.end, after.start):
                score += CONTAINED
                reasons = [*reasons, f"«{context.text[after.start : after.end]}» is named right after it"]
        if kinds:
            score += PARALLEL * max((weight for other, weight in kinds if other.feature is place.feature), default=0.0)
        found.append((candidate, score, reasons))
    return found


_nearness = Memo(lambda words: 0.35 + 0.65 * math.exp(-abs(words) / WORDS_APART), most=10_000)


def _support(
    place: Place, others: list[tuple[Place, float, bool]], reasons: list[str], pairs: Pairs, *, why: bool
) -> tuple[float, list[str]]:
    """What the other places say for this one, its country, its neighbourhood, its parents, and the reasons with these."""
    own, country, parents = place.id, place.country, place.parents
    total = alike = near = 0.0
    nearest, neighbour = math.inf, None
    containers = []
    for other, weight, small in others:
        total += weight
        if other.country == country:
            alike += weight
        identity = other.id
        if small and identity != own:
            distance, closeness = pairs.get((own, identity)) or _measure_pair(place, other, pairs)
            near += weight * closeness
            if distance < nearest:
                nearest, neighbour = distance, other
        if identity in parents:
            containers.append(other)
    score = NEARNESS * min(1.0, near)
    found = list(reasons)
    if country:
        share = alike / (total + 0.5)
        score += COUNTRY_FOCUS * share
        if why and share > 0.3:
            found.append(f"{share:.0%} of the places around lie in {country}")
    if why and nearest < NEAR_KM:
        found.append(f"{nearest:.0f} km from {neighbour.name}")
    if containers:
        small = any(container.feature is not FeatureClass.COUNTRY for container in containers)
        score += PARENT_NAMED if small else PARENT_NAMED / 2
        if why:
            found.append(f"in {containers[0].name}, which is named too")
    return score, found


def _measure_pair(place: Place, other: Place, pairs: Pairs) -> tuple[float, float]:
    """Kilometres between two places, and how near that is (1 the same spot, 0 far); kept in `pairs`."""
    if len(pairs) >= _PAIRS_REMEMBERED:
        pairs.clear()
    distance = place.point.distance_km(other.point)
    known = pairs[place.id, other.id] = distance, math.exp(-distance / NEAR_KM)
    return known


def _weights(scored: list[Scored]) -> list[float]:
    top = max(score for _, score, _ in scored)
    weights = [math.exp(score - top) for _, score, _ in scored]
    total = sum(weights)
    return [weight / total for weight in weights]


def _best(scored: list[Scored]) -> Best | None:
    """The place of the best candidate and its weight."""
    if len(scored) < 2:
        return (scored[0][0].place, 1.0) if scored else None
    places = ((c.place, weight) for (c, _, _), weight in zip(scored, _weights(scored), strict=True))
    return min(places, key=_rank)


def _rank(best: Best) -> tuple[float, float, str]:
    place, weight = best
    return -weight, -place.importance, place.id


def _softmax(scored: list[Scored]) -> list[RankedCandidate]:
    if not scored:
        return []
    ranked = [
        (_rank((c.place, weight)), c, weight, reasons)
        for (c, _, reasons), weight in zip(scored, _weights(scored), strict=True)
    ]
    ranked.sort(key=itemgetter(0))
    return [
        RankedCandidate(c.place, c.score, weight, "; ".join(reasons))
        for _, c, weight, reasons in ranked[:KEPT_CANDIDATES]
    ]
