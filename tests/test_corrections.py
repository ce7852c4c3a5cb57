"""Decisions put onto readings: what changes, what stays, and where a mention is found again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.corrections import DecisionIndex, apply_decisions, locate
from extract.decisions import Kind, Scope, make_decision, make_place
from extract.export import mention_rows
from extract.mentions import Article, Mention, RankedCandidate, Resolution, Role
from gazetteer import Point
from tests.made_workspace import GHARYAN, TRIPOLI, TRIPOLI_LB, make_resolutions

TEXT = "وصلت القوات إلى غريان جنوب طرابلس. ثم عادت إلى طرابلس ليلا."
ARTICLE = Article("a1", TEXT, country="LY")
HERE = Role.LOCATION
READ = make_resolutions(
    TEXT, [("غريان", GHARYAN, HERE, None), ("طرابلس", TRIPOLI, HERE, "S:30"), ("طرابلس", TRIPOLI, HERE, None)]
)
SPOT = make_place("موضع", Point(31.0, 14.0), country="LY")


def decided(kind, where, *, text=TEXT, reviewer="Aya", **fields):
    fields = {"article_id": "a1", "country": "LY"} | fields
    return make_decision(kind, reviewer, text=text, start=where[0], end=where[1], **fields)


def span_of(surface, nth=0, text=TEXT):
    start = -1
    for _ in range(nth + 1):
        start = text.index(surface, start + 1)
    return start, start + len(surface)


def shown(resolutions):
    return [(r.mention.surface, r.place.id if r.place else None, r.review and r.review.verdict) for r in resolutions]


@pytest.fixture
def corrected(small_gazetteer):
    def apply(*decisions, article=ARTICLE, read=READ):
        return apply_decisions(article, read, decisions, small_gazetteer)

    return apply


def test_nothing_decided_changes_nothing(corrected):
    assert corrected() == READ
    assert corrected(decided(Kind.NOT_A_PLACE, span_of("غريان"), article_id="a2")) == READ


def test_another_place_comes_first_and_the_machines_stays_a_candidate(corrected):
    found = corrected(decided(Kind.PLACE, span_of("طرابلس"), place=SPOT))
    assert shown(found)[1] == ("طرابلس", SPOT.id, "place")
    one = found[1]
    assert (one.method, one.confidence, one.reason[:15]) == ("reviewed", 1.0, "put here by Aya")
    assert [c.place.id for c in one.candidates][:2] == [SPOT.id, TRIPOLI.id]
    assert one.mention.relation == "S:30"
    assert [found[0], found[2]] == [READ[0], READ[2]]


def test_what_is_no_place_stays_as_a_row_without_one(corrected):
    found = corrected(decided(Kind.NOT_A_PLACE, span_of("غريان")))
    row = mention_rows(ARTICLE, found)[0]
    assert (row["place_id"], row["review"], row["reviewer"]) == (None, "not-a-place", "Aya")
    assert [c.place.id for c in found[0].candidates] == [c.place.id for c in READ[0].candidates]


def test_a_right_reading_keeps_its_method_and_is_sure(corrected):
    found = corrected(decided(Kind.RIGHT, span_of("غريان"), place=GHARYAN))
    assert (found[0].method, found[0].confidence, found[0].place) == ("exact", 1.0, GHARYAN)
    assert found[0].reason.startswith(READ[0].reason) and "found right by Aya" in found[0].reason


def test_a_reading_found_right_stays_when_the_machine_changes_its_mind(corrected):
    decision = decided(Kind.RIGHT, span_of("طرابلس"), place=TRIPOLI, role="location", relation="S:30")
    other = make_resolutions(TEXT, [("غريان", GHARYAN, HERE, None), ("طرابلس", TRIPOLI_LB, Role.ACTOR, None)])
    one = corrected(decision, read=other)[1]
    assert (one.place.id, one.mention.role, one.mention.relation) == (TRIPOLI.id, HERE, "S:30")
    assert shown(corrected(decision, read=[]))[0] == ("طرابلس", TRIPOLI.id, "right")


def test_role_and_relation_are_corrected_too(corrected):
    decision = decided(Kind.RIGHT, span_of("طرابلس"), place=TRIPOLI, role="actor", relation="")
    mention = corrected(decision)[1].mention
    assert (mention.role, mention.relation) == (Role.ACTOR, None)


def test_another_span_takes_the_place_of_what_it_touches_and_is_looked_up(corrected):
    start, end = span_of("غريان جنوب طرابلس")
    found = corrected(decided(Kind.SPAN, (start, end)))
    assert shown(found) == [("غريان جنوب طرابلس", None, "span"), ("طرابلس", TRIPOLI.id, None)]
    missed = corrected(decided(Kind.SPAN, span_of("طرابلس")), read=[])
    assert shown(missed) == [("طرابلس", "ly-tripoli", "span")]
    assert missed[0].candidates[1].place.id == "lb-tripoli"


def test_a_missed_mention_may_be_given_its_place(corrected):
    found = corrected(decided(Kind.SPAN, span_of("القوات"), place=SPOT))
    assert shown(found)[0] == ("القوات", SPOT.id, "span")


def test_the_later_decision_counts(corrected):
    at = span_of("غريان")
    first = decided(Kind.NOT_A_PLACE, at, at="2026-01-01T00:00:00.000000Z")
    second = decided(Kind.PLACE, at, place=SPOT, reviewer="Badr", at="2026-01-02T00:00:00.000000Z")
    assert shown(corrected(second, first))[0] == ("غريان", SPOT.id, "place")


def test_a_name_in_a_country_is_decided_everywhere_but_where_one_mention_was(corrected):
    everywhere = decided(Kind.PLACE, span_of("طرابلس"), place=SPOT, scope=Scope.NAME, article_id="other")
    here = decided(Kind.RIGHT, span_of("طرابلس"), place=TRIPOLI, at="2020-01-01T00:00:00.000000Z")
    assert [place for _, place, _ in shown(corrected(everywhere))] == [GHARYAN.id, SPOT.id, SPOT.id]
    assert [place for _, place, _ in shown(corrected(everywhere, here))] == [GHARYAN.id, TRIPOLI.id, SPOT.id]
    abroad = decided(Kind.PLACE, span_of("طرابلس"), place=SPOT, scope=Scope.NAME, country="LB")
    assert corrected(abroad) == READ


def test_the_index_gives_what_may_concern_an_article():
    mine = decided(Kind.NOT_A_PLACE, span_of("غريان"))
    named = decided(Kind.NOT_A_PLACE, span_of("طرابلس"), scope=Scope.NAME, article_id="a9")
    other = decided(Kind.NOT_A_PLACE, span_of("غريان"), article_id="a9")
    index = DecisionIndex([mine, named, other])
    assert index.about(ARTICLE, READ) == [mine, named]
    assert index.about(ARTICLE, READ[:1]) == [mine]


def test_the_gazetteers_own_entry_is_taken_where_it_has_one(corrected, small_gazetteer):
    stale = make_place("طرابلس", Point(1, 1), country="LY")
    stale = type(stale)(**{name: getattr(stale, name) for name in stale.__slots__} | {"id": "ly-tripoli"})
    found = corrected(decided(Kind.PLACE, span_of("غريان"), place=stale))
    assert found[0].place == small_gazetteer.place(small_gazetteer.row_of("ly-tripoli"))


# A text that changed


@pytest.mark.parametrize(
    ("text", "nth"),
    [
        (TEXT, 0),
        ("عاجل: " + TEXT, 0),
        (TEXT.replace("القوات", "القوات الحكومية"), 0),
        ("في غريان هدوء. " * 3 + TEXT, 3),
        (TEXT.replace("غريان", "يفرن"), None),
        ("تقرير آخر عن سوق الذهب في غريان اليوم", None),
        ("", None),
    ],
)
def test_a_mention_is_found_again_where_it_still_stands(text, nth):
    decision = decided(Kind.NOT_A_PLACE, span_of("غريان"))
    assert locate(text, decision) == (None if nth is None else span_of("غريان", nth, text))


def test_of_two_alike_the_nearer_is_meant():
    text = "في طرابلس مساء. في طرابلس مساء. في طرابلس مساء."
    decision = decided(Kind.NOT_A_PLACE, span_of("طرابلس", 1, text), text=text)
    assert locate(" " + text, decision) == span_of("طرابلس", 1, " " + text)


def test_offsets_that_lie_about_their_surface_are_not_believed():
    decision = decided(Kind.NOT_A_PLACE, span_of("غريان"))
    moved = type(decision)(
        **{n: getattr(decision, n) for n in decision.__slots__} | {"start": decision.start + 1, "end": decision.end + 1}
    )
    assert locate(TEXT, moved) is None


# Whatever is read and decided

WORDS = st.sampled_from(["طرابلس", "وبطرابلس", "غريان", "في", "صور", "قال", "بني وليد", ".", "\n", "x"])
TEXTS = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)


@st.composite
def readings(draw):
    text = draw(TEXTS)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    found = []
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        place = draw(st.sampled_from([None, TRIPOLI, GHARYAN]))
        candidates = (RankedCandidate(place, 100.0, 1.0),) if place else ()
        mention = Mention(start, end, text[start:end], draw(st.sampled_from(list(Role))))
        found.append(Resolution(mention, place, "exact", 100.0, 0.5, "", 0, len(text), candidates))
    return text, found


@st.composite
def decisions_about(draw, text):
    found = []
    for _ in range(draw(st.integers(0, 6))):
        seen = text if draw(st.booleans()) else draw(TEXTS)
        start = draw(st.integers(0, len(seen) - 1))
        end = draw(st.integers(start + 1, len(seen)))
        kind = draw(st.sampled_from([Kind.RIGHT, Kind.NOT_A_PLACE, Kind.PLACE, Kind.SPAN, Kind.NAME]))
        place = draw(st.sampled_from([None, SPOT])) if kind in (Kind.RIGHT, Kind.SPAN) else SPOT
        scope = Scope.MENTION if kind is Kind.SPAN else draw(st.sampled_from(list(Scope)))
        if not any(c.isalpha() for c in seen[start:end]):
            continue
        found.append(
            decided(
                kind, (start, end), text=seen, place=place, scope=scope, role=draw(st.sampled_from([None, "actor"]))
            )
        )
    return found


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_offsets_stay_valid_sorted_and_apart(small_gazetteer, data):
    text, read = data.draw(readings())
    decisions = data.draw(decisions_about(text))
    article = Article("a1", text, country="LY")
    found = apply_decisions(article, read, decisions, small_gazetteer)
    at = 0
    for resolution in found:
        mention = resolution.mention
        assert at <= mention.start < mention.end <= len(text)
        assert text[mention.start : mention.end] == mention.surface
        assert resolution.passage_start <= mention.start and mention.end <= resolution.passage_end <= len(text)
        assert 0 <= resolution.confidence <= 1
        at = mention.end
    assert found == apply_decisions(article, read, decisions[::-1], small_gazetteer)
    kept = {(r.mention.start, r.mention.end) for r in found}
    for lost in (r for r in read if (r.mention.start, r.mention.end) not in kept):
        assert any(
            r.review and r.mention.start < lost.mention.end and lost.mention.start < r.mention.end for r in found
        )
