"""Makes a corpus of articles that nobody wrote, for measuring: python -m bench.make_articles --articles 100000 --output FILE

Everyday words come by their frequency in Arabic (wordfreq), with a tail of words that no list holds; names come from the
gazetteer, the more important the more often, as often and in such writings as bench/rates.json says. A text reads like no
news, but costs a reader as much: its words, lengths, names, clitics, glue and typos are as many as in news, and so are the
words that come for the first time (23,700 different ones among 78,000; the annotated texts have 24,400).
The same seed gives the same bytes, with the same gazetteer and packages.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from bench.measure_gazetteer import misspell
from bench.rates import ARABIC_WORD, is_famous, load_rates
from extract.word_tables import read_rows
from gazetteer import FeatureClass, Gazetteer, load_gazetteer

ARTICLES = 100_000
# Chunks do not hang on each other: a corpus of 1,000 articles begins one of 10,000.
CHUNK_ARTICLES = 1_000
# Newspapers' articles differ in length far more than the annotated ones, which were written to one measure.
LENGTH_SIGMA, SHORTEST, LONGEST = 0.55, 40, 2_000
# Shares that no annotated text tells; chosen by what news looks like.
NEAR_DUPLICATES, SENTENCES_WITH_VERB, COMMAS, OTHER_NAME, FROM_ABROAD = 0.08, 0.4, 0.05, 0.1, 0.3
# Words of a verb with its subject, and of a name, on average over the tables.
WORDS_AT_VERB, WORDS_A_NAME = 2.4, 1.37
# Of glued names, how many have the word before grown on; the others have the next name grown on with its «و».
GLUED_BEFORE = 0.66
FIRST_DAY, LAST_DAY = date(2018, 1, 1), date(2025, 12, 31)
COUNTRIES = "LY EG SD SY IQ YE SA AE LB JO PS DZ MA TN QA KW".split()
PAPERS = "وكالة الأنباء,صحيفة الأيام,جريدة الصباح,موقع الخبر,قناة اليوم,صحيفة الوطن,بوابة المساء,مرصد الأحداث".split(
    ","
)
PREFIXES = ["", "و", "ال", "وال", "ب", "بال", "لل", "ل", "س", "في", "ك"]
SUFFIXES = ["ه", "ها", "هم", "نا", "ين", "ات", "ان", "ون", "ية", "يا", "كم", "تهم"]
_LEAST_GLUED = 3


@dataclass(frozen=True, slots=True)
class MadeMention:
    """A name put into a text: `text[start:end]`, the row of its place, how it is written, and the sentence it stands in."""

    start: int
    end: int
    place_row: int
    glued: bool
    misspelt: bool
    passage_start: int
    passage_end: int


@dataclass(frozen=True, slots=True)
class MadeArticle:
    """An article as it is written to the file, and the names put into it in text order."""

    row: dict[str, str]
    mentions: list[MadeMention]


@dataclass(slots=True)
class _Names:
    rows: list[int]
    shares: np.ndarray


@dataclass(slots=True)
class Stock:
    """What articles are made of: words and their shares, names by country, rates. Made once by `load_stock`."""

    gazetteer: Gazetteer
    rates: dict[str, Any]
    gold: dict[str, Any]
    words: np.ndarray
    shares: np.ndarray
    names: dict[str, _Names]
    verbs: list[str]
    titles: list[str]
    before: list[str]
    before_weights: list[int]
    clitics: list[str]
    clitic_weights: list[int]
    writings: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def name_share(self) -> float:
        """The share of drawn words that become names, so that names are as many among all words as the rates say.

        Verbs that begin sentences, words put before names and further words of names come on top of the drawn words.
        """
        rate, alone = self.rates["names_per_100_words"] / 100, 1 - self.rates["glued"] - self.rates["with_clitic"]
        per_name = alone + WORDS_A_NAME - 1
        per_word = SENTENCES_WITH_VERB * WORDS_AT_VERB / self.gold["words_a_sentence"][0]
        return rate * (1 + per_word) / (1 - rate * per_name)

    def names_of(self, row: int) -> tuple[str, ...]:
        """The place's Arabic names, the usual one first."""
        found = self.writings.get(row)
        if found is None:
            place = self.gazetteer.place(row)
            found = self.writings[row] = tuple(n for n in (place.name, *place.aliases) if not n.isascii())
        return found


def load_stock(gazetteer: Gazetteer) -> Stock:
    """Words, names and rates. Takes some seconds."""
    import wordfreq

    rates = load_rates()
    listed = wordfreq.get_frequency_dict("ar", wordlist="best")
    # The list counts names among words: those come by the rate of names alone.
    words = [word for word in listed if ARABIC_WORD.fullmatch(word) and not is_famous(gazetteer, word)]
    shares = np.cumsum([listed[word] for word in words])
    cues = read_rows("cues.csv")
    verbs = [cue["cue"] for cue in cues if cue["type"] in ("actor_verb", "person_verb", "place_verb")]
    titles = [cue["cue"] for cue in cues if cue["type"] in ("person_title", "org_head", "actor_head")]
    every = rates["all"]
    return Stock(
        gazetteer=gazetteer,
        rates=every,
        gold=rates["gold"],
        words=np.array(words, dtype=object),
        shares=shares / shares[-1],
        names=_names_by_country(gazetteer),
        verbs=verbs,
        titles=titles,
        before=list(every["before"]),
        before_weights=list(every["before"].values()),
        # Seldom enough that the annotated texts may lack one: each is counted once more.
        clitics=["و", "ب", "ل", "ف", "ك", "وب", "ول"],
        clitic_weights=[every["clitics"].get(c, 0) + 1 for c in ("و", "ب", "ل", "ف", "ك", "وب", "ول")],
    )


