"""Opening what users bring: plain files, one table in a zip, many records in a folder or an archive. Nothing is unpacked
to the disk, no line or record is taken whole into memory when it is out of all proportion.
"""

import codecs
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import IO, TextIO

from gazetteer.errors import SourceError
from gazetteer.sources.rows import shown

LONGEST_LINE = 1_000_000  # the longest line of GeoNames' dump has 17,000 characters
UNPACKING = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError)
# What stands beside the table in archives of GeoNames.
_NOT_TABLES = re.compile(r"(^|/)(__MACOSX/|\.[^./]|readme|iso-languagecodes)", re.IGNORECASE)


def is_archive(path: Path) -> bool:
    """Whether the name says that the file holds others."""
    return path.suffix.lower() == ".zip" or re.search(r"\.(tar(\.\w+)?|tgz|tbz2)$", path.name.lower()) is not None


def member_names(path: Path) -> list[str]:
    """The names in a zip file. Raises SourceError when it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [info.filename for info in archive.infolist() if not info.is_dir()]
    except UNPACKING as error:
        raise SourceError(f"{path.name}: not a zip file that can be read ({error})") from error


def leaves_archive(name: str) -> bool:
    """Whether a name in an archive points out of it, or could not be a file's."""
    parts = re.split(r"[/\\]", name)
    return not name.isprintable() or ".." in parts or parts[0] == "" or ":" in parts[0]


@contextmanager
def open_table(path: Path, ending: str) -> Iterator[TextIO]:
    """The text of a file, or of the one table with this ending in a zip. What is not UTF-8 comes as lone surrogates, which
    no name may hold. Raises SourceError when it cannot be read.
    """
    with ExitStack() as stack:
        try:
            if path.suffix.lower() == ".zip":
                tables = [n for n in member_names(path) if n.lower().endswith(ending) and not _NOT_TABLES.search(n)]
                if len(tables) != 1:
                    raise SourceError(f"{path.name}: one {ending} table is wanted in the zip, {len(tables)} found")
                if leaves_archive(tables[0]):
                    raise SourceError(f"{path.name}: the path {shown(tables[0])} leads out of the zip")
                raw: IO[bytes] = stack.enter_context(stack.enter_context(zipfile.ZipFile(path)).open(tables[0]))
            else:
                raw = stack.enter_context(open(path, "rb"))
            yield _as_text(raw)
        except SourceError:
            raise
        except UNPACKING as error:
            raise SourceError(f"{path.name}: cannot be read ({error})") from error


def _as_text(raw: IO[bytes]) -> TextIO:
    buffered = io.BufferedReader(raw)  # type: ignore[arg-type]
    start = buffered.peek(4)[:4]
    wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # what Excel calls "Unicode text"
    if wide:
        return io.TextIOWrapper(buffered, encoding="utf-16", errors="replace", newline="")
    return io.TextIOWrapper(buffered, encoding="utf-8-sig", errors="surrogateescape", newline="")


def read_lines(stream: TextIO, longest: int = LONGEST_LINE) -> Iterator[str | None]:
    """The lines with their ends; None for one with more characters than `longest`."""
    while line := stream.readline(longest):
        if len(line) < longest or line.endswith("\n"):
            yield line
            continue
        while line and not line.endswith("\n"):
            line = stream.readline(longest)
        yield None


Opener = Callable[[], AbstractContextManager[TextIO]]


def open_members(path: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, Opener]]:
    """Name and opener of every file with one of these endings in a folder, a zip or a tar archive (also compressed).

    Opening raises SourceError for a name that leads out of the archive. Raises SourceError when it is no archive.
    """
    if path.is_dir():
        for file in sorted(p for p in path.rglob("*") if p.name.lower().endswith(endings)):
            yield file.relative_to(path).as_posix(), lambda file=file: open_table(file, "")
    elif path.suffix.lower() == ".zip":
        names = sorted(n for n in member_names(path) if n.lower().endswith(endings) and not _NOT_TABLES.search(n))
        with zipfile.ZipFile(path) as archive:
            for name in names:
                yield name, lambda name=name: _opened(name, lambda: archive.open(name))
    else:
        yield from _tar_members(path, endings)


def _tar_members(path: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, Opener]]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and member.name.lower().endswith(endings) and not _NOT_TABLES.search(member.name):
                    yield member.name, lambda m=member: _opened(m.name, lambda: archive.extractfile(m))
    except UNPACKING as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path.name}: not an archive that can be read ({error})") from error


@contextmanager
def _opened(name: str, opener: Callable[[], IO[bytes]]) -> Iterator[TextIO]:
    if leaves_archive(name):
        raise SourceError("a path that leads out of the archive")
    try:
        with opener() as raw:
            yield _as_text(raw)
    except SourceError:
        raise
    except UNPACKING as error:
        raise SourceError(f"cannot be unpacked ({error})") from error
