"""What is fuzzed, and what must hold whatever the bytes are."""

import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from extract.articles import KINDS, ArticleError, read_articles
from extract.export import mention_rows
from extract.geoparse import Geoparser
from extract.mentions import Article
from gazetteer import load_gazetteer
from gazetteer.normalize import fold_with_offsets, normalize_name

SUFFIXES = tuple(sorted(KINDS))
PROJECT = Path(__file__).parent.parent


def read_file(data: bytes) -> None:
    """A file of any kind (the first byte chooses) with any content gives articles or refusals that say why."""
    if not data:
        return
    suffix = SUFFIXES[data[0] % len(SUFFIXES)]
    refused: list[ArticleError] = []
    with tempfile.TemporaryDirectory(prefix="fuzz", dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        path = Path(folder) / f"a{suffix}"
        path.write_bytes(data[1:])
        articles = list(read_articles([path], refused.append))
    if not articles and not refused:
        raise AssertionError("neither read nor refused")
    for article in articles:
        article.text.encode("utf-8")
        if not article.text.strip() or "\0" in article.text:
            raise AssertionError(f"not a text: {article.text!r}")
    if any(not str(error).isprintable() for error in refused):
        raise AssertionError("a refusal that a terminal would obey")
    if len({article.id for article in articles}) < len(articles):
        raise AssertionError("two articles of one id")


def read_text(data: bytes) -> None:
    """Any text: offsets cut the surfaces out of it, in order, not overlapping; folding is idempotent, offsets monotone."""
    text = data.decode("utf-8", "replace")
    article = Article("a", text)
    rows = mention_rows(article, _parser().geoparse(article))
    end = 0
    for row in rows:
        if not end <= row["start"] < row["end"] or text[row["start"] : row["end"]] != row["surface"]:
            raise AssertionError(f"wrong offsets: {row}")
        end = row["end"]
    folded, offsets = fold_with_offsets(text)
    if len(folded) != len(offsets) or sorted(offsets) != offsets:
        raise AssertionError("offsets of folding that go back")
    key = normalize_name(text)
    if normalize_name(key) != key:
        raise AssertionError("folding twice is not folding once")


@cache
def _parser() -> Geoparser:
    return Geoparser(load_gazetteer())


TARGETS: dict[str, Callable[[bytes], None]] = {"readers": read_file, "reading": read_text}


def seeds(name: str) -> Iterator[bytes]:
    """Inputs to begin with: our own example articles, as they are and under every kind of file."""
    texts = [path.read_bytes() for path in sorted((PROJECT / "seeds").glob("*.txt"))]
    if name == "reading":
        yield from (text[:600] for text in texts)
        return
    samples = {
        ".csv": "id,text,date\n1,وصلت القوات إلى غريان,2019-04-05\n".encode(),
        ".jsonl": '{"id": "1", "text": "وصلت القوات إلى غريان"}\n'.encode(),
        ".html": "<html><body><article><p>وصلت القوات إلى غريان</p></article></body></html>".encode(),
        ".rss": "<rss><channel><item><title>غريان</title><description>نص</description></item></channel></rss>".encode(),
    }
    for number, suffix in enumerate(SUFFIXES):
        yield bytes([number]) + samples.get(suffix, texts[0][:1500])
