"""Implements ``--deep``: downloads a wheel, reads its compiled modules, and combines their declarations about the GIL.

Each wheel is judged once, for all targets that need it, and is removed from the disk afterwards.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from ftwheel.core.dependencies.readiness import GilDeclarations
from ftwheel.core.errors import FtwheelError
from ftwheel.core.index.page import File
from ftwheel.core.wheel.contents import dotted_name
from ftwheel.core.wheel.extension_module import Declaration, ExtensionModule
from ftwheel.core.wheel.suffixes import SuffixAbi
from ftwheel.io.wheel.reading import inspect_wheel

__all__ = ["MOST_WHEEL_BYTES", "WheelDeclarations", "together"]

MOST_WHEEL_BYTES = 1 << 30
_FIRST = (Declaration.USED, Declaration.NONE, Declaration.CANNOT_TELL, Declaration.NOT_USED)  # the first found decides


class WheelDeclarations:
    """Inspects wheels; ``download`` saves a file to a path, ``abort`` cancels downloads. Thread-safe."""

    def __init__(
        self,
        download: Callable[[File, Path], Path],
        *,
        abort: Callable[[], None] = lambda: None,
        most_bytes: int = MOST_WHEEL_BYTES,
    ) -> None:
        self._download = download
        self.abort = abort
        self._most = most_bytes
        self._lock = threading.Lock()

    def __call__(self, file: File) -> GilDeclarations:
        """What the modules of a wheel declare; any problem is part of the result. Never raises FtwheelError."""
        if file.size is not None and file.size > self._most:
            return _untold(file, f"has {file.size:,} bytes; more than {self._most:,} are not downloaded")
        if os.path.basename(file.filename) != file.filename or not file.filename.endswith(".whl"):
            return _untold(file, "its name cannot be that of a file")
        try:
            with tempfile.TemporaryDirectory(prefix="ftwheel-") as folder:
                path = self._download(file, Path(folder, file.filename))
                with self._lock:  # memory use is proportional to the largest module
                    contents = inspect_wheel(str(path), description=False)
        except FtwheelError as error:
            return _untold(file, error.message)
        return together(file.filename, contents.extensions)


def together(filename: str, extensions: Iterable[ExtensionModule]) -> GilDeclarations:
    """Combine declarations as an import does: one module that needs the GIL, or declares nothing, enables it.

    Modules with the suffix of the default build are ignored, because a free-threaded interpreter never loads them.
    """
    modules = [
        extension
        for extension in extensions
        if extension.is_extension and extension.suffix.abi is not SuffixAbi.DEFAULT
    ]
    answers = {extension.gil.answer for extension in modules}
    return GilDeclarations(
        filename=filename,
        declares=next((answer for answer in _FIRST if answer in answers), Declaration.CANNOT_TELL),
        modules=len(modules),
        others=tuple(
            sorted(
                {
                    dotted_name(extension.path) or extension.path
                    for extension in modules
                    if extension.gil.answer is not Declaration.NOT_USED
                }
            )
        ),
    )


def _untold(file: File, why: str) -> GilDeclarations:
    return GilDeclarations(filename=file.filename, declares=Declaration.CANNOT_TELL, why=why)
