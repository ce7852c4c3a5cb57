"""Mentions in the order of a column: the rank of each one's value, worked out once, so that a page needs no texts compared."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# The rank of what has no value: last in both directions.
NOTHING = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class Order:
    """Positions of all mentions, ascending, and the rank of each one's value (int32; equal values have equal ranks)."""

    positions: np.ndarray
    ranks: np.ndarray

    def page(self, found: np.ndarray, limit: int, offset: int, *, descending: bool) -> list[int]:
        """These of the positions found (ascending), in this order; of equal values the first position comes first."""
        wanted = min(offset + limit, len(found))
        if limit <= 0 or offset >= wanted:
            return []
        alike = len(found) == len(self.positions)
        ranks = self.ranks if alike else self.ranks[np.searchsorted(self.positions, found)]
        if descending:
            ranks = np.where(ranks == NOTHING, NOTHING, -ranks)
        # Only what can stand on the page or before it is sorted.
        near = np.flatnonzero(ranks <= np.partition(ranks, wanted - 1)[wanted - 1])
        return found[near[np.argsort(ranks[near], kind="stable")[offset:wanted]]].tolist()


def rank_values(values: pa.ChunkedArray) -> np.ndarray:
    """The rank of each value (int32), by code points for texts; NOTHING where there is none.

    >>> rank_values(pa.chunked_array([["ب", None, "ا"], ["ب"]])).tolist()
    [1, 2147483647, 0, 1]
    """
    if pa.types.is_string(values.type):
        values = values.cast(pa.large_string())
    encoded = values.combine_chunks().dictionary_encode()
    count = len(encoded.dictionary)
    ranks = np.full(count + 1, NOTHING, np.int32)
    ranks[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(count, dtype=np.int32)
    return ranks[encoded.indices.fill_null(count).to_numpy(zero_copy_only=False)]
