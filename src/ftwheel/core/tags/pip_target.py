"""Decides what pip accepts if its options describe another interpreter: ``--platform`` and its companions.

Anything the options do not specify comes from the interpreter that pip runs on, the host; markers always do. The
resulting list of accepted tags is not that of any real interpreter: with few exceptions, a platform is used verbatim,
and only the first ABI decides whether the build is free-threaded.

Sources: pip 26.3 ``cli/cmdoptions.py`` (``_convert_python_version``), ``models/target_python.py``,
``utils/compatibility_tags.py`` (``get_supported``), ``index/package_finder.py`` (of a tag that is listed twice, the
later position counts), packaging 26.3 ``tags.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ftwheel.core.errors import InputError
from ftwheel.core.tags.environments import Environment, version_specific_abis
from ftwheel.core.tags.platform_tags import android_ladder, ios_ladder, macos_ladder
from ftwheel.core.tags.priority import python_range

__all__ = ["PipTarget", "target_environment"]

_WITH_WIDE_UNICODE = (3, 3)  # in earlier versions, the ABI tag says how wide characters are
_VERSION = re.compile(r"([0-9])(?:\.?([0-9]{1,4}))?(?:(?<=[0-9])\.([0-9]{1,4}))?")
_APPLE = re.compile(r"(.+)_([0-9]+)_([0-9]+)_(.+)")
_ANDROID = re.compile(r"android_([0-9]+)_(.+)")
_NEWEST = 9999  # the highest system version; pip counts down from any number


@dataclass(frozen=True, slots=True, kw_only=True)
class PipTarget:
    """pip's options of the same names; an empty one was not given.

    ``python_version`` is ``3``, ``313``, ``3.13`` or ``3.13.1``; ``implementation`` is ``cp``, ``pp`` or ``py``.
    """

    platforms: tuple[str, ...] = ()
    python_version: str = ""
    abis: tuple[str, ...] = ()
    implementation: str = ""

    def __bool__(self) -> bool:
        return bool(self.platforms or self.python_version or self.abis or self.implementation)

    def __str__(self) -> str:
        given = [("--platform", each) for each in self.platforms]
        given += [("--python-version", self.python_version)] if self.python_version else []
        given += [("--implementation", self.implementation)] if self.implementation else []
        given += [("--abi", each) for each in self.abis]
        return " ".join(f"{option} {value}" for option, value in given)


def target_environment(host: Environment, target: PipTarget) -> Environment:
    """The environment that pip selects for if it runs on ``host`` with the options in ``target``.

    Its label is the host's, followed by the options. Raises InputError for a version pip does not accept.
    """
    if not target:
        return host
    given = _version(target.python_version)
    version = (*given, 0, 0)[:3] if given else host.python_version
    tagged = given[:2] or host.minor
    abis = list(target.abis or _inherited(host, tagged, target.implementation, named=bool(given)))
    native, pure = _pairs(target.implementation or host.implementation, tagged, abis)
    platforms: dict[str, None] = {}
    for platform in target.platforms:
        if platform not in platforms:
            platforms |= dict.fromkeys(tag for tag in _platforms(platform) if tag not in platforms)
    return host._replace(
        label=f"{host.label} {target}",
        implementation=(target.implementation or host.implementation).lower(),
        python_version=(version[0], version[1], version[2]),
        python_full_version=".".join(map(str, version)) if given else host.python_full_version,
        free_threaded=_is_threaded(abis),
        abis=tuple(abi.lower() for abi in abis if abi not in {"abi3", "abi3t", "none"}),
        platforms=_last_of_each([platform.lower() for platform in platforms]) or host.platforms,
        pairs=(_last_of_each(native), _last_of_each(pure)),
    )


def _version(text: str) -> tuple[int, ...]:
    if not text:
        return ()
    match = _VERSION.fullmatch(text)
    if match is None:
        raise InputError(
            f"--python-version {text[:100]}: not a version that pip accepts", hint="expected 3, 313, 3.13 or 3.13.1"
        )
    return tuple(int(part) for part in match.groups() if part is not None)


def _inherited(host: Environment, version: tuple[int, ...], implementation: str, *, named: bool) -> tuple[str, ...]:
    """The ABIs if ``--abi`` names none: those that the host would have if it were another version of itself."""
    if (implementation or host.implementation) != "cp":
        return host.abis[:1]
    if not named and host.implementation == "cp":
        return host.abis
    if len(version) == 1:
        return ()
    found = version_specific_abis(
        "cp", (version[0], version[1]), free_threaded=host.free_threaded and version >= (3, 13), debug=host.debug
    )
    return tuple(f"{abi}u" for abi in found) if version < _WITH_WIDE_UNICODE else found


def _pairs(implementation: str, version: tuple[int, ...], abis: list[str]) -> tuple[list[str], list[str]]:
    """The pairs of interpreter and ABI for one platform, and those for any, in pip's order; some appear twice."""
    own = f"{implementation}{''.join(map(str, version))}"
    generic = [f"{name}-none" for name in python_range(*version)]
    if implementation == "cp":
        native = list(_cpython_pairs(own, version, abis))
    else:
        native = [f"{own}-{abi}" for abi in (*abis, *([] if "none" in abis else ["none"]))]
    return _lowered([*native, *generic]), _lowered([f"{own}-none", *generic])


