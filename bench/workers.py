"""Many articles with one worker process and with two, by the command line, into a workspace."""

import shutil
import subprocess
import sys
from itertools import islice

from bench.corpus import corpus_of
from bench.page import Keep, Plan, Section, number, said, seconds, times
from bench.process import ROOT, MeasureError, run_command

WORKERS = (1, 2)
LIMIT_S = 300


def measure(plan: Plan, keep: Keep) -> Section:
    """Seconds of `python -m extract FILE --store FOLDER --workers N` for each N."""
    section = Section("Workers")
    if not knows_workers():
        section.notes.append("Not measured: this version of `python -m extract` knows no --workers.")
        return section
    articles = plan.size(20, 4_000, 100_000)
    source, store = plan.out / "workers.jsonl", plan.out / "workers-store"
    with open(corpus_of(plan, articles), encoding="utf-8") as lines, open(source, "w", encoding="utf-8") as out:
        out.writelines(islice(lines, articles))
    table = section.table("workers", "× one worker", "seconds", "articles/s")
    one = None
    for workers in WORKERS:
        shutil.rmtree(store, ignore_errors=True)
        command = [sys.executable, "-m", "extract", str(source), "--store", str(store), "--workers", str(workers)]
        try:
            taken, _ = run_command(command, limit_s=plan.size(60, LIMIT_S, 4 * 3600))
        except MeasureError as error:
            section.notes.append(f"{workers} workers: {said(error)}")
            continue
        finally:
            shutil.rmtree(store, ignore_errors=True)
        one = one or taken
        table.add(str(workers), times(one / taken), seconds(taken), number(articles / taken))
        keep(section)
    source.unlink()
    section.notes.append(
        f"{articles:,} made articles, everything from the start of the command to its end, on all cores."
    )
    return section


def knows_workers() -> bool:
    """Whether the command line has the option."""
    command = [sys.executable, "-m", "extract", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False).stdout
    return "--workers" in told
