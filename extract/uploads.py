"""What people hand in by hand: files and pasted texts, kept in the workspace's folder before they are read.

    uploads/<name>-<hash>.<kind>                 as it came; the hash is of its content, so that the same one is known again
    uploads/<name>-<hash>.<kind>.outcome.json    what reading it gave; until this is there, it waits to be read

A crash or a reload loses nothing: what waits is read by whoever opens the workspace next.
"""

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from extract.articles import ArticleError, read_articles
from extract.mentions import Article, Resolution
from extract.parts import first_words, write_json
from extract.review import ReviewingGeoparser, following_decisions
from extract.store import Workspace
from extract.versions import versions

FOLDER = "uploads"
# With the hash, the endings and what a temporary file adds this stays well below the 255 bytes a name may have.
NAME_BYTES = 120
HASH_DIGITS = 12
# What an outcome keeps of each list; the counts are whole.
LISTED = 200
# What ended the program twice while it was read is not tried a third time by itself.
TRIES = 2
# "news.csv.gz" is of two kinds. A name kept has no other dots.
_KIND = re.compile(r"(?:(?:\.[a-z0-9]{1,8})?\.gz|\.[a-z0-9]{1,8})\Z")
_OUTCOME, _TRIED = ".outcome.json", ".tried"


@dataclass(frozen=True, slots=True)
class Found:
    """An article that a reading gave. `nowhere` are its names without a place: (name, where it begins)."""

    article_id: str
    title: str
    mentions: int
    nowhere: list[tuple[str, int]]


@dataclass(slots=True)
class Outcome:
    """What reading an upload gave. Lists are cut at LISTED, counts are whole; `when` is ISO, UTC.

    `articles` were read, of them `replaced` took the place of others of the same id; `known` were here already with the
    same content. `refused` are rows as ArticleError.to_record gives them.
    """

    name: str
    when: str = ""
    articles: int = 0
    replaced: int = 0
    known: int = 0
    mentions: int = 0
    unplaced: int = 0
    refusals: int = 0
    found: list[Found] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def count(self, article: Article, resolutions: list[Resolution]) -> None:
        """Count one article read."""
        nowhere = [(r.mention.surface, r.mention.start) for r in resolutions if r.place is None]
        placed = len(resolutions) - len(nowhere)
        self.articles += 1
        self.mentions += placed
        self.unplaced += len(nowhere)
        if len(self.found) < LISTED:
            self.found.append(Found(article.id, article.title or first_words(article.text), placed, nowhere[:LISTED]))

    def refuse(self, error: ArticleError) -> None:
        """Count an input, or a part of one, that could not be read."""
        self.refusals += 1
        if len(self.refused) < LISTED:
            self.refused.append(error.to_record())


