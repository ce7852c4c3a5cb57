"""Where the files of a workspace are: a folder of this machine, or an address such as `s3://bucket/folder`.

A file is there as a whole or not at all: a folder's is written under another name and renamed, an address's is put in one go.
"""

import contextlib
import hashlib
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import filelock
import pyarrow as pa
import pyarrow.parquet as pq

from extract.remote import explain, is_url, open_filesystem
from gazetteer.load import cache_folder
from gazetteer.whole_file import UNFINISHED, is_left_over, whole_file

# Small row groups let a page of passages be read without the rest of its part.
ROW_GROUP_ROWS = 8_192
# What another machine began to write so long ago, it will not finish.
FORGOTTEN_S = 86_400
GO_ON = "run the same command again when that is mended: what was read before is kept"


class StoreError(OSError):
    """A workspace is missing, cannot be written, or is of a form this program does not know: the message says what to do."""


# Name, a stamp that changes when the file does, and size in bytes.
Entry = tuple[str, str, int]


class Storage:
    """The files of one folder, by their names. `place` is the folder or address; `cache` a folder of this machine beside it."""

    place: str
    cache: Path

    def entries(self, prefix: str = "", suffix: str = "") -> list[Entry]:
        """The files of these names, sorted; none for a folder that is gone."""
        raise NotImplementedError

    def read(self, name: str) -> bytes:
        """All bytes of a file. Raises FileNotFoundError."""
        raise NotImplementedError

    def write(self, name: str, data: bytes) -> None:
        """Write a file so that it is there as a whole or not at all."""
        raise NotImplementedError

    def delete(self, name: str) -> None:
        """Delete a file; one that is gone is no error."""
        raise NotImplementedError

    def location(self, name: str) -> str:
        """The file as DuckDB opens it."""
        raise NotImplementedError

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write a table as Parquet."""
        stream = io.BytesIO()
        pq.write_table(table, stream, compression="zstd", row_group_size=ROW_GROUP_ROWS)
        self.write(name, stream.getbuffer())

    def read_table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """A Parquet file as a table. Raises FileNotFoundError."""
        return pq.read_table(io.BytesIO(self.read(name)), columns=columns)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A database in memory that can open the files."""
        return duckdb.connect(":memory:")

    def tidy(self) -> None:
        """Remove what writers that are gone left unfinished."""

    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Keep other processes out of what this name guards; on this machine alone for an address."""
        self.cache.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self.cache / f".{name}.lock"):
            yield


class FolderStorage(Storage):
    """A folder of this machine. Where it cannot be written, what is made from its files is kept in a cache folder."""

    def __init__(self, folder: Path) -> None:
        self.place, self.cache, self._folder = str(folder), folder, folder
        if folder.is_dir() and not os.access(folder, os.W_OK):
            self.cache = _cache_of(os.path.abspath(folder))

    def entries(self, prefix: str = "", suffix: str = "") -> list[Entry]:
        """The files of these names, sorted; none for a folder that is gone."""
        found = []
        with contextlib.suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.startswith(prefix) and entry.name.endswith(suffix):
                    with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                        state = entry.stat()
                        found.append((entry.name, str(state.st_mtime_ns), state.st_size))
        return sorted(found)

    def read(self, name: str) -> bytes:
        """All bytes of a file. Raises FileNotFoundError."""
        return (self._folder / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """Write under another name, then rename."""
        try:
            with whole_file(self._folder / name) as temporary:
                temporary.write_bytes(data)
        except OSError as error:
            raise StoreError(f"{self.place}: cannot be written ({error.strerror}): {GO_ON}") from error

    def delete(self, name: str) -> None:
        """Delete a file; one that is gone is no error."""
        (self._folder / name).unlink(missing_ok=True)

    def location(self, name: str) -> str:
        """The path of the file."""
        return str(self._folder / name)

    def tidy(self) -> None:
        """Remove what processes of this machine that are gone, or long ago others, left unfinished."""
        for name, stamp, _ in self.entries(".", UNFINISHED):
            old = time.time_ns() - int(stamp) > FORGOTTEN_S * 1_000_000_000
            if old or is_left_over(name):
                self.delete(name)


class RemoteStorage(Storage):
    """An address of fsspec. What is made from its files (indexes of searches) is kept in a cache folder of this machine."""

    def __init__(self, url: str) -> None:
        self.place = url.rstrip("/")
        self._files, self._path = open_filesystem(self.place)
        self.cache = _cache_of(self.place)

    def entries(self, prefix: str = "", suffix: str = "") -> list[Entry]:
        """The files of these names, sorted; none for a folder that is gone."""
        try:
            self._files.invalidate_cache(self._path)
            entries = self._files.ls(self._path, detail=True)
        except FileNotFoundError:
            return []
        except Exception as error:  # noqa: BLE001
            raise explain(self.place, error) from error
        found = []
        for entry in entries:
            name = entry["name"].rpartition("/")[2]
            if entry["type"] == "file" and name.startswith(prefix) and name.endswith(suffix):
                found.append((name, _stamp(entry), entry["size"]))
        return sorted(found)

    def read(self, name: str) -> bytes:
        """All bytes of a file. Raises FileNotFoundError."""
        return self._do(self._files.cat_file, name)

    def write(self, name: str, data: bytes) -> None:
        """Put the file in one go."""
        try:
            self._do(self._files.pipe_file, name, bytes(data))
        except OSError as error:
            raise StoreError(f"{self.place}: cannot be written ({str(error)[:200]}): {GO_ON}") from error

    def delete(self, name: str) -> None:
        """Delete a file; one that is gone is no error."""
        with contextlib.suppress(FileNotFoundError):
            self._do(self._files.rm_file, name)

    def location(self, name: str) -> str:
        """The address of the file."""
        # Written as DuckDB tells file names.
        return self._files.unstrip_protocol(f"{self._path.rstrip('/')}/{name}")

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A database in memory that reads through fsspec."""
        database = duckdb.connect(":memory:")
        database.register_filesystem(self._files)
        return database

    def _do(self, function: Any, name: str, *arguments: Any) -> Any:
        try:
            return function(f"{self._path.rstrip('/')}/{name}", *arguments)
        except FileNotFoundError:
            raise
        except Exception as error:  # noqa: BLE001
            raise explain(self.location(name), error) from error


def stores_folder() -> Path:
    """Where what is made from the files of addresses is kept: RASID_STORES, else in the cache folder."""
    return Path(os.environ.get("RASID_STORES") or cache_folder() / "stores")


def open_storage(place: str | os.PathLike[str]) -> Storage:
    """The storage of a folder or an address."""
    text = os.fspath(place)
    if text.startswith("file://"):
        return FolderStorage(Path(open_filesystem(text)[1]))
    return RemoteStorage(text) if is_url(text) else FolderStorage(Path(text))


def _cache_of(place: str) -> Path:
    return stores_folder() / hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _stamp(entry: dict[str, Any]) -> str:
    found = next((entry[key] for key in ("ETag", "etag", "mtime", "LastModified", "created") if entry.get(key)), "")
    return str(found)
