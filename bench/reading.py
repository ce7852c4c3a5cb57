"""Reading beside bare scans and other matchers: the same made articles, the same names, one core, in one run."""

import importlib.util
import os
import time
from statistics import median
from typing import Any

from bench.corpus import corpus_of, names_of
from bench.found import WRITINGS
from bench.page import Keep, Plan, Section, number, said, seconds, times
from bench.peers import FOLDS_ITSELF, SCANS, fold_seconds, load_names, read_made
from bench.process import MeasureError, memory_mb, run_measure
from bench.reader import article_batches, read_batch
from extract.geoparse import Geoparser
from gazetteer import load_gazetteer

STARTS = 5
LIMIT_S = 400
PEER_LIMIT_S = 120
# The bare scan that ratios are to is the quickest of these.
BARE = ("ahocorasick_rs, bytes", "ahocorasick_rs, text", "pyahocorasick")
# Comes with the reader's own tests where it is there: a measure of the ratio to scans.
OWN_MEASURE = "bench.measure_reading"


def measure(plan: Plan, keep: Keep) -> Section:
    """Speed, ratio to bare scans, start-up and memory."""
    articles = plan.size(20, 2_000)
    corpus, names = corpus_of(plan, articles), names_of(plan)
    ours = run_measure(__name__, _request(corpus, articles), limit_s=LIMIT_S, one_core=True)
    peers: dict[str, Any] = {}
    for scan in SCANS:
        request = _request(corpus, articles) | {"scan": scan, "names": str(names), "limit_s": plan.size(1, 25)}
        try:
            peers[scan] = run_measure("bench.peers", request, limit_s=PEER_LIMIT_S, one_core=True)
        except MeasureError as error:
            peers[scan] = error
    section = Section("Reading")
    _speed_table(section, ours, peers)
    _memory_table(section, ours, peers)
    keep(section)
    _found_table(section, plan)
    keep(section)
    _start_table(section, plan)
    keep(section)
    _own_measure(section, corpus, plan)
    return section


def _request(corpus: os.PathLike[str], articles: int) -> dict[str, Any]:
    return {"corpus": str(corpus), "articles": articles}


def _speed_table(section: Section, ours: dict[str, Any], peers: dict[str, Any]) -> None:
    bare = {name: peers[name]["seconds"] for name in BARE if not isinstance(peers[name], MeasureError)}
    if not bare:
        raise peers[BARE[0]]
    base = min(bare, key=bare.__getitem__)
    scan, folded = bare[base], bare[base] + ours["fold_s"]
    section.notes.append(f"The bare scan is the quickest here: {base}. Folding is what any look-up of Arabic needs.")
    table = section.table("", "× bare scan with folding", "× bare scan alone", "articles/s", "MB/s")
    for name, taken in (("Rasid, first pass", ours["first_s"]), ("Rasid, warm", ours["warm_s"])):
        speed = (number(ours["articles"] / taken), number(ours["MB"] / taken))
        table.add(name, times(taken / folded), times(taken / scan), *speed)
    for name, found in peers.items():
        if isinstance(found, MeasureError):
            section.notes.append(f"{name}: {said(found)}")
            continue
        alone, with_folding = found["seconds"], found["seconds"] + found["fold_s"]
        part = found["read"] < found["articles"]
        speed = (number(found["articles"] / with_folding), number(found["MB"] / with_folding))
        table.add(name + (" *" if part else ""), times(with_folding / folded), times(alone / scan), *speed)
    size = ours["MB"] * 1e6 / ours["articles"] / 1000
    section.notes.append(
        f"{ours['articles']:,} made articles of {size:.1f} kB, {ours['names']:,} names for the scans, {ours['mentions']:,} "
        "mentions read by Rasid. Rasid finds names with clitics, glue and typos, tells roles and chooses places; the scans "
        "only look up names as they stand, Aho-Corasick inside words too. Their speed is with folding. "
        "Times are the processor's, so that other work on the machine weighs less."
    )
    for name, found in peers.items():
        if not isinstance(found, MeasureError) and found["read"] < found["articles"]:
            section.notes.append(
                f"* {name} read {found['read']:,} of {found['articles']:,} articles in its time; the rest is reckoned from these."
            )
    own = ", ".join(sorted(FOLDS_ITSELF))
    section.notes.append(f"{own} folds by itself (to Latin letters); its speed is with that.")


