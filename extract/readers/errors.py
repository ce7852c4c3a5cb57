"""What is said about an input that cannot be read."""

from gazetteer.terminal import printable


class ArticleError(ValueError):
    """An input cannot be read. The message is one printable line: where, why, and what to do.

    `path` is the input as shown to people (a member of an archive after a slash), `row` the line, row, item or page
    (`unit`) in it counted from 1, `hint` what to do about it; each may be missing.
    """

    def __init__(
        self, reason: str, *, path: str = "", row: int | None = None, unit: str = "row", hint: str = ""
    ) -> None:
        self.reason, self.path, self.row, self.unit, self.hint = printable(reason), path, row, unit, printable(hint)
        where = f"{path}, {unit} {row}" if row is not None else path
        message = f"{where}: {self.reason}" if where else self.reason
        super().__init__(f"{message}: {self.hint}" if hint else message)

    def to_record(self) -> dict[str, str | int | None]:
        """The refusal as a row of a list: path, row, unit, reason and hint."""
        return {name: getattr(self, name) for name in ("path", "row", "unit", "reason", "hint")}
