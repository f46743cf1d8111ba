"""Bytecode that is kept between builds: when it is compiled, what uses it, and that no build can write it."""

from __future__ import annotations

import os
import py_compile
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.io.build.bytecode import Bytecode
from ftwheel.io.system.child_environment import clean_environ
from ftwheel.io.system.interpreters import probe
from ftwheel.io.system.processes import ProcessGroup
from ftwheel.io.system.pruning import prune
from ftwheel.io.system.virtual_environments import VirtualEnvironment
from support.wheels import make_wheel, record_line

FILES = {"own/__init__.py": "from own import inner\n", "own/inner.py": "print('as released')\n", "own/unused.py": "1\n"}
HOSTILE = "print('hostile')\n"


@pytest.fixture(scope="session", params=["FTWHEEL_PYTHON", "FTWHEEL_PYTHON_FT"])
def interpreter(request: pytest.FixtureRequest) -> Interpreter:
    return probe(os.environ[request.param])


class Build:
    """One environment with the backend ``own``, as a build has it."""

    def __init__(self, folder: Path, interpreter: Interpreter, *, files: dict[str, str], kept: Path) -> None:
        folder.mkdir()
        processes = ProcessGroup()
        self.folder = folder
        self.environment = VirtualEnvironment(interpreter, folder / "env", processes=processes, log=folder / "log")
        self.environment.install([os.fspath(make_wheel(folder, "own-1.0-py3-none-any.whl", files))])
        self.own = self.environment.site_packages / "own"
        self.bytecode = Bytecode(self.environment.site_packages, interpreter, folder=os.fspath(kept))
        self.bytecode.place(processes, folder)

    @property
    def compiled(self) -> bool:
        """Whether bytecode was compiled for the cache."""
        return (self.folder / "bytecode.json").exists()

    @property
    def placed(self) -> list[str]:
        return sorted(path.name.partition(".")[0] for path in self.own.glob("__pycache__/*"))

    def hook(self) -> tuple[str, str]:
        """What the backend prints, and what CPython says about its imports."""
        command = [self.environment.python_executable, "-v", "-c", "import own"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=clean_environ())
        return done.stdout, done.stderr

    def replace(self, name: str, text: str) -> Path:
        """Change a source in this environment alone: an installer may have linked it to its own cache."""
        path = self.own / name
        path.unlink()
        path.write_text(text)
        return path


Builder = Callable[..., Build]


@pytest.fixture
def build(tmp_path: Path, interpreter: Interpreter) -> Builder:
    numbers = iter(range(100))

    def make(*, files: dict[str, str] = FILES, with_interpreter: Interpreter = interpreter) -> Build:
        return Build(tmp_path / f"{next(numbers)}", with_interpreter, files=files, kept=tmp_path / "kept")

    return make


def sizes(tmp_path: Path) -> list[bool]:
    return [path.stat().st_size > 0 for path in (tmp_path / "kept").iterdir()]


def test_the_third_build_compiles_nothing(build: Builder, tmp_path: Path) -> None:
    first = build()
    assert first.hook()[0] == "as released\n"
    assert (first.compiled, sizes(tmp_path) if (tmp_path / "kept").exists() else []) == (False, [])
    first.bytecode.note()
    assert sizes(tmp_path) == [False, False]  # digests, and nothing that was in the environment

    second = build()
    assert (second.compiled, second.placed) == (True, ["__init__", "inner"])
    assert sizes(tmp_path) == [True, True]
    second.bytecode.note()

    third = build()
    assert (third.compiled, third.placed) == (False, ["__init__", "inner"])
    out, said = third.hook()
    assert out == "as released\n"
    for module in ("__init__", "inner"):
        assert f"code object from '{third.own}/__pycache__/{module}." in said
    assert "wrote" not in said


def test_what_a_build_writes_is_never_kept(build: Builder) -> None:
    """Its bytecode and sources, also with a RECORD to match: later builds run what the installer installed."""
    hostile = build()
    hostile.hook()
    source = hostile.replace("inner.py", HOSTILE)
    for cached in hostile.own.glob("__pycache__/*.pyc"):
        py_compile.compile(
            os.fspath(source), os.fspath(cached), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
        )
    record = next(hostile.environment.site_packages.glob("own-*/RECORD"))
    before = record.read_text()
    record.write_text(before + record_line("own/inner.py", source.read_bytes()))
    hostile.bytecode.note()

    later = [build(), build()]
    assert [each.compiled for each in later] == [True, False]
    for each in later:
        assert each.placed == ["__init__", "inner"]
        assert each.hook()[0] == "as released\n"


