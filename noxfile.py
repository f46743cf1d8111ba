"""Development sessions. ``python3 dev.py`` lists them; ``python3 dev.py NAME`` runs one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nox

nox.needs_version = ">=2026.2"
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).resolve().parent


def group(name: str) -> list[str]:
    return [*nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), name)]


def install(session: nox.Session, *more: str) -> None:
    """Put ftwheel and its backend from this checkout into the session, editable."""
    session.install("-e", "./backend", "-e", ".[uv]", *more)


LATER = ("3.14", "3.15")
"""Versions of which the tests use the default build besides the pair, each as FTWHEEL_PYTHON_314 and so on."""
OLDER = ("3.11",)
"""A version that is older than the free-threaded builds; tests find it as ``ftwheel build`` does."""


def interpreters(session: nox.Session, *more: str, later: tuple[str, ...] = ()) -> dict[str, str]:
    """Make sure the interpreters exist, and say where: FTWHEEL_PYTHON and FTWHEEL_PYTHON_FT are a pair.

    ``more`` are programs that have to be there besides the compilers, ``later`` further versions (``LATER``).
    """
    wanted = [f"--default={version}" for version in later]
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "provision.py"), "cc", "c++", *more, *wanted],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        session.error("not all interpreters are here, see above")
    found = json.loads(done.stdout)
    named = {f"FTWHEEL_PYTHON_{version.replace('.', '')}": found[version] for version in later}
    return {"FTWHEEL_PYTHON": found["default"], "FTWHEEL_PYTHON_FT": found["free_threaded"], **named}


def wheelhouse(session: nox.Session) -> dict[str, str]:
    """Build ftwheel-build's wheel, and let every isolated build of the session find it.

    The examples require ``ftwheel-build``; a checkout tests its own, not a released one.
    """
    top = Path(session.create_tmp()).resolve() / "wheelhouse"
    shutil.rmtree(top, ignore_errors=True)
    session.run("uv", "build", "--quiet", "--wheel", "--out-dir", str(top), "backend", external=True)
    [wheel] = top.glob("*.whl")
    # uv's cache knows a file by its folder and name alone, so another content needs another folder
    folder = top / hashlib.sha256(wheel.read_bytes()).hexdigest()[:16]
    folder.mkdir()
    wheel.rename(folder / wheel.name)
    pip = f"{os.environ.get('PIP_FIND_LINKS', '')} {folder}".strip()
    # nox's own folder for temporary files is in the checkout, and a project in it would belong to this repository
    return {"PIP_FIND_LINKS": pip, "UV_FIND_LINKS": str(folder), "TMPDIR": tempfile.gettempdir()}


@nox.session
def demo(session: nox.Session) -> None:
    """Build the pair of the C example with real interpreters, and test both wheels."""
    pair = interpreters(session)
    install(session)
    out = ROOT / "dist" / "demo"
    pythons = f"{pair['FTWHEEL_PYTHON']},{pair['FTWHEEL_PYTHON_FT']}"
    session.run(
        "ftwheel", "build", "examples/setuptools-c", "--python", pythons, "--out-dir", str(out), env=wheelhouse(session)
    )


@nox.session
def tests(session: nox.Session) -> None:
    """Run every test that needs no real index, and a few that do; real interpreters, compilers, pip, uv and browser.

    Property tests try the same examples each time, so that a change is judged by what it changes; pytest itself, or
    ``tests -- --hypothesis-profile=default tests/property``, tries others.
    """
    env = interpreters(session, "chromium", "shellcheck", later=(*LATER, *OLDER)) | wheelhouse(session)
    install(session, *group("test"), *group("actions"))
    which = ["-m", "short or not (network or container or action or site)"]
    session.run("pytest", "-n", "2", "--timeout=900", "--hypothesis-profile=ci", *which, *session.posargs, env=env)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation as a site in site/, every warning an error, and look at it in a real Chromium."""
    env = interpreters(session, "chromium")
    install(session, *group("docs"), *group("test"))
    site = ROOT / "site"
    shutil.rmtree(site, ignore_errors=True)
    doctrees = Path(session.create_tmp()) / "doctrees"
    session.run("sphinx-build", "--fail-on-warning", "--keep-going", "--quiet", "-d", str(doctrees), "docs", str(site))
    session.run("pytest", "-m", "site", *session.posargs, env=env | {"FTWHEEL_SITE": str(site)})


@nox.session
def browser(session: nox.Session) -> None:
    """Look at the HTML report in a real Chromium: both themes, keyboard, narrow screens, hostile names, axe-core."""
    env = interpreters(session, "chromium")
    install(session, *group("test"))
    session.run("pytest", "tests/e2e/test_report_browser.py", *session.posargs, env=env)


@nox.session
def containers(session: nox.Session) -> None:
    """Run the real cibuildwheel in podman, in an image made of this machine's own interpreters (root on Debian)."""
    env = interpreters(session) | wheelhouse(session)
    install(session, *group("test"), *group("actions"))  # the driver installs cibuildwheel by itself
    session.run("pytest", "-m", "container", *session.posargs, env=env)


@nox.session
def action(session: nox.Session) -> None:
    """Run the Action and the workflow templates with the real act; a CPython with ThreadSanitizer is built (Debian)."""
    env = interpreters(session, "cc", "shellcheck", "xz") | wheelhouse(session)
    install(session, *group("test"), *group("actions"))
    session.run("pytest", "-m", "action", *session.posargs, env=env)


@nox.session
def network(session: nox.Session) -> None:
    """Run the tests that talk to the real index."""
    env = interpreters(session, later=LATER) | wheelhouse(session)
    install(session, *group("test"))
    session.run("pytest", "-m", "network", *session.posargs, env=env)


