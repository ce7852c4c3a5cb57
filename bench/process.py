"""Running a measure in a process of its own, with a limit of time, and what a process holds in memory (Linux)."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_LAST_LINES = 3
# What a child needs to end its own children.
_ENDING_S = 15
_C_LIBRARY, _PR_SET_PDEATHSIG = ctypes.CDLL(None), 1


class MeasureError(RuntimeError):
    """A measure did not finish: the message says what ended it, in words for the page."""


def run_measure(
    module: str,
    request: Mapping[str, Any],
    *,
    limit_s: float,
    one_core: bool = False,
    python: str = sys.executable,
    environment: Mapping[str, str] | None = None,
) -> Any:
    """What `module.answer(request)` returns, asked in a new process. Raises MeasureError when it fails or takes too long.

    `one_core` keeps it, and every thread of its libraries, on one core.
    """
    with tempfile.NamedTemporaryFile("r", suffix=".json", encoding="utf-8") as answer:
        command = [python, "-m", "bench.process", module, answer.name, json.dumps(dict(request))]
        run_command(command, limit_s=limit_s, one_core=one_core, environment=environment)
        return json.load(answer)


def run_command(
    command: Sequence[str], *, limit_s: float, one_core: bool = False, environment: Mapping[str, str] | None = None
) -> tuple[float, str]:
    """Seconds that the command took, and what it wrote on standard error. Ends it with all its children when it is late.

    Raises MeasureError when it is late or its exit code is not 0.
    """
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
            preexec_fn=tie_to_one_core if one_core else tie,
        )
        try:
            child.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            raise MeasureError(f"did not finish within {limit_s:.0f} s") from None
        finally:
            end_group(child)
        taken = time.perf_counter() - began
        errors.seek(0)
        told = errors.read()
    if child.returncode:
        last = [line.strip() for line in told.splitlines() if line.strip()][-_LAST_LINES:]
        raise MeasureError(f"ended with code {child.returncode}: {' / '.join(last) or 'no word why'}")
    return taken, told


def end_group(child: "subprocess.Popen[Any]") -> None:
    """End a process that was started in a session of its own, and all that it started; wait until it is gone."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            break
        try:
            child.wait(timeout=_ENDING_S)
        except subprocess.TimeoutExpired:
            continue
    child.wait()


def tie() -> None:
    """For a child before it begins: it is asked to end when its parent has ended, however that came."""
    _C_LIBRARY.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def tie_to_one_core() -> None:
    """The same, and it stays on one core."""
    tie()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def memory_mb(pid: int | None = None) -> tuple[float, float]:
    """MB that a process and its children hold: all of it, and the part that is no mapped file or shared memory."""
    held = private = 0.0
    waiting = [pid or os.getpid()]
    while waiting:
        folder = Path(f"/proc/{waiting.pop()}")
        with suppress(OSError):  # it may end meanwhile
            lines = (folder / "status").read_text(encoding="ascii", errors="replace").splitlines()
            kinds = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "RssAnon"))}
            held += int(kinds.get("VmRSS", 0)) / 1024
            private += int(kinds.get("RssAnon", 0)) / 1024
            for task in (folder / "task").iterdir():
                waiting += map(int, (task / "children").read_text(encoding="ascii").split())
    return held, private


def peak_mb(pid: int | None = None) -> float:
    """MB that a process, without its children, has held at most until now; 0 for one that has ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid or os.getpid()}/status").read_text(encoding="ascii", errors="replace").splitlines()
        return max((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), default=0) / 1024
    return 0.0


def main() -> None:
    """Ask a module for its answer and write it as JSON: see `run_measure`."""
    # So that what it has started is ended by the way.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    module, path, request = sys.argv[1:]
    found = __import__(module, fromlist=["answer"]).answer(json.loads(request))
    Path(path).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
