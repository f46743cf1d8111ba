"""``pip-ftwheel`` as a user runs it: with the real pip of a real interpreter, in real environments."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.commands import Done, ftwheel_environ
from support.documents import documented
from support.published import publish
from support.server import IndexServer, serve
from support.wheels import make_wheel

pytestmark = pytest.mark.e2e

LINUX = "manylinux_2_17_x86_64"


@pytest.fixture(scope="module")
def server() -> Iterator[IndexServer]:
    """An application that needs a library with a source distribution only from 2.0 on."""
    with serve() as running:
        publish(running, "app", "app-1.0-py3-none-any.whl", requires=("lib",))
        publish(running, "lib", f"lib-2.0-cp313-cp313-{LINUX}.whl", f"lib-2.0-cp313-cp313t-{LINUX}.whl")
        publish(running, "old", "old-1.0-py3-none-any.whl", f"old-2.0-cp313-cp313-{LINUX}.whl")
        publish(running, "pip", "pip-99.0-py3-none-any.whl")
        yield running


class Companion:
    def __init__(self, folder: Path, server: IndexServer) -> None:
        self._folder = folder
        self.index = ("--index-url", f"{server.url}/simple/")

    def __call__(self, *arguments: str) -> Done:
        environ = ftwheel_environ(
            PIP_CONFIG_FILE="/dev/null",
            PIP_DISABLE_PIP_VERSION_CHECK="1",
            FTWHEEL_CACHE_DIR=str(self._folder / "cache"),
            NO_COLOR="1",
        )
        environ = {name: value for name, value in environ.items() if "FIND_LINKS" not in name}
        command = [
            sys.executable,
            "-c",
            "import sys; from ftwheel.cli.pip_companion import process; sys.exit(process())",
        ]
        done = subprocess.run(
            [*command, *arguments], cwd=self._folder, env=environ, capture_output=True, text=True, timeout=120
        )
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def companion(tmp_path: Path, server: IndexServer) -> Companion:
    return Companion(tmp_path, server)


@pytest.fixture(params=["default_python", "free_threaded_python"])
def python(request: pytest.FixtureRequest) -> str:
    """Both real builds, one after the other."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def environment(tmp_path: Path, python: str) -> str:
    """A real environment, without pip, in which uv has installed an old release."""
    wheels = tmp_path / "wheels"
    for name in ("app-1.0-py3-none-any.whl", "old-1.0-py3-none-any.whl"):
        make_wheel(wheels, name)
    subprocess.run([python, "-m", "venv", "--without-pip", tmp_path / "env"], check=True, timeout=60)
    installed = str(tmp_path / "env" / "bin" / "python")
    command = [
        "uv",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--find-links",
        wheels,
        "--python",
        installed,
        "app",
        "old",
    ]
    subprocess.run([*map(str, command)], check=True, timeout=60)
    return installed


def test_list_shows_everything_installed(companion: Companion, environment: str) -> None:
    done = companion("list", "--python", environment, *companion.index)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith(f"{environment}, for cp313t-")
    assert [line.split() for line in lines if line.startswith(("PROJECT", "app ", "old "))] == [
        ["PROJECT", "VERSION", "CP313T", "CP314T", "NEEDED", "BY"],
        ["app", "1.0", "pure", "pure"],
        ["old", "1.0", "pure", "pure"],
    ]
    assert lines[-1] == "2 of 2 ready"


def test_check_shows_only_what_is_not_ready(companion: Companion, environment: str) -> None:
    done = companion("check", "--python", environment, "--no-binary", "app", *companion.index, "--format", "json")
    assert done.code == 1, done.err
    assert done.json["blocking"] == ["app"]
    text = companion("check", "--python", environment, "--no-binary", "app", *companion.index).out
    assert "app" in text
    assert "\nold" not in text


def test_install_reports_on_what_pip_would_install(companion: Companion, free_threaded_python: str) -> None:
    done = companion("--python", free_threaded_python, "--format", "json", "install", "app", "old", *companion.index)
    assert done.code == 1, done.err
    pins = {each["name"]: each["verdicts"][0]["version"] for each in done.json["projects"]}
    assert pins == {"app": "1.0", "lib": "2.0", "old": "1.0"}, "as pip chooses for its own interpreter"
    assert "Would install" in done.err, "what pip says stands beside the result"
    asked = {each["name"]: [verdict["readiness"] for verdict in each["verdicts"]] for each in done.json["projects"]}
    assert asked["lib"] == ["free-threaded wheel", "nothing"], "one for 3.13t, none for 3.14t"


def test_pips_own_errors_are_pips(companion: Companion, default_python: str) -> None:
    """Its message, and no exit code of 1, which is for what blocks."""
    done = companion("--python", default_python, "install", "no-such-project", *companion.index)
    assert (done.code, done.out) == (2, "")
    assert "No matching distribution found for no-such-project" in done.err
    assert done.err.splitlines()[-2:] == [
        "pip-ftwheel: error: pip cannot install this, so there is nothing to report on",
        "pip-ftwheel: hint: see pip's output above",
    ]
    wrong = companion("--python", default_python, "install", "--no-such-option")
    assert (wrong.code, wrong.out) == (2, "")
    assert "no such option: --no-such-option" in wrong.err