@nox.session
def field(session: nox.Session) -> None:
    """Take real projects through init and the gate, with ``-- --build`` through build and check too; resumable."""
    env = interpreters(session) | wheelhouse(session)
    install(session)
    session.run("python", "tools/field.py", *session.posargs, env=env)


@nox.session
def oracle(session: nox.Session) -> None:
    """Compare the simulator with all installers over ten times as many random indexes, another set in each run."""
    seed = os.environ.get("FTWHEEL_ORACLE_SEED", f"{time.time():.0f}")
    session.log(f"repeat this run with FTWHEEL_ORACLE_SEED={seed}")
    numbers = {"FTWHEEL_ORACLE_SEED": seed, "FTWHEEL_ORACLE_PIP": "50000", "FTWHEEL_ORACLE_UV": "10000"}
    numbers |= {"FTWHEEL_ORACLE_FINDERS": "2000", "FTWHEEL_ORACLE_SPOILT": "2000", "FTWHEEL_ORACLE_ODD": "1"}
    numbers |= {"FTWHEEL_ORACLE_TARGETS": "2000", "FTWHEEL_ORACLE_GRID": "1"}
    env = interpreters(session, later=LATER) | wheelhouse(session) | numbers
    install(session, *group("test"))
    names = (
        "pip",
        "pip_command",
        "pip_target",
        "uv",
        "uv_metadata",
        "odd_pages",
        "poetry_pdm",
        "interpreter_tags",
        "newer_interpreters",
        "stable_abi_grid",
    )
    files = [f"tests/oracle/test_{name}.py" for name in names]
    session.run("pytest", "-n", "2", *files, *session.posargs, env=env)


@nox.session
def core(session: nox.Session) -> None:
    """Prove that the core is pure: its tests with packaging and the list of classifiers only, every branch covered."""
    session.install("packaging>=26.3", "trove-classifiers", "pytest>=9", "pytest-cov>=7")
    session.run("pytest", "tests/unit", "--cov", "--cov-report=term", env={"PYTHONPATH": "src:backend/src"})


@nox.session
def bench(session: nox.Session) -> None:
    """Measure: ``bench -- NAME`` runs benchmarks/bench_NAME.py, without one all; ``--short`` once and little."""
    # as installed programs are: what starts is not compiled first
    env = interpreters(session) | wheelhouse(session) | {"PYTHONDONTWRITEBYTECODE": ""}
    install(session, *group("test"))
    options = [word for word in session.posargs if word.startswith("-")]
    names = [word for word in session.posargs if not word.startswith("-")]
    for name in names or sorted(path.stem.removeprefix("bench_") for path in ROOT.glob("benchmarks/bench_*.py")):
        session.run("python", f"benchmarks/bench_{name}.py", *options, env=env)
    session.run("python", "benchmarks/results.py")


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz, guided by coverage, modules, pages, names, metadata and lock files: ``fuzz -- -max_total_time=600``.

    The time is for each of the targets, ten seconds unless told otherwise; what is found new is kept below ``.nox`` and
    seeds the next run.
    """
    install(session, "atheris")
    options = session.posargs or ["-max_total_time=10"]
    session.run("python", "tests/fuzz/fuzz_binaries.py", *options)
    for target in ("pages", "names", "metadata", "locks"):
        kept = Path(session.create_tmp()).resolve() / "corpus" / target
        kept.mkdir(parents=True, exist_ok=True)
        session.run("python", "tests/fuzz/fuzz_texts.py", target, str(kept), *options)


@nox.session
def distributions(session: nox.Session) -> None:
    """Build both distributions twice, compare the bytes, and let the checkers of the field look at them."""
    session.install("build[uv]", "twine", "check-wheel-contents", "check-sdist", "sp-repo-review[cli]")
    digests = []
    for number in ("1", "2"):
        out = Path(session.create_tmp()).resolve() / f"dist-{number}"
        shutil.rmtree(out, ignore_errors=True)
        for folder in (".", "backend"):
            session.run("python", "-m", "build", "--installer", "uv", "--outdir", str(out), folder, silent=True)
        made = sorted(out.iterdir())
        digests.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in made})
    if digests[0] != digests[1]:
        session.error(f"building twice gives different files: {digests}")
    session.run("twine", "check", "--strict", *map(str, made))
    session.run("check-wheel-contents", *(str(path) for path in made if path.suffix == ".whl"))
    session.run("sp-repo-review", ".")
    if (ROOT / ".git").exists():  # what git knows is what is compared
        for folder in (".", "backend"):
            session.run("check-sdist", "--installer", "uv", "--source-dir", folder)


@nox.session
def threads(session: nox.Session) -> None:
    """Run the unit tests on a free-threaded CPython, each of them in two threads at once."""
    python = interpreters(session)["FTWHEEL_PYTHON_FT"]
    place = Path(session.create_tmp()).resolve() / "free-threaded"
    session.run("uv", "venv", "--quiet", "--clear", "--python", python, str(place), external=True)
    own = str(place / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    wanted = ("-e", "./backend", "-e", ".", "pytest>=9", "pytest-run-parallel>=0.6")
    session.run("uv", "pip", "install", "--quiet", "--python", own, *wanted, external=True)
    session.run(own, "-m", "pytest", "--parallel-threads=2", "tests/unit", *session.posargs, external=True)


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the tests of the core and of the command line with the lowest versions that the dependencies allow."""
    install(session, "--resolution=lowest-direct")
    session.install(*group("test"))
    session.run("pytest", "-n", "2", "tests/unit", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, and which room may import which."""
    install(session, *group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """mypy, strict, over the tool, its tests and the backend."""
    install(session, *group("types"), *group("test"), "nox")
    session.run("mypy")
    session.run("mypy", "--config-file", "backend/pyproject.toml", "backend/src")
