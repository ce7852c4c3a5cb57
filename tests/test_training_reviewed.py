"""Learning from what reviewers decided."""

import json

import numpy as np
import pytest

from extract.decisions import Kind
from extract.geoparse import Geoparser
from extract.gold import reviewed_entries
from extract.mentions import Article
from extract.model import ContextModel, load_model
from tests.conftest import GOLD
from tests.test_review import ARTICLES, ELSEWHERE, Desk
from training import train as training
from training.train import CORPUS, SKIPPED, is_held_out, labels, read_corpus, read_reviewed, to_article, train


@pytest.fixture
def desk(tmp_path, gazetteer, parser, monkeypatch):
    monkeypatch.setenv("RASID_CACHE", str(tmp_path / "cache"))
    desk = Desk(tmp_path / "store", gazetteer, parser.model)
    seed = read_corpus([GOLD / "seeds.jsonl"])[0]
    desk.read([*ARTICLES, Article("seed", seed["text"], country="LY")])
    for row in desk.rows(article_ids=("b",)):
        desk.decide(row, Kind.NOT_A_PLACE if row["surface"] == "كخبزار" else Kind.RIGHT)
    desk.decide(desk.row("غريان"), Kind.PLACE, place=ELSEWHERE)
    desk.decide(desk.row("طرابلس"), Kind.RIGHT, role="actor")
    desk.decide(desk.rows(article_ids=("seed",))[0], Kind.RIGHT)
    return desk


def test_reviewed_articles_become_training_texts(desk):
    entries = {entry["id"]: entry for entry in reviewed_entries(desk.workspace, desk.parser)}
    assert set(entries) == {"a", "b", "seed"}
    assert [m["surface"] for m in entries["b"]["mentions"]] == ["طرابلس", "غريان"]
    assert "unreviewed" not in entries["b"]
    assert [(m["surface"], m["role"]) for m in entries["a"]["mentions"]] == [("غريان", "location"), ("طرابلس", "actor")]
    text = ARTICLES[0].text
    assert [text[start:end].split()[0] for start, end in entries["a"]["unreviewed"]] == ["ثم", "ووصل"]


def test_what_nobody_looked_at_teaches_nothing(desk, parser):
    (entry,) = (e for e in reviewed_entries(desk.workspace, desk.parser) if e["id"] == "a")
    context = parser.context(to_article(entry))
    seen_until = entry["unreviewed"][0][0]
    found = list(zip(context.spans, labels(context, entry), strict=True))
    assert {label for span, label in found if span.start >= seen_until} == {SKIPPED}
    assert SKIPPED not in {label for span, label in found if span.end <= seen_until}


def test_gold_articles_are_not_learned_from(desk, parser):
    assert [entry["id"] for entry in read_reviewed([desk.workspace.folder], parser)] == ["a", "b"]


def test_training_is_the_same_when_it_is_not_asked_for_reviews(desk, gazetteer, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(training, "load_gazetteer", lambda: gazetteer)
    entries = [e for e in read_corpus([CORPUS / "libya.jsonl"]) if not is_held_out(e["id"])][:20]
    corpus = tmp_path / "some.jsonl"
    corpus.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    wanted = train(entries, Geoparser(gazetteer, model=ContextModel([])))
    wanted.save(tmp_path / "wanted.npz")
    assert training.main([str(corpus), "--output", str(tmp_path / "plain.npz")]) == 0
    asked = ["--reviewed", str(desk.workspace.folder)]
    assert training.main([str(corpus), "--output", str(tmp_path / "more.npz"), *asked]) == 0
    assert "2 reviewed articles" in capsys.readouterr().err
    wanted, plain, more = (load_model(tmp_path / f"{name}.npz") for name in ("wanted", "plain", "more"))
    assert plain.stages[0][0] == wanted.stages[0][0] and np.array_equal(plain.calibration, wanted.calibration)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(plain.stages, wanted.stages, strict=True))
    assert more.stages[0][0] != plain.stages[0][0] and more.meta.startswith("22 articles")
