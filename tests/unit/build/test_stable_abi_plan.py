"""Which builds come to which wheels with the stable ABI, and who builds them."""

from __future__ import annotations

import pytest

from ftwheel.core.build.stable_abi_plan import PythonBuild, plan_builds

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
