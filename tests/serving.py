"""The dashboard as a server of its own, for tests that meet it from outside."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).parent.parent
START_S = 60


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until_up(health: str, server: subprocess.Popen) -> None:
    """Wait for the server to say that it is well."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        assert server.poll() is None, "the dashboard ended at once"
        try:
            with urllib.request.urlopen(health, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the dashboard did not start within {START_S} s")


@contextmanager
def dashboard(
    store: Path, *options: str, folder: Path = PROJECT, port: int | None = None, **environment: str
) -> Iterator[tuple[int, int]]:
    """(port, process id) of a dashboard on the store, started in `folder` with more options and environment."""
    port = port or free_port()
    script = str(PROJECT / "dashboard.py")
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port), *options],
        cwd=folder,
        env=os.environ | {"RASID_STORE": str(store)} | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_up(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(timeout=20)
