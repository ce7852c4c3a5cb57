"""Learning from what reviewers decided."""

import pytest

from extract.decisions import Kind
from extract.gold import reviewed_entries
from extract.mentions import Article
from extract.model import ContextModel
from tests.conftest import GOLD
from tests.desk import ARTICLES, ELSEWHERE, Desk
from training import train as training
from training.train import CORPUS, SKIPPED, is_held_out, labels, read_corpus, read_reviewed, to_article


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


def test_training_learns_from_reviews_only_when_asked(desk, gazetteer, tmp_path, monkeypatch):
    taught = []

    def record(entries, reader):
        taught.append(entries)
        return ContextModel([])

    monkeypatch.setattr(training, "load_gazetteer", lambda: gazetteer)
    monkeypatch.setattr(training, "train", record)
    monkeypatch.setattr(ContextModel, "save", lambda model, path: None)
    own = [e for e in read_corpus(sorted(CORPUS.glob("*.jsonl"))) if not is_held_out(e["id"])]
    assert training.main([]) == 0
    assert training.main(["--reviewed", str(desk.workspace.folder)]) == 0
    assert taught[0] == own
    assert taught[1][: len(own)] == own and [e["id"] for e in taught[1][len(own) :]] == ["a", "b"]
    assert not any("unreviewed" in entry for entry in own)


def test_confidence_is_not_measured_where_nobody_looked(desk):
    entry = {"unreviewed": [[10, 20]]}
    seen = [training._was_seen(found, entry) for found in desk.parser.geoparse(ARTICLES[0])]
    starts = [found.mention.start for found in desk.parser.geoparse(ARTICLES[0])]
    assert seen == [not start < 20 for start in starts] and False in seen and True in seen
    assert all(training._was_seen(found, {}) for found in desk.parser.geoparse(ARTICLES[0]))
