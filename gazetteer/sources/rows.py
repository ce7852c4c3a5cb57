"""What every importing source yields besides places: rows it refuses, with the reason."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not taken. `row` counts from 1, the way the file's lines or features do."""

    row: int
    reason: str
