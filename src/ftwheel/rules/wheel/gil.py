"""FTW4xx: what the modules of a free-threaded wheel declare about the GIL, and calls that need a second look."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.wheel.extension_module import Declaration, ExtensionModule, Toolchain
from ftwheel.rules.wheel.facts import WheelFacts, WheelRule
from ftwheel.rules.wheel.fixes import declaration_fix, declarations

__all__ = ["NeedsTheGil", "declares_by_default"]


def _free_threaded(facts: WheelFacts) -> Iterator[tuple[str, ExtensionModule]]:
    """The modules that a free-threaded interpreter loads from this wheel, each once."""
    seen: set[str] = set()
    for target in facts.targets:
        if target.free_threaded:
            for name, extension in facts.loaded_by(target):
                if extension.path not in seen:
                    seen.add(extension.path)
                    yield name, extension


# If the source says nothing, these declare that the module needs the GIL (Boost.Python 1.92, Cython 3.1, PyO3 0.23 to
# 0.27, f2py of NumPy 2.1).
_NEEDED_BY_DEFAULT = frozenset({Toolchain.BOOST_PYTHON, Toolchain.CYTHON, Toolchain.F2PY, Toolchain.PYO3})


def declares_by_default(extension: ExtensionModule) -> bool:
    """Whether "needs the GIL" is the toolchain's default, rather than the author's decision."""
    return extension.gil.answer is Declaration.USED and extension.toolchain in _NEEDED_BY_DEFAULT


def _expected(facts: WheelFacts, name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in facts.undeclared)


class NotDeclared(WheelRule):
    code = "FTW401"
    title = "A module of a free-threaded wheel does not declare that it works without the GIL"
    why = """A free-threaded interpreter enables the GIL for the whole process, and prints a warning, when it imports
        a module without this declaration. One such module is enough, even if another module imports it much later. A
        declaration proves nothing about the code: it is the author's promise."""
    fix = """Add the declaration of the module's toolchain once the code is safe without the GIL; each finding shows the
        line to add. If the module is intentionally without one, list it in `[tool.ftwheel.check] undeclared =
        ["pkg._module"]`."""
    severity = Severity.ERROR
    more = declarations()

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for name, extension in _free_threaded(facts):
            by_default = declares_by_default(extension)
            if not (extension.gil.answer is Declaration.NONE or by_default) or _expected(facts, name):
                continue
            reason = (
                f"declares that it needs the GIL, the default of {extension.toolchain.value}"
                if by_default
                else extension.gil.reason
            )
            yield self.finding(
                facts.subject(extension),
                f"{name} does not declare that it works without the GIL: importing it enables the GIL ({reason})",
                fix=declaration_fix(extension.toolchain, extension.phase),
            )


class DeclarationUnknown(WheelRule):
    code = "FTW402"
    title = "Cannot tell what a module declares about the GIL"
    why = """The declaration depends on code that ftwheel could not follow to the end. This is not a defect; it only
        means that ftwheel does not guess."""
    fix = "`ftwheel check --import` loads the module with a free-threaded interpreter, which settles it."
    severity = Severity.ADVICE

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for name, extension in _free_threaded(facts):
            if extension.gil.answer is Declaration.CANNOT_TELL and not facts.proved(name):
                yield self.finding(
                    facts.subject(extension), f"cannot tell what {name} declares: {extension.gil.reason}"
                )


class NeedsTheGil(WheelRule):
    code = "FTW403"
    title = "A module of a free-threaded wheel declares that it needs the GIL"
    why = """The module declares this explicitly (`Py_MOD_GIL_USED`), so a free-threaded interpreter enables the GIL for
        the whole process when it imports the module: users who install the wheel for free-threading do not get it.
        Modules of Boost.Python, Cython, f2py or PyO3 that declare this by default are covered by FTW401."""
    fix = """Document it, or port the module. If it is intended, list the module in
        `[tool.ftwheel.check] undeclared = ["pkg._module"]`."""
    severity = Severity.WARNING

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for name, extension in _free_threaded(facts):
            if (
                extension.gil.answer is Declaration.USED
                and not declares_by_default(extension)
                and not _expected(facts, name)
            ):
                yield self.finding(facts.subject(extension), f"{name} declares that it needs the GIL")


# borrowed reference -> the function that returns a strong one (CPython's free-threading how-to)
_BORROWED = {
    "PyDict_GetItem": "PyDict_GetItemRef",
    "PyDict_GetItemString": "PyDict_GetItemStringRef",
    "PyDict_GetItemWithError": "PyDict_GetItemRef",
    "PyDict_Next": "a critical section around the loop",
    "PyDict_SetDefault": "PyDict_SetDefaultRef",
    "PyImport_AddModule": "PyImport_AddModuleRef",
    "PyList_GetItem": "PyList_GetItemRef",
    "PyWeakref_GetObject": "PyWeakref_GetRef",
}
# imported by the toolchain's own headers and glue whatever the author writes, so reporting them would be noise; seen in
# empty modules and in 140 modules of wheels on the public index
_GLUE = {
    Toolchain.CYTHON: {"PyDict_GetItemString", "PyDict_GetItemWithError", "PyDict_Next", "PyDict_SetDefault"},
    Toolchain.F2PY: {"PyDict_GetItemString"},
    Toolchain.MYPYC: {"PyDict_GetItemWithError", "PyDict_Next", "PyDict_SetDefault", "PyList_GetItem"},
    Toolchain.NANOBIND: {"PyDict_GetItemWithError", "PyDict_Next"},
    Toolchain.PYBIND11: {"PyDict_GetItemWithError", "PyDict_Next", "PyDict_SetDefault", "PyList_GetItem"},
    Toolchain.PYO3: {"PyDict_GetItemWithError", "PyDict_Next", "PyList_GetItem", "PyWeakref_GetObject"},
    Toolchain.SWIG: {"PyDict_GetItem", "PyDict_GetItemString", "PyImport_AddModule"},
}


class BorrowedReferences(WheelRule):
    code = "FTW404"
    title = "Calls that return borrowed references"
    why = """Without the GIL, another thread can drop the last reference between the call and the use of its result.
        The calls are safe on objects that no other thread can reach, but the file does not show which objects they are
        made on. Calls from the toolchain's own glue code are not reported."""
    fix = "Where the container may be shared, use the function that returns a strong reference."
    severity = Severity.ADVICE

    def check(self, facts: WheelFacts) -> Iterator[Finding]:
        for name, extension in _free_threaded(facts):
            found = _BORROWED.keys() & set(extension.imports) - _GLUE.get(extension.toolchain, set())
            if found:
                calls = ", ".join(f"{call} ({_BORROWED[call]})" for call in sorted(found))
                yield self.finding(facts.subject(extension), f"{name} calls {calls}")
