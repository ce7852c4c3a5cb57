"""Search in titles and texts of articles, by an index of words beside each part of the workspace (extract.word_index).

Words are folded (أ finds ا, ة finds ه) and found as well without the particles written onto them, so that غريان finds
وبغريان, too.
"""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import reduce
from pathlib import Path

import numpy as np
import pyarrow as pa

from extract.word_index import Read, WordIndex, build_index, index_path, rests_of
from gazetteer.normalize import normalize_name

# One of several forms of a word or a phrase, each of one word or more; whether it must stand in the text as it is.
Wanted = tuple[tuple[tuple[str, ...], ...], bool]
_TOKEN = re.compile(r"[^\W_]+")
# Prefixes of a query's own word that may be left off. One that belongs to the name (بنغازي) must not make it find others:
# forms keep the article.
_ARTICLES = ("ال", "وال", "بال", "لل", "كال", "فال", "وبال")


def read_query(query: str) -> list[Wanted]:
    """What an article must have, all of it: every word in one of its forms, "quoted words" next to each other.

    >>> read_query('بالفاشر')
    [((('بالفاشر',), ('الفاشر',), ('فاشر',)), False)]
    """
    wanted: list[Wanted] = []
    for phrase, word in re.findall(r'"([^"]*)"|([^\s"]+)', query):
        if phrase and (key := normalize_name(phrase)):
            wanted.append(((_tokens(key),), True))
        elif word:
            wanted.extend((_forms(key), False) for key in normalize_name(word).split())
    return wanted


def _forms(key: str) -> tuple[tuple[str, ...], ...]:
    rests = rests_of(key) if key.startswith(_ARTICLES) else ()
    return tuple(map(_tokens, (key, *rests)))


def _tokens(key: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(key))


def find_in_part(part: Path, wanted: Iterable[Wanted], read: Read = Path.read_bytes) -> list[tuple[str, int]]:
    """Ids and versions of the part's articles that have it all, by its index, which is made when it is not there or broken."""
    index = _open_index(part, read)
    found = (reduce(np.union1d, [_find_form(index, form, whole=whole) for form in forms]) for forms, whole in wanted)
    return index.articles(reduce(np.intersect1d, found))


def _open_index(part: Path, read: Read) -> WordIndex:
    path = index_path(part)
    with suppress(OSError, pa.ArrowException):
        return WordIndex.open(path)
    return WordIndex.open(build_index(part, read))


def _find_form(index: WordIndex, form: tuple[str, ...], *, whole: bool) -> np.ndarray:
    if not form:
        return np.empty(0, np.int32)
    return index.find_phrase(form) if whole or len(form) > 1 else index.find_word(form[0])


def find_articles(
    parts: Iterable[Path], query: str, progress: Callable[[float], None] | None = None, read: Read = Path.read_bytes
) -> list[tuple[str, int]]:
    """Id and version of every article whose title or text has all words of the query, old versions among them."""
    wanted, parts = read_query(query), list(parts)
    if not wanted:
        return []
    found = []
    for number, part in enumerate(parts):
        found += find_in_part(part, wanted, read)
        if progress:
            progress((number + 1) / len(parts))
    return found
