"""Every kind of file users bring: what is kept, merged and refused, and what a failure leaves behind."""

import csv
import gzip
import io
import json
import logging
import shutil
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gazetteer import FeatureClass, Gazetteer, Place, Point, SourceError, find_candidates, load_gazetteer
from gazetteer import import_store as store
from gazetteer.import_store import Report, import_folders
from gazetteer.importing import import_file, read_file
from gazetteer.index import BARE
from gazetteer.load import imports_folder
from gazetteer.sources import files, geojson
from gazetteer.sources.rows import Refused, RowError, check_place
from gazetteer.sources.tables import COLUMNS
from tests.conftest import make_place
from tests.small_world import alternate_line, dump_line, settle, write_table, written


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return settle(tmp_path, monkeypatch)


def do_import(path: Path, **options: Any) -> Report:
    return import_file(path, load_gazetteer(), **options)


def found(name: str) -> list[str]:
    return [c.place.id for c in find_candidates(load_gazetteer(), name)]


def split(path: Path, **options: Any) -> tuple[dict[str, Place], list[Refused]]:
    """Places by id and refused rows of a file."""
    rows = list(read_file(path, **options))
    places = [row for row in rows if isinstance(row, Place)]
    assert len({p.id for p in places}) == len(places)
    return {p.id: p for p in places}, [row for row in rows if isinstance(row, Refused)]


def folders() -> list[str]:
    """All that lies among the imports, what is hidden too."""
    return sorted(path.name for path in imports_folder().iterdir()) if imports_folder().exists() else []


# GeoNames


