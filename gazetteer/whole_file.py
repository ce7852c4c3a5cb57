"""A file that is there as a whole or not at all: written under another name beside it, then renamed."""

import contextlib
import hashlib
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

UNFINISHED = ".part"
HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
# Of the name, in bytes: a file name has at most 255, and what is added to it takes less than the rest.
_NAME_BYTES = 190


@contextlib.contextmanager
def whole_file(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A path to write to: what is there takes the file's place when the block ends well, else it is removed.

    The path begins with a dot and ends in the machine (HOST), process, thread and UNFINISHED, so that writers do not meet
    and what killed ones left is known. `durable`: the bytes are on the disk before they have the name; what can be made
    again needs no such wait. A file that is replaced hands on its permissions. Raises OSError, which names the file.
    """
    name = os.fsdecode(os.fsencode(path.name)[:_NAME_BYTES])
    temporary = path.with_name(f".{name}.{HOST}.{os.getpid()}.{threading.get_ident()}{UNFINISHED}")
    try:
        yield temporary
        put_in_place(temporary, path, durable=durable)
    except OSError as error:
        if str(error.filename) == str(temporary):
            error.filename = str(path)
        raise
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def put_in_place(temporary: Path, path: Path, *, durable: bool = True) -> None:
    """Give a finished file of the same disk its name and the permissions of the one it replaces. Raises OSError."""
    # Some file systems know no permissions and refuse to set them.
    with contextlib.suppress(FileNotFoundError, PermissionError):
        shutil.copymode(path, temporary)
    if durable:
        with open(temporary, "rb") as stream:
            os.fsync(stream.fileno())
    os.replace(temporary, path)


def is_left_over(name: str) -> bool:
    """Whether a file of this name is what a process of this machine began to write that is gone."""
    parts = name.removesuffix(UNFINISHED).split(".")
    ours = name.endswith(UNFINISHED) and len(parts) > 3 and parts[-3] == HOST and parts[-2].isdigit()
    return ours and not _is_alive(int(parts[-2]))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
