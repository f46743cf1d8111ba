"""What is known about an extension module without importing it: the result types.

The readers are in ``ftwheel.io.binaries``; rules and renderers use only these types. "Cannot tell" is always a possible
answer: none of these values is a guess.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from ftwheel.core.errors import InputError
from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.wheel.suffixes import Suffix

__all__ = [
    "AbiInfo",
    "Architecture",
    "BinaryFormat",
    "BuiltFor",
    "ByteOrder",
    "Declaration",
    "DeclarationSource",
    "ExtensionModule",
    "GilDeclaration",
    "InitPhase",
    "InterpreterDeclaration",
    "InterpreterSupport",
    "ReadingLevel",
    "Toolchain",
    "UnreadableBinaryError",
]


class UnreadableBinaryError(InputError):
    """The bytes are not a readable ELF, Mach-O or PE image."""


class BinaryFormat(enum.Enum):
    """The container format of the machine code."""

    ELF = "ELF"
    MACH_O = "Mach-O"
    PE = "PE"


class ByteOrder(enum.Enum):
    """Byte order of an image."""

    LITTLE = "little"
    BIG = "big"


class BuiltFor(enum.Enum):
    """The ABI the machine code was compiled for, regardless of the names."""

    DEFAULT = "default"
    FREE_THREADED = "free-threaded"
    MIXED = "both"  # objects of both builds linked into one file: a defect
    STABLE_ABI = "abi3"
    STABLE_ABI_T = "abi3t"
    CANNOT_TELL = "cannot tell"


class Declaration(enum.Enum):
    """What a module declares about the GIL: ``Py_mod_gil``, or ``PyUnstable_Module_SetGIL``."""

    NOT_USED = "declares that it does not need the GIL"
    NONE = "does not declare"
    USED = "declares that it needs the GIL"
    CANNOT_TELL = "cannot tell"


class DeclarationSource(enum.Enum):
    """Where a declaration was found."""

    SLOT = "Py_mod_gil slot"
    CALL = "PyUnstable_Module_SetGIL call"
    CFFI_BACKEND = "inherits from _cffi_backend"
    PYO3_DEFAULT = "declared by default"  # PyO3 >= 0.28 declares unless the author opts out
    NOTHING = "no declaration"


class ReadingLevel(enum.IntEnum):
    """How deep the reader had to go."""

    NONE = 0  # undecided
    DATA = 1  # exported names, imports and initialised data
    CODE = 2  # the init function was followed


class InterpreterSupport(enum.Enum):
    """``Py_mod_multiple_interpreters``."""

    NOT_SUPPORTED = "does not support subinterpreters"
    SUPPORTED = "supports subinterpreters that share the GIL"
    PER_INTERPRETER_GIL = "supports subinterpreters with their own GIL"
    NOT_DECLARED = "does not declare"
    CANNOT_TELL = "cannot tell"


class InitPhase(enum.Enum):
    """The way the module initialises itself."""

    SINGLE = "single-phase"
    MULTI = "multi-phase"  # PEP 489
    EXPORT = "PyModExport"  # PEP 793
    CANNOT_TELL = "cannot tell"


class Toolchain(enum.Enum):
    """What generated the glue code."""

    CYTHON = "Cython"
    PYBIND11 = "pybind11"
    NANOBIND = "nanobind"
    PYO3 = "PyO3"
    CFFI = "cffi"
    MYPYC = "mypyc"
    F2PY = "f2py"
    SWIG = "SWIG"
    BOOST_PYTHON = "Boost.Python"
    C = "C or C++"  # no trace of any of the above


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Architecture:
    """One machine: ``x86_64``, ``aarch64``, ``x86``, ``arm``, ``ppc64``, ``ppc64le``, ``s390x``, ``riscv64``, ...

    The names are the same in all three formats (macOS ``arm64`` and Windows ``arm64`` are ``aarch64`` here); an unknown
    machine is ``machine-N``. ``bits`` is 32 or 64.
    """

    name: str
    bits: int
    byte_order: ByteOrder = ByteOrder.LITTLE

    def __post_init__(self) -> None:
        if self.bits not in {32, 64}:
            raise ValueError(f"{self.bits} bits")


class AbiInfo(NamedTuple):
    """``PyABIInfo`` (PEP 793, Python 3.15): what the ``Py_mod_abi`` slot points to."""

    major: int
    minor: int
    flags: int
    build_version: int
    abi_version: int

    @property
    def stable(self) -> bool:
        """``PyABIInfo_STABLE``"""
        return bool(self.flags & 1)

    @property
    def gil(self) -> bool:
        """``PyABIInfo_GIL``: may be loaded by the default build."""
        return bool(self.flags & 2)

    @property
    def free_threaded(self) -> bool:
        """``PyABIInfo_FREETHREADED``: may be loaded by the free-threaded build."""
        return bool(self.flags & 4)

    @property
    def floor(self) -> int:
        """The minor version of the limited API; 0 if the module uses none or does not say."""
        return self.abi_version >> 16 & 0xFF if self.stable else 0

    @property
    def built_for(self) -> BuiltFor:
        """The ABI these flags name; "cannot tell" if they name none (CPython then checks nothing)."""
        match (self.stable, self.gil, self.free_threaded):
            case (True, _, True):
                return BuiltFor.STABLE_ABI_T
            case (True, True, False):
                return BuiltFor.STABLE_ABI
            case (False, True, False):
                return BuiltFor.DEFAULT
            case (False, False, True):
                return BuiltFor.FREE_THREADED
            case _:
                return BuiltFor.CANNOT_TELL


class GilDeclaration(NamedTuple):
    """The answer, its basis, the level that decided it, and the reason as one sentence."""

    answer: Declaration
    basis: DeclarationSource
    level: ReadingLevel
    reason: str


class InterpreterDeclaration(NamedTuple):
    """The same for ``Py_mod_multiple_interpreters``."""

    answer: InterpreterSupport
    level: ReadingLevel
    reason: str


class ExtensionModule(NamedTuple):
    """One shared object inside a wheel.

    ``path`` is the path in the wheel. ``name`` is the module that the file name denotes (last component), and
    ``init_name`` is the exported init function that the import system would call for it, None if there is none.
    ``init_names`` are all exported init functions (mypyc and PyO3 files export several). ``architectures`` has an entry
    for each slice of a fat Mach-O file; all other answers hold for every slice, or say "cannot tell". ``imports`` are
    the imported C-API symbols (``Py*``, ``_Py*``) as C spells them, sorted. ``needed`` are the libraries the image
    names, in its own order. ``macos_minimum`` is the oldest macOS version it runs on. ``slot_ids`` are the numbers in
    the module's slot array, sorted; empty if it has no array or an unreadable one. ``init_slot_ids`` are those of
    ``PyInit_`` if the file also exports ``PyModExport_``.
    """

    path: str
    name: str
    suffix: Suffix
    binary_format: BinaryFormat
    architectures: tuple[Architecture, ...]
    init_name: str | None
    init_names: tuple[str, ...]
    built_for: BuiltFor
    evidence: tuple[str, ...]
    gil: GilDeclaration
    interpreters: InterpreterDeclaration
    phase: InitPhase
    toolchain: Toolchain
    imports: tuple[str, ...]
    needed: tuple[str, ...]
    abi_info: AbiInfo | None = None
    macos_minimum: tuple[int, int] | None = None
    slot_ids: tuple[int, ...] = ()
    init_slot_ids: tuple[int, ...] = ()

    @property
    def definition_slot_ids(self) -> tuple[int, ...]:
        """The slots read by interpreters before 3.15: those of the ``PyModuleDef`` that ``PyInit_`` returns."""
        return self.init_slot_ids if self.phase is InitPhase.EXPORT else self.slot_ids

    @property
    def is_extension(self) -> bool:
        """Whether the file exports any init function; a bundled library (``libgomp.so.1``) does not."""
        return bool(self.init_names)

    @property
    def python_libraries(self) -> tuple[str, ...]:
        """The needed libraries that are Python itself: ``python313t.dll``, ``python3.dll``, ``libpython3.13.so``."""
        return tuple(name for name in self.needed if _PYTHON_LIBRARY.search(name))


_PYTHON_LIBRARY = re.compile(
    r"(^|/)(python3\d*t?(_d)?\.dll|libpython3[\d.]*t?d?(\.so|\.dylib|\.dll)[\d.]*|Python3?T?)$", re.IGNORECASE
)