def zipped(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


DUMP = (dump_line(10, alternates="القره بوللي,Garabulli,قره‌بوللی"), dump_line(11, "Wādī Kaʻām", letter="H", code="WAD"))


def test_a_geonames_dump_as_text(tmp_path: Path) -> None:
    places, refused = split(written(tmp_path / "LY.txt", *DUMP))
    assert refused == []
    town = places["geonames:10"]
    assert (town.name, town.name_en, town.country, town.feature) == (
        "القره بوللي",
        "Qarabulli",
        "LY",
        FeatureClass.CITY,
    )
    assert town.point == Point(32.75, 13.72)
    assert town.source == "geonames:10"
    assert "قره‌بوللی" not in town.names, "Persian"
    assert places["geonames:11"].feature is FeatureClass.WATER


@pytest.mark.parametrize("beside", ["readme.txt", "__MACOSX/._LY.txt", "iso-languagecodes.txt"])
def test_a_geonames_dump_as_zip(tmp_path: Path, beside: str) -> None:
    places, _ = split(zipped(tmp_path / "LY.zip", {"LY.txt": "\n".join(DUMP), beside: "read me"}))
    assert set(places) == {"geonames:10", "geonames:11"}


@pytest.mark.parametrize("name", ["alternateNamesV2.zip", "LY-names.txt"])
def test_alternate_names_give_arabic_ones_preferred_first_historic_last(tmp_path: Path, name: str) -> None:
    lines = [
        alternate_line(1, 10, "ar", "القرة بولي القديمة", "", "", "", "1"),
        alternate_line(2, 10, "ar", "القربولي"),
        alternate_line(3, 10, "ar", "القره بوللي", "1"),
        alternate_line(4, 10, "fa", "قره بولی"),
        alternate_line(5, 10, "en", "Castelverde"),
        alternate_line(6, 11, "ar", "وادي كعام"),
    ]
    table = tmp_path / name
    if table.suffix == ".zip":
        zipped(table, {"alternateNamesV2.txt": "\n".join(lines), "iso-languagecodes.txt": "ISO 639-3\n"})
    else:
        written(table, *lines)
    dump = written(tmp_path / "LY.txt", dump_line(10), DUMP[1])
    places, _ = split(dump, alternate=table)
    assert places["geonames:10"].names == ("القره بوللي", "القربولي", "القرة بولي القديمة", "Qarabulli")
    assert places["geonames:11"].name == "وادي كعام"


KINDS = [
    ("P", "PPLX", FeatureClass.DISTRICT),
    ("A", "PCLI", FeatureClass.COUNTRY),
    ("A", "ADM2", FeatureClass.REGION),
    ("S", "AIRP", FeatureClass.AIRPORT),
    ("T", "DSRT", FeatureClass.DESERT),
    ("R", "RD", FeatureClass.ROAD),
    ("S", "HSP", FeatureClass.FACILITY),
]


@pytest.mark.parametrize(("letter", "code", "feature"), KINDS)
def test_feature_codes(tmp_path: Path, letter: str, code: str, feature: FeatureClass) -> None:
    places, _ = split(written(tmp_path / "LY.txt", dump_line(10, letter=letter, code=code)))
    assert places["geonames:10"].feature is feature


BAD_LINES = [
    ("10\tname\tonly", "3 columns instead of 19"),
    (dump_line(20, lat="95"), "position '95', '13.72' is none on Earth"),
    (dump_line(20, lon="east"), "position '32.75', 'east' is none on Earth"),
    (dump_line(20, lat="nan"), "is none on Earth"),
    (dump_line(20, lat=""), "no position"),
    (dump_line("x2"), "id 'x2' is no number"),
    (dump_line(20, letter="?", code=""), "feature class '?' is unknown"),
]


@pytest.mark.parametrize(("line", "reason"), BAD_LINES, ids=[reason for _, reason in BAD_LINES])
def test_a_bad_line_of_a_dump_is_refused_with_number_and_reason(tmp_path: Path, line: str, reason: str) -> None:
    places, refused = split(written(tmp_path / "LY.txt", dump_line(10), line, dump_line(30)))
    assert set(places) == {"geonames:10", "geonames:30"}
    assert [row.row for row in refused] == [2]
    assert reason in refused[0].reason


def test_an_unknown_number_of_people_or_country_does_not_cost_the_place(tmp_path: Path) -> None:
    places, _ = split(written(tmp_path / "LY.txt", dump_line(10, people="many", country="Libya")))
    assert places["geonames:10"].country is None


UNFIT = [
    (dump_line(20, "\u00b7\u00b7"), "has no letters"),
    (dump_line(20, "", ascii=""), "no name"),
    (dump_line(20, "Bad\x00name"), "a control character"),
    (dump_line(20, "x" * 300), "too long"),
    (dump_line(10), "an id that came before"),
]


@pytest.mark.parametrize(("line", "reason"), UNFIT, ids=[reason for _, reason in UNFIT])
def test_an_unfit_place_is_refused_and_reported(tmp_path: Path, line: str, reason: str) -> None:
    report = do_import(written(tmp_path / "LY.txt", dump_line(10), line))
    assert (report.kept, report.refused.total()) == (1, 1)
    assert reason in next(iter(report.refused))
    assert report.samples[next(iter(report.refused))] == [2]


def test_bytes_that_are_not_utf8_cost_their_line_only(tmp_path: Path) -> None:
    path = tmp_path / "LY.txt"
    path.write_bytes(f"{dump_line(10)}\n".encode() + dump_line(20, "غريان").encode("cp1256") + b"\n")
    report = do_import(path)
    assert report.kept == 1
    assert "is not UTF-8" in next(iter(report.refused))


def test_a_line_without_end_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "LY.txt", dump_line(10), "x" * (3 * files.LONGEST_LINE + 7), dump_line(30))
    places, refused = split(path)
    assert set(places) == {"geonames:10", "geonames:30"}
    assert refused == [Refused(2, "a line without end")]


# Who's On First and OpenStreetMap


def feature(properties: dict[str, Any], geometry: Any = (13.0, 32.0), **more: Any) -> dict[str, Any]:
    if isinstance(geometry, tuple):
        geometry = {"type": "Point", "coordinates": list(geometry)}
    return {"type": "Feature", "properties": properties, "geometry": geometry, **more}


def wof(identity: int, **properties: Any) -> dict[str, Any]:
    return feature(
        {
            "wof:id": identity,
            "wof:name": "Qarabulli",
            "wof:placetype": "locality",
            "wof:country": "LY",
            "name:ara_x_preferred": ["القره بوللي"],
            "name:ara_x_variant": ["القربولي"],
            "lbl:latitude": 32.75,
            "lbl:longitude": 13.72,
            **{key.replace("__", ":"): value for key, value in properties.items()},
        }
    )


