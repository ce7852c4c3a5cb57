"""Where an export goes: what is understood, and that no password is ever repeated."""

import pytest

from extract.databases import ExportError, read_target

SECRET = "s3cret"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://desk:s3cret@db.example:5433/news", "postgresql://desk@db.example:5433/news"),
        ("postgres://desk:s3cret@db.example/news?sslmode=require", "postgresql://desk@db.example/news"),
        ("postgresql://db.example/news?user=desk&password=s3cret", "postgresql://db.example/news"),
        ("postgresql://desk:s3cret@[::1]:5433/news", "postgresql://desk@[::1]:5433/news"),
        ("postgresql://desk@/news?host=/run/postgresql", "postgresql://desk@/run/postgresql/news"),
        ("postgresql://one:5432,two:5433/news", "postgresql://one:5432,two:5433/news"),
        ("postgresql:///news", "postgresql:///news"),
        ("postgresql://", "postgresql://"),
    ],
)
def test_an_address_is_shown_without_its_password(text: str, shown: str) -> None:
    target = read_target(text)
    assert (target.kind, target.shown) == ("postgresql", shown)
    assert SECRET not in repr(target)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.duckdb", "duckdb"), ("a.sqlite", "sqlite"), ("أخبار/a.SQLite3", "sqlite"), ("a b.db", "sqlite")],
)
def test_the_ending_of_a_file_says_its_kind(name: str, kind: str) -> None:
    assert read_target(name).kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://desk:s3cret/x@host/news",
        "postgresql://desk:s3cret@x@host/news",
        "postgresql://desk:s3cret#x@host/news",
        "postgresql://desk:s3cret?x@host/news",
        "postgresql://desk:s3cret:x@host/news",
        "postgresql://desk:s3cret x@host/news",
        "postgresql://desk:s3cret%zz@host/news",
        "postgresql://host:s3cret/news",
        "mysql://desk:s3cret@host/news",
        "mysql://desk:s3cret@host/news.db",
        "host=h password=s3cret",
        "s3cret.txt",
        "s3cret",
        "",
    ],
)
def test_what_is_no_target_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ExportError) as caught:
        read_target(text)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_passwords_are_hidden_as_written_and_as_meant() -> None:
    target = read_target("postgresql://desk:p%40ss@host/news?sslpassword=key")
    assert target.hide("p%40ss, p@ss and key") == "***, *** and ***"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("postgresql://h/d", "postgresql://h/d?connect_timeout=15"),
        ("postgresql://h/d?sslmode=require", "postgresql://h/d?sslmode=require&connect_timeout=15"),
        ("postgresql://h/d?connect_timeout=3", "postgresql://h/d?connect_timeout=3"),
    ],
)
def test_a_server_that_does_not_answer_is_not_waited_for_without_end(text: str, address: str) -> None:
    assert read_target(text).address == address
