"""Where work is done: in this process, in processes of this machine, or on the machines of a Dask cluster.

Work is a function of one item that can be cut into `halves()`. A process that is killed takes its item with it: it is done
again, and when it kills its process again and again, halved until what does it is found.
"""

import contextlib
import logging
import multiprocessing
import signal
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

# How often an item may be in flight when a process dies before it is done with no other beside it.
STRIKES = 2
# How often a part of such an item may kill a process of its own before it is halved, or given up.
ALONE = 2
DASK = "distributed==2026.8.0"
CONNECT_S = 20
# How often a cluster is looked at while it works, and how long one without any worker is waited for.
LOOK_S, WORKERLESS_S = 10.0, 120.0


class PoolLost(OSError):
    """The cluster cannot be reached, or is gone: the message says what to do."""


class Item(Protocol):
    """What can be worked on as a whole or in two parts."""

    def halves(self) -> "list[Item]":
        """The same in two parts, [] when it cannot be cut."""


# An item, and what the function gave for it; None for one that kills every process.
Done = list[tuple[Item, Any]]


@dataclass(eq=False, slots=True)
class Job:
    """An item that is worked on."""

    function: Callable[[Any], Any]
    item: Item
    future: Any = None
    strikes: int = 0


class Pool:
    """Works in this process, when the result is asked for."""

    workers = 1
    # Whether functions and items go to other processes.
    elsewhere = False
    # Jobs handed in at once: enough to keep all at work while results are taken one after the other.
    window = 1

    def submit(self, function: Callable[[Any], Any], item: Item) -> Job:
        """Hand in an item."""
        return Job(function, item)

    def result(self, job: Job) -> Done:
        """What the function gave: one entry, or several when the item had to be cut. Raises what the function raises."""
        return [(job.item, job.function(job.item))]

    def close(self) -> None:
        """Let go of what was not begun, wait for the rest."""


class ProcessPool(Pool):
    """Works in processes of this machine."""

    elsewhere = True

    def __init__(self, workers: int) -> None:
        self.workers, self.window = workers, 3 * workers
        self._executor, self._single = _executor(workers), None
        self._live: list[Job] = []

    def submit(self, function: Callable[[Any], Any], item: Item) -> Job:
        """Hand in an item."""
        job = Job(function, item)
        self._live.append(job)
        self._start(job)
        return job

    def result(self, job: Job) -> Done:
        """What the function gave."""
        try:
            while job.future is not None:
                try:
                    return [(job.item, job.future.result())]
                except BrokenExecutor:
                    self._renew()
            return self._alone(job)
        finally:
            self._live.remove(job)

    def _start(self, job: Job) -> None:
        try:
            job.future = self._executor.submit(job.function, job.item)
        except BrokenExecutor:
            job.future = Future()
            job.future.set_exception(BrokenExecutor("the pool broke before"))

    def _renew(self) -> None:
        """A new pool in place of a broken one; what was in flight is done again."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = _executor(self.workers)
        for job in self._live:
            if job.future is not None and not _has_result(job.future):
                job.strikes += 1
                job.future = None
                if job.strikes < STRIKES:
                    self._start(job)

    def _alone(self, job: Job) -> Done:
        """The item in a process of its own; what kills that is halved."""
        done: Done = []
        waiting = [job.item]
        while waiting:
            item = waiting.pop()
            for _ in range(ALONE):
                try:
                    self._single = self._single or _executor(1)
                    done.append((item, self._single.submit(job.function, item).result()))
                    break
                except BrokenExecutor:
                    self._single.shutdown(wait=False)
                    self._single = None
            else:
                waiting += reversed(item.halves())
                if not item.halves():
                    done.append((item, None))
        return done

    def close(self) -> None:
        """Let go of what was not begun, wait for the rest."""
        for executor in (self._executor, self._single):
            if executor is not None:
                executor.shutdown(wait=True, cancel_futures=True)


def _executor(workers: int) -> ProcessPoolExecutor:
    # Forked processes would share locks of the threads of pyarrow and DuckDB.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupt)


def _ignore_interrupt() -> None:
    """Ctrl-C reaches all processes of a terminal: the first one decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _has_result(future: Future) -> bool:
    return future.done() and not future.cancelled() and not isinstance(future.exception(), BrokenExecutor)


