"""Counting mentions by what they, their places and their articles are: columns of numbers, counted by numpy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# The code of what has no value, in columns of a byte.
NO_CODE = 255


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of places or articles: the different values, ascending, and at each number the value's place among them (int32).

    Numbers begin at 1; -1 stands for no value, and for a number that nothing has.
    """

    values: pa.Array
    codes: np.ndarray

    @classmethod
    def of(cls, numbers: np.ndarray, values: pa.ChunkedArray) -> "Coded":
        """The column of which `values` are at `numbers`."""
        words, places = sort_values(values)
        codes = np.full(numbers.max(initial=0) + 1, -1, np.int32)
        codes[numbers] = places
        return cls(words, codes)

    def sums(self, counts: np.ndarray) -> np.ndarray:
        """The counts of each value, from the counts at each number."""
        known = np.flatnonzero(counts[: len(self.codes)])
        known = known[self.codes[known] >= 0]
        found = np.bincount(self.codes[known], weights=counts[known], minlength=len(self.values))
        return found.astype(np.int64)


def sort_values(values: pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    """The different values, ascending (texts by code points), and the place of each value among them (int32): -1 for none.

    >>> words, places = sort_values(pa.chunked_array([["ب", None, "ا"], ["ب"]]))
    >>> words.to_pylist(), places.tolist()
    (['ا', 'ب'], [1, -1, 0, 1])
    """
    if pa.types.is_string(values.type):
        values = values.cast(pa.large_string())
    encoded = values.combine_chunks().dictionary_encode()
    order = pc.sort_indices(encoded.dictionary)
    # What has no value is at the end of the list, and so at -1.
    places = np.full(len(order) + 1, -1, np.int32)
    places[order.to_numpy()] = np.arange(len(order), dtype=np.int32)
    numbers = encoded.indices.fill_null(len(order)).to_numpy(zero_copy_only=False)
    return encoded.dictionary.take(order), places[numbers]


def most(counts: np.ndarray, limit: int) -> list[tuple[int, int]]:
    """The places of the largest counts above 0 with the counts, the largest first; of equal ones the first.

    >>> most(np.array([1, 0, 5, 1]), 3)
    [(2, 5), (0, 1), (3, 1)]
    """
    some = np.flatnonzero(counts)
    chosen = some[np.argsort(-counts[some], kind="stable")[:limit]]
    return list(zip(chosen.tolist(), counts[chosen].tolist(), strict=True))


def count_numbers(batches: Iterable[pa.RecordBatch], columns: Sequence[str]) -> dict[str, np.ndarray]:
    """How often each number stands in each of the columns, by the number. In a column of bytes NO_CODE counts what has none."""
    found = {name: np.zeros(1, np.int64) for name in columns}
    for batch in batches:
        for name in columns:
            counts = np.bincount(_numbers(batch[name]))
            longer, shorter = sorted((found[name], counts), key=len, reverse=True)
            longer[: len(shorter)] += shorter
            found[name] = longer
    return found


def _numbers(column: pa.Array) -> np.ndarray:
    empty = NO_CODE if column.type == pa.uint8() else 0
    return column.fill_null(empty).to_numpy(zero_copy_only=False)


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """Of each place that has mentions, by ascending number: mentions, articles, the least role, the first article's number."""

    numbers: np.ndarray
    mentions: np.ndarray
    articles: np.ndarray
    roles: np.ndarray
    firsts: np.ndarray


def count_places(places: np.ndarray, articles: np.ndarray, roles: np.ndarray) -> PlaceCounts:
    """Counts from the numbers of place (0 for none), article and role of each mention.

    >>> found = count_places(np.array([7, 0, 7, 7]), np.array([3, 3, 3, 5]), np.array([1, 0, 2, 0], np.uint8))
    >>> found.numbers.tolist(), found.mentions.tolist(), found.articles.tolist(), found.roles.tolist()
    ([7], [3], [2], [0])
    """
    mentions = np.bincount(places)
    mentions[:1] = 0
    numbers = np.flatnonzero(mentions)
    least = np.full(len(mentions), NO_CODE, np.uint8)
    for role in np.flatnonzero(np.bincount(roles))[::-1].tolist():
        least[places[roles == role]] = role
    pairs = np.sort((places.astype(np.int64) << 32) | articles)
    # Each pair of place and article once, without those of no place.
    pairs = pairs[np.searchsorted(pairs, 1 << 32) :]
    pairs = pairs[np.diff(pairs, prepend=0) > 0]
    owners = pairs >> 32
    starts = np.searchsorted(owners, numbers)
    counts = np.diff(np.append(starts, len(owners)))
    return PlaceCounts(numbers, mentions[numbers], counts, least[numbers], pairs[starts] & 0xFFFFFFFF)
