"""Importing files of places into the user's data folder, where the next run finds them."""

import http.client
import logging
import re
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from gazetteer.errors import SourceError, TableError
from gazetteer.geocode import USER_AGENT
from gazetteer.import_store import Report, keep_places
from gazetteer.index import Gazetteer
from gazetteer.load import imports_folder
from gazetteer.places import Place
from gazetteer.sources import geojson, geonames, points
from gazetteer.sources.files import is_archive, member_names
from gazetteer.sources.rows import Refused
from gazetteer.whole_file import whole_file

logger = logging.getLogger(__name__)
GEONAMES_URL = "https://download.geonames.org/export/dump"
DOWNLOAD_TIMEOUT_S = 30
LONGEST_IMPORT_NAME = 80


def read_file(path: Path, alternate: Path | None = None) -> Iterator[Place | Refused]:
    """The rows of a file of any kind we know. Raises SourceError when it is none, or of no use."""
    if not path.exists():
        raise SourceError(f"{path}: no such file")
    kind = path.suffix.lower()
    if path.is_dir() or (is_archive(path) and kind != ".zip") or kind in (*geojson.RECORDS, *geojson.LINES):
        return geojson.read_geojson(path)
    if kind == ".zip":
        names = [name.lower() for name in member_names(path)]
        if any(name.endswith((*geojson.RECORDS, *geojson.LINES)) for name in names):
            return geojson.read_geojson(path)
        return (
            points.read_points(path) if any(n.endswith(".csv") for n in names) else geonames.read_dump(path, alternate)
        )
    if kind == ".txt":
        return geonames.read_dump(path, alternate)
    if kind in (".csv", ".tsv"):
        return points.read_points(path)
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

    A place that the gazetteer holds already (its id, or a name and the spot in common) only gives it its new names. An
    earlier import of the same name is replaced, unless nothing of the file is of use. Raises SourceError when the file
    cannot be read; nothing is kept then.
    """
    folder = imports_folder() / _folder_name(name or path.name.removesuffix(path.suffix))
    report = Report(path.name)
    rows = progress(read_file(path, alternate))
    keep_places(rows, folder, gazetteer.without(folder), report, logger.info)
    return report


def _folder_name(name: str) -> str:
    return re.sub(r"[^\w-]+", "-", name)[:LONGEST_IMPORT_NAME] or "-"


def download_geonames(
    countries: list[str], folder: Path, *, base_url: str = GEONAMES_URL
) -> Iterator[tuple[Path, Path | None]]:
    """Fetch the dumps of countries and their alternate names: (dump, names or None) of each, one after the other.

    Raises TableError for what is no country code before anything is fetched, SourceError when a dump cannot be had;
    alternate names that are missing are done without.
    """
    for country in countries:
        if not re.fullmatch("[A-Za-z]{2}", country):
            raise TableError(f"{country!r} is no ISO 3166-1 alpha-2 code")
    return (_fetch_country(country.upper(), folder, base_url.rstrip("/")) for country in countries)


def _fetch_country(code: str, folder: Path, base_url: str) -> tuple[Path, Path | None]:
    folder.mkdir(parents=True, exist_ok=True)
    dump = _fetch(f"{base_url}/{code}.zip", folder / f"{code}.zip")
    try:
        return dump, _fetch(f"{base_url}/alternatenames/{code}.zip", folder / f"{code}-alternatenames.zip")
    except SourceError as error:
        logger.warning("%s: going on without", error)
        return dump, None


def _fetch(url: str, target: Path) -> Path:
    try:
        request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT})
        with (
            urllib.request.urlopen(request, timeout=DOWNLOAD_TIMEOUT_S) as answer,
            whole_file(target) as part,
            open(part, "wb") as stream,
        ):
            shutil.copyfileobj(answer, stream)
            wanted = answer.headers.get("Content-Length")
            if wanted is not None and stream.tell() != int(wanted):
                raise OSError(f"{stream.tell()} of {wanted} bytes came")
    except (http.client.HTTPException, OSError, ValueError) as error:
        raise SourceError(f"{url} cannot be fetched ({error})") from error
    return target
