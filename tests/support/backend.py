"""Small projects around ``ftwheel_build``, environments to build them in, and the hooks run as frontends run them."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import textwrap
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ftwheel_build.target import Target
from support.pip_oracle import environment_with

__all__ = ["SOURCE", "Answer", "c_source", "environment", "hook", "import_module", "names_in", "project", "write"]

SOURCE = Path(__file__).resolve().parents[2] / "backend" / "src"
_BACKENDS = (
    "build",
    "editables",
    "hatchling",
    "meson-python",
    "ninja",
    "pip",
    "scikit-build-core",
    "setuptools>=80",
    "wheel",
)


def c_source(module: str = "_ext", *, prelude: str = "") -> str:
    """A module with one function, ``answer() -> 42``, that declares what the ABI it is compiled for can say."""
    return textwrap.dedent(
        f"""\
        {prelude}
        #include <Python.h>
        static PyObject *answer(PyObject *self, PyObject *args) {{
            PyObject *list = PyList_New(0);  /* released by Py_DECREF: each ABI has its own way */
            (void)self; (void)args;
            if (list == NULL) return NULL;
            Py_DECREF(list);
            return PyLong_FromLong(42);
        }}
        static PyMethodDef methods[] = {{{{"answer", answer, METH_NOARGS, NULL}}, {{NULL, NULL, 0, NULL}}}};
        static PyModuleDef_Slot slots[] = {{
        #ifdef Py_MOD_GIL_NOT_USED
            {{Py_mod_gil, Py_MOD_GIL_NOT_USED}},
        #endif
            {{0, NULL}}}};
        static struct PyModuleDef definition = {{
            PyModuleDef_HEAD_INIT, .m_name = "{module}", .m_methods = methods, .m_slots = slots}};
        PyMODINIT_FUNC PyInit_{module}(void) {{ return PyModuleDef_Init(&definition); }}
        """
    )


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write text files below a folder, made if need be; gives the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return folder


def project(
    folder: Path, backend: str, files: Mapping[str, str], *, tool: str = "", requires: Sequence[str] = ()
) -> Path:
    """A source tree ``demo`` 1.0 with these files, whose backend is wrapped; ``tool`` goes on in [tool.ftwheel]."""
    pyproject = (
        f"[build-system]\nrequires = {json.dumps(['ftwheel-build', *requires])}\n"
        'build-backend = "ftwheel_build"\n'
        '[project]\nname = "demo"\nversion = "1.0"\nrequires-python = ">=3.9"\n'
        f'[tool.ftwheel]\nbuild-backend = "{backend}"\n'
    )
    return write(folder, {"pyproject.toml": pyproject + textwrap.dedent(tool), **files})


def environment(shared: Path, python: str, *more: str) -> Path:
    """The interpreter of an environment with the wrapped backends, made once for all workers and tests of a run."""
    asked = "import sys; print(*sys.version_info[:2], sys.abiflags)"
    version = subprocess.check_output([python, "-c", asked], text=True)
    label = re.sub("[^a-z0-9]+", "-", f"{version} {' '.join(more)}".lower()).strip("-")
    packages = [*_BACKENDS, *(["cmake"] if shutil.which("cmake") is None else []), *more]
    shared.mkdir(parents=True, exist_ok=True)
    with open(shared / f"{label}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return environment_with(shared / label, python, *packages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back from a hook: its value (None if it failed) and everything it printed."""

    value: Any
    output: str
    code: int

    @property
    def refused(self) -> str:
        """The code of the refusal, empty if there was none."""
        marker = "ftwheel-build: error: "
        return self.output.rpartition(marker)[2][:6] if marker in self.output else ""


_RUN = """
import json, sys
import ftwheel_build
hook, arguments, answer = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
value = getattr(ftwheel_build, hook)(*arguments)
open(answer, "w").write(json.dumps(value))
"""


def hook(
    python: str | Path,
    source: Path,
    name: str,
    *arguments: object,
    env: Mapping[str, str] | None = None,
    paths: Sequence[Path] = (),
) -> Answer:
    """Run one hook of the wrapper as a frontend does: a process of its own, in the source tree."""
    done = start(python, source, name, *arguments, env=env, paths=paths)
    output = done.communicate(timeout=300)[0]
    answer = Path(done.args[-1])  # type: ignore[arg-type,index]
    value = json.loads(answer.read_text()) if answer.exists() else None
    answer.unlink(missing_ok=True)
    return Answer(value=value, output=output, code=done.returncode)


def start(
    python: str | Path,
    source: Path,
    name: str,
    *arguments: object,
    env: Mapping[str, str] | None = None,
    paths: Sequence[Path] = (),
) -> subprocess.Popen[str]:
    """Start a hook without waiting for it."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    kept["PATH"] = f"{Path(python).parent}{os.pathsep}{kept.get('PATH', '')}"
    kept["PYTHONPATH"] = os.pathsep.join(map(str, (SOURCE, *paths)))
    answer = source.parent / f"answer-{os.urandom(4).hex()}.json"
    return subprocess.Popen(
        [
            str(python),
            "-c",
            _RUN,
            name,
            json.dumps([str(a) if isinstance(a, Path) else a for a in arguments]),
            str(answer),
        ],
        cwd=source,
        env=kept | dict(env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def names_in(wheel: Path) -> list[str]:
    """The files of a wheel outside its .dist-info, sorted."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(name for name in archive.namelist() if ".dist-info/" not in name)


def import_module(python: str | Path, folder: Path, module: str) -> tuple[str, str]:
    """Import a module from a folder in a fresh process: what ``answer()`` gives and its file, or "" and the error."""
    code = f"import {module} as m; print(m.answer(), m.__file__)"
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run([str(python), "-c", code], cwd=folder, env=kept, capture_output=True, text=True, timeout=60)
    if done.returncode:
        return "", (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    value, _, file = done.stdout.strip().partition(" ")
    return value, file


def target(label: str, machine: str = "x86_64", platform: str = "") -> Target:
    """An interpreter such as ``3.13t`` as the backend sees it; on Linux, unless a platform is named."""
    digits, free_threaded = label.rstrip("t").replace(".", ""), label.endswith("t")
    return Target(
        implementation="cpython",
        version=(3, int(digits[1:])),
        free_threaded=free_threaded,
        debug=False,
        suffix=f".cpython-{digits}{'t' if free_threaded else ''}-{machine}-linux-gnu.so",
        platform=platform or f"linux-{machine}",
    )
