"""Machine code in a wheel, whatever its name: format, kind and architectures."""

from __future__ import annotations

import enum

from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.wheel.extension_module import BinaryFormat

__all__ = ["NativeCode", "NativeKind"]


class NativeKind(enum.Enum):
    """The kind of a file, according to its first bytes."""

    PROGRAM = "program"
    LIBRARY = "library"  # shared; includes extension modules and position-independent programs
    OBJECT = "object file"  # .o, .obj: for a linker
    ARCHIVE = "static library"  # .a, .lib: for a linker


class NativeCode(NamedTuple):
    """Machine code, identified by its first bytes. ``machines`` are names of ``Architecture``, sorted and unique.

    ``macos`` is the oldest macOS version that every slice runs on, if the code names one.
    """

    binary_format: BinaryFormat
    kind: NativeKind
    machines: tuple[str, ...]
    macos: tuple[int, int] | None = None
