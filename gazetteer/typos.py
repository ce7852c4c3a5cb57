"""Finding keys that are a few letters apart: what is left of a key when letters go, as hashes.

Two keys within so many edits of each other share a hash of what is left when so many letters go from both.
"""

from functools import lru_cache
from itertools import combinations

import numpy as np

# One wrong letter is looked for in names of five letters and more, two in names of nine and more: below that, half of
# all pairs of different places lie within the distance.
ONE_EDIT_FROM, TWO_EDITS_FROM, TYPO_UP_TO = 5, 9, 24
# A polynomial hash over code points modulo 2^64.
_BASE = 0x9E3779B97F4A7C15
_MIX = np.uint64(0xD6E8FEB86659FD93)
_BITS_A_HASH, _AT_ONCE = 8, 1 << 20
_BIT = np.array([1, 2, 4, 8, 16, 32, 64, 128], dtype=np.uint8)


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


def deletion_hashes(keys: list[str]) -> np.ndarray:
    """Hashes (uint32) of what is left of each key, one row a key. All keys must have one length, with `letters_gone` > 0.

    >>> deletion_hashes(["غريان"]).shape
    (1, 6)
    """
    length = len(keys[0])
    letters = np.frombuffer("".join(keys).encode("utf-32-le"), dtype="<u4").reshape(len(keys), length)
    left = (letters + np.uint64(1)) @ _weights(length)
    left ^= left >> np.uint64(32)
    left *= _MIX
    return (left >> np.uint64(32)).astype(np.uint32)


def mark_hashes(hashes: np.ndarray) -> np.ndarray:
    """Bits (uint8, eight each) that tell most hashes which are not among these: at least eight bits a hash."""
    bits = 1 << min(32, max(3, (_BITS_A_HASH * len(hashes) - 1).bit_length()))
    marks = np.zeros(bits >> 3, dtype=np.uint8)
    for start in range(0, len(hashes), _AT_ONCE):
        places = hashes[start : start + _AT_ONCE] & np.uint32(bits - 1)
        np.bitwise_or.at(marks, places >> np.uint32(3), _BIT[places & np.uint32(7)])
    return marks


def marked(marks: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """The hashes that may be among those that were marked.

    >>> hashes = np.array([3, 5, 4_000_000_000], dtype=np.uint32)
    >>> marked(mark_hashes(hashes[:2]), hashes).tolist()
    [3, 5]
    """
    places = hashes & np.uint32(8 * len(marks) - 1)
    return hashes[marks.take(places >> np.uint32(3)) & _BIT.take(places & np.uint32(7)) != 0]


@lru_cache(maxsize=TYPO_UP_TO)
def _weights(length: int) -> np.ndarray:
    """What each letter of a key of this length counts in each hash, 0 where it has gone: one column a hash."""
    gone = [places for count in range(letters_gone(length) + 1) for places in combinations(range(length), count)]
    weights = np.zeros((length, len(gone)), dtype=np.uint64)
    for column, places in enumerate(gone):
        left = [at for at in range(length) if at not in places]
        weights[left, column] = [pow(_BASE, power, 1 << 64) for power in reversed(range(len(left)))]
    return weights
