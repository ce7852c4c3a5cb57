"""Readers: one module a format, all behind `read_source`."""

from extract.readers.errors import ArticleError
from extract.readers.kinds import KINDS, is_known, read_source
from extract.readers.options import FIELDS, ReadOptions
from extract.readers.source import Source

__all__ = ["FIELDS", "KINDS", "ArticleError", "ReadOptions", "Source", "is_known", "read_source"]
