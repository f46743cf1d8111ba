"""Decides whether PyPI accepts a file: what it rejects at upload, beyond flaws that make a file unusable anywhere.

An upload stops at the first rejected file and skips the rest, so one wrong platform tag deprives users of other
platforms of their wheel. Other indexes accept more: these are the rules of a single index.

Sources: PyPI's upload service (``warehouse/forklift/legacy.py`` and ``warehouse/forklift/metadata.py`` of 2026-08-21),
PEP 625 for the names of source distributions, PEP 639 for license files. The reader of a file has already rendered its
description.
"""

from __future__ import annotations

import configparser
import enum
import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from packaging.version import Version

from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.release.index_metadata import license_files, metadata_refusals

if TYPE_CHECKING:
    from ftwheel.core.release.sdist import SdistContents
    from ftwheel.core.wheel.contents import WheelContents

__all__ = [
    "DEFAULT_LIMIT",
    "HIGHEST_LIMIT",
    "UNTOLD",
    "RefusalReason",
    "UploadRefusal",
    "accepts_platform",
    "sdist_refusals",
    "wheel_refusals",
]

DEFAULT_LIMIT = 100 << 20  # bytes of one file, unless the project has a higher limit
HIGHEST_LIMIT = 1 << 30  # bytes; no project is granted more
UNTOLD = "cannot tell whether"  # how a detail that could not be determined begins
_LARGE = 64 << 20  # bytes; below this, any compression ratio is accepted
_HIGHEST_RATIO = 50  # bytes of the members per byte of the file

_PLATFORMS = {"any", "win32", "win_amd64", "win_arm64", "win_ia64", "linux_armv6l", "linux_armv7l"}
_LEGACY_MANYLINUX = {
    "manylinux1": {"x86_64", "i686"},
    "manylinux2010": {"x86_64", "i686"},
    "manylinux2014": {"x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x"},
}
_LINUX = {"x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"}
_MACOS = {
    *("arm64", "x86_64", "universal2", "i386", "ppc", "ppc64"),
    *("intel", "fat", "fat3", "fat64", "universal"),
}
_MACOS_MAJORS = {"11", "12", "13", "14", "15", "26"}
_IOS = {f"{machine}_{kind}" for machine in ("arm64", "x86_64") for kind in ("iphoneos", "iphonesimulator")}
_ANDROID = {"armeabi_v7a", "arm64_v8a", "x86", "x86_64"}
_VERSIONED = re.compile(r"(manylinux|musllinux|macosx|ios|pyemscripten)_([0-9]+)_([0-9]+)_(.+)")
_SCRIPT_GROUPS = ("console_scripts", "gui_scripts")


class RefusalReason(enum.Enum):
    """The reason why a file is rejected."""

    PLATFORM_TAG = "platform tag"
    FILE_NAME = "file name"
    METADATA = "metadata"
    DESCRIPTION = "description"
    LICENSE_FILE = "license file"
    ARCHIVE = "archive"
    ENTRY_POINTS = "entry points"
    SIZE = "size"


class UploadRefusal(NamedTuple):
    """One reason why PyPI rejects a file; ``path`` is the member it is about, empty for the whole file.

    ``certain`` is False if the rejection depends on the project, whose size limit may have been raised, or was not
    tried.
    """

    reason: RefusalReason
    detail: str
    path: str = ""
    certain: bool = True


def accepts_platform(tag: str) -> bool:
    """Whether PyPI accepts a wheel with this platform tag; in a compressed set, it has to accept every tag."""
    if tag in _PLATFORMS:
        return True
    system, _, rest = tag.partition("_")
    if system in _LEGACY_MANYLINUX:
        return rest in _LEGACY_MANYLINUX[system]
    if system == "android":
        level, _, machine = rest.partition("_")
        return level.isdecimal() and machine in _ANDROID
    if not (match := _VERSIONED.fullmatch(tag)):
        return False
    _, major, minor, machine = match.groups()
    match system:
        case "manylinux":
            return machine in _LINUX or machine == "ppc64"
        case "musllinux":
            return machine in _LINUX
        case "macosx":
            return machine in _MACOS and (major == "10" or (major in _MACOS_MAJORS and minor == "0"))
        case "ios":
            return machine in _IOS
        case _:
            return machine == "wasm32"


def wheel_refusals(wheel: WheelContents, *, limit: int = DEFAULT_LIMIT) -> tuple[UploadRefusal, ...]:
    """Every reason why PyPI rejects a wheel, sorted by member; ``limit`` is the project's size limit in bytes.

    Missing and unreadable files (WHEEL, METADATA, RECORD, a member) are flaws of the contents instead.
    """
    return tuple(sorted(_about_wheel(wheel, limit), key=lambda each: (each.path, each.reason.value, each.detail)))


