"""Poetry; the newest release modelled is 2.5.1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from ftwheel.core.index.page import PageFault
from ftwheel.core.installers.interface import Asked, Installer, ResolverKind
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.parsed_filename import ParsedFilename
from ftwheel.core.installers.poetry.constraints import allowed_ranges, allows
from ftwheel.core.installers.poetry.selection import PoetrySelection, meets_python
from ftwheel.core.installers.project_files import ProjectFile, ProjectFiles
from ftwheel.core.installers.requirements import Requirement
from ftwheel.core.tags.priority import TagFlavour

if TYPE_CHECKING:
    from ftwheel.core.installers.explanation import Judgement
    from ftwheel.core.installers.interface import Question

__all__ = ["Poetry"]


class Poetry(Installer):
    """``poetry add`` and ``poetry install`` in a project that supports only the environment's Python."""

    name = "poetry"
    release = "2.5.1"
    flavours = (((), TagFlavour.PIP),)
    resolver = ResolverKind.PUBGRUB
    refused_faults = frozenset({
        PageFault.UNREADABLE, PageFault.JSON_FOR_PYTHON, PageFault.HTML_FOR_PYTHON, PageFault.FILENAME_NUMBER,
        PageFault.ENTRY_TYPE, PageFault.FILES_MISSING, PageFault.URL_TYPE, PageFault.EMPTY_URL_TYPE,
        PageFault.URL_MISSING, PageFault.FILENAME_MISSING, PageFault.FILENAME_SEPARATOR,
    })  # fmt: skip

    def reader(self, project: ProjectFiles) -> PoetryReader:
        return PoetryReader(project)

    def meets_python(self, specifier: str, python: tuple[int, int, int], options: InstallerOptions) -> bool:
        return meets_python(specifier, python) is not False

    def allows_wheels(self, options: InstallerOptions, project: str) -> bool:
        return project not in options.no_binary and (":all:" not in options.no_binary or project in options.only_binary)

    def allows_sdists(self, options: InstallerOptions, project: str) -> bool:
        return project not in options.only_binary and (
            ":all:" not in options.only_binary or project in options.no_binary
        )

    def contains(self, requirement: Requirement, version: Version) -> bool:
        return allows(allowed_ranges(requirement), version)

    def ask(self, asked: Asked) -> Question:
        return PoetrySelection(self, asked)

    def judge(self, asked: Asked) -> Judgement:
        return PoetrySelection(self, asked).judge()


class PoetryReader:
    """Poetry's order and reading of the files of one project."""

    def __init__(self, project: ProjectFiles) -> None:
        self._project = project

    def read(self, source: int, index: int) -> ParsedFilename:
        from ftwheel.core.installers.poetry.filenames import read_filename  # noqa: PLC0415  # most pages have none

        filenames, urls, *_ = self._project.columns[source]
        filename = filenames[index]
        details = self._project.sources[source].details
        if details.html:
            from ftwheel.core.index.page_html import link_filename  # noqa: PLC0415  # there since the page was read

            filename = link_filename(urls[index])
        elif "filename" in details.files[index].broken:
            filename = ""
        return read_filename(filename, self._project.name)

    def sort(self, entries: list[ProjectFile]) -> None:
        """Keep the order of the pages."""
        entries.sort(key=lambda entry: (entry.source, entry.position))
