"""Mentions as rows with everything known of them, and in the order of any column: what needs texts of a few mentions.

Where they are is found in the narrow tables in memory (extract.facts); the rest is then read of these few alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa

from extract.copy_tables import CopyTables
from extract.export import ROW_COLUMNS
from extract.live import question
from extract.parts import MENTION_SCHEMA, REVIEW_COLUMNS, files_sql
from extract.remote import is_url
from extract.sorting import NOTHING, Order, rank_values

# What rows have beyond the columns promised to other programs: of the article, and for showing why.
ARTICLE_COLUMNS = ("title", "date", "outlet", "url")
DERIVED_COLUMNS = ("precision", "region", "region_en")
EXTRA_COLUMNS = ("passage_start", "candidates", *REVIEW_COLUMNS, *DERIVED_COLUMNS, *ARTICLE_COLUMNS, "head")
SORTABLE = (*ROW_COLUMNS, *REVIEW_COLUMNS, *DERIVED_COLUMNS, *ARTICLE_COLUMNS)
# Orders of columns kept at a time: each takes 4 bytes a mention, and 8 for all of them.
_ORDERS = 4


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a mention is: in the order of the facts, in the parts, in which sentence, of which place."""

    position: int
    part: int
    row: int
    article_number: int
    passage_start: int
    place_no: int | None
    precision: int | None


