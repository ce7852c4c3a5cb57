"""The list of inputs that could not be read: `rejected.jsonl`, one JSON object a line.

    {"path": ..., "row": 7, "unit": "line", "reason": ..., "hint": ..., "time": "2026-01-31T12:00:00+00:00"}

An input that is read again leaves it, with all its rows and members.
"""

import json
from datetime import UTC, datetime
from typing import Any

from extract.readers import ArticleError
from extract.storage import Storage

REJECTED = "rejected.jsonl"
# Of more refusals than this in one input no one reads all.
KEPT_OF_ONE = 10_000


def read_rejected(storage: Storage, name: str = REJECTED) -> list[dict[str, Any]]:
    """The rows of the list, in the order in which they were refused; [] when there is none."""
    try:
        lines = storage.read(name).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("path"), str):
            found.append(row)
    return found


class RejectedFile:
    """The list in the making: inputs begun leave it, refusals join it, `save` writes it."""

    def __init__(self, storage: Storage, name: str = REJECTED) -> None:
        self._storage, self._name = storage, name
        listed = {row["path"] for row in read_rejected(storage, name)}
        self._listed = {part for path in listed for part in _lead(path)}
        self._begun: set[str] = set()
        self._new: dict[str, list[dict[str, Any]]] = {}

    def begin(self, path: str) -> None:
        """An input (or an article, by its id) is read now: what was said of it before no longer holds."""
        if path in self._listed:
            self._begun.add(path)

    def refuse(self, error: ArticleError) -> None:
        """Add a refusal."""
        rows = self._new.setdefault(error.path, [])
        if len(rows) < KEPT_OF_ONE:
            rows.append(error.to_record() | {"time": datetime.now(UTC).isoformat(timespec="seconds")})

    def save(self) -> None:
        """Write the list anew, with what other processes wrote meanwhile."""
        if not self._begun and not self._new:
            return
        with self._storage.lock("rejected"):
            rows = read_rejected(self._storage, self._name)
            gone = self._begun | set(self._new)
            kept = [row for row in rows if not _covers(gone, row["path"])]
            kept += [row for rows in self._new.values() for row in rows]
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
            if kept or rows:
                self._storage.write(self._name, lines.encode("utf-8"))


def _lead(path: str) -> list[str]:
    """The path and every beginning of it that may be an input it lies in (an archive)."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _covers(inputs: set[str], path: str) -> bool:
    return not inputs.isdisjoint(_lead(path))
