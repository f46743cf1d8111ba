"""The jobs and steps of a GitHub workflow, with their positions in its text.

A position is (line, column), both from 0. A YAML reader in ``io`` creates these types.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from packaging.utils import canonicalize_name

from ftwheel.core.project.workflow_files import UPLOADS

__all__ = ["ALWAYS", "DOWNLOAD", "JobText", "StepText", "WorkflowText"]

DOWNLOAD = "actions/download-artifact"
_OF_OTHER_RUNS = "dawidd6/action-download-artifact"
_UPLOAD = "actions/upload-artifact"
ALWAYS = re.compile(r"\b(?:always|cancelled|failure)\s*\(\s*\)")
"""Functions that, in a job's condition, let it run after another job failed."""
_PUBLISHES = "pypa/gh-action-pypi-publish"
_MATURIN = ("pyo3/maturin-action", "messense/maturin-action")
_TEST_INDEX = re.compile(r"test[._-]?pypi", re.IGNORECASE)
_OF_INDEX = re.compile(r"repo|url|index", re.IGNORECASE)  # in the names of variables: TWINE_REPOSITORY, UV_PUBLISH_URL
_CREDENTIALS = re.compile(r"(?:twine|flit|hatch|pypi|uv_publish)\w*_(?:auth|password|token)", re.IGNORECASE)
_DRY_RUN = re.compile(r"^.*--dry-run\b.*$", re.MULTILINE)
_INDEX_PROJECT = re.compile(r"/p(?:roject)?/(?P<name>[\w.-]+)")
_BUILDS = re.compile(
    r"cibuildwheel|\bpython3? -m build\b|\bbuild --(?:sdist|wheel)\b|\bsetup\.py \w*dist"
    r"|\bpyproject-build\b|\bbdist_wheel\b|\bpip3? wheel\b|\bpublish --build\b"
    r"|\b(?:uv|hatch|poetry|pdm|flit|maturin) build\b|\b(?:pdm|flit|maturin) publish\b",
    re.IGNORECASE,
)
_SDIST = re.compile(r"\bsdist\b|\bbuild -s\b")
_MAY_MAKE_WHEELS = re.compile(r"wheel|whl\b|\bbdist|\.sh\b|\.ps1\b|\b(?:make|nox|tox|invoke|just)\b", re.IGNORECASE)
_NOT_BUILDING = re.compile(r"\bpdm publish\b.*--no-build\b", re.IGNORECASE)
_INDEX = re.compile(r"\bpypi\b", re.IGNORECASE)
_BY_SCRIPT = re.compile(r"\b(?:publish|upload|release)\b", re.IGNORECASE)
_SETS_UP = re.compile(r"[\w.-]+/(?:checkout|setup-[\w-]+|harden-runner|cache)@", re.IGNORECASE)
_INSTALLS = re.compile(
    r"(?:sudo |python3? -m )?(?:pip3?|pipx|uv (?:pip|tool|sync)|apt(?:-get)?|brew|npm) "
    r"|(?:echo|ls|set|export|git config)\b|#"
)
_ELSEWHERE = re.compile(r"^[^./][^@]*/[\w.-]*(?:publish|pypi|release|upload)[\w.-]*@", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepText:
    """A step: ``line`` is where it begins, ``column`` is that of its dash (in ``[...]``, of the step itself).

    ``inline`` is true for a step in ``[...]``. ``inside`` are the steps of the repository's own action that it runs,
    with the line -1. ``environ`` are the variables that the workflow sets for it.
    """

    line: int
    column: int
    inline: bool = False
    uses: str = ""
    run: str = ""
    inside: tuple[StepText, ...] = ()
    condition: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)

    def runs(self, *actions: str) -> bool:
        """Whether it runs one of these actions. Names are given in lower case, because GitHub ignores case."""
        return self.uses.partition("@")[0].lower() in actions

    @property
    def publishes(self) -> bool:
        """Whether it uploads to an index."""
        if self.runs(_PUBLISHES):
            return True
        if self.runs(*_MATURIN):
            return self.settings.get("command") in {"upload", "publish"}
        return bool(UPLOADS.search(_DRY_RUN.sub("", self.run))) or any(step.publishes for step in self.inside)

    @property
    def has_credentials(self) -> bool:
        """Whether a variable is named like a password or token for an index."""
        return any(map(_CREDENTIALS.search, self.environ))

    @property
    def may_publish(self) -> bool:
        """Whether a script or an action of the repository appears to publish, by its name: ``./build.sh publish``."""
        own = self.uses if self.uses.startswith("./") else ""
        return bool(_BY_SCRIPT.search(self.run + own))

    @property
    def downloads(self) -> bool:
        """Whether it downloads artifacts of this run or of another one."""
        return self.runs(DOWNLOAD, _OF_OTHER_RUNS)

    @property
    def downloads_of_other_runs(self) -> bool:
        return self.downloads and (self.runs(_OF_OTHER_RUNS) or "run-id" in self.settings)

    @property
    def prepares(self) -> bool:
        """Whether it may put files where they are published from, with a script or from a release or bucket."""
        if self.uses:
            return not _SETS_UP.match(self.uses) and not self.publishes
        lines = filter(None, map(str.strip, self.run.splitlines()))
        return not all(map(_INSTALLS.match, lines))

    @property
    def builds(self) -> bool:
        """Whether it builds distributions."""
        if self.runs(*_MATURIN):
            return self.settings.get("command") != "upload"
        own = _BUILDS.search(self.run + self.uses) and not _NOT_BUILDING.search(self.run)
        return bool(own) or any(step.builds for step in self.inside)

    @property
    def builds_sdists_only(self) -> bool:
        """Whether it builds source distributions and no wheels."""
        if self.runs(*_MATURIN):
            return self.settings.get("command") == "sdist"
        if self.inside:
            return _only_sdists(self.inside)
        return self.builds and bool(_SDIST.search(self.run)) and not self.may_make_wheels

    @property
    def may_make_wheels(self) -> bool:
        """Whether it mentions wheels, or runs another script."""
        lines = [line for line in map(str.strip, self.run.splitlines()) if not _INSTALLS.match(line)]
        return bool(_MAY_MAKE_WHEELS.search("\n".join([self.uses, *lines]))) or any(
            step.may_make_wheels for step in self.inside
        )

    @property
    def is_for_tests(self) -> bool:
        """Whether the index is a test index."""
        inside = [step.is_for_tests for step in self.inside if step.publishes]
        indexes = (value for name, value in self.environ.items() if _OF_INDEX.search(name))
        own = bool(_TEST_INDEX.search(" ".join([self.run, *self.settings.values(), *indexes])))
        return own or (bool(inside) and all(inside))

    @property
    def verifies(self) -> bool:
        """Whether this step is the gate."""
        if "ftwheel verify" in self.run or any(step.verifies for step in self.inside):
            return True
        return "/ftwheel@" in self.uses and self.settings.get("mode") == "verify"


