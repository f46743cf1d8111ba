"""The wheel of ftwheel-build that isolated builds are offered: pip and uv install it where there is no index."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from ftwheel.io.build.backend_wheel import backend_wheel
from ftwheel.io.build.local import open_builder
from ftwheel.io.system import virtual_environments
from ftwheel.io.system.interpreters import probe
from ftwheel.render.build.result import progress


@pytest.fixture(autouse=True)
def no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("PIP_NO_INDEX", "UV_NO_INDEX"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("FTWHEEL_CACHE_DIR", str(tmp_path / "cache with spaces, and a comma"))


def test_has_the_files_that_are_installed(default_python: str, tmp_path: Path) -> None:
    wheel = backend_wheel()
    assert wheel is not None
    assert wheel == backend_wheel()  # made once
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert "ftwheel_build/__init__.py" in names
    assert "ftwheel_build/py.typed" in names
    target = tmp_path / "installed"
    pip = [default_python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--target", str(target)]
    subprocess.run([*pip, "--find-links", wheel.parent.as_uri(), "ftwheel-build"], check=True)
    subprocess.run([default_python, "-c", "import ftwheel_build.config"], cwd=target, check=True)


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_an_isolated_build_finds_it(
    default_python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installer: str
) -> None:
    if installer == "pip":
        monkeypatch.setattr(virtual_environments, "find_uv", lambda: None)
    project = tmp_path / "project"
    project.mkdir()
    (project / "backend.py").write_text(
        "from ftwheel_build import config\n"
        "def build_sdist(folder, settings=None):\n"
        "    import io, pathlib, tarfile\n"
        "    with tarfile.open(pathlib.Path(folder, 'made-1.tar.gz'), 'w:gz') as archive:\n"
        "        archive.addfile(tarfile.TarInfo('made-1/PKG-INFO'), io.BytesIO())\n"
        "    return 'made-1.tar.gz'\n"
        "build_wheel = None\n"
    )
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["ftwheel-build"]\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    with open_builder(project, tmp_path / "dist", {}, repair=False) as builder, progress() as observer:
        made = builder.make_sdist(probe(default_python), observer)
    assert Path(made).name == "made-1.tar.gz"
