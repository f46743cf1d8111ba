"""pip told to choose for another interpreter: ``--platform``, ``--python-version``, ``--implementation``, ``--abi``."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ftwheel.core.tags.pip_target import PipTarget, target_environment
from support.comparing import SEED, compare
from support.index_generator import Case, generate
from support.index_generator_machines import MACHINES, RARE, Machine, rungs
from support.pip_command import pip_download, serve, with_real_files
from support.pip_oracle import NEWEST, PipFinder, environment_with
from support.server import IndexServer
from support.simulated import agree, environment, same, simulate

pytestmark = pytest.mark.oracle

CASES = int(os.environ.get("FTWHEEL_ORACLE_TARGETS", "150"))
RUNS = 3  # of the command on each interpreter at least, until it has taken a wheel; about a second each

PLATFORMS = (
    "any", "ANY", "manylinux2014_x86_64", "manylinux2014_aarch64", "manylinux2010_i686", "manylinux2010",
    "linux_x86_64", "Win_AMD64", "pyodide_2025_0_wasm32", "macosx_10_12_universal2", "macosx_10_6_intel",
    "macosx_10_6_i386",
    "macosx_12_0_i386", "macosx_10_5_ppc64", "macosx_10_7_ppc", "macosx_9_0_x86_64", "macosx_10_16_arm64",
    "macosx_11_0_fat64", "macosxcustom_11_0_arm64", "macosx", "ios_11_0_arm64_iphoneos",
    "ios_15_2_x86_64-iphonesimulator", "ios", "android_24_arm64-v8a", "android_x",
)  # fmt: skip
ABIS = ("none", "abi3", "abi3t", "none", "abi3", "cp313t", "CP313", "cp37m", "cp27mu", "cp313td", "pypy311_pp73", "foo")
VERSIONS = ("3", "2", "4", "27", "3.2", "3.1", "3.7", "3.99", "0")


def drawn_target(machine: Machine, rng: random.Random) -> PipTarget:
    """Options that mostly say what the machine is, and sometimes what no machine is."""
    version, flags = machine.nodot, "t" if machine.free_threaded else ""
    own = [machine.platform, machine.platform, rungs(machine, rng), rng.choice(PLATFORMS)]
    abis = [f"cp{version}{flags}", f"cp{version}{flags}", f"cp{version}", rng.choice(ABIS)]
    versions = [version, version, ".".join(map(str, machine.python[:2])), ".".join(map(str, machine.python)), ""]
    target = PipTarget(
        platforms=tuple(rng.choice(own) for _ in range(rng.choice((0, 1, 1, 1, 2, 3)))),
        python_version=rng.choice([*versions, rng.choice(VERSIONS)]),
        abis=tuple(rng.choice(abis) for _ in range(rng.choice((0, 0, 1, 1, 2, 3)))),
        implementation=rng.choice(("", "", "cp", "cp", "py", "pp", "CP", "jy")),
    )
    return target or PipTarget(platforms=(machine.platform,))


def asked(case: Case) -> tuple[Case, PipTarget]:
    """The case on another machine, where pip is told about the one whose files were drawn."""
    rng = random.Random(f"target {case.number}")
    host = rng.choice(RARE if rng.random() < 0.1 else MACHINES)
    return replace(case, machine=host), drawn_target(case.machine, rng)


def test_pip_takes_for_another_interpreter_what_is_said(pip: Callable[[str], PipFinder], tmp_path: Path) -> None:
    finder, root = pip(NEWEST), "http://127.0.0.1:9/"

    def answer(case: Case) -> str:
        there, target = asked(case)
        return finder.answer(there, root, tmp_path / case.number, target)

    def said(case: Case) -> str:
        there, target = asked(case)
        return simulate(there, root, tmp_path / case.number, target=target)

    compare(
        [generate("pip", SEED + 2, number) for number in range(CASES)], lambda cases: list(map(answer, cases)), said
    )


def test_the_tags_are_those_of_pip_in_the_same_order(pip: Callable[[str], PipFinder]) -> None:
    """Of a tag that pip lists twice, the later position counts."""
    wrong = []
    for number in range(CASES):
        rng = random.Random(f"tags {SEED} {number}")
        host, machine = rng.choice(RARE if rng.random() < 0.2 else MACHINES), rng.choice(MACHINES)
        target = drawn_target(machine, rng)
        listed = tuple(dict.fromkeys(reversed(pip(NEWEST).tags(host, target))))[::-1]
        if target_environment(environment(host.label), target).tags != listed:
            wrong.append(f"{host.label} {target}")
    assert not wrong


def test_pip_download_saves_what_is_said(
    native: tuple[str, Machine], index_server: IndexServer, tmp_path: Path
) -> None:
    """As people ask it: with ``--only-binary=:all:``, on the real pair of interpreters."""
    interpreter, host = native
    python = environment_with(tmp_path / "environment", interpreter, f"pip=={NEWEST}")
    taken = 0
    for number in range(10 * RUNS):
        if number >= RUNS and taken:
            break
        case = with_real_files(generate("pip", SEED + 3, number))
        case = replace(case, options=replace(case.options, only_binary=(":all:",), no_binary=()))
        target = drawn_target(case.machine, random.Random(f"download {SEED} {number}"))
        case = replace(case, machine=host)
        root, folders = f"{index_server.url}/download/{host.label}/{number}/", tmp_path / str(number)
        serve(case, root, index_server, folders)
        real = pip_download(python, case, root, folders, target)
        said = simulate(case, root, folders, target=target)
        taken += real.endswith(".whl")
        assert agree(real, said) or real == same(said).rpartition("/")[2], f"{target}\n{case.describe()}\n  pip: {real}"
    assert taken
