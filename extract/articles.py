"""Readers: files and folders -> articles. What cannot be read is reported, never silently left out."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from extract.mentions import Article

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_COUNTRY = re.compile("[A-Za-z]{2}")
_SURROGATES = re.compile("[\ud800-\udfff]")


class ArticleError(ValueError):
    """An input cannot be read: the message names it and says why."""


def read_articles(paths: Iterable[Path], refuse: Callable[[ArticleError], None]) -> Iterator[Article]:
    """All articles of the files and folders, in the order of their names, each under an id of its own.

    An input that cannot be read is handed to `refuse` and the reading goes on. Raises ArticleError for a path that does
    not exist. An id that came before gets a number: "x", "x~2".
    """
    seen: dict[str, int] = {}
    for path in paths:
        if not path.exists():
            raise ArticleError(f"{path}: no such file or folder")
        for file in find_files(path):
            for article in _read_file(file, refuse):
                seen[article.id] = seen.get(article.id, 0) + 1
                count = seen[article.id]
                yield article if count == 1 else replace(article, id=f"{article.id}~{count}")


def find_files(path: Path) -> list[Path]:
    """The file itself, or all article files below the folder (hidden ones left out), sorted by name."""
    if path.is_file():
        return [path]
    files = (p for p in path.rglob("*") if p.suffix.lower() in READERS and p.is_file())
    return sorted(p for p in files if not any(part.startswith(".") for part in p.relative_to(path).parts))


def _read_file(path: Path, refuse: Callable[[ArticleError], None]) -> Iterator[Article]:
    reader = READERS.get(path.suffix.lower())
    try:
        if reader is None:
            raise ArticleError(f"{path}: not a kind of file that is read ({', '.join(sorted(READERS))})")
        yield from reader(path, _decode(path), refuse)
    except ArticleError as error:
        refuse(error)


def _decode(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ArticleError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ArticleError(f"{path}: not UTF-8 (byte {error.start}): save it as UTF-8") from error


def _read_text(path: Path, text: str, refuse: Callable[[ArticleError], None]) -> Iterator[Article]:
    if not text.strip():
        raise ArticleError(f"{path}: empty")
    yield Article(id=path.stem, text=text)


def _read_jsonl(path: Path, text: str, refuse: Callable[[ArticleError], None]) -> Iterator[Article]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield _from_json(json.loads(line), f"{path}, line {number}")
        except (json.JSONDecodeError, RecursionError) as error:
            refuse(ArticleError(f"{path}, line {number}: not JSON ({error})"))
        except ArticleError as error:
            refuse(error)


def _from_json(entry: Any, where: str) -> Article:
    if not isinstance(entry, dict):
        raise ArticleError(f"{where}: one JSON object a line is wanted")
    text, identity = entry.get("text"), entry.get("id")
    if not isinstance(text, str) or not text.strip():
        raise ArticleError(f'{where}: "text" is missing or empty')
    if not isinstance(identity, (str, int)) or isinstance(identity, bool) or not str(identity).strip():
        raise ArticleError(f'{where}: "id" is missing')
    optional = {name: _line(entry.get(name)) for name in ("title", "date", "outlet", "country", "url")}
    date, country = optional.pop("date"), optional.pop("country")
    return Article(
        id=_clean(str(identity)),
        text=_clean(text),
        date=date[:10] if date and _DATE.match(date) else None,
        country=country.upper() if country and _COUNTRY.fullmatch(country) else None,
        **optional,
    )


def _line(value: Any) -> str | None:
    return _clean(" ".join(value.split())) or None if isinstance(value, str) else None


def _clean(text: str) -> str:
    """A lone surrogate cannot be written anywhere: U+FFFD stands in its place, so that offsets stay."""
    return _SURROGATES.sub("\ufffd", text)


READERS: dict[str, Callable[[Path, str, Callable[[ArticleError], None]], Iterator[Article]]] = {
    ".txt": _read_text,
    ".jsonl": _read_jsonl,
}
