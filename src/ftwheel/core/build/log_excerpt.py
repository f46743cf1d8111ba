"""Finds the part of a build log that shows why it failed, and known causes.

Compilers fail first; drivers and backends then wrap the error in pages of commands and tracebacks. So the excerpt is
the first error of a compiler, linker or configuration step with its source lines, else the first other error, else the
end of the log.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["disk_is_full", "interesting", "lacks_compiler", "left_out", "needs_object_layout"]

_TAIL = 12  # lines shown of a log without an error
_AFTER = 8  # lines below an error that belong to it: source lines, notes
_MOST_ABOVE = 6  # lines above: "In file included from", "In function"
_TOOL = re.compile(
    r"^\S.*?[:(](?:\d+,)*\d+\)?\s*:\s*(?:fatal )?(?:error|ERROR|Error)\b"  # gcc, clang, MSVC, meson, SWIG
    r"|\berror\[E\d+\]|\bfatal error( [A-Z]+\d+)?:|\berror (C|LNK)\d+:"  # rustc, MSVC
    r"|: undefined reference to |^ld: |: cannot find -l|: multiple definition of |Undefined symbols for architecture"
    r"|^(?:\S*/)?(?:ld\.\w+|lld-link|mold): error: |^CMake Error|^Error compiling Cython file|^error: linker "
    r"|^error: failed to run custom build command for |maturin failed$|^error: no matching package"
    r"|^(?:Fatal )?Error: .* at \(1\)"  # gfortran
)
_BLOCKS = (
    (re.compile(r"^Error compiling Cython file"), re.compile(r"^\S+\.(?:pyx|pxd|pxi|py):\d+:\d+: "), True),
    (re.compile(r"^FAILED: "), re.compile(r"^\[\d+/\d+\] |^ninja: "), False),
    (re.compile(r"maturin failed$|^error: no matching package"), re.compile(r"^$"), False),
)
"""How an error block begins and ends, whatever the lines between, and whether the last line belongs to it."""
_LONGEST = 24  # lines of such a block; Cython repeats the source
_OTHER = re.compile(
    r"(^|[\s:])(fatal )?(error|ERROR)( [A-Z]+\d+)?:|^FAILED: |^[\w.]*(Error|Exception)\b(:|$)|command not found$"
)
_INSTALLERS = re.compile(r"^( +)\[std(?:out|err)\]$|^ +(?:╰─>|->) \[\d+ lines? of output\]$")
"""What uv and pip print above the indented output of a requirement's own build."""
_PIPS_MARGIN = 6 * " "
_TRACEBACK = re.compile(r"^\s*Traceback \(most recent call last\):$")
_CARGO = re.compile(r"^error: failed to run custom build command for ")
_BUILD_SCRIPT = re.compile(r"^\s+(?:error: |thread '.*' (?:\(\d+\) )?panicked at )")  # output of a build.rs
_EXCEPTION = re.compile(r"^\s*[\w.]*(?:Error|Exception)\b: ")
_ABOVE = re.compile(
    r"^In file included from |^\s+from \S+:\d+|: In (member )?(function|constructor)|: At top level"
    r"|^\S+\.[fF]\w*:\d+:\d+:$|^ +\d* *\| "  # gfortran shows the line first
)
_BELOW = re.compile(r"^\s+\S|^\S.*: note: |^$|^\d+ +\| |^>>> ")  # rustc's lines of code, and lld's references
_WARNING = re.compile(r"(?:Deprecation|Future|User)Warning: |^\s*DEPRECATION: |^\s*\[notice\] ")
_LEFT_OUT = re.compile(r'building extension "[^"]*" failed: ')  # setuptools, for an Extension(optional=True)
_BUILDING = re.compile(r"^building '[^']*' extension$")  # setuptools, before it compiles one
_ROUTINE = re.compile(r" -c | -o | /Fo|^(?:copying|adding|creating|running|reading|writing|removing) ")
_FAILED = re.compile(r"(?i)\bfail|failed\b|could not be|unable to|no such file|not found")
_BANNER = "!!"  # setuptools frames warnings with such lines
_NO_COMPILER = re.compile(
    r"command '[^']*(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|cl\.exe|icc)' failed: No such file or directory"
    r"|No such file or directory: '[^']*(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+)'"
    r"|Unable to find vcvarsall\.bat|Microsoft Visual C\+\+ [\d.]+ or greater is required"
    r"|No CMAKE_C(?:XX)?_COMPILER could be found|CMAKE_C(?:XX)?_COMPILER not set"
    r"|Unknown compiler\(s\):|linker `(?:cc|link\.exe)` not found"
    r"|xcrun: error: invalid active developer path"
)


_NO_SPACE = re.compile(r"No space left on device|There is not enough space on the disk|WinError 112\b")
_OBJECT_LAYOUT = re.compile(
    r"unknown type name '?.?PyObject_HEAD|(?:PyObject|PyVarObject|struct _object).{0,40} has incomplete type"
    r"|incomplete definition of type '?.?(?:PyObject|PyVarObject|struct _object)"
    r"|C2061: [^\n]*PyObject_HEAD"
)


