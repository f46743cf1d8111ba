"""The installers the simulator is compared with: pinned, and installed by the tests from the configured index."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import pip_oracle, server, uv_oracle
from support.finder_oracle import REQUIREMENTS, FinderProcess
from support.index_generator_machines import Machine
from support.pip_command import native_machine


@pytest.fixture(scope="session")
def installers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this process's installers and their caches."""
    return tmp_path_factory.mktemp("installers")


@pytest.fixture(scope="session")
def finder_python(default_python: str) -> str:
    """What runs installers in-process: the Python of ftwheel, which reads pages as that does, if it knows phones."""
    return sys.executable if sys.version_info >= (3, 13) else default_python


@pytest.fixture(scope="session")
def pip(installers: Path, default_python: str, finder_python: str) -> Iterator[Callable[[str], pip_oracle.PipFinder]]:
    """A pip of any version, each started once; an older one may not run on a newer Python."""
    running: dict[str, pip_oracle.PipFinder] = {}

    def start(version: str) -> pip_oracle.PipFinder:
        if version not in running:
            base = finder_python if version == pip_oracle.NEWEST else default_python
            python = pip_oracle.environment_with(installers / f"pip-{version}", base, f"pip=={version}")
            running[version] = pip_oracle.PipFinder(python, version)
        return running[version]

    yield start
    for finder in running.values():
        finder.close()


@pytest.fixture(scope="session")
def index_server() -> Iterator[server.IndexServer]:
    with server.serve() as running:
        yield running


@pytest.fixture(scope="session")
def uv_release(
    installers: Path, default_python: str, index_server: server.IndexServer
) -> Callable[[str], uv_oracle.Uv]:
    """A uv of any version."""

    def install(version: str) -> uv_oracle.Uv:
        folder = installers / f"uv-{version}"
        python = pip_oracle.environment_with(folder, default_python, f"uv=={version}")
        return uv_oracle.Uv(python.with_name("uv"), default_python, folder, index_server)

    return install


@pytest.fixture(scope="session")
def uv(uv_release: Callable[[str], uv_oracle.Uv]) -> uv_oracle.Uv:
    """The newest uv that is modelled."""
    return uv_release(uv_oracle.NEWEST)


@pytest.fixture(scope="session", params=["default", "free-threaded"])
def native(request: pytest.FixtureRequest) -> tuple[str, Machine]:
    """Each interpreter of the real pair, and what this machine looks like from the outside."""
    threaded = request.param == "free-threaded"
    interpreter: str = request.getfixturevalue("free_threaded_python" if threaded else "default_python")
    return interpreter, native_machine(interpreter, free_threaded=threaded)


@pytest.fixture(scope="session")
def processes(installers: Path, finder_python: str) -> Iterator[Callable[[str], FinderProcess]]:
    """Poetry and PDM's finder, each started once."""
    running: dict[str, FinderProcess] = {}

    def start(tool: str) -> FinderProcess:
        if tool not in running:
            python = pip_oracle.environment_with(installers / REQUIREMENTS[tool], finder_python, REQUIREMENTS[tool])
            running[tool] = FinderProcess(tool, python)
        return running[tool]

    yield start
    for process in running.values():
        process.close()
