"""Writing an index folder. Places pass through one by one: names go to the disk, numbers into flat arrays, so that ten
million places need no more than 200 bytes each while the index is made.
"""

import json
import os
import secrets
import shutil
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import marisa_trie
import numpy as np

from gazetteer.normalize import bare_key, name_keys, normalize_name
from gazetteer.places import FeatureClass, Place
from gazetteer.typos import deletion_hashes, letters_gone, mark_hashes

FORMAT = 4
FEATURES = tuple(FeatureClass)
# How a key came from a place: its name, an alias, another writing of one of them, a name without its generic noun.
MAIN, ALIAS, DERIVED, BARE = 0, 1, 2, 3
# In an index of more names than this, typos are looked for in Arabic names of places of some weight only: the table of
# deletions holds about 90 entries a name.
TYPO_ALWAYS_UP_TO = 300_000
TYPO_LEAST_IMPORTANCE = 15.0
FIELD, ITEM = "\x1f", "\x1e"
_AT_ONCE = 20_000  # keys whose deletions are worked out together
_FEATURE_CODES = {feature: code for code, feature in enumerate(FEATURES)}
_NUMBERS = {
    "lat": "d",
    "lon": "d",
    "radius": "f",
    "importance": "f",
    "feature": "B",
    "country": "H",
    "echo": "B",
}


def place_keys(place: Place) -> dict[str, int]:
    """Every key that leads to the place, with the best kind of name it came from."""
    found: dict[str, int] = {}
    for name in place.names:
        plain = normalize_name(name)
        for key in name_keys(name):
            kind = DERIVED if key != plain else MAIN if name in (place.name, place.name_en) else ALIAS
            found[key] = min(kind, found.get(key, BARE))
        bare = bare_key(plain)
        if bare:
            found.setdefault(bare, BARE)
    return found


