"""Parses the file name of a wheel.

Specification: the binary distribution format (https://packaging.python.org/specifications/binary-distribution-format/),
PEP 425 for compressed tag sets, PEP 817 and 825 for variant labels.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from ftwheel.core.errors import InputError
from ftwheel.core.named_tuples import NamedTuple

if TYPE_CHECKING:
    from packaging.version import Version

__all__ = ["WheelName"]

_INTERPRETER = re.compile(r"[a-z]+[0-9][a-z0-9_.]*", re.IGNORECASE)
_LABEL = re.compile(r"[0-9a-z._]+")
_SHAPE = "a wheel is named NAME-VERSION(-BUILD)-INTERPRETER-ABI-PLATFORM.whl"
_LONGEST_NAME = 255  # the limit of file systems; it also bounds the product of the compressed sets


class WheelName(NamedTuple):
    """A parsed wheel file name: ``NAME-VERSION(-BUILD)?-INTERPRETER-ABI-PLATFORM(-LABEL)?.whl``.

    ``interpreters``, ``abis`` and ``platforms`` are the compressed sets in the order of the file name, lower case;
    ``name`` is normalized (PEP 503), ``stem`` is the first two parts as written, from which ``.dist-info`` takes its
    name. ``variant`` is the label of a wheel variant (PEP 825), "" for other wheels; installers without support for
    variants do not recognize a file with a label as a wheel.
    """

    filename: str
    stem: str
    name: str
    version: Version
    build: str
    interpreters: tuple[str, ...]
    abis: tuple[str, ...]
    platforms: tuple[str, ...]
    variant: str = ""

    @classmethod
    def parse(cls, filename: str) -> WheelName:
        """Parse a file name by packaging's rules and PEP 825. Raises InputError if it is not the name of a wheel."""
        if len(filename) > _LONGEST_NAME:
            raise InputError(
                f"{filename[:60]}...: not a wheel's file name, with {len(filename)} characters", hint=_SHAPE
            )
        plain, variant = _without_label(filename)
        try:
            name, version, _, _ = parse_wheel_filename(plain)
        except InvalidWheelFilename as error:
            raise InputError(
                f"{filename}: not a wheel's file name ({error})",
                hint=_SHAPE,
            ) from error
        parts = plain.removesuffix(".whl").split("-")
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
            variant=variant,
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


def _without_label(filename: str) -> tuple[str, str]:
    """The file name without its variant label, and the label.

    The label is the last of seven parts, or of six whose third is not a build tag: that one begins with a digit, and an
    interpreter tag never does (PEP 825). A name with an invalid build tag (``b1-py3-none-any``) has no label.
    """
    parts = filename.removesuffix(".whl").split("-")
    built = len(parts) > 2 and parts[2][:1].isascii() and parts[2][:1].isdigit()
    if (
        not filename.endswith(".whl")
        or len(parts) != 6 + built
        or not _INTERPRETER.fullmatch(parts[-4])
        or parts[-2] == "none"  # an ABI, so the third part is meant as a build tag
        or not _LABEL.fullmatch(parts[-1])
    ):
        return filename, ""
    return f"{'-'.join(parts[:-1])}.whl", parts[-1]