def needs_object_layout(log: str) -> bool:
    """Whether the code failed to compile for ``abi3t`` because it accesses object internals, as Cython 3.3 does.

    PEP 803 hides the layout of ``PyObject`` there, and ``PyObject_HEAD`` with it.
    """
    return _OBJECT_LAYOUT.search(log) is not None


def lacks_compiler(log: str) -> bool:
    """Whether the build failed because there is no C or C++ compiler."""
    return _NO_COMPILER.search(log) is not None


def disk_is_full(log: str) -> bool:
    """Whether the build failed because a disk is full: ENOSPC, or the messages of Windows and linkers."""
    return _NO_SPACE.search(log) is not None


def interesting(log: str, *, tail: int = _TAIL) -> str:
    """The first error with its surrounding lines, else the last ``tail`` lines, with a count of omitted lines.

    Deprecation warnings are omitted: they are never the cause, and setuptools prints them after it.
    """
    lines = _without_warnings(_without_margins(log.rstrip().splitlines()))
    for complaint in (_TOOL, _OTHER):
        first = next((number for number, line in enumerate(lines) if complaint.search(line)), None)
        if first is not None:
            tool = complaint is _TOOL and not _CARGO.search(lines[first])
            return _framed(lines, *_block(lines, first if tool else _raised(lines, first)))
    return _framed(lines, max(0, len(lines) - tail), len(lines))


def left_out(log: str, *, modules: bool) -> str:
    """Why a successful build skipped an extension: the first error of its compiler, "" if it skipped none.

    A build of a wheel with ``modules`` may have probed the compiler, so only setuptools' own message counts; for a
    wheel without modules, any compiler error does. If the compiler printed nothing or is missing, it is what the
    project printed after setuptools started on the last extension.
    """
    lines = _without_warnings(log.rstrip().splitlines())
    said = next((number for number, line in enumerate(lines) if _LEFT_OUT.search(line)), None)
    first = next((number for number, line in enumerate(lines[:said]) if _TOOL.search(line)), said)
    if modules and said is None:
        return ""
    if first is None:
        return _said_after_building(lines)
    begin, end = _block(lines, first)
    return "\n".join(lines[begin:end])


def _said_after_building(lines: Sequence[str]) -> str:
    """The first line that reports a failure after setuptools started on its last extension; "" if there is none."""
    begun = max((number for number, line in enumerate(lines) if _BUILDING.search(line)), default=len(lines))
    after = (line.strip() for line in lines[begun + 1 :] if not _ROUTINE.search(line))
    return next(filter(_FAILED.search, after), "")


def _block(lines: Sequence[str], first: int) -> tuple[int, int]:
    """The range of the lines that belong to an error."""
    begin = first
    while begin > max(0, first - _MOST_ABOVE) and _ABOVE.search(lines[begin - 1] or lines[max(0, begin - 2)]):
        begin -= 1
    for begins, ends, included in _BLOCKS:
        if begins.search(lines[first]):
            rest = range(first + 1, min(len(lines), first + _LONGEST))
            closed = len(lines) if rest.stop == len(lines) else first + 1
            return begin, next((at + included for at in rest if ends.search(lines[at])), closed)
    end = first + 1
    while end < min(len(lines), first + 1 + _AFTER) and _BELOW.search(lines[end]) and not _TOOL.search(lines[end]):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    return begin, end


def _raised(lines: Sequence[str], first: int) -> int:
    """The line with the last traceback's exception, or with the last error of a cargo build script.

    If there is neither, it is that of the ``first`` error.
    """
    if _CARGO.search(lines[first]):
        return next((at for at in range(first, len(lines)) if _BUILD_SCRIPT.search(lines[at])), first)
    if lines[first].startswith("FAILED: ") or not any(_TRACEBACK.search(line) for line in lines):
        return first
    return max((number for number, line in enumerate(lines) if _EXCEPTION.search(line)), default=first)


def _framed(lines: Sequence[str], begin: int, end: int) -> str:
    return "\n".join([*_omitted(begin), *lines[begin:end], *_omitted(len(lines) - end)])


def _omitted(count: int) -> list[str]:
    return [f"[... {count} more line{'' if count == 1 else 's'}]"] if count else []


def _without_margins(lines: Sequence[str]) -> list[str]:
    """The lines as a requirement's build printed them, where an installer indents its output to quote it.

    What follows an exception stays indented: uv wraps long lines, and the rest of the message belongs to it.
    """
    margin, in_message = "", False
    kept: list[str] = []
    for line in lines:
        if found := _INSTALLERS.search(line):
            margin = found[1] or _PIPS_MARGIN
        elif line.strip() and not line.startswith(margin):
            margin = ""
        in_message = in_message and margin != "" and line.strip() != ""
        kept.append(line if in_message else line.removeprefix(margin))
        in_message = in_message or (margin != "" and _EXCEPTION.match(kept[-1]) is not None)
    return kept


def _without_warnings(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    number = 0
    while number < len(lines):
        if not _WARNING.search(lines[number]):
            kept.append(lines[number])
            number += 1
            continue
        number += 1
        if lines[number : number + 1] == [_BANNER]:
            number = next((at + 1 for at in range(number + 1, len(lines)) if lines[at] == _BANNER), number)
        if lines[number : number + 1] and re.match(r"\s+\S", lines[number]):  # the line of code that warned
            number += 1
    return kept
