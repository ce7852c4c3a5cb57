"""The parts of a workspace as files: their columns, their rows, and how they are written and found.

A batch is two Parquet files, `articles-<key>` and `mentions-<key>`. A file is written under another name and renamed,
so that it is there as a whole or not at all.
"""

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from extract.export import ROW_COLUMNS
from extract.mentions import Article
from gazetteer.normalize import normalize_name

# Small row groups let a page of passages be read without the rest of its part.
ROW_GROUP_ROWS = 8_192
# How many words of an article without a title stand for one.
HEAD_WORDS = 9

# What a reviewer said of the mention (see extract.decisions), who, and when (ISO, UTC); empty where nobody has.
REVIEW_COLUMNS = ("review", "reviewer", "reviewed_at")
# What an article was read with.
VERSION_COLUMNS = ("program", "gazetteer", "model")

_INTEGERS, _NUMBERS = ("start", "end", "passage_start"), ("lat", "lon", "radius_km", "score", "confidence")


def _mention_type(name: str) -> pa.DataType:
    if name in _INTEGERS:
        return pa.int64()
    if name in _NUMBERS:
        return pa.float64()
    return pa.bool_() if name == "glued" else pa.string()


MENTION_SCHEMA = pa.schema(
    [(name, _mention_type(name)) for name in (*ROW_COLUMNS, "passage_start", "candidates", *REVIEW_COLUMNS)]
    + [("folded", pa.string()), ("version", pa.int64())]
)
ARTICLE_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("article_id", "text", "title", "date", "outlet", "country", "url", "head")]
    + [(name, pa.string()) for name in ("content_hash", *VERSION_COLUMNS)]
    + [("version", pa.int64())]
)


def content_hash(article: Article) -> str:
    """A fingerprint of everything in the article but its id: another one means the article changed."""
    fields = (article.text, article.title, article.date, article.outlet, article.country, article.url)
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def first_words(text: str) -> str:
    """The first words of a text, with an ellipsis where it goes on: what stands for a missing title."""
    words = text.split(maxsplit=HEAD_WORDS)
    return " ".join(words[:HEAD_WORDS]) + (" …" if len(words) > HEAD_WORDS else "")


def article_row(article: Article, digest: str, version: int, versions: Mapping[str, str]) -> dict[str, Any]:
    """The article as a row of ARTICLE_SCHEMA; `versions` are those of VERSION_COLUMNS, where known."""
    names = ("text", "title", "date", "outlet", "country", "url")
    row = {"article_id": article.id} | {name: getattr(article, name) for name in names}
    row |= {"head": first_words(article.text), "content_hash": digest, "version": version}
    return row | {name: versions.get(name) for name in VERSION_COLUMNS}


def mention_row(row: dict[str, Any], version: int) -> dict[str, Any]:
    """A row of `extract.export.mention_rows` as a row of MENTION_SCHEMA."""
    names = (row["place"], row["place_en"], row["surface"])
    # A separator that no folded query holds: a text must not be found across two names.
    folded = "|".join(normalize_name(name) for name in names if name)
    return row | {"folded": folded, "version": version}


def complete_parts(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Key, time and size of every part that is there as a whole, sorted; none for a folder that is gone."""
    parts = []
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("articles-") and entry.name.endswith(".parquet"):
                state = entry.stat()
                key = entry.name.removeprefix("articles-").removesuffix(".parquet")
                parts.append((key, state.st_mtime_ns, state.st_size))
    return tuple(sorted(parts))


def scan_sql(files: Sequence[Path], schema: pa.Schema) -> str:
    """SQL that reads the files, or nothing of the same columns when there are none."""
    if files:
        return f"SELECT * FROM {files_sql(files)}"
    types = {pa.string(): "VARCHAR", pa.int64(): "BIGINT", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN"}
    columns = ", ".join(f'NULL::{types[column.type]} AS "{column.name}"' for column in schema)
    return f"SELECT {columns} WHERE false"


def files_sql(files: Sequence[Path], *options: str) -> str:
    """DuckDB's reader of the files, with options such as "filename = true"."""
    names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    return f"read_parquet({', '.join([f'[{names}]', *options])})"


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write the table under another name, then rename it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        pq.write_table(table, temporary, compression="zstd", row_group_size=ROW_GROUP_ROWS)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write the content under another name, then rename it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    temporary.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    os.replace(temporary, path)
