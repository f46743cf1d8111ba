"""Level 2: model what imported functions do, as far as it matters to an init function that succeeds.

Functions that make or declare modules are observed. For most others, only the result matters: a success status, a new
object, or an unknown value if both outcomes are ordinary.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from ftwheel.io.binaries.emulation.machine import HEAP, STACK, PathState, Symbol, Value
from ftwheel.io.binaries.verdict import SET_GIL

__all__ = ["DECIDING", "Caller", "never_returns", "run_import", "skip_call"]

_BLOCK_LIMIT = 1 << 13  # bytes modelled of one fill or copy

# C-API functions that return an int, with 0 for success.
_STATUS = re.compile(
    r"Py(Module_(Add(?!_)\w*|SetDocString|ExecDef)|Type_Ready|StructSequence_InitType2|ABIInfo_Check"
    r"|Object_(SetAttr\w*|SetItem|DelItem\w*|GenericSetAttr|Print|CallFinalizer\w*)"
    r"|Dict_(SetItem\w*|DelItem\w*|Update|Merge\w*|Clear)|List_(Append|SetItem|Insert|SetSlice|Sort|Reverse|Extend)"
    r"|Tuple_SetItem|Set_(Add|Clear)|State_(AddModule|RemoveModule)|Capsule_Set\w+|Err_Warn\w*|Err_Occurred"
    r"|Mapping_SetItemString|Sequence_SetItem|Thread_tss_create|Interpreter_\w*Lock|CriticalSection_\w+|Mutex_\w+"
    r"|Unicode_InternInPlace|ContextVar_Get|Codec_Register\w*|Run_SimpleString\w*)"
    r"|Py_(AtExit|AddPendingCall|EnterRecursiveCall)|_PyDict_SetItem\w*"
)
# Either outcome is ordinary, so the walk follows both.
_UNKNOWN = re.compile(
    r"_?Py\w*_(Check\w*|\w*Compare\w*|Is[A-Z]\w*|Contains\w*|Size|Length|GetSize|GET_SIZE|As[A-Z_]\w*|Has\w*|GetItem\w*"
    r"|Next|Pop\w*|GetOptional\w*|SetDefaultRef|ExceptionMatches|GivenExceptionMatches|tss_get|GetRef|get_key_value"
    r"|GetModule|FindModule|GetState|GetBuffer|Match\w*|Index|Count|Hash\w*|RichCompareBool|Fetch|GetRaisedException)"
    r"|_?Py_(Is\w+|GetVersion|HashRandomizationFlag|Version)|PyEval_\w+|PyThread\w+|PyGILState_\w+|PyInterpreterState_GetID"
    r"|PyType_(IsSubtype|HasFeature|GetFlags|GetSlot)|PyObject_(Not|RichCompareBool|IsInstance|IsSubclass)|PyOS_\w+"
)
_HANDS_BACK = re.compile(
    r"Fetch|Normalize|Arg_|Next|Ref$|RefString$|Optional|AndSize|Buffer|AndOverflow|FSConverter|FSDecoder|_Resize|Append$"
    r"|Concat|ContextVar_Get|PySlice_|Pop|PyTime_|InPlace|NewInterpreterFromConfig|Consume"
)
_HARMLESS = frozenset(
    {
        "__tls_get_addr",
        "_tlv_bootstrap",
        "__errno_location",
        "getenv",
        "write",
        "strchr",
        "strrchr",
        "strstr",
        "memcmp",
        "memchr",
        "pthread_getspecific",
        "AcquireSRWLockExclusive",
        "ReleaseSRWLockExclusive",
        "WakeAllConditionVariable",
        "EnterCriticalSection",
        "LeaveCriticalSection",
        "GetLastError",
        "TlsGetValue",
    }
)
# These return memory that is not an object.
_RAW = re.compile(
    r"PyCapsule_(GetPointer|Import|GetContext)|PyModule_Get(State|Def)|PyType_Get(Slot|ModuleState)|Py_GetVersion"
    r"|Py(Interpreter|Thread)State_\w+|PyObject_GetTypeData|PyThread_allocate_lock"
    r"|LoadLibrary\w*|GetModuleHandle\w*|GetProcAddress|dlopen|dlsym"
)
_NEVER_RETURNS = re.compile(
    r"_?abort|_?_?exit|_Exit|quick_exit|Py_(FatalError|Exit)|_Py_FatalErrorFunc|__stack_chk_fail|__assert_(fail|rtn)|_?longjmp"
    r"|__cxa_(throw|rethrow|bad_cast|throw_bad_array_new_length|call_unexpected)|_Unwind_(Resume|RaiseException)\w*"
    r"|_CxxThrowException|__std_terminate|terminate|__fastfail|_invalid_parameter_noinfo_noreturn|RaiseException"
    r"|_ZSt\d+(__throw_|terminate)\w*|_ZNSt3__1\d+__throw_\w*|\?_X\w+@std@@\w*|\?terminate@@\w*|TerminateProcess|ExitProcess"
)
_ALLOCATORS = {
    "malloc",
    "_Znwm",
    "_Znam",
    "_ZnwmRKSt9nothrow_t",
    "_ZnamRKSt9nothrow_t",
    "_ZnwmSt11align_val_t",
    "??2@YAPEAX_K@Z",
    "??_U@YAPEAX_K@Z",
    "??2@YAPEAX_KAEBUnothrow_t@std@@@Z",
    "PyMem_Malloc",
    "PyMem_RawMalloc",
    "PyObject_Malloc",
}
_CLEARED = {"calloc", "PyMem_Calloc", "PyMem_RawCalloc", "PyObject_Calloc"}
_VOID = {"free", "_ZdlPv", "_ZdlPvm", "PyMem_Free", "PyMem_RawFree", "PyObject_Free"}
_ZERO = {
    "__cxa_atexit",
    "atexit",
    "__cxa_finalize",
    "pthread_mutex_lock",
    "pthread_mutex_unlock",
    "__cxa_thread_atexit",
}


class Caller(Protocol):
    """How a processor passes arguments."""

    @property
    def arguments(self) -> int:
        """How many arguments are passed in registers."""
        ...

    def argument(self, state: PathState, number: int) -> Value:
        """The value of one of these arguments."""
        ...


@lru_cache(maxsize=1 << 12)
def never_returns(name: str) -> bool:
    """Whether a call of this function ends the path, because it throws or ends the process."""
    return _NEVER_RETURNS.fullmatch(name) is not None


@lru_cache(maxsize=1 << 12)
def _hands_back(name: str) -> bool:
    """Whether a function of the C API stores results through its arguments."""
    return _HANDS_BACK.search(name) is not None


@lru_cache(maxsize=1 << 12)
def _kind(name: str) -> str:
    if name in _OBSERVED:
        return "observed"
    if _RAW.fullmatch(name):
        return "raw"
    if name.startswith(("Py", "_Py")):
        if _STATUS.fullmatch(name):
            return "status"
        return "unknown" if _UNKNOWN.fullmatch(name) else "object"
    return "foreign"


def run_import(state: PathState, name: str, caller: Caller) -> Value:
    """Apply the effects of calling an imported function on this path, and return its result."""
    kind = _kind(name)
    if kind == "observed":
        return _OBSERVED[name](state, caller)
    if kind == "foreign":
        if name not in _HARMLESS:
            _expose(state, caller, range(min(4, caller.arguments)), 64)
    elif _hands_back(name):
        _expose(state, caller, range(caller.arguments), 8)
    if kind == "status":
        return 0
    if kind == "raw":
        return state.allocate(1 << 16)
    return state.new_object() if kind == "object" else Symbol()


def skip_call(state: PathState, caller: Caller) -> None:
    """Make unknown whatever a function of the module that is not followed may write."""
    state.work += state.memory.forget_all([caller.argument(state, number) for number in range(caller.arguments)]) // 16


def _expose(state: PathState, caller: Caller, numbers: range, width: int) -> None:
    """Make unknown whatever a function may store through pointers to local variables."""
    for number in numbers:
        value = caller.argument(state, number)
        if isinstance(value, int) and STACK <= value < STACK + (1 << 32):
            state.memory.expose(value, width)


def _define(state: PathState, caller: Caller) -> Value:
    definition = caller.argument(state, 0)
    if isinstance(definition, int):
        state.definitions.add(definition)
    return definition


def _create(state: PathState, caller: Caller) -> Value:
    definition = caller.argument(state, 0)
    module = state.new_object()
    if isinstance(definition, int):
        state.modules[module] = definition
    else:
        state.tainted = "a module is made from an unknown definition"
    return module


def _declare(state: PathState, caller: Caller) -> Value:
    module, value = caller.argument(state, 0), caller.argument(state, 1)
    if isinstance(module, int):
        state.gil[module] = value
    else:
        state.tainted = f"{SET_GIL} is called for an unknown module"
    return 0


def _allocate(state: PathState, caller: Caller) -> Value:
    return state.allocate(caller.argument(state, 0))


def _allocate_cleared(state: PathState, caller: Caller) -> Value:
    count, size = caller.argument(state, 0), caller.argument(state, 1)
    total: Value = count * size if isinstance(count, int) and isinstance(size, int) else Symbol()
    address = state.allocate(total)
    _fill(state, address, 0, total)
    return address


def _allocate_on_heap(state: PathState, caller: Caller) -> Value:
    """``HeapAlloc`` with the arguments heap, flags (8 clears the memory) and size."""
    flags, size = caller.argument(state, 1), caller.argument(state, 2)
    address = state.allocate(size)
    if flags != 0:
        _fill(state, address, 0 if isinstance(flags, int) and flags & 8 else Symbol(), size)
    return address


def _reallocate(state: PathState, caller: Caller) -> Value:
    old, size = caller.argument(state, 0), caller.argument(state, 1)
    address = state.allocate(size)
    if isinstance(old, int) and HEAP <= old < state.heap and isinstance(size, int):
        _move(state, address, old, size)
    return address


def _fill(state: PathState, start: Value, byte: Value, size: Value) -> None:
    if not isinstance(start, int):
        return
    if not isinstance(size, int) or size > _BLOCK_LIMIT:
        if not isinstance(size, int):
            state.tainted = "memory of unknown size is filled"
        size = _BLOCK_LIMIT
        byte = byte if isinstance(byte, int) else Symbol()
    word: Value = (byte & 0xFF) * 0x0101_0101_0101_0101 if isinstance(byte, int) else Symbol()
    whole = size & ~7
    state.work += size // 8
    for at in range(0, whole, 8):
        state.memory.store(start + at, 8, word)
    for at in range(whole, size):
        state.memory.store(start + at, 1, byte & 0xFF if isinstance(byte, int) else Symbol())


def _memset(state: PathState, caller: Caller) -> Value:
    start = caller.argument(state, 0)
    _fill(state, start, caller.argument(state, 1), caller.argument(state, 2))
    return start


def _move(state: PathState, target: int, source: int, size: int) -> None:
    size = min(size, _BLOCK_LIMIT)
    state.work += size // 4
    whole = size & ~7
    words = [state.memory.load(source + at, 8) for at in range(0, whole, 8)]
    rest = [state.memory.load(source + at, 1) for at in range(whole, size)]
    for number, word in enumerate(words):
        state.memory.store(target + number * 8, 8, word)
    for number, byte in enumerate(rest):
        state.memory.store(target + whole + number, 1, byte)


def _memcpy(state: PathState, caller: Caller) -> Value:
    target, source, size = (caller.argument(state, number) for number in range(3))
    if isinstance(target, int):
        if isinstance(source, int) and isinstance(size, int):
            _move(state, target, source, size)
        else:
            if not isinstance(size, int):
                state.tainted = "memory of unknown size is copied"
            state.memory.forget(target, min(size, _BLOCK_LIMIT) if isinstance(size, int) else 64)
    return target


def _strlen(state: PathState, caller: Caller) -> Value:
    text = _text(state, caller, 0)
    return len(text) if text is not None else Symbol()


def _strcmp(state: PathState, caller: Caller) -> Value:
    one, two = _text(state, caller, 0), _text(state, caller, 1)
    return Symbol() if one is None or two is None else _order(one, two)


def _strncmp(state: PathState, caller: Caller) -> Value:
    one, two, size = _text(state, caller, 0), _text(state, caller, 1), caller.argument(state, 2)
    if one is None or two is None or not isinstance(size, int):
        return Symbol()
    return _order(one[:size], two[:size])


def _order(one: bytes, two: bytes) -> int:
    return 0 if one == two else 1 if one > two else (1 << 32) - 1


def _text(state: PathState, caller: Caller, number: int) -> bytes | None:
    address = caller.argument(state, number)
    text = state.memory.text(address) if isinstance(address, int) else None
    state.work += len(text) // 4 if text is not None else 100
    return text


def _zero(state: PathState, caller: Caller) -> Value:
    return 0


def _one(state: PathState, caller: Caller) -> Value:
    return 1


# After a call of one of these, what the module declares may be settled.
DECIDING = frozenset({"PyModule_Create2", "PyModule_Create2TraceRefs", SET_GIL})
_OBSERVED: dict[str, Callable[[PathState, Caller], Value]] = {
    "PyModuleDef_Init": _define,
    "PyModule_Create2": _create,
    "PyModule_Create2TraceRefs": _create,
    SET_GIL: _declare,
    **dict.fromkeys(_ALLOCATORS, _allocate),
    **dict.fromkeys(_CLEARED, _allocate_cleared),
    **dict.fromkeys(_VOID | _ZERO, _zero),
    **dict.fromkeys(("realloc", "PyMem_Realloc", "PyMem_RawRealloc", "PyObject_Realloc"), _reallocate),
    "HeapAlloc": _allocate_on_heap,
    **dict.fromkeys(("GetProcessHeap", "GetCurrentThreadId", "pthread_self", "PyThread_get_thread_ident"), _one),
    "HeapFree": _one,
    "memset": _memset,
    "memcpy": _memcpy,
    "memmove": _memcpy,
    "__memcpy_chk": _memcpy,
    "__memset_chk": _memset,
    "strlen": _strlen,
    "strcmp": _strcmp,
    "strncmp": _strncmp,
    "__cxa_guard_acquire": _one,
    "__cxa_guard_release": _zero,
    "Py_IsInitialized": _one,
}
