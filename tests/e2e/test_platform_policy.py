"""Our own reading never grants a tag that auditwheel would not: real modules, compiled and linked in many ways."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ftwheel.io.wheel.platform_policy import platform_policy, surely_kept, watched_symbols
from ftwheel.io.wheel.reading import inspect_wheel
from support.modules import UNDECLARED, build_module, ext_suffix, include_dir
from support.wheels import make_wheel

pytestmark = [pytest.mark.e2e, pytest.mark.oracle]

_NEW = UNDECLARED.replace(
    "PyMODINIT_FUNC", "#include <threads.h>\nint now(void) {{ thrd_t t; return thrd_join(t, 0); }}\nPyMODINIT_FUNC"
)  # C11 threads came with glibc 2.28
_FORBIDDEN = UNDECLARED.replace("PyMODINIT_FUNC", "int inflate_fast(void);\nPyMODINIT_FUNC").replace(
    "return PyModuleDef_Init(&module);", "inflate_fast(); return PyModuleDef_Init(&module);"
)
_PLAIN = "int spam(void) { return 1; }"


@pytest.fixture
def python(free_threaded_python: str) -> str:
    return free_threaded_python


def library(folder: Path, name: str, *flags: str | Path, source: str = _PLAIN) -> bytes:
    folder.mkdir(exist_ok=True)
    path = folder / name
    command = ["cc", "-shared", "-fPIC", "-xc", "-", "-o", path, f"-Wl,-soname,{name}", *flags]
    subprocess.run(command, input=source, text=True, check=True)
    return path.read_bytes()


def linked(folder: Path, python: str, *flags: str | Path, source: str = UNDECLARED) -> bytes:
    path = folder / "_ext.so"
    command = [
        "cc",
        "-shared",
        "-fPIC",
        "-I",
        include_dir(python),
        "-xc",
        "-",
        "-o",
        path,
        "-Wl,--no-as-needed",
        *flags,
    ]
    subprocess.run(command, input=source.format(name="_ext"), text=True, check=True)
    return path.read_bytes()


def shapes(place: Path, python: str) -> Iterator[tuple[str, bool, dict[str, bytes]]]:
    """Name, whether our own reading decides it for a tag that holds, and the files."""
    module = f"pkg/_ext{ext_suffix(python)}"
    inner = library(place, "libinner.so")
    own = library(place, "libown.so", "-Wl,--no-as-needed", "-L", place, "-linner", "-Wl,-rpath,$ORIGIN")
    bare = library(place, "libbare.so", "-Wl,--no-as-needed", "-L", place, "-linner")
    use: Sequence[str | Path] = ("-L", place, "-lown", "-Wl,-rpath,$ORIGIN/../pkg.libs")
    libraries = {"pkg.libs/libown.so": own, "pkg.libs/libinner.so": inner}
    plain = build_module(place / "plain", python, source=UNDECLARED)
    yield "plain", True, {module: plain}
    yield "new symbols", True, {module: build_module(place / "new", python, source=_NEW)}
    yield "own libraries", True, {module: linked(place, python, *use), **libraries}
    yield "own library is missing", False, {module: linked(place, python, *use), "pkg.libs/libown.so": own}
    yield "RPATH of old", True, {module: linked(place, python, *use, "-Wl,--disable-new-dtags"), **libraries}
    yield "no search path", False, {module: linked(place, python, *use[:3]), **libraries}
    yield "absolute path", False, {module: linked(place, python, *use[:3], f"-Wl,-rpath,{place}"), **libraries}
    needs_bare = linked(place, python, "-L", place, "-lbare", use[3])
    yield "inherited path", True, {module: needs_bare, "pkg.libs/libbare.so": bare, "pkg.libs/libinner.so": inner}
    yield "lone library", False, {module: plain, "pkg.libs/libbare.so": bare}
    yield "forbidden symbol", False, {module: linked(place, python, "-lz", source=_FORBIDDEN)}
    yield "zlib", True, {module: linked(place, python, "-lz")}
    yield "no sections", False, {module: plain[:40] + bytes(8) + plain[48:60] + bytes(4) + plain[64:]}
    yield "cut off", False, {module: plain, "pkg/data": plain[:200]}
    yield "object file", True, {module: plain, "pkg/data.bin": inner}
    yield "named like a source", True, {module: plain, "pkg/data.py": plain[:200]}


def test_what_we_grant_auditwheel_grants(python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LD_LIBRARY_PATH", "AUDITWHEEL_LD_LIBRARY_PATH"):
        monkeypatch.delenv(name, raising=False)
    tags = [f"manylinux_2_{each}_x86_64" for each in (5, 12, 17, 24, 28, 34, 35, 39)]
    for shape, decides, files in shapes(tmp_path, python):
        wheel = make_wheel(tmp_path, f"pkg-1.0-cp313-cp313t-{tags[-1]}.whl", files)
        theirs = platform_policy(str(wheel), inspect_wheel(str(wheel), level2=False))  # nothing read: it is asked
        granted = []
        for tag in tags:
            renamed = wheel.rename(tmp_path / f"pkg-1.0-cp313-cp313t-{tag}.whl")
            contents = inspect_wheel(str(renamed), level2=False, watched=watched_symbols())
            wheel = renamed
            if surely_kept(contents):
                granted.append(tag)
        assert bool(granted) == decides, (shape, theirs)
        # as far as auditwheel goes, and no further
        assert not granted or granted[0] == next(tag for tag in tags if minor(theirs.tag) <= minor(tag)), (
            shape,
            theirs,
        )


def minor(tag: str) -> int:
    return int(tag.split("_")[2])
