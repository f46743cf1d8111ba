"""Stop a build whose environment contradicts the target, before a compiler runs.

Variables that rightly redirect a build (cross compilation, cibuildwheel on macOS and Windows) are compared with the
target and never deleted.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping

from ftwheel_build.errors import RefusedError
from ftwheel_build.target import Target

__all__ = ["check_environment", "check_flags", "check_include", "check_macro"]

# Variables of flags, and variables that are lists of include folders, that gcc, clang, MSVC, setuptools, CMake, Meson
# and Nix read
_FLAGS = ("CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "CL", "_CL_", "NIX_CFLAGS_COMPILE")
_FOLDERS = ("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "INCLUDE")
_INCLUDE = r"(?:-I|-isystem|-iquote|-idirafter|/I)(.*)"
_MAX_HEADER = 1 << 18


def check_environment(environ: Mapping[str, str], target: Target) -> None:
    """Raises RefusedError FTB201 to FTB204 for the first variable that contradicts the target (CPython targets)."""
    if target.implementation != "cpython":
        return
    for name in _FLAGS:
        if environ.get(name):
            check_flags(_split(environ[name]), target, name)
    for name in _FOLDERS:
        for folder in environ.get(name, "").split(os.pathsep):
            check_include(folder, target, name)
    _check_suffix(environ, target)
    _check_platform(environ, target)


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text, posix=os.name != "nt")
    except ValueError:  # an open quote: the compiler's own business
        return text.split()


def check_flags(flags: Iterable[str], target: Target, where: str) -> None:
    """Look at compiler flags for include folders of another Python and for the two macros that select an ABI."""
    waiting = False
    for flag in flags:
        if waiting:
            check_include(flag, target, where)
        found = re.fullmatch(_INCLUDE, flag, re.DOTALL)
        waiting = bool(found) and not found[1] if found else False
        if found and found[1]:
            check_include(found[1], target, where)
        macro = re.fullmatch(r"[-/]D(\w+)(?:=.*)?", flag, re.DOTALL)
        if macro:
            check_macro(macro[1], target, f"{where} has {flag}")


def check_macro(name: str, target: Target, where: str) -> None:
    """Refuse ``Py_GIL_DISABLED`` defined by hand for a default build (FTB202)."""
    if name == "Py_GIL_DISABLED" and not target.free_threaded:
        raise RefusedError(
            "FTB202",
            f"{where}, and the target is {target}",
            fix="do not define Py_GIL_DISABLED: the interpreter's own headers do",
        )


def check_include(folder: str, target: Target, where: str) -> None:
    """Refuse a folder with another Python's headers (FTB201); a folder without any is fine."""
    folder = folder.strip("\"' ")
    if not folder or not os.path.isfile(os.path.join(folder, "patchlevel.h")):
        return
    version = tuple(
        int(value) for part in ("MAJOR", "MINOR") for value in _defined(folder, "patchlevel.h", f"PY_{part}_VERSION")
    )
    if len(version) != 2:
        return
    label = f"{version[0]}.{version[1]}"
    # One pyconfig.h serves both builds on Windows, and Debian's includes another: the folder's name tells more there.
    named = re.search(r"python3\.\d+t", os.path.realpath(folder))
    free_threaded = bool(named) or _defined(folder, "pyconfig.h", "Py_GIL_DISABLED") == ["1"]
    if version == target.version and (free_threaded == target.free_threaded or os.name == "nt"):
        return
    found = f"CPython {label}{'t' if free_threaded else ''} ({'free-threaded' if free_threaded else 'default'} build)"
    raise RefusedError(
        "FTB201",
        f"{where} has {folder}, the headers of {found}, and the target is {target}",
        fix=f"remove the folder from {where}: a build finds the headers of its own interpreter",
    )


def _defined(folder: str, header: str, name: str) -> list[str]:
    """The value that a header's ``#define`` gives to a name, none if it does not."""
    try:
        with open(os.path.join(folder, header), encoding="utf-8", errors="replace") as stream:
            return re.findall(rf"^#\s*define\s+{name}\s+(\d+)", stream.read(_MAX_HEADER), re.MULTILINE)[:1]
    except OSError:
        return []


def _check_suffix(environ: Mapping[str, str], target: Target) -> None:
    """``SETUPTOOLS_EXT_SUFFIX`` may name another platform (cross compilation on Windows), never another ABI."""
    text = environ.get("SETUPTOOLS_EXT_SUFFIX", "")
    if not text:
        return
    from ftwheel_build.tags import parse_suffix

    parsed = parse_suffix(f"module{text}")
    if parsed and (parsed[1].kind == "plain" or parsed[1].abi == target.abi):
        return
    raise RefusedError(
        "FTB203",
        f"SETUPTOOLS_EXT_SUFFIX is {text}, expected a suffix of {target}, such as {target.suffix}",
        fix="unset it, or set it for each interpreter separately",
    )


def _machine(text: str) -> str:
    """The machine in ``linux-x86_64`` or in ``.cpython-313-x86_64-linux-gnu.so``, empty if none is named."""
    from ftwheel_build.tags import machines

    found = re.fullmatch(r"linux-(\w+)", text) or re.fullmatch(r"\.cpython-\d+\w*-(\w+)-linux-.*", text)
    claimed = machines(f"linux_{found[1]}") if found else None
    return next(iter(claimed[1])) if claimed else ""


def _check_platform(environ: Mapping[str, str], target: Target) -> None:
    """``_PYTHON_HOST_PLATFORM`` gives the platform tag; on Linux the suffix names the machine too."""
    text = environ.get("_PYTHON_HOST_PLATFORM", "")
    if not text:
        return
    suffix = environ.get("SETUPTOOLS_EXT_SUFFIX") or target.suffix
    # The suffix of 32-bit ARM and x86 spells the machine by its toolchain: i386, arm
    tag, code = (_machine(item).replace("i386", "i686") for item in (text, suffix))
    if tag and code and tag != code:
        raise RefusedError(
            "FTB204",
            f"_PYTHON_HOST_PLATFORM is {text}, and this interpreter's modules end in {suffix}",
            fix="for a cross build, also set _PYTHON_SYSCONFIGDATA_NAME; otherwise unset it",
        )
