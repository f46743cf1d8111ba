"""FTW6xx: the two wheels of a pair compared with each other. Only the machine code should differ."""

from __future__ import annotations

from collections.abc import Iterator

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.listing import listed_briefly
from ftwheel.core.tags.cpython import NEWEST, exists
from ftwheel.core.tags.cpython_builds import targets_of
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.pairs import PairComparison, ServedBuilds, served_builds
from ftwheel.rules.wheel.facts import GroupRule, ReleaseWheels


def _pair(comparison: PairComparison) -> str:
    return f"{comparison.default} and {comparison.free_threaded}"


class SameName(GroupRule):
    code = "FTW601"
    title = "Both wheels of a pair have the same file name"
    why = """The second one overwrites the first in the output folder, and an index accepts only one of them. Typical
        causes are a `get_tag` override or the ABI tag `none`."""
    fix = "Let the backend set the ABI tag."
    severity = Severity.ERROR

    def check(self, group: ReleaseWheels) -> Iterator[Finding]:
        for comparison in group.comparisons:
            if comparison.same_filename:
                yield self.finding(comparison.default, "is the file name of both wheels of the pair")


class DifferentModules(GroupRule):
    code = "FTW602"
    title = "The wheels of a pair do not have the same extension modules"
    why = "Two builds shared a build folder, or one of them skipped an optional extension."
    fix = "Build each wheel in its own build folder, and make a missing optional extension an error."
    severity = Severity.ERROR

    def check(self, group: ReleaseWheels) -> Iterator[Finding]:
        for comparison in group.comparisons:
            if comparison.modules_only_in_default:
                names = listed_briefly(comparison.modules_only_in_default)
                yield self.finding(comparison.free_threaded, f"lacks {names}, which {comparison.default} has")
            if comparison.modules_only_in_free_threaded:
                names = listed_briefly(comparison.modules_only_in_free_threaded)
                yield self.finding(comparison.default, f"lacks {names}, which {comparison.free_threaded} has")


class DifferentFiles(GroupRule):
    code = "FTW603"
    title = "The wheels of a pair have different Python files or metadata"
    why = """They were not built from the same tree, or the build generates a Python file that depends on the
        interpreter. Installers and resolvers assume that all wheels of a release have the same metadata."""
    fix = """Build both wheels from one source distribution, as `ftwheel build` does. If they already are, the build
        generates the file: keep out of it what differs between two builds, such as dates or the interpreter's ABI.
        Absolute paths are ignored."""
    severity = Severity.WARNING

    def check(self, group: ReleaseWheels) -> Iterator[Finding]:
        for comparison in group.comparisons:
            for files, what in (
                (comparison.files_only_in_default, f"only {comparison.default} has"),
                (comparison.files_only_in_free_threaded, f"only {comparison.free_threaded} has"),
                (comparison.files_that_differ, f"{_pair(comparison)} differ in"),
            ):
                if files:
                    yield self.finding(comparison.free_threaded, f"{what} {listed_briefly(files)}")


class EmptyWheel(GroupRule):
    code = "FTW604"
    title = "A wheel that installs nothing"
    why = """Two concurrent builds shared a build folder: one wheel got the files of both, the other none. If both are
        empty, the build found no package."""
    fix = "Build one wheel after the other, or each in its own build folder."
    severity = Severity.ERROR

    def check(self, group: ReleaseWheels) -> Iterator[Finding]:
        empty = {name for comparison in group.comparisons if len(comparison.empty) == 1 for name in comparison.empty}
        for filename in sorted(empty):
            yield self.finding(filename, "contains nothing but its metadata")
        for comparison in group.comparisons:
            if len(comparison.empty) > 1:
                yield self.finding(
                    comparison.default,
                    f"contains nothing but its metadata; so does {comparison.free_threaded}",
                    fix="Let the build find the package, or ship one wheel tagged py3-none-any if there is none.",
                    severity=Severity.WARNING,
                )


class IdenticalModules(GroupRule):
    code = "FTW605"
    title = "Both wheels of a pair contain an identical extension module"
    why = "Unless built for `abi3t`, a module of one build does not load in the other: one has the wrong one."
    fix = "Remove stale objects and in-tree builds, and build each wheel in a clean build folder."
    severity = Severity.ERROR

    def check(self, group: ReleaseWheels) -> Iterator[Finding]:
        for comparison in group.comparisons:
            if comparison.identical_modules:
                names = listed_briefly(comparison.identical_modules)
                yield self.finding(comparison.free_threaded, f"has the same {names} as {comparison.default}")


class OtherWheelMissing(GroupRule):
    code = "FTW606"
    title = "The other wheel of a pair is missing"
    why = """Users of the other build get an older release, or build from source. The rule only sees the wheels being
        checked: one for the same version on another platform, or one for the other build, shows that both should
        exist."""
    fix = "Build the missing wheel; `ftwheel verify` compares the release with the index."
    severity = Severity.WARNING

    def check(self, group: ReleaseWheels) -> Iterator[Finding]:
        if any(served_builds(wheel.name) is ServedBuilds.DEFAULT for wheel in group.wheels):
            for wheel in group.pairing.without_default:
                yield self.finding(wheel.filename, "has no counterpart for the default build")
        for wheel in group.pairing.without_free_threaded:
            if not _can_be_free_threaded(wheel.name):
                continue
            yield self.finding(wheel.filename, "has no free-threaded counterpart, although other platforms have one")


def _can_be_free_threaded(name: WheelName) -> bool:
    """Whether a free-threaded CPython exists for one of the builds and platforms that a wheel is for."""
    return any(
        exists(NEWEST if target.onwards else target.minor, platform, free_threaded=True) is not False
        for target in targets_of(name)
        for platform in name.platforms
    )


class OneWheelIsEnough(GroupRule):
    code = "FTW607"
    title = "One wheel would serve both builds"
    why = "Nothing in the two wheels depends on the build: native code, if any, is byte-for-byte the same."
    fix = "Ship one wheel with the tag named in the finding."
    severity = Severity.ADVICE

    def check(self, group: ReleaseWheels) -> Iterator[Finding]:
        for comparison in group.comparisons:
            if comparison.one_wheel and not comparison.same_filename:
                yield self.finding(
                    comparison.free_threaded,
                    f"{_pair(comparison)} have the same content: one {comparison.one_wheel.value} wheel is enough",
                )
