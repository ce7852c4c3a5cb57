"""Layers over each other: which place stays, which names it takes over, what becomes of parents; the user's own tables."""

import logging
import os
from pathlib import Path

import pytest

from gazetteer import FeatureClass, TableError, find_candidates, load_gazetteer
from gazetteer.load import fingerprint
from gazetteer.sources.layers import merge_layers, resembles, with_parent_chains
from tests.conftest import make_place
from tests.small_world import settle, write_table


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return settle(tmp_path, monkeypatch)


def names_of(place_id: str) -> tuple[str, ...]:
    gazetteer = load_gazetteer()
    return gazetteer.place(gazetteer.row_of(place_id)).names


RESEMBLES = [
    ("بنغازى", ["بنغازي"], True),
    ("تاجورا", ["تاجوراء"], True),
    ("وان", ["مدينة وان"], True),
    ("Al-Quds", ["القدس"], True),
    ("يبوس", ["القدس", "Jerusalem"], False),
    ("اريئيل", ["القدس", "بيت المقدس"], False),
    ("البلا", ["القدس", "بيت المقدس"], False),
]


@pytest.mark.parametrize(("name", "known", "expected"), RESEMBLES)
def test_resembles(name: str, known: list[str], expected: bool) -> None:
    assert resembles(name, known) is expected


def test_a_packaged_town_gives_only_names_like_those_the_row_has() -> None:
    own = make_place("ps-jerusalem", "القدس", 31.778, 35.223, name_en="Jerusalem", aliases=("بيت المقدس",))
    town = make_place(
        "geonames:281184", "القدس", 31.769, 35.216, aliases=("اريئيل", "البلا", "يبوس", "الْقُدْس", "Al Quds")
    )
    (merged,) = merge_layers([[town], [own]]).values()
    assert merged.id == "ps-jerusalem"
    assert merged.point == own.point
    assert set(merged.names) == {"القدس", "بيت المقدس", "Jerusalem", "الْقُدْس", "Al Quds"}


def test_the_names_of_an_overridden_row_of_ours_all_stay() -> None:
    town = make_place("geonames:1", "مصراتة", 32.37, 15.09)
    own = make_place("ly-misrata", "مصراتة", 32.37, 15.09, aliases=("ذات الرمال",))
    user = make_place("my-misrata", "مصراتة", 32.38, 15.1)
    merged = merge_layers([[town], [own], [user]])
    assert list(merged) == ["my-misrata"]
    assert "ذات الرمال" in merged["my-misrata"].aliases


def test_namesakes_far_apart_or_of_another_kind_stay_two() -> None:
    far = make_place("ye-bayda", "البيضاء", 13.98, 45.57)
    near = make_place("ly-bayda", "البيضاء", 32.76, 21.75)
    airport = make_place("ly-bayda-airport", "البيضاء", 32.78, 21.75, feature=FeatureClass.AIRPORT)
    assert set(merge_layers([[far, airport], [near]])) == {"ye-bayda", "ly-bayda", "ly-bayda-airport"}


def test_places_within_an_overridden_place_lie_within_the_one_that_took_over() -> None:
    own = [make_place("ly-gharyan", "غريان", 32.17, 13.02), make_place("ly-x", "حي", 32.1, 13, parents=("ly-gharyan",))]
    merged = with_parent_chains(merge_layers([[], own, [make_place("my-gharyan", "غريان", 32.18, 13.03)]]))
    assert {p.id: p.parents for p in merged}["ly-x"] == ("my-gharyan",)


@pytest.mark.parametrize("parents", [("ly-none",), ("ly-a",)])
def test_a_missing_parent_and_a_circle_are_errors(parents: tuple[str, ...]) -> None:
    places = {"ly-a": make_place("ly-a", "الف", 32, 13, parents=parents)}
    with pytest.raises(TableError, match="ly-a: "):
        with_parent_chains(places)


def test_load_puts_all_layers_together(data: Path) -> None:
    assert "تاجوراء" in names_of("geonames:1")
    names = names_of("ly-gharyan")
    assert {"غريانة", "Garian"} <= set(names)
    assert "يبوس" not in names
    gazetteer = load_gazetteer()
    assert gazetteer.row_of("geonames:2") is None
    hospital = gazetteer.place(gazetteer.row_of("ly-gharyan-hospital"))
    assert hospital.parents == ("ly-gharyan", "ly")
    assert gazetteer.zipf("في") == 7.5


