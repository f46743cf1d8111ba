"""What starting a command imports: start-up time is a feature, and one careless import doubles it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ftwheel.cli.main import COMMANDS
from support.server import serve
from support.wheels import make_wheel

_PROGRAM = """
import sys
before = set(sys.modules)
import contextlib, io, json
own = {"contextlib", "io", "json"}
from ftwheel.cli.main import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(sys.argv[1:])
print(json.dumps(sorted(set(sys.modules) - before)))
"""
_ALWAYS = {"ftwheel", "ftwheel.cli", "ftwheel.cli.main", "ftwheel.core", "ftwheel.core.errors"}
# what the options of a command may need: texts, choices and defaults
_TEXTS = ("ftwheel.cli", "ftwheel.core")
_OPTIONS = {
    "ftwheel.render.formats",
    "ftwheel.io.installers.config",
    "ftwheel.io.installers.configured",
    "ftwheel.io.index.settings",
}
_ROOMS = {"ftwheel.render", "ftwheel.io", "ftwheel.io.installers", "ftwheel.io.index"}


def imported(*arguments: str, **variables: str) -> set[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    program = [sys.executable, "-c", _PROGRAM, *arguments]
    done = subprocess.run(program, env=kept | variables, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("argument", ["--version", "--help", "-h"])
def test_what_is_printed_at_once_imports_nothing(argument: str) -> None:
    found = imported(argument)
    assert {name for name in found if name.startswith("ftwheel")} == _ALWAYS
    assert not found & {"argparse", "typing", "shutil", "dataclasses", "pathlib", "subprocess", "urllib"}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_needs_no_library_and_no_use_case(command: str) -> None:
    found = imported(command, "--help")
    others = {name.partition(".")[0] for name in found} - sys.stdlib_module_names - {"ftwheel"}
    assert {name for name in others if not name.startswith("_")} <= {"packaging"}
    own = {name for name in found if name.startswith("ftwheel.") and not name.startswith(_TEXTS)}
    assert own <= _OPTIONS | _ROOMS


def test_the_help_without_argparse_names_every_command() -> None:
    done = subprocess.run([sys.executable, "-m", "ftwheel", "--help"], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 88
    names = [line.split()[0] for line in lines[5:] if line.startswith("  ") and not line.startswith(("   ", "  -"))]
    assert names == list(COMMANDS)
    assert all(word in done.stdout.split() for summary in COMMANDS.values() for word in summary.split())


def test_a_simulation_with_its_page_in_the_cache_needs_no_http_and_no_reasons(tmp_path: Path) -> None:
    name = "demo-1.0.tar.gz"
    file = {"filename": name, "url": f"https://files.example/{name}", "hashes": {"sha256": "0" * 64}}
    page = {"name": "demo", "meta": {"api-version": "1.0"}, "files": [file]}
    with serve() as server:
        server.put("/simple/demo/", json.dumps(page).encode(), headers={"Cache-Control": "max-age=3600"})
        command = ("simulate", "demo", "--no-config", "-i", f"{server.url}/simple/", "--env", "cp314t-win_amd64")
        both = [imported(*command, FTWHEEL_CACHE_DIR=str(tmp_path)) for _ in range(2)]
    needless = {"http", "requests", "urllib.parse", "urllib3", "ftwheel.core.installers.evaluations"}
    assert [found & needless for found in both] == [needless - {"ftwheel.core.installers.evaluations"}, set()]
    if sys.version_info < (3, 13):  # from then on packaging loads inspect to mark what is deprecated, and argparse both
        assert not both[1] & {"dataclasses", "inspect"}, "these and the classes they make are a quarter of the start"


def test_only_what_reads_wheels_imports_zlib_ng(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "demo-1.0-py3-none-any.whl", {"demo.py": "x = 1\n"})
    without = {"zlib_ng"} if sys.version_info[:2] == (3, 13) else set()
    needed = {"zlib_ng", "ftwheel.io.wheel.plain_members"}
    assert imported("check", "--cores", "1", str(wheel)) & needed == needed - without
    shop = Path(__file__).parents[1] / "recordings" / "shop"
    assert not imported("missing", str(shop / "uv.lock"), "--index", str(shop)) & needed


_WITHOUT = """
import runpy, sys
sys.modules["zlib_ng"] = None
sys.argv[0] = "ftwheel"
runpy.run_module("ftwheel", run_name="__main__")
"""


def test_check_says_the_same_without_zlib_ng(tmp_path: Path) -> None:
    files = {"demo.py": "x = 1\n" * 100, "demo.so": b"\x7fELF" + bytes(5_000)}
    wheel = make_wheel(tmp_path, "demo-1.0-cp313-cp313t-linux_x86_64.whl", files)
    data = bytearray(wheel.read_bytes())
    data[data.index(b"demo.py") + 10] ^= 1  # in the deflated data of the first member
    damaged = tmp_path / "damaged-1.0-py3-none-any.whl"
    damaged.write_bytes(data)
    rest = ["check", "--format", "json", str(wheel), str(damaged)]
    with_, without = [
        subprocess.run([sys.executable, *way, *rest], capture_output=True, text=True)
        for way in (["-m", "ftwheel"], ["-c", _WITHOUT])
    ]
    assert with_.stdout == without.stdout
    assert "cannot be unpacked (" in with_.stdout
    assert with_.returncode == without.returncode == 1, without.stderr
