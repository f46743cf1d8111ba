"""Private copies of a source tree: what is left out, and version control in the copy."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from ftwheel.core.errors import BuildError
from ftwheel.io.build.sources import copy_source, links_left_out, unpack_sdist

IDENTITY = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false"]


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", folder, *IDENTITY, *arguments], check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n")


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() or path.is_symlink()}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "place"
    place.mkdir()
    return place


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A tagged repository with two projects in it."""
    top = tmp_path / "repository"
    write(top, "one/pyproject.toml", "one/src/mod.py", "two/pyproject.toml", "README.md")
    git(top, "init", "--quiet", "--initial-branch=main")
    git(top, "add", ".")
    git(top, "commit", "--quiet", "--message", "First")
    git(top, "tag", "v1.2")
    return top


def test_what_cannot_be_source_is_left_out(tmp_path: Path, place: Path) -> None:
    project = tmp_path / "project"
    write(
        project,
        "pyproject.toml",
        "src/pkg/__init__.py",
        "src/pkg/__pycache__/x.cpython-313.pyc",
        "build/release.py",  # not setuptools'
        "build/lib.linux-x86_64-cpython-313/pkg/_ext.so",
        "build/temp.linux-x86_64-cpython-313/_ext.o",
        "build/bdist.linux-x86_64/wheel/x",
        "src/build/lib.c",
        "env/pyvenv.cfg",
        "env/lib/python/site.py",
        "target/CACHEDIR.TAG",
        "target/debug/deps.o",
        "dist/old-1.0-py3-none-any.whl",
        "src/dist/keep.py",
        ".tox/py/x",
    )

    copy = copy_source(project, place, without=project / "dist")

    assert files(copy) == {
        "pyproject.toml", "src/pkg/__init__.py", "build/release.py", "src/build/lib.c", "src/dist/keep.py"
    }  # fmt: skip


def test_a_cache_in_the_project_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitLab keeps only what is in the project's folder, and a project may be the home folder."""
    project = tmp_path / "project"
    write(project, "pyproject.toml", "src/a.c", "cache/pages-1/numpy", "cache/work/0.lock")
    monkeypatch.setenv("FTWHEEL_CACHE_DIR", os.fspath(project / "cache"))

    copy = copy_source(project, project / "cache" / "work" / "0")

    assert files(copy) == {"pyproject.toml", "src/a.c"}


def test_times_and_modes_are_kept(tmp_path: Path, place: Path) -> None:
    project = tmp_path / "project"
    write(project, "configure", "pyproject.toml")
    (project / "configure").chmod(0o755)
    os.utime(project / "configure", (1_600_000_000, 1_600_000_000))

    copied = (copy_source(project, place) / "configure").stat()

    assert (copied.st_mtime, copied.st_mode & 0o777) == (1_600_000_000, 0o755)


def test_links_keep_their_meaning(tmp_path: Path, place: Path) -> None:
    project = tmp_path / "project"
    write(tmp_path, "shared/LICENSE", "shared/deep/file.h")
    write(project, "pyproject.toml", "src/a.c")
    git(tmp_path, "init", "--quiet")
    (project / "inside.c").symlink_to("src/a.c")
    (project / "LICENSE").symlink_to("../shared/LICENSE")
    (project / "include").symlink_to(tmp_path / "shared" / "deep")
    (project / "nowhere").symlink_to("../missing")

    copy = copy_source(project, place)

    assert os.readlink(copy / "inside.c") == "src/a.c"
    assert (copy / "LICENSE").read_text() == "shared/LICENSE\n"
    assert not (copy / "LICENSE").is_symlink()
    assert files(copy) == {"pyproject.toml", "src/a.c", "inside.c", "LICENSE", "include/file.h"}


@pytest.mark.parametrize("tree", [True, False])
def test_a_link_that_leaves_the_project_is_not_followed(tree: bool, tmp_path: Path, place: Path) -> None:
    project = tmp_path / "tree" / "project"
    write(tmp_path, "secret/key", "tree/shared/NOTICE")
    write(project, "pyproject.toml", "src/a.c")
    if tree:
        git(tmp_path / "tree", "init", "--quiet")
    (project / "key").symlink_to(tmp_path / "secret" / "key")
    (project / "src" / "all").symlink_to("../../../secret")
    (project / "through").symlink_to("../shared/out")
    (tmp_path / "tree" / "shared" / "out").symlink_to("../../secret/key")
    (project / "NOTICE").symlink_to("../shared/NOTICE")
    (project / "config").symlink_to("../.git/config")
    (project / "absolute.c").symlink_to(project / "src" / "a.c")

    copy = copy_source(project, place)

    kept = {"pyproject.toml", "src/a.c", "absolute.c"}
    assert files(copy) == (kept | {"NOTICE"} if tree else kept)
    left_out = {"key", "src/all", "through"} | ({"config"} if tree else {"NOTICE"})
    assert set(links_left_out(project)) == left_out


