"""One input as the readers see it: a file, a member of an archive, or an unpacked file."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

from extract.mentions import Article
from extract.readers.errors import ArticleError
from extract.readers.options import ReadOptions


@dataclass(frozen=True)
class Source:
    """An input that can be opened. `path` is printable, for messages; `base_id` begins the ids of its articles.

    `size` is the number of bytes, None when unknown; `depth` counts the archives it lies in.
    """

    path: str
    name: str
    base_id: str
    open: Callable[[], BinaryIO]
    size: int | None = None
    depth: int = 0

    @property
    def suffix(self) -> str:
        """The last ending of the name in lower case, with its dot."""
        return PurePath(self.name).suffix.lower()

    def error(self, reason: str, hint: str = "", *, row: int | None = None, unit: str = "row") -> ArticleError:
        """A refusal of this input, or of one row of it."""
        return ArticleError(reason, path=self.path, row=row, unit=unit, hint=hint)

    def read(self, limit: int) -> bytes:
        """All bytes. Raises ArticleError when there are none, or more than the limit."""
        with self.open() as stream:
            data = stream.read(limit + 1)
        if len(data) > limit:
            raise self.error(f"more than {limit // 1_000_000} MB", "split it, or raise the limit")
        if not data.strip():
            raise self.error("empty", "remove it, or save the article again")
        return data


Refuse = Callable[[ArticleError], None]
Reader = Callable[[Source, ReadOptions, Refuse], Iterator[Article]]


class LimitedStream(io.RawIOBase):
    """A stream that raises the given error once more than `limit` bytes came out of it."""

    def __init__(self, raw: BinaryIO, limit: int, error: ArticleError) -> None:
        self._raw, self._left, self._error = raw, limit, error

    def readable(self) -> bool:
        """It can be read, not written or moved in."""
        return True

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer; 0 at the end."""
        data = self._raw.read1(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise self._error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the stream below as well."""
        if not self.closed:
            self._raw.close()
        super().close()