def _lowered(pairs: list[str]) -> list[str]:
    """Lower the case of the pairs, dropping those that cannot occur in a file name."""
    return [pair.lower() for pair in pairs if pair.count("-") == 1]


def _is_threaded(abis: list[str]) -> bool:
    flags = re.match(r"cp\d+(.*)", abis[0]) if abis else None
    return flags is not None and "t" in flags[1]


def _cpython_pairs(own: str, version: tuple[int, ...], abis: list[str]) -> Iterator[str]:
    threaded = _is_threaded(abis)
    explicit = list(abis)
    for stable in ("abi3", "abi3t", "none") if threaded else ("abi3", "none"):
        if stable in explicit:
            explicit.remove(stable)  # once, as pip does
    yield from (f"{own}-{abi}" for abi in explicit)
    with_stable = len(version) > 1 and version >= (3, 2)
    stable = "abi3t" if threaded else "abi3"
    if with_stable:
        yield f"{own}-{stable}"
    yield f"{own}-none"
    if with_stable:
        yield from (f"cp{version[0]}{older}-{stable}" for older in range(version[1] - 1, 1, -1))


def _platforms(platform: str) -> Iterable[str]:
    """The platforms that one ``--platform`` covers: itself and, on some systems, older ones."""
    name, _, architecture = platform.partition("_")
    if platform.startswith(("macosx", "ios")) and (match := _APPLE.match(platform)):
        _known(platform, match[2], match[3])
        system = "macosx" if platform.startswith("macosx") else "ios"
        ladder = macos_ladder if system == "macosx" else ios_ladder
        found = ladder(int(match[2]), int(match[3]), match[4])
        return [f"{match[1]}_{tag.removeprefix(f'{system}_')}" for tag in found]
    if match := _ANDROID.fullmatch(platform):
        _known(platform, match[1])
        return android_ladder(int(match[1]), re.sub("[-. ]", "_", match[2]))
    if name == "manylinux2014" and architecture in {"i686", "x86_64"}:
        return [platform, f"manylinux2010_{architecture}", f"manylinux1_{architecture}"]
    if name == "manylinux2010":
        return [platform, platform.replace(name, "manylinux1", 1)]
    return [platform]


def _known(platform: str, *numbers: str) -> None:
    if any(len(number) > len(str(_NEWEST)) for number in numbers):
        raise InputError(f"--platform {platform[:100]}: no such release", hint="for example macosx_14_0_arm64")


def _last_of_each(tags: list[str]) -> tuple[str, ...]:
    """Keep only the last occurrence of each tag."""
    return tuple(dict.fromkeys(reversed(tags)))[::-1]
