"""Which files are to be read, and what each is called: files and folders, or addresses -> inputs."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from extract.readers import ArticleError, is_known
from extract.remote import is_url, list_urls, open_url
from gazetteer.terminal import printable

Refuse = Callable[[ArticleError], None]


@dataclass(frozen=True, slots=True)
class Input:
    """One file to read. Its articles are named after `short` (its name without ending) or `long` (its path).

    `shared` says that another input has the same short name; `size` is in bytes, None when unknown.
    """

    path: str
    short: str
    long: str
    shared: bool
    size: int | None

    @property
    def shown(self) -> str:
        """The path for people: on one line, without controls."""
        return printable(self.path)

    def open(self) -> BinaryIO:
        """The bytes as a stream. Raises OSError for what is no file: opening a pipe would wait for ever."""
        if is_url(self.path):
            return open_url(self.path)
        if not os.path.isfile(self.path):
            raise OSError("not a file: a pipe, a device or a broken link")
        return open(self.path, "rb")


class Inputs:
    """The files at the paths: looked through once for their number, their size and the names they share, then as often as
    asked. Memory grows with their number alone, by about 100 bytes each.

    Raises ArticleError for a path that does not exist.
    """

    def __init__(self, paths: Iterable[str | os.PathLike[str]], *, absolute: bool = False) -> None:
        """The files at the paths; `absolute` names them so that other processes find them from another folder."""
        self.roots = [os.fspath(path) for path in paths]
        if absolute:
            self.roots = [path if is_url(path) else os.path.abspath(path) for path in self.roots]
        self.files = 0
        self.total_bytes: int | None = 0
        self._short: dict[int, bool] = {}
        self._long: dict[int, bool] = {}
        for root in self.roots:
            self._survey(root)
        self._shared = {name for name, again in self._short.items() if again}
        self._far = {name for name, again in self._long.items() if again}
        self._short, self._long = {}, {}

    def _survey(self, root: str) -> None:
        if not is_url(root) and not os.path.lexists(root):
            raise ArticleError("no such file or folder", path=printable(root), hint="check the name")
        found = 0
        for path, size in _walk(root, lambda error: None):
            found += 1
            for seen, name in ((self._short, _stem(path)), (self._long, _relative(path, root))):
                digest = digest_of(name)
                seen[digest] = digest in seen
            if self.total_bytes is not None:
                self.total_bytes = None if size is None else self.total_bytes + size
        if not found and is_url(root):
            raise ArticleError("no such file or folder", path=printable(root), hint="check the address")
        self.files += found

    def walk(self, refuse: Refuse) -> Iterator[Input]:
        """The files in the order of their names, each once; folders that cannot be opened go to `refuse`."""
        seen: set[int] = set()
        for root in self.roots:
            for path, size in _walk(root, refuse):
                if len(self.roots) > 1:
                    digest = digest_of(path if is_url(path) else os.path.abspath(path))
                    if digest in seen:
                        continue
                    seen.add(digest)
                short, long = _stem(path), _relative(path, root)
                shared = digest_of(short) in self._shared
                if digest_of(long) in self._far:
                    long = f"{PurePosixPath(root.rstrip('/')).name}/{long}" if path != root else root.lstrip("./")
                yield Input(path, short, long, shared, size)


def find_files(path: Path) -> list[Path]:
    """The file itself, or all article files below the folder (hidden ones left out), sorted by name.

    Linked files are found, linked folders not gone into.
    """
    return [Path(found) for found, _ in _walk(str(path), lambda error: None)]


def _walk(root: str, refuse: Refuse) -> Iterator[tuple[str, int | None]]:
    """Files and sizes in the order of their names. Without recursion: folders may lie deeper than Python calls."""
    if is_url(root):
        for url, size in list_urls(root):
            if url.rstrip("/") == root.rstrip("/") or is_known(_suffix(url)):
                yield url, size
        return
    if not os.path.isdir(root):
        yield root, _size(root)
        return
    waiting = [root]
    while waiting:
        path = waiting.pop()
        if os.path.isdir(path) and (path == root or not os.path.islink(path)):
            waiting += reversed(_list_folder(path, refuse))
        elif not os.path.isdir(path) and is_known(_suffix(path)):
            yield path, _size(path)


def _list_folder(path: str, refuse: Refuse) -> list[str]:
    try:
        names = sorted(name for name in os.listdir(path) if not name.startswith("."))
    except OSError as error:
        reason = f"a folder that cannot be opened ({error.strerror})"
        refuse(ArticleError(reason, path=printable(path), hint="see whether it may be read"))
        return []
    return [os.path.join(path, name) for name in names]


def _size(path: str) -> int | None:
    return os.path.getsize(path) if os.path.isfile(path) else None


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def _stem(path: str) -> str:
    """The name without its ending, and without both of "news.txt.gz"."""
    pure = Path(path)
    return Path(pure.stem).stem if pure.suffix.lower() == ".gz" else pure.stem


def _relative(path: str, root: str) -> str:
    if path == root:
        return Path(path).name
    return path.removeprefix(root).replace(os.sep, "/").lstrip("/")


def digest_of(text: str) -> int:
    """Eight bytes that stand for a text: two of a billion texts meet in one with a chance of 3 %."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())
