"""Rows for other programs: one a mention, as JSONL, CSV or GeoJSON."""

import csv
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import IO, Any

from extract.mentions import Article, Resolution

# The contract of the command line: names and order are promised to other programs.
ROW_COLUMNS = (
    "article_id",
    "start",
    "end",
    "surface",
    "role",
    "place_id",
    "place",
    "place_en",
    "feature",
    "country",
    "lat",
    "lon",
    "radius_km",
    "relation",
    "glued",
    "method",
    "score",
    "confidence",
    "passage",
    "reason",
)

# A spreadsheet runs a cell that starts with one of these as a formula; some first drop spaces, line ends and marks that
# are not seen, and read wide forms (＝) as plain ones.
FORMULA_STARTS = frozenset("=+-@\u2212")
_DROPPED_FIRST = ("Cc", "Cf", "Zs", "Zl", "Zp")
# JSON may hold these as they are, but terminals obey the first (C1 controls), and some readers end a line at the others.
_JSON_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def mention_rows(article: Article, resolutions: Iterable[Resolution]) -> list[dict[str, Any]]:
    """One dict a resolution, in text order: ROW_COLUMNS, then `passage_start`, `candidates` (JSON text) and the review."""
    return [_row(article, resolution) for resolution in resolutions]


def _row(article: Article, resolution: Resolution) -> dict[str, Any]:
    mention, place, review = resolution.mention, resolution.place, resolution.review
    return {
        "article_id": article.id,
        "start": mention.start,
        "end": mention.end,
        "surface": mention.surface,
        "role": mention.role.value,
        "place_id": place.id if place else None,
        "place": place.name if place else None,
        "place_en": place.name_en if place else None,
        "feature": place.feature.value if place else None,
        "country": place.country if place else None,
        "lat": place.point.lat if place else None,
        "lon": place.point.lon if place else None,
        "radius_km": place.radius_km if place else None,
        "relation": mention.relation,
        "glued": mention.glued,
        "method": resolution.method,
        "score": round(resolution.score, 1),
        "confidence": round(resolution.confidence, 3),
        "passage": article.text[resolution.passage_start : resolution.passage_end],
        "reason": resolution.reason,
        "passage_start": resolution.passage_start,
        "candidates": json.dumps([_candidate(c) for c in resolution.candidates], ensure_ascii=False),
        "review": review.verdict if review else None,
        "reviewer": review.reviewer if review else None,
        "reviewed_at": review.at if review else None,
    }


def _candidate(candidate: Any) -> dict[str, Any]:
    place = candidate.place
    return {
        "place_id": place.id,
        "place": place.name,
        "place_en": place.name_en,
        "feature": place.feature.value,
        "country": place.country,
        "lat": place.point.lat,
        "lon": place.point.lon,
        "score": round(candidate.score, 1),
        "weight": round(candidate.weight, 3),
        "why": candidate.why,
    }


def write_jsonl(rows: Iterable[Mapping[str, Any]], stream: IO[str]) -> int:
    """Write the contract's columns, one JSON object a line, and return how many."""
    count = 0
    for row in rows:
        stream.write(json_line({name: row[name] for name in ROW_COLUMNS}) + "\n")
        count += 1
    return count


def json_line(value: Any) -> str:
    """The value as JSON on one line, with nothing in it that a terminal obeys."""
    line = json.dumps(value, ensure_ascii=False)
    return _JSON_ESCAPED.sub(lambda found: f"\\u{ord(found.group()):04x}", line)


def write_csv(rows: Iterable[Mapping[str, Any]], stream: IO[str], *, columns: tuple[str, ...] = ROW_COLUMNS) -> int:
    """Write a header and one line a row, and return how many rows.

    Text that a spreadsheet would run as a formula gets an apostrophe before it. The caller chooses the encoding:
    utf-8-sig lets Excel show Arabic.
    """
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([csv_cell(row[name]) for name in columns])
        count += 1
    return count


def csv_cell(value: Any) -> Any:
    """The value as a spreadsheet may safely read it; None becomes the empty cell, booleans true and false."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and starts_formula(value):
        return "'" + value
    return value


def starts_formula(text: str) -> bool:
    """Whether a spreadsheet might run the text.

    >>> starts_formula("=1+1"), starts_formula(" ＝1+1"), starts_formula("\\t"), starts_formula("غريان = x")
    (True, True, True, False)
    """
    if text[:1].isalnum():
        return False
    if text.startswith(("\t", "\r", "\n")):
        return True
    first = next((char for char in text if unicodedata.category(char) not in _DROPPED_FIRST), "")
    return unicodedata.normalize("NFKC", first)[:1] in FORMULA_STARTS


def to_geojson(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A FeatureCollection (RFC 7946, longitude first) of the rows; a row without a point has a null geometry."""
    features = [
        {
            "type": "Feature",
            "geometry": None
            if row["lat"] is None or row["lon"] is None
            else {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
            "properties": {name: row[name] for name in row if name not in ("lat", "lon", "candidates")},
        }
        for row in rows
    ]
    return {"type": "FeatureCollection", "features": features}
