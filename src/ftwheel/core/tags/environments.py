"""Environments: an interpreter on a platform, with the tags it accepts, in order, and its markers.

Nothing here depends on the machine it runs on. Labels look like ``cp314t-manylinux_2_28_x86_64``: the version-specific
ABI tag, then the newest platform tag the machine accepts, which also accepts all older ones of the same kind.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from ftwheel.core.errors import InputError
from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.suggestions import closest, did_you_mean
from ftwheel.core.tags.cpython import CPYTHONS, FIRST_ABI3T, FIRST_FREE_THREADED
from ftwheel.core.tags.platform_tags import platform_ladder, platform_markers
from ftwheel.core.tags.priority import AbiTable, PlatformTable, TagFlavour, abi_table, pairs_table, platform_table

__all__ = [
    "PRESETS",
    "Environment",
    "Loading",
    "from_facts",
    "loading",
    "nearest_label",
    "parse_environment",
    "parse_environments",
    "preset",
    "version_specific_abis",
]

_LABEL = re.compile(
    r"(?P<implementation>cp|pp)(?P<major>3)\.?(?P<minor>[0-9]{1,3})(?:\.(?P<micro>[0-9]{1,3})(?P<rest>(?:a|b|rc)[0-9]{1,3})?)?"
    r"(?P<threads>t?)(?P<debug>d?)-(?P<platform>[a-z0-9_]+)"
)
_IMPLEMENTATIONS = {"cp": ("cpython", "CPython"), "pp": ("pypy", "PyPy")}
_FIRST_WITHOUT_PYMALLOC = 8
_DEFAULT_MINORS = tuple(python.minor for python in CPYTHONS[:-6:-1])  # the five supported releases, newest first
_FREE_THREADED_MINORS = tuple(minor for minor in _DEFAULT_MINORS if minor >= FIRST_FREE_THREADED)
_PLATFORMS = (
    "manylinux_2_28_x86_64",
    "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
    "musllinux_1_2_aarch64",
    "macosx_14_0_arm64",
    "macosx_14_0_x86_64",
    "win_amd64",
    "win32",
    "win_arm64",
)
_PAIR_PLATFORMS = ("manylinux_2_28_x86_64", "macosx_14_0_arm64", "win_amd64")
PRESETS = {
    "all": tuple(
        f"cp3{minor}{threads}-{platform}"
        for threads, minors in (("", _DEFAULT_MINORS), ("t", _FREE_THREADED_MINORS))
        for minor in minors
        for platform in _PLATFORMS
    ),
    "pairs": tuple(
        f"cp3{minor}{threads}-{platform}"
        for minor in _FREE_THREADED_MINORS
        for platform in _PAIR_PLATFORMS
        for threads in ("", "t")
    ),
}
"""``all``: both builds of every supported CPython on the platforms projects build for. ``pairs``: both builds of the
versions that have two, on the most common platform of each system."""


class Environment(NamedTuple):
    """One interpreter on one platform.

    ``label`` is its name. ``implementation`` is the short form, ``cp``. ``python_version`` is (major, minor, micro);
    ``python_full_version`` keeps ``rc1``. ``abis`` are the version-specific ABI tags, ``platforms`` the platform tags,
    both in packaging's order, most preferred first. ``markers`` are the PEP 508 variables of the target. ``pairs`` are
    the accepted pairs of interpreter and ABI, for one platform and for any, if pip's options name them
    (``ftwheel.core.tags.pip_target``); for a real interpreter it is empty, because the pairs follow from the other
    fields.
    """

    label: str
    implementation: str
    python_version: tuple[int, int, int]
    python_full_version: str
    free_threaded: bool
    debug: bool
    abis: tuple[str, ...]
    platforms: tuple[str, ...]
    markers: tuple[tuple[str, str], ...]
    pairs: tuple[tuple[str, ...], ...] = ()

    @property
    def minor(self) -> tuple[int, int]:
        """``(3, 14)``"""
        return self.python_version[:2]

    @property
    def tags(self) -> tuple[str, ...]:
        """Every tag the interpreter accepts, most preferred first, in packaging's order on such a machine."""
        abis, platforms = self.tables(TagFlavour.PIP)
        return (
            *(
                f"{pair}-{platform}"
                for pair in abis.native
                for platform in platforms.order
                if platform != "any" or pair not in abis.pure
            ),
            *(f"{pair}-any" for pair in abis.pure),
        )

    def tables(self, flavour: TagFlavour) -> tuple[AbiTable, PlatformTable]:
        """The pairs of interpreter and ABI, and the platforms, that an installer accepts in this environment."""
        platforms = platform_table(self.platforms, flavour)
        if self.pairs:
            return pairs_table(*self.pairs), platforms
        return abi_table(self.implementation, self.minor, self.abis, self.free_threaded, flavour), platforms


