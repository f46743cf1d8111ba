"""The hooks: each runs the wrapped backend's hook, with checks before and after."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ftwheel_build.config import Config, load, split_settings
from ftwheel_build.errors import RefusedError, say
from ftwheel_build.job import OPTIONAL_EXTENSIONS, Job
from ftwheel_build.target import current
from ftwheel_build.values import FrozenValue

__all__ = ["find"]


class Project(FrozenValue):
    """A source tree with its wrapped backend."""

    root: str
    config: Config
    document: Mapping[str, Any]
    backend: Any


_projects: dict[str, Project] = {}
_running: set[str] = set()


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    """Print a refusal and exit: a traceback through the frontend would bury the one line that matters."""
    try:
        yield
    except RefusedError as refusal:
        print(refusal, file=sys.stderr, flush=True)
        raise SystemExit(1) from None


def _project() -> Project:
    """The project in the current folder: PEP 517 runs every hook in the source tree."""
    root = os.getcwd()
    if root not in _projects:
        from ftwheel_build.wrapped import import_backend

        config, document = load(root)
        _projects[root] = Project(root, config, document, import_backend(config, root))
    return _projects[root]


def find(name: str) -> Any:
    """The wrapped backend's hook of this name, wrapped; AttributeError where it has none."""
    with _reported():
        project = _project()
    if name == "UnsupportedOperation":
        return project.backend.UnsupportedOperation
    from ftwheel_build.wrapped import hides_metadata

    if name.startswith("prepare_metadata") and hides_metadata(project.config, project.document):
        raise AttributeError(f"{name} is not offered: hatchling's metadata may differ from the wheel's")
    return _wrap(name, getattr(project.backend, name), project)


def _wrap(name: str, hook: Callable[..., Any], project: Project) -> Callable[..., Any]:
    """A function with the hook's name and parameters (PEP 517, PEP 660)."""
    if name in ("build_wheel", "build_editable"):

        @functools.wraps(hook)
        def build(
            wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
        ) -> Any:
            def into(folder: str, settings: Any) -> Any:
                return hook(folder, settings, metadata_directory)

            return _run(name, project, config_settings, into, wheel_directory)

        return build
    if name.startswith("get_requires"):

        @functools.wraps(hook)
        def requires(config_settings: dict[str, Any] | None = None) -> Any:
            return _run(name, project, config_settings, lambda _, settings: hook(settings))

        return requires

    @functools.wraps(hook)
    def other(directory: str, config_settings: dict[str, Any] | None = None) -> Any:
        return _run(name, project, config_settings, hook, directory)

    return other


def _run(
    name: str,
    project: Project,
    given: Mapping[str, Any] | None,
    call: Callable[[str, Any], Any],
    directory: str = "",
) -> Any:
    """Call a hook of the wrapped backend under the lock of its tree, adapted to the target."""
    with _reported():
        if project.root in _running:
            raise RefusedError(
                "FTB102",
                f"[tool.ftwheel]: build-backend: {project.config.build_backend!r} calls ftwheel_build again",
                fix="name the backend that does the work",
            )
        config, rest = split_settings(project.config, given)
        target = current()
        extra = config.config_settings.free_threaded if target.free_threaded else config.config_settings.default
        settings = {key: list(value) if isinstance(value, tuple) else value for key, value in extra.items()}
        settings.update(rest)
        job = Job(name, project.root, target, config, project.document, settings, set())
        from ftwheel_build.adapt import adapted
        from ftwheel_build.lock import locked

        _running.add(project.root)
        try:
            with locked(project.root):
                if name in ("build_wheel", "build_editable"):
                    return _build(job, call, directory)
                with adapted(job) as passed:
                    answer = call(directory, passed or None)
                if name == "build_sdist" and config.backend_path:
                    from ftwheel_build.sdist import check_sdist

                    check_sdist(os.path.join(directory, answer), project.root, config)
                return answer
        finally:
            _running.discard(project.root)


def _build(job: Job, call: Callable[[str, Any], Any], directory: str) -> str:
    """Build into a separate folder inside ``directory``; the wheel is moved out only if it is correct."""
    from ftwheel_build.adapt import adapted
    from ftwheel_build.environment import check_environment
    from ftwheel_build.inspection import inspect

    say(f"{job.hook} for {job.target}, with {job.config.build_backend}")
    check_environment(os.environ, job.target)
    os.makedirs(directory, exist_ok=True)
    scratch = tempfile.mkdtemp(prefix=".ftwheel-", dir=os.path.abspath(directory))
    try:
        with adapted(job) as passed:
            name = call(scratch, passed or None)
        made = [file.name for file in os.scandir(scratch) if file.name.endswith(".whl") and not file.is_symlink()]
        if made != [name]:
            raise RefusedError(
                "FTB301", f"the wrapped backend returned {name!r} and built {made!r}, expected one wheel"
            )
        path = os.path.join(scratch, name)
        _judge(inspect(path, job.target, editable=job.editable, may_be_empty=OPTIONAL_EXTENSIONS in job.notes), job)
        os.replace(path, os.path.join(directory, name))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return str(name)


def _judge(problems: list[RefusedError], job: Job) -> None:
    """Raise the first problem that is not ignored, after printing the others; remove what it was built from."""
    stopping = [problem for problem in problems if problem.stops and problem.code not in job.config.ignore]
    for problem in problems:
        if problem.code in job.config.ignore:
            say(f"ignored: {problem.code}: {problem.message}")
        elif not problem.stops:
            print(problem, file=sys.stderr)
    if not stopping:
        return
    for problem in stopping[1:]:
        print(problem, file=sys.stderr)
    # A wrong object file in a build folder would be linked again next time, whatever has been put right by then.
    shutil.rmtree(os.path.join(job.root, "build", job.target.folder), ignore_errors=True)
    raise stopping[0]
