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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO, Protocol

from extract.inputs import Input, Inputs, Refuse, digest_of, find_files
from extract.mentions import Article
from extract.readers import KINDS, ArticleError, ReadOptions, Source, read_source
from extract.readers.fields import clean_id

__all__ = ["KINDS", "ArticleError", "Namer", "ReadOptions", "find_files", "parse_input", "read_articles", "read_inputs"]

# Stands for the input's name in ids until the name is chosen: a private sign that no name or id of an input holds.
UNNAMED = "\ue0f5"
Parse = Callable[[Iterator[Input], Refuse], Iterator[tuple[Input, Iterator[Article]]]]


def read_articles(
    paths: Iterable[str | os.PathLike[str]], refuse: Refuse, options: ReadOptions | None = None
) -> Iterator[Article]:
    """All articles of the files and folders, in the order of their names, each under an id of its own.

    An input that cannot be read is handed to `refuse` and the reading goes on. Raises ArticleError for a path that does
    not exist. A file's article is named by the file ("news"), or by its path when two files have one name
    ("2019/news.txt"); a record by its id, else "news#7"; a member of an archive "archive/news". An id that came before
    gets a number: "x", "x~2". Memory does not grow with the texts, only with the number of ids (about 100 bytes each).
    """
    return read_inputs(Inputs(paths), Namer(), refuse, options or ReadOptions())


def read_inputs(
    inputs: Inputs,
    namer: "Namer",
    refuse: Refuse,
    options: ReadOptions,
    *,
    parse: Parse | None = None,
    begin: Callable[[Input], None] = lambda given: None,
) -> Iterator[Article]:
    """All articles of the inputs, named by `namer`; those whose name hangs on what the others are come last.

    `parse` may read the inputs elsewhere; `begin` is called with each input before its articles come.
    """
    parse = parse or (lambda given, refuse: ((one, parse_input(one, options, refuse)) for one in given))
    waiting: list[Input] = []
    for given, articles in parse(inputs.walk(refuse), refuse):
        begin(given)
        named = namer.name(given, articles)
        if named is None:
            waiting.append(given)
        else:
            yield from named
    for given, articles in parse(iter(waiting), lambda error: None):
        yield from namer.name(given, articles, last=True) or ()


def parse_input(
    given: Input, options: ReadOptions, refuse: Refuse, watch: Callable[[BinaryIO], BinaryIO] = lambda stream: stream
) -> Iterator[Article]:
    """The articles of one input, named after UNNAMED where the input itself gives no id; `watch` sees its stream."""
    name, path = os.path.basename(given.path), given.shown
    source = Source(path=path, name=name, base_id=UNNAMED, open=lambda: watch(given.open()), size=given.size)
    return read_source(source, options, refuse)


class Known(Protocol):
    """What a workspace holds already."""

    def holds(self, identity: str) -> bool:
        """Whether there is an article of this id."""

    def same(self, identity: str, article: Article) -> bool:
        """Whether the article of this id has the content of this one."""


class Namer:
    """Gives every article an id of its own, and the same one as in a workspace that holds it.

    Of several inputs with one short name, one that the workspace holds by its long name keeps that; the one whose
    content the workspace holds under the short name keeps the short one; the others get their long names.
    """

    def __init__(self, known: Known | None = None) -> None:
        self._known = known
        self._seen: set[int] = set()
        self._repeated: dict[int, int] = {}
        self._owned: set[str] = set()

    def name(self, given: Input, articles: Iterator[Article], *, last: bool = False) -> Iterator[Article] | None:
        """The articles under their ids; None when that hangs on the inputs to come, unless this is the `last` time.

        In that case `articles` has been gone through, and must be had anew.
        """
        first = next(articles, None)
        if first is None:
            return iter(())
        base = given.short
        if first.id.startswith(UNNAMED):
            base = self._choose(given, first, last)
            if base is None:
                for _ in articles:  # for what is refused in it
                    pass
                return None
        return self._named(clean_id(base) or "article", first, articles)

    def _choose(self, given: Input, first: Article, last: bool) -> str | None:
        rest = first.id[len(UNNAMED) :]
        if given.long != given.short and self._holds(given.long, rest):
            return given.long
        if not given.shared:
            return given.short
        if given.short in self._owned or not self._holds(given.short, rest):
            return given.long
        if last or self._known.same((clean_id(given.short) or "article") + rest, first):
            self._owned.add(given.short)
            return given.short
        return None

    def _holds(self, base: str, rest: str) -> bool:
        return self._known is not None and self._known.holds((clean_id(base) or "article") + rest)

    def _named(self, base: str, first: Article, rest: Iterator[Article]) -> Iterator[Article]:
        yield self._unique(base, first)
        for article in rest:
            yield self._unique(base, article)

    def _unique(self, base: str, article: Article) -> Article:
        """The article under its id, or "id~2", "id~3", ... when that came before."""
        identity = article.id
        if identity.startswith(UNNAMED):
            identity = clean_id(base + identity[len(UNNAMED) :]) or base
        digest = digest_of(identity)
        if digest not in self._seen:
            self._seen.add(digest)
            return article if identity == article.id else replace(article, id=identity)
        count = self._repeated.get(digest, 1)
        while True:
            count += 1
            name = f"{identity}~{count}"
            if digest_of(name) not in self._seen:
                break
        self._repeated[digest] = count
        self._seen.add(digest_of(name))
        return replace(article, id=name)
