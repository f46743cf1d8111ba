"""PDM, whose finder is unearth; the newest release modelled is unearth 0.19."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from ftwheel.core.index.page import PageFault
from ftwheel.core.installers.interface import Asked, Installer, ResolverKind
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.parsed_filename import ParsedFilename
from ftwheel.core.installers.pdm.selection import PdmSelection, meets_python
from ftwheel.core.installers.project_files import ProjectFile, ProjectFiles
from ftwheel.core.installers.requirements import Requirement, parse_version
from ftwheel.core.tags.priority import TagFlavour

if TYPE_CHECKING:
    from ftwheel.core.installers.explanation import Judgement
    from ftwheel.core.installers.interface import Question

__all__ = ["Pdm"]


class Pdm(Installer):
    """``pdm install``; ``release`` is unearth's."""

    name = "pdm"
    release = "0.19.0"
    flavours = (((), TagFlavour.PIP),)
    resolver = ResolverKind.RESOLVELIB
    refused_faults = frozenset({
        PageFault.UNREADABLE, PageFault.JSON_FOR_PYTHON, PageFault.JSON_ENCODING, PageFault.HTML_FOR_PYTHON,
        PageFault.CHARSET, PageFault.FILENAME_NUMBER, PageFault.ENTRY_TYPE, PageFault.URL_TYPE, PageFault.URL_SYNTAX,
        PageFault.UPLOAD_TIME_SYNTAX,
    })  # fmt: skip

    def reader(self, project: ProjectFiles) -> PdmReader:
        return PdmReader(project)

    def meets_python(self, specifier: str, python: tuple[int, int, int], options: InstallerOptions) -> bool:
        return meets_python(specifier, python) is True

    def contains(self, requirement: Requirement, version: Version) -> bool:
        """Whether the version matches; ``===`` matches any spelling here, because unearth compares each file's own."""
        if not requirement.compares_text:
            return requirement.contains(version)
        return all(
            parse_version(one.version) == version if one.operator == "===" else one.contains(version, prereleases=True)
            for one in requirement.specifiers
        )

    def allows_wheels(self, options: InstallerOptions, project: str) -> bool:
        if project in options.only_binary or project in options.no_binary:
            return project in options.only_binary
        return ":all:" in options.only_binary or ":all:" not in options.no_binary

    def allows_sdists(self, options: InstallerOptions, project: str) -> bool:
        if project in options.only_binary or project in options.no_binary:
            return project not in options.only_binary
        return ":all:" not in options.only_binary

    def ask(self, asked: Asked) -> Question:
        return PdmSelection(self, asked)

    def judge(self, asked: Asked) -> Judgement:
        return PdmSelection(self, asked).judge()


class PdmReader:
    """unearth's order and reading of the files of one project."""

    def __init__(self, project: ProjectFiles) -> None:
        self._project = project

    def read(self, source: int, index: int) -> ParsedFilename:
        from ftwheel.core.installers.pdm.filenames import read_link  # noqa: PLC0415  # most pages have no odd names

        return read_link(self._project.columns[source][1][index], self._project.name)

    def sort(self, entries: list[ProjectFile]) -> None:
        """Indexes first, then find-links, each in the order of the page."""
        entries.sort(key=lambda entry: (entry.source in self._project.flat, entry.source, entry.position))
