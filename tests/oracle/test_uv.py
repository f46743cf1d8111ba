"""The simulator against the real uv: random indexes on the loopback, machines we do not have, and the real pair."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from support.comparing import BATCHES, SEED, batch, compare
from support.index_generator import Case, generate
from support.index_generator_machines import MACHINES, Machine
from support.server import IndexServer
from support.simulated import simulate
from support.uv_oracle import Uv

pytestmark = pytest.mark.oracle


def without_dependencies(case: Case) -> Case:
    """The same question with ``--no-deps``, for which uv reads no METADATA."""
    return replace(case, options=replace(case.options, dependencies=False))


@pytest.mark.parametrize("number", range(BATCHES))
def test_uv_takes_what_is_said(number: int, uv: Uv) -> None:
    cases = [generate("uv", SEED, case) for case in batch("uv", number)]
    compare(
        [*cases, *map(without_dependencies, cases[::10])],
        uv.answers,
        lambda case: simulate(case, uv.root(case), uv.folders(case)),
    )


@pytest.mark.parametrize("version", ["0.11.2", "0.11.20"])
def test_older_uvs_accept_other_tags(version: str, uv_release: Callable[[str], Uv]) -> None:
    """``abi3t`` came with uv 0.11.3; before 0.11.21 ``linux_*`` and the oldest musllinux won.

    The cases are plain, as for older pips.
    """
    older = uv_release(version)
    compare(
        [generate("uv", SEED, case, plain=True) for case in range(150)],
        older.answers,
        lambda case: simulate(case, older.root(case), older.folders(case), version=version),
    )


def test_uv_looks_at_variants_with_preview_only(uv: Uv, index_server: IndexServer) -> None:
    """With ``--preview`` it asks for the file that describes them, which is not modelled (docs/installers.md)."""
    machine = next(each for each in MACHINES if each.label == "cp313-manylinux_2_36_x86_64")
    names = ("foo-1.0-py3-none-any-x86_64_v3.whl", "foo-1.0-variants.json", "foo-0.9-py3-none-any.whl")
    files = [{"filename": name, "url": f"/files/{name}", "hashes": {}} for name in names]
    page = json.dumps({"meta": {"api-version": "1.1"}, "name": "foo", "files": files})
    index_server.put("/files/foo-1.0-variants.json", "{}", content_type="application/json")
    for flags in ((), ("--preview",)):
        path = f"/variants/{len(flags)}/"  # uv keeps what it read of a page
        index_server.put(f"{path}foo/", page)
        before = len(index_server.paths)
        index = f"{index_server.url}{path}"
        assert uv.choose_first(machine, "foo", *flags, index=index, default_index=index) == "foo-0.9-py3-none-any.whl"
        assert ("/files/foo-1.0-variants.json" in index_server.paths[before:]) is bool(flags)


def test_uv_asks_the_real_interpreter(native: tuple[str, Machine], uv: Uv) -> None:
    """No stand-in: uv runs the interpreter itself, named by its path, so 3.13t is taken as well."""
    interpreter, machine = native
    compare(
        [generate("uv", SEED + 1, case, machine=machine) for case in range(40)],
        lambda cases: uv.answers(cases, interpreter=interpreter),
        lambda case: simulate(case, uv.root(case), uv.folders(case)),
    )
