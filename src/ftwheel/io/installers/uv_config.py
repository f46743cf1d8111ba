"""Reads uv's configuration as ``uv pip install`` does: variables, then the project's, the user's and the system's file.

Source: uv 0.13.9, crates ``uv-settings`` (which files, how they combine), ``uv-distribution-types`` (indexes, cutoffs)
and ``uv-static`` (variables).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

from ftwheel.core.errors import InstallerConfigError
from ftwheel.core.index.page import normalized
from ftwheel.core.index.urls import redact
from ftwheel.core.installers.options import IndexStrategy
from ftwheel.io.index.settings import NetworkSettings
from ftwheel.io.installers.config import ALL, NONE, FormatControl, InstallerConfig, unique
from ftwheel.io.system.folders import home
from ftwheel.io.system.texts import read_text

__all__ = ["read_uv", "shared_files"]

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})


_NAMES: dict[object, str] = {str: "a string", list: "a list", dict: "a table", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class _File:
    """One configuration file: its ``[tool.uv]`` table or the whole of a ``uv.toml``."""

    path: str
    table: Mapping[str, Any]

    def get(self, key: str, kind: type | tuple[type, ...]) -> Any:
        """The value of a key, preferring the ``[pip]`` table; None if it is not set."""
        pip = self.table.get("pip")
        for table in (pip if isinstance(pip, dict) else {}, self.table):
            if key in table:
                if not isinstance(table[key], kind):
                    raise InstallerConfigError(
                        f"{self.path}: {key} is {redact(repr(table[key]))}, expected {_NAMES.get(kind, 'another type')}"
                    )
                return table[key]
        return None

    def texts(self, key: str) -> list[str]:
        values = self.get(key, list) or []
        if not all(isinstance(value, str) for value in values):
            raise InstallerConfigError(f"{self.path}: {key} is not a list of strings")
        return values

    def absolute(self, location: str) -> str:
        """Return a URL unchanged, and a path as an absolute one: it is relative to the configuration file."""
        return location if "://" in location else os.path.join(os.path.dirname(self.path), location)


def _files(environ: Mapping[str, str], folder: str) -> Iterator[_File]:
    """The files uv reads, highest precedence first."""
    if explicit := environ.get("UV_CONFIG_FILE"):
        yield _read(explicit)
        return
    if environ.get("UV_NO_CONFIG", "").lower() in _TRUE:
        return
    for parent in _upwards(_workspace_root(folder) or folder):
        if os.path.isfile(path := os.path.join(parent, "uv.toml")):
            yield _read(path)
            break
        if found := _project(os.path.join(parent, "pyproject.toml")):
            yield found
            break
    for path in shared_files(environ):
        if os.path.isfile(path):
            yield _read(path)


def _upwards(folder: str) -> Iterator[str]:
    """The folder and all its parents."""
    yield folder
    while folder != (folder := os.path.dirname(folder)):
        yield folder


def _workspace_root(folder: str) -> str | None:
    """Where uv's search for configuration starts if the folder is in a project; None if it is not.

    A ``uv.toml`` between the folder and the project's root does not count. For a member of a workspace further up, it
    is the workspace's root (``Workspace::discover`` of uv 0.13.9, ``uv-workspace/src/workspace.rs``).
    """
    project = next(
        (parent for parent in _upwards(folder) if os.path.isfile(os.path.join(parent, "pyproject.toml"))), None
    )
    if project is None:
        return None
    named, workspace = _declares(project)
    if not named or workspace is not None:
        return project if workspace is not None else None
    for parent in _upwards(os.path.dirname(project)):
        above, members = _declares(parent)
        if members is None and above:
            break  # a project that is not a workspace ends the search
        if members is not None:
            relative = os.path.relpath(project, parent).replace(os.sep, "/")
            if any(fnmatchcase(relative, member.removesuffix("/")) for member in members):
                return parent
            break
    return project


def _declares(folder: str) -> tuple[bool, list[str] | None]:
    """Whether a folder's ``pyproject.toml`` has a ``[project]``, and the members of the workspace it declares."""
    try:
        text = read_text(os.path.join(folder, "pyproject.toml"))
    except (OSError, UnicodeDecodeError):
        return False, None
    if "workspace" not in text and re.search(r"^\[project\]", text, re.MULTILINE):
        return True, None  # parsing costs more than the rest of a warm start
    from ftwheel_build.toml import loads

    try:
        document = loads(text)
    except ValueError:
        return False, None
    table: Any = document
    for key in ("tool", "uv", "workspace"):
        table = table.get(key) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        return "project" in document, None
    members = table.get("members")
    return "project" in document, [each for each in members if isinstance(each, str)] if isinstance(
        members, list
    ) else []


