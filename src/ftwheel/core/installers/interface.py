"""The interface that every installer implements; anything specific to one installer lives in its own folder.

Only ``ftwheel.core.installers.registry`` knows the installers.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from packaging.version import Version

from ftwheel.core.errors import InputError
from ftwheel.core.index.page import LinkReading, PageFault
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.project_files import ProjectFiles
from ftwheel.core.installers.requirements import Requirement
from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.tags.environments import Environment
from ftwheel.core.tags.priority import TagFlavour

if TYPE_CHECKING:  # creating a Protocol takes time
    from collections.abc import Iterator
    from typing import Protocol

    from ftwheel.core.installers.candidates import Candidate
    from ftwheel.core.installers.explanation import Judgement
    from ftwheel.core.installers.project_files import FileReader, ProjectFile

    class Question(Protocol):
        """One question to an installer: a project, a requirement, an environment, and options."""

        asked: Asked

        def answer(self) -> tuple[Candidate | None, str]:
            """The selected file or None, and why the pages make it give up (empty if they do not)."""
            ...

        def walk(self) -> Iterator[ProjectFile]:
            """The file it selects for each version, in the order in which its resolver tries them."""
            ...

        def metadata_file(self, entry: ProjectFile) -> ProjectFile:
            """The file whose METADATA it reads for a file yielded by ``walk``."""
            ...

        def candidate(self, entry: ProjectFile) -> Candidate:
            """A file as a candidate."""
            ...


__all__ = ["Asked", "Installer", "Question", "ResolverKind"]


class Asked(NamedTuple):
    """The question to an installer.

    ``pins`` are versions pinned somewhere other than in ``requirement``; only uv considers them.
    """

    project: ProjectFiles
    requirement: Requirement
    environment: Environment
    options: InstallerOptions
    pins: frozenset[Version] | None = None


class ResolverKind(enum.Enum):
    """How an installer resolves dependencies."""

    RESOLVELIB = "resolvelib"  # backtracking
    PUBGRUB = "PubGrub"  # conflict-driven clause learning


class Installer(ABC):
    """One installer, independent of its options.

    ``name`` identifies it in options. ``release`` is the newest release modelled. ``flavours`` are the tag lists that
    its releases accept, newest first, each with the first release that uses it. ``resolver`` is how it resolves
    dependencies. ``refused_faults`` are the page faults that make it give up; ``links`` is how it finds links in HTML.
    """

    name: ClassVar[str]
    release: ClassVar[str]
    flavours: ClassVar[tuple[tuple[tuple[int, ...], TagFlavour], ...]]
    resolver: ClassVar[ResolverKind]
    refused_faults: ClassVar[frozenset[PageFault]]
    links: ClassVar[LinkReading] = LinkReading.PYTHON

    def flavour(self, version: str) -> TagFlavour:
        """The list of tags that a release accepts; the newest release if ``version`` is empty."""
        if not version:
            return self.flavours[0][1]
        release = tuple(map(int, version.split(".")))
        return next(flavour for first, flavour in self.flavours if release >= first)

    def flavour_for(self, environment: Environment, options: InstallerOptions) -> TagFlavour:
        """Which list of accepted tags applies. Raises InputError for pip's cross options with another installer."""
        flavour = self.flavour(options.version)
        if environment.pairs and not self.takes_targets(options):
            raise InputError(
                f"{environment.label}: {options.label} is not modelled with these options",
                hint="they are options of pip: use --installer pip, for the newest release",
            )
        return flavour

    def takes_targets(self, options: InstallerOptions) -> bool:
        """Whether it has pip's options ``--platform``, ``--python-version``, ``--implementation`` and ``--abi``."""
        return False

    @abstractmethod
    def reader(self, project: ProjectFiles) -> FileReader:
        """The reader for the files of a project, as this installer orders and parses them."""

    def contains(self, requirement: Requirement, version: Version) -> bool:
        """Whether a version matches the requirement's specifier, pre-releases included."""
        return requirement.contains(version)

    @abstractmethod
    def meets_python(self, specifier: str, python: tuple[int, int, int], options: InstallerOptions) -> bool:
        """Whether it accepts a Python version for a file's Requires-Python from METADATA."""

    @abstractmethod
    def allows_wheels(self, options: InstallerOptions, project: str) -> bool:
        """Whether wheels of the project are allowed; ``project`` is normalized."""

    @abstractmethod
    def allows_sdists(self, options: InstallerOptions, project: str) -> bool:
        """Whether source distributions of the project are allowed; ``project`` is normalized."""

    @abstractmethod
    def ask(self, asked: Asked) -> Question:
        """Pose a question, to be answered with the best file."""

    @abstractmethod
    def judge(self, asked: Asked) -> Judgement:
        """Answer the same question with a judgement on every file."""
