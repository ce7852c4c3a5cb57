"""Decisions as they are kept: checked, whole, in order, undone, in conflict."""

import json
import multiprocessing
from dataclasses import replace

import pytest

from extract.decisions import (
    FOLDER,
    DecisionError,
    DecisionLog,
    Kind,
    Scope,
    active_decisions,
    context_of,
    find_conflicts,
    from_json,
    make_decision,
    make_place,
    place_of_row,
    to_json,
    undo_of,
)
from gazetteer import Point

TEXT = "وصلت القوات إلى غريان جنوب طرابلس. ثم عادت إلى طرابلس ليلا."
START = TEXT.index("غريان")
HERE = {"text": TEXT, "start": START, "end": START + 5, "article_id": "a1", "country": "LY"}
SPOT = make_place("غريان", Point(32.17, 13.02), country="LY")
HOSTILE = "{{7*7}} ${x} </script><img src=x onerror=alert(1)> =cmd()|' '; DROP TABLE facts --"


def decided(kind=Kind.RIGHT, reviewer="Aya", **fields):
    return make_decision(kind, reviewer, **HERE | fields)


@pytest.mark.parametrize(
    "decision",
    [
        decided(note="سطر\nوآخر", role="actor", relation=""),
        decided(Kind.NOT_A_PLACE, scope="name"),
        decided(Kind.PLACE, place=SPOT, relation="S:30"),
        decided(Kind.SPAN, reviewer=HOSTILE, note=HOSTILE),
        make_decision(Kind.NAME, "Aya", place=make_place(HOSTILE[:60], Point(0, 0), aliases=["أ", HOSTILE[:60]])),
        undo_of(decided(), "Badr"),
    ],
    ids=lambda d: d.kind,
)
def test_a_decision_is_the_same_when_read_again(decision):
    assert from_json(to_json(decision)) == decision
    assert "\n" not in to_json(decision)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "../../etc/passwd"}, "id"),
        ({"at": "2026-01-01"}, "at"),
        ({"at": "2026-13-41T00:00:00.000000Z"}, "at"),
        ({"kind": "delete"}, "delete"),
        ({"scope": "all"}, "all"),
        ({"reviewer": ""}, "reviewer"),
        ({"reviewer": "a\nb"}, "reviewer"),
        ({"reviewer": 7}, "reviewer"),
        ({"note": "\x1b[2J"}, "note"),
        ({"note": "x" * 3000}, "note"),
        ({"start": -1}, "start"),
        ({"start": True}, "start"),
        ({"end": 2**70}, "surface"),
        ({"surface": "غر\ud800يا"}, "surface"),
        ({"text_hash": "zz"}, "text_hash"),
        ({"country": "ly"}, "country"),
        ({"role": "king"}, "role"),
        ({"relation": "above"}, "relation"),
        ({"undoes": "0" * 32}, "undoes"),
        ({"place": {"id": "x"}}, "lat"),
        ({"place": 3}, "place|TypeError"),
        ({"kind": "place"}, "place"),
        ({"kind": "span", "scope": "name"}, "scope"),
        ({"more": 1}, "more"),
        ({"form": 2}, "form"),
    ],
)
def test_what_is_no_decision_is_refused_with_the_field(changes, field):
    line = json.dumps(json.loads(to_json(decided())) | changes)
    with pytest.raises(DecisionError, match=field):
        from_json(line)


@pytest.mark.parametrize(
    "changes",
    [
        {"lat": 91},
        {"lat": "32"},
        {"lon": float("nan")},
        {"radius_km": 0},
        {"radius_km": float("nan")},
        {"importance": 101},
        {"name": "…"},
        {"name": "a\x00"},
        {"name": None},
        {"id": "two words"},
        {"aliases": "abc"},
        {"aliases": [1]},
        {"feature": "moon"},
        {"country": "Libya"},
    ],
)
def test_a_place_no_gazetteer_may_hold_is_refused(changes):
    fields = json.loads(to_json(decided(Kind.PLACE, place=SPOT)))
    fields["place"] |= changes
    with pytest.raises(DecisionError):
        from_json(json.dumps(fields))


@pytest.mark.parametrize("line", ["", "[]", "null", "{", "[" * 100_000, '{"form": 1}'])
def test_a_line_that_holds_no_decision_is_refused(line):
    with pytest.raises(DecisionError):
        from_json(line)


def test_a_stretch_outside_the_text_is_refused():
    with pytest.raises(DecisionError, match="stretch"):
        make_decision(Kind.RIGHT, "Aya", text=TEXT, start=5, end=5000, article_id="a1")


def test_context_is_the_words_around():
    assert context_of(TEXT, START, START + 5) == ("وصلت القوات الي", "جنوب طرابلس ثم عادت الي طرابلس")


def test_the_same_name_and_spot_make_the_same_place():
    assert SPOT.id == make_place("غَريان", Point(32.17, 13.02), country="LY", radius_km=9).id
    assert SPOT.id != make_place("غريان", Point(32.18, 13.02), country="LY").id


