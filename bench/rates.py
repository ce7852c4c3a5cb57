"""How often names stand in news, and how they are written: measured on annotated texts, kept in bench/rates.json.

python -m bench.rates measures anew. What is kept are rates and counts over all texts, no sentence of any.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz.distance import OSA

from extract.segment import split_sentences, tokenize
from gazetteer import Gazetteer, load_gazetteer
from gazetteer.index import allowed_edits
from gazetteer.normalize import normalize_name
from training.markup import read_corpus

ROOT = Path(__file__).resolve().parent.parent
RATES = Path(__file__).with_name("rates.json")
SETS = {"training": "training/corpus/*.jsonl", "gold": "tests/gold/*.jsonl"}
# A word that stands before names less often says nothing of news, only of the text it is from.
LEAST_BEFORE = 8
# Words that are names of places at least so important are names, not words, in nearly every text.
FAMOUS = 50.0

_LETTERS = "\u0621-\u064a"
_WORD_BEFORE = re.compile(rf"([{_LETTERS}]+)[ «(]*$")
ARABIC_WORD = re.compile(rf"[{_LETTERS}]+")


def load_rates() -> dict[str, Any]:
    """The rates kept: see `measure_rates` for what they are."""
    return json.loads(RATES.read_text(encoding="utf-8"))


def is_famous(gazetteer: Gazetteer, word: str) -> bool:
    """Whether the word is first of all the name of a well-known place."""
    return any(gazetteer.importance(row) >= FAMOUS for row, _ in gazetteer.rows(normalize_name(word)))


def measure_rates(
    articles: Iterable[Mapping[str, Any]], gazetteer: Gazetteer, known_words: Mapping[str, float]
) -> dict[str, Any]:
    """Rates over all the articles: of names among words, of each way to write them, of words that no list knows.

    `clitics` and `before` count what stands before names; `mentions_a_place` is how often an article names a place it names.
    """
    words, sentences, repeats = [], [], []
    names: Counter[str] = Counter()
    clitics: Counter[str] = Counter()
    before: Counter[str] = Counter()
    for article in articles:
        text, mentions = article["text"], article["mentions"]
        tokens = [text[token.start : token.end] for token in tokenize(text).words()]
        words.append(len(tokens))
        sentences += [len(tokenize(text[start:end])) for start, end in split_sentences(text)]
        if mentions:
            repeats.append(len(mentions) / len({(m["place"], m["lat"]) for m in mentions}))
        arabic = [token for token in tokens if ARABIC_WORD.fullmatch(token)]
        names["tokens"] += len(arabic)
        names["unknown"] += sum(token not in known_words for token in arabic)
        names["numbers"] += sum(token[0].isdigit() for token in tokens)
        for mention in mentions:
            clitic, word, kinds = _describe(text, mention, gazetteer)
            names.update(kinds)
            clitics[clitic] += clitic != ""
            before[word] += word != "" and not is_famous(gazetteer, word)
    total = names["mentions"]
    return {
        "articles": len(words),
        "words_an_article": round(float(np.mean(words)), 1),
        "words_a_sentence": [round(float(np.mean(sentences)), 1), round(float(np.std(sentences)), 1)],
        "names_per_100_words": round(100 * total / sum(words), 2),
        "with_clitic": round(sum(clitics.values()) / total, 4),
        "glued": round(names["glued"] / total, 4),
        "misspelt": round(names["misspelt"] / total, 4),
        "mentions_a_place": round(float(np.mean(repeats)), 3),
        "words_not_listed": round(names["unknown"] / names["tokens"], 4),
        "numbers": round(names["numbers"] / sum(words), 4),
        "clitics": {clitic: count for clitic, count in clitics.most_common() if count > 0},
        "before": {word: count for word, count in before.most_common() if count >= LEAST_BEFORE},
    }


def _describe(text: str, mention: Mapping[str, Any], gazetteer: Gazetteer) -> tuple[str, str, list[str]]:
    """The clitic before the name ("" for none), the word before that, and what is counted of it."""
    kinds, start = ["mentions"], mention["start"]
    while start and ARABIC_WORD.fullmatch(text[start - 1]):
        start -= 1
    clitic = "" if mention["glued"] else text[start : mention["start"]]
    if mention["glued"]:
        kinds.append("glued")
    key, right = normalize_name(mention["surface"]), normalize_name(mention["place"] or "")
    if right and key not in gazetteer and 0 < OSA.distance(key, right) <= allowed_edits(right):
        kinds.append("misspelt")
    found = _WORD_BEFORE.search(text[max(0, start - 30) : start])
    return clitic, found[1] if found else "", kinds


def read_texts(pattern: str) -> list[dict[str, Any]]:
    """The annotated articles of the files, in the order of their names."""
    return read_corpus(sorted(ROOT.glob(pattern)))


def main() -> None:
    """Measure each set and all together, and write the file."""
    import wordfreq

    gazetteer, known = load_gazetteer(), wordfreq.get_frequency_dict("ar", wordlist="best")
    texts = {name: read_texts(pattern) for name, pattern in SETS.items()}
    found = {name: measure_rates(articles, gazetteer, known) for name, articles in texts.items()}
    for rates in found.values():
        del rates["before"], rates["clitics"]
    every = [article for articles in texts.values() for article in articles]
    content = {"all": measure_rates(every, gazetteer, known), **found}
    RATES.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
