"""Every download holds the rows it was given, and nothing in them runs or breaks the file."""

import io
import json
import sqlite3
import struct
import zipfile
from datetime import date
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

from extract.filters import Filters
from extract.formats import clean_text, geopackage_bytes, kml_bytes, parquet_bytes, xlsx_bytes
from tests.made_workspace import CANARY, HOSTILE_NAME, make_workspace
from views.downloads import COLUMNS, PLACE_COLUMNS

ABOUT = {"program": "Rasid", "filters": '{"roles": ["location"]}', "odd": "a\x00</kml>&"}
KML = "{http://www.opengis.net/kml/2.2}"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp("formats") / "store")


@pytest.fixture(scope="module")
def rows(workspace):
    return list(workspace.rows(Filters(), placed=None))


def read_sheet(content, number=1):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        root = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
        strings = []
        if "xl/sharedStrings.xml" in archive.namelist():
            shared = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
            strings = ["".join(t.text or "" for t in si.iter(f"{SHEET}t")) for si in shared]
    found = []
    for row in root.iter(f"{SHEET}row"):
        cells = {}
        for cell in row:
            value = cell.find(f"{SHEET}v")
            inline = "".join(t.text or "" for t in cell.iter(f"{SHEET}t"))
            column = "".join(char for char in cell.get("r") if char.isalpha())
            if value is None:
                cells[column] = inline
            else:
                cells[column] = strings[int(value.text)] if cell.get("t") == "s" else float(value.text)
        found.append(list(cells.values()))
    return root, found


def make_xlsx(rows, columns, right_to_left=True):
    return xlsx_bytes(rows, columns, ABOUT, heads={"surface": "الاسم"}, right_to_left=right_to_left)


def test_xlsx_holds_the_rows_with_their_types(rows):
    columns = ("surface", "lat", "confidence", "date")
    kept = [row for row in rows if row["date"] and row["lat"] is not None]
    _, found = read_sheet(make_xlsx(kept, columns))
    assert found[0] == ["الاسم", "lat", "confidence", "date"]
    assert found[1:] == [[row["surface"], row["lat"], row["confidence"], row["date"]] for row in kept]


def test_xlsx_reads_from_the_right_and_keeps_its_head(rows):
    root, _ = read_sheet(make_xlsx(rows, COLUMNS))
    view = next(root.iter(f"{SHEET}sheetView"))
    assert view.get("rightToLeft") == "1" and view.find(f"{SHEET}pane").get("state") == "frozen"
    root, _ = read_sheet(make_xlsx(rows, COLUMNS, right_to_left=False))
    assert next(root.iter(f"{SHEET}sheetView")).get("rightToLeft") is None


def test_xlsx_has_no_formulas_and_no_links():
    texts = [
        "=1+1",
        "=cmd()|' /C calc'!A0",
        "@x",
        "+1",
        "-1",
        "https://example.org/",
        CANARY,
        "a\x00\x0bb",
        "ع" * 40_000,
    ]
    content = make_xlsx([{"surface": text} for text in texts], ("surface",))
    root, found = read_sheet(content)
    assert not list(root.iter(f"{SHEET}f")) and not list(root.iter(f"{SHEET}hyperlink"))
    assert [row[0] for row in found[1:]] == [*texts[:7], "ab", "ع" * 32_767]


def test_xlsx_says_what_it_holds_on_a_second_sheet(rows):
    _, found = read_sheet(make_xlsx(rows, COLUMNS), 2)
    assert found == [["program", "Rasid"], ["filters", ABOUT["filters"]], ["odd", "a</kml>&"]]


def test_xlsx_goes_on_in_another_sheet_when_one_is_full(monkeypatch):
    monkeypatch.setattr("extract.formats.SHEET_ROWS", 2)
    content = make_xlsx([{"surface": text} for text in "abcde"], ("surface",))
    assert [[row[0] for row in read_sheet(content, n)[1][1:]] for n in (1, 2, 3)] == [["a", "b"], ["c", "d"], ["e"]]


