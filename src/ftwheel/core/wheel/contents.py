"""The contents of a wheel: its name, its three metadata files, its members, and their flaws.

``ftwheel.io.wheel.reading`` reads the zip and passes the texts of the ``.dist-info`` folder to the parsers here.
Specification: the binary distribution format (https://packaging.python.org/specifications/binary-distribution-format/),
PEP 427 for RECORD and PEP 425 for compressed tag sets.
"""

from __future__ import annotations

import csv
import enum
import re
from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from math import prod
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import canonicalize_name

from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.wheel.extension_module import ExtensionModule
from ftwheel.core.wheel.native import NativeCode
from ftwheel.core.wheel.suffixes import module_name

if TYPE_CHECKING:
    from ftwheel.core.wheel.filename import WheelName
    from ftwheel.core.wheel.linkage import ElfLinkage

__all__ = [
    "EXTENSION_ENDINGS",
    "Flaw",
    "FlawKind",
    "Member",
    "Metadata",
    "RecordEntry",
    "WheelContents",
    "WheelFile",
    "dotted_name",
    "installed_path",
    "is_native",
    "parse_metadata",
    "parse_record",
    "parse_wheel_file",
    "unsafe_path",
    "without_paths",
]

_NATIVE = re.compile(r"\.(so|pyd)$|\.so\.[0-9][0-9.]*$|\.(dylib|dll)$", re.IGNORECASE)
EXTENSION_ENDINGS = (".so", ".pyd")
_SCHEME = re.compile(r"[^/]+\.data/(purelib|platlib)/")
_TAG_ATOM = re.compile(r"[A-Za-z0-9_]+")
_MOST_BAD_LINES = 1000  # of RECORD, each of which becomes a finding
_MOST_TAGS = 1000  # of one Tag line, for the same reason
# after a quote or a delimiter of arguments; not a lone slash, a comment (//) or a URL
_PATH_REST = rb"[\w.~][^\s\"',;)\]]*(?=[\"',;)\]\s])"
_DRIVE = re.compile(rb"(?<=[\"'=:,\[(\s])[A-Za-z]:[\\/]+" + _PATH_REST)
_ABSOLUTE = re.compile(rb"/(?<=[\"'=:,\[(\s]/)" + _PATH_REST)  # starts with a literal character, which is fast to find
_UNSAFE = re.compile(r"^/|^[A-Za-z]:|\\|[\x00-\x1f\x7f]|(^|/)\.\.?(/|$)|//")


class WheelFile(NamedTuple):
    """The ``WHEEL`` file.

    ``tags`` are its ``Tag`` lines, expanded; ``root_is_purelib`` is None if it is neither true nor false.
    """

    wheel_version: str
    root_is_purelib: bool | None
    tags: frozenset[Tag]
    bad_tags: tuple[str, ...]
    build: str


class Metadata(NamedTuple):
    """The fields of ``METADATA`` that affect the installation. Texts are as written, not validated.

    ``text`` is the whole file.
    """

    name: str
    version: str
    requires_python: str
    classifiers: tuple[str, ...]
    requires_dist: tuple[str, ...] = ()
    text: str = ""


class RecordEntry(NamedTuple):
    """One line of ``RECORD``.

    ``digest`` is ``ALGORITHM=URLSAFE_BASE64`` and ``size`` is in bytes; "" and None mean that they are not recorded.
    """

    path: str
    digest: str
    size: int | None


class Member(NamedTuple):
    """One file of the zip.

    ``sha256`` (hexadecimal) is for comparing contents. ``digest`` is the value ``RECORD`` should have, computed with
    the algorithm it uses for this member, "" if that algorithm is unknown. ``initialised`` is true if the bytes contain
    ``PyInit_STEM`` or ``PyModExport_STEM`` for the member's own stem: without that, no interpreter can import it.
    ``native`` describes machine code, identified by its first bytes. ``portable`` is the SHA-256 of a Python file
    without its absolute paths, "" if it has none.
    """

    path: str
    size: int
    sha256: str
    digest: str
    initialised: bool = False
    native: NativeCode | None = None
    portable: str = ""


