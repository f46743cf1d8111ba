"""Gives every build its own copy of the source tree.

Concurrent builds in one tree write into each other's ``build`` and ``.egg-info`` folders (which can produce an empty
setuptools wheel), and whatever they leave behind ends up in the next wheel. So each wheel is built from a private copy,
or from an unpacked sdist.

Version control has to keep working in the copy, because backends such as setuptools-scm and hatch-vcs derive the
version and the list of files from it. The copy of a Git work tree gets its own repository folder with its own index,
linked to the original's objects and refs as by ``git worktree``, but without registering anything there.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ftwheel.core.errors import BuildError, refused
from ftwheel.io.system.child_environment import clean_environ
from ftwheel.io.system.folders import cache_root
from ftwheel.io.wheel.tars import open_tar, tar_members

__all__ = ["copy_source", "links_left_out", "unpack_sdist"]

_CACHE_TAG = "CACHEDIR.TAG"  # the Cache Directory Tagging Specification: pytest, mypy, ruff, cargo and uv write it
_NEVER_SOURCE = frozenset({".git", "__pycache__", ".nox", ".tox", "node_modules", ".DS_Store"})
_GIT_TIMEOUT = 60.0


def copy_source(project: Path, scratch: Path, *, without: Path | None = None) -> Path:
    """Copy a project into an empty folder; returns the copy's project folder, which is below ``scratch``.

    Anything that cannot be source is left out: version control's own folder, virtual environments, folders tagged as
    caches, ftwheel's own cache, setuptools' intermediate folders, and ``without`` (the folder of earlier results).
    Times are preserved. Links to other places in the project's Git work tree are replaced by their targets; links that
    point outside of it (or outside of the project, if there is no work tree) are left out (``links_left_out``), so that
    the target of a stranger's link does not get into a wheel. Raises BuildError if a file cannot be read.
    """
    project = project.resolve()
    top, prefix = _git_top(project)
    target = scratch / prefix
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _copy(project, target, _filter(project, without), _Bounds(project=project, root=top or project))
    except OSError as error:
        raise BuildError(
            f"{error.filename or project}: cannot be copied ({error.strerror or error})", hint=refused(error).hint
        ) from error
    if top is not None:
        _link_git(top, prefix, scratch)
    return target


def links_left_out(project: Path, *, without: Path | None = None) -> tuple[str, ...]:
    """The links that ``copy_source`` leaves out because they point outside, as paths from the project, sorted."""
    project = project.resolve()
    top, _ = _git_top(project)
    bounds = _Bounds(project=project, root=top or project)
    skipped = _filter(project, without)
    found: list[str] = []
    folders = [project]
    while folders:
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_symlink():
                    if os.path.exists(entry.path) and not bounds.hold(entry):
                        found.append(Path(entry.path).relative_to(project).as_posix())
                elif entry.is_dir() and not skipped(entry):
                    folders.append(Path(entry.path))
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounds:
    """Where links may point to: ``root`` is the work tree that contains the project, else the project."""

    project: Path
    root: Path

    def keep(self, entry: os.DirEntry[str]) -> bool:
        """Whether a link has the same meaning in the copy."""
        goal = os.readlink(entry.path)
        return not os.path.isabs(goal) and Path(os.path.dirname(entry.path), goal).resolve().is_relative_to(
            self.project
        )

    def hold(self, entry: os.DirEntry[str]) -> bool:
        """Whether the target of a link belongs to the sources."""
        goal = Path(entry.path).resolve()
        return goal.is_relative_to(self.root) and ".git" not in goal.relative_to(self.root).parts


def _filter(project: Path, without: Path | None) -> Callable[[os.DirEntry[str]], bool]:
    """A predicate for the entries to leave out."""
    left_out = {each.resolve() for each in (without, Path(cache_root())) if each}  # builds are made in the cache
    intermediate = os.fspath(project / "build")

    def skipped(entry: os.DirEntry[str]) -> bool:
        if entry.name in _NEVER_SOURCE:
            return True
        if not entry.is_dir(follow_symlinks=False):
            return False
        if os.path.dirname(entry.path) == intermediate and entry.name.startswith(("bdist.", "lib.", "temp.")):
            return True  # setuptools before 71 puts a stale module from here into the next wheel
        if any(os.path.exists(os.path.join(entry.path, name)) for name in ("pyvenv.cfg", _CACHE_TAG)):
            return True
        return Path(entry.path) in left_out

    return skipped


def _copy(source: Path, target: Path, skipped: Callable[[os.DirEntry[str]], bool], bounds: _Bounds) -> None:
    target.mkdir()
    with os.scandir(source) as entries:
        for entry in entries:
            if skipped(entry):
                continue
            scratch = target / entry.name
            if entry.is_symlink() and bounds.keep(entry):
                scratch.symlink_to(os.readlink(entry.path))
            elif entry.is_symlink() and not bounds.hold(entry):
                continue
            elif entry.is_dir():
                _copy(Path(entry.path), scratch, skipped, bounds)
            elif entry.is_file():
                shutil.copy2(entry.path, scratch)
            # the rest is not source: sockets, pipes, devices, broken links
    shutil.copystat(source, target)
    target.chmod(target.stat().st_mode | stat.S_IRWXU)  # builds write into the copy even if the sources are read-only


def unpack_sdist(sdist: Path, scratch: Path) -> Path:
    """Unpack a source distribution into a folder; returns the project's folder (PEP 625: the only one at the top).

    The ``data`` filter of PEP 706 keeps members inside. Raises BuildError when the archive is not a source
    distribution.
    """
    try:
        with open_tar(sdist) as archive:
            _extract(archive, scratch)
        (folder,) = scratch.iterdir()
    except (tarfile.TarError, OSError, ValueError) as error:
        raise BuildError(
            f"{sdist.name}: cannot be unpacked as a source distribution ({error})",
            hint="make it again, for example with: uv build --sdist",
        ) from error
    return folder


def _extract(archive: tarfile.TarFile, scratch: Path) -> None:
    """Extract the archive, but nothing outside of the folder. Raises TarError."""
    if hasattr(tarfile, "data_filter"):
        archive.extractall(scratch, tar_members(archive, keep=True), filter="data")
        return
    # Python before 3.11.4 (as in Debian 12) has no filter: extract only what a source distribution needs
    for member in tar_members(archive, keep=True):
        path = (scratch / member.name).resolve()
        if not (member.isfile() or member.isdir()) or not path.is_relative_to(scratch.resolve()):
            raise tarfile.TarError(f"{member.name!r} is not a file or folder inside it")
        archive.extract(member, scratch)


def _git(folder: Path, *arguments: str, env: dict[str, str] | None = None, feed: bytes = b"") -> bytes | None:
    """The output of a git command; None if there is no git or no repository, or if it fails."""
    try:
        done = subprocess.run(
            ["git", "-C", folder, *arguments],
            input=feed,
            capture_output=True,
            timeout=_GIT_TIMEOUT,
            env=clean_environ(**(env or {})),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _git_top(project: Path) -> tuple[Path | None, str]:
    """The work tree that contains the project, and the project's path in the copy; (None, "source") outside of Git."""
    if not any((folder / ".git").exists() for folder in (project, *project.parents)):
        return None, "source"
    answer = _git(project, "rev-parse", "--show-toplevel")
    if answer is None or not answer.strip():
        return None, "source"
    top = Path(os.fsdecode(answer.rstrip(b"\r\n"))).resolve()
    return (top, f"source/{project.relative_to(top).as_posix()}") if project.is_relative_to(top) else (None, "source")


