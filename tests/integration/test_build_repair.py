"""Repairs by the real auditwheel: which tag comes out and why, what is copied into the wheel, and what it refuses."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.errors import BuildError
from ftwheel.core.wheel.imports import ImportOutcome
from ftwheel.io.build.repair import repair_wheel
from ftwheel.io.system.interpreters import probe
from ftwheel.io.system.processes import ProcessGroup, Stopped
from ftwheel.io.wheel.auditwheel import Auditwheel
from ftwheel.io.wheel.importing import import_modules
from support.modules import build_module, ext_suffix
from support.projects import c_source
from support.wheels import make_wheel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="auditwheel repairs Linux wheels")


@pytest.fixture(scope="session")
def interpreter(free_threaded_python: str) -> Interpreter:
    return probe(free_threaded_python)


@pytest.fixture
def processes() -> Iterator[ProcessGroup]:
    processes = ProcessGroup()
    yield processes
    processes.stop()


@pytest.fixture
def auditwheel(processes: ProcessGroup, tmp_path: Path) -> Iterator[Auditwheel]:
    with contextlib.closing(Auditwheel(processes, tmp_path / "auditwheel.log")) as auditwheel:
        yield auditwheel


@pytest.fixture
def name(interpreter: Interpreter) -> str:
    platform = interpreter.platform.replace("-", "_")
    return f"user-1.0-cp{interpreter.abi_tag[2:].removesuffix('t')}-{interpreter.abi_tag}-{platform}.whl"


def module(folder: Path, interpreter: Interpreter, source: str, *flags: str) -> dict[str, bytes]:
    data = build_module(
        folder, interpreter.executable, name="_ext", source=source.replace("{", "{{").replace("}", "}}"), flags=flags
    )
    return {f"user/_ext{ext_suffix(interpreter.executable)}": data, "user/__init__.py": b""}


def test_a_library_is_copied_into_the_wheel_and_found_there(
    tmp_path: Path, interpreter: Interpreter, processes: ProcessGroup, auditwheel: Auditwheel, name: str
) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "needed.c").write_text("#include <math.h>\ndouble needed(double x) { return pow(x, x); }\n")
    command = ["cc", "-shared", "-fPIC", "-O0", "needed.c", "-o", "libneeded.so", "-lm"]
    subprocess.run(command, cwd=library, check=True)
    source = "double needed(double);\n" + c_source("_ext", body="if (needed(2) != 4) return -1;")
    flags = (f"-L{library}", f"-Wl,-rpath,{library}", "-Wl,--no-as-needed", "-lneeded")
    wheel = make_wheel(tmp_path, name, module(tmp_path / "c", interpreter, source, *flags))

    repaired, repair = repair_wheel(
        wheel, tmp_path / "repaired", platform=interpreter.platform, processes=processes, auditwheel=auditwheel
    )
    shutil.rmtree(library)
    (result,) = import_modules(repaired, interpreter, ["user._ext"])

    assert repair.tool == "auditwheel"
    assert (repair.before, repair.after.split("_")[0][:9]) == (interpreter.platform.replace("-", "_"), "manylinux")
    assert "GLIBC_2." in repair.reason
    (grafted,) = repair.grafted
    assert grafted.startswith("libneeded-")
    with zipfile.ZipFile(repaired) as archive:
        assert f"user.libs/{grafted}" in archive.namelist()
    assert result.outcome is ImportOutcome.LOADED, result.detail


def test_two_at_once(
    tmp_path: Path, interpreter: Interpreter, processes: ProcessGroup, auditwheel: Auditwheel, name: str
) -> None:
    files = module(tmp_path / "c", interpreter, c_source("_ext"))

    def repaired(number: int) -> str:
        wheel = make_wheel(tmp_path / str(number), name, files)
        place = tmp_path / f"repaired{number}"
        path, repair = repair_wheel(
            wheel, place, platform=interpreter.platform, processes=processes, auditwheel=auditwheel
        )
        assert path.is_relative_to(place)
        return repair.after

    with ThreadPoolExecutor(4) as pool:
        (platform,) = set(pool.map(repaired, range(4)))
    assert "manylinux" in platform


def test_what_cannot_be_repaired_is_refused_with_the_reason(
    tmp_path: Path, interpreter: Interpreter, processes: ProcessGroup, auditwheel: Auditwheel, name: str
) -> None:
    (tmp_path / "gone.c").write_text("int gone(void) { return 1; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "gone.c", "-o", "libgone.so"], cwd=tmp_path, check=True)
    source = "int gone(void);\n" + c_source("_ext", body="gone();")
    wheel = make_wheel(
        tmp_path, name, module(tmp_path / "c", interpreter, source, f"-L{tmp_path}", "-Wl,--no-as-needed", "-lgone")
    )

    with pytest.raises(BuildError, match="auditwheel failed") as caught:
        repair_wheel(
            wheel, tmp_path / "repaired", platform=interpreter.platform, processes=processes, auditwheel=auditwheel
        )

    assert "libgone.so" in caught.value.message


def test_a_program_without_modules_gets_its_tag(
    tmp_path: Path, interpreter: Interpreter, processes: ProcessGroup, auditwheel: Auditwheel
) -> None:
    # as ninja and cmake ship theirs; a program on Linux has no ending
    program = Path(str(shutil.which("true"))).read_bytes()
    linux = interpreter.platform.replace("-", "_")
    wheel = make_wheel(tmp_path, f"prog-1.0-py3-none-{linux}.whl", {"prog-1.0.data/scripts/prog": program})

    path, repair = repair_wheel(
        wheel, tmp_path / "repaired", platform=interpreter.platform, processes=processes, auditwheel=auditwheel
    )

    assert (repair.tool, repair.before) == ("auditwheel", linux)
    assert repair.after.startswith(("manylinux", "musllinux"))
    assert path.name == f"prog-1.0-py3-none-{repair.after}.whl"


def test_what_is_no_wheel_is_refused(
    tmp_path: Path, interpreter: Interpreter, processes: ProcessGroup, auditwheel: Auditwheel, name: str
) -> None:
    wheel = make_wheel(tmp_path, name, {"user/_ext.so": b"\x7fELF and nothing else"})

    with pytest.raises(BuildError, match="auditwheel failed"):
        repair_wheel(
            wheel, tmp_path / "repaired", platform=interpreter.platform, processes=processes, auditwheel=auditwheel
        )


@pytest.mark.parametrize(
    ("platform", "tag", "file", "reason"),
    [
        ("linux-x86_64", "any", "user.py", "no native code"),
        ("linux-x86_64", "linux_x86_64", "user/data", "no native code"),
        ("plan9-x86_64", "any", "user/_ext.so", "no repair tool for plan9-x86_64"),
    ],
)
def test_what_needs_no_repair_stays_as_it_is(tmp_path: Path, platform: str, tag: str, file: str, reason: str) -> None:
    wheel = make_wheel(tmp_path, f"user-1.0-py3-none-{tag}.whl", {file: b"\x7fELF and nothing else"})

    path, repair = repair_wheel(
        wheel, tmp_path / "repaired", platform=platform, processes=ProcessGroup(), auditwheel=None
    )

    assert path == wheel
    assert (repair.tool, repair.before, repair.after, repair.reason) == ("", tag, tag, reason)


def test_a_stopped_worker_answers(
    tmp_path: Path, interpreter: Interpreter, processes: ProcessGroup, auditwheel: Auditwheel, name: str
) -> None:
    wheel = make_wheel(tmp_path, name, {"user/_ext.so": b"\x7fELF"})
    processes.stop()
    with pytest.raises(Stopped):
        repair_wheel(
            wheel, tmp_path / "repaired", platform=interpreter.platform, processes=processes, auditwheel=auditwheel
        )
