"""The tables in extract/data: what Arabic words, months, columns and countries are called and mean."""

import csv
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of a table by its file name, each by column."""
    with open(DATA / name, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
