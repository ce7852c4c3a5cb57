"""Copies of one story: what two texts must share, groups that do not chain, and the workspace's answers."""

import random
import threading
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract import copies, copy_index
from extract.copies import (
    COMMON_FROM,
    DATE,
    NUMBER,
    PERSON,
    PLACE,
    SURE_WORDS,
    candidate_pairs,
    compare,
    digest,
    fingerprints,
    group_codes,
    group_texts,
    text_codes,
    word_code,
)
from extract.filters import Filters
from extract.mentions import Article, Role
from extract.store import Workspace
from tests.copies.score import HALVES, found_pairs, measure, read_half, right_pairs
from tests.made_workspace import BENGHAZI, TRIPOLI, make_resolutions

STORY = (
    "اندلع حريق كبير فجر اليوم في سوق الخضار وسط مدينة طرابلس وامتدت النيران إلى ثلاثين محلا قبل أن تتمكن فرق الإطفاء من "
    "السيطرة عليها. وقال شهود إن الحريق بدأ من محول كهربائي قديم عند المدخل الشرقي، وإن أصحاب المحال حاولوا إخراج بضائعهم "
    "من دون جدوى. ولم تسجل إصابات خطيرة، ونقل رجلان إلى المستشفى بسبب الاختناق، فيما فتحت الشرطة تحقيقا في أسباب الحادث "
    "وطلبت من التجار تقدير خسائرهم خلال أسبوع."
)
SHORT = STORY.split(". ")[0] + "."
OTHER = (
    "أعلنت بلدية بنغازي بدء رصف طريق المطار بعد تأخر دام سنتين بسبب نقص التمويل وخلاف مع الشركة المنفذة على الأسعار. "
    "وذكر مدير المشروع أن العمل سيجري ليلا لتقليل الازدحام، وأن المرحلة الأولى تنتهي قبل حلول الشتاء المقبل."
)


def kind(word):
    return word_code(word) >> copies._KIND_BITS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("٥", "5"),
        ("خمسة", "5"),
        ("وعشرين", "20"),
        ("عشرون", "عشرين"),
        ("ثلاثمئة", "ثلاثمائة"),
        ("١٬٢٥٠", "1,250"),
        ("بـ60", "60"),
        ("مايو", "أيار"),
        ("الأربعاء", "الاربعاء"),
        ("إدارة", "اداره"),
        ("مُسَلَّح", "مسلح"),
        ("على", "علي"),
    ],
)
def test_spellings_of_a_word_have_one_code(one, other):
    assert word_code(one) == word_code(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("5", "6"), ("38.5", "38"), ("38.5", "385"), ("الأحد", "الاثنين"), ("سرت", "سبها"), ("مايو", "يونيو")],
)
def test_other_words_have_other_codes(one, other):
    assert word_code(one) != word_code(other)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("12", NUMBER),
        ("خمسين", NUMBER),
        ("السبت", DATE),
        ("تموز", DATE),
        ("محمود", PERSON),
        ("covid19", 0),
        ("مدينة", 0),
    ],
)
def test_codes_know_numbers_dates_and_persons(word, expected):
    assert kind(word) == expected


def test_places_are_marked_without_the_particles_written_onto_them():
    text = "وصل إلى بطرابلس ثم إلى بني وليد في 5 مايو عبر جنوبغريان"
    spans = [(text.index(name), text.index(name) + len(name)) for name in ("طرابلس", "بني وليد", "غريان")]
    plain, marked = text_codes(text).tolist(), text_codes(text, spans).tolist()
    bits = copies._KIND_BITS
    named = [code ^ PLACE << bits for code in marked if code >> bits == PLACE]
    assert named == [word_code(word) & (1 << bits) - 1 for word in ("طرابلس", "بني", "وليد", "غريان")]
    assert len(marked) == len(plain) + 1 and word_code("جنوب") in marked
    assert text_codes("بطرابلس", [(1, 7)]).tolist() == text_codes("طرابلس", [(0, 6)]).tolist()


