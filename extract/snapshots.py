"""What a gazetteer held when articles were read with it: kept in the workspace, so that of a later one only what changed
has to be looked for in articles already read.

`gazetteer-<fingerprint>.parquet` has a row a place: id, names, importance, and a fingerprint of everything known of it.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from extract.geoparse import Geoparser
from extract.mentions import Article
from extract.readings import WordReader
from extract.segment import tokenize
from extract.spans import find_spans, read_page
from extract.storage import Storage
from gazetteer import FeatureClass, Gazetteer, Place, Point, normalize_name
from gazetteer.index import Segment, build_index

# A larger gazetteer is not kept: its articles are read again whole.
LARGEST = 1_000_000
# More places than this changed: looking for their names would take as long as reading.
MOST_CHANGES = 20_000
PREFIX, SUFFIX = "gazetteer-", ".parquet"
# Shorter names stand within other words by chance.
LEAST_LETTERS = 3
_SCHEMA = pa.schema(
    [("id", pa.string()), ("names", pa.list_(pa.string())), ("importance", pa.float32()), ("hash", pa.binary(16))]
)


def snapshot_name(fingerprint: str) -> str:
    """The file of the gazetteer with this fingerprint."""
    return f"{PREFIX}{hashlib.sha256(fingerprint.encode()).hexdigest()[:16]}{SUFFIX}"


def write_snapshot(storage: Storage, gazetteer: Gazetteer) -> None:
    """Keep what the gazetteer holds, unless it is kept already or too large."""
    name = snapshot_name(fingerprint_of(gazetteer))
    if len(gazetteer) > LARGEST or storage.entries(name):
        return
    rows = [
        {"id": p.id, "names": list(p.names), "importance": p.importance, "hash": _hash(p)} for p in _places(gazetteer)
    ]
    storage.write_table(name, pa.Table.from_pylist(rows, schema=_SCHEMA))


def fingerprint_of(gazetteer: Gazetteer) -> str:
    """The fingerprint that articles read with it carry."""
    return str(gazetteer.meta.get("fingerprint", ""))


def changed_places(storage: Storage, fingerprint: str, gazetteer: Gazetteer) -> list[Place] | None:
    """The places that differ from those of the gazetteer with that fingerprint: as they were, and as they are.

    None when that is not known, or too many are.
    """
    if len(gazetteer) > LARGEST:
        return None
    try:
        table = storage.read_table(snapshot_name(fingerprint))
    except FileNotFoundError:
        return None
    before = {row["id"]: row for row in table.to_pylist()}
    found: list[Place] = []
    for place in _places(gazetteer):
        old = before.pop(place.id, None)
        if old is None or old["hash"] != _hash(place):
            found += [place] if old is None else [place, _former(old)]
    found += [_former(row) for row in before.values()]
    return found if len(found) <= MOST_CHANGES else None


class ChangeFinder:
    """Says whether an article may be read otherwise because of places that changed.

    It may when one of their names could stand in it: with clitics, grown together with other words, or misspelt.
    """

    def __init__(self, places: list[Place], parser: Geoparser, folder: Path) -> None:
        rows = {place.id: place for place in places}
        build_index(sorted(rows.values(), key=lambda place: place.id), {}, folder, meta={"fingerprint": "changes"})
        self._reader = WordReader(_Changes([Segment(folder)], parser.gazetteer), parser.language)
        keys = {normalize_name(name).replace(" ", "") for place in rows.values() for name in place.names}
        self._keys = [key for key in keys if len(key) >= LEAST_LETTERS]

    def affects(self, article: Article) -> bool:
        """Whether the article has to be read again."""
        # Two names of which one is new may have grown together: cutting them asks for both.
        letters = normalize_name(article.text).replace(" ", "")
        if any(key in letters for key in self._keys):
            return True
        page = read_page(article.text, tokenize(article.text), self._reader)
        return any(span.kind != "unlisted" for span in find_spans(page))


class _Changes(Gazetteer):
    """The changed places alone, with everyday words as the whole gazetteer knows them."""

    def __init__(self, segments: list[Segment], whole: Gazetteer) -> None:
        super().__init__(segments)
        self.zipf = whole.zipf  # type: ignore[method-assign]


def _places(gazetteer: Gazetteer) -> Iterator[Place]:
    for row in range(len(gazetteer)):
        with suppress(ValueError):
            yield gazetteer.place(row)


def _hash(place: Place) -> bytes:
    return hashlib.blake2b(repr(place).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _former(row: dict) -> Place:
    """A place as it was, as far as finding its names goes."""
    name, *others = row["names"]
    point = Point(0.0, 0.0)
    return Place(f"former:{row['id']}", name, "", FeatureClass.CITY, None, point, 1.0, row["importance"], tuple(others))