def test_a_link_in_a_circle_ends(tmp_path: Path, place: Path) -> None:
    project = tmp_path / "project"
    write(project, "pyproject.toml", "src/a.c")
    (project / "src" / "again").symlink_to(project)

    with pytest.raises(BuildError, match="cannot be copied"):
        copy_source(project, place)


@pytest.mark.parametrize("where", ["one", "."])
def test_git_describes_the_copy_as_the_original(repository: Path, place: Path, where: str) -> None:
    copy = copy_source(repository / where, place)

    assert git(copy, "describe", "--tags", "--dirty") == "v1.2"
    assert git(copy, "status", "--porcelain", "--untracked-files=no") == ""
    assert git(copy, "rev-parse", "--abbrev-ref", "HEAD") == "main"
    assert git(copy, "rev-parse", "--show-prefix").strip("/") == where.strip(".")
    assert set(git(copy, "ls-files").split()) == set(git(repository / where, "ls-files").split())


@pytest.mark.parametrize("changed", ["one/src/mod.py", "README.md", "two/pyproject.toml"])
def test_what_is_dirty_stays_dirty_wherever_the_change_is(repository: Path, place: Path, changed: str) -> None:
    (repository / changed).write_text("changed\n")

    copy = copy_source(repository / "one", place)

    assert git(copy, "describe", "--tags", "--dirty") == git(repository, "describe", "--tags", "--dirty")
    assert git(copy, "describe", "--tags", "--dirty") == "v1.2-dirty"


def test_the_repository_itself_is_left_alone(repository: Path, place: Path) -> None:
    index = (repository / ".git" / "index").read_bytes()
    before = files(repository)

    copy = copy_source(repository / "one", place)
    (copy / "src" / "mod.py").write_text("a build writes into its tree\n")
    git(copy, "add", ".")

    assert (repository / ".git" / "index").read_bytes() == index
    assert {name for name in files(repository) - before if not name.startswith(".git/objects/")} == set()
    assert git(repository, "worktree", "list").count("\n") == 0
    assert git(repository, "status", "--porcelain") == ""


def test_a_linked_work_tree_and_a_detached_head(repository: Path, tmp_path: Path, place: Path) -> None:
    linked = tmp_path / "linked"
    git(repository, "worktree", "add", "--quiet", "--detach", str(linked))

    copy = copy_source(linked / "one", place)

    assert git(copy, "describe", "--tags", "--dirty") == "v1.2"
    assert git(copy, "rev-parse", "HEAD") == git(repository, "rev-parse", "HEAD")


def test_a_repository_without_commits(tmp_path: Path, place: Path) -> None:
    write(tmp_path, "empty/pyproject.toml")
    git(tmp_path / "empty", "init", "--quiet", "--initial-branch=main")

    assert files(copy_source(tmp_path / "empty", place)) >= {"pyproject.toml"}


def archive(path: Path, *names: str) -> Path:
    with tarfile.open(path, "w:gz") as sink:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(name)
            sink.addfile(info, io.BytesIO(name.encode()))
    return path


@pytest.fixture(params=["filters", "no filters"])
def python_with(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11 before 3.11.4, which Debian 12 has, knows no extraction filters."""
    if request.param == "no filters":
        if sys.version_info >= (3, 14):
            pytest.skip("this Python unpacks nothing without filters")
        monkeypatch.delattr(tarfile, "data_filter", raising=False)


@pytest.mark.usefixtures("python_with")
def test_a_source_distribution_is_unpacked_to_its_only_folder(tmp_path: Path, place: Path) -> None:
    folder = unpack_sdist(archive(tmp_path / "p-1.0.tar.gz", "p-1.0/pyproject.toml", "p-1.0/src/p.py"), place)
    assert folder == place / "p-1.0"
    assert files(folder) == {"pyproject.toml", "src/p.py"}


@pytest.mark.usefixtures("python_with")
@pytest.mark.parametrize(
    "names", [("p-1.0/../../evil", "p-1.0/x"), ("p-1.0/x", "q-1.0/y"), ()], ids=["escapes", "two folders", "empty"]
)
def test_what_is_no_source_distribution_is_refused(tmp_path: Path, place: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(BuildError, match=r"p-1\.0\.tar\.gz: cannot be unpacked"):
        unpack_sdist(archive(tmp_path / "p-1.0.tar.gz", *names), place)
    assert not (tmp_path / "evil").exists()


def test_text_is_no_source_distribution(tmp_path: Path, place: Path) -> None:
    (tmp_path / "p-1.0.tar.gz").write_text("no archive")
    with pytest.raises(BuildError, match="cannot be unpacked"):
        unpack_sdist(tmp_path / "p-1.0.tar.gz", place)
