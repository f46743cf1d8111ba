"""The simulator against all four installers on the pages of popular projects, as they are today."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache

import pytest

from ftwheel.core.index.page import SourceKind
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.registry import INSTALLERS, installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles, choose
from support.finder_oracle import FinderProcess
from support.index_generator import Options
from support.index_generator_machines import MACHINES, MATRIX, Machine
from support.pip_oracle import NEWEST, PipFinder, environment_with
from support.server import IndexServer
from support.simulated import agree, environment
from support.uv_oracle import Uv

pytestmark = [pytest.mark.oracle, pytest.mark.network]

PROJECTS = (
    "numpy", "pyyaml", "cffi", "cryptography", "pydantic-core", "lxml", "grpcio", "hypothesis", "pillow", "orjson",
    "scipy",
)  # fmt: skip
MORE = (
    "cp39-manylinux_2_17_x86_64",
    "cp3.10.4-musllinux_1_2_aarch64",
    "cp3.12.1-win32",
    "cp313t-macosx_13_6_x86_64",
    "cp314t-manylinux_2_39_riscv64",
)
EVERY = int(os.environ.get("FTWHEEL_ORACLE_PAGES", "10"))  # of the questions, every tenth

Ask = Callable[[Machine, str], str]


@dataclass(frozen=True, kw_only=True)
class RealPage:
    """A page as the configured index has it today."""

    project: str
    fetched: dict[str, str]

    @property
    def files(self) -> ProjectFiles:
        body, kind = self.fetched["body"].encode(), self.fetched["content_type"]
        details = parse_page(body, content_type=kind, url=self.fetched["url"], name=self.project)
        return ProjectFiles(self.project, [(SourceKind.INDEX, details)])


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory, default_python: str) -> Iterator[PipFinder]:
    """pip as the user has configured it."""
    python = environment_with(tmp_path_factory.mktemp("pip"), default_python, f"pip=={NEWEST}")
    with PipFinder(python, NEWEST, configured=True) as running:
        yield running


@pytest.fixture(scope="module")
def page(finder: PipFinder) -> Callable[[str], RealPage]:
    return cache(lambda project: RealPage(project=project, fetched=finder.fetch(project)))


def questions(files: ProjectFiles) -> list[tuple[Machine, str]]:
    """Forty-five environments, each with the newest release, an older one, a pinned one, and with pre-releases."""
    newest = choose(files, parse_requirement(files.name), environment("cp313-manylinux_2_28_x86_64"), installer("pip"))
    assert newest
    machines = [*MATRIX, *(each for label in MORE for each in MACHINES if each.label == label)]
    assert len(machines) == 45
    texts = ("", f"<{newest.version}", f"=={newest.version}", ">=0.dev0")
    return [(machine, f"{files.name}{text}") for machine in machines for text in texts]


@pytest.mark.parametrize("project", PROJECTS)
@pytest.mark.parametrize("name", INSTALLERS)
def test_the_installer_takes_what_is_said_of_a_real_page(
    name: str, project: str, page: Callable[[str], RealPage], request: pytest.FixtureRequest
) -> None:
    real = page(project)
    files = real.files
    ask: Ask = {"pip": _pip, "uv": _uv}.get(name, _finder)(name, real, request)
    wrong: list[str] = []
    for machine, text in questions(files)[::EVERY]:
        best = choose(files, parse_requirement(text), environment(machine.label), installer(name))
        said, taken = best.file.url if best else "nothing", ask(machine, text)
        if not agree(taken, said) and taken != said.rpartition("/")[2]:
            wrong.append(f"{text} on {machine.label}: {said}, {name} takes {taken}")
    assert not wrong, "\n".join(wrong)


def _pip(name: str, page: RealPage, request: pytest.FixtureRequest) -> Ask:
    finder: PipFinder = request.getfixturevalue("finder")
    options, index = asdict(Options()), page.fetched["index"]
    return lambda machine, text: finder.choose(
        machine=machine, requirement=text, find_links=[], index_urls=[index], pages={}, options=options
    )


def _uv(name: str, page: RealPage, request: pytest.FixtureRequest) -> Ask:
    """From the loopback, where uv may keep the page for a while."""
    uv: Uv = request.getfixturevalue("uv")
    server: IndexServer = request.getfixturevalue("index_server")
    body, kind = page.fetched["body"], page.fetched["content_type"]
    path = f"/real/{page.project}/"
    server.put(path, body, content_type=kind, headers={"Cache-Control": "max-age=3600"})
    return lambda machine, text: uv.choose(machine, text, index=f"{server.url}/real/")


def _finder(name: str, page: RealPage, request: pytest.FixtureRequest) -> Ask:
    process: FinderProcess = request.getfixturevalue("processes")(name)
    index = page.fetched["index"].rstrip("/") + "/"
    return lambda machine, text: process.choose(
        project=page.project,
        python=machine.python,
        tags=environment(machine.label).tags,
        requirement=text,
        find_links=[],
        index_urls=[index],
        pages={page.fetched["url"]: page.fetched},
        options=asdict(Options()),
        live=False,
    )
