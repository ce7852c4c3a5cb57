"""The workspace as tables of other databases: PostgreSQL, a DuckDB file, an SQLite file."""

from extract.databases.errors import ExportError
from extract.databases.target import Target, read_target

__all__ = ["ExportError", "Target", "read_target"]
