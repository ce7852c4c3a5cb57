"""Make the virtual environment, also where Debian's python3-venv (and with it ensurepip) is missing: `environment.py FOLDER`.

Standard library only: nothing else is there yet when it runs.
"""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
import venv
from pathlib import Path

LEAST = (3, 11)
PIP, WHEEL = "https://pypi.org/simple/pip/", "pip-25.3-py3-none-any.whl"
TIMEOUT_S = 60


def main() -> int:
    """Make the environment with pip in it; 1 with one clear line when that cannot be done."""
    if sys.version_info < LEAST:
        print("Rasid needs Python 3.11 or newer: make PYTHON=/path/to/python3.11", file=sys.stderr)
        return 1
    folder = Path(sys.argv[1])
    with_pip = importlib.util.find_spec("ensurepip") is not None and "--without-ensurepip" not in sys.argv
    venv.create(folder, with_pip=with_pip, symlinks=True)
    if not with_pip:
        try:
            install_pip(folder)
        except (OSError, ValueError, StopIteration, subprocess.CalledProcessError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            print(
                f"pip could not be fetched ({error}): sudo apt-get install python3-venv, then make again",
                file=sys.stderr,
            )
            return 1
    return 0


def install_pip(folder: Path) -> None:
    """Fetch pip's wheel from PyPI, check its hash, and let it install itself."""
    request = urllib.request.Request(PIP, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        files = json.load(answer)["files"]
    wheel = next(entry for entry in files if entry["filename"] == WHEEL)
    with urllib.request.urlopen(urllib.parse.urljoin(PIP, wheel["url"]), timeout=TIMEOUT_S) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != wheel["hashes"]["sha256"]:
        raise ValueError("the file has another hash than PyPI says")
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / wheel["filename"]
        path.write_bytes(data)
        command = [folder / "bin" / "python", f"{path}/pip", "install", "--quiet", "--no-index", path]
        subprocess.run(list(map(str, command)), check=True)


if __name__ == "__main__":
    sys.exit(main())
