"""FTW2xx: the tags of the file name, the WHEEL file, and the names of the modules, compared with each other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.listing import listed_briefly
from ftwheel.core.tags.cpython import CPYTHONS, FIRST_ABI3T, FIRST_WITH_PLATFORM_SUFFIX
from ftwheel.core.tags.cpython_builds import CPythonBuild, promised_by_none, targets_of
from ftwheel.core.tags.machines import may_exist, of_the_past
from ftwheel.core.wheel.extension_module import BuiltFor, ExtensionModule
from ftwheel.core.wheel.suffixes import SuffixAbi
from ftwheel.rules.wheel.facts import WheelFacts, WheelRule

__all__ = ["Abi3tFloor", "NeverAccepted", "PythonTagWithT"]

_ANY_BUILD = tuple(
    CPythonBuild(minor=CPYTHONS[0].minor, onwards=True, free_threaded=free_threaded) for free_threaded in (False, True)
)


class NameAgainstWheelFile(WheelRule):
    code = "FTW201"
    title = "The file name and the WHEEL file have different tags"
    why = """pip and uv select by the file name; repair and other tools use the `Tag` lines of WHEEL. A wheel that was
        renamed (`cp313` to `cp313t`) installs and then fails at import. An additional platform tag in WHEEL for a build
        that the name also has is a warning: fewer machines install the wheel. So are tags of Python 2 that WHEEL
        lacks."""
    fix = """If the file name is right, `ftwheel tag WHEEL` writes its tags to WHEEL and RECORD, provided the code
        supports them; `ftwheel tag --suggest WHEEL` shows which ones it supports. Never rename a wheel by hand."""
    severity = Severity.ERROR
    see = ("FTB302",)

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        wheel = facts.wheel
        if wheel.wheel is None:
            return
        subject = facts.subject(path=wheel.dist_info + "WHEEL")
        for line in wheel.wheel.bad_tags:
            yield self.finding(subject, f"Tag: {line} is not a tag")
        named, said = wheel.name.tags, wheel.wheel.tags
        # an invalid line explains why tags of the name are missing
        if not wheel.wheel.bad_tags and (missing := named - said):
            old = said and all(re.match(r"(cp|py)2", tag.interpreter) for tag in missing)
            yield self.finding(
                subject,
                f"the file name has {', '.join(sorted(map(str, missing)))}, but WHEEL does not",
                severity=Severity.WARNING if old else None,
            )
        builds = {(tag.interpreter, tag.abi) for tag in named}
        for severity, offered in ((Severity.ERROR, False), (Severity.WARNING, True)):
            if only := sorted(str(tag) for tag in said - named if ((tag.interpreter, tag.abi) in builds) is offered):
                yield self.finding(
                    subject, f"WHEEL has {', '.join(only)}, but the file name does not", severity=severity
                )
        if wheel.wheel.build != wheel.name.build:
            said_build, named_build = wheel.wheel.build or "none", wheel.name.build or "none"
            yield self.finding(subject, f"WHEEL has the build tag {said_build}, the file name {named_build}")


class RootIsPurelib(WheelRule):
    code = "FTW202"
    title = "Root-Is-Purelib contradicts the content"
    why = """It decides whether the wheel is installed to purelib or platlib. Extension modules belong to platlib, which
        is a separate folder on some systems; a wheel without a valid value ends up in platlib only by chance."""
    fix = "Tell the build backend that the distribution has extension modules (or that it has none)."
    severity = Severity.ERROR
    see = ("FTB305",)

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        wheel = facts.wheel
        if wheel.wheel is None:
            return
        subject = facts.subject(path=wheel.dist_info + "WHEEL")
        modules = [member.path for same in wheel.modules.values() for member in same]
        if wheel.wheel.root_is_purelib is None:
            yield self.finding(subject, "says neither true nor false", severity=Severity.WARNING)
        elif wheel.wheel.root_is_purelib:
            outside = [path for path in modules if ".data/platlib/" not in path]
            if outside:
                yield self.finding(subject, f"says true, but the wheel has extension modules such as {outside[0]}")
        elif not wheel.native and wheel.name.platforms == ("any",):
            yield self.finding(subject, "says false for a wheel without native code", severity=Severity.ADVICE)


class PythonTagWithT(WheelRule):
    code = "FTW203"
    title = "The interpreter tag ends with `t`"
    why = """Only the ABI tag marks free-threading: `cp313-cp313t`, never `cp313t-cp313t`. No installer accepts the
        latter, so the wheel is never installed."""
    fix = "Write the interpreter tag without the `t`."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for tag in facts.wheel.name.interpreters:
            if re.fullmatch(r"(cp|py)\d+t", tag):
                yield self.finding(facts.subject(), f"has the interpreter tag {tag}, which no installer accepts")


class Abi3tFloor(WheelRule):
    code = "FTW204"
    title = "`abi3t` below Python 3.15"
    why = """The stable ABI of free-threaded builds starts with 3.15 (PEP 803). Installers nevertheless accept
        `cp314-abi3t` on 3.14t, and the `cp311-abi3` part of `cp311-abi3.abi3t` on default 3.11 to 3.14, where the
        module cannot be loaded."""
    fix = """Use `cp315-abi3.abi3t` (or a later floor), and ship version-specific wheels for 3.13t and 3.14t and an
        `abi3` wheel for older default builds."""
    severity = Severity.ERROR
    see = ("FTB312",)

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        if "abi3t" not in facts.wheel.name.abis:
            return
        for tag in facts.wheel.name.interpreters:
            match = re.fullmatch(r"cp3(\d+)", tag)
            if match and int(match[1]) < FIRST_ABI3T:
                yield self.finding(facts.subject(), f"promises abi3t from 3.{match[1]} on, but abi3t starts with 3.15")


class ExtensionWithoutAbi(WheelRule):
    code = "FTW205"
    title = "An extension module under the ABI tag `none`"
    why = """`none` means that no interpreter's ABI matters, so both the default and the free-threaded build install
        the wheel, and one of them (often every other version, too) cannot import the module. Both wheels of a pair
        built this way have the same file name and overwrite each other. A wheel with a module for each build that its
        tags and Requires-Python allow keeps its promise, and is not reported."""
    fix = """Let the backend set the ABI tag: remove a `get_tag` override or a `--py-limited-api`/`python-tag` option
        that hides it. Use `none` only for native code that Python never imports, such as a library used through
        ctypes, or for a wheel with a module for every build that Requires-Python allows."""
    severity = Severity.ERROR
    see = ("FTB305", "FTB306")

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        promised = facts.promised
        for module, variants in facts.variants.items():
            missing = [build.label for build in promised if not self._serves(build, variants)]
            if missing:
                yield self.finding(
                    facts.subject(variants[0]),
                    f"{module} is an extension module, but the tag {facts.wheel.name.tag_text} promises no ABI; "
                    f"the wheel has no file of it for {listed_briefly(missing)}",
                )

    @staticmethod
    def _serves(build: CPythonBuild, variants: tuple[ExtensionModule, ...]) -> bool:
        """Whether the file that this build loads is named for its ABI and built for it."""
        found = [variant for variant in variants if build.searches(variant.suffix)]
        if not found:
            return False
        taken = min(found, key=lambda variant: build.order(variant.suffix))
        loads = build.loads(taken.built_for)
        return loads is not False and taken.suffix.abi is not SuffixAbi.PLAIN


class MissingModule(WheelRule):
    code = "FTW206"
    title = "A build that the tags serve does not find a module"
    why = """An interpreter looks only for the suffixes of its own ABI, for `.abi3.so` or `.abi3t.so`, and for a plain
        `.so` or `.pyd`. A module under another suffix is invisible: the wheel installs, and the import fails."""
    fix = """Build the wheel with the interpreter it is for, in a clean build folder. For the stable ABI, the module
        needs a stable ABI suffix too, not only the tag (`py_limited_api=True` on the Extension, `Python::SABIModule`
        in CMake); a suffix with the platform (`.abi3-x86_64-linux-gnu.so`) is recognized only from 3.15 on."""
    severity = Severity.ERROR
    see = ("FTB306",)

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for name, variants in facts.variants.items():
            missing = [
                target
                for target in facts.targets
                if not any(target.searches(variant.suffix) for variant in variants)
                and not Abi3SuffixUnderAbi3t.applies(target, variants)
            ]
            if missing:
                found = ", ".join(sorted(variant.suffix.text for variant in variants))
                builds = ", ".join(target.label for target in missing)
                message = f"{builds} does not find {name} under {found}"
                stable = {variant.suffix.abi for variant in variants} == {SuffixAbi.STABLE_ABI}
                if stable and not any(target.free_threaded for target in missing):
                    first = FIRST_WITH_PLATFORM_SUFFIX
                    yield self.finding(
                        facts.subject(variants[0]),
                        f"{message}: CPython before 3.{first} does not look for this suffix",
                        fix=f"""Build the abi3 wheel with the oldest Python it is for; 3.{first} and newer add the
                            platform to the suffix.""",
                    )
                else:
                    yield self.finding(facts.subject(variants[0]), message)


class Abi3SuffixUnderAbi3t(WheelRule):
    code = "FTW207"
    title = "`.abi3.so` in a wheel tagged `abi3t`"
    why = "Free-threaded 3.15 and newer ignore `.abi3.so` (PEP 803); both builds look for `.abi3t.so`."
    fix = "Build the module with the suffix `.abi3t.so`; recent backends use it for the target `cp315t` or `abi3t`."
    severity = Severity.ERROR
    see = ("FTB306",)

    @staticmethod
    def applies(target: CPythonBuild, variants: tuple[ExtensionModule, ...]) -> bool:
        """Whether this rule is the only reason why this target does not find the module."""
        suffixes = {variant.suffix.abi for variant in variants}
        return (
            target.free_threaded
            and target.onwards
            and SuffixAbi.STABLE_ABI in suffixes
            and suffixes.isdisjoint({SuffixAbi.STABLE_ABI_T, SuffixAbi.PLAIN})
        )

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for name, variants in facts.variants.items():
            if any(self.applies(target, variants) for target in facts.targets):
                found = ", ".join(sorted(variant.suffix.text for variant in variants))
                yield self.finding(facts.subject(variants[0]), f"no free-threaded build finds {name} under {found}")


class ForeignModule(WheelRule):
    code = "FTW208"
    title = "A module for an interpreter that the tags do not serve"
    why = """No interpreter that installs the wheel uses it. It is a sign of a shared or stale build folder, of an
        in-tree build that was shipped as package data, or of a build tool that found another Python."""
    fix = "Build in a clean tree (without `build`, `*.egg-info` and in-tree `.so` files), with a build folder per ABI."
    severity = Severity.ERROR
    see = ("FTB306", "FTW212")

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        targets = facts.targets
        if not targets:
            return
        for name, variants in facts.variants.items():
            used = [v for v in variants if any(target.some_search(v.suffix) for target in targets)]
            if not used:
                continue  # FTW206 reports the missing module
            builds = ", ".join(target.label for target in targets)
            for variant in variants:
                if variant not in used:
                    message = f"{builds} never looks for {name} under {variant.suffix.text}"
                    yield self.finding(facts.subject(variant), message)


class SeveralFiles(WheelRule):
    code = "FTW212"
    title = "An interpreter finds several files for one module"
    why = """The interpreter loads the first by the order of its suffixes, whichever that is: usually, one of them is
        left over from an earlier build, or from a build with other settings."""
    fix = "Build in a clean tree, and keep only the intended file."
    severity = Severity.ERROR
    see = ("FTB311", "FTB306")

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for name, variants in facts.variants.items():
            for target in facts.targets:
                found = [
                    variant
                    for variant in variants
                    if target.some_search(variant.suffix) and not self._is_others(variant, target, facts.targets)
                ]
                if len(found) > 1:
                    taken = min(found, key=lambda variant: target.order(variant.suffix))
                    others = ", ".join(variant.suffix.text for variant in found if variant is not taken)
                    yield self.finding(
                        facts.subject(taken), f"{target.label} finds {name} here and under {others}, and loads this one"
                    )
                    break

    @staticmethod
    def _is_others(variant: ExtensionModule, target: CPythonBuild, targets: tuple[CPythonBuild, ...]) -> bool:
        """Whether it is the ``.abi3.so`` of a default build, behind the file that a free-threaded one finds first."""
        return (
            target.free_threaded
            and variant.suffix.abi is SuffixAbi.STABLE_ABI
            and any(other.searches(variant.suffix) for other in targets if not other.free_threaded)
        )


class NeverAccepted(WheelRule):
    code = "FTW209"
    title = "A combination of tags that no installer accepts"
    why = """`abi3` and `abi3t` need a `cp3X` interpreter tag and a platform: no interpreter accepts `py3-abi3`,
        `cp3-abi3` or `cp39-abi3-any`. Neither do `cp313` and `cp312` go together. Other tags are for a CPython that
        does not exist: iOS and Android begin with 3.13 and have no free-threaded build, each Pyodide has one version,
        and from macOS 11 on, tags end in `_0`. A `none` wheel for a platform that CPython no longer supports
        (`win_ia64`) is only a warning."""
    fix = "Use the tag that the backend generates, or `ftwheel tag --suggest`."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        name = facts.wheel.name
        if all(re.fullmatch(r"(cp|py)\d+t", tag) for tag in name.interpreters):
            return  # FTW203
        cpython = [abi for abi in name.abis if re.fullmatch(r"abi3t?|cp3\d+t?", abi)]
        for abi in cpython:
            if not any(self._goes_with(interpreter, abi) for interpreter in name.interpreters):
                interpreters = ".".join(name.interpreters)
                yield self.finding(
                    facts.subject(), f"no installer accepts {abi} with the interpreter tag {interpreters}"
                )
        if cpython and "any" in name.platforms:
            yield self.finding(facts.subject(), f"no installer accepts {cpython[0]} with the platform any")
        builds = targets_of(name) or (promised_by_none(name, "") if "none" in name.abis else ())
        if builds and not any(may_exist(build, platform) for build in builds for platform in name.platforms):
            others = any(may_exist(build, platform) for build in _ANY_BUILD for platform in name.platforms)
            labels = [build.label for build in targets_of(name)] if others else []
            surplus = "none" in name.abis and all(map(of_the_past, name.platforms))
            yield self.finding(
                facts.subject(),
                f"no CPython{' ' * bool(labels)}{', '.join(labels)} takes {', '.join(name.platforms)}",
                fix="Leave the wheel out, or build it for a version and a platform that CPython runs on.",
                severity=Severity.WARNING if surplus else None,
            )

    @staticmethod
    def _goes_with(interpreter: str, abi: str) -> bool:
        if abi.startswith("abi3"):
            return re.fullmatch(r"cp3\d+", interpreter) is not None
        return abi in {interpreter, interpreter + "t"}


class WheelVariant(WheelRule):
    code = "FTW211"
    title = "A wheel variant, which pip and uv ignore"
    why = """The label at the end of the file name makes the wheel a variant (PEP 825). Installers without support for
        variants do not recognize such a file as a wheel. The content is checked like that of any other wheel."""
    fix = "Also ship a wheel without a label, which installers select."
    severity = Severity.ADVICE

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        if facts.wheel.name.variant:
            yield self.finding(facts.subject(), f"is a wheel variant with the label {facts.wheel.name.variant}")


class PlainSuffix(WheelRule):
    code = "FTW210"
    title = "A version-specific module without an ABI in its suffix"
    why = """Every build that finds a plain `_ext.so` on its path loads it, including the free-threaded one. In a tree
        shared by two interpreters (an editable install, a zip unpacked by hand), the last build wins. This is advice
        if the code shows which build it is for, and an error otherwise."""
    fix = "Let the backend name the file (`EXT_SUFFIX`); in CMake, use `python_add_library(... WITH_SOABI)`."
    severity = Severity.ERROR
    see = ("FTB307",)

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        if not facts.targets or any(target.onwards for target in facts.targets):
            return
        for name, variants in facts.variants.items():
            for variant in variants:
                if variant.suffix.abi is not SuffixAbi.PLAIN:
                    continue
                if variant.built_for is BuiltFor.CANNOT_TELL and not facts.loads(name):
                    message = f"{name} is named {variant.suffix.text}, and its code does not show which build it is for"
                    yield self.finding(facts.subject(variant), message)
                else:
                    message = f"{name} is named {variant.suffix.text}"
                    yield self.finding(facts.subject(variant), message, severity=Severity.ADVICE)
