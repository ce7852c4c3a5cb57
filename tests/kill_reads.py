"""Killing reads at random moments, and counting what is lost or doubled: `python -m tests.kill_reads --trials 100`.

Each trial starts `python -m extract FOLDER --store WORKSPACE` on made articles and kills it, and its workers, with SIGKILL
after a random time; every few trials the articles change, or the workspace is merged and that is killed. At the end the same
command is let run to its end, and the workspace compared with one that was read in peace.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from extract.filters import Filters
from extract.store import Workspace
from tests.conftest import ROOT
from tests.made_articles import make_folder, make_lines, text_of

# Small batches, so that a kill may hit any step of many.
READ = (
    "import signal, sys; from extract import run, store; from extract.__main__ import main\n"
    # Where tests run in the background Ctrl-C is ignored, and a child would ignore it, too.
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "if __name__ == '__main__':\n"
    "    run.FIRST_CHARS, run.BATCH_S, store.MANY_SMALL = 1_000, 0.05, 8\n"
    "    sys.exit(main(sys.argv[1:]))\n"
)


def command(*arguments: object) -> list[str]:
    """The command line, with small batches."""
    return [sys.executable, "-c", READ, *map(str, arguments)]


def start(*arguments: object) -> subprocess.Popen:
    """The command in a group of its own, so that its workers can be killed with it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command(*arguments), cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def run_and_kill(after_s: float, *arguments: object) -> bool:
    """Run the command for so long at most; returns whether it was killed. Raises AssertionError when it fails by itself."""
    process = start(*arguments)
    try:
        message = process.communicate(timeout=after_s)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    assert process.returncode == 0, message
    return False


def state_of(folder: Path) -> tuple[list, list]:
    """Every article with its text, and every mention."""
    workspace = Workspace.open(folder)
    articles = [(row["article_id"], workspace.article(row["article_id"])["text"]) for row in workspace.articles()]
    rows = [(row["article_id"], row["start"], row["place_id"]) for row in workspace.rows(Filters(), placed=None)]
    return sorted(articles), sorted(rows, key=repr)


def compare(found: list, wanted: list) -> tuple[int, int]:
    """How many entries are missing, and how many too many."""
    return (Counter(wanted) - Counter(found)).total(), (Counter(found) - Counter(wanted)).total()


def kill_trials(folder: Path, trials: int, *, articles: int = 400, seed: int = 0) -> dict[str, int]:
    """Kill so many times, at any moment of what a whole read takes here, then compare.

    Returns counts: killed, lost and doubled articles and mentions, files left over.
    """
    chance = random.Random(seed)
    inputs, store = folder / "in", folder / "store"
    make_folder(inputs, articles)
    make_lines(inputs / "records.jsonl", articles)
    began = time.monotonic()
    run_and_kill(600, inputs, "--store", folder / "first")
    whole_s = time.monotonic() - began
    killed = 0
    for trial in range(trials):
        if trial % 4 == 3:
            changed = chance.randrange(articles)
            (inputs / f"a{changed:04}.txt").write_text(text_of(changed + 1000 + trial), encoding="utf-8")
        if trial % 3 == 2 and (store / "workspace.json").exists():
            arguments = ("compact", "--store", store)
        else:
            arguments = (inputs, "--store", store, "--workers", 1 + trial % 2)
        killed += run_and_kill(chance.uniform(0.2, 1.0) * whole_s, *arguments)
    run_and_kill(600, inputs, "--store", store)
    run_and_kill(600, inputs, "--store", folder / "peace")
    (found, rows), (wanted, wanted_rows) = state_of(store), state_of(folder / "peace")
    lost, doubled = compare(found, wanted)
    lost_rows, doubled_rows = compare(rows, wanted_rows)
    left = [name for name in os.listdir(store) if name.endswith(".part") or name.startswith("gone-")]
    return {
        "trials": trials,
        "killed": killed,
        "articles lost": lost,
        "articles doubled": doubled,
        "mentions lost": lost_rows,
        "mentions doubled": doubled_rows,
        "files left over": len(left),
    }


def main() -> int:
    """Run the trials and print what they gave as JSON; 1 when anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rasid-kill-") as folder:
        result = kill_trials(Path(folder), args.trials, seed=args.seed)
    print(json.dumps(result | {"seed": args.seed}, indent=2))
    return int(any(count for name, count in result.items() if name not in ("trials", "killed")))


if __name__ == "__main__":
    sys.exit(main())
