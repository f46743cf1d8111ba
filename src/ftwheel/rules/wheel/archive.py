"""FTW1xx: the zip, RECORD and METADATA. Installers reject such a wheel, or install something unintended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from packaging.version import Version

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.release.index_metadata import metadata_errors
from ftwheel.core.wheel.clashes import folded_clashes
from ftwheel.core.wheel.contents import FlawKind, installed_path
from ftwheel.rules.wheel.facts import WheelFacts, WheelRule

__all__ = ["UnreadableWheel"]

_UNRECORDED = ("RECORD", "RECORD.jws", "RECORD.p7s")  # PEP 427: signatures are made after RECORD
_WEAK = ("md5", "sha1")


class UnreadableWheel(WheelRule):
    """Reported by the command itself, because there is no wheel to check."""

    code = "FTW100"
    title = "The file cannot be read as a wheel"
    why = "It is not a zip file, is truncated, or is not named like a wheel. No installer accepts it."
    fix = "Build or download the file again."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        yield from ()


class _FlawRule(WheelRule):
    """Reports every flaw of one kind that the reader found."""

    kind: ClassVar[FlawKind]

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for flaw in facts.wheel.flaws:
            if flaw.kind is self.kind:
                yield self.finding(facts.subject(path=flaw.path), flaw.detail)


class UnreadableMember(_FlawRule):
    code = "FTW101"
    title = "A member of the zip cannot be unpacked"
    why = "It is damaged, truncated, encrypted, or compressed with a method that installers do not support."
    fix = (
        "Build the wheel again with a tool that stores or deflates its members, and compare its hash after copying it."
    )
    severity = Severity.ERROR
    kind = FlawKind.UNREADABLE


class DuplicateNames(_FlawRule):
    code = "FTW102"
    title = "Two members of the zip have the same name"
    why = """Zip readers disagree about which of the two counts: what a scanner inspects may differ from what an
        installer writes. Package indexes reject such files."""
    fix = "Find the build step that adds the file twice; build in a clean folder."
    severity = Severity.ERROR
    kind = FlawKind.DUPLICATE


class UnsafeNames(_FlawRule):
    code = "FTW103"
    title = "A member's path escapes the folder it is unpacked into"
    why = """An absolute path, a drive letter, a backslash or a `..` component makes a careless unpacker write outside
        the folder, and different unpackers write different files."""
    fix = "Give the member a plain relative path with forward slashes."
    severity = Severity.ERROR
    kind = FlawKind.UNSAFE


class ExpandsLikeABomb(_FlawRule):
    code = "FTW104"
    title = "A member expands like a zip bomb, or is one of too many"
    why = """It would grow far more than real files do, alone or with the other members, it shares its bytes with
        another member, or it is one of thousands of extension modules. ftwheel did not unpack it, so nothing else is
        known about it."""
    fix = "Inspect the member before you trust the file; ship nearly empty data in another form."
    severity = Severity.ERROR
    kind = FlawKind.TOO_LARGE


class BrokenMetadataFile(_FlawRule):
    code = "FTW105"
    title = "WHEEL, METADATA or RECORD is missing or malformed"
    why = """Installers need all three files, which describe the wheel (binary distribution format), and reject a wheel
        whose `Wheel-Version` is not 1.x."""
    fix = "Let a build backend write them, and do not edit wheels by hand: `ftwheel tag` updates all of them together."
    severity = Severity.ERROR
    kind = FlawKind.MALFORMED

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        yield from super().check(facts)
        wheel = facts.wheel.wheel
        if wheel and not re.fullmatch(r"1(\.\d+)*", wheel.wheel_version):
            said = f"has Wheel-Version {wheel.wheel_version[:20]}" if wheel.wheel_version else "has no Wheel-Version"
            yield self.finding(facts.subject(path=facts.wheel.dist_info + "WHEEL"), f"{said}; installers require 1.x")


class NotInRecord(WheelRule):
    code = "FTW106"
    title = "RECORD and the zip do not list the same files"
    why = """A file in RECORD but not in the zip was lost; one in the zip but not in RECORD was added after the build.
        pip 26.3 and uv 0.13 install such a wheel anyway, and PyPI accepts it and sends a mail; the specification lets
        installers reject it."""
    fix = "Repack with `wheel unpack` and `wheel pack`, which rewrite RECORD, or find the step that edits the zip."
    severity = Severity.WARNING

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        wheel = facts.wheel
        if wheel.record is None:
            return
        recorded = {entry.path for entry in wheel.record}
        present = {member.path for member in wheel.members}
        flawed = {flaw.path for flaw in wheel.flaws}
        exempt = {wheel.dist_info + name for name in _UNRECORDED}
        for path in sorted(present - recorded - exempt):
            yield self.finding(facts.subject(path=path), "is in the zip but not in RECORD")
        for path in sorted(recorded - present - flawed - exempt):
            yield self.finding(facts.subject(path=path), "is in RECORD but not in the zip")


class RecordMismatch(WheelRule):
    code = "FTW107"
    title = "A file does not match RECORD"
    why = """Its hash or size differs, so it was changed after the build, or RECORD was written too early. pip 26.3,
        uv 0.13 and PyPI do not compare them; the specification lets installers reject the wheel."""
    fix = """Sign, strip and repair before RECORD is written, or repack with `wheel unpack` and `wheel pack`. RECORD
        requires sha256 or better."""
    severity = Severity.WARNING

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        wheel = facts.wheel
        entries = {entry.path: entry for entry in wheel.record or ()}
        for member in wheel.members:
            entry = entries.get(member.path)
            if entry is None or member.path.removeprefix(wheel.dist_info) in _UNRECORDED:
                continue
            algorithm = entry.digest.partition("=")[0]
            if not entry.digest:
                said = "RECORD has no hash for it"
            elif algorithm in _WEAK or not member.digest:
                said = f"RECORD hashes it with {algorithm!r}, which is not sha256 or better"
            elif entry.digest.rstrip("=") != member.digest:
                said = f"RECORD says {entry.digest}, the file has {member.digest}"
            elif entry.size is not None and entry.size != member.size:
                said = f"RECORD says {entry.size} bytes, the file has {member.size}"
            else:
                continue
            yield self.finding(facts.subject(path=member.path), said)


class MetadataDisagrees(WheelRule):
    code = "FTW108"
    title = "METADATA names another project or version than the file name"
    why = "pip discards such a file, uv fails with an error, and an index rejects it."
    fix = "Do not rename wheels; build again after changing the name or the version."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        metadata, name = facts.wheel.metadata, facts.wheel.name
        if metadata is None:
            return
        if metadata.name != name.name:
            yield self.finding(facts.subject(), f"METADATA says {metadata.name!r}, the file name {name.name!r}")
        try:
            same = Version(metadata.version) == name.version
        except ValueError:
            same = False
        if not same:
            yield self.finding(facts.subject(), f"METADATA says {metadata.version!r}, the file name {name.version}")


class InvalidCoreMetadata(WheelRule):
    code = "FTW109"
    title = "METADATA is not valid core metadata"
    why = """A field is newer than `Metadata-Version`, repeated, unknown or malformed. twine 7 does not upload such a
        file, PyPI rejects it, and other tools may ignore what they cannot read."""
    fix = "Build with a current version of the backend, and do not write METADATA by hand or in a later step."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        if facts.wheel.metadata is not None:
            subject = facts.subject(path=f"{facts.wheel.dist_info}METADATA")
            for error in metadata_errors(facts.wheel.metadata.text):
                yield self.finding(subject, error)


class DistInfoName(WheelRule):
    code = "FTW110"
    title = "The .dist-info folder does not match the file name, or is not the only one"
    why = """It has to be named `NAME-VERSION.dist-info` with the same name and version as the file (binary distribution
        format). With an extra hyphen, pip and uv read a part of the name as the version, and cannot list or remove what
        they installed; PyPI looks for WHEEL and METADATA by the file name, and rejects the file. They
        also reject a wheel that has a second one beside it."""
    fix = "Build with a current version of the backend; do not rename the file or the folder."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        wanted = f"{facts.wheel.name.stem}.dist-info/"
        if facts.wheel.dist_info != wanted:
            yield self.finding(
                facts.subject(path=facts.wheel.dist_info.removesuffix("/")),
                f"has to be named {wanted.removesuffix('/')}",
            )
        folders = {member.path.partition("/")[0] for member in facts.wheel.members if "/" in member.path}
        for folder in sorted(folders - {facts.wheel.dist_info.removesuffix("/")}):
            if folder.endswith(".dist-info"):
                yield self.finding(facts.subject(path=folder), "is a second .dist-info folder")


class ClashingNames(_FlawRule):
    code = "FTW111"
    title = "Two members cannot be unpacked into the same folder"
    why = """Every installer fails on a file that is also the folder of another member. Names that differ only in case
        are one file on Windows and macOS: the member unpacked last replaces the other, and a check against RECORD
        fails. So it does if a member of the .data folder is installed where another member is."""
    fix = "Rename one of the two, or find the build step that adds it twice."
    severity = Severity.ERROR
    kind = FlawKind.CLASH

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        yield from super().check(facts)
        for first, other in folded_clashes(member.path for member in facts.wheel.members):
            yield self.finding(
                facts.subject(path=other),
                f"is the same file as {first} where file systems ignore case",
                severity=Severity.WARNING,
            )
        data = f"{facts.wheel.name.stem}.data/"
        paths = {member.path for member in facts.wheel.members}
        places = {path: path for path in paths}
        for path in sorted(path for path in paths if path.startswith(data)):
            first = places.setdefault(installed_path(path), path)
            if first != path:
                yield self.finding(
                    facts.subject(path=path), f"is installed in the place of {first}", severity=Severity.WARNING
                )
