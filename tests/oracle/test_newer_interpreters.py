"""Thirty real projects on the real 3.14 and 3.15: what pip and uv running there take is what the simulator says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ftwheel.core.index.page import SourceKind
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.registry import installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles, choose
from ftwheel.core.tags.environments import Environment
from ftwheel.io.system.environment_probe import environment_of
from support.pip_oracle import NEWEST, PipFinder, clean_environment, environment_with
from support.simulated import same
from support.uv_oracle import Uv

pytestmark = [pytest.mark.oracle, pytest.mark.network]

# with wheels for one version, for the stable ABIs, for both builds, pure ones, and none for 3.15
PROJECTS = (
    *("numpy", "pyyaml", "cffi", "cryptography", "pydantic-core", "lxml", "grpcio", "hypothesis", "artistools"),
    *("argon2-cffi-bindings", "pillow", "markupsafe", "psutil", "rpds-py", "orjson", "aiohttp", "yarl", "msgpack"),
    *("regex", "wrapt", "coverage", "zstandard", "uvloop", "ruff", "bcrypt", "tornado", "requests", "attrs"),
    *("scipy", "polars"),
)


@pytest.fixture(scope="module", params=["3.14", "3.15"])
def python(request: pytest.FixtureRequest, python_314: str, python_315: str) -> str:
    return {"3.14": python_314, "3.15": python_315}[request.param]


@pytest.fixture(scope="module")
def finder(installers: Path, default_python: str) -> Iterator[PipFinder]:
    """pip as the user has configured it, which fetches the pages."""
    inside = environment_with(installers / "pages", default_python, f"pip=={NEWEST}")
    with PipFinder(inside, NEWEST, configured=True) as running:
        yield running


def test_pip_and_uv_take_what_the_simulator_says(python: str, finder: PipFinder, uv: Uv, installers: Path) -> None:
    assert len(PROJECTS) == 30
    environment = environment_of(python)
    inside = environment_with(installers / f"real-{environment.label}", python, f"pip=={NEWEST}")
    wrong: list[str] = []
    for name in PROJECTS:
        page = finder.fetch(name)
        details = parse_page(page["body"].encode(), content_type=page["content_type"], url=page["url"], name=name)
        project = ProjectFiles(name, [(SourceKind.INDEX, details)])
        took = {
            "pip": taken_by_pip(inside, name, page["index"]),
            "uv": uv.choose(str(inside), name, index=page["index"]),
        }
        said = {each: chosen(project, name, environment, each) for each in took}
        wrong += [
            f"{name} with {each}: {said[each]}, and it takes {took[each]}" for each in took if took[each] != said[each]
        ]
    assert not wrong, "\n".join(wrong)


def taken_by_pip(python: Path, name: str, index: str) -> str:
    """The file name that ``pip install`` takes, or ``nothing``. Wheels only: pip would build a source distribution."""
    command = [str(python), "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--report", "-"]
    command += ["--quiet", "--disable-pip-version-check", "--only-binary=:all:", "--index-url", index, name]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=300)
    if done.returncode == 0:
        url: str = json.loads(done.stdout)["install"][0]["download_info"]["url"]
        return same(url).rpartition("/")[2]
    assert "No matching distribution found" in done.stderr, done.stderr
    return "nothing"


def chosen(project: ProjectFiles, name: str, environment: Environment, program: str) -> str:
    rules = installer(program)._replace(dependencies=False)
    if program == "pip":
        rules = rules._replace(only_binary=frozenset({":all:"}))
    best = choose(project, parse_requirement(name), environment, rules)
    return same(best.file.url).rpartition("/")[2] if best else "nothing"
