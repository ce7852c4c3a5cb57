"""Downloads: the rows in view, in their order, in the format that the reader's other programs want."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from extract.export import ROW_COLUMNS, to_geojson, write_csv
from extract.filters import Filters
from extract.formats import geopackage_bytes, kml_bytes, parquet_bytes, xlsx_bytes
from extract.full_rows import ARTICLE_COLUMNS, DERIVED_COLUMNS
from extract.parts import REVIEW_COLUMNS
from views.address import DEFAULTS
from views.data import Answers
from views.saved_map import saved_map_bytes
from views.texts import Texts

COLUMNS = (*ROW_COLUMNS, *REVIEW_COLUMNS, *DERIVED_COLUMNS, *ARTICLE_COLUMNS)
PLACE_COLUMNS = (
    *("place_id", "place", "place_en", "feature", "country", "region", "region_en", "lat", "lon", "radius_km"),
    *("mentions", "articles", "role", "last"),
)
FORMATS = {
    "csv": ("CSV", "text/csv"),
    "geojson": ("GeoJSON", "application/geo+json"),
    "xlsx": ("XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "kml": ("KML", "application/vnd.google-earth.kml+xml"),
    "gpkg": ("GeoPackage", "application/geopackage+sqlite3"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
}


def show_downloads(answers: Answers, filters: Filters, order: dict[str, Any], shown: list[str], t: Texts) -> None:
    """The buttons. Each file is made when its button is pressed."""
    st.subheader(t("Downloads"), anchor=False)
    per, which = st.columns(2)
    with per:
        unit = st.segmented_control(
            t("One row for each"),
            ("mentions", "places"),
            key="download_unit",
            default="mentions",
            required=True,
            format_func={"mentions": t("mention"), "places": t("place")}.get,
        )
    with which:
        only = st.checkbox(t("Only the columns shown in the table"), key="download_shown", disabled=unit == "places")
    columns = PLACE_COLUMNS if unit == "places" else tuple(shown) if only else COLUMNS
    with st.container(horizontal=True, key="downloads", gap="small"):
        for ending, (name, mime) in FORMATS.items():
            st.download_button(
                t("Download {format}", format=name),
                data=_maker(ending, answers, filters, order, unit, columns, t),
                file_name=f"rasid-{unit}.{ending}",
                mime=mime,
                key=f"download_{ending}",
                on_click="ignore",
            )
        st.download_button(
            t("Download the map (HTML)"),
            data=lambda: saved_map_bytes(answers, filters, describe(answers, filters), t),
            file_name="rasid-map.html",
            mime="text/html",
            key="download_html",
            on_click="ignore",
            help=t("One file that opens in any browser, without a network, with passages of each place."),
        )
        st.download_button(
            t("About these data"),
            data=lambda: about_text(describe(answers, filters)).encode(),
            file_name="rasid-about.txt",
            mime="text/plain",
            key="download_about",
            on_click="ignore",
            help=t("Data, filters, time, version and attribution, to keep beside a CSV file; other formats hold it."),
        )


def _maker(
    ending: str,
    answers: Answers,
    filters: Filters,
    order: dict[str, Any],
    unit: str,
    columns: tuple[str, ...],
    t: Texts,
) -> Callable[[], bytes]:
    return lambda: file_bytes(ending, answers, filters, order, unit=unit, columns=columns, t=t)


def file_bytes(
    ending: str,
    answers: Answers,
    filters: Filters,
    order: dict[str, Any],
    *,
    t: Texts,
    unit: str = "mentions",
    columns: tuple[str, ...] = COLUMNS,
) -> bytes:
    """The file of one of FORMATS: every mention in view in the table's order, or every place, most mentioned first."""
    rows = places(answers, filters) if unit == "places" else answers.workspace.rows(filters, **order)
    about = describe(answers, filters)
    if ending == "csv":
        stream = io.StringIO(newline="")
        write_csv(rows, stream, columns=columns)
        # With a byte-order mark, so that Excel shows Arabic.
        return stream.getvalue().encode("utf-8-sig", "replace")
    if ending == "geojson":
        kept = ({name: row[name] for name in (*columns, "lat", "lon")} for row in rows)
        content = to_geojson(kept) | {"rasid": about}
        return json.dumps(content, ensure_ascii=False, default=str).encode("utf-8", "replace")
    if ending == "xlsx":
        heads = {name: t.term("column", name) for name in columns}
        return xlsx_bytes(rows, columns, about, heads=heads, right_to_left=t.right_to_left)
    makers = {"kml": kml_bytes, "gpkg": geopackage_bytes, "parquet": parquet_bytes}
    return makers[ending](rows, columns, about)


def places(answers: Answers, filters: Filters) -> Iterator[dict[str, Any]]:
    """All places in view with their counts, the most mentioned first."""
    return iter(answers.workspace.places(filters))


def describe(answers: Answers, filters: Filters) -> dict[str, str]:
    """What the rows are: for people and programs that meet the file later."""
    span, totals = answers.span(), answers.totals(filters)
    changed = {name: value for name, value in _chosen(filters).items() if value != DEFAULTS[name]}
    return {
        "program": "Rasid",
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": f"{span.articles} articles, {span.first} to {span.last}",
        "rows": f"{totals.mentions} mentions of {totals.places} places in {totals.articles} articles",
        "filters": json.dumps({"roles": filters.roles} | changed, ensure_ascii=False),
        "versions": json.dumps(answers.workspace.versions, ensure_ascii=False),
        "attribution": " · ".join(answers.workspace.attribution),
    }


def _chosen(filters: Filters) -> dict[str, Any]:
    return {name: getattr(filters, name) for name in DEFAULTS}


def about_text(about: dict[str, str]) -> str:
    """The description, one thing a line."""
    return "".join(f"{name}: {value}\n" for name, value in about.items())
