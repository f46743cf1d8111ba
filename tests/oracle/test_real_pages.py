"""The simulator against pip's finder and uv on the pages of popular projects, as they are today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from ftwheel.core.requirements import parse_requirement
from ftwheel.core.rules import installer
from ftwheel.core.selection import Project, choose
from ftwheel.core.simple import SourceKind, parse_page
from support.index_generator import Options
from support.index_generator_machines import MATRIX
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
def test_real_page(project: str, finder: PipFinder, uv: Uv, tmp_path: Path) -> None:
    """Forty environments, the newest release and an older one."""
    assert len(MATRIX) == 40
    page = finder.fetch(project)
    details = parse_page(page["body"].encode(), content_type=page["content_type"], url=page["url"], name=project)
    prepared = Project(project, [(SourceKind.INDEX, details)])
    older = f"{project}<{newest(prepared, project)}"
    wrong: list[str] = []
    for text in (project, older):
        requirement = parse_requirement(text)
        for machine in MATRIX:
            said = {
                name: (
                    best.file.url
                    if (best := choose(prepared, requirement, environment(machine.label), installer(name)))
                    else "nothing"
                )
                for name in ("pip", "uv")
            }
            answers = {
                "pip": finder.choose(
                    machine=machine,
                    requirement=text,
                    find_links=[],
                    index_urls=[page["index"]],
                    pages={},
                    options=asdict(Options()),
                ),
                "uv": uv.choose(machine, text, index=page["index"]),
            }
            if (
                not agree(answers["pip"], said["pip"])
                or answers["uv"] != said["uv"].partition("#")[0].rsplit("/", 1)[-1]
            ):
                wrong.append(f"{text} on {machine.label}: {said} / {answers}")
    assert not wrong, "\n".join(wrong)


def newest(project: Project, name: str) -> str:
    """The version that a default build takes today."""
    best = choose(project, parse_requirement(name), environment("cp313-manylinux_2_28_x86_64"), installer("pip"))
    assert best
    return best.version