def as_json(path: Path, data: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


def wof_archive(path: Path, members: dict[str, str]) -> Path:
    if path.suffix == ".zip":
        return zipped(path, dict(members))
    if path.suffix == "":
        for name, content in members.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(content, encoding="utf-8")
        return path
    with tarfile.open(path, "w:bz2") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content.encode())
            archive.addfile(info, io.BytesIO(content.encode()))
    return path


def test_a_single_record_of_whos_on_first(tmp_path: Path) -> None:
    places, refused = split(as_json(tmp_path / "421.geojson", wof(421)))
    assert refused == []
    place = places["wof:421"]
    assert place.names == ("القره بوللي", "القربولي", "Qarabulli")
    assert (place.country, place.feature, place.point) == ("LY", FeatureClass.CITY, Point(32.75, 13.72))


def test_a_feature_collection_of_whos_on_first(tmp_path: Path) -> None:
    records = [wof(1), wof(2, wof__placetype="neighbourhood"), wof(3, wof__placetype="postalcode"), {"bad": 1}, None]
    places, refused = split(as_json(tmp_path / "w.geojson", {"type": "FeatureCollection", "features": records}))
    assert {i: p.feature.value for i, p in places.items()} == {"wof:1": "city", "wof:2": "district"}
    assert [(row.row, row.reason) for row in refused] == [
        (3, "placetype 'postalcode' is no place"),
        (4, "no position"),
        (5, "a feature of another form"),
    ]


@pytest.mark.parametrize("name", ["bundle", "bundle.zip", "bundle.tar.bz2"])
def test_a_bundle_of_whos_on_first(tmp_path: Path, name: str) -> None:
    members = {f"data/1/{i}/{i}.geojson": json.dumps(wof(i)) for i in (1, 2)}
    members |= {"data/1/3/3.geojson": "{not json", "data/1/4/4.geojson": "[1]", "LICENSE.md": "text"}
    places, refused = split(wof_archive(tmp_path / name, members))
    assert set(places) == {"wof:1", "wof:2"}
    assert len(refused) == 2
    assert all("3.geojson" in r.reason or "4.geojson" in r.reason for r in refused)


@pytest.mark.parametrize("name", ["bundle.zip", "bundle.tar.bz2"])
@pytest.mark.parametrize(
    "hostile", ["../../evil.geojson", "/etc/evil.geojson", "a/../../evil.geojson", "c:\\evil.geojson"]
)
def test_a_path_that_leads_out_of_an_archive_is_refused(tmp_path: Path, name: str, hostile: str) -> None:
    archive = wof_archive(tmp_path / name, {"1.geojson": json.dumps(wof(1)), hostile: json.dumps(wof(2))})
    places, refused = split(archive)
    assert set(places) == {"wof:1"}
    assert ["a path that leads out of the archive" in row.reason for row in refused] == [True]
    assert not list(tmp_path.rglob("evil*"))


GONE = [
    ({"edtf__deprecated": "2019-01-01"}, "no more"),
    ({"wof__superseded_by": [7]}, "no more"),
    ({"src__alt_label": "quattroshapes"}, "another outline"),
    ({"lbl__latitude": 95}, "none on Earth"),
]


@pytest.mark.parametrize(("properties", "reason"), GONE)
def test_records_that_are_no_place_now_are_refused(tmp_path: Path, properties: dict[str, Any], reason: str) -> None:
    _, refused = split(as_json(tmp_path / "1.geojson", wof(1, **properties)))
    assert [reason in row.reason for row in refused] == [True]


def test_a_record_without_a_point_lies_in_the_middle_of_its_outline(tmp_path: Path) -> None:
    record = wof(1, lbl__latitude=None)
    record["geometry"] = {"type": "Polygon", "coordinates": [[[13, 32], [15, 32], [15, 34], [13, 34], [13, 32]]]}
    places, _ = split(as_json(tmp_path / "1.geojson", record))
    assert places["wof:1"].point == Point(33, 14)


def test_a_table_of_whos_on_first(tmp_path: Path) -> None:
    lines = [
        "id,name,placetype,geom_latitude,geom_longitude,iso_country,wof_country,deprecated,is_current,superseded_by",
        "421,Qarabulli,locality,32.75,13.72,LY,LY,,1,",
        "422,Suq,neighbourhood,32.9,13.2,LY,LY,,-1,",
        "423,Old,locality,32.9,13.2,LY,LY,,0,",
        "424,Older,locality,32.9,13.2,LY,LY,2018-01-01,,",
    ]
    places, refused = split(written(tmp_path / "wof-latest.csv", *lines))
    assert {i: p.feature.value for i, p in places.items()} == {"wof:421": "city", "wof:422": "district"}
    assert [row.reason for row in refused] == ["a place that is no more"] * 2


