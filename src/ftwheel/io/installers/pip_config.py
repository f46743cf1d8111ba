"""Reads pip's configuration as ``pip install`` does: its files, then its environment variables.

Source: pip 26.3, ``_internal/configuration.py`` (which files), ``_internal/cli/parser.py`` (which value wins) and
``_internal/cli/cmdoptions.py`` (how a value is parsed).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from ftwheel.core.errors import InstallerConfigError
from ftwheel.core.index.page import normalized
from ftwheel.io.index.settings import NetworkSettings
from ftwheel.io.installers.config import ALL, FormatControl, InstallerConfig, unique
from ftwheel.io.system.folders import home
from ftwheel.io.system.texts import read_text

__all__ = ["config_files", "read_pip"]

_LONGEST_TIMEOUT = 1e6  # seconds; operating systems take no more than some years
_SECTIONS = ("global", "install")  # a later section wins, whichever file it is in
_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
_FALSE = frozenset({"n", "no", "f", "false", "off", "0"})


def config_files(environ: Mapping[str, str], *, system: str = sys.platform) -> Iterator[str]:
    """The files pip reads, lowest precedence first."""
    explicit = environ.get("PIP_CONFIG_FILE")
    if explicit == os.devnull:
        return
    name = "pip.ini" if system == "win32" else "pip.conf"
    if system == "win32":
        shared = [os.path.join(environ.get("PROGRAMDATA", "C:\\ProgramData"), "pip")]
        own = [os.path.join(home(), "pip"), os.path.join(environ.get("APPDATA", home()), "pip")]
    elif system == "darwin":
        shared = ["/Library/Application Support/pip"]
        support = os.path.join(home(), "Library", "Application Support", "pip")
        own = [os.path.join(home(), ".pip"), support if os.path.isdir(support) else os.path.join(home(), ".config/pip")]
    else:
        folders = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
        shared = [*(os.path.join(folder, "pip") for folder in folders), "/etc"]
        own_folder = environ.get("XDG_CONFIG_HOME") or os.path.join(home(), ".config")
        own = [os.path.join(home(), ".pip"), os.path.join(own_folder, "pip")]
    yield from (os.path.join(folder, name) for folder in shared)
    if not (explicit and os.path.exists(explicit)):
        yield from (os.path.join(folder, name) for folder in own)
    yield os.path.join(environ.get("VIRTUAL_ENV") or sys.prefix, name)
    if explicit:
        yield explicit


def _values(environ: Mapping[str, str]) -> list[tuple[str, tuple[str, str]]]:
    """Every option that is set, with its value and origin, in the order in which pip applies them."""
    sections: dict[str, dict[str, tuple[str, str]]] = {section: {} for section in _SECTIONS}
    for path in config_files(environ):
        if not os.path.isfile(path):
            continue
        import configparser

        parser = configparser.RawConfigParser()
        try:
            parser.read_string(read_text(path), path)
        except OSError:  # which pip passes over
            continue
        except (configparser.Error, UnicodeDecodeError) as error:
            text = " ".join(str(error).split())
            raise InstallerConfigError(f"{path}: not a configuration of pip ({text})") from error
        for section, known in sections.items():
            if parser.has_section(section):
                known.update({key.lower().replace("_", "-"): (value, path) for key, value in parser.items(section)})
    found = [item for known in sections.values() for item in known.items() if item[1][0]]
    for name, text in environ.items():
        if name.startswith("PIP_") and text:
            found.append((name[4:].lower().replace("_", "-"), (text, name)))
    return found


def read_pip(environ: Mapping[str, str]) -> InstallerConfig:
    """The configuration of ``pip install``. Raises InstallerConfigError for a file or value that pip rejects too."""
    applied = _values(environ)
    values = dict(applied)

    def text(*names: str) -> str:
        return next((values[name][0] for name in names if name in values), "")

    def words(name: str) -> tuple[str, ...]:
        return unique(text(name).split())

    def flag(name: str) -> bool:
        value, origin = values.get(name, ("no", ""))
        if value.lower() not in _TRUE | _FALSE:
            raise InstallerConfigError(f"{origin}: {name} is {value!r}, expected yes or no")
        return value.lower() in _TRUE

    formats = FormatControl()
    for option, (value, _) in applied:  # the only option that adds to the values of earlier sections
        formats = formats.with_value(option, value) if option in {"no-binary", "only-binary"} else formats
    releases: dict[str, bool] = {ALL: True} if flag("pre") else {}
    for option, wanted in (("all-releases", True), ("only-final", False)):
        names = (name.strip() for name in text(option).split(","))
        releases.update(
            {ALL if name == ALL else normalized(name): wanted for name in names if name not in {"", ":none:"}}
        )
    return InstallerConfig(
        installer="pip",
        default_index=text("index-url", "pypi-url") or None,
        extra_indexes=words("extra-index-url"),
        find_links=tuple(os.path.expanduser(place) for place in words("find-links")),
        no_index=flag("no-index"),
        formats=formats,
        prefer_binary=flag("prefer-binary"),
        releases=releases,
        cutoffs={ALL: _cutoff(*values["uploaded-prior-to"])} if "uploaded-prior-to" in values else {},
        network=NetworkSettings(
            timeout=_seconds(*values.get("timeout", values.get("default-timeout", ("15", "")))),
            proxy=text("proxy"),
            cert=text("cert"),
            client_cert=text("client-cert"),
            trusted_hosts=frozenset(words("trusted-host")),
            keyring=text("keyring-provider") or "auto",
        ),
    )


def _seconds(value: str, origin: str) -> float:
    try:
        seconds = min(_LONGEST_TIMEOUT, float(value))
    except ValueError:
        seconds = 0
    if seconds <= 0:
        raise InstallerConfigError(f"{origin}: timeout is {value[:200]!r}, expected seconds")
    return seconds


def _cutoff(value: str, origin: str) -> datetime:
    """Parse a cutoff as pip does: a time without a time zone is local."""
    days = value.removeprefix("P").removesuffix("D")
    try:
        if value == f"P{days}D":
            return datetime.now(UTC) - timedelta(days=int(days))
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InstallerConfigError(f"{origin}: uploaded-prior-to is {value!r}, expected a date or PnD") from None