class FlawKind(enum.Enum):
    """The kinds of flaws of the zip itself."""

    DUPLICATE = "duplicate"  # two members with the same name: readers disagree on which one counts
    CLASH = "clash"  # a file that is also the folder of another member: no file system allows both
    UNSAFE = "unsafe"  # a name that escapes the target folder, or that readers interpret differently
    UNREADABLE = "unreadable"  # damaged, encrypted, or compressed with an unsupported method
    TOO_LARGE = "too large"  # expands like a zip bomb, so it was not read
    MALFORMED = "malformed"  # a metadata file that is missing or invalid
    BINARY = "binary"  # named like an extension module, but not a readable binary


class Flaw(NamedTuple):
    """One flaw of the zip; ``path`` is the member."""

    path: str
    detail: str
    kind: FlawKind = FlawKind.UNREADABLE


class WheelContents(NamedTuple):
    """Everything a rule needs to know about one wheel.

    ``dist_info`` is the folder of the metadata files, with a slash. ``members`` are sorted by path, without folders.
    ``wheel``, ``metadata`` and ``record`` are None if the file is missing or unreadable (``flaws`` then says so);
    ``entry_points`` is the text of ``entry_points.txt``, which is optional. ``extensions`` is filled only if the reader
    was asked to inspect binaries; it is sorted by path and has every member that is named like an extension module and
    can be read as a binary. The same applies to ``linkage``, what every ELF file of the wheel needs from outside,
    whatever its name; it is None if not requested. ``framing`` says where zip readers would disagree about the
    contents, ``unrendered`` why PyPI cannot show the description; both are "" if all is well.
    """

    name: WheelName
    dist_info: str
    size: int
    members: tuple[Member, ...]
    wheel: WheelFile | None
    metadata: Metadata | None
    record: tuple[RecordEntry, ...] | None
    entry_points: str | None = None
    flaws: tuple[Flaw, ...] = ()
    extensions: tuple[ExtensionModule, ...] = ()
    linkage: tuple[ElfLinkage, ...] | None = None
    framing: str = ""
    unrendered: str = ""

    @property
    def filename(self) -> str:
        return self.name.filename

    @property
    def installed(self) -> tuple[Member, ...]:
        """The members outside the ``.dist-info`` folder."""
        return tuple(member for member in self.members if not member.path.startswith(self.dist_info))

    @property
    def native(self) -> tuple[Member, ...]:
        """The members whose first bytes identify them as machine code: modules, libraries, programs, objects."""
        return tuple(member for member in self.members if member.native is not None)

    @property
    def modules(self) -> dict[str, tuple[Member, ...]]:
        """Extension modules by dotted import name, with several members for several interpreters."""
        found: dict[str, tuple[Member, ...]] = {}
        for member in self.members:
            if member.initialised and (name := dotted_name(member.path)):
                found[name] = (*found.get(name, ()), member)
        return found

    @property
    def python_files(self) -> dict[str, Member]:
        """``.py`` members by the path they are installed to below site-packages."""
        return {installed_path(member.path): member for member in self.installed if member.path.endswith(".py")}


def is_native(path: str) -> bool:
    """Whether a member is named like compiled code (``.so``, ``.pyd``, ``.dylib``, ``.dll``, ``.so.1``)."""
    return _NATIVE.search(path) is not None


def installed_path(path: str) -> str:
    """A member's path below site-packages, without the ``.data/platlib`` or ``.data/purelib`` folder."""
    return _SCHEME.sub("", path)


def dotted_name(path: str) -> str:
    """The name under which a member would be imported as an extension module; "" if it cannot be imported.

    ``pkg/_ext.cpython-313t-x86_64-linux-gnu.so`` gives ``pkg._ext``; the ``.data/platlib`` and ``.data/purelib``
    folders are dropped.
    """
    if not path.endswith(EXTENSION_ENDINGS):
        return ""
    *folders, file = installed_path(path).split("/")
    parts = folders if file.startswith("__init__.") and folders else [*folders, module_name(file)]
    return ".".join(parts) if all(part.isidentifier() for part in parts) else ""


def without_paths(source: bytes) -> bytes:
    """Return a Python file with each absolute path in its text replaced by a slash.

    Builds write such paths to generated files (meson's configuration, ``__config__.py``): those of the interpreter and
    of the temporary folder, which differ between two builds of one tree and are meaningless on the machine that
    installs the wheel.
    """
    if b":/" in source or b":\\" in source:
        source = _DRIVE.sub(b"/", source)
    return _ABSOLUTE.sub(b"/", source)


