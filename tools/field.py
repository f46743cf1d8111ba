"""The field trial: real source distributions through ``init``, and with ``--build`` through everything after it.

``tests/field/projects.txt`` has the projects, and the verdicts that are right. Results go to ``.field/results.jsonl``,
one line each; what is there is not tried again, so a run that was stopped goes on. ``--shard 2/4`` takes every fourth.
What a step that is not ok printed is kept in ``.field/logs``. A project with a word for ``build`` is not built, and the
word says why.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from ftwheel.core.build.cibuildwheel.identifiers import CibuildwheelSeries
from ftwheel.core.errors import FtwheelError, InputError
from ftwheel.io.build.cibuildwheel import installed
from ftwheel.io.system.processes import ProcessGroup
from support.named_wheels import named_tags
from support.wheels import make_wheel

LIST = ROOT / "tests" / "field" / "projects.txt"
HOME = ROOT / ".field"
ALONE = ("--no-index", "--find-links", "dist")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProject:
    """A project of the list: what is tried, its kind (a word for reading), and for each step the word that is right."""

    requirement: str
    kind: str
    expected: dict[str, str] = field(default_factory=dict)


def read_list(text: str) -> list[FieldProject]:
    """The list's lines: ``NAME==VERSION KIND STEP=WORD ...``; ``#`` starts a comment."""
    found = []
    for line in filter(None, (line.partition("#")[0].split() for line in text.splitlines())):
        requirement, kind, *words = line
        found.append(
            FieldProject(requirement=requirement, kind=kind, expected=dict(word.split("=", 1) for word in words))
        )
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="only these projects")
    parser.add_argument("--shard", default="1/1", help="which part of the list: 2/4")
    parser.add_argument("--build", action="store_true", help="build, check and verify too")
    parser.add_argument(
        "--home", type=Path, default=HOME, help="where results and downloads are kept (default: .field)"
    )
    parser.add_argument("--fresh", action="store_true", help="forget the results so far")
    parser.add_argument("--limit", type=int, default=900, metavar="SECONDS", help="for each command (default: 900)")
    arguments = parser.parse_args()
    home = arguments.home
    home.mkdir(exist_ok=True)
    log = home / ("build.jsonl" if arguments.build else "results.jsonl")
    if arguments.fresh:
        log.unlink(missing_ok=True)
    done = {line["requirement"]: line for line in map(json.loads, log.read_text().splitlines())} if log.exists() else {}
    number, of = map(int, arguments.shard.split("/"))
    wrong = 0
    for project in read_list(LIST.read_text(encoding="utf-8"))[number - 1 :: of]:
        if arguments.names and project.requirement.partition("==")[0] not in arguments.names:
            continue
        result = done.get(project.requirement)
        if result is None:
            try:
                steps = trial(project, home, build=arguments.build, limit=arguments.limit)
            except FtwheelError as error:
                steps = {"sdist": f"gone {error.message}"}
            result = {**asdict(project), "steps": steps}
            with log.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(result) + "\n")
        unlike = {
            step: word for step, word in result["steps"].items() if word.split()[0] != project.expected.get(step, "ok")
        }
        wrong += bool(unlike)
        left = f"not built: {project.expected['build']}" if arguments.build and "build" in project.expected else ""
        told = "; ".join(f"{step}: {word}" for step, word in unlike.items()) or left or "as expected"
        print(f"{project.requirement:32} {project.kind:20} {told}", flush=True)
    return int(wrong > 0)


