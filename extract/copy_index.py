"""What finding copies needs of each part of a workspace, in a file beside it, and what was found of pairs of texts.

Both are made from the parts and only from them: they may be deleted, and are made again when a question needs them. Where the
folder cannot be written to, they live in memory only.
"""

import contextlib
import io
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from extract.copies import Verdicts, digest, fingerprints, text_codes
from gazetteer.whole_file import whole_file

logger = logging.getLogger(__name__)
# Gives all bytes of a part's file: the files of a workspace elsewhere are not beside those made from them.
Read = Callable[[Path], bytes]
# Names the form of the files and the rules that made them: another one is another file name.
FORM = "1"
SCHEMA = pa.schema(
    [
        ("article_id", pa.string()),
        ("version", pa.int64()),
        ("digest", pa.uint64()),
        ("codes", pa.large_list(pa.uint32())),
        ("prints", pa.large_list(pa.uint32())),
    ]
)
_VERDICTS = f"copies{FORM}.pairs"


@dataclass(frozen=True, slots=True)
class PartTexts:
    """The texts of one part: `rows` by (article id, version); codes and fingerprints of all, and where each row's end."""

    rows: dict[tuple[str, int], int]
    digests: np.ndarray
    codes: np.ndarray
    code_ends: np.ndarray
    prints: np.ndarray
    print_ends: np.ndarray

    def codes_of(self, row: int) -> np.ndarray:
        """The codes of one text."""
        return self.codes[self.code_ends[row] : self.code_ends[row + 1]]


def index_path(part: Path) -> Path:
    """Where the file of an articles part is."""
    return part.with_name(part.name.replace("articles-", f"copies{FORM}-").replace(".parquet", ".arrow"))


def load_texts(part: Path, read: Read = Path.read_bytes) -> PartTexts:
    """The texts of an articles part, from the file beside it, which is made when it is not there or broken."""
    path = index_path(part)
    try:
        return _texts(pa.ipc.open_file(pa.memory_map(str(path))).read_all())
    except (OSError, pa.ArrowInvalid, KeyError):
        table = _make_table(part, read)
    try:
        _write(path, partial(_write_arrow, table))
    except OSError as error:
        logger.warning("%s cannot be kept: %s", path.name, error)
    return _texts(table)


def _texts(table: pa.Table) -> PartTexts:
    columns = {name: table.column(name).combine_chunks() for name in SCHEMA.names}
    keys = zip(columns["article_id"].to_pylist(), columns["version"].to_pylist(), strict=True)
    lists = [
        array.to_numpy(zero_copy_only=False)
        for name in ("codes", "prints")
        for array in (columns[name].values, columns[name].offsets)
    ]
    digests = columns["digest"].to_numpy(zero_copy_only=False)
    return PartTexts({key: row for row, key in enumerate(keys)}, digests, *lists)


def _make_table(part: Path, read: Read) -> pa.Table:
    articles = pq.read_table(io.BytesIO(read(part)), columns=["article_id", "version", "text"]).to_pylist()
    places = _places(read(part.with_name(part.name.replace("articles-", "mentions-"))))
    codes = [text_codes(row["text"] or "", places.get(row["article_id"], ())) for row in articles]
    ends = np.cumsum([0, *map(len, codes)])
    flat = np.concatenate([np.empty(0, np.uint32), *codes])
    owners, prints = fingerprints(flat, np.diff(ends))
    print_ends = np.searchsorted(owners, np.arange(len(codes) + 1))
    return pa.table(
        [
            pa.array([row["article_id"] for row in articles], pa.string()),
            pa.array([row["version"] for row in articles], pa.int64()),
            pa.array([digest(code) for code in codes], pa.uint64()),
            pa.LargeListArray.from_arrays(ends.astype(np.int64), flat),
            pa.LargeListArray.from_arrays(print_ends.astype(np.int64), prints),
        ],
        schema=SCHEMA,
    )


def _places(mentions: bytes) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    columns = pq.read_table(io.BytesIO(mentions), columns=["article_id", "start", "end"]).to_pydict()
    for article_id, *span in zip(*columns.values(), strict=True):
        found.setdefault(article_id, []).append(tuple(span))
    return found


def _write(path: Path, fill: Callable[[pa.NativeFile], None]) -> None:
    with whole_file(path, durable=False) as temporary, pa.OSFile(str(temporary), "wb") as sink:
        fill(sink)


def _write_arrow(table: pa.Table, sink: pa.NativeFile) -> None:
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def forget_texts(folder: Path, keys: Collection[str]) -> None:
    """Remove the files whose part is gone: `keys` are those of the parts that are there."""
    kept = {f"copies{FORM}-{key}.arrow" for key in keys}
    for path in folder.glob("copies*-*.arrow"):
        if path.name not in kept:
            # On some systems a file that another reader has open stays; the next look removes it.
            with contextlib.suppress(OSError):
                path.unlink()


def load_verdicts(folder: Path) -> Verdicts:
    """What was found of pairs of texts before (see extract.copies.find_groups); empty where nothing was kept."""
    try:
        columns = pq.read_table(folder / _VERDICTS, columns=["one", "other", "likeness"]).to_pydict()
    except (OSError, pa.ArrowInvalid, KeyError):
        return {}
    return {(one, other): likeness for one, other, likeness in zip(*columns.values(), strict=True)}


def save_verdicts(folder: Path, verdicts: Verdicts) -> None:
    """Keep what was found of pairs of texts. Of two who write at once one is kept: what is lost is found again."""
    ones, others = zip(*verdicts, strict=True) if verdicts else ((), ())
    table = pa.table(
        [pa.array(ones, pa.uint64()), pa.array(others, pa.uint64()), pa.array(verdicts.values(), pa.float64())],
        names=["one", "other", "likeness"],
    )
    try:
        _write(folder / _VERDICTS, lambda sink: pq.write_table(table, sink, compression="zstd"))
    except OSError as error:
        logger.warning("%s cannot be kept: %s", _VERDICTS, error)