SQUARE = {"type": "Polygon", "coordinates": [[[13, 32], [14, 32], [14, 33], [13, 33], [13, 32]]]}
OSM = [
    (feature({"@id": "node/5", "place": "town", "name": "القلعة", "name:en": "Al Qalaa"}), "osm:node-5", "city"),
    (feature({"place": "suburb", "name:ar": "الحي"}, id="way/6"), "osm:way-6", "district"),
    (feature({"osm_id": "7", "other_tags": '"aeroway"=>"aerodrome","name:ar"=>"مطار"'}), "osm:7", "airport"),
    (feature({"tags": {"natural": "peak", "name": "جبل"}, "id": 8}), "osm:8", "mountain"),
    (feature({"amenity": "hospital", "name": "المستشفى"}, SQUARE, id="relation/9"), "osm:relation-9", "facility"),
    (feature({"boundary": "administrative", "admin_level": "2", "name": "ليبيا"}, SQUARE, id=1), "osm:1", "country"),
    (feature({"boundary": "administrative", "admin_level": "4", "name": "غات"}, SQUARE, id=2), "osm:2", "region"),
    (feature({"place": "village", "harbour": "yes", "name": "المرسى"}, id=3), "osm:3", "city"),
    (feature({"waterway": "dam", "name": "السد"}, id=4), "osm:4", "facility"),
    (feature({"place": "village", "name": "بلا رقم"}), "x:1", "city"),
]


@pytest.mark.parametrize(("record", "identity", "kind"), OSM)
def test_osm_features(tmp_path: Path, record: dict[str, Any], identity: str, kind: str) -> None:
    places, refused = split(as_json(tmp_path / "x.geojson", {"type": "FeatureCollection", "features": [record]}))
    assert refused == []
    assert {i: p.feature.value for i, p in places.items()} == {identity: kind}


def test_osm_names_and_areas(tmp_path: Path) -> None:
    tags = {
        "name": "Zuwarah",
        "name:ar": "زوارة",
        "alt_name:ar": "زواره; زوارة البحر",
        "name:en": "Zuwarah",
        "place": "town",
    }
    parts = {"type": "GeometryCollection", "geometries": [SQUARE, {"type": "Point", "coordinates": [15, 32]}]}
    places, _ = split(as_json(tmp_path / "x.geojson", feature(tags, parts, id="way/6")))
    place = places["osm:way-6"]
    assert place.names == ("زوارة", "زواره", "زوارة البحر", "Zuwarah")
    assert place.point == Point(32.5, 14)


NO_OSM = [
    (feature({"place": "town"}, id=1), "no name"),
    (feature({"place": "town", "name": "الف"}, {"type": "Polygon", "coordinates": []}, id=1), "no position"),
    (feature({"place": "town", "name": "الف"}, None, id=1), "no position"),
    (feature({"place": "town", "name": "الف"}, (13.0, 132.0), id=1), "none on Earth"),
    (feature({"place": "town", "name": 5}, id=1), "no name"),
    (feature([], id=1), "no name"),
    ("text", "another form"),
]


@pytest.mark.parametrize(("record", "reason"), NO_OSM)
def test_osm_features_that_are_refused(tmp_path: Path, record: Any, reason: str) -> None:
    places, refused = split(as_json(tmp_path / "x.geojson", {"type": "FeatureCollection", "features": [record]}))
    assert places == {}
    assert [reason in row.reason for row in refused] == [True]


def test_one_feature_a_line(tmp_path: Path) -> None:
    lines = ["\x1e" + json.dumps(wof(1)), "", "{broken", json.dumps(wof(2))]
    places, refused = split(written(tmp_path / "x.geojsonl", *lines))
    assert set(places) == {"wof:1", "wof:2"}
    assert [(row.row, "is not JSON" in row.reason) for row in refused] == [(2, True)]


