#!/usr/bin/env python3
"""Run a development session with nothing installed but Python: ``python3 dev.py demo``.

Makes a private environment with nox and uv in ``.dev/`` (once), then runs ``nox -s SESSION...`` in it; without
arguments it lists the sessions. What follows ``--`` goes to the session.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "src")]

from debian import require_packages

from ftwheel.core.errors import FtwheelError

NEEDS = ["nox>=2026.2", "uv>=0.11.3"]


def environment() -> Path:
    """The folder with the programs of the private environment, made if it is not there."""
    home = ROOT / ".dev"
    programs = home / ("Scripts" if sys.platform == "win32" else "bin")
    stamp = home / "complete"
    if not stamp.exists() or stamp.read_text() != f"{sys.version}{NEEDS}":
        shutil.rmtree(home, ignore_errors=True)
        try:
            import ensurepip  # noqa: F401 - Debian splits it off into a package of its own
        except ImportError:
            require_packages(["python3-venv"], why="making a virtual environment")
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(programs / "python"), "-m", "pip", "install", "--quiet", *NEEDS], check=True)
        stamp.write_text(f"{sys.version}{NEEDS}")
    return programs


def main() -> int:
    if sys.version_info < (3, 11):
        print(f"dev.py: error: Python 3.11 or newer is needed, this is {sysconfig.get_python_version()}")
        return 2
    arguments = sys.argv[1:]
    own = arguments[arguments.index("--") :] if "--" in arguments else []
    sessions = arguments[: len(arguments) - len(own)]
    try:
        programs = environment()
    except FtwheelError as error:
        print(f"dev.py: error: {error.message}\ndev.py: hint: {error.hint}", file=sys.stderr)
        return error.exit_code
    except subprocess.CalledProcessError as error:
        print(f"dev.py: error: making the environment in {ROOT / '.dev'} failed: {error}", file=sys.stderr)
        return 1
    command = [str(programs / "nox"), "--list"] if not sessions else [str(programs / "nox"), "-s", *sessions, *own]
    path = os.pathsep.join([str(programs), os.environ.get("PATH", "")])
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": path}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
