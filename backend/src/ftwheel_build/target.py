"""What the running hook builds for, as sysconfig tells it.

``sys`` describes the interpreter that runs; ``_PYTHON_SYSCONFIGDATA_NAME`` (conda, crossenv, iOS and Android builds)
makes sysconfig describe another one, and backends and compilers follow sysconfig. So does this module.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig

from ftwheel_build.values import FrozenValue

__all__ = ["FIRST_ABI3T", "FIRST_FREE_THREADED", "FIRST_WITH_PLATFORM_SUFFIX", "Target", "current"]

FIRST_FREE_THREADED = (3, 13)  # PEP 703
FIRST_ABI3T = (3, 15)  # PEP 803
FIRST_WITH_PLATFORM_SUFFIX = (3, 15)  # .abi3-x86_64-linux-gnu.so; python/cpython#122931


class Target(FrozenValue):
    """An interpreter to build for.

    ``implementation`` is ``cpython``, ``pypy``, ...; ``version`` is ``(3, 14)``; ``suffix`` is EXT_SUFFIX;
    ``platform`` is ``sysconfig.get_platform()``, for example ``linux-x86_64``.
    """

    implementation: str
    version: tuple[int, int]
    free_threaded: bool
    debug: bool
    suffix: str
    platform: str
    cross: bool = False

    @property
    def abi(self) -> str:
        """The version-specific ABI tag, ``cp314t``; for another implementation the middle of its suffix."""
        if self.implementation == "cpython":
            flags = ("t" if self.free_threaded else "") + ("d" if self.debug else "")
            return f"cp{self.version[0]}{self.version[1]}{flags}"
        return self.suffix.strip(".").split(".")[0].replace("-", "_") or self.implementation

    @property
    def folder(self) -> str:
        """The name of this target's own build folders."""
        return f"ftwheel-{self.abi}-{re.sub('[^A-Za-z0-9]+', '_', self.platform)}"

    @property
    def stable_abi(self) -> str:
        """The ABI tag a limited-API module gets on this target, empty where there is none (PEP 384, PEP 803)."""
        if self.implementation != "cpython":
            return ""
        if not self.free_threaded:
            return "abi3"
        return "abi3t" if self.version >= FIRST_ABI3T else ""

    def __str__(self) -> str:
        build = "free-threaded" if self.free_threaded else "default"
        label = f"{self.version[0]}.{self.version[1]}{'t' if self.free_threaded else ''}"
        name = {"cpython": "CPython"}.get(self.implementation, self.implementation)
        cross = ", not the interpreter that runs" if self.cross else ""
        return f"{self.abi} ({name} {label}, {build} build), {self.platform}{cross}"


def current() -> Target:
    """The target of this process, read again at every call: hooks of one process may change the environment."""
    text = str(sysconfig.get_config_var("VERSION") or sysconfig.get_python_version())
    found = re.match(r"(\d)\.?(\d+)", text)  # Windows says 313, others 3.13
    version = (int(found[1]), int(found[2])) if found else sys.version_info[:2]
    soabi = str(sysconfig.get_config_var("SOABI") or "")
    suffix = str(sysconfig.get_config_var("EXT_SUFFIX") or "")
    name = sys.implementation.name
    # pypy310-pp73, graalpy311-...; CPython says cpython-313 (or nothing, on Windows below 3.15)
    if soabi and not soabi.startswith(("cpython", "cp3")):
        name = re.split(r"[\d-]", soabi)[0] or name
    return Target(
        implementation=name,
        version=version,
        free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        debug=bool(sysconfig.get_config_var("Py_DEBUG")),
        suffix=suffix,
        platform=sysconfig.get_platform(),
        cross=bool(os.environ.get("_PYTHON_SYSCONFIGDATA_NAME")),
    )
