"""Reads the arguments of the public functions, and rejects those that leave nothing to answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ftwheel.core.errors import InputError
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.registry import DEFAULT_INSTALLERS
from ftwheel.core.installers.registry import installer as parse_installer
from ftwheel.core.installers.requirements import Requirement, parse_requirement
from ftwheel.core.tags.environments import Environment, parse_environments

if TYPE_CHECKING:
    from typing import TypeVar

    T = TypeVar("T")

__all__ = ["environments_of", "installers_of", "listed", "requirement_of"]


def listed(name: str, values: Iterable[T], *, wanted: str) -> tuple[T, ...]:
    """The values of an argument that takes several. Raises InputError for an empty list, and for a string."""
    if isinstance(values, str | bytes):
        raise InputError(f"{name}: expected a list, got {values!r}", hint=f"for example {name}=[{wanted}]")
    found = tuple(values)
    if not found:
        raise InputError(f"{name}: the list is empty, so there is nothing to answer", hint=f"{name}=[{wanted}]")
    return found


def requirement_of(requirement: str | Requirement) -> Requirement:
    """Raises InputError for text that is not a requirement."""
    return parse_requirement(requirement) if isinstance(requirement, str) else requirement


def environments_of(environments: Iterable[str | Environment]) -> tuple[Environment, ...]:
    """The environments that labels, presets and objects name, each once, in the order given. Raises InputError."""
    found: dict[str, Environment] = {}
    for one in listed("environments", environments, wanted='"cp314t-win_amd64"'):
        for environment in parse_environments([one]) if isinstance(one, str) else (one,):
            found.setdefault(environment.label, environment)
    return tuple(found.values())


def installers_of(installers: Iterable[str | InstallerOptions]) -> tuple[InstallerOptions, ...]:
    """The installers that names such as ``pip`` or ``pip==24.0`` and objects mean, each once. Raises InputError."""
    found = listed("installers", installers, wanted=", ".join(f'"{name}"' for name in DEFAULT_INSTALLERS))
    return tuple(dict.fromkeys(parse_installer(one) if isinstance(one, str) else one for one in found))
