"""What can go wrong in the gazetteer.

GazetteerError
├── TableError        a table or an imported file holds a row that is wrong (also a ValueError)
└── SourceError       a file or download is missing or of an unknown form (also an OSError)
"""


class GazetteerError(Exception):
    """Base of all errors the gazetteer raises on purpose."""


class TableError(GazetteerError, ValueError):
    """A row of a table is wrong: the message names the file, the line and the value."""


class SourceError(GazetteerError, OSError):
    """A source cannot be read: the message says which, and what to do."""
