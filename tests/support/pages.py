"""Pages of made-up projects, for tests that need no server."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ftwheel.core.index.page import File, ProjectDetails, SourceKind
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.evaluations import Selection, explain
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.registry import installer
from ftwheel.core.installers.rejections import Reason, Rejected
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles, choose
from ftwheel.core.tags.environments import parse_environment
from ftwheel.core.wheel.contents import Metadata

__all__ = ["HTML", "JSON", "SHA", "Case", "entry", "html_page", "json_page", "page", "project", "usual_entry"]

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
URL = "https://index.example.org/simple/foo/"
SHA = "a" * 64


def entry(filename: str, **fields: Any) -> dict[str, Any]:
    """A file entry as indexes have it; ``requires_python=...`` stands for ``requires-python``."""
    usual = {"filename": filename, "url": f"https://files.example.org/{filename}", "hashes": {}}
    return usual | {name.replace("_", "-"): value for name, value in fields.items()}


def usual_entry(filename: str = "foo-1.0.tar.gz", **fields: Any) -> dict[str, Any]:
    """An entry of the shape that is read by column."""
    return entry(filename, **{"hashes": {"sha256": SHA}} | fields)


def json_page(*entries: Any, **top: Any) -> ProjectDetails:
    body = {"meta": {"api-version": "1.1"}, "name": "foo", "files": list(entries), **top}
    return parse_page(json.dumps(body).encode(), content_type=JSON, url=URL, name="foo")


def html_page(*lines: str, content_type: str = HTML) -> ProjectDetails:
    return parse_page("\n".join(lines).encode(), content_type=content_type, url=URL, name="foo")


def page(*files: str | File, kind: SourceKind = SourceKind.INDEX, **more: Any) -> tuple[SourceKind, ProjectDetails]:
    """A place with a page of files, named or whole."""
    listed = tuple(
        File(filename=file, url=f"https://files.example.org/{file}") if isinstance(file, str) else file
        for file in files
    )
    return kind, ProjectDetails(name="foo", files=listed, **more)


def project(*files: str | File, metadata: Mapping[str, str] | None = None) -> ProjectFiles:
    """``metadata`` has ``name version requires-python`` for file names."""
    texts = {name: text.split(" ", 2) for name, text in (metadata or {}).items()}
    return ProjectFiles(
        "foo",
        [page(*files)],
        metadata={
            f"https://files.example.org/{filename}": Metadata(
                name=name, version=version, requires_python=requires_python, classifiers=()
            )
            for filename, (name, version, requires_python) in texts.items()
        },
    )


class Case:
    """A question about a project ``foo``, answered fast and explained; both have to agree."""

    def __init__(
        self,
        sources: ProjectFiles | Iterable[tuple[SourceKind, ProjectDetails]],
        *,
        requirement: str = "foo",
        env: str = "cp314-manylinux_2_28_x86_64",
        rules: InstallerOptions | str = "pip",
    ) -> None:
        question = (
            sources if isinstance(sources, ProjectFiles) else ProjectFiles("foo", sources),
            parse_requirement(requirement),
            parse_environment(env),
            installer(rules) if isinstance(rules, str) else rules,
        )
        self.best: Candidate | None = choose(*question)
        self.selection: Selection = explain(*question)
        assert self.selection.best == self.best

    @property
    def taken(self) -> str:
        """The file name, or ``nothing``."""
        return self.best.file.filename if self.best else "nothing"

    def reason(self, filename: str) -> Reason:
        """The one reason why the file is not taken."""
        (verdict,) = (one.verdict for one in self.selection.evaluations if one.file.filename == filename)
        assert isinstance(verdict, Rejected)
        return verdict.reason
