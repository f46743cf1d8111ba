"""FTW307: the C-API symbols of a stable ABI module against the floor that its tag names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.tags.cpython import FIRST_ABI3T
from ftwheel.core.wheel.extension_module import ExtensionModule
from ftwheel.rules.wheel.facts import WheelFacts, WheelRule

__all__ = ["StableAbiSymbols", "required_minor"]

# PEP 803: an abi3t module cannot create valid input for these, since PyModuleDef is opaque to it
_UNUSABLE_IN_ABI3T = {"PyModuleDef_Init", "PyModule_Create2", "PyModule_FromDefAndSpec2"}


class StableAbiSymbols(WheelRule):
    code = "FTW307"
    title = "A stable ABI module imports symbols outside its stable ABI"
    why = """A wheel tagged `cp39-abi3` is installed by every default build from 3.9 on. A symbol that the stable ABI
        lacks may vanish in any version, and one that was added after 3.9 is missing there: the import fails with an
        undefined symbol."""
    fix = """Define `Py_LIMITED_API` as the version of the tag for every object of the module, or raise the tag's
        version. `ftwheel tag --suggest` says which floor the code has."""
    severity = Severity.ERROR

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for stable in (target for target in facts.targets if target.onwards):
            for _, extension in facts.loaded_by(stable):
                table = facts.stable_symbols()
                floor = max(stable.minor, FIRST_ABI3T) if stable.free_threaded else stable.minor
                outside, newer = _against(extension, table, floor)
                kind = "abi3t" if stable.free_threaded else "abi3"
                if outside and not (stable.free_threaded and _has_default_twin(facts, stable.minor)):
                    yield self.finding(facts.subject(extension), f"imports {_listed(outside)}, not part of {kind}")
                if newer:
                    added = ", ".join(f"{name} (3.{table[name]})" for name in newer)
                    yield self.finding(
                        facts.subject(extension), f"imports {added}, newer than the 3.{stable.minor} of the tag"
                    )
                unusable = sorted(_UNUSABLE_IN_ABI3T.intersection(extension.imports)) if stable.free_threaded else []
                if unusable:
                    yield self.finding(
                        facts.subject(extension),
                        f"imports {_listed(unusable)}, for which an abi3t module cannot make a definition",
                        fix="Export `PyModExport_NAME` with a slot array in place of a static PyModuleDef (PEP 793).",
                    )


def required_minor(extension: ExtensionModule, table: Mapping[str, int]) -> int | None:
    """The lowest minor version whose stable ABI has every imported symbol; None when one is in no stable ABI."""
    if any(name not in table for name in extension.imports):
        return None
    return max((table[name] for name in extension.imports), default=2)


def _against(extension: ExtensionModule, table: Mapping[str, int], floor: int) -> tuple[list[str], list[str]]:
    outside = [name for name in extension.imports if name not in table]
    newer = [name for name in extension.imports if table.get(name, 0) > floor]
    return outside, newer


def _has_default_twin(facts: WheelFacts, minor: int) -> bool:
    """Whether the same wheel is judged as abi3 too, so that one report is enough."""
    return any(target.onwards and not target.free_threaded and target.minor == minor for target in facts.targets)


def _listed(names: list[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
