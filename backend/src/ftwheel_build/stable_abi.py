"""Whether a module keeps to the stable ABI that the wheel's tags name, and exports what its interpreters call.

Sources: PEP 384, PEP 489, PEP 793 and PEP 803; ``Include/moduleobject.h`` of CPython 3.5 to 3.15 for the slots.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ftwheel_build.binaries import Image
from ftwheel_build.errors import RefusedError
from ftwheel_build.target import FIRST_ABI3T

__all__ = ["judge"]

_SLOTS = {3: "Py_mod_multiple_interpreters", 4: "Py_mod_gil"}
_ADDED = {1: 5, 2: 5, 3: 12, 4: 13}  # the minor version of each; 3.15 renumbers all slots
_SUBSLOTS, _MOD_SLOTS, _ABI_SLOT = 92, 94, 109
# PyModuleDef is opaque under abi3t, so a module cannot create valid input for these
_NEED_DEFINITION = frozenset({"PyModuleDef_Init", "PyModule_Create2", "PyModule_FromDefAndSpec2"})
_MOST = 8


def judge(
    where: str, images: Iterable[Image], inits: tuple[str, str], claims: Iterable[tuple[str, str]]
) -> Iterator[RefusedError]:
    """FTB314 to FTB318 for a module that the interpreters of these (python tag, ABI tag) find.

    ``inits`` are the names of the functions that they call: that of PEP 793, which is tried first from 3.15 on, and
    that of PEP 489.
    """
    named = {(int(found[1]), abi) for python, abi in claims if (found := re.fullmatch(r"cp3(\d+)", python))}
    # abi3t before 3.15 is no interpreter's ABI (FTB312)
    floors = sorted((minor, abi) for minor, abi in named if abi != "abi3t" or minor >= FIRST_ABI3T[1])
    for image in images:
        yield from _slots(where, image, inits, [minor for minor, abi in floors if abi != "none"])
        yield from _inits(where, image, inits, floors)
        stable = [(minor, abi) for minor, abi in floors if abi in ("abi3", "abi3t")]
        if stable:
            yield from _symbols(where, image, stable[0][0], shared=any(abi == "abi3t" for _, abi in stable))


def _slots(where: str, image: Image, inits: tuple[str, str], minors: list[int]) -> Iterator[RefusedError]:
    if not minors:
        return
    oldest = min(minors)
    newer = sorted(slot for slot in image.slots if _ADDED.get(slot, FIRST_ABI3T[1]) > oldest)
    if newer:
        named = ", ".join(f"{slot} ({_SLOTS[slot]})" if slot in _SLOTS else str(slot) for slot in newer)
        first = max(_ADDED.get(slot, FIRST_ABI3T[1]) for slot in newer)
        yield RefusedError(
            "FTB314",
            f"{where} has the slot {named}, which CPython supports from 3.{first}; the tag covers 3.{oldest}",
            fix="define Py_LIMITED_API as the version of the tag and guard the slot: #ifdef Py_MOD_GIL_NOT_USED; or "
            "raise the floor of the tag",
        )
    reading = max(oldest, FIRST_ABI3T[1])  # no interpreter before it reads PyABIInfo
    if image.abi_floor > reading:
        yield RefusedError(
            "FTB318",
            f"{where} declares the stable ABI of 3.{image.abi_floor}; the tag covers 3.{reading}",
            fix="define Py_LIMITED_API and Py_TARGET_ABI3T as the version of the tag, or raise the floor of the tag",
        )
    # nested arrays may have the slot
    if inits[0] in image.exports and image.export_slots and not image.export_slots & {_SUBSLOTS, _MOD_SLOTS, _ABI_SLOT}:
        yield RefusedError(
            "FTB315",
            f"{where}: the slots that {inits[0]} returns have no Py_mod_abi, which CPython requires",
            fix="add PyABIInfo_VAR(abi_info); and the slot PySlot_STATIC_DATA(Py_mod_abi, &abi_info)",
        )


def _inits(where: str, image: Image, inits: tuple[str, str], floors: list[tuple[int, str]]) -> Iterator[RefusedError]:
    export, init = inits
    old = [minor for minor, abi in floors if minor < FIRST_ABI3T[1] and abi != "none"]
    if old and export in image.exports and init not in image.exports:
        yield RefusedError("FTB317", f"{where} exports {export} only; CPython 3.{old[0]} calls {init}", fix=_INIT_FIX)
    both = any(abi == "abi3t" for _, abi in floors)
    if both and init in image.exports and export not in image.exports and not image.cffi:
        yield RefusedError("FTB317", f"{where} exports {init} only; under abi3t it needs {export}", fix=_INIT_FIX)


_INIT_FIX = "export PyInit_NAME for CPython before 3.15, and PyModExport_NAME for abi3t"


def _symbols(where: str, image: Image, floor: int, *, shared: bool) -> Iterator[RefusedError]:
    """``shared`` is true where free-threaded interpreters load the module as well."""
    from ftwheel_build.symbols import STABLE_SYMBOLS

    used = sorted(name for name in image.imports if name.startswith(("Py", "_Py")))
    outside = [name for name in used if name not in STABLE_SYMBOLS]
    newer = [f"{name} (3.{STABLE_SYMBOLS[name]})" for name in used if STABLE_SYMBOLS.get(name, 0) > floor]
    unusable = sorted(_NEED_DEFINITION.intersection(used)) if shared else []
    for names, why in (
        (outside, f"not part of {'abi3t' if shared else 'abi3'}"),
        (newer, f"newer than the 3.{floor} of the tag"),
        (unusable, "for which an abi3t module cannot make a definition"),
    ):
        if names:
            more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
            yield RefusedError(
                "FTB316",
                f"{where} imports {', '.join(names[:_MOST])}{more}, {why}",
                fix="define Py_LIMITED_API as the version of the tag for every object of the module, or raise the tag",
            )