class Loading(enum.Enum):
    """Whether an interpreter can load the modules of a wheel with a tag; installers may accept the wheel regardless."""

    YES = "loads"
    CANNOT_TELL = "cannot tell"
    NO = "cannot load"


@lru_cache(maxsize=1024)
def parse_environment(label: str) -> Environment:
    """Parse a label such as ``cp314t-manylinux_2_28_x86_64``, ``cp315t-macosx_14_0_arm64`` or ``pp311-win_amd64``.

    The version may be exact, as in ``cp3.14.1-win_amd64`` or ``cp3.15.0rc1t-win_amd64``; without a micro version, it is
    the first release, ``3.14.0``, as with pip's ``--python-version``. Raises InputError.
    """
    match = _LABEL.fullmatch(label)
    wanted = "ABI-PLATFORM, for example cp314t-manylinux_2_28_x86_64 or cp313-win_amd64"
    if match is None:
        meant = nearest_label(label)
        raise InputError(
            f"{label[:100]}: not an environment", hint=f"did you mean {meant}?" if meant else f"expected {wanted}"
        )
    minor, free_threaded, implementation = int(match["minor"]), bool(match["threads"]), match["implementation"]
    if minor < 2:
        raise InputError(f"{label[:100]}: there are no wheels for Python older than 3.2", hint=f"expected {wanted}")
    if free_threaded and (minor < FIRST_FREE_THREADED or implementation != "cp"):
        raise InputError(
            f"{label[:100]}: CPython has a free-threaded build from 3.{FIRST_FREE_THREADED} on",
            hint=f"expected {wanted}",
        )
    version = (3, minor, int(match["micro"] or 0))
    full = ".".join(map(str, version)) + (match["rest"] or "")
    name, display = _IMPLEMENTATIONS[implementation]
    markers = platform_markers_of(label, match["platform"]) | {
        "implementation_name": name,
        "implementation_version": full if implementation == "cp" else "7.3.0",
        "platform_python_implementation": display,
        "python_full_version": full,
        "python_version": f"3.{minor}",
    }
    return from_facts(
        label=label,
        implementation=implementation,
        python_version=version,
        python_full_version=full,
        free_threaded=free_threaded,
        debug=bool(match["debug"]),
        platforms=platform_ladder(match["platform"]),
        markers=markers,
    )


def platform_markers_of(label: str, platform: str) -> dict[str, str]:
    """The platform's markers. Raises InputError, naming the label, for an unknown platform."""
    try:
        platform_ladder(platform)
    except InputError as error:
        meant = nearest_label(label)
        hint = f"did you mean {meant}?" if meant else error.hint
        raise InputError(f"{label[:100]}: {error.message}", hint=hint) from None
    return platform_markers(platform)


_LOOSE = (
    r"(?:cp|cpython|python|py)?-?3\.?(?P<minor>[0-9]{1,2})(?P<exact>\.[0-9a-z.]+?)?[-_ ]?"
    r"(?P<threads>t*|ft|nogil|free-?threaded)(?:[-_ :@](?P<platform>.+))?"
)
_SYSTEMS = {
    "linux": "manylinux_2_28_x86_64",
    "manylinux": "manylinux_2_28_x86_64",
    "glibc": "manylinux_2_28_x86_64",
    "alpine": "musllinux_1_2_x86_64",
    "musl": "musllinux_1_2_x86_64",
    "mac": "macosx_14_0_arm64",
    "darwin": "macosx_14_0_arm64",
    "osx": "macosx_14_0_arm64",
    "win32": "win32",
    "win": "win_amd64",
    "amd64": "win_amd64",
}
_MACHINES = {
    "arm64": ("arm64", "aarch64"),
    "aarch64": ("arm64", "aarch64"),
    "x86_64": ("x86_64", "amd64"),
    "intel": ("x86_64", "amd64"),
}


def nearest_label(text: str, platform: str = "manylinux_2_28_x86_64") -> str:
    """The label meant by ``3.14t``, ``cp314tt-linux``, ``python3.14t-win64`` and the like; empty if none is close.

    ``platform`` is the default platform.
    """
    match = re.fullmatch(_LOOSE, text.strip().lower()[:100])
    if match is None or int(match["minor"]) < _FIRST_WITHOUT_PYMALLOC:
        return closest(text, PRESETS)
    meant = platform if match["platform"] is None else _nearest_platform(match["platform"])
    threads = "t" if match["threads"] and int(match["minor"]) >= FIRST_FREE_THREADED else ""
    return f"cp3{match['minor']}{threads}-{meant}" if meant else ""