@settings(max_examples=50)
@given(st.text(max_size=80), st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=4))
def test_any_text_has_codes(text, spans):
    codes = text_codes(text, spans)
    assert codes.dtype == np.uint32 and compare(codes.tolist(), codes.tolist()).conflicts == 0
    fingerprints(codes, np.array([len(codes)]))


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(0, 30), st.integers(0, 30))
def test_a_shared_stretch_of_enough_words_is_never_missed(chance, before, after):
    shared = [chance.getrandbits(29) for _ in range(SURE_WORDS)]
    texts = [
        [chance.getrandbits(29) for _ in range(before)] + shared + [chance.getrandbits(29) for _ in range(after)]
        for _ in range(2)
    ]
    lengths = np.array([len(text) for text in texts])
    owners, prints = fingerprints(np.array(texts[0] + texts[1], np.uint32), lengths)
    assert set(prints[owners == 0]) & set(prints[owners == 1])


def test_fingerprints_do_not_reach_into_the_next_text():
    words = text_codes(STORY)
    both = fingerprints(np.concatenate([words, text_codes(OTHER)]), np.array([len(words), len(text_codes(OTHER))]))
    alone = fingerprints(words, np.array([len(words)]))
    assert both[1][both[0] == 0].tolist() == alone[1].tolist()


def test_a_print_of_too_many_texts_makes_no_pairs():
    few, many = 3, COMMON_FROM + 1
    owners = np.concatenate([np.repeat(np.arange(few), 2), np.repeat(np.arange(many), 2)])
    prints = np.concatenate([np.tile([1, 2], few), np.tile([8, 9], many)]).astype(np.uint32)
    assert candidate_pairs(owners, prints, many).tolist() == [[0, 1], [0, 2], [1, 2]]


def likeness(one, other):
    return compare(text_codes(one).tolist(), text_codes(other).tolist())


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (STORY, True),
        (SHORT, True),
        ("وكالات - بنغازي: " + STORY, True),
        (STORY.replace("ثلاثين", "30").replace("أ", "ا").replace("،", ""), True),
        (STORY + " يذكر أن السوق بني قبل أربعين عاما ولم يجدد منذ ذلك الحين.", True),
        (STORY.replace("فجر اليوم", "صباح اليوم").replace("وقال شهود إن", "وذكر شهود أن"), True),
        # Another number, another day: another report.
        (STORY.replace("ثلاثين", "أربعين"), False),
        # Only what stands below the lead is taken over.
        (OTHER + " " + SHORT, False),
        (OTHER, False),
    ],
)
def test_copies_are_told_from_others(other, expected):
    assert likeness(STORY, other).copy is expected
    assert likeness(other, STORY).copy is expected


def test_a_form_filled_with_another_place_is_another_report():
    texts = [STORY, STORY.replace("طرابلس", "بنغازي")]
    assert likeness(*texts).copy
    codes = [
        text_codes(text, [(text.index(name), text.index(name) + len(name))]).tolist()
        for text, name in zip(texts, ("طرابلس", "بنغازي"), strict=True)
    ]
    assert not compare(*codes).copy


def test_a_form_filled_with_another_person_is_another_report():
    form = (
        "تنعى وزارة الثقافة ببالغ الحزن والأسى الفنان القدير {} الذي رحل عن عالمنا بعد مسيرة حافلة بالعطاء في خدمة الفن"
    )
    assert not likeness(form.format("علي القبرون"), form.format("فتحي كحلول")).copy
    assert likeness(form.format("فتحي كحلول"), form.format("فتحي رمضان كحلول")).copy


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("عاجل: مراسلنا في الجنوب: قصف مدفعي عنيف يستهدف منذ الفجر أطراف بلدة الخيام", "الخيام"),
        ("أغلقت الشرطة الطريق الرابط بين العاصمة ومدينة الخيام بعد انهيار جزء من الجسر القديم", "الخيام"),
    ],
)
def test_a_flash_about_another_place_is_another_report(one, other):
    texts = {name: one.replace(other, name) for name in (other, "كفركلا")}
    codes = {name: text_codes(text, [(text.index(name), text.index(name) + len(name))]) for name, text in texts.items()}
    assert group_codes(codes) == []
    assert group_codes({1: codes[other], 2: text_codes(f"وكالات – {one}")}) == [[1, 2]]