def test_a_large_collection_is_read_feature_by_feature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = as_json(tmp_path / "x.geojson", {"type": "FeatureCollection", "features": [wof(i) for i in range(50)]})
    monkeypatch.setattr(geojson, "_AT_ONCE", 700)
    places, refused = split(path)
    assert (len(places), refused) == (50, [])
    path.write_text(path.read_text(encoding="utf-8")[:-300], encoding="utf-8")
    with pytest.raises(SourceError, match="x.geojson: not JSON, or cut off"):
        split(path)


# Any table with name, lat and lon


TABLES = [
    ("name,lat,lon", "القلعة,32.1,13.1"),
    ("Name;Latitude;Longitude", "القلعة;32,1;13,1"),
    ("NAME\tY\tX", "القلعة\t32.1\t13.1"),
    ("اسم المكان،".strip("،") + ",خط العرض,خط الطول", "القلعة,٣٢٫١,١٣٫١"),
    ("الإسم;خط الطول;خط العرض".replace("الإسم", "الاسم"), "القلعة;13.1;32.1"),
    ('"name_ar","lat","lon"', '"القلعة","32.1","13.1"'),
]


@pytest.mark.parametrize(("header", "row"), TABLES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_with_guessed_columns(tmp_path: Path, header: str, row: str, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{header}\r\n{row}\r\n\r\n", encoding=encoding)
    places, refused = split(path)
    assert refused == []
    assert [(p.id, p.name, p.point) for p in places.values()] == [("t:1", "القلعة", Point(32.1, 13.1))]


def test_a_table_with_all_columns(tmp_path: Path) -> None:
    header = "pcode,name,name_ar,aliases,type,country,population,importance,radius_km,lat,lon,remark"
    row = 'LY01,Qalaa,القلعة,"القلعه|قلعة, Kalaa",مخيم,ly,"1,200",40,3,32.1,13.1,x'
    place = split(written(tmp_path / "my table.csv", header, row))[0]["my-table:LY01"]
    assert place.names == ("القلعة", "Qalaa", "القلعه", "قلعة", "Kalaa")
    assert (place.feature, place.country) == (FeatureClass.FACILITY, "LY")
    assert (place.importance, place.radius_km) == (40, 3)


def test_a_table_in_a_zip(tmp_path: Path) -> None:
    places, _ = split(zipped(tmp_path / "t.zip", {"dir/places.csv": "name,lat,lon\nالقلعة,32.1,13.1\n"}))
    assert [p.name for p in places.values()] == ["القلعة"]


BAD_CELLS = [
    ("القلعة,,13.1,,", "no position"),
    ("القلعة,x,13.1,,", "position 'x', '13.1' is none on Earth"),
    ("القلعة,132,13.1,,", "none on Earth"),
    (",32.1,13.1,,", "no name"),
    ("القلعة,32.1,13.1,500,", "importance '500' is not between"),
    ("القلعة,32.1,13.1,nan,", "importance 'nan' is not between"),
    ("القلعة,32.1,13.1,,-3", "radius_km '-3' is not between"),
    ("القلعة,32.1,13.1,,big", "radius_km 'big' is no number"),
    ("القلعة,32.1,13.1,,,,more", "7 cells instead of 5"),
]


@pytest.mark.parametrize(("row", "reason"), BAD_CELLS)
def test_bad_cells_are_refused(tmp_path: Path, row: str, reason: str) -> None:
    path = written(tmp_path / "t.csv", "name,lat,lon,importance,radius_km", "الف,32,13,,", row, "باء,32,13,,")
    places, refused = split(path)
    assert [p.name for p in places.values()] == ["الف", "باء"]
    assert [(r.row, reason in r.reason) for r in refused] == [(2, True)]


def test_a_quote_that_never_ends_and_a_huge_line_are_refused(tmp_path: Path) -> None:
    good = "الف,32,13"
    path = written(
        tmp_path / "t.csv", "name,lat,lon", good, "y" * (files.LONGEST_LINE + 5), good, '"' + "z\n" * 140_000
    )
    places, refused = split(path)
    assert len(places) == 2
    assert refused[0] == Refused(2, "a line without end")
    assert "no CSV" in refused[1].reason


def test_our_own_form_keeps_ids_and_parents_and_refuses_row_by_row(tmp_path: Path, data: Path) -> None:
    rows = [
        "ly-qalaa,القلعة,القلعه,Al Qalaa,district,LY,ly-gharyan,32.2,13.0,3,20,me",
        "LY BAD,الف,,,city,LY,,32,13,5,50,me",
        "ly-b,باء,,,town,LY,,32,13,5,50,me",
        "ly-c,جيم,,,city,LY,,32,13,5,50",
    ]
    report = do_import(write_table(tmp_path / "mine.csv", "\n".join(rows) + "\n"))
    assert (report.kept, report.refused.total()) == (1, 3)
    assert "bad id …" in report.refused
    gazetteer = load_gazetteer()
    place = gazetteer.place(gazetteer.row_of("ly-qalaa"))
    assert place.parents == ("ly-gharyan", "ly")
    assert (place.radius_km, place.source) == (3, "me")


# What becomes of an import


def test_an_import_is_found_by_the_next_load(tmp_path: Path) -> None:
    path = written(tmp_path / "LY.txt", *DUMP)
    before = load_gazetteer().meta["fingerprint"]
    assert found("القره بوللي") == []
    report = do_import(path)
    assert (report.kept, report.merged, report.refused.total()) == (2, 0, 0)
    assert found("القره بوللي") == ["geonames:10"]
    assert found("القره بولي") == ["geonames:10"], "typos too"
    gazetteer = load_gazetteer()
    place = gazetteer.place(gazetteer.row_of("geonames:10"))
    assert place.parents == ("ly",)
    assert gazetteer.meta["fingerprint"] != before, "articles must be read again"
    assert load_gazetteer().meta["fingerprint"] == gazetteer.meta["fingerprint"]


def test_a_known_place_only_gives_its_new_names(tmp_path: Path) -> None:
    report = do_import(
        written(tmp_path / "LY.txt", dump_line(99, "Gharyan", alternates="غريان,قريان", lat="32.18", lon="13.0"))
    )
    assert (report.kept, report.merged) == (0, 1)
    gazetteer = load_gazetteer()
    (candidate,) = find_candidates(gazetteer, "قريان")
    assert (candidate.place.id, candidate.score, candidate.method) == ("ly-gharyan", 100, "exact")
    assert candidate.place.point == Point(32.172, 13.02)
    assert {"غريان", "قريان", "Gheryan"} <= set(candidate.place.names)
    assert [gazetteer.place(row).id for row, kind in gazetteer.rows("غريان") if kind != BARE] == ["ly-gharyan"]
    near = [gazetteer.place(row).id for _, row in gazetteer.nearest(Point(32.172, 13.02), within_km=5)]
    assert near == ["ly-gharyan", "ly-gharyan-hospital"]
    row = gazetteer.rows("قريان")[0][0]
    assert (gazetteer.country(row), gazetteer.feature(row), gazetteer.importance(row)) == ("LY", FeatureClass.CITY, 50)
    assert gazetteer.counts().total() == 7


def test_a_place_with_nothing_new_is_merged_and_adds_nothing(tmp_path: Path) -> None:
    report = do_import(written(tmp_path / "t.csv", "name,lat,lon", "غريان,32.17,13.02"))
    assert (report.kept, report.merged) == (0, 1)
    assert len(load_gazetteer()) == 7


def test_a_place_under_an_id_we_have_never_becomes_a_second_one(tmp_path: Path) -> None:
    do_import(write_table(tmp_path / "mine.csv", "ly-gharyan,غيران,,,city,LY,,20,20,3,20,me\n"))
    assert found("غيران") == ["ly-gharyan"]
    assert found("غريان") == ["ly-gharyan", "ly-gharyan-hospital"]


def test_a_merged_place_stands_alone_when_its_twin_goes(tmp_path: Path, data: Path) -> None:
    mine = write_table(data / "gazetteer" / "mine.csv", "my-a,الفلانية,,,city,LY,,25,15,5,30,me\n")
    do_import(written(tmp_path / "t.csv", "name,lat,lon,aliases", "الفلانية,25.01,15.01,تازربو"))
    assert found("تازربو") == ["my-a"]
    mine.unlink()
    assert found("تازربو") == ["t:1"]
    gazetteer = load_gazetteer()
    assert [gazetteer.place(row).id for _, row in gazetteer.nearest(Point(25, 15), within_km=5)] == ["t:1"]


def test_a_second_import_merges_into_the_first(tmp_path: Path) -> None:
    do_import(written(tmp_path / "a.csv", "name,lat,lon", "الفلانية,25,15"))
    report = do_import(written(tmp_path / "b.csv", "name,lat,lon,aliases", "الفلانية,25,15,تازربو"))
    assert (report.kept, report.merged) == (0, 1)
    assert found("تازربو") == ["a:1"]


def test_importing_again_replaces(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "name,lat,lon", "الفلانية,25,15", "تازربو,26,16")
    do_import(path)
    report = do_import(path)
    assert (report.kept, report.merged) == (2, 0), "not merged with its former self"
    assert found("الفلانية") == ["t:1"]
    do_import(written(path, "name,lat,lon", "الفلانية,27,17"))
    assert found("تازربو") == []
    gazetteer = load_gazetteer()
    assert gazetteer.place(gazetteer.row_of("t:1")).point == Point(27, 17)
    assert folders() == ["t"]


def test_imports_of_two_names_stand_beside_each_other(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "name,lat,lon", "الفلانية,25,15")
    do_import(path, name="../../one two")
    do_import(path, name="اثنان")
    assert folders() == ["-one-two", "اثنان"]


NO_SOURCES = {
    "LY.txt": (b"a\tb\tc\n", "no GeoNames dump"),
    "LY.zip": (b"PK no zip", "not a zip"),
    "t.csv": (b"title,remark\na,b\n", "no column for lat, lon"),
    "empty.csv": (b"", "no column"),
    "t.geojson": (b'{"type": "Topology"}', "neither a Feature"),
    "u.geojson": (b"\xff\xfe\x00", "not JSON"),
    "deep.json": (b"[" * 200_000, "not JSON"),
    "t.pdf": (b"%PDF", "not a kind that is read"),
    "t.tar.bz2": (b"BZh9 no", "not an archive"),
}


@pytest.mark.parametrize("name", NO_SOURCES)
def test_a_failing_import_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    content, reason = NO_SOURCES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=reason):
        do_import(tmp_path / name)
    assert folders() == []


def test_a_zip_that_is_cut_off_or_hostile_is_refused_clearly(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "whole.zip", {"LY.txt": "\n".join(dump_line(i) for i in range(2000))}).read_bytes()
    broken = bytearray(whole)
    broken[200:260] = b"\x00" * 60
    (tmp_path / "LY.zip").write_bytes(bytes(broken))
    with pytest.raises(SourceError, match="LY.zip"):
        do_import(tmp_path / "LY.zip")
    with pytest.raises(SourceError, match="leads out of the zip"):
        do_import(zipped(tmp_path / "h.zip", {"../LY.txt": DUMP[0]}))
    with pytest.raises(SourceError, match="2 found"):
        do_import(zipped(tmp_path / "two.zip", {"LY.txt": DUMP[0], "SY.txt": DUMP[0]}))
    assert folders() == []


def test_the_former_import_outlives_a_failing_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "t.csv", "name,lat,lon", "الفلانية,25,15")
    do_import(path)
    for content in ("name,lat\nx,1\n", "name,lat,lon\nx,95,1\n"):
        path.write_text(content, encoding="utf-8")
        with suppress(SourceError):
            assert do_import(path).accepted == 0
        assert found("الفلانية") == ["t:1"]
    written(path, "name,lat,lon", "غيرها,25,15")

    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store.IndexWriter, "finish", fail)
    with pytest.raises(KeyboardInterrupt):
        do_import(path)
    assert found("الفلانية") == ["t:1"]
    assert folders() == ["t"]


