"""FTB: what the build backend ``ftwheel-build`` refuses.

The backend has to work with nothing installed beside it, so it raises these by code alone
(``ftwheel_build.errors.CODES``); a test holds the two lists equal. ``ftwheel build`` shows them as findings.
"""

from __future__ import annotations

from collections.abc import Mapping

from ftwheel.core.findings import Finding, Severity
from ftwheel.rules.rule import Rule

__all__ = ["BACKEND_RULES", "refusal", "same_fact"]


class BackendRule(Rule):
    """A reason for the backend to stop a build. ``see`` names what ``ftwheel check`` finds for the same fact."""

    severity = Severity.ERROR


class WrongConfiguration(BackendRule):
    code = "FTB101"
    title = "The configuration is wrong"
    why = """`[tool.ftwheel]`, or a `-C ftwheel.*` setting, has a key or a value that the backend does not know.
        Building on would build something else than what was asked for."""
    fix = "Correct the key or the value that the message names; see [Configuration](../configuration.md)."


class WrapsItself(BackendRule):
    code = "FTB102"
    title = "The wrapper would wrap itself"
    why = "`build-backend` in `[tool.ftwheel]` names the backend that does the work, and it names `ftwheel_build`."
    fix = "Name the backend that did the work before, for example `setuptools.build_meta`."


class BackendNotImportable(BackendRule):
    code = "FTB103"
    title = "The wrapped backend cannot be imported"
    why = """The frontend installs what `[build-system] requires` names, and nothing else. The wrapped backend is not
        there, or `backend-path` leads to another one."""
    fix = "List the wrapped backend in `[build-system] requires`, beside `ftwheel-build`."


class SdistLacksBackend(BackendRule):
    code = "FTB104"
    title = "The sdist lacks the in-tree backend"
    why = "With `backend-path` the project brings its own backend; an sdist without it cannot be built by anybody."
    fix = "Include the folders of `backend-path` in the sdist."


class ForeignHeaders(BackendRule):
    code = "FTB201"
    title = "A compiler flag brings in another Python's headers"
    why = """The two builds of CPython lay out every object differently, and the headers decide which layout a module is
        compiled for. Those of another Python come first here."""
    fix = "Take the folder out of the variable or the list that the message names."
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
    why = "Every extension module would get a suffix that the interpreter it is built for does not look for."
    fix = "Unset the variable, or set it for each interpreter on its own."
    see = ("FTW206",)


class ForeignPlatform(BackendRule):
    code = "FTB204"
    title = "_PYTHON_HOST_PLATFORM contradicts the target"
    why = "The variable changes the platform tag and not the compiler: the wheel would promise another machine's code."
    fix = "Unset it, or set `_PYTHON_SYSCONFIGDATA_NAME` too for a real cross build."
    see = ("FTW303",)


class LimitedApiRefused(BackendRule):
    code = "FTB205"
    title = "A limited API on a free-threaded interpreter"
    why = """Free-threaded CPython below 3.15 has no stable ABI. The project asks for the limited API, and
        `limited-api = "refuse"` says to stop then."""
    fix = 'Set `limited-api = "version-specific"` to build these wheels for one version each, or skip the build.'
    see = ("FTW204",)


class BrokenBackendVersion(BackendRule):
    code = "FTB206"
    title = "A backend version known to build wrong wheels"
    why = "The installed release of the wrapped backend writes wrong tags or wrong suffixes for this target."
    fix = "Require another version of it in `[build-system] requires`."


class NotOneWheel(BackendRule):
    code = "FTB301"
    title = "What came out is not one readable wheel"
    why = "The wrapped backend returned the name of a file that is missing, cannot be read, or has no wheel's name."
    fix = "Report it to the wrapped backend; building without ftwheel-build shows the same file."
    see = ("FTW100", "FTW101", "FTW105", "FTW201", "FTW309")


class TagsDisagree(BackendRule):
    code = "FTB302"
    title = "The file name and WHEEL disagree about the tags"
    why = "Installers go by the file name, repair tools by WHEEL: what one accepts, another retags or rejects."
    fix = "Rename nothing by hand: `wheel tags` and `ftwheel tag` change both."
    see = ("FTW201",)


class TagsOfAnother(BackendRule):
    code = "FTB303"
    title = "The tags do not name the interpreter the wheel was built for"
    why = "The interpreter that built the wheel could not install it, and the other build may write the same file name."
    fix = "Remove what overrides the tags (`python-tag`, `get_tag`, `wheel.py-api`)."
    see = ("FTW209",)


class ModulesMissing(BackendRule):
    code = "FTB304"
    title = "The tags promise extension modules and there is none"
    why = """Two builds of one tree at once, or an extension that did not compile: the wheel is for one ABI, and holds
        nothing that depends on it."""
    fix = "Read the log for an extension that failed to compile, and build the two wheels in folders of their own."
    see = ("FTW604",)


class ModuleInPureWheel(BackendRule):
    code = "FTB305"
    title = "A compiled module in a wheel that says it is pure"
    why = "`any` is for wheels without machine code, and `Root-Is-Purelib: true` for those without extension modules."
    fix = "Name the extension to the backend, or leave the file out of the wheel if an earlier build left it over."
    see = ("FTW202", "FTW205", "FTW209")


class ModuleNotLoaded(BackendRule):
    code = "FTB306"
    title = "An extension module that an interpreter named by the tags does not load"
    why = """An interpreter looks only for the suffixes of its own ABI. The module is invisible to an interpreter that
        installs the wheel, or to all of them: then it is left over from another build."""
    fix = "Remove the left-over file, or change the tag or the build that gave it its suffix."
    see = ("FTW205", "FTW206", "FTW207", "FTW208", "FTW212", "FTW301")


