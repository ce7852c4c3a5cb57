"""The context model's scores from the keys of feature groups: each distinct key's features are summed up once.

`ContextModel.predict` says the same of the features as strings.
"""

from collections.abc import Iterable

import numpy as np

from extract.feature_groups import ARTICLE_GROUPS, SPAN_GROUPS, Group, Key
from extract.memo import Memo
from extract.model import CLASSES, ContextModel

_MOST_SUMS = 200_000  # 64 bytes each, and some 300 for the key


class Scorer:
    """Scores spans with a model, and remembers what each key of each group adds."""

    def __init__(self, model: ContextModel) -> None:
        self.model = model
        self._weights = _merge(model)
        self._sums = np.zeros((1024, 2 * len(CLASSES)))  # scores of the first stage, then of the second
        self.count = 0
        self._span_memos = [self._memo(group) for group in SPAN_GROUPS]
        self._article_memos = [self._memo(group) for group in ARTICLE_GROUPS]
        self._forget()

    def score_spans(self, keys: list[list[Key]]) -> tuple[np.ndarray, np.ndarray]:
        """What the keys of SPAN_GROUPS, a column a group, add to the scores of both stages: two arrays, one row a span."""
        if self.count > _MOST_SUMS:
            self._forget()
        scores = self._add_up(self._span_memos, keys) + self._bias
        return scores[:, : len(CLASSES)], scores[:, len(CLASSES) :]

    def score_articles(self, keys: list[list[Key]]) -> np.ndarray:
        """What the keys of ARTICLE_GROUPS, a column a group, add to the scores of the second stage."""
        return self._add_up(self._article_memos, keys)[:, len(CLASSES) :]

    def _add_up(self, memos: list[Memo], keys: list[list[Key]]) -> np.ndarray:
        rows = [list(map(memo.__getitem__, column)) for memo, column in zip(memos, keys, strict=True)]
        scores = np.zeros((len(keys[0]), self._sums.shape[1]))
        for of_group in rows:
            scores += self._sums.take(of_group, axis=0)
        return scores

    def _memo(self, group: Group) -> Memo:
        return Memo(lambda key: 0 if key is None else self._add(group(key)), most=_MOST_SUMS)

    def _add(self, features: Iterable[str]) -> int:
        """The row in the sums of what these features add; row 0, all zeros, for features that the model does not know."""
        numbers, weights = self._weights
        known = [numbers[feature] for feature in features if feature in numbers]
        if not known:
            return 0
        self.count += 1
        if self.count >= len(self._sums):
            self._sums = np.concatenate([self._sums, np.zeros_like(self._sums)])
        self._sums[self.count] = weights[known].sum(axis=0)
        return self.count

    def _forget(self) -> None:
        for memo in (*self._span_memos, *self._article_memos):
            memo.forget()
        self.count = 0
        self._bias = self._sums[self._add(["bias"])].copy()


def _merge(model: ContextModel) -> tuple[dict[str, int], np.ndarray]:
    """The numbers of both stages' features, and their weights in both, side by side."""
    numbers: dict[str, int] = {}
    for names, _ in model.stages:
        for name in names:
            numbers.setdefault(name, len(numbers))
    merged = np.zeros((len(numbers), 2 * len(CLASSES)))
    for stage, (names, weights) in enumerate(model.stages):
        rows = np.fromiter(map(numbers.__getitem__, names), dtype=np.int64, count=len(names))
        at = np.fromiter(names.values(), dtype=np.int64, count=len(names))
        merged[rows, stage * len(CLASSES) : (stage + 1) * len(CLASSES)] = weights[at]
    return numbers, merged
