"""The open workspace, and its answers remembered by filters."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from extract.filters import Filters
from extract.questions import Passage, Span, Timeline, Totals, Trends
from extract.regions import find_regions
from extract.store import Workspace
from gazetteer.load import made_gazetteer

PROJECT = Path(__file__).parent.parent
DEFAULT_STORE = PROJECT / ".rasid" / "seeds"
# More circles than this no eye tells apart, and the page grows heavy: the most mentioned are shown.
MAX_PLACES = 2_000
_REMEMBERED = 64
# Whole texts, which may be long.
_REMEMBERED_ARTICLES = 12
# Among so few articles copies are found in a moment; among more a page does not wait for them.
COPIES_AT_ONCE = 1_000


def store_folder() -> Path | str:
    """The workspace's folder (or address, such as s3://...): RASID_STORE, or the seeds'."""
    given = os.environ.get("RASID_STORE")
    return given if given and "://" in given else Path(given or DEFAULT_STORE)


def is_read_only() -> bool:
    """Whether RASID_READ_ONLY asks for a dashboard that takes no articles, no reviews and no removals."""
    return os.environ.get("RASID_READ_ONLY", "").strip().lower() not in ("", "0", "no", "off")


@st.cache_resource(show_spinner=False)
def open_workspace(folder: Path | str) -> Workspace:
    """The workspace, opened once for all sessions. Raises StoreError when there is none."""
    # The page does not wait a minute for a new index.
    return Workspace.open(folder, partial(find_regions, open_gazetteer=made_gazetteer))


def _remembered(function: Any, entries: int = _REMEMBERED) -> Any:
    return st.cache_data(show_spinner=False, max_entries=entries, hash_funcs={Filters: repr})(function)


@_remembered
def _totals(folder: Path, fingerprint: str, filters: Filters) -> Totals:
    return open_workspace(folder).totals(filters)


@_remembered
def _facets(folder: Path, fingerprint: str, filters: Filters) -> dict[str, list[tuple[str, int]]]:
    return open_workspace(folder).facets(filters)


@_remembered
def _places(folder: Path, fingerprint: str, filters: Filters, by: str) -> list[dict[str, Any]]:
    return open_workspace(folder).places(filters, limit=MAX_PLACES, by=by)


@_remembered
def _timeline(folder: Path, fingerprint: str, filters: Filters) -> Timeline:
    return open_workspace(folder).timeline(filters)


@_remembered
def _trends(folder: Path, fingerprint: str, filters: Filters) -> Trends | None:
    return open_workspace(folder).trends(filters)


@_remembered
def _rows(
    folder: Path, fingerprint: str, filters: Filters, limit: int, offset: int, sort: str | None, descending: bool
) -> list[dict[str, Any]]:
    rows = open_workspace(folder).rows(filters, limit=limit, offset=offset, sort=sort, descending=descending)
    return list(rows)


@_remembered
def _unplaced(folder: Path, fingerprint: str, filters: Filters, limit: int) -> list[dict[str, Any]]:
    return open_workspace(folder).unplaced(filters, limit=limit)


@_remembered
def _unplaced_passages(
    folder: Path, fingerprint: str, surfaces: tuple[str, ...], limit: int
) -> dict[str, list[dict[str, Any]]]:
    return open_workspace(folder).unplaced_passages(surfaces, limit)


@_remembered
def _outlets(folder: Path, fingerprint: str) -> int:
    return open_workspace(folder).outlets()


@_remembered
def _articles(folder: Path, fingerprint: str, article_ids: tuple[str, ...]) -> list[dict[str, Any]]:
    return open_workspace(folder).articles(article_ids)


@partial(_remembered, entries=_REMEMBERED_ARTICLES)
def _article(folder: Path, fingerprint: str, article_id: str) -> dict[str, Any] | None:
    return open_workspace(folder).article(article_id)


@_remembered
def _largest(folder: Path, fingerprint: str, size: str) -> int:
    return max((place[size] for place in open_workspace(folder).places(Filters(), limit=50)), default=0)


@_remembered
def _regions(folder: Path, fingerprint: str) -> dict[str, tuple[str, str]]:
    return open_workspace(folder).regions()


@_remembered
def _span(folder: Path, fingerprint: str) -> Span:
    return open_workspace(folder).span()


class Answers:
    """What the page asks of the workspace, each answer remembered until the parts change."""

    def __init__(self, workspace: Workspace) -> None:
        workspace.refresh()
        self.workspace = workspace
        self._key = (workspace.given, workspace.fingerprint)

    def are_old(self) -> bool:
        """Whether the workspace has changed since: by another session, or another program."""
        self.workspace.refresh()
        return self.workspace.fingerprint != self._key[1]

    def totals(self, filters: Filters) -> Totals:
        """How much the filters leave."""
        return _totals(*self._key, filters)

    def facets(self, filters: Filters) -> dict[str, list[tuple[str, int]]]:
        """The values to choose from, with their mentions."""
        return _facets(*self._key, filters)

    def places(self, filters: Filters, by: str = "role") -> list[dict[str, Any]]:
        """The most mentioned places, at most MAX_PLACES, with what they are coloured by."""
        return _places(*self._key, filters, by)

    def timeline(self, filters: Filters) -> Timeline:
        """Mentions over time."""
        return _timeline(*self._key, filters)

    def trends(self, filters: Filters) -> Trends | None:
        """What rose and fell."""
        return _trends(*self._key, filters)

    def rows(
        self, filters: Filters, limit: int, offset: int, *, sort: str | None, descending: bool
    ) -> list[dict[str, Any]]:
        """A page of the rows: a click on the map does not ask for them again."""
        return _rows(*self._key, filters, limit, offset, sort, descending)

    def unplaced(self, filters: Filters, limit: int) -> list[dict[str, Any]]:
        """Names that could not be placed."""
        return _unplaced(*self._key, filters, limit)

    def unplaced_passages(self, surfaces: list[str], limit: int) -> dict[str, list[dict[str, Any]]]:
        """Rows of the names that could not be placed, newest first, at most `limit` each."""
        return _unplaced_passages(*self._key, tuple(surfaces), limit)

    def outlets(self) -> int:
        """How many outlets the articles name."""
        return _outlets(*self._key)

    def articles(self, article_ids: list[str]) -> list[dict[str, Any]]:
        """Titles and dates of the articles."""
        return _articles(*self._key, tuple(article_ids))

    def article(self, article_id: str) -> dict[str, Any] | None:
        """An article with its text and its mentions."""
        return _article(*self._key, article_id)

    def largest(self, size: str = "mentions") -> int:
        """Mentions (or articles) of the most mentioned place of all: circles keep their size when a filter changes."""
        return _largest(*self._key, size)

    def regions(self) -> dict[str, tuple[str, str]]:
        """Arabic and English names of regions by id."""
        return _regions(*self._key)

    def span(self) -> Span:
        """The time covered."""
        return _span(*self._key)

    def copies_are_known(self) -> bool:
        """Whether copies can be told now. If not, they are being looked for from now on, while the page goes on."""
        if not self.workspace.copies_are_ready():
            if self.span().articles > COPIES_AT_ONCE:
                self.workspace.start_finding_copies()
                return False
            self.workspace.find_copies()
        return True

    def copies(self, article_id: str) -> list[dict[str, Any]]:
        """The article's copies; waits until they are known."""
        return self.workspace.copies(article_id)

    def copy_counts(self, article_ids: list[str]) -> dict[str, int]:
        """How many copies each article has, of those that have any; nothing while they are not known."""
        return self.workspace.copy_counts(article_ids) if self.copies_are_known() else {}

    def passages(self, filters: Filters, place_id: str, limit: int, offset: int) -> tuple[int, list[Passage]]:
        """A page of the place's sentences."""
        return self.workspace.passages(filters, place_id, limit, offset)
