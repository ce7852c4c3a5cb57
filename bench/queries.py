"""The workspace's questions beside pandas in memory and SQLite with indexes, over the same mentions.

Every question is asked again and again with other values, so that no answer can be remembered; the median counts. What is
asked is the same everywhere, and where the answers can be compared they are: a difference is told.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow.parquet as pq

from bench.engines import PAGE, PASSAGES, Engine, PandasEngine, SqliteEngine, WorkspaceEngine
from bench.made_store import store_of
from bench.page import Keep, Plan, Section, Table, number, said, seconds, times
from bench.process import MeasureError, memory_mb, run_measure

ASKED = 9
# Seconds (or megabytes) that stand for nothing made.
NOTHING, UNMADE = 1e-4, "–"
LIMIT_S, FULL_S = 400, 3 * 3600
COUNTRIES = "LY EG SD SY IQ YE SA AE LB JO PS DZ MA TN QA KW".split()
WORDS = ("الحكومة", "المدرسة", "البحر", "الطريق", "المباراة", "السوق", "الجامعة", "القمر", "الرئيس")
YEARS = range(2018, 2026)


QUESTIONS = ("totals", "places", "facets", "passages", "timeline", "rows", "sorted_rows", "search")
SAID = {
    "totals": "totals of a country",
    "places": "places of a year, counted",
    "facets": "counts for all filters",
    "passages": f"{PASSAGES} newest passages of a place",
    "timeline": "timeline of a country",
    "rows": f"{PAGE} rows, newest first",
    "sorted_rows": f"{PAGE} rows by place name",
    "search": "text search, mentions counted",
}


def measure(plan: Plan, keep: Keep) -> Section:
    """Every question at every size with every engine."""
    section = Section("Queries")
    for mentions in [500] if plan.small else [1_000_000] + [10_000_000] * plan.full:
        folder = store_of(plan, mentions)
        found: dict[str, Any] = {}
        for engine in ENGINES:
            request = {"engine": engine, "folder": str(folder), "asked": plan.size(2, ASKED)}
            try:
                found[engine] = run_measure(__name__, request, limit_s=FULL_S if plan.full else LIMIT_S)
            except MeasureError as error:
                section.notes.append(f"{engine}, {mentions:,} mentions: {said(error)}")
        _tables(section, mentions, found)
        keep(section)
    section.notes.append(
        f"Medians of {plan.size(2, ASKED)} questions with different values, everything warm, on all cores. The search of Rasid and "
        "of SQLite is by words (Rasid's finds them behind clitics too), pandas looks for letters. Rasid counts regions and "
        "articles' precision among the filters as well."
    )
    if not plan.full and not plan.small:
        section.notes.append("10,000,000 mentions: make bench-full.")
    return section


def _tables(section: Section, mentions: int, found: dict[str, Any]) -> None:
    if "Rasid" not in found:
        return
    ours = found["Rasid"]
    others = [engine for engine in found if engine != "Rasid"]
    head = ["", *[f"{engine} ÷ Rasid" for engine in others], "Rasid", *others]
    table = section.table(*head, title=f"{mentions:,} mentions")
    for question in QUESTIONS:
        taken = [each["taken"][question] for each in (ours, *(found[engine] for engine in others))]
        table.add(SAID[question], *[times(each / taken[0]) for each in taken[1:]], *map(seconds, taken))
    _add_held(table, ours, [found[engine] for engine in others])
    for engine in others:
        theirs = found[engine]["answers"]
        compared = [q for q in QUESTIONS if None not in (*ours["answers"][q], *theirs[q])]
        unequal = [SAID[q] for q in compared if ours["answers"][q] != theirs[q]]
        verdict = (
            f"differ for {', '.join(unequal)}" if unequal else f"are the same for {len(compared)} questions compared"
        )
        section.notes.append(f"{mentions:,} mentions: the answers of {engine} and Rasid {verdict}.")


def _add_held(table: Table, ours: dict[str, Any], others: list[dict[str, Any]]) -> None:
    for name, key, write in (
        ("made ready, once a start", "ready_s", seconds),
        ("index of texts, made once", "index_s", seconds),
        ("private memory, MB", "private_mb", number),
    ):
        values = [each[key] for each in (ours, *others)]
        ratios = [times(value / values[0]) if value > NOTHING else UNMADE for value in values[1:]]
        table.add(name, *ratios, *[write(value) if value > NOTHING else UNMADE for value in values])


ENGINES: dict[str, Callable[[Path], Engine]] = {
    "Rasid": WorkspaceEngine,
    "pandas": PandasEngine,
    "SQLite": SqliteEngine,
}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Ask one engine everything: median seconds and the answers of each question, what it took to open, memory."""
    folder, asked = Path(request["folder"]), request["asked"]
    places = _frequent_places(folder)
    values: dict[str, Any] = {
        "totals": COUNTRIES,
        "places": YEARS,
        "facets": COUNTRIES,
        "passages": places,
        "timeline": COUNTRIES,
        "rows": range(3, 100, 7),
        "sorted_rows": range(3, 100, 7),
        "search": WORDS,
    }
    before = memory_mb()[1]
    began = time.perf_counter()
    engine = ENGINES[request["engine"]](folder)
    ready = time.perf_counter() - began
    began = time.perf_counter()
    engine.index_texts()
    indexed = time.perf_counter() - began
    taken, answers = {}, {}
    for question in QUESTIONS:
        ask, each = getattr(engine, question), list(values[question])
        ask(each[-1])  # what is read once, such as a file's head, is read now
        spent, answers[question] = [], []
        for number_asked in range(asked):
            began = time.perf_counter()
            found = ask(each[number_asked % (len(each) - 1)])
            spent.append(time.perf_counter() - began)
            answers[question].append(found)
        taken[question] = median(spent)
    private = memory_mb()[1] - before
    engine.close()
    return {"ready_s": ready, "index_s": indexed, "taken": taken, "answers": answers, "private_mb": private}


def _frequent_places(folder: Path) -> list[str]:
    """Ids of the most mentioned places of the first part, the most frequent first."""
    first = sorted(folder.glob("mentions-*.parquet"))[0]
    counts = pq.read_table(first, columns=["place_id"])["place_id"].drop_null().value_counts().to_pylist()
    counts.sort(key=lambda one: (-one["counts"], one["values"]))
    return [one["values"] for one in counts[:20]]
