"""Projects for the stable ABIs of each toolchain: what ftwheel says, and what imports show."""

from __future__ import annotations

import os
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.suffixes import parse_suffix
from ftwheel.io.system.interpreters import probe
from ftwheel.io.system.virtual_environments import find_uv
from support.commands import ftwheel, ftwheel_environ
from support.stable_abi_projects import CFFI, write
from support.stable_abi_verdicts import (
    ANYTHING,
    LOADED,
    NOT_FOUND,
    REFUSED,
    Run,
    Verdict,
    assert_all_say,
    default_pythons,
    runner,
)

pytestmark = pytest.mark.network  # each takes its backend from an index

PLATFORM = ".abi3-x86_64-linux-gnu.so"
ONLY_315 = {"3.10-3.13": NOT_FOUND, "3.14": ANYTHING, "3.15": LOADED}  # Debian's 3.14 finds the suffix, too
NOT_FOUND_BEFORE = {"3.10-3.14": NOT_FOUND, "3.15": LOADED}


@dataclass(frozen=True, kw_only=True)
class Built(Verdict):
    """A project that its own backend builds: by whom, in which environment, and the tags and the suffix it comes to."""

    project: str
    builder: str
    environ: Mapping[str, str] = field(default_factory=dict)
    tag: str
    suffix: str


