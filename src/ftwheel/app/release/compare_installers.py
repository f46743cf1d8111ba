"""The use case of ``ftwheel verify --against-installers``: compares the simulator with the real installers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from packaging.version import Version

from ftwheel.app.installers.simulate import fetch
from ftwheel.core.index.page import ProjectDetails
from ftwheel.core.index.pages import Pages
from ftwheel.core.installers.comparison import Comparison, RealInstall
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import choose
from ftwheel.core.tags.environments import Environment

__all__ = ["Ask", "compare"]

Ask = Callable[[str, InstallerOptions, Environment], RealInstall]
"""Runs an installer for a requirement in an environment."""


def compare(
    page: ProjectDetails, version: str, asked: Iterable[tuple[Environment, InstallerOptions]], ask: Ask
) -> Iterator[Comparison]:
    """Compare the release in every environment, on the page that the real installers see, one by one.

    URLs on the page have to be absolute.
    """
    wanted = Version(version)
    requirement = f"{page.name}{'==' if wanted.local else '<='}{version}"
    project = fetch(parse_requirement(page.name), [Pages.of([page])])
    for environment, bare in asked:
        rules = bare._replace(dependencies=False, allow_prereleases=wanted.is_prerelease or bare.allow_prereleases)
        best = choose(project, parse_requirement(requirement), environment, rules)
        yield Comparison(
            environment=environment.label,
            installer=rules.label,
            simulated=best.file.filename if best else "",
            real=ask(requirement, rules, environment),
        )
