"""Names and texts as parts of SQL statements, for what a parameter cannot say."""

from collections.abc import Iterable


def quote(name: str) -> str:
    """The name as SQL's quoted identifier.

    >>> quote('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """The text as an SQL literal.

    >>> literal("l'Ariana")
    "'l''Ariana'"
    """
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """The texts as literals with commas between them: what stands in a list.

    >>> literals(["a", "l'Ariana"])
    "'a', 'l''Ariana'"
    """
    return ", ".join(map(literal, texts))
