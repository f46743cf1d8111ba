"""Where ftwheel keeps its own files. Imports almost nothing: a warm ``ftwheel simulate`` starts with it."""

from __future__ import annotations

import os
import sys

__all__ = ["cache_root", "from_here", "home", "near", "no_folder", "python_of", "scripts_of"]


def home() -> str:
    """The user's home folder."""
    return os.path.expanduser("~")


def scripts_of(environment: str | os.PathLike[str], *, system: str = sys.platform) -> str:
    """Where a virtual environment has its programs."""
    return os.path.join(environment, "Scripts" if system == "win32" else "bin")


def python_of(environment: str | os.PathLike[str], *, system: str = sys.platform) -> str:
    """The interpreter of a virtual environment."""
    return os.path.join(scripts_of(environment, system=system), "python.exe" if system == "win32" else "python")


def cache_root(*, system: str = sys.platform) -> str:
    """Where ftwheel keeps what it can make again: ``$FTWHEEL_CACHE_DIR`` if set, else in the user's cache folder."""
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
    """The path as seen from the current folder, where that is shorter: for messages."""
    whole = os.fspath(path)
    try:
        return min(os.path.relpath(whole), whole, key=len)
    except (OSError, ValueError):  # the current folder is gone, or on another drive
        return whole


def no_folder(path: str | os.PathLike[str]) -> str:
    """``there is no folder dist`` where that is why a path is not there; else empty."""
    folder = os.path.dirname(os.path.normpath(path))
    return f"there is no folder {folder}" if folder and not os.path.lexists(folder) else ""


def near(path: str | os.PathLike[str]) -> str:
    """``did you mean dist?`` for a path that is not there and that another beside it resembles; else empty."""
    from ftwheel.core.suggestions import closest

    if os.path.lexists(path):
        return ""  # what is wrong with it is something else
    folder, name = os.path.split(os.path.normpath(path))
    try:
        there = os.listdir(folder or ".")
    except OSError:
        return ""
    suffix = os.path.splitext(name)[1]
    # a.toml is not meant by b.toml because half of its letters are the same
    stems = {each.removesuffix(suffix): each for each in there if suffix and each.endswith(suffix)}
    match = stems.get(closest(name.removesuffix(suffix), stems)) or closest(
        name, (each for each in there if bool(suffix) == ("." in each))
    )
    return f"did you mean {os.path.join(folder, match)}?" if match else ""
