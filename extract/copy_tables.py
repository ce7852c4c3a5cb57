"""Which articles of a workspace are copies of one story, as a table beside the facts, made when a question first needs it.

`article_groups` has one row for each article that has copies: its number, its group's, which of the group it is (`nth`, from 0:
the earliest dated, then the longest, then by id) and how many others there are. Parts that came later are compared with the ones
before; pairs that were compared are not compared again.
"""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from extract import copy_index
from extract.copies import Verdicts, compare, find_groups
from extract.copy_index import PartTexts
from extract.facts import FindRegions
from extract.live import LiveTables, Snapshot, question
from extract.parts import articles_name

# Of all the work, about so much is reading texts; the rest is comparing them.
_READING = 0.7

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class _Live:
    """The articles that count: number, id, day, part and row of each."""

    numbers: list[int]
    ids: list[str]
    days: list[date | None]
    texts: list[PartTexts]
    rows: list[int]


class CopyTables(LiveTables):
    """The live tables and, once asked for, the table article_groups. Safe to share between threads."""

    def __init__(self, place: str | os.PathLike[str], find_regions: FindRegions | None = None) -> None:
        self._copies_lock = threading.Lock()
        self._copies_thread: threading.Thread | None = None
        self._part_texts: dict[str, PartTexts] = {}
        self._verdicts: Verdicts | None = None
        super().__init__(place, find_regions)

    @question
    def copies_are_ready(self) -> bool:
        """Whether copies are known for the articles that are here now: if not, the next question about them takes a while."""
        return self._seen.grouped

    @question
    def find_copies(self, progress: Progress | None = None) -> None:
        """Find the copies among all articles, unless they are known. `progress` is told 0 to 1."""
        if self._seen.grouped:
            return
        with self._copies_lock:
            if not self._seen.grouped:
                self._find_copies(self._seen, progress or (lambda share: None))

    def start_finding_copies(self) -> None:
        """Find the copies in the background, unless they are known or being found."""
        if self.copies_are_ready() or (self._copies_thread and self._copies_thread.is_alive()):
            return
        self._copies_thread = threading.Thread(target=self.find_copies, name="rasid-copies", daemon=True)
        self._copies_thread.start()

    def _find_copies(self, seen: Snapshot, tell: Progress) -> None:
        """Make the table for the articles of that moment."""
        self._want_facts()
        live = self._live_texts(seen, lambda share: tell(_READING * share))
        if self._verdicts is None:
            self._verdicts = copy_index.load_verdicts(self.folder)
        before = set(self._verdicts)
        groups = self._groups(live, lambda share: tell(_READING + (1 - _READING) * share))
        if self._verdicts.keys() != before:
            copy_index.save_verdicts(self.folder, self._verdicts)
        _keep_groups(seen, live, groups)
        seen.grouped = True
        copy_index.forget_texts(self.folder, [key for key, _, _ in seen.parts])
        tell(1.0)

    def _live_texts(self, seen: Snapshot, tell: Progress) -> _Live:
        found = (
            seen.database.cursor()
            .execute("SELECT article_number, article_id, day, version, article_part FROM live ORDER BY article_number")
            .fetchall()
        )
        keys = [key for key, _, _ in seen.parts]
        for done, key in enumerate(keys):
            if key not in self._part_texts:
                part = self.folder / articles_name(key)
                self._part_texts[key] = copy_index.load_texts(part, lambda path: self.storage.read(path.name))
            tell((done + 1) / len(keys))
        self._part_texts = {key: self._part_texts[key] for key in keys}
        texts = [self._part_texts[keys[part]] for *_, part in found]
        rows = [
            text.rows[article_id, version] for text, (_, article_id, _, version, _) in zip(texts, found, strict=True)
        ]
        numbers, ids, days = (
            (list(column) for column in zip(*(row[:3] for row in found), strict=True)) if found else ([],) * 3
        )
        return _Live(numbers, ids, days, texts, rows)

    def _groups(self, live: _Live, tell: Progress) -> list[list[int]]:
        """Groups of places in the lists of `live`, each with its first in front."""
        count = len(live.rows)
        rows = np.array(live.rows, np.int64)
        part_of = {id(text): number for number, text in enumerate(self._part_texts.values())}
        parts = np.array([part_of[id(text)] for text in live.texts], np.int64)
        digests, lengths = np.zeros(count, np.uint64), np.zeros(count, np.int64)
        owners, prints = [np.empty(0, np.int64)], [np.empty(0, np.uint32)]
        for number, text in enumerate(self._part_texts.values()):
            mine = np.flatnonzero(parts == number)
            digests[mine] = text.digests[rows[mine]]
            lengths[mine] = np.diff(text.code_ends)[rows[mine]]
            owner = np.full(len(text.digests), -1)
            owner[rows[mine]] = mine
            owner = np.repeat(owner, np.diff(text.print_ends))
            owners.append(owner[owner >= 0])
            prints.append(text.prints[owner >= 0])
        groups = find_groups(
            digests,
            np.concatenate(owners),
            np.concatenate(prints),
            lambda number: live.texts[number].codes_of(live.rows[number]).tolist(),
            self._verdicts,
            tell,
        )
        here = set(digests.tolist())
        self._verdicts = {pair: like for pair, like in self._verdicts.items() if here.issuperset(pair)}

        def order(number: int) -> tuple[bool, date, int, str]:
            day = live.days[number]
            return day is None, day or date.max, -int(lengths[number]), live.ids[number]

        return [sorted(group, key=order) for group in groups]

    @question
    def copies(self, article_id: str) -> list[dict[str, Any]]:
        """The article's copies, the group's first in front: article_id, title, head, date, outlet, url, first, similarity.

        `similarity` (0..1) is how much of the shorter of the two texts stands in the other. [] when it has none.
        """
        self.find_copies()
        found = self._dicts(
            "SELECT l.article_id, l.title, l.head, l.date, l.outlet, l.url, g.nth = 0 AS first, l.version, l.article_part "
            "FROM article_groups g JOIN live l USING (article_number) WHERE g.group_no = (SELECT group_no FROM "
            "article_groups JOIN live USING (article_number) WHERE article_id = ?) "
            "ORDER BY g.nth > 0, l.day NULLS LAST, l.article_id",
            [article_id],
        )
        codes = {row["article_id"]: self._codes_of(row) for row in found}
        return [
            row | {"similarity": round(compare(codes[article_id], codes[row["article_id"]]).covered, 3)}
            for row in found
            if row["article_id"] != article_id
        ]

    def _codes_of(self, row: dict[str, Any]) -> list[int]:
        texts = self._part_texts[self._parts[row.pop("article_part")][0]]
        return texts.codes_of(texts.rows[row["article_id"], row.pop("version")]).tolist()

    @question
    def copy_counts(self, article_ids: Sequence[str]) -> dict[str, int]:
        """How many copies each article has, of those that have any."""
        self.find_copies()
        rows = self._ask(
            "SELECT article_id, copies FROM article_groups JOIN live USING (article_number) "
            "WHERE article_id IN (SELECT unnest(?))",
            [list(article_ids)],
        )
        return dict(rows.fetchall())

    @question
    def copy_groups(self) -> list[list[str]]:
        """The ids of the articles of each group, the group's first in front."""
        self.find_copies()
        rows = self._ask(
            "SELECT list(article_id ORDER BY nth > 0, article_id) FROM article_groups JOIN live USING (article_number) "
            "GROUP BY group_no ORDER BY group_no"
        )
        return [row[0] for row in rows.fetchall()]


def _keep_groups(seen: Snapshot, live: _Live, groups: Sequence[Sequence[int]]) -> None:
    rows = [
        (live.numbers[article], number, nth, len(group) - 1)
        for number, group in enumerate(groups)
        for nth, article in enumerate(group)
    ]
    columns = list(zip(*rows, strict=True)) or [()] * 4
    types = {"article_number": pa.int32(), "group_no": pa.int32(), "nth": pa.int32(), "copies": pa.int32()}
    found = pa.table(
        {name: pa.array(column, kind) for (name, kind), column in zip(types.items(), columns, strict=True)}
    )
    cursor = seen.database.cursor()
    cursor.register("found_groups", found)
    cursor.execute("CREATE OR REPLACE TABLE article_groups AS SELECT * FROM found_groups ORDER BY article_number")
    cursor.unregister("found_groups")
