"""FTW307 and FTW311 to FTW314: the C API that a stable ABI module uses, compared with the floor of its tag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.listing import listed_briefly
from ftwheel.core.tags.cpython import FIRST_ABI3T
from ftwheel.core.wheel.extension_module import ExtensionModule, InitPhase
from ftwheel.core.wheel.suffixes import SuffixAbi, init_names_for
from ftwheel.rules.wheel.facts import WheelFacts, WheelRule

__all__ = ["required_minor"]

# Include/moduleobject.h: slot numbers of a PyModuleDef and the minor version that added each
_SLOTS = {3: "Py_mod_multiple_interpreters", 4: "Py_mod_gil"}
_ADDED = {1: 5, 2: 5, 3: 12, 4: 13}
_ABI_SLOT = 109
# PEP 803: an abi3t module cannot create valid input for these, since PyModuleDef is opaque to it
_UNUSABLE_IN_ABI3T = {"PyModuleDef_Init", "PyModule_Create2", "PyModule_FromDefAndSpec2"}


class StableAbiSymbols(WheelRule):
    code = "FTW307"
    title = "A stable ABI module imports symbols outside its stable ABI"
    why = """Every default build from 3.9 on installs a wheel tagged `cp39-abi3`. A symbol outside the stable ABI may
        disappear in any version, and one added after 3.9 is missing there: the import fails with an undefined
        symbol."""
    fix = """Define `Py_LIMITED_API` as the version of the tag for every object of the module, or raise the tag's
        version. `ftwheel tag --suggest` shows the floor of the code."""
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for stable in (target for target in facts.targets if target.onwards):
            for _, extension in facts.loaded_by(stable):
                table = facts.stable_symbols()
                floor = max(stable.minor, FIRST_ABI3T) if stable.free_threaded else stable.minor
                outside, newer = _outside_and_newer(extension, table, floor)
                shared = stable.free_threaded or extension.suffix.abi is SuffixAbi.STABLE_ABI_T
                kind = "abi3t" if shared else "abi3"
                if outside and not (stable.free_threaded and _judged_as_abi3(facts, stable.minor)):
                    yield self.finding(
                        facts.subject(extension),
                        f"imports {listed_briefly(outside)}, which {kind} does not include",
                    )
                if newer:
                    added = ", ".join(f"{name} (3.{table[name]})" for name in newer)
                    yield self.finding(
                        facts.subject(extension), f"imports {added}, but the tag promises 3.{stable.minor}"
                    )
                unusable = sorted(_UNUSABLE_IN_ABI3T.intersection(extension.imports)) if stable.free_threaded else []
                if unusable:
                    yield self.finding(
                        facts.subject(extension),
                        f"imports {listed_briefly(unusable)},"
                        " which need a module definition that abi3t modules cannot create",
                        fix="Export `PyModExport_NAME` with a slot array instead of a static PyModuleDef (PEP 793).",
                    )


class NewerSlot(WheelRule):
    code = "FTW311"
    title = "A slot of the module is newer than an interpreter that the tags serve"
    why = """A `PyModuleDef` may only have slots that the interpreter knows: 3.12 added `Py_mod_multiple_interpreters`,
        3.13 `Py_mod_gil`, and the 3.15 headers renumber all slots unless an older limited API is requested. An older
        interpreter rejects the module with `SystemError: ... uses unknown slot ID`."""
    fix = """Define `Py_LIMITED_API` as the version of the tag, which hides newer slots, and guard the slot with its
        value macro: `#ifdef Py_MOD_GIL_NOT_USED`. Or raise the floor of the tag."""
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        told: set[str] = set()  # the oldest interpreter is enough
        for target in facts.targets or facts.promised:
            for name, extension in facts.loaded_by(target):
                newer = [slot for slot in extension.definition_slot_ids if _added(slot) > target.minor]
                if newer and extension.path not in told:
                    told.add(extension.path)
                    first = max(map(_added, newer))
                    slots = ", ".join(f"{slot} ({_SLOTS[slot]})" if slot in _SLOTS else str(slot) for slot in newer)
                    yield self.finding(
                        facts.subject(extension),
                        f"{name} has the slot {slots}, which CPython supports from 3.{first} on,"
                        f" but the tag serves 3.{target.minor}",
                    )


class AbiSlotMissing(WheelRule):
    code = "FTW312"
    title = "A `PyModExport_` function returns no `Py_mod_abi` slot"
    why = """CPython 3.15 and newer reject such a module with a SystemError: the slot declares the ABI that the module
        was compiled for (PEP 793, PEP 809)."""
    fix = "Add `PyABIInfo_VAR(abi_info);` and the slot `PySlot_STATIC_DATA(Py_mod_abi, &abi_info)`."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for extension in facts.used:
            if extension.phase is InitPhase.EXPORT and extension.slot_ids and _ABI_SLOT not in extension.slot_ids:
                yield self.finding(facts.subject(extension), "its slots lack Py_mod_abi, which CPython requires")


class NewerAbi(WheelRule):
    code = "FTW314"
    title = "The module requires a newer stable ABI than the tags name"
    why = """`PyABIInfo` carries the version of the limited API that the module was compiled for. An older interpreter
        rejects the module with `ImportError: ... incompatible future stable ABI version`."""
    fix = "Define `Py_LIMITED_API` and `Py_TARGET_ABI3T` as the version of the tag, or raise the floor of the tag."
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        newer: dict[str, tuple[ExtensionModule, int]] = {}
        for target in facts.targets or facts.promised:
            for _, extension in facts.loaded_by(target):
                oldest = max(target.minor, FIRST_ABI3T)  # no interpreter before it reads PyABIInfo
                if extension.abi_info is not None and extension.abi_info.floor > oldest:
                    newer.setdefault(extension.path, (extension, oldest))
        for extension, minor in newer.values():
            assert extension.abi_info is not None
            yield self.finding(
                facts.subject(extension),
                f"declares the stable ABI of 3.{extension.abi_info.floor}, but the tag serves 3.{minor}",
            )


class VersionTagOfStableAbi(WheelRule):
    code = "FTW313"
    title = "A stable ABI module under a version-specific tag"
    why = """The module would load on every later version, but installers offer the wheel to a single version: the next
        CPython finds no wheel although this one would work."""
    fix = """Also tag the wheel for the stable ABI (setuptools: `py_limited_api` of `bdist_wheel`; scikit-build-core:
        `wheel.py-api`; meson-python: `limited-api`). `ftwheel tag --suggest` prints the tag."""
    severity = Severity.WARNING

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        targets = facts.targets
        if not targets or any(target.onwards for target in targets):
            return
        used = facts.used
        stable = {SuffixAbi.STABLE_ABI_T}  # a free-threaded build that takes .abi3.so loads code of another ABI
        if not any(target.free_threaded for target in targets):
            stable.add(SuffixAbi.STABLE_ABI)
        if any(extension.suffix.abi not in stable for extension in used):
            return
        floors = [required_minor(extension, facts.stable_symbols()) for extension in used]
        if used and None not in floors:
            names = ", ".join(target.label for target in targets)
            yield self.finding(
                facts.subject(used[0]), f"is named for the stable ABI, but the tags offer the wheel only to {names}"
            )


def required_minor(extension: ExtensionModule, table: Mapping[str, int]) -> int | None:
    """The oldest minor version that has every slot and, in its stable ABI, every imported symbol.

    No lower than what the module itself says in its ``PyABIInfo``, which nobody reads before 3.15: there ``PyInit_`` is
    called, where the module has one. None when a symbol is in no stable ABI.
    """
    if any(name not in table for name in extension.imports):
        return None
    said = extension.abi_info.floor if extension.abi_info is not None else 0
    slots = extension.slot_ids
    if init_names_for(extension.name)[1] in extension.init_names:
        said = said if said > FIRST_ABI3T else 0
        slots = extension.definition_slot_ids
    return max(2, said, *(table[name] for name in extension.imports), *map(_added, slots))


def _added(slot: int) -> int:
    """The minor version that added a slot. The 3.15 headers renumber the old ones to 84 to 87."""
    return _ADDED.get(slot, FIRST_ABI3T)


def _outside_and_newer(extension: ExtensionModule, table: Mapping[str, int], floor: int) -> tuple[list[str], list[str]]:
    outside = [name for name in extension.imports if name not in table]
    newer = [name for name in extension.imports if table.get(name, 0) > floor]
    return outside, newer


def _judged_as_abi3(facts: WheelFacts, minor: int) -> bool:
    """Whether the same wheel is also judged as abi3, so that one report is enough."""
    return any(target.onwards and not target.free_threaded and target.minor == minor for target in facts.targets)
