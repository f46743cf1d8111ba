"""FTW1xx: the zip, RECORD and METADATA. An installer refuses such a wheel, or installs something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from packaging.version import Version

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.release.index_metadata import metadata_errors
from ftwheel.core.wheel.clashes import folded_clashes
from ftwheel.core.wheel.contents import FlawKind
from ftwheel.rules.wheel.facts import WheelFacts, WheelRule

__all__ = [
    "BrokenMetadataFile",
    "ClashingNames",
    "DistInfoName",
    "DuplicateNames",
    "ExpandsLikeABomb",
    "InvalidCoreMetadata",
    "MetadataDisagrees",
    "NotInRecord",
    "RecordMismatch",
    "UnreadableMember",
    "UnreadableWheel",
    "UnsafeNames",
]

_UNRECORDED = ("RECORD", "RECORD.jws", "RECORD.p7s")  # PEP 427: signatures are made after RECORD
_WEAK = ("md5", "sha1")


class UnreadableWheel(WheelRule):
    """Raised by the command itself: there is nothing to look into."""

    code = "FTW100"
    title = "The file cannot be read as a wheel"
    why = "It is not a zip, it is cut off, or its name is not a wheel's. No installer takes it."
    fix = "Build or download the file again."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        yield from ()


class _FlawRule(WheelRule):
    """Every flaw of one kind that the reader met is a finding."""

    kind: ClassVar[FlawKind]

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for flaw in facts.wheel.flaws:
            if flaw.kind is self.kind:
                yield self.finding(facts.subject(path=flaw.path), flaw.detail)


class UnreadableMember(_FlawRule):
    code = "FTW101"
    title = "A member of the zip cannot be unpacked"
    why = "It is damaged, cut off, encrypted, or compressed with a method that installers do not read."
    fix = (
        "Build the wheel again with a tool that stores or deflates its members, and compare its hash after copying it."
    )
    severity = Severity.ERROR
    kind = FlawKind.UNREADABLE


class DuplicateNames(_FlawRule):
    code = "FTW102"
    title = "Two members of the zip have one name"
    why = """Readers of zips disagree about which of the two is the file: what a scanner looked at need not be what an
        installer writes. Package indexes refuse such files."""
    fix = "Find the build step that adds the file a second time; build in a clean folder."
    severity = Severity.ERROR
    kind = FlawKind.DUPLICATE


class UnsafeNames(_FlawRule):
    code = "FTW103"
    title = "A member's name leaves the folder it is unpacked into"
    why = """An absolute path, a drive letter, a backslash or a part like `..` makes a careless unpacker write
        elsewhere, and makes different unpackers write different files."""
    fix = "Give the member a plain relative path with forward slashes."
    severity = Severity.ERROR
    kind = FlawKind.UNSAFE


class ExpandsLikeABomb(_FlawRule):
    code = "FTW104"
    title = "A member expands like a zip bomb"
    why = """It would grow by more than two hundred times, or it shares its bytes with another member. ftwheel did not
        unpack it, so nothing else is known about it."""
    fix = "Look at the member before you trust the file; ship data that is almost empty in another form."
    severity = Severity.ERROR
    kind = FlawKind.TOO_LARGE


class BrokenMetadataFile(_FlawRule):
    code = "FTW105"
    title = "WHEEL, METADATA or RECORD is missing or malformed"
    why = "Installers need all three, and take the wheel's word about itself from them (binary distribution format)."
    fix = "Let a build backend write them, and do not edit a wheel by hand: `ftwheel tag` changes all places together."
    severity = Severity.ERROR
    kind = FlawKind.MALFORMED


class NotInRecord(WheelRule):
    code = "FTW106"
    title = "RECORD and the zip do not list the same files"
    why = """A file that RECORD names but the zip lacks was lost on the way; one that RECORD does not name was added
        after the build. pip 26.3 and uv 0.13 install such a wheel all the same, and PyPI takes it and sends a mail;
        the specification lets installers refuse it."""
    fix = "Repack with `wheel unpack` and `wheel pack`, which write RECORD anew, or find the step that edits the zip."
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
    title = "A file is not the one that RECORD describes"
    why = """Its hash or its size differs, so it was changed after the build, or RECORD was written too early. pip 26.3,
        uv 0.13 and PyPI do not compare them; the specification lets installers refuse the wheel."""
    fix = """Sign, strip and repair before RECORD is written, or repack with `wheel unpack` and `wheel pack`. RECORD
        needs sha256 or better."""
    severity = Severity.WARNING

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        wheel = facts.wheel
        entries = {entry.path: entry for entry in wheel.record or ()}
        for member in wheel.members:
            entry = entries.get(member.path)
            if entry is None or member.path.removeprefix(wheel.dist_info) in _UNRECORDED:
                continue
            subject = facts.subject(path=member.path)
            algorithm = entry.digest.partition("=")[0]
            if not entry.digest:
                yield self.finding(subject, "RECORD has no hash for it")
            elif algorithm in _WEAK or not member.digest:
                yield self.finding(subject, f"RECORD hashes it with {algorithm!r}, which is not sha256 or better")
            elif entry.digest.rstrip("=") != member.digest:
                yield self.finding(subject, f"RECORD says {entry.digest}, the file has {member.digest}")
            elif entry.size is not None and entry.size != member.size:
                yield self.finding(subject, f"RECORD says {entry.size} bytes, the file has {member.size}")


class MetadataDisagrees(WheelRule):
    code = "FTW108"
    title = "METADATA names another project or version than the file name"
    why = "pip discards such a file, uv stops with an error, and an index refuses it."
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
    why = """A field is newer than `Metadata-Version` says, is repeated, unknown or malformed. twine 7 stops before it
        uploads such a file, PyPI refuses it, and other tools may ignore what they cannot read."""
    fix = "Build with a current version of the backend, and do not write METADATA by hand or in a later step."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        if facts.wheel.metadata is not None:
            subject = facts.subject(path=f"{facts.wheel.dist_info}METADATA")
            for error in metadata_errors(facts.wheel.metadata.text):
                yield self.finding(subject, error)


class DistInfoName(WheelRule):
    code = "FTW110"
    title = "The .dist-info folder is not named like the file"
    why = """It has to be named `NAME-VERSION.dist-info` with the same two parts as the file name (binary distribution
        format). With another hyphen in it pip and uv take a part of the name for the version, and cannot list or
        remove what they installed; PyPI looks for WHEEL and METADATA under the name of the file, and refuses it."""
    fix = "Build with a current version of the backend; do not rename the file or the folder."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        wanted = f"{facts.wheel.name.stem}.dist-info/"
        if facts.wheel.dist_info != wanted:
            yield self.finding(
                facts.subject(path=facts.wheel.dist_info.removesuffix("/")),
                f"has to be named {wanted.removesuffix('/')}",
            )


class ClashingNames(_FlawRule):
    code = "FTW111"
    title = "Two members cannot be unpacked beside each other"
    why = """A file that is also the folder of another member stops every installer. Names that differ in case only are
        one file on Windows and macOS: the member that is unpacked last replaces the other one, and a check against
        RECORD fails."""
    fix = "Rename one of the two, or find the build step that adds it a second time."
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
