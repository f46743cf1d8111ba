"""``ftwheel build`` from the command line: real builds by both interpreters, and what is said when one is wrong."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from ftwheel.io.release.digests import read_digests
from support.commands import ftwheel, ftwheel_environ
from support.projects import c_project, c_source, intree_project

pytestmark = pytest.mark.e2e

DOCS = Path(__file__).parents[2] / "docs"

# Builds a wheel without a backend's help; what HOOK does comes first.
BACKEND = """
import base64, hashlib, os, subprocess, sys, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    HOOK
    name = "intree-1.0-py3-none-any.whl"
    info = "intree-1.0.dist-info/"
    members = {
        "intree.py": PYTHON,
        info + "METADATA": "Metadata-Version: 2.1\\nName: intree\\nVersion: 1.0\\n",
        info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: own\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = info + "RECORD,,\\n"
    for member, text in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{member},sha256={digest},{len(text)}\\n"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as archive:
        for member, text in {**members, info + "RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(member), text)
    return name
"""


def backend(hook: str = "pass", python: str = "''") -> str:
    return BACKEND.replace("HOOK", hook).replace("PYTHON", python)


@pytest.fixture(scope="session")
def pair(default_python: str, free_threaded_python: str) -> str:
    return f"{default_python},{free_threaded_python}"


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Two extension modules without the wrapper, and the wheel of an older release."""
    project = c_project(tmp_path / "plain", {"one": c_source("one"), "two": c_source("two")})
    (project / "dist").mkdir()
    (project / "dist" / "ext-0.9-py3-none-any.whl").write_text("an older release")
    return project


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_project_without_the_wrapper_twice(plain: Path, pair: str, tmp_path: Path) -> None:
    """Both wheels, checked; the tree is untouched; the same source gives the same bytes again, and replaces them."""
    before = tree(plain)
    # debug information holds the folder of the build: a cache of its own keeps other runs from taking the first place
    environ = ftwheel_environ(SOURCE_DATE_EPOCH="1700000000", FTWHEEL_CACHE_DIR=os.fspath(tmp_path / "cache"))

    listed = tmp_path / "listed.sha256"
    first = ftwheel(
        "build", plain, "--python", pair, "--format", "json", "--write-digests", listed, environ=environ
    ).json

    assert first["schema_version"] == 2
    assert first["passed"] is True
    assert first["findings"] == []
    assert (first["project"], first["version"]) == ("plain", "1.0")
    default, free_threaded = first["wheels"]
    assert [wheel["modules"] for wheel in first["wheels"]] == [["pkg.one", "pkg.two"]] * 2
    assert [wheel["interpreters"][0]["free_threaded"] for wheel in first["wheels"]] == [False, True]
    assert {each["gil_after"] for each in default["imports"]} == {True}
    assert {each["gil_after"] for each in free_threaded["imports"]} == {False}
    for wheel in first["wheels"]:
        data = Path(wheel["path"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (wheel["size"], wheel["sha256"])
        assert wheel["repair"]["tool"] in {"auditwheel", "delocate", "delvewheel"}
        assert wheel["repair"]["after"] == wheel["tags"].split("-")[-1]
    made = {Path(wheel["path"]).name for wheel in first["wheels"]}
    assert read_digests(listed) == {wheel["filename"]: wheel["sha256"] for wheel in first["wheels"]}
    assert {name: data for name, data in tree(plain).items() if Path(name).name not in made} == before

    again = ftwheel("build", plain, "--python", pair, environ=environ)

    assert again.code == 0, again.err
    assert {path.name for path in (plain / "dist").iterdir()} == {*made, "ext-0.9-py3-none-any.whl"}
    for wheel in first["wheels"]:
        assert hashlib.sha256(Path(wheel["path"]).read_bytes()).hexdigest() == wheel["sha256"]
        assert wheel["filename"] in again.out
    assert "stays off" in again.out
    assert "t: building\n" in again.err
    assert list((tmp_path / "cache" / "work").glob("*[!k]")) == []


def test_the_source_distribution_and_one_wheel_from_it(plain: Path, free_threaded_python: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    flags = ["--sdist", "--no-repair", "--no-import", "--format", "json"]
    done = ftwheel("build", plain, *flags, "--python", free_threaded_python, "-o", out)

    result = done.json
    assert result["sdist"]["filename"] == "ext-1.0.tar.gz"
    (wheel,) = result["wheels"]
    assert wheel["imports"] == []
    assert wheel["repair"] == {
        "tool": None,
        "before": wheel["repair"]["after"],
        "after": wheel["tags"].split("-")[-1],
        "reason": "not requested",
        "grafted": [],
    }
    assert sorted(path.name for path in out.iterdir()) == sorted(["ext-1.0.tar.gz", wheel["filename"]])

    again = ftwheel("build", out / "ext-1.0.tar.gz", "--no-repair", "--no-import", "--python", free_threaded_python)

    assert again.code == 0, again.err
    assert sorted(path.name for path in out.iterdir()) == sorted(["ext-1.0.tar.gz", wheel["filename"]])
    with tarfile.open(out / "ext-1.0.tar.gz") as archive:
        assert "ext-1.0/src/one.c" in archive.getnames()


def test_a_compile_error_is_shown_and_nothing_is_written(tmp_path: Path, free_threaded_python: str) -> None:
    project = c_project(tmp_path / "broken", {"one": c_source("one", body="return nonsense;")})

    done = ftwheel("build", project, "--python", free_threaded_python)

    assert done.code == 6
    assert "ftwheel: error: broken, 3." in done.err
    assert "error: " in done.err
    assert "nonsense" in done.err
    assert "Traceback" not in done.err
    assert done.out == ""
    assert not (project / "dist").exists()


def test_what_is_known_of_the_other_wheel_is_shown(tmp_path: Path, pair: str) -> None:
    source = "#include <Python.h>\n#ifndef Py_GIL_DISABLED\n#error not here\n#endif\n" + c_source("one", declares=False)
    project = c_project(tmp_path / "broken", {"one": source})

    done = ftwheel("build", project, "--python", pair, "--report", f"json={tmp_path}/report.json")

    assert done.code == 6
    assert "error: #error not here" in done.err
    assert "error FTW401" in done.out
    assert "nothing was written to " in done.out
    report = json.loads((tmp_path / "report.json").read_text())
    assert [each["interpreters"][0]["free_threaded"] for each in report["wheels"]] == [True]
    assert (report["passed"], report["wheels"][0]["path"]) == (False, None)
    assert "#error not here" in report["failure"]
    assert not (project / "dist").exists()


FALLS_BACK = """
from setuptools import Extension, setup

extensions = [Extension("pkg." + name, ["src/" + name + ".c"], optional={optional}) for name in {modules}]
try:
    setup(ext_modules=extensions)
except SystemExit:
    setup()
"""


@pytest.mark.parametrize(
    ("fast", "optional", "code"),
    [
        ("#include <crc32c.h>", False, "FTW705"),  # setup.py goes on without it: the wheel is py3-none-any
        ("#include <crc32c.h>", True, "FTB304"),  # setuptools does, and the tags stay
        ("", False, ""),
    ],
)
def test_an_extension_that_fell_away_is_told_with_its_error(
    fast: str, optional: bool, code: str, tmp_path: Path, free_threaded_python: str
) -> None:
    passed = code != "FTB304"
    project = c_project(tmp_path / "project", {"fast": f"{fast}\n{c_source('fast')}"})
    (project / "setup.py").write_text(FALLS_BACK.format(optional=optional, modules=["fast"]))
    result = ftwheel("build", project, "--python", free_threaded_python, "--format", "json").json

    assert (result["passed"], [each["code"] for each in result["findings"]]) == (passed, [code] if code else [])
    if code:
        message = result["findings"][0]["message"]
        assert "fatal error: crc32c.h: No such file" in message
        if code == "FTW705":  # the example on the page is this one
            page = (DOCS / "rules" / "FTW705.md").read_text(encoding="utf-8")
            assert {line.strip() for line in message.splitlines()} <= {line.strip() for line in page.splitlines()}
    reason = result["wheels"][0]["repair"]["reason"]
    assert (reason == "the wheel has errors") is not passed


def test_one_extension_of_two_fell_away(tmp_path: Path, free_threaded_python: str) -> None:
    modules = {"fast": "#include <crc32c.h>\n", "slow": c_source("slow")}
    project = c_project(tmp_path / "project", modules)
    (project / "setup.py").write_text(FALLS_BACK.format(optional=True, modules=[*modules]))

    done = ftwheel("build", project, "--python", free_threaded_python)

    assert done.code == 0, done.err
    assert "warning FTW705" in done.out
    assert "crc32c.h: No such file" in done.out


def test_a_pure_project_is_one_wheel(tmp_path: Path, pair: str) -> None:
    project = intree_project(tmp_path / "intree", backend())

    done = ftwheel("build", project, "--python", pair, "-v")

    assert done.code == 0, done.err
    assert [path.name for path in (project / "dist").iterdir()] == ["intree-1.0-py3-none-any.whl"]
    assert "one wheel is enough" in done.out
    assert "1 file in " in done.out


def test_wheels_with_different_python_files_are_refused(tmp_path: Path, pair: str) -> None:
    python = "'FREE_THREADED = %r' % bool(__import__('sysconfig').get_config_var('Py_GIL_DISABLED'))"
    project = intree_project(tmp_path / "intree", backend(python=python))

    result = ftwheel("build", project, "--python", pair, "--format", "json").json

    assert result["passed"] is False
    assert {"FTW601", "FTW603"} == {finding["code"] for finding in result["findings"]}
    assert "intree.py" in str(result["findings"])


def test_config_settings_reach_the_backend(tmp_path: Path, free_threaded_python: str) -> None:
    hook = "print('told', sorted((config_settings or {}).items())); raise SystemExit(1)"
    project = intree_project(tmp_path / "intree", backend(hook))

    done = ftwheel("build", project, "--python", free_threaded_python, "-C", "a=1", "-C", "b=2", "-C", "b=3", "-C", "c")

    assert done.code == 6
    assert "told [('a', '1'), ('b', ['2', '3']), ('c', '')]" in done.err


def test_neither_the_build_nor_the_import_reaches_the_workflow(tmp_path: Path, free_threaded_python: str) -> None:
    told = f"open({os.fspath(tmp_path / 'told')!r}, 'a').write(' '.join(sorted(os.environ)) + chr(10))"
    project = intree_project(tmp_path / "intree", backend(told, python=repr(f"import os; {told}")))
    environ = ftwheel_environ(GITHUB_OUTPUT=f"{tmp_path}/out", GITHUB_TOKEN="t", GITHUB_SHA="s", TWINE_PASSWORD="p")

    done = ftwheel("build", project, "--python", free_threaded_python, environ=environ)

    assert done.code == 0, done.err
    for line in (tmp_path / "told").read_text().splitlines():
        assert {"GITHUB_OUTPUT", "GITHUB_TOKEN", "GITHUB_SHA", "TWINE_PASSWORD"} & set(line.split()) == {"GITHUB_SHA"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_nothing(tmp_path: Path, pair: str, number: signal.Signals) -> None:
    hook = (
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "    open(os.environ['MARK'] + str(child.pid), 'w').close(); child.wait()"
    )
    project = intree_project(tmp_path / "intree", backend(hook))
    marks = tmp_path / "marks"
    marks.mkdir()
    environ = ftwheel_environ(MARK=f"{marks}/", FTWHEEL_CACHE_DIR=os.fspath(tmp_path / "cache"))
    # a shell starts background jobs with SIGINT ignored, and children inherit that
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from ftwheel.cli.main import process; sys.exit(process())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, "build", project, "--python", pair],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while len(list(marks.iterdir())) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)

    process.send_signal(number)
    out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (130, ""), err
    assert err.endswith("ftwheel: interrupted\n")
    assert "Traceback" not in err
    pids = [int(mark.name) for mark in marks.iterdir()]
    assert len(pids) == 2
    deadline = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(alive, pids))
    assert not (project / "dist").exists()
    assert [path.suffix for path in (tmp_path / "cache" / "work").iterdir()] == [".lock"]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (["missing"], 2, "missing: does not exist", "projects here: bad, future, odd"),
        (["empty"], 2, "empty: no pyproject.toml and no setup.py", "pyproject.toml"),
        (["bad"], 3, "pyproject.toml: not valid TOML", ""),
        (["odd"], 3, "project.requires-python is 'three', not a set", ">=3.10"),
        (["project", "--python", "3.99"], 7, "no default CPython 3.99 here", "uv python install 3.99"),
        (["project", "--python", "snake"], 2, "--python 'snake': neither a version", "3.14t"),
        (["project", "--python", "./nothing"], 2, "./nothing: no such file", ""),
        (["project", "-C", "=x"], 2, "--config-setting '=x': no key", "-C KEY=VALUE"),
        (["future"], 7, "supports none of the interpreters", "uv python install"),
    ],
)
def test_input_that_cannot_be_used(tmp_path: Path, arguments: list[str], code: int, message: str, hint: str) -> None:
    texts = {
        "bad": "[project",
        "odd": '[project]\nname = "odd"\nrequires-python = "three"\n',
        "future": '[project]\nname = "future"\nrequires-python = ">=4"\n',
        "project": '[project]\nname = "p"\n',
    }
    (tmp_path / "empty").mkdir()
    for name, text in texts.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyproject.toml").write_text(text)

    done = ftwheel("build", *arguments, cwd=tmp_path)

    assert done.code == code, done.err
    error, *hints = done.err.splitlines()
    assert error.startswith("ftwheel: error: ")
    assert message in error
    assert hint in "".join(hints)
    assert done.out == ""


def test_the_same_build_of_cpython_twice(tmp_path: Path, default_python: str) -> None:
    project = intree_project(tmp_path / "intree", backend())
    link = tmp_path / "python3"
    link.symlink_to(default_python)

    done = ftwheel("build", project, "--python", f"{default_python},{link}")

    assert done.code == 2
    assert "two interpreters are CPython" in done.err


def test_a_version_from_git_with_setuptools_scm(tmp_path: Path, free_threaded_python: str) -> None:
    """Backends that ask Git for the version and the files get the answers of the original, in a subfolder too."""
    top = tmp_path / "repository"
    project = c_project(top / "python", {"one": c_source("one")})
    text = (project / "pyproject.toml").read_text()
    text = text.replace('"setuptools>=77"', '"setuptools>=77", "setuptools-scm>=8"').replace(
        'version = "1.0"', 'dynamic = ["version"]'
    )
    (project / "pyproject.toml").write_text(f'{text}[tool.setuptools_scm]\nroot = ".."\n')
    (project / "src" / "pkg" / "data.txt").write_text("tracked, so packaged\n")
    (top / "unrelated").write_text("")
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "First"], ["tag", "v4.5"]):
        subprocess.run(["git", *identity, *command], cwd=top, check=True)

    result = ftwheel("build", project, "--python", free_threaded_python, "--format", "json").json

    assert result["version"] == "4.5"
    with zipfile.ZipFile(result["wheels"][0]["path"]) as archive:
        assert "pkg/data.txt" in archive.namelist()


