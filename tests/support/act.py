"""Run workflows with the real ``act``, on this machine and without a container.

Actions that are on no package registry have stand-ins in ``tests/actions/OWNER/NAME``: small composites with the
inputs and outputs of the real ones, which keep artifacts and caches in a folder. ftwheel's own Action is the checkout,
copied, under any owner and at any ref. So are the labels of hosted runners: all of them mean this machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

__all__ = ["ActRun", "Annotation", "act", "action_checkout", "commit_all"]

ROOT = Path(__file__).resolve().parents[2]
STAND_INS = ROOT / "tests" / "actions"

_USES = re.compile(r"""\buses: *["']?(?P<repository>[\w.-]+/[\w.-]+)@(?P<ref>[\w./-]+)""")
_RUNNERS = (
    "ubuntu-latest", "ubuntu-24.04", "ubuntu-24.04-arm", "macos-latest", "macos-15-intel", "windows-latest",
    "windows-11-arm",
)  # fmt: skip
# what the Action is installed from
_PARTS = (
    "action.yml",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "src",
    "backend",
    "templates",
    "tools",
    "docs",
)  # to install
_LEFT_OUT = re.compile(r"(^|/)(__pycache__|\.\w+_cache|dist|[^/]+\.egg-info)/")
_TIMEOUT = 280.0  # seconds
# what a runner does not have: names of this test run, and what GitHub sets itself
_HIDDEN = re.compile(r"(GITHUB|RUNNER|ACT|INPUT|COV|PYTEST|VIRTUAL_ENV|PYTHON(PATH|HOME|_GIL)|CI$|SOURCE_DATE_EPOCH)")


@dataclass(frozen=True)
class Annotation:
    """What a workflow command said: ``level`` is error, warning or notice."""

    level: str
    text: str
    title: str = ""
    file: str = ""


@dataclass(frozen=True)
class ActRun:
    """What a run did. Steps are named by their id, jobs by theirs; a matrix has several jobs of one id."""

    code: int
    events: tuple[dict[str, Any], ...]
    err: str

    def _of(self, step: str, job: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each.get("stepID") == [step] and job in ("", each.get("jobID"))]

    def results(self, step: str, *, job: str = "") -> list[str]:
        """``success``, ``failure`` or ``skipped``, once for each job that has the step."""
        return [
            each["stepResult"]
            for each in self._of(step, job)
            if "stepResult" in each and each.get("stage", "Main") == "Main"
        ]

    def outputs(self, step: str, *, job: str = "") -> dict[str, str]:
        """The outputs of a step; of several jobs the last one's."""
        return {each["name"]: each["arg"] for each in self._of(step, job) if each.get("command") == "set-output"}

    def exit_status(self, step: str) -> int:
        """The exit code a step ended with; of several jobs the last one's."""
        said = [re.fullmatch(r"exit status (\d+)", str(each.get("msg"))) for each in self._of(step, "")]
        return next((int(match[1]) for match in reversed(said) if match), 0)

    @property
    def annotations(self) -> list[Annotation]:
        return [
            Annotation(
                level=each["command"],
                text=each["arg"],
                title=(each.get("kvPairs") or {}).get("title", ""),
                file=(each.get("kvPairs") or {}).get("file", ""),
            )
            for each in self.events
            if each.get("command") in {"error", "warning", "notice"}
        ]

    @property
    def errors(self) -> list[Annotation]:
        return [each for each in self.annotations if each.level == "error"]

    @property
    def summary(self) -> str:
        """The job summaries, one after the other; act tells those of an action's steps twice."""
        return "\n".join(dict.fromkeys(each["content"] for each in self.events if each.get("command") == "summary"))

    @property
    def log(self) -> str:
        """What the steps printed."""
        return "".join(each["msg"] for each in self.events if each.get("raw_output"))

    @property
    def story(self) -> str:
        """Everything that was said, for the message of a test that fails."""
        return "\n".join(str(each.get("msg", "")).rstrip() for each in self.events) + self.err


def commit_all(repository: Path) -> Path:
    """Make a folder a repository with one commit, as act wants it."""
    who = ["-c", "user.name=tests", "-c", "user.email=tests@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], ["commit", "--quiet", "-m", "all"]):
        subprocess.run(["git", *who, *command], cwd=repository, check=True, stdin=subprocess.DEVNULL)
    return repository


def action_checkout(folder: Path) -> Path:
    """The files of the Action as GitHub checks them out, without what a working tree has besides.

    Copied once for each state of the working tree, into a folder of its own below ``folder``.
    """
    paths = [path for name in _PARTS for path in [ROOT / name, *(ROOT / name).rglob("*")]]
    paths = sorted(path for path in paths if path.is_file() and not _LEFT_OUT.search(path.relative_to(ROOT).as_posix()))
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    checkout = folder / digest.hexdigest()[:16]
    if not checkout.exists():
        folder.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=folder))
        for path in paths:
            copy = new / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)
        with contextlib.suppress(OSError):  # another process was faster
            new.rename(checkout)
    return checkout


def act(
    repository: Path,
    workflow: str,
    *,
    home: Path,
    event: str = "push",
    own: str = "",
    kept: Path | None = None,
    environ: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    timeout: float = _TIMEOUT,
) -> ActRun:
    """Run one workflow of a repository.

    ``workflow`` is a path in the repository, ``home`` an empty folder for this run. ``own`` is the ``owner/name`` that
    stands for ftwheel's Action in the workflow. Its files and all caches are kept in ``kept``, by default for this run
    only. ``environ`` is added to the environment of the steps, ``options`` to those of act: ``("--job", "plan")``.
    """
    program = shutil.which("act", path=os.pathsep.join([os.fspath(Path(sys.executable).parent), os.environ["PATH"]]))
    if program is None:
        pytest.fail("act is not installed: run the tests through python3 dev.py tests, or python3 dev.py action")
    text = (repository / workflow).read_text(encoding="utf-8")
    action = (ROOT / "action.yml").read_text(encoding="utf-8")
    command = [program, event, "--json", "-C", os.fspath(repository), "-W", workflow]
    for label in _RUNNERS:
        command += ["-P", f"{label}=-self-hosted"]
    command += ["--action-offline-mode", "--no-cache-server", "--pull=false", "--action-cache-path", str(home / "act")]
    command += options
    for use in {match.group("repository", "ref") for match in _USES.finditer(text + action)}:
        name, ref = use
        folder = action_checkout((kept or home) / "action") if name == own else STAND_INS / name
        if folder.is_dir():  # act itself does what actions/checkout does, and fails for others when it gets there
            command += ["--local-repository", f"{name}@{ref}={folder}"]
    inherited = {name: value for name, value in os.environ.items() if not _HIDDEN.match(name)}
    stores = {"STAND_IN_ARTIFACTS": home / "artifacts", "STAND_IN_CACHES": kept or home / "caches"}
    for store in stores.values():
        store.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        command,
        env={
            **inherited,
            **{name: os.fspath(store) for name, store in stores.items()},
            "TERM": "dumb",  # act gives its steps a terminal, GitHub does not
            "STAND_IN_PYTHON": os.environ["FTWHEEL_PYTHON"],
            "STAND_IN_PYTHON_FT": os.environ["FTWHEEL_PYTHON_FT"],
            **(environ or {}),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    events = tuple(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    return ActRun(code=done.returncode, events=events, err=done.stderr)
