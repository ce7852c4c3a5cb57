"""A batch of articles, read: the one function that a single process, a pool of them and a cluster run alike."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from extract.decisions import DecisionLog
from extract.export import mention_rows
from extract.geoparse import BATCH as TOGETHER
from extract.geoparse import Geoparser
from extract.mentions import Article, Resolution
from extract.parts import write_part
from extract.readers import ArticleError
from extract.remote import is_url
from extract.review import ReviewingGeoparser
from extract.storage import open_storage
from extract.versions import versions
from gazetteer import load_gazetteer

Rows = list[tuple[Article, list[dict[str, Any]]]]


class VersionsDiffer(OSError):
    """A process of the cluster would read with another program, gazetteer or model."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Articles to be read, and the `version` (nanoseconds since 1970) that their rows get.

    `place` is the folder or address of the workspace they are kept in; with None the rows are handed back.
    """

    articles: tuple[Article, ...]
    version: int
    place: str | None

    @property
    def chars(self) -> int:
        """The length of the texts."""
        return sum(len(article.text) for article in self.articles)

    def halves(self) -> "list[Batch]":
        """The same articles in two batches; [] when there is but one."""
        middle = len(self.articles) // 2
        parts = (self.articles[:middle], self.articles[middle:])
        return [Batch(part, self.version, self.place) for part in parts] if middle else []


@dataclass(slots=True)
class BatchResult:
    """What reading a batch gave. `refused` are the articles that could not be read; `rows` those not kept in a workspace."""

    articles: int = 0
    mentions: int = 0
    unplaced: int = 0
    seconds: float = 0.0
    refused: list[ArticleError] = field(default_factory=list)
    rows: Rows = field(default_factory=list)


def read_batch(
    batch: Batch, parser: Geoparser, tick: Callable[[BatchResult], None] = lambda result: None
) -> BatchResult:
    """Read the articles and keep them as one part; `tick` is called after each. A batch read twice is kept once.

    An article that the program fails on is refused, the others are read. Raises OSError when the part cannot be written.
    """
    started, result, found = time.monotonic(), BatchResult(), []
    for article, resolutions in _read_each(batch.articles, parser, result.refused):
        found.append((article, mention_rows(article, resolutions)))
        result.articles += 1
        result.mentions += len(resolutions)
        result.unplaced += sum(resolution.place is None for resolution in resolutions)
        tick(result)
    if batch.place is None:
        result.rows = found
    elif found:
        write_part(open_storage(batch.place), found, versions(parser), batch.version)
    result.seconds = time.monotonic() - started
    return result


def _read_each(
    articles: Sequence[Article], parser: Geoparser, refused: list[ArticleError]
) -> Iterator[tuple[Article, list[Resolution]]]:
    for start in range(0, len(articles), TOGETHER):
        some = list(articles[start : start + TOGETHER])
        try:
            yield from zip(some, parser.geoparse_many(some), strict=True)
        except Exception as error:  # noqa: BLE001
            # One article that shows up a fault of the program must not cost the others of a long run.
            if len(some) > 1:
                for article in some:
                    yield from _read_each([article], parser, refused)
                continue
            reason = f"the program fails on this article ({type(error).__name__}: {str(error)[:200]})"
            refused.append(ArticleError(reason, path=some[0].id, hint="report it, with the article"))


_gazetteer = cache(load_gazetteer)


@cache
def own_parser(place: str | None = None) -> Geoparser:
    """This process's reader of articles for the workspace, with its reviewers' decisions; made once.

    Decisions lie in folders: a workspace at an address, and None, have none.
    """
    if place is None or is_url(place):
        return Geoparser(_gazetteer())
    return ReviewingGeoparser(_gazetteer(), DecisionLog(place))


def read_batch_here(batch: Batch, expected: Mapping[str, str]) -> BatchResult:
    """`read_batch` in a process of a pool or cluster. Raises VersionsDiffer when it would read otherwise than asked."""
    # Names that reviewers add meanwhile are no difference.
    found = versions(own_parser())
    if found != dict(expected):
        differing = [name for name in expected if found.get(name) != expected[name]]
        wrong = ", ".join(f"{name} {found.get(name)!r} for {expected[name]!r}" for name in differing)
        raise VersionsDiffer(f"a worker reads with {wrong}: install the same program and gazetteer on every machine")
    return read_batch(batch, own_parser(batch.place))