def _names_by_country(gazetteer: Gazetteer) -> dict[str, _Names]:
    """Places with an Arabic name by country, "" for all; the share of each falls with its rank by importance (Zipf)."""
    rows: dict[str, list[int]] = {"": []}
    for row in range(len(gazetteer)):
        if gazetteer.place(row).name.isascii() or gazetteer.feature(row) is FeatureClass.CONTINENT:
            continue
        rows[""].append(row)
        rows.setdefault(gazetteer.country(row) or "", []).append(row)
    found = {}
    for country, listed in rows.items():
        listed.sort(key=lambda row: (-gazetteer.importance(row), row))
        shares = np.cumsum(1 / (np.arange(len(listed)) + 3))
        found[country] = _Names(listed, shares / shares[-1])
    return found


def make_articles(articles: int, seed: int, stock: Stock) -> Iterator[MadeArticle]:
    """So many articles, in chunks of CHUNK_ARTICLES that do not hang on each other."""
    for first in range(0, articles, CHUNK_ARTICLES):
        yield from _Chunk(stock, seed, first).make(min(CHUNK_ARTICLES, articles - first))


class _Chunk:
    """Makes the articles that are numbered from `first`. All chance comes from the seed and that number."""

    def __init__(self, stock: Stock, seed: int, first: int) -> None:
        self._stock, self._seed, self._first = stock, seed, first
        self._numbers, self._chance = np.random.default_rng([seed, first]), Random(f"{seed} {first}")

    def make(self, count: int) -> list[MadeArticle]:
        # Always a whole chunk's worth of numbers, so that a shorter corpus is a beginning of the longer one.
        stock, numbers = self._stock, self._numbers
        mean = np.log(stock.gold["words_an_article"]) - LENGTH_SIGMA**2 / 2
        lengths = np.clip(numbers.lognormal(mean, LENGTH_SIGMA, CHUNK_ARTICLES), SHORTEST, LONGEST).astype(int)
        total = int(lengths.sum())
        words = stock.words[np.searchsorted(stock.shares, numbers.random(total))].tolist()
        self._replace(words, stock.rates["words_not_listed"], self._unlisted)
        self._replace(words, stock.rates["numbers"], lambda: str(self._chance.randrange(1, 2000)))
        named = (numbers.random(total) < stock.name_share()).tolist()
        drawn = numbers.random(total + 2 * CHUNK_ARTICLES).tolist()
        ends = np.cumsum(lengths).tolist()
        made: list[MadeArticle] = []
        for number, (end, length) in enumerate(zip(ends, lengths.tolist(), strict=True)):
            if number >= count:
                break
            if made and self._chance.random() < NEAR_DUPLICATES:
                made.append(self._reprint(made[self._chance.randrange(len(made))], number))
            else:
                start = end - length
                made.append(self._article(number, words[start:end], named[start:end], drawn[start : end + 2]))
        return made

    def _replace(self, words: list[str], share: float, make: Any) -> None:
        for at in np.flatnonzero(self._numbers.random(len(words)) < share).tolist():
            words[at] = make()

    def _unlisted(self) -> str:
        word = self._stock.words[self._chance.randrange(len(self._stock.words))]
        return self._chance.choice(PREFIXES) + word + self._chance.choice(SUFFIXES)

    def _article(self, number: int, words: list[str], named: list[bool], drawn: list[float]) -> MadeArticle:
        chance = self._chance
        country = chance.choice(COUNTRIES)
        text, mentions = _Text(), []
        told: list[int] = []
        mean, spread = self._stock.gold["words_a_sentence"]
        at = 0
        while at < len(words):
            length = max(4, int(chance.gauss(mean, spread)))
            first = len(mentions)
            text.begin_sentence(new_paragraph=chance.random() < 0.35)
            if chance.random() < SENTENCES_WITH_VERB:
                text.add(chance.choice(self._stock.verbs))
                text.add(chance.choice(self._stock.titles))
            for word, is_name, share in zip(
                words[at : at + length], named[at : at + length], drawn[at : at + length], strict=False
            ):
                if is_name:
                    mentions.append(self._add_name(text, word, self._draw_place(country, told, share)))
                else:
                    text.add(word if chance.random() > COMMAS else word + "،")
            start, end = text.end_sentence()
            mentions[first:] = [MadeMention(*mention, start, end) for mention in mentions[first:]]
            at += length
        whole = text.whole()
        title = " ".join(whole.split()[: chance.randrange(5, 10)]).rstrip(".،")
        return MadeArticle(self._row(number, title, whole, country), mentions)

    def _draw_place(self, country: str, told: list[int], share: float) -> int:
        """A place of the article so far, one of its country, or one from abroad."""
        chance = self._chance.random()
        again = 1 - 1 / self._stock.gold["mentions_a_place"]
        if told and chance < again:
            return self._chance.choice(told)
        names = self._stock.names["" if self._chance.random() < FROM_ABROAD else country]
        row = names.rows[min(int(np.searchsorted(names.shares, share)), len(names.rows) - 1)]
        told.append(row)
        return row

    def _add_name(self, text: "_Text", word: str, row: int) -> tuple[int, int, int, bool, bool]:
        """Write the name as newspapers do: after a word, with a clitic, grown together, misspelt.

        Returns the first fields of a MadeMention.
        """
        stock, chance, rates = self._stock, self._chance, self._stock.rates
        names = stock.names_of(row)
        name = names[0] if len(names) == 1 or chance.random() > OTHER_NAME else chance.choice(names)
        wrong = chance.random() < rates["misspelt"] and len(name) > 4
        if wrong:
            right, name = name, misspell(name, chance)
            wrong = name != right
        how = chance.random()
        if how < rates["glued"]:
            if chance.random() < GLUED_BEFORE:
                before = chance.choices(stock.before, stock.before_weights)[0]
                while len(before) < _LEAST_GLUED:
                    before = chance.choices(stock.before, stock.before_weights)[0]
                return *text.add_name(name, before=before), row, True, wrong
            return *text.add_name(name, after="و" + word), row, True, wrong
        if how < rates["glued"] + rates["with_clitic"]:
            clitic = chance.choices(stock.clitics, stock.clitic_weights)[0]
            if clitic.endswith("ل") and name.startswith("ال"):
                # The article loses its alif after ل: the name that is left begins with the second lam.
                return *text.add_name(name[1:], before=clitic), row, False, wrong
            return *text.add_name(name, before=clitic), row, False, wrong
        text.add(chance.choices(stock.before, stock.before_weights)[0])
        return *text.add_name(name), row, False, wrong

    def _reprint(self, other: MadeArticle, number: int) -> MadeArticle:
        """The article in another paper, days later: a first line put before, the last paragraph left out."""
        chance = self._chance
        head = f"{chance.choice(PAPERS)} - "
        kept = max(other.row["text"].rfind("\n\n"), 0) or len(other.row["text"])
        moved = len(head)
        mentions = [
            replace(
                m,
                start=m.start + moved,
                end=m.end + moved,
                passage_start=m.passage_start + moved,
                passage_end=m.passage_end + moved,
            )
            for m in other.mentions
            if m.end <= kept
        ]
        row = self._row(number, other.row["title"], head + other.row["text"][:kept], other.row["country"])
        day = min(date.fromisoformat(other.row["date"]) + timedelta(chance.randrange(3)), LAST_DAY)
        return MadeArticle(row | {"date": day.isoformat()}, mentions)

    def _row(self, number: int, title: str, text: str, country: str) -> dict[str, str]:
        chance, identity = self._chance, f"made-{self._seed}-{self._first + number:07d}"
        day = FIRST_DAY + timedelta(chance.randrange((LAST_DAY - FIRST_DAY).days + 1))
        paper = chance.randrange(len(PAPERS))
        outlet = f"{PAPERS[paper]} ({country})"
        url = f"https://{country.lower()}{paper}.example.org/{day:%Y/%m}/{identity}"
        return {
            "id": identity,
            "title": title,
            "date": day.isoformat(),
            "outlet": outlet,
            "country": country,
            "url": url,
            "text": text,
        }