def shared_files(environ: Mapping[str, str], *, system: str = sys.platform) -> Iterator[str]:
    """The user's file, then the system's."""
    of_system = environ.get("UV_NO_SYSTEM_CONFIG", "").lower() not in _TRUE
    if system == "win32":
        yield os.path.join(environ.get("APPDATA", home()), "uv", "uv.toml")
        if of_system:
            yield os.path.join(environ.get("SYSTEMDRIVE", "C:") + "\\", "ProgramData", "uv", "uv.toml")
        return
    yield os.path.join(environ.get("XDG_CONFIG_HOME") or os.path.join(home(), ".config"), "uv", "uv.toml")
    if of_system:
        folders = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
        files = [*(os.path.join(folder, "uv", "uv.toml") for folder in folders), "/etc/uv/uv.toml"]
        yield from [path for path in files if os.path.isfile(path)][:1]


def _read(path: str) -> _File:
    from ftwheel_build.toml import loads

    try:
        return _File(os.path.abspath(path), loads(read_text(path, newline="")))
    except OSError as error:
        raise InstallerConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InstallerConfigError(f"{path}: not valid TOML ({error})") from error


def _project(path: str) -> _File | None:
    """The ``[tool.uv]`` table of a ``pyproject.toml``; None without one, or if the file is invalid (as in uv)."""
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError):
        return None
    # Parsing costs more than the rest of a warm start, and most projects do not configure uv.
    if not re.search(r"\buv\b", text):
        return None
    from ftwheel_build.toml import loads

    try:
        tool = loads(text).get("tool")
    except ValueError:
        return None
    table = tool.get("uv") if isinstance(tool, dict) else None
    return _File(os.path.abspath(path), table) if isinstance(table, dict) else None


@dataclass(frozen=True, slots=True)
class _Indexes:
    """Indexes in uv's order, highest precedence first; flat ones are equivalent to ``find-links``.

    ``explicit`` ones are for projects that name them in ``[tool.uv.sources]``.
    """

    default: str | None
    extra: tuple[str, ...]
    flat: tuple[str, ...]
    explicit: tuple[str, ...]


def _indexes(environ: Mapping[str, str], files: Sequence[_File]) -> _Indexes:
    default: list[str] = []
    extra: list[tuple[str, str]] = []
    flat: list[str] = []
    explicit: list[str] = []

    def add(url: str, *, name: str = "", is_default: bool = False) -> None:
        if is_default:
            default.append(url)
        else:
            extra.append((name, _with_login(url, name, environ)))

    # All indexes of all files come first, then all extra ones, then the first index-url.
    for option in ("UV_DEFAULT_INDEX", "UV_INDEX"):
        for word in environ.get(option, "").split():
            named = re.fullmatch(r"([A-Za-z0-9_.-]+)=(.*)", word)
            name, url = (named[1], named[2]) if named else ("", word)
            add(url, name=name, is_default=option == "UV_DEFAULT_INDEX")
    for file in files:
        for entry in file.get("index", list) or []:
            if not isinstance(entry, dict) or not isinstance(entry.get("url"), str):
                raise InstallerConfigError(f"{file.path}: an entry of index has no url")
            if entry.get("explicit"):
                explicit.append(_with_login(file.absolute(entry["url"]), str(entry.get("name", "")), environ))
            elif entry.get("format") == "flat":
                flat.append(file.absolute(entry["url"]))
            else:
                add(file.absolute(entry["url"]), name=str(entry.get("name", "")), is_default=bool(entry.get("default")))
    for url in environ.get("UV_EXTRA_INDEX_URL", "").split():
        add(url)
    for file in files:
        for url in file.texts("extra-index-url"):
            add(file.absolute(url))
    default += [url] if (url := environ.get("UV_INDEX_URL", "")) else []
    default += [file.absolute(url) for file in files if (url := file.get("index-url", str))]
    names: set[str] = set()
    kept: list[str] = []
    for name, url in extra:
        if name not in names:
            kept.append(url)
        names |= {name} - {""}
    return _Indexes(default[0] if default else None, unique(kept), tuple(flat), unique(explicit))


def _with_login(url: str, name: str, environ: Mapping[str, str]) -> str:
    """The URL with the credentials that environment variables set for the index of this name."""
    key = re.sub(r"[^A-Z0-9]", "_", name.upper())
    user, password = (environ.get(f"UV_INDEX_{key}_{part}", "") for part in ("USERNAME", "PASSWORD"))
    if not name or not (user or password):
        return url
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest.rpartition('@')[2]}"


