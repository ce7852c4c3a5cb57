"""Many readers at once: real sessions of the dashboard, over its own web socket, and what they cost the server.

Each session opens the page, then types a place's name into its filter a few times, with pauses, and leaves. A session here
is what a browser's is to the server; drawing the map is the browser's own work and is not measured.
"""

import argparse
import asyncio
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from bench.plain_store import PLACES, STEMS, make_store

PROJECT = Path(__file__).parent.parent
LONGEST_MESSAGE = 200 * 2**20
ANSWER_S = 180
# A session that ended is kept for a reader whose connection broke: so long in this test, two minutes as it comes.
KEPT_S = 5
MB = 2**20


@dataclass
class Session:
    """One reader: the page as the server last described it, and every fault it told of."""

    socket: ClientConnection
    query: str = "lang=en"
    widgets: dict[str, str] = field(default_factory=dict)
    html: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def run(self, states: Callable[[Any], None] | None = None) -> float:
        """Ask for the page, with changed widgets; seconds until the map came. Returns when the page is whole."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        if states:
            states(message.rerun_script.widget_states)
        began, mapped, self.html = time.perf_counter(), None, []
        await self.socket.send(message.SerializeToString())
        while True:
            data = await asyncio.wait_for(self.socket.recv(), ANSWER_S)
            answer = ForwardMsg()
            answer.ParseFromString(data)
            kind = answer.WhichOneof("type")
            if kind == "delta" and self._take(answer.delta) and mapped is None:
                mapped = time.perf_counter() - began
            if kind == "page_info_changed":
                self.query = answer.page_info_changed.query_string
            # A run that was ended for a newer one says so, and the newer one follows.
            if kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                if answer.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    self.errors.append("the page could not be compiled")
                return mapped if mapped is not None else time.perf_counter() - began

    def _take(self, delta: Any) -> bool:
        """Keep what is needed of a part of the page; whether it is the map."""
        if delta.WhichOneof("type") != "new_element":
            return False
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.errors.append(element.exception.message)
        if kind == "html":
            self.html.append(element.html.body)
        part = getattr(element, kind) if kind else None
        if identity := getattr(part, "id", ""):
            self.widgets[identity] = kind
        return kind == "component_instance" and "st_folium" in part.component_name

    def widget(self, key: str) -> str:
        """The server's name for the widget with the key."""
        return next(name for name in self.widgets if name.endswith(f"-{key}"))

    async def type_text(self, key: str, text: str) -> float:
        """Type into a text field; seconds until the map came."""

        def states(widgets: Any) -> None:
            state = widgets.widgets.add()
            state.id, state.string_value = self.widget(key), text

        return await self.run(states)

    @property
    def counts(self) -> str:
        """The line that says how much is in view."""
        return next((body for body in self.html if "rasid-counts" in body), "")


async def open_session(port: int, query: str = "lang=en") -> Session:
    """Connect as a browser does. The page is drawn by `run`."""
    socket = await connect(
        f"ws://localhost:{port}/_stcore/stream",
        origin=f"http://localhost:{port}",
        subprotocols=["streamlit"],
        max_size=LONGEST_MESSAGE,
        compression=None,
        ping_timeout=None,
        open_timeout=60,
    )
    return Session(socket, query)


def active_sessions(port: int) -> int:
    """Sessions that the server has connected."""
    with urllib.request.urlopen(f"http://localhost:{port}/_stcore/metrics", timeout=60) as answer:
        found = re.search(r"^active_sessions (\d+)", answer.read().decode(), re.MULTILINE)
    return int(found.group(1)) if found else 0


@dataclass
class Figures:
    """Seconds until the map came, and the server's processor seconds, by what was asked; faults; memory in MB and threads.

    Processor seconds are the server's own, whatever else the machine does at the time.
    """

    opened: list[float] = field(default_factory=list)
    filtered: list[float] = field(default_factory=list)
    work_opened: float = 0.0
    work_filtered: float = 0.0
    errors: list[str] = field(default_factory=list)
    stages: list[tuple[str, float, int]] = field(default_factory=list)

    def stage(self, name: str, server: psutil.Process) -> None:
        """Write down the server's memory and threads."""
        self.stages.append((name, server.memory_info().rss / MB, server.num_threads()))
        print("{}: {:,.0f} MB, {} threads".format(*self.stages[-1]), file=sys.stderr, flush=True)


def work_s(server: psutil.Process) -> float:
    """Processor seconds that the server has taken."""
    times = server.cpu_times()
    return times.user + times.system


