"""Hostile projects: build backends that print, return, write and leave behind what no backend should. See ``hostile``.

Each is the body of ``build_wheel``, in which ``d`` is the folder for the wheel and ``scratch`` the build's private one,
or of ``get_requires_for_build_wheel``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from support.hostile import PURE, Arguments, HostileInput, many_members, zipped
from support.images import Spec, elf
from support.projects import intree_project
from support.wheels import make_wheel

__all__ = ["hostile_builds"]

_BACKEND = """
import os, shutil, subprocess, sys
from sys import stdout

PURE = {pure!r}

def get_requires_for_build_wheel(config_settings=None):
    {requires}
    return []

def build_wheel(d, config_settings=None, metadata_directory=None):
    scratch, answer = os.path.dirname(d), os.path.join(sys.argv[2], "output.json")
    log = os.path.join(scratch, "build.log")
    {body}
    return shutil.copyfile(PURE, os.path.join(d, PURE)) and PURE
"""
_BODIES = {
    "100 MB of lines": "[stdout.write('x' * 99 + '\\n') for _ in range(1_000_000)]",
    "100 MB of lines, and fails": "[stdout.write('x' * 99 + '\\n') for _ in range(1_000_000)]; raise SystemExit(3)",
    "a line of 100 MB, and fails": "[stdout.write('error: ' * 100) for _ in range(150_000)]; raise SystemExit(3)",
    "places without an error, and fails": "stdout.write(('a' + ':1' * 499 + '\\n') * 5000); raise SystemExit(3)",
    "warnings without an end, and fails": "stdout.write('FutureWarning: \\n!!\\n' * 500_000); raise SystemExit(3)",
    "escapes and commands, and fails": (
        "print('::error::x\\n##[add-mask]y\\n\\x1b[2J\\x9b31m error: \\u202e \\r::set-output name=a::b'); "
        "raise SystemExit(3)"
    ),
    "a log without an end": "os.unlink(log); os.symlink('/dev/zero', log); raise SystemExit(3)",
    "a log that is a FIFO": "os.unlink(log); os.mkfifo(log)",
    "a log of 100 MB of zeros": "os.truncate(log, 100 << 20); raise SystemExit(3)",
    "a name above the folder": "shutil.copyfile(PURE, os.path.join(scratch, PURE)); return '../' + PURE",
    "an absolute name": "return os.path.abspath(PURE)",
    "a name with NUL": "return 'a\\0b.whl'",
    "a name with a line break": "return 'pkg-1.0-py3-none-any\\n::error::x.whl'",
    "a name of 10,000 characters": "return 'a' * 10_000 + '-1.0-py3-none-any.whl'",
    "a name that is a number": "return 5",
    "a name that is a list": "return [PURE]",
    "no name": "return None",
    "an empty name": "return ''",
    "a name of bytes that are no text": "return 'pkg\\udcff-1.0-py3-none-any.whl'",
    "no wheel": "return PURE",
    "a folder as the wheel": "os.mkdir(os.path.join(d, PURE)); return PURE",
    "a FIFO as the wheel": "os.mkfifo(os.path.join(d, PURE)); return PURE",
    "a device as the wheel": "os.symlink('/dev/zero', os.path.join(d, PURE)); return PURE",
    "a link as the wheel": "os.symlink(os.path.abspath(PURE), os.path.join(d, PURE)); return PURE",
    "two wheels": "shutil.copyfile(PURE, os.path.join(d, 'other-1.0-py3-none-any.whl'))",
    "an answer without an end": "os.symlink('/dev/zero', answer); os._exit(0)",
    "an answer that is a FIFO": "os.mkfifo(answer); os._exit(0)",
    "an answer of 100 MB": "open(answer, 'w').truncate(100 << 20); os._exit(0)",
    "an answer of lists": "open(answer, 'w').write('[' * 100_000); os._exit(0)",
    "no answer": "os._exit(0)",
    "no sources any more": "shutil.rmtree(os.getcwd()); return PURE",
    "no folder for the wheel any more": "shutil.rmtree(d); return PURE",
    "no private folder any more": "shutil.rmtree(scratch); return PURE",
    "folders that nobody may read": "os.makedirs('a/b'); os.chmod('a/b', 0); os.chmod('a', 0)",
    "the end of its group": "os.killpg(0, 9)",
}  # fmt: skip
_REQUIREMENTS = {
    "a number": "return 5",
    "numbers": "return [-5]",
    "lists": "return [[]]",
    "an option": "return ['--target=/nowhere', '-r/etc/passwd']",
    "a line break": "return ['x\\n-r /etc/passwd']",
    "NUL": "return ['a\\0b']",
    "escapes": "return ['\\x1b[2J::error::x']",
    "an empty text": "return ['']",
    "a megabyte": "return ['a' * (1 << 20)]",
}
_WHEELS: dict[str, Callable[[], bytes]] = {
    "a million members": lambda: many_members(1_000_000),
    "a module of 320 MB": lambda: zipped(*_members(), ("pkg/a.abi3.so", elf(Spec(name="a")) + bytes(320 << 20))),
    "a tag that multiplies": lambda: zipped(*_members("-".join([".".join(map(str, range(2000)))] * 3))),
    "encrypted members": lambda: zipped(*_members()).replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0"),
    "an unknown compression": lambda: zipped(*_members()).replace(b"\x08\0", b"\x63\0"),
}


def _members(tag: str = "py3-none-any") -> list[tuple[str, bytes]]:
    texts = {"METADATA": "Name: pkg\nVersion: 1.0\n", "WHEEL": f"Wheel-Version: 1.0\nTag: {tag}\n", "RECORD": ""}
    return [(f"pkg-1.0.dist-info/{name}", text.encode()) for name, text in texts.items()]


def hostile_builds() -> Iterator[HostileInput]:
    """All of them."""
    for name, body in _BODIES.items():
        yield _build(name, body=body)
    for name, requires in _REQUIREMENTS.items():
        yield _build(f"requirements: {name}", requires=requires)
    for name, wheel in _WHEELS.items():
        yield _build(f"a wheel: {name}", wheel=wheel)


def _build(name: str, *, body: str = "", requires: str = "", wheel: Callable[[], bytes] | None = None) -> HostileInput:
    backend = _BACKEND.format(pure=PURE, body=body, requires=requires)

    def lay_out(folder: Path) -> Arguments:
        path = make_wheel(intree_project(folder / "project", backend), PURE)
        if wheel:
            path.write_bytes(wheel())
        return ["build", "project", "--python", sys.executable]

    return HostileInput(group="builds", name=name, lay_out=lay_out, environ={"FTWHEEL_CACHE_DIR": "cache"})