def read_uv(environ: Mapping[str, str], folder: str) -> InstallerConfig:
    """The configuration of ``uv pip install`` in a folder. Raises InstallerConfigError."""
    files = tuple(_files(environ, folder))
    indexes = _indexes(environ, files)

    def first(key: str, variable: str, kind: type = str) -> Any:
        found = (value for file in files if (value := file.get(key, kind)) is not None)
        return environ.get(variable) or next(found, None)

    links = [link.strip() for link in environ.get("UV_FIND_LINKS", "").split(",") if link.strip()]
    links += [file.absolute(link) for file in files for link in file.texts("find-links")]
    return InstallerConfig(
        installer="uv",
        default_index=indexes.default,
        extra_indexes=indexes.extra,
        explicit_indexes=indexes.explicit,
        find_links=unique([*links, *indexes.flat]),
        no_index=bool(first("no-index", "", bool)),
        formats=_formats(files),
        releases=_releases(first("prerelease", "UV_PRERELEASE")),
        cutoffs=_cutoffs(first("exclude-newer", "UV_EXCLUDE_NEWER"), files),
        index_strategy=_strategy(first("index-strategy", "UV_INDEX_STRATEGY")),
        network=NetworkSettings(
            timeout=_seconds(environ.get("UV_HTTP_TIMEOUT") or environ.get("UV_REQUEST_TIMEOUT") or "30"),
            trusted_hosts=frozenset(
                [
                    *environ.get("UV_INSECURE_HOST", "").split(),
                    *(h for f in files for h in f.texts("allow-insecure-host")),
                ]
            ),
            keyring=first("keyring-provider", "UV_KEYRING_PROVIDER") or "disabled",
        ),
    )


def _seconds(text: str) -> float:
    return float(text) if re.fullmatch(r"\d{1,6}", text) else 30.0


def _formats(files: Sequence[_File]) -> FormatControl:
    def names(switch: str, listed: str) -> frozenset[str]:
        if next((value for file in files if (value := file.get(switch, (bool, list))) is not None), None) is True:
            return frozenset({ALL})
        pip = [file.table["pip"] for file in files if isinstance(file.table.get("pip"), dict)]
        found = [str(name) for table in pip for name in table.get(listed, [])]
        found += [name for file in files for name in file.texts(f"{switch}-package")]
        if ALL in found:
            return frozenset({ALL})
        return frozenset(normalized(name) for name in found if name != NONE)

    return FormatControl(only_binary=names("no-build", "only-binary"), no_binary=names("no-binary", "no-binary"))


def _releases(mode: str | None) -> dict[str, bool]:
    match mode:
        case None | "if-necessary-or-explicit":
            return {}
        case "allow":
            return {ALL: True}
        case "disallow":
            return {ALL: False}
        case _:
            raise InstallerConfigError(
                f"uv is configured with prerelease = {mode!r}, which is not simulated",
                hint="use --no-config, and --pre to allow pre-releases",
            )


def _strategy(name: str | None) -> IndexStrategy:
    try:
        return IndexStrategy(name) if name else IndexStrategy.FIRST_INDEX
    except ValueError:
        known = ", ".join(strategy.value for strategy in IndexStrategy)
        raise InstallerConfigError(
            f"uv is configured with index-strategy = {name!r}, expected one of {known}"
        ) from None


def _cutoffs(text: str | None, files: Sequence[_File]) -> dict[str, datetime | None]:
    cutoffs: dict[str, datetime | None] = {ALL: _cutoff(text)} if text else {}
    for file in reversed(files):
        for name, value in (file.get("exclude-newer-package", dict) or {}).items():
            cutoffs[normalized(name)] = None if value is False else _cutoff(str(value))
    return cutoffs


_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
# Not compiled, so that a warm start does not pay for rarely used patterns
_SPAN = r"(\d{1,6})\s*(w|weeks?|wks?|d|days?|h|hours?|hrs?|m|minutes?|mins?|s|seconds?|secs?)\b,?\s*"
_ISO_SPAN = r"P(?=.)(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?"


def _cutoff(text: str) -> datetime:
    """Parse a cutoff as uv does: a date means its end in the local time zone; a duration counts back from now."""
    value = text.strip()
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            return (datetime.fromisoformat(value) + timedelta(days=1)).astimezone(UTC)
        time = datetime.fromisoformat(value)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    span = value.lstrip("+-").removesuffix("ago").rstrip()
    if match := re.fullmatch(_ISO_SPAN, span, re.IGNORECASE):
        amounts = {unit: int(amount) for unit, amount in zip(_UNITS.values(), match.groups(), strict=True) if amount}
    elif re.fullmatch(f"(?:{_SPAN})+", span, re.IGNORECASE):
        amounts = {_UNITS[unit[0].lower()]: int(amount) for amount, unit in re.findall(_SPAN, span, re.IGNORECASE)}
    else:
        raise InstallerConfigError(
            f"uv is configured with exclude-newer = {text!r}, which is not a date, a time or a span"
        )
    return datetime.now(UTC) - timedelta(**amounts)
