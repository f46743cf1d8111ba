"""The example on each rule's page is what ftwheel says, and following the rule's advice makes the finding go away.

After a change: ``FTWHEEL_WRITE_EXAMPLES=1 pytest tests/integration/test_rule_examples.py`` writes the examples anew.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from ftwheel.cli.main import main
from ftwheel.core.dependencies.readiness import GilDeclarations
from ftwheel.core.wheel.extension_module import Declaration, Toolchain
from ftwheel.render.dependencies.report import write
from ftwheel.render.findings import summary, write_text
from ftwheel.rules.registry import RULES
from ftwheel.rules.wheel.facts import ReleaseWheels, WheelFacts
from ftwheel.rules.wheel.selection import RuleSelection
from support.backend_examples import COMPILED, REFUSALS, compiled, refused
from support.modules import DECLARED, UNDECLARED, build_module, every_abi, ext_suffix
from support.readiness import project, report, verdict
from support.release_examples import DEPENDENCIES, RELEASES, write_index
from support.rule_examples import WHEELS, facts_examples
from support.stable_abi import every_stable_abi
from support.wheels import make_wheel

PAGES = Path(__file__).parents[2] / "docs" / "rules"
MACHINE = os.uname().machine
FACTS = facts_examples()
RAISES = DECLARED.replace("return PyModuleDef_Init(&module);", 'PyErr_SetString(PyExc_ValueError, "no"); return NULL;')
CRASHES = DECLARED.replace("return PyModuleDef_Init(&module);", "abort();")
# code -> the module before and after
IMPORTS = {"FTW701": (RAISES, DECLARED), "FTW702": (CRASHES, DECLARED), "FTW703": (UNDECLARED, DECLARED)}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")) and name not in {"PIP_FIND_LINKS", "UV_FIND_LINKS"}:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def recorded(code: str, shown: str) -> None:
    """Hold the example on a page against what was shown; with FTWHEEL_WRITE_EXAMPLES set, write it."""
    path = PAGES / f"{code}.md"
    wanted = f"\n## Example\n\n```console\n{shown.rstrip()}\n```\n"
    head, _, _ = path.read_text(encoding="utf-8").partition("\n## Example\n")
    if os.environ.get("FTWHEEL_WRITE_EXAMPLES"):
        path.write_text(head + wanted, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == head + wanted


@pytest.mark.parametrize("code", WHEELS)
def test_a_wheel_before_and_after(code: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = WHEELS[code]
    command = f"check --select {code} --quiet {example.options}dist"
    for step in example.before:
        step(folder / "dist")
    main(command.split())
    said = capsys.readouterr().out
    assert f" {code}" in said
    recorded(code, f"$ ftwheel {command}\n{said}")
    for path in (folder / "dist").glob("*.whl"):
        path.unlink()
    for step in example.after:
        step(folder / "dist")
    capsys.readouterr()
    assert main(command.split()) == 0
    assert "no findings" in capsys.readouterr().out, RULES[code].fix


@pytest.mark.parametrize("code", FACTS)
def test_facts_before_and_after(code: str) -> None:
    def judged(facts: WheelFacts | ReleaseWheels) -> str:
        selection = RuleSelection(select=(code,))
        found = selection.judge(facts) if isinstance(facts, WheelFacts) else selection.judge_group(facts)
        out = io.StringIO()
        write_text(found, out)
        return f"{out.getvalue()}\n{summary(found)}" if found else ""

    before, after = FACTS[code]
    recorded(code, f"$ ftwheel check --select {code} --quiet dist\n{judged(before)}")
    assert judged(after) == ""


@pytest.mark.parametrize("code", IMPORTS)
def test_an_import_before_and_after(
    code: str, folder: Path, free_threaded_python: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["check", "--select", code, "--quiet", "--import", "--python"]
    for source, expected in zip(IMPORTS[code], (True, False), strict=True):
        module = build_module(
            folder / f"build{expected}", free_threaded_python, source="#include <stdlib.h>\n" + source
        )
        files = {f"pkg/_ext{ext_suffix(free_threaded_python)}": module}
        make_wheel(folder / "dist", f"pkg-1.0-cp313-cp313t-linux_{MACHINE}.whl", files)
        main([*command, free_threaded_python, "dist"])
        said = capsys.readouterr().out.replace(MACHINE, "x86_64")
        assert (f" {code}" in said) is expected
        if expected:
            recorded(code, f"$ ftwheel {' '.join(command)} 3.13t dist\n{said}")


def test_what_a_plain_install_cannot_import(
    folder: Path, free_threaded_python: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = DECLARED.replace(
        "return PyModuleDef_Init", 'return !PyImport_ImportModule("speedup") ? NULL : PyModuleDef_Init'
    )
    module, suffix = (
        build_module(folder / "build", free_threaded_python, source=source),
        ext_suffix(free_threaded_python),
    )
    files = {
        "pkg/__init__.py": "",
        f"pkg/_ext{suffix}": module,
        "pkg/_vendored/__init__.py": "",
        "pkg/_vendored/lib/speedup.py": "",
        f"pkg/_vendored/lib/_ext{suffix}": module,
    }
    metadata = "Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\nRequires-Dist: {0}; extra == 'fast'\n"
    wheel = f"pkg-1.0-cp313-cp313t-linux_{MACHINE}.whl"
    check = ["check", "--select", "FTW70", "--quiet", "--import", "--report", "json=report.json"]
    check += ["--python", free_threaded_python, f"dist/{wheel}"]

    def said(requirement: str) -> str:
        make_wheel(folder / "dist", wheel, files, replace={"METADATA": metadata.format(requirement)})
        main(check)
        return capsys.readouterr().out.replace(MACHINE, "x86_64")

    assert "error FTW701" in said("another")
    shown = said("speedup")
    recorded("FTW706", f"$ ftwheel check --select FTW70 --quiet --import --python 3.13t dist\n{shown}")

    # what the fixes say, word for word
    found = json.loads(Path("report.json").read_text(encoding="utf-8"))["findings"]
    assert [each["code"] for each in found] == ["FTW706", "FTW706"]
    make_wheel(folder / "dist", "speedup-1.0-py3-none-any.whl", {"speedup.py": ""})
    subprocess.run(["uv", "venv", "-q", "--no-project", "-p", free_threaded_python, "env"], check=True)
    environ = os.environ | {"VIRTUAL_ENV": f"{folder}/env", "UV_NO_INDEX": "1", "UV_FIND_LINKS": "."}
    environ["PATH"] = os.pathsep.join([f"{folder}/env/bin", environ["PATH"]])
    for fix in sorted(each["fix"].partition(": ")[2] for each in found):  # the one that installs comes first
        command = fix.replace("pip install", "uv pip install")
        subprocess.run(command, shell=True, check=True, cwd=folder / "dist", env=environ, timeout=60)


def test_the_right_interpreter_for_an_import(
    folder: Path, default_python: str, free_threaded_python: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = build_module(folder / "build", free_threaded_python, source=DECLARED)
    files = {f"pkg/_ext{ext_suffix(free_threaded_python)}": module}
    make_wheel(folder / "dist", f"pkg-1.0-cp313-cp313t-linux_{MACHINE}.whl", files)
    command = ["check", "--select", "FTW704", "--quiet", "--import", "--python"]
    main([*command, default_python, "dist"])
    said = capsys.readouterr().out.replace(MACHINE, "x86_64")
    recorded("FTW704", f"$ ftwheel {' '.join(command)} 3.13 dist\n{said}")
    assert main([*command, free_threaded_python, "dist"]) == 0
    assert "no findings" in capsys.readouterr().out


@pytest.mark.parametrize("code", RELEASES)
def test_a_release_before_and_after(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["verify", "dist", "--index", "index", "--uploaded-prior-to", "2026-12-01"]  # the same on any day
    for fixed in (False, True):
        place = tmp_path / str(fixed)
        place.mkdir()
        monkeypatch.chdir(place)
        RELEASES[code].write(place, fixed=fixed)
        assert main(command) in {0, 1}
        said = capsys.readouterr().out
        assert (f" {code}" in said) is not fixed
        if not fixed:
            recorded(code, f"$ ftwheel {' '.join(command)}\n{said}")


@pytest.mark.parametrize("code", DEPENDENCIES)
def test_a_dependency_before_and_after(code: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = DEPENDENCIES[code]
    options = ["--no-deps", "-t", "3.14t-manylinux_2_28_x86_64", "--index", "index", "--format", "github"]
    write_index(folder / "index", example.index)
    main(["missing", *example.asked.split(), *options])
    said = capsys.readouterr().out
    assert code in said
    recorded(code, f"$ ftwheel missing {' '.join([example.asked, *options])}\n{said}")
    write_index(folder / "index", example.fixed)
    assert main(["missing", "demo", *options]) == 0
    assert code not in capsys.readouterr().out


def test_a_declaration_of_a_dependency() -> None:
    def said(declares: Declaration) -> str:
        gil = GilDeclarations(filename="demo-1.0-cp314-cp314t.whl", declares=declares, modules=2, others=("demo._a",))
        out = io.StringIO()
        write(report(project("demo", verdict(gil=gil))), "github", out)
        return out.getvalue()

    recorded("FTM107", f"$ ftwheel missing demo --deep --format github\n{said(Declaration.NONE)}")
    assert said(Declaration.NOT_USED) == ""


@pytest.fixture(scope="module")
def code_by_abi(
    tmp_path_factory: pytest.TempPathFactory, default_python: str, free_threaded_python: str, python_315: str
) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("modules")
    made = every_abi(folder, default_python, free_threaded_python)
    return made | every_stable_abi(folder / "stable", default_python, python_315)


@pytest.mark.parametrize("code", [*REFUSALS, *sorted(COMPILED)])
def test_a_build_before_and_after(code: str, code_by_abi: dict[str, bytes]) -> None:
    before, after = REFUSALS[code] if code in REFUSALS else compiled(code_by_abi, MACHINE)[code]
    said = [error for error in refused(before) if error.code == code]
    assert said
    recorded(code, f"$ python -m build --wheel\n{said[0]}".replace(MACHINE, "x86_64"))
    assert code not in {error.code for error in refused(after)}


def test_every_fix_is_applied_by_a_test() -> None:
    """A rule whose advice nobody tried may send people in a circle."""
    here = {*WHEELS, *FACTS, *IMPORTS, "FTW704", "FTW706", "FTM107", *RELEASES, *DEPENDENCIES, *REFUSALS, *COMPILED}
    root = Path(__file__).parents[2]
    elsewhere = {  # with what takes more than this file has: where it is
        "FTW705": ("tests/e2e/test_build_command.py", "test_an_extension_that_fell_away_is_told_with_its_error"),
        "FTB206": ("tests/integration/test_backend_adapt.py", "test_a_version_of_setuptools_that_builds_wrong_wheels"),
    }
    for path, name in elsewhere.values():
        assert f"def {name}(" in (root / path).read_text(encoding="utf-8")
    assert RULES.keys() == here | elsewhere.keys()
    assert not here & elsewhere.keys()


def test_the_advice_for_every_toolchain_is_applied_by_a_test() -> None:
    """FTW401 names what each toolchain has to write."""
    tried = {
        "test_toolchain_advice.py": [
            *(Toolchain.SWIG, Toolchain.CYTHON, Toolchain.F2PY, Toolchain.MYPYC, Toolchain.NANOBIND, Toolchain.PYO3),
            Toolchain.BOOST_PYTHON,
        ],
        "test_binaries_toolchains.py": [Toolchain.PYBIND11, Toolchain.CFFI, Toolchain.C],
    }
    for name, toolchains in tried.items():
        text = (Path(__file__).parent / name).read_text(encoding="utf-8").lower()
        assert not [each for each in toolchains if f"def test_{each.name.lower()}" not in text]
    assert {each for toolchains in tried.values() for each in toolchains} == set(Toolchain)


def test_every_toolchain_that_a_fix_names_is_tried() -> None:
    """FTW401's have the test above. FTB313 is FTW313 in a build: its fix has the same three settings."""
    folder = Path(__file__).parent
    tried = set(re.findall(r'"(FTW\d{3}) ([\w-]+)": \("FTW', (folder / "test_fix_settings.py").read_text()))
    tried |= {("FTW301", "CMake")}  # the place to look for another Python's headers, not a setting
    tried |= {("FTB102", "setuptools")}  # an example of a name
    words = {"setuptools", "scikit-build-core", "meson-python", "maturin", "CMake"}
    words |= {each.value for each in Toolchain if each is not Toolchain.C}
    settings = {("FTW206", "setuptools")}  # `py_limited_api=True` on the Extension
    named = {
        (code, word) for code, rule in RULES.items() for word in words if re.search(rf"\b{re.escape(word)}\b", rule.fix)
    }
    assert named | settings == tried


@pytest.mark.parametrize("code", RULES)
def test_every_page_has_an_example(code: str) -> None:
    assert "\n## Example\n\n```console\n$ " in (PAGES / f"{code}.md").read_text(encoding="utf-8")
