"""A workspace of made-up articles with as many mentions as one likes, written as parts at once: for measuring the dashboard.

The names are those of a few towns with numbers; how often a place is named falls off as words do (Zipf). It needs no gazetteer,
and who measures knows every name and id beforehand; bench/made_store.py has real names and whole articles.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from extract.mentions import Role
from extract.parts import ARTICLE_SCHEMA, MENTION_SCHEMA, write_tables
from extract.storage import open_storage
from extract.store import Workspace
from gazetteer.normalize import normalize_name

PLACES = 4_000
PART_ARTICLES = 5_000
MENTIONS_AN_ARTICLE = 10
COUNTRIES = ("LY", "EG", "TN", "SY", "IQ", "SD", "YE", "LB")
FEATURES = ("city", "city", "district", "region", "airport")
STEMS = ("غريان", "الزاوية", "بنغازي", "طرابلس", "سبها", "درنة", "مصراتة", "زليتن")
OUTLETS = tuple(f"صحيفة {number}" for number in range(12))
DAYS = 3_000
SEED = 11


def make_store(folder: Path, mentions: int) -> None:
    """Write a workspace with so many mentions into the folder, which is new or empty."""
    Workspace.create_or_open(folder)
    random = np.random.default_rng(SEED)
    share = 1 / np.arange(1, PLACES + 1)
    names = [f"{STEMS[number % len(STEMS)]} {number}" for number in range(PLACES)]
    spots = np.stack([random.uniform(12, 37, PLACES), random.uniform(-5, 55, PLACES)])
    articles = -(-mentions // MENTIONS_AN_ARTICLE)
    for first in range(0, articles, PART_ARTICLES):
        numbers = np.arange(first, min(first + PART_ARTICLES, articles))
        chosen = random.choice(PLACES, size=len(numbers) * MENTIONS_AN_ARTICLE, p=share / share.sum())
        version, key = time.time_ns(), f"{first:08x}-made"
        days = [str(np.datetime64("2012-01-01") + int(day)) for day in random.integers(0, DAYS, len(numbers))]
        texts = [" ".join(f"خبر من {names[n]}." for n in ten) for ten in chosen.reshape(len(numbers), -1)]
        tables = _articles(numbers, texts, days, version), _mentions(numbers, chosen, names, spots, version)
        write_tables(open_storage(folder), key, *tables, {})


def _articles(numbers: np.ndarray, texts: list[str], days: list[str], version: int) -> pa.Table:
    count = len(numbers)
    columns = {
        "article_id": [f"a{n}" for n in numbers],
        "text": texts,
        "title": [f"عنوان الخبر {n}" for n in numbers],
        "date": days,
        "outlet": [OUTLETS[n % len(OUTLETS)] for n in numbers],
        "country": [COUNTRIES[n % len(COUNTRIES)] for n in numbers],
        "url": [f"https://example.org/{n}" for n in numbers],
        "head": [text[:40] for text in texts],
        "content_hash": [f"{n:x}" for n in numbers],
        "version": [version] * count,
    }
    columns |= {name: [None] * count for name in ARTICLE_SCHEMA.names if name not in columns}
    return pa.table(columns, schema=ARTICLE_SCHEMA)


def _mentions(numbers: np.ndarray, chosen: np.ndarray, names: list[str], spots: np.ndarray, version: int) -> pa.Table:
    count, folded = len(chosen), [normalize_name(name) for name in names]
    at = np.tile(np.arange(MENTIONS_AN_ARTICLE) * 20, len(numbers))
    columns = {
        "article_id": [f"a{n}" for n in np.repeat(numbers, MENTIONS_AN_ARTICLE)],
        "start": at + 7,
        "end": at + 13,
        "surface": [names[n] for n in chosen],
        "role": [str(list(Role)[int(n % 7 == 0)]) for n in chosen],
        "place_id": [f"made:{n}" for n in chosen],
        "place": [names[n] for n in chosen],
        "place_en": [f"Place {n}" for n in chosen],
        "feature": [FEATURES[n % len(FEATURES)] for n in chosen],
        "country": [COUNTRIES[n % len(COUNTRIES)] for n in chosen],
        "lat": spots[0][chosen],
        "lon": spots[1][chosen],
        "radius_km": np.full(count, 5.0),
        "relation": [None] * count,
        "glued": [False] * count,
        "method": ["exact"] * count,
        "score": np.full(count, 100.0),
        "confidence": np.round((chosen % 50) / 100 + 0.5, 3),
        "passage": [f"خبر من {names[n]}." for n in chosen],
        "reason": ["the only place of this name"] * count,
        "passage_start": at,
        "candidates": ["[]"] * count,
        "folded": [folded[n] for n in chosen],
        "version": np.full(count, version),
    }
    columns |= {name: [None] * count for name in MENTION_SCHEMA.names if name not in columns}
    return pa.table(columns, schema=MENTION_SCHEMA)


def main() -> None:
    """Write a workspace by the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.plain_store", description="Make a workspace up.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mentions", type=int, default=1_000_000)
    args = parser.parse_args()
    make_store(args.folder, args.mentions)


if __name__ == "__main__":
    main()
