"""Search in titles and texts of articles: a full-text index beside each part of the workspace.

An index is a SQLite file with FTS5, made from the part and only from it: it may be deleted and is made again when a search
needs it. Words are folded (أ finds ا, ة finds ه) and kept a second time without the particles written onto them, so that
غريان finds وبغريان as well.
"""

import contextlib
import io
import re
import sqlite3
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

import pyarrow.parquet as pq

from gazetteer.normalize import fold_word, normalize_name
from gazetteer.whole_file import whole_file

# Names the form of the index: another form is another file name.
FORM = "1"
_WORD = re.compile(r"[^\W_]+(?:[\u064b-\u0652\u0640]+[^\W_]*)*")
_PARTICLES = re.compile(r"([وف]?(?:[بكلس]?ال|لل|[بكلس]))")
_AND = re.compile(r"[وف]")
Read = Callable[[Path], bytes]
_LEAST = 3  # letters: what is left of a word without its particles


@lru_cache(maxsize=400_000)
def word_forms(word: str) -> tuple[str, tuple[str, ...]]:
    """The folded word, and what may be left of it without particles (the word itself is not repeated).

    >>> word_forms("وبغريان")
    ('وبغريان', ('بغريان', 'غريان'))
    """
    folded = fold_word(word)
    rests = [folded[1:]] if _AND.match(folded) else []
    for length in (1, 2, 3, 4):
        if (found := _PARTICLES.fullmatch(folded[:length])) and found.end() == length:
            rests.append(folded[length:])
    return folded, tuple(sorted({rest for rest in rests if len(rest) >= _LEAST}, key=len, reverse=True))


def index_path(part: Path) -> Path:
    """Where the index of an articles part is."""
    return part.with_name(part.name.replace("articles-", f"search{FORM}-").replace(".parquet", ".sqlite"))


def build_index(part: Path, read: Read = Path.read_bytes) -> Path:
    """Make the index of the part, written under another name and renamed. `read` gives the part's bytes."""
    path = index_path(part)
    stream = io.BytesIO(read(part))
    table = pq.read_table(stream, columns=["article_id", "version", "title", "text"]).to_pylist()
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, durable=False) as temporary:
        database = sqlite3.connect(temporary, isolation_level=None)
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("CREATE VIRTUAL TABLE words USING fts5(whole, rests, content='', detail=full)")
        database.execute("CREATE TABLE ids (id INTEGER PRIMARY KEY, article_id TEXT, version INTEGER)")
        database.execute("BEGIN")
        database.executemany(
            "INSERT INTO ids VALUES (?, ?, ?)",
            ((n, row["article_id"], row["version"]) for n, row in enumerate(table, 1)),
        )
        database.executemany(
            "INSERT INTO words (rowid, whole, rests) VALUES (?, ?, ?)",
            ((n, *_columns(f"{row['title'] or ''}\n{row['text']}")) for n, row in enumerate(table, 1)),
        )
        database.execute("COMMIT")
        database.close()
    return path


def _columns(text: str) -> tuple[str, str]:
    forms = [word_forms(word) for word in _WORD.findall(text)]
    return " ".join(whole for whole, _ in forms), " ".join(sorted({rest for _, rests in forms for rest in rests}))


def match_expression(query: str) -> str:
    """The query as FTS5 reads it: every word in one of its forms, "quoted words" next to each other; "" for no word.

    >>> match_expression('بالفاشر')
    '("بالفاشر" OR "الفاشر" OR "فاشر")'
    """
    parts = []
    for phrase, word in re.findall(r'"([^"]*)"|([^\s"]+)', query):
        if phrase and (key := normalize_name(phrase)):
            parts.append(f'whole : "{key}"')
        elif word:
            parts.extend(_word_expression(key) for key in normalize_name(word).split())
    return " AND ".join(parts)


def _word_expression(key: str) -> str:
    _, rests = word_forms(key)
    # A prefix of the query's own that belongs to the name (بنغازي) must not make it find others: forms keep the article.
    forms = [key, *(rest for rest in rests if key.startswith(("ال", "وال", "بال", "لل", "كال", "فال", "وبال")))]
    return "(" + " OR ".join(f'"{form}"' for form in dict.fromkeys(forms)) + ")"


def find_in_part(part: Path, expression: str, read: Read = Path.read_bytes) -> list[tuple[str, int]]:
    """Ids and versions of the part's articles that match, by its index, which is made when it is not there or broken."""
    sql = "SELECT article_id, version FROM words JOIN ids ON ids.id = words.rowid WHERE words MATCH ?"
    path = index_path(part)
    for made in (False, True):
        if made or not path.exists():
            build_index(part, read)
        try:
            with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
                return database.execute(sql, (expression,)).fetchall()
        except sqlite3.DatabaseError:
            if made:
                raise
    return []


def find_articles(
    parts: Iterable[Path], query: str, progress: Callable[[float], None] | None = None, read: Read = Path.read_bytes
) -> list[tuple[str, int]]:
    """Id and version of every article whose title or text has all words of the query, old versions among them."""
    expression, parts = match_expression(query), list(parts)
    if not expression:
        return []
    found = []
    for number, part in enumerate(parts):
        found += find_in_part(part, expression, read)
        if progress:
            progress((number + 1) / len(parts))
    return found
