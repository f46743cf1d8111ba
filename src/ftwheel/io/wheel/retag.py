"""Write a wheel again under other tags: the file name, WHEEL and RECORD change together, every other byte stays.

Own code in place of ``wheel tags``, which refuses what needs this most: a wheel whose name and WHEEL disagree, and one
with a variant label.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ftwheel.core.errors import BuildError
from ftwheel.core.wheel.contents import WheelContents
from ftwheel.core.wheel.filename import WheelName

__all__ = ["retag"]

_SIGNATURES = ("RECORD.jws", "RECORD.p7s")  # of the RECORD that was


def retag(path: Path, contents: WheelContents, name: WheelName, folder: Path) -> Path:
    """Write the wheel at ``path`` as ``name`` into ``folder``; it appears there whole or not at all.

    Raises BuildError when something is wrong with the archive: copying it would only hide that.
    """
    if contents.flaws:
        flaw = contents.flaws[0]
        raise BuildError(f"{path}: {flaw.path}: {flaw.detail}", hint="ftwheel check says what is wrong with the file")
    target = folder / name.filename
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".ftwheel-tag-", dir=folder) as scratch:
            made = Path(scratch) / name.filename
            with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
                _copy(old, new, contents.dist_info, name)
            shutil.copymode(path, made)
            os.replace(made, target)
    except OSError as error:
        error.filename = error.filename or target  # a write that fails does not say where
        raise
    return target


def _copy(old: zipfile.ZipFile, new: zipfile.ZipFile, dist_info: str, name: WheelName) -> None:
    """Every member in its order, dates and modes as they were; WHEEL and RECORD with their new contents."""
    wheel, record = dist_info + "WHEEL", dist_info + "RECORD"
    tags = "".join(f"{line}\n" for line in _wheel_lines(old.read(wheel).decode(), name)).encode()
    for info in old.infolist():
        if info.filename.removeprefix(dist_info) in _SIGNATURES:
            continue
        if info.filename == wheel:
            new.writestr(info, tags)
        elif info.filename == record:
            new.writestr(info, _record(old.read(info).decode(), wheel, tags))
        elif info.is_dir():
            new.writestr(info, b"")
        else:
            with old.open(info) as source, new.open(info, "w") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)


def _wheel_lines(text: str, name: WheelName) -> Iterator[str]:
    """The lines of WHEEL: what it says, then the build tag and the tags of the file name, one a line (PEP 427)."""
    for line in text.splitlines():
        if line.strip() and line.partition(":")[0].strip().lower() not in {"tag", "build"}:
            yield line
    if name.build:
        yield f"Build: {name.build}"
    yield from sorted(f"Tag: {tag}" for tag in name.tags)


def _record(text: str, wheel: str, data: bytes) -> bytes:
    """RECORD with the hash and the size of the new WHEEL, and without signatures of the old RECORD."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    for row in csv.reader(text.splitlines()):
        if row and not row[0].endswith(_SIGNATURES):
            writer.writerow([wheel, f"sha256={digest}", str(len(data))] if row[0] == wheel else row)
    return out.getvalue().encode()
