"""The workspace: a folder of Parquet parts that any number of readers and writers share, and the questions asked of it.

A batch of articles becomes two files, `articles-<key>.parquet` and `mentions-<key>.parquet`, each written under another
name and renamed; the articles come last, so that a batch is there when its articles are. Every row carries the version
(nanoseconds since 1970) of the write it came with: of several versions of one article the newest counts, with its
mentions. Nothing is ever changed in place. Beside the parts lie `workspace.json`, `rejected.jsonl`
(extract.rejected), and what is made from the parts and may be deleted (extract.word_index, extract.row_files). The
folder may also be an address (`s3://bucket/folder`).

Questions about counts, places and order go to narrow tables in memory (extract.facts), made at the first question after the
parts changed; what has text is then read from the parts, and only the rows asked for.
"""

import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from extract.export import mention_rows
from extract.facts import FindRegions
from extract.filters import read_day
from extract.known import KnownArticles
from extract.live import question
from extract.mentions import Article, Resolution
from extract.parts import FORMAT, complete_parts, write_part
from extract.questions import Questions
from extract.rejected import RejectedFile, read_rejected
from extract.storage import FolderStorage, Storage, StoreError, open_storage
from extract.upkeep import MANY_SMALL, CompactCounts, compact_parts, count_small, migrate_parts, remove_articles

__all__ = ["FORMAT", "MANIFEST", "AddCounts", "StoreError", "Workspace"]
MANIFEST = "workspace.json"
OLDER_FORMATS = (1,)
ATTRIBUTION = ("GeoNames (CC BY 4.0)", "Who's On First", "Unicode CLDR")
# A part of so many articles holds some 50,000 mentions: large enough for fast scans, small enough to build in memory.
BATCH_ARTICLES = 5_000


@dataclass(frozen=True, slots=True)
class AddCounts:
    """What a write did: articles new, changed and already there, and the mentions written."""

    added: int = 0
    replaced: int = 0
    skipped: int = 0
    mentions: int = 0


class Workspace(Questions):
    """A folder of parts, open for questions and for adding. Safe to share between threads."""

    def __init__(
        self, place: str | os.PathLike[str], manifest: Mapping[str, Any], find_regions: FindRegions | None = None
    ) -> None:
        super().__init__(place, find_regions)
        self.attribution: tuple[str, ...] = tuple(manifest.get("attribution", ATTRIBUTION))
        self.versions: dict[str, str] = dict(manifest.get("versions", {}))
        self._known: tuple[str, KnownArticles] | None = None

    @classmethod
    def create_or_open(cls, place: str | os.PathLike[str]) -> "Workspace":
        """Open the workspace in the folder (or at the address) to write in it, or make an empty one. One of an older
        format is brought up to date.

        Raises StoreError for a newer format, and where nothing can be written.
        """
        storage = open_storage(place)
        try:
            storage.read(MANIFEST)
        except FileNotFoundError:
            _make_folder(storage)
            write_manifest(storage, {}, ATTRIBUTION)
        except OSError as error:
            raise StoreError(f"{storage.place}: cannot be opened ({error.strerror or error})") from error
        storage.tidy()
        _migrate(storage)
        return cls.open(place)

    @classmethod
    def open(cls, place: str | os.PathLike[str], find_regions: FindRegions | None = None) -> "Workspace":
        """Open the workspace in the folder (or at the address). Raises StoreError when there is none, or one of another
        format.

        `find_regions` gives the region of each place of a list of ids (see extract.regions.regions_of).
        """
        return cls(place, read_manifest(open_storage(place)), find_regions)

    def add(
        self,
        results: Iterable[tuple[Article, list[Resolution]]],
        versions: Mapping[str, str] | None = None,
        *,
        again: bool = False,
    ) -> AddCounts:
        """Keep articles with their resolutions, and return what that did.

        An article that is there with the same content is skipped, or, `again`, kept anew; a changed one takes the place
        of the old one and of its mentions. `versions` (of program, gazetteer, model) are kept with each article.
        """
        versions = dict(versions or {})
        self.note_versions(versions)
        counts, known = AddCounts(), self.known()
        batch: dict[str, tuple[Article, list[dict[str, Any]]]] = {}
        for article, resolutions in results:
            if not again and known.same(article.id, article):
                counts = replace(counts, skipped=counts.skipped + 1)
                continue
            key = "replaced" if known.holds(article.id) else "added"
            counts = replace(counts, **{key: getattr(counts, key) + 1})
            batch[article.id] = (article, mention_rows(article, resolutions))
            known.add(article)
            if len(batch) >= BATCH_ARTICLES:
                written = write_part(self.storage, batch.values(), versions, time.time_ns())
                counts, batch = replace(counts, mentions=counts.mentions + written), {}
        if batch:
            written = write_part(self.storage, batch.values(), versions, time.time_ns())
            counts = replace(counts, mentions=counts.mentions + written)
        self.refresh(force=True)
        return counts

    def has(self, article: Article) -> bool:
        """Whether the article is here with exactly this content."""
        self.refresh(force=True)
        with self._lock:
            if self._known is None or self._known[0] != self.fingerprint:
                self._known = (self.fingerprint, self.known())
            return self._known[1].same(article.id, article)

    def known(self) -> KnownArticles:
        """Which articles are here, with which content: as of now, to be kept up by who asks."""
        return KnownArticles.of_parts(self.storage, [key for key, _, _ in complete_parts(self.storage)])

    @question
    def select(self, *, outlets: Sequence[str] = (), before: str | None = None) -> list[str]:
        """Ids of the articles of these outlets, or dated before this day (undated ones are not)."""
        rows = self._ask(
            "SELECT article_id FROM live WHERE outlet IN (SELECT unnest(?::VARCHAR[])) OR day < ?::DATE ORDER BY article_id",
            [list(outlets), read_day(before)],
        )
        return [row[0] for row in rows.fetchall()]

    def remove(self, article_ids: Iterable[str]) -> int:
        """Remove articles for good, and return how many of them were here. They are hidden at once; when this returns, no
        file of the workspace holds their texts. An article that is added again later shows again.
        """
        self.refresh(force=True)
        found = [row["article_id"] for row in self.articles(list(article_ids))]
        remove_articles(self.storage, found)
        self.refresh(force=True)
        return len(found)

    def compact(self) -> CompactCounts:
        """Merge small parts, drop rows that no longer count, and finish removals that were interrupted."""
        counts = compact_parts(self.storage)
        self.refresh(force=True)
        return counts

    def merge_small(self) -> None:
        """Merge small parts when there are many: what a read does at its end."""
        if count_small(self.storage) >= MANY_SMALL:
            compact_parts(self.storage, thorough=False)
            self.refresh(force=True)

    def rejected(self) -> list[dict[str, Any]]:
        """What could not be read, oldest first: dicts of path, row, unit, reason, hint and time (see extract.rejected)."""
        return read_rejected(self.storage)

    def rejected_file(self) -> RejectedFile:
        """The list of what could not be read, to be written."""
        return RejectedFile(self.storage)

    def note_versions(self, versions: Mapping[str, str]) -> None:
        """Record what wrote here last."""
        if versions and dict(versions) != self.versions:
            self.versions = dict(versions)
            write_manifest(self.storage, self.versions, self.attribution)


