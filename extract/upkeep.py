"""Keeping a workspace in order: articles removed for good, small parts merged, parts of an older format brought up to date.

New parts are written before the old ones are deleted, and rows keep their versions: whoever reads meanwhile, and whoever goes
on after a crash, finds every article once (see extract.store). One process at a time does this to a workspace.
"""

import hashlib
import io
import json
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from extract.parts import (
    ARTICLE_SCHEMA,
    MENTION_SCHEMA,
    VERSION_COLUMNS,
    articles_name,
    complete_parts,
    files_sql,
    mentions_name,
    write_tables,
)
from extract.removed import Removed, hide, list_removed, read_removed, write_removed
from extract.storage import FORGOTTEN_S, Storage

LOCK = "upkeep"
# What a merged part holds: parts of so many mentions are quick to scan and small enough to build in memory.
PART_MENTIONS = 50_000
PART_BYTES = 64_000_000
# A part with less is worth merging.
SMALL_MENTIONS, SMALL_BYTES = PART_MENTIONS // 2, PART_BYTES // 2
# A read ends with merging when there are so many small parts.
MANY_SMALL = 40
GONE = "gone-"
_OF_PART = re.compile(r"[a-z]+\d*-([0-9a-f]+-[0-9a-f]+)\.\w+")


@dataclass(frozen=True, slots=True)
class CompactCounts:
    """What merging did: parts there were and are, and article rows dropped because newer ones count."""

    before: int = 0
    after: int = 0
    dropped: int = 0


def remove_articles(storage: Storage, article_ids: Collection[str]) -> None:
    """Remove articles for good: hidden at once, then their rows written out of every part, and what is made from those.

    A crash leaves them hidden, and the next removal or merging goes on.
    """
    if article_ids:
        write_removed(storage, article_ids)
    with storage.lock(LOCK):
        _finish(storage)


def compact_parts(storage: Storage, *, thorough: bool = True) -> CompactCounts:
    """Merge small parts into parts of some PART_MENTIONS mentions, and drop rows of which newer ones are merged with them.

    `thorough`: rows that no longer count are dropped wherever their newer ones are, which takes a look at all articles.
    """
    with storage.lock(LOCK):
        _finish(storage)
        keys = [key for key, _, _ in complete_parts(storage)]
        stale = _superseded(storage, keys) if thorough else {}
        dropped = sum(_merge(storage, group, stale) for group in list(_groups(storage, keys, stale)))
        drop_orphans(storage)
        return CompactCounts(len(keys), len(complete_parts(storage)), dropped)


