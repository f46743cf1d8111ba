"""What a report says of itself, and several of them as one."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from ftwheel.core.dependencies.inputs import UnindexedDependency
from ftwheel.core.dependencies.readiness import (
    BLOCKING,
    Counts,
    FailurePolicy,
    HelpKind,
    MissingReport,
    ProjectReport,
    Readiness,
    Shard,
    merge,
)
from ftwheel.core.dependencies.wording import helps
from ftwheel.core.errors import InputError
from support.readiness import LINUX, NEXT, project, release, report, verdict

WINDOWS = "cp314t-win_amd64"
READY = project("ready", verdict(), verdict(NEXT))
SDIST = project("sdist", verdict(readiness=Readiness.SDIST), verdict(NEXT))
UNTOLD = project("untold", verdict(readiness=Readiness.CANNOT_TELL))
BROKEN = ProjectReport(name="broken", requirement="broken", problem="the index does not answer", problem_code=5)


def test_a_project_is_ready_where_every_target_that_wants_it_is() -> None:
    assert READY.ready
    assert not SDIST.ready
    assert not BROKEN.ready
    assert SDIST.at(NEXT) is SDIST.verdicts[1]
    assert SDIST.at(WINDOWS) is None


@pytest.mark.parametrize(
    ("verdicts", "difference"),
    [
        ((verdict(), verdict(NEXT)), ""),
        ((verdict(),), ""),
        ((verdict(), verdict(NEXT, Readiness.NOTHING)), "cp314t yes, cp315t not yet"),
        ((verdict(), verdict(NEXT, Readiness.CANNOT_TELL)), "cp314t yes, cp315t cannot tell"),
        ((verdict(), verdict(WINDOWS, Readiness.SDIST)), f"{LINUX} yes, {WINDOWS} not yet"),
        ((verdict(), verdict(WINDOWS), verdict(NEXT, Readiness.SDIST)), "cp314t yes, cp315t not yet"),
    ],
)
def test_the_difference_between_targets_names_what_makes_it(verdicts: tuple[Any, ...], difference: str) -> None:
    assert project("foo", *verdicts).difference == difference


def test_counts_and_the_line_that_says_them() -> None:
    found = report(READY, SDIST, UNTOLD, BROKEN)
    assert found.counts == Counts(projects=4, ready=1, blocking=1, allowed=0, untold=2)
    assert found.counts.summary == "1 of 4 ready; 1 blocks; 2 unknown"
    assert report(READY).counts.summary == "1 of 1 ready"
    assert report().counts.summary == "no dependencies, so nothing blocks"
    assert Counts(projects=43, ready=41, blocking=2, allowed=0, untold=0).summary == "41 of 43 ready; 2 block"


def test_an_allowed_project_blocks_nothing_and_is_counted() -> None:
    found = report(READY, SDIST, policy=FailurePolicy(allowed=frozenset({"sdist"})))
    assert found.blocking == ()
    assert found.exit_code == 0
    assert found.counts.summary == "1 of 2 ready; 1 allowed"


def test_the_exit_code_tells_what_could_not_be_judged_from_what_blocks() -> None:
    assert report(READY, UNTOLD).exit_code == 0
    assert report(READY, SDIST).exit_code == 1
    assert report(UNTOLD).exit_code == 2
    assert report(UNTOLD, policy=FailurePolicy(fail_on=frozenset())).exit_code == 0
    assert report().exit_code == 0
    assert report(SDIST, BROKEN).exit_code == 5
    assert report(SDIST, BROKEN, policy=FailurePolicy(allowed=frozenset({BROKEN.name}))).exit_code == 1
    strict = FailurePolicy(fail_on=BLOCKING | {Readiness.CANNOT_TELL})
    assert report(UNTOLD, policy=strict).exit_code == 1
    assert report(SDIST, policy=FailurePolicy(fail_on=frozenset())).exit_code == 0


def _shard(number: int, *projects: ProjectReport, **more: Any) -> MissingReport:
    return report(*projects, shards=(Shard(of=3, number=number),), **more)


def test_merging_gives_the_whole_whatever_the_order() -> None:
    parts = [_shard(1, SDIST), _shard(2, READY, UNTOLD), _shard(3)]
    merged = {merge(order) for order in itertools.permutations(parts)}
    assert merged == {report(READY, SDIST, UNTOLD)}


def test_merging_some_shards_says_which() -> None:
    assert [shard.label for shard in merge([_shard(3), _shard(1)]).shards] == ["1/3", "3/3"]
    assert merge([_shard(1), report(READY)]).shards == ()  # the other part is whole


def test_of_a_project_in_two_parts_the_judged_one_counts() -> None:
    failed = ProjectReport(name="ready", requirement="ready", problem="silent", problem_code=5)
    assert merge([_shard(1, failed), _shard(1, READY)]).projects == (READY,)
    assert merge([_shard(1, READY), _shard(1, failed)]).projects == (READY,)


def test_what_was_set_aside_is_kept_once() -> None:
    aside = UnindexedDependency(name="local", origin="requirements.txt:1", reason="a folder")
    assert merge([_shard(1, set_aside=(aside,)), _shard(2, set_aside=(aside,))]).set_aside == (aside,)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "nothing to merge"),
        ([report(READY), report(READY, targets=(LINUX,))], "cannot be merged"),
        ([_shard(1), report(READY, shards=(Shard(of=4, number=1),))], "shards of 3, 4 parts cannot be merged"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(parts: list[MissingReport], message: str) -> None:
    with pytest.raises(InputError, match=message):
        merge(parts)


def test_what_unblocks_most_comes_first() -> None:
    def one(
        name: str, *, dependents: int = 0, upgrade: str = "", chain: tuple[str, ...] = (), ready: bool = False
    ) -> ProjectReport:
        return project(
            name,
            verdict(LINUX, Readiness.PURE if ready else Readiness.SDIST, upgrade=release(upgrade) if upgrade else None),
            chains=[chain or (name,)],
            dependents=dependents,
        )

    ranked = report(
        one("allowed", dependents=9),
        one("deep", chain=("app", "deep"), dependents=1),
        one("direct"),
        one("much", chain=("app", "much"), dependents=5),
        one("ready", ready=True, dependents=7),
        one("a-ready", ready=True),
        one("solved", upgrade="2.0"),
        targets=(LINUX,),
        policy=FailurePolicy(allowed=frozenset({"allowed"})),
    ).ranked
    assert [each.name for each in ranked] == ["much", "deep", "solved", "direct", "allowed", "a-ready", "ready"]


def test_the_best_help_is_said_first() -> None:
    ask = (HelpKind.ASK, "ask")
    found = project(
        "x",
        verdict(LINUX, Readiness.SDIST, helps=[(HelpKind.BUILD, "build"), ask]),
        verdict(NEXT, Readiness.SDIST, helps=[(HelpKind.UPGRADE, "upgrade"), ask]),
    )
    assert list(helps(report(found), found)) == ["upgrade (cp315t)", "build (cp314t)", "ask"]
