"""Stable-ABI modules made with real compilers: what check and the backend say, and what real interpreters do."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from ftwheel.io.system.interpreters import discover, probe
from ftwheel_build.inspection import inspect
from ftwheel_build.target import Target
from support.commands import ftwheel
from support.stable_abi import SOURCE
from support.wheels import make_wheel

PLATFORM_SUFFIX = ".abi3-x86_64-linux-gnu.so"
ABI3T = ("Py_TARGET_ABI3T=0x030F0000",)
LIMITED = ("Py_LIMITED_API=0x030A0000",)


@pytest.fixture(scope="module")
def pythons(default_python: str, python_314: str, python_315: str) -> dict[str, str]:
    """The default builds by version; ``old`` is upstream's, before 3.15."""
    return {"old": default_python, "3.14": python_314, "3.15": python_315}


def wheel_of(folder: Path, python: str, macros: tuple[str, ...], suffix: str, tag: str) -> Path:
    """Compile the source against an interpreter's headers, and put it into a wheel under a suffix and a tag."""
    code = "import sysconfig; print(sysconfig.get_path('include'))"
    include = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    folder.mkdir(exist_ok=True)
    (folder / "m.c").write_text(SOURCE)
    flags = [f"-D{macro}" for macro in macros]
    command = ["cc", "-shared", "-fPIC", "-O1", f"-I{include}", *flags, "m.c", "-o", "m.so"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    files = {"pkg/__init__.py": "from pkg._m import answer\n", f"pkg/_m{suffix}": (folder / "m.so").read_bytes()}
    return make_wheel(folder, f"pkg-1.0-{tag}-linux_x86_64.whl", files)


def said(wheel: Path, python: str) -> str:
    """``42``, or the last line of the traceback."""
    place = wheel.parent / f"unpacked-{probe(python).abi_tag}"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    code = "import pkg; print(pkg.answer())"
    done = subprocess.run([python, "-c", code], cwd=place, capture_output=True, text=True)
    return (done.stdout or done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("builder", "macros", "suffix", "tag", "codes", "refused", "imports"),
    [
        ("old", LIMITED, ".abi3.so", "cp310-abi3", [], [], {"old": "42", "3.14": "42", "3.15": "42"}),
        ("3.15", LIMITED, ".abi3.so", "cp310-abi3", [], [], {"old": "42", "3.14": "42", "3.15": "42"}),
        (
            "3.15", LIMITED, PLATFORM_SUFFIX, "cp310-abi3",
            ["FTW206"], ["FTB306"], {"old": "ModuleNotFoundError", "3.15": "42"},
        ),
        ("3.15", LIMITED, PLATFORM_SUFFIX, "cp315-abi3", [], [], {"3.15": "42"}),
        ("3.15", (), ".abi3.so", "cp310-abi3", ["FTW311"], [], {"old": "SystemError", "3.15": "42"}),
        ("old", (), ".abi3.so", "cp310-abi3", ["FTW311"], [], {"old": "42"}),  # the slot is 3.13's; 3.12 refuses it
        ("3.15", ABI3T, ".abi3t.so", "cp315-abi3.abi3t", [], [], {"3.15": "42", "3.14": "ModuleNotFoundError"}),
        (
            "3.15", (*ABI3T, "NO_ABI_SLOT"), ".abi3t.so", "cp315-abi3.abi3t",
            ["FTW312"], [], {"3.15": "SystemError: module pkg._m does not define Py_mod_abi, which is mandatory"},
        ),
        ("3.15", (), ".abi3t.so", "cp315-abi3.abi3t", ["FTW301", "FTW306", "FTW307"], ["FTB308"], {"3.15": "42"}),
        (
            "3.15", ("Py_LIMITED_API=0x030F0000",), ".abi3t.so", "cp315-abi3.abi3t",
            ["FTW301"], ["FTB308"], {"3.15": "42"},
        ),
        ("old", LIMITED, ".abi3.so", "cp313-cp313", ["FTW313"], [], {"old": "42", "3.14": "42"}),
    ],
)  # fmt: skip
def test_a_module_is_judged_as_interpreters_judge_it(  # noqa: PLR0917
    tmp_path: Path, pythons: dict[str, str], builder: str, macros: tuple[str, ...], suffix: str, tag: str,
    codes: list[str], refused: list[str], imports: dict[str, str],
) -> None:  # fmt: skip
    wheel = wheel_of(tmp_path, pythons[builder], macros, suffix, tag)

    found = ftwheel("check", wheel, "--index-rules", "any", "--format", "json").json["wheels"][0]["findings"]
    assert [each["code"] for each in found if each["severity"] != "advice"] == codes
    version = probe(pythons[builder]).minor
    target = Target("cpython", version, False, False, "", "linux-x86_64")
    assert [error.code for error in inspect(str(wheel), target)] == refused
    for name, outcome in imports.items():
        assert said(wheel, pythons[name]).startswith(outcome)


def test_versions_older_than_a_slot_refuse_it(tmp_path: Path, default_python: str) -> None:
    """3.10 to 3.12 of this machine; the suite provisions none of them, so a machine without one is no failure."""
    older = {each.label: each.executable for each in discover() if each.label in {"3.10", "3.11", "3.12"}}
    if not older:
        pytest.skip("no CPython 3.10 to 3.12 here: get one to see it refuse the slot")
    wheel = wheel_of(tmp_path, default_python, (), ".abi3.so", "cp310-abi3")
    guarded = wheel_of(tmp_path / "guarded", default_python, LIMITED, ".abi3.so", "cp310-abi3")

    for python in older.values():
        assert said(wheel, python) == "SystemError: module pkg._m uses unknown slot ID 4"
        assert said(guarded, python) == "42"
