"""Stable-ABI modules made with real compilers: what each command says of them, and what real interpreters do."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from ftwheel.cli.main import main
from ftwheel.io.system.interpreters import probe
from support.stable_abi import ABI3T, LIMITED, LIMITED_315, compiled
from support.stable_abi_verdicts import (
    ANYTHING,
    LOADED,
    NOT_FOUND,
    PYPROJECT,
    REFUSED,
    Run,
    Verdict,
    assert_all_say,
    default_pythons,
    runner,
)
from support.wheels import make_wheel

PLATFORM_SUFFIX = ".abi3-x86_64-linux-gnu.so"


@dataclass(frozen=True, kw_only=True)
class Made(Verdict):
    """A module, and the wheel that it is in."""

    builder: str
    macros: tuple[str, ...]
    suffix: str
    tag: str


MADE = {
    "right": Made(
        builder="3.13", macros=LIMITED, suffix=".abi3.so", tag="cp310-abi3", suggested="cp310-abi3",
        imports={"3.10-3.15": LOADED},
    ),
    "right, by 3.15": Made(
        builder="3.15", macros=LIMITED, suffix=".abi3.so", tag="cp310-abi3", suggested="cp310-abi3",
        imports={"3.10-3.15": LOADED},
    ),
    "platform in the suffix": Made(
        builder="3.15", macros=LIMITED, suffix=PLATFORM_SUFFIX, tag="cp310-abi3", suggested="cp315-abi3",
        found=("FTW206",), backend=("FTB306",),
        imports={"3.10-3.13": NOT_FOUND, "3.14": ANYTHING, "3.15": LOADED},  # Debian's 3.14 finds it
    ),
    "platform in the suffix, from 3.15 on": Made(
        builder="3.15", macros=LIMITED, suffix=PLATFORM_SUFFIX, tag="cp315-abi3", suggested="cp315-abi3",
        imports={"3.13": NOT_FOUND, "3.15": LOADED},
    ),
    "no macro, by 3.15": Made(
        builder="3.15", macros=(), suffix=".abi3.so", tag="cp310-abi3", suggested="cp315-abi3",
        found=("FTW311",), backend=("FTB314",),
        imports={"3.10-3.14": f"{REFUSED}: module pkg._m uses unknown slot ID 87", "3.15": LOADED},
    ),
    "no macro, by 3.13": Made(
        builder="3.13", macros=(), suffix=".abi3.so", tag="cp310-abi3", suggested="cp313-abi3",
        found=("FTW311",), backend=("FTB314",),
        imports={"3.10-3.12": f"{REFUSED}: module pkg._m uses unknown slot ID 4", "3.13-3.15": LOADED},
    ),
    "a symbol outside": Made(
        builder="3.13", macros=(*LIMITED, "OUTSIDE"), suffix=".abi3.so", tag="cp310-abi3", suggested="",
        found=("FTW307",), backend=("FTB316",), imports={"3.10-3.15": "ImportError"},
    ),
    "abi3t": Made(
        builder="3.15", macros=ABI3T, suffix=".abi3t.so", tag="cp315-abi3.abi3t", suggested="cp315-abi3.abi3t",
        imports={"3.10-3.14": NOT_FOUND, "3.15": LOADED},
    ),
    "abi3t with the platform in the suffix": Made(
        builder="3.15", macros=ABI3T, suffix=".abi3t-x86_64-linux-gnu.so", tag="cp315-abi3.abi3t",
        suggested="cp315-abi3.abi3t", imports={"3.10-3.13": NOT_FOUND, "3.15": LOADED},
    ),
    "abi3t without the GIL's slot": Made(  # declares nothing: right for an import, and a free-threaded build says more
        builder="3.15", macros=(*ABI3T, "NO_GIL_SLOT"), suffix=".abi3t.so", tag="cp315-abi3.abi3t",
        found=("FTW401",), suggested="cp315-abi3.abi3t", imports={"3.15": LOADED},
    ),
    "abi3t below 3.15": Made(
        builder="3.15", macros=ABI3T, suffix=".abi3t.so", tag="cp313-abi3.abi3t", suggested="cp315-abi3.abi3t",
        found=("FTW204", "FTW206"), backend=("FTB306", "FTB312"), imports={"3.13-3.14": NOT_FOUND, "3.15": LOADED},
    ),
    "no Py_mod_abi": Made(
        builder="3.15", macros=(*ABI3T, "NO_ABI_SLOT"), suffix=".abi3t.so", tag="cp315-abi3.abi3t", suggested="",
        found=("FTW312",), backend=("FTB315",),
        imports={"3.15": f"{REFUSED}: module pkg._m does not define Py_mod_abi, which is mandatory"},
    ),
    "no Py_mod_abi in abi3": Made(
        builder="3.15", macros=(*LIMITED_315, "NO_ABI_SLOT"), suffix=".abi3.so", tag="cp315-abi3", suggested="",
        found=("FTW312",), backend=("FTB315",), imports={"3.15": REFUSED},
    ),
    "abi3t of 3.16": Made(
        builder="3.15", macros=("Py_TARGET_ABI3T=0x03100000",), suffix=".abi3t.so", tag="cp315-abi3.abi3t",
        found=("FTW314",), backend=("FTB318",), suggested="cp316-abi3.abi3t",
        imports={"3.15": "ImportError: pkg._m: incompatible future stable ABI version (3.16)"},
    ),
    "abi3t named abi3": Made(
        builder="3.15", macros=ABI3T, suffix=".abi3.so", tag="cp315-abi3.abi3t", suggested="cp315-abi3",
        found=("FTW207",), backend=("FTB306",), imports={"3.15": LOADED},
    ),
    "PyInit_ only": Made(
        builder="3.15", macros=(*ABI3T, "INIT_ONLY"), suffix=".abi3t.so", tag="cp315-abi3.abi3t",
        suggested="cp315-abi3",
        found=("FTW306", "FTW401"), backend=("FTB317",), imports={"3.15": REFUSED},
    ),
    "PyModExport_ only": Made(
        builder="3.15", macros=LIMITED_315, suffix=".abi3.so", tag="cp310-abi3", suggested="cp315-abi3",
        found=("FTW306",), backend=("FTB317",), imports={"3.10-3.14": "ImportError", "3.15": LOADED},
    ),
    "both init functions": Made(
        builder="3.15", macros=(*LIMITED_315, "BOTH_INITS", "NO_INIT_SLOT"), suffix=".abi3.so", tag="cp310-abi3",
        suggested="cp310-abi3", imports={"3.10-3.15": LOADED},
    ),
    "both, and a newer slot in PyInit_'s": Made(
        builder="3.15", macros=(*LIMITED_315, "BOTH_INITS"), suffix=".abi3.so", tag="cp310-abi3",
        found=("FTW311",), backend=("FTB314",), suggested="cp315-abi3",
        imports={"3.10-3.14": f"{REFUSED}: module pkg._m uses unknown slot ID 87", "3.15": LOADED},
    ),
    "both, and no Py_mod_abi": Made(
        builder="3.15", macros=(*LIMITED_315, "BOTH_INITS", "NO_INIT_SLOT", "NO_ABI_SLOT"), suffix=".abi3.so",
        tag="cp310-abi3", found=("FTW312",), backend=("FTB315",), suggested="",
        imports={"3.10-3.14": LOADED, "3.15": REFUSED},
    ),
    "default-ABI code": Made(
        builder="3.15", macros=(), suffix=".abi3t.so", tag="cp315-abi3.abi3t", suggested="cp315-abi3",
        found=("FTW301", "FTW306", "FTW307"), backend=("FTB308",), imports={"3.15": LOADED},
    ),
    "code of abi3 alone": Made(
        builder="3.15", macros=LIMITED_315, suffix=".abi3t.so", tag="cp315-abi3.abi3t", suggested="cp315-abi3",
        found=("FTW301",), backend=("FTB308",), imports={"3.15": LOADED},
    ),
    "one version": Made(
        builder="3.13", macros=LIMITED, suffix=".abi3.so", tag="cp313-cp313", suggested="cp35-abi3",
        found=("FTW313",), backend=("FTB313",), imports={"3.10-3.15": LOADED},
    ),
    "abi3t for one version": Made(
        builder="3.15", macros=ABI3T, suffix=".abi3t.so", tag="cp315-cp315", suggested="cp315-abi3.abi3t",
        found=("FTW313",), backend=("FTB313",), imports={"3.14": NOT_FOUND, "3.15": LOADED},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def pythons(default_python: str, python_314: str, python_315: str) -> dict[str, str]:
    """The default builds by version; a machine without more has 3.11 besides the pair and the later two."""
    return default_pythons(default_python, python_314, python_315)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def wheel_of(folder: Path, python: str, macros: tuple[str, ...], suffix: str, tag: str) -> Path:
    files = {"pkg/__init__.py": "from pkg._m import answer\n", f"pkg/_m{suffix}": compiled(folder, python, macros)}
    return make_wheel(folder, f"pkg-1.0-{tag}-linux_x86_64.whl", files)


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_every_command_and_interpreter_judge_a_module_alike(
    tmp_path: Path, pythons: dict[str, str], made: Made, run: Run
) -> None:
    builder = pythons[made.builder]
    wheel = wheel_of(tmp_path / "made", builder, made.macros, made.suffix, made.tag)
    assert_all_say(made, wheel, builder=builder, folder=tmp_path, run=run, pythons=pythons)


@pytest.mark.parametrize(
    ("tag", "built", "packed"),
    [("cp310-abi3", ["old"], False), ("cp310-abi3", ["old"], True), ("", ["old", "3.14", "3.15"], False)],
)
def test_a_stable_abi_wheel_is_built_once_where_only_the_backend_is_told_of_it(
    *,
    tag: str,
    built: list[str],
    packed: bool,
    tmp_path: Path,
    default_python: str,
    pythons: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """From a source distribution too; and by each interpreter where the backend makes other wheels than it was told."""
    by_label = {"old": default_python, "3.14": pythons["3.14"], "3.15": pythons["3.15"]}
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
    if packed:
        with tarfile.open(tmp_path / "pkg-1.0.tar.gz", "w:gz") as archive:
            archive.add(project, "pkg-1.0")
        project = tmp_path / "pkg-1.0.tar.gz"
    arguments = ["build", str(project), "--python", ",".join(by_label.values()), "--no-repair", "--format", "json"]

    assert main(arguments) == 0

    captured = capsys.readouterr()
    labels = {probe(python).label for python in by_label.values()}
    wheels = json.loads(captured.out)["wheels"]
    assert {each["interpreter"] for wheel in wheels for each in wheel["imports"]} == labels
    asked = {line.partition(":")[0] for line in captured.err.splitlines() if line.endswith(": building")}
    assert asked == {probe(by_label[each]).label for each in built}
