"""The hooks around in-tree backends of a few lines: what is exposed, passed on, stripped, refused and left behind.

Everything runs in processes of real interpreters, as frontends do it; no package has to be installed.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from support.backend import Answer, hook, project, start, write

BACKEND = """
import base64, hashlib, json, os, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "demo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as archive:
        archive.writestr("demo.py", json.dumps([config_settings, metadata_directory]))
        archive.writestr("demo-1.0.dist-info/WHEEL", "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n")
        archive.writestr("demo-1.0.dist-info/RECORD", "")
    return name
"""
WHEEL = "demo-1.0-py3-none-any.whl"


def intree(folder: Path, code: str = "", *, name: str = "own", tool: str = "") -> Path:
    return project(folder / "source", name, {"tools/own.py": BACKEND + code}, tool='backend-path = ["tools"]\n' + tool)


def seen(source: Path) -> list[object]:
    """Which config settings and metadata directory the wrapped backend got."""
    script = "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read('demo.py').decode())"
    wheel = source / "dist" / WHEEL
    found: list[object] = json.loads(subprocess.check_output(["python3", "-c", script, str(wheel)], text=True))
    return found


def test_exactly_the_hooks_of_the_wrapped_backend(tmp_path, default_python):
    source = intree(tmp_path, "def get_requires_for_build_wheel(config_settings=None): return ['cython']\n")
    ask = "import ftwheel_build as b; print([name for name in b.HOOKS if hasattr(b, name)], hasattr(b, '__path__'))"
    assert run(default_python, source, ask) == "['build_wheel', 'get_requires_for_build_wheel'] True"
    assert hook(default_python, source, "get_requires_for_build_wheel", None).value == ["cython"]
    missing = hook(default_python, source, "build_sdist", "dist")
    assert "AttributeError: module 'own' has no attribute 'build_sdist'" in missing.output


def run(python: str, source: Path, code: str, **env: str) -> str:
    from support.backend import SOURCE

    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [python, "-c", code],
        cwd=source,
        env=kept | {"PYTHONPATH": str(SOURCE)} | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_the_hooks_keep_name_documentation_and_parameters(tmp_path, default_python):
    source = intree(tmp_path)
    ask = "import inspect, ftwheel_build as b; print(b.build_wheel.__name__, inspect.signature(b.build_wheel))"
    assert run(default_python, source, ask) == (
        "build_wheel (wheel_directory, config_settings=None, metadata_directory=None)"
    )


def test_unsupported_operation_is_the_wrapped_backends(tmp_path, default_python):
    source = intree(
        tmp_path,
        "class UnsupportedOperation(Exception): pass\n"
        "def build_sdist(sdist_directory, config_settings=None): raise UnsupportedOperation('no sdist')\n",
    )
    ask = (
        "import ftwheel_build as b\n"
        "try: b.build_sdist('dist')\n"
        "except b.UnsupportedOperation as error: print(type(error).__module__, error)"
    )
    assert run(default_python, source, ask) == "own no sdist"
    plain = intree(tmp_path / "plain")
    assert run(default_python, plain, "import ftwheel_build as b; print(hasattr(b, 'UnsupportedOperation'))") == "False"


def test_a_backend_that_is_an_object(tmp_path, default_python):
    source = intree(
        tmp_path,
        "class Outer:\n    class hooks:\n        build_wheel = staticmethod(build_wheel)\n",
        name="own:Outer.hooks",
    )
    answer = hook(default_python, source, "build_wheel", "dist", None, "metadata")
    assert answer.value == WHEEL, answer.output
    assert seen(source) == [None, "metadata"]


def test_config_settings(tmp_path, default_python, free_threaded_python):
    """The wrapper's own are stripped; those of the table for one build are added, and give way to given ones."""
    tool = (
        '[tool.ftwheel.config-settings]\ndefault = {kind = "default"}\n'
        'free-threaded = {kind = "free-threaded", list = ["a", "b"]}\n'
    )
    source = intree(tmp_path, tool=tool)
    given = {"other": ["x", "y"], "ftwheel.limited-api": "keep"}
    for python, expected in (
        (default_python, {"kind": "default", "other": ["x", "y"]}),
        (free_threaded_python, {"kind": "free-threaded", "list": ["a", "b"], "other": ["x", "y"]}),
    ):
        assert hook(python, source, "build_wheel", "dist", given).code == 0
        assert seen(source) == [expected, None]
    assert hook(default_python, source, "build_wheel", "dist", {"kind": "mine"}).code == 0
    assert seen(source) == [{"kind": "mine"}, None]


