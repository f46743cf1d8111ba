"""Every module under every name and tag: check, the backend and tag --suggest say what imports show."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ftwheel.core.findings import Severity
from ftwheel.core.index.rules import IndexRules
from ftwheel.core.tags.cpython_builds import promised_by_none, targets_of
from ftwheel.core.wheel.filename import WheelName
from ftwheel.io.system.interpreters import probe
from ftwheel.io.wheel.reading import inspect_wheel
from ftwheel.io.wheel.stable_abi import stable_symbols
from ftwheel.rules.wheel.facts import WheelFacts
from ftwheel.rules.wheel.selection import RuleSelection
from ftwheel.rules.wheel.suggest import suggest
from ftwheel_build.inspection import inspect
from ftwheel_build.target import Target
from support.stable_abi import ABI3T, LIMITED, LIMITED_315, compiled
from support.stable_abi_verdicts import LOADED, default_pythons
from support.wheels import make_wheel

pytestmark = pytest.mark.oracle

LIMITED_313 = ("Py_LIMITED_API=0x030D0000",)
CODES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **{f"for {version} alone": (version, ()) for version in ("3.13", "3.13t", "3.14", "3.15")},
    "limited to 3.10": ("3.13", LIMITED),
    "limited to 3.10, by 3.15": ("3.15", LIMITED),
    "limited to 3.13": ("3.13", LIMITED_313),
    "limited to 3.15": ("3.15", LIMITED_315),
    "both init functions": ("3.15", (*LIMITED_315, "BOTH_INITS", "NO_INIT_SLOT")),
    "both init functions, a newer slot": ("3.15", (*LIMITED_315, "BOTH_INITS")),
    "abi3t": ("3.15", ABI3T),
    "abi3t and limited": ("3.15", (*ABI3T, *LIMITED_315)),
    "abi3t without Py_mod_abi": ("3.15", (*ABI3T, "NO_ABI_SLOT")),
    "abi3t of 3.16": ("3.15", ("Py_TARGET_ABI3T=0x03100000",)),
    "a symbol outside": ("3.13", (*LIMITED, "OUTSIDE")),
}
FOR_BOTH = {"abi3t", "abi3t and limited"}
MACHINE = f"{os.uname().machine}-linux-gnu"
SUFFIXES = [
    *(".so", ".abi3.so", ".abi3t.so", f".abi3-{MACHINE}.so", f".abi3t-{MACHINE}.so"),
    *(f".cpython-3{version}-{MACHINE}.so" for version in ("12", "13", "13t", "14", "15", "15t")),
]
TAGS = [
    *(f"cp3{minor}-abi3" for minor in (9, 10, 12, 13, 14, 15)),
    *("cp314-abi3.abi3t", "cp315-abi3.abi3t", "cp315-abi3t", "cp310.cp311-abi3", "cp313-abi3.cp313"),
    *("cp313-cp313", "cp313-cp313t", "cp313-cp313.cp313t", "cp313.cp314-cp313.cp314", "cp314-cp314"),
    *("cp315-cp315", "cp315-cp315t", "cp315-cp315.cp315t", "cp315-abi3.cp315t", "cp310.cp313-abi3.cp313t"),
    *("cp312-none", "cp313-none", "cp315-none", "py3-none", "py310-none"),
    *("cp310-abi3.none", "cp312-abi3.none", "cp313-abi3.none", "cp315-abi3.none", "cp315-abi3.abi3t.none"),
]
NOT_HERE = ("3.14t", "3.15t")  # no test machine has them; what they look for is in CPython's dynload_shlib.c
# Only the build knows for which interpreter it was, and whether modules were meant to be in the wheel.
ONLY_THE_BUILD_KNOWS = {"FTB303", "FTB304"}


@pytest.fixture(scope="module")
def pythons(default_python: str, free_threaded_python: str, python_314: str, python_315: str) -> dict[str, str]:
    found = default_pythons(default_python, python_314, python_315)
    return found | {probe(free_threaded_python).label: free_threaded_python}


def minor_of(label: str) -> int:
    return int(label.rstrip("t")[2:])


class Tried:
    """The module ``pkg._m`` of one code, and what interpreters say to it."""

    def __init__(self, name: str, folder: Path, pythons: Mapping[str, str]) -> None:
        self.name, self.folder, self.pythons = name, folder, pythons
        builder, macros = CODES[name]
        self.code = compiled(folder / "code", pythons[builder], macros)
        self.said: dict[tuple[str, str], str] = {}

    def outcome(self, label: str, suffix: str) -> str:
        """``42``, or why an import fails. Where it would read the memory of another ABI, it is not tried."""
        key = label, suffix
        if key not in self.said:
            self.said[key] = self._by_rule(label, suffix) or self._imported(label, suffix)
        return self.said[key]

    def _by_rule(self, label: str, suffix: str) -> str:
        if suffix == f".abi3-{MACHINE}.so" and label == "3.14":
            return "upstream's 3.14 does not look for it"  # that of Debian does
        if not label.endswith("t"):
            return ""
        if label == "3.15t":
            found = suffix in {".so", ".abi3t.so", f".abi3t-{MACHINE}.so", f".cpython-315t-{MACHINE}.so"}
            return LOADED if found and self.name in FOR_BOTH else "another ABI, or not found"
        return "" if label in self.pythons and self.name == f"for {label} alone" else "another ABI"

    def _imported(self, label: str, suffix: str) -> str:
        place = self.folder / f"{label}{suffix}" / "pkg"
        place.mkdir(parents=True)
        (place / "__init__.py").write_text("from pkg._m import answer\n")
        (place / f"_m{suffix}").write_bytes(self.code)
        command = [self.pythons[label], "-B", "-c", "import pkg; print(pkg.answer())"]
        done = subprocess.run(command, cwd=place.parent, capture_output=True, text=True)
        return ((done.stdout or done.stderr).strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def accepting(tag: str, labels: list[str]) -> list[str]:
    """The interpreters that install a wheel with this tag."""
    name = WheelName.parse(f"pkg-1.0-{tag}-linux_x86_64.whl")
    taken = [*targets_of(name), *(promised_by_none(name, "") if "none" in name.abis else ())]
    return [
        label
        for label in labels
        if any(each.covers(minor_of(label), free_threaded=label.endswith("t")) for each in taken)
    ]


@pytest.mark.parametrize("name", CODES)
def test_all_say_what_imports_show(name: str, pythons: dict[str, str], tmp_path: Path) -> None:
    tried = Tried(name, tmp_path, pythons)
    grid = [*itertools.product(SUFFIXES, TAGS)]
    if not os.environ.get("FTWHEEL_ORACLE_GRID"):  # each code has others of them
        grid = grid[[*CODES].index(name) :: len(CODES) * 4]
    wrong = [f"{tag} with {suffix}: {problem}" for suffix, tag in grid for problem in problems(tried, suffix, tag)]
    assert not wrong, "\n".join(wrong)


def problems(tried: Tried, suffix: str, tag: str) -> Iterator[str]:
    folder = tried.folder / f"{tag} {suffix}"
    folder.mkdir()
    content = {"pkg/__init__.py": "from pkg._m import answer\n", f"pkg/_m{suffix}": tried.code}
    wheel = make_wheel(folder, f"pkg-1.0-{tag}-linux_{os.uname().machine}.whl", content)
    contents = inspect_wheel(str(wheel))
    facts = WheelFacts(wheel=contents, stable_symbols=stable_symbols)
    found = RuleSelection(index_rules=IndexRules.ANY).judge(facts)
    errors = {each.code for each in found if each.severity is Severity.ERROR} - {"FTW401"}

    labels = accepting(tag, [*tried.pythons, *NOT_HERE])
    outcomes = {label: tried.outcome(label, suffix) for label in labels}
    fails = {label: outcome for label, outcome in outcomes.items() if outcome != LOADED}
    if not errors and not _unknown(tried, tag):
        fails = {label: why for label, why in fails.items() if not _one_of_another(tried, label)}
        if fails:
            yield f"check passes it, and {fails}"
    # a later CPython does not find it, or a build that is not among these
    lost = (suffix.startswith(".cpython") and "-abi3" in tag) or (suffix == ".so" and "none" in tag)
    if errors and not fails and not lost:
        yield f"check finds {errors}, and every interpreter imports it"

    for label in labels:
        target = Target("cpython", (3, minor_of(label)), label.endswith("t"), False, _suffix_of(label), "linux-x86_64")
        refused = {each.code for each in inspect(str(wheel), target) if each.stops} - ONLY_THE_BUILD_KNOWS
        if bool(refused) != bool(errors):
            yield f"check finds {errors or 'nothing'}, and the backend for {label} {refused or 'nothing'}"

    for suggested in suggest(contents, stable_symbols()):
        short = suggested.tag.rpartition("-")[0]
        if _unknown(tried, short):
            continue
        for label in accepting(short, [*tried.pythons, *NOT_HERE]):
            if (outcome := tried.outcome(label, suffix)) != LOADED and not _one_of_another(tried, label):
                yield f"tag --suggest says {short}, and {label} says {outcome}"


def _unknown(tried: Tried, tag: str) -> bool:
    """Whether no table tells that the import fails: which symbols one version exports is in none."""
    return tried.name == "a symbol outside" and "abi3" not in tag


def _one_of_another(tried: Tried, label: str) -> bool:
    """Whether the code is for another free-threaded version, which it does not show."""
    return tried.name == "for 3.13t alone" and label.endswith("t")


def _suffix_of(label: str) -> str:
    return f".cpython-{label.replace('.', '')}-{MACHINE}.so"
