"""From a decision to the answers: kept, applied, read again, undone, seen by others."""

import contextlib
import threading

import pytest

from extract.decisions import DecisionError, Kind, make_place
from extract.filters import REVIEWED, UNREVIEWED, Filters
from extract.mentions import Article
from extract.review import decide, following_decisions, read_again, review, undo
from extract.store import Workspace
from extract.versions import versions
from gazetteer import Point
from tests.desk import ARTICLES, ELSEWHERE, KHABZAR, Desk

HOSTILE = "{{7*7}} ${x} </script><img src=x onerror=alert(1)>'; DROP TABLE facts --"


@pytest.fixture
def open_desk(tmp_path, gazetteer, parser, monkeypatch):
    monkeypatch.setenv("RASID_CACHE", str(tmp_path / "cache"))
    return lambda: Desk(tmp_path / "store", gazetteer, parser.model)


@pytest.fixture
def desk(open_desk):
    desk = open_desk()
    desk.read(ARTICLES)
    return desk


def test_without_decisions_it_reads_as_ever(desk, parser):
    for article in ARTICLES:
        assert desk.parser.geoparse(article) == parser.geoparse(article)


def test_a_correction_is_in_every_answer_at_once(desk):
    row = desk.row("غريان")
    result = desk.decide(row, Kind.PLACE, place=ELSEWHERE)
    assert result.articles == ("a",)
    place = desk.workspace.place(ELSEWHERE.id)
    assert (place["mentions"], place["lat"]) == (1, 31.0)
    assert desk.workspace.passages(Filters(), ELSEWHERE.id)[0] == 1
    shown = desk.row("غريان")
    assert (shown["place_id"], shown["review"], shown["reviewer"]) == (ELSEWHERE.id, "place", "Aya")
    assert shown["reviewed_at"] == result.decision.at
    assert desk.log.of_row(shown) == result.decision
    assert desk.workspace.article("a")["mentions"][0]["place_id"] == ELSEWHERE.id


def test_another_session_sees_it(desk):
    other = Workspace.open(desk.workspace.folder)
    other.totals(Filters())
    desk.decide(desk.row("غريان"), Kind.PLACE, place=ELSEWHERE)
    other.refresh(force=True)
    assert other.place(ELSEWHERE.id)["mentions"] == 1


def test_what_is_no_place_is_a_row_but_no_unplaced_name(desk):
    before = desk.workspace.totals(Filters())
    assert [name["surface"] for name in desk.workspace.unplaced(Filters())] == ["كخبزار"]
    desk.decide(desk.row("كخبزار"), Kind.NOT_A_PLACE)
    after = desk.workspace.totals(Filters())
    assert (before.unplaced - after.unplaced, before.mentions - after.mentions) == (1, 0)
    assert desk.workspace.unplaced(Filters()) == []
    assert desk.row("كخبزار")["review"] == "not-a-place"
    assert [row["surface"] for row in desk.rows(reviews=("not-a-place",))] == ["كخبزار"]


def test_the_review_filter_and_its_facet(desk):
    desk.decide(desk.row("غريان"), Kind.RIGHT)
    desk.decide(desk.row("طرابلس"), Kind.NOT_A_PLACE)
    count = len(desk.rows())
    assert dict(desk.workspace.facets(Filters())["reviews"]) == {UNREVIEWED: count - 2, "right": 1, "not-a-place": 1}
    assert {row["surface"] for row in desk.rows(reviews=(REVIEWED,))} == {"غريان", "طرابلس"}
    assert len(desk.rows(reviews=(UNREVIEWED,))) == count - 2
    assert len(desk.rows(reviews=(UNREVIEWED, REVIEWED))) == count
    assert desk.rows(reviews=("nonsense",)) == []


def test_undoing_brings_the_machines_reading_back(desk):
    before = desk.rows()
    result = desk.decide(desk.row("طرابلس"), Kind.PLACE, place=ELSEWHERE)
    undone = undo(desk.workspace, desk.parser, result.decision.id, "Badr")
    assert desk.rows() == before
    undo(desk.workspace, desk.parser, undone.decision.id, "Badr")
    assert desk.row("طرابلس")["place_id"] == ELSEWHERE.id
    with pytest.raises(DecisionError, match="no decision"):
        undo(desk.workspace, desk.parser, "0" * 32, "Aya")


def test_a_name_in_a_country_is_corrected_in_every_article_of_it(desk):
    result = desk.decide(desk.row("طرابلس"), Kind.PLACE, scope="name", place=ELSEWHERE)
    assert result.articles == ("a", "b")
    by_article = {row["article_id"]: row["place_id"] for row in desk.rows() if row["surface"] == "طرابلس"}
    assert by_article == {"a": ELSEWHERE.id, "b": ELSEWHERE.id, "c": "lb-tripoli"}
    assert undo(desk.workspace, desk.parser, result.decision.id, "Aya").articles == ("a", "b")


def test_reading_again_keeps_corrections(desk):
    desk.decide(desk.row("غريان"), Kind.PLACE, place=ELSEWHERE)
    before = desk.rows()
    desk.read(ARTICLES, again=True)
    assert desk.rows() == before


def test_an_article_that_changed_keeps_them_where_the_mention_still_stands(desk):
    desk.decide(desk.row("غريان"), Kind.PLACE, place=ELSEWHERE)
    desk.decide(desk.row("طرابلس", nth=1), Kind.NOT_A_PLACE)
    text = "عاجل من مراسلنا: " + ARTICLES[0].text.replace(" ثم عادت إلى طرابلس ليلا.", "")
    desk.read([Article("a", text, country="LY")])
    assert desk.row("غريان")["place_id"] == ELSEWHERE.id
    assert desk.row("طرابلس")["review"] is None
    desk.read(ARTICLES)
    assert desk.row("طرابلس", nth=1)["review"] == "not-a-place"


