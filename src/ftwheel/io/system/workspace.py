"""A private folder for one run, at a path that is the same in every run.

The path matters: compilers write the build folder into debug information, so a random one gives other bytes for the
same source. The first free of a row of numbered folders in ftwheel's cache is taken, and locked for the time of the
run.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ftwheel.core.errors import BuildError, SystemRefusedError
from ftwheel.io.system.folders import cache_root

__all__ = ["workspace"]

_MOST = 1000  # runs at once


@contextlib.contextmanager
def workspace(root: Path | None = None) -> Iterator[Path]:
    """An empty folder, removed afterwards; what a killed run left behind is removed before.

    ``root`` holds the numbered folders; by default it is ``work`` in the cache folder, which is on the same file system
    as uv's cache more often than the system's temporary folder, so that uv can link instead of copying. Raises
    SystemRefusedError when the folders cannot be made.
    """
    folder = root or Path(cache_root()) / "work"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "0.lock").open("ab").close()
    except OSError as error:
        raise SystemRefusedError(
            f"{folder}: cannot be written ({error.strerror})", hint="set FTWHEEL_CACHE_DIR to a writable folder"
        ) from error
    for number in range(_MOST):
        with (folder / f"{number}.lock").open("ab") as handle:
            if not _locked(handle):
                continue
            place = folder / str(number)
            _remove(place)
            place.mkdir(mode=0o700)
            try:
                yield place
            finally:
                _remove(place)
            return
    raise BuildError(f"{folder}: {_MOST} builds are running", hint=f"if they are not, remove {folder}")


def _locked(handle: IO[bytes]) -> bool:
    """Take the lock of an open file without waiting; it is released when the file is closed or the process ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(folder: Path) -> None:
    """Remove a folder whatever a build left in it, read-only folders included."""
    if not folder.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)
