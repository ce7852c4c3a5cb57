"""CSV and TSV files."""

import csv
import re
from collections.abc import Iterator

from extract.mentions import Article
from extract.readers.encoding import read_lines
from extract.readers.errors import ArticleError
from extract.readers.fields import RecordFile, guess_columns, list_names
from extract.readers.options import ReadOptions
from extract.readers.source import Refuse, Source

_DELIMITERS = ",;\t|"
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)


def read_table(source: Source, options: ReadOptions, refuse: Refuse) -> Iterator[Article]:
    """The articles of a CSV or TSV file, a row at a time; the first row names the columns."""
    records = RecordFile(source, options, unit="row")
    with source.open() as stream:
        lines = _plain_lines(source, read_lines(source, stream, options, newline=""), options)
        rows = _Rows(source, lines, options, refuse)
        _, header = next(rows, (1, []))
        columns = choose_columns(source, header, options)
        names = {field: header[at] for field, at in columns.items()}
        for number, row in rows:
            if not any(cell.strip() for cell in row):
                continue
            try:
                if any(cell.strip() for cell in row[len(header) :]) or (rows.is_broken and len(row) < len(header)):
                    reason = f"{len(row)} cells under {len(header)} columns"
                    raise records.error(reason, "put quotes around cells that hold the separator", row=number)
                values = {field: row[at] for field, at in columns.items() if at < len(row)}
                yield records.make_article(values, number, columns=names)
            except ArticleError as error:
                refuse(error)


def choose_columns(source: Source, header: list[str], options: ReadOptions) -> dict[str, int]:
    """Field -> position of its column. Raises ArticleError when there is no text, or a chosen column is missing."""
    names = [name.strip() for name in header]
    columns = guess_columns(names, options.columns)
    missing = [name for name in columns.values() if name not in names]
    if missing or "text" not in columns:
        reason = f'no column "{missing[0]}"' if missing else "no column of texts"
        raise source.error(f"{reason} (there are: {list_names(names)})", "name the column of the text", row=1)
    return {field: names.index(name) for field, name in columns.items()}


def _plain_lines(source: Source, lines: Iterator[str], options: ReadOptions) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if len(line) > options.max_line_chars:
            reason = f"a line of more than {options.max_line_chars:,} characters"
            raise source.error(reason, "split the file, or raise the limit", row=number, unit="line")
        yield line.replace("\0", "\ufffd")


class _Rows:
    """The rows with their numbers, as a spreadsheet counts them.

    A quote that is not closed would swallow what follows: its line is refused and the next lines read on their own.
    `is_broken` is set from then on: what looks like a short row may be the rest of a cell.
    """

    def __init__(self, source: Source, lines: Iterator[str], options: ReadOptions, refuse: Refuse) -> None:
        self._source, self._lines, self._refuse = source, lines, refuse
        self._number, self.is_broken = 0, False
        self._again: list[str] = []
        self._taken: list[str] = []
        first = next(lines, "")
        self._delimiter = "\t" if source.suffix == ".tsv" else max(_DELIMITERS, key=first.count)
        # Excel's own way to name the separator is a line before the header.
        if (named := _SEPARATOR_LINE.fullmatch(first)) is not None:
            self._number, self._delimiter = 1, named[1]
        else:
            self._again.append(first)
        # The csv module keeps this limit for the whole process; its own default is 128 KB.
        csv.field_size_limit(options.max_line_chars)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return self

    def __next__(self) -> tuple[int, list[str]]:
        while True:
            self._number += 1
            self._taken = []
            try:
                return self._number, next(csv.reader(self._take(), delimiter=self._delimiter, strict=True))
            except csv.Error as error:
                at_end = "end of data" in str(error)
                if len(self._taken) == 1 and not at_end:
                    # A stray quote within one line, which every other program reads as a quote.
                    return self._number, next(csv.reader(self._taken, delimiter=self._delimiter))
            self.is_broken = True
            self._again = self._taken[:0:-1] + self._again
            hint = "close the quote, or double the quotes within a cell"
            self._refuse(self._source.error("a quote that is not closed", hint, row=self._number))

    def _take(self) -> Iterator[str]:
        while (line := self._again.pop() if self._again else next(self._lines, None)) is not None:
            self._taken.append(line)
            yield line