class Uploads:
    """The uploads of one workspace. Methods that write raise OSError where the folder cannot be written to."""

    def __init__(self, workspace_folder: Path) -> None:
        self.folder = Path(workspace_folder) / FOLDER

    def keep(self, name: str, content: bytes) -> tuple[Path, bool]:
        """Keep the content under a safe form of the name: its path, and whether the same content was here already."""
        stem, kind = safe_name(name)
        digest = _digest(content)
        self.folder.mkdir(exist_ok=True, mode=0o700)
        # The content counts, not the name it comes under.
        for path in self._files():
            if path.name.endswith(f"-{digest}{kind}"):
                return path, True
        path = self.folder / f"{stem}-{digest}{kind}"
        for former in (_OUTCOME, _TRIED):
            path.with_name(path.name + former).unlink(missing_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        temporary.write_bytes(content)
        os.replace(temporary, path)
        return path, False

    def keep_text(self, text: str, about: Mapping[str, str | None]) -> tuple[Path, bool]:
        """Keep a pasted text as a file of one article; `about` are title, date, outlet, country and url where known.

        The same text has the same id whatever is said about it: a corrected title takes the place of the former.
        """
        record = {"id": f"pasted-{_digest(text.encode('utf-8', 'surrogatepass'))}", "text": text}
        record |= {name: value for name, value in about.items() if value}
        name = about.get("title") or first_words(text)
        return self.keep(f"{name}.json", json.dumps(record, indent=1).encode())

    def waiting(self, *, tries: int | None = None) -> list[Path]:
        """What has not been read yet, oldest first; with `tries`, only what was begun fewer times than that."""
        paths = [path for path in self._files() if not path.with_name(path.name + _OUTCOME).exists()]
        kept = [path for path in paths if tries is None or self._tried(path) < tries]
        return sorted(kept, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def outcome(self, path: Path) -> Outcome | None:
        """What reading the upload gave, or None when it waits to be read."""
        try:
            content = json.loads(path.with_name(path.name + _OUTCOME).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return Outcome(**content | {"found": [Found(**found) for found in content["found"]]})

    def outcomes(self) -> list[tuple[Path, Outcome]]:
        """Every upload that was read and what that gave, newest first; one refused altogether is itself not kept."""
        states = self.folder.glob(f"*{_OUTCOME}") if self.folder.is_dir() else ()
        paths = (state.with_name(state.name.removesuffix(_OUTCOME)) for state in states)
        found = [(path, outcome) for path in paths if (outcome := self.outcome(path)) is not None]
        return sorted(found, key=lambda pair: (pair[1].when, pair[0].name), reverse=True)

    def read(
        self,
        path: Path,
        workspace: Workspace,
        parser: ReviewingGeoparser,
        progress: Callable[[int], None] = lambda articles: None,
    ) -> Outcome:
        """Read an upload into the workspace and keep what that gave. `progress` hears of the articles read so far.

        An upload that gives no article is not kept: handed in again, it is tried again.
        """
        tried = path.with_name(path.name + _TRIED)
        tried.write_text(str(self._tried(path) + 1), encoding="utf-8")
        outcome = Outcome(shown_name(path))
        with following_decisions(workspace, parser):
            counts = workspace.add(_results(path, workspace, parser, outcome, progress), versions(parser))
        outcome.replaced = counts.replaced
        for record in outcome.refused:
            # What people gave is told by the name they know, not by where it is kept.
            record["path"] = record["path"].replace(str(path), outcome.name)
        outcome.when = datetime.now(UTC).isoformat(timespec="seconds")
        write_json(path.with_name(path.name + _OUTCOME), asdict(outcome))
        tried.unlink(missing_ok=True)
        if not outcome.articles and not outcome.known:
            path.unlink(missing_ok=True)
        return outcome

    def forget(self, path: Path) -> None:
        """Remove an upload that waits, unread."""
        for ending in (_TRIED, _OUTCOME, ""):
            path.with_name(path.name + ending).unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        names = sorted(entry.name for entry in os.scandir(self.folder) if entry.is_file())
        return [self.folder / n for n in names if not n.startswith(".") and not n.endswith((_OUTCOME, _TRIED))]

    def _tried(self, path: Path) -> int:
        try:
            return int(path.with_name(path.name + _TRIED).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0


def _results(
    path: Path, workspace: Workspace, parser: ReviewingGeoparser, outcome: Outcome, progress: Callable[[int], None]
) -> Iterator[tuple[Article, list[Resolution]]]:
    for article in read_articles([path], outcome.refuse):
        if workspace.has(article):
            outcome.known += 1
        else:
            resolutions = parser.geoparse(article)
            outcome.count(article, resolutions)
            yield article, resolutions
        progress(outcome.articles + outcome.known)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:HASH_DIGITS]


def safe_name(name: str) -> tuple[str, str]:
    """A stranger's file name as one that means nothing to a file system: letters and digits of any script, and its ending.

    >>> safe_name("../../etc/أخبار غريان (1).CSV.GZ"), safe_name("..."), safe_name("x.outcome.json")
    (('أخبار-غريان-1', '.csv.gz'), ('text', ''), ('x-outcome', '.json'))
    """
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    found = _KIND.search(last.lower())
    kind = found.group() if found else ""
    stem = re.sub(r"[^\w]+", "-", last[: len(last) - len(kind)]).strip("-_")
    return stem.encode("utf-8", "ignore")[:NAME_BYTES].decode("utf-8", "ignore") or "text", kind


def shown_name(path: Path) -> str:
    """The name that an upload came under, as far as it was kept."""
    stem, dot, kind = path.name.partition(".")
    return stem.rsplit("-", 1)[0] + dot + kind
