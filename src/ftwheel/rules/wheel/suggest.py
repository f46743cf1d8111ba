"""Finds the tags that a wheel's content supports, by running the rules on every candidate tag."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.tags.cpython import CPYTHONS, FIRST_ABI3T, FIRST_WITH_PLATFORM_SUFFIX
from ftwheel.core.tags.cpython_builds import targets_of
from ftwheel.core.versions import specifier_set
from ftwheel.core.wheel.contents import FlawKind, WheelContents, dotted_name
from ftwheel.core.wheel.extension_module import BinaryFormat, BuiltFor, ExtensionModule
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.reports import PolicyVerdict
from ftwheel.core.wheel.suffixes import SuffixAbi
from ftwheel.rules.wheel.binaries import PlatformPolicy, broken_tags, common_machines, policy_tags
from ftwheel.rules.wheel.facts import WheelFacts
from ftwheel.rules.wheel.machines import platform_of
from ftwheel.rules.wheel.selection import RuleSelection
from ftwheel.rules.wheel.stable_abi import required_minor

__all__ = ["AskPolicy", "Suggestion", "objections", "retagged", "suggest"]

AskPolicy = Callable[[WheelContents], PolicyVerdict]  # what auditwheel says about the platform tags of a wheel

# rules that compare the name with the code, not those about the zip, the metadata or the GIL
_ABOUT_TAGS = frozenset(
    {"FTW203", "FTW204", "FTW205", "FTW206", "FTW207", "FTW209"}
    | {f"FTW{n}" for n in (301, 302, 303, 305, 306, 307, 310, 311, 312, 314)}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A tag that nothing in the wheel contradicts; ``proved`` when the ABI of every module is known.

    ``floor_proved`` is false for a stable ABI that the wheel was not tagged for: symbols and slots show which versions
    are too old, but without ``PyABIInfo`` the version of ``Py_LIMITED_API`` leaves no trace.
    """

    tag: str
    proved: bool
    floor_proved: bool = True


def retagged(contents: WheelContents, tag: str, *, build: str | None = None) -> WheelContents:
    """The same content with another tag (``cp313-cp313t-linux_x86_64``). Raises InputError for an invalid tag."""
    build = contents.name.build if build is None else build
    parts = [contents.name.stem, *filter(None, [build]), tag, *filter(None, [contents.name.variant])]
    name = WheelName.parse("-".join(parts) + ".whl")
    wheel = contents.wheel._replace(tags=name.tags, build=build) if contents.wheel else None
    return contents._replace(name=name, wheel=wheel)


def objections(
    contents: WheelContents, stable_symbols: Mapping[str, int], policy: AskPolicy | None = None
) -> tuple[Finding, ...]:
    """What in the wheel does not support the tags of its name; only what is wrong for sure.

    Without ``policy`` nothing is said about the C library that a manylinux or musllinux tag promises.
    """
    ask = None if policy is None else lambda: policy(contents)
    facts = WheelFacts(wheel=contents, stable_symbols=lambda: stable_symbols, policy=ask)
    found = RuleSelection().judge(facts, only=_ABOUT_TAGS | ({PlatformPolicy.code} if policy else set()))
    return tuple(finding for finding in found if finding.severity is Severity.ERROR)


def suggest(
    contents: WheelContents, stable_symbols: Mapping[str, int], policy: AskPolicy | None = None
) -> tuple[Suggestion, ...]:
    """The tags that the content supports, the most widely installable first.

    ``policy`` is None where auditwheel does not run; then the manylinux and musllinux tags of the name are believed.
    """
    if any(flaw.kind is FlawKind.BINARY and dotted_name(flaw.path) for flaw in contents.flaws):
        # nothing reads WebAssembly; elsewhere the module is no binary (FTW309)
        known = any(platform_of(tag) for tag in contents.name.platforms)
        return () if known else (Suggestion(tag=contents.name.tag_text, proved=False),)
    modules = [each for each in contents.extensions if each.init_name]
    proved = all(each.built_for is not BuiltFor.CANNOT_TELL for each in modules)
    suggestions: list[Suggestion] = []
    platforms = tuple(dict.fromkeys(_platforms(contents, policy)))
    for interpreters, abis in dict.fromkeys(_abis(contents, modules, stable_symbols)):
        for platform in platforms:
            tag = f"{interpreters}-{abis}-{platform}"
            if not objections(retagged(contents, tag), stable_symbols):
                floor_proved = (
                    "abi3" not in abis
                    or interpreters in contents.name.interpreters
                    or all(_says(each, interpreters) for each in modules)
                )
                suggestions.append(Suggestion(tag=tag, proved=proved, floor_proved=floor_proved))
                break
    return tuple(suggestions)


