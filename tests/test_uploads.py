"""What people hand in: kept under safe names, read once, its outcome kept, nothing lost and nothing doubled."""

import json

import pytest

from extract.decisions import DecisionLog, Kind, make_place
from extract.filters import Filters
from extract.review import ReviewingGeoparser, decide, review
from extract.store import Workspace
from extract.uploads import FOLDER, TRIES, Uploads, safe_name
from gazetteer import Point

TEXT = "اندلعت اشتباكات في غريان جنوب طرابلس. ووصل الوفد إلى بلدة كخبزار."


@pytest.fixture
def workspace(tmp_path):
    return Workspace.create_or_open(tmp_path / "store")


@pytest.fixture
def uploads(workspace):
    return Uploads(workspace.folder)


@pytest.fixture
def parser(workspace, gazetteer):
    return ReviewingGeoparser(gazetteer, DecisionLog(workspace.folder))


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd",
        "..\\..\\boot.ini",
        "/etc/cron.d/x.txt",
        ".hidden",
        "a\x00b\n\u202e.txt",
        "ع" * 500 + ".txt",
        "CON.txt",
        "x.outcome.json",
        "x.tried",
        "{{7*7}}<script>.html",
        "",
        "....",
    ],
)
def test_no_name_leads_out_of_the_folder_or_to_another_file(uploads, name):
    path, known = uploads.keep(name, b"content")
    assert (path.parent, known) == (uploads.folder, False)
    assert path.resolve().parent == uploads.folder.resolve()
    assert len(path.name.encode()) < 200
    assert not path.name.startswith((".", "-"))
    assert path.read_bytes() == b"content"
    assert uploads.waiting() == [path]


def test_a_name_stays_readable():
    assert safe_name("أخبار غريان (2).csv") == ("أخبار-غريان-2", ".csv")


def test_the_folder_is_for_its_owner_only(uploads):
    uploads.keep("a.txt", b"x")
    assert uploads.folder.stat().st_mode & 0o777 == 0o700


def test_a_file_is_read_and_says_what_it_gave(uploads, workspace, parser):
    path, _ = uploads.keep("خبر.txt", TEXT.encode())
    outcome = uploads.read(path, workspace, parser)
    assert (outcome.name, outcome.articles, outcome.mentions, outcome.unplaced) == ("خبر.txt", 1, 2, 1)
    assert outcome.found[0].nowhere == [("كخبزار", TEXT.index("كخبزار"))]
    assert workspace.article(outcome.found[0].article_id)["text"] == TEXT
    assert uploads.waiting() == []
    again = Uploads(workspace.folder)
    assert again.outcomes() == [(path, again.outcome(path))]
    assert again.outcome(path).found[0].title.startswith("اندلعت")


def test_the_same_content_is_known_again_under_any_name(uploads, workspace, parser):
    first, _ = uploads.keep("one.txt", TEXT.encode())
    uploads.read(first, workspace, parser)
    assert uploads.keep("two.txt", TEXT.encode()) == (first, True)
    again = uploads.read(first, workspace, parser)
    assert (again.articles, again.known, len(again.found)) == (0, 1, 1)
    assert workspace.span().articles == 1


def test_once_read_the_text_is_in_the_workspace_alone(uploads, workspace, parser):
    path, _ = uploads.keep("one.txt", TEXT.encode())
    found = uploads.read(path, workspace, parser).found[0]
    assert not path.exists()
    workspace.remove([found.article_id])
    uploads.forget_articles([found.article_id])
    kept = [path.read_bytes() for path in workspace.folder.rglob("*") if path.is_file()]
    assert not any("كخبزار".encode() in content for content in kept)
    assert uploads.keep("one.txt", TEXT.encode()) == (path, True)
    assert uploads.read(path, workspace, parser).articles == 1


def test_files_of_one_name_do_not_take_each_others_place(uploads, workspace, parser):
    for text in (TEXT, TEXT + " وهدأت بنغازي."):
        uploads.read(uploads.keep("news.txt", text.encode())[0], workspace, parser)
    assert workspace.span().articles == 2


def test_what_was_kept_and_not_read_waits(uploads, workspace, parser):
    path, _ = uploads.keep("a.txt", TEXT.encode())
    assert Uploads(workspace.folder).waiting(tries=TRIES) == [path]


