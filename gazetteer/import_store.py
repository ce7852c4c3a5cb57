"""What users imported: a folder each, with the rows as they were read and the index of them. An index of another version
is made anew from the rows.
"""

import csv
import gzip
import json
import logging
import os
import re
import shutil
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from gazetteer.build import IndexWriter, place_keys, work_folder
from gazetteer.errors import SourceError
from gazetteer.index import Gazetteer, Segment
from gazetteer.places import FeatureClass, Place, Point
from gazetteer.sources.layers import place_kind, same_place
from gazetteer.sources.rows import Refused, RowError, check_place
from gazetteer.sources.tables import COLUMNS

logger = logging.getLogger(__name__)
# Places a segment. Every look-up asks each segment, so they are few; making one of two million takes about 1 GB of memory.
SEGMENT_PLACES = 2_000_000
SAMPLES = 5  # refused rows a reason that the report shows
MOST_REASONS = 50
DAY_S = 86_400
ROWS, REPORT = "rows.csv.gz", "report.json"


@dataclass
class Report:
    """What became of the rows of one import."""

    source: str
    kept: int = 0
    merged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[int]] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        """How many rows were of use."""
        return self.kept + self.merged

    def refuse(self, refused: Refused) -> None:
        """Count a refused row under its reason, numbers and quoted values left out."""
        reason = re.sub(r"(?<![\w-])-?\d+(\.\d+)?", "N", re.sub(r"'[^']*'|\"[^\"]*\"", "…", refused.reason))
        if reason not in self.refused and len(self.refused) >= MOST_REASONS:
            reason = "other reasons"
        self.refused[reason] += 1
        self.examples.setdefault(reason, refused.reason)
        rows = self.samples.setdefault(reason, [])
        if len(rows) < SAMPLES:
            rows.append(refused.row)

    def lines(self) -> Iterator[str]:
        """The report as a person reads it."""
        yield f"{self.source}: {self.kept:,} places kept, {self.merged:,} known already, {self.refused.total():,} refused"
        for reason, count in self.refused.most_common():
            rows = ", ".join(map(str, self.samples[reason]))
            example = self.examples[reason]
            more = ", ..." if count > SAMPLES else ""
            yield f"  {count:,} × {reason} (rows {rows}{more}{'' if example == reason else f'; first: {example}'})"


