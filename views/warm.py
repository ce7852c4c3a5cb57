"""What a new server does before its first reader comes, so that the first page is as quick as the next ones."""

import asyncio
import atexit
import gc
import importlib
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from views import files, memory

# What the pages need that takes long to load. The pages themselves load with the first reader: a component that is declared
# before there is one stays unknown to the server.
LIBRARIES = ("folium.plugins", "extract.formats", "extract.uploads", "views.reading", "views.filters", "views.ahead")
# Python lets another thread in after 5 ms. The thread that sends a page would wait so long for the one that makes it, at
# each of a hundred pieces.
SWITCH_S = 0.0005


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Load the libraries before the server answers, and the first answers behind its back; then look after memory."""
    sys.setswitchinterval(SWITCH_S)
    # At the end all is let go that `leave_alone` kept, or DuckDB tells what it takes for leaks.
    atexit.register(gc.unfreeze)
    await asyncio.to_thread(_load)
    threading.Thread(target=_answer_ahead, name="ahead", daemon=True).start()
    async with memory.lifespan(app):
        yield


def _load() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    files.pack()
    leave_alone()


def _answer_ahead() -> None:
    importlib.import_module("views.ahead").answer_ahead()
    leave_alone()


def leave_alone() -> None:
    """Keep the garbage collector from what is there now.

    Streamlit collects after every run of a page, while its last pieces wait to be sent: over all that the libraries hold,
    that takes 100 ms and more.
    """
    gc.collect()
    gc.freeze()
