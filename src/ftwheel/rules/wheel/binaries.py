"""FTW3xx: the machine code compared with the tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.listing import listed_briefly
from ftwheel.core.tags.cpython import FIRST_ABI3T
from ftwheel.core.tags.cpython_builds import CPythonBuild
from ftwheel.core.wheel.contents import FlawKind, Member, WheelContents, dotted_name
from ftwheel.core.wheel.extension_module import BinaryFormat, BuiltFor, DeclarationSource, ExtensionModule
from ftwheel.core.wheel.native import NativeCode, NativeKind
from ftwheel.core.wheel.suffixes import SuffixAbi, init_names_for
from ftwheel.rules.wheel.facts import WheelFacts, WheelRule
from ftwheel.rules.wheel.machines import Platform, platform_of

__all__ = ["PlatformPolicy", "broken_tags", "common_machines", "policy_tags"]


class WrongAbi(WheelRule):
    code = "FTW301"
    title = "The code was compiled for a different ABI than the tags say"
    why = """The two builds of CPython lay out every object differently. The names are right, so the wheel installs
        and the module is found; loading it fails with a SystemError at best, and corrupts memory otherwise. Common
        causes are another Python's headers in CFLAGS or CPATH, a stray `-DPy_GIL_DISABLED`, a stale object file or a
        renamed wheel."""
    fix = """Compile with the headers of the interpreter the wheel is for (look for another Python's include folder in
        CFLAGS, CPATH and CMake's cache), in a clean build folder."""
    severity = Severity.ERROR
    see = ("FTB308",)

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        wrong: dict[str, tuple[ExtensionModule, list[CPythonBuild]]] = {}
        for target in facts.targets:
            for _, extension in facts.loaded_by(target):
                if extension.built_for is not BuiltFor.MIXED and target.loads(extension.built_for) is False:
                    wrong.setdefault(extension.path, (extension, []))[1].append(target)
        for extension, targets in wrong.values():
            builds = ", ".join(target.label for target in targets)
            evidence = f" ({'; '.join(extension.evidence)})" if extension.evidence else ""
            yield self.finding(
                facts.subject(extension),
                f"is compiled for the {extension.built_for.value} ABI{evidence}, which {builds} cannot load",
            )


class MixedObjects(WheelRule):
    code = "FTW302"
    title = "Objects of both ABIs are linked into one module"
    why = """The module imports and seems to work, but one part counts references differently: it leaks memory or frees
        objects that are in use."""
    fix = "Rebuild from scratch, with every object and static library compiled with the same interpreter's headers."
    severity = Severity.ERROR
    see = ("FTB309",)

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for extension in facts.wheel.extensions:
            if extension.built_for is BuiltFor.MIXED:
                yield self.finding(
                    facts.subject(extension),
                    f"contains code for both ABIs: {'; '.join(extension.evidence) or 'no evidence recorded'}",
                )


class MachineMismatch(WheelRule):
    code = "FTW303"
    title = "The code is not for the machine of the platform tag"
    why = """The installer trusts the platform tag; the loader rejects code for another machine. `--plat-name` and
        `_PYTHON_HOST_PLATFORM` change the tag but not the compiler. All files with machine code count, whatever their
        names: programs, shared and static libraries, objects. A wheel may contain libraries and programs for several
        machines to choose from at run time, but not extension modules and installed scripts."""
    fix = "Let the build derive the platform tag, or cross-compile for the machine it names."
    severity = Severity.ERROR
    see = ("FTB310",)

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        name = facts.wheel.name
        modules = [extension for extension in facts.used if extension.init_name]
        others = self._others(facts)
        for platform, tags in self._platforms(name.platforms).items():
            for extension in modules:
                machines = {architecture.name for architecture in extension.architectures}
                if wrong := _wrong(platform, tags, extension.binary_format, machines):
                    yield self.finding(facts.subject(extension), wrong)
            found = {
                path: _wrong(platform, tags, code.binary_format, set(code.machines)) for path, code in others.items()
            }
            severity = Severity.WARNING if modules else Severity.ERROR
            severity = severity if all(found.values()) else Severity.ADVICE
            yield from self._grouped(facts, found, severity)
        if "any" in name.platforms:
            shared = common_machines(others.values())
            found = {path: _for_any(code) for path, code in others.items() if shared or _runs(path)}
            yield from self._grouped(facts, found, Severity.WARNING)

    def _grouped(self, facts: WheelFacts, found: Mapping[str, str], severity: Severity) -> Iterator[Finding]:
        """One finding for files with the same problem; for installed scripts, it is always an error."""
        groups: dict[tuple[str, bool], list[str]] = {}
        for path, wrong in found.items():
            if wrong:
                groups.setdefault((wrong, _runs(path)), []).append(path)
        for (wrong, runs), paths in groups.items():
            more = f"; so {'is' if len(paths) == 2 else 'are'} {listed_briefly(paths[1:])}" if len(paths) > 1 else ""
            yield self.finding(
                facts.subject(path=paths[0]), wrong + more, severity=Severity.ERROR if runs else severity
            )

    @staticmethod
    def _platforms(tags: Iterable[str]) -> Mapping[Platform, list[str]]:
        """The tags by the code they require: ``manylinux1`` and ``manylinux_2_5`` are the same."""
        found: dict[Platform, list[str]] = {}
        for tag in tags:
            if (platform := platform_of(tag)) is not None:
                found.setdefault(platform._replace(macos=None), []).append(tag)
        return found

    @staticmethod
    def _others(facts: WheelFacts) -> Mapping[str, NativeCode]:
        """Machine code that no interpreter imports, by path; FTW208 covers modules for other interpreters."""
        modules = {path for extensions in facts.variants.values() for path in (each.path for each in extensions)}
        return {
            member.path: member.native
            for member in facts.wheel.members
            if member.native is not None and member.path not in modules
        }


def common_machines(files: Iterable[NativeCode]) -> frozenset[tuple[BinaryFormat, str]]:
    """The formats and machines that all files have in common; empty without files."""
    kinds = [frozenset((code.binary_format, machine) for machine in code.machines) for code in files]
    return frozenset.intersection(*kinds) if kinds else frozenset()


def _loaded(member: Member, binary_format: BinaryFormat) -> bool:
    """Whether the system's loader reads a member: a program or a shared library, not input of a linker."""
    code = member.native
    return (
        code is not None
        and code.binary_format is binary_format
        and code.kind in {NativeKind.PROGRAM, NativeKind.LIBRARY}
    )


def _runs(path: str) -> bool:
    """Whether a member is installed as a script."""
    return ".data/scripts/" in path


def _wrong(platform: Platform, tags: list[str], binary_format: BinaryFormat, machines: set[str]) -> str:
    """How code with this format and these machines contradicts the tags; "" when it does not."""
    promise = ".".join(tags)
    missing = [machine for machine in platform.machines if machine not in machines]
    if binary_format is not platform.binary_format:
        return f"is {binary_format.value}, but {promise} requires {platform.binary_format.value}"
    return f"is code for {', '.join(sorted(machines))}, but {promise} requires {', '.join(missing)}" if missing else ""


def _for_any(code: NativeCode) -> str:
    """How code contradicts the tag ``any``."""
    return f"is {code.binary_format.value} code for {', '.join(code.machines)}, but any is for every machine"


class PlatformPolicy(WheelRule):
    code = "FTW304"
    title = "The platform tag promises more than auditwheel finds"
    why = """A manylinux or musllinux tag promises that the wheel needs no newer C library and no other libraries than
        the policy allows. Otherwise modules, libraries and programs fail to load on older systems."""
    fix = """Build in the manylinux or musllinux image of the tag, and run `auditwheel repair` on the result. If a
        library was excluded on purpose (`--exclude`), document that users have to install it, and ignore this rule."""
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        promised = policy_tags(facts.wheel)
        if not promised:
            return
        if facts.policy is None:
            yield self.finding(
                facts.subject(),
                f"cannot tell whether {', '.join(promised)} is true: auditwheel runs only on Linux",
                fix="Run the check on Linux, or ignore this rule.",
                severity=Severity.ADVICE,
            )
            return
        verdict = facts.policy()
        if not verdict.tag:
            yield self.finding(
                facts.subject(),
                f"cannot tell whether {', '.join(promised)} is true: {verdict.reason}",
                fix="Look at the output of `auditwheel show`, or ignore this rule.",
                severity=Severity.ADVICE,
            )
        elif broken := broken_tags(verdict.tag, promised):
            needs = f", because it needs {verdict.reason}" if verdict.reason else ""
            yield self.finding(
                facts.subject(),
                f"has the tag {', '.join(broken)}; auditwheel finds it consistent with {verdict.tag}{needs}",
            )


_LEGACY = {"1": (2, 5), "2010": (2, 12), "2014": (2, 17)}
_POLICY = re.compile(r"(many|musl)linux(?:_(\d+)_(\d+)|(1|2010|2014))_(\w+)")


def policy_tags(wheel: WheelContents) -> tuple[str, ...]:
    """The manylinux and musllinux tags of a name, if something in the wheel has to keep them.

    Nothing has to in a wheel with code for other machines alone: FTW303 says what is wrong with that.
    """
    promised = tuple(tag for tag in wheel.name.platforms if tag.startswith(("manylinux", "musllinux")))
    platforms = [platform for tag in promised if (platform := platform_of(tag))]
    machines = {machine for platform in platforms for machine in platform.machines}
    loaded = any(
        _loaded(member, BinaryFormat.ELF) and machines.intersection(member.native.machines)
        for member in wheel.native
        if member.native
    )
    return promised if loaded else ()


def broken_tags(found: str, promised: Sequence[str]) -> tuple[str, ...]:
    """The promised tags that stand for an older C library than the one that auditwheel found.

    Tags of the other C library say something about other code in the wheel, if there are tags of the one found. Which
    musl a wheel needs nothing in it tells: auditwheel names that of its own system, or the newest that it knows.
    """
    library, version = _policy(found)
    policies = {tag: _policy(tag) for tag in promised}
    alike = {tag: own for tag, (kind, own) in policies.items() if kind == library}
    return tuple(tag for tag, own in alike.items() if own < version) if alike else tuple(promised)


def _policy(tag: str) -> tuple[tuple[str, str], tuple[int, int]]:
    """The C library with the machine of a manylinux or musllinux tag, and its version; other tags are like no other."""
    if (match := _POLICY.fullmatch(tag)) is None:
        return (tag, ""), (0, 0)
    if match[1] == "musl":
        return (match[1], match[5]), (0, 0)
    return (match[1], match[5]), (int(match[2]), int(match[3])) if match[2] else _LEGACY[match[4]]


class PythonLibrary(WheelRule):
    code = "FTW305"
    title = "Linked against another build's Python library"
    why = """On Windows, a module is linked to the DLL of one build: `python313.dll`, `python313t.dll`, or `python3.dll`
        and `python3t.dll` for the stable ABIs. In another build, the DLL is missing, or a second interpreter is loaded
        into the process."""
    fix = "Link with the import library of the interpreter the wheel is for."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for target in facts.targets:
            for _, extension in facts.loaded_by(target):
                for library in extension.python_libraries:
                    if not self._fits(library, target):
                        yield self.finding(
                            facts.subject(extension), f"needs {library}, which {target.label} does not provide"
                        )

    @staticmethod
    def _fits(library: str, target: CPythonBuild) -> bool:
        match = re.fullmatch(
            r"(?:lib)?python3(?:\.?(\d+))?(t?)(_d)?(?:\.dll|\.so[\d.]*|\.dylib)",
            library.rpartition("/")[2],
            re.IGNORECASE,
        )
        if match is None:
            return True  # an unversioned name, such as a framework's, says nothing
        minor, threads, debug = match.groups()
        if debug:
            return False
        if minor is None:
            # every default build has python3.dll; from 3.15 on both builds have python3t.dll (PEP 803)
            return target.minor >= FIRST_ABI3T if threads else not target.free_threaded
        return not target.onwards and int(minor) == target.minor and bool(threads) is target.free_threaded


class WrongInit(WheelRule):
    code = "FTW306"
    title = "The module lacks the init function that its interpreters call"
    why = """CPython calls `PyInit_NAME`; from 3.15 on it tries `PyModExport_NAME` first (PEP 793), the only one that
        works under `abi3t`, where module definitions are opaque (PEP 803). Without it, the file is found but rejected.
        `_cffi_backend` creates the modules of cffi, which need no definition: their `PyInit_NAME` works."""
    fix = "Name the init function after the file, and export `PyModExport_NAME` for `abi3t`."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for extension in facts.wheel.extensions:
            if extension.init_name is None and dotted_name(extension.path) and facts.targets:
                yield from self._nothing_to_call(facts, extension)
        seen: set[tuple[str, str]] = set()
        for target in facts.targets or facts.promised:
            for name, extension in facts.loaded_by(target):
                export, init = init_names_for(extension.name)
                message = ""
                if target.minor < FIRST_ABI3T and not target.onwards and init not in extension.init_names:
                    message = f"exports only {export}, but {target.label} calls {init}"
                elif target.minor < FIRST_ABI3T and target.onwards and init not in extension.init_names:
                    message = f"exports only {export}, but interpreters before 3.15 call {init}"
                elif (
                    target.free_threaded
                    and target.onwards
                    and export not in extension.init_names
                    and extension.gil.basis is not DeclarationSource.CFFI_BACKEND
                ):
                    message = f"exports only {init}, but under abi3t {name} needs {export}"
                if message and (extension.path, message) not in seen:
                    seen.add((extension.path, message))
                    yield self.finding(facts.subject(extension), message)

    def _nothing_to_call(self, facts: WheelFacts, extension: ExtensionModule) -> Iterator[Finding]:
        _, init = init_names_for(extension.name)
        if extension.is_extension:
            yield self.finding(
                facts.subject(extension),
                f"exports {', '.join(extension.init_names)}, but not {init}, which an import of this file calls",
                severity=Severity.WARNING,
            )
        elif extension.suffix.abi not in {SuffixAbi.PLAIN, SuffixAbi.OTHER}:
            yield self.finding(
                facts.subject(extension),
                "is named like an extension module but has no init function: ctypes can load it, an import cannot",
                fix="None needed if it is for ctypes; then one wheel with the ABI tag `none` would serve every build.",
                severity=Severity.ADVICE,
            )


class AbiUnknown(WheelRule):
    code = "FTW308"
    title = "Cannot tell which ABI the code was compiled for"
    why = """The module has no static definition and imports nothing that only one build has. This is not a defect; it
        only means that reading the file cannot prove its ABI."""
    fix = "`ftwheel check --import` loads the module with the interpreter it is for, which settles it."
    severity = Severity.ADVICE

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        unknown = {
            extension.path: (name, extension)
            for target in facts.targets
            for name, extension in facts.loaded_by(target)
            if extension.built_for is BuiltFor.CANNOT_TELL and not facts.loads(name)
        }
        for name, extension in unknown.values():
            yield self.finding(facts.subject(extension), f"cannot tell which ABI {name} was compiled for")


class UnreadableBinary(WheelRule):
    code = "FTW309"
    title = "A file named like an extension module is not a readable binary"
    why = "It is not ELF, Mach-O or PE, or its tables point outside the file. No loader accepts it."
    fix = "Build it again; the usual cause is a text file or a Git LFS pointer in its place."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        # there is no reader for WebAssembly
        known = any(platform_of(tag) for tag in facts.wheel.name.platforms)
        for flaw in facts.wheel.flaws:
            if flaw.kind is FlawKind.BINARY:
                loaded = known and dotted_name(flaw.path)
                yield self.finding(
                    facts.subject(path=flaw.path),
                    flaw.detail,
                    severity=None if loaded else Severity.ADVICE,
                    fix=None if loaded else "Nothing, if it is meant to be so: ftwheel reads ELF, Mach-O and PE alone.",
                )


class MacosVersion(WheelRule):
    code = "FTW310"
    title = "The code needs a newer macOS than the platform tag says"
    why = "Installers accept the wheel on older systems, where functions that the code calls may be missing."
    fix = "Set MACOSX_DEPLOYMENT_TARGET to the version of the tag for every object and library of the wheel."
    severity = Severity.WARNING

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        platforms = [platform for tag in facts.wheel.name.platforms if (platform := platform_of(tag))]
        versions = [platform.macos for platform in platforms if platform.macos]
        if not versions:
            return
        promised = min(versions)
        if any("aarch64" in platform.machines for platform in platforms):
            # the first macOS for Apple silicon; a universal2 tag names the version of its x86_64 part
            promised = max(promised, (11, 0))
        needed = {extension.path: extension.macos_minimum for extension in facts.used}
        modules = {extension.path for extension in facts.wheel.extensions}
        needed |= {
            member.path: member.native.macos
            for member in facts.wheel.native
            if member.native and member.path not in modules and _loaded(member, BinaryFormat.MACH_O)
        }
        for path, minimum in needed.items():
            if minimum and minimum > promised:
                needs = ".".join(map(str, minimum))
                yield self.finding(
                    facts.subject(path=path), f"needs macOS {needs}, but the tag promises {promised[0]}.{promised[1]}"
                )