def keep_places(
    rows: Iterable[Place | Refused],
    folder: Path,
    gazetteer: Gazetteer,
    report: Report,
    progress: Callable[[str], None] = lambda message: None,
) -> None:
    """Keep the places of one import in this folder, in place of what it held, and count them in the report.

    A place that the gazetteer holds already only gives it its names. When nothing is of use, or an error is raised on the
    way, the folder stays as it was. `gazetteer` must not hold what the folder held before.
    """
    work = work_folder(folder)
    _forget_leftovers(folder.parent)
    try:
        with gzip.open(work / ROWS, "wt", encoding="utf-8", newline="", compresslevel=1) as stream:
            _write_segments(_accepted(rows, report), work, _Sink(stream), gazetteer, report, progress)
        if report.accepted:
            (work / REPORT).write_text(json.dumps(vars(report), ensure_ascii=False), encoding="utf-8")
            _put_in_place(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _Sink:
    """A text stream that knows the checksum of what went through it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.checksum = 0

    def write(self, text: str) -> int:
        self.checksum = zlib.crc32(text.encode("utf-8"), self.checksum)
        return self._stream.write(text)


def _accepted(rows: Iterable[Place | Refused], report: Report) -> Iterator[Place]:
    seen: set[int] = set()
    for number, row in enumerate(rows, 1):
        if isinstance(row, Refused):
            report.refuse(row)
            continue
        try:
            check_place(row)
        except RowError as error:
            report.refuse(Refused(number, str(error)))
            continue
        identity = hash(row.id)
        if identity in seen:
            report.refuse(Refused(number, "an id that came before"))
            continue
        seen.add(identity)
        yield row


def _write_segments(
    places: Iterator[Place],
    work: Path,
    sink: _Sink,
    gazetteer: Gazetteer,
    report: Report,
    progress: Callable[[str], None],
) -> None:
    table = csv.writer(sink, lineterminator="\n")
    table.writerow(COLUMNS)
    parents_of = _parents(gazetteer)
    writer: IndexWriter | None = None
    count = 0
    for place in places:
        table.writerow(_cells(place))
        writer = writer or _new_segment(work)
        keys = place_keys(place)
        twin = known_place(place, keys, gazetteer)
        if twin is None:
            report.kept += 1
            writer.add(place, keys=keys, parents=parents_of(place))
        else:
            report.merged += 1
            if not set(place.names) <= set(twin.names):
                writer.add(place, keys=keys, twin=twin.id)
        if len(writer) >= SEGMENT_PLACES:
            writer.finish({}, {"fingerprint": f"{sink.checksum:08x}"}, progress)
            writer, count = None, count + 1
    if writer is not None:
        writer.finish({}, {"fingerprint": f"{sink.checksum:08x}"}, progress)


def _new_segment(work: Path) -> IndexWriter:
    folder = work / f"segment-{len(list(work.glob('segment-*'))):03d}"
    folder.mkdir()
    return IndexWriter(folder)


def _parents(gazetteer: Gazetteer) -> Callable[[Place], tuple[str, ...]]:
    """Gives a place's parents up to the country, as far as the gazetteer knows them."""

    @lru_cache(maxsize=10_000)
    def chain(first: str, country: str) -> tuple[str, ...]:
        row = gazetteer.row_of(first)
        above = () if row is None else gazetteer.place(row).parents
        whole = (first, *above) if first and (row is not None or first != country) else above
        return whole if not country or country in whole or gazetteer.row_of(country) is None else (*whole, country)

    def parents_of(place: Place) -> tuple[str, ...]:
        country = (place.country or "").lower()
        return chain(place.parents[0] if place.parents else "", "" if place.id == country else country)

    return parents_of


def known_place(place: Place, keys: Mapping[str, int], gazetteer: Gazetteer) -> Place | None:
    """The place of the gazetteer that this one is: by its id, or the nearest of its kind that shares a name and the spot."""
    row = gazetteer.row_of(place.id)
    if row is not None:
        return gazetteer.place(row)
    kind = place_kind(place)
    rows = {row for key in keys for row, _ in gazetteer.rows(key)}
    others = (gazetteer.place(row) for row in sorted(rows))
    same = [other for other in others if place_kind(other) == kind and same_place(place, other)]
    return min(same, key=lambda other: (other.point.distance_km(place.point), other.id), default=None)


def _forget_leftovers(imports: Path) -> None:
    """Remove what killed runs left behind a day ago."""
    for path in imports.glob(".*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - DAY_S:
                shutil.rmtree(path, ignore_errors=True)


def _put_in_place(work: Path, folder: Path) -> None:
    """The finished folder takes the name of the former one, which is not touched before that."""
    former = folder.with_name(f".{folder.name}.former-{work.name[-8:]}")
    if folder.exists():
        os.replace(folder, former)
    try:
        os.replace(work, folder)
    except OSError:
        if former.exists():
            os.replace(former, folder)
        raise
    shutil.rmtree(former, ignore_errors=True)


def _cells(place: Place) -> tuple[object, ...]:
    return (
        place.id,
        place.name,
        "|".join(place.aliases),
        place.name_en,
        place.feature.value,
        place.country or "",
        place.parents[0] if place.parents else "",
        place.point.lat,
        place.point.lon,
        place.radius_km,
        place.importance,
        place.source,
    )


def _read_cells(cells: list[str]) -> Place:
    identity, name, aliases, name_en, feature, country, parent, lat, lon, radius_km, importance, source = cells
    return Place(
        id=identity,
        name=name,
        name_en=name_en,
        feature=FeatureClass(feature),
        country=country or None,
        point=Point(float(lat), float(lon)),
        radius_km=float(radius_km),
        importance=float(importance),
        aliases=tuple(alias for alias in aliases.split("|") if alias),
        parents=(parent,) if parent else (),
        source=source,
    )


def _kept_rows(path: Path) -> Iterator[Place]:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream)
            next(reader, None)
            for cells in reader:
                yield _read_cells(cells)
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        raise SourceError(f"the rows kept in {path} cannot be read ({error})") from error


def import_folders(imports: Path) -> list[Path]:
    """The folders of all imports, in a fixed order. What is being made or removed has a name with a dot."""
    found = (p for p in imports.glob("*") if p.is_dir() and not p.name.startswith("."))
    return sorted(found)


def open_import(folder: Path, gazetteer: Gazetteer) -> list[Segment]:
    """The segments of one import. They are made anew from the kept rows when they are of another version or damaged.

    Raises SourceError when that cannot be done.
    """
    try:
        return _segments(folder)
    except SourceError as reason:
        if not (folder / ROWS).exists():
            raise SourceError(
                f"the import {folder.name} was made by another version: import its file again"
            ) from reason
        logger.info("making the index of the import %s anew (once)", folder.name)
        report = replace(read_report(folder), kept=0, merged=0)
        keep_places(_kept_rows(folder / ROWS), folder, gazetteer, report, logger.info)
        return _segments(folder)


def _segments(folder: Path) -> list[Segment]:
    return [Segment(part) for part in sorted(folder.glob("segment-*"))]


def read_report(folder: Path) -> Report:
    """What became of the rows of the import in the folder; where that was lost, a report that counts nothing."""
    try:
        former = json.loads((folder / REPORT).read_text(encoding="utf-8"))
        refused, samples, examples = (dict(former[name]) for name in ("refused", "samples", "examples"))
        counts = int(former["kept"]), int(former["merged"])
        return Report(str(former["source"]), *counts, Counter(refused), samples, examples)
    except (OSError, ValueError, KeyError, TypeError):
        return Report(folder.name)
