"""The index on disk: places as memory-mapped arrays, names in tries, typos in a deletion table. Built once, opened in
milliseconds, shared by all processes that map it.

    keys.marisa      every key of every name, numbered               prefixes.marisa   beginnings of names of several words
    name_start, name_row, name_kind   rows of the places of each key (compressed rows)
    lat, lon, radius, importance, feature, country, text_start, text.bin              one entry a place
    deletions_hash, deletions_key     hashes of keys with letters left out, sorted, and the keys they came from
    words.marisa, words_zipf          frequencies of everyday words
"""

import json
import os
import shutil
import tempfile
import zlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import marisa_trie
import numpy as np

from gazetteer.errors import SourceError
from gazetteer.normalize import bare_key, name_keys, normalize_name
from gazetteer.places import EARTH_RADIUS_KM, FeatureClass, Place, Point

FORMAT = 2
FEATURES = tuple(FeatureClass)
# How a key came from a place: its name, an alias, another writing of one of them, a name without its generic noun.
MAIN, ALIAS, DERIVED, BARE = 0, 1, 2, 3
# One wrong letter is looked for in names of five letters and more, two in names of nine and more: below that, half of
# all pairs of different places lie within the distance.
ONE_EDIT_FROM, TWO_EDITS_FROM, TYPO_UP_TO = 5, 9, 24
TYPO_LEAST_IMPORTANCE = 15.0
TYPO_ALWAYS_UP_TO = 300_000
_ARRAYS = (
    "name_start",
    "name_row",
    "name_kind",
    "lat",
    "lon",
    "radius",
    "importance",
    "feature",
    "country",
    "text_start",
    "deletions_hash",
    "deletions_key",
    "words_zipf",
)
_FIELD = "\x1f"
_ITEM = "\x1e"


class Segment:
    """One index folder, opened. Rows are numbers of places, in the order of their ids."""

    def __init__(self, folder: Path) -> None:
        try:
            self.meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
            self._keys = marisa_trie.Trie().mmap(str(folder / "keys.marisa"))
            self._prefixes = marisa_trie.Trie().mmap(str(folder / "prefixes.marisa"))
            self._ids = marisa_trie.Trie().mmap(str(folder / "ids.marisa"))
            self._words = marisa_trie.Trie().mmap(str(folder / "words.marisa"))
            arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in (*_ARRAYS, "id_row")}
            self._text = np.memmap(folder / "text.bin", mode="r", dtype=np.uint8)
        except (OSError, ValueError, RuntimeError, EOFError) as error:
            raise SourceError(f"the gazetteer index in {folder} cannot be read ({error}): delete the folder") from error
        if self.meta["format"] != FORMAT:
            raise SourceError(f"the gazetteer index in {folder} is of another version: delete the folder")
        self.lat, self.lon = arrays["lat"], arrays["lon"]
        self.radius_km, self.importance = arrays["radius"], arrays["importance"]
        self._arrays = arrays

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
        return key in self._keys

    def begins_name(self, key: str) -> bool:
        """Whether some name of several words begins with this key and goes on after it."""
        return key in self._prefixes

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
        start, end = self._arrays["text_start"][row : row + 2]
        identity, name, name_en, aliases, parents, source = bytes(self._text[start:end]).decode("utf-8").split(_FIELD)
        return Place(
            id=identity,
            name=name,
            name_en=name_en,
            feature=self.feature(row),
            country=self.country(row),
            point=Point(round(float(self.lat[row]), 5), round(float(self.lon[row]), 5)),
            radius_km=round(float(self.radius_km[row]), 1),
            importance=round(float(self.importance[row]), 1),
            aliases=tuple(aliases.split(_ITEM)) if aliases else (),
            parents=tuple(parents.split(_ITEM)) if parents else (),
            source=source,
        )

    def zipf(self, word: str) -> float:
        """How common a folded word is in everyday Arabic: log 10 of occurrences per 10^9 words, 0 when unknown."""
        number = self._words.get(word)
        return 0.0 if number is None else float(self._arrays["words_zipf"][number]) / 100

    def near_keys(self, hashes: np.ndarray) -> list[str]:
        """Keys that share one of these hashes of what is left when letters go."""
        table = self._arrays["deletions_hash"]
        starts, ends = np.searchsorted(table, hashes, "left"), np.searchsorted(table, hashes, "right")
        numbers: set[int] = set()
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            if start < end:
                numbers.update(self._arrays["deletions_key"][start:end].tolist())
        return [self._keys.restore_key(n) for n in numbers]


