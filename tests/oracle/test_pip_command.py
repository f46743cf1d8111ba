"""The oracle's oracle: real ``pip install`` runs on the real pair of interpreters say the same as the finder alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.comparing import SEED
from support.index_generator import generate
from support.index_generator_machines import Machine
from support.pip_command import pip_install, serve, with_real_files
from support.pip_oracle import NEWEST, PipFinder, environment_with
from support.server import IndexServer
from support.simulated import agree, simulate

pytestmark = pytest.mark.oracle

RUNS = 6  # of each part; about a second each


@pytest.mark.parametrize("part", range(5))
def test_pip_installs_what_is_said(
    part: int,
    native: tuple[str, Machine],
    pip: Callable[[str], PipFinder],
    index_server: IndexServer,
    tmp_path: Path,
) -> None:
    interpreter, machine = native
    python = environment_with(tmp_path / "environment", interpreter, f"pip=={NEWEST}")
    for number in range(part * RUNS, (part + 1) * RUNS):
        case = with_real_files(generate("pip", SEED + 1, number, machine=machine))
        root, folders = f"{index_server.url}/command/{machine.label}/{number}/", tmp_path / str(number)
        serve(case, root, index_server, folders)
        real = pip_install(python, case, root, folders)
        assert agree(real, pip(NEWEST).answer(case, root, folders)), f"the finder is no oracle here: {case.describe()}"
        assert agree(real, simulate(case, root, folders)), f"{case.describe()}\n  pip: {real}"
