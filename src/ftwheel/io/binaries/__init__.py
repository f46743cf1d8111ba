"""Read a compiled module: format, ABI and declarations. ``docs/binaries.md`` explains how each answer is found."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.wheel.extension_module import (
    BuiltFor,
    Declaration,
    DeclarationSource,
    ExtensionModule,
    GilDeclaration,
    InterpreterDeclaration,
    InterpreterSupport,
    ReadingLevel,
    Toolchain,
    UnreadableBinaryError,
)
from ftwheel.core.wheel.suffixes import init_names_for, module_name, parse_suffix
from ftwheel.io.binaries.abi import decide_abi
from ftwheel.io.binaries.budget import WorkBudget
from ftwheel.io.binaries.definitions import find_definitions
from ftwheel.io.binaries.readers.elf import read_elf
from ftwheel.io.binaries.readers.image import BinaryImage
from ftwheel.io.binaries.readers.macho import is_macho, read_macho
from ftwheel.io.binaries.readers.pe import read_pe
from ftwheel.io.binaries.toolchain import find_toolchain, pyo3_version
from ftwheel.io.binaries.verdict import BinaryVerdict, decide_by_data, judge_create_slot, judge_unwalked, undecided

__all__ = ["WorkBudget", "read_extension", "read_images"]


def read_images(data: bytes, label: str) -> tuple[BinaryImage, ...]:
    """The images in a file: one per slice of a fat Mach-O file, else one. ``label`` names the file in errors.

    Raises UnreadableBinaryError.
    """
    if data.startswith(b"\x7fELF"):
        return (read_elf(data, label),)
    if data.startswith(b"MZ"):
        return (read_pe(data, label),)
    if is_macho(data):
        return read_macho(data, label)
    kinds = {b"": "is empty", b"\0asm": "is WebAssembly"}
    found = kinds.get(data[:4], f"starts with {data[:4]!r}")
    raise UnreadableBinaryError(
        f"{label}: {found}, which is neither ELF nor Mach-O nor PE",
        hint="an extension module has to be a compiled shared object",
    )


def read_extension(
    data: bytes | memoryview, path: str, *, level2: bool = True, budget: WorkBudget | None = None
) -> ExtensionModule:
    """Decide what the compiled module in ``data`` is; ``path`` is its path in the wheel, which names the module.

    With ``level2``, the init function is walked if its machine is supported, and if the modules read with the same
    ``budget`` before have not used it up. Nothing is decided if these had too many definitions or slots.

    Raises UnreadableBinaryError for bytes that cannot be read, and MissingToolError if the disassembler, a dependency
    of ftwheel, fails to load.
    """
    raw = data if isinstance(data, bytes) else bytes(data)
    images = read_images(raw, path)
    exported = sorted({name for image in images for name in image.exports})
    wanted = init_names_for(module_name(path))
    init_name = next((name for name in wanted if all(name in image.exports for image in images)), None)
    toolchain = find_toolchain(images[0])
    read = partial(_read_image, level2=level2, budget=budget or WorkBudget())
    answers = [_with_create_slot(read(image, init_name), image) for image in images]
    built_for, evidence = _merge_abi(answers)
    verdict = _merge(answers)
    reason, basis = verdict.reason, verdict.basis
    if toolchain is Toolchain.PYO3 and verdict.gil is Declaration.NOT_USED:
        version = pyo3_version(images)
        if version is not None and version >= (0, 28):
            basis = DeclarationSource.PYO3_DEFAULT
            reason += f"; PyO3 {version[0]}.{version[1]} declares it unless told otherwise"
    init_slot_ids: tuple[int, ...] = ()
    if init_name == wanted[0] and all(wanted[1] in image.exports for image in images):
        init_slot_ids = _merge([read(image, wanted[1]) for image in images]).slot_ids
    level = max(answer.level for answer in answers) if verdict.decided else ReadingLevel.NONE
    return ExtensionModule(
        path=path,
        name=module_name(path),
        suffix=parse_suffix(path),
        binary_format=images[0].binary_format,
        architectures=tuple(image.architecture for image in images),
        init_name=init_name,
        init_names=tuple(exported),
        built_for=built_for,
        evidence=evidence,
        gil=GilDeclaration(
            answer=verdict.gil,
            basis=basis,
            level=level,
            reason=reason,
        ),
        interpreters=InterpreterDeclaration(
            answer=verdict.interpreters,
            level=ReadingLevel.NONE if verdict.interpreters is InterpreterSupport.CANNOT_TELL else level,
            reason=reason,
        ),
        phase=verdict.phase,
        toolchain=toolchain,
        imports=images[0].imports
        if len(images) == 1
        else tuple(sorted({one for image in images for one in image.imports})),
        needed=tuple(dict.fromkeys(name for image in images for name in image.needed)),
        abi_info=verdict.abi,
        slot_ids=verdict.slot_ids,
        init_slot_ids=init_slot_ids,
        macos_minimum=max((image.macos_minimum for image in images if image.macos_minimum), default=None),
    )


class _Answer(NamedTuple):
    """What was decided about one image."""

    verdict: BinaryVerdict
    level: ReadingLevel
    built_for: BuiltFor
    evidence: tuple[str, ...]


def _read_image(image: BinaryImage, init_name: str | None, *, level2: bool, budget: WorkBudget) -> _Answer:
    definitions = find_definitions(image, budget)
    if init_name is None:
        verdict = undecided("no init function of that name is exported in every slice")
        return _Answer(verdict, ReadingLevel.NONE, *decide_abi(image, definitions, None))
    data = decide_by_data(image, init_name, definitions, budget)
    if budget.places <= 0:
        verdict = undecided("the modules of the wheel together have too many definitions or slots to read")
        return _Answer(verdict, ReadingLevel.NONE, *decide_abi(image, definitions, None))
    built_for, evidence = decide_abi(image, definitions, data.abi)
    walkable = False
    if level2 and data.basis is not DeclarationSource.CFFI_BACKEND:
        from ftwheel.io.binaries.emulation import walk  # not needed for level 1

        walkable = walk.supports(image)
    if not walkable or budget.instructions <= 0:
        data = judge_unwalked(data, image, init_name, definitions, budget)
        if walkable and not data.decided:
            data = data._replace(reason=f"{data.reason}, and the wheel's init functions together are too long")
        return _Answer(data, ReadingLevel.DATA if data.decided else ReadingLevel.NONE, built_for, evidence)
    walked = walk.decide_by_code(image, init_name, built_for, confirm=data.decided)
    budget.instructions -= walked.work
    code = walked.verdict
    if code.abi is not None and code.abi != data.abi:
        built_for, evidence = decide_abi(image, definitions, code.abi)
    if built_for is BuiltFor.CANNOT_TELL and walked.free_threaded is not None:
        built_for = BuiltFor.FREE_THREADED if walked.free_threaded else BuiltFor.DEFAULT
        evidence += (f"{init_name} makes a module definition with the {built_for.value} object head",)
    if not code.decided and not walked.conflict:
        data = judge_unwalked(data, image, init_name, definitions, budget)
        if data.decided:
            return _Answer(data, ReadingLevel.DATA, built_for, evidence)
    elif data.decided and (data.gil, data.interpreters, data.phase) == (code.gil, code.interpreters, code.phase):
        return _Answer(data, ReadingLevel.DATA, built_for, evidence)
    return _Answer(code, ReadingLevel.CODE if code.decided else ReadingLevel.NONE, built_for, evidence)


def _with_create_slot(answer: _Answer, image: BinaryImage) -> _Answer:
    verdict = judge_create_slot(answer.verdict, image.imports)
    return answer if verdict is answer.verdict else answer._replace(verdict=verdict, level=ReadingLevel.NONE)


def _merge_abi(answers: Sequence[_Answer]) -> tuple[BuiltFor, tuple[str, ...]]:
    """One ABI for all slices; slices that differ make the file MIXED, as differing objects do."""
    evidence = tuple(dict.fromkeys(text for answer in answers for text in answer.evidence))
    builds = {answer.built_for for answer in answers}
    if BuiltFor.CANNOT_TELL in builds:
        return BuiltFor.CANNOT_TELL, evidence
    return (builds.pop() if len(builds) == 1 else BuiltFor.MIXED), evidence


def _merge(answers: Sequence[_Answer]) -> BinaryVerdict:
    """One verdict for all slices, undecided if they differ."""
    first = answers[0].verdict
    for answer in answers[1:]:
        other = answer.verdict
        if not other.decided:
            return other
        if (other.gil, other.interpreters) != (first.gil, first.interpreters):
            return undecided(f"slices differ: {first.reason}; and {other.reason}")
    return first
