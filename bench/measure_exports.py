"""How long exports take and what memory they need: `python -m bench.measure_exports FOLDER TARGET... [--mentions N]`.

Makes a workspace of N made mentions in FOLDER (ten an article of some 250 words) unless one is there, then exports it to
every TARGET twice, each time in a process of its own, and prints seconds and the highest resident memory.
"""

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measure_gazetteer import LETTERS
from bench.process import peak_mb
from extract.databases.target import read_target
from extract.mentions import Article, Mention, Resolution
from extract.store import Workspace
from gazetteer import FeatureClass, Place, Point

PLACES, WORDS, PER_ARTICLE, SENTENCE = 5_000, 40_000, 10, 25
LOOK_S = 0.05


def main() -> None:
    """Make the workspace and measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("targets", nargs="+")
    parser.add_argument("--mentions", type=int, default=1_000_000)
    args = parser.parse_args()
    if not args.folder.exists():
        Workspace.create_or_open(args.folder).add(make_results(args.mentions // PER_ARTICLE), {"program": "bench"})
    for target in args.targets:
        for run in ("first", "again"):
            seconds, peak = measure(args.folder, target)
            print(f"{read_target(target).shown}\t{run}\t{seconds:.1f} s\t{peak:.0f} MB", flush=True)


def measure(folder: Path, target: str) -> tuple[float, float]:
    """Seconds and peak memory (MB) of one export."""
    command = [sys.executable, "-m", "extract", "export", "--store", str(folder), "--to", target]
    began, peak = time.perf_counter(), 0.0
    process = subprocess.Popen(command)
    # Not wait4: its figure counts the memory of the process that started this one as well.
    while process.poll() is None:
        peak = max(peak, peak_mb(process.pid))
        time.sleep(LOOK_S)
    if process.returncode:
        sys.exit(process.returncode)
    return time.perf_counter() - began, peak


def make_results(articles: int) -> Iterator[tuple[Article, list[Resolution]]]:
    """Made articles with their resolutions, the same every time."""
    chance = random.Random(1)
    words = ["".join(chance.choices(LETTERS, k=chance.randint(2, 8))) for _ in range(WORDS)]
    places = [
        Place(
            f"bench-{n}",
            "".join(chance.choices(LETTERS, k=6)),
            f"Place {n}",
            FeatureClass.CITY,
            "LY",
            Point(chance.uniform(20, 33), chance.uniform(10, 25)),
            5.0,
            importance=50.0,
        )
        for n in range(PLACES)
    ]
    for number in range(articles):
        yield make_article(number, words, places, chance)


def make_article(
    number: int, words: list[str], places: list[Place], chance: random.Random
) -> tuple[Article, list[Resolution]]:
    """One article: a sentence a mention."""
    text, resolutions = "", []
    for _ in range(PER_ARTICLE):
        first, place = len(text), places[int(chance.paretovariate(0.5)) % PLACES]
        before = " ".join(chance.choices(words, k=SENTENCE // 2)) + " "
        after = " " + " ".join(chance.choices(words, k=SENTENCE // 2)) + ". "
        start = first + len(before)
        text += before + place.name + after
        mention = Mention(start, start + len(place.name), place.name)
        resolutions.append(
            Resolution(mention, place, "exact", 100.0, 0.9, "the only place of this name", first, len(text) - 1)
        )
    day = f"{2010 + number % 16}-{number % 12 + 1:02}-{number % 28 + 1:02}"
    return Article(
        f"bench/{number}", text, f"{words[number % WORDS]} {number}", day, f"outlet {number % 40}"
    ), resolutions


if __name__ == "__main__":
    main()