def count_small(storage: Storage) -> int:
    """How many parts are worth merging, by the size of their files alone."""
    sizes = {name: size for name, _, size in storage.entries("mentions-", ".parquet")}
    return sum(size + sizes.get(mentions_name(key), 0) < SMALL_BYTES // 8 for key, _, size in complete_parts(storage))


def migrate_parts(storage: Storage) -> int:
    """Bring parts of format 1 up to date: columns they lack are added without values. Returns how many were."""
    changed = 0
    with storage.lock(LOCK):
        for key, _, _ in complete_parts(storage):
            mentions, articles = storage.read_table(mentions_name(key)), storage.read_table(articles_name(key))
            if mentions.schema.names != MENTION_SCHEMA.names or articles.schema.names != ARTICLE_SCHEMA.names:
                # What a part of format 1 was read with stood beside its rows.
                known = json.loads((articles.schema.metadata or {}).get(b"rasid", b"{}")).get("versions", {})
                values = {name: known.get(name) for name in VERSION_COLUMNS}
                fitted = (_fit(articles, ARTICLE_SCHEMA, values), _fit(mentions, MENTION_SCHEMA, {}))
                write_tables(storage, key, *fitted, known)
                changed += 1
    return changed


def drop_orphans(storage: Storage) -> None:
    """Delete what was made from parts that are gone, and mentions whose articles were not written for a day."""
    keys = {key for key, _, _ in complete_parts(storage)}
    for name, stamp, _ in storage.entries("mentions-", ".parquet"):
        # Mentions without articles may be a part in the making.
        forgotten = stamp.isdecimal() and time.time_ns() - int(stamp) > FORGOTTEN_S * 1_000_000_000
        if forgotten and name.removeprefix("mentions-").removesuffix(".parquet") not in keys:
            storage.delete(name)
    if storage.cache.is_dir():
        for path in storage.cache.iterdir():
            found = _OF_PART.fullmatch(path.name)
            if found and found[1] not in keys and not path.name.endswith(".parquet"):
                path.unlink(missing_ok=True)


def _finish(storage: Storage) -> None:
    """Do what an interrupted removal or merging left to do."""
    for name, _, _ in storage.entries(GONE, ".json"):
        _delete_listed(storage, name)
    files = list_removed(storage)
    if not files:
        return
    removed = read_removed(storage, files)
    for key in _parts_with(storage, removed):
        _rewrite(storage, [key], lambda articles: _not_removed(articles, removed))
    drop_orphans(storage)
    for name, _, _ in files:
        storage.delete(name)


def _parts_with(storage: Storage, removed: Removed) -> list[str]:
    """The parts that hold any of these articles."""
    keys = [key for key, _, _ in complete_parts(storage)]
    if not keys or not removed:
        return []
    files = {storage.location(articles_name(key)): key for key in keys}
    with storage.connect() as database:
        hide(database, removed)
        rows = database.execute(
            f"SELECT DISTINCT filename FROM {files_sql(list(files), 'filename = true')} "
            "JOIN hidden ON article_id = hidden_id AND version <= hidden_version"
        ).fetchall()
    return sorted(files[name] for (name,) in rows)


def _not_removed(articles: pa.Table, removed: Removed) -> list[bool]:
    ids, versions = articles["article_id"].to_pylist(), articles["version"].to_pylist()
    return [version > removed.get(identity, -1) for identity, version in zip(ids, versions, strict=True)]


def _superseded(storage: Storage, keys: Sequence[str]) -> dict[str, set[str]]:
    """Of each part the articles of which another part (or none) has what counts."""
    if not keys:
        return {}
    files = {storage.location(articles_name(key)): key for key in keys}
    with storage.connect() as database:
        rows = database.execute(
            # As extract.live chooses: the newest version, of equal ones the last part.
            f"SELECT filename, article_id FROM {files_sql(list(files), 'filename = true')} "
            "QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY version DESC, filename DESC) > 1"
        ).fetchall()
    found: dict[str, set[str]] = {}
    for name, identity in rows:
        found.setdefault(files[name], set()).add(identity)
    return found


def _groups(storage: Storage, keys: Sequence[str], stale: dict[str, set[str]]) -> Iterator[list[str]]:
    """Parts to be merged with each other; one that only has rows to drop comes alone."""
    sizes = {name: size for name, _, size in storage.entries("", ".parquet")}
    group: list[str] = []
    mentions = size = 0
    for key in keys:
        part_size = sizes.get(articles_name(key), 0) + sizes.get(mentions_name(key), 0)
        rows = _count_rows(storage, mentions_name(key)) if part_size < SMALL_BYTES else PART_MENTIONS
        if rows >= SMALL_MENTIONS or part_size >= SMALL_BYTES:
            if key in stale:
                yield [key]
            continue
        if group and (mentions + rows > PART_MENTIONS or size + part_size > PART_BYTES):
            yield group
            group, mentions, size = [], 0, 0
        group, mentions, size = [*group, key], mentions + rows, size + part_size
    if len(group) > 1 or any(key in stale for key in group):
        yield group


def _merge(storage: Storage, group: list[str], stale: dict[str, set[str]]) -> int:
    """Write the parts as one, and return how many rows of articles were dropped."""
    gone = {key: stale.get(key, set()) for key in group}
    # Within the group the newest counts, whatever is known of other parts.
    newest: dict[str, tuple[int, str]] = {}
    for key in group:
        ids = storage.read_table(articles_name(key), ["article_id", "version"])
        for identity, version in zip(ids["article_id"].to_pylist(), ids["version"].to_pylist(), strict=True):
            newest[identity] = max(newest.get(identity, (-1, "")), (version, key))
    dropped = 0

    def keep(articles: pa.Table, key: str) -> list[bool]:
        nonlocal dropped
        kept = [newest[i][1] == key and i not in gone[key] for i in articles["article_id"].to_pylist()]
        dropped += len(kept) - sum(kept)
        return kept

    _rewrite(storage, group, keep, with_key=True)
    return dropped


def _rewrite(storage: Storage, keys: Sequence[str], keep: Callable[..., list[bool]], *, with_key: bool = False) -> None:
    """Write what is to be kept of the parts as one new part, then delete them."""
    articles, mentions = [], []
    for key in keys:
        table = _fit(storage.read_table(articles_name(key)), ARTICLE_SCHEMA, {})
        table = table.filter(pa.array(keep(table, key) if with_key else keep(table)))
        rows = _fit(storage.read_table(mentions_name(key)), MENTION_SCHEMA, {})
        articles.append(table)
        mentions.append(rows.filter(pc.is_in(rows["article_id"], value_set=table["article_id"].combine_chunks())))
    merged = pa.concat_tables(articles)
    key = _merged_key(merged)
    if len(merged):
        versions = _common_versions(merged)
        write_tables(storage, key, merged, pa.concat_tables(mentions), versions)
    delete_parts(storage, [old for old in keys if old != key or not len(merged)])


def delete_parts(storage: Storage, keys: Sequence[str]) -> None:
    """Delete parts whose rows are in others now, and what was made from them. A crash is made good by the next one."""
    if keys:
        name = f"{GONE}{keys[0]}.json"
        storage.write(name, json.dumps({"parts": list(keys)}).encode())
        _delete_listed(storage, name)


def _delete_listed(storage: Storage, name: str) -> None:
    for key in json.loads(storage.read(name))["parts"]:
        _delete_part(storage, key)
    storage.delete(name)


def _delete_part(storage: Storage, key: str) -> None:
    # Without its articles a part does not count.
    for name in (articles_name(key), mentions_name(key)):
        storage.delete(name)
    if storage.cache.is_dir():
        for path in storage.cache.glob(f"*-{key}.*"):
            path.unlink(missing_ok=True)


def replace_articles(storage: Storage, key: str, articles: pa.Table) -> None:
    """Put a part with the same mentions and these rows of its articles in its place. To be called under LOCK."""
    new = _merged_key(articles)
    if new != key:
        write_tables(storage, new, articles, storage.read_table(mentions_name(key)), _common_versions(articles))
        delete_parts(storage, [key])


def _merged_key(articles: pa.Table) -> str:
    """A key that is the same for the same rows: merged again they take their own place."""
    columns = [articles[name].to_pylist() for name in ("article_id", "version", *VERSION_COLUMNS)]
    newest = max(columns[1], default=0)
    rows = sorted(json.dumps(row) for row in zip(*columns, strict=True))
    return f"{newest:x}-{hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]}"


def _common_versions(articles: pa.Table) -> dict[str, Any]:
    """What all the rows were read with, where that is one."""
    values = {name: articles[name].unique().to_pylist() for name in VERSION_COLUMNS}
    return {name: found[0] for name, found in values.items() if len(found) == 1 and found[0] is not None}


def _fit(table: pa.Table, schema: pa.Schema, values: dict[str, str | None]) -> pa.Table:
    """The table with exactly the schema's columns; those it lacks have the value given, or none."""
    columns = [
        table[column.name].cast(column.type)
        if column.name in table.schema.names
        else pa.array([values.get(column.name)] * len(table), column.type)
        for column in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema.with_metadata(table.schema.metadata))


def _count_rows(storage: Storage, name: str) -> int:
    return pq.read_metadata(io.BytesIO(storage.read(name))).num_rows
