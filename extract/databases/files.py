"""A database in a file, written in another folder and renamed: a killed export leaves the file as it was."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from extract.databases.errors import ExportError
from gazetteer.whole_file import UNFINISHED, put_in_place


@contextlib.contextmanager
def replaced_file(target: Path) -> Iterator[Path]:
    """A path to write to: what is there takes the target's place when the block ends well, else it is removed.

    The path lies in a folder of its own beside the target, where a database may keep its journals; such folders that
    killed exports left behind are removed. Raises ExportError when this cannot be written.
    """
    folder = target.with_name(f".{target.name}.{os.getpid()}{UNFINISHED}")
    with contextlib.ExitStack() as undo:
        try:
            _remove_leftovers(target)
            folder.mkdir()
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            lock = os.open(folder, os.O_RDONLY)
            undo.callback(os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_EX)
            temporary = folder / target.name
            yield temporary
            put_in_place(temporary, target)
        except ExportError:
            raise
        except OSError as error:
            raise ExportError(f"{target}: cannot be written: {error.strerror or error}") from error


def _remove_leftovers(target: Path) -> None:
    # Not by glob(), for the name may hold signs that mean something to it.
    for entry in list(os.scandir(target.parent)):
        if entry.name.startswith(f".{target.name}.") and entry.name.endswith(UNFINISHED) and entry.is_dir():
            handle = os.open(entry, os.O_RDONLY)
            try:
                # Who is writing holds the lock; a killed process holds none.
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(entry, ignore_errors=True)
            except BlockingIOError:
                continue
            finally:
                os.close(handle)


def check_own(target: Path, held: set[str], own: set[str], mark: str) -> None:
    """Raise ExportError when the target has tables and is not from an export (no table `mark`), or has others besides.

    `held` are the names of its tables and views, `own` those that an export makes.
    """
    strange = held if mark not in held else held - own
    if strange:
        names = ", ".join(sorted(strange)[:5])
        raise ExportError(
            f"{target}: has tables that no export made ({names}): choose another file, for it is replaced whole"
        )