async def meet(
    port: int, server: psutil.Process, figures: Figures, *, readers: int, filters: int, pause_s: float, seed: int
) -> None:
    """So many readers come one after the other, filter at the same time, and leave."""
    dice = random.Random(seed)
    sessions, worked = [], work_s(server)
    for _ in range(readers):
        session = await open_session(port)
        figures.opened.append(await session.run())
        sessions.append(session)
    figures.stage(f"{readers} readers have opened the page", server)
    figures.work_opened += work_s(server) - worked
    worked = work_s(server)

    async def read(session: Session, number: int) -> None:
        own = random.Random(seed * 1_000 + number)
        for _ in range(filters):
            await asyncio.sleep(own.uniform(0, 2 * pause_s))
            name = f"{own.choice(STEMS)} {own.randrange(PLACES // 10)}"
            figures.filtered.append(await session.type_text("filter_place_text", name))

    await asyncio.gather(*(read(session, dice.randrange(10**6)) for session in sessions))
    figures.stage(f"each has filtered {filters} times", server)
    figures.work_filtered += work_s(server) - worked
    for session in sessions:
        figures.errors += session.errors
        await session.socket.close()
    await asyncio.sleep(KEPT_S * 2 + 3)
    figures.stage(f"all have left ({active_sessions(port)} sessions)", server)


def measure(store: Path, *, readers: int, filters: int, pause_s: float, rounds: int) -> Figures:
    """Start a dashboard on the store, let the readers come in so many rounds, and say what that took."""
    from tests.serving import free_port, wait_until_up

    port, figures = free_port(), Figures()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.port", str(port)]
    command += ["--server.disconnectedSessionTTL", str(KEPT_S)]
    with tempfile.TemporaryFile() as log:
        running = subprocess.Popen(
            command, cwd=PROJECT, env=os.environ | {"RASID_STORE": str(store)}, stdout=subprocess.DEVNULL, stderr=log
        )
        try:
            wait_until_up(f"http://localhost:{port}/_stcore/health", running)
            server = psutil.Process(running.pid)
            figures.stage("started", server)
            asyncio.run(_first(port))
            figures.stage("the first reader has come and gone", server)
            for number in range(rounds):
                asyncio.run(
                    meet(port, server, figures, readers=readers, filters=filters, pause_s=pause_s, seed=number + 1)
                )
        finally:
            running.terminate()
            running.wait(timeout=60)
        log.seek(0)
        told = log.read().decode("utf-8", "replace")
    figures.errors += re.findall(r"^(?:Traceback.*|.*Uncaught.*|.*Error sending.*)$", told, re.MULTILINE)
    return figures


async def _first(port: int) -> None:
    session = await open_session(port)
    await session.run()
    await session.socket.close()
    await asyncio.sleep(KEPT_S * 2)


def report(figures: Figures) -> str:
    """The figures in words."""
    lines = []
    asked = (
        ("page opened, until its map", figures.opened, figures.work_opened),
        ("filter, until its map", figures.filtered, figures.work_filtered),
    )
    for name, seconds, work in asked:
        ordered = sorted(seconds)
        last = ordered[max(0, round(0.95 * len(ordered)) - 1)]
        lines.append(
            f"{name}: median {statistics.median(ordered):.2f} s, 95 of 100 within {last:.2f} s ({len(ordered)} times); "
            f"processor {work / len(ordered):.2f} s each, the whole page"
        )
    lines.append(f"errors: {len(figures.errors)}")
    return "\n".join([*lines, *sorted(set(figures.errors))[:10]])


def main() -> int:
    """Measure by the command line; 1 when a session told of an error."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.load_sessions", description="Meet the dashboard with readers."
    )
    parser.add_argument("--store", type=Path, help="a workspace (default: one made up, of --mentions)")
    parser.add_argument("--mentions", type=int, default=1_000_000)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--filters", type=int, default=3, help="how often each reader filters")
    parser.add_argument(
        "--pause", type=float, default=10.0, help="seconds that a reader looks at what came, on average"
    )
    parser.add_argument("--rounds", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = args.store or Path(folder) / "store"
        if args.store is None:
            make_store(store, args.mentions)
        figures = measure(store, readers=args.readers, filters=args.filters, pause_s=args.pause, rounds=args.rounds)
    print(report(figures))
    return 1 if figures.errors else 0


if __name__ == "__main__":
    sys.exit(main())
