"""How far two annotators of the same texts agree, field by field. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from extract.segment import tokenize
from gazetteer import Point

LEAST_RADIUS_KM = 2.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `units` looked at, `agreed` are the same; `kappa` (Cohen's) where chance can be told, else None.

    A kappa of 1 is full agreement, 0 what chance alone would give.
    """

    field: str
    units: int
    agreed: int
    kappa: float | None = None

    @property
    def share(self) -> float | None:
        """0..1, or None when there was nothing to compare."""
        return self.agreed / self.units if self.units else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The articles both annotated (`articles`), those left out, and the fields."""

    articles: int
    only_first: int
    only_second: int
    other_text: int
    fields: tuple[Agreement, ...]


def compare(first: Iterable[dict[str, Any]], second: Iterable[dict[str, Any]]) -> Comparison:
    """Compare two sets of annotated articles, matched by id; an article whose text differs is left out.

    `span`: mentions of either that both have, to the character. `word`: words in or out of a mention. Of the mentions that
    both have: `role`; `place`, the same when one's point lies within the other's radius; `relation`, without distances.
    """
    ones, others = ({entry["id"]: entry for entry in entries} for entries in (first, second))
    common = [identity for identity in sorted(ones.keys() & others.keys())]
    same = [identity for identity in common if ones[identity]["text"] == others[identity]["text"]]
    spans, words, pairs = [], [], []
    for identity in same:
        one, other = (_by_span(entries[identity]) for entries in (ones, others))
        spans += [(span in one, span in other) for span in sorted(one.keys() | other.keys())]
        words += _words(ones[identity]["text"], one, other)
        pairs += [(one[span], other[span]) for span in sorted(one.keys() & other.keys())]
    roles = [(a["role"], b["role"]) for a, b in pairs]
    relations = [(_relation(a), _relation(b)) for a, b in pairs]
    fields = (
        Agreement("span", len(spans), sum(a and b for a, b in spans)),
        _agreement("word", words),
        _agreement("role", roles),
        Agreement("place", len(pairs), sum(_same_place(a, b) for a, b in pairs)),
        _agreement("relation", relations),
    )
    return Comparison(
        len(same), len(ones.keys() - others.keys()), len(others.keys() - ones.keys()), len(common) - len(same), fields
    )


def cohens_kappa(pairs: Sequence[tuple[Any, Any]]) -> float | None:
    """Cohen's kappa of two annotators' labels; None without pairs, or where both gave one label alone: chance is all there is.

    >>> cohens_kappa([("a", "a"), ("b", "b"), ("a", "b"), ("a", "a")])
    0.5
    """
    if not pairs:
        return None
    observed = sum(a == b for a, b in pairs) / len(pairs)
    firsts, seconds = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(firsts[label] * seconds[label] for label in firsts) / len(pairs) ** 2
    return None if chance == 1 else (observed - chance) / (1 - chance)


def _agreement(field: str, pairs: Sequence[tuple[Any, Any]]) -> Agreement:
    return Agreement(field, len(pairs), sum(a == b for a, b in pairs), cohens_kappa(pairs))


def _by_span(entry: dict[str, Any]) -> dict[tuple[int, int], dict[str, Any]]:
    return {(m["start"], m["end"]): m for m in entry["mentions"] if not m.get("optional")}


def _words(text: str, one: Iterable[tuple[int, int]], other: Iterable[tuple[int, int]]) -> list[tuple[bool, bool]]:
    tokens = tokenize(text).words()
    covered = [
        {i for i, token in enumerate(tokens) if any(start < token.end and token.start < end for start, end in spans)}
        for spans in (one, other)
    ]
    return [(i in covered[0], i in covered[1]) for i in range(len(tokens))]


def _relation(mention: dict[str, Any]) -> str:
    return str(mention.get("relation") or "").split(":")[0]


def _same_place(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if one["lat"] is None or other["lat"] is None:
        return one["lat"] is other["lat"]
    reach = max(LEAST_RADIUS_KM, one.get("radius_km") or 0, other.get("radius_km") or 0)
    return Point(one["lat"], one["lon"]).distance_km(Point(other["lat"], other["lon"])) <= reach