def test_bytecode_of_another_source_is_not_used(build: Builder) -> None:
    for _ in range(2):
        earlier = build()
        earlier.hook()
        earlier.bytecode.note()

    later = build()
    later.replace("inner.py", "print('changed')\n")
    assert later.placed == ["__init__", "inner"]
    assert later.hook()[0] == "changed\n"


def test_a_source_that_is_not_the_recorded_one_is_not_compiled(
    build: Builder, tmp_path: Path, interpreter: Interpreter
) -> None:
    first = build()
    first.hook()
    first.bytecode.note()

    second = build()
    for kept in (tmp_path / "kept").iterdir():
        kept.write_bytes(b"")
    second.replace("inner.py", HOSTILE)
    for cached in second.own.glob("__pycache__/*"):
        cached.unlink()
    again = Bytecode(second.environment.site_packages, interpreter, folder=os.fspath(tmp_path / "kept"))
    again.place(ProcessGroup(), second.folder)
    assert sorted(sizes(tmp_path)) == [False, True]
    assert second.placed == ["__init__"]


@pytest.mark.parametrize("damaged", [b"", b"x", b"\0" * 5000])
def test_a_damaged_cache_is_only_a_slow_one(build: Builder, tmp_path: Path, damaged: bytes) -> None:
    for _ in range(2):
        earlier = build()
        earlier.hook()
        earlier.bytecode.note()
    for kept in (tmp_path / "kept").iterdir():
        kept.write_bytes(damaged or kept.read_bytes()[:-1])

    later = build()
    assert later.compiled
    assert later.hook()[0] == "as released\n"


def test_without_a_cache_nothing_is_placed(build: Builder, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file in the place of the folder")
    for _ in range(2):
        each = build()
        assert (each.hook()[0], each.compiled) == ("as released\n", False)
        each.bytecode.note()


def test_prereleases_and_other_implementations_keep_nothing(
    build: Builder, tmp_path: Path, interpreter: Interpreter
) -> None:
    for other in (replace(interpreter, release_level="beta"), replace(interpreter, implementation="pypy")):
        each = build(with_interpreter=other)
        each.hook()
        each.bytecode.note()
        assert not list((tmp_path / "kept").iterdir())


def test_what_is_compiled_already_is_left_alone(build: Builder, tmp_path: Path, interpreter: Interpreter) -> None:
    """As with installers that compile, and their users' settings for that."""
    first = build()
    first.hook()
    again = Bytecode(first.environment.site_packages, interpreter, folder=os.fspath(tmp_path / "kept"))
    again.note()
    assert not list((tmp_path / "kept").iterdir())


def test_a_record_cannot_name_files_elsewhere(tmp_path: Path, interpreter: Interpreter) -> None:
    """Nor folders that are not there, and a file that is no RECORD is passed over."""
    site, outside, kept = tmp_path / "env" / "site", tmp_path / "outside", tmp_path / "kept"
    names = ["../../outside/a.py", "b/../../../outside/a.py", f"{outside}/a.py", "missing/a.py", "a.py"]
    info = site / "own-1.0.dist-info"
    info.mkdir(parents=True)
    outside.mkdir()
    (site / "other-1.0.dist-info" / "RECORD").mkdir(parents=True)
    for folder in (outside, site):
        (folder / "a.py").write_text("1\n")
    (info / "RECORD").write_text("".join(record_line(name, b"1\n") for name in names))

    def bytecode() -> Bytecode:
        return Bytecode(site, interpreter, folder=os.fspath(kept))

    first = bytecode()
    imported = [folder / "__pycache__" / "a.cpython-{}{}.pyc".format(*interpreter.minor) for folder in (outside, site)]
    for path in imported:
        path.parent.mkdir()
        path.touch()
    first.note()
    for path in imported:
        path.unlink()
    bytecode().place(ProcessGroup(), tmp_path)

    assert sizes(tmp_path) == [True]
    assert [path.exists() for path in imported] == [False, True]
    assert not (site / "missing").exists()


def test_the_oldest_files_go_first_and_empty_ones_count(tmp_path: Path) -> None:
    for age, size in enumerate([0, 5000, 0, 100]):
        path = tmp_path / f"{age}"
        path.write_bytes(b"x" * size)
        os.utime(path, (1000 - age, 1000 - age))

    prune(os.fspath(tmp_path), 4096 + 5000)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1"]
    prune(os.fspath(tmp_path / "missing"), 0)
