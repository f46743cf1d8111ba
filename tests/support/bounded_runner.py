"""Runs command lines one after another, each in a fork of its own with hard limits on memory, processor time and files.

Reads a JSON object a line from standard input (``arguments``, and the fields of ``HostileInput`` with ``cwd``) and
answers with one (``code``, ``said``, ``seconds`` of the processor, ``peak`` in MiB). The modules are loaded once,
before the first fork.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import shutil
import signal
import sys
from typing import Any

from ftwheel.cli.main import COMMANDS, main
from ftwheel.render.terminal import EscapedStream

MEMORY = 300 << 20  # bytes of data
SECONDS = 10  # of the processor
DISK = 200 << 20  # bytes of one file
WAIT = 300  # seconds, after which whoever waits for what never comes is ended
_READ_AHEAD = (
    "ftwheel.io.wheel.reading", "ftwheel.io.binaries", "ftwheel.io.index.client", "ftwheel.io.index.transport",
    "ftwheel.app.wheel.check", "ftwheel.rules.registry", "ftwheel.app.installers.simulate",
    "ftwheel.core.index.page_html", "ftwheel.io.dependencies.inputs", "ftwheel_build.config",
    "html.parser", "tomllib",
)  # fmt: skip


def attempt(arguments: list[str], case: dict[str, Any]) -> dict[str, object]:
    end, out = os.pipe()  # a file would count against the limit
    child = os.fork()
    if not child:
        os.close(end)
        _limited(arguments, case, out)
    os.close(out)
    said = bytearray()
    with open(end, "rb", buffering=0) as stream:
        while chunk := stream.read(65_536):
            said += chunk[: 100_000 - len(said)]
    _, status, usage = os.wait4(child, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "said": said.decode("utf-8", "replace"),
        "seconds": round(usage.ru_utime + usage.ru_stime, 3),
        "peak": usage.ru_maxrss // 1024,
    }


def _limited(arguments: list[str], case: dict[str, Any], out: int) -> None:
    code = 99
    try:
        os.chdir(case["cwd"])
        os.environ.update(case["environ"])
        if case["gone"]:
            shutil.rmtree(case["cwd"])
        sys.stdout, sys.stderr = EscapedStream(sys.stdout), EscapedStream(sys.stderr)  # type: ignore[arg-type]
        os.dup2(out, 1)
        os.dup2(out, 2)
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        signal.alarm(WAIT)
        if case["files"]:
            resource.setrlimit(resource.RLIMIT_NOFILE, (case["files"], case["files"]))
        disk = DISK if case["disk"] is None else case["disk"]
        resource.setrlimit(resource.RLIMIT_FSIZE, (disk, disk))
        try:
            code = main(arguments)
        except SystemExit as stopped:
            code = stopped.code if isinstance(stopped.code, int) else 98
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException as error:  # noqa: BLE001 - shown, and seen by its code
        os.write(out, f"Traceback of the harness: {type(error).__name__}: {error}".encode())
    finally:
        os._exit(code)


def run() -> None:
    for name in (*(f"ftwheel.cli.{command}" for command in COMMANDS), *_READ_AHEAD):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        case = json.loads(line)
        arguments = [os.fsdecode(bytes.fromhex(each)) for each in case["arguments"]]
        answer = attempt(arguments, case)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    run()
