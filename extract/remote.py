"""Places that are no folder of this machine: `s3://bucket/folder` and every other address that fsspec knows."""

import io
from contextlib import suppress
from typing import Any, BinaryIO

import fsspec
from fsspec.utils import stringify_path


class RemoteError(OSError):
    """An address that cannot be reached or is not known: the message says which, and what to do."""


def is_url(path: object) -> bool:
    """Whether a path is an address of fsspec ("s3://bucket/folder"), not one of this machine's folders.

    >>> is_url("s3://bucket/news"), is_url("file:///news"), is_url("/news"), is_url("c:/news")
    (True, True, False, False)
    """
    return "://" in str(stringify_path(path))


def open_filesystem(url: str) -> tuple[Any, str]:
    """The file system of an address and the path in it. Raises RemoteError when its library is missing or it is unknown."""
    scheme = url.partition("://")[0]
    try:
        return fsspec.core.url_to_fs(url)
    except ImportError as error:
        package = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}.get(scheme)
        hint = f"pip install {package}" if package else str(error)
        raise RemoteError(f"{url}: {scheme}:// needs a package that is not installed: {hint}") from error
    except ValueError as error:
        raise RemoteError(f"{url}: {scheme}:// is not a kind of address that is known ({error})") from error


def explain(url: str, error: Exception) -> RemoteError:
    """What went wrong at an address as our error: libraries of clouds raise errors of all kinds."""
    return RemoteError(f"{url}: cannot be reached ({type(error).__name__}: {str(error)[:200]}): see address and keys")


def list_urls(url: str) -> list[tuple[str, int | None]]:
    """Address and size of every file at or below an address, hidden ones left out, sorted by name; [] when there is none."""
    files, path = open_filesystem(url)
    try:
        with suppress(FileNotFoundError):
            found = files.find(path, detail=True)
            base = path.rstrip("/") + "/"
            inside = {name: entry for name, entry in found.items() if not _is_hidden(name.removeprefix(base))}
            return sorted((files.unstrip_protocol(name), entry.get("size")) for name, entry in inside.items())
    except Exception as error:  # noqa: BLE001
        raise explain(url, error) from error
    return []


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/"))


def open_url(url: str) -> BinaryIO:
    """The file at an address as a stream that can be moved in."""
    files, path = open_filesystem(url)
    stream = files.open(path, "rb")
    # Files of clouds lack read1, which says how much is there.
    return stream if hasattr(stream, "read1") else io.BufferedReader(stream)
