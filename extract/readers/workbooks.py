"""Excel workbooks (.xlsx)."""

import itertools
import warnings
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from extract.mentions import Article
from extract.readers.archives import open_package
from extract.readers.errors import ArticleError
from extract.readers.fields import RecordFile, guess_columns
from extract.readers.options import ReadOptions
from extract.readers.source import Refuse, Source
from extract.readers.tables import choose_columns

# What Excel itself can hold.
_MOST_ROWS = 1_048_576


def read_workbook(source: Source, options: ReadOptions, refuse: Refuse) -> Iterator[Article]:
    """The articles of every sheet that has a column of texts, a row at a time; other sheets are passed over.

    The first row that is not empty names the columns. Formulas give the value that was last worked out.
    Raises ArticleError when no sheet has a column of texts.
    """
    # The library takes a good part of a second to import: who reads no workbook does not wait for it.
    from openpyxl import load_workbook

    with open_package(source, options, "xl/workbook.xml") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with closing(load_workbook(stream, read_only=True, data_only=True, keep_links=False)) as book:
            sheets = [sheet for sheet in book.worksheets if _has_texts(sheet, options)]
            for sheet in sheets or book.worksheets[:1]:
                tag = "" if sheet is book.worksheets[0] else f"{sheet.title}!"
                yield from _read_sheet(source, sheet, tag, options, refuse)


def _numbered_rows(sheet: Any) -> Iterator[tuple[int, list[Any]]]:
    # A sheet may claim a size of a million columns, or a row of any number: what is there counts.
    sheet.reset_dimensions()
    for number, row in enumerate(itertools.islice(sheet.iter_rows(values_only=True), _MOST_ROWS), 1):
        if any(value is not None and str(value).strip() for value in row):
            yield number, list(row)


def _names(row: list[Any]) -> list[str]:
    return ["" if value is None else str(value) for value in row]


def _has_texts(sheet: Any, options: ReadOptions) -> bool:
    names = [name.strip() for name in _names(next(_numbered_rows(sheet), (0, []))[1])]
    columns = guess_columns(names, options.columns)
    return "text" in columns and columns["text"] in names


def _read_sheet(source: Source, sheet: Any, tag: str, options: ReadOptions, refuse: Refuse) -> Iterator[Article]:
    rows = _numbered_rows(sheet)
    _, first = next(rows, (0, []))
    if not first:
        raise source.error("empty: no rows", "remove it, or save it again")
    header = _names(first)
    columns = choose_columns(source, header, options)
    records = RecordFile(source, options, unit=f"{tag}row" if tag else "row")
    names = {field: header[at] for field, at in columns.items()}
    for number, row in rows:
        values = {field: row[at] for field, at in columns.items() if at < len(row)}
        try:
            yield records.make_article(values, number, columns=names, tag=tag)
        except ArticleError as error:
            refuse(error)
