"""Reading what people add, behind the page: one reading at a time, which goes on when its page is left or loaded anew."""

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from extract.decisions import DecisionLog
from extract.review import ReviewingGeoparser
from extract.run import RunCounts
from extract.store import Workspace
from extract.uploads import TRIES, Uploads, shown_name
from gazetteer import load_gazetteer

logger = logging.getLogger(__name__)


@st.cache_resource(show_spinner=False)
def open_parser(folder: Path) -> ReviewingGeoparser:
    """The reader of articles for the workspace in this folder, opened once for all sessions. Raises GazetteerError."""
    return ReviewingGeoparser(load_gazetteer(), DecisionLog(folder))


@dataclass(frozen=True, slots=True)
class State:
    """Where the reading is: the upload being read, its articles so far and the share of it gone through (0..1), and how
    many uploads are done of how many.
    """

    name: str
    articles: int
    share: float
    done: int
    asked: int


class Readings:
    """The uploads of one workspace, read one after the other in a thread. Safe to share between sessions."""

    def __init__(self, workspace: Workspace) -> None:
        self.uploads = Uploads(workspace.folder)
        self.workspace = workspace
        self._lock = threading.Lock()
        self._queue: list[Path] = []
        self._now: Path | None = None
        self._done = self._asked = 0
        self._counts = RunCounts()
        self._failed: dict[Path, str] = {}

    def ask(self, paths: Iterable[Path]) -> None:
        """Read these uploads, after those asked for before."""
        with self._lock:
            fresh = [path for path in paths if path != self._now and path not in self._queue]
            if not fresh:
                return
            self._queue += fresh
            self._asked += len(fresh)
            for path in fresh:
                self._failed.pop(path, None)
            if self._now is None:
                self._now = self._queue.pop(0)
                threading.Thread(target=self._work, name="rasid-reading", daemon=True).start()

    def state(self) -> State | None:
        """Where the reading is, or None when there is nothing to read."""
        with self._lock:
            if self._now is None:
                return None
            counts = self._counts
            share = counts.bytes_read / counts.bytes_total if counts.bytes_total else 0.0
            return State(shown_name(self._now), counts.articles, min(1.0, share), self._done, self._asked)

    def failure(self, path: Path) -> str | None:
        """Why the upload could not be read at all since the program started, or None."""
        return self._failed.get(path)

    def is_asked(self, path: Path) -> bool:
        """Whether the upload is being read, or will be."""
        with self._lock:
            return path == self._now or path in self._queue

    def _work(self) -> None:
        while (path := self._now) is not None:
            try:
                self._read(path)
            except Exception as error:
                # Whatever it was: the ones behind it in the queue must be read, and the page must not wait for ever.
                logger.exception("%s could not be read", path)
                self._failed[path] = f"{type(error).__name__}: {error}"
            with self._lock:
                self._counts = RunCounts()
                self._done += 1
                self._now = self._queue.pop(0) if self._queue else None
                if self._now is None:
                    self._done = self._asked = 0

    def _read(self, path: Path) -> None:
        self.uploads.read(path, self.workspace, open_parser(self.workspace.folder), self._count)

    def _count(self, counts: RunCounts) -> None:
        self._counts = counts


@st.cache_resource(show_spinner=False)
def _readings(folder: Path, _workspace: Workspace) -> Readings:
    readings = Readings(_workspace)
    readings.ask(readings.uploads.waiting(tries=TRIES))
    return readings


def readings_of(workspace: Workspace) -> Readings:
    """The readings of this workspace, the same for all sessions. What waited when the program ended is read at once."""
    return _readings(workspace.folder, workspace)
