"""Poetry and PDM's finder unearth as oracles, each in a process of its own, in an environment the tests make."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from support.index_generator import Case, Options, generate
from support.index_generator_machines import Machine
from support.pip_oracle import clean_environment, where
from support.simulated import environment

__all__ = ["ENDLESS", "REQUIREMENTS", "FinderProcess", "finder_case"]

ENDLESS = "refused: does not end"
"""The answer where the tool was still at work after a minute."""
WORKER = Path(__file__).with_name("finder_worker.py")
REQUIREMENTS = {"poetry": "poetry==2.5.1", "poetry-core": "poetry==2.5.1", "pdm": "unearth==0.19.0"}


class FinderProcess:
    """One tool; ``answer`` gives a URL without fragment, ``nothing``, or ``refused: ...``."""

    def __init__(self, tool: str, python: Path) -> None:
        self.tool = tool
        self._python = python
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [str(self._python), "-I", "-W", "ignore", str(WORKER), self.tool],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()

    def answer(self, case: Case, root: str, folders: Path) -> str:
        return self.choose(
            project=case.project,
            python=case.machine.python,
            tags=environment(case.machine.label).tags,
            requirement=case.requirement,
            **where(case, root, folders),
            options=asdict(case.options),
            live=False,
        )

    def choose_live(self, *, machine: Machine, requirement: str, index_urls: list[str], options: Options) -> str:
        """What the tool takes of pages that it fetches itself."""
        return self.choose(
            project=requirement,
            python=machine.python,
            tags=environment(machine.label).tags,
            requirement=requirement,
            find_links=[],
            index_urls=index_urls,
            pages={},
            options=asdict(options),
            live=True,
        )

    def choose(self, **question: Any) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self.close()
            self._start()
            return ENDLESS
        return str(json.loads(line))


def _read_by_poetry(specifier: str | None) -> str | None:
    """The specifier, unless Poetry fails on it: invalid ones, ``===``, and those that nothing can meet."""
    try:
        wanted = SpecifierSet(specifier or "")
    except InvalidSpecifier:
        return None
    versions = (f"{major}.{minor}.{micro}" for major in (2, 3, 4) for minor in range(25) for micro in range(5))
    readable = all(one.operator != "===" for one in wanted)
    return specifier if readable and any(wanted.contains(one, prereleases=True) for one in versions) else None


def finder_case(tool: str, seed: int, number: int) -> Case:
    """The case without what cannot be asked: options the tool does not have, and what Poetry's own parser refuses."""
    case = generate(tool, seed, number)
    options = replace(case.options, hashes=(), ignore_requires_python=False, index_strategy="first-index")
    places = tuple(place for place in case.places if place.kind != "folder")
    if tool == "pdm":
        places = tuple(replace(place, files=tuple(replace(file, odd="") for file in place.files)) for place in places)
        return replace(case, options=options, places=places)
    return replace(
        case,
        options=replace(options, cutoff=None),
        specifier="" if "===" in case.specifier else case.specifier,
        places=tuple(
            replace(
                place,
                files=tuple(
                    replace(file, odd="", requires_python=_read_by_poetry(file.requires_python))
                    for file in place.files
                    if file.version.islower() or not any(map(str.isalpha, file.version))  # of others it never ends
                ),
            )
            for place in places
            if place.kind == "index"
        ),
    )