class _Text:
    """A text as it grows, with the offset that the next word will have."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = self._sentence = 0

    def begin_sentence(self, *, new_paragraph: bool) -> None:
        if self._pieces:
            self._put("\n\n" if new_paragraph else " ")
        self._sentence = self._length

    def add(self, word: str) -> None:
        if self._length > self._sentence:
            self._put(" ")
        self._put(word)

    def add_name(self, name: str, *, before: str = "", after: str = "") -> tuple[int, int]:
        self.add(before)
        start = self._length
        self._put(name + after)
        return start, start + len(name)

    def end_sentence(self) -> tuple[int, int]:
        self._put(".")
        return self._sentence, self._length

    def whole(self) -> str:
        return "".join(self._pieces)

    def _put(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += len(piece)


def write_articles(path: Path, articles: int, seed: int, stock: Stock) -> int:
    """Write the corpus as JSON lines, and return its bytes."""
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        for article in make_articles(articles, seed, stock):
            stream.write(json.dumps(article.row, ensure_ascii=False) + "\n")
    return path.stat().st_size


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    size = write_articles(args.output, args.articles, args.seed, load_stock(load_gazetteer()))
    print(f"{args.output}: {args.articles:,} articles, {size / 1e6:,.0f} MB", file=sys.stderr)


if __name__ == "__main__":
    main()
