#!/usr/bin/env python3
"""Make sure the interpreters that the sessions use exist on this machine.

That is a pair, a default and a free-threaded CPython of one minor version, and with ``--default MINOR`` (repeated)
default builds of further versions. Tried in order: interpreters already here (PATH, pyenv, uv's folder, ftwheel's
cache); ``uv python install``; Debian's archive, whose python3.13 source package is built for the pair, and whose binary
packages are unpacked for the others. Prints one JSON object to standard output,
``{"default": PATH, "free_threaded": PATH, "3.15": PATH}``, and says what it does on standard error.

Programs named as arguments (``cc``, ``c++``, ...) are made sure of first; where this is root on Debian, apt-get
installs them.
Standard library only; run it as ``python3 tools/provision.py cc c++ --default 3.15``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent / "src")]

from debian import PROGRAMS, download_source, require_programs, run, say, unpack_interpreters

from ftwheel.core.build.interpreters import Interpreter, InterpreterPair, pairs
from ftwheel.core.errors import FtwheelError, InputError, MissingToolError
from ftwheel.io.system.interpreters import discover, interpreter_cache


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process provisions at a time; others wait for it."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as handle:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def best_pair() -> InterpreterPair | None:
    found = pairs(discover())
    return found[0] if found else None


def default_builds(minors: Sequence[int]) -> dict[int, Interpreter]:
    """The default builds of these minor versions that are here, final releases only."""
    found: dict[int, Interpreter] = {}
    for each in discover():
        final = each.implementation == "cpython" and each.release_level == "final" and not each.debug
        if final and not each.free_threaded and each.minor[1] in minors:
            found.setdefault(each.minor[1], each)
    return found


def uv_install(*versions: str) -> None:
    """Ask uv for ready-made interpreters; leaves quietly when there is no uv or it cannot reach its downloads."""
    uv = shutil.which("uv")
    if uv is None:
        say("no uv on PATH, so no ready-made interpreters")
        return
    say(f"running uv python install {' '.join(versions)}")
    done = subprocess.run(
        [uv, "python", "install", *versions], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        say(f"uv could not: {lines[-1].strip() if lines else f'exit code {done.returncode}'}")


def build(source: Path, folder: Path, *, free_threaded: bool) -> None:
    """Configure, compile and install one interpreter into the cache; it appears there whole or not at all."""
    version = source.name.removeprefix("Python-")
    prefix = interpreter_cache() / f"cpython-{version}{'t' if free_threaded else ''}"
    if prefix.exists():
        shutil.rmtree(prefix)  # it did not answer, or it would have been found
    work = folder / f"build{'-t' if free_threaded else ''}"
    work.mkdir()
    log = folder / f"{prefix.name}.log"
    say(f"building {prefix.name} into {prefix} (about three minutes on two cores)")
    gil = ["--disable-gil"] if free_threaded else []
    options = [f"--prefix={prefix}", "--with-ensurepip=install", "--disable-test-modules", *gil]
    run([str(source / "configure"), "--quiet", *options], cwd=work, log=log)
    run(["make", "--silent", f"--jobs={os.cpu_count() or 2}"], cwd=work, log=log)
    staged = folder / f"staged{'-t' if free_threaded else ''}"
    run(["make", "--silent", "install", f"DESTDIR={staged}"], cwd=work, log=log)
    prefix.parent.mkdir(parents=True, exist_ok=True)
    os.replace(staged / prefix.relative_to("/"), prefix)


def ensure_pair() -> InterpreterPair:
    """The newest pair on this machine, made if there is none."""
    if pair := best_pair():
        return pair
    with locked(interpreter_cache()):
        if pair := best_pair():
            return pair
        say("no pair of a default and a free-threaded CPython here")
        uv_install("3.14", "3.14t")
        if pair := best_pair():
            return pair
        # Inside the cache, so that the finished tree can be renamed into place.
        with tempfile.TemporaryDirectory(prefix=".build-", dir=interpreter_cache()) as name:
            folder = Path(name)
            source = download_source(folder)
            minor = (3, 13)
            have = {found.free_threaded for found in discover() if found.minor == minor and not found.debug}
            for free_threaded in (False, True):
                if free_threaded not in have:
                    build(source, folder, free_threaded=free_threaded)
        if pair := best_pair():
            return pair
    raise MissingToolError("the interpreters were built but do not answer", hint=f"look into {interpreter_cache()}")


def ensure_default(minors: Sequence[int]) -> dict[int, Interpreter]:
    """Default builds of these minor versions, each made if it is not there."""

    def missing() -> list[int]:
        found = default_builds(minors)
        return [minor for minor in minors if minor not in found]

    if missing():
        with locked(interpreter_cache()):
            if wanted := missing():
                uv_install(*(f"3.{minor}" for minor in wanted))
            if wanted := missing():
                unpack_interpreters(wanted, interpreter_cache())
    found = default_builds(minors)
    if silent := [f"3.{minor}" for minor in minors if minor not in found]:
        raise MissingToolError(
            f"CPython {', '.join(silent)} was unpacked but does not answer", hint=f"look into {interpreter_cache()}"
        )
    return found


def minor_of(text: str) -> int:
    major, _, minor = text.partition(".")
    if major != "3" or not minor.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: expected a version such as 3.15")
    return int(minor)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make sure the interpreters that the sessions use exist.")
    parser.add_argument("programs", nargs="*", help=f"also {', '.join(PROGRAMS)}")
    parser.add_argument("--default", type=minor_of, action="append", default=[], metavar="3.N", dest="minors")
    asked = parser.parse_args()
    try:
        if unknown := sorted(set(asked.programs) - set(PROGRAMS)):
            raise InputError(f"unknown program {unknown[0]!r}", hint=f"known are {', '.join(PROGRAMS)}")
        require_programs(asked.programs, why="building extensions")
        pair = ensure_pair()
        others = ensure_default(asked.minors)
    except FtwheelError as error:
        print(f"provision: error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"provision: hint: {error.hint}", file=sys.stderr)
        return error.exit_code
    named = {"default": pair.default, "free_threaded": pair.free_threaded}
    named |= {f"3.{minor}": each for minor, each in sorted(others.items())}
    for interpreter in named.values():
        say(f"{interpreter.label} is {interpreter.executable}")
    print(json.dumps({name: interpreter.executable for name, interpreter in named.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
