"""A file name as an installer reads it; ``filenames`` in each installer's folder parses it."""

from __future__ import annotations

from typing import Literal

from packaging.version import Version

from ftwheel.core.named_tuples import NamedTuple

__all__ = ["BuildTag", "FilenameProblem", "ParsedFilename", "unreadable"]

BuildTag = tuple[()] | tuple[int, str]


class FilenameProblem(NamedTuple):
    """Why a file's name rules it out for good; ``rejections.filename_reason`` turns this into a reason.

    ``detail`` is the extension, the other project, the variant label, or what is wrong with the name.
    """

    kind: Literal["unsupported format", "other project", "variant", "duplicate url", "invalid filename"]
    detail: str = ""


class ParsedFilename(NamedTuple):  # made thousands of times for a page, in half the time of a frozen dataclass
    """A file name as an installer reads it.

    ``kind`` is empty for an unsupported archive. ``text`` is the version as written. ``abi`` and ``platform`` are the
    compressed tag sets, ``cp312.cp313-abi3`` and ``manylinux_2_17_x86_64``. ``python`` is the ``3.9`` that pip reads
    from an sdist's ``-py3.9``. ``problem`` is set if the file can never be selected. ``egg`` is set if pip takes the
    version from the URL's ``#egg=``, and ``trap`` if the file's own name then makes pip fail as soon as it selects the
    file. ``is_of_project`` is False if the version read belongs to another project.
    """

    kind: Literal["wheel", "sdist", ""]
    version: Version | None = None
    text: str = ""
    build: BuildTag = ()
    abi: str = ""
    platform: str = ""
    python: str = ""
    problem: FilenameProblem | None = None
    egg: bool = False
    trap: str = ""
    is_of_project: bool = True


def unreadable(kind: Literal["wheel", "sdist", ""], problem: str) -> ParsedFilename:
    """Return the reading of a name that is invalid for this kind of file."""
    return ParsedFilename(kind, problem=FilenameProblem("invalid filename", problem))