class DaskPool(Pool):
    """Works on the machines of a Dask cluster, which does again what a lost machine had."""

    elsewhere = True

    def __init__(self, scheduler: str) -> None:
        try:
            import distributed
        except ImportError as error:
            raise PoolLost(f"--scheduler needs a package that is not installed: pip install {DASK}") from error
        self._dask, self._address = distributed, scheduler
        # What it has to say of lost connections, PoolLost says in one line.
        for name in [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._live: list[Job] = []
        try:
            self._client = distributed.Client(scheduler, timeout=CONNECT_S, set_as_default=False)
            found = self._client.scheduler_info(n_workers=-1)["workers"]
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            raise PoolLost(
                f"{scheduler}: no Dask scheduler answers here ({error}): start one: dask scheduler"
            ) from error
        self.workers = max(1, sum(worker["nthreads"] for worker in found.values()))
        self.window = 3 * self.workers

    def submit(self, function: Callable[[Any], Any], item: Item) -> Job:
        """Hand in an item."""
        job = Job(function, item, self._start(function, item))
        self._live.append(job)
        return job

    def _start(self, function: Callable[[Any], Any], item: Item) -> Any:
        try:
            return self._client.submit(function, item, pure=False)
        except Exception as error:
            raise self._lost(error) from error

    def result(self, job: Job) -> Done:
        """What the function gave. Raises PoolLost when the scheduler is gone."""
        try:
            try:
                return [(job.item, self._wait(job.future))]
            except self._dask.scheduler.KilledWorker:
                return self._alone(job)
        finally:
            self._live.remove(job)

    def _alone(self, job: Job) -> Done:
        """The item with no other at work, for Dask blames all that a lost worker had; what is guilty then is halved."""
        for other in self._live:
            if other is not job:
                with contextlib.suppress(Exception):  # met again when its own result is asked for
                    self._wait(other.future)
        done: Done = []
        waiting = [job.item]
        while waiting:
            item = waiting.pop()
            try:
                done.append((item, self._wait(self._start(job.function, item))))
            except self._dask.scheduler.KilledWorker:
                waiting += reversed(item.halves())
                if not item.halves():
                    done.append((item, None))
        return done

    def _wait(self, future: Any) -> Any:
        alone_since = None
        while True:
            try:
                return future.result(timeout=LOOK_S)
            except TimeoutError:
                if future.done():
                    raise
                # A cluster without workers would be waited for in silence, and for ever.
                if self._count_workers():
                    alone_since = None
                elif alone_since is None:
                    alone_since = time.monotonic()
                elif time.monotonic() - alone_since > WORKERLESS_S:
                    raise PoolLost(
                        f"{self._address}: the cluster has no worker any more: start one (dask worker {self._address}) "
                        "and run the same command again: what was read is kept"
                    ) from None
            except (self._dask.CancelledError, self._dask.comm.CommClosedError) as error:
                raise self._lost(error) from error

    def _count_workers(self) -> int:
        try:
            return len(self._client.scheduler_info(n_workers=-1)["workers"])
        except Exception as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> PoolLost:
        return PoolLost(
            f"{self._address}: the Dask scheduler is gone ({type(error).__name__}): "
            "start it and run the same command again: what was read is kept"
        )

    def close(self) -> None:
        """Let go of what was not begun."""
        with contextlib.suppress(Exception):  # the scheduler may be gone
            self._client.close(timeout=5)


def open_pool(workers: int = 1, scheduler: str | None = None) -> Pool:
    """The pool of the cluster at this address, of so many processes, or, for one, of this process."""
    if scheduler is not None:
        return DaskPool(scheduler)
    return ProcessPool(workers) if workers > 1 else Pool()
