"""The words of a part's articles, in a file beside the part.

The file has the different words with the articles that each is in, what is left of words without the particles written onto
them, and the words of all articles one after the other, for phrases. It is made from the part and only from it: it may be
deleted, and is made again when a search needs it.
"""

import io
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from extract.counting import sort_values
from extract.memo import Memo
from extract.parts import ARTICLES, SUFFIX
from gazetteer.normalize import fold_word
from gazetteer.whole_file import whole_file

# Names the form of the index: another form is another file name.
FORM = "2"
# The form before this one, which nothing reads any more.
_FORMER = "search1-{}.sqlite"
Read = Callable[[Path], bytes]
_WORD = re.compile(r"[^\W_]+(?:[\u064b-\u0652\u0640]+[^\W_]*)*")
# Particles as they are written onto a word: "and" alone, or before one of the others.
_OTHERS = ("ال", "بال", "كال", "لال", "سال", "لل", "ب", "ك", "ل", "س")
_PARTICLES = frozenset({"و", "ف", *(before + other for before in ("", "و", "ف") for other in _OTHERS)})
_LENGTHS = sorted(set(map(len, _PARTICLES)))
_LEAST = 3  # letters: what is left of a word without its particles
_TEXTS, _NUMBERS = pa.large_list(pa.large_string()), pa.large_list(pa.int32())
# One row of lists. `owners` are the rows of the articles a word is in, `bearers` the words that leave a rest: those of word or
# rest n begin at its place in the starts. `text` is the numbers of all words.
SCHEMA = pa.schema(
    [("article_id", _TEXTS), ("version", pa.large_list(pa.int64())), ("words", _TEXTS), ("rests", _TEXTS)]
    + [(name, _NUMBERS) for name in ("owners", "owner_starts", "bearers", "bearer_starts", "text", "text_starts")]
)


def rests_of(folded: str) -> tuple[str, ...]:
    """What may be left of a folded word without its particles, the longest first (the word itself is not repeated).

    >>> rests_of("وبغريان")
    ('بغريان', 'غريان')
    """
    rests = [folded[length:] for length in _LENGTHS if folded[:length] in _PARTICLES]
    return tuple(sorted({rest for rest in rests if len(rest) >= _LEAST}, key=len, reverse=True))


# Most words of a workspace come again in every part.
_FOLDED = Memo(fold_word, most=400_000)


def index_path(part: Path) -> Path:
    """Where the index of an articles part is."""
    return part.with_name(f"search{FORM}-{_key(part)}.arrow")


def _key(part: Path) -> str:
    return part.name.removeprefix(ARTICLES).removesuffix(SUFFIX)


class _Numbers(dict):
    """The number of each word as texts have it: its folded word's in `folded`, -1 where nothing is left of it."""

    def __init__(self) -> None:
        super().__init__()
        self.folded: dict[str, int] = {}

    def __missing__(self, word: str) -> int:
        folded = _FOLDED[word]
        self[word] = number = self.folded.setdefault(folded, len(self.folded)) if folded else -1
        return number


def build_index(part: Path, read: Read = Path.read_bytes) -> Path:
    """Make the index of the part, written under another name and renamed. `read` gives the part's bytes."""
    articles = pq.read_table(io.BytesIO(read(part)), columns=["article_id", "version", "title", "text"])
    columns = {name: articles[name].to_pylist() for name in articles.column_names}
    found = _index(
        f"{title or ''}\n{text or ''}" for title, text in zip(columns["title"], columns["text"], strict=True)
    )
    found |= {name: columns[name] for name in ("article_id", "version")}
    lists = [_one_list(found[field.name], field.type.value_type) for field in SCHEMA]
    path = index_path(part)
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        whole_file(path, durable=False) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, SCHEMA) as writer,
    ):
        writer.write_table(pa.table(lists, SCHEMA))
    part.with_name(_FORMER.format(_key(part))).unlink(missing_ok=True)
    return path


