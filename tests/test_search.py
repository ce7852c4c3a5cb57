"""Search in titles and texts of articles."""

import pytest

from extract import search
from extract.filters import Filters
from extract.mentions import Article
from extract.store import Workspace
from tests.made_workspace import make_workspace


@pytest.fixture
def workspace(tmp_path):
    return make_workspace(tmp_path / "store")


def found(workspace, query):
    numbers = workspace.find_articles(query)
    rows = workspace._ask("SELECT article_id FROM live WHERE article_number IN (SELECT unnest(?))", [numbers])
    return {row[0] for row in rows.fetchall()}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("غريان", {"a1"}),
        ("معركه", {"a1"}),
        ("مَعْرَكة الطريق", {"a1"}),
        ("قناة", {"a2"}),
        ("قناه", {"a2"}),
        ("سبها", {"a3"}),
        ("طرابلس", {"a1", "a3"}),
        ("طرابلس ليلا", {"a1"}),
        ("احرار", {"a2"}),
        ("الأحرار", {"a2"}),
        ("قوات", {"a1"}),
        ('"جنوب طرابلس"', {"a1"}),
        ('"طرابلس جنوب"', set()),
        ('"', set()),
        ("*", set()),
        ("' OR 1=1 --", set()),
        ("window canary", {"a3"}),
        ("NEAR AND NOT", set()),
        ("لا يوجد شيء كهذا", set()),
    ],
)
def test_search_finds_articles_by_their_words(workspace, query, expected):
    assert found(workspace, query) == expected


@pytest.mark.parametrize(
    ("word", "query"),
    [
        ("وبغريان", "غريان"),
        ("للفاشر", "الفاشر"),
        ("فالمدينة", "مدينة"),
        ("والقاهرة", "القاهره"),
        ("بالخرطوم", "الخرطوم"),
    ],
)
def test_search_sees_through_particles(tmp_path, word, query):
    workspace = Workspace.create_or_open(tmp_path)
    workspace.add([(Article("x", f"خبر {word} اليوم"), []), (Article("y", "خبر آخر"), [])])
    assert found(workspace, query) == {"x"}


def test_search_narrows_everything(workspace):
    assert workspace.totals(Filters(text="قناة")).articles == 1
    assert workspace.totals(Filters(text="لا يوجد شيء كهذا")).mentions == 0
    assert workspace.totals(Filters(text="  ")).articles == 3


def test_index_is_made_again_when_gone_or_broken(workspace):
    assert not workspace.search_is_ready()
    assert found(workspace, "غريان") == {"a1"} and workspace.search_is_ready()
    (index,) = workspace.folder.glob("search*.arrow")
    for damage in (index.unlink, lambda: index.write_bytes(b"no database"), lambda: index.write_bytes(b"")):
        damage()
        assert found(Workspace.open(workspace.folder), "غريان") == {"a1"}


def test_search_sees_articles_added_later(workspace):
    assert found(workspace, "زلزال") == set()
    workspace.add([(Article("new", "زلزال في المدينة"), [])])
    assert found(workspace, "زلزال") == {"new"}


def test_search_forgets_the_old_text_of_a_changed_article(workspace):
    workspace.add([(Article("a1", "نص آخر تماما"), [])])
    assert "a1" not in found(workspace, "الطريق")


def test_search_tells_its_progress(workspace):
    seen = []
    workspace.find_articles("غريان", seen.append)
    assert seen == [1.0]


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("الحكومة في طرابلس", '"في طرابلس"', True),
        ("الحكومة وفي طرابلس", '"في طرابلس"', False),
        ("في مدينة طرابلس", '"في طرابلس"', False),
        ("في. طرابلس", '"في طرابلس"', True),
        ("طرابلس طرابلس في", '"طرابلس في"', True),
        ("في طرابلس", '"في طرابلس ليلا"', False),
        ("مساحته ٢٠ م²", "م2", True),
        ("Café de Tripoli", "CAFE", True),
        ("ء ماء", "ما", True),
        ("ماء", '"ء"', False),
        ("سنة ٢٠١٩", "2019", True),
        ("لليبيا", "ليبيا", True),
        ("ليبيا", "لليبيا", True),
        ("", "نص", False),
    ],
)
def test_search_finds_words_and_phrases_however_they_are_written(tmp_path, text, query, expected):
    workspace = Workspace.create_or_open(tmp_path)
    workspace.add([(Article("x", text), []), (Article("y", "خبر آخر في طرابلس"), [])])
    assert ("x" in found(workspace, query)) == expected


def test_a_phrase_does_not_go_on_into_the_next_article(tmp_path):
    workspace = Workspace.create_or_open(tmp_path)
    workspace.add([(Article("x", "انتهى الخبر"), []), (Article("y", "وبدأ غيره"), [])])
    assert found(workspace, '"الخبر وبدا"') == set() and found(workspace, '"انتهي الخبر"') == {"x"}


def test_an_index_of_an_older_form_goes_when_the_new_one_is_made(workspace):
    part = next(workspace.folder.glob("articles-*.parquet"))
    older = part.with_name(part.name.replace("articles-", "search1-").replace(".parquet", ".sqlite"))
    older.write_bytes(b"")
    assert found(workspace, "غريان") == {"a1"} and not older.exists()


def test_index_leaves_no_unfinished_file(workspace):
    search.build_index(next(workspace.folder.glob("articles-*.parquet")))
    assert not [path for path in workspace.folder.iterdir() if path.name.startswith(".")]
