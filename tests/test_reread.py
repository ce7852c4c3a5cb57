"""Reading again what an older program, model or gazetteer read: all of it, or what a changed gazetteer can affect."""

import os
from dataclasses import replace

import pytest

from extract.batches import Batch, read_batch
from extract.filters import Filters
from extract.geoparse import Geoparser
from extract.mentions import Article
from extract.reread import count_outdated, reread
from extract.run import read_into
from extract.snapshots import changed_places
from extract.store import Workspace
from extract.versions import versions
from gazetteer import Gazetteer
from gazetteer.index import Segment, build_index
from tests.conftest import SMALL, make_place

WORDS = {"في": 7.5, "مدينه": 5.8, "الى": 7.0, "وصل": 5.0, "من": 7.3, "قال": 6.0, "اليوم": 6.1}


def make_parser(folder, places, name):
    build_index(sorted(places, key=lambda p: p.id), WORDS, folder / name, meta={"fingerprint": name})
    return Geoparser(Gazetteer([Segment(folder / name)]))


@pytest.fixture
def old(tmp_path):
    return make_parser(tmp_path, SMALL, "old")


TEXTS = {
    "plain": "وصل الوفد إلى مدينة تاجوراء اليوم.",
    "clitic": "وصل من غريان إلى الحدود ثم انتقل وبتاجوراء أقام.",
    "glued": "اشتباكات في مدينة طرابلسوتاجوراء اليوم.",
    "typo": "وصل الوفد إلى مدينة تاجورراء اليوم.",
    "other": "وصل الوفد إلى مدينة غريان قرب طرابلس.",
    "none": "قال إن الطقس جميل اليوم.",
}
TAJURA = make_place("ly-tajura", "تاجوراء", 32.88, 13.35, name_en="Tajura", importance=60)


@pytest.fixture
def workspace(tmp_path, old):
    """A workspace read with the old gazetteer, in two parts."""
    made = Workspace.create_or_open(tmp_path / "store")
    for name, text in TEXTS.items():
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{name}.txt").write_text(text, encoding="utf-8")
        if name in ("glued", "none"):
            read_into(made, [tmp_path / "in"], parser=old)
    return made


def answers(workspace):
    workspace.refresh(force=True)
    rows = workspace.rows(Filters(), placed=None)
    return sorted((r["article_id"], r["start"], r["place_id"] or "", r["confidence"]) for r in rows)


def read_whole(folder, texts, parser):
    """The same articles in a workspace of their own, read with this gazetteer alone."""
    made = Workspace.create_or_open(folder)
    read_batch(Batch(tuple(Article(name, text) for name, text in texts.items()), 1, made.address), parser)
    return answers(made)


@pytest.mark.parametrize(
    ("change", "least"),
    [
        (lambda places: [*places, TAJURA], {"plain", "clitic", "glued", "typo"}),
        (lambda places: [p for p in places if p.id != "ly-gharyan"], {"clitic", "other"}),
        (lambda places: [replace(p, importance=10.0) if p.name == "غريان" else p for p in places], {"clitic", "other"}),
    ],
    ids=["added", "removed", "changed"],
)
def test_after_a_change_of_the_gazetteer_only_what_it_can_affect_is_read(
    tmp_path, workspace, change, least, monkeypatch
):
    new = make_parser(tmp_path, change(SMALL), "new")
    assert count_outdated(workspace.storage, versions(new)) == 6
    read, geoparse_many = set(), Geoparser.geoparse_many

    def noted(self, articles):
        read.update(article.id for article in articles)
        return geoparse_many(self, articles)

    monkeypatch.setattr(Geoparser, "geoparse_many", noted)
    done = reread(workspace, parser=new)
    assert least <= read and "none" not in read
    assert (done.run.articles, done.run.replaced, done.unaffected) == (len(read), len(read), 6 - len(read))
    assert count_outdated(workspace.storage, versions(new)) == 0
    assert answers(workspace) == read_whole(tmp_path / "whole", TEXTS, new)
    assert reread(workspace, parser=new).run.articles == 0


def test_another_program_or_model_reads_all_again(tmp_path, workspace, old, monkeypatch):
    monkeypatch.setattr("extract.versions.PROGRAM", "9.9.9")
    done = reread(workspace, parser=old)
    assert (done.run.articles, done.unaffected) == (6, 0)
    assert {workspace.article(name)["program"] for name in TEXTS} == {"9.9.9"}


def test_without_what_the_gazetteer_held_all_is_read_again(tmp_path, workspace):
    for path in workspace.folder.glob("gazetteer-*"):
        path.unlink()
    done = reread(workspace, parser=make_parser(tmp_path, [*SMALL, TAJURA], "new"))
    assert (done.run.articles, done.unaffected) == (6, 0)


def test_stopped_it_goes_on_where_it_was(tmp_path, workspace, monkeypatch):
    new = make_parser(tmp_path, [*SMALL, TAJURA], "new")

    def stop(self, articles):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Geoparser, "geoparse_many", stop)
        with pytest.raises(KeyboardInterrupt):
            reread(workspace, parser=new)
    left = count_outdated(workspace.storage, versions(new))
    assert 0 < left <= 6
    done = reread(workspace, parser=new)
    assert done.run.articles + done.unaffected == left
    assert answers(workspace) == read_whole(tmp_path / "whole", TEXTS, new)


def test_what_a_gazetteer_held_is_kept_once(tmp_path, workspace, old):
    names = [name for name in os.listdir(workspace.folder) if name.startswith("gazetteer-")]
    assert len(names) == 1
    assert changed_places(workspace.storage, "old", old.gazetteer) == []
    assert changed_places(workspace.storage, "unknown", old.gazetteer) is None


def test_removed_articles_are_not_read_again(tmp_path, workspace, old, monkeypatch):
    workspace.remove(["plain"])
    monkeypatch.setattr("extract.versions.PROGRAM", "9.9.9")
    assert count_outdated(workspace.storage, versions(old)) == 5
    assert reread(workspace, parser=old).run.articles == 5
    assert workspace.article("plain") is None
