"""Memory of readers who have left, given back. Streamlit forgets a session only when a later one ends; on a quiet evening
the last ones, with what they uploaded and downloaded, would stay for good."""

import asyncio
import ctypes
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from streamlit import config

logger = logging.getLogger(__name__)
# Often enough that memory is free soon after a session's time is over, seldom enough to cost nothing.
LOOKS_A_LIFETIME = 4
SHORTEST_S = 1.0


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """While the server runs, look after sessions whose time is over."""
    task = asyncio.create_task(_look_after(app))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _look_after(app: Any) -> None:
    pause_s = max(SHORTEST_S, config.get_option("server.disconnectedSessionTTL") / LOOKS_A_LIFETIME)
    while True:
        await asyncio.sleep(pause_s)
        try:
            freed = forget_expired(app)
        except AttributeError as error:
            # Streamlit's inner names are its own to change; its own forgetting goes on without us.
            logger.warning("sessions that ended are forgotten later: %s", error)
            return
        if freed:
            give_back()


def forget_expired(app: Any) -> int:
    """Drop the sessions kept for reconnecting whose time is over, and return how many. Raises AttributeError."""
    manager = app._runtime._session_mgr
    with manager._storage_lock:
        expired = manager._session_storage._cache.expire()
    return len(expired)


def give_back() -> None:
    """Free what the dropped sessions held, and give free memory back to the system where it can be asked for (glibc)."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
