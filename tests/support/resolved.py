"""ftwheel's resolver in the words of the oracle tests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ftwheel.app.dependencies.candidates import CandidateSource
from ftwheel.app.dependencies.resolver import Resolver
from ftwheel.core.dependencies.inputs import Dependencies, WantedRequirement
from ftwheel.core.dependencies.resolution import Resolution, ResolutionError
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.tags.environments import parse_environment
from ftwheel.io.dependencies.metadata import MetadataClient
from ftwheel.io.index.client import IndexClient
from ftwheel.io.index.credentials import Credentials
from ftwheel.io.index.settings import NetworkSettings
from ftwheel.io.index.transport import Transport
from support.universes import Answer, Universe

__all__ = ["dependencies", "files", "resolve", "source"]


@contextlib.contextmanager
def source(index: str, *, folder: str | None = None) -> Iterator[CandidateSource]:
    """The candidates of one index; ``folder`` is where metadata is kept."""
    credentials = Credentials(keyring="disabled")

    def connect() -> Transport:
        return Transport(NetworkSettings(), credentials, connections=24)

    with IndexClient(connect, credentials) as client:
        yield CandidateSource([client.index(index)], MetadataClient(client, folder=folder), abort=client.abort)


def dependencies(*requirements: str, constraints: tuple[str, ...] = ()) -> Dependencies:
    """An input with these requirements."""
    return Dependencies(
        label="test",
        resolved=False,
        wanted=tuple(WantedRequirement(requirement=parse_requirement(one), origin="arguments") for one in requirements),
        constraints=tuple(
            WantedRequirement(requirement=parse_requirement(one), origin="constraints") for one in constraints
        ),
    )


def resolve(universe: Universe, index: str, label: str, installer: str) -> Answer:
    """What ftwheel says the installer would install."""
    rules = InstallerOptions(name=installer, only_binary=frozenset({":all:"} if universe.only_binary else ()))
    with source(index) as found:
        resolver = Resolver(found, lambda _: rules, forgiving=False)
        try:
            resolution = resolver(
                dependencies(*universe.roots, constraints=universe.constraints), parse_environment(label)
            )
        except ResolutionError:
            return "impossible"
    return files(resolution)


def files(resolution: Resolution) -> dict[str, str]:
    """File names by project."""
    return {pin.name: pin.candidate.file.filename for pin in resolution.pins if pin.candidate is not None}