def test_kml_holds_the_rows(rows):
    root = ElementTree.fromstring(kml_bytes(rows, COLUMNS, ABOUT))
    marks = list(root.iter(f"{KML}Placemark"))
    assert len(marks) == len(rows)
    for mark, row in zip(marks, rows, strict=True):
        data = {d.get("name"): d[0].text for d in mark.iter(f"{KML}Data")}
        assert data["surface"] == row["surface"] and data["passage"] == clean_text(row["passage"])
        point = mark.find(f"{KML}Point/{KML}coordinates")
        assert (point.text if point is not None else None) == (
            f"{row['lon']},{row['lat']}" if row["lat"] is not None else None
        )
        when = mark.find(f"{KML}TimeStamp/{KML}when")
        assert (when.text if when is not None else None) == row["date"]
        assert mark.find(f"{KML}description") is None


def test_kml_says_what_it_holds(rows):
    root = ElementTree.fromstring(kml_bytes(rows, COLUMNS, ABOUT))
    data = {d.get("name"): d[0].text for d in root.find(f"{KML}Document/{KML}ExtendedData")}
    assert data == {"program": "Rasid", "filters": ABOUT["filters"], "odd": "a</kml>&"}


def open_geopackage(tmp_path, content):
    path = tmp_path / "x.gpkg"
    path.write_bytes(content)
    return sqlite3.connect(path)


def test_geopackage_holds_the_rows(rows, tmp_path):
    database = open_geopackage(tmp_path, geopackage_bytes(rows, COLUMNS, ABOUT))
    found = database.execute("SELECT geom, surface, passage, glued, start FROM rasid ORDER BY fid").fetchall()
    for (geom, surface, passage, glued, start), row in zip(found, rows, strict=True):
        assert (surface, passage, bool(glued), start) == (row["surface"], row["passage"], row["glued"], row["start"])
        point = None if geom is None else struct.unpack("<dd", geom[-16:])
        assert point == (None if row["lat"] is None else (row["lon"], row["lat"]))


def test_geopackage_is_one(rows, tmp_path):
    database = open_geopackage(tmp_path, geopackage_bytes(rows, COLUMNS, ABOUT))
    assert database.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.execute("SELECT table_name, srs_id FROM gpkg_geometry_columns").fetchall() == [("rasid", 4326)]
    bounds = database.execute(
        "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'rasid'"
    ).fetchone()
    points = [(row["lon"], row["lat"]) for row in rows if row["lat"] is not None]
    assert bounds == (*map(min, zip(*points, strict=True)), *map(max, zip(*points, strict=True)))
    assert dict(database.execute("SELECT name, value FROM about"))["odd"] == "a</kml>&"


def test_parquet_holds_the_rows_and_says_so(rows):
    table = pq.read_table(io.BytesIO(parquet_bytes(rows, COLUMNS, ABOUT)))
    assert table.to_pylist() == [{name: row[name] for name in COLUMNS} for row in rows]
    assert json.loads(table.schema.metadata[b"rasid"]) == ABOUT


@pytest.mark.parametrize("make", [kml_bytes, geopackage_bytes, parquet_bytes])
def test_formats_hold_places_as_well_as_mentions(workspace, make):
    places = workspace.places(Filters())
    assert any(place["place_en"] == HOSTILE_NAME for place in places) and isinstance(places[0]["last"], date)
    assert make(places, PLACE_COLUMNS, ABOUT)


@pytest.mark.parametrize("make", [kml_bytes, geopackage_bytes, parquet_bytes])
def test_formats_may_be_empty(make):
    assert make([], COLUMNS, ABOUT)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("a\tb\nc", "a\tb\nc"), pytest.param("\x00\x1f\ufffe\ud800x", "x", id="controls"), ("سطر", "سطر")],
)
def test_clean_text_keeps_what_files_can_hold(text, kept):
    assert clean_text(text) == kept
