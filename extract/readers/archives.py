"""Archives (.zip, .gz) and the packages that office files are: opened without writing anything to disk by their names."""

import gzip
import io
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO

from extract.readers.errors import ArticleError
from extract.readers.fields import clean_id
from extract.readers.options import ReadOptions
from extract.readers.source import LimitedStream, Refuse, Source
from gazetteer.terminal import printable

ARCHIVES = frozenset({".zip", ".gz"})
# An archive within an archive is read; one within that is refused.
DEEPEST = 2
# What unpacking raises on damaged data, beside zipfile's own error.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error, gzip.BadGzipFile)
_AGAIN = "it is damaged or cut off: get it again"
_IN_MEMORY = 10_000_000
_END_BYTES = 65_557


def open_members(source: Source, options: ReadOptions, refuse: Refuse) -> Iterator[Source]:
    """The inputs in an archive, in the order of their names; hidden ones and folders are left out.

    Members with unsafe names, encrypted ones and links are refused one by one. Raises ArticleError for what is no
    archive, unpacks to far more than it holds, or lies too deep.
    """
    if source.depth >= DEEPEST:
        raise source.error("an archive in an archive in an archive", "unpack it first")
    if source.suffix == ".gz":
        yield _unpacked(source, options)
        return
    with _seekable(source, options) as stream, _open_zip(source, stream, options) as archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not _is_hidden(m.filename)]
        stems = Counter(PurePosixPath(m.filename).with_suffix("").as_posix() for m in members)
        for member in sorted(members, key=lambda m: m.filename):
            try:
                yield _member(source, archive, member, stems)
            except ArticleError as error:
                refuse(error)


@contextmanager
def open_package(source: Source, options: ReadOptions, part: str) -> Iterator[BinaryIO]:
    """An office file as a stream that can be moved in, checked to be one that holds `part` and is no bomb.

    Raises ArticleError otherwise, with its own words for encrypted and for old files.
    """
    with source.open() as raw:
        data = raw.read(options.max_document_bytes + 1)
    if len(data) > options.max_document_bytes:
        raise source.error(f"more than {options.max_document_bytes // 1_000_000} MB", "split it")
    if not data:
        raise source.error("empty", "remove it, or save it again")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise source.error("encrypted, or of the old office format", f"save it as {source.suffix} without a password")
    stream = io.BytesIO(data)
    with _open_zip(source, stream, options) as archive:
        if part not in archive.namelist():
            raise source.error(f"not a {source.suffix} file: no {part} in it", "open it and save it again")
    stream.seek(0)
    yield stream


@contextmanager
def _seekable(source: Source, options: ReadOptions) -> Iterator[BinaryIO]:
    """The source's stream; a nested archive is unpacked to a nameless temporary file, for a ZIP is read from its end."""
    with source.open() as raw:
        if source.depth == 0:
            yield raw
            return
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
            limited = LimitedStream(raw, options.max_unpacked_bytes, _too_large(source, options))
            shutil.copyfileobj(limited, copy, _IN_MEMORY // 10)
            copy.seek(0)
            yield copy


@contextmanager
def _open_zip(source: Source, stream: BinaryIO, options: ReadOptions) -> Iterator[zipfile.ZipFile]:
    size = stream.seek(0, io.SEEK_END)
    if _contents_bytes(stream, size) > options.max_contents_bytes:
        raise source.error("an archive of too many members", "unpack it and read the folder")
    try:
        archive = zipfile.ZipFile(stream)
    except (*DAMAGED, ValueError, OverflowError) as error:
        raise source.error(f"not a whole ZIP archive ({error})", _AGAIN) from error
    with archive:
        unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > max(options.ratio_from_bytes, options.max_ratio * size):
            reason = f"a bomb: {size:,} bytes claim to hold {unpacked:,}"
            raise source.error(reason, "unpack it yourself if you trust it")
        yield archive


def _contents_bytes(stream: BinaryIO, size: int) -> int:
    """The size of a ZIP's table of contents by its end record; 0 when there is none."""
    stream.seek(max(0, size - _END_BYTES))
    tail = stream.read(_END_BYTES)
    at = tail.rfind(b"PK\x05\x06")
    stream.seek(0)
    if at < 0 or len(tail) < at + 22:
        return 0
    (length,) = struct.unpack_from("<I", tail, at + 12)
    large = tail.rfind(b"PK\x06\x06", 0, at)
    if length == 0xFFFFFFFF and large >= 0 and len(tail) >= large + 48:
        (length,) = struct.unpack_from("<Q", tail, large + 40)
    return length


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) and part not in (".", "..") for part in PurePosixPath(name).parts)


def _member(source: Source, archive: zipfile.ZipFile, member: zipfile.ZipInfo, stems: Counter[str]) -> Source:
    name = _member_name(member)
    path = f"{source.path}/{printable(name)}"
    pure = PurePosixPath(name)
    if not pure.name or pure.is_absolute() or ".." in pure.parts or "\\" in name or ":" in pure.parts[0]:
        raise ArticleError("a name that leads out of the archive", path=path, hint="pack it again")
    if member.flag_bits & 1:
        raise ArticleError("encrypted", path=path, hint="unpack it with its password")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise ArticleError("a link, not a file", path=path, hint="pack the file itself")
    stem = pure.with_suffix("").as_posix()
    inner = stem if stems[PurePosixPath(member.filename).with_suffix("").as_posix()] == 1 else pure.as_posix()
    return Source(
        path=path,
        name=pure.name,
        base_id=clean_id(f"{source.base_id}/{inner}") or source.base_id,
        open=lambda: archive.open(member),
        size=member.file_size,
        depth=source.depth + 1,
    )


def _member_name(member: zipfile.ZipInfo) -> str:
    """The name as the packer meant it: old packers write UTF-8 without saying so, and it is read as DOS letters."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


def _unpacked(source: Source, options: ReadOptions) -> Source:
    """What a .gz file holds. It stops with an error once it gives more than the ratio allows."""
    size = source.size if source.size is not None else options.max_unpacked_bytes
    limit = max(options.ratio_from_bytes, options.max_ratio * size)
    error = source.error(f"a bomb: {size:,} bytes give more than {limit:,}", "unpack it yourself if you trust it")
    name = source.name[: -len(".gz")]

    def open_unpacked() -> BinaryIO:
        return io.BufferedReader(LimitedStream(_Gunzip(source.open()), limit, error))

    base_id = source.base_id
    return Source(path=source.path, name=name, base_id=base_id, open=open_unpacked, depth=source.depth + 1)


class _Gunzip(gzip.GzipFile):
    """A gzip stream that closes the stream below it too."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__(fileobj=raw, mode="rb")
        self._below = raw

    def close(self) -> None:
        super().close()
        self._below.close()


def _too_large(source: Source, options: ReadOptions) -> ArticleError:
    return source.error(f"unpacks to more than {options.max_unpacked_bytes // 1_000_000} MB", "unpack it first")