def _found_table(section: Section, plan: Plan) -> None:
    articles = plan.size(20, 300)
    try:
        found = run_measure("bench.found", {"articles": articles, "seed": plan.seed}, limit_s=LIMIT_S)
    except MeasureError as error:
        section.notes.append(f"What is found: {said(error)}")
        return
    title = f"What is found of the names in {articles:,} of the made articles"
    table = section.table("names", *WRITINGS, "of the findings, names", title=title)
    for name, shares in found.items():
        cells = [f"{shares[kind]:.0%}" if kind in shares else "–" for kind in (*WRITINGS, "right")]
        table.add(name, *cells)
    section.notes.append("Made articles are random words: the accuracy on news is in docs/accuracy.md.")


def _memory_table(section: Section, ours: dict[str, Any], peers: dict[str, Any]) -> None:
    table = section.table("", "memory MB", "of it private MB", "to make ready", title="Memory after reading")
    ready = seconds(ours["ready_s"])
    table.add("Rasid", number(ours["memory_mb"]), number(ours["private_mb"]), ready)
    for name, found in peers.items():
        if not isinstance(found, MeasureError):
            held = (number(found["memory_mb"]), number(found["private_mb"]))
            table.add(name, *held, seconds(found["build_s"]))
    section.notes.append("Private memory of a scan is what its automaton and its reading added to the process.")


def _start_table(section: Section, plan: Plan) -> None:
    found = [run_measure("bench.start_up", {}, limit_s=LIMIT_S) for _ in range(plan.size(1, STARTS))]
    steps = {step: median(each[step] for each in found) for step in found[0]}
    table = section.table(*["", *list(steps)[:4], "memory MB", "private MB"], title="Start of a new process")
    held = (number(steps["memory_mb"]), number(steps["private_mb"]))
    table.add(f"Rasid, {steps['places']:,.0f} places", *[seconds(steps[step]) for step in list(steps)[:4]], *held)
    section.notes.append(f"Start: the median of {len(found)} processes, the gazetteer's index made before.")


def _own_measure(section: Section, corpus: os.PathLike[str], plan: Plan) -> None:
    if importlib.util.find_spec(OWN_MEASURE) is None:
        return
    request = _request(corpus, plan.size(20, 300)) | {"own": True}
    try:
        found = run_measure(__name__, request, limit_s=LIMIT_S, one_core=True)
    except MeasureError as error:
        section.notes.append(f"{OWN_MEASURE}: {said(error)}")
        return
    head = ("", "× by scan", "articles/s", "MB/s")
    table = section.table(*head, title="As the reader's own measure has it (python -m bench.measure_reading)")
    for name, figures in found.items():
        if isinstance(figures, dict):
            ratios = ", ".join(f"{times(ratio)} {scan}" for scan, ratio in figures.get("ratios", {}).items())
            table.add(name, ratios, number(figures["articles_a_second"]), number(figures["megabytes_a_second"]))
    section.notes.append(f"The own measure reads {found['articles']:,} of the articles; its scans do not fold.")


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Read the first articles of the corpus twice with a new reader: times, mentions and memory."""
    texts = read_made(request["corpus"], request["articles"])
    if request.get("own"):
        return importlib.import_module(OWN_MEASURE).measure(texts)
    began = time.perf_counter()
    gazetteer = load_gazetteer()
    parser = Geoparser(gazetteer)
    ready = time.perf_counter() - began
    batches = list(article_batches(request["corpus"], request["articles"]))
    passes, mentions = [], 0
    for _ in range(2):
        began = time.process_time()
        mentions = sum(len(found) for batch in batches for found in read_batch(parser, batch))
        passes.append(time.process_time() - began)
    held, private = memory_mb()
    return {
        "ready_s": ready,
        "first_s": passes[0],
        "warm_s": passes[1],
        "fold_s": fold_seconds(texts),
        "articles": len(texts),
        "MB": sum(len(text.encode()) for text in texts) / 1e6,
        "mentions": mentions,
        "places": len(gazetteer),
        "names": len(load_names(gazetteer)) if request.get("names", True) else 0,
        "memory_mb": held,
        "private_mb": private,
    }
