"""Run by a free-threaded interpreter: load each module named on standard input, and tell who turned the GIL on.

Input: JSON pairs of a path and a dotted name. Output: JSON of path to "on", "off" or the reason why it is not known.
Every module is loaded in a process of its own, a fork of this one, which has loaded nothing; ``module_from_spec``
is where CPython looks at the declaration. A module that cannot be made alone is made after its package.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import warnings


def attempt(path: str, name: str, *, packages: bool) -> str:
    """What making one module does to the GIL of this process."""
    try:
        if packages:
            # A package that fails half-way has often imported what the module needs.
            with contextlib.suppress(Exception):
                importlib.import_module(name.rpartition(".")[0])
        if sys._is_gil_enabled():  # type: ignore[attr-defined]  # from 3.13 on
            return "another module turned the GIL on before"
        loader = importlib.machinery.ExtensionFileLoader(name, path)
        importlib.util.module_from_spec(importlib.util.spec_from_file_location(name, path, loader=loader))  # type: ignore[arg-type]
    except Exception as error:  # noqa: BLE001 - whatever a module raises is the answer
        return f"{type(error).__name__}: {error}"
    return "on" if sys._is_gil_enabled() else "off"  # type: ignore[attr-defined]


def in_a_process(path: str, name: str) -> str:
    """The same in a fork; a crash is a reason, too."""
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        signal.alarm(60)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        answer = attempt(path, name, packages=False)
        if answer not in {"on", "off"} and "." in name:
            answer = attempt(path, name, packages=True)
        os.write(writing, answer.encode()[:4000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    _, status = os.waitpid(process, 0)
    return answer or f"ended with {status}"


def main() -> None:
    warnings.simplefilter("ignore")
    sys.path.insert(0, sys.argv[1])
    json.dump({path: in_a_process(path, name) for path, name in json.load(sys.stdin)}, sys.stdout)


if __name__ == "__main__":
    main()
