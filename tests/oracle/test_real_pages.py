"""The simulator against pip's finder and uv on the pages of popular projects, as they are today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import pytest

from ftwheel.core.index.page import SourceKind
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.registry import installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles, choose
from support.index_generator import Options
from support.index_generator_machines import MATRIX, Machine
from support.pip_oracle import NEWEST, PipFinder, environment_with
from support.simulated import agree, environment
from support.uv_oracle import Uv

pytestmark = [pytest.mark.oracle, pytest.mark.network]

PROJECTS = ("numpy", "pyyaml", "cffi", "cryptography", "pydantic-core", "lxml", "grpcio", "hypothesis")


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory, default_python: str) -> Iterator[PipFinder]:
    """pip as the user has configured it."""
    python = environment_with(tmp_path_factory.mktemp("pip"), default_python, f"pip=={NEWEST}")
    with PipFinder(python, NEWEST, configured=True) as running:
        yield running


@pytest.mark.parametrize("project", PROJECTS)
def test_pip_takes_what_is_said_of_a_real_page(project: str, finder: PipFinder) -> None:
    """Forty environments, the newest release and an older one."""
    assert len(MATRIX) == 40
    page, prepared = real_page(finder, project)
    wrong: list[str] = []
    for text in (project, f"{project}<{newest(prepared, project)}"):
        for machine in MATRIX:
            real = finder.choose(
                machine=machine,
                requirement=text,
                find_links=[],
                index_urls=[page["index"]],
                pages={},
                options=asdict(Options()),
            )
            if not agree(real, said := chosen(prepared, text, machine, "pip")):
                wrong.append(f"{text} on {machine.label}: {said}, pip takes {real}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("project", PROJECTS)
def test_uv_takes_what_is_said_of_a_real_page(project: str, finder: PipFinder, uv: Uv) -> None:
    """Every fifth of the forty: uv reads the page anew each time."""
    page, prepared = real_page(finder, project)
    wrong: list[str] = []
    for machine in MATRIX[::5]:
        real = uv.choose(machine, project, index=page["index"])
        if real != (said := chosen(prepared, project, machine, "uv").rpartition("/")[2]):
            wrong.append(f"{project} on {machine.label}: {said}, uv takes {real}")
    assert not wrong, "\n".join(wrong)


def real_page(finder: PipFinder, project: str) -> tuple[dict[str, str], ProjectFiles]:
    page = finder.fetch(project)
    body = page["body"].encode()
    details = parse_page(body, content_type=page["content_type"], url=page["url"], name=project)
    return page, ProjectFiles(project, [(SourceKind.INDEX, details)])


def chosen(project: ProjectFiles, requirement: str, machine: Machine, name: str) -> str:
    best = choose(project, parse_requirement(requirement), environment(machine.label), installer(name))
    return best.file.url if best else "nothing"


def newest(project: ProjectFiles, name: str) -> str:
    """The version that a default build takes today."""
    best = choose(project, parse_requirement(name), environment("cp313-manylinux_2_28_x86_64"), installer("pip"))
    assert best
    return best.version
