"""Decisions on the command line: moved, listed, undone, compared, made into tables and a corpus."""

import csv
import json

import pytest

from extract import decisions_command
from extract.__main__ import main
from extract.decisions import Kind, make_place
from gazetteer import Point
from gazetteer.sources.tables import read_table
from tests.conftest import GOLD
from tests.desk import ARTICLES, ELSEWHERE, KHABZAR, Desk
from tests.gold.score import score


@pytest.fixture
def open_desk(tmp_path, gazetteer, parser, monkeypatch):
    monkeypatch.setenv("RASID_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RASID_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(decisions_command, "load_gazetteer", lambda: gazetteer)

    def make(name, articles=ARTICLES):
        desk = Desk(tmp_path / name, gazetteer, parser.model)
        desk.read(articles)
        return desk

    return make


@pytest.fixture
def mine(open_desk):
    desk = open_desk("mine")
    desk.decide(desk.row("غريان"), Kind.PLACE, place=ELSEWHERE)
    desk.decide(desk.row("كخبزار"), Kind.NAME, place=KHABZAR)
    desk.decide(desk.row("طرابلس", "c"), Kind.RIGHT)
    return desk


def run(*arguments):
    return main(["decisions", *map(str, arguments)])


def exported(desk, path):
    assert run("export", "--store", desk.workspace.folder, "--output", path) == 0
    return path


def test_decisions_move_to_another_analyst(mine, open_desk, tmp_path, caplog):
    file, theirs = exported(mine, tmp_path / "d.jsonl"), open_desk("theirs")
    assert len(file.read_text(encoding="utf-8").splitlines()) == 3
    caplog.set_level("INFO")
    assert run("import", "--store", theirs.workspace.folder, file) == 0
    assert "3 decisions new, 0 here already, 0 lines refused, 0 conflicts; 3 articles changed" in caplog.text
    theirs.workspace.refresh(force=True)
    assert theirs.rows() == mine.rows()
    before = sorted(path.name for path in theirs.workspace.folder.rglob("*.json*"))
    caplog.clear()
    assert run("import", "--store", theirs.workspace.folder, file) == 0
    assert "0 decisions new, 3 here already" in caplog.text and "0 articles changed" in caplog.text
    assert sorted(path.name for path in theirs.workspace.folder.rglob("*.json*")) == before


def test_a_decision_about_an_article_that_is_not_here_waits_for_it(mine, open_desk, tmp_path):
    file, theirs = exported(mine, tmp_path / "d.jsonl"), open_desk("theirs", ARTICLES[1:])
    assert run("import", "--store", theirs.workspace.folder, file) == 0
    theirs.read(ARTICLES)
    assert theirs.row("غريان")["place_id"] == ELSEWHERE.id


def test_a_bad_line_is_told_with_its_number_and_the_rest_imported(mine, open_desk, tmp_path, caplog):
    file, theirs = exported(mine, tmp_path / "d.jsonl"), open_desk("theirs")
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\xef\xbb\xbf" + b"\n".join([lines[0], b'{"form": 1}', b"", b"\xff\xff", *lines[1:]]))
    caplog.set_level("INFO")
    assert run("import", "--store", theirs.workspace.folder, file) == 1
    assert "line 2:" in caplog.text and "line 4:" in caplog.text
    assert len(theirs.log.all()) == 3


def test_a_file_without_any_decision_is_refused(mine, tmp_path):
    (tmp_path / "none.jsonl").write_text("hello\n")
    assert run("import", "--store", mine.workspace.folder, tmp_path / "none.jsonl") == 2
    assert run("import", "--store", mine.workspace.folder, tmp_path / "missing.jsonl") == 2
    assert run("import", "--store", tmp_path / "nowhere", tmp_path / "none.jsonl") == 2


def test_conflicts_are_listed_and_both_kept(mine, open_desk, tmp_path, caplog, capsys):
    theirs = open_desk("theirs")
    theirs.decide(theirs.row("غريان"), Kind.NOT_A_PLACE, "Badr")
    caplog.set_level("INFO")
    assert run("import", "--store", theirs.workspace.folder, exported(mine, tmp_path / "d.jsonl")) == 0
    assert "1 conflicts" in caplog.text
    assert len(theirs.log.all()) == 4
    # Badr decided later.
    assert theirs.row("غريان")["review"] == "not-a-place"
    assert run("conflicts", "--store", theirs.workspace.folder) == 0
    told = capsys.readouterr().out
    assert "Badr: not-a-place" in told and "Aya: place" in told


def test_all_decisions_are_listed_and_one_undone(mine, capsys):
    first = mine.log.all()[0]
    assert run("undo", "--store", mine.workspace.folder, first.id[:12], "--reviewer", "Badr") == 0
    assert run("undo", "--store", mine.workspace.folder, "", "--reviewer", "Badr") == 2
    mine.workspace.refresh(force=True)
    assert mine.row("غريان")["review"] is None
    run("list", "--store", mine.workspace.folder)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and "(undone)" in lines[0] and first.id[:8] in lines[3]


def test_nothing_a_terminal_obeys_is_printed(mine, capsys):
    mine.decide(mine.row("غريان", "b"), Kind.RIGHT, "A\u202eya", note="first\nsecond\tthird")
    run("list", "--store", mine.workspace.folder)
    assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())