def test_without_a_pair_that_the_project_names_another_one_builds(
    tmp_path: Path, default_python: str, free_threaded_python: str
) -> None:
    """The first build after ``ftwheel init``, which names newer Pythons than this machine may have."""
    project = c_project(tmp_path / "project", {"one": c_source("one")})
    with (project / "pyproject.toml").open("a") as stream:
        stream.write('[tool.ftwheel]\npythons = ["3.10", "3.19t"]\n')
    folder = tmp_path / "bin"
    folder.mkdir()
    for python in (default_python, free_threaded_python):
        (folder / Path(python).name).symlink_to(python)
    nowhere = os.fspath(tmp_path / "nowhere")
    path = os.pathsep.join([os.fspath(folder), os.environ["PATH"]])
    environ = ftwheel_environ(PATH=path, PYENV_ROOT=nowhere, UV_PYTHON_INSTALL_DIR=nowhere)

    done = ftwheel("build", project, "--format", "json", environ=environ)

    assert done.code == 0, done.err
    assert "this machine has no pair of [tool.ftwheel] pythons (3.10, 3.19t)" in done.err
    assert {wheel["interpreters"][0]["free_threaded"] for wheel in done.json["wheels"]} == {False, True}


def test_no_pair_says_how_to_get_one(tmp_path: Path) -> None:
    """Only one interpreter can be found: the one that runs ftwheel, which makes no pair."""
    project = intree_project(tmp_path / "intree", backend())
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("python3", "uv"):
        if found := shutil.which(program):
            (folder / program).symlink_to(found)
    nowhere = os.fspath(tmp_path / "nowhere")
    environ = ftwheel_environ(
        PATH=os.fspath(folder), PYENV_ROOT=nowhere, UV_PYTHON_INSTALL_DIR=nowhere, FTWHEEL_CACHE_DIR=nowhere
    )

    done = ftwheel("build", project, environ=environ)

    assert done.code == 7
    assert "no pair of interpreters" in done.err
    assert "uv python install 3.14 3.14t" in done.err
