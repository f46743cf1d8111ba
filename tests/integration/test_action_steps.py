"""The parts of the Action that need no workflow: its steps, its time limit, and what it writes for GitHub."""

from __future__ import annotations

import json
import os
import threading
from functools import partial
from pathlib import Path

import pytest

from ftwheel.cli import action
from ftwheel.cli.main import main
from ftwheel.cli.options import reports
from ftwheel.core.errors import BuildError, InputError
from ftwheel.io.release.artifacts import collect
from ftwheel.io.release.dist import read_dist
from ftwheel.io.system.interpreters import candidates
from ftwheel.render.workflow_commands import command, output, silenced
from support.projects import intree_project
from support.server import serve
from support.wheels import make_wheel

WHEEL = "demo_pkg-1.0-py3-none-any.whl"


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a runner gives a step: files for outputs and summary, and a folder for what is temporary."""
    for name in list(os.environ):
        if name.startswith(("INPUT_", "GITHUB_", "RUNNER_", "CIBW_")):
            monkeypatch.delenv(name)
    folder = tmp_path / "runner"
    folder.mkdir()
    monkeypatch.setenv("RUNNER_TEMP", str(folder))
    monkeypatch.setenv("GITHUB_OUTPUT", str(folder / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary"))
    return folder


def outputs(github: Path) -> dict[str, str]:
    """As the runner reads the file."""
    found, lines = {}, iter((github / "output").read_text(encoding="utf-8").split("\n"))
    for line in filter(None, lines):
        name, _, word = line.partition("<<")
        found[name] = "\n".join(iter(partial(next, lines), word))
    return found


def test_the_two_steps_of_a_plan(github: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    project = intree_project(tmp_path / "project", "")
    monkeypatch.setenv("INPUT_MODE", "plan")
    monkeypatch.setenv("INPUT_PROJECT", str(project))
    monkeypatch.setenv("INPUT_PYTHONS", "3.13t 3.14t")
    monkeypatch.setenv("INPUT_PLATFORMS", "win_amd64 pyodide_2025_0_wasm32")
    assert main(["action", "prepare"]) == 0
    monkeypatch.delenv("INPUT_MODE")  # the second step gets nothing but the folder
    monkeypatch.setenv("FTWHEEL_WORK", outputs(github)["work"])
    assert main(["action", "run"]) == 3  # there is no free-threaded Pyodide
    monkeypatch.setenv("INPUT_MODE", "plan")
    monkeypatch.setenv("INPUT_PLATFORMS", "win_amd64")
    assert main(["action", "prepare"]) == 0
    monkeypatch.setenv("FTWHEEL_WORK", outputs(github)["work"])
    assert main(["action", "run"]) == 0
    [job] = json.loads(outputs(github)["matrix"])["include"]
    assert job["pythons"] == "3.13t 3.14t"
    assert "| `win_amd64` | windows-latest | - | 3.13t 3.14t |" in (github / "summary").read_text()


@pytest.mark.parametrize(("new_project", "code"), [("", 1), ("false", 1), ("true", 0)])
def test_a_first_release_is_said_to_be_one(
    new_project: str,
    code: int,
    *,
    github: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("FTWHEEL_CACHE_DIR", str(tmp_path / "cache"))
    make_wheel(tmp_path / "dist", WHEEL)
    given = {"MODE": "verify", "PROJECT": str(tmp_path), "DIST": str(tmp_path / "dist"), "NEW_PROJECT": new_project}
    with serve() as index:
        given["ARGUMENTS"] = f"--index-url={index.url}/simple/"
        for name, value in given.items():
            monkeypatch.setenv(f"INPUT_{name}", value)
        assert main(["action", "prepare"]) == 0
        monkeypatch.setenv("FTWHEEL_WORK", outputs(github)["work"])
        assert main(["action", "run"]) == code
    assert ("new-project: true" in capsys.readouterr().out) == bool(code)


def test_what_one_machine_built_asks_no_index(github: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_wheel(tmp_path / "dist", WHEEL)
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.invalid/")
    given = {"MODE": "verify", "PROJECT": str(tmp_path), "DIST": str(tmp_path / "dist"), "LOCAL": "true"}
    for name, value in given.items():
        monkeypatch.setenv(f"INPUT_{name}", value)
    assert main(["action", "prepare"]) == 0
    monkeypatch.setenv("FTWHEEL_WORK", outputs(github)["work"])
    assert main(["action", "run"]) == 0


def test_the_second_step_needs_the_first(github: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["action", "run"]) == 2
    assert "::error title=ftwheel::FTWHEEL_WORK: '.' is not a folder" in capsys.readouterr().out
    assert not (github / "output").exists()


def test_a_command_that_takes_too_long_is_interrupted():
    with (
        pytest.raises(BuildError, match=r"ftwheel build took longer than 0.0\d+ minutes"),
        action._time_limit(0.2, "build"),
    ):
        threading.Event().wait(60)


def test_a_user_who_interrupts_is_no_time_limit():
    with pytest.raises(KeyboardInterrupt), action._time_limit(60, "build"):
        raise KeyboardInterrupt


def test_a_summary_is_cut_at_a_line_where_github_would_show_nothing(github: Path):
    action._summary("".join(f"| línea {number} |\n" for number in range(100_000)))
    text = (github / "summary").read_text(encoding="utf-8")
    assert 990_000 < len(text.encode()) < 1_048_576
    assert text.endswith(" |\n\nThe rest is omitted: GitHub limits summaries.\n\n")


def test_no_text_is_a_command_of_its_own():
    assert command("error", "50%\r\n::set-output::x", title="a:b,\nc", file="") == (
        "::error title=a%3Ab%2C c::50%25\\r%0A\\x3a:set-output::x\n"
    )
    off, on = silenced()
    assert off == f"::stop-commands::{on.strip().strip(':')}\n"
    assert silenced() != (off, on)
    assert output("name", "a\nb=c\n").count("\n") == 5


def test_what_two_jobs_made_is_put_together(tmp_path: Path):
    for folder in ("a", "b/c"):
        make_wheel(tmp_path / "artifacts" / folder, WHEEL)
    (tmp_path / "artifacts" / "b" / ".gitignore").write_text("*")
    (tmp_path / "artifacts" / "demo_pkg-1.0.tar.gz").write_text("sdist")
    found = collect(tmp_path / "artifacts", tmp_path / "dist")
    assert [path.name for path in found] == [WHEEL, "demo_pkg-1.0.tar.gz"]
    make_wheel(tmp_path / "artifacts" / "b", WHEEL, {"demo_pkg/__init__.py": "x = 2"})
    with pytest.raises(InputError, match=r"built by two jobs, with different contents \(a/.* and b/.*\)"):
        collect(tmp_path / "artifacts", tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    "name",
    [
        *("notes.txt", "demo_pkg-1.0.zip", "demo_pkg-1.0.tar.bz2", "demo_pkg-1.0-py3.13.egg", "demo_pkg-1.0.TAR.GZ"),
        *("Demo-Pkg-1.0.tar.gz", "demo_pkg-1.0.0.tar.gz", "demo_pkg-1.0-py3.py2-none-any.whl"),
        "Demo.Pkg-1.0-py2.py3-none-any.whl",
    ],
)
def test_what_no_upload_should_take_is_refused(name: str, tmp_path: Path):
    make_wheel(tmp_path / "artifacts" / "a", "demo_pkg-1.0-py2.py3-none-any.whl")
    (tmp_path / "artifacts" / "demo_pkg-1.0.tar.gz").write_text("sdist")
    (tmp_path / "artifacts" / name).write_text("another")
    with pytest.raises(InputError, match=r"neither a wheel nor a source distribution|in another spelling"):
        collect(tmp_path / "artifacts", tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


def test_in_a_folder_of_another_workflow_other_files_may_lie(tmp_path: Path):
    """What a publishing job downloads without ``merge-multiple``, beside reports and archives of other jobs."""
    wheel = make_wheel(tmp_path / "dist" / "wheels-linux", WHEEL)
    others = ("SHA256SUMS", "coverage/report.xml", "binaries/demo-x86_64.tar.gz", "binaries/demo.zip", "a/demo-1.0.zip")
    for name in ("sdist/demo_pkg-1.0.tar.gz", *others):
        (tmp_path / "dist" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "dist" / name).write_text("text")
    found = collect(tmp_path / "dist", tmp_path / "together", shared=True)
    assert [path.name for path in found] == [wheel.name, "demo_pkg-1.0.tar.gz"]
    with pytest.raises(InputError, match="neither a wheel nor"):
        collect(tmp_path / "dist", tmp_path / "other")
    (tmp_path / "dist" / "demo-1.0.zip").write_text("an upload takes it")
    with pytest.raises(InputError, match="neither a wheel nor"):
        collect(tmp_path / "dist", tmp_path / "other", shared=True)


def test_a_folder_of_folders_is_told(tmp_path: Path):
    wheel = make_wheel(tmp_path / "dist" / "wheels-linux", WHEEL)
    with pytest.raises(InputError) as caught:
        read_dist([tmp_path / "dist"])
    assert caught.value.hint == f"name the folders that hold them: ftwheel verify {wheel.parent}"


def test_interpreters_in_a_runners_tool_cache_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, default_python: str
):
    folder = tmp_path / "Python" / "3.13.0" / "x64" / "bin"
    folder.mkdir(parents=True)
    (folder / "python3").symlink_to(default_python)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("RUNNER_TOOL_CACHE", str(tmp_path))
    assert next(iter(candidates())) == folder / "python3"


@pytest.mark.parametrize("name", ["check", "verify"])
def test_reports_are_written_from_one_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("FTWHEEL_CACHE_DIR", str(tmp_path / "cache"))
    make_wheel(tmp_path / "dist", WHEEL)
    files = [f"--report=json={tmp_path / 'a.json'}", f"--report=markdown={tmp_path / 'a=b.md'}"]
    with serve() as index:
        where = [] if name == "check" else ["--new-project", "--index-url", f"{index.url}/simple/"]
        assert main([name, *where, *files, str(tmp_path / "dist")]) == 0, capsys.readouterr()
    assert json.loads((tmp_path / "a.json").read_text())["schema_version"] == 1
    assert (tmp_path / "a=b.md").read_text().startswith(("No findings.", "### "))


@pytest.mark.parametrize("wrong", ["html=x", "json=", "json", "=x"])
def test_a_report_needs_a_format_and_a_file(wrong: str, capsys: pytest.CaptureFixture[str]):
    assert main(["check", f"--report={wrong}", "x.whl"]) == 2
    assert "expected FORMAT=FILE, where FORMAT is one of text, json" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_one_message(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be written"):
        reports.save(tmp_path / "no" / "such.json", "text")
