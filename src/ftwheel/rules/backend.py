"""FTB: what the build backend ``ftwheel-build`` rejects.

The backend must work without ftwheel installed, so it raises these by code (``ftwheel_build.errors.CODES``); a test
compares the two lists. ``ftwheel build`` shows them as findings.
"""

from __future__ import annotations

from collections.abc import Mapping

from ftwheel.core.findings import Finding, Severity
from ftwheel.rules.rule import Rule

__all__ = ["BACKEND_RULES", "refusal", "same_fact"]


class BackendRule(Rule):
    """A reason for the backend to stop a build. ``see`` lists the rules of ``ftwheel check`` about the same fact."""

    severity = Severity.ERROR


class WrongConfiguration(BackendRule):
    code = "FTB101"
    title = "The configuration is invalid"
    why = """`[tool.ftwheel]`, or a `-C ftwheel.*` setting, has a key or a value that the backend does not know.
        Continuing would build something other than what you asked for."""
    fix = "Correct the key or value named in the message; see [Configuration](../configuration.md)."


class WrapsItself(BackendRule):
    code = "FTB102"
    title = "The wrapper would wrap itself"
    why = "`build-backend` in `[tool.ftwheel]` must name the wrapped backend, but it names `ftwheel_build` itself."
    fix = "Name the backend that built the project before, for example `setuptools.build_meta`."


class BackendNotImportable(BackendRule):
    code = "FTB103"
    title = "The wrapped backend cannot be imported"
    why = """The frontend installs only what `[build-system] requires` lists. The wrapped backend is not installed, or
        `backend-path` points to a different one."""
    fix = "List the wrapped backend in `[build-system] requires`, next to `ftwheel-build`."


class SdistLacksBackend(BackendRule):
    code = "FTB104"
    title = "The sdist lacks the in-tree backend"
    why = "With `backend-path`, the project ships its own backend; nobody can build an sdist without it."
    fix = "Include the folders of `backend-path` in the sdist."


class ForeignHeaders(BackendRule):
    code = "FTB201"
    title = "A compiler flag adds another Python's headers"
    why = """The two builds of CPython lay out every object differently, and the headers decide for which layout a
        module is compiled. Here, the headers of another Python come first."""
    fix = "Remove the folder from the variable or list named in the message."
    see = ("FTW301",)


class GilFlag(BackendRule):
    code = "FTB202"
    title = "A compiler flag contradicts the GIL of the target"
    why = "`-DPy_GIL_DISABLED=1` compiles code for the free-threaded ABI into a wheel for the default build."
    fix = "Do not define `Py_GIL_DISABLED`: the headers of the interpreter do."
    see = ("FTW301",)


class ForeignSuffix(BackendRule):
    code = "FTB203"
    title = "SETUPTOOLS_EXT_SUFFIX contradicts the target"
    why = "Every extension module would get a suffix that the target interpreter does not look for."
    fix = "Unset the variable, or set it separately for each interpreter."
    see = ("FTW206",)


class ForeignPlatform(BackendRule):
    code = "FTB204"
    title = "_PYTHON_HOST_PLATFORM contradicts the target"
    why = "The variable changes the platform tag but not the compiler: the tag would not match the code."
    fix = "Unset it, or also set `_PYTHON_SYSCONFIGDATA_NAME` for a real cross build."
    see = ("FTW303",)


class LimitedApiRefused(BackendRule):
    code = "FTB205"
    title = "A limited API on a free-threaded interpreter"
    why = """Free-threaded CPython has no stable ABI before 3.15. The project uses the limited API, and
        `limited-api = "refuse"` makes that an error."""
    fix = 'Set `limited-api = "version-specific"` to build a wheel for each version, or skip this build.'
    see = ("FTW204",)


class BrokenBackendVersion(BackendRule):
    code = "FTB206"
    title = "A backend version known to build wrong wheels"
    why = "The installed release of the wrapped backend writes wrong tags or wrong suffixes for this target."
    fix = "Require a different version in `[build-system] requires`."


