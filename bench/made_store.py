"""Makes a workspace of so many mentions, from made articles and the names put into them: no reading, so it is quick.

The parts are those that a reading writes (extract.parts). Roles come at the rates of the annotated texts; what only a
reading can say (confidence, candidates, reason) is made up.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa

from bench import make_articles
from bench.make_articles import MadeArticle, Stock, load_stock
from bench.page import Plan
from extract.mentions import Article
from extract.parts import ARTICLE_SCHEMA, MENTION_SCHEMA, REVIEW_COLUMNS, article_row, content_hash, write_tables
from extract.storage import open_storage
from extract.store import BATCH_ARTICLES, FORMAT, Workspace
from gazetteer import Gazetteer, load_gazetteer
from gazetteer.load import fingerprint
from gazetteer.normalize import normalize_name

ROLES, ROLE_WEIGHTS = ("location", "actor", "name-part"), (84, 11, 5)
RELATIONS, RELATION_WEIGHTS = (None, "S:30", "N", "near", "between", "road"), (90, 2, 2, 2, 2, 2)
UNPLACED = 0.03
_FIRST_VERSION = 1_600_000_000_000_000_000


def store_of(plan: Plan, mentions: int) -> Path:
    """The folder of a workspace with exactly so many mentions, made once for a state of gazetteer and program."""
    state = hashlib.sha256(f"{fingerprint()} {FORMAT} {MENTION_SCHEMA} {plan.seed}".encode())
    for path in (Path(__file__), Path(make_articles.__file__)):
        state.update(path.read_bytes())
    folder = plan.out / f"store-{mentions}-{state.hexdigest()[:8]}"
    if not folder.exists():
        temporary = folder.with_suffix(".part")
        shutil.rmtree(temporary, ignore_errors=True)
        write_store(temporary, mentions, plan.seed, load_stock(load_gazetteer()))
        os.replace(temporary, folder)
    return folder


def write_store(folder: Path, mentions: int, seed: int, stock: Stock) -> int:
    """Write the workspace and return its number of articles."""
    Workspace.create_or_open(folder)
    left, articles, number = mentions, 0, 0
    batch: list[MadeArticle] = []
    # An article has some twenty names: never so few articles that the mentions would not be reached.
    for made in make_articles.make_articles(mentions, seed, stock):
        kept = made.mentions[:left]
        batch.append(MadeArticle(made.row, kept))
        left -= len(kept)
        if len(batch) == BATCH_ARTICLES or not left:
            _write_part(folder, number, batch, stock.gazetteer, Random(f"{seed} {number}"))
            articles, number, batch = articles + len(batch), number + 1, []
        if not left:
            break
    return articles


def _write_part(folder: Path, number: int, batch: list[MadeArticle], gazetteer: Gazetteer, chance: Random) -> None:
    version = _FIRST_VERSION + number
    rows = [
        article_row(article, content_hash(article), version, {}) for made in batch for article in [Article(**made.row)]
    ]
    columns: dict[str, list[Any]] = {name: [] for name in MENTION_SCHEMA.names}
    appends = [columns[name].append for name in MENTION_SCHEMA.names]
    for values in _mention_values(batch, gazetteer, chance, version):
        for append, value in zip(appends, values, strict=True):
            append(value)
    articles = pa.Table.from_pylist(rows, schema=ARTICLE_SCHEMA)
    mentions = pa.table(columns, schema=MENTION_SCHEMA)
    write_tables(open_storage(folder), f"{version:x}-made{number:05d}", articles, mentions, {})


def _mention_values(
    batch: list[MadeArticle], gazetteer: Gazetteer, chance: Random, version: int
) -> Iterator[tuple[Any, ...]]:
    """The values of MENTION_SCHEMA in its order, a tuple a mention."""

    @cache
    def place_values(row: int) -> tuple[Any, ...]:
        place = gazetteer.place(row)
        point = (place.point.lat, place.point.lon, place.radius_km)
        return place.id, place.name, place.name_en, place.feature.value, place.country, *point

    @cache
    def candidates(row: int) -> str:
        place_id, name, name_en, feature, country, lat, lon, _ = place_values(row)
        one = {"place_id": place_id, "place": name, "place_en": name_en, "feature": feature, "country": country}
        one |= {"lat": lat, "lon": lon, "score": 100.0, "weight": 0.9, "why": "made"}
        return json.dumps([one], ensure_ascii=False)

    @lru_cache(maxsize=200_000)
    def folded(*names: str | None) -> str:
        return "|".join(normalize_name(name) for name in names if name)

    nowhere = (None,) * 8
    for made in batch:
        text, identity = made.row["text"], made.row["id"]
        for mention in made.mentions:
            placed = chance.random() >= UNPLACED
            place = place_values(mention.place_row) if placed else nowhere
            surface = text[mention.start : mention.end]
            role = chance.choices(ROLES, ROLE_WEIGHTS)[0]
            relation = chance.choices(RELATIONS, RELATION_WEIGHTS)[0]
            how = ("exact", 100.0) if placed else ("unlisted", 0.0)
            sure = round(0.4 + 0.6 * chance.random(), 3)
            passage = text[mention.passage_start : mention.passage_end]
            yield (
                *(identity, mention.start, mention.end, surface, role, *place, relation, mention.glued, *how, sure),
                *(passage, "made", mention.passage_start, candidates(mention.place_row) if placed else "[]"),
                *(None for _ in REVIEW_COLUMNS),
                *(folded(place[1], place[2], surface), version),
            )
