"""Read a wheel directly from its zip in one pass: hash every member, unpack nothing.

A wheel is hostile input. Members that look like zip bombs are not expanded, metadata sizes are bounded, members that
share bytes of the zip are not read, and at most one member is held in memory at a time.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

from packaging.utils import canonicalize_name

from ftwheel.core.errors import FtwheelError, InputError, refused
from ftwheel.core.wheel.clashes import files_that_are_folders
from ftwheel.core.wheel.contents import (
    EXTENSION_ENDINGS,
    Flaw,
    FlawKind,
    Member,
    RecordEntry,
    WheelContents,
    parse_metadata,
    parse_record,
    parse_wheel_file,
    unsafe_path,
    without_paths,
)
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.suffixes import init_names_for, module_name
from ftwheel.io.binaries.header import HEAD, native_code
from ftwheel.io.wheel.framing import framing_problem
from ftwheel.io.wheel.plain_members import plain_member
from ftwheel.io.wheel.zips import MOST_MEMBERS, SMALL_MEMBER, open_zip

if TYPE_CHECKING:
    from ftwheel.core.wheel.extension_module import ExtensionModule
    from ftwheel.core.wheel.linkage import ElfLinkage
    from ftwheel.io.binaries.linkage import Watched

__all__ = ["inspect_wheel", "read_wheel", "unreadable"]

_T = TypeVar("_T")

_MOST_LINES = 2 * MOST_MEMBERS  # in a metadata file
_LARGEST = {  # bytes: a RECORD on the public index is below 2 MiB, entry points of 512 KiB take 130 MB
    "RECORD": 16 << 20,
    "entry_points.txt": 512 << 10,
}
_LARGEST_METADATA = 4 << 20  # and of the other files, which cost more to parse than RECORD
_LARGEST_SOURCE = 1 << 20  # files into which a build writes its paths are small
_LARGE = 64 << 20  # a smaller member does no harm, however well it is compressed
_BOMB_RATIO = 200  # real code compresses 2 to 6 times, sparse tables a few dozen times, a bomb about 1000 times
_LARGE_CODE, _CODE_RATIO = 16 << 20, 30  # the same for code, all of which is held in memory
_MOST_MODULES = 3_000  # the largest wheels have several hundred
_MOST_EXPANDED, _MOST_CODE = 1 << 30, 128 << 20  # together, unless the wheel is large: it takes 4 seconds
_EXPANSION = 20  # how many times its own size the members of a large wheel may have together
_CHUNK = 1 << 20
_ELF = b"\x7fELF"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)


def unreadable(path: Path, error: BaseException, kind: str) -> FtwheelError:
    """The error for a file that is inaccessible or damaged, or for a system that is out of file handles."""
    if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}:
        return refused(error)
    if isinstance(error, OSError) and error.errno in {errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOENT}:
        return InputError(f"{path}: cannot be read ({error.strerror})", hint="check the path and its permissions")
    return InputError(
        f"{path}: cannot be read as {kind} ({_why(error)})", hint="rebuild the file, or download it again"
    )


class _Refused(Exception):  # noqa: N818 - not a failure but an answer of the functions below
    """A member is not read; ``flaw`` says why."""

    def __init__(self, flaw: Flaw) -> None:
        self.flaw = flaw


def read_wheel(
    path: Path,
    *,
    filename: str = "",
    inspect: Callable[[bytes, str], ExtensionModule] | None = None,
    link: Callable[[bytes, str], ElfLinkage] | None = None,
    portable: bool = True,
) -> WheelContents:
    """Read one wheel.

    ``filename`` is the name to judge the wheel by; the default is the file's own. ``inspect`` receives the bytes and
    the path of every member named like an extension module, and returns its facts; without it, ``extensions`` stays
    empty. ``link`` receives every ELF file, whatever its name; without it, ``linkage`` stays None. Without
    ``portable``, that digest of Python files, which only a comparison with another wheel needs, stays "". Raises
    InputError if the file is not a zip or not named like a wheel; lesser problems become flaws in the result.
    """
    name = WheelName.parse(filename or path.name)
    try:
        with open_zip(path) as archive, path.open("rb") as stream:
            contents = _Reader(
                archive, name, path.stat().st_size, inspect, link, stream=stream, portable=portable
            ).read()
            return contents._replace(framing=framing_problem(archive, stream))
    except (*_BROKEN, MemoryError) as error:
        raise unreadable(path, error, "a wheel") from error


def inspect_wheel(
    path: str,
    *,
    level2: bool = True,
    watched: Watched | None = None,
    portable: bool = True,
    description: bool = True,
) -> WheelContents:
    """Read one wheel and inspect its extension modules (``level2``: walk their init functions too).

    With ``watched``, ``linkage`` holds what the ELF files need and which of these symbols they import. ``portable`` is
    passed to ``read_wheel``. Without ``description``, whether PyPI can render the description is not checked.
    """
    from ftwheel.io.binaries import WorkBudget, read_extension
    from ftwheel.io.binaries.linkage import read_linkage
    from ftwheel.io.wheel.description import description_problem

    link = None if watched is None else partial(read_linkage, watched=watched)
    inspect = partial(read_extension, level2=level2, budget=WorkBudget())
    contents = read_wheel(Path(path), inspect=inspect, link=link, portable=portable)
    if not description or contents.metadata is None:
        return contents
    return contents._replace(unrendered=description_problem(contents.metadata.text))


class _Reader:
    """The state of one pass over one zip."""

    def __init__(
        self,
        archive: zipfile.ZipFile,
        name: WheelName,
        size: int,
        inspect: Callable[[bytes, str], ExtensionModule] | None,
        link: Callable[[bytes, str], ElfLinkage] | None,
        *,
        stream: IO[bytes],
        portable: bool,
    ) -> None:
        self.archive = archive
        self.stream = stream
        self.name = name
        self.size = size
        self.inspect = inspect
        self.link = link
        self.portable = portable
        self.linkage: list[ElfLinkage] = []
        self.dist_info = f"{name.stem}.dist-info/"
        self.flaws: list[Flaw] = []
        self.extensions: list[ExtensionModule] = []

    def read(self) -> WheelContents:
        infos = self._usable()
        self.dist_info = folder = self._dist_info(infos)
        wheel = self._text(infos, folder + "WHEEL", parse_wheel_file)
        metadata = self._text(infos, folder + "METADATA", parse_metadata)
        record = self._text(infos, folder + "RECORD", self._record)
        entry_points = self._text(infos, folder + "entry_points.txt", str, optional=True)
        recorded = {entry.path: entry.digest.partition("=")[0] for entry in record or ()}
        members: list[Member] = []
        for path, info in infos.items():
            try:
                members.append(self._member(info, recorded.get(path, "")))
            except _Refused as refused:
                self.flaws.append(refused.flaw)
        return WheelContents(
            name=self.name,
            dist_info=folder,
            size=self.size,
            members=tuple(sorted(members, key=lambda member: member.path)),
            wheel=wheel,
            metadata=metadata,
            record=record,
            entry_points=entry_points,
            flaws=tuple(sorted(set(self.flaws), key=lambda flaw: (flaw.path, flaw.kind.value, flaw.detail))),
            extensions=tuple(sorted(self.extensions, key=lambda extension: extension.path)),
            linkage=None if self.link is None else tuple(sorted(self.linkage, key=lambda file: file.path)),
        )

    def _dist_info(self, paths: Iterable[str]) -> str:
        """The only folder whose project name, in any spelling, is the filename's; else the one the filename implies."""
        ending = ".dist-info"
        folders = {path.partition("/")[0] for path in paths}
        stems = [folder.removesuffix(ending) for folder in folders if folder.endswith(ending)]
        same = [stem for stem in stems if canonicalize_name(stem.rpartition("-")[0]) == self.name.name]
        return f"{same[0]}{ending}/" if len(same) == 1 else self.dist_info

    def _usable(self) -> dict[str, zipfile.ZipInfo]:
        """The files in the central directory that are safe to read, by name, in the order of the zip."""
        infos = self.archive.infolist()
        usable: dict[str, zipfile.ZipInfo] = {}
        seen: set[str] = set()
        end = 0  # of the bytes that belong to preceding members
        for info in sorted(infos, key=lambda info: info.header_offset):
            flaw = self._flaw(info, overlaps=info.header_offset < end)
            end = max(end, info.header_offset + info.compress_size)
            if flaw:
                self.flaws.append(flaw)
            if info.filename in seen:
                detail = "two members of the zip have this name"
                self.flaws.append(Flaw(path=info.filename, kind=FlawKind.DUPLICATE, detail=detail))
            elif not flaw and not info.is_dir():
                usable[info.filename] = info
            seen.add(info.filename)
        self._leave_out(usable)
        for path in files_that_are_folders(seen):
            detail = "is a file, and a folder of other members"
            self.flaws.append(Flaw(path=path, kind=FlawKind.CLASH, detail=detail))
        return usable

    def _leave_out(self, usable: dict[str, zipfile.ZipInfo]) -> None:
        """Remove the largest members, and modules beyond any real number, until the rest takes a bounded time."""
        modules = [path for path in usable if path.endswith(EXTENSION_ENDINGS)]
        for path in modules[_MOST_MODULES:]:
            detail = f"is not read: the wheel has {len(modules):,} extension modules, more than {_MOST_MODULES:,}"
            self.flaws.append(Flaw(path=path, kind=FlawKind.TOO_LARGE, detail=detail))
            del usable[path]
        for limit, ending in ((_MOST_CODE, EXTENSION_ENDINGS), (_MOST_EXPANDED, "")):
            room = max(limit, _EXPANSION * self.size)
            for info in sorted(usable.values(), key=lambda info: info.file_size):
                if info.filename.endswith(ending):
                    room -= info.file_size
                    if room < 0:
                        detail = f"is not read: all members together expand to over {_EXPANSION} times the wheel"
                        self.flaws.append(Flaw(path=info.filename, kind=FlawKind.TOO_LARGE, detail=detail))
                        del usable[info.filename]

    def _flaw(self, info: zipfile.ZipInfo, *, overlaps: bool) -> Flaw | None:
        # zipfile truncates a name at a NUL and replaces backslashes on Windows; orig_filename is unchanged
        name = info.orig_filename
        kind, detail = FlawKind.UNREADABLE, ""
        if unsafe_path(name.removesuffix("/")):
            kind, detail = FlawKind.UNSAFE, "the name is not a plain relative path, so unpacking may write elsewhere"
        elif overlaps:
            kind, detail = FlawKind.TOO_LARGE, "shares bytes of the zip with another member, as zip bombs do"
        elif (info.file_size > _LARGE and info.file_size > _BOMB_RATIO * info.compress_size) or (
            name.endswith(EXTENSION_ENDINGS) and _swells(info)
        ):
            kind, detail = FlawKind.TOO_LARGE, _expands(info)
        elif info.flag_bits & 0x1:
            detail = "is encrypted"
        elif info.compress_type not in _METHODS:
            detail = f"is compressed with method {info.compress_type}; installers read stored and deflated members"
        return Flaw(path=name, kind=kind, detail=detail) if detail else None

    def _bytes(self, info: zipfile.ZipInfo) -> bytes:
        inside = info.header_offset + info.compress_size <= self.size  # a damaged directory says anything
        if inside and (data := plain_member(self.stream, info)) is not None:
            return data
        try:
            with self.archive.open(info) as stream:
                # given a size, zipfile expands no further, and checks the CRC at the end
                data = stream.read(info.file_size)
        except _BROKEN as error:
            raise _Refused(Flaw(path=info.filename, detail=f"cannot be unpacked ({_why(error)})")) from error
        if len(data) != info.file_size:
            raise _Refused(Flaw(path=info.filename, detail=f"ends after {len(data)} of {info.file_size} bytes"))
        return data

    def _text(
        self, infos: dict[str, zipfile.ZipInfo], path: str, parse: Callable[[str], _T], *, optional: bool = False
    ) -> _T | None:
        info = infos.get(path)
        if info is None:
            if not optional:
                self.flaws.append(Flaw(path=path, kind=FlawKind.MALFORMED, detail="is missing"))
            return None
        if info.file_size > _LARGEST.get(path.rpartition("/")[2], _LARGEST_METADATA):
            self.flaws.append(Flaw(path=path, kind=FlawKind.TOO_LARGE, detail=f"is {info.file_size} bytes long"))
            return None
        try:
            data = self._bytes(info)
            if (lines := max(data.count(b"\n"), data.count(b"\r"))) > _MOST_LINES:
                raise _Refused(Flaw(path=path, kind=FlawKind.TOO_LARGE, detail=f"has {lines} lines"))
            return parse(data.decode())
        except _Refused as refused:
            self.flaws.append(refused.flaw)
        except UnicodeDecodeError:
            self.flaws.append(Flaw(path=path, kind=FlawKind.MALFORMED, detail="is not UTF-8"))
        return None

    def _record(self, text: str) -> tuple[RecordEntry, ...]:
        entries, bad = parse_record(text)
        path = self.dist_info + "RECORD"
        self.flaws += [Flaw(path=path, kind=FlawKind.MALFORMED, detail=detail) for detail in bad]
        return entries

    def _member(self, info: zipfile.ZipInfo, algorithm: str) -> Member:
        path = info.filename
        importable = path.endswith(EXTENSION_ENDINGS)
        hashes = {"sha256": hashlib.sha256()}
        if algorithm not in {"", "sha256"} and algorithm in hashlib.algorithms_guaranteed and algorithm[:5] != "shake":
            hashes[algorithm] = hashlib.new(algorithm, usedforsecurity=False)
        initialised, native, portable = False, None, ""
        if importable:
            data = self._bytes(info)
            for each in hashes.values():
                each.update(data)
            native = native_code(data[:HEAD], path)
            initialised = self._look_into(data, path) or _has_init(data, path)
            self._link(data, path)
        elif self.portable and path.endswith(".py") and info.file_size <= _LARGEST_SOURCE:
            data = self._bytes(info)
            for each in hashes.values():
                each.update(data)
            plain = without_paths(data)
            portable = hashlib.sha256(plain).hexdigest() if plain != data else ""
        else:
            native = native_code(self._stream(info, list(hashes.values())), path)
        digests = {name: each.digest() for name, each in hashes.items()}
        return Member(
            path=path,
            size=info.file_size,
            sha256=digests["sha256"].hex(),
            digest=f"{algorithm}={_base64(digests[algorithm])}" if algorithm in digests else "",
            initialised=initialised,
            native=native,
            portable=portable,
        )

    def _stream(self, info: zipfile.ZipInfo, hashes: list[hashlib._Hash]) -> bytes:
        """Hash a member, chunk by chunk unless it is small or code; return its first chunk, or all of it."""
        small = info.file_size <= SMALL_MEMBER and info.compress_size <= SMALL_MEMBER
        if small and (data := plain_member(self.stream, info)) is not None:
            return self._whole(data, info, hashes)
        done, head = 0, b""
        try:
            with self.archive.open(info) as stream:
                while chunk := stream.read(_CHUNK):
                    head = head or chunk
                    if self.link is not None and not done and chunk.startswith(_ELF):
                        if _swells(info):
                            raise _Refused(Flaw(path=info.filename, kind=FlawKind.TOO_LARGE, detail=_expands(info)))
                        return self._whole(self._bytes(info), info, hashes)
                    done += len(chunk)
                    for each in hashes:
                        each.update(chunk)
        except _BROKEN as error:
            raise _Refused(Flaw(path=info.filename, detail=f"cannot be unpacked ({_why(error)})")) from error
        if done != info.file_size:
            raise _Refused(Flaw(path=info.filename, detail=f"ends after {done} of {info.file_size} bytes"))
        return head

    def _whole(self, data: bytes, info: zipfile.ZipInfo, hashes: list[hashlib._Hash]) -> bytes:
        for each in hashes:
            each.update(data)
        self._link(data, info.filename)
        return data

    def _link(self, data: bytes, path: str) -> None:
        # auditwheel does not treat a file named like a Python source as a binary
        if self.link is not None and data.startswith(_ELF) and not path.endswith(".py"):
            self.linkage.append(self.link(data, path))

    def _look_into(self, data: bytes, path: str) -> bool:
        """Inspect an extension module; whether it exports its init function."""
        if self.inspect is None:
            return False
        try:
            module = self.inspect(data, path)
        except FtwheelError as error:
            detail = error.message.removeprefix(f"{path}: ")
            self.flaws.append(Flaw(path=path, kind=FlawKind.BINARY, detail=detail))
            return False
        self.extensions.append(module)
        return module.init_name is not None


def _has_init(data: bytes, path: str) -> bool:
    """Whether the bytes contain the name of an init function of this member, not followed by a word character."""
    for name in map(str.encode, init_names_for(module_name(path))):
        at = data.find(name)  # which is faster than an expression where the name does not occur, as in most files
        if at >= 0 and re.compile(re.escape(name) + rb"(?![0-9A-Za-z_])").search(data, at):
            return True
    return False


def _swells(info: zipfile.ZipInfo) -> bool:
    """Whether code expands more than any real code."""
    return info.file_size > _LARGE_CODE and info.file_size > _CODE_RATIO * info.compress_size


def _expands(info: zipfile.ZipInfo) -> str:
    return f"expands from {info.compress_size} to {info.file_size} bytes"


def _base64(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__
