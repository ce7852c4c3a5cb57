"""How right the reading was found to be: the figures that `make score` last wrote."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ACCURACY_FILE = Path(__file__).parent / "data" / "accuracy.json"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """`corpora` has by name the number of articles and each measure (0..1, None where a corpus has nothing to measure);
    `confidence` the mentions said to be so sure (from, to) and the share of them that was right; `measured` is a day.
    """

    measured: str
    versions: dict[str, str]
    corpora: dict[str, dict[str, float | None]]
    confidence: list[dict[str, float]]


@cache
def read_accuracy() -> Accuracy:
    """The figures, read once a process."""
    return Accuracy(**json.loads(ACCURACY_FILE.read_text(encoding="utf-8")))
