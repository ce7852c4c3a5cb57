"""Articles that are to be gone: hidden at once by a small file, until no part holds them any more.

`removed-<number>.json` names articles with the newest version that is meant: the same article added later shows again.
"""

import json
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

import duckdb

from extract.storage import Entry, Storage

PREFIX, SUFFIX = "removed-", ".json"
# article_id -> newest version that is hidden
Removed = dict[str, int]
# The condition on `article_id` and `version` that `hide` gives a meaning to.
SHOWN = "version > coalesce((SELECT hidden_version FROM hidden WHERE hidden_id = article_id), -1)"


def list_removed(storage: Storage) -> tuple[Entry, ...]:
    """The files that hide articles."""
    return tuple(storage.entries(PREFIX, SUFFIX))


def read_removed(storage: Storage, entries: Sequence[Entry]) -> Removed:
    """What these files hide; one that is gone has done its work."""
    found: Removed = {}
    for name, _, _ in entries:
        with suppress(FileNotFoundError):
            content = json.loads(storage.read(name))
            for identity in content["article_ids"]:
                found[identity] = max(content["version"], found.get(identity, 0))
    return found


def write_removed(storage: Storage, article_ids: Iterable[str]) -> str:
    """Hide the articles in all versions up to now. Returns the name of the file that does."""
    version = time.time_ns()
    content = {"version": version, "article_ids": sorted(set(article_ids))}
    name = f"{PREFIX}{version:x}{SUFFIX}"
    storage.write(name, json.dumps(content, ensure_ascii=False).encode("utf-8"))
    return name


def hide(cursor: duckdb.DuckDBPyConnection, removed: Removed) -> None:
    """Make the table that SHOWN asks."""
    cursor.execute(
        "CREATE OR REPLACE TABLE hidden AS SELECT unnest(?::VARCHAR[]) AS hidden_id, unnest(?::BIGINT[]) AS hidden_version",
        [list(removed), list(removed.values())],
    )
