"""Makes wheels self-contained: with auditwheel on Linux, delocate on macOS, delvewheel on Windows.

Each wheel is repaired in a separate process, because the tools change the current folder while they run.
"""

from __future__ import annotations

import json
import os
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

from ftwheel.core.build.log_excerpt import interesting
from ftwheel.core.build.model import Repair
from ftwheel.core.errors import BuildError
from ftwheel.core.wheel.contents import is_native
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.native import NativeKind
from ftwheel.io.binaries.header import native_code
from ftwheel.io.system.child_environment import clean_environ
from ftwheel.io.system.processes import ProcessGroup
from ftwheel.io.system.texts import read_log
from ftwheel.io.wheel.auditwheel import Auditwheel

__all__ = ["repair_command", "repair_wheel"]

_HEAD = 4096  # bytes of a file: the headers that tell a program from data


def repair_wheel(
    wheel: Path, folder: Path, *, platform: str, processes: ProcessGroup, auditwheel: Auditwheel | None
) -> tuple[Path, Repair]:
    """Repair one wheel if it has native code; the new wheel is written below ``folder``, which is created.

    ``platform`` is the interpreter's ``sysconfig.get_platform()``; ``auditwheel`` is set on Linux. If none of the three
    tools applies, the wheel is returned unchanged. Raises BuildError with the tool's own message if it fails.
    """
    before = _platform(wheel)
    if not (_native(wheel) or (before != "any" and _has_program(wheel))):
        return wheel, Repair(tool="", before=before, after=before, reason="no native code")
    out = folder / "out"
    out.mkdir(parents=True)
    log, answer = folder / "repair.log", folder / "answer.json"
    if auditwheel and platform.startswith("linux"):
        tool, code = "auditwheel", auditwheel.repair(wheel, out, answer=answer, log=log)
    elif command := repair_command(platform, wheel, out):
        tool, code = command[2].partition(".")[0], processes.run(command, log=log, env=clean_environ())
    else:
        return wheel, Repair(tool="", before=before, after=before, reason=f"no repair tool for {platform}")
    if code:
        raise BuildError(f"{wheel.name}: {tool} failed\n{interesting(read_log(log))}")
    made = sorted(out.glob("*.whl"))
    if not made:  # auditwheel writes no wheel if there is nothing to repair
        return wheel, Repair(tool=tool, before=before, after=before, reason="nothing to repair")
    after = _platform(made[0])
    reason = _explain(answer, after) if tool == "auditwheel" else f"{tool} found it so"
    return made[0], Repair(tool=tool, before=before, after=after, reason=reason, grafted=_grafted(wheel, made[0]))


def _platform(wheel: Path) -> str:
    return ".".join(WheelName.parse(wheel.name).platforms)


def repair_command(platform: str, wheel: Path, out: Path, *, system: str = sys.platform) -> list[str]:
    """The command that repairs one wheel in a separate process; empty if there is no tool for the platform."""
    tools = {"darwin": ("macosx", ["delocate.cmd.delocate_wheel", "-v"]), "win32": ("win", ["delvewheel", "repair"])}
    prefix, module = tools.get(system, ("", []))
    if not module or not platform.startswith(prefix):
        return []
    return [sys.executable, "-m", *module, "-w", os.fspath(out), os.fspath(wheel)]


def _grafted(before: Path, after: Path) -> tuple[str, ...]:
    """The file names of the libraries that the repair added."""
    return tuple(sorted(name.rpartition("/")[2] for name in _native(after) - _native(before)))


def _native(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(filter(is_native, archive.namelist()))


def _has_program(wheel: Path) -> bool:
    """Whether a file is machine code under a name that does not say so, such as ``bin/ninja``."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if not name.endswith(".py"):
                with archive.open(name) as file:
                    code = native_code(file.read(_HEAD))
                if code and code.kind in {NativeKind.PROGRAM, NativeKind.LIBRARY}:
                    return True
    return False


def _explain(answer: Path, after: str) -> str:
    """The newest symbols of each family, which prevent an older tag (from ``auditwheel show --json``)."""
    try:
        said: dict[str, Any] = json.loads(answer.read_text())
        versions = [version for library in said["versioned_symbols"].values() for version in library]
        newest: dict[str, str] = {}
        for version in sorted(versions, key=_numbers):
            newest[version.rpartition("_")[0]] = version
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "auditwheel gave no reason"
    used = f"it uses symbols up to {', '.join(newest[family] for family in sorted(newest))}" if newest else ""
    if after.startswith("linux"):
        return f"it fits no manylinux or musllinux policy{used and ', '}{used}"
    return used or "it uses no versioned symbol of the system"


def _numbers(version: str) -> tuple[int, ...]:
    """``GLIBCXX_3.4.29`` gives (3, 4, 29)."""
    return tuple(map(int, re.findall(r"\d+", version.rpartition("_")[2])))
