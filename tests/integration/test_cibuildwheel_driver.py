"""The cibuildwheel driver as far as it goes without a container: plans, refusals, the source, and the judgement."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ftwheel.app.build.collect import PlatformWheels, WheelOrigin, collect
from ftwheel.cli.main import main
from ftwheel.core.build.cibuildwheel.identifiers import BuildIdentifier
from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.build.model import BuildPlan, BuildStage
from ftwheel.core.errors import BuildError
from ftwheel.io.build.cibuildwheel import native_platforms, put_source
from ftwheel.io.build.collected import CollectedBuilder, interpreters_for
from ftwheel.io.system.interpreters import probe
from ftwheel.io.system.processes import ProcessGroup
from support.commands import ftwheel, ftwheel_environ
from support.documents import documented
from support.wheels import make_wheel

FLAGS = ("--driver", "cibuildwheel")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "demo"\nversion = "1.0"\n'
        '[tool.ftwheel]\npythons = ["3.13t", "3.14", "3.14t"]\n'
        'platforms = ["manylinux_2_17_x86_64", "manylinux_2_28_aarch64", "win_amd64"]\n'
    )
    return folder


def add(project: Path, text: str) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write(text)


def test_a_dry_run_shows_what_would_be_run(project: Path) -> None:
    plan = ftwheel("build", project, *FLAGS, "--platforms", "*x86_64", "--dry-run", "--format", "json").json
    assert [(run["series"], run["identifiers"]) for run in plan["runs"]] == [
        ("3.x", ["cp313t-manylinux_x86_64"]),
        ("4.x", ["cp314-manylinux_x86_64", "cp314t-manylinux_x86_64"]),
    ]
    assert plan["runs"][0]["images"] == [{"name": "manylinux2014", "arch": "x86_64"}]
    assert plan["left_out"] == plan["maturin_interpreters"] == []
    assert not (project / "dist").exists()


def test_a_dry_run_as_text_with_what_is_left_out(project: Path) -> None:
    add(project, '[tool.cibuildwheel]\nskip = "cp314t-win*"\nconfig-settings = {a = "b"}\n')
    done = ftwheel("build", project, *FLAGS, "--platforms", "win_amd64,manylinux*x86_64", "-C", "c=d", "--dry-run")
    assert done.code == 0, done.err
    assert "  cibuildwheel --platform windows --archs AMD64 --config-file FILE\n" in done.out
    assert '{"select" = "*", "inherit" = {"config-settings" = "append"}, "config-settings" = {"c" = "d"}}' in done.out
    assert done.out.endswith("left out: cp314t-win_amd64: [tool.cibuildwheel] skip = 'cp314t-win*'\n")


def test_the_floor_of_the_stable_abi_is_read_from_the_settings_of_the_backend(project: Path) -> None:
    add(project, '[tool.distutils.bdist_wheel]\npy-limited-api = "cp312"\n')
    options = ("--python", "3.12,3.13+gil,3.14", "--platforms", "win_amd64", "--dry-run")
    assert ftwheel("build", project, *FLAGS, *options).out.count("left out: ") == 2
    plan = ftwheel("build", project, *FLAGS, *options, "--format", "json").json
    assert [run["identifiers"] for run in plan["runs"]] == [["cp312-win_amd64", "cp314t-win_amd64"]]
    assert {each["identifier"]: each["why"] for each in plan["left_out"]} == {
        f"{python}-win_amd64": "the cp312-abi3 wheel built by 3.12 serves it" for python in ("cp313", "cp314")
    }


def test_the_dry_run_of_the_documentation(project: Path) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace("manylinux_2_17", "manylinux_2_28"))
    options = ("--python", "3.13,3.14", "--platforms", "manylinux_2_28_x86_64", "--dry-run")
    environ = ftwheel_environ(CIBW_CONTAINER_ENGINE_LINUX="docker")
    documented(
        "cibuildwheel.md", "ftwheel build --driver", ftwheel("build", project, *FLAGS, *options, environ=environ).out
    )


def test_without_platforms_what_this_machine_builds(project: Path) -> None:
    plan = ftwheel("build", project, *FLAGS, "--python", "3.14t", "--dry-run", "--format", "json").json
    [[identifier]] = [run["identifiers"] for run in plan["runs"]]
    assert identifier.partition("-")[2] in native_platforms()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([*FLAGS, "--sdist"], 2, "--sdist: cibuildwheel builds wheels only"),
        ([*FLAGS, "--no-repair"], 2, "--no-repair: cibuildwheel repairs what it builds"),
        ([*FLAGS, "--python", "./python"], 2, "cibuildwheel uses its own interpreters"),
        ([*FLAGS, "--python", "3.13.1"], 2, "cibuildwheel uses its own interpreters"),
        ([*FLAGS, "--python", "3.16"], 3, "no series of cibuildwheel builds 3.16, 3.16t"),
        ([*FLAGS, "--platforms", "musl*"], 2, "--platforms musl*: matches none of manylinux_2_17_x86_64"),
        ([*FLAGS, "--platforms", "linux_x86_64"], 3, "cibuildwheel does not build for 'linux_x86_64'"),
        (["--platforms", "win_amd64"], 2, "--platforms requires --driver cibuildwheel"),
        (["--dry-run"], 2, "--dry-run requires --driver cibuildwheel"),
    ],
)
def test_what_does_not_go_is_said(
    project: Path, arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["build", str(project), *arguments]) == code
    assert message in capsys.readouterr().err


def test_options_that_cibuildwheel_refuses_are_found_before_the_build(project: Path) -> None:
    add(project, '[tool.cibuildwheel]\nbefore-everything = "true"\n')
    done = ftwheel("build", project, *FLAGS, "--python", "3.14t", "--platforms", "manylinux_x86_64")
    assert done.code == 3, done.err
    assert "rejects the options" in done.err
    assert "'before-everything' not supported" in done.err


def test_a_build_that_cibuildwheel_would_leave_out_without_a_word_is_found(project: Path) -> None:
    """The plan does not read ``CIBW_INHERIT``; cibuildwheel itself is asked."""
    add(project, '[tool.cibuildwheel]\nskip = "cp314t-*"\n')
    environ = ftwheel_environ(CIBW_SKIP="*-win32", CIBW_INHERIT="skip")
    done = ftwheel("build", project, *FLAGS, "--python", "3.14", "--platforms", "manylinux_x86_64", environ=environ)
    assert done.code == 3, done.err
    assert "would not build cp314t-manylinux_x86_64\n" in done.err


def test_the_projects_own_selectors_are_not_overridden(project: Path) -> None:
    environ = ftwheel_environ(CIBW_SKIP="*-win32 cp314t-*")
    done = ftwheel("build", project, *FLAGS, "--python", "3.14", "--platforms", "manylinux_x86_64", environ=environ)
    assert done.code == 3, done.err
    assert "nothing is left to build for 3.14t\n  cp314t-manylinux_x86_64: CIBW_SKIP = '*-win32 cp314t-*'" in done.err


def test_a_missing_container_engine_is_named(project: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    environ = ftwheel_environ(PATH=os.fspath(tmp_path / "bin"))
    done = ftwheel("build", project, *FLAGS, "--python", "3.14t", "--platforms", "manylinux_x86_64", environ=environ)
    assert done.code == 7, done.err
    assert "docker is not installed" in done.err
    assert "CIBW_CONTAINER_ENGINE=podman" in done.err


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_copy_of_a_work_tree_has_a_repository_of_its_own(project: Path, tmp_path: Path) -> None:
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "first")
    git(project, "tag", "v1.0")
    (project / "leftover.so").write_bytes(b"\x7fELF")
    place = tmp_path / "place"
    place.mkdir()
    copy = put_source(project, place, without=project / "dist")
    moved = tmp_path / "elsewhere"  # as in a container, where nothing of the original is
    copy.rename(moved)
    project.rename(tmp_path / "gone")
    assert git(moved, "describe", "--tags") == "v1.0\n"
    assert git(moved, "status", "--porcelain") == "?? leftover.so\n"


class Silent:
    def stage(self, label: str, stage: BuildStage) -> None:
        """Nobody is told."""


def judged(
    tmp_path: Path, wheels: dict[BuildIdentifier, Path], found: tuple[Interpreter, ...] = ()
) -> tuple[bool, Path]:
    """Judge wheels as the driver does; whether they passed, and the output folder."""
    out = tmp_path / "out"
    places = []
    for name in sorted({each.platform for each in wheels}):
        mine = {each: path for each, path in sorted(wheels.items()) if each.platform == name}
        interpreters, importable = interpreters_for(mine, found)
        (tmp_path / name).mkdir()
        builder = CollectedBuilder(
            tmp_path,
            out,
            {each.label: path for each, path in mine.items()},
            scratch=tmp_path / name,
            processes=ProcessGroup(),
        )
        plan = BuildPlan(interpreters=interpreters, repair=False, import_modules=importable)
        places.append(PlatformWheels(plan=plan, builder=builder))
    origins = {path.name: WheelOrigin(repaired_by="cibuildwheel 4", seconds=2.0) for path in wheels.values()}
    result = collect(places, origins, builder.put, Silent(), project="demo", out_dir="out", jobs=2, started=0.0)
    assert [wheel.repair.tool for wheel in result.wheels] == ["cibuildwheel 4"] * len(origins)
    assert all(bool(wheel.path) is result.passed for wheel in result.wheels)
    return result.passed, out


def identifier(python: str, place: str) -> BuildIdentifier:
    return BuildIdentifier(platform=place, minor=14, free_threaded=python.endswith("t"))


def test_an_error_on_one_platform_keeps_the_files_of_all_out(tmp_path: Path) -> None:
    wheels = {}
    for number, place in enumerate(("win_amd64", "win_arm64")):
        for python in ("cp314", "cp314t"):
            name = f"demo-1.0-cp314-{python}-{place}.whl"
            tags = None if number == 0 else ["cp314-cp314-win32"]
            wheels[identifier(python, place)] = make_wheel(tmp_path, name, tags=tags)
    passed, out = judged(tmp_path, wheels)
    assert not passed
    assert not out.exists()


def test_wheels_of_other_machines_are_judged_and_put_in_place(tmp_path: Path) -> None:
    wheels = {
        identifier(python, place): make_wheel(tmp_path, f"demo-1.0-cp314-{python}-{place}.whl")
        for place in ("win_amd64", "win_arm64")
        for python in ("cp314", "cp314t")
    }
    passed, out = judged(tmp_path, wheels)
    assert passed
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in wheels.values())


def test_wheels_of_several_versions_are_refused(tmp_path: Path) -> None:
    wheels = {
        identifier("cp314", place): make_wheel(tmp_path, f"demo-{version}-cp314-cp314-{place}.whl")
        for place, version in (("win_amd64", "1.0"), ("win_arm64", "1.1"))
    }
    with pytest.raises(BuildError, match=r"the wheels have several versions: 1\.0, 1\.1"):
        judged(tmp_path, wheels)


def test_only_interpreters_that_run_the_wheels_are_used(
    tmp_path: Path, default_python: str, free_threaded_python: str
) -> None:
    found = (probe(default_python), probe(free_threaded_python))
    place = native_platforms()[0]
    name = f"demo-1.0-py3-none-{place.replace('linux_', 'linux_2_17_')}.whl"
    wheels = {
        BuildIdentifier(platform=place, minor=each.version[1], free_threaded=each.free_threaded): tmp_path / name
        for each in found
    }
    assert interpreters_for(wheels, found) == (found, True)
    assert interpreters_for(wheels, found[:1])[1] is False
    too_new = {each: tmp_path / name.replace("2_17", "2_99") for each in wheels}
    interpreters, importable = interpreters_for(too_new, found)
    assert not importable
    assert [(each.label, each.executable) for each in interpreters] == [(each.label, "") for each in found]
