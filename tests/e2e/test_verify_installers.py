"""``ftwheel verify --against-installers``: real pip and uv on both builds, and an older release on the index."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ftwheel.io.system.interpreters import probe
from support.commands import Done, ftwheel, ftwheel_environ
from support.server import serve
from support.wheels import make_wheel

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory, examples: Path, default_python: str, free_threaded_python: str
) -> Path:
    """Both wheels of an example, really built."""
    folder = tmp_path_factory.mktemp("pair")
    project = Path(shutil.copytree(examples / "setuptools-c", folder / "project"))
    done = ftwheel(
        "build", project, "--python", f"{default_python},{free_threaded_python}", "--no-import", "-o", folder / "dist"
    )
    assert done.code == 0, done.err
    return folder / "dist"


def against(dist: Path, old: str, *pythons: str) -> Done:
    environ = {name: value for name, value in ftwheel_environ().items() if not name.startswith(("PIP_", "UV_"))} | {
        "FTWHEEL_CACHE_DIR": str(dist.parent / "cache")
    }
    with serve() as server:
        data = Path(old).read_bytes()
        server.put(f"/files/{Path(old).name}", data, content_type="application/octet-stream")
        link = f'<a href="../../files/{Path(old).name}">{Path(old).name}</a>'
        server.put("/simple/histogram-setuptools-c/", link, content_type="text/html")
        options = [part for python in pythons for part in ("--python", python)]
        where = ["--no-config", "-i", f"{server.url}/simple/"]
        return ftwheel("verify", dist, *where, "--against-installers", *options, environ=environ)


def test_the_simulation_agrees_with_real_installers(
    pair: Path, tmp_path: Path, default_python: str, free_threaded_python: str
) -> None:
    old = make_wheel(tmp_path / "old", "histogram_setuptools_c-0.9-py3-none-any.whl")
    whole = against(pair, str(old), default_python, free_threaded_python)
    assert whole.code == 0, whole.out + whole.err
    lines = [line for line in whole.out.splitlines() if " selects " in line]
    assert len(lines) == 4  # pip and uv on both builds
    assert all("as simulated; histogram._histogram: loaded" in line for line in lines)
    assert sum(f"-{probe(free_threaded_python).abi_tag}-" in line for line in lines) == 2

    alone = tmp_path / "alone"
    alone.mkdir()
    (lonely,) = pair.glob(f"*-{probe(free_threaded_python).abi_tag}-*")
    shutil.copy(lonely, alone)
    broken = against(alone, str(old), default_python)
    assert broken.code == 1
    assert "FTV101" in broken.out
    lines = [line for line in broken.out.splitlines() if ": pip==" in line or ": uv==" in line]
    assert len(lines) == 2
    assert all(f"selects {old.name}, as simulated" in line for line in lines), broken.out
