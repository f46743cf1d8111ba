"""FTW8xx: what PyPI refuses at upload. ``index-rules = "any"`` turns the group off for an index that takes more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.release.index_acceptance import RefusalReason, accepts_platform, wheel_refusals
from ftwheel.rules.wheel.facts import WheelFacts, WheelRule

__all__ = [
    "INDEX_RULES",
    "RefusedArchive",
    "RefusedDescription",
    "RefusedEntryPoints",
    "RefusedLicenseFile",
    "RefusedMetadata",
    "RefusedName",
    "RefusedPlatform",
    "RefusedRule",
    "RefusedSize",
]


class RefusedRule(WheelRule):
    """Every refusal for one reason is a finding; ``message`` says what the detail of the refusal means."""

    reason: ClassVar[RefusalReason]
    message: ClassVar[str] = "{}"
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for refusal in wheel_refusals(facts.wheel):
            if refusal.reason is self.reason:
                yield self.finding(
                    facts.subject(path=refusal.path),
                    self.message.format(refusal.detail),
                    severity=None if refusal.certain else Severity.WARNING,
                )


class RefusedPlatform(RefusedRule):
    code = "FTW801"
    title = "PyPI does not take this platform tag"
    why = """PyPI takes the platform tags that have a specification: `manylinux`, `musllinux`, `macosx`, `win`, `ios`,
        `android` and `pyemscripten`, each with the machines that it knows. A plain `linux_x86_64` says nothing about
        the libraries that the wheel needs. The upload stops at the first such file, and the files after it are not
        uploaded."""
    fix = """Repair the wheel, which gives it the tag it deserves (`auditwheel repair` on Linux, as `ftwheel build`
        does), or leave it out of the upload. Where another index takes the file, set `index-rules = "any"` in
        `[tool.ftwheel]`."""
    reason = RefusalReason.PLATFORM_TAG

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        name = facts.wheel.name
        refused = [tag for tag in name.platforms if not accepts_platform(tag)]
        if refused:
            tags = f"tag{'s' if len(refused) > 1 else ''} {', '.join(refused)}"
            yield self.finding(
                facts.subject(),
                f"has the platform {tags}, which PyPI refuses",
                fix=self._advice(refused, others=len(refused) < len(name.platforms)),
            )

    @classmethod
    def _advice(cls, refused: list[str], *, others: bool) -> str:
        if others:
            return f"Remove what nobody needs: `ftwheel tag --platform-tag=-{'.'.join(refused)} WHEEL`."
        if refused[0].startswith(("pyodide_", "emscripten_")):
            return "Build with a Pyodide whose ABI has a `pyemscripten` tag (PEP 783), or leave the wheel out."
        if match := re.fullmatch(r"macosx_(1[1-9]|[2-9][0-9])_[1-9][0-9]*_(.+)", refused[0]):
            return (
                f"From macOS 11 on only the major version counts: build with `MACOSX_DEPLOYMENT_TARGET={match[1]}.0`."
            )
        return cls.fix


class RefusedMetadata(RefusedRule):
    code = "FTW802"
    title = "PyPI does not take this metadata"
    why = """The metadata is valid, and PyPI asks for more: no local version (`1.0+cpu`), no direct reference to a URL
        among the dependencies, only classifiers that it knows, no `License` beside `License-Expression`, addresses
        and URLs that are ones."""
    fix = "Correct the field in `[project]` (or where the backend reads it) and build every file of the release again."
    reason = RefusalReason.METADATA


class RefusedName(RefusedRule):
    code = "FTW803"
    title = "The file name does not begin with the normalized project name"
    why = "PyPI takes a file only under the normalized name (`my_project`, in lower case, not `My.Project`)."
    fix = "Build with a current version of the backend, which writes the normalized name; do not rename the file."
    reason = RefusalReason.FILE_NAME


class RefusedLicenseFile(RefusedRule):
    code = "FTW804"
    title = "A licence file that METADATA names is not in the wheel"
    why = "Each `License-File` has to be in `.dist-info/licenses/` (PEP 639), and PyPI looks."
    fix = "List it in `license-files` and see that the file is there when the wheel is built; do not remove it later."
    reason = RefusalReason.LICENSE_FILE
    message = "METADATA names the licence file {}, which the wheel does not have"


class RefusedArchive(RefusedRule):
    code = "FTW805"
    title = "PyPI does not take an archive like this"
    why = """PyPI refuses files that may harm who reads them: those that unpack to more than fifty times their size, and
        zips that two readers understand in two ways. Such a zip has bytes that belong to no member, names or sizes that
        differ between a member and the directory, sizes behind the data (it was written to a pipe), or comments on
        members."""
    fix = """Pack the wheel again: `wheel unpack` and `wheel pack`. Ship data that is almost empty in another form, and
        put nothing in front of a wheel or behind it."""
    reason = RefusalReason.ARCHIVE


class RefusedEntryPoints(RefusedRule):
    code = "FTW806"
    title = "entry_points.txt is not valid"
    why = """It has to be an INI file in UTF-8 with `=` between name and value, and names of scripts are made of
        letters, digits, `_`, `.` and `-` (entry points specification). PyPI refuses the wheel."""
    fix = "Correct `[project.scripts]`, `[project.gui-scripts]` or `[project.entry-points]`, and build again."
    reason = RefusalReason.ENTRY_POINTS


class RefusedSize(RefusedRule):
    code = "FTW807"
    title = "The file is larger than PyPI takes by default"
    why = "PyPI takes files of up to 100 MiB, and up to 1 GiB from projects that asked for it and were granted more."
    fix = "Leave out what users do not need (debug symbols, test data), or ask PyPI for a higher limit first."
    reason = RefusalReason.SIZE


class RefusedDescription(RefusedRule):
    code = "FTW808"
    title = "PyPI cannot render the description"
    why = """PyPI shows the description on the project's page, and refuses a file whose reStructuredText gives an error
        or a warning. A description without a content type is taken for reStructuredText, Markdown too."""
    fix = """Correct the line in the README (`twine check` says the same about it). If it is Markdown, say so:
        `readme = "README.md"` in `[project]`, or `long_description_content_type="text/markdown"` in `setup.py`."""
    reason = RefusalReason.DESCRIPTION


INDEX_RULES: tuple[RefusedRule, ...] = (
    RefusedPlatform(),
    RefusedMetadata(),
    RefusedName(),
    RefusedLicenseFile(),
    RefusedArchive(),
    RefusedEntryPoints(),
    RefusedSize(),
    RefusedDescription(),
)
"""One rule for each reason."""