class Gazetteer:
    """One or more segments as one gazetteer: the first holds the merged layers, the others large imports.

    Rows are numbers of places over all segments.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        self._starts = [0]
        for segment in self.segments:
            self._starts.append(self._starts[-1] + len(segment))
        self.place = lru_cache(maxsize=200_000)(self._place)

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def meta(self) -> dict[str, object]:
        """What is recorded of the first segment: its fingerprint and number of places."""
        return self.segments[0].meta

    def _at(self, row: int) -> tuple[Segment, int]:
        number = bisect_right(self._starts, row) - 1
        return self.segments[number], row - self._starts[number]

    def rows(self, key: str) -> list[tuple[int, int]]:
        """(row, kind) of every place that has a name with this key; [] when there is none."""
        if len(self.segments) == 1:
            return self.segments[0].rows(key)
        parts = zip(self._starts, self.segments, strict=False)
        return [(start + row, kind) for start, segment in parts for row, kind in segment.rows(key)]

    def __contains__(self, key: str) -> bool:
        return any(key in segment for segment in self.segments)

    def begins_name(self, key: str) -> bool:
        """Whether some name of several words begins with this key and goes on after it."""
        return any(segment.begins_name(key) for segment in self.segments)

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
        segment, at = self._at(row)
        return segment.place(at)

    def zipf(self, word: str) -> float:
        """How common a folded word is in everyday Arabic: log 10 of occurrences per 10^9 words, 0 when unknown."""
        return self.segments[0].zipf(word)

    def near_keys(self, key: str) -> list[str]:
        """Keys that may lie within the allowed number of edits of this one, sorted: to be verified by the caller."""
        deletions = sorted(_deletions(key))
        if not deletions:
            return []
        hashes = np.array([_hash(d) for d in deletions], dtype=np.uint32)
        return sorted({near for segment in self.segments for near in segment.near_keys(hashes)})

    def nearest(self, point: Point, *, limit: int = 10, within_km: float = 200.0) -> list[tuple[float, int]]:
        """(kilometres, row) of the places around a point, nearest first."""
        found: list[tuple[float, int]] = []
        for start, segment in zip(self._starts, self.segments, strict=False):
            distances = _distances_km(point, segment.lat, segment.lon)
            near = np.flatnonzero(distances <= within_km)
            near = near[np.argsort(distances[near], kind="stable")[:limit]]
            found += [(float(distances[row]), start + int(row)) for row in near]
        return sorted(found)[:limit]


def _distances_km(point: Point, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    lat1, lat2 = np.radians(point.lat), np.radians(lat)
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(np.radians(lon - point.lon) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(1.0, h)))


def allowed_edits(key: str) -> int:
    """How many wrong letters a key of this length may have and still be taken for a typo."""
    if not ONE_EDIT_FROM <= len(key) <= TYPO_UP_TO:
        return 0
    return 2 if len(key) >= TWO_EDITS_FROM else 1


def _hash(text: str) -> int:
    return zlib.crc32(text.encode("utf-8"))


def _deletions(key: str) -> set[str]:
    """The key and what is left of it when up to the allowed number of letters goes. One more letter than allowed may be
    missing on the longer side of a pair, so lengths next to a threshold share the larger number."""
    edits = max(allowed_edits(key), allowed_edits(key + "x"))
    found = {key} if edits else set()
    for count in range(1, edits + 1):
        for gone in combinations(range(len(key)), count):
            found.add("".join(c for i, c in enumerate(key) if i not in gone))
    return found


def build_index(
    places: Iterable[Place],
    frequencies: Mapping[str, float],
    folder: Path,
    *,
    meta: Mapping[str, object] | None = None,
    progress: Callable[[str], None] = lambda message: None,
) -> None:
    """Write an index folder. It appears under its name only when it is whole: other processes may wait for it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=folder.name + ".", dir=folder.parent))
    try:
        count = _write(list(places), frequencies, work, progress)
        (work / "meta.json").write_text(
            json.dumps({**(meta or {}), "format": FORMAT, "places": count}), encoding="utf-8"
        )
        try:
            os.replace(work, folder)
        except OSError:  # another process was faster: its index is as good
            if not (folder / "meta.json").exists():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write(places: list[Place], frequencies: Mapping[str, float], work: Path, progress: Callable[[str], None]) -> int:
    progress(f"{len(places):,} places: names")
    postings = _postings(places)
    keys = marisa_trie.Trie(postings)
    keys.save(str(work / "keys.marisa"))
    _write_postings(keys, postings, work)
    prefixes = {" ".join(words[:n]) for key in postings if (words := key.split()) for n in range(1, len(words))}
    marisa_trie.Trie(prefixes).save(str(work / "prefixes.marisa"))
    ids = marisa_trie.Trie(p.id for p in places)
    ids.save(str(work / "ids.marisa"))
    id_row = np.empty(len(places), dtype=np.uint32)
    for row, place in enumerate(places):
        id_row[ids[place.id]] = row
    np.save(work / "id_row.npy", id_row)
    _write_places(places, work)
    progress(f"{len(postings):,} names: typos")
    _write_deletions(keys, postings, places, work)
    words = marisa_trie.Trie(frequencies)
    words.save(str(work / "words.marisa"))
    zipf = np.zeros(len(words), dtype=np.uint16)
    for word, value in frequencies.items():
        zipf[words[word]] = round(value * 100)
    np.save(work / "words_zipf.npy", zipf)
    return len(places)


