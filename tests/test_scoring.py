"""The quick sums of the context model say what its features say, however much was forgotten in between."""

import numpy as np
import pytest

from extract import resolve, scoring
from extract.features import article_features, look_at_articles, look_at_spans, span_features
from extract.geoparse import STRETCH, Geoparser
from extract.memo import Memo
from extract.mentions import Article
from extract.model import chances_of
from extract.scoring import Scorer
from extract.segment import cut_stretches
from tests.conftest import ROOT
from training.train import CORPUS, read_corpus, to_article

TEXTS = sorted(CORPUS.glob("*.jsonl"))


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_sums_by_key_are_the_sums_of_features(parser: Geoparser, path: object) -> None:
    model, scorer = parser.model, parser.scorer
    contexts = [parser.context(to_article(entry)) for entry in read_corpus([path])]
    looks = look_at_spans(contexts)
    assert len(looks.spans) > 1000
    names = [["bias", *features] for features in span_features(contexts)]
    first, second = scorer.score_spans(looks.keys)
    np.testing.assert_allclose(chances_of(first), model.predict(0, names), atol=1e-9)
    # Any chances will do: each span has one of its own.
    chances = [number % 97 / 97 for number in range(len(looks.spans))]
    more = article_features(contexts, chances)
    scores = second + scorer.score_articles(look_at_articles(looks, chances))
    expected = model.predict(1, [of_span + of_article for of_span, of_article in zip(names, more, strict=True)])
    np.testing.assert_allclose(chances_of(scores), expected, atol=1e-9)


def test_many_articles_read_as_each_by_itself(parser: Geoparser) -> None:
    articles = [to_article(entry) for entry in read_corpus([ROOT / "training" / "fresh" / "fresh.jsonl"])]
    articles.insert(3, Article("empty", ""))
    articles.insert(9, Article("no names", "لا شيء هنا."))
    assert parser.geoparse_many(articles) == [parser.geoparse(article) for article in articles]
    assert parser.geoparse_many([]) == []


def test_a_long_article_is_read_in_stretches(parser: Geoparser) -> None:
    texts = [entry["text"] for entry in read_corpus(TEXTS[:1])]
    text = "\n".join(texts * (1 + 70_000 // sum(map(len, texts))))
    short, long = parser.geoparse_many([Article("short", texts[0]), Article("long", text, country="LY")])
    assert short == parser.geoparse(Article("short", texts[0]))
    assert all(text[r.mention.start : r.mention.end] == r.mention.surface for r in long)
    assert all(r.passage_start <= r.mention.start and r.mention.end <= r.passage_end for r in long)
    expected = []
    for start, end in cut_stretches(text, STRETCH):
        found = parser.geoparse(Article("stretch", text[start:end], country="LY"))
        expected += [(start + r.mention.start, r.place, r.confidence) for r in found]
    assert len(cut_stretches(text, STRETCH)) > 3
    assert [(r.mention.start, r.place, r.confidence) for r in long] == expected


def test_a_list_of_many_names_is_weighed_in_parts(parser: Geoparser, monkeypatch: pytest.MonkeyPatch) -> None:
    articles = [to_article(entry) for entry in read_corpus(TEXTS[:1])[:40]]
    whole = parser.geoparse_many(articles)
    monkeypatch.setattr(resolve, "MOST_PAIRS", 200)
    assert parser.geoparse_many(articles) == whole
    monkeypatch.setattr(resolve, "MOST_MENTIONS", 3)
    parts = parser.geoparse_many(articles)
    assert [[r.mention.start for r in found] for found in parts] == [
        [r.mention.start for r in found] for found in whole
    ]
    assert parts != whole


def test_what_was_forgotten_is_summed_anew(parser: Geoparser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "_MOST_SUMS", 50)
    scorer = Scorer(parser.model)
    contexts = [parser.context(to_article(entry)) for entry in read_corpus(TEXTS[:1])[:40]]
    for _ in range(2):
        for context in contexts:
            keys = look_at_spans([context]).keys
            quick, whole = scorer.score_spans(keys), parser.scorer.score_spans(keys)
            np.testing.assert_allclose(np.hstack(quick), np.hstack(whole), atol=1e-9)
    assert scorer.count < 2000


def test_a_memory_keeps_to_its_bound() -> None:
    asked = []
    memo = Memo(lambda number: asked.append(number) or number * 2, most=10)
    assert [memo[number] for number in [*range(25), *range(25)]] == [number * 2 for number in range(25)] * 2
    assert len(memo) + len(memo.before) <= 10
    assert asked.count(24) == 2


def test_a_memory_keeps_what_is_asked_for_often() -> None:
    asked = []
    memo = Memo(lambda number: asked.append(number) or number, most=10)
    for number in range(1, 100):
        assert (memo[0], memo[number]) == (0, number)
    assert asked.count(0) == 1


def test_a_swapped_model_is_scored_with(parser: Geoparser, gazetteer: object) -> None:
    other = Geoparser(gazetteer, model=parser.model)
    before = other.scorer
    other.model = parser.model
    assert other.scorer is not before
    assert other.scorer.model is parser.model