def _one_list(values: Any, kind: pa.DataType) -> pa.Array:
    values = pa.array(values, kind)
    return pa.LargeListArray.from_arrays(pa.array([0, len(values)], pa.int64()), values)


def _index(texts: Iterable[str]) -> dict[str, Any]:
    numbers, text, starts = _Numbers(), array("i"), array("i", [0])
    for content in texts:
        found = map(numbers.__getitem__, _WORD.findall(content))
        text.extend([number for number in found if number >= 0])
        starts.append(len(text))
    words, ranks = sort_values(pa.chunked_array([[*numbers.folded]], pa.string()))
    ordered, ends = ranks[np.frombuffer(text, np.int32)], np.frombuffer(starts, np.int32)
    owners = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    pairs = [(rest, rank) for word, rank in zip(numbers.folded, ranks.tolist(), strict=True) for rest in rests_of(word)]
    rests, places = sort_values(pa.chunked_array([[rest for rest, _ in pairs]], pa.string()))
    bearers = np.array([rank for _, rank in pairs], np.int64)
    found = {"words": words, "rests": rests, "text": ordered, "text_starts": ends}
    found["owners"], found["owner_starts"] = _grouped(ordered, owners, len(words))
    found["bearers"], found["bearer_starts"] = _grouped(places, bearers, len(rests))
    return found


def _grouped(keys: np.ndarray, values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The different values of each key, one key after the other, and where those of each begin (and the last end)."""
    pairs = np.sort((keys.astype(np.int64) << 32) | values)
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]
    starts = np.searchsorted(pairs, np.arange(count + 1) << 32)
    return (pairs & 0xFFFFFFFF).astype(np.int32), starts.astype(np.int32)


@dataclass(frozen=True, slots=True)
class WordIndex:
    """The index of a part, open."""

    columns: dict[str, pa.Array]

    @classmethod
    def open(cls, path: Path) -> "WordIndex":
        """Open the file. Raises OSError or pa.ArrowException where there is none, or a broken one."""
        batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
        if batch.schema.names != SCHEMA.names:
            raise pa.ArrowInvalid(f"{path}: other columns")
        return cls({name: batch[name].values for name in SCHEMA.names})

    def articles(self, rows: np.ndarray) -> list[tuple[str, int]]:
        """Ids and versions of the articles in these rows."""
        chosen = pa.array(rows, pa.int64())
        ids, versions = (self.columns[name].take(chosen).to_pylist() for name in ("article_id", "version"))
        return list(zip(ids, versions, strict=True))

    def find_word(self, word: str) -> np.ndarray:
        """The rows of the articles with the word, or with one of which it is left without particles; ascending."""
        numbers = {self._number("words", word)} | set(self._slice("bearers", self._number("rests", word)).tolist())
        owners = [self._slice("owners", number) for number in numbers]
        return np.unique(np.concatenate([np.empty(0, np.int32), *owners]))

    def find_phrase(self, words: Sequence[str]) -> np.ndarray:
        """The rows of the articles with these words, whole, one after the other; ascending."""
        numbers = [self._number("words", word) for word in words]
        text, starts = (self.columns[name].to_numpy() for name in ("text", "text_starts"))
        if -1 in numbers or len(numbers) > len(text):
            return np.empty(0, np.int32)
        at = np.flatnonzero(text[: len(text) - len(numbers) + 1] == numbers[0])
        for distance, number in enumerate(numbers[1:], 1):
            at = at[text[at + distance] == number]
        rows = np.searchsorted(starts, at, side="right") - 1
        return np.unique(rows[at + len(numbers) <= starts[rows + 1]])

    def _number(self, table: str, word: str) -> int:
        values = self.columns[table]
        place = bisect_left(range(len(values)), word, key=lambda number: values[number].as_py())
        return place if place < len(values) and values[place].as_py() == word else -1

    def _slice(self, table: str, number: int) -> np.ndarray:
        if number < 0:
            return np.empty(0, np.int32)
        starts = self.columns[f"{table.removesuffix('s')}_starts"]
        return self.columns[table][starts[number].as_py() : starts[number + 1].as_py()].to_numpy()
