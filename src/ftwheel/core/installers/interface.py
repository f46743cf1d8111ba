"""What an installer is: all that differs between installers stands in the folder of each, behind this interface.

``ftwheel.core.installers.registry`` knows the installers; nothing else does.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from packaging.version import Version

from ftwheel.core.errors import InputError
from ftwheel.core.index.page import LinkReading, PageFault
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.project_files import ProjectFiles
from ftwheel.core.installers.requirements import Requirement
from ftwheel.core.tags.environments import Environment
from ftwheel.core.tags.priority import TagFlavour

if TYPE_CHECKING:  # a Protocol takes time to make
    from collections.abc import Iterator
    from typing import Protocol

    from ftwheel.core.installers.candidates import Candidate
    from ftwheel.core.installers.explanation import Judgement
    from ftwheel.core.installers.project_files import FileReader, ProjectFile

    class Question(Protocol):
        """One question to an installer: a project, a requirement, an environment, and options."""

        asked: Asked

        def answer(self) -> tuple[Candidate | None, str]:
            """The file it takes, None when none, and why it gives up because of what the pages hold, if it does."""
            ...

        def walk(self) -> Iterator[ProjectFile]:
            """The file it takes of each version, in the order in which its resolver tries them."""
            ...

        def metadata_file(self, entry: ProjectFile) -> ProjectFile:
            """The file whose METADATA it reads for one that ``walk`` gave."""
            ...

        def candidate(self, entry: ProjectFile) -> Candidate:
            """A file as a candidate."""
            ...


__all__ = ["Asked", "Installer", "Question", "ResolverKind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an installer is asked.

    ``pins`` are versions that were asked for by number elsewhere than in ``requirement``; only uv looks at them.
    """

    project: ProjectFiles
    requirement: Requirement
    environment: Environment
    options: InstallerOptions
    pins: frozenset[Version] | None = None


class ResolverKind(enum.Enum):
    """How an installer resolves dependencies."""

    RESOLVELIB = "resolvelib"  # one decision after another, taken back when it leads nowhere
    PUBGRUB = "PubGrub"  # conflicts are learned from


class Installer(ABC):
    """One installer, whatever its options.

    ``name`` is what it is called by. ``release`` is the newest release that is modelled. ``flavours`` are the lists of
    tags that its releases accept, newest first, each with the first release that has it. ``resolver`` is how it
    resolves dependencies. ``refused_faults`` are what it gives up on a page for, ``links`` how it reads HTML.
    """

    name: ClassVar[str]
    release: ClassVar[str]
    flavours: ClassVar[tuple[tuple[tuple[int, ...], TagFlavour], ...]]
    resolver: ClassVar[ResolverKind]
    refused_faults: ClassVar[frozenset[PageFault]]
    links: ClassVar[LinkReading] = LinkReading.PYTHON

    def flavour(self, version: str) -> TagFlavour:
        """Whose list of accepted tags applies to a release, the newest one if ``version`` is empty."""
        if not version:
            return self.flavours[0][1]
        release = tuple(map(int, version.split(".")))
        return next(flavour for first, flavour in self.flavours if release >= first)

    def flavour_for(self, environment: Environment, options: InstallerOptions) -> TagFlavour:
        """Whose list of accepted tags applies. Raises InputError for pip's cross options and another installer."""
        flavour = self.flavour(options.version)
        if environment.pairs and not self.takes_targets(options):
            raise InputError(
                f"{environment.label}: {options.label} is not modelled with these options",
                hint="they are those of pip: ask with --installer pip, for the newest release",
            )
        return flavour

    def takes_targets(self, options: InstallerOptions) -> bool:
        """Whether it has pip's options ``--platform``, ``--python-version``, ``--implementation`` and ``--abi``."""
        return False

    @abstractmethod
    def reader(self, project: ProjectFiles) -> FileReader:
        """How it reads the files of a project."""

    def contains(self, requirement: Requirement, version: Version) -> bool:
        """Whether a version is in the requirement's specifier, pre-releases included."""
        return requirement.contains(version)

    @abstractmethod
    def meets_python(self, specifier: str, python: tuple[int, int, int], options: InstallerOptions) -> bool:
        """Whether it takes a Python to meet the Requires-Python of a METADATA."""

    @abstractmethod
    def allows_wheels(self, options: InstallerOptions, project: str) -> bool:
        """Whether wheels of the project may be taken; ``project`` is normalized."""

    @abstractmethod
    def allows_sdists(self, options: InstallerOptions, project: str) -> bool:
        """Whether source distributions of the project may be taken; ``project`` is normalized."""

    @abstractmethod
    def ask(self, asked: Asked) -> Question:
        """A question."""

    @abstractmethod
    def judge(self, asked: Asked) -> Judgement:
        """The same question, with a judgement on every file."""
