"""FTW8xx: what PyPI rejects at upload. ``index-rules = "any"`` turns the group off for more permissive indexes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.release.index_acceptance import RefusalReason, accepts_platform
from ftwheel.rules.wheel.facts import WheelFacts, WheelRule

__all__ = ["INDEX_RULES", "RefusedSize"]


class RefusedRule(WheelRule):
    """Reports every refusal for one reason; ``message`` explains the detail of the refusal."""

    reason: ClassVar[RefusalReason]
    message: ClassVar[str] = "{}"
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for refusal in facts.refusals:
            if refusal.reason is self.reason:
                yield self.finding(
                    facts.subject(path=refusal.path),
                    self.message.format(refusal.detail),
                    severity=None if refusal.certain else Severity.WARNING,
                )


class RefusedPlatform(RefusedRule):
    code = "FTW801"
    title = "PyPI does not accept this platform tag"
    why = """PyPI accepts only specified platform tags: `manylinux`, `musllinux`, `macosx`, `win`, `ios`, `android` and
        `pyemscripten`, each with the architectures it knows. A plain `linux_x86_64` says nothing about the libraries
        that the wheel needs. The upload stops at the first such file, and later files are not uploaded."""
    fix = """Repair the wheel, which sets the right tag (`auditwheel repair` on Linux, as `ftwheel build` does), or
        remove it from the upload. For another index that accepts the file, set `index-rules = "any"` in
        `[tool.ftwheel]`."""
    reason = RefusalReason.PLATFORM_TAG

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        name = facts.wheel.name
        refused = [tag for tag in name.platforms if not accepts_platform(tag)]
        if refused:
            tags = f"tag{'s' if len(refused) > 1 else ''} {', '.join(refused)}"
            yield self.finding(
                facts.subject(),
                f"has the platform {tags}, which PyPI rejects",
                fix=self._fix(refused, others=len(refused) < len(name.platforms)),
            )

    @classmethod
    def _fix(cls, refused: list[str], *, others: bool) -> str:
        if others:
            return f"Remove the rejected tags: `ftwheel tag --platform-tag=-{'.'.join(refused)} WHEEL`."
        if refused[0].startswith(("pyodide_", "emscripten_")):
            return "Build with a Pyodide whose ABI has a `pyemscripten` tag (PEP 783), or do not upload the wheel."
        if match := re.fullmatch(r"macosx_(1[1-9]|[2-9][0-9])_[1-9][0-9]*_(.+)", refused[0]):
            return (
                f"From macOS 11 on, only the major version counts: build with `MACOSX_DEPLOYMENT_TARGET={match[1]}.0`."
            )
        return cls.fix


class RefusedMetadata(RefusedRule):
    code = "FTW802"
    title = "PyPI does not accept this metadata"
    why = """The metadata is valid, but PyPI is stricter: no local versions (`1.0+cpu`), no dependencies on direct URLs,
        only known classifiers, no `License` together with `License-Expression`, and only valid email addresses and
        URLs."""
    fix = "Correct the field in `[project]` (or wherever the backend reads it) and rebuild every file of the release."
    reason = RefusalReason.METADATA


class RefusedName(RefusedRule):
    code = "FTW803"
    title = "The file name does not begin with the normalized project name"
    why = "PyPI accepts a file only under the normalized name (`my_project`, in lower case, not `My.Project`)."
    fix = "Build with a current version of the backend, which writes the normalized name; do not rename the file."
    reason = RefusalReason.FILE_NAME


class RefusedLicenseFile(RefusedRule):
    code = "FTW804"
    title = "A license file named in METADATA is not in the wheel"
    why = "Each `License-File` must be in `.dist-info/licenses/` (PEP 639), and PyPI checks that."
    fix = "List it in `license-files`, make sure it exists when the wheel is built, and do not remove it later."
    reason = RefusalReason.LICENSE_FILE
    message = "METADATA names the license file {}, which the wheel does not have"


class RefusedArchive(RefusedRule):
    code = "FTW805"
    title = "PyPI does not accept such an archive"
    why = """PyPI rejects potentially harmful files: those that unpack to more than fifty times their size, and zips
        that readers may interpret differently, with bytes that belong to no member, names or sizes that differ between
        a member and the central directory, sizes after the data (written to a pipe), or comments on members."""
    fix = """Repack the wheel with `wheel unpack` and `wheel pack`. Ship nearly empty data in another form, and do not
        prepend or append data to a wheel."""
    reason = RefusalReason.ARCHIVE


class RefusedEntryPoints(RefusedRule):
    code = "FTW806"
    title = "entry_points.txt is not valid"
    why = """It must be an INI file in UTF-8 with `=` between name and value, and script names may only contain letters,
        digits, `_`, `.` and `-` (entry points specification). PyPI rejects the wheel."""
    fix = "Correct `[project.scripts]`, `[project.gui-scripts]` or `[project.entry-points]`, and build again."
    reason = RefusalReason.ENTRY_POINTS


class RefusedSize(RefusedRule):
    code = "FTW807"
    title = "The file is larger than PyPI accepts by default"
    why = "PyPI accepts files of up to 100 MiB, and up to 1 GiB from projects that were granted a higher limit."
    fix = "Remove what users do not need (debug symbols, test data), or ask PyPI for a higher limit first."
    reason = RefusalReason.SIZE


class RefusedDescription(RefusedRule):
    code = "FTW808"
    title = "PyPI cannot render the description"
    why = """PyPI shows the description on the project's page, and rejects a file whose reStructuredText gives an error
        or a warning. A description without a content type is taken for reStructuredText, Markdown too."""
    fix = """Correct the line in the README (`twine check` says the same about it). If it is Markdown, say so:
        `readme = "README.md"` in `[project]`, or `long_description_content_type="text/markdown"` in `setup.py`."""
    reason = RefusalReason.DESCRIPTION


INDEX_RULES = tuple(rule() for rule in RefusedRule.defined_in(globals()))
"""One rule for each reason."""
