"""Every subset of a small release, exhaustively: it finds exactly the targets that lose their wheel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain, combinations

import pytest

from ftwheel.app.release.verify import Verification, verify
from ftwheel.core.index.page import File, ProjectDetails
from ftwheel.core.index.pages import Pages
from ftwheel.core.installers.registry import installer
from ftwheel.core.release.upload import Upload
from ftwheel.rules.release.coverage import problems

PYTHONS = ("cp313", "cp313t", "cp314", "cp314t")
PLATFORMS = ("win_amd64", "manylinux_2_28_x86_64")
ALL = tuple((python, platform) for python in PYTHONS for platform in PLATFORMS)
DAY = date(2026, 11, 22)
RULES = (installer("pip"), installer("uv"))
Wheels = tuple[tuple[str, str], ...]


def file(python: str, platform: str, version: str) -> File:
    name = f"demo-{version}-{python.removesuffix('t')}-{python}-{platform}.whl"
    return File(filename=name, url=f"https://index.example/{name}")


def sdist(version: str) -> File:
    return File(filename=f"demo-{version}.tar.gz", url=f"https://index.example/demo-{version}.tar.gz")


def judged(wheels: Wheels, *, old: Wheels = ALL, with_sdist: bool = False) -> Verification:
    files = tuple(file(*wheel, "1.0") for wheel in wheels) + ((sdist("1.0"),) if with_sdist else ())
    before = (sdist("0.9"), *(file(*wheel, "0.9") for wheel in old))
    index = Pages.of([ProjectDetails(name="demo", files=before)])
    return verify("demo", "1.0", upload=Upload(files=files), indexes=[index], installers=RULES, day=DAY)


def subsets() -> Iterator[Wheels]:
    yield from chain.from_iterable(combinations(ALL, size) for size in range(1, len(ALL) + 1))


def expected(wheels: Wheels) -> set[tuple[str, str]]:
    """What the rules of docs/verify.md say about this subset, worked out by hand, not with the code."""
    found = set()
    for python, platform in set(ALL) - set(wheels):
        other_build = python.removesuffix("t") if python.endswith("t") else f"{python}t"
        builds = {python for python, _ in wheels}
        # 3.14t is asked for whatever there is, 3.13t only beside another 3.13t, a default build beside either build
        wanted = python in builds or python == "cp314t" or (not python.endswith("t") and other_build in builds)
        if not wanted or platform not in {platform for _, platform in wheels}:
            code = "FTV112"
        elif (other_build, platform) in wheels:
            code = "FTV101"
        else:
            code = "FTV103"
        found.add((code, f"{python}-{platform}"))
    return found


@pytest.mark.parametrize("with_sdist", [True, False])
def test_every_subset_is_missed_exactly_where_it_is_missing(with_sdist: bool) -> None:
    for wheels in subsets():
        verification = judged(wheels, with_sdist=with_sdist)
        found = {(code, cell.target.label) for code, cell in problems(verification.coverage)}
        assert found == expected(wheels), wheels
        assert verification.accepted == found
        instead = "the sdist" if with_sdist else "the older version 0.9"
        assert all(instead in finding.message for finding in verification.findings), wheels


def test_removing_one_wheel_is_one_finding_about_one_place() -> None:
    assert not judged(ALL).findings
    for removed in ALL:
        (finding,) = judged(tuple(wheel for wheel in ALL if wheel != removed)).findings
        build = "free-threaded" if removed[0].endswith("t") else "default"
        assert f"no wheel for the {build} 3.{removed[0].removesuffix('t')[3:]} on {removed[1]}," in finding.message
        assert finding.code == "FTV101"


def test_a_release_without_a_past_is_held_to_itself() -> None:
    wheels = tuple(wheel for wheel in ALL if wheel != ("cp314t", "win_amd64"))
    assert [finding.code for finding in judged(wheels, old=()).findings] == ["FTV101"]
