"""Caches reports on projects, so that a run whose pages have not changed does not have to parse them again.

An index page has thousands of files, and parsing it takes longer than anything else. A report is valid only for the
index responses it was made from, and for the same question: project, versions, targets, installer and its options.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ftwheel import __version__
from ftwheel.core.dependencies.readiness_json import parse_project, project_data
from ftwheel.core.errors import InputError

if TYPE_CHECKING:
    from ftwheel.core.dependencies.readiness import ProjectReport
    from ftwheel.core.dependencies.requested import RequestedProject
    from ftwheel.core.installers.options import InstallerOptions
    from ftwheel.core.tags.environments import Environment

__all__ = ["ReportCache"]

_FORMAT = 1  # increment when reports on the same pages change
_MOST_REPORTS = 4096  # per question; long lists use state files
_MOST_QUESTIONS = 16


class ReportCache:
    """The reports for one set of targets, in one file in a folder, which is read on first use and written by ``close``.

    ``edition`` identifies the available pages of a project; it is empty if they have to be requested. An unreadable
    file counts as missing. A full disk disables the cache; it does not make the command fail.
    """

    def __init__(
        self,
        folder: str,
        targets: Iterable[Environment],
        rules: Callable[[str], InstallerOptions],
        edition: Callable[[str], str],
    ) -> None:
        self._rules = rules
        self._edition = edition
        self._question = json.dumps([_FORMAT, __version__, [repr(target) for target in targets]])
        self._path = os.path.join(folder, f"{zlib.crc32(self._question.encode()):08x}.json")
        self._reports: dict[str, Any] | None = None
        self._changed = False

    def recall(self, project: RequestedProject) -> ProjectReport | None:
        """The cached report on a project if question and pages are the same, else None."""
        known = self._known().get(project.name)
        if not isinstance(known, list) or len(known) != 2 or known[0] != self._key(project):
            return None
        try:
            return parse_project(known[1], self._path)
        except InputError:
            return None

    def keep(self, project: RequestedProject, report: ProjectReport) -> None:
        """Store a new report, if the pages it was made from are cached as well."""
        key = self._key(project)
        if key:
            known = self._known()
            known.pop(project.name, None)
            known[project.name] = [key, project_data(report)]
            if len(known) > _MOST_REPORTS:
                del known[next(iter(known))]
            self._changed = True

    def close(self) -> None:
        """Write the file if there are new reports."""
        if not self._changed or self._reports is None:
            return
        folder = os.path.dirname(self._path)
        temporary = f"{self._path}.{os.getpid()}.tmp"
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            with open(temporary, "w", encoding="utf-8") as file:
                # not json.dump, which encodes in Python
                file.write(json.dumps({"question": self._question, "reports": self._reports}, separators=(",", ":")))
            os.replace(temporary, self._path)
            files = sorted((entry.stat().st_mtime, entry.path) for entry in os.scandir(folder))
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            return
        for _, path in files[:-_MOST_QUESTIONS]:
            with contextlib.suppress(OSError):
                os.unlink(path)

    def _known(self) -> dict[str, Any]:
        if self._reports is None:
            self._reports = {}
            try:
                with open(self._path, "rb") as file:
                    kept = json.load(file)
            except (OSError, ValueError, RecursionError):
                return self._reports
            if isinstance(kept, dict) and kept.get("question") == self._question:
                reports = kept.get("reports")
                self._reports = reports if isinstance(reports, dict) else {}
        return self._reports

    def _key(self, project: RequestedProject) -> str:
        """A digest of everything a report depends on; empty if the pages are not available."""
        edition = self._edition(project.name)
        if not edition:
            return ""
        asked = [
            [
                *(number, requested.requirement.text, requested.pinned, requested.resolved, requested.notes),
                *([file.filename for file in requested.locked], sorted(requested.hashes)),
            ]
            for number, requested in project.versions
        ]
        text = json.dumps([edition, asked, _plain(self._rules(project.name))])
        from hashlib import sha256

        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _plain(rules: InstallerOptions) -> Mapping[str, Sequence[str]]:
    """The rules in a canonical form: sets have no defined order."""
    return {
        name: sorted(map(str, value)) if isinstance(value, frozenset) else [str(value)]
        for name, value in rules._asdict().items()
    }
