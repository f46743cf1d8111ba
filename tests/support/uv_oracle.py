"""uv as an oracle: the real command, told about machines we do not have.

uv learns about an interpreter by running it with ``-I -B -c ...`` and reading JSON from its standard output. An
executable that prints what a real interpreter printed, with the machine's facts changed, is all it takes.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from support.archives import archive, metadata_text
from support.index_generator import Case
from support.index_generator_machines import Machine
from support.pip_oracle import clean_environment, find_links
from support.server import Handler, IndexServer, Reply, Request

__all__ = ["NEWEST", "Uv", "installed", "record_interpreter"]

NEWEST = "0.13.9"
_SELECTING = re.compile(r"DEBUG Selecting: [^=\s]+==\S+ \[[^]]*\] \((.*)\)$", re.MULTILINE)
_SELECTED = re.compile(r"DEBUG Selecting: ([^=\s]+)==(\S+) \[[^]]*\] \((.*)\)$", re.MULTILINE)
_CACHED = re.compile(r"DEBUG Found fresh response for: (\S+)$", re.MULTILINE)
_INSTALLING = re.compile(r"^ \+ ([^=\s]+)==(\S+)$", re.MULTILINE)


def installed(log: str) -> dict[str, str]:
    """The files by project that uv would install, from what it says with ``--dry-run --verbose``."""
    files = {(name, version): filename for name, version, filename in _SELECTED.findall(log)}
    return {name: files[name, version] for name, version in _INSTALLING.findall(log)}


def record_interpreter(uv: Path, python: str, folder: Path) -> dict[str, Any]:
    """What the interpreter answers when this uv asks it."""
    record, script = folder / "record.json", folder / "recording-python"
    script.write_text(f'#!/bin/sh\n{shlex.quote(python)} "$@" | tee {shlex.quote(str(record))}\n')
    script.chmod(0o755)
    command = [str(uv), "pip", "list", "--python", str(script), "--cache-dir", str(folder / "record-cache")]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=60)
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(record.read_text())
    assert facts["result"] == "success"
    return facts


def _altered(facts: dict[str, Any], machine: Machine, prefix: Path) -> dict[str, Any]:
    """The facts of another machine: version, build, platform and markers; everything is installed below ``prefix``."""
    major, minor, micro = machine.python
    version, full = f"{major}.{minor}", f"{major}.{minor}.{micro}{machine.rest}"
    release: dict[str, object] = dict(zip(("major", "minor"), machine.release or (), strict=False))
    if machine.system == "android":
        release = {"api_level": release["major"]}
    elif machine.system == "ios":
        release["simulator"] = machine.processor.endswith("simulator")
    system = {"macosx": "macos", "win": "windows"}.get(machine.system, machine.system)
    sys_platform, platform_system, os_name = {
        "macosx": ("darwin", "Darwin", "posix"),
        "win": ("win32", "Windows", "nt"),
        "ios": ("ios", "iOS", "posix"),
        "android": ("android", "Android", "posix"),
    }.get(machine.system, ("linux", "Linux", "posix"))
    # platform.machine() and the second half of sysconfig.get_platform(), as Windows spells them.
    processor = {"amd64": "AMD64", "arm64": "ARM64", "32": "x86"}.get(machine.processor, machine.processor)
    if machine.system == "macosx":
        processor = machine.processor
    architecture = {"32": "i386", "arm64_v8a": "aarch64"}.get(machine.processor, machine.processor)
    if machine.system == "ios":
        architecture = machine.processor.rpartition("_")[0]
    name, display = ("pypy", "PyPy") if machine.implementation == "pp" else ("cpython", "CPython")
    library = prefix / "lib"
    scheme = {
        "platlib": str(library),
        "purelib": str(library),
        "include": str(prefix / "include"),
        "scripts": str(prefix / "bin"),
        "data": str(prefix),
    }
    altered = facts | {
        "markers": facts["markers"]
        | {
            "implementation_name": name,
            "implementation_version": "7.3.17" if name == "pypy" else full,
            "platform_python_implementation": display,
            "python_full_version": full,
            "python_version": version,
            "os_name": os_name,
            "sys_platform": sys_platform,
            "platform_system": platform_system,
            "platform_machine": processor,
        },
        "sys_base_prefix": str(prefix),
        "sys_base_exec_prefix": str(prefix),
        "sys_prefix": str(prefix),
        "sys_base_executable": str(prefix / "bin" / "python"),
        "sys_executable": str(prefix / "bin" / "python"),
        "sys_path": [str(library)],
        "site_packages": [str(library)],
        "stdlib": str(library),
        "scheme": scheme,
        "os": {"name": system, **release},
        "arch": architecture,
        "manylinux_compatible": machine.system == "manylinux",
        "gil_disabled": machine.free_threaded,
        "debug_enabled": machine.debug,
        "pointer_size": "32" if machine.processor in {"i686", "armv7l", "32"} else "64",
        "cpu_info": {"unavailable": "not this machine"},
    }
    altered["platform"] = {"os": altered["os"], "arch": architecture}  # where an older uv has the two
    return {name: altered[name] for name in facts}


def _files(case: Case, root: str) -> Handler:
    """Serves the files of a case, and METADATA beside each (PEP 658)."""
    files = {f"{root}{file.path}": file for place in case.places for file in place.files}

    def reply(request: Request) -> Reply:
        path = unquote(request.path.partition("?")[0])
        if (file := files.get(path.removesuffix(".metadata"))) is None:
            return Reply(status=404, content_type="text/plain")
        body = metadata_text(file) if path.endswith(".metadata") else archive(file)
        return Reply(body=body, content_type="application/octet-stream")

    return reply


class Uv:
    """One uv; ``answer`` gives a URL without fragment, ``nothing``, or ``refused: ...``."""

    def __init__(self, uv: Path, python: str, folder: Path, server: IndexServer) -> None:
        self.program = uv
        self._folder = folder
        self._server = server
        self._machines: dict[str, Path] = {}
        self._facts = record_interpreter(uv, python, folder)
        self._environment = clean_environment(UV_CACHE_DIR=str(folder / "cache"), NO_COLOR="1", UV_HTTP_RETRIES="0")

    def interpreter(self, machine: Machine) -> Path:
        """An executable that answers uv's question for the machine."""
        if machine.label not in self._machines:
            prefix = self._folder / "machines" / machine.label
            executable = prefix / "bin" / "python"
            executable.parent.mkdir(parents=True, exist_ok=True)
            (prefix / "lib").mkdir(exist_ok=True)
            answer = prefix / "answer.json"
            answer.write_text(json.dumps(_altered(self._facts, machine, prefix)))
            executable.write_text(f"#!/bin/sh\nexec cat {shlex.quote(str(answer))}\n")
            executable.chmod(0o755)
            self._machines[machine.label] = executable
        return self._machines[machine.label]

    def answers(self, cases: Iterable[Case], *, workers: int = 2, interpreter: str = "") -> list[str]:
        """What uv takes in each case, on the case's machine or with a real interpreter."""
        cases = list(cases)
        for case in cases:  # made here, since threads would make one twice
            self.interpreter(case.machine)
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(lambda case: self.answer(case, interpreter), cases))

    def root(self, case: Case) -> str:
        """Where the pages of a case are served. uv caches pages by address, so a case made smaller has another one."""
        return f"{self._server.url}/{quote(case.number)}/{abs(hash(case)):x}/"

    def folders(self, case: Case) -> Path:
        return self._folder / "links" / f"{abs(hash(case)):x}"

    def answer(self, case: Case, interpreter: str = "") -> str:
        """What uv takes in one case."""
        root = self.root(case)
        for place in case.places:
            if place.kind != "folder":
                path = urlsplit(case.place_url(place, root)).path
                self._server.put(path, case.body(place, root), content_type=place.content_type)
        self._server.trees[urlsplit(root).path] = _files(case, urlsplit(root).path)
        try:
            done = self._run(case, interpreter, "--dry-run", "--verbose")
            selected = _SELECTING.findall(done.stderr)
            if done.returncode == 0:
                return self._address(case, interpreter, selected[-1])
            if "No solution found" in done.stderr:
                return "nothing"
            return f"refused: {os.linesep.join(line for line in done.stderr.splitlines() if 'DEBUG' not in line)}"
        finally:
            self._server.trees.pop(urlsplit(root).path, None)
            for place in case.places:
                self._server.routes.pop(urlsplit(case.place_url(place, root)).path, None)

    def choose(self, machine: Machine | str, requirement: str, *, index: str) -> str:
        """The file name uv takes from a real index, or ``nothing``; certificates are those of this machine.

        For a machine, or with a real interpreter, given by its path.
        """
        python = machine if isinstance(machine, str) else str(self.interpreter(machine))
        command = [str(self.program), "pip", "install", "--no-deps", "--dry-run", "--verbose", "--system-certs"]
        command += ["--python", python, "--default-index", index, requirement]
        done = subprocess.run(command, capture_output=True, text=True, env=self._environment, timeout=120)
        selected = _SELECTING.findall(done.stderr)
        if done.returncode == 0:
            return str(selected[-1])
        assert "No solution found" in done.stderr, done.stderr
        return "nothing"

    def choose_first(self, machine: Machine, requirement: str, *flags: str, index: str, default_index: str) -> str:
        """The file name uv takes of two indexes without METADATA, ``nothing``, or ``gives up``."""
        command = [str(self.program), "pip", "install", "--no-deps", "--dry-run", "--verbose", *flags]
        command += ["--python", str(self.interpreter(machine)), "--index", index, "--default-index", default_index]
        command.append(requirement)
        done = subprocess.run(command, capture_output=True, text=True, env=self._environment, timeout=60)
        if done.returncode == 0:
            return str(_SELECTING.findall(done.stderr)[-1])
        return "nothing" if "No solution found" in done.stderr else "gives up"

    def resolve(self, machine: Machine, requirements: Iterable[str], *, index: str) -> dict[str, str] | None:
        """The files by project that uv takes from a real index, None where there is no solution."""
        command = [str(self.program), "pip", "install", "--dry-run", "--verbose", "--system-certs"]
        command += ["--python", str(self.interpreter(machine)), "--default-index", index, *requirements]
        done = subprocess.run(command, capture_output=True, text=True, env=self._environment, timeout=600)
        if done.returncode == 0:
            return installed(done.stderr)
        assert "No solution found" in done.stderr, done.stderr
        return None

    def _address(self, case: Case, interpreter: str, filename: str) -> str:
        """Which file of that name it is: when there are several, the one uv asks the server for."""
        root, folders = self.root(case), self.folders(case)
        found = Counter(
            f"{(folders / place.name / file.filename).as_uri()}" if place.kind == "folder" else f"{root}{file.path}"
            for place in case.places
            for file in place.files
            if filename in {file.filename, file.address}
        )
        if len(found) == 1:
            return next(iter(found))
        assert found, f"uv took {filename!r}, which is nowhere in\n{case.describe()}"
        before = len(self._server.paths)
        done = self._run(case, interpreter, "--verbose", "--target", str(self._folder / "target"))
        prefix = urlsplit(root).path + "files/"
        # what it asked for before, to read METADATA, it takes from its cache
        paths = [*self._server.paths[before:], *(urlsplit(url).path for url in _CACHED.findall(done.stderr))]
        asked = (path.partition("?")[0].removesuffix(".metadata") for path in paths)
        fetched = [path for path in map(unquote, asked) if path.startswith(prefix) and self._server.url + path in found]
        if fetched:
            return self._server.url + fetched[0]
        local = [url for url in found if url.startswith("file:")]
        if len(local) > 1:  # the files cannot be installed, and uv says which one it tries to unpack
            named = [url for url in local if unquote(urlsplit(url).path) in done.stderr]
            local = named or [url for url in local if self._unpacks(url, case, interpreter, done.stderr)]
        assert len(local) == 1, f"uv did not say which {filename!r} it takes:\n{done.stderr}\n{case.describe()}"
        return local[0]

    def _unpacks(self, url: str, case: Case, interpreter: str, message: str) -> bool:
        """Whether uv tries to unpack this file: it complains about something else when the file is empty."""
        path = Path(unquote(urlsplit(url).path))
        whole = path.read_bytes()
        path.write_bytes(b"")
        done = self._run(case, interpreter, "--target", str(self._folder / "target"))
        path.write_bytes(whole)
        return done.stderr.splitlines()[-1].partition("`")[0] != message.splitlines()[-1].partition("`")[0]

    def _run(self, case: Case, interpreter: str, *flags: str) -> subprocess.CompletedProcess[str]:
        command = [
            str(self.program),
            "pip",
            "install",
            "--python",
            str(interpreter or self.interpreter(case.machine)),
            *flags,
        ]
        root, options = self.root(case), case.options
        if not options.dependencies:
            command.append("--no-deps")
        indexes = [place for place in case.places if place.kind == "index"]
        for place in case.places:
            if place.kind != "index":
                command += ["--find-links", find_links(case, place, root, self.folders(case))]
        for place in indexes[:-1]:
            command += ["--index", f"{root}{place.name}/simple/"]
        command += ["--default-index", f"{root}{indexes[-1].name}/simple/"] if indexes else ["--no-index"]
        command += [f"--index-strategy={options.index_strategy}"]
        command += [f"--only-binary={name}" for name in options.only_binary]
        command += [f"--no-binary={name}" for name in options.no_binary]
        if options.prereleases is not None:
            command += ["--prerelease", "allow" if options.prereleases else "disallow"]
        if options.cutoff:
            command += ["--exclude-newer", options.cutoff]
        if options.hashes:
            listed = self.folders(case) / "requirements.txt"
            listed.parent.mkdir(parents=True, exist_ok=True)
            hashes = " ".join(f"--hash={algorithm}:{digest}" for algorithm, digest in options.hashes)
            listed.write_text(f"{case.requirement} {hashes}\n")
            command += ["--requirements", str(listed)]
        else:
            command.append(case.requirement)
        return subprocess.run(command, capture_output=True, text=True, env=self._environment, timeout=60)
