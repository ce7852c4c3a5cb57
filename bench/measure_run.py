"""Measures reading into a workspace: python -m bench.measure_run --articles 2000 --workers 1 2

Articles are made of sentences of the training texts, drawn at random with a fixed seed, some 1,400 characters each, as
newspapers' are. Prints JSON: wall-clock and processor seconds, articles a second, bytes of the workspace an article, and the
most memory any process took.
"""

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from extract.run import read_into
from extract.store import Workspace

CORPUS = Path(__file__).parent.parent / "training" / "corpus"
CHARS = 1_400


def make_articles(path: Path, count: int) -> None:
    """A JSON Lines file of so many articles."""
    chance = random.Random(1)
    sentences = []
    for corpus in sorted(CORPUS.glob("*.jsonl")):
        with open(corpus, encoding="utf-8") as lines:
            sentences += [s.strip() for line in lines for s in json.loads(line)["text"].split(".") if len(s) > 40]
    with open(path, "w", encoding="utf-8") as file:
        for number in range(count):
            text, day = f"خبر رقم {number}", f"{2010 + number % 15}-{1 + number % 12:02}-{1 + number % 28:02}"
            while len(text) < CHARS:
                text += f". {chance.choice(sentences)}"
            file.write(json.dumps({"id": f"m{number}", "date": day, "text": text}, ensure_ascii=False) + "\n")


def _processor_s() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)


def measure(articles: int, workers: int, folder: Path) -> dict[str, float]:
    """Read the articles into a new workspace, then the same again."""
    make_articles(folder / "in.jsonl", articles)
    workspace = Workspace.create_or_open(folder / f"store{workers}")
    began, before = time.monotonic(), _processor_s()
    counts = read_into(workspace, [folder / "in.jsonl"], workers=workers)
    wall_s, processor_s = time.monotonic() - began, _processor_s() - before
    again, began = time.monotonic(), time.monotonic()
    skipped = read_into(workspace, [folder / "in.jsonl"], workers=workers).skipped
    again = time.monotonic() - began
    size = sum(path.stat().st_size for path in workspace.folder.glob("*-*.parquet"))
    peak = max(resource.getrusage(kind).ru_maxrss for kind in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "articles": counts.articles,
        "mentions": counts.mentions,
        "workers": workers,
        "wall_s": round(wall_s, 1),
        "processor_s": round(processor_s, 1),
        "articles_per_s": round(counts.articles / wall_s, 1),
        "articles_per_processor_s": round(counts.articles / processor_s, 1),
        "again_s": round(again, 1),
        "skipped_again": skipped,
        "store_bytes_per_article": round(size / counts.articles),
        "parts": len(list(workspace.folder.glob("articles-*"))),
        "peak_mb": round(peak / 1000),
    }


def main() -> int:
    """Print what is measured for each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=2_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    args = parser.parse_args()
    for workers in args.workers:
        with tempfile.TemporaryDirectory(prefix="rasid-measure-") as folder:
            print(json.dumps(measure(args.articles, workers, Path(folder))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
