"""What strangers wrote, on a terminal: one line, and nothing that the terminal would obey."""

import logging


def one_line(text: str) -> str:
    """The text on one line, a space for every character that is none to look at: controls, line ends, overrides.

    >>> one_line("a\\x1b[2Jb\\nc\\u202ed")
    'a [2Jb c d'
    """
    return "".join(char if char.isprintable() else " " for char in text)


class OneLineFormatter(logging.Formatter):
    """Formats every record, whatever it names, as one line. A traceback keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line."""
        return one_line(super().formatMessage(record))


def log_to_terminal(level: int = logging.INFO) -> None:
    """Send the log, from this level up, to standard error: for the command lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLineFormatter("%(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