BUILT = [
    Built(
        project="setuptools", builder="3.13", tag="cp310-abi3", suffix=".abi3.so",
        suggested="cp310-abi3", imports={"3.10-3.15": LOADED},
    ),
    Built(
        project="setuptools", builder="3.15", tag="cp310-abi3", suffix=PLATFORM,
        found=("FTW206",), backend=("FTB306",), suggested="cp315-abi3", imports=ONLY_315,
    ),
    Built(  # headers that do not know the slot leave it out
        project="setuptools, no macro", builder="3.11", tag="cp39-abi3", suffix=".abi3.so",
        suggested="cp39-abi3", imports={"3.9-3.15": LOADED},
    ),
    Built(
        project="setuptools, no macro", builder="3.13", tag="cp39-abi3", suffix=".abi3.so",
        found=("FTW311",), backend=("FTB314",), suggested="cp313-abi3",
        imports={"3.9-3.12": f"{REFUSED}: module pkg._m uses unknown slot ID 4", "3.13-3.15": LOADED},
    ),
    Built(
        project="setuptools, no macro", builder="3.15", tag="cp39-abi3", suffix=PLATFORM,
        found=("FTW206",), backend=("FTB306",), suggested="cp315-abi3",
        imports={"3.9-3.13": NOT_FOUND, "3.14": ANYTHING, "3.15": LOADED},
    ),
    Built(
        project="setuptools, no tag", builder="3.13", tag="cp313-cp313", suffix=".abi3.so",
        found=("FTW313",), backend=("FTB313",), suggested="cp39-abi3", imports={"3.12-3.15": LOADED},
    ),
    Built(
        project="setuptools, no tag", builder="3.15", tag="cp315-cp315", suffix=PLATFORM,
        found=("FTW313",), backend=("FTB313",), suggested="cp315-abi3", imports=ONLY_315,
    ),
    Built(
        project="setuptools, abi3t", builder="3.15", tag="cp315-abi3.abi3t", suffix=".abi3t.so",
        suggested="cp315-abi3.abi3t", imports=NOT_FOUND_BEFORE,
    ),
    Built(
        project="setuptools, abi3t", builder="3.15", environ={"SUFFIX": ".abi3t-x86_64-linux-gnu.so"},
        tag="cp315-abi3.abi3t", suffix=".abi3t-x86_64-linux-gnu.so",
        suggested="cp315-abi3.abi3t", imports=ONLY_315,
    ),
    Built(
        project="setuptools, abi3t", builder="3.15", environ={"FLOOR": "cp314"}, tag="cp314-abi3.abi3t",
        suffix=".abi3t.so", found=("FTW204", "FTW206"), backend=("FTB306", "FTB312"),
        suggested="cp315-abi3.abi3t", imports=NOT_FOUND_BEFORE,
    ),
    Built(
        project="setuptools, abi3t", builder="3.15", environ={"SUFFIX": ".abi3.so"}, tag="cp315-abi3.abi3t",
        suffix=".abi3.so", found=("FTW207",), backend=("FTB306",),
        suggested="cp315-abi3", imports={"3.10-3.14": "ImportError", "3.15": LOADED},
    ),
    Built(
        project="setuptools, abi3t", builder="3.15", environ={"ABI": "abi3"}, tag="cp315-abi3", suffix=".abi3t.so",
        suggested="cp315-abi3.abi3t", imports=NOT_FOUND_BEFORE,
    ),
    Built(
        project="setuptools, abi3t", builder="3.15", tag="cp315-abi3.abi3t", suffix=".abi3t.so",
        environ={"MACROS": "Py_TARGET_ABI3T=0x030F0000 Py_LIMITED_API=0x030F0000"},
        suggested="cp315-abi3.abi3t", imports=NOT_FOUND_BEFORE,
    ),
    Built(
        project="setuptools, abi3t", builder="3.15", tag="cp315-abi3.abi3t", suffix=".abi3t.so",
        environ={"MACROS": "Py_TARGET_ABI3T=0x030F0000 NO_ABI_SLOT=1"},
        found=("FTW312",), backend=("FTB315",), suggested="",
        imports={"3.15": f"{REFUSED}: module pkg._m does not define Py_mod_abi, which is mandatory"},
    ),
    Built(
        project="setuptools, abi3t", builder="3.15", tag="cp315-abi3.abi3t", suffix=".abi3t.so",
        environ={"MACROS": "ORDINARY=1"},
        found=("FTW301", "FTW306", "FTW307"), backend=("FTB308",), suggested="cp315-abi3", imports=NOT_FOUND_BEFORE,
    ),
    Built(
        project="setuptools, abi3t", builder="3.15", tag="cp315-abi3.abi3t", suffix=".abi3t.so",
        environ={"MACROS": "Py_LIMITED_API=0x030F0000"},
        found=("FTW301",), backend=("FTB308",), suggested="cp315-abi3", imports=NOT_FOUND_BEFORE,
    ),
    Built(
        project="cffi", builder="3.13", tag="cp310-abi3", suffix=".abi3.so",
        suggested="cp310-abi3", imports={"3.10-3.15": LOADED},
    ),
    Built(
        project="cffi", builder="3.15", tag="cp310-abi3", suffix=PLATFORM,
        found=("FTW206",), backend=("FTB306",), suggested="cp315-abi3", imports=ONLY_315,
    ),
    Built(  # PyInit_ alone, which returns a module of _cffi_backend
        project="cffi, abi3t", builder="3.15", environ={"CFLAGS": "-DPy_TARGET_ABI3T=0x030F0000"},
        tag="cp315-abi3.abi3t", suffix=".abi3t.so", suggested="cp315-abi3.abi3t", imports=NOT_FOUND_BEFORE,
    ),
    Built(
        project="cffi, abi3t", builder="3.15", tag="cp315-abi3.abi3t", suffix=".abi3t.so",
        found=("FTW301",), backend=("FTB308",), suggested="cp315-abi3", imports=NOT_FOUND_BEFORE,
    ),
    Built(
        project="cython", builder="3.13", tag="cp311-abi3", suffix=".abi3.so",
        suggested="cp311-abi3", imports={"3.10": "ImportError", "3.11-3.15": LOADED},
    ),
    Built(
        project="cython", builder="3.15", tag="cp311-abi3", suffix=PLATFORM,
        found=("FTW206",), backend=("FTB306",), suggested="cp315-abi3", imports=ONLY_315,
    ),
    Built(
        project="scikit-build-core", builder="3.13", tag="cp312-abi3", suffix=".abi3.so",
        suggested="cp312-abi3", imports={"3.12-3.15": LOADED},
    ),
    Built(
        project="scikit-build-core", builder="3.15", tag="cp312-abi3", suffix=PLATFORM,
        found=("FTW206",), backend=("FTB306",), suggested="cp315-abi3", imports=ONLY_315,
    ),
    Built(
        project="nanobind", builder="3.15", tag="cp312-abi3", suffix=".abi3.so",
        suggested="cp312-abi3", imports={"3.10-3.11": "ImportError", "3.12-3.15": LOADED},
    ),
    Built(
        project="meson-python", builder="3.13", tag="cp313-abi3", suffix=".abi3.so",
        suggested="cp313-abi3", imports={"3.13-3.15": LOADED},
    ),
    Built(
        project="meson-python", builder="3.15", tag="cp315-abi3", suffix=PLATFORM,
        suggested="cp315-abi3", imports=ONLY_315,
    ),
    Built(
        project="maturin", builder="3.13", tag="cp310-abi3", suffix=".abi3.so",
        suggested="cp310-abi3", imports={"3.10-3.15": LOADED},
    ),
    Built(
        project="maturin", builder="3.15", tag="cp315-abi3.abi3t", suffix=".abi3t-x86_64-linux-gnu.so",
        suggested="cp315-abi3.abi3t", imports=ONLY_315,
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def pythons(default_python: str, python_314: str, python_315: str) -> dict[str, str]:
    return default_pythons(default_python, python_314, python_315)


@pytest.fixture(scope="module")
def cffi_for(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder with cffi for an interpreter, made when it is first asked for."""

    def needs(python: str) -> Path:
        folder = tmp_path_factory.getbasetemp() / f"cffi-{probe(python).abi_tag}"
        if not folder.exists():
            _uv("pip", "install", "--target", folder, "--python", python, CFFI)
        return folder

    return needs


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


@pytest.fixture(scope="module")
def compiled_crates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {"CARGO_TARGET_DIR": str(tmp_path_factory.mktemp("cargo"))}


def _uv(*arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    uv = find_uv()
    assert uv is not None
    command = [os.fspath(each) for each in (uv, *arguments)]
    return subprocess.run(command, env=ftwheel_environ(**environ), check=True, capture_output=True, text=True)


def _case(built: Built) -> str:
    return f"{built.project} by {built.builder} {' '.join(built.environ.values())}".strip()


SHORT = {("setuptools", "3.15"), ("setuptools, no macro", "3.13")}


@pytest.mark.parametrize(
    "built",
    [
        pytest.param(each, id=_case(each), marks=[pytest.mark.short] * ((each.project, each.builder) in SHORT))
        for each in BUILT
    ],
)
def test_every_command_and_interpreter_judge_what_a_backend_made_alike(
    *,
    built: Built,
    tmp_path: Path,
    pythons: dict[str, str],
    run: Run,
    cffi_for: Callable[[str], Path],
    compiled_crates: dict[str, str],
) -> None:
    if (python := pythons.get(built.builder)) is None:
        pytest.fail(f"no CPython {built.builder} here: run the tests through python3 dev.py network")
    project = write(tmp_path, built.project)
    _uv("build", "--wheel", "--python", python, "-o", tmp_path / "out", project, **compiled_crates, **built.environ)

    [wheel] = (tmp_path / "out").glob("*.whl")
    name = WheelName.parse(wheel.name)
    assert f"{'.'.join(name.interpreters)}-{'.'.join(name.abis)}" == built.tag
    with zipfile.ZipFile(wheel) as archive:
        assert {parse_suffix(each).text for each in archive.namelist() if each.endswith(".so")} == {built.suffix}
    needs = cffi_for if built.project.startswith("cffi") else None
    assert_all_say(built, wheel, builder=python, folder=tmp_path, run=run, pythons=pythons, needs=needs)


@pytest.mark.parametrize(
    ("name", "builder", "environ", "outcome"),
    [
        ("setuptools", "3.13", {}, "cp310-abi3 .abi3.so"),
        ("setuptools", "3.15", {}, "cp315-abi3.abi3t .abi3t.so"),
        ("setuptools, no macro", "3.13", {}, "FTB314"),
        ("setuptools, no macro", "3.15", {}, "cp315-abi3.abi3t .abi3t.so"),
        ("setuptools, no tag", "3.13", {}, "cp313-cp313 .abi3.so FTW313"),
        ("setuptools, abi3t", "3.15", {}, "cp315-abi3.abi3t .abi3t.so"),
        ("setuptools, abi3t", "3.15", {"MACROS": "Py_TARGET_ABI3T=0x030F0000 NO_ABI_SLOT=1"}, "FTB315"),
        ("setuptools, abi3t", "3.15", {"MACROS": "ORDINARY=1"}, "FTB308"),
        ("setuptools, abi3t", "3.15", {"MACROS": "Py_LIMITED_API=0x030F0000"}, "FTB308"),
        ("setuptools, abi3t", "3.15", {"MACROS": "Py_TARGET_ABI3T=0x030F0000 INIT_ONLY=1"}, "FTB317"),
        ("setuptools, abi3t", "3.15", {"MACROS": "Py_TARGET_ABI3T=0x03100000"}, "FTB318"),
        ("setuptools, abi3t", "3.15", {"FLOOR": "cp314"}, "FTB312"),
        ("cffi", "3.15", {}, "cp310-abi3 .abi3.so"),
        ("cython", "3.15", {}, "cp311-abi3 .abi3.so"),
        ("scikit-build-core", "3.15", {}, "FTB306"),
        ("meson-python", "3.15", {}, "cp315-abi3 .abi3-x86_64-linux-gnu.so"),
        ("maturin", "3.15", {}, "cp315-abi3.abi3t .abi3t-x86_64-linux-gnu.so"),
    ],
)
def test_what_the_wrapper_makes_of_it(
    *,
    name: str,
    builder: str,
    environ: dict[str, str],
    outcome: str,
    tmp_path: Path,
    pythons: dict[str, str],
    compiled_crates: dict[str, str],
) -> None:
    """The tags and the suffix, or the code of what is refused; a code behind both is told and not refused."""
    project = write(tmp_path, name, wrapped=True)

    done = ftwheel(
        "build", project, "--python", pythons[builder], "-o", tmp_path / "out", "--no-repair", "--format", "json",
        environ=ftwheel_environ(**compiled_crates, **environ),
    )  # fmt: skip

    if outcome.startswith("FTB"):
        assert done.code == 6, done.out + done.err
        assert f"error: {outcome}" in done.err
        assert not (tmp_path / "out").exists()
        return
    assert done.code == 0, done.out + done.err
    tag, suffix, *told = outcome.split()
    wheel = Path(done.json["wheels"][0]["path"])
    assert f"-{tag}-" in wheel.name
    with zipfile.ZipFile(wheel) as archive:
        assert {parse_suffix(each).text for each in archive.namelist() if each.endswith(".so")} == {suffix}
    assert [each["code"] for each in done.json["findings"] if each["severity"] != "advice"] == told


@pytest.mark.parametrize("wrapped", [False, True])
def test_cython_under_abi3t_is_told_which_setting_helps(wrapped: bool, tmp_path: Path, python_315: str) -> None:
    project = write(tmp_path, "cython, abi3t", wrapped=wrapped)

    done = ftwheel("build", project, "--python", python_315, "-o", tmp_path / "out")

    assert done.code == 6
    assert 'limited-api = "version-specific"' in done.err


@pytest.mark.parametrize(
    "release",
    ["hypothesis==6.170.17", "cryptography==50.0.2", "artistools==2026.10.19", "argon2-cffi-bindings==26.2.0"],
)
def test_released_wheels_of_both_builds_are_right(
    release: str, tmp_path: Path, default_python: str, python_315: str
) -> None:
    options = ["--no-deps", "--only-binary", ":all:", "--python-version", "3.15", "--abi", "abi3t"]
    platforms = [f"--platform=manylinux_2_{minor}_x86_64" for minor in (34, 28, 17)]
    command = [default_python, "-m", "pip", "download", "-q", *options, *platforms, "-d", str(tmp_path), release]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*-abi3.abi3t-*.whl")

    for more in ([], ["--import", "--python", python_315]):
        done = ftwheel("check", wheel, *more, "--format", "json")
        assert [each for each in done.json["wheels"][0]["findings"] if each["severity"] == "error"] == []
