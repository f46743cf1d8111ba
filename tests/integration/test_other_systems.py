"""What differs on Windows and macOS: each decision is a function of the system's name, and is asked for all three.

What cannot be asked from here (locks, signals and process groups of Windows) runs in the smoke jobs of the CI workflow.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ftwheel.io.build.cibuildwheel import native_platforms, system_here
from ftwheel.io.build.repair import repair_command
from ftwheel.io.installers.pip_config import config_files
from ftwheel.io.installers.uv_config import shared_files
from ftwheel.io.system.folders import cache_root, python_of, scripts_of
from ftwheel.io.system.interpreters import uv_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="paths are compared with slashes")

SYSTEMS = ("linux", "darwin", "win32")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder, and no variable that would say where things are."""
    monkeypatch.setenv("HOME", "/home/me")
    for name in ("FTWHEEL_CACHE_DIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("UV_PYTHON_INSTALL_DIR", raising=False)


def test_where_programs_of_an_environment_are() -> None:
    assert [scripts_of("env", system=each) for each in SYSTEMS] == ["env/bin", "env/bin", "env/Scripts"]
    pythons = [python_of(Path("env"), system=each) for each in SYSTEMS]
    assert pythons == ["env/bin/python", "env/bin/python", "env/Scripts/python.exe"]


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [cache_root(system=each) for each in SYSTEMS] == [
        "/home/me/.cache/ftwheel",
        "/home/me/Library/Caches/ftwheel",
        "/home/me/AppData/Local/ftwheel",
    ]
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert cache_root(system="win32") == "/local/ftwheel"


def test_where_uv_keeps_interpreters(monkeypatch: pytest.MonkeyPatch) -> None:
    unix = "/home/me/.local/share/uv/python"
    assert [os.fspath(uv_folder(system=each)) for each in SYSTEMS] == [
        unix,
        unix,
        "/home/me/AppData/Roaming/uv/data/python",
    ]
    monkeypatch.setenv("APPDATA", "/roaming")
    assert os.fspath(uv_folder(system="win32")) == "/roaming/uv/data/python"


@pytest.mark.parametrize(
    ("system", "wanted"),
    [
        (
            "linux",
            ["/etc/xdg/pip/pip.conf", "/etc/pip.conf", "/home/me/.pip/pip.conf", "/home/me/.config/pip/pip.conf"],
        ),
        (
            "darwin",
            ["/Library/Application Support/pip/pip.conf", "/home/me/.pip/pip.conf", "/home/me/.config/pip/pip.conf"],
        ),
        ("win32", ["/data/pip/pip.ini", "/home/me/pip/pip.ini", "/roaming/pip/pip.ini"]),
    ],
)
def test_where_pip_is_configured(system: str, wanted: list[str]) -> None:
    environ = {"PROGRAMDATA": "/data", "APPDATA": "/roaming", "VIRTUAL_ENV": "/env"}
    name = "pip.ini" if system == "win32" else "pip.conf"
    assert list(config_files(environ, system=system)) == [*wanted, f"/env/{name}"]


@pytest.mark.parametrize(
    ("system", "wanted"),
    [
        ("linux", ["/home/me/.config/uv/uv.toml"]),
        ("darwin", ["/home/me/.config/uv/uv.toml"]),
        ("win32", ["/roaming/uv/uv.toml"]),
    ],
)
def test_where_uv_is_configured(system: str, wanted: list[str]) -> None:
    environ = {"APPDATA": "/roaming", "UV_NO_SYSTEM_CONFIG": "1"}
    assert list(shared_files(environ, system=system)) == wanted
    found = list(shared_files({"APPDATA": "/roaming", "SYSTEMDRIVE": "D:"}, system="win32"))
    assert found[1].replace("\\", "/") == "D://ProgramData/uv/uv.toml"


@pytest.mark.parametrize(
    ("system", "machine", "named", "platforms"),
    [
        ("linux", "x86_64", "linux", ("manylinux_x86_64", "musllinux_x86_64", "manylinux_i686", "musllinux_i686")),
        ("linux", "aarch64", "linux", ("manylinux_aarch64", "musllinux_aarch64")),
        ("darwin", "arm64", "macos", ("macosx_arm64", "macosx_universal2")),
        ("win32", "AMD64", "windows", ("win_amd64", "win32")),
        ("win32", "ARM64", "windows", ("win_arm64",)),
    ],
)
def test_what_cibuildwheel_builds_natively(system: str, machine: str, named: str, platforms: tuple[str, ...]) -> None:
    assert system_here(system=system) == named
    assert native_platforms(system=system, machine=machine) == platforms


@pytest.mark.parametrize(
    ("system", "platform", "module"),
    [
        ("darwin", "macosx_11_0_arm64", "delocate.cmd.delocate_wheel"),
        ("darwin", "any", ""),
        ("win32", "win_amd64", "delvewheel"),
        ("linux", "linux_x86_64", ""),  # auditwheel, in a process that is not made by a command line
    ],
)
def test_what_repairs_a_wheel(system: str, platform: str, module: str) -> None:
    command = repair_command(platform, Path("x.whl"), Path("out"), system=system)
    assert command[2:3] == ([module] if module else [])
    assert not command or command[-3:] == ["-w", "out", "x.whl"]