def _nearest_platform(text: str) -> str:
    text = text.replace("-", "_").replace(" ", "_")
    if text in _PLATFORMS:
        return text
    system = next((known for name, known in _SYSTEMS.items() if text.startswith(name)), "")
    machine = next((wanted for suffix, wanted in _MACHINES.items() if text.endswith(suffix)), "")
    same = [each for each in _PLATFORMS if system and each[:4] == system[:4] and machine and each.endswith(machine)]
    return same[0] if same else system or closest(text, _PLATFORMS)


def preset(name: str) -> tuple[Environment, ...]:
    """The environments of ``all`` or ``pairs``. Raises InputError."""
    if name not in PRESETS:
        raise InputError(
            f"{name[:100]}: not a preset",
            hint=did_you_mean(name, PRESETS) or f"presets are {', '.join(sorted(PRESETS))}",
        )
    return tuple(map(parse_environment, PRESETS[name]))


def parse_environments(labels: Iterable[str]) -> tuple[Environment, ...]:
    """Parse a mix of labels and preset names: each environment once, in the order given. Raises InputError."""
    found: dict[str, Environment] = {}
    for label in labels:
        for environment in preset(label) if label in PRESETS else (parse_environment(label),):
            found.setdefault(environment.label, environment)
    return tuple(found.values())


def from_facts(
    *,
    label: str,
    implementation: str,
    python_version: tuple[int, int, int],
    python_full_version: str,
    free_threaded: bool,
    debug: bool,
    platforms: Sequence[str],
    markers: Mapping[str, str],
    abis: Sequence[str] = (),
) -> Environment:
    """The environment of a real interpreter, from the facts it reported.

    ``platforms`` is what ``packaging.tags.platform_tags()`` lists there, ``markers`` is
    ``packaging.markers.default_environment()``. ``abis`` may be omitted for CPython and PyPy.
    """
    return Environment(
        label=label,
        implementation=implementation,
        python_version=python_version,
        python_full_version=python_full_version,
        free_threaded=free_threaded,
        debug=debug,
        abis=tuple(abis)
        or version_specific_abis(implementation, python_version[:2], free_threaded=free_threaded, debug=debug),
        platforms=tuple(platforms),
        markers=tuple(sorted(markers.items())),
    )


def version_specific_abis(
    implementation: str, version: tuple[int, int], *, free_threaded: bool, debug: bool
) -> tuple[str, ...]:
    """The version-specific ABI tags of a build of CPython or PyPy, most preferred first."""
    major, minor = version
    if implementation == "pp":
        return (f"pypy{major}{minor}_pp73",)  # the only ABI of all PyPy releases since 2020
    plain = f"cp{major}{minor}{'t' if free_threaded else ''}"
    if version < (3, _FIRST_WITHOUT_PYMALLOC):
        return (f"{plain}{'d' if debug else ''}m",)
    return (f"{plain}d", plain) if debug else (plain,)  # a debug build loads release modules as well


def loading(tag: str, environment: Environment) -> Loading:
    """Whether the interpreter can load the extension modules of a wheel with this tag.

    ``tag`` is a single tag with three parts. ``cp314-abi3t`` is accepted by 3.14t but loads nowhere before 3.15 (PEP
    803). ``cp313-none-win_amd64`` on 3.13t is unknown: the tag says nothing about the ABI of the modules, and one for
    the default build crashes there.
    """
    interpreter, abi, platform = tag.split("-")
    if platform != "any" and platform not in environment.platforms:
        return Loading.NO
    named = _named_minor(interpreter, f"{environment.implementation}{environment.python_version[0]}")
    generic = interpreter.startswith("py")
    if abi == "none":
        if platform == "any" or generic:
            return Loading.YES if generic or named is not None else Loading.NO
        if named != environment.python_version[1]:
            return Loading.NO
        return Loading.CANNOT_TELL if environment.free_threaded else Loading.YES
    if named is None:
        return Loading.NO
    new_enough = environment.python_version[1] >= named
    match abi:
        case "abi3":
            loads = new_enough and not environment.free_threaded
        case "abi3t":
            loads = new_enough and environment.python_version[1] >= FIRST_ABI3T
        case _:
            loads = abi in environment.abis and environment.python_version[1] == named
    return Loading.YES if loads else Loading.NO


def _named_minor(interpreter: str, major: str) -> int | None:
    """The minor version that ``cp313`` names, None for another implementation or major version than ``cp3``."""
    digits = interpreter.removeprefix(major)
    return int(digits) if digits != interpreter and digits.isdecimal() else None
