"""A new server has loaded and asked ahead what its first page needs."""

import gc
import subprocess
import sys

import pytest
from streamlit.testing.v1 import AppTest

from extract.store import Workspace
from tests.made_workspace import make_workspace
from tests.serving import PROJECT
from views import ahead, warm

QUESTIONS = ("totals", "places", "trends", "facets", "articles", "regions", "timeline", "rows", "unplaced", "span")


@pytest.fixture
def store(tmp_path, monkeypatch):
    make_workspace(tmp_path / "store")
    monkeypatch.setenv("RASID_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def test_first_page_asks_nothing_that_was_not_asked_ahead(store, monkeypatch):
    ahead.answer_ahead()
    asked = []
    for name in QUESTIONS:
        real = getattr(Workspace, name)
        monkeypatch.setattr(
            Workspace, name, lambda *given, _real=real, _name=name, **more: asked.append(_name) or _real(*given, **more)
        )
    app = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=60).run()
    assert not app.exception and app.main.get("download_button")
    # The page looks itself whether there is anything to show.
    assert set(asked) <= {"span"}


@pytest.mark.parametrize("kind", ["none", "empty"])
def test_nothing_to_ask_is_no_error(tmp_path, monkeypatch, kind):
    if kind == "empty":
        (tmp_path / "store").mkdir()
    monkeypatch.setenv("RASID_STORE", str(tmp_path / "store"))
    ahead.answer_ahead()


def test_collector_leaves_alone_what_is_there():
    before = gc.get_freeze_count()
    try:
        warm.leave_alone()
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()


def test_no_library_loaded_ahead_declares_a_component():
    # One declared before there is a page stays unknown to the server, and its frame empty.
    script = (
        "import sys, importlib; from views import warm; [importlib.import_module(n) for n in warm.LIBRARIES]; "
        "print([n for n in ('streamlit_folium', 'views.map', 'views.timeline') if n in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