@pytest.mark.parametrize("name", ["ftwheel_build", "ftwheel_build.hooks:thing"])
def test_wrapping_itself_by_name(tmp_path, default_python, name):
    answer = hook(default_python, intree(tmp_path, name=name), "build_wheel", "dist")
    refused(answer, "FTB102", f"found '{name}', expected the backend to wrap")


def test_wrapping_itself_by_a_detour(tmp_path, default_python):
    source = intree(tmp_path, "import ftwheel_build as b\ndef build_wheel(*given): return b.build_wheel(*given)\n")
    refused(hook(default_python, source, "build_wheel", "dist"), "FTB102", "'own' calls ftwheel_build again")


def refused(answer: Answer, code: str, *words: str) -> None:
    assert (answer.code, answer.refused) == (1, code), answer.output
    assert "Traceback" not in answer.output
    for word in words:
        assert word in answer.output


@pytest.mark.parametrize(
    ("name", "tool", "refusal"),
    [
        ("missing.build_meta", "", ("FTB103", "'missing.build_meta' cannot be imported: No module named 'missing'")),
        ("own:absent", 'backend-path = ["tools"]\n', ("FTB103", "cannot be imported from tools: module 'own' has no")),
        ("json", 'backend-path = ["tools"]\n', ("FTB103", "json was imported from ")),
        ("own", 'backend-path = [".."]\n', ("FTB101", "is outside the project")),
        ("own", 'backend-paht = ["tools"]\n', ("FTB101", "did you mean 'backend-path'?")),
    ],
)
def test_a_backend_that_is_not_there(tmp_path, default_python, name, tool, refusal):
    source = project(tmp_path / "source", name, {"tools/own.py": BACKEND}, tool=tool)
    refused(hook(default_python, source, "build_wheel", "dist"), *refusal)


RENAMED = """
_build = build_wheel
def build_wheel(directory, *given):
    os.rename(os.path.join(directory, _build(directory)), os.path.join(directory, "demo-1.0-cp39-none-any.whl"))
    return "demo-1.0-cp39-none-any.whl"
"""
ANOTHER = """
def build_wheel(directory, *given):
    open(os.path.join(directory, "a.whl"), "w").close()
    return "b.whl"
"""
LINKED = """
def build_wheel(directory, *given):
    os.symlink("/dev/zero", os.path.join(directory, "a.whl"))
    return "a.whl"
"""


@pytest.mark.parametrize(
    ("code", "expected", "message"),
    [
        (RENAMED, "FTB302", "WHEEL says py3-none-any"),
        (ANOTHER, "FTB301", "returned 'b.whl' and built ['a.whl']"),
        (LINKED, "FTB301", "returned 'a.whl' and built []"),
        ("def build_wheel(directory, *given): return None\n", "FTB301", "returned None and built []"),
    ],
)
def test_a_wrong_wheel_is_not_left_behind_and_replaces_nothing(tmp_path, default_python, code, expected, message):
    source = intree(tmp_path, code)
    write(source, {"dist/demo-1.0-cp39-none-any.whl": "from before"})
    refused(hook(default_python, source, "build_wheel", source / "dist"), expected, message)
    assert [path.read_text() for path in (source / "dist").iterdir()] == ["from before"]


def test_a_backend_that_fails_leaves_nothing(tmp_path, default_python):
    failing = "def build_wheel(directory, *given):\n    open(os.path.join(directory, 'x'), 'w')\n    raise OSError(7)\n"
    source = intree(tmp_path, failing)
    answer = hook(default_python, source, "build_wheel", source / "dist")
    assert "OSError: 7" in answer.output
    assert answer.refused == ""
    assert list((source / "dist").iterdir()) == []


