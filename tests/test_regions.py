"""Regions of places by the gazetteer that can be had: a new index, the one made last, or none."""

import logging

import pytest

from extract.regions import find_regions
from gazetteer import SourceError, load, load_gazetteer
from gazetteer.load import cache_folder, fingerprint, made_gazetteer
from tests.small_world import settle, write_table

REGION = ("ly-tripoli-district", "طرابلس", "Tripoli District")


def test_the_region_is_found_by_the_gazetteer(tmp_path, monkeypatch):
    settle(tmp_path, monkeypatch)
    assert find_regions(["ly-tripoli", "ly-gharyan", "gone"], load_gazetteer) == {"ly-tripoli": REGION}


def test_a_new_state_of_the_tables_is_not_waited_for(tmp_path, monkeypatch):
    settle(tmp_path, monkeypatch)
    load_gazetteer()
    former = fingerprint()
    own = write_table(tmp_path / "own.csv", "ly,ليبيا,,Libya,country,LY,,28,17,700,95,own\n")
    monkeypatch.setattr(load, "own_tables", lambda: [own])
    assert fingerprint() != former
    assert find_regions(["ly-tripoli"], made_gazetteer) == {"ly-tripoli": REGION}
    assert [path.name for path in cache_folder().glob("gazetteer-*")] == [f"gazetteer-{former}"]


def test_without_an_index_there_are_no_regions_and_a_warning(tmp_path, monkeypatch, caplog):
    settle(tmp_path, monkeypatch)
    with pytest.raises(SourceError, match="not made"):
        made_gazetteer()
    with caplog.at_level(logging.WARNING):
        assert find_regions(["ly-tripoli"], made_gazetteer) == {}
    assert "no regions: the gazetteer's index is not made" in caplog.text
