"""Any text at all, from the reading to every file it may leave in: offsets hold, and nothing changes on the way."""

import csv
import io
import json
import sqlite3
from xml.etree import ElementTree

import openpyxl
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.export import ROW_COLUMNS, mention_rows, starts_formula, to_geojson, write_csv, write_jsonl
from extract.formats import LONGEST_CELL, clean_text, geopackage_bytes, kml_bytes, parquet_bytes, xlsx_bytes
from extract.geoparse import Geoparser
from extract.mentions import Article
from gazetteer.normalize import normalize_name

RELAXED = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
# Names, clitics, everyday words and signs in any order, and between them whatever Unicode holds.
PIECES = [
    *("طرابلس", "غريان", "العزيزية", "بنغازي", "ليبيا", "حي صلاح الدين", "سرت", "عمان", "تل أبيب", "الخرطوم", "حلب"),
    *("مدينة", "قرية", "جنوب", "شمالي", "قرب", "بين", "على بعد 30 كيلومترا", "مستشفى", "مطار", "قوات", "قناة", "شارع"),
    *("و", "ب", "ل", "وال", "في", "إلى", "من", " ", " ", " ", "\n", ". ", "، ", "«", "»", "\u200f", "ـ", "ُ", "ّ", "١٢"),
    *("=1+1", "\t", "{{7*7}}", "</script>", "\u202e", "\ufeff", "ﷺ", "ﻻ", "\u0000", "😀", "e\u0301"),
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=40).map("".join)
ABOUT = {"program": "Rasid"}
COLUMNS = (*ROW_COLUMNS, "passage_start")


def read(parser, text):
    article = Article("a", text)
    return mention_rows(article, parser.geoparse(article))


@RELAXED
@given(text=TEXTS)
def test_mentions_cut_their_surface_out_of_the_text(parser, text):
    end = 0
    for row in read(parser, text):
        assert end <= row["start"] < row["end"] <= len(text)
        assert text[row["start"] : row["end"]] == row["surface"]
        passage_end = row["passage_start"] + len(row["passage"])
        assert text[row["passage_start"] : passage_end] == row["passage"]
        assert row["passage_start"] <= row["start"] and row["end"] <= passage_end
        assert 0 <= row["confidence"] <= 1 and 0 <= row["score"] <= 100
        assert (row["lat"] is None) == (row["lon"] is None) == (row["place_id"] is None)
        assert row["place_id"] is not None or row["reason"]
        end = row["end"]


@RELAXED
@given(text=TEXTS, before=TEXTS)
def test_a_text_is_read_the_same_whatever_came_before(parser, text, before):
    first = read(Geoparser(parser.gazetteer), text)
    read(parser, before)
    assert read(parser, text) == first


@RELAXED
@given(text=TEXTS)
def test_rows_come_back_from_every_format(parser, text):
    rows = read(parser, text)
    clean = [{name: clean_text(v) if isinstance(v, str) else v for name, v in row.items()} for row in rows]

    stream = io.StringIO()
    write_jsonl(rows, stream)
    lines = stream.getvalue().encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass").split("\n")[:-1]
    assert [json.loads(line) for line in lines] == [{name: row[name] for name in ROW_COLUMNS} for row in rows]

    stream = io.StringIO(newline="")
    write_csv(rows, stream, columns=COLUMNS)
    found = list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))
    assert len(found) == len(rows)
    for cells, row in zip(found, rows, strict=True):
        for name in COLUMNS:
            check_cell(cells[name], row[name])

    features = json.loads(json.dumps(to_geojson(rows)))["features"]
    for feature, row in zip(features, rows, strict=True):
        assert feature["properties"]["surface"] == row["surface"] and feature["properties"]["start"] == row["start"]
        assert (feature["geometry"] or {}).get("coordinates") == (
            None if row["lat"] is None else [row["lon"], row["lat"]]
        )

    text_columns = ("surface", "passage", "place_id", "reason")
    table = pq.read_table(io.BytesIO(parquet_bytes(clean, COLUMNS, ABOUT))).to_pylist()
    assert table == [{name: row[name] for name in COLUMNS} for row in clean]

    book = openpyxl.load_workbook(
        io.BytesIO(xlsx_bytes(rows, COLUMNS, ABOUT, heads={}, right_to_left=True)), read_only=True
    )
    sheet = [list(cells) for cells in book.worksheets[0].iter_rows(values_only=True)]
    assert tuple(sheet[0]) == COLUMNS and len(sheet) == len(rows) + 1
    for cells, row in zip(sheet[1:], clean, strict=True):
        assert cells[COLUMNS.index("start")] == row["start"]
        assert lines_of(cells[COLUMNS.index("surface")]) == lines_of(row["surface"][:LONGEST_CELL])

    root = ElementTree.fromstring(kml_bytes(rows, COLUMNS, ABOUT))
    marks = list(root.iter("{http://www.opengis.net/kml/2.2}Placemark"))
    for mark, row in zip(marks, clean, strict=True):
        data = {d.get("name"): d[0].text or "" for d in mark.iter("{http://www.opengis.net/kml/2.2}Data")}
        assert all(lines_of(data[name]) == lines_of(row[name]) for name in text_columns if row[name] is not None)

    check_geopackage(geopackage_bytes(rows, COLUMNS, ABOUT), clean)


def check_cell(cell, value):
    if isinstance(value, str):
        assert cell == ("'" + value if starts_formula(value) else value)
    elif value is None or isinstance(value, bool):
        assert cell == ("" if value is None else str(value).lower())
    else:
        assert float(cell) == value


def check_geopackage(content, rows):
    database = sqlite3.connect(":memory:")
    database.deserialize(content)
    listed = ", ".join(f'"{name}"' for name in COLUMNS)
    found = database.execute(f"SELECT {listed} FROM rasid ORDER BY fid").fetchall()
    assert [list(row) for row in found] == [[row[name] for name in COLUMNS] for row in rows]
    database.close()


def lines_of(text):
    """The text as XML gives it back, which knows one line end only."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n")


@RELAXED
@given(text=TEXTS)
def test_folding_a_folded_text_changes_nothing(text):
    assert normalize_name(normalize_name(text)) == normalize_name(text)
