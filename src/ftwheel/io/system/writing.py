"""Write text files completely or not at all, one at a time or several together."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ftwheel.core.errors import InputError, unwritable

__all__ = ["NewText", "write_all", "write_text"]


def write_text(path: Path, text: str) -> None:
    """Write one file completely or not at all; follow a symbolic link, and write to a device or pipe directly.

    Raises InputError if the file cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
            return
        target = Path(os.path.realpath(path))
        new = target.with_name(f".{target.name}.ftwheel-new")
        try:
            new.write_text(text, encoding="utf-8")
            new.replace(target)
        except BaseException:
            _remove([new], ())
            raise
    except OSError as error:
        raise unwritable(path, error) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class NewText:
    """The new text of a file; ``before`` is the text it replaces, None if the file did not exist."""

    path: Path
    before: str | None
    after: str


def write_all(texts: Sequence[NewText]) -> None:
    """Write all files under temporary names, then rename them; a symbolic link is followed.

    Raises InputError and restores everything if a file has changed in the meantime or one cannot be written.
    """
    made: list[Path] = []
    staged: dict[Path, Path] = {}
    try:
        for text in texts:
            target = Path(os.path.realpath(text.path))
            _unchanged(target, text)
            _make_folders(target.parent, made)
            new = target.with_name(f".{target.name}.ftwheel-new")
            staged[target] = new
            new.write_bytes(text.after.encode("utf-8"))
            if target.exists():
                shutil.copymode(target, new)
        _rename(staged, {Path(os.path.realpath(text.path)): text.before for text in texts})
    except OSError as error:
        _remove(staged.values(), made)
        where = error.filename2 or error.filename or texts[0].path
        raise InputError(
            f"{where}: cannot be written ({error.strerror}); nothing was changed",
            hint="make the folder writable, or see the changes with --dry-run",
        ) from error
    except BaseException:
        _remove(staged.values(), made)
        raise


def _unchanged(target: Path, text: NewText) -> None:
    there = target.read_bytes() if target.exists() else None
    if there != (None if text.before is None else text.before.encode("utf-8")):
        raise InputError(f"{text.path}: changed in the meantime; nothing was written", hint="run the command again")


def _make_folders(folder: Path, made: list[Path]) -> None:
    """Create a folder and its missing parents; append each new folder to ``made``, innermost last."""
    for each in [each for each in (folder, *folder.parents) if not each.exists()][::-1]:
        each.mkdir()
        made.append(each)


def _rename(staged: Mapping[Path, Path], before: Mapping[Path, str | None]) -> None:
    done: list[Path] = []
    try:
        for target, new in staged.items():
            os.replace(new, target)
            done.append(target)
    except BaseException:
        for target in done:
            old = before[target]
            if old is None:
                target.unlink()
            else:
                target.write_bytes(old.encode("utf-8"))
        raise


def _remove(files: Iterable[Path], folders: Sequence[Path]) -> None:
    """Remove what was created; a failure to remove must not hide the original error, so it is ignored."""
    for path in files:
        with suppress(OSError):
            path.unlink()
    for folder in reversed(folders):
        with suppress(OSError):
            folder.rmdir()
