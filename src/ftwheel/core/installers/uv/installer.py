"""uv; the newest release modelled is 0.13.9."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from ftwheel.core.index.page import LinkReading, PageFault
from ftwheel.core.installers.interface import Asked, Installer, ResolverKind
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.parsed_filename import ParsedFilename
from ftwheel.core.installers.project_files import ProjectFile, ProjectFiles
from ftwheel.core.installers.requirements import Requirement, parse_version
from ftwheel.core.installers.uv.requires_python import meets_lower_bound
from ftwheel.core.installers.uv.selection import UvSelection
from ftwheel.core.tags.priority import TagFlavour

if TYPE_CHECKING:
    from packaging.specifiers import Specifier

    from ftwheel.core.installers.explanation import Judgement
    from ftwheel.core.installers.interface import Question

__all__ = ["Uv"]


class Uv(Installer):
    """``uv pip install``; ``uv lock`` and ``uv sync`` resolve for all platforms at once and are not modelled."""

    name = "uv"
    release = "0.13.9"
    flavours = (((0, 11, 21), TagFlavour.UV), ((0, 11, 3), TagFlavour.UV_OLD_MUSL), ((), TagFlavour.UV_NO_ABI3T))
    resolver = ResolverKind.PUBGRUB
    refused_faults = frozenset(PageFault) - {
        PageFault.JSON_FOR_PYTHON, PageFault.JSON_ENCODING, PageFault.CHARSET, PageFault.CHARSET_NAME,
        PageFault.HTML_FOR_PYTHON, PageFault.FILENAME_NUMBER, PageFault.FILENAME_SEPARATOR, PageFault.URL_SYNTAX,
        PageFault.UPLOAD_TIME_SYNTAX, PageFault.EGG_NAME,
    }  # fmt: skip
    links = LinkReading.STANDARD

    def reader(self, project: ProjectFiles) -> UvReader:
        return UvReader(project)

    def contains(self, requirement: Requirement, version: Version) -> bool:
        return all(_contains(one, version) for one in requirement.specifiers)

    def meets_python(self, specifier: str, python: tuple[int, int, int], options: InstallerOptions) -> bool:
        return meets_lower_bound(specifier, python) is not False

    def allows_wheels(self, options: InstallerOptions, project: str) -> bool:
        return not _excludes(project, options.no_binary, options.only_binary)

    def allows_sdists(self, options: InstallerOptions, project: str) -> bool:
        return not _excludes(project, options.only_binary, options.no_binary)

    def ask(self, asked: Asked) -> Question:
        return UvSelection(self, asked)

    def judge(self, asked: Asked) -> Judgement:
        from ftwheel.core.installers.uv.explanation import UvJudge  # noqa: PLC0415  # a choice needs no reasons

        return UvJudge(self, asked).judge()


class UvReader:
    """uv's order and reading of the files of one project."""

    def __init__(self, project: ProjectFiles) -> None:
        self._project = project

    def read(self, source: int, index: int) -> ParsedFilename:
        from ftwheel.core.installers.uv.filenames import read_filename  # noqa: PLC0415  # most pages have no odd names

        filename = self._project.columns[source][0][index]
        return read_filename(filename, self._project.name, flat=source in self._project.flat)

    def sort(self, entries: list[ProjectFile]) -> None:
        """Find-links first, then each index by name, in code point order."""
        flat = [entry for entry in entries if entry.source in self._project.flat]
        others = [entry for entry in entries if entry.source not in self._project.flat]
        if flat:
            self._sort_flat(flat)
        others.sort(key=lambda entry: (entry.source, entry.filename))
        entries[:] = flat + others

    def _sort_flat(self, flat: list[ProjectFile]) -> None:
        from ftwheel.core.installers.uv.file_order import flat_order  # noqa: PLC0415

        flat.sort(key=lambda entry: entry.filename)  # uv reads each location in this order; the next sort is stable
        flat.sort(key=lambda e: flat_order(e.filename, e.reading, self._project.sources[e.source].details.url))


def _contains(one: Specifier, version: Version) -> bool:
    """Whether a version matches; uv compares versions even for ``===``."""
    if one.operator == "===":
        return parse_version(one.version) == version
    return one.contains(version, prereleases=True)


def _excludes(project: str, these: frozenset[str], others: frozenset[str]) -> bool:
    """Whether a project is excluded: ``:all:`` replaces names, but ``others`` overrides it (``BuildOptions``)."""
    if ":all:" in these:
        return ":all:" in others or project not in others
    return project in these
