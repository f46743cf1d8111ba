"""``ftwheel missing`` as a user runs it: a process, its two streams, a terminal, and the pages of the documentation."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from support.commands import ftwheel, ftwheel_environ

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "tests" / "recordings" / "shop"
ASKED = ("missing", SHOP / "uv.lock", "--index", SHOP, "--target", "3.14t-manylinux_2_28_x86_64")


def test_colours_on_a_terminal_and_none_in_a_pipe() -> None:
    plain = ftwheel(*ASKED)
    coloured = ftwheel(*ASKED, environ=ftwheel_environ(FORCE_COLOR="1", COLUMNS="160"))
    assert (plain.code, coloured.code) == (1, 1)
    assert "\x1b" not in plain.out
    assert "\x1b[35msdist" in coloured.out
    assert (plain.err, plain.out.splitlines()[-1]) == ("", "8 of 10 ready; 2 block")
    assert "8 of 10 ready; 2 block" in coloured.out


def test_a_bar_says_how_far_a_long_run_is() -> None:
    own = ROOT / "tests" / "recordings" / "own"
    asked = ("missing", own / "pylock.toml", "--index", own, "--target", "3.14t-win_amd64")
    shown = ftwheel(*asked, environ=ftwheel_environ(FORCE_COLOR="1", COLUMNS="100"))
    assert shown.code == 0, shown.err
    assert re.search(r"\d+/2\d", re.sub(r"\x1b\[[0-9;]*m", "", shown.err))
    assert ftwheel(*asked).err == ""


def test_the_pages_of_the_documentation_show_real_output() -> None:
    text = (ROOT / "docs" / "missing.md").read_text()
    blocks = re.findall(
        r"```console\n\$ ftwheel (missing [^\n]*--index tests/recordings[^\n]*)\n(.*?)```", text, re.DOTALL
    )
    assert len(blocks) == 3
    for command, output in blocks:
        assert ftwheel(*shlex.split(command), cwd=ROOT).out == output, command


def test_the_documentation_names_every_key_of_the_json() -> None:
    _, _, text = (ROOT / "docs" / "json.md").read_text().partition("# JSON of `ftwheel missing`")
    named = set(re.findall(r"`(\w+)`", text))

    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    found = keys(ftwheel(*ASKED, "--format", "json").json)
    assert {"projects", "verdicts", "upload_time"} <= found
    assert found <= named


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_the_options(shell: str) -> None:
    script = ftwheel("completion", shell).out
    assert all(option in script for option in ("missing", "--fail-on", "--issue", "--no-deps", "--merge"))
    companion = ftwheel("completion", shell, "pip-ftwheel").out
    assert all(option in companion for option in ("pip-ftwheel", "--fail-on", "check"))
    assert "--merge" not in companion


@pytest.mark.network
def test_our_own_dependencies_are_ready_on_the_real_index(tmp_path: Path) -> None:
    """The whole tree of pyproject.toml, resolved for each target; ftwheel-build is released together with ftwheel."""
    targets = ("--target", "3.14t-manylinux_2_28_x86_64,3.14t-win_amd64,3.14t-macosx_14_0_arm64")
    done = ftwheel(
        "missing", ROOT, *targets, "--format", "json", environ=ftwheel_environ(FTWHEEL_CACHE_DIR=str(tmp_path))
    )
    assert done.code == 0, done.out or done.err
    not_ready = [each["name"] for each in json.loads(done.out)["projects"] if not each["ready"]]
    assert set(not_ready) <= {"ftwheel-build"}
    assert len(done.json["projects"]) > 20
