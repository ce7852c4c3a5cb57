"""What strangers wrote, in messages and on a terminal: one line, and nothing that the terminal would obey."""

import logging


def printable(text: str) -> str:
    r"""The text on one line: controls, line breaks, bidi controls and lone surrogates written as escapes.

    >>> printable("خبر\n1\u202e.txt")
    'خبر\\n1\\u202e.txt'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in text)


class OneLineFormatter(logging.Formatter):
    """Formats every record, whatever it names, as one line. A traceback keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line."""
        return printable(super().formatMessage(record))


def log_to_terminal(level: int = logging.INFO) -> None:
    """Send the log, from this level up, to standard error: for the command lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLineFormatter("%(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
