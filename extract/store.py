"""The workspace: a folder of Parquet parts that any number of readers and writers share, and the questions asked of it.

A batch of articles becomes two files, `articles-<key>.parquet` and `mentions-<key>.parquet`, each written under another
name and renamed; the articles come last, so that a batch is there when its articles are. Every row carries the version
(nanoseconds since 1970) of the write it came with: of several versions of one article the newest counts, with its
mentions. Nothing is ever changed in place.

Questions about counts, places and order go to narrow tables in memory (extract.facts), made at the first question after the
parts changed; what has text is then read from the parts, and only the rows asked for.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from extract.export import mention_rows
from extract.facts import FindRegions
from extract.mentions import Article, Resolution
from extract.parts import (
    ARTICLE_SCHEMA,
    MENTION_SCHEMA,
    article_row,
    content_hash,
    mention_row,
    write_json,
    write_parquet,
)
from extract.questions import Questions

FORMAT = 2
MANIFEST = "workspace.json"
ATTRIBUTION = ("GeoNames (CC BY 4.0)", "Who's On First", "Unicode CLDR")
# A part of so many articles holds some 50,000 mentions: large enough for fast scans, small enough to build in memory.
BATCH_ARTICLES = 5_000


class StoreError(OSError):
    """A workspace is missing, or of a form this program does not know: the message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class AddCounts:
    """What a write did: articles new, changed and already there, and the mentions written."""

    added: int = 0
    replaced: int = 0
    skipped: int = 0
    mentions: int = 0


@dataclass(slots=True)
class _Batch:
    articles: dict[str, tuple[Article, list[Resolution]]] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)


class Workspace(Questions):
    """A folder of parts, open for questions and for adding. Safe to share between threads."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any], find_regions: FindRegions | None = None) -> None:
        super().__init__(folder, find_regions)
        self.attribution: tuple[str, ...] = tuple(manifest.get("attribution", ATTRIBUTION))
        self.versions: dict[str, str] = dict(manifest.get("versions", {}))
        self._known: tuple[str, dict[str, str]] | None = None

    @classmethod
    def create_or_open(cls, folder: str | os.PathLike[str]) -> "Workspace":
        """Open the workspace in the folder, or make an empty one. Raises StoreError for another format."""
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        if not (path / MANIFEST).exists():
            write_json(path / MANIFEST, {"format": FORMAT, "versions": {}, "attribution": ATTRIBUTION})
        return cls.open(path)

    @classmethod
    def open(cls, folder: str | os.PathLike[str], find_regions: FindRegions | None = None) -> "Workspace":
        """Open the workspace in the folder. Raises StoreError when there is none, or one of another format.

        `find_regions` gives the region of each place of a list of ids (see extract.facts.regions_of).
        """
        path = Path(folder)
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise StoreError(f"{path}: no workspace here ({MANIFEST} is missing)") from error
        except (OSError, ValueError) as error:
            raise StoreError(f"{path / MANIFEST}: cannot be read: {error}") from error
        if manifest.get("format") != FORMAT:
            raise StoreError(f"{path}: workspace format {manifest.get('format')!r}, this program knows {FORMAT}")
        return cls(path, manifest, find_regions)

    def add(
        self,
        results: Iterable[tuple[Article, list[Resolution]]],
        versions: Mapping[str, str] | None = None,
        *,
        again: bool = False,
    ) -> AddCounts:
        """Keep articles with their resolutions, and return what that did.

        An article that is there with the same content is skipped, or, `again`, read anew; a changed one takes the place
        of the old one and of its mentions. `versions` (of program, gazetteer, model) are kept with each article.
        """
        versions = dict(versions or {})
        self._record(versions)
        counts, batch = AddCounts(), _Batch()
        known = self._known_hashes()
        for article, resolutions in results:
            digest = content_hash(article)
            before = batch.hashes.get(article.id, known.get(article.id))
            if before == digest and not again:
                counts = replace(counts, skipped=counts.skipped + 1)
                continue
            key = "added" if before is None else "replaced"
            counts = replace(counts, **{key: getattr(counts, key) + 1})
            batch.articles[article.id], batch.hashes[article.id] = (article, resolutions), digest
            if len(batch.articles) >= BATCH_ARTICLES:
                counts = replace(counts, mentions=counts.mentions + self._write(batch, versions))
                known = known | batch.hashes
                batch = _Batch()
        if batch.articles:
            counts = replace(counts, mentions=counts.mentions + self._write(batch, versions))
        self.refresh(force=True)
        return counts

    def has(self, article: Article) -> bool:
        """Whether the article is here with exactly this content."""
        return self._known_hashes().get(article.id) == content_hash(article)

    def _record(self, versions: dict[str, str]) -> None:
        if versions and versions != self.versions:
            self.versions = versions
            content = {"format": FORMAT, "versions": versions, "attribution": self.attribution}
            write_json(self.folder / MANIFEST, content)

    def _write(self, batch: _Batch, versions: Mapping[str, str]) -> int:
        version = time.time_ns()
        content = hashlib.sha256(json.dumps(sorted(batch.hashes.items())).encode()).hexdigest()
        key = f"{version:x}-{content[:16]}"
        articles, mentions = [], []
        for article, resolutions in batch.articles.values():
            articles.append(article_row(article, batch.hashes[article.id], version, versions))
            mentions.extend(mention_row(row, version) for row in mention_rows(article, resolutions))
        metadata = {b"rasid": json.dumps({"format": FORMAT, "versions": dict(versions)}).encode()}
        for name, rows, schema in (("mentions", mentions, MENTION_SCHEMA), ("articles", articles, ARTICLE_SCHEMA)):
            table = pa.Table.from_pylist(rows, schema=schema.with_metadata(metadata))
            write_parquet(self.folder / f"{name}-{key}.parquet", table)
        return len(mentions)

    def _known_hashes(self) -> dict[str, str]:
        self.refresh(force=True)
        with self._lock:
            if self._known is None or self._known[0] != self.fingerprint:
                rows = self._database.cursor().execute("SELECT article_id, content_hash FROM live").fetchall()
                self._known = (self.fingerprint, dict(rows))
            return self._known[1]
