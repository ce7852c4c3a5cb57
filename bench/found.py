"""What the scans and Rasid find of the names put into made articles: speed alone says little.

A finding counts for a name when they share at least half of what they cover together. The texts are random words, so this
says how each copes with the ways names are written, not how right it is on news (docs/accuracy.md has that).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bench.make_articles import MadeArticle, MadeMention, load_stock, make_articles
from bench.peers import LONGEST_NGRAM, fold_text, load_names
from bench.rates import ARABIC_WORD
from extract.geoparse import Geoparser
from extract.mentions import Article
from gazetteer import load_gazetteer

Span = tuple[int, int]
# Spans of the names found in a text, by offsets into it.
Finder = Callable[[str], Iterable[Span]]
WRITINGS = ("as they stand", "with a clitic", "grown together", "misspelt")
LEAST_SHARE = 0.5


def writing_of(text: str, mention: MadeMention) -> str:
    """How the name is written, one of WRITINGS."""
    if mention.misspelt:
        return "misspelt"
    if mention.glued:
        return "grown together"
    clitic = mention.start > 0 and ARABIC_WORD.match(text[mention.start - 1])
    return "with a clitic" if clitic else "as they stand"


def is_found(found: Span, name: Span) -> bool:
    """Whether they share at least LEAST_SHARE of what they cover together."""
    shared = min(found[1], name[1]) - max(found[0], name[0])
    return shared > 0 and shared >= LEAST_SHARE * (max(found[1], name[1]) - min(found[0], name[0]))


def score(made: Iterable[MadeArticle], find: Finder) -> dict[str, float]:
    """The share found of the names of each writing, and, as "right", the share of findings that are names."""
    names: Counter[str] = Counter()
    met: Counter[str] = Counter()
    findings = right = 0
    for article in made:
        text = article.row["text"]
        spans = list(find(text))
        hit: set[int] = set()
        for mention in article.mentions:
            matching = [at for at, span in enumerate(spans) if is_found(span, (mention.start, mention.end))]
            names[writing_of(text, mention)] += 1
            met[writing_of(text, mention)] += bool(matching)
            hit.update(matching)
        findings, right = findings + len(spans), right + len(hit)
    shares = {writing: met[writing] / names[writing] for writing in WRITINGS if names[writing]}
    return shares | {"right": right / max(1, findings)}


def folded(find: Finder) -> Finder:
    """A finder for texts as written, from one for folded texts: its spans led back to the text."""

    def find_in_text(text: str) -> list[Span]:
        # Letter by letter, for `fold_text` leaves some out.
        places = [at for at, char in enumerate(text) for _ in fold_text(char)]
        return [(places[start], places[end - 1] + 1) for start, end in find(fold_text(text))]

    return find_in_text


def automaton_finder(names: Sequence[str]) -> Finder:
    """ahocorasick_rs, the longest name from the left, inside words as well."""
    import ahocorasick_rs

    automaton = ahocorasick_rs.AhoCorasick(names, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)
    return folded(lambda text: [(start, end) for _, start, end in automaton.find_matches_as_indexes(text)])


def words_finder(names: Sequence[str]) -> Finder:
    """Stretches of words looked up in a set, the longest from the left: what PhraseMatcher finds, too."""
    known = frozenset(names)

    def find(text: str) -> Iterable[Span]:
        words, starts, at = text.split(" "), [], 0
        for word in words:
            starts.append(at)
            at += len(word) + 1
        first = 0
        while first < len(words):
            for last in range(min(first + LONGEST_NGRAM, len(words)), first, -1):
                if " ".join(words[first:last]) in known:
                    yield starts[first], starts[last - 1] + len(words[last - 1])
                    first = last - 1
                    break
            first += 1

    return folded(find)


def reader_finder(parser: Geoparser) -> Finder:
    """Rasid."""

    def find(text: str) -> list[Span]:
        return [(found.mention.start, found.mention.end) for found in parser.geoparse(Article("made", text))]

    return find


def answer(request: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Scores of each finder on so many `articles` made with the `seed`."""
    gazetteer = load_gazetteer()
    made = list(make_articles(request["articles"], request["seed"], load_stock(gazetteer)))
    names = load_names(gazetteer)
    return {
        "Rasid": score(made, reader_finder(Geoparser(gazetteer))),
        "Aho-Corasick, inside words": score(made, automaton_finder(names)),
        "look-up of whole words": score(made, words_finder(names)),
    }