@pytest.mark.parametrize(("one", "other"), [("خمسة آلاف ومئتي رجل", "5200 رجل"), ("ثلاث عشرة قرية", "13 قرية")])
def test_numbers_in_words_and_figures_are_the_same(one, other):
    assert likeness(f"{SHORT} {one} {OTHER}", f"{SHORT} {other} {OTHER}").conflicts == 0


def test_a_chain_is_not_one_story():
    assert sorted(map(sorted, group_texts({(1, 2): 0.9, (2, 3): 0.8}))) == [[1, 2]]
    assert sorted(map(sorted, group_texts({(1, 2): 0.9, (2, 3): 0.8, (1, 3): 0.7}))) == [[1, 2, 3]]
    # One pair of six that are no copies do not part a story.
    pairs = {(1, 2): 0.9, (1, 3): 0.9, (1, 4): 0.9, (2, 3): 0.9, (2, 4): 0.9}
    assert sorted(map(sorted, group_texts(pairs))) == [[1, 2, 3, 4]]
    # Two stories with one text between them stay two.
    two = {(1, 2): 1.0, (1, 3): 1.0, (2, 3): 1.0, (7, 8): 1.0, (7, 9): 1.0, (8, 9): 1.0, (3, 7): 0.7}
    assert sorted(map(sorted, group_texts(two))) == [[1, 2, 3], [7, 8, 9]]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["", ""], []),
        (["صورة اليوم", "صورة اليوم"], []),
        (["زلزال عنيف يضرب مدينة مراكش", "زلزال عنيف يضرب مدينه مراكش"], [[0, 1]]),
        (["زلزال عنيف يضرب مدينة مراكش الآن", "زلزال عنيف يضرب مدينة مراكش"], []),
        ([STORY, OTHER], []),
    ],
)
def test_short_texts_are_copies_only_when_they_are_the_same(texts, expected):
    assert group_codes(dict(enumerate(map(text_codes, texts)))) == expected


@pytest.mark.parametrize("half", HALVES)
def test_copies_are_found_in_the_set(half, parser):
    articles = read_half(half)
    precision, recall = measure(right_pairs(articles), found_pairs(articles, parser))
    assert precision >= 0.95 and recall >= 0.95


@pytest.mark.parametrize("half", HALVES)
def test_the_set_is_what_it_says(half):
    articles = read_half(half)
    sizes = Counter(article["group"] for article in articles)
    assert len({article["id"] for article in articles}) == len(articles)
    assert sum(size > 1 for size in sizes.values()) >= 30 and max(sizes.values()) <= 5
    assert sum(size == 1 for size in sizes.values()) >= 60
    for article in articles:
        assert (sizes[article["group"]] > 1) == article["kind"].startswith(("first", "copy"))
        assert article["near"] is None or sizes[article["near"]] > 1


# The workspace


def result(identity, text, day=None, outlet=None, place=TRIPOLI):
    name = place.name
    found = [(name, place, Role.LOCATION, None)] if name in text else []
    return Article(identity, text, None, day, outlet), make_resolutions(text, found)


def results():
    return [
        result("b", SHORT, "2020-01-02", "الثانية"),
        result("a", STORY, "2020-01-01", "الأولى"),
        result("c", "وكالات: " + STORY, None, "الثالثة"),
        result("d", OTHER, "2020-01-02", "الأولى", BENGHAZI),
    ]


@pytest.fixture
def workspace(tmp_path):
    workspace = Workspace.create_or_open(tmp_path / "store")
    workspace.add(results())
    return workspace


