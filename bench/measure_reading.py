"""Measures the reading against a bare scan: `python -m bench.measure_reading [FILE.jsonl ...]`

How often the time of a bare automaton scan of the same texts for the gazetteer's names the whole reading takes (recognise,
resolve, relate, why), in one process on one core, scan and reading by turns, the best of several: other work on the machine
slows both. Three readings: `first` begins with nothing remembered of words and names, `new` are texts that were not read
before by a reader that has read others (as many again), `again` are texts read a second time. Texts are read in batches.
"""

import argparse
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import ahocorasick
import ahocorasick_rs

from extract.context import Context
from extract.geoparse import BATCH, Geoparser
from extract.mentions import Article
from extract.recognize import recognize_mentions
from extract.relate import find_lists, find_relations
from extract.resolve import Scene, rank_candidates
from extract.segment import tokenize
from extract.spans import find_spans, read_page
from gazetteer import Gazetteer, load_gazetteer
from training.markup import read_corpus

CORPUS = Path(__file__).resolve().parent.parent / "training" / "corpus"
REPETITIONS = 7
FIRST_REPETITIONS = 3


def arabic_names(gazetteer: Gazetteer) -> list[str]:
    """Every name of every place that has a letter of the Arabic script, each once, sorted."""
    names = {name for row in range(len(gazetteer)) for name in gazetteer.place(row).names}
    return sorted(name for name in names if any("\u0600" <= char <= "\u06ff" for char in name))


def scanners(names: list[str]) -> dict[str, Callable[[str], Any]]:
    """Bare scans of a text for the names, with all that they find as a list of spans."""
    rust = ahocorasick_rs.AhoCorasick(names)
    c = ahocorasick.Automaton()
    for number, name in enumerate(names):
        c.add_word(name, number)
    c.make_automaton()
    return {
        "ahocorasick_rs": rust.find_matches_as_indexes,
        "ahocorasick_rs overlapping": lambda text: rust.find_matches_as_indexes(text, overlapping=True),
        "pyahocorasick": lambda text: list(c.iter(text)),
    }


