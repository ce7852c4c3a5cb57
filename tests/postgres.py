"""A PostgreSQL server of the tests' own: found, started in a folder of its own, stopped. `python -m tests.postgres` installs it."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from adbc_driver_postgresql import dbapi

PACKAGE = "postgresql-postgis"
ADVICE = "The tests of exports to PostgreSQL need its server with PostGIS. Debian, Ubuntu: sudo apt-get install postgresql-postgis"
PASSWORD = "كلمة/سر@:?#%&"  # every sign that means something in an address
START_S = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its port on 127.0.0.1 and the folder of its socket. The superuser is `postgres`."""

    port: int
    folder: Path

    def address(self, database: str = "postgres", user: str = "postgres") -> str:
        """The address of a database through the socket, where no password is asked."""
        return f"postgresql://{user}@/{database}?host={self.folder}&port={self.port}"

    def run(self, sql: str, database: str = "postgres") -> None:
        """Run a command as the superuser."""
        with dbapi.connect(self.address(database), autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(sql)

    def make_database(self, name: str, *commands: str, options: str = "") -> str:
        """Make a database, run the commands in it, and return its address."""
        self.run(f"CREATE DATABASE {name} {options}")
        for command in commands:
            self.run(command, name)
        return self.address(name)


def find_postgres() -> Path | None:
    """The folder of the newest server's programs that has PostGIS, or None."""
    roots = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    for programs in roots:
        extension = Path("/usr/share/postgresql") / programs.parent.name / "extension" / "postgis.control"
        if (programs / "initdb").exists() and extension.exists():
            return programs
    return None


def install_postgres() -> Path | None:
    """Install Debian's packages where we may. Returns the folder of the programs, or None."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"] if shutil.which("sudo") else None
    if shutil.which("apt-get") and sudo is not None:
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run([*sudo, "apt-get", "update", "-qq"], check=False, **quiet)
        install = [*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", PACKAGE]
        subprocess.run(install, check=False, **quiet)
    return find_postgres()


def must_run() -> bool:
    """Whether missing programs fail the tests instead of skipping them."""
    return os.environ.get("CI") == "true"


def _as_owner(command: list[str]) -> list[str]:
    # A server does not run as root.
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def run_server(programs: Path) -> Iterator[Server]:
    """A new server with nothing in it: no password through its socket, PASSWORD through TCP on 127.0.0.1."""
    # Not below pytest's folder, which only its user may enter; and the path of a socket must be short.
    folder = Path(tempfile.mkdtemp(prefix="rasid-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        yield from _run_in(folder, programs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_in(folder: Path, programs: Path) -> Iterator[Server]:
    data, server = folder / "data", Server(_free_port(), folder)
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    initdb = [f"{programs}/initdb", "-D", f"{data}", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    access = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={secret}"]
    subprocess.run(_as_owner([*initdb, *access]), check=True, stdout=subprocess.DEVNULL, cwd=folder, timeout=START_S)
    settings = {"listen_addresses": "127.0.0.1", "port": server.port, "unix_socket_directories": folder}
    settings |= {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    control = _as_owner([f"{programs}/pg_ctl", "-D", f"{data}", "-w", "-t", str(START_S)])
    subprocess.run(
        [*control, "-l", f"{folder}/log", "-o", options, "start"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        timeout=2 * START_S,
    )
    try:
        yield server
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, stdout=subprocess.DEVNULL, cwd=folder)


def main() -> int:
    """Print where the server's programs are; 1 when there are none and none could be installed."""
    programs = find_postgres() or install_postgres()
    print(f"PostgreSQL with PostGIS: {programs}" if programs else ADVICE, file=sys.stderr)
    return 0 if programs else 1


if __name__ == "__main__":
    sys.exit(main())