def test_an_index_that_cannot_be_reached_has_its_own_code(companion: Companion, default_python: str) -> None:
    options = ("--retries", "0", "--no-cache-dir", "--index-url", "http://127.0.0.1:9/simple/")
    done = companion("--python", default_python, "install", "lonely", *options)
    assert (done.code, done.out) == (5, "")
    assert "pip-ftwheel: error: pip could not reach an index" in done.err


def test_pips_help_is_no_report(companion: Companion, default_python: str) -> None:
    done = companion("--python", default_python, "install", "--help")
    assert (done.code, done.out) == (0, "")
    assert "pip install [options]" in done.err


def test_a_requirements_file_is_resolved_without_pip(companion: Companion, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("app\nold\n")
    done = companion("-r", "requirements.txt", "--target", "3.13t", *companion.index, "--format", "json")
    assert done.code == 1, done.err
    found = {each["name"]: each["verdicts"][0] for each in done.json["projects"]}
    assert found["lib"]["file"]["filename"] == f"lib-2.0-cp313-cp313t-{LINUX}.whl"
    assert (found["old"]["version"], found["old"]["readiness"]) == ("1.0", "older version")
    assert "pip" not in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--all",), "nothing to check"),
        (("list", "-r", "requirements.txt"), "list reads what is installed"),
        (("list", "install", "app"), "install must come before its arguments"),
        (("install", "app", "--report", "mine.json"), "--report: pip-ftwheel reads pip's report itself"),
        (("--python", "/no/such/python", "install", "app"), "/no/such/python: cannot be run"),
    ],
)
def test_what_cannot_be_asked_says_so(companion: Companion, arguments: tuple[str, ...], message: str) -> None:
    done = companion(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"pip-ftwheel: error: {message}")


# --- what the documentation shows ------------------------------------------------------------------------------------

SHOP = Path(__file__).resolve().parents[1] / "recordings" / "shop"
INSTALLED = {
    "anyio 4.16.0": "idna, typing-extensions",
    "brotli 1.2.1": "",
    "certifi 2026.10.18": "",
    "h11 0.16.0": "",
    "httpcore 1.0.9": "certifi, h11",
    "httpx 0.28.1": "anyio, certifi, httpcore, idna",
    "idna 3.20": "",
    "pyzmq 27.1.0": "",
    "typing-extensions 4.16.0": "",
}


def test_the_list_that_the_documentation_shows(companion: Companion, tmp_path: Path, free_threaded_python: str) -> None:
    subprocess.run([free_threaded_python, "-m", "venv", "--without-pip", tmp_path / "env"], check=True, timeout=60)
    [packages] = (tmp_path / "env" / "lib").glob("python*/site-packages")
    for release, requires in INSTALLED.items():
        name, _, version = release.partition(" ")
        (folder := packages / f"{name.replace('-', '_')}-{version}.dist-info").mkdir()
        lines = [
            f"Name: {name}",
            f"Version: {version}",
            *(f"Requires-Dist: {each}" for each in requires.split(", ") if each),
        ]
        (folder / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", *lines, ""]))
    done = companion("list", "--python", str(tmp_path / "env" / "bin" / "python"), "--index", str(SHOP))
    assert done.code == 1, done.err
    documented("pip-ftwheel.md", "pip-ftwheel list", done.out)


def test_the_installation_that_the_documentation_shows(
    companion: Companion, server: IndexServer, default_python: str
) -> None:
    later = f"cp314-cp314t-{LINUX}.whl"
    wheels = [f"{abi}-{LINUX}.whl" for abi in ("cp313-cp313", "cp313-cp313t")]
    requires = ("idna", "brotli; extra == 'brotli'")
    publish(server, "httpx", "httpx-0.28.1-py3-none-any.whl", requires=requires, more=("Provides-Extra: brotli",))
    publish(server, "idna", "idna-3.20-py3-none-any.whl")
    publish(server, "brotli", f"brotli-1.2.1-{wheels[0]}", "brotli-1.2.1.tar.gz")
    older = (f"pyzmq-27.1.0-{each}" for each in (*wheels, later))
    publish(server, "pyzmq", *older, f"pyzmq-27.3.0-{wheels[0]}", f"pyzmq-27.3.0-{later}", "pyzmq-27.3.0.tar.gz")
    asked = ("--quiet", "--ignore-installed", "httpx[brotli]", "pyzmq")
    done = companion("--python", default_python, "install", *asked, *companion.index)
    assert done.code == 1, done.err
    documented("pip-ftwheel.md", "pip-ftwheel install", done.out)
