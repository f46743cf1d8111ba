"""Query an interpreter for its platform tags and markers, by running packaging in it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence

from ftwheel.core.tags.environments import Environment, from_facts

__all__ = ["environment_of", "this_platform"]

_SECONDS = 30.0
_PROGRAM = """
import json, sys
sys.path.append(sys.argv[1])
import sysconfig
from packaging import markers, tags
print(json.dumps({
    "implementation": tags.interpreter_name(),
    "version": list(sys.version_info[:3]),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "debug": bool(sysconfig.get_config_var("Py_DEBUG")) or hasattr(sys, "gettotalrefcount"),
    "platforms": list(tags.platform_tags()),
    "markers": markers.default_environment(),
}))
"""


def this_platform() -> str:
    """The running interpreter's newest platform tag that is more specific than ``linux``, if it has one."""
    from packaging.tags import platform_tags

    return _telling(list(platform_tags()))


def environment_of(executable: str) -> Environment:
    """The environment of an interpreter on this machine, labelled like ``cp3.13.5t-manylinux_2_36_x86_64``.

    Raises InputError if the file cannot be run or does not answer like a Python that packaging supports.
    """
    import packaging

    # -S skips site, because the interpreter's own packaging may be older. Ours comes last on the path, so that nothing
    # installed beside it shadows a module of the standard library.
    ours = os.path.dirname(os.path.dirname(os.path.abspath(packaging.__file__)))
    try:
        done = subprocess.run(
            [executable, "-I", "-S", "-B", "-c", _PROGRAM, ours],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
        answer = json.loads(done.stdout)
        version: tuple[int, int, int] = tuple(answer["version"])
        markers = {str(name): str(value) for name, value in answer["markers"].items()}
        platforms = [str(platform) for platform in answer["platforms"]]
        full = markers["python_full_version"]
        flags = ("t" if answer["free_threaded"] else "") + ("d" if answer["debug"] else "")
        return from_facts(
            label=f"{answer['implementation']}{full.rstrip('+')}{flags}-{_telling(platforms)}",
            implementation=answer["implementation"],
            python_version=version,
            python_full_version=full,
            free_threaded=answer["free_threaded"],
            debug=answer["debug"],
            platforms=platforms,
            markers=markers,
        )
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError, IndexError) as error:
        from ftwheel.io.system.not_python import not_a_python

        raise not_a_python(executable, error, wanted="Python 3.9 or newer") from error


def _telling(platforms: Sequence[str]) -> str:
    return next((each for each in platforms if not each.startswith("linux_")), platforms[0])
