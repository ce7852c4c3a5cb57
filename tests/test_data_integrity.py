"""Every row of every table that ships."""

import csv
from collections import Counter

import pytest

from extract.language import load_language
from extract.word_tables import DATA
from gazetteer import Gazetteer, Point, TableError, normalize_name
from gazetteer.sources.checks import check_tables
from gazetteer.sources.tables import COLUMNS, own_tables, read_table

KINDS = {
    "cues.csv": (
        "type",
        "place_head place_prep place_verb actor_head actor_verb person_title kinship person_verb org_head number_unit",
    ),
    "relations.csv": ("relation", "N S E W NE NW SE SW near outskirts between towards road centre"),
    "heads.csv": ("inside", "yes no both never list"),
    "ambiguous_names.csv": (
        "kind",
        "word verb number weekday_month person family militia operation club media company other",
    ),
}


def rows(name: str) -> list[dict[str, str]]:
    with open(DATA / name, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_place_tables_have_no_errors() -> None:
    errors, _ = check_tables(own_tables())
    assert errors == []


def test_there_are_enough_places() -> None:
    places = [p for path in own_tables() for p in read_table(path)]
    libya = sum(p.country == "LY" for p in places)
    assert libya >= 900
    assert len(places) - libya >= 2500


@pytest.mark.parametrize("code", "LY EG SD TN DZ MA SY LB PS JO IQ YE SA AE QA KW BH OM SO DJ MR".split())
def test_every_arab_country_has_divisions_and_towns(gazetteer: Gazetteer, code: str) -> None:
    features = Counter(gazetteer.feature(r).value for r in range(len(gazetteer)) if gazetteer.country(r) == code)
    assert features["country"] == 1
    assert features["region"] >= 4
    assert features["city"] >= 5


@pytest.mark.parametrize("name", sorted(KINDS))
def test_language_tables_hold_known_kinds_only(name: str) -> None:
    column, known = KINDS[name]
    assert {row[column] for row in rows(name)} <= set(known.split())


@pytest.mark.parametrize("path", sorted(DATA.glob("*.csv")), ids=lambda p: p.name)
def test_language_tables_are_whole_and_without_doubles(path) -> None:
    table = rows(path.name)
    assert table
    first = list(table[0])[0]
    assert all(None not in row and row[first].strip() for row in table)
    assert all(any("\u0600" <= c <= "\u06ff" or c.isalpha() or c in "-./" for c in row[first]) for row in table)
    doubled = [key for key, count in Counter(tuple(row.values()) for row in table).items() if count > 1]
    assert doubled == []


def test_cues_are_phrases_not_sentences() -> None:
    assert max(len(row["cue"].split()) for row in rows("cues.csv")) <= 4
    assert all(any("\u0600" <= c <= "\u06ff" for c in row["cue"]) for row in rows("cues.csv"))


def test_language_loads() -> None:
    language = load_language()
    assert language.relations["جنوب"] == "S"
    assert language.numbers["ثلاثين"] == 30
    assert "place_head" in language.cues_before["مدينه"]


BAD_ROWS = [
    ("x,الاسم,,,city,LY,,95,13,5,50,s", "out of range"),
    ("x,الاسم,,,town,LY,,32,13,5,50,s", "town"),
    ("x,الاسم,,,city,Libya,,32,13,5,50,s", "alpha-2"),
    ("x,,,,city,LY,,32,13,5,50,s", "name and source"),
    ("x,الاسم,,,city,LY,,32,13,5,50,", "name and source"),
    ("X y,الاسم,,,city,LY,,32,13,5,50,s", "bad id"),
    ("x,الاسم,,,city,LY,,32,13,0,50,s", "not between"),
    ("x,الاسم,,,city,LY,,32,13,5,500,s", "not between"),
    ("x,الاسم,,,city,LY,,32", "cells are wanted"),
    ("x,الاسم,,,city,LY,,north,13,5,50,s", "north"),
]


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS)
def test_a_wrong_row_is_named_with_file_and_line(tmp_path, row: str, reason: str) -> None:
    (tmp_path / "mine.csv").write_text(",".join(COLUMNS) + "\n" + row + "\n", encoding="utf-8")
    with pytest.raises(TableError, match=reason) as caught:
        list(read_table(tmp_path / "mine.csv"))
    assert "mine.csv, line 2" in str(caught.value)


def test_check_finds_missing_parents_and_double_ids(tmp_path) -> None:
    lines = [",".join(COLUMNS), "ly,ليبيا,,,country,LY,,28,17,700,95,s", "ly-a,الف,,,city,LY,ly-none,32,13,5,50,s"]
    (tmp_path / "a.csv").write_text("\n".join([*lines, lines[1]]), encoding="utf-8")
    errors, _ = check_tables([tmp_path / "a.csv"])
    assert any("ly-none" in e for e in errors)
    assert any("id ly is in" in e for e in errors)


# Where places must lie, whoever writes the tables: checked against well-known positions.
WELL_KNOWN = [
    ("طرابلس", "LY", 32.887, 13.187, 15),
    ("بنغازي", "LY", 32.117, 20.067, 15),
    ("القاهرة", "EG", 30.044, 31.236, 20),
    ("الخرطوم", "SD", 15.55, 32.53, 20),
    ("دمشق", "SY", 33.513, 36.292, 15),
    ("حلب", "SY", 36.2, 37.16, 15),
    ("بغداد", "IQ", 33.315, 44.366, 20),
    ("صنعاء", "YE", 15.35, 44.2, 15),
    ("غزة", "PS", 31.5, 34.47, 10),
    ("بيروت", "LB", 33.89, 35.5, 10),
    ("تونس", "TN", 36.8, 10.18, 15),
    ("الجزائر", "DZ", 36.75, 3.06, 15),
    ("الرباط", "MA", 34.02, -6.84, 15),
    ("واشنطن", "US", 38.9, -77.04, 20),
    ("موسكو", "RU", 55.75, 37.62, 25),
    ("أنقرة", "TR", 39.93, 32.86, 20),
]


@pytest.mark.parametrize(("name", "country", "lat", "lon", "within_km"), WELL_KNOWN)
def test_well_known_places_lie_where_they_are(
    gazetteer: Gazetteer, name: str, country: str, lat: float, lon: float, within_km: float
) -> None:
    found = [gazetteer.place(row) for row, _ in gazetteer.rows(normalize_name(name))]
    near = [p.point.distance_km(Point(lat, lon)) for p in found if p.country == country]
    assert min(near) <= within_km
