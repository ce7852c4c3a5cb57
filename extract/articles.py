"""Files and folders -> articles. What cannot be read is reported, never silently left out.

What `Article.text` is, which all offsets of mentions refer to:

    txt              the whole file, or what follows a header («العنوان: ...» lines and an empty line)
    html             the main text of the page, a line for each paragraph, without its title
    docx             paragraphs in order, a line each; cells of a table row parted by tabs
    pdf              the pages in reading order; lines joined into paragraphs, drawn letters made plain ones
    csv, xlsx, json  the value of the text column or key as it is; a list of texts is joined by line breaks
    rss, atom        the item's whole text, else its description, without markup

In all of them wrongly decoded text is decoded right first, and NULs and lone surrogates are U+FFFD.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from extract.mentions import Article
from extract.readers import KINDS, ArticleError, ReadOptions, Source, is_known, printable, read_source
from extract.readers.fields import clean_id

__all__ = ["KINDS", "ArticleError", "ReadOptions", "find_files", "read_articles"]


def read_articles(
    paths: Iterable[Path], refuse: Callable[[ArticleError], None], options: ReadOptions | None = None
) -> Iterator[Article]:
    """All articles of the files and folders, in the order of their names, each under an id of its own.

    An input that cannot be read is handed to `refuse` and the reading goes on. Raises ArticleError for a path that does
    not exist. A file's article is named by the file ("news"), or by its path when two files have one name
    ("2019/news.txt"); a record by its id, else "news#7"; a member of an archive "archive/news". An id that came before
    gets a number: "x", "x~2". Memory does not grow with the texts, only with the number of ids (about 100 bytes each).
    """
    paths = [Path(path) for path in paths]
    options = options or ReadOptions()
    missing = next((path for path in paths if not os.path.lexists(path)), None)
    if missing is not None:
        raise ArticleError("no such file or folder", path=printable(str(missing)), hint="check the name")
    unique = _Unique()
    stems = Counter(_digest(_stem(path)) for root in paths for path in _walk(root, lambda error: None))
    shared = {stem for stem, count in stems.items() if count > 1}
    del stems
    for root in paths:
        for path in _walk(root, refuse):
            stem = _stem(path)
            name = _relative(path, root) if _digest(stem) in shared else stem
            for article in read_source(_source(path, name), options, refuse):
                yield unique.rename(article)


def find_files(path: Path) -> list[Path]:
    """The file itself, or all article files below the folder (hidden ones left out), sorted by name.

    Linked files are found, linked folders not gone into.
    """
    return list(_walk(path, lambda error: None))


def _walk(root: Path, refuse: Callable[[ArticleError], None]) -> Iterator[Path]:
    """The files in the order of their names. Without recursion: folders may lie deeper than Python calls."""
    if not os.path.isdir(root):
        yield root
        return
    waiting = [str(root)]
    while waiting:
        path = waiting.pop()
        if os.path.isdir(path) and (path == str(root) or not os.path.islink(path)):
            waiting += reversed(_list_folder(path, refuse))
        elif not os.path.isdir(path) and is_known(os.path.splitext(path)[1].lower()):
            yield Path(path)


def _list_folder(path: str, refuse: Callable[[ArticleError], None]) -> list[str]:
    try:
        names = sorted(name for name in os.listdir(path) if not name.startswith("."))
    except OSError as error:
        reason = f"a folder that cannot be opened ({error.strerror})"
        refuse(ArticleError(reason, path=printable(path), hint="see whether it may be read"))
        return []
    return [os.path.join(path, name) for name in names]


def _source(path: Path, name: str) -> Source:
    size = os.path.getsize(path) if os.path.isfile(path) else None
    return Source(
        path=printable(str(path)),
        name=path.name,
        base_id=clean_id(name) or "article",
        open=lambda: _open(path),
        size=size,
    )


def _open(path: Path) -> BinaryIO:
    # Opening a pipe would wait for ever.
    if not os.path.isfile(path):
        raise OSError("not a file: a pipe, a device or a broken link")
    return open(path, "rb")


def _stem(path: Path) -> str:
    """The name without its ending, and without both of "news.txt.gz"."""
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path != root else path.name


def _digest(text: str) -> int:
    """Eight bytes that stand for a text: two of a billion texts meet in one with a chance of 3 %."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


class _Unique:
    """Gives an id that came before a number that makes it new."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._repeated: dict[int, int] = {}

    def rename(self, article: Article) -> Article:
        """The article itself, or the same under "id~2", "id~3", ... when its id was seen before."""
        digest = _digest(article.id)
        if digest not in self._seen:
            self._seen.add(digest)
            return article
        count = self._repeated.get(digest, 1)
        while True:
            count += 1
            name = f"{article.id}~{count}"
            if _digest(name) not in self._seen:
                break
        self._repeated[digest] = count
        self._seen.add(_digest(name))
        return replace(article, id=name)