def test_copies_count_once_in_every_answer(workspace):
    once = Filters(copies="once")
    assert workspace.totals(Filters()).articles == 4
    totals = workspace.totals(once)
    assert (totals.articles, totals.mentions) == (2, 2)
    assert [row["mentions"] for row in workspace.places(once)] == [1, 1]
    assert dict(workspace.facets(once)["outlets"]) == {"الأولى": 2, "الثانية": 1, "الثالثة": 1}
    assert sum(n for _, n in workspace.timeline(once).bars) == 2 and workspace.timeline(once).undated == 0
    assert {row["article_id"] for row in workspace.rows(once)} == {"a", "d"}
    assert {row["article_id"] for row in workspace.rows(once, sort="surface")} == {"a", "d"}
    assert workspace.passages(Filters(), "t:tripoli")[0] == 3
    assert workspace.passages(once, "t:tripoli")[0] == 1


@pytest.mark.parametrize(
    ("filters", "counted"),
    [
        ({"outlets": ("الثانية",)}, {"b"}),
        ({"outlets": ("الثانية", "الثالثة")}, {"b"}),
        ({"outlets": ("الأولى", "الثالثة")}, {"a", "d"}),
        ({"date_from": "2020-01-02"}, {"b", "d"}),
        ({"date_from": "2020-01-02", "undated": False, "outlets": ("الثانية",)}, {"b"}),
        ({"date_from": "2020-01-03"}, {"c"}),
        ({"article_ids": ("b", "c")}, {"b"}),
        ({"text": "وكالات"}, {"c"}),
        # A filter on mentions does not make another copy count.
        ({"place_id": "t:tripoli"}, {"a"}),
        ({"min_confidence": 0.95}, set()),
    ],
)
def test_a_story_counts_where_it_came_first_among_the_articles_chosen(workspace, filters, counted):
    once = Filters(copies="once", **filters)
    assert {row["article_id"] for row in workspace.rows(once)} == counted
    assert workspace.totals(once).articles == len(counted)


def test_what_rose_counts_a_story_once_in_the_time_compared(tmp_path):
    workspace = Workspace.create_or_open(tmp_path)
    days = ["2020-01-01", "2020-02-08", "2020-02-09"]
    workspace.add([result(f"s{number}", STORY, day, "الأولى") for number, day in enumerate(days)])
    workspace.add([result("o", OTHER, "2020-02-10", place=BENGHAZI)])
    trends = workspace.trends(Filters(copies="once", date_from="2020-02-05", date_to="2020-02-10"))
    assert {row["place_id"]: row["now"] for row in trends.risen} == {"t:tripoli": 1, "t:benghazi": 1}


def test_copies_of_an_article_are_listed(workspace):
    found = workspace.copies("b")
    assert [(row["article_id"], row["outlet"], row["first"]) for row in found] == [
        ("a", "الأولى", True),
        ("c", "الثالثة", False),
    ]
    assert all(row["similarity"] > 0.95 for row in found)
    assert workspace.copies("d") == [] == workspace.copies("nothing of the kind")
    assert workspace.copy_counts(["a", "b", "d"]) == {"a": 2, "b": 2}
    assert workspace.copy_groups() == [["a", "b", "c"]]


@pytest.mark.parametrize(
    ("articles", "first"),
    [
        ([("x", SHORT, "2020-01-01"), ("y", STORY, "2020-01-02")], "x"),
        ([("x", SHORT, "2020-01-01"), ("y", STORY, "2020-01-01")], "y"),
        ([("x", STORY, "2020-01-01"), ("y", STORY, "2020-01-01")], "x"),
        ([("x", STORY, None), ("y", SHORT, "2020-01-01")], "y"),
        ([("x", STORY, "spring"), ("y", STORY, None)], "x"),
    ],
)
def test_first_of_a_group_is_the_earliest_then_the_longest(tmp_path, articles, first):
    workspace = Workspace.create_or_open(tmp_path)
    workspace.add([result(*article) for article in articles])
    assert workspace.copy_groups()[0][0] == first


