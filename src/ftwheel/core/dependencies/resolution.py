"""The types of a resolution: core metadata, dependencies, and one version of each project.

``ftwheel.app.dependencies.resolver`` resolves; ``ftwheel.io.dependencies.metadata`` reads the metadata of files.
Specifications: core metadata 2.x (https://packaging.python.org/specifications/core-metadata/), and PEP 643 for the
dynamic fields of a source distribution.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from ftwheel.core.dependencies.inputs import RequirementEdge, UnindexedDependency
from ftwheel.core.errors import InputError
from ftwheel.core.index.page import File, normalized
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.requirements import Requirement, parse_requirement
from ftwheel.core.versions import pep508_requirement

if TYPE_CHECKING:
    from email.message import Message

    from packaging.markers import Marker

__all__ = [
    "CoreMetadata",
    "Dependency",
    "MetadataSource",
    "Resolution",
    "ResolutionError",
    "ResolvedPin",
    "UnknownMetadata",
    "combined",
    "dependencies",
    "parse_core_metadata",
    "parse_project_table",
]

_MOST_URLS = 50
_MOST_LINES = 100_000
_STATIC_SINCE = (2, 2)  # PEP 643: from here on, PKG-INFO holds for every wheel except for fields listed in Dynamic
# Requires-Python may be dynamic: the page has it.
_DEPENDS = frozenset({"requires-dist", "provides-extra"})
_FIELDS = frozenset({"dependencies", "optional-dependencies"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreMetadata:
    """The core metadata that a resolver needs, and the project's URLs.

    Texts are as written, not validated; ``urls`` are pairs of label and URL.
    """

    name: str
    version: str
    requires_python: str = ""
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    urls: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownMetadata:
    """The dependencies of a file are unknown; ``why`` is shown to the user."""

    why: str


class MetadataSource(Protocol):
    """The core metadata of files on an index. Thread-safe."""

    def metadata(self, file: File) -> CoreMetadata | UnknownMetadata:
        """The metadata of one file; repeated calls make no further requests.

        Raises NetworkError when the file cannot be fetched, IndexFormatError when it does not match the page.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A requirement of a file that applies in an environment; ``address`` is set for a direct reference."""

    requirement: Requirement
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPin:
    """One project in a resolution.

    ``candidate`` is the file the installer selects. If the installer finds none and stops, it is None, ``version`` is
    empty, and ``requirement`` is the one it could not satisfy; otherwise ``requirement`` combines all requirements.
    ``requires`` are the projects it requires in the environment, with markers evaluated. ``untold`` says why its
    dependencies are unknown; empty if they are known.
    """

    name: str
    version: str
    requirement: Requirement
    candidate: Candidate | None
    extras: tuple[str, ...] = ()
    requires: tuple[RequirementEdge, ...] = ()
    untold: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """One version of each project for one environment; ``pins`` are sorted by name.

    ``environment`` is the environment's label; ``roots`` are the directly requested projects, in order. ``set_aside``
    are direct references, which are not looked up on an index and whose dependencies are not followed. A resolution
    with ``untold`` pins may be incomplete.
    """

    environment: str
    pins: tuple[ResolvedPin, ...]
    roots: tuple[str, ...]
    set_aside: tuple[UnindexedDependency, ...] = ()

    @property
    def untold(self) -> tuple[ResolvedPin, ...]:
        return tuple(pin for pin in self.pins if pin.untold)

    def pin(self, name: str) -> ResolvedPin | None:
        return next((pin for pin in self.pins if pin.name == name), None)


class ResolutionError(InputError):
    """The requirements conflict; the message says which projects require what.

    ``names`` are the projects in conflict, sorted.
    """

    def __init__(self, message: str, *, names: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.names = names


def parse_core_metadata(text: str, *, sdist: bool = False) -> CoreMetadata | UnknownMetadata:
    """Parse METADATA, or the PKG-INFO of a source distribution, which may have dynamic fields (PEP 643)."""
    if (lines := text.count("\n") + text.count("\r")) > _MOST_LINES:
        return UnknownMetadata(why=f"its metadata has {lines:,} lines")
    message = HeaderParser().parsestr(text)
    if sdist and (why := _left_open(str(message.get("Metadata-Version", "")), message.get_all("Dynamic", []))):
        return UnknownMetadata(why=why)
    return CoreMetadata(
        name=str(message.get("Name", "")).strip(),
        version=str(message.get("Version", "")).strip(),
        requires_python=str(message.get("Requires-Python", "")).strip(),
        requires=tuple(" ".join(str(line).split()) for line in message.get_all("Requires-Dist", [])),
        extras=tuple(str(line).strip() for line in message.get_all("Provides-Extra", [])),
        urls=tuple(_urls(message)),
    )


def _urls(message: Message) -> Iterator[tuple[str, str]]:
    for line in message.get_all("Project-URL", [])[:_MOST_URLS]:
        label, comma, address = str(line).partition(",")
        if comma:
            yield label.strip(), address.strip()
    if home := str(message.get("Home-page", "")).strip():
        yield "Homepage", home


def _left_open(version: str, dynamic: Iterable[str]) -> str:
    numbers = version.strip().split(".")
    if not all(number.isascii() and number.isdecimal() and len(number) < 4 for number in numbers):
        return "its PKG-INFO has no version"
    if tuple(map(int, numbers)) < _STATIC_SINCE:
        return f"its PKG-INFO has metadata version {version.strip()}, in which any field may be dynamic"
    open_fields = sorted(_DEPENDS.intersection(str(field).strip().lower() for field in dynamic))
    return f"its build determines {', '.join(open_fields)}" if open_fields else ""


def parse_project_table(text: str, info: UnknownMetadata) -> CoreMetadata | UnknownMetadata:
    """The static metadata of a ``pyproject.toml``; ``info`` is returned if it has none.

    Backends must not change ``[project]`` fields that are not listed in ``dynamic``.
    """
    try:
        project = tomllib.loads(text).get("project")
    except (tomllib.TOMLDecodeError, RecursionError):
        return info
    if not isinstance(project, dict) or "name" not in project:
        return info
    left = _FIELDS.intersection(_texts(project.get("dynamic")))
    if left:
        return UnknownMetadata(why=f"its build determines {', '.join(sorted(left))}")
    extras = project.get("optional-dependencies")
    requires = list(_texts(project.get("dependencies")))
    named: list[str] = []
    for extra, listed in extras.items() if isinstance(extras, dict) else ():
        named.append(extra)
        requires += (_for_extra(one, normalized(extra)) for one in _texts(listed))
    return CoreMetadata(
        name=str(project["name"]),
        version=str(project.get("version", "")),
        requires_python=str(project.get("requires-python", "")),
        requires=tuple(requires),
        extras=tuple(named),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _for_extra(requirement: str, extra: str) -> str:
    base, semicolon, marker = requirement.partition(
        ";"
    )  # a URL with a semicolon is followed by a space before the marker
    return f"{base}; ({marker}) and extra == '{extra}'" if semicolon else f"{base} ; extra == '{extra}'"


@lru_cache(maxsize=8192)
def _parse(text: str) -> tuple[Dependency, Marker | None]:
    from packaging.requirements import InvalidRequirement  # noqa: PLC0415  # 30 ms

    try:
        parsed = pep508_requirement(text)
    except InvalidRequirement as error:
        raise InputError(
            f"{text[:200]}: not a requirement ({str(error).partition(chr(10))[0][:200]})",
            hint="the project's metadata is invalid; tell its maintainers",
        ) from None
    return (
        Dependency(
            requirement=Requirement(
                text=text,
                name=normalized(parsed.name),
                specifier=parsed.specifier or None,
                specifiers=tuple(parsed.specifier),
                extras=tuple(sorted(normalized(extra) for extra in parsed.extras)),
                marker=str(parsed.marker or ""),
            ),
            address=parsed.url or "",
        ),
        parsed.marker,
    )


def dependencies(
    metadata: CoreMetadata, extras: Iterable[str], markers: Mapping[str, str], answers: dict[tuple[str, str], bool]
) -> Iterator[Dependency]:
    """The dependencies of a file in an environment: its own, and those of the extras.

    ``markers`` are the variables of the environment; ``answers`` caches evaluated markers for them. Raises InputError
    for an invalid requirement.
    """
    wanted = tuple(extras) or ("",)
    for text in metadata.requires:
        dependency, marker = _parse(text)
        if marker is None or any(_holds(dependency, marker, extra, markers, answers) for extra in wanted):
            yield dependency


def _holds(
    dependency: Dependency,
    marker: Marker,
    extra: str,
    markers: Mapping[str, str],
    answers: dict[tuple[str, str], bool],
) -> bool:
    key = dependency.requirement.marker, extra
    if key not in answers:
        answers[key] = marker.evaluate({**markers, "extra": extra})
    return answers[key]


def combined(name: str, requirements: Iterable[Requirement]) -> Requirement:
    """Combine the specifiers of all requirements into one; extras and markers are dropped."""
    specifiers = sorted({str(one) for each in requirements for one in each.specifiers})
    return parse_requirement(f"{name}{','.join(specifiers)}")
