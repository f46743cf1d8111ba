"""pip; the newest release modelled is 26.3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from packaging.version import Version

from ftwheel.core.index.page import PageFault
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.interface import Asked, Installer, ResolverKind
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.pip.page_order import PipReader
from ftwheel.core.installers.pip.selection import PipSelection, meets_python
from ftwheel.core.installers.project_files import ProjectFile, ProjectFiles
from ftwheel.core.tags.priority import TagFlavour

if TYPE_CHECKING:
    from ftwheel.core.installers.explanation import Judgement
    from ftwheel.core.installers.interface import Question

__all__ = ["Pip"]


class Pip(Installer):
    """``pip install``."""

    name = "pip"
    release = "26.3"
    flavours = (
        ((26, 3), TagFlavour.PIP),
        ((26, 1), TagFlavour.PIP_OLD_PLATFORMS),
        ((24, 1), TagFlavour.PIP_NO_ABI3T),
        ((), TagFlavour.PIP_NO_FREE_THREADING),
    )
    resolver = ResolverKind.RESOLVELIB
    refused_faults = frozenset({
        PageFault.UNREADABLE, PageFault.JSON_FOR_PYTHON, PageFault.JSON_ENCODING, PageFault.CHARSET,
        PageFault.CHARSET_NAME, PageFault.HTML_FOR_PYTHON, PageFault.FILENAME_NUMBER, PageFault.ENTRY_TYPE,
        PageFault.URL_TYPE, PageFault.EMPTY_URL_TYPE, PageFault.URL_SYNTAX, PageFault.URL_TEXT, PageFault.HASHES_TYPE,
        PageFault.UPLOAD_TIME_SYNTAX, PageFault.EGG_NAME,
    })  # fmt: skip

    def takes_targets(self, options: InstallerOptions) -> bool:
        return self.flavour(options.version) is TagFlavour.PIP

    def reader(self, project: ProjectFiles) -> PipReader:
        return PipReader(project)

    def meets_python(self, specifier: str, python: tuple[int, int, int], options: InstallerOptions) -> bool:
        return options.ignore_requires_python or meets_python(specifier, python)

    def allows_wheels(self, options: InstallerOptions, project: str) -> bool:
        # a project name takes precedence over :all:, and only-binary over no-binary
        return project in options.only_binary or not (
            project in options.no_binary or (":all:" not in options.only_binary and ":all:" in options.no_binary)
        )

    def allows_sdists(self, options: InstallerOptions, project: str) -> bool:
        return not (
            project in options.only_binary or (project not in options.no_binary and ":all:" in options.only_binary)
        )

    def ask(self, asked: Asked) -> Question:
        return _PipQuestion(self, asked)

    def judge(self, asked: Asked) -> Judgement:
        from ftwheel.core.installers.pip.explanation import PipJudge  # noqa: PLC0415  # a choice needs no reasons

        return PipJudge(self, asked).judge()


class _PipQuestion(PipSelection):
    """Finds the best file version by version if possible, and evaluates every file otherwise."""

    def answer(self) -> tuple[Candidate | None, str]:
        refusal = self.page_refusal()
        if refusal:
            return None, refusal
        if self.looks_at_every_file():
            judgement = self._judgement()
            refusal = judgement.refusal
            best = judgement.ranked[0] if judgement.ranked and not refusal else None
        else:
            best = next(super().walk(), None)
        return None if best is None else self.candidate(best), refusal

    def walk(self) -> Iterator[ProjectFile]:
        if not self.looks_at_every_file():
            yield from super().walk()
            return
        firsts: dict[Version | None, ProjectFile] = {}
        for entry in self._judgement().ranked:
            firsts.setdefault(entry.reading.version, entry)
        yield from firsts.values()

    def _judgement(self) -> Judgement:
        return self.installer.judge(self.asked)