def _abis(
    contents: WheelContents, modules: list[ExtensionModule], stable_symbols: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    if not modules:
        yield "py3", "none"
        return
    if "none" in contents.name.abis:  # a wheel with a module for each build that accepts it
        yield ".".join(contents.name.interpreters), "none"
    if all(map(_for_both, modules)):
        floor = max(FIRST_ABI3T, _floor(contents, modules, stable_symbols) or 0)
        shared = all(
            each.suffix.abi is not SuffixAbi.STABLE_ABI for each in modules
        )  # 3.15t does not look for .abi3.so
        yield f"cp3{floor}", "abi3.abi3t" if shared else "abi3"
    proved = all(each.built_for is BuiltFor.STABLE_ABI_T for each in modules)
    if not proved and (oldest := _floor(contents, modules, stable_symbols)) is not None:
        yield f"cp3{oldest}", "abi3"
    for minor in sorted(_minors(contents, modules)):
        for abis in (f"cp3{minor}.cp3{minor}t", f"cp3{minor}", f"cp3{minor}t"):
            yield f"cp3{minor}", abis


def _says(module: ExtensionModule, interpreter: str) -> bool:
    """Whether a module says that it is for the stable ABI of this version (``cp315``) or of an older one."""
    return module.abi_info is not None and 0 < module.abi_info.floor <= int(interpreter.removeprefix("cp3"))


def _for_both(module: ExtensionModule) -> bool:
    """Whether a module is for ``abi3t`` by its code, or by its name where the code does not tell."""
    named = module.suffix.abi is SuffixAbi.STABLE_ABI_T and module.built_for is BuiltFor.CANNOT_TELL
    return named or module.built_for is BuiltFor.STABLE_ABI_T


def _floor(contents: WheelContents, modules: list[ExtensionModule], stable_symbols: Mapping[str, int]) -> int | None:
    """The oldest minor version whose stable ABI all modules can use; None when one of them uses no stable ABI.

    Not older than the floor of the wheel's own stable ABI tag and its Requires-Python.
    """
    if any(each.suffix.abi in {SuffixAbi.DEFAULT, SuffixAbi.FREE_THREADED, SuffixAbi.OTHER} for each in modules):
        return None
    needed = [required_minor(each, stable_symbols) for each in modules]
    claimed = [target.minor for target in targets_of(contents.name) if target.onwards][:1]
    named = [FIRST_WITH_PLATFORM_SUFFIX for each in modules if each.suffix.platform]
    named += [FIRST_ABI3T for each in modules if each.suffix.abi is SuffixAbi.STABLE_ABI_T]
    found = [minor for minor in needed if minor is not None]
    return max(*found, *claimed, *named, _oldest_allowed(contents)) if None not in needed else None


def _oldest_allowed(contents: WheelContents) -> int:
    """The oldest minor version that Requires-Python allows, 0 if it is absent or invalid."""
    said = contents.metadata.requires_python if contents.metadata else ""
    try:
        allowed = specifier_set(said)
    except InvalidSpecifier:
        return 0
    minors = (each.minor for each in CPYTHONS if any(allowed.contains(f"3.{each.minor}.{micro}") for micro in (0, 99)))
    return next(minors, 0) if said else 0


def _minors(contents: WheelContents, modules: list[ExtensionModule]) -> set[int]:
    """Minor versions named in the wheel: by suffixes, libraries, or version-specific tags."""
    found = {each.suffix.version[1] for each in modules if each.suffix.version}
    libraries = (library for each in modules for library in each.python_libraries)
    found |= {int(match[1]) for library in libraries if (match := re.search(r"python3\.?(\d+)t?", library))}
    return found or {target.minor for target in targets_of(contents.name) if not target.onwards}


def _platforms(contents: WheelContents, policy: AskPolicy | None) -> Iterator[str]:
    """Platform tags to try: ``any`` without native code, else the name's own, else one made from the code."""
    files = [member.native for member in contents.members if member.native is not None]
    common = common_machines(files)
    if not files:
        yield "any"
    if not common or "any" not in contents.name.platforms:
        yield ".".join(_own_platforms(contents, policy))
    machines = {machine for _, machine in common if "-" not in machine}  # machine-N is in no platform tag
    if not machines:
        return
    machine = max(machines)
    match files[0].binary_format:
        case BinaryFormat.ELF:
            yield "linux_" + {"x86": "i686", "arm": "armv7l"}.get(machine, machine)
        case BinaryFormat.PE:
            yield {"x86": "win32", "aarch64": "win_arm64"}.get(machine, "win_amd64")
        case _:
            major, minor = max(file.macos or (11, 0) for file in files)
            name = "universal2" if {"x86_64", "aarch64"} <= machines else {"aarch64": "arm64"}.get(machine, machine)
            yield f"macosx_{major}_{minor if major < 11 else 0}_{name}"  # since 11 installers know _0 only


def _own_platforms(contents: WheelContents, policy: AskPolicy | None) -> tuple[str, ...]:
    """The platform tags of the name, without those that promise an older C library than the code needs."""
    own = contents.name.platforms
    promised = policy_tags(contents)
    if policy is None or not promised or not (verdict := policy(contents)).tag:
        return own
    broken = broken_tags(verdict.tag, promised)
    return tuple(tag for tag in own if tag not in broken) or (verdict.tag,)
