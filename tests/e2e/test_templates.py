"""The workflow templates do what they say: run by the real act, in a project with a real extension module."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ftwheel import __version__
from ftwheel.core.project.templates import ACTION
from ftwheel.io.system.interpreters import probe
from support.act import ActRun, act, commit_all
from support.server import serve
from support.wheels import make_wheel
from support.workflows import filled

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).resolve().parents[2]
TAG = {"ref": "refs/tags/v1.0"}


@pytest.fixture
def kept(shared: Path) -> Path:
    """The caches of all workflows of a run of the tests: the Action is installed once."""
    return shared / "caches"


@pytest.fixture
def project(examples: Path, tmp_path: Path) -> Path:
    """A copy of the C example, which is a repository as soon as its workflow is there."""
    return shutil.copytree(examples / "setuptools-c", tmp_path / "project")


@pytest.fixture
def empty_index() -> Iterator[str]:
    """An index that has nothing yet."""
    with serve() as server:
        yield server.url


def run(
    repository: Path,
    template: str,
    changes: Mapping[str, str],
    *,
    event: str = "workflow_dispatch",
    payload: object = None,
    kept: Path | None = None,
    options: tuple[str, ...] = (),
    timeout: float = 280.0,
) -> ActRun:
    """Run a template in a project; ``changes`` are texts of it that this machine cannot do, and what replaces them."""
    text = filled(f"workflows/{template}.yml")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    workflow = Path(".github") / "workflows" / f"{template}.yml"
    (repository / workflow.parent).mkdir(parents=True)
    (repository / workflow).write_text(text, encoding="utf-8")
    home = repository.parent / "home"
    home.mkdir()
    (home / "event.json").write_text(json.dumps(payload or {}), encoding="utf-8")
    return act(
        commit_all(repository),
        str(workflow),
        home=home,
        own=ACTION,
        event=event,
        kept=kept,
        options=("--eventpath", str(home / "event.json"), *options),
        timeout=timeout,
    )


class TestRelease:
    @pytest.fixture
    def changes(self, empty_index: str) -> dict[str, str]:
        """Without a container, and without the real index."""
        return {
            "mode: build": "mode: build\n          driver: local",
            "mode: verify": "mode: verify\n          arguments: |\n            --index-url\n"
            f"            {empty_index}\n            --new-project",
        }

    @pytest.fixture
    def repository(self, project: Path, default_python: str, free_threaded_python: str) -> Path:
        pair = [probe(python).label for python in (default_python, free_threaded_python)]
        with (project / "pyproject.toml").open("a", encoding="utf-8") as pyproject:
            pyproject.write(f'pythons = {json.dumps(pair)}\nplatforms = ["manylinux_2_17_x86_64"]\n')
        return project

    @staticmethod
    def published(repository: Path) -> list[str]:
        return sorted(path.name for path in (repository.parent / "home").glob("published/*"))

    def test_a_run_by_hand_builds_and_verifies_and_publishes_nothing(
        self, repository: Path, changes: Mapping[str, str], kept: Path
    ):
        done = run(repository, "release", changes, kept=kept)
        assert done.code == 0, done.story
        artifacts = repository.parent / "home" / "artifacts"
        assert len([*artifacts.glob("wheels-*/*.whl")]) == 2
        assert len([*artifacts.glob("wheels-*/*.tar.gz")]) == 1
        assert "expected targets get a wheel of this release" in done.summary
        assert self.published(repository) == []

    @pytest.mark.action
    def test_a_tag_is_published_as_it_was_verified(self, repository: Path, changes: Mapping[str, str]):
        done = run(repository, "release", changes, event="push", payload=TAG)
        assert done.code == 0, done.story
        verified = sorted(path.name for path in (repository.parent / "home").glob("artifacts/wheels-*/*"))
        assert self.published(repository) == verified
        assert len(verified) == 3

    @pytest.mark.action
    def test_a_tag_without_one_wheel_is_not_published(
        self, repository: Path, changes: dict[str, str], default_python: str, kept: Path
    ):
        changes["mode: build"] += f'\n          pythons: "{probe(default_python).label}"'
        done = run(repository, "release", changes, event="push", payload=TAG, kept=kept)
        assert done.code != 0
        assert "FTV1" in done.story
        assert self.published(repository) == []


class TestMissing:
    @pytest.mark.action
    def test_the_weekly_report_names_what_blocks_and_does_not_fail(self, project: Path, tmp_path: Path, kept: Path):
        make_wheel(tmp_path / "links", "half-1.0-cp313-cp313-win_amd64.whl")
        pyproject = project / "pyproject.toml"
        text = pyproject.read_text(encoding="utf-8")
        pyproject.write_text(text.replace("[project]", '[project]\ndependencies = ["half"]'), encoding="utf-8")
        arguments = ["arguments: |", "  --no-deps", "  --no-index", "  --find-links", f"  {tmp_path}/links"]
        changes = {"fail-on: never": f"\n{' ' * 10}".join(["fail-on: never", *arguments])}
        done = run(project, "missing", changes, kept=kept)
        assert done.code == 0, done.story
        assert "half" in done.summary


def make_racy(repository: Path) -> None:
    """Take the lock out of the extension module."""
    source = repository / "src" / "_histogram.c"
    text = source.read_text(encoding="utf-8")
    open_ = text.replace("    Py_BEGIN_CRITICAL_SECTION(op);", "    {").replace(
        "    Py_END_CRITICAL_SECTION();", "    }"
    )
    assert open_ != text
    source.write_text(open_, encoding="utf-8")


@pytest.mark.action
class TestFreeThreadedTests:
    THREADS = ("--job", "threads", "--matrix", "os:ubuntu-latest")

    @pytest.fixture
    def changes(self, free_threaded_python: str) -> dict[str, str]:
        return {"3.14t": probe(free_threaded_python).label}

    def test_every_test_runs_in_threads(self, project: Path, changes: Mapping[str, str]):
        done = run(project, "free-threaded-tests", changes, options=self.THREADS)
        assert done.code == 0, done.story
        assert "7 passed" in done.log
        assert "All tests were run in parallel" in done.log

    def test_a_module_that_needs_the_gil_fails(self, project: Path, changes: Mapping[str, str]):
        (project / "pyproject.toml").write_text(  # ftwheel-build would not make such a wheel
            (project / "pyproject.toml")
            .read_text(encoding="utf-8")
            .replace('"ftwheel-build", ', "")
            .replace('"ftwheel_build"', '"setuptools.build_meta"'),
            encoding="utf-8",
        )
        source = project / "src" / "_histogram.c"
        text = source.read_text(encoding="utf-8")
        assert "{Py_mod_gil, Py_MOD_GIL_NOT_USED}," in text
        source.write_text(text.replace("{Py_mod_gil, Py_MOD_GIL_NOT_USED},", ""), encoding="utf-8")
        done = run(project, "free-threaded-tests", changes, options=self.THREADS)
        assert done.code != 0
        assert "global interpreter lock" in done.log or "GIL was dynamically re-enabled" in done.log


@pytest.mark.action
@pytest.mark.timeout(3600)  # over the limit of act below: a busy machine takes three times as long
class TestThreadSanitizer:
    """With the source that Debian has, checked by apt: about ten minutes, of which building CPython takes half."""

    @pytest.fixture(scope="class")
    @classmethod
    def source(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("cpython")
        code = "import debian, pathlib, sys; debian.download_source(pathlib.Path(sys.argv[1]))"
        subprocess.run([sys.executable, "-c", code, folder], cwd=ROOT / "tools", check=True)
        [archive] = folder.glob("python3.*.orig.tar.xz")
        return archive

    @pytest.fixture(scope="class")
    @classmethod
    def built(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """The caches of this class: the first test builds the interpreter, the second finds it."""
        return tmp_path_factory.mktemp("caches")

    @staticmethod
    def run(project: Path, source: Path, built: Path) -> ActRun:
        template = filled("workflows/free-threaded-tests.yml")
        [address] = re.findall(r"PYTHON_SOURCE: (.*)", template)
        [digest] = re.findall(r"PYTHON_SHA256: (.*)", template)
        changes = {
            address: source.as_uri(),
            digest: hashlib.sha256(source.read_bytes()).hexdigest(),
            "CC: clang": "CC: gcc",
            "CXX: clang++": "CXX: g++",
        }
        job = ("--job", "thread-sanitizer")
        return run(project, "free-threaded-tests", changes, kept=built, options=job, timeout=3300)

    def test_a_race_fails_the_job(self, project: Path, source: Path, built: Path):
        make_racy(project)
        done = self.run(project, source, built)
        assert done.code != 0
        assert "WARNING: ThreadSanitizer: data race" in done.log, done.story
        assert re.search(r"histogram_(add|counts) .*_histogram\.c:\d+", done.log)
        [interpreter] = built.glob("cpython-tsan-*/*")
        (interpreter / "complete").touch()  # what the stand-in for the cache wants

    def test_without_a_race_it_succeeds_with_the_interpreter_of_the_cache(
        self, project: Path, source: Path, built: Path
    ):
        done = self.run(project, source, built)
        assert done.code == 0, done.story
        assert "7 passed" in done.log
        assert "configure" not in done.log

    def test_another_source_than_the_pinned_one_is_not_built(self, project: Path, source: Path, tmp_path: Path):
        other = tmp_path / "python.tar.xz"
        other.write_bytes(source.read_bytes() + b"more")
        template = filled("workflows/free-threaded-tests.yml")
        [address] = re.findall(r"PYTHON_SOURCE: (.*)", template)
        done = run(project, "free-threaded-tests", {address: other.as_uri()}, options=("--job", "thread-sanitizer"))
        assert done.code != 0
        assert "checksum did NOT match" in done.log, done.story


@pytest.mark.action
class TestOwnRelease:
    """ftwheel's own release workflow, with the files of this checkout."""

    def test_the_distributions_of_a_tag_know_its_commit(
        self, tmp_path: Path, default_python: str, monkeypatch: pytest.MonkeyPatch
    ):
        for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):  # what they have is on the index to ftwheel verify
            monkeypatch.delenv(name, raising=False)
        clone, home = tmp_path / "clone", tmp_path / "home"
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        for name in filter(None, listed.stdout.split("\0")):
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone / name)
        workflow = clone / ".github" / "workflows" / "release.yml"
        text = workflow.read_text(encoding="utf-8")
        assert '"3.13"' in text
        workflow.write_text(text.replace('"3.13"', f'"{probe(default_python).label}"'), encoding="utf-8")
        commit_all(clone)
        home.mkdir()
        event = home / "event.json"
        event.write_text(json.dumps({"ref": f"refs/tags/v{__version__}"}), encoding="utf-8")
        done = act(clone, ".github/workflows/release.yml", home=home, options=("--eventpath", str(event)))
        assert done.code == 0, done.story
        published = [path.name for path in sorted((home / "published").iterdir())]
        assert published == [
            f"ftwheel-{__version__}-py3-none-any.whl",
            f"ftwheel-{__version__}.tar.gz",
            f"ftwheel_build-{__version__}-py3-none-any.whl",
            f"ftwheel_build-{__version__}.tar.gz",
        ]
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=clone, capture_output=True, text=True, check=True)
        with zipfile.ZipFile(home / "published" / published[0]) as wheel:
            assert wheel.read("ftwheel/templates/COMMIT").decode() == commit.stdout
