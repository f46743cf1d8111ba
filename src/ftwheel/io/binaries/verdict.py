"""The verdict that either level reaches on a module, and how level 1 reaches it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.wheel.extension_module import AbiInfo, Declaration, DeclarationSource, InitPhase, InterpreterSupport
from ftwheel.io.binaries.budget import WorkBudget
from ftwheel.io.binaries.definitions import Definition, SlotTable, find_slot_arrays, image_memory, read_slots
from ftwheel.io.binaries.readers.image import BinaryImage
from ftwheel.io.binaries.references import mentions_slots
from ftwheel.io.binaries.toolchain import has_string

__all__ = [
    "SET_GIL",
    "BinaryVerdict",
    "decide_by_data",
    "judge_create_slot",
    "judge_unwalked",
    "undecided",
    "verdict_of_slots",
]

SET_GIL = "PyUnstable_Module_SetGIL"
_CREATE = {"PyModule_Create2", "PyModule_Create2TraceRefs"}
_CREATE_SLOTS = {1, 84}
_REFERENCE_WORK = 400  # the places inspected in the time of a search for references to a slot in 32-bit code
_MAKES_MODULES = re.compile(
    r"PyModule_(New|Create|From|Type)|PyImport_|PyType_Generic|PyType_From|_?PyObject_(Call|Vectorcall|MakeTpCall)"
)


class BinaryVerdict(NamedTuple):
    """Everything that one level decides about one image."""

    gil: Declaration
    basis: DeclarationSource
    interpreters: InterpreterSupport
    phase: InitPhase
    reason: str
    abi: AbiInfo | None = None
    slot_ids: tuple[int, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether the GIL declaration was decided."""
        return self.gil is not Declaration.CANNOT_TELL


def undecided(reason: str, phase: InitPhase = InitPhase.CANNOT_TELL) -> BinaryVerdict:
    """A verdict that decides nothing, and the reason."""
    return BinaryVerdict(
        Declaration.CANNOT_TELL, DeclarationSource.NOTHING, InterpreterSupport.CANNOT_TELL, phase, reason
    )


def verdict_of_slots(slots: SlotTable, phase: InitPhase, where: str) -> BinaryVerdict:
    """The verdict of a slot array; values that CPython does not define decide nothing."""
    if slots.gil is None:
        gil, basis, reason = Declaration.NONE, DeclarationSource.NOTHING, f"{where} has no Py_mod_gil slot"
    elif slots.gil in {0, 1}:
        gil = Declaration.NOT_USED if slots.gil else Declaration.USED
        basis, reason = DeclarationSource.SLOT, f"{where} has Py_mod_gil = Py_MOD_GIL_{'NOT_' if slots.gil else ''}USED"
    else:
        gil, basis, reason = (
            Declaration.CANNOT_TELL,
            DeclarationSource.NOTHING,
            f"{where} has Py_mod_gil = {slots.gil:#x}",
        )
    interpreters = {
        None: InterpreterSupport.NOT_DECLARED,
        0: InterpreterSupport.NOT_SUPPORTED,
        1: InterpreterSupport.SUPPORTED,
        2: InterpreterSupport.PER_INTERPRETER_GIL,
    }.get(slots.interpreters, InterpreterSupport.CANNOT_TELL)
    return BinaryVerdict(gil, basis, interpreters, phase, reason, slots.abi, slots.ids)


def judge_unwalked(
    verdict: BinaryVerdict, image: BinaryImage, init_name: str, definitions: Sequence[Definition], budget: WorkBudget
) -> BinaryVerdict:
    """Level 1's verdict if no walk has confirmed it; undecided if the init function may change the slots."""
    if verdict.decided and verdict.phase is InitPhase.MULTI:
        name = init_name.partition("_")[2]
        for own in definitions:
            if own.name.rpartition(".")[2] != name:
                continue
            if image.architecture.name == "x86":
                budget.places -= _REFERENCE_WORK * own.slots_read
            if mentions_slots(image, init_name, own):
                return undecided(f"{init_name} may change the slots of definition {own.name!r}", InitPhase.MULTI)
    return verdict


