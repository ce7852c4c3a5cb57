"""Readers at the same time: none sees another's state, none brings an error, and those who left are forgotten."""

import asyncio
import gc
import re
import threading
import time
import types
import weakref

import psutil
import pytest
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.session_manager import SessionInfo

from bench.load_sessions import active_sessions, open_session
from bench.plain_store import make_store
from extract.filters import Filters
from extract.store import Workspace
from tests.serving import dashboard
from views import memory

QUERIES = (
    "lang=en&q=Place%203",
    "",
    "lang=en&place=made%3A3&country=EG",
    "lang=en&outlet=%D8%B5%D8%AD%D9%8A%D9%81%D8%A9%203&min=0.7",
    "country=LY&colour=outlet&from=2013-01-01",
)
MENTIONS = 6_000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("load") / "store"
    make_store(folder, MENTIONS)
    return folder


@pytest.fixture(scope="module")
def server(store):
    with dashboard(store, "--server.disconnectedSessionTTL", "2") as found:
        yield found


def test_made_store_is_a_workspace(store):
    workspace = Workspace.open(store)
    totals = workspace.totals(Filters())
    assert totals.mentions == MENTIONS and totals.articles == MENTIONS // 10 and totals.unplaced == 0
    _, passages = workspace.passages(Filters(), "made:0", 3)
    assert all(row["surface"] in passage.text for passage in passages for row in passage.mentions)


def page(session):
    """What the page said, without the numbers that Streamlit makes anew, and in no order: what was asked for is sent first."""
    assert session.errors == []
    return sorted(re.sub(r"\s+", " ", body) for body in session.html)


async def alone(port, query):
    session = await open_session(port, query)
    await session.run()
    said = page(session)
    await session.socket.close()
    return said


async def together(port):
    expected = [await alone(port, query) for query in QUERIES]
    assert len({str(said) for said in expected}) == len(QUERIES)
    sessions = [await open_session(port, query) for query in QUERIES]
    await asyncio.gather(*(session.run() for session in sessions))
    assert [page(session) for session in sessions] == expected
    assert active_sessions(port) == len(QUERIES)
    # One changes its filter, again and again, while the others look on.
    for name in ("طرابلس", ""):
        await asyncio.gather(
            sessions[1].type_text("filter_place_text", name), *(s.run() for s in sessions if s is not sessions[1])
        )
        assert [page(s) for s in sessions if s is not sessions[1]] == [*expected[:1], *expected[2:]]
        assert (page(sessions[1]) == expected[1]) is (name == "")
    # Who comes now sees nothing of what the others chose.
    assert await alone(port, QUERIES[1]) == expected[1]
    for session in sessions:
        await session.socket.close()


def test_sessions_have_their_own_filters_language_and_place(server):
    asyncio.run(together(server[0]))


async def visit(port, readers):
    sessions = [await open_session(port) for _ in range(readers)]
    for session in sessions:
        await session.run()
    for number, session in enumerate(sessions):
        await session.type_text("filter_place_text", f"طرابلس {number}")
        assert session.errors == []
    for session in sessions:
        await session.socket.close()


def test_sessions_that_end_leave_no_threads_and_no_memory(server):
    port, process = server[0], psutil.Process(server[1])
    used = []
    for _ in range(3):
        asyncio.run(visit(port, 3))
        end = time.monotonic() + 30
        while active_sessions(port) and time.monotonic() < end:
            time.sleep(0.2)
        assert active_sessions(port) == 0
        time.sleep(3)
        used.append((process.memory_info().rss / 2**20, process.num_threads()))
    # The first visit fills what is shared. A session's page is some 300 kB as sent; three kept whole would show.
    assert used[2][0] - used[1][0] < 20, used
    assert used[2][1] <= used[0][1] + 2, used


class Kept:
    """Stands for a session with what its reader uploaded."""

    id = "x"


def test_session_is_forgotten_when_its_time_is_over_and_not_when_the_next_one_ends():
    storage = MemorySessionStorage(ttl_seconds=0)
    session = Kept()
    seen = weakref.ref(session)
    storage.save(SessionInfo(client=None, session=session, script_run_count=1))
    del session
    gc.collect()
    assert seen() is not None
    manager = types.SimpleNamespace(_session_storage=storage, _storage_lock=threading.Lock())
    app = types.SimpleNamespace(_runtime=types.SimpleNamespace(_session_mgr=manager))
    time.sleep(0.01)
    assert memory.forget_expired(app) == 1
    memory.give_back()
    assert seen() is None and memory.forget_expired(app) == 0


def test_searches_remembered_have_a_limit(tmp_path, monkeypatch):
    make_store(tmp_path / "store", 1_000)
    workspace = Workspace.open(tmp_path / "store")
    monkeypatch.setattr("extract.live.REMEMBERED", 500)
    for number in range(60):
        workspace.totals(Filters(place_text=f"طرابلس {number}"))
    assert sum(len(numbers) + 20 for numbers in workspace._seen.found.values()) <= 600