def _link_git(top: Path, prefix: str, scratch: Path) -> None:
    """Make the copy a work tree of the same repository at the same commit, as clean or dirty as the original."""
    paths = _git(top, "rev-parse", "--git-common-dir", "--git-path", "index")
    branch, commit = _git(top, "symbolic-ref", "-q", "HEAD"), _git(top, "rev-parse", "-q", "--verify", "HEAD")
    if paths is None or (branch is None and commit is None):
        return
    common, index = (top / line for line in os.fsdecode(paths).splitlines())
    private = scratch / "git"
    private.mkdir()
    (private / "HEAD").write_bytes(b"ref: " + branch if branch else commit or b"")
    (private / "commondir").write_text(f"{common.resolve()}\n")
    (private / "gitdir").write_text(f"{scratch / 'source' / '.git'}\n")
    if index.exists():
        for file in (index, *index.parent.glob("sharedindex.*")):
            shutil.copyfile(file, private / file.name)
    (scratch / "source" / ".git").write_text(f"gitdir: {private}\n")
    inside = prefix.removeprefix("source").strip("/.")
    if inside and index.exists():
        _skip_outside(top, inside, scratch / "source", private)


def _skip_outside(top: Path, inside: str, copy: Path, private: Path) -> None:
    """Tell the copy's index that only the project is checked out.

    Outside files that are modified in the original are not marked, so they count as deleted and the copy is dirty too.
    """
    tracked = _git(top, "ls-files", "-z", "--", f":(exclude,top){inside}")
    changed = _git(top, "diff-files", "--name-only", "-z", "--", f":(exclude,top){inside}")
    if tracked is None or changed is None:
        return
    unchanged = [path for path in tracked.split(b"\0") if path and path not in set(changed.split(b"\0"))]
    if unchanged:
        _git(
            copy,
            "update-index",
            "-z",
            "--skip-worktree",
            "--stdin",
            env={"GIT_DIR": os.fspath(private), "GIT_WORK_TREE": os.fspath(copy)},
            feed=b"\0".join(unchanged) + b"\0",
        )
