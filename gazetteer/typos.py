"""Finding keys that are a few letters apart: what is left of a key when letters go, as hashes.

Two keys within so many edits of each other share a hash of what is left when so many letters go from both.
"""

from functools import lru_cache

import numpy as np

# One wrong letter is looked for in names of five letters and more, two in names of nine and more: below that, half of
# all pairs of different places lie within the distance.
ONE_EDIT_FROM, TWO_EDITS_FROM, TYPO_UP_TO = 5, 9, 24
# A polynomial hash over code points modulo 2^64: its odd base has an inverse, so letters can be taken out of sums.
_BASE = 0x9E3779B97F4A7C15
_MIX = np.uint64(0xD6E8FEB86659FD93)


def allowed_edits(key: str) -> int:
    """How many wrong letters a key of this length may have and still be taken for a typo."""
    return _allowed(len(key))


def _allowed(length: int) -> int:
    if not ONE_EDIT_FROM <= length <= TYPO_UP_TO:
        return 0
    return 2 if length >= TWO_EDITS_FROM else 1


def letters_gone(length: int) -> int:
    """How many letters go from a key of this length, 0 when no typos of it are looked for.

    One more letter than allowed may be missing on the longer side of a pair, so lengths next to a threshold share the
    larger number.
    """
    return max(_allowed(length), _allowed(length + 1))


@lru_cache(maxsize=2 * TYPO_UP_TO)
def _powers(length: int) -> np.ndarray:
    powers = [pow(_BASE, length - 1 - at, 1 << 64) for at in range(length)]
    return np.array(powers, dtype=np.uint64)


@lru_cache(maxsize=2 * TYPO_UP_TO)
def _pairs(length: int) -> tuple[np.ndarray, np.ndarray]:
    return np.triu_indices(length, 1)


_ONE_LESS = np.uint64(pow(_BASE, -1, 1 << 64))
_TWO_LESS = np.uint64(pow(_BASE, -2, 1 << 64))


def deletion_hashes(keys: list[str]) -> np.ndarray:
    """Hashes (uint32) of what is left of each key, one row a key. All keys must have one length, with `letters_gone` > 0.

    >>> deletion_hashes(["غريان"]).shape
    (1, 6)
    """
    length = len(keys[0])
    letters = np.array(keys, dtype=f"<U{length}").view(np.uint32).reshape(len(keys), length).astype(np.uint64)
    sums = np.zeros((len(keys), length + 1), dtype=np.uint64)
    np.cumsum((letters + np.uint64(1)) * _powers(length), axis=1, out=sums[:, 1:])
    whole = sums[:, -1:]
    hashes = [whole, sums[:, :-1] * _ONE_LESS + (whole - sums[:, 1:])]
    if letters_gone(length) > 1:
        first, second = _pairs(length)
        between = (sums[:, second] - sums[:, first + 1]) * _ONE_LESS
        hashes.append(sums[:, first] * _TWO_LESS + between + (whole - sums[:, second + 1]))
    left = np.concatenate(hashes, axis=1)
    left ^= left >> np.uint64(32)
    left *= _MIX
    return (left >> np.uint64(32)).astype(np.uint32)