def test_what_ends_the_program_is_not_tried_for_ever(uploads, workspace, parser):
    path, _ = uploads.keep("a.txt", TEXT.encode())

    class Killed(BaseException):
        pass

    class Deadly:
        log, gazetteer, model = parser.log, parser.gazetteer, parser.model

        def geoparse(self, article):
            raise Killed

    for _ in range(TRIES):
        assert uploads.waiting(tries=TRIES) == [path]
        with pytest.raises(Killed):
            uploads.read(path, workspace, Deadly())
    assert uploads.waiting(tries=TRIES) == []
    assert uploads.waiting() == [path]
    uploads.forget(path)
    assert list(uploads.folder.iterdir()) == []


def test_mixed_good_and_bad_rows_are_told_apart(uploads, workspace, parser):
    rows = ["id,text", "1,هدوء في بنغازي.", "2,", "3,قصف على تاجوراء."]
    path, _ = uploads.keep("table.csv", "\n".join(rows).encode())
    outcome = uploads.read(path, workspace, parser)
    assert (outcome.articles, outcome.refusals) == (2, 1)
    assert outcome.refused[0]["path"] == "table.csv"
    assert outcome.refused[0]["row"] == 3


@pytest.mark.parametrize(
    ("name", "content"),
    [("empty.txt", b""), ("old.doc", b"\xd0\xcf\x11\xe0"), ("noise.csv", b"\x00\x01\x02" * 99)],
    ids=["empty", "old", "noise"],
)
def test_a_refused_file_is_told_and_may_be_handed_in_again(uploads, workspace, parser, name, content):
    path, _ = uploads.keep(name, content)
    outcome = uploads.read(path, workspace, parser)
    assert (outcome.articles, outcome.refusals) == (0, 1)
    assert outcome.refused[0]["path"] == name and outcome.refused[0]["hint"]
    assert not path.exists()
    assert uploads.outcomes()[0][1].refusals == 1
    assert uploads.keep(name, content) == (path, True)
    assert uploads.waiting() == [path]


def test_a_pasted_text_brings_what_is_said_about_it(uploads, workspace, parser):
    about = {"title": "عنوان", "date": "2020-02-03", "outlet": "وكالة", "country": "LY", "url": "https://example.org/1"}
    outcome = uploads.read(uploads.keep_text(TEXT, about)[0], workspace, parser)
    article = workspace.article(outcome.found[0].article_id)
    assert {name: article[name] for name in about} == about
    assert article["text"] == TEXT


def test_a_corrected_title_takes_the_place_of_the_former(uploads, workspace, parser):
    for title in ("خطأ", "صواب"):
        uploads.read(uploads.keep_text(TEXT, {"title": title})[0], workspace, parser)
    assert [article["title"] for article in workspace.articles()] == ["صواب"]
    assert uploads.outcomes()[0][1].replaced == 1


def test_a_folder_that_cannot_be_made_raises_an_os_error(workspace):
    (workspace.folder / FOLDER).write_text("a file in its place")
    with pytest.raises(OSError):
        Uploads(workspace.folder).keep("a.txt", b"x")
    assert Uploads(workspace.folder).waiting() == []


def test_a_broken_outcome_is_passed_over(uploads, workspace, parser):
    path, _ = uploads.keep("a.txt", TEXT.encode())
    uploads.read(path, workspace, parser)
    state = next(uploads.folder.glob("*.outcome.json"))
    for broken in ("{", json.dumps({"name": "x"}), "[]", json.dumps({"name": "x", "found": [{}]})):
        state.write_text(broken)
        assert uploads.outcome(path) is None
        assert uploads.outcomes() == []


def test_uploads_are_read_with_what_reviewers_decided(uploads, workspace, parser):
    uploads.read(uploads.keep("a.txt", TEXT.encode())[0], workspace, parser)
    row = next(row for row in workspace.rows(Filters(), placed=None) if row["surface"] == "كخبزار")
    place = make_place("كخبزار", Point(32.1, 13.1), country="LY")
    review(workspace, parser, decide(workspace, parser.log, row, Kind.NAME, "Aya", place=place))
    later = "ووصلت المساعدات إلى بلدة كخبزار."
    outcome = uploads.read(uploads.keep("b.txt", later.encode())[0], workspace, parser)
    assert (outcome.mentions, outcome.unplaced) == (1, 0)
    assert workspace.totals(Filters(place_id=place.id)).mentions == 2