class IndexWriter:
    """An index in the making, in a folder of its own. Rows are numbered in the order of `add`."""

    def __init__(self, work: Path) -> None:
        self._work = work
        with ExitStack() as files:
            self._text = files.enter_context(open(work / "text.bin", "wb"))
            self._keys = files.enter_context(open(work / "keys.lines", "w", encoding="utf-8", newline="\n"))
            self._ids = files.enter_context(open(work / "ids.lines", "w", encoding="utf-8", newline="\n"))
            self._files = files.pop_all()
        self._numbers = {name: array(code) for name, code in _NUMBERS.items()}
        self._text_start = array("Q", [0])
        self._key_row, self._key_kind = array("I"), array("B")

    def __len__(self) -> int:
        return len(self._numbers["lat"])

    def add(
        self,
        place: Place,
        *,
        keys: Mapping[str, int] | None = None,
        parents: tuple[str, ...] | None = None,
        twin: str = "",
    ) -> None:
        """Take in a place. `keys` are its `place_keys` where they are known already, `parents` stand for its own, `twin` is
        the id of the place of another index that this one only gives its names to.

        Raises ValueError for a control character in one of its texts.
        """
        parents = place.parents if parents is None else parents
        fields = (place.id, place.name, place.name_en, ITEM.join(place.aliases), ITEM.join(parents), place.source)
        text = FIELD.join((*fields, twin))
        items = max(0, len(place.aliases) - 1) + max(0, len(parents) - 1)
        if text.count(FIELD) != len(fields) or text.count(ITEM) != items or "\n" in place.id:
            raise ValueError(f"{place.id!r}: a control character in a name")
        self._text.write(text.encode("utf-8"))
        self._text_start.append(self._text.tell())
        self._ids.write(place.id + "\n")
        row = len(self)
        found = place_keys(place) if keys is None else keys
        self._keys.writelines([key + "\n" for key in found])
        self._key_row.extend([row] * len(found))
        self._key_kind.extend(found.values())
        code = 0 if place.country is None else ord(place.country[0]) << 8 | ord(place.country[1])
        values = (
            place.point.lat,
            place.point.lon,
            place.radius_km,
            place.importance,
            _FEATURE_CODES[place.feature],
            code,
        )
        for numbers, value in zip(self._numbers.values(), (*values, 1 if twin else 0), strict=True):
            numbers.append(value)

    def finish(
        self,
        frequencies: Mapping[str, float],
        meta: Mapping[str, object],
        progress: Callable[[str], None] = lambda message: None,
    ) -> None:
        """Write what is left: after this the folder is an index."""
        count = len(self)
        if not count:
            self._text.write(b" ")  # an empty file cannot be mapped
        self.close()
        for name, values in self._numbers.items():
            self._save(name, np.array(values))
        # Rows from south to north: what lies near a point is found without looking at all.
        self._save("northward", np.argsort(np.array(self._numbers["lat"])).astype(np.uint32))
        echoes = sum(self._numbers["echo"])
        importance = np.array(self._numbers["importance"], dtype=np.float32)
        self._numbers.clear()
        self._save("text_start", np.array(self._text_start, dtype=np.uint64))
        progress(f"{count:,} places: names")
        self._write_ids()
        keys, starts, rows = self._write_names()
        progress(f"{len(keys):,} names: typos")
        self._write_deletions(keys, starts, rows, importance)
        self._write_words(frequencies)
        (self._work / "meta.json").write_text(
            json.dumps({**meta, "format": FORMAT, "places": count, "echoes": echoes}), encoding="utf-8"
        )

    def close(self) -> None:
        """Let go of the files, finished or not."""
        self._files.close()

    def _save(self, name: str, values: np.ndarray) -> None:
        np.save(self._work / f"{name}.npy", values)

    def _lines(self, name: str) -> Iterator[str]:
        with open(self._work / f"{name}.lines", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield line[:-1]

    def _trie(self, name: str) -> tuple[marisa_trie.Trie, np.ndarray]:
        """The trie of a file of lines, and the number of each line in it. The file is removed."""
        trie = marisa_trie.Trie(self._lines(name))
        trie.save(str(self._work / f"{name}.marisa"))
        numbers = np.fromiter((trie[line] for line in self._lines(name)), dtype=np.uint32)
        (self._work / f"{name}.lines").unlink()
        return trie, numbers

    def _write_ids(self) -> None:
        trie, numbers = self._trie("ids")
        rows = np.zeros(len(trie), dtype=np.uint32)
        rows[numbers[::-1]] = np.arange(len(numbers), dtype=np.uint32)[::-1]  # of two with one id, the first stays
        self._save("id_row", rows)

    def _write_names(self) -> tuple[marisa_trie.Trie, np.ndarray, np.ndarray]:
        keys, numbers = self._trie("keys")
        prefixes = (key[:at] for key in keys.iterkeys() if " " in key for at, letter in enumerate(key) if letter == " ")
        marisa_trie.Trie(prefixes).save(str(self._work / "prefixes.marisa"))
        rows = np.array(self._key_row, dtype=np.uint32)
        kinds = np.array(self._key_kind, dtype=np.uint8)
        self._key_row, self._key_kind = array("I"), array("B")
        # Keys in the order of their numbers, and the rows of one key in theirs.
        order = np.argsort(numbers.astype(np.uint64) << np.uint64(32) | rows)
        rows, kinds = rows[order], kinds[order]
        starts = np.zeros(len(keys) + 1, dtype=np.uint32)
        np.cumsum(np.bincount(numbers, minlength=len(keys)), out=starts[1:])
        self._save("name_start", starts)
        self._save("name_row", rows)
        self._save("name_kind", kinds)
        return keys, starts, rows

    def _write_deletions(
        self, keys: marisa_trie.Trie, starts: np.ndarray, rows: np.ndarray, importance: np.ndarray
    ) -> None:
        everything = len(keys) <= TYPO_ALWAYS_UP_TO
        if everything:
            chosen = np.arange(len(keys))
        else:
            chosen = np.flatnonzero(np.maximum.reduceat(importance[rows], starts[:-1]) >= TYPO_LEAST_IMPORTANCE)
        by_length: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
        for number in chosen.tolist():
            key = keys.restore_key(number)
            if letters_gone(len(key)) and (everything or not key.isascii()):
                by_length[len(key)].append((key, number))
        packed = [
            _packed(group[at : at + _AT_ONCE]) for group in by_length.values() for at in range(0, len(group), _AT_ONCE)
        ]
        table = np.concatenate(packed) if packed else np.array([], dtype=np.uint64)
        packed.clear()
        table.sort()  # np.unique goes by hashing: several times the time and memory
        table = table[np.flatnonzero(np.diff(table, prepend=~table[:1]))]
        hashes = (table >> np.uint64(32)).astype(np.uint32)
        self._save("deletions_hash", hashes)
        self._save("deletions_marks", mark_hashes(hashes))
        self._save("deletions_key", table.astype(np.uint32))

    def _write_words(self, frequencies: Mapping[str, float]) -> None:
        words = marisa_trie.Trie(frequencies)
        words.save(str(self._work / "words.marisa"))
        zipf = np.zeros(len(words), dtype=np.uint16)
        for word, value in frequencies.items():
            zipf[words[word]] = round(value * 100)
        self._save("words_zipf", zipf)


def _packed(group: list[tuple[str, int]]) -> np.ndarray:
    """Hash and number of the key in one integer each: sorting them sorts by hash."""
    hashes = deletion_hashes([key for key, _ in group]).astype(np.uint64) << np.uint64(32)
    return (hashes | np.array([number for _, number in group], dtype=np.uint64)[:, None]).ravel()


def work_folder(folder: Path) -> Path:
    """A new folder beside this one to work in: its name begins with a dot, and it is removed when all goes wrong."""
    work = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    work.mkdir(parents=True)
    return work


def build_index(
    places: Iterable[Place],
    frequencies: Mapping[str, float],
    folder: Path,
    *,
    meta: Mapping[str, object] | None = None,
    progress: Callable[[str], None] = lambda message: None,
) -> None:
    """Write an index folder. It appears under its name only when it is whole: other processes may wait for it."""
    work = work_folder(folder)
    writer = IndexWriter(work)
    try:
        for place in places:
            writer.add(place)
        writer.finish(frequencies, meta or {}, progress)
        try:
            os.replace(work, folder)
        except OSError:  # another process was faster: its index is as good
            if not (folder / "meta.json").exists():
                raise
    finally:
        writer.close()
        shutil.rmtree(work, ignore_errors=True)
