"""How the measures read many articles."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from extract.geoparse import Geoparser
from extract.mentions import Article, Resolution

BATCH = 32


def read_batch(parser: Geoparser, articles: Sequence[Article]) -> Sequence[list[Resolution]]:
    """The resolutions of each article, read at once where the reader can."""
    many: Any = getattr(parser, "geoparse_many", None)
    return many(list(articles)) if many else [parser.geoparse(article) for article in articles]


def article_batches(corpus: Path, articles: int) -> Iterator[list[Article]]:
    """The first articles of a made corpus, BATCH at a time."""
    with open(corpus, encoding="utf-8") as lines:
        rows = map(json.loads, islice(lines, articles))
        while batch := [Article(**row) for row in islice(rows, BATCH)]:
            yield batch
