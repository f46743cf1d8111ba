"""Write a wheel again under other tags, through the ``wheel`` package: file name, WHEEL and RECORD change together."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ftwheel.core.errors import BuildError
from ftwheel.core.wheel.contents import WheelContents
from ftwheel.core.wheel.filename import WheelName

__all__ = ["retag"]

_TIMEOUT = 600.0  # seconds; the whole zip is written again


def retag(path: Path, contents: WheelContents, name: WheelName, folder: Path) -> Path:
    """Write the wheel at ``path`` as ``name`` into ``folder``; it appears there whole or not at all.

    Raises BuildError when ``wheel tags`` does not take the file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".ftwheel-tag-", dir=folder) as place:
        # wheel tags refuses a file whose name and WHEEL differ, so it gets one whose name is what WHEEL says
        copy = Path(place) / _name_by_wheel_file(contents)
        shutil.copyfile(path, copy)
        if copy.name != name.filename:
            _run(path, copy, name)
        made = Path(place) / name.filename
        if not made.is_file():
            raise BuildError(f"{path}: `wheel tags` did not write {name.filename}")
        shutil.copymode(path, made)
        target = folder / name.filename
        os.replace(made, target)
    return target


def _run(path: Path, copy: Path, name: WheelName) -> None:
    command = [
        *(sys.executable, "-P", "-m", "wheel", "tags"),
        f"--python-tag={'.'.join(name.interpreters)}",
        f"--abi-tag={'.'.join(name.abis)}",
        f"--platform-tag={'.'.join(name.platforms)}",
        f"--build={name.build}",
        os.fspath(copy),
    ]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT)
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{path}: `wheel tags` did not end within {_TIMEOUT:.0f} seconds") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise BuildError(
            f"{path}: `wheel tags` refuses the file: {said[-1] if said else f'exit code {done.returncode}'}",
            hint="ftwheel check says what is wrong with it",
        )


def _name_by_wheel_file(contents: WheelContents) -> str:
    """The file name that the ``WHEEL`` file asks for."""
    wheel = contents.wheel
    if wheel is None or not wheel.tags:
        return contents.filename
    sets = [".".join(sorted({getattr(tag, part) for tag in wheel.tags})) for part in ("interpreter", "abi", "platform")]
    return "-".join([contents.name.stem, *filter(None, [wheel.build]), *sets]) + ".whl"