def test_damaged_files_are_told(mine, caplog, capsys):
    (mine.log.folder / "bad.json").write_text("{")
    assert run("list", "--store", mine.workspace.folder) == 0
    assert "bad.json" in caplog.text and len(capsys.readouterr().out.splitlines()) == 3


def test_apply_reads_again_what_files_brought_by_hand_are_about(mine, open_desk, caplog):
    theirs = open_desk("theirs")
    theirs.log.folder.mkdir()
    for path in mine.log.folder.iterdir():
        (theirs.log.folder / path.name).write_bytes(path.read_bytes())
    caplog.set_level("INFO")
    assert run("apply", "--store", theirs.workspace.folder) == 0
    assert "3 articles changed" in caplog.text


# Names


def test_added_names_become_a_table(mine, tmp_path, capsys):
    assert run("names", "--store", mine.workspace.folder, "--output", tmp_path / "names.csv") == 0
    place = next(iter(read_table(tmp_path / "names.csv")))
    assert (place.id, place.name, place.aliases, place.point) == (KHABZAR.id, "كخبزار", ("خبزارة",), KHABZAR.point)
    assert run("names", "--store", mine.workspace.folder) == 0
    assert len(list(csv.reader(capsys.readouterr().out.splitlines()))) == 2


def test_added_names_go_into_the_users_own_gazetteer(mine, tmp_path):
    assert run("names", "--store", mine.workspace.folder, "--personal") == 0
    assert [place.id for place in read_table(tmp_path / "data" / "gazetteer" / "reviewed.csv")] == [KHABZAR.id]


def test_a_name_that_no_table_may_hold_is_left_out(mine, tmp_path, caplog):
    odd = make_place("قرية", Point(1, 1))
    odd = type(odd)(**{name: getattr(odd, name) for name in odd.__slots__} | {"id": "x/y+z"})
    mine.decide(mine.row("غريان", "b"), Kind.NAME, place=odd)
    run("names", "--store", mine.workspace.folder, "--output", tmp_path / "names.csv")
    assert [place.id for place in read_table(tmp_path / "names.csv")] == [KHABZAR.id]
    assert "x/y+z" in caplog.text


# A corpus


def review_all(desk, reviewer, article_id, *, but=()):
    for row in desk.rows(article_ids=(article_id,)):
        kind = dict(but).get(row["surface"], Kind.RIGHT)
        desk.decide(row, kind, reviewer)


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_articles_reviewed_in_full_become_gold(open_desk, tmp_path):
    desk = open_desk("gold")
    review_all(desk, "Aya", "b", but=[("كخبزار", Kind.NOT_A_PLACE)])
    desk.decide(desk.row("غريان"), Kind.RIGHT)
    assert run("gold", "--store", desk.workspace.folder, "--output", tmp_path / "gold.jsonl") == 0
    (entry,) = read_lines(tmp_path / "gold.jsonl")
    assert (entry["id"], entry["title"], entry["date"], entry["country"]) == ("b", "عنوان", "2020-01-01", "LY")
    assert [m["surface"] for m in entry["mentions"]] == ["طرابلس", "غريان"]
    keys = set(read_lines(GOLD / "seeds.jsonl")[0]["mentions"][0])
    assert all(set(m) == keys for m in entry["mentions"])
    # What was found right scores as right.
    rows = [row for row in desk.rows(article_ids=("b",)) if row["place_id"]]
    assert score([entry], rows)["mapped_f1"] == 1


def test_each_reviewer_has_gold_of_their_own_and_they_are_compared(open_desk, tmp_path, capsys):
    desk = open_desk("two")
    review_all(desk, "Aya", "c")
    for row in desk.rows(article_ids=("c",)):
        place = ELSEWHERE if row["surface"] == "صيدا" else None
        desk.decide(row, Kind.PLACE if place else Kind.RIGHT, "Badr", place=place)
    for name in ("Aya", "Badr"):
        file = tmp_path / f"{name}.jsonl"
        assert run("gold", "--store", desk.workspace.folder, "--reviewer", name, "--output", file) == 0
        assert len(read_lines(file)) == 1
    assert run("agreement", tmp_path / "Aya.jsonl", tmp_path / "Badr.jsonl", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["articles"] == 1
    assert (told["fields"]["span"]["agreed"], told["fields"]["span"]["units"]) == (3, 3)
    assert (told["fields"]["place"]["agreed"], told["fields"]["place"]["units"]) == (2, 3)
    assert run("agreement", "--store", desk.workspace.folder, "--reviewers", "Aya", "Badr") == 0
    assert "66.7%" in capsys.readouterr().out
    assert run("agreement", "--store", desk.workspace.folder, "--reviewers", "Aya", "Nobody") == 2
    assert run("agreement", tmp_path / "Aya.jsonl") == 2


def test_a_file_that_is_no_corpus_is_told_with_its_line(tmp_path, caplog):
    (tmp_path / "bad.jsonl").write_text(
        '{"id": "x", "text": "abc", "mentions": [{"start": 0, "end": 1, "surface": "z"}]}\n'
    )
    assert run("agreement", tmp_path / "bad.jsonl", tmp_path / "bad.jsonl") == 2
    assert "bad.jsonl, line 1" in caplog.text
