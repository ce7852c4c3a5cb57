"""Other ways to find the gazetteer's names in a text, each as a scan that takes folded texts.

None of them knows clitics, grown-together or misspelt names, roles or places: they say what a look-up alone costs. All
get the same names, as keys, and the same texts, folded by `fold_text` beforehand, and are timed without the folding.
Each runs in a process of its own (`answer`), on one core.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.process import ROOT, MeasureError, memory_mb
from gazetteer import Gazetteer
from gazetteer.normalize import fold_word, normalize_name

# A scan of one text that returns how many names it found.
Scan = Callable[[str], int]

# Where `make bench` tries to install geonames-tagger: it brings forty packages that nothing else here needs.
TAGGER = ROOT / "bench" / "out" / "tagger"
REPEATS = 3
# The slow ones read so long, and what they would take for the rest is reckoned from that.
SLOW_S = 25.0
FUZZY_CUTOFF = 90
LONGEST_NGRAM = 3

_PLAIN = {chr(code): fold_word(chr(code)) for code in (*range(0x610, 0x6D4), 0x640)}
_FOLD = str.maketrans(_PLAIN | {char: " " for char in "،؛؟.,:;!?«»()[]\"'-–—\n\t"})


def fold_text(text: str) -> str:
    """The text with letters folded as in keys and punctuation blank: quick, and without offsets into the original."""
    return text.translate(_FOLD)


def load_names(gazetteer: Gazetteer) -> list[str]:
    """Keys of all Arabic names and aliases of at least two letters, each once."""
    keys: dict[str, None] = {}
    for row in range(len(gazetteer)):
        for name in gazetteer.place(row).names:
            if not name.isascii() and len(key := normalize_name(name)) > 1:
                keys[key] = None
    return list(keys)


def ahocorasick_rs_scan(names: Sequence[str]) -> Scan:
    """Aho-Corasick in Rust over text, the longest name from the left."""
    import ahocorasick_rs

    automaton = ahocorasick_rs.AhoCorasick(names, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)
    return lambda text: len(automaton.find_matches_as_indexes(text))


def ahocorasick_rs_bytes_scan(names: Sequence[str]) -> Scan:
    """The same over UTF-8 bytes: the quickest of all, with byte offsets."""
    import ahocorasick_rs

    kind = ahocorasick_rs.MatchKind.LeftmostLongest
    automaton = ahocorasick_rs.BytesAhoCorasick([name.encode() for name in names], matchkind=kind)
    return lambda text: len(automaton.find_matches_as_indexes(text.encode()))


def pyahocorasick_scan(names: Sequence[str]) -> Scan:
    """Aho-Corasick in C with Python values, every name that ends anywhere."""
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for name in names:
        automaton.add_word(name, len(name))
    automaton.make_automaton()
    return lambda text: sum(1 for _ in automaton.iter(text))


def spacy_scan(names: Sequence[str]) -> Scan:
    """spaCy's PhraseMatcher behind its blank Arabic tokenizer."""
    import spacy
    from spacy.matcher import PhraseMatcher

    pipeline = spacy.blank("ar")
    matcher = PhraseMatcher(pipeline.vocab)
    matcher.add("PLACE", list(pipeline.tokenizer.pipe(names)))
    return lambda text: len(matcher(pipeline.make_doc(text)))


def dictionary_scan(names: Sequence[str]) -> Scan:
    """Every stretch of one to three words looked up in a Python set."""
    known = frozenset(names)
    return lambda text: sum(ngram in known for ngram in ngrams(text))


def rapidfuzz_scan(names: Sequence[str]) -> Scan:
    """Every stretch of one to three words compared with every name by `extractOne` and `fuzz.ratio`."""
    from rapidfuzz import fuzz, process

    names = list(names)

    def scan(text: str) -> int:
        found = (process.extractOne(n, names, scorer=fuzz.ratio, score_cutoff=FUZZY_CUTOFF) for n in ngrams(text))
        return sum(one is not None for one in found)

    return scan


