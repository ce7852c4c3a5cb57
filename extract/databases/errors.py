"""What can go wrong with an export."""


class ExportError(OSError):
    """A target cannot be written: the message says why in one line, and what to do. It never holds a password."""
