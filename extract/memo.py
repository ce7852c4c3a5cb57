"""Remembering what a function said of each argument, within bounds."""

from collections.abc import Callable
from typing import Any


class Memo(dict):
    """`memo[argument]` is what the function says of it, worked out once.

    Of `most` answers half are at hand and half are those before them: when the first half is full, it takes the place of the
    second, so that what is asked for often is never forgotten.

    >>> lengths = Memo(len, most=2)
    >>> lengths["سرت"], lengths["سرت"], len(lengths)
    (3, 3, 1)
    """

    __slots__ = ("before", "most", "work")

    def __init__(self, work: Callable[[Any], Any], *, most: int) -> None:
        super().__init__()
        self.work, self.most = work, most
        self.before: dict[Any, Any] = {}

    def __missing__(self, argument: Any) -> Any:
        answer = self.before.pop(argument, self)
        if answer is self:
            answer = self.work(argument)
        if len(self) >= self.most // 2:
            self.before = dict(self)
            self.clear()
        self[argument] = answer
        return answer

    def forget(self) -> None:
        """Forget everything."""
        self.before = {}
        self.clear()
