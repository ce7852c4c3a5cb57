"""The index on disk: places as memory-mapped arrays, names in tries, typos in a deletion table. Built once, opened in
milliseconds, shared by all processes that map it. `build` writes it.

    keys.marisa      every key of every name, numbered               prefixes.marisa   beginnings of names of several words
    name_start, name_row, name_kind   rows of the places of each key (compressed rows)
    lat, lon, radius, importance, feature, country, text_start, text.bin              one entry a place
    echo             1 for a place that only gives its names to one of another index, its twin (text.bin holds the id)
    northward        rows from south to north
    deletions_hash, deletions_key     hashes of keys with letters left out, sorted, and the keys they came from
    words.marisa, words_zipf          frequencies of everyday words
"""

import json
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from pathlib import Path

import marisa_trie
import numpy as np

from gazetteer.build import ALIAS, BARE, DERIVED, FEATURES, FIELD, FORMAT, ITEM, MAIN, build_index
from gazetteer.errors import SourceError
from gazetteer.places import EARTH_RADIUS_KM, FeatureClass, Place, Point
from gazetteer.typos import allowed_edits, deletion_hashes, letters_gone, marked

__all__ = ["ALIAS", "BARE", "DERIVED", "FORMAT", "MAIN", "Gazetteer", "Segment", "allowed_edits", "build_index"]
KM_PER_DEGREE = 111.0  # of latitude; rounded down, so that a box of degrees holds the circle
NEAR_POLE = 80.0
_PLACES_REMEMBERED = 50_000  # about 1 kB each
_ARRAYS = (
    "name_start",
    "name_row",
    "name_kind",
    "id_row",
    "lat",
    "lon",
    "radius",
    "importance",
    "feature",
    "country",
    "echo",
    "northward",
    "text_start",
    "deletions_hash",
    "deletions_key",
    "deletions_marks",
    "words_zipf",
)