def test_what_another_process_is_making_is_not_loaded(tmp_path: Path) -> None:
    do_import(written(tmp_path / "t.csv", "name,lat,lon", "الفلانية,25,15"))
    shutil.move(imports_folder() / "t", imports_folder() / ".t.1234")
    assert import_folders(imports_folder()) == []
    assert found("الفلانية") == []


def test_a_large_import_has_several_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SEGMENT_PLACES", 3)
    places = [f"قرية{chr(0x628 + i)},{20 + i},15" for i in range(8)]
    report = do_import(written(tmp_path / "t.csv", "name,lat,lon", *places))
    assert report.kept == 8
    assert len(list((imports_folder() / "t").glob("segment-*"))) == 3
    assert all(found(row.split(",")[0]) == [f"t:{number}"] for number, row in enumerate(places, 1))


def outdate(name: str) -> None:
    for meta in (imports_folder() / name).glob("segment-*/meta.json"):
        meta.write_text(json.dumps({**json.loads(meta.read_text()), "format": 0}), encoding="utf-8")


def test_an_import_of_another_version_is_made_anew_from_its_rows(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    do_import(
        written(tmp_path / "t.csv", "name,lat,lon,aliases", "الفلانية,25,15,", "غريان,32.17,13.02,قريان", "x,99,1,")
    )
    outdate("t")
    with caplog.at_level(logging.INFO):
        assert found("الفلانية") == ["t:1"]
    assert "anew" in caplog.text
    assert found("قريان") == ["ly-gharyan"]
    report = json.loads((imports_folder() / "t" / "report.json").read_text(encoding="utf-8"))
    assert (report["kept"], report["merged"], sum(report["refused"].values())) == (1, 1, 1)
    caplog.clear()
    load_gazetteer()
    assert "anew" not in caplog.text


def test_a_damaged_import_is_made_anew(tmp_path: Path) -> None:
    do_import(written(tmp_path / "t.csv", "name,lat,lon", "الفلانية,25,15"))
    (imports_folder() / "t" / "segment-000" / "lat.npy").write_bytes(b"")
    assert found("الفلانية") == ["t:1"]


@pytest.mark.parametrize("rows", [None, b"", gzip.compress(b"id,name\nbroken\n")], ids=["none", "empty", "broken"])
def test_an_import_that_cannot_be_made_anew_is_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rows: bytes | None
) -> None:
    do_import(written(tmp_path / "t.csv", "name,lat,lon", "الفلانية,25,15"))
    outdate("t")
    kept = imports_folder() / "t" / "rows.csv.gz"
    kept.unlink() if rows is None else kept.write_bytes(rows)
    with caplog.at_level(logging.WARNING):
        gazetteer = load_gazetteer()
    assert isinstance(gazetteer, Gazetteer)
    assert len(gazetteer) == 7
    assert "going on without an import" in caplog.text
    assert str(imports_folder() / "t") in caplog.text


