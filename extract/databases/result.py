"""What an export did."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exported:
    """How many rows the target has now, and what is to be told.

    `changes` says how many articles were new, changed and removed; None where the target was made anew.
    """

    articles: int
    mentions: int
    places: int
    changes: tuple[int, int, int] | None = None
    notes: tuple[str, ...] = ()


def nul_note(rows: int) -> tuple[str, ...]:
    """A note where texts had NUL characters; none where they had not."""
    return (f"{rows} rows had NUL characters in their text: U+FFFD stands for each",) if rows else ()
