"""Reviewed articles as annotated texts, in the form of the corpus (tests/gold/ANNOTATION.md)."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from extract.corrections import DecisionIndex, apply_decisions
from extract.decisions import Decision, Kind, active_decisions
from extract.mentions import Article, Resolution
from extract.review import ReviewingGeoparser, concerned_articles
from extract.segment import split_sentences
from extract.store import Workspace

# A right answer may always lie so far from the annotated point.
LEAST_RADIUS_KM = 2.0
BATCH_ARTICLES = 500


def gold_entries(
    workspace: Workspace, parser: ReviewingGeoparser, reviewer: str | None = None
) -> Iterator[dict[str, Any]]:
    """The articles in which every mention was reviewed (by this reviewer, or by any), in the order of ids.

    What was found to be no place is left out, for it is none. Titles and dates come along.
    """
    for article, resolutions in _as_decided(workspace, parser, reviewer):
        if all(resolution.review for resolution in resolutions):
            yield entry_of(article, resolutions)


def reviewed_entries(
    workspace: Workspace, parser: ReviewingGeoparser, skip: Callable[[Article], bool] = lambda article: False
) -> Iterator[dict[str, Any]]:
    """The articles with reviewed mentions, for training: `unreviewed` lists the stretches that nobody looked at.

    These are the sentences with a mention that was not reviewed and, unless all mentions were, those without any.
    """
    for article, resolutions in _as_decided(workspace, parser, None):
        reviewed = [resolution for resolution in resolutions if resolution.review]
        if not reviewed or skip(article):
            continue
        entry = entry_of(article, reviewed)
        if len(reviewed) < len(resolutions):
            entry["unreviewed"] = _unreviewed(article.text, resolutions)
        yield entry


def _unreviewed(text: str, resolutions: Iterable[Resolution]) -> list[list[int]]:
    found = []
    for start, end in split_sentences(text):
        inside = [r for r in resolutions if r.mention.start < end and start < r.mention.end]
        if not inside or not all(r.review for r in inside):
            found.append([start, end])
    return found


def _as_decided(
    workspace: Workspace, parser: ReviewingGeoparser, reviewer: str | None
) -> Iterator[tuple[Article, list[Resolution]]]:
    """The articles that decisions are about, read with the decisions of one reviewer, or of all."""
    parser.refresh()
    active = active_decisions(d for d in parser.log.all() if reviewer is None or d.reviewer == reviewer)
    index = DecisionIndex(active)
    ids = concerned_articles(workspace, parser.log, active)
    for at in range(0, len(ids), BATCH_ARTICLES):
        articles = workspace.full_articles(ids[at : at + BATCH_ARTICLES])
        for article in sorted(articles, key=lambda article: article.id):
            found = parser.geoparse_plain([article])[0]
            found = apply_decisions(article, found, index.about(article, found), parser.gazetteer)
            if any(resolution.review for resolution in found):
                yield article, found


def entry_of(article: Article, resolutions: Iterable[Resolution]) -> dict[str, Any]:
    """The article with these mentions, as the corpus has it."""
    names = ("id", "title", "date", "outlet", "country", "text")
    mentions = [_mention(r) for r in resolutions if not _is_rejected(r)]
    return {name: getattr(article, name) for name in names} | {"mentions": mentions}


def _is_rejected(resolution: Resolution) -> bool:
    return resolution.review is not None and resolution.review.verdict == Kind.NOT_A_PLACE


def _mention(resolution: Resolution) -> dict[str, Any]:
    mention, place = resolution.mention, resolution.place
    return {
        "start": mention.start,
        "end": mention.end,
        "surface": mention.surface,
        "role": mention.role.value,
        "place": place.name if place else mention.surface,
        "place_en": (place.name_en or None) if place else None,
        "feature": place.feature.value if place else "city",
        "country": place.country if place else None,
        "lat": place.point.lat if place else None,
        "lon": place.point.lon if place else None,
        "radius_km": max(LEAST_RADIUS_KM, place.radius_km) if place else None,
        "relation": mention.relation,
        "glued": mention.glued,
    }


def reviewers(decisions: Iterable[Decision]) -> list[str]:
    """Who decided anything that counts, in alphabetical order."""
    return sorted({decision.reviewer for decision in active_decisions(decisions)})