def open_to_change(place: str | os.PathLike[str]) -> Workspace:
    """The workspace, brought up to date. Raises StoreError where there is none."""
    storage = open_storage(place)
    try:
        storage.read(MANIFEST)
    except FileNotFoundError as error:
        raise StoreError(f"{storage.place}: no workspace here ({MANIFEST} is missing)") from error
    return Workspace.create_or_open(place)


def read_manifest(storage: Storage) -> dict[str, Any]:
    """What the workspace says of itself. Raises StoreError when there is none, or one of another format."""
    try:
        manifest = json.loads(storage.read(MANIFEST))
    except FileNotFoundError as error:
        raise StoreError(f"{storage.place}: no workspace here ({MANIFEST} is missing)") from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{storage.place}/{MANIFEST}: cannot be read: {error}") from error
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if found in OLDER_FORMATS:
        hint = f"python -m extract compact --store {storage.place} brings it up to date"
        raise StoreError(f"{storage.place}: a workspace of an older format ({found}, now {FORMAT}): {hint}")
    if isinstance(found, int) and found > FORMAT:
        hint = "get the new one"
        raise StoreError(f"{storage.place}: written by a newer program (format {found}, here {FORMAT}): {hint}")
    if found != FORMAT:
        raise StoreError(f"{storage.place}: workspace format {found!r}, this program knows {FORMAT}")
    return manifest


def write_manifest(storage: Storage, versions: Mapping[str, str], attribution: Iterable[str]) -> None:
    """Write what the workspace says of itself."""
    content = {"format": FORMAT, "versions": dict(versions), "attribution": list(attribution)}
    storage.write(MANIFEST, (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode("utf-8"))


def _migrate(storage: Storage) -> None:
    """Bring a workspace of an older format up to date; others are left as they are."""
    try:
        manifest = json.loads(storage.read(MANIFEST))
    except ValueError:
        return
    if isinstance(manifest, dict) and manifest.get("format") in OLDER_FORMATS:
        migrate_parts(storage)
        write_manifest(storage, manifest.get("versions", {}), manifest.get("attribution", ATTRIBUTION))


def _make_folder(storage: Storage) -> None:
    if isinstance(storage, FolderStorage):
        try:
            Path(storage.place).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{storage.place}: cannot be made ({error.strerror})") from error
