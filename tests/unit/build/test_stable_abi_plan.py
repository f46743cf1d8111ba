"""Which builds come to which wheels with the stable ABI, and who builds them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.build.stable_abi_plan import PythonBuild, floor_of, newer_builder, plan_builds, plan_local_builds
from ftwheel.core.wheel.filename import WheelName

ALL = "3.11 3.12 3.13 3.14 3.14t 3.15 3.15t"


def build(label: str) -> PythonBuild:
    return PythonBuild(minor=int(label.rstrip("t")[2:]), free_threaded=label.endswith("t"))


@pytest.mark.parametrize(
    ("pythons", "floor", "abi3t", "builds"),
    [
        (ALL, 11, True, ["3.11: cp311-abi3", "3.14t: cp314-cp314t", "3.15t: cp315-abi3.abi3t"]),
        ("3.13 3.13t 3.15", 11, True, ["3.13: cp311-abi3", "3.13t: cp313-cp313t"]),
        ("3.13 3.15 3.15t", 11, True, ["3.13: cp311-abi3", "3.15t: cp315-abi3.abi3t"]),
        ("3.13 3.15t", 11, True, ["3.13: cp311-abi3", "3.15t: cp315-abi3.abi3t"]),
        (ALL, 11, False, ["3.11: cp311-abi3", "3.14t: cp314-cp314t", "3.15t: cp315-cp315t"]),
        ("3.14 3.15 3.16 3.15t 3.16t", 16, True, ["3.14: cp314-cp314", "3.15: cp315-cp315", "3.15t: cp315-cp315t", "3.16t: cp316-abi3.abi3t"]),  # noqa: E501
        ("3.10 3.12 3.12", 11, True, ["3.10: cp310-cp310", "3.12: cp311-abi3"]),
        ("3.14 3.14t 3.15t", None, True, ["3.14: cp314-cp314", "3.14t: cp314-cp314t", "3.15t: cp315-cp315t"]),
        ("", 11, True, []),
    ],
)  # fmt: skip
def test_a_wheel_is_built_once_and_by_the_oldest_of_its_range(
    pythons: str, floor: int | None, abi3t: bool, builds: list[str]
) -> None:
    asked = [build(label) for label in pythons.split()]
    planned = plan_builds(asked, floor=floor, abi3t=abi3t)
    assert [f"{each.builder.label}: {each.tag}" for each in planned] == builds
    assert sorted({python for each in planned for python in each.serves}) == sorted(set(asked))
    assert len({each.tag for each in planned}) == len(planned)


def interpreter(label: str) -> Interpreter:
    return Interpreter(
        executable=f"/usr/bin/python{label}", implementation="cpython", version=(3, build(label).minor, 1),
        release_level="final", free_threaded=label.endswith("t"), debug=False, platform="linux-x86_64",
        extension_suffixes=(".so",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "abi3t", "builders"),
    [
        ("3.13 3.13t 3.15 3.11 3.14", True, {"3.11": "3.13 3.14", "3.13t": "", "3.15": ""}),
        ("3.14 3.15 3.15t", True, {"3.14": "", "3.15t": "3.15"}),
        ("3.15t 3.16 3.16t", True, {"3.15t": "3.16 3.16t"}),
        ("3.14 3.15 3.16", True, {"3.14": "", "3.15": "3.16"}),
        ("3.14 3.15 3.15t", False, {"3.14": "3.15", "3.15t": ""}),
        ("3.10 3.12", True, {"3.10": "", "3.12": ""}),
    ],
)
def test_the_builders_of_a_machine_and_whom_their_wheels_serve(
    found: str, abi3t: bool, builders: dict[str, str]
) -> None:
    plan = plan_local_builds(map(interpreter, found.split()), floor=11, abi3t=abi3t)
    assert {each.label: " ".join(other.label for other in others) for each, others in plan.items()} == builders


def test_two_interpreters_of_one_build_are_both_left_to_refuse() -> None:
    first, second = interpreter("3.12"), interpreter("3.12")
    second = replace(second, executable="/opt/python3.12")
    served = interpreter("3.14")
    again = replace(served, executable="/opt/python3.14")
    plan = plan_local_builds([first, second, served, again], floor=11, abi3t=True)
    assert plan == {first: (served, again), second: ()}


@pytest.mark.parametrize(
    ("tag", "builder", "oldest"),
    [
        ("cp311-abi3", "3.13", "3.11"),
        ("cp311-abi3", "3.11", ""),
        ("cp315-abi3.abi3t", "3.16t", "3.15"),
        ("cp315-abi3.abi3t", "3.15", ""),
        ("cp313-cp313t", "3.13t", ""),
        ("py3-none", "3.14", ""),
    ],
)
def test_a_builder_newer_than_the_floor_is_told(tag: str, builder: str, oldest: str) -> None:
    note = newer_builder(WheelName.parse(f"demo-1.0-{tag}-linux_x86_64.whl"), build(builder))
    assert note.endswith(f"build it with {oldest}") if oldest else not note
    assert f"CPython {builder} built it" in note or not oldest


def test_the_floor_is_a_minor_version() -> None:
    assert (floor_of("3.9"), floor_of("3.11"), floor_of("")) == (9, 11, None)