def test_an_ignored_code_is_printed_and_lets_the_wheel_through(tmp_path, default_python):
    source = intree(tmp_path, RENAMED.replace("cp39-none-any", "py3-none-linux_x86_64"), tool='ignore = ["FTB302"]\n')
    answer = hook(default_python, source, "build_wheel", source / "dist")
    assert answer.value == "demo-1.0-py3-none-linux_x86_64.whl", answer.output
    assert "ftwheel-build: ignored: FTB302: " in answer.output
    strict = intree(tmp_path / "strict", RENAMED.replace("cp39-none-any", "py3-none-linux_x86_64"))
    refused(hook(default_python, strict, "build_wheel", "dist"), "FTB302")
    assert hook(default_python, strict, "build_wheel", "dist", {"ftwheel.ignore": "FTB302"}).code == 0


def test_an_sdist_carries_the_in_tree_backend(tmp_path, default_python):
    sdist = (
        "import tarfile\n"
        "def build_sdist(d, s=None):\n"
        "    with tarfile.open(os.path.join(d, 'demo-1.0.tar.gz'), 'w:gz') as archive:\n"
        "        for name in {}: archive.add(name, 'demo-1.0/' + name)\n"
        "    return 'demo-1.0.tar.gz'\n"
    )
    whole = intree(tmp_path / "whole", sdist.format(["pyproject.toml", "tools/own.py"]))
    assert hook(default_python, whole, "build_sdist", whole).value == "demo-1.0.tar.gz"
    with tarfile.open(whole / "demo-1.0.tar.gz") as archive:
        assert archive.getnames() == ["demo-1.0/pyproject.toml", "demo-1.0/tools/own.py"]
    partial = intree(tmp_path / "partial", sdist.format(["pyproject.toml"]))
    refused(hook(default_python, partial, "build_sdist", partial), "FTB104", "tools/own.py is missing")
    assert not (partial / "demo-1.0.tar.gz").exists()


def test_a_build_inside_a_build_of_the_same_tree_does_not_wait_for_itself(tmp_path, default_python):
    nested = (
        "import subprocess, sys\n"
        "def build_sdist(d, s=None):\n"
        "    code = 'import ftwheel_build as b; b.build_wheel(\"dist\")'\n"
        "    subprocess.run([sys.executable, '-c', code], check=True, timeout=30)\n"
        "    return 'none'\n"
    )
    source = project(tmp_path / "source", "own", {"own.py": BACKEND + nested}, tool='backend-path = ["."]\n')
    answer = hook(default_python, source, "build_sdist", "dist")
    assert "waiting" not in answer.output
    assert (source / "dist" / WHEEL).exists(), answer.output


def test_the_lock_ends_with_the_process(tmp_path, default_python):
    endless = "import time\ndef build_wheel(*given):\n    print('in', flush=True)\n    time.sleep(60)\n"
    source = intree(tmp_path, endless)
    running = start(default_python, source, "build_wheel", "dist")
    assert running.stdout is not None
    while running.stdout.readline().strip() != "in":
        pass
    with open(source / "pyproject.toml", "rb") as stream:
        with pytest.raises(BlockingIOError):
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        running.kill()
        running.communicate()
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_read_only_tree_can_be_locked(tmp_path, default_python):
    source = intree(tmp_path)
    (source / "pyproject.toml").chmod(0o444)
    answer = hook(default_python, source, "build_wheel", tmp_path / "out")
    assert answer.value == WHEEL
    assert "cannot lock" not in answer.output


def test_the_target_is_printed_before_the_build(tmp_path, free_threaded_python):
    answer = hook(free_threaded_python, intree(tmp_path), "build_wheel", "dist")
    first = answer.output.splitlines()[0]
    assert first.startswith("ftwheel-build: build_wheel for cp3")
    assert "free-threaded build" in first
    assert first.endswith(", with own")