def test_a_row_without_a_place_gives_none():
    assert place_of_row({"place_id": None}) is None


# The log


def test_what_is_added_is_read_in_order_by_another(tmp_path):
    log, later = DecisionLog(tmp_path), decided(at="2026-01-02T00:00:00.000000Z")
    earlier = decided(at="2026-01-01T00:00:00.000000Z")
    assert log.add(later) and log.add(earlier) and not log.add(later)
    assert DecisionLog(tmp_path).all() == log.all() == [earlier, later]


def test_the_fingerprint_changes_with_a_decision_from_elsewhere(tmp_path):
    log = DecisionLog(tmp_path)
    before = log.fingerprint
    DecisionLog(tmp_path).add(decided())
    assert log.fingerprint != before and len(log.all()) == 1


def test_a_damaged_file_is_told_and_the_others_count(tmp_path):
    log = DecisionLog(tmp_path)
    log.add(decided())
    (tmp_path / FOLDER / "broken.json").write_text('{"form": 1, "ki')
    (tmp_path / FOLDER / "bytes.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / FOLDER / "huge.json").write_text(" " * 300_000)
    (tmp_path / FOLDER / ".half.json.1.2.part").write_text("{")
    assert len(log.active()) == 1
    assert [line.split(":")[0].rsplit("/")[-1] for line in log.damaged()] == ["broken.json", "bytes.json", "huge.json"]


def test_a_decision_of_a_clock_ahead_does_not_stop_later_ones_from_counting(tmp_path):
    log = DecisionLog(tmp_path)
    log.add(decided(at="2099-01-01T00:00:00.000000Z"))
    assert log.next_time() == "2099-01-01T00:00:00.000001Z"


def _decide_many(folder, reviewer, count):
    log = DecisionLog(folder)
    for number in range(count):
        log.add(decided(reviewer=reviewer, note=str(number)))


def test_two_processes_deciding_at_once_lose_nothing(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_decide_many, args=(tmp_path, name, 40)) for name in ("Aya", "Badr")]
    for writer in writers:
        writer.start()
    log = DecisionLog(tmp_path)
    while any(writer.is_alive() for writer in writers):
        assert not log.damaged()
        log.all()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert sorted((d.reviewer, int(d.note)) for d in log.all()) == [(n, i) for n in ("Aya", "Badr") for i in range(40)]
    assert not list((tmp_path / FOLDER).glob("*.part"))


# Undoing


def test_an_undoing_may_be_undone():
    first = decided()
    second = undo_of(first, "Aya")
    third = undo_of(second, "Aya")
    assert active_decisions([first]) == [first]
    assert active_decisions([first, second]) == []
    assert active_decisions([second, third, first]) == [first]


def test_an_undoing_counts_whatever_its_clock_said():
    first = decided(at="2026-01-02T00:00:00.000000Z")
    assert active_decisions([first, undo_of(first, "Badr", at="2026-01-01T00:00:00.000000Z")]) == []


def test_undoings_in_a_circle_undo_nothing():
    first = decided()
    one = undo_of(first, "Aya")
    two = replace(undo_of(one, "Aya"), id="1" * 32)
    circle = replace(one, undoes=two.id)
    assert active_decisions([circle, two]) == []
    long = [first]
    for _ in range(5000):
        long.append(undo_of(long[-1], "Aya"))
    assert active_decisions(long) == [first]


# Conflicts


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        (decided(), decided(Kind.NOT_A_PLACE, "Badr"), 1),
        (decided(), decided(Kind.NOT_A_PLACE, "Aya"), 0),
        (decided(), decided(Kind.RIGHT, "Badr"), 0),
        (decided(place=SPOT), decided(Kind.PLACE, "Badr", place=SPOT), 0),
        (decided(role="actor"), decided(Kind.RIGHT, "Badr", role="location"), 1),
        (decided(), decided(Kind.SPAN, "Badr", end=START + 10), 1),
        (decided(), decided(Kind.NOT_A_PLACE, "Badr", start=27, end=33), 0),
        (decided(), decided(Kind.NOT_A_PLACE, "Badr", article_id="a2"), 0),
        (decided(scope="name"), decided(Kind.NOT_A_PLACE, "Badr", scope="name", article_id="a2"), 1),
        (decided(scope="name"), decided(Kind.NOT_A_PLACE, "Badr", scope="name", country="LB"), 0),
    ],
)
def test_conflicts_are_different_outcomes_by_different_reviewers(one, other, count):
    found = find_conflicts([other, one])
    assert [(c.earlier, c.later) for c in found] == [(one, other)] * count


def test_who_came_round_is_in_no_conflict():
    first, second = decided(), decided(Kind.NOT_A_PLACE, "Badr")
    assert find_conflicts([first, second, decided(Kind.NOT_A_PLACE, "Aya")]) == []
    assert find_conflicts([first, second, undo_of(second, "Badr")]) == []


def test_a_new_name_is_about_all_of_the_name():
    assert make_decision(Kind.NAME, "Aya", place=SPOT).scope is Scope.NAME