def plain_results():
    return [(Article(row["id"], row["text"], row["title"], row["date"], row["outlet"]), []) for row in read_half("dev")]


def test_parts_added_one_by_one_give_what_all_at_once_give(tmp_path, monkeypatch):
    whole = Workspace.create_or_open(tmp_path / "whole")
    whole.add(plain_results())
    compared = []
    monkeypatch.setattr(
        copies, "compare", lambda one, other: compared.append((len(one), len(other))) or compare(one, other)
    )
    expected = whole.copy_groups()
    at_once = len(compared)
    assert len(expected) >= 25
    shuffled = plain_results()
    random.Random(3).shuffle(shuffled)
    grown = Workspace.create_or_open(tmp_path / "grown")
    compared.clear()
    for start in range(0, len(shuffled), 50):
        grown.add(shuffled[start : start + 50])
        grown.find_copies()
    assert grown.copy_groups() == expected
    # No pair was compared twice, neither now nor by who opens the workspace later.
    assert len(compared) == at_once
    compared.clear()
    assert Workspace.open(tmp_path / "grown").copy_groups() == expected and not compared


def test_copies_follow_what_is_removed_and_changed(workspace):
    workspace.add([result("e", "عاجل – " + STORY, "2019-12-31")])
    assert workspace.copy_groups() == [["e", "a", "b", "c"]]
    newest = max(workspace.folder.glob("articles-*.parquet"))
    sidecar = copy_index.index_path(newest)
    assert sidecar.exists()
    newest.unlink()
    newest.with_name(newest.name.replace("articles-", "mentions-")).unlink()
    workspace.refresh(force=True)
    assert workspace.copy_groups() == [["a", "b", "c"]]
    assert not sidecar.exists()
    workspace.add([result("a", OTHER, "2020-01-01", "الأولى", BENGHAZI)])
    assert workspace.copy_groups() == [["b", "c"], ["a", "d"]]
    assert workspace.totals(Filters(copies="once")).articles == 2


def test_files_beside_the_parts_are_made_again_when_gone_or_broken(workspace):
    expected = workspace.copy_groups()
    (sidecar,) = workspace.folder.glob("copies*.arrow")
    pairs = next(workspace.folder.glob("copies*.pairs"))
    for path in (sidecar, pairs):
        for damage in (
            path.unlink,
            lambda path=path: path.write_bytes(b"no file"),
            lambda path=path: path.write_bytes(b""),
        ):
            damage()
            assert Workspace.open(workspace.folder).copy_groups() == expected
    assert not [path for path in workspace.folder.iterdir() if path.name.startswith(".")]


def test_copies_are_found_in_a_folder_that_cannot_be_written(workspace, monkeypatch):
    def refuse(*names):
        raise PermissionError("read only")

    monkeypatch.setattr("os.replace", refuse)
    assert workspace.copy_groups() == [["a", "b", "c"]]
    assert not list(workspace.folder.glob("copies*"))


def test_finding_tells_its_progress(workspace):
    seen = []
    assert not workspace.copies_are_ready()
    workspace.find_copies(seen.append)
    assert seen == sorted(seen) and seen[-1] == 1.0 and workspace.copies_are_ready()
    workspace.find_copies(lambda share: pytest.fail("known already"))


def test_finding_in_the_background_and_by_many_at_once(workspace):
    workspace.start_finding_copies()
    readers = [threading.Thread(target=workspace.copy_groups) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in [*readers, workspace._copies_thread]:
        reader.join(30)
    assert workspace.copies_are_ready() and workspace.copy_groups() == [["a", "b", "c"]]


def test_an_empty_workspace_has_no_copies(tmp_path):
    workspace = Workspace.create_or_open(tmp_path)
    assert workspace.copy_groups() == [] and workspace.totals(Filters(copies="once")).articles == 0


def test_a_text_has_one_digest_whatever_the_order_of_its_part():
    assert digest(text_codes(STORY)) == digest(text_codes(STORY)) != digest(text_codes(SHORT))
    assert digest(text_codes("كلمة")) == 0
