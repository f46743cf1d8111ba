"""Locate ftwheel's own files. Imports almost nothing, because a warm ``ftwheel simulate`` loads this module first."""

from __future__ import annotations

import os
import sys

__all__ = ["cache_root", "from_here", "home", "near", "no_folder", "python_of", "scripts_of"]


def home() -> str:
    """The user's home folder."""
    return os.path.expanduser("~")


def scripts_of(environment: str | os.PathLike[str], *, system: str = sys.platform) -> str:
    """The folder of a virtual environment's programs."""
    return os.path.join(environment, "Scripts" if system == "win32" else "bin")


def python_of(environment: str | os.PathLike[str], *, system: str = sys.platform) -> str:
    """The interpreter of a virtual environment."""
    return os.path.join(scripts_of(environment, system=system), "python.exe" if system == "win32" else "python")


def cache_root(*, system: str = sys.platform) -> str:
    """The folder for files that ftwheel can recreate: ``$FTWHEEL_CACHE_DIR``, else one in the user's cache folder."""
    if explicit := os.environ.get("FTWHEEL_CACHE_DIR"):
        return os.path.abspath(explicit)
    if system == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.join(home(), "AppData", "Local")
    elif system == "darwin":
        base = os.path.join(home(), "Library", "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home(), ".cache")
    return os.path.join(base, "ftwheel")


def from_here(path: str | os.PathLike[str]) -> str:
    """The path relative to the current folder if that is shorter, for messages."""
    whole = os.fspath(path)
    try:
        return min(os.path.relpath(whole), whole, key=len)
    except (OSError, ValueError):  # the current folder is gone, or on another drive
        return whole


def no_folder(path: str | os.PathLike[str]) -> str:
    """``there is no folder dist`` if a path does not exist because its folder does not; else empty."""
    folder = os.path.dirname(os.path.normpath(path))
    return f"there is no folder {folder}" if folder and not os.path.lexists(folder) else ""


def near(path: str | os.PathLike[str]) -> str:
    """``did you mean dist?`` if a path does not exist but a sibling has a similar name; else empty."""
    from ftwheel.core.suggestions import closest

    if os.path.lexists(path):
        return ""  # it exists, so the problem is not its name
    folder, name = os.path.split(os.path.normpath(path))
    try:
        there = os.listdir(folder or ".")
    except OSError:
        return ""
    suffix = os.path.splitext(name)[1]
    # the shared suffix must not make b.toml resemble a.toml
    stems = {each.removesuffix(suffix): each for each in there if suffix and each.endswith(suffix)}
    match = stems.get(closest(name.removesuffix(suffix), stems)) or closest(
        name, (each for each in there if bool(suffix) == ("." in each))
    )
    return f"did you mean {os.path.join(folder, match)}?" if match else ""
