"""Tables for other programs: rows as XLSX, KML, GeoPackage and Parquet files. All take any columns, points in lat and lon.

`about` says what the rows are (data, filters, time, version, attribution); each format keeps it in its own place.
"""

import json
import re
import sqlite3
import struct
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

Row = Mapping[str, Any]
About = Mapping[str, str]

# What XML 1.0 and SQLite text cannot hold: control characters, lone surrogates, two that are no characters.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Excel holds no longer text in a cell.
LONGEST_CELL = 32_767
# Excel holds 1,048,576 rows in a sheet, the head among them.
SHEET_ROWS = 1_048_575
_WIDTHS = {"passage": 60, "title": 40, "reason": 40, "url": 30}


def clean_text(text: str) -> str:
    """The text without what XML and spreadsheets cannot hold.

    >>> clean_text("a\\x00b\\x1fc")
    'abc'
    """
    return _NO_TEXT.sub("", text)


def xlsx_bytes(
    rows: Iterable[Row], columns: Sequence[str], about: About, *, heads: Mapping[str, str], right_to_left: bool
) -> bytes:
    """A workbook of the rows, typed, its head row frozen, and a second sheet with `about`. No text becomes a formula.

    `heads` are the words for columns; unknown ones stay as they are.
    """
    stream = BytesIO()
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": True,
    }
    book = xlsxwriter.Workbook(stream, options | {"tmpdir": tempfile.gettempdir()})
    head, day = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "yyyy-mm-dd"})
    pages: list[Any] = []
    # In constant memory, sheets are written one after the other; a full one is followed by the next.
    for count, row in enumerate(rows):
        if count % SHEET_ROWS == 0:
            pages.append(_begin_sheet(book, len(pages), columns, heads, head))
        for number, name in enumerate(columns):
            _write_cell(pages[-1], count % SHEET_ROWS + 1, number, row[name], day)
    if not pages:
        pages.append(_begin_sheet(book, 0, columns, heads, head))
    second = book.add_worksheet("about")
    second.set_column(0, 0, 16)
    second.set_column(1, 1, 100)
    for number, (name, value) in enumerate(about.items()):
        second.write_string(number, 0, name)
        second.write_string(number, 1, clean_text(value)[:LONGEST_CELL])
    if right_to_left:
        for sheet in (*pages, second):
            sheet.right_to_left()
    book.close()
    return stream.getvalue()


def _begin_sheet(book: Any, number: int, columns: Sequence[str], heads: Mapping[str, str], form: Any) -> Any:
    sheet = book.add_worksheet(f"rasid {number + 1}" if number else "rasid")
    for column, name in enumerate(columns):
        sheet.set_column(column, column, _WIDTHS.get(name, 14))
        sheet.write_string(0, column, heads.get(name, name), form)
    sheet.freeze_panes(1, 0)
    return sheet


def _write_cell(sheet: Any, row: int, column: int, value: Any, day: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, day)
    else:
        sheet.write_string(row, column, clean_text(str(value))[:LONGEST_CELL])


def kml_bytes(rows: Iterable[Row], columns: Sequence[str], about: About) -> bytes:
    """A KML document, one placemark a row, its columns as extended data. Rows without a point have none.

    The passage is no description: programs show descriptions as HTML.
    """
    marks = "".join(_placemark(row, columns) for row in rows)
    facts = _data((name, value) for name, value in about.items())
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<name>Rasid</name><ExtendedData>{facts}</ExtendedData>{marks}</Document></kml>\n"
    ).encode()


def _placemark(row: Row, columns: Sequence[str]) -> str:
    name = clean_text(str(row.get("place") or row.get("place_en") or row.get("surface") or ""))
    when = str(row.get("date") or "")[:10]
    stamp = f"<TimeStamp><when>{when}</when></TimeStamp>" if re.fullmatch(r"\d{4}(-\d\d){0,2}", when) else ""
    point = ""
    if row["lat"] is not None and row["lon"] is not None:
        point = f"<Point><coordinates>{row['lon']},{row['lat']}</coordinates></Point>"
    data = _data((column, row[column]) for column in columns if row[column] is not None)
    return f"<Placemark><name>{escape(name)}</name>{stamp}<ExtendedData>{data}</ExtendedData>{point}</Placemark>"