def _all(steps: Iterable[StepText]) -> Iterator[StepText]:
    """The steps, each followed by those in the repository's own action that it runs."""
    for step in steps:
        yield step
        yield from _all(step.inside)


def _only_sdists(steps: Iterable[StepText]) -> bool:
    """Whether the steps build source distributions and none of them may make wheels."""
    making = [step for step in steps if step.builds or step.may_make_wheels]
    return bool(making) and all(step.builds_sdists_only for step in making)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobText:
    """A job: ``line`` and ``column`` are the position of its key, ``inner`` is the column of its own keys.

    ``needs_at`` and ``condition_at`` are the positions of its own keys ``needs`` and ``if``, or None. ``opens`` is the
    position of the ``{`` of a job in flow style. ``calls`` is the reusable workflow that the job calls. ``matrix`` says
    whether it runs several times; ``permissions`` are those it names, None if it names none. ``environment`` is the
    name and the URL of its environment.
    """

    name: str
    line: int
    column: int
    inner: int
    opens: tuple[int, int] | None = None
    needs: tuple[str, ...] = ()
    needs_at: tuple[int, int] | None = None
    condition: str = ""
    condition_at: tuple[int, int] | None = None
    environment: str = ""
    calls: str = ""
    permissions: frozenset[str] | None = None
    matrix: bool = False
    steps: tuple[StepText, ...] = ()

    @property
    def upload(self) -> StepText | None:
        """The publishing step, preferring one for a real index to one for a test index.

        If no step is known to publish, it is the last one whose name suggests so, in a job that downloads artifacts,
        and with the environment of an index or its password.
        """
        found = [step for step in self.steps if step.publishes]
        if not found and self.downloads:
            named = bool(_INDEX.search(self.environment))
            found = [step for step in self.steps if step.may_publish and (named or step.has_credentials)][-1:]
        return min(found, key=lambda step: step.is_for_tests, default=None)

    @property
    def index_project(self) -> str:
        """The normalized name of the project that it publishes, by the URL of its environment; empty if unknown."""
        match = _INDEX_PROJECT.search(self.environment)
        return canonicalize_name(match["name"]) if match else ""

    @property
    def publish_condition(self) -> str:
        """The condition under which it publishes, besides its own: that of its uploads, empty if they differ."""
        found = {step.condition for step in self.steps if step.publishes and not step.is_for_tests}
        return found.pop() if len(found) == 1 else ""

    @property
    def publishes_at_once(self) -> bool:
        """Whether a single step that builds nothing uploads to an index other than a test index."""
        found = [step for step in self.steps if step.publishes and not step.is_for_tests]
        return len(found) == 1 and not found[0].builds

    @property
    def publishes(self) -> bool:
        """Whether it uploads to an index, itself or, judging by the name, through another repository's workflow."""
        return self.upload is not None or bool(_ELSEWHERE.match(self.calls))

    @property
    def is_for_tests(self) -> bool:
        by_name = bool(_TEST_INDEX.search(f"{self.name} {self.environment}"))
        return by_name or (self.upload is not None and self.upload.is_for_tests)

    @property
    def uploads_artifacts(self) -> tuple[StepText, ...]:
        """The steps that upload artifacts, including those in the repository's own actions."""
        return tuple(step for step in _all(self.steps) if step.runs(_UPLOAD))

    @property
    def downloads(self) -> tuple[StepText, ...]:
        """The steps that download artifacts, including those in the repository's own actions."""
        return tuple(step for step in _all(self.steps) if step.downloads)

    @property
    def prepares(self) -> bool:
        """Whether a step before the upload may put files where they are published from."""
        before = itertools.takewhile(lambda step: step != self.upload, self.steps)
        return any(step.prepares for step in before)

    @property
    def builds(self) -> bool:
        """Whether it builds distributions itself."""
        return any(step.builds for step in self.steps)

    @property
    def builds_sdists_only(self) -> bool:
        """Whether it builds source distributions and no step of it may make wheels."""
        return _only_sdists(self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowText:
    """A workflow: its path in the repository, its text, and its jobs.

    ``triggers`` are the events through which a release starts it: ``release``, or ``push`` with its filters.
    ``environ`` are the names of the variables that it sets for all of its jobs.
    """

    path: str
    text: str
    jobs: tuple[JobText, ...] = ()
    triggers: frozenset[str] = frozenset()
    environ: frozenset[str] = frozenset()

    @property
    def verifies(self) -> bool:
        """Whether the workflow has the gate."""
        return any(step.verifies for job in self.jobs for step in job.steps)