class NotOneWheel(BackendRule):
    code = "FTB301"
    title = "The build result is not a readable wheel"
    why = "The wrapped backend returned a file that is missing, unreadable, or not named like a wheel."
    fix = "Report this to the wrapped backend; building without ftwheel-build produces the same file."
    see = ("FTW100", "FTW101", "FTW105", "FTW201", "FTW309")


class TagsDisagree(BackendRule):
    code = "FTB302"
    title = "The file name and WHEEL disagree about the tags"
    why = "Installers use the tags of the file name, repair tools those of WHEEL, so they treat the wheel differently."
    fix = "Do not rename wheels by hand: `wheel tags` and `ftwheel tag` change both."
    see = ("FTW201",)


class TagsOfAnother(BackendRule):
    code = "FTB303"
    title = "The tags do not name the interpreter the wheel was built for"
    why = "The interpreter that built the wheel cannot install it, and the other build may write the same file name."
    fix = "Remove what overrides the tags (`python-tag`, `get_tag`, `wheel.py-api`)."
    see = ("FTW209",)


class ModulesMissing(BackendRule):
    code = "FTB304"
    title = "The tags promise extension modules, but there are none"
    why = """The wheel is tagged for one ABI but contains nothing that depends on it, because two builds ran in one tree
        at the same time, or an extension failed to compile."""
    fix = "Look for a failed extension in the log, and build the two wheels in separate folders."
    see = ("FTW604",)


class ModuleInPureWheel(BackendRule):
    code = "FTB305"
    title = "An extension module in a wheel that claims to be pure"
    why = "`any` is for wheels without machine code, and `Root-Is-Purelib: true` for those without extension modules."
    fix = "Declare the extension to the backend, or remove the file from the wheel if an earlier build left it behind."
    see = ("FTW202", "FTW205", "FTW209")


class ModuleNotLoaded(BackendRule):
    code = "FTB306"
    title = "An interpreter named by the tags does not load an extension module"
    why = """An interpreter looks only for the suffixes of its own ABI. Some interpreters that install the wheel cannot
        see the module; if none can, it is a leftover of another build."""
    fix = "Remove the leftover file, or correct the tag or the build that set its suffix."
    see = ("FTW205", "FTW206", "FTW207", "FTW208", "FTW212", "FTW301")


class AbiNotProved(BackendRule):
    code = "FTB307"
    title = "Neither the name nor the content of an extension module shows its ABI"
    why = "Every build of every version loads a plain `_ext.so`, and the code does not show which one it is for."
    fix = "Give the module the suffix of its interpreter (`EXT_SUFFIX`)."
    see = ("FTW210",)


class OtherAbi(BackendRule):
    code = "FTB308"
    title = "Machine code for the other ABI"
    why = "The names are right but the code is not: loading it fails or corrupts memory."
    fix = "Find out which headers came first, and remove leftovers of the other build."
    see = ("FTW301",)


class BothAbis(BackendRule):
    code = "FTB309"
    title = "Objects of both ABIs in one file"
    why = "The module imports and seems to work, but one part of it counts references differently."
    fix = "Recompile every object for each build."
    see = ("FTW302",)


class OtherMachine(BackendRule):
    code = "FTB310"
    title = "Machine code for a machine other than the platform tag's"
    why = "The wheel installs on machines that cannot run it."
    fix = "Make the platform tag and the compiler agree (`_PYTHON_HOST_PLATFORM`, `--plat-name`, `ARCHFLAGS`, `CC`)."
    see = ("FTW303",)


class ModuleTwice(BackendRule):
    code = "FTB311"
    title = "Several files for one module"
    why = "The interpreter loads the first by the order of its suffixes, which may be the stale one."
    fix = "Remove the file that an earlier build left behind."
    see = ("FTW212",)


