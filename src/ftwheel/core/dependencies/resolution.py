"""What a resolution is made of and what comes out of it: metadata, dependencies, and one version of each project.

``ftwheel.app.dependencies.resolver`` resolves; ``ftwheel.io.dependencies.metadata`` reads what files say of themselves.
Specification: core metadata 2.x (https://packaging.python.org/specifications/core-metadata/), PEP 643 for what a source
distribution leaves to its build.
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
    "Untold",
    "combined",
    "dependencies",
    "parse_core_metadata",
    "parse_project_table",
]

_MOST_URLS = 50
_STATIC_SINCE = (2, 2)  # PEP 643: from here on, a field of PKG-INFO holds for every wheel unless it is named in Dynamic
# Requires-Python may be open: the page says for which Python the file is.
_DEPENDS = frozenset({"requires-dist", "provides-extra"})
_FIELDS = frozenset({"dependencies", "optional-dependencies"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreMetadata:
    """What a file says of itself, as far as a resolver asks, and where its project is at home.

    Texts are as written, not validated; ``urls`` are pairs of label and address.
    """

    name: str
    version: str
    requires_python: str = ""
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    urls: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """A file that does not say what it requires; ``why`` is a clause for people."""

    why: str


class MetadataSource(Protocol):
    """What files of an index say of themselves. Safe to ask from several threads."""

    def metadata(self, file: File) -> CoreMetadata | Untold:
        """What one file says; asked again, the same answer without another request.

        Raises NetworkError when the file cannot be reached, IndexFormatError when it is not the file that the page
        declares.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """One requirement of a file, that counts in an environment; ``address`` is set when it is no index's to meet."""

    requirement: Requirement
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPin:
    """One project of a resolution.

    ``candidate`` is the file the installer takes. It is None, and ``version`` empty, when the installer takes none and
    ends there: ``requirement`` is what it was asked for then, and what everybody together asks for otherwise.
    ``requires`` are the projects it requires in the environment, markers evaluated. ``untold`` says why its own
    dependencies are not known; empty when they are.
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

    ``environment`` is its label, ``roots`` are the projects asked for themselves, in their order. ``set_aside`` are
    requirements by address, which no index is asked about, and whose dependencies are not followed. A resolution with
    ``untold`` pins holds for what is known.
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
    """The requirements cannot be met together: the message has who wants what.

    ``names`` are the projects they disagree about, sorted.
    """

    def __init__(self, message: str, *, names: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.names = names


def parse_core_metadata(text: str, *, sdist: bool = False) -> CoreMetadata | Untold:
    """Read METADATA, or the PKG-INFO of a source distribution, which may leave what matters to the build (PEP 643)."""
    message = HeaderParser().parsestr(text)
    if sdist and (why := _left_open(str(message.get("Metadata-Version", "")), message.get_all("Dynamic", []))):
        return Untold(why=why)
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
        return f"its PKG-INFO is of version {version.strip()}, in which nothing is final"
    open_fields = sorted(_DEPENDS.intersection(str(field).strip().lower() for field in dynamic))
    return f"its build decides about {', '.join(open_fields)}" if open_fields else ""


def parse_project_table(text: str, info: Untold) -> CoreMetadata | Untold:
    """What a ``pyproject.toml`` settles without a build; ``info`` is the answer when it does not.

    Backends must not change what ``[project]`` says, unless ``dynamic`` names it.
    """
    try:
        project = tomllib.loads(text).get("project")
    except (tomllib.TOMLDecodeError, RecursionError):
        return info
    if not isinstance(project, dict) or "name" not in project:
        return info
    left = _FIELDS.intersection(_texts(project.get("dynamic")))
    if left:
        return Untold(why=f"its build decides about {', '.join(sorted(left))}")
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
    base, semicolon, marker = requirement.partition(";")  # addresses with a semicolon end in a blank before the marker
    return f"{base}; ({marker}) and extra == '{extra}'" if semicolon else f"{base} ; extra == '{extra}'"


@lru_cache(maxsize=8192)
def _parse(text: str) -> tuple[Dependency, Marker | None]:
    from packaging.requirements import InvalidRequirement  # noqa: PLC0415  # 30 ms

    try:
        parsed = pep508_requirement(text)
    except InvalidRequirement as error:
        raise InputError(
            f"{text[:200]}: not a requirement ({str(error).partition(chr(10))[0][:200]})",
            hint="the project's metadata are wrong; tell its maintainers",
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
    """What a file requires in an environment: without extras its own requirements, with extras those as well.

    ``markers`` are the variables of the environment; ``answers`` keeps what they decide, and belongs to them. Raises
    InputError for a requirement that cannot be read.
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
    """One requirement that asks for what all of them ask for; extras and markers are not taken over."""
    specifiers = sorted({str(one) for each in requirements for one in each.specifiers})
    return parse_requirement(f"{name}{','.join(specifiers)}")
