"""Measures the gazetteer that RASID_CACHE and RASID_DATA hold: python -m bench.measure_gazetteer

Start-up is that of a new process, the index being made. Latencies are of 1,000 names each, drawn by a seed: names of the
gazetteer, the same with one wrong letter, words that are no names, and the spots of places.
"""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from bench.process import ROOT, memory_mb
from gazetteer import Gazetteer, find_candidates, load_gazetteer

NAMES = 1_000
LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
STARTS = 5
_LOAD = "import time; t = time.perf_counter(); from gazetteer import load_gazetteer; "
_LOAD += "m = time.perf_counter(); load_gazetteer(); e = time.perf_counter(); "
_LOAD += "from bench.process import memory_mb; print(m - t, e - m, memory_mb()[0])"


def main() -> None:
    """Print one line a measure."""
    gazetteer = load_gazetteer()
    print(f"places {len(gazetteer):,} in {len(gazetteer.segments)} segments")
    for segment in gazetteer.segments:
        size = sum(path.stat().st_size for path in segment.folder.iterdir()) / 1e6
        print(f"  {segment.folder.name}: {len(segment):,} places, {size:,.0f} MB on disk")
    starts = [start() for _ in range(STARTS)]
    imported, loaded, memory = (sorted(values)[STARTS // 2] for values in zip(*starts, strict=True))
    print(f"start: importing the package {imported:.3f} s, load_gazetteer {loaded:.3f} s, memory {memory:.0f} MB")
    names = draw_names(gazetteer, random.Random(1))
    wrong = [misspell(name, random.Random(name)) for name in names]
    report("look-up of a key", lambda name: gazetteer.rows(name), names)
    report("find, a name", lambda name: find_candidates(gazetteer, name), names)
    report("find, a misspelt name", lambda name: find_candidates(gazetteer, name), wrong)
    points = [gazetteer.place(gazetteer.rows(name)[0][0]).point for name in names[:100] if gazetteer.rows(name)]
    report("nearest places of a point", lambda point: gazetteer.nearest(point), points)
    hits = sum(bool(find_candidates(gazetteer, name)) for name in wrong)
    print(f"misspelt names with a candidate: {hits} of {len(wrong)}")
    held, private = memory_mb()
    print(f"memory after all this: {held:.0f} MB, {private:.0f} MB of it not mapped files")


def start() -> tuple[float, float, float]:
    """Seconds to import, seconds to load, MB then held, of a new process."""
    done = subprocess.run([sys.executable, "-c", _LOAD], capture_output=True, text=True, check=True, cwd=ROOT)
    imported, loaded, memory = map(float, done.stdout.split())
    return imported, loaded, memory


def draw_names(gazetteer: Gazetteer, chance: random.Random) -> list[str]:
    """Arabic names of places drawn over all segments."""
    found: list[str] = []
    while len(found) < NAMES:
        name = gazetteer.place(chance.randrange(len(gazetteer))).name
        if not name.isascii():
            found.append(name)
    return found


def misspell(name: str, chance: random.Random) -> str:
    """The name with one letter left out, doubled, replaced or exchanged with its neighbour."""
    at = chance.randrange(len(name))
    changed = (
        name[:at] + name[at + 1 :],
        name[: at + 1] + name[at:],
        name[:at] + chance.choice(LETTERS) + name[at + 1 :],
        name[:at] + name[at : at + 2][::-1] + name[at + 2 :],
    )
    return chance.choice(changed)


def report(what: str, call: Callable[[Any], Any], inputs: Iterable[Any]) -> None:
    """Median and 95th percentile of the calls in microseconds."""
    taken = []
    for value in inputs:
        began = time.perf_counter()
        call(value)
        taken.append((time.perf_counter() - began) * 1e6)
    print(f"{what}: median {np.median(taken):,.0f} µs, 95th percentile {np.percentile(taken, 95):,.0f} µs")


if __name__ == "__main__":
    main()
