"""What a workspace holds, as two numbers an article."""

from extract.known import KnownArticles
from extract.mentions import Article
from extract.store import Workspace
from tests.made_workspace import make_results


def test_python_and_the_database_number_texts_alike(tmp_path):
    articles = [Article(name, f"نص {name}") for name in ("a", "خبر 1", "2019/ب.txt", "x" * 400)]
    workspace = Workspace.create_or_open(tmp_path)
    workspace.add([(article, []) for article in articles])
    known = workspace.known()
    assert all(known.holds(article.id) and known.same(article.id, article) for article in articles)
    assert not known.same("a", articles[1])
    assert not known.holds("b") and not known.same("b", articles[0])


def test_the_newest_version_is_known(tmp_path):
    workspace = Workspace.create_or_open(tmp_path)
    old, new = Article("a", "نص"), Article("a", "نص آخر")
    for article in (old, new, old):
        workspace.add([(article, [])])
    assert workspace.known().same("a", old)
    workspace.compact()
    assert workspace.known().same("a", old)


def test_what_is_added_counts_at_once():
    known = KnownArticles.of_parts(None, [])
    known.add(Article("a", "نص"))
    assert known.same("a", Article("a", "نص")) and not known.holds("b")
    known.add(Article("a", "نص آخر"))
    assert not known.same("a", Article("a", "نص"))


def test_hidden_articles_are_not_known(tmp_path):
    workspace = Workspace.create_or_open(tmp_path)
    workspace.add(make_results())
    workspace.remove(["a1"])
    assert not workspace.known().holds("a1") and workspace.known().holds("a2")
