"""What a member of a wheel is when it is machine code, whatever its name: format, kind and machines."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ftwheel.core.wheel.extension_module import BinaryFormat

__all__ = ["NativeCode", "NativeKind"]


class NativeKind(enum.Enum):
    """What the first bytes of a file say it is for."""

    PROGRAM = "program"
    LIBRARY = "library"  # shared; an extension module is one, and so is a position-independent program
    OBJECT = "object file"  # .o, .obj: for a linker
    ARCHIVE = "static library"  # .a, .lib: for a linker


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeCode:
    """Machine code by its first bytes. ``machines`` are the words of ``Architecture``, sorted, without repetition.

    ``macos`` is the lowest macOS version that every slice runs on, where the code says one.
    """

    binary_format: BinaryFormat
    kind: NativeKind
    machines: tuple[str, ...]
    macos: tuple[int, int] | None = None