def trial(project: FieldProject, home: Path, *, build: bool, limit: int) -> dict[str, str]:
    """Each step with ``ok``, or the first line of what it said."""
    sdist = download(project.requirement, home / "sdists")
    with tempfile.TemporaryDirectory(prefix="field-", ignore_cleanup_errors=True) as place:
        with tarfile.open(sdist) as archive:
            archive.extractall(place, filter="data")
        [folder] = [path for path in Path(place).iterdir() if path.is_dir()]
        subprocess.run(["git", "init", "--quiet", folder], check=True)
        ftwheel = Command(logs=home / "logs" / project.requirement, limit=limit)
        plain = Path(place, "plain")
        build = build and "build" not in project.expected
        if build:
            shutil.copytree(folder, plain, symlinks=True)
        steps = {
            "dry-run": ftwheel("dry-run", folder, "init", "--dry-run", "--adopt", "release"),
            "yes": ftwheel("yes", folder, "init", "--yes", "--adopt", "release"),
        }
        if steps["yes"] == "ok":
            steps["again"] = ftwheel("again", folder, "init", "--check")
            steps["named"] = named(project, folder, Path(place, "named"), ftwheel)
        if build:
            for source in (plain, folder):  # setuptools-scm takes the version from a repository, else from PKG-INFO
                shutil.rmtree(source / ".git")
            pythons = f"{os.environ['FTWHEEL_PYTHON']},{os.environ['FTWHEEL_PYTHON_FT']}"
            for name, source in (("plain", plain), ("wrapped", folder)):
                steps[name] = ftwheel(name, source, "build", "--python", pythons)
            if steps["wrapped"] == "ok":
                steps["check"] = ftwheel("check", folder, "check", "dist")
                steps["verify"] = ftwheel("verify", folder, "verify", "dist", *ALONE, "--ignore", "FTV104")
    return steps


def named(project: FieldProject, folder: Path, dist: Path, ftwheel: Command) -> str:
    """The gate, as adopted, over the wheels that cibuildwheel would name: the real one says what it builds."""
    adopted = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ftwheel"]
    identifiers: set[str] = set()
    series = CibuildwheelSeries.THREE if "3.13t" in adopted["pythons"] else CibuildwheelSeries.FOUR
    python = installed(series, ProcessGroup(), dist.with_name("install.log"))
    for system in ("linux", "macos", "windows"):
        command = [python, "-m", "cibuildwheel", "--print-build-identifiers", "--allow-empty", "--archs", "all"]
        done = subprocess.run([*command, "--platform", system, folder], capture_output=True, text=True)
        if done.returncode:
            return f"cibuildwheel-{done.returncode} {done.stderr.strip()}"
        identifiers |= {*done.stdout.split()}
    name, _, version = project.requirement.partition("==")
    for tag in named_tags(adopted, identifiers.__contains__):
        make_wheel(dist / "dist", f"{name.replace('-', '_')}-{version}-{tag}.whl")
    shutil.copy(folder / "pyproject.toml", dist)
    return ftwheel("named", dist, "verify", "dist", *ALONE, "--fail-on", "warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Runs ftwheel, and keeps in ``logs`` what a step that is not ok printed."""

    logs: Path
    limit: int

    def __call__(self, step: str, folder: Path, *arguments: str) -> str:
        """``ok``, or ``exit-2`` with the error that the command told, ``traceback`` or ``endless``."""
        command = [sys.executable, "-m", "ftwheel", *arguments]
        environ = {**os.environ, "UV_CONFIG_FILE": str(LIST.with_name("uv.toml"))}
        with subprocess.Popen(
            command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                output, errors = process.communicate(timeout=self.limit)
            except subprocess.TimeoutExpired:
                process.terminate()  # ftwheel ends its compilers then; killed, it would leave them running
                process.communicate()
                return f"endless: longer than {self.limit} s"
        if process.returncode == 0:
            return "ok"
        self.logs.mkdir(parents=True, exist_ok=True)
        (self.logs / f"{step}.txt").write_text(output + errors, encoding="utf-8")
        if "Traceback (most recent call last)" in errors:
            return "traceback"
        said = [line for line in errors.splitlines() if line.startswith("ftwheel: error:")]
        return " ".join([f"exit-{process.returncode}", *said[:1]])


def download(requirement: str, folder: Path) -> Path:
    """The source distribution from the index that pip is configured for, kept between runs."""
    from packaging.utils import InvalidSdistFilename, parse_sdist_filename

    from ftwheel.cli.options import indexes

    name, _, version = requirement.partition("==")
    folder.mkdir(exist_ok=True)
    parser = argparse.ArgumentParser()
    indexes.add_arguments(parser)
    with indexes.open_locations(parser.parse_args([]), ["pip"]) as locations:
        for index in locations.indexes["pip"]:
            page = index.project(name)
            for file in page.files if page else ():
                try:
                    fits = str(parse_sdist_filename(file.filename)[1]) == version
                except InvalidSdistFilename:
                    continue
                assert locations.client is not None
                if fits and file.filename.endswith(".tar.gz"):
                    path = folder / file.filename
                    return path if path.exists() else locations.client.download(file, path)
    raise InputError(f"{requirement}: no source distribution on the index")


if __name__ == "__main__":
    sys.exit(main())
