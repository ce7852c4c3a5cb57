"""Remembering what a function said of each argument, within bounds."""

from collections.abc import Callable
from typing import Any


class Memo(dict):
    """`memo[argument]` is what the function says of it, worked out once. When `most` answers are kept, all are forgotten.

    >>> lengths = Memo(len, most=2)
    >>> lengths["سرت"], lengths["سرت"], len(lengths)
    (3, 3, 1)
    """

    __slots__ = ("most", "work")

    def __init__(self, work: Callable[[Any], Any], *, most: int) -> None:
        super().__init__()
        self.work, self.most = work, most

    def __missing__(self, argument: Any) -> Any:
        answer = self.work(argument)
        if len(self) >= self.most:
            self.clear()
        self[argument] = answer
        return answer
