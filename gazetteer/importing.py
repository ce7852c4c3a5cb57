"""Importing large files of places into the user's data folder, where the next run finds them."""

import json
import logging
import os
import re
import shutil
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from gazetteer.errors import SourceError, TableError
from gazetteer.geocode import USER_AGENT
from gazetteer.index import Gazetteer, build_index
from gazetteer.load import data_folder
from gazetteer.normalize import name_keys
from gazetteer.places import Place
from gazetteer.sources import geojson, geonames, points, tables
from gazetteer.sources.layers import place_kind, same_place
from gazetteer.sources.rows import Refused

logger = logging.getLogger(__name__)
SEGMENT_PLACES = 400_000  # places a segment: building one takes about 1 GB of memory
SAMPLES = 5  # refused rows a reason that the report shows
GEONAMES_URL = "https://download.geonames.org/export/dump"
DOWNLOAD_TIMEOUT_S = 30


@dataclass
class Report:
    """What became of the rows of one import."""

    source: str
    kept: int = 0
    merged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[int]] = field(default_factory=dict)

    def refuse(self, refused: Refused) -> None:
        """Count a refused row under its reason, numbers left out."""
        reason = re.sub(r"\d+", "N", refused.reason)
        self.refused[reason] += 1
        self.samples.setdefault(reason, [])
        if len(self.samples[reason]) < SAMPLES:
            self.samples[reason].append(refused.row)

    def lines(self) -> Iterator[str]:
        """The report as a person reads it."""
        yield f"{self.source}: {self.kept:,} places kept, {self.merged:,} known already, {self.refused.total():,} refused"
        for reason, count in self.refused.most_common():
            yield f"  {count:,} × {reason} (rows {', '.join(map(str, self.samples[reason]))}{', ...' if count > SAMPLES else ''})"


def read_file(path: Path, alternate: Path | None = None) -> Iterator[Place | Refused]:
    """The rows of a file of any kind we know. Raises SourceError, TableError when there is none."""
    if not path.exists():
        raise SourceError(f"{path}: no such file")
    kind = path.suffix.lower()
    if path.is_dir() or kind in (".geojson", ".json", ".geojsonl", ".geojsonseq", ".ndjson"):
        return geojson.read_geojson(path)
    if kind == ".zip":
        with zipfile.ZipFile(path) as archive:
            records = any(name.endswith(".geojson") for name in archive.namelist())
        return geojson.read_geojson(path) if records else geonames.read_dump(path, alternate)
    if kind == ".txt":
        return geonames.read_dump(path, alternate)
    if kind in (".csv", ".tsv"):
        with open(path, encoding="utf-8-sig") as lines:
            ours = lines.readline().strip().split(",") == list(tables.COLUMNS)
        return tables.read_table(path) if ours else points.read_points(path)
    raise SourceError(f"{path.name}: not a kind that is read (.zip, .txt, .csv, .geojson, a folder of .geojson)")


def import_file(
    path: Path,
    gazetteer: Gazetteer,
    *,
    alternate: Path | None = None,
    name: str | None = None,
    progress: Callable[[Iterator[Place | Refused]], Iterator[Place | Refused]] = lambda rows: rows,
) -> Report:
    """Read a file into the user's data folder under a name (the file's own when none is given) and report.

    A place that the gazetteer holds already (a name and the spot in common) only gives it its new names. An earlier import
    of the same name is replaced. Raises SourceError or TableError when the file cannot be read; nothing is kept then.
    """
    name = re.sub(r"[^\w-]+", "-", name or path.stem)
    folder = data_folder() / "gazetteer" / "imports" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=folder.parent))
    report = Report(path.name)
    try:
        batch: list[Place] = []
        for place in _new_places(progress(read_file(path, alternate)), gazetteer, report):
            batch.append(place)
            if len(batch) >= SEGMENT_PLACES:
                _write_segment(batch, work)
                batch = []
        if batch:
            _write_segment(batch, work)
        (work / "report.json").write_text(json.dumps(asdict(report), ensure_ascii=False), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return report


def _write_segment(places: list[Place], work: Path) -> None:
    number = len(list(work.glob("segment-*")))
    build_index(sorted(places, key=lambda p: p.id), {}, work / f"segment-{number:03d}", progress=logger.info)


def _new_places(rows: Iterator[Place | Refused], gazetteer: Gazetteer, report: Report) -> Iterator[Place]:
    seen: set[int] = set()
    for number, row in enumerate(rows, 1):
        if isinstance(row, Refused):
            report.refuse(row)
            continue
        if hash(row.id) in seen:
            report.refuse(Refused(number, "an id that came before"))
            continue
        seen.add(hash(row.id))
        twin = _known(row, gazetteer)
        if twin is None:
            report.kept += 1
            yield row
            continue
        report.merged += 1
        names = tuple(n for n in row.names if n not in twin.names)
        if names:
            yield replace(twin, aliases=names)


def _known(place: Place, gazetteer: Gazetteer) -> Place | None:
    kind = place_kind(place)
    for name in place.names:
        for key in name_keys(name):
            for row, _ in gazetteer.rows(key):
                other = gazetteer.place(row)
                if place_kind(other) == kind and same_place(place, other):
                    return other
    return None


def download_geonames(
    countries: list[str], folder: Path, *, base_url: str = GEONAMES_URL
) -> list[tuple[Path, Path | None]]:
    """Fetch the dumps of countries and their alternate names: (dump, names or None) of each.

    Raises SourceError when a dump cannot be had; alternate names that are missing are done without.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for country in countries:
        if not re.fullmatch("[A-Za-z]{2}", country):
            raise TableError(f"{country!r} is no ISO 3166-1 alpha-2 code")
        code = country.upper()
        dump = _fetch(f"{base_url}/{code}.zip", folder / f"{code}.zip")
        try:
            names = _fetch(f"{base_url}/alternatenames/{code}.zip", folder / f"{code}-alternatenames.zip")
        except SourceError as error:
            logger.warning("%s: going on without", error)
            names = None
        found.append((dump, names))
    return found


def _fetch(url: str, target: Path) -> Path:
    request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT})
    part = target.with_suffix(".part")
    try:
        with urllib.request.urlopen(request, timeout=DOWNLOAD_TIMEOUT_S) as answer, open(part, "wb") as stream:
            shutil.copyfileobj(answer, stream)
    except (urllib.error.URLError, OSError, ValueError) as error:
        part.unlink(missing_ok=True)
        raise SourceError(f"{url} cannot be fetched ({error})") from error
    os.replace(part, target)
    return target
