"""Deciding about readings: a decision is kept, and the articles it is about are read again, so that all answers agree."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from extract.added_names import added_places, with_added_names
from extract.corrections import DecisionIndex, apply_decisions
from extract.decisions import (
    Decision,
    DecisionError,
    DecisionLog,
    Kind,
    Scope,
    make_decision,
    place_of_row,
    undo_of,
)
from extract.export import ROW_COLUMNS, mention_rows
from extract.filters import Filters
from extract.geoparse import Geoparser
from extract.mentions import Article, Resolution
from extract.model import ContextModel
from extract.parts import REVIEW_COLUMNS, write_part
from extract.readings import WordReader
from extract.store import Workspace
from extract.versions import versions
from gazetteer import Gazetteer, Place

# How long a look at the decisions holds while articles are read one after the other.
LOOK_S = 1.0
BATCH_ARTICLES = 500
MOST_MENTIONS = 1_000_000
_COMPARED = (*ROW_COLUMNS, "passage_start", "candidates", *REVIEW_COLUMNS)


@dataclass(frozen=True, slots=True)
class ReviewResult:
    """What a decision did: the decision as kept, and the ids of the articles whose mentions changed."""

    decision: Decision
    articles: tuple[str, ...]


class ReviewingGeoparser(Geoparser):
    """Reads articles for one workspace: with the names that reviewers added there, and with their decisions applied."""

    def __init__(
        self,
        gazetteer: Gazetteer,
        log: DecisionLog,
        *,
        model: ContextModel | None = None,
    ) -> None:
        self._layers, self.log = gazetteer, log
        self._lock = threading.RLock()
        self._seen, self._looked = "", 0.0
        self._index, self._added = DecisionIndex(), []
        super().__init__(gazetteer, model=model)
        self.refresh()

    def refresh(self) -> None:
        """Look for decisions that came."""
        with self._lock:
            self._looked = time.monotonic()
            seen = self.log.fingerprint
            if seen == self._seen:
                return
            active = self.log.active()
            added = added_places(active)
            if added != self._added:
                self.gazetteer, self._added = with_added_names(self._layers, added), added
                self.reader = WordReader(self.gazetteer, self.language)
                self.model = self.model  # what it kept of words was of the gazetteer before
            self._index, self._seen = DecisionIndex(active), seen

    def geoparse_plain(self, articles: list[Article]) -> list[list[Resolution]]:
        """What the machine says of each article by itself, with the names that reviewers added."""
        with self._lock:
            return super().geoparse_many(articles)

    def geoparse_many(self, articles: list[Article]) -> list[list[Resolution]]:
        """Every mention of a place in each article, in text order, as the machine or a reviewer resolved it."""
        with self._lock:
            if time.monotonic() - self._looked > LOOK_S:
                self.refresh()
            return [
                apply_decisions(article, found, self._index.about(article, found), self.gazetteer)
                for article, found in zip(articles, super().geoparse_many(articles), strict=True)
            ]


def decide(
    workspace: Workspace,
    log: DecisionLog,
    row: Mapping[str, Any],
    kind: Kind | str,
    reviewer: str,
    *,
    scope: Scope | str = Scope.MENTION,
    place: Place | None = None,
    span: tuple[int, int] | None = None,
    role: str | None = None,
    relation: str | None = None,
    note: str = "",
) -> Decision:
    """A decision about a mention that the workspace shows as `row` (only article_id, start and end are needed).

    `span` gives other offsets for the kind "span"; a row that no mention stands at marks one that the machine missed.
    "right" without a place confirms the row's own. Raises DecisionError for an article that is not here or a decision
    that says too little.
    """
    article = next(iter(workspace.full_articles([row["article_id"]])), None)
    if article is None:
        raise DecisionError(f"article_id: {row['article_id']!r} is not in the workspace")
    if kind == Kind.RIGHT:
        place = place or place_of_row(row)
    one = scope == Scope.MENTION or kind == Kind.NAME
    if one and (kind == Kind.RIGHT or row.get("review")):
        # What was confirmed, or corrected before, is said again: the later decision is the only one that counts.
        role = role or row.get("role")
        relation = (row.get("relation") or "") if relation is None else relation
    start, end = span or (row["start"], row["end"])
    return make_decision(
        kind,
        reviewer,
        text=article.text,
        start=start,
        end=end,
        at=log.next_time(),
        scope=Scope.NAME if kind == Kind.NAME else scope,
        article_id=article.id,
        country=row.get("country") if row.get("place_id") else article.country,
        place=place,
        role=role,
        relation=relation,
        note=note,
    )


def review(
    workspace: Workspace,
    parser: ReviewingGeoparser,
    decision: Decision,
    progress: Callable[[float], None] | None = None,
) -> ReviewResult:
    """Keep the decision and read again what it is about: one article, all with the name, all that hold a new name.

    `progress` is told the share done. Raises DecisionError for a decision that cannot be kept.
    """
    parser.log.add(decision)
    return ReviewResult(
        decision, read_again(workspace, parser, concerned_articles(workspace, parser.log, [decision]), progress)
    )


def undo(
    workspace: Workspace,
    parser: ReviewingGeoparser,
    decision_id: str,
    reviewer: str,
) -> ReviewResult:
    """Undo a decision (or an undoing) and read again what it was about. Raises DecisionError for an unknown id."""
    target = next((d for d in parser.log.all() if d.id == decision_id), None)
    if target is None:
        raise DecisionError(f"undoes: no decision {decision_id!r} here")
    return review(workspace, parser, undo_of(target, reviewer, at=parser.log.next_time()))


def concerned_articles(workspace: Workspace, log: DecisionLog, decisions: Iterable[Decision]) -> list[str]:
    """Ids of the articles here that the decisions may change, in order and each once."""
    known = {d.id: d for d in log.all()}
    found: set[str] = set()
    names: set[str] = set()
    for decision in decisions:
        at, seen = decision, set()
        while at is not None and at.undoes and at.id not in seen:
            seen.add(at.id)
            at = known.get(at.undoes)
        if at is None or at.undoes:
            continue
        if at.article_id is not None:
            found.add(at.article_id)
        if at.kind is Kind.NAME and at.place is not None:
            names |= set(at.place.names)
        elif at.scope is Scope.NAME:
            found |= set(workspace.articles_naming(at.name_key))
    for name in names:
        found |= set(workspace.articles_holding(name))
    return sorted(found)


def read_again(
    workspace: Workspace,
    parser: ReviewingGeoparser,
    article_ids: Sequence[str],
    progress: Callable[[float], None] | None = None,
) -> tuple[str, ...]:
    """Read these articles again, keep those whose mentions changed, and return their ids. Ids not here are passed over.

    Decisions that come meanwhile are seen: no writing of an older reading is left standing.
    """
    changed: set[str] = set()
    waiting = list(article_ids)
    while waiting:
        seen = {d.id for d in parser.log.all()}
        parser.refresh()
        for at in range(0, len(waiting), BATCH_ARTICLES):
            results = list(_changed(workspace, parser, waiting[at : at + BATCH_ARTICLES]))
            if results:
                _keep(workspace, parser, results)
                changed |= {article.id for article, _ in results}
            if progress:
                progress(min(1.0, (at + BATCH_ARTICLES) / len(waiting)))
        newer = [d for d in parser.log.all() if d.id not in seen]
        waiting = sorted(set(waiting) & set(concerned_articles(workspace, parser.log, newer))) if newer else []
    return tuple(sorted(changed))


def _keep(
    workspace: Workspace, parser: ReviewingGeoparser, results: Sequence[tuple[Article, list[Resolution]]]
) -> None:
    """Keep articles that are here with their new resolutions: no need to ask of every article whether it is."""
    rows = [(article, mention_rows(article, resolutions)) for article, resolutions in results]
    read_with = versions(parser)
    workspace.note_versions(read_with)
    write_part(workspace.storage, rows, read_with, time.time_ns())
    workspace.refresh(force=True)


@contextmanager
def following_decisions(workspace: Workspace, parser: Geoparser) -> Iterator[None]:
    """While articles are read and added: what is decided meanwhile is applied to what was read before it, at the end.

    A reader without decisions follows none.
    """
    if not isinstance(parser, ReviewingGeoparser):
        yield
        return
    known = {d.id for d in parser.log.all()}
    try:
        yield
    finally:
        # A run that is stopped has kept articles, too.
        newer = [d for d in parser.log.all() if d.id not in known]
        if newer:
            read_again(workspace, parser, concerned_articles(workspace, parser.log, newer))


def _changed(
    workspace: Workspace, parser: ReviewingGeoparser, article_ids: Sequence[str]
) -> Iterator[tuple[Article, list[Resolution]]]:
    """The articles that read otherwise now than they stand in the workspace, with their new resolutions."""
    filters = Filters(article_ids=tuple(article_ids))
    before: dict[str, list[tuple[Any, ...]]] = {}
    for row in workspace.rows(filters, placed=None, limit=MOST_MENTIONS):
        before.setdefault(row["article_id"], []).append(tuple(row[name] for name in _COMPARED))
    for article in workspace.full_articles(article_ids):
        resolutions = parser.geoparse(article)
        now = [tuple(row[name] for name in _COMPARED) for row in mention_rows(article, resolutions)]
        if now != before.get(article.id, []):
            yield article, resolutions