def unsafe_path(path: str) -> bool:
    """Whether a member's name escapes the target folder or is interpreted differently by zip readers.

    Such names are absolute, or contain a drive letter, ``.`` or ``..`` as a part, an empty part, a backslash, or a
    control character.
    """
    return _UNSAFE.search(path) is not None


def parse_wheel_file(text: str) -> WheelFile:
    """Parse a ``WHEEL`` file. Never raises: invalid tags end up in ``bad_tags``."""
    message = HeaderParser().parsestr(text)
    tags: set[Tag] = set()
    bad: list[str] = []
    for line in message.get_all("Tag", []):
        parts = str(line).strip().split("-")
        sets = [part.split(".") for part in parts]
        if (
            len(parts) == 3
            and prod(map(len, sets)) <= _MOST_TAGS
            and all(_TAG_ATOM.fullmatch(atom) for atoms in sets for atom in atoms)
        ):
            tags.update(Tag(a, b, c) for a in sets[0] for b in sets[1] for c in sets[2])
        else:
            bad.append(str(line))
    pure = str(message.get("Root-Is-Purelib", "")).strip().lower()
    return WheelFile(
        wheel_version=str(message.get("Wheel-Version", "")).strip(),
        root_is_purelib={"true": True, "false": False}.get(pure),
        tags=frozenset(tags),
        bad_tags=tuple(bad),
        build=str(message.get("Build", "")).strip(),
    )


def parse_metadata(text: str) -> Metadata:
    """Parse the fields of ``METADATA`` that matter here. Never raises."""
    message = HeaderParser().parsestr(text)
    return Metadata(
        name=canonicalize_name(str(message.get("Name", "")).strip()),
        version=str(message.get("Version", "")).strip(),
        requires_python=str(message.get("Requires-Python", "")).strip(),
        classifiers=tuple(str(line).strip() for line in message.get_all("Classifier", [])),
        requires_dist=tuple(str(line).strip() for line in message.get_all("Requires-Dist", [])),
        text=text,
    )


def metadata_facts(text: str) -> frozenset[tuple[str, str]]:
    """What ``METADATA`` says, however a backend spells it: requirements and specifiers normalized, lines unordered.

    ``Metadata-Version`` and ``Dynamic`` are omitted, because they describe the backend, not the project.
    """
    message = HeaderParser().parsestr(text)
    facts = {(name.lower(), _plain(name.lower(), str(value).strip())) for name, value in message.items()}
    body = str(message.get_payload()).strip()
    return frozenset({*(fact for fact in facts if fact[0] not in {"metadata-version", "dynamic"}), ("", body)})


def _plain(field: str, value: str) -> str:
    try:
        match field:
            case "requires-dist":
                requirement = Requirement(value)
                requirement.name = canonicalize_name(requirement.name)
                return str(requirement)
            case "requires-python":
                return str(SpecifierSet(value))
            case _:
                return value
    except ValueError:
        return value


def parse_record(text: str) -> tuple[tuple[RecordEntry, ...], tuple[str, ...]]:
    """Parse ``RECORD``: return its entries, and a message for each invalid line (PEP 376: path, hash, size).

    A blank line is invalid too: pip 26.3 fails on it (``operations/install/wheel.py``, ``get_csv_rows_for_installed``).
    """
    entries: list[RecordEntry] = []
    bad: list[str] = []
    for number, row in _rows(text.splitlines(), bad):
        path, digest, size = row if len(row) == 3 else ("", "", "")
        if not path or (size and not (size.isascii() and size.isdigit() and len(size) < 20)):
            bad.append(f"line {number} is not a path, a hash and a size")
        else:
            entries.append(RecordEntry(path=path, digest=digest, size=int(size) if size else None))
    more = len(bad) - _MOST_BAD_LINES
    return tuple(entries), (*bad[:_MOST_BAD_LINES], *([f"{more:,} more lines are wrong"] if more > 0 else []))


def _rows(lines: Iterable[str], bad: list[str]) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            bad.append(f"line {reader.line_num} is not comma-separated text ({error})")
        else:
            yield reader.line_num, row
