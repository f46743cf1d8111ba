"""Who wants what of which project, who pulls it in, and which shard looks at it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ftwheel.core.dependencies.inputs import (
    Dependencies,
    PinnedFile,
    PinnedVersion,
    RequirementEdge,
    WantedRequirement,
)
from ftwheel.core.dependencies.readiness import Shard
from ftwheel.core.dependencies.requested import RequestedProject, in_shard, requested_projects
from ftwheel.core.dependencies.resolution import Resolution, ResolvedPin
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.tags.environments import parse_environment

LINUX, WINDOWS = (
    dict(parse_environment(f"cp314t-{platform}").markers) for platform in ("manylinux_2_28_x86_64", "win_amd64")
)


def pin(name: str, version: str = "1.0", *requires: str | RequirementEdge, **more: Any) -> PinnedVersion:
    edges = tuple(RequirementEdge(name=each) if isinstance(each, str) else each for each in requires)
    return PinnedVersion(name=name, version=version, origin="uv.lock", requires=edges, **more)


def lock(*pins: PinnedVersion, is_lock: bool = True, **more: Any) -> Dependencies:
    return Dependencies(label="uv.lock", is_lock=is_lock, resolved=True, pins=pins, **more)


def requirements(*texts: str) -> Dependencies:
    return Dependencies(
        label="requirements.txt",
        resolved=False,
        wanted=tuple(
            WantedRequirement(requirement=parse_requirement(text), origin="requirements.txt:1") for text in texts
        ),
    )


def by_name(*inputs: Dependencies, targets: tuple[dict[str, str], ...] = (LINUX,)) -> dict[str, RequestedProject]:
    return {one.name: one for one in requested_projects([(each, {}) for each in inputs], targets)}


def test_a_lock_pins_versions_and_files_where_their_markers_hold() -> None:
    found = by_name(
        lock(
            pin("b", files=(PinnedFile(filename="b-1.0.tar.gz"),)),
            pin("a", markers=("sys_platform == 'win32'",)),
        ),
        targets=(LINUX, WINDOWS),
    )
    assert list(found) == ["a", "b"]
    assert [number for number, _ in found["a"].versions] == [1]
    assert [(number, requested.pinned) for number, requested in found["b"].versions] == [(0, "1.0"), (1, "1.0")]
    [file] = found["b"].versions[0][1].locked
    assert (file.filename, file.url) == ("b-1.0.tar.gz", "https://lock.invalid/b-1.0.tar.gz")
    assert found["a"].requirement == "a==1.0"


def test_files_of_an_environment_or_a_report_are_those_of_another_target() -> None:
    found = by_name(lock(pin("a", files=(PinnedFile(filename="a-1.0.tar.gz"),)), is_lock=False))
    assert found["a"].versions[0][1].locked == ()


def test_requirements_without_a_resolution_are_taken_as_they_stand() -> None:
    found = by_name(requirements("b>=2 ; sys_platform == 'win32'", "a", "a<3"), targets=(LINUX, WINDOWS))
    assert [number for number, _ in found["b"].versions] == [1]
    assert found["a"].requirement == "a, a<3"
    assert len(found["a"].versions) == 4
    assert found["a"].chains == (("a",),)


def test_two_inputs_that_want_the_same_want_it_once() -> None:
    assert len(by_name(lock(pin("a")), lock(pin("a")))["a"].versions) == 1
    assert by_name(lock(pin("a")), lock(pin("a", "2.0")))["a"].requirement == "a==1.0, a==2.0"


def test_a_resolution_pins_versions_for_its_own_target() -> None:
    resolution = Resolution(
        environment="cp314t-win_amd64",
        pins=(
            ResolvedPin(
                name="a",
                version="1.0",
                requirement=parse_requirement("a>=1"),
                candidate=None,
                requires=(RequirementEdge(name="b"),),
                untold="its build decides",
            ),
            ResolvedPin(name="b", version="", requirement=parse_requirement("b>9"), candidate=None),
        ),
        roots=("a",),
    )
    found = requested_projects([(requirements("a"), {1: resolution})], (LINUX, WINDOWS))
    assert [(one.name, [number for number, _ in one.versions], one.chains) for one in found] == [
        ("a", [0, 1], (("a",),)),
        ("b", [1], (("a", "b"),)),
    ]
    requested = found[0].versions[1][1]
    assert (requested.pinned, requested.resolved, requested.requirement.text) == ("1.0", True, "a>=1")
    assert requested.notes == ("its dependencies are unknown: its build decides",)
    assert found[1].requirement == "b>9"


def test_chains_are_the_shortest_path_from_each_root() -> None:
    found = by_name(
        lock(pin("app", "1.0", "web", "log"), pin("web", "1.0", "log", "app"), pin("tool", "1.0", "web"), pin("log"))
    )
    assert found["log"].chains == (("tool", "web", "log"),)  # no roots are named, and nobody requires tool
    looping = by_name(lock(pin("a", "1.0", "b"), pin("b", "1.0", "a")))
    assert [one.chains for one in looping.values()] == [(("a",),), (("b",),)]
    found = by_name(
        lock(
            pin("app", "1.0", "web"),
            pin("web", "1.0", "log", "app"),
            pin("tool", "1.0", "log", "gone"),
            pin("log"),
            roots=("app", "tool"),
        )
    )
    assert found["log"].chains == (("tool", "log"), ("app", "web", "log"))
    assert found["app"].chains == (("app",),)
    assert "gone" not in found


def test_chains_follow_markers_and_extras() -> None:
    found = by_name(
        lock(
            pin(
                "app",
                "1.0",
                RequirementEdge(name="colour", marker="sys_platform == 'win32'"),
                RequirementEdge(name="http", within="net"),
                RequirementEdge(name="ssl", within="tls"),
            ),
            pin("colour"),
            pin("http"),
            pin("ssl"),
            asked=(RequirementEdge(name="app", extras=("net",)),),
        ),
        targets=(LINUX, WINDOWS),
    )
    assert {name: one.chains for name, one in found.items()} == {
        "app": (("app",),),
        "colour": (("app", "colour"),),
        "http": (("app", "http"),),
    }
    assert [number for number, _ in found["colour"].versions] == [1]


def test_a_project_of_very_many_roots_has_some_chains() -> None:
    roots = tuple(f"root{number}" for number in range(20))
    found = by_name(lock(*(pin(root, "1.0", "base") for root in roots), pin("base"), roots=roots))
    assert len(found["base"].chains) == 8


def test_shards_share_out_every_name_once_whatever_else_there_is() -> None:
    names = [f"project-{number}" for number in range(1000)]
    parts = [[name for name in names if in_shard(name, Shard(of=4, number=number))] for number in range(1, 5)]
    assert sorted(name for part in parts for name in part) == sorted(names)
    assert all(200 < len(part) < 300 for part in parts)
    assert in_shard("anything", None)
    assert in_shard("numpy", Shard(of=4, number=3))  # as every version of ftwheel has to see it


def test_digests_of_requirements_and_constraints_go_with_the_requested_version() -> None:
    def wanted(text: str, digest: str) -> WantedRequirement:
        hashes = frozenset({("sha256", digest)}) if digest else frozenset[tuple[str, str]]()
        return WantedRequirement(requirement=parse_requirement(text), origin="requirements.txt:1", hashes=hashes)

    one = replace(
        requirements(),
        wanted=(wanted("a", "1"), wanted("b", ""), wanted("a ; sys_platform == 'win32'", "2")),
        constraints=(wanted("b==1", "3"),),
    )
    found = by_name(one, targets=(LINUX, WINDOWS))
    digests = {
        (name, number): {digest for _, digest in requested.hashes}
        for name in "ab"
        for number, requested in found[name].versions
    }
    assert digests == {("a", 0): {"1"}, ("a", 1): {"1", "2"}, ("b", 0): {"3"}, ("b", 1): {"3"}}
    resolution = Resolution(
        environment="cp314t-win_amd64",
        pins=(ResolvedPin(name="b", version="1", requirement=parse_requirement("b"), candidate=None),),
        roots=("b",),
    )
    [resolved] = requested_projects([(one, {0: resolution})], (LINUX,))
    assert resolved.versions[0][1].hashes == {("sha256", "3")}


def test_every_project_of_a_large_tree_has_a_chain() -> None:
    roots = tuple(f"root{number}" for number in range(400))
    line = [pin(f"p{number:03}", "1.0", f"p{number + 1:03}") for number in range(200)]
    found = by_name(lock(*(pin(root, "1.0", "p000") for root in roots), *line, pin("p200"), pin("alone"), roots=roots))
    assert len(found["p200"].chains[0]) == 202
    assert found["root399"].chains == (("root399",),)
    assert found["alone"].chains == (("alone",),)


def test_dependents_are_all_projects_that_wait_for_one() -> None:
    found = by_name(
        lock(
            pin("app", "1", "left", "right"),
            pin("left", "1", "leaf"),
            pin("right", "1", "leaf", "right"),  # requires itself, by an extra
            pin("leaf", "1", "loop"),
            pin("loop", "1", "leaf"),
            roots=("app",),
        )
    )
    assert {name: one.dependents for name, one in found.items()} == {
        "app": 0,
        "left": 1,
        "right": 1,
        "leaf": 4,
        "loop": 4,
    }


def test_an_extra_that_alone_leads_to_a_project_is_named() -> None:
    brotli = RequirementEdge(name="brotli", within="fast")
    pins = (
        pin("httpx", "1", "idna", brotli, RequirementEdge(name="inner", within="fast")),
        pin("idna", "1"),
        pin("brotli", "1"),
        pin("inner", "1", "deep"),
        pin("deep", "1"),
    )
    extra = (RequirementEdge(name="httpx", extras=("fast",)),)
    found = by_name(lock(*pins, asked=extra))
    named = {name: one.extras for name, one in found.items() if one.extras}
    assert named == dict.fromkeys(("brotli", "inner", "deep"), ("httpx[fast]",))
    # asked for itself by another input
    found = by_name(lock(*pins, asked=extra), requirements("brotli"))
    assert "brotli" not in {name for name, one in found.items() if one.extras}
