"""Real sets of requirements on the configured index: the resolver against the real uv and the real pip.

A difference is allowed where our resolution says itself that a project's dependencies cannot be told: then uv built a
source distribution to learn them.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from ftwheel.app.dependencies.candidates import CandidateSource
from ftwheel.app.dependencies.resolver import Resolver
from ftwheel.core.dependencies.resolution import Resolution, ResolutionError
from ftwheel.core.index.page import normalized
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.tags.environments import parse_environment
from ftwheel.io.dependencies.metadata import MetadataClient
from ftwheel.io.index.client import IndexClient
from ftwheel.io.index.credentials import Credentials
from ftwheel.io.index.settings import NetworkSettings
from ftwheel.io.index.transport import Transport
from ftwheel.io.installers.default_index import default_index
from support.index_generator_machines import Machine
from support.pip_command import native_machine
from support.pip_oracle import NEWEST, environment_with
from support.resolved import dependencies, files
from support.uv_oracle import Uv

pytestmark = [pytest.mark.oracle, pytest.mark.network]

SETS = {
    "a Django site": "django django-allauth djangorestframework psycopg celery[redis] gunicorn whitenoise pillow",
    "a scientific stack": "numpy scipy pandas matplotlib scikit-learn xarray statsmodels networkx",
    "an ML service": "torch transformers datasets accelerate fastapi uvicorn[standard]",
    "FastAPI": "fastapi[standard] sqlalchemy[asyncio] alembic pydantic-settings redis httpx",
    "Jupyter": "jupyterlab ipywidgets notebook nbconvert pandas plotly",
    "a data tool": "polars duckdb pyarrow s3fs boto3",
    "a scraper": "scrapy beautifulsoup4 requests aiohttp selenium",
    "a command line": "typer rich click httpx[http2] keyring platformdirs",
    "a worker": "celery[redis,sqs] kombu dramatiq[rabbitmq,watch] pika msgpack psutil structlog",
    "a test stack": "pytest pytest-xdist pytest-cov hypothesis tox nox mypy ruff coverage[toml] moto[s3]",
}
WHEELS_ONLY = SETS | {
    "a scientific stack": "numpy scipy pandas matplotlib scikit-learn xarray networkx",
    "an ML service": "torch transformers datasets accelerate fastapi uvicorn",
    "FastAPI": "fastapi uvicorn sqlalchemy[asyncio] alembic pydantic-settings redis httpx",
    "Jupyter": "ipython nbformat pandas plotly matplotlib",
    "a data tool": "pyarrow s3fs boto3 pandas",
    "a scraper": "beautifulsoup4 requests aiohttp selenium",
    "a command line": "typer rich click httpx[http2] platformdirs",
    "a worker": "celery[redis] kombu pika structlog",
    "a test stack": "pytest pytest-xdist pytest-cov hypothesis tox nox mypy coverage[toml]",
}
"""The same without what has no wheel for 3.13t: there pip tries every older release of everything for minutes."""
MACHINES = tuple(
    Machine(python=(3, minor, 0), free_threaded=True, system=system, release=release, processor=processor)
    for minor, system, release, processor in (
        (14, "manylinux", (2, 28), "x86_64"),
        (13, "manylinux", (2, 28), "x86_64"),
        (14, "win", None, "amd64"),
    )
)


@pytest.fixture(scope="module")
def found() -> Iterator[CandidateSource]:
    """The configured index; what it says is shared by all tests, so that each page is asked for once."""
    credentials = Credentials(keyring="disabled")

    def connect() -> Transport:
        return Transport(NetworkSettings(), credentials, connections=24)

    with IndexClient(connect, credentials) as client:
        yield CandidateSource(
            [client.index(default_index("pip"))], MetadataClient(client, folder=None), abort=client.abort
        )


def resolve(found: CandidateSource, requirements: str, label: str, rules: InstallerOptions) -> Resolution | None:
    """None where there is no solution."""
    resolver = Resolver(found, lambda _: rules, forgiving=False)
    try:
        return resolver(dependencies(*requirements.split()), parse_environment(label))
    except ResolutionError:
        return None


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.label)
@pytest.mark.parametrize("name", SETS)
def test_uv_resolves_real_sets_the_same(name: str, machine: Machine, uv: Uv, found: CandidateSource) -> None:
    expected = uv.resolve(machine, SETS[name].split(), index=default_index("uv"))
    resolution = resolve(found, SETS[name], machine.label, InstallerOptions(name="uv"))
    if resolution is None or expected is None:
        assert resolution is expected is None
        return
    ours = files(resolution)
    if not any(pin.untold for pin in resolution.pins):
        assert ours == expected
    else:  # what can be told is the same, and nothing is made up
        assert {name: ours[name] for name in ours} == {name: expected.get(name) for name in ours}


@pytest.mark.parametrize("name", WHEELS_ONLY)
def test_pip_resolves_real_sets_the_same(
    name: str, free_threaded_python: str, installers: Path, found: CandidateSource
) -> None:
    """On the real interpreter; wheels only, since pip would build what has none."""
    machine = native_machine(free_threaded_python, free_threaded=True)
    python = environment_with(installers / f"pip-{NEWEST}-{machine.label}", free_threaded_python, f"pip=={NEWEST}")
    command = [str(python), "-m", "pip", "install", "--dry-run", "--ignore-installed", "--report", "-", "--quiet"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", *WHEELS_ONLY[name].split()]
    without = {key: value for key, value in os.environ.items() if key not in {"PIP_FIND_LINKS", "PIP_CONSTRAINT"}}
    done = subprocess.run(command, capture_output=True, text=True, env=without, timeout=600)
    resolution = resolve(
        found, WHEELS_ONLY[name], machine.label, InstallerOptions(name="pip", only_binary=frozenset({":all:"}))
    )
    if done.returncode:
        assert "No matching distribution" in done.stderr or "ResolutionImpossible" in done.stderr, done.stderr
        assert resolution is None
        return
    assert resolution is not None
    assert files(resolution) == {
        normalized(each["metadata"]["name"]): unquote(each["download_info"]["url"].rpartition("/")[2])
        for each in json.loads(done.stdout)["install"]
    }
