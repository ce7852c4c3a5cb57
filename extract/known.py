"""What a workspace holds already, as two numbers an article: small enough for a hundred million of them."""

from collections.abc import Sequence
from hashlib import md5

import numpy as np

from extract.mentions import Article
from extract.parts import articles_name, content_hash, files_sql
from extract.removed import SHOWN, hide, list_removed, read_removed
from extract.storage import Storage


class KnownArticles:
    """Ids and contents of articles, as fingerprints of eight bytes each: two of a billion ids meet with a chance of 3 %.

    16 bytes an article, and about 200 for each that is added later.
    """

    def __init__(self, ids: np.ndarray, contents: np.ndarray) -> None:
        order = np.argsort(ids)
        self._ids, self._contents = ids[order], contents[order]
        self._added: dict[int, int] = {}

    @classmethod
    def of_parts(cls, storage: Storage, keys: Sequence[str]) -> "KnownArticles":
        """What the parts hold, the newest version of each article."""
        if not keys:
            return cls(np.empty(0, np.uint64), np.empty(0, np.uint64))
        files = files_sql([storage.location(articles_name(key)) for key in keys], "filename = true")
        with storage.connect() as database:
            hide(database, read_removed(storage, list_removed(storage)))
            found = database.execute(
                "SELECT md5_number_lower(article_id) AS id, "
                "arg_max(md5_number_lower(content_hash), (version, filename)) AS content "
                f"FROM {files} WHERE {SHOWN} GROUP BY id"
            ).fetchnumpy()
        return cls(found["id"], found["content"])

    def holds(self, identity: str) -> bool:
        """Whether there is an article of this id."""
        return self._content(identity) is not None

    def same(self, identity: str, article: Article) -> bool:
        """Whether the article of this id has the content of this one."""
        return self._content(identity) == _number(content_hash(article))

    def add(self, article: Article) -> None:
        """Take in an article, in place of one of the same id."""
        self._added[_number(article.id)] = _number(content_hash(article))

    def _content(self, identity: str) -> int | None:
        number = _number(identity)
        if number in self._added:
            return self._added[number]
        at = int(np.searchsorted(self._ids, np.uint64(number)))
        return int(self._contents[at]) if at < len(self._ids) and int(self._ids[at]) == number else None


def _number(text: str) -> int:
    """What DuckDB's md5_number_lower gives."""
    return int.from_bytes(md5(text.encode("utf-8"), usedforsecurity=False).digest()[8:], "little")
