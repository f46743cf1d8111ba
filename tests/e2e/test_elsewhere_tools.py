"""The snippets of docs/elsewhere.md, as they stand there, in the real pre-commit, tox and nox, got from the index."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.act import commit_all
from support.commands import ftwheel, ftwheel_environ
from support.projects import c_project, c_source
from support.wheels import make_wheel

pytestmark = [pytest.mark.e2e, pytest.mark.network]
ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "elsewhere.md").read_text(encoding="utf-8")
GOOD = "demo_pkg-1.0-py3-none-any.whl"
REPOSITORY = "https://github.com/ftwheel/ftwheel"


def snippet(language: str, words: str) -> str:
    [found] = [text for text in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if words in text]
    return found


def tool(name: str, *arguments: str, cwd: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["uv", "tool", "run", "--quiet", name, *arguments]
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def released(tmp_path: Path) -> str:
    """A repository with the files of this one, and with the tag that the snippet names."""
    folder = tmp_path / "released"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", ".", ":!tests", ":!site"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy)
    [tag] = re.findall(r"rev: (\S+)", PAGE)
    commit_all(folder)
    subprocess.run(["git", "tag", tag], cwd=folder, check=True)
    return folder.as_uri()


@pytest.fixture
def pair_on_path(tmp_path: Path, default_python: str, free_threaded_python: str) -> dict[str, str]:
    """An environment with the pair on PATH, and both distributions of this checkout in pip's and uv's reach."""
    folder, wheels = tmp_path / "bin", tmp_path / "distributions"
    folder.mkdir()
    for python in (default_python, free_threaded_python):
        (folder / Path(python).name).symlink_to(python)
    for source in (ROOT, ROOT / "backend"):
        subprocess.run(["uv", "build", "--quiet", "--wheel", "--out-dir", wheels, source], check=True)
    path = os.pathsep.join([os.fspath(folder), os.environ["PATH"]])
    return ftwheel_environ(PATH=path, PIP_FIND_LINKS=os.fspath(wheels), UV_FIND_LINKS=os.fspath(wheels))


def test_pre_commit_reads_the_wheels_that_change(tmp_path: Path, released: str) -> None:
    repository = tmp_path / "repository"
    make_wheel(repository / "wheels", GOOD, files={"demo/__init__.py": ""})
    (repository / ".pre-commit-config.yaml").write_text(snippet("yaml", "id: ftwheel-check"))
    commit_all(repository)
    environ = ftwheel_environ(
        PRE_COMMIT_HOME=os.fspath(tmp_path / "home"),
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0=f"url.{released}.insteadOf",
        GIT_CONFIG_VALUE_0=REPOSITORY,
    )
    done = tool("pre-commit", "run", "--all-files", cwd=repository, environ=environ)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^check wheels\.+Passed$", done.stdout, re.MULTILINE)
    broken = repository / "wheels" / GOOD.replace("py3-none-any", "cp314-cp314-win_amd64")
    shutil.copy(repository / "wheels" / GOOD, broken)
    subprocess.run(["git", "add", "--all"], cwd=repository, check=True)
    done = tool("pre-commit", "run", cwd=repository, environ=environ)
    assert done.returncode == 1
    assert "FTW" in done.stdout, done.stdout


def test_pre_commit_tells_when_init_has_something_to_do(tmp_path: Path) -> None:
    project = c_project(tmp_path / "project", {"one": c_source("one")})
    (project / ".pre-commit-config.yaml").write_text(snippet("yaml", "id: ftwheel-init"))
    commit_all(project)
    environ = ftwheel_environ(PRE_COMMIT_HOME=os.fspath(tmp_path / "home"))
    assert tool("pre-commit", "run", "--all-files", cwd=project, environ=environ).returncode == 1
    assert ftwheel("init", "--yes", cwd=project).code == 0
    subprocess.run(["git", "add", "--all"], cwd=project, check=True)
    done = tool("pre-commit", "run", "--all-files", cwd=project, environ=environ)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "file", "language", "arguments"),
    [("tox", "tox.ini", "ini", ["run", "-e", "wheels"]), ("nox", "noxfile.py", "python", ["-s", "wheels"])],
)
def test_a_session_builds_the_pair(
    tmp_path: Path, pair_on_path: dict[str, str], *, name: str, file: str, language: str, arguments: list[str]
) -> None:
    project = c_project(tmp_path / "project", {"one": c_source("one")})
    (project / file).write_text(snippet(language, "wheels"))
    done = tool(name, *arguments, cwd=project, environ=pair_on_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "stays off" in done.stdout
    assert "2 wheels: " in done.stdout