class Segment:
    """One index folder, opened. Rows are numbers of places, in the order of their ids."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.meta = _read_meta(folder)
        try:
            self._keys = marisa_trie.Trie().mmap(str(folder / "keys.marisa"))
            self._prefixes = marisa_trie.Trie().mmap(str(folder / "prefixes.marisa"))
            self._ids = marisa_trie.Trie().mmap(str(folder / "ids.marisa"))
            self._words = marisa_trie.Trie().mmap(str(folder / "words.marisa"))
            # Plain views of the maps: indexing np.memmap itself takes three times as long.
            arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in _ARRAYS}
            self._text = np.memmap(folder / "text.bin", mode="r", dtype=np.uint8).view(np.ndarray)
        except (OSError, ValueError, RuntimeError, EOFError) as error:
            raise SourceError(f"the gazetteer index in {folder} cannot be read ({error}): delete the folder") from error
        self.lat, self.lon = arrays["lat"], arrays["lon"]
        self.radius_km, self.importance = arrays["radius"], arrays["importance"]
        self.echo, self.has_echoes = arrays["echo"], bool(self.meta.get("echoes"))
        self.northward = arrays["northward"]
        self._arrays = arrays
        # Whether a name has this key; whether some name of several words begins with it and goes on after it.
        self.holds: Callable[[str], bool] = self._keys.__contains__
        self.begins_name: Callable[[str], bool] = self._prefixes.__contains__

    def __len__(self) -> int:
        return len(self.lat)

    def rows(self, key: str) -> list[tuple[int, int]]:
        """(row, kind) of every place that has a name with this key; [] when there is none."""
        number = self._keys.get(key)
        if number is None:
            return []
        start, end = self._arrays["name_start"][number : number + 2]
        return list(
            zip(
                self._arrays["name_row"][start:end].tolist(), self._arrays["name_kind"][start:end].tolist(), strict=True
            )
        )

    def __contains__(self, key: str) -> bool:
        return self.holds(key)

    def names_after(self, key: str, most: int) -> list[str] | None:
        """The keys of names that begin with this one and go on after it; None when they are more than `most`."""
        names = list(islice(self._keys.iterkeys(key + " "), most + 1))
        return names if len(names) <= most else None

    def row_of(self, place_id: str) -> int | None:
        """The row of the place with this id, or None."""
        number = self._ids.get(place_id)
        return None if number is None else int(self._arrays["id_row"][number])

    def feature(self, row: int) -> FeatureClass:
        """The feature class of a row."""
        return FEATURES[self._arrays["feature"][row]]

    def country(self, row: int) -> str | None:
        """The ISO 3166-1 alpha-2 code of a row, or None."""
        code = int(self._arrays["country"][row])
        return None if code == 0 else chr(code >> 8) + chr(code & 255)

    def place(self, row: int) -> Place:
        """The place of a row, read from the disk."""
        identity, name, name_en, aliases, parents, source, _ = self._texts(row)
        return Place(
            id=identity,
            name=name,
            name_en=name_en,
            feature=self.feature(row),
            country=self.country(row),
            point=Point(round(float(self.lat[row]), 5), round(float(self.lon[row]), 5)),
            radius_km=round(float(self.radius_km[row]), 1),
            importance=round(float(self.importance[row]), 1),
            aliases=tuple(aliases.split(ITEM)) if aliases else (),
            parents=tuple(parents.split(ITEM)) if parents else (),
            source=source,
        )

    def twin(self, row: int) -> str:
        """The id of the place that this one gives its names to; "" when it is a place of its own."""
        return self._texts(row)[-1]

    def _texts(self, row: int) -> list[str]:
        start, end = self._arrays["text_start"][row : row + 2].tolist()
        return self._text[start:end].tobytes().decode("utf-8").split(FIELD)

    def counts(self) -> Counter[tuple[str, str]]:
        """How many places there are of each country ("" for none) and feature."""
        codes = self._arrays["country"].astype(np.uint32) << 8 | self._arrays["feature"]
        found, counts = np.unique(codes[self.echo == 0], return_counts=True)
        return Counter(
            {
                (chr(code >> 16) + chr(code >> 8 & 255) if code >> 8 else "", FEATURES[code & 255].value): count
                for code, count in zip(found.tolist(), counts.tolist(), strict=True)
            }
        )

    def zipf(self, word: str) -> float:
        """How common a folded word is in everyday Arabic: log 10 of occurrences per 10^9 words, 0 when unknown."""
        number = self._words.get(word)
        return 0.0 if number is None else float(self._arrays["words_zipf"][number]) / 100

    def near_keys(self, hashes: np.ndarray) -> list[str]:
        """Keys that share one of these hashes of what is left when letters go."""
        table = self._arrays["deletions_hash"]
        # A search goes through twenty places of a large table, each far from the last: few hashes are worth it.
        hashes = marked(self._arrays["deletions_marks"], hashes)
        if not len(hashes) or not len(table):
            return []
        starts = table.searchsorted(hashes)
        found = table.take(starts, mode="clip") == hashes
        numbers: set[int] = set()
        for start, end in zip(starts[found].tolist(), table.searchsorted(hashes[found], "right").tolist(), strict=True):
            numbers.update(self._arrays["deletions_key"][start:end].tolist())
        return [self._keys.restore_key(n) for n in numbers]


def _read_meta(folder: Path) -> dict[str, object]:
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError(f"the gazetteer index in {folder} cannot be read ({error}): delete the folder") from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise SourceError(f"the gazetteer index in {folder} is of another version: delete the folder")
    return meta


class Gazetteer:
    """One or more segments as one gazetteer: the first holds the merged layers, the others what users imported.

    Rows are numbers of places over all segments. A row of an import that only gives its names to a place of another
    segment stands for that place.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self._starts = [0]
        for segment in self.segments:
            self._starts.append(self._starts[-1] + len(segment))
        self._echoes = any(segment.has_echoes for segment in self.segments)
        self.place = lru_cache(maxsize=_PLACES_REMEMBERED)(self._place)
        self._twin_row = lru_cache(maxsize=_PLACES_REMEMBERED)(self._find_twin_row)

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def meta(self) -> dict[str, object]:
        """What is recorded of the first segment: its number of places, and a fingerprint, here of all segments."""
        meta = self.segments[0].meta
        if len(self.segments) == 1:
            return meta
        prints = "+".join(str(segment.meta.get("fingerprint", "")) for segment in self.segments)
        return {**meta, "fingerprint": sha256(prints.encode()).hexdigest()[:16]}

    def without(self, folder: Path) -> "Gazetteer":
        """The same gazetteer but for the segments in this folder."""
        return Gazetteer([segment for segment in self.segments if segment.folder.parent != folder])

    def counts(self) -> Counter[tuple[str, str]]:
        """How many places there are of each country ("" for none) and feature."""
        return sum((segment.counts() for segment in self.segments), Counter())

    def _split(self, row: int) -> tuple[int, Segment, int]:
        """Where the segment of a row starts, the segment, and the row's number in it."""
        number = bisect_right(self._starts, row) - 1
        return self._starts[number], self.segments[number], row - self._starts[number]

    def _at(self, row: int) -> tuple[Segment, int]:
        """The segment and the row in it that tell about a place: those of the place that an echo gives its names to."""
        main = self._main_row(row) if self._echoes else None
        _, segment, at = self._split(row if main is None else main)
        return segment, at

    def _find_twin_row(self, row: int) -> int | None:
        _, segment, at = self._split(row)
        identity = segment.twin(at)
        for start, other in zip(self._starts, self.segments, strict=False):
            twin = None if other is segment else other.row_of(identity)
            if twin is not None and not other.echo[twin]:
                return start + twin
        return None

    def rows(self, key: str) -> list[tuple[int, int]]:
        """(row, kind) of every place that has a name with this key; [] when there is none."""
        if len(self.segments) == 1:
            return self.segments[0].rows(key)
        parts = zip(self._starts, self.segments, strict=False)
        found = [(start + row, kind) for start, segment in parts for row, kind in segment.rows(key)]
        if len(found) < 2 or not self._echoes:
            return found
        # What an import knows of a place by a name that the place has itself adds nothing.
        own = {row for row, _ in found}
        return [(row, kind) for row, kind in found if self._main_row(row) not in own]

    def _main_row(self, row: int) -> int | None:
        """The row of another segment that this one only gives names to, None for a place of its own."""
        start, segment, at = self._split(row)
        return self._twin_row(row) if start and segment.has_echoes and segment.echo[at] else None

    def __contains__(self, key: str) -> bool:
        if len(self.segments) == 1:  # asked for every stretch of every text
            return self.segments[0].holds(key)
        return any(segment.holds(key) for segment in self.segments)

    def begins_name(self, key: str) -> bool:
        """Whether some name of several words begins with this key and goes on after it."""
        if len(self.segments) == 1:
            return self.segments[0].begins_name(key)
        return any(segment.begins_name(key) for segment in self.segments)

    def next_words(self, key: str, most: int) -> frozenset[str] | None:
        """The words that follow this key in names of several words; None when these names are more than `most`."""
        found: set[str] = set()
        for segment in self.segments:
            names = segment.names_after(key, most)
            if names is None:
                return None
            found.update(name[len(key) + 1 :].partition(" ")[0] for name in names)
        return frozenset(found)

    def row_of(self, place_id: str) -> int | None:
        """The row of the place with this id, or None."""
        for start, segment in zip(self._starts, self.segments, strict=False):
            row = segment.row_of(place_id)
            if row is not None:
                return start + row
        return None

    def feature(self, row: int) -> FeatureClass:
        """The feature class of a row."""
        segment, at = self._at(row)
        return segment.feature(at)

    def country(self, row: int) -> str | None:
        """The ISO 3166-1 alpha-2 code of a row, or None."""
        segment, at = self._at(row)
        return segment.country(at)

    def importance(self, row: int) -> float:
        """0..100: how likely news means this place by its name."""
        segment, at = self._at(row)
        return float(segment.importance[at])

    def _place(self, row: int) -> Place:
        _, segment, at = self._split(row)
        place = segment.place(at)
        main = self._main_row(row)
        if main is None:
            return place
        known = self.place(main)
        return replace(known, aliases=(*known.aliases, *(n for n in place.names if n not in known.names)))

    def zipf(self, word: str) -> float:
        """How common a folded word is in everyday Arabic: log 10 of occurrences per 10^9 words, 0 when unknown."""
        return self.segments[0].zipf(word)

    def near_keys(self, key: str) -> list[str]:
        """Keys that may lie within the allowed number of edits of this one, sorted: to be verified by the caller."""
        if not letters_gone(len(key)):
            return []
        hashes = deletion_hashes([key])[0]
        return sorted({near for segment in self.segments for near in segment.near_keys(hashes)})

    def nearest(self, point: Point, *, limit: int = 10, within_km: float = 200.0) -> list[tuple[float, int]]:
        """(kilometres, row) of the places around a point, nearest first."""
        found: list[tuple[float, int]] = []
        for start, segment in zip(self._starts, self.segments, strict=False):
            near = _in_reach(point, segment, within_km)
            distances = _distances_km(point, segment.lat[near], segment.lon[near])
            order = np.argsort(distances, kind="stable")
            order = order[distances[order] <= within_km]
            rows = ((float(distances[at]), start + int(near[at])) for at in order)
            found += islice(((km, row) for km, row in rows if self._main_row(row) is None), limit)
        return sorted(found)[:limit]


def _in_reach(point: Point, segment: Segment, within_km: float) -> np.ndarray:
    """Rows whose latitude is near enough, and their longitude too where that is easily told."""
    reach = within_km / KM_PER_DEGREE
    order = segment.northward
    south, north = np.searchsorted(segment.lat, (point.lat - reach, point.lat + reach), sorter=order)
    near = np.sort(order[south:north])
    farthest = abs(point.lat) + reach
    if farthest >= NEAR_POLE:
        return near
    # On the parallel farthest from the equator a degree is shortest.
    aside = reach / math.cos(math.radians(farthest))
    if abs(point.lon) + aside >= 180:
        return near
    return near[np.abs(segment.lon[near] - point.lon) <= aside]


def _distances_km(point: Point, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    lat1, lat2 = np.radians(point.lat), np.radians(lat)
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(np.radians(lon - point.lon) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(1.0, h)))
