"""Which program, gazetteer and model a reading came from."""

from extract.geoparse import Geoparser

PROGRAM = "0.1.0"


def versions(parser: Geoparser) -> dict[str, str]:
    """Version of the program, fingerprint of the gazetteer, description of the model."""
    return {
        "program": PROGRAM,
        "gazetteer": str(parser.gazetteer.meta.get("fingerprint", "")),
        "model": parser.model.meta,
    }
