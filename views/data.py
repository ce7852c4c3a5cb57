"""The open workspace, and its answers remembered by filters."""

import os
from pathlib import Path
from typing import Any

import streamlit as st

from extract.store import Filters, Passage, Totals, Workspace

PROJECT = Path(__file__).parent.parent
DEFAULT_STORE = PROJECT / ".rasid" / "seeds"
# More circles than this no eye tells apart, and the page grows heavy: the most mentioned are shown.
MAX_PLACES = 2_000
_REMEMBERED = 64


def store_folder() -> Path:
    """The workspace's folder: RASID_STORE, or the seeds'."""
    return Path(os.environ.get("RASID_STORE") or DEFAULT_STORE)


@st.cache_resource(show_spinner=False)
def open_workspace(folder: Path) -> Workspace:
    """The workspace, opened once for all sessions. Raises StoreError when there is none."""
    return Workspace.open(folder)


@st.cache_data(show_spinner=False, max_entries=_REMEMBERED, hash_funcs={Filters: repr})
def _totals(folder: Path, fingerprint: str, filters: Filters) -> Totals:
    return open_workspace(folder).totals(filters)


@st.cache_data(show_spinner=False, max_entries=_REMEMBERED, hash_funcs={Filters: repr})
def _facets(folder: Path, fingerprint: str, filters: Filters) -> dict[str, list[tuple[str, int]]]:
    return open_workspace(folder).facets(filters)


@st.cache_data(show_spinner=False, max_entries=_REMEMBERED, hash_funcs={Filters: repr})
def _places(folder: Path, fingerprint: str, filters: Filters) -> list[dict[str, Any]]:
    return open_workspace(folder).places(filters, limit=MAX_PLACES)


@st.cache_data(show_spinner=False, max_entries=_REMEMBERED, hash_funcs={Filters: repr})
def _rows(
    folder: Path, fingerprint: str, filters: Filters, limit: int, offset: int, sort: str | None, descending: bool
) -> list[dict[str, Any]]:
    rows = open_workspace(folder).rows(filters, limit=limit, offset=offset, sort=sort, descending=descending)
    return list(rows)


@st.cache_data(show_spinner=False, max_entries=_REMEMBERED)
def _largest(folder: Path, fingerprint: str) -> int:
    top = open_workspace(folder).places(Filters(), limit=1)
    return top[0]["mentions"] if top else 0


class Answers:
    """What the page asks of the workspace, each answer remembered until the parts change."""

    def __init__(self, workspace: Workspace) -> None:
        workspace.refresh()
        self.workspace = workspace
        self._key = (workspace.folder, workspace.fingerprint)

    def totals(self, filters: Filters) -> Totals:
        """How much the filters leave."""
        return _totals(*self._key, filters)

    def facets(self, filters: Filters) -> dict[str, list[tuple[str, int]]]:
        """The values to choose from, with their mentions."""
        return _facets(*self._key, filters)

    def places(self, filters: Filters) -> list[dict[str, Any]]:
        """The most mentioned places, at most MAX_PLACES."""
        return _places(*self._key, filters)

    def rows(
        self, filters: Filters, limit: int, offset: int, *, sort: str | None, descending: bool
    ) -> list[dict[str, Any]]:
        """A page of the rows: a click on the map does not ask for them again."""
        return _rows(*self._key, filters, limit, offset, sort, descending)

    def largest(self) -> int:
        """The mentions of the most mentioned place of all: circles keep their size when a filter changes."""
        return _largest(*self._key)

    def passages(self, filters: Filters, place_id: str, limit: int, offset: int) -> tuple[int, list[Passage]]:
        """A page of the place's sentences."""
        return self.workspace.passages(filters, place_id, limit, offset)