def test_a_table_of_the_users_overrides_by_id(data: Path) -> None:
    load_gazetteer()
    write_table(data / "gazetteer" / "mine.csv", "ly-gharyan,غريان الجبل,,,city,LY,ly,32.2,13.1,9,77,me\n")
    gazetteer = load_gazetteer()
    place = gazetteer.place(gazetteer.row_of("ly-gharyan"))
    assert (place.name, place.point.lat, place.importance, place.source) == ("غريان الجبل", 32.2, 77, "me")
    assert "غريان" in place.aliases
    assert [c.place.id for c in find_candidates(gazetteer, "غريان")][0] == "ly-gharyan"


def test_a_table_of_the_users_overrides_by_name_and_distance(data: Path) -> None:
    write_table(data / "gazetteer" / "mine.csv", "my-gharyan,غريان,قريان,,city,LY,ly,32.18,13.03,9,77,me\n")
    gazetteer = load_gazetteer()
    assert gazetteer.row_of("ly-gharyan") is None
    assert gazetteer.place(gazetteer.row_of("ly-gharyan-hospital")).parents == ("my-gharyan", "ly")
    assert [c.place.id for c in find_candidates(gazetteer, "قريان")] == ["my-gharyan"]


def test_the_later_of_two_user_tables_wins_and_taking_it_away_undoes_it(data: Path) -> None:
    for name, importance in (("a.csv", 11), ("b.csv", 22)):
        write_table(data / "gazetteer" / name, f"ly-gharyan,غريان,,,city,LY,ly,32.2,13.1,9,{importance},me\n")
    gazetteer = load_gazetteer()
    assert gazetteer.place(gazetteer.row_of("ly-gharyan")).importance == 22
    for name in ("a.csv", "b.csv"):
        (data / "gazetteer" / name).unlink()
    gazetteer = load_gazetteer()
    assert gazetteer.place(gazetteer.row_of("ly-gharyan")).importance == 50


BAD_TABLES = {"header": b"id,name\nx,y\n", "UTF-8": "الاسم".encode("cp1256"), "header must be": b""}


@pytest.mark.parametrize("reason", BAD_TABLES)
def test_a_bad_user_table_is_one_clear_error(data: Path, reason: str) -> None:
    (data / "gazetteer").mkdir(parents=True)
    (data / "gazetteer" / "mine.csv").write_bytes(BAD_TABLES[reason])
    with pytest.raises(TableError, match=f"mine.csv.*{reason}"):
        load_gazetteer()


def test_a_control_character_in_a_user_table_is_refused(data: Path) -> None:
    write_table(data / "gazetteer" / "mine.csv", "my-a,ال\x1fف,,,city,LY,ly,32.2,13.1,9,7,me\n")
    with pytest.raises(TableError, match="mine.csv, line 2: a control character"):
        load_gazetteer()


def test_rebuild_makes_the_index_anew(data: Path) -> None:
    folder = load_gazetteer().segments[0].folder
    mark = folder / "mark"
    mark.touch()
    assert load_gazetteer().segments[0].folder == folder
    assert mark.exists()
    load_gazetteer(rebuild=True)
    assert not mark.exists()


def test_a_damaged_index_is_made_anew(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = load_gazetteer().segments[0].folder
    (folder / "lat.npy").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        assert len(load_gazetteer()) > 5
    assert "made anew" in caplog.text


def test_old_indexes_and_leftovers_do_not_pile_up(data: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    left = cache / ".gazetteer-killed"
    left.mkdir(parents=True)
    os.utime(left, (1, 1))
    for importance in range(6):
        write_table(data / "gazetteer" / "a.csv", f"my-a,الف,,,city,LY,ly,32.2,13.1,9,{importance},me\n")
        folder = load_gazetteer().segments[0].folder
        os.utime(folder, (importance + 1, importance + 1))
    kept = {path.name for path in cache.iterdir()}
    assert not left.exists()
    assert len(kept) <= 4
    assert f"gazetteer-{fingerprint()}" in kept
