"""What happens as articles grow in number, and as the gazetteer grows in names."""

import shutil
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.corpus import corpus_of
from bench.make_names import make_rows
from bench.page import Keep, Plan, Section, number, said, seconds, times
from bench.process import MeasureError, memory_mb, run_command, run_measure
from bench.reader import article_batches, read_batch
from extract.geoparse import Geoparser
from gazetteer import load_gazetteer

MARKS = (1_000, 10_000, 100_000)
# So long the growing number of articles is read, unless everything is asked for.
READING_S = 210
FULL_S = 4 * 3600
IMPORT_S = 3600
SCAN = "ahocorasick_rs, text"


def measure(plan: Plan, keep: Keep) -> Section:
    """Rate and memory at each number of articles, speed and start at each size of the gazetteer."""
    section = Section("Growth")
    for part in (_articles, _gazetteers):
        try:
            part(section, plan, keep)
        except MeasureError as error:
            section.notes.append(said(error))
    return section


def _articles(section: Section, plan: Plan, keep: Keep) -> None:
    marks = [20, 40] if plan.small else list(MARKS)
    budget = plan.size(20, READING_S, FULL_S)
    request = {"corpus": str(corpus_of(plan, marks[-1])), "marks": marks, "limit_s": budget}
    found = run_measure(__name__, request, limit_s=budget + 120, one_core=True)
    first = found[0]
    table = section.table(
        "articles read", "× the rate of the first", "articles/s since the row above", "memory MB", "private MB"
    )
    for mark in found:
        rate = times(mark["rate"] / first["rate"])
        table.add(
            f"{mark['read']:,}", rate, number(mark["rate"]), number(mark["memory_mb"]), number(mark["private_mb"])
        )
    section.notes.append("One reader on one core, different articles all the time: new words keep coming.")
    if found[-1]["read"] < marks[-1]:
        section.notes.append(
            f"{marks[-1]:,} articles were not reached in the {budget} s given: make bench-full reads on."
        )
    keep(section)


def _gazetteers(section: Section, plan: Plan, keep: Keep) -> None:
    articles = plan.size(20, 400)
    corpus = str(corpus_of(plan, articles))
    head = [
        "places imported",
        "× time of none",
        "× bare scan for as many names",
        "names",
        "articles/s, first pass",
        "warm",
    ]
    head += ["gazetteer opens in", "memory MB", "private MB", "import took"]
    table = section.table(*head, title="Gazetteer")
    base = None
    sizes = [0, 200] if plan.small else [0, 10_000, 100_000, 1_000_000] + [10_000_000] * plan.full
    for size in sizes:
        folder = plan.out / f"gazetteer-{size}"
        try:
            taken = _import(folder, size, plan.seed)
            where = {"RASID_DATA": str(folder)}
            request = {"corpus": corpus, "articles": articles, "names": False}
            read = run_measure("bench.reading", request, limit_s=600, one_core=True, environment=where)
            starts = [run_measure("bench.start_up", {}, limit_s=120, environment=where) for _ in range(plan.size(1, 3))]
            names, scan_s = _scan(request | {"names": str(folder / "names.txt"), "scan": SCAN}, where)
        except MeasureError as error:
            section.notes.append(f"{size:,} places imported: {said(error)}")
            continue
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        base = base or read["warm_s"]
        opens = median(start["gazetteer"] for start in starts)
        rates = (number(articles / read["first_s"]), number(articles / read["warm_s"]))
        held = (number(read["memory_mb"]), number(read["private_mb"]), seconds(taken) if size else "")
        ratios = (times(read["warm_s"] / base), times(read["warm_s"] / scan_s), f"{names:,}")
        table.add(f"{size:,}", *ratios, *rates, seconds(opens), *held)
        keep(section)
    section.notes.append(
        "Imported places are made (bench/make_names.py), four in ten with an Arabic name; they come on top of the "
        "gazetteer that everyone has."
    )
    if not plan.full and not plan.small:
        section.notes.append("10,000,000 places: make bench-full, for the import takes long.")


def _scan(request: dict[str, Any], where: dict[str, str]) -> tuple[int, float]:
    """The number of Arabic names of the gazetteer, and seconds of a bare scan for them with folding."""
    names = run_measure("bench.corpus", request, limit_s=IMPORT_S, environment=where)
    found = run_measure("bench.peers", request, limit_s=IMPORT_S, one_core=True)
    return names, found["seconds"] + found["fold_s"]


def _import(folder: Path, size: int, seed: int) -> float:
    """Make so many places and import them into the data folder; returns seconds of the import."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if not size:
        return 0.0
    dump = folder / "made.txt"
    with open(dump, "w", encoding="utf-8") as stream:
        stream.writelines(make_rows(size, seed))
    command = ["-m", "gazetteer", "import", str(dump)]
    taken, _ = run_command([sys.executable, *command], limit_s=IMPORT_S, environment={"RASID_DATA": str(folder)})
    dump.unlink()
    return taken


def answer(request: dict[str, Any]) -> list[dict[str, float]]:
    """Read articles until the last mark or the limit; the rate and the memory at each mark and where it ended."""
    until = time.perf_counter() + request["limit_s"]
    parser = Geoparser(load_gazetteer())
    found: list[dict[str, float]] = []
    read, spent, since, spent_before = 0, 0.0, 0, 0.0
    marks = list(request["marks"])
    for batch in article_batches(request["corpus"], marks[-1]):
        began = time.process_time()
        read_batch(parser, batch)
        spent += time.process_time() - began
        passed = sum(read < mark <= read + len(batch) for mark in marks)
        read += len(batch)
        late = time.perf_counter() > until
        if passed or late:
            held, private = memory_mb()
            rate = (read - since) / (spent - spent_before)
            found.append({"read": read, "rate": rate, "memory_mb": held, "private_mb": private})
            since, spent_before = read, spent
        if late:
            break
    return found
