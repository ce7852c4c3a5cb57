"""A world of a few tables for tests that open the gazetteer as users do, in folders of their own."""

from pathlib import Path

import pytest

from gazetteer import load
from gazetteer.sources.tables import COLUMNS, read_table

OWN = """\
ly,ليبيا,,Libya,country,LY,,28,17,700,95,own
sd,السودان,,Sudan,country,SD,,15,30,900,95,own
ly-tripoli-district,طرابلس,,Tripoli District,region,LY,ly,32.8,13.2,40,60,own
ly-tripoli,طرابلس,طرابلس الغرب,Tripoli,city,LY,ly-tripoli-district,32.887,13.187,15,90,own
ly-gharyan,غريان,Gheryan,Gharyan,city,LY,ly,32.172,13.02,8,50,own
ly-gharyan-hospital,مستشفى غريان,,Gharyan Hospital,facility,LY,ly-gharyan,32.17,13.02,1,20,own
"""
TOWNS = """\
geonames:1,تاجوراء,,Tajura,city,LY,,32.88,13.35,4,30,towns
geonames:2,غريان,غريانة|يبوس|Garian,Gharyan,city,LY,,32.17,13.01,4,40,towns
"""
WORDS = {"في": 7.5, "مدينه": 5.8}


def write_table(path: Path, rows: str) -> Path:
    """A table of our own form."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(",".join(COLUMNS) + "\n" + rows, encoding="utf-8")
    return path


def settle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point all folders into this one and all layers to the tables above. Returns the user's data folder."""
    monkeypatch.setenv("RASID_CACHE", str(folder / "cache"))
    monkeypatch.setenv("RASID_DATA", str(folder / "data"))
    own, towns = write_table(folder / "own.csv", OWN), write_table(folder / "towns.csv", TOWNS)
    monkeypatch.setattr(load, "own_tables", lambda: [own])
    monkeypatch.setattr(load, "read_towns", lambda zipf: read_table(towns))
    monkeypatch.setattr(load, "word_frequencies", lambda: dict(WORDS))
    return folder / "data"


def dump_line(identity: int | str, name: str = "Qarabulli", **cells: str) -> str:
    """A line of a GeoNames dump."""
    values = {"ascii": name, "alternates": "", "lat": "32.75", "lon": "13.72", "letter": "P", "code": "PPL"}
    values |= {"country": "LY", "people": "1000"} | cells
    first = [str(identity), name, *(values[key] for key in ("ascii", "alternates", "lat", "lon", "letter", "code"))]
    return "\t".join(
        [*first, values["country"], "", "", "", "", "", values["people"], "", "30", "Africa/Tripoli", "2020"]
    )


def alternate_line(number: int, identity: int, language: str, name: str, *flags: str) -> str:
    """A line of alternateNamesV2: flags are preferred, short, colloquial, historic."""
    return "\t".join([str(number), str(identity), language, name, *(*flags, "", "", "", "", "", "")[:6]])


def written(path: Path, *lines: str) -> Path:
    """A text file of these lines."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