def seconds(work: Callable[[], object]) -> float:
    """How long the processor works on it."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(texts: list[str], *, repetitions: int = REPETITIONS) -> dict[str, Any]:
    """Seconds, megabytes (10^6 bytes of UTF-8) and articles a second of each scan and each reading, and how often the time
    of the scan each reading takes (`ratios`, by scan).

    `new` is measured on every second text, after the others were read, and compared with a scan of the same texts.
    """
    articles = [Article(str(number), text) for number, text in enumerate(texts)]
    gazetteer = load_gazetteer()
    scans = scanners(arabic_names(gazetteer))
    parser = Geoparser(gazetteer)
    read_all(parser, articles)
    best: dict[str, float] = {}
    gc.collect()
    for turn in range(repetitions):
        for name, scan in scans.items():
            _keep(best, name, seconds(lambda scan=scan: [scan(text) for text in texts]))
            _keep(best, f"{name}, half", seconds(lambda scan=scan: [scan(text) for text in texts[1::2]]))
        _keep(best, "again", seconds(lambda: read_all(parser, articles)))
        if turn < FIRST_REPETITIONS:
            fresh = Geoparser(load_gazetteer())
            _keep(best, "first", seconds(lambda fresh=fresh: read_all(fresh, articles)))
            fresh = Geoparser(load_gazetteer())
            read_all(fresh, articles[::2])
            _keep(best, "new", seconds(lambda fresh=fresh: read_all(fresh, articles[1::2])))
    return _report(best, texts, list(scans))


def _keep(best: dict[str, float], name: str, spent: float) -> None:
    best[name] = min(spent, best.get(name, spent))


def _report(best: dict[str, float], texts: list[str], scans: list[str]) -> dict[str, Any]:
    report: dict[str, Any] = {"articles": len(texts), "bytes": sum(len(text.encode()) for text in texts)}
    half = sum(len(text.encode()) for text in texts[1::2])
    for name in (*scans, "first", "new", "again"):
        size, count = (half, len(texts[1::2])) if name == "new" else (report["bytes"], len(texts))
        report[name] = {
            "seconds": best[name],
            "megabytes_a_second": size / best[name] / 1e6,
            "articles_a_second": count / best[name],
        }
    for reading in ("first", "new", "again"):
        of = {scan: f"{scan}, half" if reading == "new" else scan for scan in scans}
        report[reading]["ratios"] = {scan: best[reading] / best[of[scan]] for scan in scans}
    return report


def read_all(parser: Geoparser, articles: list[Article]) -> int:
    """Read all articles as a run over many does, and return how many mentions there were."""
    batches = (articles[start : start + BATCH] for start in range(0, len(articles), BATCH))
    return sum(len(found) for batch in batches for found in parser.geoparse_many(batch))


def profile(texts: list[str], *, repetitions: int = REPETITIONS) -> dict[str, float]:
    """Microseconds an article that each step takes when words and names are known."""
    parser = Geoparser(load_gazetteer())
    articles = [Article(str(number), text) for number, text in enumerate(texts)]
    read_all(parser, articles)
    best: dict[str, float] = {}
    for _ in range(repetitions):
        _keep(best, "whole", seconds(lambda: read_all(parser, articles)))
        spent: Counter[str] = Counter()
        for start in range(0, len(articles), BATCH):
            _profile_batch(parser, articles[start : start + BATCH], spent)
        for step, taken in spent.items():
            _keep(best, step, taken)
    return {step: taken / len(texts) * 1e6 for step, taken in best.items()}


def _profile_batch(parser: Geoparser, articles: list[Article], spent: Counter[str]) -> None:
    """Add to `spent` the seconds of each step. What they leave of the whole is sentences, reasons and what is handed back."""
    marks = [time.process_time()]
    pages = [read_page(article.text, tokenize(article.text), parser.reader) for article in articles]
    marks.append(time.process_time())
    contexts = [Context(page, None, find_spans(page)) for page in pages]
    marks.append(time.process_time())
    found = recognize_mentions(contexts, parser.scorer)
    marks.append(time.process_time())
    spans = [[mention.span for mention in mentions] for mentions in found]
    listed = [find_lists(context, names) for context, names in zip(contexts, spans, strict=True)]
    for context, names, lists in zip(contexts, spans, listed, strict=True):
        find_relations(context, names, lists)
    marks.append(time.process_time())
    scenes = [Scene(*scene) for scene in zip(contexts, found, listed, strict=True)]
    rank_candidates(scenes, parser.columns)
    marks.append(time.process_time())
    steps = ("words", "spans", "features and model", "relate", "resolve")
    spent.update({step: end - begin for step, begin, end in zip(steps, marks[:-1], marks[1:], strict=True)})


def main() -> int:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, help="JSON lines with texts (default: the training texts)")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    args = parser.parse_args()
    with suppress(AttributeError, OSError):  # not every system can keep a process on one core
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    texts = [entry["text"] for entry in read_corpus(args.files or sorted(CORPUS.glob("*.jsonl")))]
    report = measure(texts, repetitions=args.repetitions)
    print(f"{report['articles']:,} articles, {report['bytes'] / report['articles']:,.0f} bytes each")
    for name, figures in report.items():
        if isinstance(figures, dict):
            speed = f"{figures['megabytes_a_second']:8.2f} MB/s {figures['articles_a_second']:9,.0f} articles/s"
            ratios = ", ".join(f"{ratio:.1f} x {scan}" for scan, ratio in figures.get("ratios", {}).items())
            print(f"{name:28}{speed}  {ratios}")
    print("steps of a reading again, microseconds an article:")
    for step, taken in profile(texts, repetitions=args.repetitions).items():
        print(f"  {step:20} {taken:7.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
