"""Our own corpus, its markup, and learning from it."""

import numpy as np
import pytest

from extract.geoparse import Geoparser
from extract.model import MODEL_FILE, ContextModel, load_model
from gazetteer import Gazetteer
from tests.conftest import ROOT
from training.markup import MarkupError, convert, read_marked
from training.train import CORPUS, is_held_out, read_corpus, train


def test_the_corpus_is_large_and_whole() -> None:
    entries = read_corpus(sorted(CORPUS.glob("*.jsonl")))
    assert len(entries) >= 500
    assert sum(len(e["text"].split()) for e in entries) >= 60_000
    assert len({e["id"] for e in entries}) == len(entries)
    for entry in entries:
        spans = sorted((m["start"], m["end"]) for m in entry["mentions"])
        assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False)), entry["id"]
        assert all(entry["text"][m["start"] : m["end"]] == m["surface"] for m in entry["mentions"])


def test_the_corpus_is_what_the_marked_texts_say() -> None:
    corpus = {e["id"]: e["text"] for e in read_corpus(sorted(CORPUS.glob("*.jsonl")))}
    marked = [a for path in sorted((ROOT / "training" / "texts").glob("*.txt")) for a in read_marked(path)]
    assert {a["id"] for a in marked} == set(corpus)
    for article in marked:
        plain = "".join(
            part.split("|")[0] for part in article["marked"].replace("[[", "\0").replace("]]", "\1").split("\0")
        )
        assert len(corpus[article["id"]]) <= len(article["marked"]), plain


def test_no_gold_article_is_in_the_corpus() -> None:
    own = {e["text"] for e in read_corpus(sorted(CORPUS.glob("*.jsonl")))}
    gold = {e["text"] for e in read_corpus(sorted((ROOT / "tests" / "gold").glob("*.jsonl")))}
    assert not own & gold


def test_markup_gives_spans_roles_and_relations(gazetteer: Gazetteer) -> None:
    article = {
        "id": "t",
        "country": "LY",
        "marked": "وصل إلى [[غريان|r=S:30]] و[[أنقرة|A]] و«فجر [[ليبيا|N]]» وجنوب[[طرابلس]]",
    }
    problems: list[str] = []
    entry = convert(article, gazetteer, problems)
    assert problems == []
    assert entry["text"] == "وصل إلى غريان وأنقرة و«فجر ليبيا» وجنوبطرابلس"
    found = [(m["surface"], m["role"], m["relation"], m["glued"]) for m in entry["mentions"]]
    assert found == [
        ("غريان", "location", "S:30", False),
        ("أنقرة", "actor", None, False),
        ("ليبيا", "name-part", None, False),
        ("طرابلس", "location", None, True),
    ]


def test_markup_asks_when_a_name_is_not_clear(gazetteer: Gazetteer) -> None:
    problems: list[str] = []
    convert({"id": "t", "country": None, "marked": "في [[كخبزار]]"}, gazetteer, problems)
    assert "not in the gazetteer" in problems[0]


def test_a_text_without_a_header_is_refused(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("نص بلا رأس", encoding="utf-8")
    with pytest.raises(MarkupError, match="needs a header"):
        list(read_marked(tmp_path / "a.txt"))


def test_training_gives_the_same_model_twice_and_survives_saving(gazetteer: Gazetteer, tmp_path) -> None:
    entries = [e for e in read_corpus([CORPUS / "libya.jsonl"]) if not is_held_out(e["id"])][:25]
    models = [train(entries, Geoparser(gazetteer, model=ContextModel([]))) for _ in range(2)]
    for (names, weights), (other_names, other) in zip(models[0].stages, models[1].stages, strict=True):
        assert names == other_names
        assert np.array_equal(weights, other)
    models[0].save(tmp_path / "m.npz")
    kept = load_model(tmp_path / "m.npz")
    assert kept.stages[0][0] == models[0].stages[0][0]
    assert np.allclose(kept.stages[0][1], models[0].stages[0][1], atol=1e-2)


def test_the_shipped_model_is_small_and_calibrated() -> None:
    assert MODEL_FILE.stat().st_size < 5_000_000
    model = load_model()
    assert np.all(np.diff(model.calibration) >= 0)
    assert model.calibrated(0.0) < 0.6 < model.calibrated(1.0)
