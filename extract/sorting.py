"""Mentions in the order of a column: the rank of each one's value, worked out once, so that a page needs no texts compared."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from extract.counting import sort_values

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
    """The rank of each value (int32), by code points for texts; NOTHING where there is none."""
    _, places = sort_values(values)
    return np.where(places < 0, NOTHING, places)
