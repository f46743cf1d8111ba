"""``ftwheel action``: the two steps of the GitHub Action that ftwheel runs itself; action.yml calls them.

Workflow inputs are read from the environment, never through a shell. Commands run with workflow commands switched
off, so that nothing a build prints is taken as one.
"""

from __future__ import annotations

import _thread
import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftwheel.core.errors import BuildError, FtwheelError, InputError

if TYPE_CHECKING:
    from ftwheel.core.build.cibuildwheel.identifiers import BuildSelection
    from ftwheel.core.project.action import ActionInputs

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
  ftwheel action prepare    read the inputs, and output what to set up before the next step
  ftwheel action run        run the mode that the inputs select: plan, build, verify or missing"""

_MOST_SUMMARY = 1_000_000  # bytes; GitHub accepts 1 MiB per step, and drops a larger summary
_GIVEN = "inputs.json"  # the inputs of the workflow, in the work folder
_GRACE = 30.0  # seconds between interrupting a command and killing the process


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("step", choices=("prepare", "run"), help="which step of the Action this is")


def run(arguments: argparse.Namespace) -> int:
    """The exit code of the command that the mode runs; an error is printed and annotated."""
    from ftwheel.render.workflow_commands import command, say

    try:
        return _prepare() if arguments.step == "prepare" else _run()
    except FtwheelError as error:
        # not left to main(), where a message with lines of a build log would be read as workflow commands
        with _as_text("What went wrong"):
            print(f"ftwheel: error: {error.message}")
            if error.hint:
                print(f"ftwheel: hint: {error.hint}")
        text = "\n".join(filter(None, [error.message, error.hint]))
        say(command("error", text, title="ftwheel"))
        return error.exit_code


def _prepare() -> int:
    """Output what the steps before ``run`` have to set up; an invalid input ends the job here."""
    from ftwheel.core.project.action import ActionMode, artifact_name, job_of, read_inputs

    given = {name: value for name, value in os.environ.items() if name.startswith("INPUT_")}
    inputs = read_inputs(given)
    job = job_of(inputs)
    building = inputs.mode is ActionMode.BUILD
    own = _own_pythons(inputs)  # even if not needed: an invalid configuration ends the job here
    pythons = job.pythons or own
    work = tempfile.mkdtemp(prefix="ftwheel-", dir=_runner_temp())
    Path(work, _GIVEN).write_text(_json(given), encoding="utf-8")
    _output(
        work=work,
        pythons="\n".join(pythons) if building and inputs.driver == "local" else "",
        emulate=job.emulate if building else "",
        artifact=artifact_name(inputs, _machine()) if building else "",
    )
    return 0


def _machine() -> str:
    return f"{os.environ.get('RUNNER_OS', '')}-{os.environ.get('RUNNER_ARCH', '')}"


def _run() -> int:
    from ftwheel.core.project.action import ActionMode, read_inputs

    work = Path(os.environ.get("FTWHEEL_WORK", ""))
    if not (work.is_absolute() and (work / _GIVEN).is_file()):
        raise InputError(
            f"FTWHEEL_WORK: {os.fspath(work)!r} is not a folder created by 'ftwheel action prepare'",
            hint="the Action runs both steps; in your own workflow, run 'ftwheel action prepare' first",
        )
    inputs = read_inputs(json.loads((work / _GIVEN).read_text(encoding="utf-8")))
    match inputs.mode:
        case ActionMode.PLAN:
            return _plan(inputs)
        case ActionMode.BUILD:
            return _build(inputs, work)
        case ActionMode.VERIFY:
            return _verify(inputs, work)
        case ActionMode.MISSING:
            return _missing(inputs, work)


def _project(inputs: ActionInputs) -> Path:
    return Path(os.path.abspath(inputs.project))


def _own_pythons(inputs: ActionInputs) -> tuple[str, ...]:
    """The ``pythons`` of ``[tool.ftwheel]``; only plan and build require a project."""
    from ftwheel.core.project.action import ActionMode
    from ftwheel.io.project.source import read_project

    folder = _project(inputs)
    building = inputs.mode in {ActionMode.PLAN, ActionMode.BUILD}
    if not building and folder.is_dir() and not (folder / "pyproject.toml").is_file():
        return ()
    return tuple(sorted(read_project(folder).pythons))


def _plan(inputs: ActionInputs) -> int:
    """Output the jobs that build the wheels of ``[tool.ftwheel]``."""
    from ftwheel.core.project.action import plan_jobs
    from ftwheel.render import markdown
    from ftwheel.render.workflow_commands import command, say

    selection = _selection(inputs)
    jobs = plan_jobs(selection.identifiers, inputs)
    _output(matrix=_json({"include": [job.as_json() for job in jobs]}))
    header = ("job", "runner", "emulated", "CPython")
    rows = [[markdown.code(job.name), job.runner, job.emulate or "-", " ".join(job.pythons)] for job in jobs]
    _summary("\n".join([f"### {len(jobs)} job{'s' if len(jobs) != 1 else ''}", "", *markdown.table(header, rows), ""]))
    for job in jobs:
        print(f"{job.name}: CPython {' '.join(job.pythons)} on {job.runner}")
    if selection.left_out:
        text = "\n".join(f"{each.identifier.text}: {each.why}" for each in selection.left_out)
        say(command("notice", text, title="Not built"))
    return 0


def _selection(inputs: ActionInputs) -> BuildSelection:
    from ftwheel.core.build.cibuildwheel.identifiers import request_for, select

    pyproject = _project(inputs) / "pyproject.toml"  # validated by the previous step
    document: Mapping[str, Any] = {}
    if pyproject.is_file():
        document = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    return select(request_for(document, os.environ, pythons=inputs.pythons, platforms=inputs.platforms))


def _build(inputs: ActionInputs, work: Path) -> int:
    """Build the wheels of one job."""
    from ftwheel.core.project.action import artifact_name, built_pairs, job_of
    from ftwheel.io.release.digests import digest_of, written

    job, project, dist = job_of(inputs), _project(inputs), work / "dist"
    options = ["--verbose", "--out-dir", os.fspath(dist), "--driver", inputs.driver]
    sdist: list[str] = []
    if inputs.driver == "local":
        options += ["--sdist"] if job.sdist else []
    else:
        options += [f"--platforms={platform}" for platform in job.platform.split()]
        if job.sdist:  # cibuildwheel builds from an sdist, but does not build one
            with _as_text("source distribution"), _time_limit(inputs.seconds, "build"):
                project = _sdist(project, dist)
            sdist = [os.fspath(project)]
    if job.pythons:
        # 3.14 means the default build alone in [tool.ftwheel], and both builds for --python
        builds = [python if python.endswith("t") else f"{python}+gil" for python in job.pythons]
        options.append(f"--python={','.join(builds)}")
    code, reports = _command("build", [*options, *inputs.arguments, os.fspath(project)], inputs, work)
    document = reports.document
    built = [*document.get("wheels", ()), *filter(None, [document.get("sdist")])]
    paths = [file["path"] for file in built if file["path"]]
    if code == 0 and not paths:
        raise InputError("nothing was built, so there is nothing to upload", hint="check the input 'arguments'")
    digests = {file["filename"]: file["sha256"] for file in built if file["path"]}
    digests |= {os.path.basename(path): digest_of(Path(path)) for path in sdist}
    record = work / f"{artifact_name(inputs, _machine())}.sha256"
    record.write_text(written(digests), encoding="utf-8")
    _output(
        wheels=_json([wheel["filename"] for wheel in document.get("wheels", ()) if wheel["path"]]),
        pairs=_json(built_pairs(document)),
        files="\n".join(map(os.path.abspath, [*sdist, *paths])),
        dist=os.fspath(dist),
        digests=written(digests).rstrip("\n"),
        record=os.fspath(record),
    )
    _summary(reports.markdown)
    return code


def _sdist(project: Path, dist: Path) -> Path:
    """Build the source distribution alone."""
    from ftwheel.io.build.local import open_builder
    from ftwheel.io.system.interpreters import probe
    from ftwheel.render.build.result import progress

    with open_builder(project, dist, {}, repair=False) as builder, progress() as observer:
        [path] = builder.publish([builder.make_sdist(probe(sys.executable), observer)])
    return Path(path)


def _verify(inputs: ActionInputs, work: Path) -> int:
    """Check the wheels of all build jobs, and which file of the release each environment installs."""
    from ftwheel.core.project.action import missing_targets, served_pairs
    from ftwheel.io.release.artifacts import collect

    dist = work / "dist"
    source = Path(os.path.abspath(inputs.dist)) if inputs.dist else work / "artifacts"
    files = collect(source, dist, shared=bool(inputs.dist))
    if not files:
        where = f"in {inputs.dist}" if inputs.dist else f"with the artifacts {inputs.artifacts}-*"
        raise InputError(
            f"no wheels {where}",
            hint="make this job need the build jobs, and set 'dist' or 'artifacts' to where they put the wheels",
        )
    wheels = [os.fspath(path) for path in files if path.suffix == ".whl"]
    _output(wheels=_json([os.path.basename(path) for path in wheels]), dist=os.fspath(dist))
    pyproject = _project(inputs) / "pyproject.toml"
    config = ["--config", os.fspath(pyproject)] if pyproject.is_file() else []
    code, details, report = 0, "", work / "ftwheel.html"
    if wheels:
        code, one_by_one = _command("check", [*config, "--quiet", *wheels], inputs, work)
        details = f"<details><summary>Wheel by wheel</summary>\n\n{one_by_one.markdown}\n</details>\n"
    first = ["--new-project"] if inputs.new_project else []
    listed = ["--html", os.fspath(report), "--write-digests", os.fspath(work / "ftwheel.sha256")]
    listed += [f"--digests={record}" for record in sorted((work / "digests").glob("*.sha256"))]
    about = "--local" if inputs.local else "--keep-targets"
    arguments = [about, *config, *first, *listed, *inputs.arguments, os.fspath(dist)]
    try:
        verified, release = _command("verify", arguments, inputs, work)
        _summary(release.markdown)
    finally:
        _summary(details)
    _output(
        pairs=_json(served_pairs(release.document)),
        missing=_json(missing_targets(release.document)),
        report=os.fspath(report) if report.is_file() else "",
        digests=_text(work / "ftwheel.sha256").rstrip("\n"),
    )
    return max(code, verified)


def _text(path: Path) -> str:
    """The text of a file; empty when there is none."""
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _missing(inputs: ActionInputs, work: Path) -> int:
    """Report the dependencies without a wheel for the free-threaded build."""
    from ftwheel.core.project.action import missing_dependencies
    from ftwheel.core.tags.cpython import FIRST_SUPPORTED_FREE_THREADED, on

    asked = inputs.pythons or _own_pythons(inputs)
    supported = [minor for minor in on(datetime.now(UTC).date()) if minor >= FIRST_SUPPORTED_FREE_THREADED]
    targets = [python for python in asked if python.endswith("t")] or [f"3.{minor}t" for minor in supported]
    files = inputs.dependencies or (os.path.join(inputs.project, "pyproject.toml"),)
    arguments = [*(f"--target={target}" for target in targets), *inputs.arguments, *files]
    code, reports = _command("missing", arguments, inputs, work)
    _output(missing=_json(missing_dependencies(reports.document)))
    _summary(reports.markdown)
    return code


class _Reports:
    """The reports of a command, besides its log."""

    def __init__(self, folder: Path, name: str) -> None:
        self._stem = os.fspath(folder / name)

    @property
    def options(self) -> list[str]:
        return [f"--report={form}={self._stem}.{form}" for form in ("json", "markdown", "github")]

    def _text(self, form: str) -> str:
        return _text(Path(f"{self._stem}.{form}"))

    @property
    def document(self) -> dict[str, Any]:
        """The JSON report; empty when the command wrote none."""
        document = json.loads(self._text("json") or "{}")
        assert isinstance(document, dict)
        return document

    @property
    def markdown(self) -> str:
        return self._text("markdown")

    @property
    def annotations(self) -> str:
        return self._text("github")


def _command(name: str, arguments: Sequence[str], inputs: ActionInputs, work: Path) -> tuple[int, _Reports]:
    """Run one of ftwheel's commands in this process, then print its annotations.

    The exit code is 1 with findings, unless ``fail-on`` is ``never``; a build with errors always fails, because there
    is nothing to upload.
    """
    from ftwheel.cli.main import load, parser
    from ftwheel.render.workflow_commands import say

    reports = _Reports(work, name)
    never = name != "build" and inputs.fail_on == "never"
    limit = [] if name == "build" or never else ["--fail-on", inputs.fail_on]
    if name == "missing" and inputs.fail_on == "advice":  # it reports no advice
        limit = ["--fail-on", "warning"]
    with _as_text(f"ftwheel {name}"), _time_limit(inputs.seconds, name):
        try:
            parsed = parser(name).parse_args([name, *limit, *reports.options, *arguments])
        except SystemExit as end:
            raise InputError(
                f"ftwheel {name} rejected its arguments: see the log of this step",
                hint="write one argument per line in the input 'arguments'",
            ) from end
        code = load(name).run(parsed)
    say(reports.annotations)
    return (0 if code == 1 and never else code), reports


@contextmanager
def _as_text(title: str) -> Iterator[None]:
    """A log group in which no line is a workflow command, whatever programs print."""
    from ftwheel.render.workflow_commands import say, silenced

    off, on = silenced()
    say(f"::group::{title}\n{off}")
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # on its own line, even if the last line had no newline
        say(f"\n{on}::endgroup::\n")


@contextmanager
def _time_limit(seconds: float, name: str) -> Iterator[None]:
    """Interrupt the command after this many seconds, as Ctrl-C would. Raises BuildError then."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # wakes it from waiting, too
        else:
            _thread.interrupt_main()
        last.start()

    timer = threading.Timer(seconds, expire)
    last = threading.Timer(_GRACE, os._exit, (BuildError.exit_code,))
    timer.daemon = last.daemon = True
    timer.start()
    try:
        yield
    except KeyboardInterrupt:
        if not expired.is_set():
            raise
        raise BuildError(
            f"ftwheel {name} took longer than {seconds / 60:g} minutes", hint="raise the input 'timeout-minutes'"
        ) from None
    finally:
        timer.cancel()
        last.cancel()


def _runner_temp() -> str | None:
    folder = os.environ.get("RUNNER_TEMP", "")
    return folder if os.path.isdir(folder) else None


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _output(**values: str) -> None:
    from ftwheel.render.workflow_commands import output

    _append("GITHUB_OUTPUT", "".join(output(name, value) for name, value in values.items()))


def _summary(text: str) -> None:
    """Append to the job summary, cut to what GitHub shows."""
    data = text.encode()
    if len(data) > _MOST_SUMMARY:
        data = data[:_MOST_SUMMARY].rpartition(b"\n")[0] + b"\n\nThe rest is omitted: GitHub limits summaries.\n"
    _append("GITHUB_STEP_SUMMARY", data.decode() + "\n" if data else "")


def _append(variable: str, text: str) -> None:
    path = os.environ.get(variable, "")
    if not path:
        raise InputError(
            f"{variable} is not set", hint="ftwheel action runs inside the GitHub Action; see docs/action.md"
        )
    with open(path, "a", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
