"""Measure the reading: `python -m training.score [--errors] [--write-floor]`.

Prints one table: the seed articles and the development articles (tests/gold, which nothing learns from), ordinary news of
our own that is not trained on (training/fresh), the part of the training texts held back, and the rest of them by
cross-validation. The whole table is also written to extract/data/accuracy.json, which the dashboard shows and
docs/accuracy.md agrees with. `--write-floor` records the figures of the gold articles as the floor that the tests hold to.
"""

import argparse
import copy
import hashlib
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from extract.accuracy import ACCURACY_FILE
from extract.export import mention_rows
from extract.geoparse import Geoparser
from extract.mentions import Resolution
from extract.model import load_model
from extract.versions import versions
from gazetteer import load_gazetteer
from tests.gold.score import score
from training.train import CORPUS, FOLDS, fit, is_held_out, labels, lies_within, read_corpus, to_article

GOLD = Path(__file__).resolve().parent.parent / "tests" / "gold"
FRESH = [Path(__file__).resolve().parent / "fresh" / "fresh.jsonl"]
FLOOR = GOLD / "floor.json"
MEASURES = (
    "mapped_precision",
    "mapped_recall",
    "mapped_f1",
    "detection_f1",
    "role_accuracy",
    "relation_recall",
    "glued_recall",
    "resolution_accuracy",
)
# A floor lies this far under what was measured, so that a harmless change of a table does not stop anyone.
SLACK = 0.01
ANYWHERE_KM = 30_000


def gold_sets() -> dict[str, list[Path]]:
    """The gold corpora by name."""
    return {"seeds": [GOLD / "seeds.jsonl"], "dev": sorted(GOLD.glob("dev_*.jsonl"))}


def fingerprint(paths: Iterable[Path]) -> str:
    """Sixteen hex digits of the files' contents."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def measure(parser: Geoparser, entries: list[dict[str, Any]], errors: list[str] | None = None) -> dict[str, float]:
    """The scorer's figures for these annotated articles."""
    rows = [row for entry in entries for row in mention_rows(to_article(entry), parser.geoparse(to_article(entry)))]
    return score([_scorable(entry) for entry in entries], rows, errors)


def _scorable(entry: dict[str, Any]) -> dict[str, Any]:
    """The article, places annotated without a point counted right wherever they are put."""
    entry = copy.deepcopy(entry)
    for mention in entry["mentions"]:
        if mention["lat"] is None:
            mention.update(lat=0.0, lon=0.0, radius_km=ANYWHERE_KM)
    return entry


def cross_validate(parser: Geoparser, entries: list[dict[str, Any]]) -> dict[str, float]:
    """The figures over articles that the model of their turn has not seen."""
    contexts = [parser.context(to_article(entry)) for entry in entries]
    classes = [labels(context, entry) for context, entry in zip(contexts, entries, strict=True)]
    rows: list[dict[str, Any]] = []
    shipped = parser.model
    for fold in range(FOLDS):
        kept = [i for i in range(len(entries)) if i % FOLDS != fold]
        parser.model = fit([contexts[i] for i in kept], [classes[i] for i in kept])
        parser.model.calibration = shipped.calibration
        for entry in entries[fold::FOLDS]:
            rows += mention_rows(to_article(entry), parser.geoparse(to_article(entry)))
    parser.model = shipped
    return score([_scorable(entry) for entry in entries], rows)


def reliability(parser: Geoparser, entries: list[dict[str, Any]]) -> list[tuple[float, float, int, float]]:
    """(from, to, mentions, share right) by tenths of confidence. Right: exact span and a point within the radius."""
    pairs = []
    for entry in entries:
        gold = {(m["start"], m["end"]): m for m in _scorable(entry)["mentions"] if m["role"] != "name-part"}
        for r in parser.geoparse(to_article(entry)):
            if r.place is not None and r.mention.role.value != "name-part":
                pairs.append((r.confidence, _is_right(r, gold.get((r.mention.start, r.mention.end)))))
    table = []
    for low in np.arange(0, 1, 0.1):
        found = [right for c, right in pairs if low <= c < low + 0.1 + (low > 0.85)]
        table.append((float(low), float(low) + 0.1, len(found), sum(found) / len(found) if found else float("nan")))
    return table


def _is_right(found: Resolution, gold: dict[str, Any] | None) -> bool:
    return gold is not None and lies_within(found, gold)


def main() -> int:
    """Print the table; with --write-floor keep the gold figures as floor."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--errors", action="store_true", help="list every error on the gold articles")
    parser.add_argument("--quick", action="store_true", help="leave out the cross-validation")
    parser.add_argument("--write-floor", action="store_true", help="keep the gold figures as the floor of the tests")
    args = parser.parse_args()
    reader = Geoparser(load_gazetteer(), model=load_model())
    own = read_corpus(sorted(CORPUS.glob("*.jsonl")))
    held, taught = [e for e in own if is_held_out(e["id"])], [e for e in own if not is_held_out(e["id"])]
    results: dict[str, dict[str, float]] = {}
    floor: dict[str, Any] = {}
    for name, paths in gold_sets().items():
        errors: list[str] | None = [] if args.errors else None
        results[name] = measure(reader, read_corpus(paths), errors)
        floor[name] = {"fingerprint": fingerprint(paths), **{m: round(results[name][m] - SLACK, 4) for m in MEASURES}}
        print("\n".join(errors or []), end="\n" if errors else "")
    results["fresh"] = measure(reader, read_corpus(FRESH))
    results["held back"] = measure(reader, held)
    if not args.quick:
        results["training (cv)"] = cross_validate(reader, taught)
    print_table(results)
    print("\nconfidence on the held back texts: said, mentions, right")
    reliable = reliability(reader, held)
    for low, high, count, share in reliable:
        print(f"  {low:.1f}-{high:.1f} {count:6} {share:.2f}")
    if not args.quick:
        write_accuracy(results, reliable, versions(reader))
    if args.write_floor:
        FLOOR.write_text(json.dumps(floor, indent=1) + "\n", encoding="utf-8")
    return 0


def write_accuracy(
    results: dict[str, dict[str, float]], reliable: list[tuple[float, float, int, float]], read_with: dict[str, str]
) -> None:
    """Keep the table, the day and what was measured, for the dashboard."""
    rounded = {
        name: {"articles": r["articles"]} | {m: None if r[m] is None else round(r[m], 3) for m in MEASURES}
        for name, r in results.items()
    }
    content = {
        "measured": datetime.now(UTC).date().isoformat(),
        "versions": read_with,
        "corpora": rounded,
        "confidence": [
            {"from": round(low, 1), "to": round(high, 1), "mentions": count, "right": round(share, 2)}
            for low, high, count, share in reliable
            if count
        ],
    }
    ACCURACY_FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def print_table(results: dict[str, dict[str, float]]) -> None:
    """One line a measure, one column a corpus."""
    print(f"{'':20}" + "".join(name.rjust(15) for name in results))
    print(f"{'articles':20}" + "".join(f"{r['articles']:15}" for r in results.values()))
    for name in MEASURES:
        values = (r[name] for r in results.values())
        print(f"{name:20}" + "".join(f"{'–' if v is None else format(v, '.3f'):>15}" for v in values))


if __name__ == "__main__":
    sys.exit(main())
