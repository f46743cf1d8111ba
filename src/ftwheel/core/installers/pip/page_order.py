"""Decides the order of the files of all pages in pip, and how it reads each name.

Find-links files come first, by URL in descending order, then page after page. Links with ``#egg=`` come after the
others of their page. Within a page, and among the find-links files, the second link to a URL is dropped.

Sources: pip 26.3 ``_internal/index/package_finder.py`` (``_sort_links``, ``find_all_candidates``), ``sources.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from ftwheel.core.index.page import LinkReading, SourceKind
from ftwheel.core.installers.parsed_filename import ParsedFilename
from ftwheel.core.installers.project_files import ProjectFile, ProjectFiles

__all__ = ["PipReader"]


class PipReader:
    """pip's order and reading of the files of one project."""

    def __init__(self, project: ProjectFiles) -> None:
        self._project = project
        self._orders: list[Sequence[int]] = [range(0)] * len(project.sources)
        self._duplicates: set[tuple[int, int]] = set()
        self._has_eggs = False
        self._broken = {
            (number, index)
            for number, source in enumerate(project.sources)
            if isinstance(source.details.files, tuple)  # other pages have no broken fields
            for index, file in enumerate(source.details.files)
            if "requires-python" in file.broken
        }
        self._order_pages()

    def read(self, source: int, index: int) -> ParsedFilename:
        from ftwheel.core.installers.pip import filenames  # noqa: PLC0415  # most pages have no odd names

        if (source, index) in self._duplicates:
            return filenames.DUPLICATE
        return filenames.read_link(
            self._project.columns[source][1][index],
            self._project.name,
            in_folder=self._project.sources[source].kind is SourceKind.FIND_LINKS_FILES,
        )

    def sort(self, entries: list[ProjectFile]) -> None:
        entries.sort(key=self.order)

    def order(self, entry: ProjectFile) -> int:
        """The file's position in pip's list of all files."""
        return self._orders[entry.source][entry.position]

    def is_broken(self, entry: ProjectFile) -> bool:
        """Whether requires-python has the wrong type, which makes pip fail when it evaluates the file."""
        return (entry.source, entry.position) in self._broken

    @property
    def has_traps(self) -> bool:
        """Whether any file might make pip fail as soon as pip evaluates it."""
        return bool(self._broken) or self._has_eggs

    @cached_property
    def has_all_upload_times(self) -> bool:
        """Whether every file has an upload time that pip can read."""
        project = self._project
        return not any(
            number in project.flat or source.details.html or None in found[3]
            for number, (source, found) in enumerate(zip(project.sources, project.columns, strict=True))
        )

    def _order_pages(self) -> None:
        sources, columns = self._project.sources, self._project.columns
        folders = [n for n, source in enumerate(sources) if source.kind is SourceKind.FIND_LINKS_FILES]
        pages = [n for n, source in enumerate(sources) if source.kind is SourceKind.FIND_LINKS_PAGE]
        pages += [n for n in range(len(sources)) if n not in self._project.flat]
        links = [(number, index) for number in folders for index in range(len(columns[number][1]))]
        links.sort(key=lambda link: columns[link[0]][1][link[1]], reverse=True)
        self._drop_second(links)
        orders: dict[int, list[int]] = {number: [0] * len(columns[number][1]) for number in folders}
        for place, (number, index) in enumerate(links):
            orders[number][index] = place
        for number, places in orders.items():
            self._orders[number] = places
        start = len(links)
        for number in pages:
            urls = columns[number][1]
            count = len(urls)
            if self._project.has_plain_addresses[number]:
                self._orders[number] = range(start, start + count)
            else:
                from ftwheel.core.installers.pip.filenames import link_name  # noqa: PLC0415

                self._drop_second([(number, index) for index in range(count)])
                eggs = [bool(link_name(url)[1]) for url in urls]
                self._has_eggs |= any(eggs)
                self._orders[number] = [start + index + (count if egg else 0) for index, egg in enumerate(eggs)]
            start += 2 * count

    def _drop_second(self, links: list[tuple[int, int]]) -> None:
        if not links:
            return
        from ftwheel.core.installers.pip.filenames import unquoted  # noqa: PLC0415

        seen: set[str] = set()
        for number, index in links:
            if not self._project.is_seen(number, index, LinkReading.PYTHON):
                continue
            address = unquoted(self._project.columns[number][1][index])
            if address in seen:
                self._duplicates.add((number, index))
            seen.add(address)
