"""``ftwheel.simulate`` and ``ftwheel.explain``: which file each installer selects, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from ftwheel.api.arguments import environments_of, installers_of, requirement_of
from ftwheel.api.indexes import IndexSource, OpenIndex, opened
from ftwheel.app.installers.simulate import fetch, simulate_project
from ftwheel.core.errors import InputError
from ftwheel.core.index.page import SourceKind
from ftwheel.core.installers.registry import DEFAULT_INSTALLERS

if TYPE_CHECKING:
    from ftwheel.core.dependencies.resolution import CoreMetadata, UnknownMetadata
    from ftwheel.core.index.page import File
    from ftwheel.core.index.pages import Index
    from ftwheel.core.installers.evaluations import Selection
    from ftwheel.core.installers.options import InstallerOptions
    from ftwheel.core.installers.requirements import Requirement
    from ftwheel.core.installers.simulations import Simulation
    from ftwheel.core.tags.environments import Environment
    from ftwheel.core.wheel.contents import Metadata

__all__ = ["explain", "simulate"]


def simulate(
    requirement: str | Requirement,
    *,
    indexes: Iterable[IndexSource],
    environments: Iterable[str | Environment] = ("all",),
    installers: Iterable[str | InstallerOptions] = DEFAULT_INSTALLERS,
    metadata: Mapping[str, str | bytes] | None = None,
) -> Simulation:
    """Decide which file every environment installs, with every installer; dependencies are not followed.

    ``indexes`` are URLs, folders, pages in memory or open indexes, in the order in which the installers are given
    them. ``environments`` are labels (``cp314t-win_amd64``), presets (``all``, ``pairs``) or objects, ``installers``
    are names (``pip``, ``uv``, ``pip==24.0``) or objects with options. ``metadata`` maps file names of wheels to the
    text of METADATA: installers read it after they selected a file, and its Requires-Python counts where the page has
    none.

    Raises InputError for an argument that cannot be read, an empty list, and a project that no index has; passes on
    NetworkError and IndexFormatError from the indexes.
    """
    wanted = requirement_of(requirement)
    targets, rules = environments_of(environments), installers_of(installers)
    with opened(indexes) as found:
        project = fetch(wanted, found, metadata=_parsed(metadata), read=_reader(found))
        return simulate_project(project, wanted, environments=targets, installers=rules)


def explain(
    requirement: str | Requirement,
    *,
    environment: str | Environment,
    indexes: Iterable[IndexSource],
    installer: str | InstallerOptions = DEFAULT_INSTALLERS[0],
    metadata: Mapping[str, str | bytes] | None = None,
) -> Selection:
    """Decide, for one environment and one installer, whether each file is accepted, or the one reason why not.

    Arguments and errors are those of ``simulate``.
    """
    from ftwheel.core.installers.evaluations import explain as explain_choice

    wanted = requirement_of(requirement)
    targets, (rules,) = environments_of([environment]), installers_of([installer])
    if len(targets) != 1:
        raise InputError(f"{environment}: expected one environment, got {len(targets)}", hint="call explain for each")
    with opened(indexes) as found:
        return explain_choice(
            fetch(wanted, found, metadata=_parsed(metadata), read=_reader(found)), wanted, targets[0], rules
        )


def _reader(indexes: Iterable[Index]) -> Callable[[File], CoreMetadata | UnknownMetadata] | None:
    """What reads the files of folders among the indexes; None when there is no folder."""
    folders = (each for each in indexes if each.kind is SourceKind.FIND_LINKS_FILES and isinstance(each, OpenIndex))
    return next((folder.metadata for folder in folders), None)


def _parsed(metadata: Mapping[str, str | bytes] | None) -> dict[str, Metadata]:
    from ftwheel.core.wheel.contents import parse_metadata

    return {
        filename: parse_metadata(text if isinstance(text, str) else text.decode("utf-8", "replace"))
        for filename, text in (metadata or {}).items()
    }