def _postings(places: list[Place]) -> dict[str, dict[int, int]]:
    """For every key the rows it leads to, each with the best kind."""
    postings: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for row, place in enumerate(places):
        for name in place.names:
            plain = normalize_name(name)
            for key in name_keys(name):
                kind = DERIVED if key != plain else MAIN if name in (place.name, place.name_en) else ALIAS
                postings[key][row] = min(kind, postings[key].get(row, BARE))
            bare = bare_key(plain)
            if bare:
                postings[bare].setdefault(row, BARE)
    return postings


def _write_postings(keys: marisa_trie.Trie, postings: Mapping[str, Mapping[int, int]], work: Path) -> None:
    order = sorted(postings, key=keys.__getitem__)
    starts = np.zeros(len(order) + 1, dtype=np.uint32)
    starts[1:] = np.cumsum([len(postings[key]) for key in order])
    np.save(work / "name_start.npy", starts)
    np.save(work / "name_row.npy", np.array([row for key in order for row in postings[key]], dtype=np.uint32))
    np.save(work / "name_kind.npy", np.array([k for key in order for k in postings[key].values()], dtype=np.uint8))


def _write_places(places: list[Place], work: Path) -> None:
    np.save(work / "lat.npy", np.array([p.point.lat for p in places]))
    np.save(work / "lon.npy", np.array([p.point.lon for p in places]))
    np.save(work / "radius.npy", np.array([p.radius_km for p in places], dtype=np.float32))
    np.save(work / "importance.npy", np.array([p.importance for p in places], dtype=np.float32))
    np.save(work / "feature.npy", np.array([FEATURES.index(p.feature) for p in places], dtype=np.uint8))
    codes = [0 if p.country is None else ord(p.country[0]) << 8 | ord(p.country[1]) for p in places]
    np.save(work / "country.npy", np.array(codes, dtype=np.uint16))
    starts = np.zeros(len(places) + 1, dtype=np.uint64)
    with open(work / "text.bin", "wb") as stream:
        for row, p in enumerate(places):
            fields = (p.id, p.name, p.name_en, _ITEM.join(p.aliases), _ITEM.join(p.parents), p.source)
            stream.write(_FIELD.join(fields).encode("utf-8"))
            starts[row + 1] = stream.tell()
    np.save(work / "text_start.npy", starts)


def _write_deletions(
    keys: marisa_trie.Trie, postings: Mapping[str, Mapping[int, int]], places: list[Place], work: Path
) -> None:
    everything = len(postings) <= TYPO_ALWAYS_UP_TO
    hashes: list[int] = []
    numbers: list[int] = []
    for key, rows in postings.items():
        if key.isascii() and not everything:
            continue
        if everything or max(places[row].importance for row in rows) >= TYPO_LEAST_IMPORTANCE:
            deletions = _deletions(key)
            hashes.extend(_hash(d) for d in deletions)
            numbers.extend([keys[key]] * len(deletions))
    table = np.array(hashes, dtype=np.uint32)
    order = np.argsort(table, kind="stable")
    np.save(work / "deletions_hash.npy", table[order])
    np.save(work / "deletions_key.npy", np.array(numbers, dtype=np.uint32)[order])
