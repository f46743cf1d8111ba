"""Every way of shipping a wrong wheel that was seen in real builds is found by looking at the wheel alone.

The modules are compiled here with the real pair of interpreters; nothing of a wheel is imported.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ftwheel.app.wheel.check import Judge, check
from ftwheel.core.findings import Severity
from ftwheel.core.index.rules import IndexRules
from ftwheel.core.wheel.reports import CheckReport
from ftwheel.io.wheel.reading import inspect_wheel
from ftwheel.io.wheel.stable_abi import stable_symbols
from ftwheel.rules.wheel.selection import RuleSelection
from support.modules import DECLARED, SINGLE_PHASE, UNDECLARED, build_module, compile_objects, ext_suffix, include_dir
from support.wheels import make_wheel

DEFAULT = "pkg-1.0-cp313-cp313-linux_x86_64.whl"
FREE_THREADED = "pkg-1.0-cp313-cp313t-linux_x86_64.whl"
INIT = {"pkg/__init__.py": "from pkg import _ext\n"}
CLASSIFIERS = ["Programming Language :: Python :: Free Threading :: 2 - Beta"]


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("modules")


@pytest.fixture(scope="module")
def default(builder: Path, default_python: str) -> bytes:
    return build_module(builder / "default", default_python)


@pytest.fixture(scope="module")
def free_threaded(builder: Path, free_threaded_python: str) -> bytes:
    return build_module(builder / "free-threaded", free_threaded_python)


@pytest.fixture(scope="module")
def suffixes(default_python: str, free_threaded_python: str) -> tuple[str, str]:
    return ext_suffix(default_python), ext_suffix(free_threaded_python)


def checked(*wheels: Path) -> CheckReport:
    # the tags are those of wheels that were built here and are not repaired, which no index takes
    judge = Judge(
        selection=RuleSelection(index_rules=IndexRules.ANY),
        read=inspect_wheel,
        stable_symbols=stable_symbols,
        policy=None,
    )
    return check([str(wheel) for wheel in wheels], judge, run=map)


def errors(*wheels: Path) -> set[str]:
    """The codes of everything that fails; advice would hide a rule that says too little."""
    return {finding.code for finding in checked(*wheels).findings if finding.severity > Severity.ADVICE}


@pytest.fixture
def wheel(tmp_path: Path) -> Callable[..., Path]:
    def make(filename: str, files: dict[str, bytes], **more: Any) -> Path:
        return make_wheel(tmp_path / "dist", filename, {**INIT, **files}, classifiers=CLASSIFIERS, **more)

    return make


def test_the_right_pair_is_clean(
    wheel: Callable[..., Path], default: bytes, free_threaded: bytes, suffixes: tuple[str, str]
) -> None:
    both = [
        wheel(DEFAULT, {f"pkg/_ext{suffixes[0]}": default}),
        wheel(FREE_THREADED, {f"pkg/_ext{suffixes[1]}": free_threaded}),
    ]
    assert checked(*both).findings == ()


def test_right_names_and_the_other_builds_code(
    wheel: Callable[..., Path], default: bytes, free_threaded: bytes, suffixes: tuple[str, str]
) -> None:
    assert errors(wheel(FREE_THREADED, {f"pkg/_ext{suffixes[1]}": default})) == {"FTW301"}
    assert errors(wheel(DEFAULT, {f"pkg/_ext{suffixes[0]}": free_threaded})) == {"FTW301"}


def test_a_stray_macro_makes_default_headers_free_threaded(
    wheel: Callable[..., Path], builder: Path, default_python: str, suffixes: tuple[str, str]
) -> None:
    stray = build_module(builder / "stray", default_python, flags=["-DPy_GIL_DISABLED=1"])
    assert errors(wheel(DEFAULT, {f"pkg/_ext{suffixes[0]}": stray})) == {"FTW301"}


def test_objects_of_both_builds_in_one_module(
    wheel: Callable[..., Path],
    builder: Path,
    default_python: str,
    free_threaded_python: str,
    suffixes: tuple[str, str],
) -> None:
    helper = "#include <Python.h>\nvoid drop(PyObject *object) { Py_DECREF(object); }\n"
    other = compile_objects(builder / "mixed", default_python, helper, "helper")
    source = DECLARED.replace(
        "{{ return PyLong", "{{ extern void drop(PyObject *); drop(PyLong_FromLong(7)); Py_DECREF(self); return PyLong"
    )
    mixed = build_module(builder / "mixed", free_threaded_python, source=source, flags=[other.name])
    assert errors(wheel(FREE_THREADED, {f"pkg/_ext{suffixes[1]}": mixed})) == {"FTW302"}


@pytest.mark.parametrize("tags", ["py3-none-linux_x86_64", "py3-none-any"])
def test_a_tag_that_promises_no_abi(
    tags: str, wheel: Callable[..., Path], default: bytes, suffixes: tuple[str, str]
) -> None:
    found = errors(wheel(f"pkg-1.0-{tags}.whl", {f"pkg/_ext{suffixes[0]}": default}))
    assert "FTW205" in found
    assert found <= {"FTW205", "FTW202"}


def test_both_builds_under_one_stable_abi_name(
    wheel: Callable[..., Path], free_threaded: bytes, suffixes: tuple[str, str]
) -> None:
    overwritten = wheel("pkg-1.0-cp310-abi3-linux_x86_64.whl", {f"pkg/_ext{suffixes[1]}": free_threaded})
    assert errors(overwritten) == {"FTW206"}


def test_one_wheel_empty_and_the_other_with_both_modules(
    wheel: Callable[..., Path], tmp_path: Path, default: bytes, free_threaded: bytes, suffixes: tuple[str, str]
) -> None:
    both = wheel(DEFAULT, {f"pkg/_ext{suffixes[0]}": default, f"pkg/_ext{suffixes[1]}": free_threaded})
    empty = make_wheel(tmp_path / "dist", FREE_THREADED, {"pkg-1.0.dist-info/LICENSE": "text"}, classifiers=CLASSIFIERS)
    assert errors(both, empty) == {"FTW208", "FTW602", "FTW603", "FTW604"}


def test_a_stale_module_of_the_other_build(
    wheel: Callable[..., Path], default: bytes, free_threaded: bytes, suffixes: tuple[str, str]
) -> None:
    assert errors(wheel(FREE_THREADED, {f"pkg/_ext{suffixes[0]}": default})) == {"FTW206"}
    both = {f"pkg/_ext{suffixes[0]}": default, f"pkg/_ext{suffixes[1]}": free_threaded}
    assert errors(wheel(FREE_THREADED, both)) == {"FTW208"}


def test_modules_of_many_interpreters_in_one_wheel(
    wheel: Callable[..., Path], default: bytes, free_threaded: bytes, suffixes: tuple[str, str]
) -> None:
    """pymongo 4.15.1 shipped modules for cpython-39 to 313 in its cp313t wheel."""
    more = {f"pkg/_ext.cpython-{minor}-x86_64-linux-gnu.so": default for minor in (39, 310, 311)}
    found = checked(wheel(FREE_THREADED, {f"pkg/_ext{suffixes[1]}": free_threaded, **more})).findings
    assert [(finding.code, finding.severity) for finding in found] == [("FTW208", Severity.ERROR)] * 3


@pytest.mark.parametrize("suffix", [".cpython-311-x86_64-linux-gnu.so", ".cpython-313-darwin.so"])
def test_a_suffix_that_contradicts_the_tag(suffix: str, wheel: Callable[..., Path], free_threaded: bytes) -> None:
    """SETUPTOOLS_EXT_SUFFIX, or CMake with another Python."""
    assert errors(wheel(FREE_THREADED, {f"pkg/_ext{suffix}": free_threaded})) == {"FTW206"}


def test_a_stable_abi_by_tag_alone(wheel: Callable[..., Path], default: bytes, suffixes: tuple[str, str]) -> None:
    tagged = wheel("pkg-1.0-cp39-abi3-linux_x86_64.whl", {f"pkg/_ext{suffixes[0]}": default})
    assert errors(tagged) == {"FTW206"}


def test_the_full_api_under_the_stable_abi(wheel: Callable[..., Path], builder: Path, default_python: str) -> None:
    source = DECLARED.replace("return PyLong_FromLong(42)", "return PyType_GetFullyQualifiedName(Py_TYPE(self))")
    module = build_module(builder / "full", default_python, source=source)
    files = {"pkg/_ext.abi3.so": module}
    found = [f for f in checked(wheel("pkg-1.0-cp39-abi3-linux_x86_64.whl", files)).findings if f.code == "FTW307"]
    assert ["PyType_GetFullyQualifiedName (3.13)" in finding.message for finding in found] == [True]


def test_a_plain_suffix_in_both_wheels(wheel: Callable[..., Path], default: bytes, free_threaded: bytes) -> None:
    both = [wheel(DEFAULT, {"pkg/_ext.so": default}), wheel(FREE_THREADED, {"pkg/_ext.so": free_threaded})]
    assert {finding.code for finding in checked(*both).findings} == {"FTW210"}
    # and when one build's module lands in both
    same = [wheel(DEFAULT, {"pkg/_ext.so": default}), wheel(FREE_THREADED, {"pkg/_ext.so": default})]
    assert errors(*same) == {"FTW301", "FTW605"}


def test_a_platform_tag_that_is_not_the_machines(
    wheel: Callable[..., Path], free_threaded: bytes, suffixes: tuple[str, str]
) -> None:
    files = {f"pkg/_ext{suffixes[1]}": free_threaded}
    assert errors(wheel("pkg-1.0-cp313-cp313t-linux_aarch64.whl", files)) == {"FTW303"}
    assert "FTW303" in errors(wheel("pkg-1.0-cp313-cp313t-win_amd64.whl", files))


def test_a_renamed_wheel(wheel: Callable[..., Path], default: bytes, suffixes: tuple[str, str], tmp_path: Path) -> None:
    renamed = tmp_path / FREE_THREADED
    shutil.copyfile(wheel(DEFAULT, {f"pkg/_ext{suffixes[0]}": default}), renamed)
    assert errors(renamed) == {"FTW201", "FTW206"}
    # with a suffix that both builds look for only the code gives it away
    shutil.copyfile(wheel(DEFAULT, {"pkg/_ext.abi3.so": default}), renamed)
    assert errors(renamed) == {"FTW201", "FTW301"}


@pytest.mark.parametrize("source", [UNDECLARED, SINGLE_PHASE], ids=["multi-phase", "single-phase"])
def test_a_module_that_does_not_declare_beside_one_that_does(
    source: str,
    wheel: Callable[..., Path],
    builder: Path,
    free_threaded_python: str,
    suffixes: tuple[str, str],
) -> None:
    free_threaded = build_module(builder / "eager", free_threaded_python)
    lazy = build_module(builder / "lazy", free_threaded_python, name="_lazy", source=source)
    files = {f"pkg/_ext{suffixes[1]}": free_threaded, f"pkg/_lazy{suffixes[1]}": lazy}
    found = [f for f in checked(wheel(FREE_THREADED, files)).findings if f.severity is Severity.ERROR]
    assert [(finding.code, finding.subject.rpartition("/")[2]) for finding in found] == [
        ("FTW401", f"_lazy{suffixes[1]}")
    ]
    wanted = "Py_mod_gil" if source is UNDECLARED else "PyUnstable_Module_SetGIL"
    assert wanted in found[0].fix


def test_abi3t_below_its_floor(wheel: Callable[..., Path], default: bytes) -> None:
    tagged = wheel("pkg-1.0-cp311-abi3.abi3t-linux_x86_64.whl", {"pkg/_ext.abi3.so": default})
    assert {"FTW204", "FTW207"} <= errors(tagged)


def test_a_text_file_in_place_of_a_module(wheel: Callable[..., Path], suffixes: tuple[str, str]) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    assert errors(wheel(FREE_THREADED, {f"pkg/_ext{suffixes[1]}": pointer})) == {"FTW309"}


def test_the_headers_are_those_of_the_pair(default_python: str, free_threaded_python: str) -> None:
    """Otherwise every test here would compare a build with itself."""
    assert include_dir(default_python) != include_dir(free_threaded_python)


def test_paths_that_a_build_wrote_are_no_difference(
    wheel: Callable[..., Path], default: bytes, free_threaded: bytes, suffixes: tuple[str, str]
) -> None:
    """contourpy and others: meson's configuration, with the interpreter of the isolated build and its native file."""

    def built(name: str, suffix: str, module: bytes, place: str, version: str = "3.13") -> Path:
        config = f'CONFIG = {{"python": {{"path": r"{place}/bin/python", "version": "{version}"}}}}\n'
        return wheel(name, {f"pkg/_ext{suffix}": module, "pkg/_build_config.py": config})

    one = built(DEFAULT, suffixes[0], default, "/tmp/build-env-a")
    other = built(FREE_THREADED, suffixes[1], free_threaded, "/tmp/build-env-b")
    assert "FTW603" not in errors(one, other)
    assert "FTW603" in errors(one, built(FREE_THREADED, suffixes[1], free_threaded, "/tmp/build-env-b", "3.14"))
