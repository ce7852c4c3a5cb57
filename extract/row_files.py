"""A file beside each large part from which single mentions are read quickly, with their texts.

A page of passages touches mentions all over a part, and Parquet is read in row groups of thousands. `rows1-<key>.arrow` holds
the same rows in small compressed blocks. It is made from the part and only from it, in the background, by the first question
that reads from the part: it may be deleted.
"""

import io
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from extract.parts import MENTION_SCHEMA, Part, mentions_name
from extract.storage import Storage
from gazetteer.whole_file import whole_file

logger = logging.getLogger(__name__)
# Names the form of the file: another form is another file name.
FORM = "1"
# Of 64 to 512 rows, at 1,000,000 mentions: smaller blocks take more room, larger ones more time.
BLOCK_ROWS = 256
# Of a part whose articles take less, DuckDB reads rows as quickly.
LEAST_BYTES = 1_000_000
# What is only looked for (`folded`), or known beside (`version`), is not read with a row.
COLUMNS = tuple(name for name in MENTION_SCHEMA.names if name not in ("folded", "version"))
Row = dict[str, Any]


def file_name(key: str) -> str:
    """The file with the rows of the part."""
    return f"rows{FORM}-{key}.arrow"


def write_rows(storage: Storage, key: str) -> Path:
    """Make the file of the part, written under another name and renamed. Raises FileNotFoundError when the part is gone."""
    path = storage.cache / file_name(key)
    part = pq.ParquetFile(io.BytesIO(storage.read(mentions_name(key))))
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([MENTION_SCHEMA.field(name) for name in COLUMNS])
    options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    with (
        whole_file(path, durable=False) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, schema, options=options) as writer,
    ):
        left = pa.table([[] for _ in COLUMNS], schema=schema)
        for group in range(part.num_row_groups):
            rows = part.read_row_group(group, columns=list(COLUMNS), use_threads=False)
            # Blocks are found by division: only the last one of a file may be short.
            left = pa.concat_tables([left, rows.select(COLUMNS).cast(schema)]).combine_chunks()
            whole = len(left) - len(left) % BLOCK_ROWS
            writer.write_table(left.slice(0, whole), max_chunksize=BLOCK_ROWS)
            left = left.slice(whole)
        writer.write_table(left)
    if not storage.entries(mentions_name(key)):
        # It was removed meanwhile, and with it what was made from it until then.
        path.unlink(missing_ok=True)
        raise FileNotFoundError(mentions_name(key))
    return path


class RowFiles:
    """The files of a workspace's parts, opened when they are first asked for. Safe to share between threads."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._open: dict[str, pa.ipc.RecordBatchFileReader] = {}
        # Parts whose file could not be made: not tried again by this process.
        self._failed: set[str] = set()
        self._making: threading.Thread | None = None

    def read(self, key: str, rows: Sequence[int], columns: Sequence[str]) -> list[Row] | None:
        """The rows of the part with these numbers, in their order; None where there is no file, or a broken one."""
        path = self._storage.cache / file_name(key)
        with self._lock:
            try:
                return _pick(self._open.get(key) or self._open_file(key, path), rows, columns)
            except FileNotFoundError:
                return None
            except (OSError, pa.ArrowException, KeyError, IndexError) as error:
                logger.warning("%s is broken and is made again: %s", path, error)
                self._open.pop(key, None)
                with suppress(OSError):
                    path.unlink(missing_ok=True)
                return None

    def _open_file(self, key: str, path: Path) -> pa.ipc.RecordBatchFileReader:
        source = pa.memory_map(str(path))
        self._open[key] = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(use_threads=False))
        return self._open[key]

    def make(self, parts: Sequence[Part], tell: Callable[[float], None] = lambda share: None) -> None:
        """Make the files that large parts of these lack. `tell` is told 0 to 1. Where none can be written, there are none."""
        missing = self.missing(parts)
        for number, key in enumerate(missing):
            try:
                write_rows(self._storage, key)
            except (OSError, pa.ArrowException) as error:
                self._failed.add(key)
                logger.warning("%s is not made: %s", file_name(key), error)
            tell((number + 1) / len(missing))
        kept = {key for key, _, _ in parts}
        with self._lock:
            self._open = {key: reader for key, reader in self._open.items() if key in kept}

    def missing(self, parts: Sequence[Part]) -> list[str]:
        """The keys of large parts that have no file and may get one."""
        large = [key for key, _, size in parts if size >= LEAST_BYTES and key not in self._failed]
        return [key for key in large if not (self._storage.cache / file_name(key)).exists()]

    def start_making(self, parts: Sequence[Part]) -> None:
        """Make them in the background, unless that is being done."""
        with self._lock:
            if self._making is None or not self._making.is_alive():
                self._making = threading.Thread(target=self.make, args=(parts,), name="rasid-rows", daemon=True)
                self._making.start()


def _pick(reader: pa.ipc.RecordBatchFileReader, rows: Sequence[int], columns: Sequence[str]) -> list[Row]:
    by_block: dict[int, list[int]] = {}
    for row in rows:
        by_block.setdefault(row // BLOCK_ROWS, []).append(row % BLOCK_ROWS)
    found: Mapping[int, Row] = {
        block * BLOCK_ROWS + row: values
        for block, chosen in by_block.items()
        for row, values in zip(
            chosen,
            reader.get_batch(block).select(list(columns)).take(pa.array(chosen, pa.int64())).to_pylist(),
            strict=True,
        )
    }
    return [found[row] for row in rows]
