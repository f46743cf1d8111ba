"""The resolver against the real uv and the real pip: random worlds of projects on the loopback.

Half of the worlds have no solution, and most of the rest need older versions of something. With pip every answer is the
same. With uv it may differ in one way: where newest versions exclude each other, so that one project can only be newer
if another is older, uv's search also weighs requirements with markers, which it treats as projects of their own and we
do not. Such a difference has to be a trade in both directions, and is seldom.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from packaging.utils import parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from support.index_generator_machines import Machine
from support.pip_oracle import NEWEST, environment_with
from support.resolved import resolve
from support.server import IndexServer
from support.universes import Answer, Dist, Universe, ask_pip, ask_uv, generate, publish
from support.uv_oracle import Uv

pytestmark = pytest.mark.oracle

UV_CASES = int(os.environ.get("FTWHEEL_ORACLE_RESOLVING_UV", "48"))
PIP_CASES = int(os.environ.get("FTWHEEL_ORACLE_RESOLVING_PIP", "3"))
SEED = int(os.environ.get("FTWHEEL_ORACLE_SEED", "1"))
MACHINES = (
    Machine(python=(3, 14, 0), free_threaded=True, system="manylinux", release=(2, 28), processor="x86_64"),
    Machine(python=(3, 13, 0), free_threaded=True, system="win", release=None, processor="amd64"),
    Machine(python=(3, 15, 0), free_threaded=False, system="macosx", release=(14, 0), processor="arm64"),
)


def tags(machine: Machine) -> tuple[str, ...]:
    """Tags of wheels: for either build of this Python on this platform, and for any."""
    python = f"cp{machine.nodot}"
    return (f"{python}-{python}t-{machine.platform}", f"{python}-{python}-{machine.platform}", "py3-none-any")


def _rank(filename: str) -> tuple[bool, Version]:
    """What uv prefers: final releases, then newer ones."""
    version = parse_wheel_filename(filename)[1] if filename.endswith(".whl") else parse_sdist_filename(filename)[1]
    return not version.is_prerelease, version


def is_trade(one: Answer, other: Answer) -> bool:
    """Whether each of two solutions is better somewhere."""
    if isinstance(one, str) or isinstance(other, str):
        return False
    both = one.keys() & other.keys()
    return any(_rank(one[name]) > _rank(other[name]) for name in both) and any(
        _rank(one[name]) < _rank(other[name]) for name in both
    )


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.label)
def test_uv_resolves_the_same(machine: Machine, uv: Uv, index_server: IndexServer, tmp_path: Path) -> None:
    interpreter, python = uv.interpreter(machine), f"{machine.python[0]}.{machine.python[1]}"
    trades = solved = 0
    for number in range(UV_CASES // len(MACHINES)):
        world = generate(SEED, number, python, tags=tags(machine))
        index = publish(world, index_server)
        expected = ask_uv(uv.program, interpreter, world, index, tmp_path)
        found = resolve(world, index, machine.label, "uv")
        solved += expected != "impossible"
        if found != expected:
            trades += 1
            assert is_trade(found, expected), f"{world.describe()}\n  uv: {expected}\n  ftwheel: {found}"
    assert trades <= max(1, UV_CASES // 100)
    assert solved > UV_CASES // len(MACHINES) // 4  # a comparison of nothing but failures would say little


@pytest.mark.parametrize("kinds", [("sdist", "other"), ("sdist", "fits"), ("sdist", "other", "fits"), ("sdist",)])
def test_uv_resolves_with_the_metadata_of_the_nearest_wheel(
    kinds: tuple[str, ...], uv: Uv, index_server: IndexServer, tmp_path: Path
) -> None:
    """Of a version that it builds, what a wheel requires counts, and not what the source distribution does."""
    machine = MACHINES[0]
    named = {"sdist": ".tar.gz", "fits": f"-{tags(machine)[0]}.whl", "other": "-cp313-cp313-win_amd64.whl"}
    dists = [
        Dist(project=name, version="1.0", filename=f"{name}-1.0-py3-none-any.whl")
        for name in ("sdist", "fits", "other")
    ]
    dists += [
        Dist(
            project="alpha", version="1.0", filename=f"alpha-1.0{named[kind]}", requires=(kind,), beside=kind != "sdist"
        )
        for kind in kinds
    ]
    world = Universe(number=f"nearest/{'-'.join(kinds)}", dists=tuple(dists), roots=("alpha",))
    index = publish(world, index_server)
    expected = ask_uv(uv.program, uv.interpreter(machine), world, index, tmp_path)
    assert resolve(world, index, machine.label, "uv") == expected
    assert ("other" in expected) is (kinds == ("sdist", "other"))


def test_pip_resolves_the_same(
    native: tuple[str, Machine], index_server: IndexServer, installers: Path, tmp_path: Path
) -> None:
    interpreter, machine = native
    python = environment_with(installers / f"pip-{NEWEST}-{machine.label}", interpreter, f"pip=={NEWEST}")
    for number in range(PIP_CASES):
        world = generate(SEED, number, f"{machine.python[0]}.{machine.python[1]}", tags=tags(machine))
        index = publish(world, index_server)
        expected = ask_pip(str(python), world, index, tmp_path)
        found = resolve(world, index, machine.label, "pip")
        assert found == expected, f"{world.describe()}\n  pip: {expected}\n  ftwheel: {found}"
