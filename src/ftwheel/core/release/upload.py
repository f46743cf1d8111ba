"""The files that are about to be uploaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ftwheel.core.index.page import File
from ftwheel.core.release.sdist import SdistContents
from ftwheel.core.wheel.contents import WheelContents

__all__ = ["Upload"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """The files to upload, and how to read them.

    ``sha256`` gives the digest of one of them by its name, and ``contents`` what is inside it; None where that cannot
    be told. ``rejected`` are the files beside them that are not distributions, each with the reason.
    """

    files: tuple[File, ...] = ()
    sha256: Callable[[str], str] | None = None
    contents: Callable[[str], WheelContents | SdistContents] | None = None
    rejected: Mapping[str, str] = field(default_factory=dict)
