"""Learn the context model from the annotated corpus: `python -m training.train [--reviewed WORKSPACE]`.

Seeded, the same result twice. The second stage learns from what the first one says of articles it has not seen
(cross-fitting), so that it meets the same kind of chances when it is used.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from extract.context import Context
from extract.decisions import DecisionLog, text_hash
from extract.features import article_features, span_features
from extract.geoparse import Geoparser
from extract.gold import reviewed_entries
from extract.mentions import Article, Resolution, Role
from extract.model import CLASSES, MODEL_FILE, ContextModel
from extract.review import ReviewingGeoparser
from extract.store import Workspace
from gazetteer import Point, load_gazetteer
from training.markup import read_corpus

CORPUS = Path(__file__).resolve().parent / "corpus"
GOLD = Path(__file__).resolve().parent.parent / "tests" / "gold"  # which nothing may learn from
FOLDS = 5
LEAST_SEEN = 2  # a feature seen once says more about its text than about Arabic
STRENGTH = 0.1  # inverse of the regularization: best of 0.08 .. 0.6 by cross-validation, flat around it
HELD_OUT = 7  # the texts whose number ends in this digit are held back from training, to be looked at afterwards
CALIBRATION_POINTS = np.linspace(0.0, 1.0, 21)
SKIPPED = -1
LEAST_RADIUS_KM = 2.0
NEVER = -20.0  # log-odds of a class that no text shows


def to_article(entry: dict[str, Any]) -> Article:
    """The article alone, without its annotations."""
    return Article(
        entry["id"], entry["text"], entry.get("title"), entry.get("date"), entry.get("outlet"), entry.get("country")
    )


def labels(context: Context, entry: dict[str, Any]) -> list[int]:
    """The class of every span: that of the annotation it equals, none, or SKIPPED where readers may differ or none looked."""
    gold = {(m["start"], m["end"]): m for m in entry["mentions"]}
    free = [(m["start"], m["end"]) for m in entry["mentions"] if m.get("optional")]
    free += entry.get("unreviewed", [])
    found = []
    for span in context.spans:
        mention = gold.get((span.start, span.end))
        if any(span.start < end and start < span.end for start, end in free):
            found.append(SKIPPED)
        else:
            found.append(CLASSES.index(mention["role"]) if mention else 0)
    return found


class Fitter:
    """Fits a stage on lists of features."""

    def __init__(self, features: list[list[str]], classes: list[int]) -> None:
        counts = Counter(name for names in features for name in set(names))
        self.numbers = {name: i for i, name in enumerate(sorted(n for n, c in counts.items() if c >= LEAST_SEEN))}
        regression = LogisticRegression(C=STRENGTH, max_iter=400, tol=1e-3)
        regression.fit(self.matrix(features), classes)
        bias = self.numbers["bias"]
        self.weights = np.zeros((len(self.numbers), len(CLASSES)))
        self.weights[bias] = NEVER
        for column, number in enumerate(regression.classes_):
            self.weights[:, number] = regression.coef_[column]
            self.weights[bias, number] += regression.intercept_[column]

    def matrix(self, features: list[list[str]]) -> csr_matrix:
        """One row a span; a feature that comes twice counts twice."""
        rows, columns = [], []
        for row, names in enumerate(features):
            known = [self.numbers[n] for n in names if n in self.numbers]
            rows += [row] * len(known)
            columns += known
        return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(features), len(self.numbers)))

    def stage(self) -> tuple[dict[str, int], np.ndarray]:
        """The stage as the model keeps it; the intercept is the weight of the feature "bias", which every span has."""
        return self.numbers, self.weights.astype(np.float32)


def fit(contexts: list[Context], classes: list[list[int]], meta: str = "") -> ContextModel:
    """A model of both stages."""
    first = [[["bias", *names] for names in span_features([context])] for context in contexts]
    chances: list[np.ndarray] = [np.zeros(0)] * len(contexts)
    for fold in range(FOLDS):
        kept = [i for i in range(len(contexts)) if i % FOLDS != fold]
        stage = ContextModel([_fit_stage([first[i] for i in kept], [classes[i] for i in kept])])
        for i in range(fold, len(contexts), FOLDS):
            chances[i] = 1 - stage.predict(0, first[i])[:, 0] if first[i] else np.zeros(0)
    second = []
    for context, names, chance in zip(contexts, first, chances, strict=True):
        of_article = article_features([context], chance.tolist())
        second.append([of_span + more for of_span, more in zip(names, of_article, strict=True)])
    return ContextModel([_fit_stage(first, classes), _fit_stage(second, classes)], meta)


def _fit_stage(features: list[list[list[str]]], classes: list[list[int]]) -> tuple[dict[str, int], np.ndarray]:
    pairs = [
        (f, c) for fs, cs in zip(features, classes, strict=True) for f, c in zip(fs, cs, strict=True) if c != SKIPPED
    ]
    return Fitter([f for f, _ in pairs], [c for _, c in pairs]).stage()


def is_held_out(identity: str) -> bool:
    """Whether a text of ours is held back from training."""
    return identity.endswith(str(HELD_OUT))


def train(entries: list[dict[str, Any]], parser: Geoparser) -> ContextModel:
    """The model that these annotated articles teach, its confidence calibrated by cross-validation over them."""
    contexts = [parser.context(to_article(entry)) for entry in entries]
    classes = [labels(context, entry) for context, entry in zip(contexts, entries, strict=True)]
    words = sum(len(entry["text"].split()) for entry in entries)
    model = fit(contexts, classes, f"{len(entries)} articles, {words} words")
    model.calibration = calibrate(entries, contexts, classes, parser)
    return model


def calibrate(
    entries: list[dict[str, Any]], contexts: list[Context], classes: list[list[int]], parser: Geoparser
) -> np.ndarray:
    """What share of readings is right at each of CALIBRATION_POINTS of raw confidence (isotonic, by cross-validation)."""
    raw, right = [], []
    for fold in range(FOLDS):
        kept = [i for i in range(len(entries)) if i % FOLDS != fold]
        parser.model = fit([contexts[i] for i in kept], [classes[i] for i in kept])
        for entry in entries[fold::FOLDS]:
            gold = {(m["start"], m["end"]): m for m in entry["mentions"] if m["role"] != "name-part"}
            for found in parser.geoparse(to_article(entry)):
                if found.place is not None and found.mention.role is not Role.NAME_PART and _was_seen(found, entry):
                    mention = gold.get((found.mention.start, found.mention.end))
                    raw.append(found.confidence)
                    right.append(mention is not None and lies_within(found, mention))
    fitted = IsotonicRegression(out_of_bounds="clip").fit(raw, right)
    return fitted.predict(CALIBRATION_POINTS).astype(np.float32)


def _was_seen(found: Resolution, entry: dict[str, Any]) -> bool:
    """Whether an annotator looked at the sentence, as they did at all of the corpus (see extract.gold.reviewed_entries)."""
    stretches = entry.get("unreviewed", [])
    return not any(found.mention.start < end and start < found.mention.end for start, end in stretches)


def read_reviewed(folders: Iterable[Path], parser: Geoparser) -> list[dict[str, Any]]:
    """What reviewers of these workspaces decided, as training texts; articles of the gold sets are left out.

    Raises StoreError for a folder that is no workspace.
    """
    kept_back = {text_hash(entry["text"]) for entry in read_corpus(sorted(GOLD.glob("*.jsonl")))}
    found = []
    for folder in folders:
        reader = ReviewingGeoparser(parser.gazetteer, DecisionLog(folder))
        found += reviewed_entries(
            Workspace.open(folder), reader, skip=lambda article: text_hash(article.text) in kept_back
        )
    return found


def lies_within(found: Resolution, gold: dict[str, Any]) -> bool:
    """Whether the place lies within the annotated radius (LEAST_RADIUS_KM at least); any does where no point is annotated."""
    if gold["lat"] is None:
        return True
    distance_km = found.place.point.distance_km(Point(gold["lat"], gold["lon"]))
    return distance_km <= max(LEAST_RADIUS_KM, gold["radius_km"] or 0.0)


def main(arguments: list[str] | None = None) -> int:
    """Train on training/corpus (and on what is asked for besides) and write the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="*", type=Path, help="annotated files (default: all of training/corpus)")
    parser.add_argument("--output", type=Path, default=MODEL_FILE)
    parser.add_argument(
        "--reviewed", action="append", default=[], type=Path, metavar="WORKSPACE", help="learn from its reviews as well"
    )
    args = parser.parse_args(arguments)
    reader = Geoparser(load_gazetteer(), model=ContextModel([]))
    entries = [e for e in read_corpus(args.corpus or sorted(CORPUS.glob("*.jsonl"))) if not is_held_out(e["id"])]
    reviewed = read_reviewed(args.reviewed, reader)
    if args.reviewed:
        print(f"{len(reviewed)} reviewed articles", file=sys.stderr)
    model = train(entries + reviewed, reader)
    model.save(args.output)
    print(f"{model.meta}; {', '.join(str(len(names)) for names, _ in model.stages)} features", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
