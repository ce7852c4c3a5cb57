"""How well copies are told from reports that only look alike: `python -m tests.copies.score [dev] [held]`.

A pair of articles is right when both are in one group of the file. Precision: how many of the pairs found are right;
recall: how many of the right pairs are found.
"""

import itertools
import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from extract import mentions
from extract.copies import group_codes, text_codes
from extract.geoparse import Geoparser
from gazetteer import load_gazetteer

FOLDER = Path(__file__).parent
HALVES = ("dev", "held")

Article = dict[str, str]
Pair = tuple[str, str]


def read_half(name: str) -> list[Article]:
    """The articles of one half of the set, each with its group, kind and, for a look-alike, what it is near."""
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def right_pairs(articles: list[Article]) -> set[Pair]:
    """The pairs of ids that are copies of one story."""
    groups = defaultdict(list)
    for article in articles:
        groups[article["group"]].append(article["id"])
    return _pairs(groups.values())


def found_pairs(articles: list[Article], parser: Geoparser) -> set[Pair]:
    """The pairs of ids that the program puts in one group, with the places it reads."""
    return _pairs(group_codes({article["id"]: read_codes(article, parser) for article in articles}))


def read_codes(article: Article, parser: Geoparser) -> np.ndarray:
    """The codes of an article's words."""
    found = parser.geoparse(mentions.Article(article["id"], article["text"], article["title"], article["date"]))
    return text_codes(article["text"], [(one.mention.start, one.mention.end) for one in found])


def _pairs(groups) -> set[Pair]:
    return {pair for group in groups for pair in itertools.combinations(sorted(group), 2)}


def measure(right: set[Pair], found: set[Pair]) -> tuple[float, float]:
    """Precision and recall; 1 where there is nothing to find."""
    both = len(right & found)
    return both / len(found) if found else 1.0, both / len(right) if right else 1.0


def main(names: list[str]) -> None:
    """Print the measures of each half, and every pair that is wrong."""
    parser = Geoparser(load_gazetteer())
    for name in names or HALVES:
        articles = read_half(name)
        kinds = {article["id"]: article["kind"] for article in articles}
        right, found = right_pairs(articles), found_pairs(articles, parser)
        precision, recall = measure(right, found)
        print(f"{name}: {len(articles)} articles, {len(right)} pairs, precision {precision:.3f}, recall {recall:.3f}")
        for said, pairs in (("not found", right - found), ("wrong", found - right)):
            for one, other in sorted(pairs):
                print(f"  {said}: {one} ({kinds[one]}) and {other} ({kinds[other]})")


if __name__ == "__main__":
    main(sys.argv[1:])
