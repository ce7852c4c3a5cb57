"""Many articles: inputs -> the workspace, in this process, in several, or on a cluster.

    counts = read_into(workspace, ["news/"], ReadOptions(), progress=print, refuse=print)

is all that another program needs. Inputs become articles (extract.articles), those that are there already are left out,
the others are cut into batches of some seconds each (extract.batches) and read where the pool is (extract.pools). Each batch
becomes one part of the workspace, so a run that is stopped loses at most the batches at work, and goes on when started again.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from extract.articles import Namer, ReadOptions, read_inputs
from extract.batches import Batch, BatchResult, Rows, own_parser, read_batch, read_batch_here
from extract.geoparse import Geoparser
from extract.inputs import Input, Inputs
from extract.known import KnownArticles
from extract.mentions import Article
from extract.parsing import Meter, parse_inputs
from extract.pools import Job, Pool, open_pool
from extract.readers import ArticleError
from extract.rejected import RejectedFile
from extract.review import following_decisions
from extract.snapshots import write_snapshot
from extract.store import Workspace
from extract.versions import versions

# A batch takes about so long: little is lost when a run is stopped, and parts do not become too small.
BATCH_S = 15.0
# Until it is known how fast reading goes: some seconds' worth.
FIRST_CHARS = 100_000
# Of so many articles there are some 50,000 mentions: more would make the part slow to build.
BATCH_ARTICLES = 5_000
SAVE_S = 10.0
TIDY_BATCHES = 100


@dataclass(frozen=True, slots=True)
class RunCounts:
    """How far a run is, or what it did.

    `articles` were read, of which `added` are new and `replaced` changed (or read again); `skipped` were there already.
    `mentions` were found, `unplaced` of them without a place; `refused` counts inputs, rows and articles that could not be
    read. `bytes_read` of `bytes_total` (None when unknown) of the inputs are gone through.
    """

    articles: int = 0
    added: int = 0
    replaced: int = 0
    skipped: int = 0
    mentions: int = 0
    unplaced: int = 0
    refused: int = 0
    bytes_read: int = 0
    bytes_total: int | None = None


Progress = Callable[[RunCounts], None]
Refuse = Callable[[ArticleError], None]


def read_into(
    workspace: Workspace,
    paths: Iterable[str | os.PathLike[str]] | Inputs,
    options: ReadOptions | None = None,
    *,
    parser: Geoparser | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
    refuse: Refuse | None = None,
) -> RunCounts:
    """Read the files and folders (or addresses) into the workspace and return what that did.

    Articles that are there with the same content are skipped, changed ones replaced. With `workers` above 1 that many
    processes read; `scheduler` is the address of a Dask cluster that does. `parser` is the reader to be used when this
    process reads (the default is made once a process). `progress` is called after every article or batch, `refuse` with
    each input that cannot be read; these are also listed in the workspace's `rejected.jsonl`.

    Raises ArticleError for a path that does not exist, StoreError when the workspace cannot be written, PoolLost when the
    cluster is gone, GazetteerError for a wrong table. What was read before is kept.
    """
    # Workers of a cluster run in folders of their own.
    inputs = paths if isinstance(paths, Inputs) else Inputs(paths, absolute=scheduler is not None)
    known = workspace.known()
    run = Run(
        known=known, place=workspace.address, progress=progress, refuse=refuse, rejected=workspace.rejected_file()
    )
    run.tidy = workspace.merge_small
    parser = parser or own_parser(workspace.address)
    with_pool = open_pool(workers, scheduler)
    with following_decisions(workspace, parser):
        try:
            for _ in run.read(inputs, options or ReadOptions(), with_pool, parser):
                pass
        finally:
            with_pool.close()
            run.save()
            workspace.refresh(force=True)
    if run.parser is not None:
        workspace.note_versions(versions(run.parser))
        write_snapshot(workspace.storage, run.parser.gazetteer)
    workspace.merge_small()
    return run.counts


class Run:
    """One run: what it knows, what it counts, where its batches are."""

    def __init__(
        self,
        *,
        known: KnownArticles | None = None,
        place: str | None = None,
        progress: Progress | None = None,
        refuse: Refuse | None = None,
        rejected: RejectedFile | None = None,
    ) -> None:
        self.counts = RunCounts()
        self.parser: Geoparser | None = None
        # Called after every TIDY_BATCHES batches: a run of days must not leave thousands of small parts.
        self.tidy: Callable[[], None] = lambda: None
        self._known, self._place, self._rejected = known, place, rejected
        self._progress, self._tell = progress, refuse
        self._meter = Meter()
        self._version = 0
        self._batch_chars = float(FIRST_CHARS)
        self._saved = time.monotonic()
        self._batches = 0

    def read(self, inputs: Inputs, options: ReadOptions, pool: Pool, parser: Geoparser | None = None) -> Iterator[Rows]:
        """Read all inputs. Gives the rows of each batch where there is no workspace, in the order of the inputs."""
        self.counts = replace(self.counts, bytes_total=inputs.total_bytes)
        parse = partial(parse_inputs, options=options, pool=pool, meter=self._meter)
        namer = Namer(self._known)
        articles = read_inputs(inputs, namer, self.refuse, options, parse=parse, begin=self._begin)
        yield from self.read_articles(self._wanted(articles), pool, parser)
        self._meter.finish()
        self.counts = replace(self.counts, bytes_read=self._meter.bytes_read)
        self._report(self.counts)

    def read_articles(self, articles: Iterator[Article], pool: Pool, parser: Geoparser | None = None) -> Iterator[Rows]:
        """Read the articles, whether they are there or not."""
        function = None
        waiting: deque[Job] = deque()
        for batch in self._cut(articles):
            function = function or self._function(pool, parser)
            waiting.append(pool.submit(function, batch))
            while len(waiting) >= pool.window:
                yield from self._finish(pool, waiting.popleft())
        while waiting:
            yield from self._finish(pool, waiting.popleft())

    def refuse(self, error: ArticleError) -> None:
        """Count what cannot be read, list it and tell it."""
        self.counts = replace(self.counts, refused=self.counts.refused + 1)
        if self._rejected is not None:
            self._rejected.refuse(error)
        if self._tell is not None:
            self._tell(error)

    def save(self) -> None:
        """Write the list of what was refused."""
        self._saved = time.monotonic()
        if self._rejected is not None:
            self._rejected.save()

    def _function(self, pool: Pool, parser: Geoparser | None) -> Callable[[Batch], BatchResult]:
        self.parser = parser = parser or own_parser(self._place)
        if not pool.elsewhere:
            return partial(read_batch, parser=parser, tick=self._tick)
        return partial(read_batch_here, expected=versions(own_parser()))

    def _begin(self, given: Input) -> None:
        self._meter.begin(given)
        if self._rejected is not None:
            self._rejected.begin(given.shown)

    def _wanted(self, articles: Iterator[Article]) -> Iterator[Article]:
        """The articles that are not there with the same content."""
        for article in articles:
            if self._known is not None and self._known.same(article.id, article):
                self.counts = replace(self.counts, skipped=self.counts.skipped + 1)
                self._report(self.counts)
            else:
                yield article

    def _cut(self, articles: Iterator[Article]) -> Iterator[Batch]:
        taken: list[Article] = []
        chars, began = 0, time.monotonic()
        for article in articles:
            began = began if taken else time.monotonic()
            taken.append(article)
            chars += len(article.text)
            late = time.monotonic() - began > BATCH_S
            if late or chars >= self._batch_chars or len(taken) >= BATCH_ARTICLES:
                yield self._batch(taken)
                taken, chars = [], 0
        if taken:
            yield self._batch(taken)

    def _batch(self, articles: list[Article]) -> Batch:
        # Later batches count before earlier ones whatever the clock does.
        self._version = max(self._version + 1, time.time_ns())
        return Batch(tuple(articles), self._version, self._place)

    def _tick(self, result: BatchResult) -> None:
        """An article of the batch in this process is read."""
        self._report(self._with(result))

    def _with(self, result: BatchResult) -> RunCounts:
        names = ("articles", "mentions", "unplaced")
        return replace(self.counts, **{name: getattr(self.counts, name) + getattr(result, name) for name in names})

    def _report(self, counts: RunCounts) -> None:
        if self._progress is not None:
            self._progress(replace(counts, bytes_read=self._meter.bytes_read))

    def _finish(self, pool: Pool, job: Job) -> Iterator[Rows]:
        for batch, result in pool.result(job):
            if result is None:
                reason = "the process that reads this article is killed every time (out of memory?)"
                self.refuse(
                    ArticleError(reason, path=batch.articles[0].id, hint="read it on a larger machine, or split it")
                )
                continue
            self._count(batch, result)
            if batch.place is None:
                yield result.rows
        self._batches += 1
        if self._batches % TIDY_BATCHES == 0:
            self.tidy()
        if time.monotonic() - self._saved > SAVE_S:
            self.save()
        self._report(self.counts)

    def _count(self, batch: Batch, result: BatchResult) -> None:
        self.counts = self._with(result)
        for error in result.refused:
            self.refuse(error)
        failed = {error.path for error in result.refused}
        read = [article.id for article in batch.articles if article.id not in failed]
        replaced = sum(self._known is not None and self._known.holds(identity) for identity in read)
        added = self.counts.added + len(read) - replaced
        self.counts = replace(self.counts, added=added, replaced=self.counts.replaced + replaced)
        if self._rejected is not None:
            for identity in read:
                self._rejected.begin(identity)
        if result.seconds > 0.5:
            self._batch_chars = max(1.0, batch.chars / result.seconds * BATCH_S)
