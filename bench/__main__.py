"""Measures Rasid beside its peers: python -m bench [MEASURE...] [--full] [--output FILE]

Without names all measures run, each in a process of its own, and the page is written to bench/RESULTS.md; with names only
these. What they found goes to standard output as well. A measure that fails or takes too long is told on the page, and the
others go on.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.page import Plan, Section, said, seconds, write_page, write_section
from bench.process import ROOT, MeasureError, run_measure

# Module and seconds at most, without and with --full.
MEASURES = {
    "reading": ("bench.reading", 600, 3_600),
    "growth": ("bench.growth", 1_200, 8 * 3_600),
    "workers": ("bench.workers", 700, 8 * 3_600),
    "queries": ("bench.queries", 600, 3 * 3_600),
    "map": ("bench.maps", 1_500, 3_600),
}
RESULTS = ROOT / "bench" / "RESULTS.md"
OUT = ROOT / "bench" / "out"


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=f"any of: {', '.join(MEASURES)}")
    parser.add_argument("--full", action="store_true", help="what takes long, too (also BENCH=full)")
    parser.add_argument("--small", action="store_true", help="next to nothing, to see that all of it runs")
    parser.add_argument("--output", type=Path, help="write the page here")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for what is made on the way")
    args = parser.parse_args(arguments)
    if wrong := [name for name in args.measures if name not in MEASURES]:
        parser.error(f"no measure is called {', '.join(wrong)}: {', '.join(MEASURES)} are")
    args.full = args.full or os.environ.get("BENCH") == "full"
    return args


def run(name: str, plan: Plan) -> Section:
    """One measure in its own process; a section that says so when it fails."""
    module, usual_s, full_s = MEASURES[name]
    kept = plan.out / f"found-{name}.json"
    request = {"module": module, "kept": str(kept), "plan": asdict(plan) | {"out": str(plan.out)}}
    kept.unlink(missing_ok=True)
    try:
        # Nobody's own places: the gazetteer that everyone has is measured.
        where = {"RASID_DATA": str(plan.out / "no-data")}
        found = run_measure("bench.__main__", request, limit_s=full_s if plan.full else usual_s, environment=where)
    except MeasureError as error:
        if not kept.exists():
            return Section(name.capitalize(), notes=[f"**Not measured: {said(error)}**"])
        section = Section.from_json(json.loads(kept.read_text(encoding="utf-8")))
        section.notes.insert(0, f"**Not all of it was measured: {said(error)}**")
        return section
    return Section.from_json(found)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Run one measure here: what `run` asks for in another process."""
    plan = Plan(**request["plan"] | {"out": Path(request["plan"]["out"])})

    def keep(section: Section) -> None:
        Path(request["kept"]).write_text(json.dumps(section.as_json(), ensure_ascii=False), encoding="utf-8")

    return import_module(request["module"]).measure(plan, keep).as_json()


def main(arguments: list[str] | None = None) -> int:
    """Run the measures and write what they found. Returns the exit code."""
    args = parse_arguments(arguments)
    plan = Plan(args.out.resolve(), small=args.small, full=args.full)
    plan.out.mkdir(parents=True, exist_ok=True)
    began, load = datetime.now(), os.getloadavg()[0]
    sections = []
    for name in args.measures or MEASURES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        start = time.perf_counter()
        section = run(name, plan)
        taken = time.perf_counter() - start
        section.notes.append(f"This part took {seconds(taken)}; load when it ended: {os.getloadavg()[0]:.1f}.")
        sections.append(write_section(section))
        print(sections[-1], flush=True)
    if target := args.output or (None if args.measures else RESULTS):
        target.write_text(write_page(sections, began, plan, load), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
