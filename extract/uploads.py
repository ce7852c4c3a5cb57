"""What people hand in by hand: files and pasted texts, kept in the workspace's folder until they are read.

    uploads/<name>-<hash>.<kind>                 as it came, waiting to be read; the hash is of its content
    uploads/<name>-<hash>.<kind>.outcome.json    what reading it gave; the file itself is gone by then

A crash or a reload loses nothing: what waits is read by whoever opens the workspace next. Once read, the texts are in the
workspace alone: an article that is removed there is in no second file.
"""

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from extract.articles import ArticleError
from extract.mentions import Article, Resolution
from extract.parts import first_words
from extract.review import ReviewingGeoparser, following_decisions
from extract.run import RunCounts, read_into
from extract.store import Workspace
from gazetteer.whole_file import whole_file

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
_OUTCOME, _TRIED = ".outcome.json", ".tried.json"


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
        """Keep the content under a safe form of the name: its path, and whether the same content was handed in before."""
        stem, kind = safe_name(name)
        self.folder.mkdir(exist_ok=True, mode=0o700)
        end = f"-{_digest(content)}{kind}"
        # The content counts, not the name it comes under.
        former = (path for path in sorted(self.folder.iterdir()) if path.name.removesuffix(_OUTCOME).endswith(end))
        known = next((path.with_name(path.name.removesuffix(_OUTCOME)) for path in former), None)
        path = known or self.folder / f"{stem}{end}"
        if not path.exists():
            path.with_name(path.name + _TRIED).unlink(missing_ok=True)
            _write(path, content)
        return path, known is not None

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
        kept = [path for path in self._files() if tries is None or self._tried(path) < tries]
        return sorted(kept, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def outcome(self, path: Path) -> Outcome | None:
        """What reading the upload gave, or None when it waits to be read (or what was kept of it cannot be read)."""
        try:
            content = json.loads(path.with_name(path.name + _OUTCOME).read_text(encoding="utf-8"))
            return Outcome(**content | {"found": [Found(**found) for found in content["found"]]})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def outcomes(self, limit: int | None = None) -> list[tuple[Path, Outcome]]:
        """The uploads read last and what that gave, newest first."""
        states = self.folder.glob(f"*{_OUTCOME}") if self.folder.is_dir() else ()
        newest = sorted(states, key=lambda state: (state.stat().st_mtime_ns, state.name), reverse=True)[:limit]
        paths = (state.with_name(state.name.removesuffix(_OUTCOME)) for state in newest)
        return [(path, outcome) for path in paths if (outcome := self.outcome(path)) is not None]

    def read(
        self,
        path: Path,
        workspace: Workspace,
        parser: ReviewingGeoparser,
        progress: Callable[[RunCounts], None] | None = None,
    ) -> Outcome:
        """Read an upload into the workspace, keep what that gave and let the file go. `progress` is called after every
        article. One read before finds its articles there, and brings back those removed since.
        """
        tried = path.with_name(path.name + _TRIED)
        tried.write_text(str(self._tried(path) + 1), encoding="utf-8")
        outcome = Outcome(shown_name(path))
        noting: Any = _Noting(parser, outcome)
        with following_decisions(workspace, parser):
            counts = read_into(workspace, [path], parser=noting, progress=progress, refuse=outcome.refuse)
        outcome.replaced, outcome.known = counts.replaced, counts.skipped
        former = self.outcome(path)
        if former is not None and not outcome.articles:
            outcome.found = former.found
        for record in outcome.refused:
            record["path"] = known_path(record["path"])
        outcome.when = datetime.now(UTC).isoformat(timespec="seconds")
        self._save(path, outcome)
        for done in (path, tried):
            done.unlink(missing_ok=True)
        return outcome

    def forget(self, path: Path) -> None:
        """Remove an upload that waits, unread."""
        for ending in ("", _TRIED):
            path.with_name(path.name + ending).unlink(missing_ok=True)

    def forget_articles(self, article_ids: Collection[str]) -> None:
        """Take articles that leave the workspace out of what the readings gave: titles and names are parts of them."""
        for path, outcome in self.outcomes():
            kept = [found for found in outcome.found if found.article_id not in article_ids]
            if len(kept) < len(outcome.found):
                outcome.found = kept
                self._save(path, outcome)

    def _save(self, path: Path, outcome: Outcome) -> None:
        content = json.dumps(asdict(outcome), ensure_ascii=False)
        _write(path.with_name(path.name + _OUTCOME), content.encode("utf-8", "replace"))

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


class _Noting:
    """A reader of articles that notes what each gave."""

    def __init__(self, parser: ReviewingGeoparser, outcome: Outcome) -> None:
        self._parser, self._outcome = parser, outcome

    def geoparse_many(self, articles: Sequence[Article]) -> list[list[Resolution]]:
        found = list(self._parser.geoparse_many(articles))
        for article, resolutions in zip(articles, found, strict=True):
            self._outcome.count(article, resolutions)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)


def _write(path: Path, content: bytes) -> None:
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


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


def known_path(path: str) -> str:
    """A path in a list of refusals as people know it: of an upload the name it came under, with what lies in it.

    >>> known_path("/data/store/uploads/news-0123456789ab.zip/a.txt"), known_path("/news/a.txt")
    ('news.zip/a.txt', '/news/a.txt')
    """
    found = re.search(rf"(?:^|/){FOLDER}/([^/]+)-[0-9a-f]{{{HASH_DIGITS}}}(\.[^/]*)?(/.*)?\Z", path)
    return path if found is None else "".join(part or "" for part in found.groups())
