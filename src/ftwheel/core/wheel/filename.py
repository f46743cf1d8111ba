"""Takes the file name of a wheel apart.

Specification: the binary distribution format (https://packaging.python.org/specifications/binary-distribution-format/)
and PEP 425 for compressed tag sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from ftwheel.core.errors import InputError

if TYPE_CHECKING:
    from packaging.version import Version

__all__ = ["WheelName"]

_LONGEST_NAME = 255  # what file systems take; it also bounds the product of the compressed sets


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelName:
    """A wheel's file name, taken apart: ``NAME-VERSION(-BUILD)?-INTERPRETER-ABI-PLATFORM.whl``.

    ``interpreters``, ``abis`` and ``platforms`` are the compressed sets in the order of the file name, lower case;
    ``name`` is normalised (PEP 503), ``stem`` is the first two parts as written, which is what ``.dist-info`` is
    named after.
    """

    filename: str
    stem: str
    name: str
    version: Version
    build: str
    interpreters: tuple[str, ...]
    abis: tuple[str, ...]
    platforms: tuple[str, ...]

    @classmethod
    def parse(cls, filename: str) -> WheelName:
        """Take a file name apart by packaging's rules; raises InputError when it is not a wheel's."""
        if len(filename) > _LONGEST_NAME:
            raise InputError(f"{filename[:60]}...: a file name of {len(filename)} characters is not a wheel's")
        try:
            name, version, _, _ = parse_wheel_filename(filename)
        except InvalidWheelFilename as error:
            raise InputError(
                f"{filename}: is not the file name of a wheel ({error})",
                hint="a wheel is named NAME-VERSION(-BUILD)-INTERPRETER-ABI-PLATFORM.whl",
            ) from error
        parts = filename.removesuffix(".whl").split("-")
        interpreters, abis, platforms = (tuple(part.lower().split(".")) for part in parts[-3:])
        return cls(
            filename=filename,
            stem="-".join(parts[:2]),
            name=name,
            version=version,
            build=parts[2] if len(parts) == 6 else "",
            interpreters=interpreters,
            abis=abis,
            platforms=platforms,
        )

    @property
    def tag_text(self) -> str:
        """``cp313-cp313t-manylinux_2_17_x86_64.manylinux2014_x86_64``, as in the file name."""
        return "-".join(".".join(part) for part in (self.interpreters, self.abis, self.platforms))

    @property
    def tags(self) -> frozenset[Tag]:
        """Every combination of the compressed sets (PEP 425)."""
        return frozenset(
            Tag(interpreter, abi, platform)
            for interpreter in self.interpreters
            for abi in self.abis
            for platform in self.platforms
        )
