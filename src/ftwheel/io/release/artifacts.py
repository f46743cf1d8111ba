"""Put together what several jobs built."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from ftwheel.core.errors import InputError

__all__ = ["collect"]


def collect(source: Path, target: Path) -> tuple[Path, ...]:
    """Copy the wheels and source distributions anywhere below ``source`` into the new folder ``target``, sorted.

    Raises InputError when two jobs made different files of one name: an upload would take one of them by luck.
    """
    found: dict[str, Path] = {}
    for path in sorted(source.rglob("*")):
        if not path.is_file() or not path.name.endswith((".whl", ".tar.gz")):
            continue
        other = found.setdefault(path.name, path)
        if _digest(other) != _digest(path):
            raise InputError(
                f"{path.name}: two jobs made it, with different contents"
                f" ({other.relative_to(source).as_posix()} and {path.relative_to(source).as_posix()})",
                hint="build each file in one job; a wheel that is not for one platform is built once",
            )
    target.mkdir(parents=True)
    return tuple(Path(shutil.copy2(found[name], target / name)) for name in sorted(found))


def _digest(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
