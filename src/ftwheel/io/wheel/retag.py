"""Rewrite a wheel with other tags: the filename, WHEEL and RECORD change together; other members keep their contents.

ftwheel does not use ``wheel tags``, which rejects the wheels that need retagging most: those whose filename and WHEEL
disagree, and those with a variant label.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ftwheel.core.errors import BuildError
from ftwheel.core.wheel.contents import WheelContents
from ftwheel.core.wheel.filename import WheelName
from ftwheel.io.system.workspace import scratch

__all__ = ["retag"]

_SIGNATURES = ("RECORD.jws", "RECORD.p7s")  # of the old RECORD


def retag(path: Path, contents: WheelContents, name: WheelName, folder: Path) -> Path:
    """Write the wheel at ``path`` as ``name`` into ``folder``, completely or not at all, and return its path.

    Raises BuildError if the archive has a flaw, which a copy would only hide.
    """
    if contents.flaws:
        flaw = contents.flaws[0]
        raise BuildError(f"{path}: {flaw.path}: {flaw.detail}", hint="ftwheel check says what is wrong with the file")
    target = folder / name.filename
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with scratch(folder) as place:
            made = place / name.filename
            with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
                _copy(old, new, contents.dist_info, name)
            shutil.copymode(path, made)
            os.replace(made, target)
    except OSError as error:
        error.filename = error.filename or target  # a failed write does not name its file
        raise
    return target


def _copy(old: zipfile.ZipFile, new: zipfile.ZipFile, dist_info: str, name: WheelName) -> None:
    """Copy every member in order with its date and mode; WHEEL and RECORD get their new contents."""
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
    """The other lines of WHEEL, then the filename's build tag and its tags, one per line (PEP 427)."""
    for line in text.splitlines():
        if line.strip() and line.partition(":")[0].strip().lower() not in {"tag", "build"}:
            yield line
    if name.build:
        yield f"Build: {name.build}"
    yield from sorted(f"Tag: {tag}" for tag in name.tags)


def _record(text: str, wheel: str, data: bytes) -> bytes:
    """RECORD with the hash and size of the new WHEEL, and without the signatures of the old RECORD."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    for row in csv.reader(text.splitlines()):
        if row and not row[0].endswith(_SIGNATURES):
            writer.writerow([wheel, f"sha256={digest}", str(len(data))] if row[0] == wheel else row)
    return out.getvalue().encode()