class FullRows(CopyTables):
    """The tables of a workspace, and the rows of few mentions in full."""

    def _pointers_of(self, where: str, parameters: Sequence[Any], limit: str = "") -> list[Pointer]:
        """Where the mentions are that the condition on facts leaves, in the order of the facts."""
        columns = ", ".join(field.name for field in fields(Pointer))
        found = self._ask(f"SELECT {columns} FROM facts WHERE {where} ORDER BY position {limit}", parameters)
        return [Pointer(*row) for row in found.fetchall()]

    def _pointers_at(self, positions: Sequence[int]) -> list[Pointer]:
        """Where the mentions at these positions are, in this order."""
        found: dict[int, list[Pointer]] = {}
        for pointer in self._pointers_of("position IN (SELECT unnest(?::BIGINT[]))", [list(positions)]):
            found.setdefault(pointer.position, []).append(pointer)
        return [found[position].pop(0) for position in positions]

    def _positions(self, where: str, parameters: Sequence[Any]) -> np.ndarray:
        """The positions that the condition leaves, ascending."""
        found = self._ask(f"SELECT position FROM facts WHERE {where}", parameters).fetchnumpy()["position"]
        return found if (found[1:] >= found[:-1]).all() else np.sort(found)

    def _order_of(self, column: str) -> Order:
        """The order of the mentions by the column, worked out when it is first asked for."""
        orders = self._seen.orders
        if column not in orders:
            known = next(iter(orders.values()), None)
            kept = dict(list(orders.items())[1 - _ORDERS :])
            self._seen.orders = kept | {column: self._make_order(column, known)}
        return self._seen.orders[column]

    def _make_order(self, column: str, known: Order | None) -> Order:
        facts = self._ask("SELECT position, part, row, article_number, place_no, precision FROM facts").fetchnumpy()
        sorting = np.argsort(facts["position"], kind="stable")
        number = "article_number" if column in ARTICLE_COLUMNS else "place_no"
        if column in MENTION_SCHEMA.names:
            ranks = self._ranks_in_parts(column, facts["part"], facts["row"])
        elif column == "precision":
            words = rank_values(pa.chunked_array([self._codes[column], [None]], pa.string()))
            ranks = words[np.ma.filled(facts[column].astype(np.int64), len(words) - 1)]
        else:
            table = "live" if number == "article_number" else "spots"
            values = self._database.cursor().sql(f'SELECT {number} AS number, "{column}" AS value FROM {table}')
            ranks = _ranks_by_number(values.to_arrow_table(), np.ma.filled(facts[number].astype(np.int64), 0))
        positions = facts["position"][sorting] if known is None else known.positions
        return Order(positions, ranks[sorting])

    def _ranks_in_parts(self, column: str, parts: np.ndarray, rows: np.ndarray) -> np.ndarray:
        found = self._database.cursor().sql(f'SELECT part, row, "{column}" AS value FROM part_rows').to_arrow_table()
        part, row = found["part"].to_numpy(), found["row"].to_numpy()
        starts = np.concatenate([[0], np.cumsum(np.bincount(part))])
        ranks = np.empty(len(part), np.int32)
        ranks[starts[part] + row] = rank_values(found["value"])
        return ranks[starts[parts] + rows]

    def _full_rows(self, pointers: Sequence[Pointer]) -> list[dict[str, Any]]:
        """Rows with their texts, in the order given: few rows, read from few parts."""
        if not pointers:
            return []
        texts = self._read_rows(pointers)
        articles = self._by_number("live", "article_number", (*ARTICLE_COLUMNS, "head"), pointers)
        places = self._by_number("spots", "place_no", ("region", "region_en"), pointers)
        words, nowhere = self._codes["precision"], {"region": None, "region_en": None}
        found = []
        for pointer in pointers:
            row = (
                texts[pointer.part, pointer.row]
                | articles[pointer.article_number]
                | places.get(pointer.place_no, nowhere)
            )
            row["precision"] = None if pointer.precision is None else words[pointer.precision]
            found.append({name: row[name] for name in (*ROW_COLUMNS, *EXTRA_COLUMNS)})
        return found

    def _by_number(
        self, table: str, number: str, columns: Sequence[str], pointers: Sequence[Pointer]
    ) -> dict[int, dict[str, Any]]:
        """These columns of the rows of `live` or `spots` that the mentions point to, by their number."""
        numbers = sorted({getattr(pointer, number) for pointer in pointers} - {None})
        sql = f"SELECT {number}, {', '.join(columns)} FROM {table} WHERE {number} IN (SELECT unnest(?::INTEGER[]))"
        return {row.pop(number): row for row in self._dicts(sql, [numbers])}

    def _read_rows(self, pointers: Sequence[Pointer]) -> dict[tuple[int, int], dict[str, Any]]:
        """The rows of the parts, by number of part and row: from the files made for it, or, where there are none, the parts."""
        by_part: dict[int, list[int]] = {}
        for pointer in pointers:
            by_part.setdefault(pointer.part, []).append(pointer.row)
        columns = [name for name in (*ROW_COLUMNS, *EXTRA_COLUMNS) if name in MENTION_SCHEMA.names]
        found, parquet = {}, {}
        for part, numbers in by_part.items():
            rows = self._row_files.read(self._parts[part][0], numbers, columns)
            if rows is None:
                parquet[part] = numbers
            else:
                found |= {(part, number): row for number, row in zip(numbers, rows, strict=True)}
        if parquet:
            self._prepare_rows()
            listed, files = ", ".join(f'"{name}"' for name in columns), self._mention_files()
            asked = " UNION ALL ".join(
                f"SELECT {part} AS part, file_row_number AS row, {listed} "
                f"FROM {files_sql([files[part]], 'file_row_number = true')} "
                f"WHERE file_row_number IN ({', '.join(map(str, numbers))})"
                for part, numbers in parquet.items()
            )
            found |= {(row.pop("part"), row.pop("row")): row for row in self._dicts(asked)}
        return found

    def _prepare_rows(self) -> None:
        # The parts of an address are larger than what a reader's machine may have room for.
        if not is_url(self.storage.place) and self._row_files.missing(self._parts):
            self._row_files.start_making(self._parts)

    @question
    def prepare_rows(self, progress: Callable[[float], None] = lambda share: None) -> None:
        """Make the files that single rows are read from quickly, now and not in the background (see extract.row_files)."""
        self._row_files.make(self._parts, progress)


def _ranks_by_number(values: pa.Table, numbers: np.ndarray) -> np.ndarray:
    """The rank of the value at each number; numbers begin at 1, and 0 has no value."""
    known = values["number"].to_numpy()
    ranks = np.full(known.max(initial=0) + 1, NOTHING, np.int32)
    ranks[known] = rank_values(values["value"])
    return ranks[numbers]