def _data(pairs: Iterable[tuple[str, Any]]) -> str:
    return "".join(
        f'<Data name="{escape(name)}"><value>{escape(clean_text(_plain(value)))}</value></Data>'
        for name, value in pairs
    )


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)


# WGS 84 as the GeoPackage standard wants it written.
_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433]]'
)
_GEOPACKAGE = """
PRAGMA application_id = 0x47504B47;
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL, PRIMARY KEY (table_name, column_name));
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined cartesian', -1, 'NONE', -1, 'undefined', NULL),
  ('Undefined geographic', 0, 'NONE', 0, 'undefined', NULL);
"""


def geopackage_bytes(rows: Iterable[Row], columns: Sequence[str], about: About) -> bytes:
    """A GeoPackage with the rows as the point layer "rasid" and `about` as a table of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rasid.gpkg"
        database = sqlite3.connect(path)
        database.executescript(_GEOPACKAGE)
        database.execute(
            "INSERT INTO gpkg_spatial_ref_sys VALUES ('WGS 84', 4326, 'EPSG', 4326, ?, 'degrees')", (_WGS84,)
        )
        kept = list(rows)
        named = ", ".join(f'"{name}" {_sql_type(kept, name)}' for name in columns)
        database.execute(f"CREATE TABLE rasid (fid INTEGER PRIMARY KEY AUTOINCREMENT, geom POINT, {named})")
        marks = ", ".join("?" * (len(columns) + 1))
        listed = ", ".join(f'"{name}"' for name in columns)
        database.executemany(
            f"INSERT INTO rasid (geom, {listed}) VALUES ({marks})",
            ([_point(row), *(_sql_value(row[name]) for name in columns)] for row in kept),
        )
        database.execute("CREATE TABLE about (fid INTEGER PRIMARY KEY, name TEXT, value TEXT)")
        database.executemany(
            "INSERT INTO about (name, value) VALUES (?, ?)",
            [(name, clean_text(value)) for name, value in about.items()],
        )
        points = [(row["lon"], row["lat"]) for row in kept if row["lat"] is not None and row["lon"] is not None]
        bounds = [f(axis) for f in (min, max) for axis in zip(*points, strict=True)] if points else [None] * 4
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, min_x, min_y, max_x, max_y, srs_id) "
            "VALUES ('rasid', 'features', 'rasid', ?, ?, ?, ?, 4326)",
            bounds,
        )
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('about', 'attributes', 'about')"
        )
        database.execute("INSERT INTO gpkg_geometry_columns VALUES ('rasid', 'geom', 'POINT', 4326, 0, 0)")
        database.commit()
        database.close()
        return path.read_bytes()


def _point(row: Row) -> bytes | None:
    if row["lat"] is None or row["lon"] is None:
        return None
    # "GP", version 0, flags: little-endian, no envelope; then WKB.
    return struct.pack("<2sBBi", b"GP", 0, 1, 4326) + struct.pack("<BIdd", 1, 1, row["lon"], row["lat"])


def _sql_type(rows: Sequence[Row], name: str) -> str:
    value = next((row[name] for row in rows if row[name] is not None), "")
    kinds = ((bool, "BOOLEAN"), (int, "INTEGER"), (float, "DOUBLE"), (date, "DATE"))
    return next((kind for type_, kind in kinds if isinstance(value, type_)), "TEXT")


def _sql_value(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return clean_text(value) if isinstance(value, str) else value


def parquet_bytes(rows: Iterable[Row], columns: Sequence[str], about: About) -> bytes:
    """A Parquet file of the rows with their types, and `about` in its metadata under "rasid"."""
    kept = list(rows)
    table = pa.table({name: pa.array([row[name] for row in kept]) for name in columns})
    table = table.replace_schema_metadata({"rasid": json.dumps(dict(about), ensure_ascii=False)})
    stream = BytesIO()
    pq.write_table(table, stream, compression="zstd")
    return stream.getvalue()
