"""The parts of a workspace as files: their columns, their rows, and how they are written and found.

A batch is two Parquet files, `articles-<key>` and `mentions-<key>`; see extract.storage for how they come to be there.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from extract.export import ROW_COLUMNS
from extract.mentions import ARTICLE_FIELDS, Article
from extract.sql import literals
from extract.storage import Storage
from gazetteer.normalize import normalize_name

# Format 1 had no columns of reviews and of what an article was read with.
FORMAT = 2
ARTICLES, MENTIONS, SUFFIX = "articles-", "mentions-", ".parquet"
# Key, stamp and size.
Part = tuple[str, str, int]
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
    [(name, pa.string()) for name in ("article_id", *ARTICLE_FIELDS, "head")]
    + [(name, pa.string()) for name in ("content_hash", *VERSION_COLUMNS)]
    + [("version", pa.int64())]
)


# The day of an article, as SQL over its date: DuckDB knows more dates than Python does (infinity, years BC or of five figures).
DAY_SQL = (
    "CASE WHEN regexp_full_match(left(date, 10), '[0-9]{4}-[0-9]{2}-[0-9]{2}') AND date > '0001' "
    "THEN TRY_CAST(left(date, 10) AS DATE) END"
)


def content_hash(article: Article) -> str:
    """A fingerprint of everything in the article but its id: another one means the article changed."""
    return hashlib.sha256(json.dumps(_fields(article)).encode()).hexdigest()


def _fields(article: Article) -> list[str | None]:
    return [getattr(article, name) for name in ARTICLE_FIELDS]


def first_words(text: str) -> str:
    """The first words of a text, with an ellipsis where it goes on: what stands for a missing title."""
    words = text.split(maxsplit=HEAD_WORDS)
    return " ".join(words[:HEAD_WORDS]) + (" …" if len(words) > HEAD_WORDS else "")


def article_row(article: Article, digest: str, version: int, versions: Mapping[str, str]) -> dict[str, Any]:
    """The article as a row of ARTICLE_SCHEMA; `versions` are those of VERSION_COLUMNS, where known."""
    row = {"article_id": article.id} | dict(zip(ARTICLE_FIELDS, _fields(article), strict=True))
    row |= {"head": first_words(article.text), "content_hash": digest, "version": version}
    return row | {name: versions.get(name) for name in VERSION_COLUMNS}


def mention_row(row: dict[str, Any], version: int) -> dict[str, Any]:
    """A row of `extract.export.mention_rows` as a row of MENTION_SCHEMA."""
    names = (row["place"], row["place_en"], row["surface"])
    # A separator that no folded query holds: a text must not be found across two names.
    folded = "|".join(normalize_name(name) for name in names if name)
    return row | {"folded": folded, "version": version}


def complete_parts(storage: Storage) -> tuple[Part, ...]:
    """Key, stamp and size of every part that is there as a whole, sorted; none for a folder that is gone."""
    return tuple(
        (name.removeprefix(ARTICLES).removesuffix(SUFFIX), stamp, size)
        for name, stamp, size in storage.entries(ARTICLES, SUFFIX)
    )


def articles_name(key: str) -> str:
    """The file of the part's articles."""
    return f"{ARTICLES}{key}{SUFFIX}"


def mentions_name(key: str) -> str:
    """The file of the part's mentions."""
    return f"{MENTIONS}{key}{SUFFIX}"


def part_key(contents: Mapping[str, str], version: int) -> str:
    """The key of a part: of the same articles (id -> content_hash) in the same version always the same."""
    content = hashlib.sha256(json.dumps(sorted(contents.items())).encode()).hexdigest()
    return f"{version:x}-{content[:16]}"


def write_part(
    storage: Storage,
    results: Iterable[tuple[Article, Sequence[Mapping[str, Any]]]],
    versions: Mapping[str, str],
    version: int,
) -> int:
    """Write articles, each with its rows of `extract.export.mention_rows`, as one part and return how many rows.

    Written again it takes its own place. The mentions come first: a part is there when its articles are.
    """
    contents, articles, mentions = {}, [], []
    for article, rows in results:
        contents[article.id] = content_hash(article)
        articles.append(article_row(article, contents[article.id], version, versions))
        mentions.extend(mention_row(row, version) for row in rows)
    tables = (
        pa.Table.from_pylist(rows, schema=schema)
        for rows, schema in ((articles, ARTICLE_SCHEMA), (mentions, MENTION_SCHEMA))
    )
    write_tables(storage, part_key(contents, version), *tables, versions)
    return len(mentions)


def write_tables(
    storage: Storage, key: str, articles: pa.Table, mentions: pa.Table, versions: Mapping[str, str]
) -> None:
    """Write the two files of a part, the mentions first."""
    metadata = {b"rasid": json.dumps({"format": FORMAT, "versions": dict(versions)}).encode()}
    storage.write_table(mentions_name(key), mentions.replace_schema_metadata(metadata))
    storage.write_table(articles_name(key), articles.replace_schema_metadata(metadata))


def scan_sql(files: Sequence[str], schema: pa.Schema) -> str:
    """SQL that reads the files, or nothing of the same columns when there are none."""
    if files:
        return f"SELECT * FROM {files_sql(files)}"
    types = {pa.string(): "VARCHAR", pa.int64(): "BIGINT", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN"}
    columns = ", ".join(f'NULL::{types[column.type]} AS "{column.name}"' for column in schema)
    return f"SELECT {columns} WHERE false"


def files_sql(files: Sequence[str], *options: str) -> str:
    """DuckDB's reader of the files, with options such as "filename = true"."""
    return f"read_parquet({', '.join([f'[{literals(files)}]', *options])})"
