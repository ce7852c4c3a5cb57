"""Reading on a Dask cluster: a real scheduler and real workers on this machine, killed while they work."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from extract import pools, run
from extract.pools import DaskPool, PoolLost
from extract.run import read_into
from extract.store import Workspace
from tests.conftest import ROOT
from tests.made_articles import make_folder, make_lines
from tests.made_work import Numbers, double
from tests.made_workspace import ids_of, rows_of

pytestmark = pytest.mark.processes


class Cluster:
    """A scheduler and workers as users start them: one process each."""

    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.processes = []
        self.stopped, self.keeper = threading.Event(), None
        self.start()

    def start(self):
        self.scheduler = self._run(
            "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--no-show"
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.2)
        raise AssertionError("the scheduler did not start")

    def work(self, *options):
        worker = self._run("worker", self.address, "--nthreads", "1", "--no-dashboard", *options)
        return worker

    def keep_working(self):
        """One worker, and another one whenever it ends. (Dask's own nanny gives up when its worker dies young.)"""

        def keep():
            worker = self.work("--no-nanny")
            while not self.stopped.wait(0.1):
                if worker.poll() is not None:
                    worker = self.work("--no-nanny")

        self.keeper = threading.Thread(target=keep, daemon=True)
        self.keeper.start()

    def _run(self, *arguments):
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "DASK_TEMPORARY_DIRECTORY": str(self.folder),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
        }
        command = [sys.executable, "-m", "dask", *arguments]
        process = subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.processes.append(process)
        return process

    def stop(self):
        self.stopped.set()
        if self.keeper:
            self.keeper.join()
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    yield made
    made.stop()


def test_a_cluster_gives_the_same_rows_as_one_process_though_a_worker_is_killed(tmp_path, cluster, parser, monkeypatch):
    monkeypatch.setattr(run, "FIRST_CHARS", 400)
    paths = (make_folder(tmp_path / "in", 20), make_lines(tmp_path / "x.jsonl", 60))
    one = Workspace.create_or_open(tmp_path / "one")
    read_into(one, paths, parser=parser)
    first, _ = cluster.work("--no-nanny"), cluster.work("--no-nanny")
    many = Workspace.create_or_open(tmp_path / "many")
    killed = []

    def kill_once(counts):
        if counts.articles > 10 and not killed:
            killed.append(first.pid)
            os.kill(first.pid, signal.SIGKILL)

    counts = read_into(many, paths, scheduler=cluster.address, progress=kill_once)
    assert killed and (counts.articles, counts.refused) == (80, 0)
    assert rows_of(many) == rows_of(one)
    assert len(ids_of(many)) == 80


def test_what_kills_its_worker_is_found_and_the_rest_done(cluster):
    cluster.keep_working()
    pool = DaskPool(cluster.address)
    try:
        jobs = [pool.submit(double, Numbers(1, 13)), pool.submit(double, Numbers(2))]
        done = [(item.numbers, result) for job in jobs for item, result in pool.result(job)]
    finally:
        pool.close()
    assert done == [((1,), [2]), ((13,), None), ((2,), [4])]


def test_a_cluster_without_workers_is_not_waited_for_for_ever(cluster, monkeypatch):
    monkeypatch.setattr(pools, "LOOK_S", 0.3)
    monkeypatch.setattr(pools, "WORKERLESS_S", 1.0)
    worker = cluster.work("--no-nanny")
    pool = DaskPool(cluster.address)
    try:
        assert [result for _, result in pool.result(pool.submit(double, Numbers(2)))] == [[4]]
        worker.kill()
        with pytest.raises(PoolLost, match="no worker any more"):
            pool.result(pool.submit(double, Numbers(3)))
    finally:
        pool.close()


def test_when_the_scheduler_goes_the_same_command_finishes_later(tmp_path, cluster):
    make_lines(tmp_path / "x.jsonl", 200)
    code = (
        "import sys; from extract import run, read_command; run.FIRST_CHARS = 400; run.BATCH_S = 0.2; "
        "sys.exit(read_command.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "x.jsonl", "--store", "store", "--scheduler", cluster.address]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "3s"}

    def start():
        return subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)

    cluster.work("--no-nanny")
    first = start()
    deadline = time.monotonic() + 100
    while not list(tmp_path.glob("store/articles-*")) and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    cluster.scheduler.kill()
    message = first.communicate(timeout=100)[1]
    assert first.returncode == 2, message
    assert message.splitlines()[-1].startswith(f"{cluster.address}: the Dask scheduler is gone")
    assert "Traceback" not in message
    before = len(ids_of(Workspace.open(tmp_path / "store")))
    assert 0 < before < 200
    cluster.start()
    cluster.work("--no-nanny")
    second = start()
    message = second.communicate(timeout=200)[1]
    assert second.returncode == 0, message
    skipped = int(re.search(r"(\d+) there already", message)[1])
    assert skipped >= before
    assert ids_of(Workspace.open(tmp_path / "store")) == sorted(f"r{number}" for number in range(200))


def test_no_scheduler_is_told(monkeypatch):
    monkeypatch.setattr(pools, "CONNECT_S", 1)
    with pytest.raises(PoolLost, match="no Dask scheduler answers"):
        DaskPool("tcp://127.0.0.1:9")


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(PoolLost, match="pip install distributed=="):
        DaskPool("tcp://127.0.0.1:9")
