"""One judge of a wheel: what the build backend refuses is what ``ftwheel check`` finds, and weighs the same.

A corpus of wheels goes through both. Each refusal names in the registry (``see``) what the check finds for the same
fact.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from ftwheel.core.findings import Severity
from ftwheel.core.index.rules import IndexRules
from ftwheel.io.wheel.reading import inspect_wheel
from ftwheel.io.wheel.stable_abi import stable_symbols
from ftwheel.rules.registry import RULES
from ftwheel.rules.wheel.facts import WheelFacts
from ftwheel.rules.wheel.selection import RuleSelection
from ftwheel_build.inspection import inspect
from ftwheel_build.symbols import STABLE_SYMBOLS
from ftwheel_build.target import Target
from support.backend import target
from support.images import Spec, elf
from support.modules import every_abi
from support.stable_abi import every_stable_abi
from support.wheels import make_wheel

MACHINE = os.uname().machine
PLATFORM = f"linux_{MACHINE}"
DEFAULT, FREE_THREADED, OLDER = (f".cpython-{tag}-{MACHINE}-linux-gnu.so" for tag in ("313", "313t", "312"))
# What only the build can know: the interpreter that the wheel was built for, and that modules were meant to be in it
# (a wheel of the index without any may be meant: one that only names what it depends on).
ONLY_THE_BUILD_KNOWS = {"FTB303", "FTB304"}
# What is about users rather than about what the build made: the backend leaves it to check.
ONLY_CHECK = {"FTW401", "FTW403"}
# Found by both, and weighs less in check: the backend follows no code of an init function, so what it cannot prove may
# be proved by check.
WEIGHS_LESS = {"FTB307"}


@pytest.fixture(scope="module")
def code(
    tmp_path_factory: pytest.TempPathFactory, default_python: str, free_threaded_python: str, python_315: str
) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("modules")
    made = every_abi(folder, default_python, free_threaded_python)
    made |= every_stable_abi(folder / "stable", default_python, python_315)
    other = "aarch64" if MACHINE == "x86_64" else "x86_64"
    foreign = {"aarch64": 183, "x86_64": 62}[other]
    program = bytearray(elf(Spec()))
    program[18:20] = foreign.to_bytes(2, "little")
    return {**made, "": b"", "foreign": bytes(program), "broken": made["default"][:900]}


CORPUS: list[tuple[str, Mapping[str, str], str, dict[str, object]]] = [
    ("cp313-cp313", {f"d/_ext{DEFAULT}": "default"}, "3.13", {}),
    ("cp313-cp313t", {f"d/_ext{FREE_THREADED}": "free-threaded"}, "3.13t", {}),
    ("cp39-abi3", {"d/_ext.abi3.so": "abi3"}, "3.13", {}),
    ("cp313-cp313.cp313t", {f"d/_ext{DEFAULT}": "default", f"d/_ext{FREE_THREADED}": "free-threaded"}, "3.13", {}),
    ("cp313-cp313t", {"d/_ext.so": "free-threaded"}, "3.13t", {}),
    ("py3-none", {"d/libadd.so": "library"}, "3.13t", {}),
    ("py3-none", {"d/__init__.py": ""}, "3.13", {}),
    ("cp313-cp313t", {"d/__init__.py": ""}, "3.13t", {}),
    ("cp39-abi3", {"d/__init__.py": ""}, "3.13", {}),
    ("py3-none-any", {f"d/_ext{FREE_THREADED}": "free-threaded"}, "3.13t", {}),
    ("cp313-cp313-any", {f"d/_ext{DEFAULT}": "default"}, "3.13", {}),
    ("py3-none", {f"d/_ext{FREE_THREADED}": "free-threaded"}, "3.13t", {}),
    ("py3-none", {"d/_ext.so": "free-threaded"}, "3.13t", {}),
    ("cp313-none", {"d/_ext.so": "default"}, "3.13", {}),
    ("cp39-abi3", {f"d/_ext{DEFAULT}": "default"}, "3.13", {}),
    ("cp313-cp313t", {"d/_ext.abi3.so": "abi3"}, "3.13t", {}),
    ("cp313-cp313t", {f"d/_ext{DEFAULT}": "default"}, "3.13t", {}),
    ("cp313-cp313t", {"d/_ext.abi3t.so": "silent"}, "3.13t", {}),
    ("cp313-cp313t", {"d/_ext.so": "silent"}, "3.13t", {}),
    ("cp313-cp313t", {f"d/_ext{FREE_THREADED}": "default"}, "3.13t", {}),
    ("cp313-cp313t", {f"d/_ext{FREE_THREADED}": "abi3"}, "3.13t", {}),
    ("cp313-cp313", {f"d/_ext{DEFAULT}": "free-threaded"}, "3.13", {}),
    ("cp313-cp313", {f"d/_ext{DEFAULT}": "single-phase"}, "3.13", {}),
    ("cp313-cp313t", {"d/_ext.so": "default"}, "3.13t", {}),
    ("cp39-abi3", {"d/_ext.abi3.so": "free-threaded"}, "3.13", {}),
    ("cp313-cp313t", {f"d/_ext{FREE_THREADED}": "mixed"}, "3.13t", {}),
    ("cp313-cp313t-linux_s390x", {f"d/_ext{FREE_THREADED}": "free-threaded"}, "3.13t", {}),
    ("cp313-cp313t-win_amd64", {f"d/_ext{FREE_THREADED}": "free-threaded"}, "3.13t", {}),
    ("py3-none-macosx_11_0_arm64", {"d/libadd.so": "library"}, "3.13t", {}),
    ("py3-none", {"d/tool": "foreign"}, "3.13", {}),
    ("cp313-cp313", {f"d/_ext{DEFAULT}": "default", "d/_ext.abi3.so": "abi3"}, "3.13", {}),
    # a module that another build left over, beside the right one, and alone
    ("cp313-cp313", {f"d/_ext{DEFAULT}": "default", f"d/_ext{OLDER}": "default"}, "3.13", {}),
    (
        "cp313-cp313t",
        {f"d/_ext{FREE_THREADED}": "free-threaded", f"d/_ext{DEFAULT}": "default"},
        "3.13t",
        {},
    ),
    ("cp39-abi3", {"d/_ext.abi3.so": "abi3", f"d/_ext{DEFAULT}": "default"}, "3.13", {}),
    ("cp39-abi3.abi3t", {"d/_ext.so": "silent"}, "3.15t", {}),
    ("cp314-abi3t", {"d/_ext.abi3.so": "abi3"}, "3.14t", {}),
    ("cp313-cp313t", {f"d/_ext{FREE_THREADED}": "free-threaded"}, "3.13t", {"purelib": True}),
    ("cp313-cp313t", {f"d/_ext{FREE_THREADED}": "free-threaded"}, "3.13t", {"tags": [f"cp313-cp313-{PLATFORM}"]}),
    ("cp313-cp313t", {f"d/_ext{FREE_THREADED}": "free-threaded"}, "3.13t", {"tags": []}),
    ("cp313-cp313t", {f"d/_ext{FREE_THREADED}": "free-threaded"}, "3.13t", {"tags": ["cp313"]}),
    ("cp313-cp313t", {f"d/_ext{FREE_THREADED}": "free-threaded"}, "3.13t", {"replace": {"WHEEL": None}}),
    ("cp313-cp313t", {f"d/_ext{FREE_THREADED}": "free-threaded"}, "3.13t", {"replace": {"WHEEL": b"\xff"}}),
    ("cp313-cp313", {f"d/_ext{DEFAULT}": "broken"}, "3.13", {}),
    # stable ABIs
    ("cp315-abi3.abi3t", {"d/_m.abi3t.so": "abi3t"}, "3.15t", {}),
    ("cp315-abi3.abi3t", {"d/_m.abi3t.so": "abi3t without slot"}, "3.15t", {}),
    ("cp315-abi3.abi3t", {"d/_m.abi3t.so": "abi3t init only"}, "3.15t", {}),
    ("cp315-abi3.abi3t", {"d/_m.abi3t.so": "abi3t of 3.16"}, "3.15t", {}),
    ("cp310-abi3", {"d/_m.abi3.so": "abi3 outside"}, "3.13", {}),
    ("cp310-abi3", {"d/_m.abi3.so": "slot of 3.13"}, "3.13", {}),
    ("cp313-abi3", {"d/_m.abi3.so": "slot of 3.13"}, "3.13", {}),
    ("cp313-cp313", {"d/_ext.abi3.so": "abi3"}, "3.13", {}),
    ("cp315-cp315t", {"d/_m.abi3t.so": "abi3t"}, "3.15t", {}),
    ("cp315-cp315.cp315t", {"d/_m.abi3t.so": "abi3t"}, "3.15t", {}),
    ("cp315-cp315t", {"d/_m.abi3t.so": "abi3t", f"d/_ext{FREE_THREADED.replace('313', '315')}": "silent"}, "3.15t", {}),
    ("cp310-abi3", {"d/_m.abi3.so": "both init functions"}, "3.15", {}),
    ("cp310-abi3", {"d/_m.abi3.so": "newer slot in one of two"}, "3.15", {}),
    ("cp315-abi3", {"d/_m.abi3t.so": "abi3"}, "3.15", {}),
    # the ABI tag none: every build that takes it has to find a file of its ABI
    ("cp310-abi3.none", {"d/_ext.abi3.so": "abi3"}, "3.13", {}),
    ("cp312-none", {"d/_m.abi3.so": "slot of 3.13"}, "3.12", {}),
    ("cp313-none", {f"d/_ext{DEFAULT}": "default", f"d/_ext{FREE_THREADED}": "free-threaded"}, "3.13", {}),
    ("cp313-none", {f"d/_ext{DEFAULT}": "default"}, "3.13", {}),
    ("cp313-abi3.none", {"d/_ext.abi3.so": "abi3"}, "3.13", {}),
    ("cp315-none", {"d/_m.abi3t.so": "abi3t"}, "3.15", {}),
    ("cp315-none", {"d/_m.abi3t.so": "abi3t without slot"}, "3.15", {}),
    # one file for two builds, and one for each
    ("cp313-cp313.cp313t", {f"d/_ext{FREE_THREADED}": "free-threaded", "d/_ext.abi3.so": "abi3"}, "3.13", {}),
    ("cp313-cp313.cp313t", {"d/_ext.so": "default"}, "3.13", {}),
    ("cp313-cp313t", {"d/_ext.abi3.so": "free-threaded"}, "3.13t", {}),
    ("cp313-cp313t", {f"d/_ext.abi3-{MACHINE}-linux-gnu.so": "free-threaded"}, "3.13t", {}),
]


Case = tuple[str, Mapping[str, str], str, dict[str, object]]


def make(folder: Path, code: Mapping[str, bytes], case: Case) -> tuple[Path, Target]:
    """The wheel of a case, and the interpreter it was built for."""
    tags, files, label, options = case
    name = f"d-1.0-{tags}{'' if tags.count('-') == 2 else f'-{PLATFORM}'}.whl"
    content = {path: code[kind] for path, kind in files.items()}
    return make_wheel(folder, name, content, **options), target(label, MACHINE)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CORPUS, ids=str)
def test_both_judge_a_wheel_alike(tmp_path: Path, code: Mapping[str, bytes], case: Case) -> None:
    wheel, built_for = make(tmp_path, code, case)
    told = inspect(str(wheel), built_for)
    refused = {error.code for error in told if error.stops} - ONLY_THE_BUILD_KNOWS
    facts = WheelFacts(wheel=inspect_wheel(str(wheel)), stable_symbols=stable_symbols)
    findings = RuleSelection(index_rules=IndexRules.ANY).judge(facts)  # what an index takes is not the build's matter
    errors = {each.code for each in findings if each.severity is Severity.ERROR} - ONLY_CHECK
    for refusal in refused - WEIGHS_LESS:
        assert errors & set(RULES[refusal].see), f"{refusal} is not found: {errors}"
    for refusal in refused & WEIGHS_LESS | {error.code for error in told if not error.stops}:
        assert {each.code for each in findings} & set(RULES[refusal].see)
    assert not errors or refused, "found, and not refused"


def test_the_corpus_trips_every_refusal_of_a_wheel(tmp_path: Path, code: Mapping[str, bytes]) -> None:
    refused: set[str] = set()
    for number, case in enumerate(CORPUS):
        wheel, built_for = make(tmp_path / str(number), code, case)
        refused |= {error.code for error in inspect(str(wheel), built_for)}
    assert {rule for rule in RULES if rule.startswith("FTB3")} <= refused | {"FTB303"}


def test_both_know_the_same_stable_abi() -> None:
    assert stable_symbols() == STABLE_SYMBOLS, "python3 tools/stable_abi_symbols.py writes the backend's table anew"
