"""Stable-ABI modules made with real compilers: what each command says of them, and what real interpreters do."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ftwheel.cli.main import main
from ftwheel.io.system.interpreters import discover, probe
from ftwheel_build.inspection import inspect
from ftwheel_build.target import Target
from support.stable_abi import ABI3T, LIMITED, compiled
from support.wheels import make_wheel

PLATFORM_SUFFIX = ".abi3-x86_64-linux-gnu.so"
LIMITED_315 = ("Py_LIMITED_API=0x030F0000",)
NOT_FOUND, REFUSED = "ModuleNotFoundError", "SystemError"
QUOTED_BY_NAME = {"FTW204"}  # verify has a code of its own for what the name of a wheel says
# A project whose backend returns the wheel as it is: what is tried is the judgement, and no toolchain is needed.
PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "pkg"
version = "1.0"
"""
BACKEND = """\
import shutil
def build_wheel(folder, config_settings=None, metadata_directory=None):
    return shutil.copy({wheel!r}, folder).rpartition("/")[2]
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A module, the wheel that it is in, and what is true of it.

    ``found`` are the codes of ``check``; ``backend`` are those of the build backend. ``suggested`` is the first tag of
    ``tag --suggest``, "" for none. ``imports`` says by interpreter how an import ends.
    """

    builder: str
    macros: tuple[str, ...]
    suffix: str
    tag: str
    found: tuple[str, ...] = ()
    backend: tuple[str, ...] = ()
    suggested: str
    imports: Mapping[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        return bool(set(self.found) - {"FTW313"})  # that one is a warning


CASES = {
    "right": Case(
        builder="3.13", macros=LIMITED, suffix=".abi3.so", tag="cp310-abi3", suggested="cp310-abi3",
        imports={"3.13": "42", "3.14": "42", "3.15": "42"},
    ),
    "right, by 3.15": Case(
        builder="3.15", macros=LIMITED, suffix=".abi3.so", tag="cp310-abi3", suggested="cp310-abi3",
        imports={"3.13": "42", "3.14": "42", "3.15": "42"},
    ),
    "platform in the suffix": Case(
        builder="3.15", macros=LIMITED, suffix=PLATFORM_SUFFIX, tag="cp310-abi3", suggested="cp315-abi3",
        found=("FTW206",), backend=("FTB306",), imports={"3.13": NOT_FOUND, "3.15": "42"},
    ),
    "platform in the suffix, from 3.15 on": Case(
        builder="3.15", macros=LIMITED, suffix=PLATFORM_SUFFIX, tag="cp315-abi3", suggested="cp315-abi3",
        imports={"3.15": "42"},
    ),
    "no macro, by 3.15": Case(
        builder="3.15", macros=(), suffix=".abi3.so", tag="cp310-abi3", suggested="cp315-abi3",
        found=("FTW311",), backend=("FTB314",), imports={"3.13": f"{REFUSED}: module pkg._m uses unknown slot ID 87"},
    ),
    "no macro, by 3.13": Case(  # 3.12 refuses the slot
        builder="3.13", macros=(), suffix=".abi3.so", tag="cp310-abi3", suggested="cp313-abi3",
        found=("FTW311",), backend=("FTB314",), imports={"3.13": "42"},
    ),
    "a symbol outside": Case(
        builder="3.13", macros=(*LIMITED, "OUTSIDE"), suffix=".abi3.so", tag="cp310-abi3", suggested="",
        found=("FTW307",), backend=("FTB316",), imports={},
    ),
    "abi3t": Case(
        builder="3.15", macros=ABI3T, suffix=".abi3t.so", tag="cp315-abi3.abi3t", suggested="cp315-abi3.abi3t",
        imports={"3.14": NOT_FOUND, "3.15": "42"},
    ),
    "abi3t below 3.15": Case(
        builder="3.15", macros=ABI3T, suffix=".abi3t.so", tag="cp313-abi3.abi3t", suggested="cp315-abi3.abi3t",
        found=("FTW204", "FTW206"), backend=("FTB306", "FTB312"), imports={"3.14": NOT_FOUND},
    ),
    "no Py_mod_abi": Case(
        builder="3.15", macros=(*ABI3T, "NO_ABI_SLOT"), suffix=".abi3t.so", tag="cp315-abi3.abi3t", suggested="",
        found=("FTW312",), backend=("FTB315",),
        imports={"3.15": f"{REFUSED}: module pkg._m does not define Py_mod_abi, which is mandatory"},
    ),
    "no Py_mod_abi in abi3": Case(
        builder="3.15", macros=(*LIMITED_315, "NO_ABI_SLOT"), suffix=".abi3.so", tag="cp315-abi3", suggested="",
        found=("FTW312",), backend=("FTB315",), imports={"3.15": REFUSED},
    ),
    "abi3t of 3.16": Case(
        builder="3.15", macros=("Py_TARGET_ABI3T=0x03100000",), suffix=".abi3t.so", tag="cp315-abi3.abi3t",
        found=("FTW314",), backend=("FTB318",), suggested="cp316-abi3.abi3t",
        imports={"3.15": "ImportError: pkg._m: incompatible future stable ABI version (3.16)"},
    ),
    "abi3t named abi3": Case(
        builder="3.15", macros=ABI3T, suffix=".abi3.so", tag="cp315-abi3.abi3t", suggested="cp315-abi3",
        found=("FTW207",), backend=("FTB306",), imports={"3.15": "42"},
    ),
    "PyInit_ only": Case(
        builder="3.15", macros=(*ABI3T, "INIT_ONLY"), suffix=".abi3t.so", tag="cp315-abi3.abi3t",
        suggested="cp315-abi3",
        found=("FTW306", "FTW401"), backend=("FTB317",), imports={"3.15": REFUSED},
    ),
    "PyModExport_ only": Case(
        builder="3.15", macros=LIMITED_315, suffix=".abi3.so", tag="cp310-abi3", suggested="cp315-abi3",
        found=("FTW306",), backend=("FTB317",), imports={"3.13": "ImportError", "3.15": "42"},
    ),
    "default-ABI code": Case(
        builder="3.15", macros=(), suffix=".abi3t.so", tag="cp315-abi3.abi3t", suggested="cp315-abi3",
        found=("FTW301", "FTW306", "FTW307"), backend=("FTB308",), imports={"3.15": "42"},
    ),
    "code of abi3 alone": Case(
        builder="3.15", macros=LIMITED_315, suffix=".abi3t.so", tag="cp315-abi3.abi3t", suggested="cp315-abi3",
        found=("FTW301",), backend=("FTB308",), imports={"3.15": "42"},
    ),
    "one version": Case(
        builder="3.13", macros=LIMITED, suffix=".abi3.so", tag="cp313-cp313", suggested="cp35-abi3",
        found=("FTW313",), backend=("FTB313",), imports={"3.13": "42", "3.14": "42"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def pythons(default_python: str, python_314: str, python_315: str) -> dict[str, str]:
    """The default builds by version."""
    return {probe(default_python).label: default_python, "3.14": python_314, "3.15": python_315}


def wheel_of(folder: Path, python: str, macros: tuple[str, ...], suffix: str, tag: str) -> Path:
    files = {"pkg/__init__.py": "from pkg._m import answer\n", f"pkg/_m{suffix}": compiled(folder, python, macros)}
    return make_wheel(folder, f"pkg-1.0-{tag}-linux_x86_64.whl", files)


def said(wheel: Path, python: str) -> str:
    """``42``, or the last line of the traceback."""
    place = wheel.parent / f"unpacked-{probe(python).abi_tag}"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    code = "import pkg; print(pkg.answer())"
    done = subprocess.run([python, "-c", code], cwd=place, capture_output=True, text=True)
    return (done.stdout or done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_command_and_interpreter_judge_a_module_alike(
    tmp_path: Path, pythons: dict[str, str], case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = wheel_of(tmp_path / "made", pythons[case.builder], case.macros, case.suffix, case.tag)
    rules = ("--index-rules", "any")

    def run(*arguments: str | Path) -> tuple[int, str]:
        code = main([str(one) for one in arguments])
        return code, capsys.readouterr().out

    def codes(document: str) -> list[str]:
        return [each["code"] for each in json.loads(document)["findings"] if each["severity"] != "advice"]

    code, out = run("check", wheel, *rules, "--format", "json")
    found = json.loads(out)["wheels"][0]["findings"]
    assert [each["code"] for each in found if each["severity"] != "advice"] == list(case.found)
    assert code == case.refused

    version = probe(pythons[case.builder]).minor
    target = Target("cpython", version, False, False, "", "linux-x86_64")
    assert [error.code for error in inspect(str(wheel), target)] == list(case.backend)

    assert run("tag", wheel, "--build", "1", "-o", tmp_path)[0] == case.refused
    first, _, _ = run("tag", "--suggest", wheel)[1].partition("-linux_x86_64")
    assert first == case.suggested or (first.startswith("no tag") and not case.suggested)

    nothing = tmp_path / "empty"
    nothing.mkdir()
    places = ("--no-index", "--no-config", "--find-links", nothing, "--new-project")
    out = run("verify", wheel, *rules, *places, "--format", "json")[1]
    about = [each["message"] for each in json.loads(out)["findings"] if each["code"] == "FTV119"]
    assert {code for each in about for code in re.findall(r"\((FTW\d+)\)$", each)} == {*case.found} - QUOTED_BY_NAME

    for name, outcome in case.imports.items():
        assert said(wheel, pythons[name]).startswith(outcome)

    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(PYPROJECT)
    (project / "backend.py").write_text(BACKEND.format(wheel=str(wheel)))
    code, out = run("build", project, "--python", pythons[case.builder], "--no-repair", "--format", "json")
    # what the backend refuses is not imported; what it lets pass and an import does not is told with the reason
    assert codes(out) == list(case.backend if case.refused else case.found)
    assert code == case.refused


@pytest.mark.parametrize(("tag", "built"), [("cp310-abi3", ["old"]), ("", ["old", "3.14", "3.15"])])
def test_a_stable_abi_wheel_is_built_once_where_only_the_backend_is_told_of_it(
    tag: str, built: list[str], tmp_path: Path, pythons: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """And by each interpreter where the backend makes other wheels than its settings say."""
    by_label = dict(zip(("old", "3.14", "3.15"), pythons.values(), strict=True))
    folder = tmp_path / "wheels"
    for python in by_label.values():
        abi = probe(python).abi_tag
        suffix = ".abi3.so" if tag else f".cpython-{abi[2:]}-x86_64-linux-gnu.so"
        wheel_of(folder / abi, python, LIMITED, suffix, tag or f"{abi}-{abi}")
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(PYPROJECT)
    (project / "setup.py").write_text('setup(options={"bdist_wheel": {"py_limited_api": "cp310"}})')
    (project / "backend.py").write_text(
        "import glob, shutil, sys\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        f"    (wheel,) = glob.glob({str(folder)!r} + '/cp3%d/*.whl' % sys.version_info[1])\n"
        "    return shutil.copy(wheel, folder).rpartition('/')[2]\n"
    )
    arguments = ["build", str(project), "--python", ",".join(by_label.values()), "--no-repair", "--format", "json"]

    assert main(arguments) == 0

    captured = capsys.readouterr()
    labels = {probe(python).label for python in by_label.values()}
    wheels = json.loads(captured.out)["wheels"]
    assert {each["interpreter"] for wheel in wheels for each in wheel["imports"]} == labels
    asked = {line.partition(":")[0] for line in captured.err.splitlines() if line.endswith(": building")}
    assert asked == {probe(by_label[each]).label for each in built}


def test_versions_older_than_a_slot_refuse_it(tmp_path: Path, default_python: str) -> None:
    older = {each.label: each.executable for each in discover() if each.label in {"3.10", "3.11", "3.12"}}
    assert older, "no CPython 3.10 to 3.12 here: python3 dev.py tests provides one"
    wheel = wheel_of(tmp_path / "newer", default_python, (), ".abi3.so", "cp310-abi3")
    guarded = wheel_of(tmp_path / "guarded", default_python, LIMITED, ".abi3.so", "cp310-abi3")

    for python in older.values():
        assert said(wheel, python) == "SystemError: module pkg._m uses unknown slot ID 4"
        assert said(guarded, python) == "42"
