"""Private folders for one run, locked until it ends, so that the next run can remove what a killed one left."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ftwheel.core.errors import BuildError, SystemRefusedError
from ftwheel.io.system.folders import cache_root
from ftwheel.io.system.texts import unwaiting

__all__ = ["scratch", "workspace"]

_MOST = 1000  # simultaneous runs
_SCRATCH, _LOCK = ".ftwheel-new-", "lock"


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """An empty folder inside ``folder``, for what is renamed when it is complete; removed on exit.

    What killed runs left there is removed first. Raises OSError.
    """
    for left in folder.glob(f"{_SCRATCH}*/new"):  # exists only once its run has locked it
        with contextlib.suppress(OSError):
            with open(left.with_name(_LOCK), "r+b", opener=unwaiting) as handle:
                abandoned = _locked(handle)
            if abandoned and not left.parent.is_symlink():
                _remove(left.parent)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as own, Path(own, _LOCK).open("wb") as handle:
        _locked(handle)
        place = Path(own, "new")
        place.mkdir(mode=0o700)
        yield place


@contextlib.contextmanager
def workspace(root: Path | None = None) -> Iterator[Path]:
    """An empty folder at the same path in every run, removed on exit; what a killed run left is removed first.

    The path matters: compilers write the build folder into debug information, so a random path would give different
    bytes for the same source. Each run uses the first free folder of a numbered series in ftwheel's cache.
    ``root`` holds the numbered folders. The default is ``work`` in the cache folder, which is more often on the same
    file system as uv's cache than the system's temporary folder is, so that uv can link instead of copy. Raises
    SystemRefusedError if the folders cannot be created, and BuildError if all of them are in use.
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
    """Try to lock an open file without waiting; the lock lasts until the file is closed or the process ends."""
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
    """Remove a folder and everything that a build left in it, including read-only folders."""
    if not folder.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)
