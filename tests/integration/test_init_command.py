"""``ftwheel init`` on real project trees: what it writes, what it leaves alone, and that it writes all or nothing."""

from __future__ import annotations

import errno
import os
import pty
import re
import select
import shlex
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from ftwheel.cli import init as cli
from ftwheel.cli.main import main
from ftwheel.core.project import adoption
from ftwheel.core.project.adoption import STATUSES
from ftwheel.core.project.generated import FileOrigin, origin
from ftwheel.core.project.toml_edits import Remove
from ftwheel.io.project import templates
from ftwheel.io.project.scan import scan_project
from ftwheel.io.project.toml_text import edited
from ftwheel.io.system import writing
from support.adopting import PAIR, TREES, UNDECLARED, init, tree
from support.commands import ftwheel_environ
from support.documents import documented
from support.named_wheels import named_tags
from support.wheels import make_wheel
from support.workflows import complaints

RELEASE = ".github/workflows/release.yml"
EXPECTED = Path(__file__).resolve().parents[1] / "projects" / "expected"


def contents(project: Path) -> dict[str, bytes]:
    """Every file of a project, outside its repository."""
    files = (path for path in project.rglob("*") if path.is_file() and ".git" not in path.relative_to(project).parts)
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in files}


# [tool.cibuildwheel] as projects have it: what cibuildwheel refuses today, and tables between others with comments
CASES = {
    "macos-floor": """\
[tool.ftwheel]
pythons = ["3.13", "3.14", "3.14t"]
platforms = ["macosx_10_13_x86_64"]
""",
    "skipped-in-part": """\
[tool.cibuildwheel]
skip = ["pp*", "cp31?t-musllinux*"]
""",
    "enable-free-threading": """\
[tool.cibuildwheel]
enable = ["cpython-freethreading"]
""",
    "tables-stay": """\
[tool.cibuildwheel]
archs = ["native"]

[[tool.cibuildwheel.overrides]]
select = "*-musllinux*"
before-all = "apk add wget"

# macOS options
[tool.cibuildwheel.macos]
archs = ["x86_64", "arm64"]

# Detect 64-bit builds
[[tool.cibuildwheel.overrides]]
select = "*-win_amd64"
environment.X = "1"

[tool.ruff]
line-length = 120
""",
}


def case(name: str, folder: Path) -> Path:
    """A project with one C module and the tables of a case."""
    project = folder / name
    project.mkdir()
    (project / "demo.c").write_text("int x;\n")
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n\n'
        '[project]\nname = "demo"\nversion = "1"\nrequires-python = ">=3.13"\n\n'
        f'[tool.setuptools]\next-modules = [{{name = "demo", sources = ["demo.c"]}}]\n\n{CASES[name]}'
    )
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", project], check=True)
    return project