def judge_create_slot(verdict: BinaryVerdict, imports: Iterable[str]) -> BinaryVerdict:
    """The verdict, or undecided if a ``Py_mod_create`` function may create something other than a module.

    CPython enables the GIL for such an object, whatever the slots declare (``_PyImport_CheckGILEnabled``). A file that
    imports no function that creates modules or calls a type cannot create a module.
    """
    if verdict.gil is not Declaration.NOT_USED or not _CREATE_SLOTS.intersection(verdict.slot_ids):
        return verdict
    if any(_MAKES_MODULES.match(name) for name in imports):
        return verdict
    return undecided("the object that its Py_mod_create slot returns may not be a module", verdict.phase)


def decide_by_data(
    image: BinaryImage, init_name: str, definitions: Sequence[Definition], budget: WorkBudget
) -> BinaryVerdict:
    """Level 1: decide from names, imports and initialised data.

    If the image imports ``PyModuleDef_Init``, a definition without static slots decides nothing, because pybind11 fills
    the slots during import. Importing ``PyUnstable_Module_SetGIL`` decides nothing either, because Cython always does.
    """
    if init_name.startswith("PyModExport"):
        arrays = find_slot_arrays(image, init_name.partition("_")[2], budget)
        slots = read_slots(image_memory(image), arrays[0], image, modern=True) if len(arrays) == 1 else None
        if slots is None:
            return undecided(f"the slots that {init_name} returns are chosen by code", InitPhase.EXPORT)
        return verdict_of_slots(slots, InitPhase.EXPORT, "the only static slot array")
    name = init_name.partition("_")[2]
    imports = frozenset(image.imports)
    own = [definition for definition in definitions if definition.name.rpartition(".")[2] == name]
    if "PyModuleDef_Init" in imports:
        verdicts = {
            verdict_of_slots(found.slots, InitPhase.MULTI, f"definition {found.name!r}")
            for found in own
            if found.slots is not None and found.slots.length
        }
        if len(verdicts) == 1 and len(own) == 1:
            return verdicts.pop()
        if not own:
            return undecided(f"no static module definition is named {name!r}")
        if len(own) > 1:
            return undecided(f"{len(own)} static module definitions are named {name!r}")
        return undecided(f"the slots of definition {own[0].name!r} are filled by code")
    if not imports and not has_string(image, SET_GIL.encode()):
        return BinaryVerdict(
            Declaration.NONE,
            DeclarationSource.NOTHING,
            InterpreterSupport.NOT_DECLARED,
            InitPhase.CANNOT_TELL,
            "the file imports nothing of the C API, so it can neither make nor declare a module",
        )
    if not imports & _CREATE:
        if has_string(image, b"_cffi_backend\0") and "PyImport_ImportModule" in imports:
            return BinaryVerdict(
                Declaration.NOT_USED,
                DeclarationSource.CFFI_BACKEND,
                InterpreterSupport.NOT_DECLARED,
                InitPhase.SINGLE,
                "cffi makes the module: _cffi_backend declares it when it is loaded",
            )
        if has_string(image, b"__mypyc\0"):
            return undecided("mypyc: the module is made by the __mypyc library of its group")
        return undecided("the module is not made by a function of the C API that this file imports")
    if SET_GIL in imports or has_string(image, SET_GIL.encode()):
        return undecided(f"single-phase, and what {SET_GIL} is called with is chosen by code", InitPhase.SINGLE)
    return BinaryVerdict(
        Declaration.NONE,
        DeclarationSource.NOTHING,
        InterpreterSupport.NOT_DECLARED,
        InitPhase.SINGLE,
        f"single-phase, and {SET_GIL} is not imported",
    )
