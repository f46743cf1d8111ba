"""The files to upload."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ftwheel.core.index.page import File
from ftwheel.core.release.sdist import SdistContents
from ftwheel.core.wheel.reports import CheckReport

__all__ = ["Upload"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """The files to upload, with functions to read them.

    ``sha256`` returns the digest of a file by name, ``check`` the report of ``ftwheel check`` on several wheels,
    ``sdist`` the contents of a source distribution; each may be None. ``rejected`` are the files among them that are
    not distributions, each with the reason.
    """

    files: tuple[File, ...] = ()
    sha256: Callable[[str], str] | None = None
    check: Callable[[Sequence[str]], CheckReport] | None = None
    sdist: Callable[[str], SdistContents] | None = None
    rejected: Mapping[str, str] = field(default_factory=dict)
