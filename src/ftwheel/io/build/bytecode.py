"""Keeps the bytecode of build backends between builds.

An installer puts only sources into a new environment, and CPython takes longer to compile setuptools than to build a
small extension module with it. So bytecode is kept in the cache, and put beside the sources before the hooks run.

Code that runs in a build could write any bytecode, so none is ever taken from an environment. A build leaves only the
digests of the sources that were imported, as names of empty files. The next build compiles these sources itself, in a
process that runs no other code, and only if they have that digest. The bytecode is hash-based (PEP 552): CPython
compares it with the source, and compiles the source if it is a different one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.io.system.child_environment import clean_environ
from ftwheel.io.system.folders import cache_root
from ftwheel.io.system.processes import ProcessGroup
from ftwheel.io.system.pruning import prune
from ftwheel.io.system.texts import read_text

__all__ = ["Bytecode"]

_MOST_BYTES = 64 * 1024 * 1024  # of all kept files: the modules of twenty backends
_TIMEOUT = 120.0  # seconds for all modules of an environment
_MOST_RECORD = 4 << 20  # characters; whoever has more modules than that imports few of them
# a module in RECORD: its path without the suffix, and its digest; no path that leaves the folder
_RECORDED = re.compile(r"(?m)^(?!/|.*\.\./)([^,\"\\:\r\n]+)\.py,sha256=([\w-]{43}),", re.ASCII)
_CHECKSUM = hashlib.sha256().digest_size
_COMPILE = r"""
import base64, hashlib, importlib.util, json, marshal, os, sys
with open(sys.argv[1], encoding="utf-8") as file:
    wanted = json.load(file)
for source, digest, kept in wanted:
    try:
        with open(source, "rb") as file:
            text = file.read()
        if base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip("=") != digest:
            continue
        code = marshal.dumps(compile(text, source, "exec", dont_inherit=True))
        pyc = importlib.util.MAGIC_NUMBER + bytes([3, 0, 0, 0]) + importlib.util.source_hash(text) + code
        temporary = kept + "." + str(os.getpid())
        with open(temporary, "wb") as file:
            file.write(hashlib.sha256(pyc).digest() + pyc)
        os.replace(temporary, kept)
    except Exception:
        continue
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Module:
    """The source of a module, where CPython looks for its bytecode, and the file of the cache for the ``digest``."""

    source: str
    digest: str
    cached: str
    kept: str


class Bytecode:
    """The bytecode of the modules that are installed in a new environment."""

    def __init__(self, site_packages: Path, interpreter: Interpreter, *, folder: str = "") -> None:
        """``folder`` is where bytecode is kept, by default in the cache folder."""
        self._folder = folder or os.path.join(cache_root(), "bytecode-1")
        self._interpreter = interpreter
        # the format of bytecode changes between prereleases
        released = interpreter.implementation == "cpython" and interpreter.release_level == "final"
        self._modules = tuple(self._installed(site_packages)) if released else ()
        self._grew = False

    def _installed(self, site_packages: Path) -> Iterator[_Module]:
        abi, patch = self._interpreter.abi_tag, self._interpreter.version[2]
        tag = "cpython-{}{}".format(*self._interpreter.minor)
        for record in site_packages.glob("*.dist-info/RECORD"):
            try:
                text = read_text(record, errors="surrogateescape", most=_MOST_RECORD)
            except OSError:
                continue
            for path, digest in _RECORDED.findall(text):
                parent, name = os.path.split(os.path.join(site_packages, path))
                cached = os.path.join(parent, "__pycache__", f"{name}.{tag}.pyc")
                if not os.path.exists(cached):  # some installers compile
                    yield _Module(
                        source=os.path.join(parent, f"{name}.py"),
                        digest=digest,
                        cached=cached,
                        kept=os.path.join(self._folder, f"{abi}.{patch}-{digest}"),
                    )

    def place(self, processes: ProcessGroup, scratch: Path) -> None:
        """Put what is kept beside the sources, before the hooks run; ``scratch`` is for the files of this method.

        First compiles what earlier builds noted. Does nothing if the cache cannot be read or written.
        """
        there = self._there()
        left = [module for module in self._modules if os.path.basename(module.kept) in there and not _place(module)]
        if left:
            self._compile(left, processes, scratch)
            self._grew = True
            for module in left:
                _place(module)

    def note(self) -> None:
        """Leave the digests of what the hooks imported to the next build."""
        there = self._there()
        with contextlib.suppress(OSError):
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            for module in self._modules:
                if os.path.basename(module.kept) not in there and os.path.exists(module.cached):
                    open(module.kept, "ab").close()
                    self._grew = True
        if self._grew:
            prune(self._folder, _MOST_BYTES)

    def _there(self) -> frozenset[str]:
        try:
            return frozenset(os.listdir(self._folder))
        except OSError:
            return frozenset()

    def _compile(self, modules: list[_Module], processes: ProcessGroup, scratch: Path) -> None:
        wanted, log = scratch / "bytecode.json", scratch / "bytecode.log"
        wanted.write_text(json.dumps([(each.source, each.digest, each.kept) for each in modules]), encoding="utf-8")
        # without site, whose .pth files are code
        command: list[str | Path] = [self._interpreter.executable, "-I", "-S", "-B", "-W", "ignore", "-c"]
        with contextlib.suppress(subprocess.TimeoutExpired):
            processes.run([*command, _COMPILE, wanted], log=log, env=clean_environ(), timeout=_TIMEOUT)


def _place(module: _Module) -> bool:
    """Copy one kept file, and mark it as used; false if it is empty, damaged or missing."""
    try:
        with open(module.kept, "rb") as file:
            checksum, pyc = file.read(_CHECKSUM), file.read()
        os.utime(module.kept)
    except OSError:
        return False
    if hashlib.sha256(pyc).digest() != checksum:
        return False
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(os.path.dirname(module.cached))
        with open(module.cached, "wb") as file:
            file.write(pyc)
    except OSError:  # RECORD names a folder that was not installed, or the disk is full
        with contextlib.suppress(OSError):
            os.unlink(module.cached)
    return True
