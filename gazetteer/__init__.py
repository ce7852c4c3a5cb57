"""Place names -> points: the gazetteer, its index and its matcher."""

from gazetteer.errors import GazetteerError, SourceError, TableError
from gazetteer.index import Gazetteer
from gazetteer.load import load_gazetteer
from gazetteer.match import find_candidates
from gazetteer.normalize import fold_with_offsets, fold_word, normalize_name
from gazetteer.places import Candidate, FeatureClass, Place, Point

__all__ = [
    "Candidate",
    "FeatureClass",
    "Gazetteer",
    "GazetteerError",
    "Place",
    "Point",
    "SourceError",
    "TableError",
    "find_candidates",
    "fold_with_offsets",
    "fold_word",
    "load_gazetteer",
    "normalize_name",
]
