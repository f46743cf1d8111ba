"""What is true of a stable-ABI wheel, asked of every command, of the build backend, and of real interpreters."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ftwheel.cli.main import main
from ftwheel.core.tags.cpython_builds import targets_of
from ftwheel.core.wheel.filename import WheelName
from ftwheel.io.system.interpreters import discover, probe
from ftwheel_build.inspection import inspect
from ftwheel_build.target import Target

__all__ = [
    "ANYTHING",
    "LOADED",
    "NOT_FOUND",
    "PYPROJECT",
    "REFUSED",
    "Run",
    "Verdict",
    "assert_all_say",
    "default_pythons",
    "runner",
]

Run = Callable[..., tuple[int, str]]

LOADED, NOT_FOUND, REFUSED = "42", "ModuleNotFoundError", "SystemError"
ANYTHING = ""  # what is said begins with it in any case
_OLDEST = 9
_QUOTED_BY_NAME = {"FTW204"}  # verify has a code of its own for what the name of a wheel says
_WARNINGS = {"FTW313"}
_ABOUT_THE_GIL = {"FTW401"}  # which says nothing against a tag, and which the backend does not read
# A project whose backend returns the wheel as it is: what is tried is the judgement, and no toolchain is needed.
PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "pkg"
version = "1.0"
"""
_BACKEND = """\
import shutil
def build_wheel(folder, config_settings=None, metadata_directory=None):
    return shutil.copy({wheel!r}, folder).rpartition("/")[2]
"""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is true of a wheel of the package ``pkg``, whose function ``answer`` gives 42.

    ``found`` are the codes of ``check`` above advice; ``backend`` are those of the build backend. ``suggested`` is the
    first tag of ``tag --suggest`` without its platform, "" for none. ``imports`` says how an import begins to answer on
    the default builds of a version, ``3.14``, or of a range, ``3.10-3.14``; each version that the tags serve is in it.
    """

    found: tuple[str, ...] = ()
    backend: tuple[str, ...] = ()
    suggested: str
    imports: Mapping[str, str]

    @property
    def refused(self) -> bool:
        """Whether ``check`` fails."""
        return bool(set(self.found) - _WARNINGS)

    @property
    def tags_refused(self) -> bool:
        """Whether ``tag`` does."""
        return bool(set(self.found) - _WARNINGS - _ABOUT_THE_GIL)

    def outcome(self, minor: int) -> str | None:
        """How an import ends on the default build of a version; None where the table does not say."""
        for span, outcome in self.imports.items():
            first, _, last = span.partition("-")
            if int(first[2:]) <= minor <= int((last or first)[2:]):
                return outcome
        return None


def default_pythons(*wanted: str) -> dict[str, str]:
    """The default builds of this machine by version, from 3.9 on; of a version that is among ``wanted`` that one.

    At least one is older than the slot for the GIL and than the one for several interpreters.
    """
    found = {probe(each).label: each for each in wanted}
    for each in discover():
        if each.implementation == "cpython" and not each.free_threaded and each.minor[1] >= _OLDEST:
            found.setdefault(each.label, each.executable)
    assert min(int(label[2:]) for label in found) < 12, "python3 dev.py tests provides an older CPython"
    return found


def runner(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command of ftwheel in this process: its exit code, and what it printed."""

    def run(*arguments: str | Path) -> tuple[int, str]:
        code = main([str(one) for one in arguments])
        return code, capsys.readouterr().out

    return run


def said(wheel: Path, python: str, *path: Path) -> str:
    """``42``, or the last line of the traceback, of an interpreter with ``path`` on its path."""
    place = wheel.parent / f"unpacked-{probe(python).abi_tag}"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    code = "import pkg; print(pkg.answer())"
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run([python, "-c", code], cwd=place, capture_output=True, text=True, env=environ)
    return (done.stdout or done.stderr).strip().splitlines()[-1]


def assert_all_say(
    verdict: Verdict,
    wheel: Path,
    *,
    builder: str,
    folder: Path,
    run: Run,
    pythons: Mapping[str, str],
    needs: Callable[[str], Path] | None = None,
) -> None:
    """Ask ``check``, the backend, ``tag``, ``tag --suggest``, ``verify``, every interpreter, and ``build``, of a wheel.

    ``needs`` gives a folder with what the wheel needs besides, for an interpreter.
    """
    rules = ("--index-rules", "any")
    code, out = run("check", wheel, *rules, "--format", "json")
    assert _codes(json.loads(out)["wheels"][0]) == verdict.found
    assert code == verdict.refused

    target = Target("cpython", probe(builder).minor, False, False, "", "linux-x86_64")
    assert tuple(error.code for error in inspect(str(wheel), target)) == verdict.backend

    assert run("tag", wheel, "--build", "1", "-o", folder / "tagged")[0] == verdict.tags_refused
    first, _, _ = run("tag", "--suggest", wheel)[1].partition("-linux_x86_64")
    assert first == verdict.suggested or (first.startswith("no tag") and not verdict.suggested)

    nothing = folder / "empty"
    nothing.mkdir()
    places = ("--no-index", "--no-config", "--find-links", nothing, "--new-project")
    out = run("verify", wheel, *rules, *places, "--format", "json")[1]
    about = [each["message"] for each in json.loads(out)["findings"] if each["code"] == "FTV119"]
    told = {code for each in about for code in re.findall(r"\((FTW\d+)\)$", each)}
    assert told == {*verdict.found} - _QUOTED_BY_NAME

    served = targets_of(WheelName.parse(wheel.name))
    for label, python in pythons.items():
        minor = int(label[2:])
        outcome = verdict.outcome(minor)
        assert outcome is not None or not any(target.covers(minor, free_threaded=False) for target in served), label
        if outcome is not None:
            answer = said(wheel, python, *([needs(python)] if needs else []))
            assert answer.startswith(outcome), f"{label}: {answer}"

    project = folder / "returned"
    project.mkdir()
    (project / "pyproject.toml").write_text(PYPROJECT)
    (project / "backend.py").write_text(_BACKEND.format(wheel=str(wheel)))
    code, out = run("build", project, "--python", builder, "--no-repair", "--format", "json")
    # what the backend refuses is not imported; what it lets pass and an import does not is told with the reason
    assert _codes(json.loads(out)) == (verdict.backend if verdict.tags_refused else verdict.found)
    assert code == verdict.refused
    shutil.rmtree(project)


def _codes(document: dict[str, object]) -> tuple[str, ...]:
    findings = document["findings"]
    assert isinstance(findings, list)
    return tuple(each["code"] for each in findings if each["severity"] != "advice")