def test_a_correction_corrected_again_keeps_what_was_said_of_the_role(desk):
    desk.decide(desk.row("طرابلس"), Kind.RIGHT, role="actor")
    desk.decide(desk.row("طرابلس"), Kind.PLACE, place=ELSEWHERE)
    row = desk.row("طرابلس")
    assert (row["role"], row["place_id"]) == ("actor", ELSEWHERE.id)


def test_another_span_and_a_missed_name(desk):
    row = desk.row("غريان")
    desk.decide(row, Kind.SPAN, span=(row["start"], row["end"] + 5), place=ELSEWHERE)
    assert desk.row("غريان جنوب")["review"] == "span"
    start = ARTICLES[0].text.index("القوات")
    desk.decide({"article_id": "a", "start": start, "end": start + 6}, Kind.SPAN, place=ELSEWHERE)
    assert desk.row("القوات")["place_id"] == ELSEWHERE.id


def test_an_article_that_is_not_here_cannot_be_decided_about(desk):
    with pytest.raises(DecisionError, match="not in the workspace"):
        decide(desk.workspace, desk.log, {"article_id": "zzz", "start": 0, "end": 1}, Kind.RIGHT, "Aya")


# Names that reviewers add


def test_a_new_name_is_found_wherever_it_stands(desk, open_desk):
    result = desk.decide(desk.row("كخبزار"), Kind.NAME, place=KHABZAR)
    assert result.articles == ("a", "b")
    assert desk.workspace.place(KHABZAR.id)["mentions"] == 2
    assert (desk.row("كخبزار")["review"], desk.row("كخبزار", "b")["review"]) == ("name", None)
    # A name decided later, by another program that opens the workspace.
    other = open_desk()
    other.read([Article("d", "وصلت المساعدات إلى بلدة خبزارة وبكخبزار أمس.", country="LY")])
    assert {row["place_id"] for row in other.rows(article_ids=("d",))} == {KHABZAR.id}


def test_a_new_name_changes_the_gazetteers_version(desk):
    before = versions(desk.parser)
    result = desk.decide(desk.row("كخبزار"), Kind.NAME, place=KHABZAR)
    assert versions(desk.parser)["gazetteer"] != before["gazetteer"]
    assert desk.workspace.article("b")["gazetteer"] == versions(desk.parser)["gazetteer"]
    undo(desk.workspace, desk.parser, result.decision.id, "Aya")
    assert versions(desk.parser) == before
    assert desk.workspace.place(KHABZAR.id) is None


def test_a_new_name_lies_in_the_region_of_its_neighbours(desk):
    desk.decide(desk.row("كخبزار"), Kind.NAME, place=KHABZAR)
    place = desk.parser.gazetteer.place(desk.parser.gazetteer.row_of(KHABZAR.id))
    assert "ly" in place.parents[1:]


def test_a_new_entry_beside_a_known_one_is_meant_rather_than_it(desk):
    moved = make_place("غريان", Point(32.2, 13.05), country="LY")
    desk.decide(desk.row("غريان"), Kind.NAME, place=moved)
    assert desk.row("غريان", "b")["place_id"] == moved.id


def test_hostile_words_are_kept_as_they_are(desk):
    hostile = make_place(HOSTILE, Point(32.1, 13.1), country="LY", name_en=HOSTILE)
    desk.decide(desk.row("غريان"), Kind.PLACE, HOSTILE, place=hostile, note=HOSTILE)
    desk.decide(desk.row("كخبزار"), Kind.NAME, HOSTILE, place=hostile, note=HOSTILE)
    row = desk.row("غريان")
    assert (row["place"], row["reviewer"]) == (HOSTILE, HOSTILE)
    assert desk.workspace.totals(Filters()).articles == 3


# At once


@pytest.mark.parametrize("stopped", [False, True])
def test_what_is_decided_while_articles_are_read_is_not_lost(desk, open_desk, stopped):
    other = open_desk()
    row = desk.row("غريان")
    with contextlib.suppress(KeyboardInterrupt), following_decisions(desk.workspace, desk.parser):
        older = list(zip(ARTICLES, desk.parser.geoparse_plain(ARTICLES), strict=True))
        other.decide(row, Kind.PLACE, place=ELSEWHERE)
        desk.workspace.add(older, versions(desk.parser), again=True)
        if stopped:
            raise KeyboardInterrupt
    assert desk.row("غريان")["place_id"] == ELSEWHERE.id


def test_two_reviewers_at_one_article_at_once_lose_nothing(desk, open_desk):
    rows = [desk.row("طرابلس", nth=0), desk.row("طرابلس", nth=1), desk.row("غريان")]
    desks = [open_desk() for _ in rows]
    start = threading.Barrier(len(rows))

    def work(desk, row):
        start.wait()
        desk.decide(row, Kind.PLACE, place=ELSEWHERE)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(desks, rows, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.workspace.refresh(force=True)
    assert desk.workspace.place(ELSEWHERE.id)["mentions"] == 3


def test_articles_that_read_the_same_are_not_written_again(desk):
    parts = len(list(desk.workspace.folder.glob("articles-*")))
    assert read_again(desk.workspace, desk.parser, ["a", "b", "c", "gone"]) == ()
    assert len(list(desk.workspace.folder.glob("articles-*"))) == parts


def test_progress_is_told(desk):
    told = []
    decision = decide(desk.workspace, desk.log, desk.row("طرابلس"), Kind.NOT_A_PLACE, "Aya", scope="name")
    review(desk.workspace, desk.parser, decision, told.append)
    assert told == [1.0]
