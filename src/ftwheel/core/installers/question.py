"""Shared by all installers' questions: the environment's tables of accepted tags, and the allowed formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.interface import Asked, Installer
from ftwheel.core.installers.project_files import ProjectFile, VersionFiles
from ftwheel.core.tags.priority import best_tag, position

if TYPE_CHECKING:
    from ftwheel.core.installers.rejections import Reason

__all__ = ["InstallerQuestion"]


class InstallerQuestion:
    """One question to an installer: a project, a requirement, an environment, and options.

    ``wheels`` and ``sdists`` say whether the options allow them.
    """

    def __init__(self, installer: Installer, asked: Asked) -> None:
        project, environment, options = asked.project, asked.environment, asked.options
        self.asked = asked
        self.installer = installer
        self.project = project
        self.requirement = asked.requirement
        self.environment = environment
        self.options = options
        self.version_index = project.version_index(installer)
        self.abis, self.platforms = environment.tables(installer.flavour_for(environment, options))
        self._tag_reasons: dict[tuple[str, str], Reason | None] = {}
        self.wheels = installer.allows_wheels(options, project.name)
        self.sdists = installer.allows_sdists(options, project.name)

    def page_refusal(self, sources: Iterable[int] | None = None) -> str:
        """Why the installer gives up on one of these pages (by default, any page); empty if it does not."""
        for number in range(len(self.project.sources)) if sources is None else sources:
            if problem := self.project.sources[number].details.first_problem(self.installer.refused_faults):
                return problem
        return ""

    def accepted_wheels(self, group: VersionFiles) -> Iterator[tuple[int, int, ProjectFile]]:
        """Yield the wheels of a version with an accepted tag, each after its ``position`` and the installer's order."""
        positions = self.platforms.positions
        for abi, wheels in group.by_abi().wheels.items():
            if self.abis.positions[abi] == (None, None):
                continue
            for order, entry in wheels:
                if positions[entry.reading.platform] == (None, False):
                    continue
                index = self.position(entry)
                if index is not None:
                    yield index, order, entry

    def position(self, entry: ProjectFile) -> int | None:
        """The position of a wheel's best tag in the list of accepted tags; None if no tag is accepted."""
        return position(self.abis, self.platforms, entry.reading.abi, entry.reading.platform)

    def tag_reason(self, entry: ProjectFile) -> Reason | None:
        """Why a wheel's tags do not match; None if one is accepted. Cached, because a page has few tag sets."""
        reading = entry.reading
        tags = reading.abi, reading.platform
        if tags not in self._tag_reasons:
            from ftwheel.core.installers.explanation import tag_reason  # noqa: PLC0415  # a choice needs no reasons

            self._tag_reasons[tags] = (
                tag_reason(reading, self.abis, self.platforms, self.environment)
                if self.position(entry) is None
                else None
            )
        return self._tag_reasons[tags]

    def metadata_file(self, entry: ProjectFile) -> ProjectFile:
        """The file whose METADATA the installer reads for a file yielded by ``walk``."""
        return entry

    def candidate(self, entry: ProjectFile) -> Candidate:
        """The entry as a candidate."""
        reading = entry.reading
        assert reading.kind
        index = self.position(entry) if reading.kind == "wheel" else None
        return Candidate(
            file=self.project.file(entry),
            kind=reading.kind,
            version=reading.text,
            tags=f"{reading.abi}-{reading.platform}" if reading.kind == "wheel" else "",
            tag="" if index is None else best_tag(self.abis, self.platforms, index),
            source=entry.source,
        )
