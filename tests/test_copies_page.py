"""Copies of a story on the page: the switch, the address, the passages and the reader."""

import json
import re

import pytest
from playwright.sync_api import expect

from extract.filters import Filters
from extract.store import Workspace
from tests.in_app import again, counts, html_parts, run_app
from tests.serving import dashboard
from tests.test_copies import SHORT, results
from views import data, downloads
from views.copies import copies_text, copy_label
from views.data import Answers
from views.texts import Texts


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RASID_STORE", str(tmp_path / "store"))
    Workspace.create_or_open(tmp_path / "store").add(results())
    return tmp_path / "store"


def test_switch_counts_a_story_once_and_says_so_in_the_address(folder):
    app = run_app(lang="en")
    assert "4 mentions" in counts(app) and "4 articles" in counts(app)
    again(app.toggle(key="filter_copies").set_value(True))
    assert "2 mentions" in counts(app) and "2 articles" in counts(app)
    assert app.query_params["copies"] == "once"
    again(app.button(key="chip_copies").click())
    assert "4 mentions" in counts(app) and "copies" not in app.query_params


@pytest.mark.parametrize(("asked", "articles"), [("once", 2), ("all", 4), ("<b>", 4)])
def test_address_counts_a_story_once(folder, asked, articles):
    assert f"{articles} articles" in counts(run_app(lang="en", copies=asked))


def test_passages_say_how_many_copies_there_are(folder):
    page = "".join(html_parts(run_app(lang="en", place="t:tripoli")))
    assert page.count("+2 copies") == 3
    assert "ونسختان أخريان" in "".join(html_parts(run_app(place="t:tripoli")))


def test_reader_lists_the_copies_and_opens_them(folder):
    app = run_app(lang="en", read="b@0")
    labels = [button.label for button in app.button if (button.key or "").startswith("copy_")]
    assert len(labels) == 2
    assert "الأولى" in labels[0] and "1 January 2020" in labels[0] and "the earliest" in labels[0]
    again(app.button(key="copy_0").click())
    assert app.query_params["read"] == "a@0"
    assert not [button for button in run_app(lang="en", read="d@0").button if (button.key or "").startswith("copy_")]


def test_a_large_workspace_does_not_wait_for_copies(folder, monkeypatch):
    asked = []
    monkeypatch.setattr(data, "COPIES_AT_ONCE", 0)
    monkeypatch.setattr(Workspace, "start_finding_copies", lambda self: asked.append(self))
    app = run_app(lang="en", read="b@0", place="t:tripoli")
    assert asked and any("still being looked for" in caption.value for caption in app.caption)
    assert "+2 copies" not in "".join(html_parts(app))


def test_downloads_follow_the_switch_and_say_so(folder):
    answers = Answers(Workspace.open(folder))
    filters = Filters(copies="once")
    about = downloads.describe(answers, filters)
    assert json.loads(about["filters"])["copies"] == "once" and "2 articles" in about["rows"]
    lines = downloads.file_bytes("csv", answers, filters, {}, t=Texts("en")).decode("utf-8-sig").splitlines()
    assert len(lines) == 3 and not any(line.startswith("b,") for line in lines)


def test_labels_of_hostile_copies_are_text():
    copy = {"outlet": "[x](javascript:1) <b>", "title": None, "head": SHORT, "article_id": "i", "date": None}
    label = copy_label(copy | {"first": False, "similarity": 0.5}, Texts("en"))
    assert "\\[x\\]" in label and "\\<b\\>" in label and "no date" in label
    assert copies_text(0, Texts("ar")) == ""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copies") / "store"
    Workspace.create_or_open(folder).add(results())
    with dashboard(folder) as (port, _):
        yield f"http://localhost:{port}/"


@pytest.mark.browser
def test_a_copy_opens_in_place_of_the_article(reader):
    reader.open("lang=en&place=t:tripoli")
    reader.page.get_by_role("button", name="Open article").first.click()
    dialog = reader.page.get_by_role("dialog")
    expect(dialog.locator(".rasid-article")).not_to_contain_text("لم تسجل إصابات")
    dialog.get_by_role("button", name="the earliest").click()
    expect(dialog.locator(".rasid-article")).to_contain_text("لم تسجل إصابات")
    reader.page.wait_for_url(re.compile("read=a"))
    expect(dialog).to_have_count(1)
    reader.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(reader.counts()).to_contain_text("4 mentions")
