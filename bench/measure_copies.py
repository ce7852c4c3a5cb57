"""Time, memory and rightness of finding copies among many made articles: `python -m bench.measure_copies [ARTICLES]`.

The articles are words drawn as often as Arabic newspapers use them; one in ten is a copy of another (cut, with another
dateline, words changed, a sentence added), one in twenty a bulletin of a form with other numbers, and three in ten end with the
footer of their outlet. Each names up to ten places, so that 100,000 articles have nearly a million mentions.
"""

import itertools
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from wordfreq import get_frequency_dict

from bench.process import peak_mb
from extract.copy_index import index_path
from extract.filters import Filters
from extract.mentions import Article, Mention, Resolution
from extract.store import Workspace
from gazetteer import FeatureClass, Place, Point

COPIES, BULLETINS, FOOTERS = 0.10, 0.05, 0.30
OUTLETS, FORMS, PLACES, PLACES_NAMED, DAYS = 40, 50, 3_000, 10, 720
FIRST_DAY = date(2022, 1, 1)
LATER = 1_000


class World:
    """Makes articles; the same ones every time."""

    def __init__(self) -> None:
        self.random = random.Random(7)
        words = {word: share for word, share in get_frequency_dict("ar").items() if word.isalpha()}
        self._words, self._shares = list(words), list(itertools.accumulate(words.values()))
        self._footers = [self.words(25) for _ in range(OUTLETS)]
        self._forms = [[self.words(self.random.randint(3, 9)) for _ in range(10)] for _ in range(FORMS)]
        self.places = {
            word: Place(
                f"m:{n}", word, word, FeatureClass.CITY, "LY", Point(20 + n / 300, 10 + n / 300), 5.0, importance=1
            )
            for n, word in enumerate(self._words[1_000 : 1_000 + PLACES])
        }

    def words(self, count: int) -> list[str]:
        """So many words."""
        return self.random.choices(self._words, cum_weights=self._shares, k=count)

    def articles(self, count: int) -> Iterator[tuple[Article, int]]:
        """Articles, each with the number of its story."""
        stories: list[tuple[list[str], date]] = []
        for number in range(count):
            outlet, story, chance = self.random.randrange(OUTLETS), number, self.random.random()
            if chance < COPIES and stories:
                story, (words, day) = self._pick(stories)
                words, day = self._copy(words), day + timedelta(days=self.random.randint(0, 2))
            else:
                day = FIRST_DAY + timedelta(days=self.random.randrange(DAYS))
                words = self._bulletin() if chance < COPIES + BULLETINS else self._report()
            stories.append((words, day) if story == number else ([], day))
            if self.random.random() < FOOTERS:
                words = words + self._footers[outlet]
            yield Article(f"{number:07}", " ".join(words), None, day.isoformat(), f"outlet {outlet}"), story

    def _pick(self, stories: list[tuple[list[str], date]]) -> tuple[int, tuple[list[str], date]]:
        while True:
            number = self.random.randrange(len(stories))
            if stories[number][0]:
                return number, stories[number]

    def _report(self) -> list[str]:
        return self.words(max(40, min(900, int(self.random.lognormvariate(5.2, 0.6)))))

    def _bulletin(self) -> list[str]:
        form = self.random.choice(self._forms)
        return [word for piece in form for word in (*piece, str(self.random.randint(1, 500)))]

    def _copy(self, words: list[str]) -> list[str]:
        share, changed = self.random.choice((1, 1, 1, 0.7, 0.5, 0.35)), self.random.choice((0, 0, 0.01, 0.03, 0.06))
        kept = words[: max(15, int(len(words) * share))]
        kept = [self.words(1)[0] if self.random.random() < changed else word for word in kept]
        return self.words(self.random.randint(0, 5)) + kept + (self.words(15) if self.random.random() < 0.2 else [])

    def read(self, article: Article) -> list[Resolution]:
        """The first ten places an article names."""
        found, start = [], 0
        for word in article.text.split():
            if place := self.places.get(word):
                mention = Mention(start, start + len(word), word)
                found.append(Resolution(mention, place, "exact", 100.0, 0.9, "made", 0, min(80, len(article.text))))
            start += len(word) + 1
        return found[:PLACES_NAMED]


def main(count: int) -> None:
    """Print what was measured."""
    world, story_of = World(), {}
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.create_or_open(folder)
        made = list(world.articles(count + LATER))
        story_of = {article.id: story for article, story in made}
        workspace.add((article, world.read(article)) for article, _ in made[:count])
        print(f"{count} articles, {workspace.totals(Filters()).mentions} mentions")
        before = peak_mb()
        _timed("all copies, from nothing", workspace.find_copies)
        print(f"memory at most: {peak_mb():.0f} MB, {before:.0f} MB before")
        parts = list(Path(folder).glob("articles-*.parquet"))
        print(
            f"files beside the parts: {sum(index_path(part).stat().st_size for part in parts) / 1e6:.0f} MB, "
            f"the articles themselves {sum(part.stat().st_size for part in parts) / 1e6:.0f} MB"
        )
        again = Workspace.open(folder)
        again.totals(Filters())
        _timed("all copies, after the program was started again", again.find_copies)
        for name, filters in (("all", Filters()), ("once", Filters(copies="once"))):
            _timed(f"places, copies {name}", lambda filters=filters: again.places(filters, limit=2_000))
            _timed(f"totals, copies {name}", lambda filters=filters: again.totals(filters))
        again.add((article, world.read(article)) for article, _ in made[count:])
        again.totals(Filters())
        _timed(f"copies of {LATER} articles more", again.find_copies)
        _rightness(again, story_of)


def _timed(name: str, work) -> None:
    start, worked = time.perf_counter(), time.process_time()
    work()
    print(
        f"{name}: {time.perf_counter() - start:.2f} s, {time.process_time() - worked:.2f} s of them at work", flush=True
    )


def _rightness(workspace: Workspace, story_of: dict[str, int]) -> None:
    stories, groups = defaultdict(list), defaultdict(list)
    for article_id, story in story_of.items():
        stories[story].append(article_id)
    for group in workspace.copy_groups():
        groups[len(groups)] = group
    right, found = (
        {pair for group in all_groups.values() for pair in itertools.combinations(sorted(group), 2)}
        for all_groups in (stories, groups)
    )
    both = len(right & found)
    print(f"{len(right)} pairs: precision {both / len(found):.4f}, recall {both / len(right):.4f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
