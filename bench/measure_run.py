"""Measures reading into a workspace: python -m bench.measure_run --articles 2000 --workers 1 2

The articles are those of bench/make_articles.py. Prints JSON: wall-clock and processor seconds, articles a second, bytes of
the workspace an article, and the most memory any process took.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from bench.process import run_command
from extract.run import read_into
from extract.store import Workspace

# A million articles are made in less.
MAKING_S = 3_600


def _processor_s() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(kind)[:2]) for kind in kinds)


def measure(articles: int, workers: int, folder: Path) -> dict[str, float]:
    """Read so many made articles into a new workspace, then the same again."""
    source = folder / "in.jsonl"
    # In a process of its own: what making takes is no memory of reading.
    make = [sys.executable, "-m", "bench.make_articles", "--articles", str(articles), "--output", str(source)]
    run_command(make, limit_s=MAKING_S)
    workspace = Workspace.create_or_open(folder / f"store{workers}")
    began, before = time.monotonic(), _processor_s()
    counts = read_into(workspace, [source], workers=workers)
    wall_s, processor_s = time.monotonic() - began, _processor_s() - before
    began = time.monotonic()
    skipped = read_into(workspace, [source], workers=workers).skipped
    again_s = time.monotonic() - began
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
        "again_s": round(again_s, 1),
        "skipped_again": skipped,
        "store_bytes_per_article": round(size / counts.articles),
        "parts": len(list(workspace.folder.glob("articles-*"))),
        "peak_mb": round(peak / 1024),
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
