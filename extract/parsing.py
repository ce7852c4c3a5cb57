"""Inputs -> articles not yet named, where the pool is: files that hold one article each are parsed by its workers, a group
at a time; what holds many (tables, feeds, archives) is read here, as it is asked for.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from extract.articles import parse_input
from extract.inputs import Input, Refuse
from extract.mentions import Article
from extract.pools import Job, Pool
from extract.readers import ArticleError, ReadOptions

ONE_ARTICLE = (".txt", ".html", ".htm", ".docx", ".pdf")
GROUP_FILES, GROUP_BYTES = 50, 5_000_000

Parsed = tuple[Input, list[Article], list[ArticleError]]


@dataclass(frozen=True, slots=True)
class Group:
    """Files that one worker parses."""

    inputs: tuple[Input, ...]

    def halves(self) -> "list[Group]":
        """The same files in two groups; [] when there is but one."""
        middle = len(self.inputs) // 2
        return [Group(self.inputs[:middle]), Group(self.inputs[middle:])] if middle else []


class Meter:
    """How many bytes of the inputs are gone through."""

    def __init__(self) -> None:
        self._before, self._size = 0, 0
        self._stream: BinaryIO | None = None

    def begin(self, given: Input) -> None:
        """The next input is read."""
        self.finish()
        self._size = given.size or 0

    def finish(self) -> None:
        """The input is gone through."""
        self._before += self._size
        self._size, self._stream = 0, None

    def watch(self, stream: BinaryIO) -> BinaryIO:
        """The input's stream, which tells how far it is read."""
        self._stream = stream
        return stream

    @property
    def bytes_read(self) -> int:
        """Bytes of the inputs before, and of this one up to where it is read."""
        stream = self._stream
        if stream is None or stream.closed:
            return self._before
        return self._before + min(stream.tell(), self._size)


def parse_inputs(
    inputs: Iterator[Input], refuse: Refuse, *, options: ReadOptions, pool: Pool, meter: Meter
) -> Iterator[tuple[Input, Iterator[Article]]]:
    """Each input with its articles, in order; what is refused in an input is told before its articles come."""
    waiting: deque[Job | Input] = deque()
    function = partial(parse_group, options=options)
    for part in _grouped(inputs, alone=not pool.elsewhere):
        waiting.append(pool.submit(function, part) if isinstance(part, Group) else part)
        while len(waiting) >= pool.window + 1:
            yield from _articles_of(waiting.popleft(), refuse, options, pool, meter)
    while waiting:
        yield from _articles_of(waiting.popleft(), refuse, options, pool, meter)


def parse_group(group: Group, options: ReadOptions) -> list[Parsed]:
    """The articles and refusals of each file."""
    parsed = []
    for given in group.inputs:
        refused: list[ArticleError] = []
        parsed.append((given, list(parse_input(given, options, refused.append)), refused))
    return parsed


def _grouped(inputs: Iterator[Input], *, alone: bool) -> Iterator[Group | Input]:
    """Files of one article in groups, others as they are, in order."""
    taken: list[Input] = []
    for given in inputs:
        small = not alone and given.path.lower().endswith(ONE_ARTICLE)
        full = len(taken) >= GROUP_FILES or sum(one.size or 0 for one in taken) >= GROUP_BYTES
        if taken and (full or not small):
            yield Group(tuple(taken))
            taken = []
        if small:
            taken.append(given)
        else:
            yield given
    if taken:
        yield Group(tuple(taken))


def _articles_of(
    part: Job | Input, refuse: Refuse, options: ReadOptions, pool: Pool, meter: Meter
) -> Iterator[tuple[Input, Iterator[Article]]]:
    if isinstance(part, Input):
        yield part, parse_input(part, options, refuse, meter.watch)
        return
    for group, parsed in pool.result(part):
        if parsed is None:
            reason = "the process that reads this file is killed every time (out of memory?)"
            refuse(ArticleError(reason, path=group.inputs[0].shown, hint="save it as text, or split it"))
            continue
        for given, articles, refused in parsed:
            for error in refused:
                refuse(error)
            yield given, iter(articles)
