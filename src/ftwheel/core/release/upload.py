"""The files that are about to be uploaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ftwheel.core.index.page import File
from ftwheel.core.release.sdist import SdistContents
from ftwheel.core.wheel.reports import CheckReport

__all__ = ["Upload"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """The files to upload, and how to read them.

    ``sha256`` gives the digest of one of them by its name, ``check`` what ``ftwheel check`` finds in several wheels,
    ``sdist`` what is inside a source distribution; None where that cannot be told. ``rejected`` are the files beside
    them that are not distributions, each with the reason.
    """

    files: tuple[File, ...] = ()
    sha256: Callable[[str], str] | None = None
    check: Callable[[Sequence[str]], CheckReport] | None = None
    sdist: Callable[[str], SdistContents] | None = None
    rejected: Mapping[str, str] = field(default_factory=dict)
