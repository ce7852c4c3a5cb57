"""The context model: two multinomial logistic regressions over string features. Small, loaded fast, no learning here."""

from functools import cache
from pathlib import Path

import numpy as np

from extract.mentions import Role

CLASSES = ("none", Role.LOCATION.value, Role.ACTOR.value, Role.NAME_PART.value)
MODEL_FILE = Path(__file__).resolve().parent / "data" / "model.npz"


class ContextModel:
    """Weights of both stages: for every feature a row of four numbers, one a class.

    `calibration` holds the share of right readings at evenly spaced raw confidences from 0 to 1.
    """

    def __init__(self, stages: list[tuple[dict[str, int], np.ndarray]], meta: str = "") -> None:
        self.stages = stages
        self.meta = meta
        self.calibration = np.linspace(0.0, 1.0, 2, dtype=np.float32)

    @property
    def calibration(self) -> np.ndarray:
        """The share of right readings at evenly spaced raw confidences."""
        return np.array(self._shares, dtype=np.float32)

    @calibration.setter
    def calibration(self, shares: np.ndarray) -> None:
        self._shares = shares.tolist()

    def calibrated(self, raw: float) -> float:
        """How often a reading of this raw confidence (0..1) is right: on the line between the shares on both sides of it."""
        at = raw * (len(self._shares) - 1)
        low = min(int(at), len(self._shares) - 2)
        return self._shares[low] + (self._shares[low + 1] - self._shares[low]) * (at - low)

    def predict(self, stage: int, features: list[list[str]]) -> np.ndarray:
        """Chances of each class in CLASSES, one row a span; rows sum to 1. Unknown features count nothing."""
        numbers, weights = self.stages[stage]
        scores = np.empty((len(features), len(CLASSES)))
        for row, names in enumerate(features):
            known = [numbers[name] for name in names if name in numbers]
            scores[row] = weights[known].sum(axis=0, dtype=np.float64)
        return chances_of(scores)

    def save(self, path: Path) -> None:
        """Write the model: feature names as one text, weights as half floats."""
        arrays = {"meta": np.frombuffer(self.meta.encode("utf-8"), dtype=np.uint8), "calibration": self.calibration}
        for number, (names, weights) in enumerate(self.stages):
            text = "\n".join(sorted(names, key=names.__getitem__))
            arrays[f"names{number}"] = np.frombuffer(text.encode("utf-8"), dtype=np.uint8)
            arrays[f"weights{number}"] = weights.astype(np.float16)
        np.savez_compressed(path, **arrays)


def chances_of(scores: np.ndarray) -> np.ndarray:
    """The chance of each class that these scores stand for, rows that sum to 1."""
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    return chances / chances.sum(axis=1, keepdims=True)


@cache
def load_model(path: Path = MODEL_FILE) -> ContextModel:
    """The shipped model, read once a process. Nothing in the file is executed."""
    with np.load(path, allow_pickle=False) as arrays:
        stages = []
        for number in range(2):
            names = arrays[f"names{number}"].tobytes().decode("utf-8").split("\n")
            weights = arrays[f"weights{number}"].astype(np.float32)
            stages.append(({name: i for i, name in enumerate(names)}, weights))
        model = ContextModel(stages, arrays["meta"].tobytes().decode("utf-8"))
        model.calibration = arrays["calibration"]
        return model
