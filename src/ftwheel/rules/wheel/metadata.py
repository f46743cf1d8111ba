"""FTW5xx: what METADATA says about free-threading and versions, compared with the wheels."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.specifiers import InvalidSpecifier

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.tags.cpython_builds import targets_of
from ftwheel.core.versions import specifier_set
from ftwheel.core.wheel.pairs import ServedBuilds, served_builds
from ftwheel.rules.wheel.facts import GroupRule, ReleaseWheels, WheelFacts, WheelRule

__all__ = ["RequiresPythonExcludes"]

_CLASSIFIER = "Programming Language :: Python :: Free Threading"
_LATER = 20  # minor versions after the floor to try for an open-ended target
_MICROS = (0, 1, 5, 10, 20, 99)


class ClassifierMissing(WheelRule):
    code = "FTW501"
    title = "A free-threaded wheel without the free-threading classifier"
    why = """Readers of the project page and trackers of free-threading support rely on the classifier
        `Programming Language :: Python :: Free Threading`."""
    fix = (
        "Add `Programming Language :: Python :: Free Threading :: 2 - Beta` (or the level that fits) to `classifiers`."
    )
    severity = Severity.ADVICE

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        metadata = facts.wheel.metadata
        serves = any(target.free_threaded for target in facts.targets)
        if metadata and serves and not any(line.startswith(_CLASSIFIER) for line in metadata.classifiers):
            yield self.finding(facts.subject(), "serves free-threaded builds, but its METADATA has no such classifier")


class ClassifierWithoutWheel(GroupRule):
    code = "FTW502"
    title = "The free-threading classifier without a free-threaded wheel"
    why = """The project claims to support free-threading, but a free-threaded interpreter can install none of these
        wheels: its users build from source, or get an older release."""
    fix = "Build the free-threaded wheel too (`ftwheel build`), or drop the classifier."
    severity = Severity.ADVICE  # there may be other wheels than those checked

    def check(self, group: ReleaseWheels) -> Iterator[Finding]:
        claims = [
            wheel
            for wheel in group.wheels
            if wheel.metadata and any(line.startswith(_CLASSIFIER) for line in wheel.metadata.classifiers)
        ]
        defaults_only = all(served_builds(wheel.name) is ServedBuilds.DEFAULT for wheel in group.wheels)
        if claims and defaults_only and len(group.wheels) > 1:
            yield self.finding(
                claims[0].filename,
                f"has the free-threading classifier, but none of the {len(group.wheels)} wheels is free-threaded",
            )


class RequiresPythonExcludes(WheelRule):
    code = "FTW503"
    title = "Requires-Python excludes the build that the tags serve"
    why = "Installers check it before the tags, so nobody can install the wheel."
    fix = "Widen `requires-python`, or stop building for that version."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        metadata = facts.wheel.metadata
        if metadata is None or not metadata.requires_python:
            return
        try:
            allowed = specifier_set(metadata.requires_python)
        except InvalidSpecifier:
            return  # FTW109 reports that
        for target in targets_of(facts.wheel.name):
            minors = range(target.minor, target.minor + (_LATER if target.onwards else 1))
            versions = [f"3.{minor}.{micro}" for minor in minors for micro in _MICROS]
            if not any(allowed.contains(version, prereleases=True) for version in versions):
                yield self.finding(
                    facts.subject(),
                    f"Requires-Python: {metadata.requires_python} excludes {target.label}, which the wheel is for",
                )
