"""Makes a dump in GeoNames' form of places that do not exist, for measuring: python -m bench.make_names 1000000 OUT.txt

The same seed gives the same file. Four in ten places have an Arabic name, one in a thousand has more than 10,000 people,
names repeat about as often as village names do.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ARABIC = "را سا مي نو دير عين قر طو با حس شا هـ لي كو جب زي فا بن غز تل وا مر سو عب خا صو ضي ثا ظه ذي حم رض ين ان ات وم".replace(
    "ـ", ""
).split()
ARABIC_HEADS = ["", "", "", "", "بني ", "عين ", "بئر ", "وادي ", "تل ", "أبو ", "دير ", "ال"]
LATIN = "ra sa mi no deir ayn qar to ba has sha li ko jab zi fa ben ghaz tal wa mar so ab kha so di tha hom rid in an at".split()
LATIN_HEADS = ["", "", "", "", "Bani ", "Ayn ", "Bir ", "Wadi ", "Tall ", "Abu ", "San ", "Al "]
COUNTRIES = ["LY", "EG", "SD", "SY", "IQ", "YE", "DZ", "MA", "TN", "SA", "TR", "IR", "TD", "ML", "US", "FR", "CN", "IN"]
KINDS = [
    ("P", "PPL"),
    ("P", "PPL"),
    ("P", "PPLX"),
    ("T", "HLL"),
    ("H", "WAD"),
    ("S", "FRM"),
    ("A", "ADM4"),
    ("L", "LCTY"),
]
ARABIC_SHARE = 0.4
_AT_ONCE = 100_000


def make_rows(places: int, seed: int) -> Iterator[str]:
    """Lines of a dump, one a place."""
    random = np.random.default_rng(seed)
    for first in range(0, places, _AT_ONCE):
        count = min(_AT_ONCE, places - first)
        parts = random.integers(0, len(LATIN), (count, 5)).tolist()
        lengths = random.integers(2, 6, count).tolist()
        heads = random.integers(0, len(LATIN_HEADS), count).tolist()
        arabic = (random.random(count) < ARABIC_SHARE).tolist()
        lats, lons = random.uniform(-35, 65, count).tolist(), random.uniform(-20, 120, count).tolist()
        people = np.minimum(random.pareto(0.75, count), 1e7).astype(int).tolist()
        countries = random.integers(0, len(COUNTRIES), count).tolist()
        kinds = random.integers(0, len(KINDS), count).tolist()
        for at in range(count):
            syllables = parts[at][: lengths[at]]
            latin = (LATIN_HEADS[heads[at]] + "".join(LATIN[s] for s in syllables).title()).strip()
            other = ARABIC_HEADS[heads[at]] + "".join(ARABIC[s] for s in syllables) if arabic[at] else ""
            letter, code = KINDS[kinds[at]]
            place = (str(900_000_000 + first + at), latin, latin, other, f"{lats[at]:.5f}", f"{lons[at]:.5f}")
            rest = (
                letter,
                code,
                COUNTRIES[countries[at]],
                "",
                "",
                "",
                "",
                "",
                str(people[at]),
                "",
                "",
                "",
                "2020-01-01",
            )
            yield "\t".join((*place, *rest)) + "\n"


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with open(args.out, "w", encoding="utf-8") as stream:
        stream.writelines(make_rows(args.places, args.seed))
    print(f"{args.out}: {args.places:,} places", file=sys.stderr)


if __name__ == "__main__":
    main()
