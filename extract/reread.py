"""Articles read by an older program, model or gazetteer, read again from the texts that the workspace keeps."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from extract.batches import own_parser
from extract.geoparse import Geoparser
from extract.mentions import ARTICLE_FIELDS, Article
from extract.parts import ARTICLE_SCHEMA, VERSION_COLUMNS, articles_name, complete_parts, files_sql
from extract.pools import open_pool
from extract.removed import SHOWN, hide, list_removed, read_removed
from extract.run import Progress, Refuse, Run, RunCounts
from extract.snapshots import ChangeFinder, changed_places, write_snapshot
from extract.storage import Storage
from extract.store import Workspace
from extract.upkeep import LOCK, replace_articles
from extract.versions import versions


@dataclass(frozen=True, slots=True)
class RereadCounts:
    """What reading again did: the counts of the run, and the articles that no change of the gazetteer can affect."""

    run: RunCounts
    unaffected: int


def count_outdated(storage: Storage, expected: Mapping[str, str]) -> int:
    """How many articles were read with another program, gazetteer or model than expected."""
    keys = [key for key, _, _ in complete_parts(storage)]
    if not keys:
        return 0
    files = files_sql([storage.location(articles_name(key)) for key in keys], "filename = true")
    with storage.connect() as database:
        # Most workspaces were read with one of each: that is quickly seen.
        kinds = database.execute(f"SELECT DISTINCT {', '.join(VERSION_COLUMNS)} FROM {files}").fetchall()
        if all(_is_current(kind, expected) for kind in kinds):
            return 0
        hide(database, read_removed(storage, list_removed(storage)))
        rows = database.execute(
            f"SELECT {', '.join(VERSION_COLUMNS)}, count(*) FROM (SELECT * EXCLUDE (text) FROM {files} WHERE {SHOWN} "
            "QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY version DESC, filename DESC) = 1) GROUP BY ALL"
        ).fetchall()
    return sum(count for *kind, count in rows if not _is_current(kind, expected))


def reread(
    workspace: Workspace,
    *,
    parser: Geoparser | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
    refuse: Refuse | None = None,
) -> RereadCounts:
    """Read again what was read with another program, model or gazetteer than today's, from the stored texts.

    Where only the gazetteer is another, and what it held is known (extract.snapshots), articles in which no name of a
    changed place could stand are not read again: they are recorded as read with today's. Stopped, it goes on when called
    again. Raises what read_into raises.
    """
    parser = parser or own_parser(workspace.address)
    run = Run(known=workspace.known(), place=workspace.address, progress=progress, refuse=refuse)
    with ExitStack() as open_things:
        pool = open_pool(workers, scheduler)
        open_things.callback(pool.close)
        folder = Path(open_things.enter_context(tempfile.TemporaryDirectory(prefix="rasid-")))
        outdated = _Outdated(workspace.storage, parser, folder)
        while outdated.is_left:
            for _ in run.read_articles(iter(outdated), pool, parser):
                pass
    write_snapshot(workspace.storage, parser.gazetteer)
    workspace.note_versions(versions(parser))
    workspace.merge_small()
    workspace.refresh(force=True)
    counts = run.counts
    return RereadCounts(replace(counts, bytes_total=None), outdated.unaffected)


class _Outdated:
    """The articles that have to be read again; those that need not be are recorded as up to date on the way."""

    def __init__(self, storage: Storage, parser: Geoparser, folder: Path) -> None:
        self.unaffected = 0
        # Parts that another process merged meanwhile are looked for again.
        self.is_left = True
        self._storage, self._parser, self._folder = storage, parser, folder
        self._expected = versions(parser)
        self._finders: dict[str, ChangeFinder | None] = {}

    def __iter__(self) -> Iterator[Article]:
        self.is_left = False
        for key, numbers in self._live_rows():
            table = self._read(key)
            if table is None:
                self.is_left = True
                continue
            spared = []
            for number in numbers:
                row = table.slice(number, 1).to_pylist()[0]
                article = Article(row["article_id"], *(row[name] for name in ARTICLE_FIELDS))
                if self._may_differ(row, article):
                    yield article
                else:
                    spared.append(number)
            if spared:
                self._record(key, spared)

    def _live_rows(self) -> list[tuple[str, list[int]]]:
        """Of each part the rows that count and are not of today's versions."""
        keys = [key for key, _, _ in complete_parts(self._storage)]
        if not keys:
            return []
        files = {self._storage.location(articles_name(key)): key for key in keys}
        with self._storage.connect() as database:
            hide(database, read_removed(self._storage, list_removed(self._storage)))
            rows = database.execute(
                "SELECT filename, list(file_row_number ORDER BY file_row_number) FROM (SELECT * EXCLUDE (text) FROM "
                f"{files_sql(list(files), 'filename = true', 'file_row_number = true')} WHERE {SHOWN} "
                "QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY version DESC, filename DESC) = 1) "
                f"WHERE NOT ({' AND '.join(f'{name} IS NOT DISTINCT FROM ?' for name in VERSION_COLUMNS)}) GROUP BY filename",
                [self._expected.get(name) for name in VERSION_COLUMNS],
            ).fetchall()
        return sorted((files[name], numbers) for name, numbers in rows)

    def _read(self, key: str) -> pa.Table | None:
        try:
            return self._storage.read_table(articles_name(key))
        except FileNotFoundError:  # merged meanwhile
            return None

    def _may_differ(self, row: Mapping[str, Any], article: Article) -> bool:
        if any(row[name] != self._expected.get(name) for name in ("program", "model")) or not row["gazetteer"]:
            return True
        finder = self._finder(row["gazetteer"])
        return finder is None or finder.affects(article)

    def _finder(self, fingerprint: str) -> ChangeFinder | None:
        if fingerprint not in self._finders:
            changed = changed_places(self._storage, fingerprint, self._parser.gazetteer)
            folder = self._folder / str(len(self._finders))
            self._finders[fingerprint] = None if changed is None else ChangeFinder(changed, self._parser, folder)
        return self._finders[fingerprint]

    def _record(self, key: str, numbers: list[int]) -> None:
        """Record in the part that these rows are as today's versions would read them."""
        with self._storage.lock(LOCK):
            table = self._read(key)
            if table is None:
                self.is_left = True
                return
            chosen = set(numbers)
            for name in VERSION_COLUMNS:
                old = table[name].to_pylist()
                new = [self._expected.get(name) if at in chosen else value for at, value in enumerate(old)]
                at = ARTICLE_SCHEMA.get_field_index(name)
                table = table.set_column(at, ARTICLE_SCHEMA.field(name), pa.array(new, pa.string()))
            replace_articles(self._storage, key, table)
        self.unaffected += len(numbers)


def _is_current(kind: tuple[Any, ...] | list[Any], expected: Mapping[str, str]) -> bool:
    return all(value == expected.get(name) for name, value in zip(VERSION_COLUMNS, kind, strict=True))