class StableAbiTooEarly(BackendRule):
    code = "FTB312"
    title = "abi3t below CPython 3.15"
    why = "Free-threaded interpreters before 3.15 accept such a wheel, but have no stable ABI to load it with."
    fix = "Use the limited API of 3.15: `cp315`."
    see = ("FTW204",)


class StableAbiUnderVersionTag(BackendRule):
    code = "FTB313"
    title = "A stable ABI module under a version-specific tag"
    why = """The modules would load on every later version, but installers offer the wheel to a single version. This is
        only a warning; the wheel is built."""
    fix = "Also tag the wheel for the stable ABI: `py_limited_api` of `bdist_wheel`, `wheel.py-api`, `limited-api`."
    severity = Severity.WARNING
    see = ("FTW313",)


class UnknownSlot(BackendRule):
    code = "FTB314"
    title = "A slot that an interpreter named by the tags does not know"
    why = """An older CPython rejects a module with a newer slot: `SystemError: ... uses unknown slot ID`. 3.12 added
        `Py_mod_multiple_interpreters`, 3.13 `Py_mod_gil`, and 3.15 renumbered all slots."""
    fix = "Define `Py_LIMITED_API` as the version of the tag, or guard the slot with `#ifdef Py_MOD_GIL_NOT_USED`."
    see = ("FTW311",)


class NoAbiSlot(BackendRule):
    code = "FTB315"
    title = "A PyModExport_ function returns no Py_mod_abi slot"
    why = "CPython 3.15 and newer reject such a module with a SystemError (PEP 793)."
    fix = "Add `PyABIInfo_VAR(abi_info);` and the slot `PySlot_STATIC_DATA(Py_mod_abi, &abi_info)`."
    see = ("FTW312",)


class OutsideStableAbi(BackendRule):
    code = "FTB316"
    title = "A stable ABI module imports symbols outside its stable ABI"
    why = """Every CPython from the version of the tag on accepts the wheel. A symbol outside the stable ABI, or newer
        than the tag, is missing in some of them."""
    fix = "Define `Py_LIMITED_API` as the version of the tag for every object of the module, or raise the tag."
    see = ("FTW307",)


class NoInitFunction(BackendRule):
    code = "FTB317"
    title = "The module lacks the init function that its interpreters call"
    why = """CPython before 3.15 calls `PyInit_NAME`. Under `abi3t` module definitions are opaque, and only
        `PyModExport_NAME` works (PEP 793, PEP 803)."""
    fix = "Export `PyInit_NAME` for CPython before 3.15, and `PyModExport_NAME` for `abi3t`."
    see = ("FTW306",)


class NewerStableAbi(BackendRule):
    code = "FTB318"
    title = "The module requires a newer stable ABI than the tags name"
    why = "An interpreter before that version rejects the module: `incompatible future stable ABI version`."
    fix = "Define `Py_LIMITED_API` and `Py_TARGET_ABI3T` as the version of the tag, or raise the floor of the tag."
    see = ("FTW314",)


BACKEND_RULES = BackendRule.defined_in(globals())
_BY_CODE: Mapping[str, type[BackendRule]] = {rule.code: rule for rule in BACKEND_RULES}


def refusal(code: str, subject: str, message: str, fix: str, *, left_out: str = "") -> Finding:
    """What the backend rejected, as a finding. Raises KeyError for an unknown code.

    ``left_out`` is the error of an extension that failed to compile without stopping the build, which explains
    missing modules.
    """
    if left_out and code == ModulesMissing.code:
        message = f"{message}: compiling failed\n{left_out}"
    return _BY_CODE[code].finding(subject, message, fix=fix or None)


def same_fact(code: str) -> tuple[str, ...]:
    """The rules of ``ftwheel check`` about what the backend rejects under this code; empty for other codes."""
    return _BY_CODE[code].see if code in _BY_CODE else ()
