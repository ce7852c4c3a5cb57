"""What several test modules share: the real gazetteer, a small one, and a reader of articles."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from extract import export_command
from extract.geoparse import Geoparser
from gazetteer import FeatureClass, Gazetteer, Place, Point, load_gazetteer
from gazetteer.index import Segment, build_index
from tests import postgres
from tests.in_browser import browser, reader  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent
GOLD = ROOT / "tests" / "gold"


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    """The gazetteer of all layers, as users have it."""
    return load_gazetteer()


@pytest.fixture(scope="session")
def parser(gazetteer: Gazetteer) -> Geoparser:
    """A reader of articles with the shipped model."""
    return Geoparser(gazetteer)


def make_place(identity: str, name: str, lat: float, lon: float, **fields) -> Place:
    """A place with plausible fields where none are given."""
    values = {
        "name_en": "",
        "feature": FeatureClass.CITY,
        "country": identity.split("-")[0].upper(),
        "radius_km": 5.0,
        "importance": 50.0,
        "source": "test",
    }
    values.update(fields)
    return Place(id=identity, name=name, point=Point(lat, lon), **values)


SMALL = [
    make_place("ly", "ليبيا", 28, 17, name_en="Libya", feature=FeatureClass.COUNTRY, radius_km=700, importance=95),
    make_place("ly-tripoli", "طرابلس", 32.887, 13.187, name_en="Tripoli", importance=90, parents=("ly",)),
    make_place("lb-tripoli", "طرابلس", 34.437, 35.849, name_en="Tripoli", importance=65),
    make_place("ly-gharyan", "غريان", 32.172, 13.02, name_en="Gharyan", aliases=("Gheryan",), parents=("ly",)),
    make_place("ly-bani-walid", "بني وليد", 31.75, 13.99, name_en="Bani Walid", importance=55),
    make_place("ly-jufra", "الجفرة", 29.1, 15.9, feature=FeatureClass.REGION, radius_km=100),
    make_place("ly-jafara", "الجفارة", 32.5, 13.0, feature=FeatureClass.REGION, radius_km=60),
    make_place("lb-tyre", "صور", 33.27, 35.2, name_en="Tyre", importance=60),
    make_place("ly-surman", "صرمان", 32.756, 12.571, name_en="Surman"),
    make_place("ly-abu-salim", "أبو سليم", 32.85, 13.18, feature=FeatureClass.DISTRICT),
]


@pytest.fixture(scope="session")
def small_gazetteer(tmp_path_factory: pytest.TempPathFactory) -> Gazetteer:
    """A gazetteer of the few places in SMALL, with a few everyday words."""
    folder = tmp_path_factory.mktemp("small") / "index"
    words = {"في": 7.5, "صور": 5.5, "مدينه": 5.8}
    build_index(sorted(SMALL, key=lambda p: p.id), words, folder, meta={"fingerprint": "small"})
    return Gazetteer([Segment(folder)])


@pytest.fixture
def small_export(monkeypatch: pytest.MonkeyPatch, small_gazetteer: Gazetteer, caplog: pytest.LogCaptureFixture) -> None:
    """The export command finds regions in the small gazetteer; what it tells is in caplog."""
    monkeypatch.setattr(export_command, "load_gazetteer", lambda: small_gazetteer)
    caplog.set_level("INFO", "extract")


def one_error(caplog: pytest.LogCaptureFixture) -> str:
    """The one error of the log, which is one line."""
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1
    assert len(errors[0].splitlines()) == 1
    return errors[0]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server with PostGIS that runs while the tests do."""
    programs = postgres.find_postgres()
    if programs is None:
        (pytest.fail if postgres.must_run() else pytest.skip)(postgres.ADVICE)
    with postgres.run_server(programs) as server:
        yield server


@pytest.fixture(scope="session")
def postgis(postgres_server: postgres.Server) -> str:
    """The address of a database of that server that has PostGIS."""
    return postgres_server.make_database("with_postgis", "CREATE EXTENSION postgis")