class AbiNotProved(BackendRule):
    code = "FTB307"
    title = "An extension module whose name promises no ABI, and whose content proves none"
    why = "Every build of every version loads a plain `_ext.so`, and the code does not tell which one it is for."
    fix = "Give the module the suffix of its interpreter (`EXT_SUFFIX`)."
    see = ("FTW210",)


class OtherAbi(BackendRule):
    code = "FTB308"
    title = "Machine code of the other ABI"
    why = "The names are right and the code is not: loading it fails, or corrupts memory."
    fix = "Find the headers that came first; remove what the other build left over."
    see = ("FTW301",)


class BothAbis(BackendRule):
    code = "FTB309"
    title = "Objects of both ABIs in one file"
    why = "The module imports and seems to work, and one part of it counts references the other way."
    fix = "Compile every object anew for each build."
    see = ("FTW302",)


class OtherMachine(BackendRule):
    code = "FTB310"
    title = "Machine code of another machine than the platform tag's"
    why = "The wheel installs on machines that cannot run it."
    fix = "Make the platform tag and the compiler agree (`_PYTHON_HOST_PLATFORM`, `--plat-name`, `ARCHFLAGS`, `CC`)."
    see = ("FTW303",)


class ModuleTwice(BackendRule):
    code = "FTB311"
    title = "One module in several files"
    why = "The interpreter takes one of them, by the order of its suffixes, and it may be the stale one."
    fix = "Remove the file that an earlier build left over."
    see = ("FTW212",)


class StableAbiTooEarly(BackendRule):
    code = "FTB312"
    title = "abi3t below CPython 3.15"
    why = "Free-threaded interpreters below 3.15 accept such a wheel and have no stable ABI to load it with."
    fix = "Ask for the limited API of 3.15: `cp315`."
    see = ("FTW204",)


class StableAbiUnderVersionTag(BackendRule):
    code = "FTB313"
    title = "A stable ABI module under a version-specific tag"
    why = """The modules would load on every later version, and installers give the wheel to one version alone. This is
        told, and the wheel is built."""
    fix = "Tag the wheel for the stable ABI as well: `py_limited_api` of `bdist_wheel`, `wheel.py-api`, `limited-api`."
    severity = Severity.WARNING
    see = ("FTW313",)


class UnknownSlot(BackendRule):
    code = "FTB314"
    title = "A slot that an interpreter named by the tags does not know"
    why = """An older CPython refuses a module with a slot that came later: `SystemError: ... uses unknown slot ID`.
        3.12 added `Py_mod_multiple_interpreters`, 3.13 `Py_mod_gil`, and 3.15 numbers all slots anew."""
    fix = "Define `Py_LIMITED_API` as the version of the tag, guard the slot by `#ifdef Py_MOD_GIL_NOT_USED`."
    see = ("FTW311",)


class NoAbiSlot(BackendRule):
    code = "FTB315"
    title = "A PyModExport_ function returns no Py_mod_abi slot"
    why = "CPython 3.15 and newer refuse such a module with a SystemError (PEP 793)."
    fix = "Add `PyABIInfo_VAR(abi_info);` and the slot `PySlot_STATIC_DATA(Py_mod_abi, &abi_info)`."
    see = ("FTW312",)


class OutsideStableAbi(BackendRule):
    code = "FTB316"
    title = "A stable ABI module imports symbols outside its stable ABI"
    why = """The tag lets in every CPython from its version on. A symbol that the stable ABI lacks, or that is newer
        than the tag, is missing in one of them."""
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
    title = "The module says that it needs a newer stable ABI than the tags name"
    why = "An interpreter before that version refuses the module: `incompatible future stable ABI version`."
    fix = "Define `Py_LIMITED_API` and `Py_TARGET_ABI3T` as the version of the tag, or raise the floor of the tag."
    see = ("FTW314",)


BACKEND_RULES: tuple[type[BackendRule], ...] = (
    WrongConfiguration,
    WrapsItself,
    BackendNotImportable,
    SdistLacksBackend,
    ForeignHeaders,
    GilFlag,
    ForeignSuffix,
    ForeignPlatform,
    LimitedApiRefused,
    BrokenBackendVersion,
    NotOneWheel,
    TagsDisagree,
    TagsOfAnother,
    ModulesMissing,
    ModuleInPureWheel,
    ModuleNotLoaded,
    AbiNotProved,
    OtherAbi,
    BothAbis,
    OtherMachine,
    ModuleTwice,
    StableAbiTooEarly,
    StableAbiUnderVersionTag,
    UnknownSlot,
    NoAbiSlot,
    OutsideStableAbi,
    NoInitFunction,
    NewerStableAbi,
)
_BY_CODE: Mapping[str, type[BackendRule]] = {rule.code: rule for rule in BACKEND_RULES}


def refusal(code: str, subject: str, message: str, fix: str, *, left_out: str = "") -> Finding:
    """What the backend refused, as a finding; raises KeyError for a code it does not have.

    ``left_out`` is the error of an extension that the build went on without: why the modules are missing.
    """
    if left_out and code == ModulesMissing.code:
        message = f"{message}: compiling failed\n{left_out}"
    return _BY_CODE[code].finding(subject, message, fix=fix or None)


def same_fact(code: str) -> tuple[str, ...]:
    """The codes of ``ftwheel check`` for what the backend refuses under this code; empty for another code."""
    return _BY_CODE[code].see if code in _BY_CODE else ()