def geonames_tagger_scan(names: Sequence[str]) -> Scan:
    """geonames-tagger, from a folder of its own (TAGGER), with our names as its places."""
    if not TAGGER.is_dir():
        raise MeasureError(f"is not installed in {TAGGER.relative_to(ROOT)}: make bench tries to")
    # Last, so that it takes from there only what it needs beyond our own packages.
    sys.path.append(str(TAGGER))
    places = Path(tempfile.mkdtemp()) / "places.tsv"
    os.environ["GEONAMES_PLACES"] = str(places)
    from geonames_tagger.tagger import tag_locations
    from geonames_tagger.util import text_norm

    rows = {text_norm(name): name for name in names}
    lines = (f"{norm}\t{number}\t{name}\n" for number, (norm, name) in enumerate(rows.items(), 1) if norm)
    places.write_text("".join(lines), encoding="utf-8")
    # The first text makes it load lists of words and of people's names.
    sum(1 for _ in tag_locations(f"{names[0]} {names[-1]}"))
    return lambda text: sum(1 for _ in tag_locations(text))


def ngrams(text: str) -> Iterable[str]:
    """Every stretch of one to LONGEST_NGRAM words."""
    words = text.split()
    for start in range(len(words)):
        for length in range(1, min(LONGEST_NGRAM, len(words) - start) + 1):
            yield " ".join(words[start : start + length])


SCANS: dict[str, Callable[[Sequence[str]], Scan]] = {
    "ahocorasick_rs, bytes": ahocorasick_rs_bytes_scan,
    "ahocorasick_rs, text": ahocorasick_rs_scan,
    "pyahocorasick": pyahocorasick_scan,
    "Python set of names, 1-3 words": dictionary_scan,
    "spaCy PhraseMatcher": spacy_scan,
    "geonames-tagger": geonames_tagger_scan,
    "rapidfuzz extractOne, 1-3 words": rapidfuzz_scan,
}
# What is scanned as written: it has a folding of its own.
FOLDS_ITSELF = frozenset({"geonames-tagger"})


def time_scan(scan: Scan, texts: Sequence[str], *, limit_s: float = SLOW_S) -> tuple[float, int, int]:
    """Seconds of the processor for all texts (the best of REPEATS), how many were read, and the names found.

    When the first pass takes longer than the limit it stops there, and the seconds are reckoned from what was read.
    """
    late = time.perf_counter() + limit_s
    began, read, found = time.process_time(), 0, 0
    for text in texts:
        found += scan(text)
        read += 1
        if time.perf_counter() > late:
            break
    best = time.process_time() - began
    if read < len(texts):
        return best * sum(map(len, texts)) / sum(map(len, texts[:read])), read, found
    for _ in range(REPEATS - 1):
        if time.perf_counter() + best > late:
            break
        best = min(best, _seconds(scan, texts))
    return best, read, found


def fold_seconds(texts: Sequence[str]) -> float:
    """Seconds of the processor to fold all texts, the best of REPEATS."""
    return min(_seconds(fold_text, texts) for _ in range(REPEATS))


def _seconds(work: Callable[[str], object], texts: Sequence[str]) -> float:
    began = time.process_time()
    for text in texts:
        work(text)
    return time.process_time() - began


def read_made(path: str | Path, articles: int) -> list[str]:
    """Texts of the first articles of a made corpus."""
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line)["text"] for _, line in zip(range(articles), lines, strict=False)]


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Time one peer: `scan` of SCANS, the file of `names`, the `corpus` and how many `articles` of it."""
    texts = read_made(request["corpus"], request["articles"])
    names = Path(request["names"]).read_text(encoding="utf-8").split("\n")
    folding = fold_seconds(texts)
    given = texts if request["scan"] in FOLDS_ITSELF else list(map(fold_text, texts))
    before = memory_mb()[1]
    began = time.perf_counter()
    scan = SCANS[request["scan"]](names)
    built = time.perf_counter() - began
    seconds, read, found = time_scan(scan, given, limit_s=request.get("limit_s", SLOW_S))
    held, private = memory_mb()
    return {
        "build_s": built,
        "seconds": seconds,
        "fold_s": 0.0 if request["scan"] in FOLDS_ITSELF else folding,
        "read": read,
        "articles": len(texts),
        "found": found,
        "MB": sum(len(text.encode()) for text in texts) / 1e6,
        "memory_mb": held,
        "private_mb": private - before,
    }
