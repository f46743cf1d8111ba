"""ftwheel's simulator in the words of the oracle tests: the same cases in, the same kind of answer out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from ftwheel.core.index.page import ProjectDetails, SourceKind
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.evaluations import explain
from ftwheel.core.installers.options import IndexStrategy, InstallerOptions
from ftwheel.core.installers.pip.format_control import pip_formats
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles, choose
from ftwheel.core.tags.environments import Environment, parse_environment
from ftwheel.core.tags.pip_target import PipTarget, target_environment
from ftwheel.core.wheel.contents import Metadata
from ftwheel.io.index.local import FolderLinks
from support.index_generator import Case, Place
from support.pip_oracle import find_links

__all__ = ["agree", "declared", "environment", "rules", "same", "simulate"]


@cache
def environment(label: str) -> Environment:
    """The environment of a label; each is asked for many times."""
    return parse_environment(label)


def same(url: str) -> str:
    """An address in one spelling: installers quote and unquote as they like."""
    # uv keeps the empty segment of `files//demo.whl`, Python's urljoin drops it
    return unquote(url.partition("#")[0].partition("?")[0]).removeprefix("://").replace("//", "/")


def agree(one: str, other: str) -> bool:
    """Whether two answers say the same; why an installer refuses is not compared, each says it in its words."""
    if one.startswith("refused") or other.startswith("refused"):
        return one.startswith("refused") and other.startswith("refused")
    return same(one) == same(other)


def rules(case: Case, version: str = "") -> InstallerOptions:
    """The case's options."""
    options = case.options
    only_binary, no_binary = frozenset(options.only_binary), frozenset(options.no_binary)
    if case.installer == "pip":
        # in the order in which the oracle gives them, which counts
        given: list[tuple[Literal["only-binary", "no-binary"], str]] = [("no-binary", n) for n in options.no_binary]
        only_binary, no_binary = pip_formats([*given, *(("only-binary", name) for name in options.only_binary)])
    return InstallerOptions(
        name=case.installer,
        version=version,
        only_binary=only_binary,
        no_binary=no_binary,
        prefer_binary=options.prefer_binary,
        allow_prereleases=options.prereleases,
        uploaded_prior_to=datetime.fromisoformat(options.cutoff) if options.cutoff else None,
        hashes=frozenset(options.hashes),
        index_strategy=IndexStrategy(options.index_strategy),
        ignore_requires_python=options.ignore_requires_python,
        dependencies=options.dependencies,
    )


def sources(case: Case, root: str, folders: Path) -> list[tuple[SourceKind, ProjectDetails]]:
    """What ftwheel reads at the case's places, in the order in which installers are given them."""
    return [(_kind(case, place), _details(case, place, root, folders)) for place in case.places]


def declared(
    case: Case, found: Iterable[tuple[SourceKind, ProjectDetails]], root: str, folders: Path
) -> dict[str, Metadata]:
    """What METADATA in the files says, by address, as far as the installer's oracle serves any."""
    if case.installer != "uv":
        return {}
    files = {
        same(
            f"{(folders / place.name / file.filename).as_uri()}" if place.kind == "folder" else f"{root}{file.path}"
        ): file
        for place in case.places
        for file in place.files
    }
    return {
        file.url: Metadata(name=said.project, version=said.version, requires_python=said.declared or "", classifiers=())
        for _, details in found
        for file in details.files
        if (said := files.get(same(file.url)))
    }


def _kind(case: Case, place: Place) -> SourceKind:
    if place.kind != "index":
        return SourceKind.FIND_LINKS_PAGE if place.kind == "page" else SourceKind.FIND_LINKS_FILES
    indexes = [each for each in case.places if each.kind == "index"]
    default = indexes[0] if case.installer == "pip" else indexes[-1]
    return SourceKind.INDEX if place is default else SourceKind.EXTRA_INDEX


def _details(case: Case, place: Place, root: str, folders: Path) -> ProjectDetails:
    if place.kind == "folder":
        found = FolderLinks(find_links(case, place, root, folders)).project(case.project)
        assert found
        return found
    url = case.place_url(place, root)
    return parse_page(case.body(place, root), content_type=place.content_type, url=url, name=case.project)


def simulate(case: Case, root: str, folders: Path, *, version: str = "", target: PipTarget | None = None) -> str:
    """What ftwheel says the installer takes: a URL without fragment, ``nothing``, or ``refused: ...``.

    ``target`` are the options that pip is given on the case's machine. The question is asked both ways, fast and
    explained; the two have to say the same.
    """
    found = sources(case, root, folders)
    project = ProjectFiles(case.project, found, metadata=declared(case, found, root, folders))
    where = target_environment(environment(case.machine.label), target or PipTarget())
    question = (project, parse_requirement(case.requirement), where, rules(case, version))
    best = choose(*question)
    explained = explain(*question)
    assert explained.best == best, f"choose and explain differ: {best} / {explained.best}\n{case.describe()}"
    if explained.refusal:
        return f"refused: {explained.refusal}"
    return best.file.url.partition("#")[0] if best else "nothing"
