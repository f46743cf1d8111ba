"""Runs command lines one after another, each in a fork of its own with hard limits on memory, processor time and files.

Reads a JSON object a line from standard input (``arguments``, ``cwd``, ``environ``, ``files``) and answers with one
(``code``, ``said``, ``seconds`` of the processor, ``peak`` in MiB). The modules are loaded once, before the first fork.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import sys
import tempfile

from ftwheel.cli.main import COMMANDS, main
from ftwheel.render.terminal import EscapedStream

MEMORY = 300 << 20  # bytes of data
SECONDS = 10  # of the processor
DISK = 200 << 20  # bytes of one file
_READ_AHEAD = (
    "ftwheel.io.wheel.reading", "ftwheel.io.binaries", "ftwheel.io.index.client", "ftwheel.io.index.transport",
    "ftwheel.app.wheel.check", "ftwheel.rules.registry", "ftwheel.app.installers.simulate",
    "ftwheel.core.index.page_html", "ftwheel.io.dependencies.inputs", "ftwheel_build.config",
    "html.parser", "tomllib",
)  # fmt: skip


def attempt(arguments: list[str], cwd: str, environ: dict[str, str], files: int) -> dict[str, object]:
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            _limited(arguments, cwd, environ, files, said.fileno())
        _, status, usage = os.wait4(child, 0)
        said.seek(0)
        return {
            "code": os.waitstatus_to_exitcode(status),
            "said": said.read(100_000).decode("utf-8", "replace"),
            "seconds": round(usage.ru_utime + usage.ru_stime, 3),
            "peak": usage.ru_maxrss // 1024,
        }


def _limited(arguments: list[str], cwd: str, environ: dict[str, str], files: int, out: int) -> None:
    code = 99
    try:
        os.chdir(cwd)
        os.environ.update(environ)
        os.dup2(out, 1)
        os.dup2(out, 2)
        sys.stdout, sys.stderr = EscapedStream(sys.stdout), EscapedStream(sys.stderr)  # type: ignore[arg-type]
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_FSIZE, (DISK, DISK))
        if files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
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
        answer = attempt(arguments, case["cwd"], case["environ"], case["files"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    run()