class TestTrees:
    @pytest.mark.parametrize("name", TREES)
    def test_the_changes_of_pyproject_are_these(self, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        project = tree(name, tmp_path)
        before = contents(project)
        assert init(project, "--dry-run", "--no-workflow", *PAIR) == 0
        expected = EXPECTED / f"{name}.diff"
        assert capsys.readouterr().out == expected.read_text(encoding="utf-8")
        assert contents(project) == before

    def test_the_changes_that_the_documentation_shows(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        asked = ("--pythons", "3.13,3.14,3.14t", "--platforms", "manylinux_2_28_x86_64,win_amd64")
        assert init(tree("setuptools-flat", tmp_path), "--dry-run", "--no-workflow", *asked) == 0
        out, err = capsys.readouterr()
        documented("init.md", "ftwheel init --dry-run --no-workflow", err + out)

    @pytest.mark.parametrize("name", TREES)
    def test_nothing_else_changes_and_a_second_run_changes_nothing(
        self, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        project = tree(name, tmp_path)
        before = contents(project)
        adopt = ("--adopt", "release")
        assert init(project, "--check", *adopt) == 1
        assert contents(project) == before
        assert init(project, "--yes", *adopt) == 0
        after = contents(project)
        workflow = ".github/workflows/ftwheel-release.yml" if name == "cibuildwheel" else RELEASE
        assert after.keys() - before.keys() == {workflow} | ({"pyproject.toml"} - before.keys())
        assert [path for path in before if path != "pyproject.toml" and after[path] != before[path]] == []
        assert origin(after[workflow].decode()) is FileOrigin.UNTOUCHED
        capsys.readouterr()
        assert init(project, "--check") == 0
        assert init(project, "--yes") == 0
        assert capsys.readouterr().out == "nothing to change\n" * 2
        assert contents(project) == after

    @pytest.mark.parametrize(("name", "workflow"), [("cookiecutter", "publish.yml"), ("maturin-new", "CI.yml")])
    def test_where_a_workflow_publishes_it_alone_changes(
        self, name: str, workflow: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        project = tree(name, tmp_path)
        before = contents(project)
        assert init(project, "--yes") == 0
        after = contents(project)
        assert [path for path in after if after[path] != before.get(path)] == [f".github/workflows/{workflow}"]
        assert b"mode: verify" in after[f".github/workflows/{workflow}"]
        capsys.readouterr()
        assert init(project, "--check") == 0
        assert capsys.readouterr().out == "nothing to change\n"
        assert contents(project) == after

    @pytest.mark.parametrize("name", TREES)
    def test_the_module_that_does_not_declare_is_named(
        self, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ):
        init(tree(name, tmp_path), "--dry-run", *PAIR)
        assert ("note: nothing declares" in capsys.readouterr().err) is (name in UNDECLARED)

    def test_the_workflows_of_all_trees_are_clean(self, tmp_path: Path):
        together = tmp_path / ".github" / "workflows"
        together.mkdir(parents=True)
        everything = [f"--workflow={name}" for name in ("release", "free-threaded-tests", "missing")]
        for name in TREES:
            project = tree(name, tmp_path)
            before = contents(project)
            assert init(project, "--yes", *everything) == 0
            for path in contents(project).keys() - before.keys() - {"pyproject.toml"}:
                (together / f"{name}-{Path(path).name}").write_bytes((project / path).read_bytes())
        assert len([*together.iterdir()]) == 3 * len(TREES)
        assert complaints(tmp_path) == ""


@pytest.mark.parametrize("name", [*TREES, *CASES])
def test_what_is_proposed_passes_the_gate(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    project = case(name, tmp_path) if name in CASES else tree(name, tmp_path)
    assert init(project, "--yes", "--adopt", "release") == 0
    table = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["ftwheel"]
    for tag in named_tags(table, lambda identifier: name != "skipped-in-part" or "t-musllinux" not in identifier):
        make_wheel(project / "dist", f"demo-1.0-{tag}.whl")
    monkeypatch.chdir(project)
    gate = ["verify", "dist", "--no-index", "--find-links", "dist", "--no-config", "--fail-on", "warning"]
    assert main(gate) == 0
    next((project / "dist").glob("*t-macosx_10_15_x86_64.whl")).unlink()
    assert main(gate) == 1


@pytest.mark.parametrize("folder", [".", "packages/core"])
def test_the_next_steps_can_be_run_as_printed(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """With a pair where ``ftwheel build`` would put it: to build it takes longer, and the walk-through does."""
    project = tree("setuptools-src", tmp_path)
    if folder != ".":
        above = tmp_path / "above"
        (above / folder).parent.mkdir(parents=True)
        (project / ".git").rename(above / ".git")
        project.rename(above / folder)
        project = above
    monkeypatch.chdir(project)
    assert main(["init", folder, "--yes", "--adopt", "release"]) == 0
    steps = re.findall(r"^  \d\. (.*)$", capsys.readouterr().out.partition(" Next:\n")[2], re.MULTILINE)
    if folder != ".":
        assert steps.pop(0) == f"cd {folder}"
        monkeypatch.chdir(folder)
    build, look, commit, *_ = steps
    assert build == "build a pair on this machine: ftwheel build"
    for tag in ("cp314-cp314", "cp314-cp314t"):
        make_wheel(Path("dist"), f"demo-1.0-{tag}-manylinux_2_34_x86_64.whl")
    assert look.endswith(": ftwheel verify --local dist/")
    assert main(shlex.split(look.partition(": ftwheel ")[2])) == 0
    author = "-c user.name=A -c user.email=a@example.invalid"
    subprocess.run(commit.replace("git commit", f"git {author} commit"), shell=True, check=True, capture_output=True)
    assert "pyproject.toml" in subprocess.check_output(["git", "show", "--name-only"], text=True)


def test_other_tables_and_their_comments_stay_where_they_are(tmp_path: Path):
    project = case("tables-stay", tmp_path)
    before = (project / "pyproject.toml").read_text()
    assert init(project, "--yes", *PAIR) == 0
    after = (project / "pyproject.toml").read_text()
    kept = before[before.index("\n[project]") :]
    assert kept in after
    assert tomllib.loads(after)["tool"]["cibuildwheel"] == tomllib.loads(before)["tool"]["cibuildwheel"]


def test_what_cibuildwheel_refuses_is_part_of_the_diff(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    project = case("enable-free-threading", tmp_path)
    assert init(project, "--yes", *PAIR) == 0
    assert '-enable = ["cpython-freethreading"]\n' in capsys.readouterr().out
    text = (project / "pyproject.toml").read_text()
    assert "cibuildwheel" not in text  # nothing was left in the table


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[tool.a]\nx = 1\n\n[tool.c]\ny = 1\n", "[tool.a]\nx = 1\n"),
        ("[tool.c]\ny = 1\n\n# about a\n[tool.a]\nx = 1\n", "# about a\n[tool.a]\nx = 1\n"),
        ("[tool.a]\nx = 1\n\n[tool.c]\ny = 1", "[tool.a]\nx = 1"),
        ("[tool.c]\ny = 1\n\n[tool.c.d]\nx = 1\n", "[tool.c.d]\nx = 1\n"),
        ("[tool]\nc.y = 1\n", ""),
        ("[tool]\nc = {y = 1}\n", "[tool]\nc = {}\n"),
        ("[tool.c] # own\ny = 1\n", "[tool.c] # own\n"),
        ("[tool.c]\n# own\ny = 1\n\n[tool.a]\nx = 1\n", "[tool.c]\n# own\n\n[tool.a]\nx = 1\n"),
        ("[tool.c]\ny = 1\nz = 1\n", "[tool.c]\nz = 1\n"),
    ],
)
def test_a_table_of_which_nothing_is_left_goes(before: str, after: str) -> None:
    assert edited(before, [Remove(table=("tool", "c"), key="y", why="")]) == after


class TestLayout:
    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        return tree("setuptools-src", tmp_path)

    def test_windows_line_ends_stay(self, project: Path):
        pyproject = project / "pyproject.toml"
        pyproject.write_bytes(pyproject.read_bytes().replace(b"\n", b"\r\n"))
        assert init(project, "--yes", *PAIR) == 0
        text = pyproject.read_bytes()
        assert text.count(b"\r\n") == text.count(b"\n") > 20
        assert b"\r\r" not in text
        assert init(project, "--check") == 0

    def test_a_missing_last_line_end_stays_missing(self, project: Path, capsys: pytest.CaptureFixture[str]):
        pyproject = project / "pyproject.toml"
        pyproject.write_bytes(pyproject.read_bytes().rstrip(b"\n"))
        assert init(project, "--yes", *PAIR) == 0
        assert not pyproject.read_bytes().endswith(b"\n")
        assert "\\ No newline at end of file" in capsys.readouterr().out
        assert tomllib.loads(pyproject.read_text())["tool"]["ftwheel"]["pythons"] == ["3.14", "3.14t"]

    def test_the_mode_of_a_file_and_a_link_to_it_stay(self, project: Path):
        real = project / "real.toml"
        (project / "pyproject.toml").rename(real)
        (project / "pyproject.toml").symlink_to("real.toml")
        real.chmod(0o640)
        assert init(project, "--yes", *PAIR) == 0
        assert (project / "pyproject.toml").is_symlink()
        assert real.stat().st_mode & 0o777 == 0o640
        assert "ftwheel_build" in real.read_text()

    def test_a_layout_without_room_is_told_with_the_lines_to_write(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ):
        text = 'tool = { black = {} }\n[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'
        (project / "pyproject.toml").write_text(text)
        assert init(project, "--yes", *PAIR) == 3
        assert 'pythons = ["3.14", "3.14t"]' in capsys.readouterr().err
        assert (project / "pyproject.toml").read_text() == text


class TestWorkflows:
    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        project = tree("cibuildwheel", tmp_path)
        assert init(project, "--yes", "--workflow=release", "--workflow=free-threaded-tests") == 0
        return project

    def test_they_name_the_tests_of_the_project(self, project: Path):
        text = (project / ".github/workflows/free-threaded-tests.yml").read_text()
        assert 'TEST_REQUIREMENTS: ". --group test"' in text
        assert "TEST_ARGUMENTS: tests" in text

    def test_what_was_changed_by_hand_stays_until_overwritten(self, project: Path, capsys: pytest.CaptureFixture[str]):
        path = project / ".github/workflows/free-threaded-tests.yml"
        generated = path.read_bytes()
        path.write_bytes(generated + b"# mine\n")
        capsys.readouterr()
        assert init(project, "--check") == 0
        assert "was edited since ftwheel wrote it" in capsys.readouterr().err
        assert init(project, "--yes", "--overwrite") == 0
        assert path.read_bytes() == generated

    def test_a_lost_workflow_is_drift(self, project: Path):
        (project / ".github/workflows/free-threaded-tests.yml").unlink()
        assert init(project, "--check") == 0  # it is not the release
        assert init(project, "--check", "--workflow=free-threaded-tests") == 1

    def test_a_lost_requirement_is_drift(self, project: Path, capsys: pytest.CaptureFixture[str]):
        pyproject = project / "pyproject.toml"
        pyproject.write_text(re.sub(r'\n? *"ftwheel-build",', "", pyproject.read_text()))
        assert init(project, "--check") == 1
        assert '+    "ftwheel-build",' in capsys.readouterr().out

    def test_a_project_below_the_top_gets_none(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        project = tmp_path / "mono" / "python"
        tree("setuptools-src", project)
        (project / "setuptools-src" / ".git").rename(tmp_path / "mono" / ".git")
        assert init(project / "setuptools-src", "--yes", *PAIR) == 0
        assert [*tmp_path.glob("mono/**/*.yml")] == []
        said = capsys.readouterr()
        assert "not in python/setuptools-src" in said.err
        assert "git add pyproject.toml && git commit" in said.out  # after cd

    def test_a_folder_without_a_repository_is_told(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))  # the tests may run inside a repository
        project = tree("setuptools-src", tmp_path)
        (project / ".git").rename(tmp_path / "gone")
        assert init(project, "--yes", *PAIR) == 0
        assert (project / RELEASE).is_file()
        assert "not a git repository" in capsys.readouterr().err


class TestRefusals:
    def refused(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
        assert main(["init", *arguments]) in {2, 3}
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert said.out == ""
        assert said.err.startswith("ftwheel: error: ")
        return said.err

    @pytest.mark.parametrize(
        ("pyproject", "options", "message"),
        [
            (None, (), "no pyproject.toml and no setup.py"),
            ("[project\n", (), "not valid TOML"),
            ("project = 3\n", (), "expected a table"),
            ("tool = 3\n", (), "expected a table"),
            ('[project]\nname = "a"\nrequires-python = "three"\n', (), "not a set of version specifiers"),
            ('[build-system]\nrequires = []\nbuild-backend = "sipbuild.api"\n', (), "--build-backend sipbuild.api"),
            ('[build-system]\nrequires = []\nbuild-backend = "flit_core.buildapi"\n', (), "py3-none-any"),
            ('[build-system]\nrequires = []\nbuild-backend = "maturin"\n', ("--pythons", "3.x"), "expected a version"),
            ('[build-system]\nrequires = []\nbuild-backend = "maturin"\n', ("--pythons", "3.7"), "no series"),
            (
                '[build-system]\nrequires = []\nbuild-backend = "maturin"\n',
                ("--platforms", "beos"),
                "expected a platform tag",
            ),
            (
                '[build-system]\nrequires = []\nbuild-backend = "maturin"\n[tool.ftwheel]\ngill = 1\n',
                (),
                "did you mean 'gil'",
            ),
            (
                '[build-system]\nrequires = []\nbuild-backend = "maturin"\n',
                ("--free-threading", "stable"),
                "do not declare it",
            ),
            (
                '[build-system]\nrequires = []\nbuild-backend = "maturin"\n',
                ("--workflow", "release", "--no-workflow"),
                "contradict each other",
            ),
        ],
    )
    def test_what_cannot_be_done_is_said_once_and_nothing_is_written(
        self,
        pyproject: str | None,
        options: tuple[str, ...],
        message: str,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ):
        if pyproject is not None:
            (tmp_path / "pyproject.toml").write_text(pyproject)
        before = contents(tmp_path)
        assert message in self.refused(capsys, str(tmp_path), "--yes", *options)
        assert contents(tmp_path) == before

    def test_text_that_is_none_is_refused(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
        (tmp_path / "pyproject.toml").write_bytes(b'[project]\nname = "\xff"\n')
        assert "it is not UTF-8" in self.refused(capsys, str(tmp_path), "--yes")

    def test_without_a_terminal_the_answers_have_to_be_given(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ):
        with open(os.devnull) as nothing:
            monkeypatch.setattr(sys, "stdin", nothing)
            assert "--yes accepts the proposals" in self.refused(capsys, str(tree("setuptools-src", tmp_path)))


class TestAllOrNothing:
    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        return tree("setuptools-src", tmp_path)

    @pytest.mark.parametrize("broken", ["pyproject.toml", "release.yml"])
    def test_a_rename_that_fails_leaves_everything_as_it_was(
        self, broken: str, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ):
        def replace(source: Path, target: Path) -> None:
            if target.name == broken:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(source), None, str(target))
            os.rename(source, target)

        monkeypatch.setattr("ftwheel.io.system.writing.os.replace", replace)
        before = contents(project)
        assert init(project, "--yes", *PAIR) == 2
        assert contents(project) == before
        assert not (project / ".github").exists()
        error = capsys.readouterr().err.splitlines()[-2]
        assert broken in error
        assert error.endswith("cannot be written (Read-only file system); nothing was changed")

    def test_a_folder_that_cannot_be_written_leaves_everything_as_it_was(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ):
        (project / ".github").write_text("a file where a folder has to be\n")
        before = contents(project)
        assert init(project, "--yes", *PAIR) == 2
        assert contents(project) == before
        assert "nothing was changed" in capsys.readouterr().err

    def test_a_file_that_changes_meanwhile_is_not_overwritten(
        self, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ):
        write_all = writing.write_all

        def late(texts):
            (project / "pyproject.toml").write_text("# somebody else was here\n")
            write_all(texts)

        monkeypatch.setattr(writing, "write_all", late)
        assert init(project, "--yes", *PAIR) == 2
        assert "changed in the meantime" in capsys.readouterr().err
        assert (project / "pyproject.toml").read_text() == "# somebody else was here\n"
        assert [*project.rglob("*ftwheel-new")] == []


class Session:
    """``ftwheel init`` on a terminal of its own."""

    def __init__(self, project: Path, *options: str) -> None:
        self.terminal, inner = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ftwheel", "init", str(project), *options],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env=ftwheel_environ(TERM="xterm-256color"),
            start_new_session=True,
        )
        os.close(inner)
        self.said = ""

    def answer(self, question: str, answer: str) -> None:
        """Wait for a question and answer it."""
        deadline = time.monotonic() + 30
        seen = len(self.said)
        while question not in self.said[seen:]:
            assert time.monotonic() < deadline, self.said
            if not self._read():
                pytest.fail(f"{question!r} was not asked: {self.said}")
        os.write(self.terminal, answer.encode() + b"\n")

    def end(self) -> int:
        while self._read():
            pass
        os.close(self.terminal)
        return self.process.wait(30)

    def _read(self) -> bool:
        if not select.select([self.terminal], [], [], 30)[0]:
            return False
        try:
            piece = os.read(self.terminal, 65536)
        except OSError:  # Linux says so when the other side is closed
            return False
        self.said += piece.decode()
        return bool(piece)


class TestQuestions:
    def test_the_answers_are_taken_and_the_diff_is_coloured(self, tmp_path: Path):
        project = tree("setuptools-flat", tmp_path)
        session = Session(project)
        session.answer("CPythons to serve [3.10 ", "3.13 3.13t")
        session.answer("Platforms to serve [manylinux_2_28_x86_64 ", "manylinux_2_28_x86_64")
        session.answer("turn the GIL on? [y/N]", "y")
        session.answer("workflow release? [Y/n]", "")
        session.answer("workflow free-threaded-tests? [y/N]", "n")
        session.answer("workflow missing? [y/N]", "")
        session.answer("Write 2 files? [y/N]", "yes")
        assert session.end() == 0
        assert "\x1b[32m+build-backend = " in session.said
        assert "add a trusted publisher: this repository, workflow release.yml, environment pypi" in session.said
        table = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["ftwheel"]
        assert table == {
            "build-backend": "setuptools.build_meta:__legacy__",
            "gil": "allow-used",
            "pythons": ["3.13", "3.13t"],
            "platforms": ["manylinux_2_28_x86_64"],
        }
        assert [path.name for path in (project / ".github/workflows").iterdir()] == ["release.yml"]

    def test_a_classifier_is_offered_to_modules_that_declare_and_no_means_no(self, tmp_path: Path):
        project = tree("setuptools-src", tmp_path)
        before = contents(project)
        session = Session(project, *PAIR, "--no-workflow")
        session.answer("Free-threading classifier", "beta")
        session.answer("Write 1 file? [y/N]", "")
        assert session.end() == 1
        assert "nothing was written" in session.said
        assert contents(project) == before

    def test_a_wrong_answer_is_told_and_asked_again(self, tmp_path: Path):
        project = tree("setuptools-flat", tmp_path)
        session = Session(project)
        session.answer("CPythons to serve [3.10 ", "3.13, three")
        session.answer("'three': write for example 3.14t\r\nCPythons to serve [3.10 ", "3.13 3.13t")
        session.answer("Platforms to serve [manylinux_2_28_x86_64 ", "beos")
        session.answer("Platforms to serve [manylinux_2_28_x86_64 ", "win_amd64")
        session.answer("turn the GIL on? [y/N]", "perhaps")
        session.answer("answer y or n\r\nAllow modules without a declaration, which turn the GIL on? [y/N]", "y")
        session.answer("workflow release? [Y/n]", "n")
        session.answer("workflow free-threaded-tests? [y/N]", "n")
        session.answer("workflow missing? [y/N]", "n")
        session.answer("Write 1 file? [y/N]", "y")
        assert session.end() == 0
        assert "does not build for" in session.said
        assert "pyproject.toml: +8 -1\r\nWrite 1 file?" in session.said
        table = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["ftwheel"]
        assert (table["pythons"], table["platforms"]) == (["3.13", "3.13t"], ["win_amd64"])

    def test_how_much_to_adopt_is_asked_first(self, tmp_path: Path):
        project = tree("maturin-new", tmp_path)
        session = Session(project)
        session.answer("Adopt (gate, backend, release) [gate]: ", "all")
        session.answer("'all' is not one of gate, backend, release\r\nAdopt (gate, backend, release) [gate]: ", "")
        session.answer("Write 1 file? [y/N]", "y")
        assert session.end() == 0
        assert session.said.startswith("publishes  .github/workflows/CI.yml\r\n")
        assert "mode: verify" in (project / ".github/workflows/CI.yml").read_text()

    def test_an_adopted_project_is_asked_nothing(self, tmp_path: Path):
        project = tree("setuptools-src", tmp_path)
        assert init(project, "--yes", *PAIR) == 0
        session = Session(project)
        assert session.end() == 0
        assert "nothing to change" in session.said

    def test_the_end_of_the_input_is_no_answer(self, tmp_path: Path):
        project = tree("setuptools-src", tmp_path)
        before = contents(project)
        session = Session(project)
        session.answer("CPythons to serve", "\x04")
        os.write(session.terminal, b"\x04")
        assert session.end() == 2
        assert contents(project) == before


def test_the_classifier_is_put_beside_its_relatives(tmp_path: Path):
    project = tree("maturin-new", tmp_path)
    assert init(project, "--yes", "--free-threading", "beta", *PAIR) == 0
    lines = (project / "pyproject.toml").read_text().splitlines()
    at = lines.index('    "Programming Language :: Python :: Free Threading :: 2 - Beta",')
    assert lines[at - 1] == '    "Programming Language :: Python :: Implementation :: PyPy",'
    assert lines[at + 1] == "]"


def test_git_sees_only_what_was_said(tmp_path: Path):
    project = tree("odd-layout", tmp_path)
    subprocess.run(["git", "add", "-A"], cwd=project, check=True)
    assert init(project, "--yes", *PAIR) == 0
    done = subprocess.run(["git", "status", "--porcelain"], cwd=project, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["A  odd.c", "AM pyproject.toml", "?? .github/"]


def test_every_template_can_be_asked_for():
    assert {f"workflows/{name}.yml" for name in cli._WORKFLOWS} == set(templates.names("workflows"))
    assert set(cli._STATUSES) == set(STATUSES)


def test_what_setup_py_needs_is_what_the_templates_name():
    fragments = "".join(templates.read(name) for name in templates.names("pyproject"))
    assert [floor for floor in adoption._FLOORS.values() if f'"{floor}"' not in fragments] == []


def test_a_floor_is_read_from_every_meson_build_of_the_project(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[build-system]\nrequires = ["meson-python"]\nbuild-backend = "mesonpy"\n',
        "meson.build": "project('p', 'c')\nsubdir('src')\n",
        "src/meson.build": "py.extension_module('m', 'm.c', limited_api: get_option('limited_api'))\n",
        "meson.options": "option('limited_api', type: 'string', value: '3.11')\n",
        "subprojects/other/meson.build": "py.extension_module('o', 'o.c', limited_api: '3.8')\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert [floor.version for floor in scan_project(tmp_path).floors] == ["3.11"]


@pytest.mark.parametrize(
    "folder", ["third_party/zlib", "vendor", "test_cython", "own_tests", "bindings/other", "c_impl", "env"]
)
def test_modules_of_others_and_of_tests_are_not_judged(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tree("setuptools-src", tmp_path)
    aside = project / folder
    aside.mkdir(parents=True)
    (aside / "other.c").write_text("#include <Python.h>\nPyMODINIT_FUNC PyInit_other(void) { return NULL; }\n")
    if folder.startswith("bindings"):
        (aside / "pyproject.toml").write_text('[project]\nname = "other"\n')
    if folder == "c_impl":
        (aside / "setup.py").write_text("import os, setuptools\nsetuptools.setup(\n    name='other', version=os.sep)\n")
    if folder == "env":
        (aside / "pyvenv.cfg").write_text("")
    assert init(project, "--dry-run", *PAIR) == 0
    assert "other.c" not in capsys.readouterr().err
