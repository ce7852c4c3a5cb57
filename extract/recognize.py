"""Which spans are place names here, and in which role."""

import math
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from extract.context import Context
from extract.features import look_at_articles, look_at_spans
from extract.mentions import Role
from extract.model import CLASSES, chances_of
from extract.scoring import Scorer
from extract.spans import Span

# A span is taken when it is likelier a name than not, by this much (chosen on the training texts by cross-validation).
LEAST_CHANCE = 0.4
# The training texts hold ordinary readings and names of things on purpose, more often than news does: what the odds of each
# of CLASSES are multiplied by. Chosen with the figures of fresh, held back, development and seed texts in view: the first
# three hardly move (within 0.005 of mapped F1) between no correction and this one, the seeds do.
PRIOR_CORRECTION = np.exp([-0.3, 0.0, 0.0, -1.2])
# Of overlapping spans the longer one wins unless the shorter is far more likely: every further word counts so much.
WORD_BONUS = 1.0

_ROLES = tuple(map(Role, CLASSES[1:]))


@dataclass(slots=True)
class Recognized:
    """A span taken as a mention, with its role and the chance that both are right."""

    span: Span
    role: Role
    chance: float


def recognize_mentions(contexts: list[Context], scorer: Scorer) -> list[list[Recognized]]:
    """For every article the spans that are mentions, in text order, not overlapping.

    Many articles at a time are quicker than each by itself; the answer is the same.
    """
    chances = class_chances(contexts, scorer)
    found, start = [], 0
    for context in contexts:
        end = start + len(context.spans)
        mentions = select(context.spans, chances[start:end])
        for recognized in mentions:
            if context.organisations and in_organisation(context, recognized.span):
                recognized.role = Role.NAME_PART
        found.append(mentions)
        start = end
    return found


def in_organisation(context: Context, span: Span) -> bool:
    """Whether the name is only a part of the name of a militia, a newspaper, an operation... that the tables know."""
    return any(
        first <= span.first and span.last <= last and (first, last) != (span.first, span.last)
        for first, last, _ in context.organisations
    )


def class_chances(contexts: list[Context], scorer: Scorer) -> list[list[float]]:
    """Chances of each of CLASSES for every span of the articles, one after the other."""
    looks = look_at_spans(contexts)
    if not looks.spans:
        return []
    first, second = scorer.score_spans(looks.keys)
    keys = look_at_articles(looks, (1 - chances_of(first)[:, 0]).tolist())
    chances = chances_of(second + scorer.score_articles(keys)) * PRIOR_CORRECTION
    return (chances / chances.sum(axis=1, keepdims=True)).tolist()


def select(spans: list[Span], chances: list[list[float]]) -> list[Recognized]:
    """The best set of spans that do not overlap: the highest sum of log-odds, longer names preferred."""
    taken = [i for i, chance in enumerate(chances) if 1 - chance[0] >= LEAST_CHANCE]
    taken.sort(key=lambda i: (spans[i].end, spans[i].start))
    # Of the spans so far, by their ends: the best sum, and the last span of the set it comes from with what came before.
    ends, sums, sets = [0], [0.0], [None]
    for i in taken:
        span = spans[i]
        named = min(1 - chances[i][0], 0.9999)
        before = bisect_right(ends, span.start) - 1
        total = sums[before] + math.log(named / (1 - named)) + WORD_BONUS * (span.last - span.first) + 0.1
        better = total > sums[-1]
        sums.append(total if better else sums[-1])
        sets.append((i, sets[before]) if better else sets[-1])
        ends.append(span.end)
    found, link = [], sets[-1]
    while link is not None:
        i, link = link
        found.append(_recognized(spans[i], chances[i]))
    found.reverse()
    return found


def _recognized(span: Span, chances: list[float]) -> Recognized:
    named = chances[1:]
    return Recognized(span, _ROLES[named.index(max(named))], sum(named))