def _about_wheel(wheel: WheelContents, limit: int) -> Iterator[UploadRefusal]:
    name = wheel.name
    for tag in name.platforms:
        if not accepts_platform(tag):
            yield UploadRefusal(reason=RefusalReason.PLATFORM_TAG, detail=tag)
    written, wanted = wheel.filename.partition("-")[0], name.name.replace("-", "_")
    if written != wanted:
        detail = f"begins with {written!r}, not with the normalized name {wanted!r}"
        yield UploadRefusal(reason=RefusalReason.FILE_NAME, detail=detail)
    if wheel.metadata is not None:
        path = f"{wheel.dist_info}METADATA"
        for detail in metadata_refusals(wheel.metadata.text):
            yield UploadRefusal(path=path, reason=RefusalReason.METADATA, detail=detail)
        if wheel.unrendered:
            yield _unrendered(path, wheel.unrendered)
        members = {member.path for member in wheel.members}
        for file in license_files(wheel.metadata.text):
            if f"{wheel.dist_info}licenses/{file}" not in members:
                yield UploadRefusal(
                    path=f"{wheel.dist_info}licenses/{file}", reason=RefusalReason.LICENSE_FILE, detail=file
                )
    for detail in _entry_point_errors(wheel.entry_points):
        path = f"{wheel.dist_info}entry_points.txt"
        yield UploadRefusal(path=path, reason=RefusalReason.ENTRY_POINTS, detail=detail)
    unpacked = sum(member.size for member in wheel.members)
    if unpacked > _LARGE and unpacked > _HIGHEST_RATIO * wheel.size:
        detail = f"unpacks to {unpacked // wheel.size} times its size, the limit is {_HIGHEST_RATIO}"
        yield UploadRefusal(reason=RefusalReason.ARCHIVE, detail=detail)
    if wheel.framing:
        yield UploadRefusal(reason=RefusalReason.ARCHIVE, detail=wheel.framing)
    yield from _about_size(wheel.size, limit)


def sdist_refusals(sdist: SdistContents, *, limit: int = DEFAULT_LIMIT) -> tuple[UploadRefusal, ...]:
    """Every reason why PyPI rejects a source distribution; like ``wheel_refusals``."""
    return tuple(sorted(_about_sdist(sdist, limit), key=lambda each: (each.path, each.reason.value, each.detail)))


def _about_sdist(sdist: SdistContents, limit: int) -> Iterator[UploadRefusal]:
    yield from _about_size(sdist.size, limit)
    for detail in sdist.flaws:
        yield UploadRefusal(reason=RefusalReason.ARCHIVE, detail=detail)
    if sdist.metadata is None:
        return
    try:
        wanted = f"{sdist.metadata.name.replace('-', '_')}-{Version(sdist.metadata.version)}.tar.gz"
    except ValueError:
        wanted = ""  # its metadata is invalid, which metadata_errors reports
    if wanted and sdist.filename != wanted:
        yield UploadRefusal(reason=RefusalReason.FILE_NAME, detail=f"has to be named {wanted}")
    path = posixpath.join(sdist.top, "PKG-INFO")
    for detail in metadata_refusals(sdist.metadata.text):
        yield UploadRefusal(path=path, reason=RefusalReason.METADATA, detail=detail)
    if sdist.unrendered:
        yield _unrendered(path, sdist.unrendered)
    for file in license_files(sdist.metadata.text):
        member = posixpath.join(sdist.top, file)
        if member not in sdist.members:
            yield UploadRefusal(path=member, reason=RefusalReason.LICENSE_FILE, detail=file)


def _unrendered(path: str, detail: str) -> UploadRefusal:
    certain = not detail.startswith(UNTOLD)
    return UploadRefusal(path=path, reason=RefusalReason.DESCRIPTION, detail=detail, certain=certain)


def _about_size(size: int, limit: int) -> Iterator[UploadRefusal]:
    if size > limit:
        certain = size > HIGHEST_LIMIT
        most = HIGHEST_LIMIT if certain else limit
        detail = f"is {-(-size >> 20)} MiB large, the limit is {most >> 20} MiB"
        yield UploadRefusal(reason=RefusalReason.SIZE, detail=detail, certain=certain)


def _entry_point_errors(text: str | None) -> Iterator[str]:
    """The errors in ``entry_points.txt``, which has to be an INI file with simple script names."""
    if text is None:
        return
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
    try:
        parser.read_string(text)
    except configparser.Error as error:
        yield f"is not a valid INI file ({' '.join(str(error).split())})"
        return
    for group in _SCRIPT_GROUPS:
        if parser.has_section(group):
            yield from (
                f"{name!r} in [{group}] is not a valid entry point name"
                for name in parser[group]
                if not re.fullmatch(r"[\w.-]+", name)
            )
