"""Decide which ABI an image was compiled for, from all the evidence in it.

There are three kinds of evidence, any of which may be missing: the heads of static module definitions, symbols that
code imports only with one build's headers, and, on Windows, the linked Python library. Since 3.15, the ``PyABIInfo``
slot states the ABI, and the interpreter rejects the module if it is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ftwheel.core.wheel.extension_module import AbiInfo, BuiltFor, Toolchain
from ftwheel.io.binaries.definitions import Definition
from ftwheel.io.binaries.readers.image import BinaryImage
from ftwheel.io.binaries.toolchain import find_toolchain

__all__ = ["decide_abi"]

# Exported only by free-threaded builds; used by their headers' inline functions or by modules that declare.
_FREE_THREADED_SYMBOLS = frozenset(
    {
        "PyUnstable_Module_SetGIL",
        "_Py_DecRefShared",
        "_Py_DecRefSharedDebug",
        "_Py_GetThreadLocal_Addr",
        "_Py_MergeZeroLocalRefcount",
    }
)
# The default build's Py_DECREF calls this; the free-threaded build's uses the symbols above.
_DEFAULT_HINT = "_Py_Dealloc"
_WINDOWS_LIBRARY = re.compile(r"python3(\d*)(t?)(_d)?\.dll", re.IGNORECASE)


def decide_abi(
    image: BinaryImage, definitions: Iterable[Definition], abi_info: AbiInfo | None
) -> tuple[BuiltFor, tuple[str, ...]]:
    """The ABI of one image, and the evidence for it as sentences, strongest first.

    A module for the default build's stable ABI looks like one for the default build, except on Windows and since 3.15;
    it is DEFAULT if nothing distinguishes the two.
    """
    evidence: list[tuple[BuiltFor, str]] = []
    if abi_info is not None:
        evidence.append((abi_info.built_for, f"PyABIInfo flags {abi_info.flags:#x}"))
    strong: set[bool] = set()
    for definition in definitions:
        head = definition.head
        if head.weak:
            continue
        strong.add(head.free_threaded)
        build = BuiltFor.FREE_THREADED if head.free_threaded else BuiltFor.DEFAULT
        evidence.append((build, f"module definition {definition.name!r} has the {head.label}"))
    for library in image.needed:
        if found := _WINDOWS_LIBRARY.fullmatch(library):
            version, threads, _ = found.groups()
            build = BuiltFor.FREE_THREADED if threads else BuiltFor.DEFAULT
            if not version:
                build = BuiltFor.STABLE_ABI_T if threads else BuiltFor.STABLE_ABI
            evidence.append((build, f"links {library}"))
    symbols = _FREE_THREADED_SYMBOLS.intersection(image.imports)
    evidence += [
        (BuiltFor.FREE_THREADED, f"imports {name}, which only the free-threaded build has") for name in sorted(symbols)
    ]
    threaded = any(build is BuiltFor.FREE_THREADED for build, _ in evidence)
    # PyO3 counts references in Rust and imports the function for either build; C headers use it only in the default one
    if _DEFAULT_HINT in image.imports and not (threaded and find_toolchain(image) is Toolchain.PYO3):
        evidence.append((BuiltFor.DEFAULT, f"imports {_DEFAULT_HINT}, as the default build's headers do"))
    evidence += [
        (BuiltFor.DEFAULT, f"module definition {definition.name!r} has the {definition.head.label}")
        for definition in definitions
        if definition.head.weak and not evidence
    ]
    return _combine({build for build, _ in evidence} - {BuiltFor.CANNOT_TELL}), tuple(text for _, text in evidence)


def _combine(builds: set[BuiltFor]) -> BuiltFor:
    if BuiltFor.STABLE_ABI_T in builds:
        # Objects are opaque in this ABI, so nothing reveals which build's headers were used. Real objects of one build
        # beside it would be a different defect from two builds in one file.
        return BuiltFor.STABLE_ABI_T if builds == {BuiltFor.STABLE_ABI_T} else BuiltFor.MIXED
    if builds <= {BuiltFor.DEFAULT, BuiltFor.STABLE_ABI} and builds:
        return BuiltFor.STABLE_ABI if BuiltFor.STABLE_ABI in builds else BuiltFor.DEFAULT
    if builds == {BuiltFor.FREE_THREADED}:
        return BuiltFor.FREE_THREADED
    return BuiltFor.MIXED if builds else BuiltFor.CANNOT_TELL
