"""The supported installers: each has its own folder and is named only here.

A new one needs a folder with an ``Installer``, and an entry here.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from ftwheel.core.errors import InputError
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.suggestions import closest

if TYPE_CHECKING:
    from ftwheel.core.installers.interface import Installer

__all__ = ["DEFAULT_INSTALLERS", "INSTALLERS", "find_installer", "installer"]

INSTALLERS = ("pip", "uv", "poetry", "pdm")
DEFAULT_INSTALLERS = ("pip", "uv")
"""The installers used by default."""

_INSTALLER = re.compile(r"([a-z]+)(?:==([0-9]{1,4}(?:\.[0-9]{1,4}){0,3}))?")


@cache
def find_installer(name: str) -> Installer:
    """Return the installer with a name from ``INSTALLERS``, importing it on first use. Raises KeyError."""
    match name:
        case "pip":
            from ftwheel.core.installers.pip.installer import Pip  # noqa: PLC0415

            return Pip()
        case "uv":
            from ftwheel.core.installers.uv.installer import Uv  # noqa: PLC0415

            return Uv()
        case "poetry":
            from ftwheel.core.installers.poetry.installer import Poetry  # noqa: PLC0415

            return Poetry()
        case "pdm":
            from ftwheel.core.installers.pdm.installer import Pdm  # noqa: PLC0415

            return Pdm()
        case _:
            raise KeyError(name)


def installer(text: str) -> InstallerOptions:
    """Parse ``pip``, ``uv``, ``pip==24.0`` or ``uv==0.11.0``; no options are set. Raises InputError otherwise."""
    match = _INSTALLER.fullmatch(text.strip())
    if match is None or match[1] not in INSTALLERS:
        *most, last = INSTALLERS
        meant = closest(re.split("[^A-Za-z]", text.strip())[0], INSTALLERS)
        version = re.search(r"[0-9][0-9.]*", text)
        one = f"{meant}=={version[0]}" if meant and version else meant
        several = "give --installer once for each: " if "," in text else ""
        wanted = f"expected {', '.join(most)} or {last}, or a version such as pip==24.0"
        hint = f"did you mean {one}? {wanted}" if one and not several else f"{several}{wanted}"
        raise InputError(f"{text[:100]!r}: not an installer", hint=hint)
    return InstallerOptions(name=match[1], version=match[2] or "")
