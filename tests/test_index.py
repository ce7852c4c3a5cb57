import json
import random

import numpy as np
import pytest

from gazetteer import Gazetteer, Point, SourceError
from gazetteer.index import Segment, allowed_edits, build_index
from tests.conftest import SMALL, make_place


def test_a_place_comes_back_whole(small_gazetteer: Gazetteer) -> None:
    for place in SMALL:
        row = small_gazetteer.row_of(place.id)
        assert row is not None
        assert small_gazetteer.place(row) == place


def test_rows_of_a_shared_name_are_all_its_places(small_gazetteer: Gazetteer) -> None:
    ids = {small_gazetteer.place(row).id for row, _ in small_gazetteer.rows("طرابلس")}
    assert ids == {"ly-tripoli", "lb-tripoli"}


def test_unknown_names_and_ids_are_not_found(small_gazetteer: Gazetteer) -> None:
    assert small_gazetteer.rows("باريس") == []
    assert "باريس" not in small_gazetteer
    assert small_gazetteer.row_of("fr-paris") is None


def test_begins_name_only_for_the_first_words(small_gazetteer: Gazetteer) -> None:
    assert small_gazetteer.begins_name("بني")
    assert not small_gazetteer.begins_name("بني وليد")
    assert not small_gazetteer.begins_name("غريان")


def test_near_keys_find_one_wrong_letter(small_gazetteer: Gazetteer) -> None:
    assert "غريان" in small_gazetteer.near_keys("غريلن")
    assert "طرابلس" in small_gazetteer.near_keys("طرابلص")
    assert small_gazetteer.near_keys("سور") == []


@pytest.mark.parametrize(("key", "edits"), [("صور", 0), ("غريان", 1), ("بورتسودان", 2), ("ا" * 40, 0)])
def test_allowed_edits_grow_with_length(key: str, edits: int) -> None:
    assert allowed_edits(key) == edits


def test_nearest_is_sorted_and_within_reach(small_gazetteer: Gazetteer) -> None:
    found = small_gazetteer.nearest(Point(32.8, 13.1), within_km=100)
    assert [small_gazetteer.place(row).id for _, row in found][:2] == ["ly-abu-salim", "ly-tripoli"]
    assert all(km <= 100 for km, _ in found)
    assert [km for km, _ in found] == sorted(km for km, _ in found)


@pytest.mark.parametrize("within_km", [50, 800, 4000])
@pytest.mark.parametrize("at", [(32, 13), (0, 0), (79, 20), (89, -170), (-88, 5), (10, 179.5), (10, -179), (60, 89)])
def test_nearest_misses_nothing(scattered: Gazetteer, at: tuple[float, float], within_km: float) -> None:
    point = Point(*at)
    every = [(scattered.place(row).point.distance_km(point), row) for row in range(len(scattered))]
    expected = [row for km, row in sorted(every) if km <= within_km]
    assert [row for _, row in scattered.nearest(point, limit=2000, within_km=within_km)] == expected


@pytest.fixture(scope="module")
def scattered(tmp_path_factory) -> Gazetteer:
    """Two thousand places all over the world, more of them near poles than there are."""
    chance = random.Random(5)
    points = [(chance.uniform(-90, 90), chance.uniform(-180, 180)) for _ in range(2000)]
    places = [make_place(f"xx-{i}", f"مكان {i}", lat, lon) for i, (lat, lon) in enumerate(points)]
    folder = tmp_path_factory.mktemp("scattered") / "i"
    build_index(places, {}, folder)
    return Gazetteer([Segment(folder)])


def test_country_of_a_place_at_sea_is_none(tmp_path) -> None:
    build_index([make_place("xx-sea", "البحر المتوسط", 35.5, 18, country=None)], {}, tmp_path / "i")
    gazetteer = Gazetteer([Segment(tmp_path / "i")])
    assert gazetteer.country(0) is None
    assert gazetteer.place(0).country is None


def test_segments_are_one_gazetteer(small_gazetteer: Gazetteer, tmp_path) -> None:
    build_index([make_place("sd-nyala", "نيالا", 12.05, 24.88)], {}, tmp_path / "more")
    both = Gazetteer([*small_gazetteer.segments, Segment(tmp_path / "more")])
    row = both.row_of("sd-nyala")
    assert row == len(SMALL)
    assert both.place(row).name == "نيالا"
    assert both.rows("نيالا") == [(row, 0)]
    assert both.place(both.rows("غريان")[0][0]).id == "ly-gharyan"
    assert "نيالا" in both.near_keys("نيالل")


def test_an_index_of_another_version_is_refused(tmp_path) -> None:
    build_index(SMALL, {}, tmp_path / "i")
    meta = json.loads((tmp_path / "i" / "meta.json").read_text())
    (tmp_path / "i" / "meta.json").write_text(json.dumps({**meta, "format": 0}))
    with pytest.raises(SourceError, match="another version"):
        Segment(tmp_path / "i")


def test_a_damaged_index_is_refused(tmp_path) -> None:
    build_index(SMALL, {}, tmp_path / "i")
    (tmp_path / "i" / "lat.npy").write_bytes(b"")
    with pytest.raises(SourceError, match="delete the folder"):
        Segment(tmp_path / "i")


def test_building_twice_gives_the_same_arrays(tmp_path) -> None:
    for name in ("one", "two"):
        build_index(SMALL, {"في": 7.5}, tmp_path / name)
    for path in sorted((tmp_path / "one").glob("*.npy")):
        assert np.array_equal(np.load(path), np.load(tmp_path / "two" / path.name)), path.name
