"""pip as an oracle: installed releases of it, asked in-process or through their command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypedDict

from ftwheel.core.tags.pip_target import PipTarget
from support.archives import archive
from support.index_generator import Case, Options, Place
from support.index_generator_machines import Machine

__all__ = ["NEWEST", "PipFinder", "clean_environment", "environment_with"]

NEWEST = "26.3"
WORKER = Path(__file__).with_name("pip_oracle_worker.py")


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without any setting of pip or uv that would take part in an answer."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))}
    return kept | {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never"} | more


def environment_with(folder: Path, python: str, *packages: str) -> Path:
    """Make a virtual environment with exactly these packages from the configured index; gives its interpreter."""
    uv = shutil.which("uv")
    assert uv, "uv is not on PATH: run the tests through python3 dev.py tests"
    interpreter = folder / "bin" / "python"
    if not interpreter.exists():
        for command in (
            [uv, "venv", "--quiet", "--no-project", "--python", python, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", str(interpreter), *packages],
        ):
            done = subprocess.run(command, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, f"{command}:\n{done.stderr}"
    return interpreter


class PipFinder:
    """One pip in a process of its own; ``answer`` gives a URL without fragment, ``nothing``, or ``refused: ...``."""

    def __init__(self, python: Path, version: str, *, configured: bool = False) -> None:
        """``configured`` leaves the user's settings (index, certificates) in place, for ``fetch``."""
        self._process = subprocess.Popen(
            [str(python), "-I", str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=None if configured else clean_environment(),
        )
        assert self._read() == {"pip": version}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "pip's process ended, see its standard error"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._read()

    def tags(self, machine: Machine, target: PipTarget | None = None) -> tuple[str, ...]:
        """Every tag pip accepts on that machine, in order; ``target`` are the options it is given there."""
        question = {"tags": True, "machine": asdict(machine), "target": target and asdict(target)}
        return tuple(self._ask(question)["tags"])

    def fetch(self, project: str) -> dict[str, str]:
        """The real page of a project: ``body``, ``content_type``, ``url`` and ``index``, the address of the index.

        pip keeps it: ``choose`` need not hand it over again.
        """
        return self._ask({"fetch": project})

    def answer(self, case: Case, root: str, folders: Path | None = None, target: PipTarget | None = None) -> str:
        """What pip takes in a case whose pages are at ``root``; ``folders`` holds its find-links folders."""
        return self.choose(
            machine=case.machine,
            requirement=case.requirement,
            **where(case, root, folders),
            options=asdict(case.options),
            target=target,
        )

    def choose_live(self, *, machine: Machine, requirement: str, index_urls: list[str], options: Options) -> str:
        """What pip takes of pages that it fetches itself, without find-links."""
        answer = self._ask(
            {
                "machine": asdict(machine),
                "requirement": requirement,
                "find_links": [],
                "index_urls": index_urls,
                "pages": {},
                "options": asdict(options),
                "live": True,
            }
        )
        return f"refused: {answer['error']}" if "error" in answer else answer["url"] or "nothing"

    def choose(
        self,
        *,
        machine: Machine,
        requirement: str,
        find_links: list[str],
        index_urls: list[str],
        pages: dict[str, dict[str, str]],
        options: dict[str, Any],
        target: PipTarget | None = None,
    ) -> str:
        """What pip takes, given pages by address (``body`` and ``content_type``)."""
        answer = self._ask(
            {
                "machine": asdict(machine),
                "requirement": requirement,
                "find_links": find_links,
                "index_urls": index_urls,
                "pages": pages,
                "options": options,
                "target": target and asdict(target),
            }
        )
        if "error" in answer:
            return f"refused: {answer['error']}"
        return answer["url"] or "nothing"


class Where(TypedDict):
    """Where an installer looks: addresses and folders, and the pages by address (``body`` and ``content_type``)."""

    find_links: list[str]
    index_urls: list[str]
    pages: dict[str, dict[str, str]]


def where(case: Case, root: str, folders: Path | None) -> Where:
    """Where an installer looks in a case whose pages are at ``root``; ``folders`` holds its find-links folders."""
    return {
        "find_links": [find_links(case, place, root, folders) for place in case.places if place.kind != "index"],
        "index_urls": [f"{root}{place.name}/simple/" for place in case.places if place.kind == "index"],
        "pages": {
            case.place_url(place, root): {"body": case.body(place, root).decode(), "content_type": place.content_type}
            for place in case.places
            if place.kind != "folder"
        },
    }


def find_links(case: Case, place: Place, root: str, folders: Path | None) -> str:
    """What ``--find-links`` gets for a place: an address or a folder, which is made."""
    if place.kind == "page":
        return case.place_url(place, root)
    assert folders is not None
    folder = folders / place.name
    folder.mkdir(parents=True, exist_ok=True)
    for file in place.files:
        path = folder / file.filename
        if not path.exists():
            path.write_bytes(archive(file))
    return str(folder)