def test_the_kept_rows_are_a_table_of_our_form(tmp_path: Path) -> None:
    do_import(written(tmp_path / "LY.txt", *DUMP))
    with gzip.open(imports_folder() / "LY" / "rows.csv.gz", "rt", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["name"] == "القره بوللي"


def test_the_report_counts_reasons_and_shows_the_first(tmp_path: Path) -> None:
    rows = [f"الف,{90 + i},13" for i in range(1, 9)]
    report = do_import(written(tmp_path / "t.csv", "name,lat,lon", *rows, "باء,25,15", ",1,1"))
    first, most, other = report.lines()
    assert first == "t.csv: 1 places kept, 0 known already, 9 refused"
    assert most.startswith("  8 × position …, … is none on Earth (rows 1, 2, 3, 4, 5, ...; first: position '91', '13'")
    assert other == "  1 × no name (rows 10)"


def test_ever_new_reasons_do_not_fill_the_memory() -> None:
    report = Report("x")
    for number in range(1000):
        report.refuse(Refused(number, "reason " + "abcdefghij"[number % 10] * (number // 10 + 1)))
    assert len(report.refused) <= store.MOST_REASONS + 1
    assert report.refused.total() == 1000


BAD_PLACES = [
    make_place("ly-a b", "الف", 1, 1),
    make_place("ly-a\n", "الف", 1, 1),
    make_place("ly-\x07", "الف", 1, 1),
    make_place("x" * 200, "الف", 1, 1),
    make_place("ly-a", "الف\x1fباء", 1, 1),
    make_place("ly-a", "الف", 1, 1, aliases=("با\x00ء",)),
    make_place("ly-a", "الف", 1, 1, aliases=("\udcc7",)),
    make_place("ly-a", "الف", 1, 1, aliases=("باء",) * 1001),
]


@pytest.mark.parametrize("place", BAD_PLACES, ids=range(len(BAD_PLACES)))
def test_check_place_refuses_what_the_index_must_not_hold(place: Place) -> None:
    with pytest.raises(RowError):
        check_place(place)


def test_check_place_takes_marks_and_joiners() -> None:
    check_place(make_place("ly-a", "غَرْيَان\u200f", 1, 1, aliases=("می‌ناب", "Gharyān", "L’Aïn")))
