"""The tables, the selectors and the plans, held against the real cibuildwheel: its own option parsing, both series."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ftwheel.core.build.cibuildwheel.identifiers import (
    HOSTED,
    BuildIdentifier,
    CibuildwheelRequest,
    CibuildwheelSeries,
    copied_identifiers,
    select,
    selector_matches,
)
from ftwheel.core.build.cibuildwheel.log import _STEPS
from ftwheel.core.build.cibuildwheel.options import CibuildwheelOptions, read_options
from ftwheel.core.build.cibuildwheel.runs import _IMAGES, _USUAL, CibuildwheelRun, RunRequest, config_text, plan_runs
from ftwheel.core.project.cibuildwheel_updates import GONE_IMAGES, GROUPS
from ftwheel.io.build.cibuildwheel import _OCI, Cibuildwheel, installed
from ftwheel.io.system.processes import ProcessGroup

SYSTEMS = ("linux", "macos", "windows", "pyodide", "android", "ios")
PATTERNS = [
    "cp314*",
    "cp314-*",
    "cp3{13,14}{,t}-*",
    "cp31?t-*",
    "*-{win32,win_amd64}",
    "cp3[!1]*",
    "{cp314t}-*",
    "*t-musl*",
]
# Reads questions as JSON, answers what cibuildwheel itself makes of each.
ASK = """\
import json, sys
from pathlib import Path
from cibuildwheel.options import CommandLineArguments, compute_options
from cibuildwheel.__main__ import detect_errors, detect_warnings, get_build_identifiers
from cibuildwheel.platforms import ALL_PLATFORM_MODULES
from cibuildwheel.selector import selector_matches

questions = json.load(sys.stdin)
known = {
    name: [config.identifier for config in module.all_python_configurations()]
    for name, module in ALL_PLATFORM_MODULES.items()
}
everything = [identifier for identifiers in known.values() for identifier in identifiers]
matching = {
    pattern: [each for each in everything if selector_matches(pattern, each)] for pattern in questions["patterns"]
}
answers = []
for question in questions["runs"]:
    arguments = CommandLineArguments.defaults()
    arguments.platform, arguments.archs = question["platform"], question["archs"]
    arguments.enable, arguments.package_dir = question["enable"], Path(question["folder"])
    arguments.config_file = question["config"]
    options = compute_options(question["platform"], arguments, question["environment"])
    chosen = get_build_identifiers(
        platform_module=ALL_PLATFORM_MODULES[question["platform"]],
        build_selector=options.globals.build_selector,
        architectures=options.globals.architectures,
    )
    builds = [options.build_options(each) for each in chosen]
    answers.append({
        "chosen": chosen,
        "wrong": [*detect_warnings(options=options), *detect_errors(options=options, identifiers=chosen)],
        "settings": [each.config_settings for each in builds],
        "engines": [[each.container_engine.name, *each.container_engine.create_args] for each in builds],
        "environments": [repr(each.environment) for each in builds],
        "skip": options.globals.build_selector.skip_config,
        "before_all": options.build_options(None).before_all,
        "audits": [getattr(each, "audit_command", []) for each in builds],
    })
json.dump({"known": known, "matching": matching, "answers": answers}, sys.stdout)
"""


def ask(series: CibuildwheelSeries, folder: Path, runs: list[CibuildwheelRun]) -> dict[str, Any]:
    """What cibuildwheel says about the runs of its series, for the project in the folder."""
    python = installed(series, ProcessGroup(), folder / "install.log")
    questions = []
    for number, run in enumerate(runs):
        config = folder / f"{series.label}-{number}.toml"
        config.write_text(run.config)
        arguments = list(run.arguments)
        questions.append(
            {
                "platform": run.system,
                "archs": ",".join(run.archs),
                "enable": [arguments[-1]] if "--enable" in arguments else [],
                "environment": dict(run.environment),
                "folder": os.fspath(folder),
                "config": os.fspath(config) if run.config else "",
            }
        )
    done = subprocess.run(
        [python, "-c", ASK],
        input=json.dumps({"patterns": PATTERNS, "runs": questions}),
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[CibuildwheelSeries, dict[str, Any]]:
    """What each series says without a run: all its identifiers, and what it takes selectors for."""
    return {series: ask(series, tmp_path_factory.mktemp("known"), []) for series in CibuildwheelSeries}


def identifier_of(text: str) -> BuildIdentifier:
    python, _, platform = text.partition("-")
    return BuildIdentifier(platform=platform, minor=int(python[3:].rstrip("t")), free_threaded=python.endswith("t"))


def runs_for(
    series: CibuildwheelSeries, document: dict[str, Any], request: CibuildwheelRequest, **options: Any
) -> list[CibuildwheelRun]:
    own = read_options(document, {})
    plan = plan_runs(select(request), own, document, RunRequest(**{"config_settings": {}, **options}))
    return [run for run in plan.runs if run.series is series]


@pytest.mark.parametrize("series", list(CibuildwheelSeries), ids=lambda series: series.label)
def test_everything_that_a_series_builds_is_known_and_chosen_as_planned(
    series: CibuildwheelSeries, tmp_path: Path, known: dict[CibuildwheelSeries, dict[str, Any]]
) -> None:
    """For every python on every platform the plan's variables make cibuildwheel choose exactly what the plan says."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'demo'\nversion = '1'\n")
    builds = {
        system: [identifier_of(text) for text in known[series]["known"][system] if text.startswith("cp")]
        for system in SYSTEMS
    }
    runs = []
    for found in builds.values():
        platforms = tuple(dict.fromkeys(each.platform for each in found))
        pythons = tuple(dict.fromkeys(each.label for each in found))
        runs += runs_for(
            series,
            {},
            CibuildwheelRequest(pythons=pythons, platforms=platforms),
            container_label="a=b",
            audit="x {wheel}",
        )
    answers = ask(series, tmp_path, runs)["answers"]
    assert len(answers) == len(runs) > 2
    for run, answer in zip(runs, answers, strict=True):
        assert sorted(answer["chosen"]) == sorted(each.text for each in run.identifiers)
        # 3.x tells everyone who enables 3.13t that the option will go
        assert [each for each in answer["wrong"] if "'cpython-freethreading' enable is deprecated" not in each] == []
        if run.system == "linux":
            assert answer["engines"] == [["docker", "--label=a=b"]] * len(run.identifiers)
        if series is CibuildwheelSeries.FOUR:
            assert answer["audits"] == [["x {wheel}"]] * len(run.identifiers)


@pytest.mark.parametrize("series", list(CibuildwheelSeries), ids=lambda series: series.label)
def test_the_copied_identifiers_are_those_it_prints_and_its_answer_is_kept(
    series: CibuildwheelSeries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = Path(installed(series, ProcessGroup(), tmp_path / "install.log"))
    folder = tmp_path / "ftwheel" / "cibuildwheel" / python.parents[2].name
    folder.mkdir(parents=True)
    (folder / "env").symlink_to(python.parents[1])
    monkeypatch.setenv("FTWHEEL_CACHE_DIR", os.fspath(tmp_path / "ftwheel"))
    kept = folder / "facts-1.json"
    kept.write_text("{")  # as a full disk leaves it
    monkeypatch.setenv("CIBW_SKIP", "*")  # a project's, which the question is not about

    def identifiers() -> frozenset[str]:
        tool = Cibuildwheel(tmp_path, tmp_path, ProcessGroup(), label="", echo=print)
        return tool.identifiers(series)

    assert sorted(identifiers()) == sorted(copied_identifiers(series))
    assert {f"cp314t-{platform}" for platform in HOSTED} <= identifiers()
    facts = json.loads(kept.read_text())
    kept.write_text(json.dumps({**facts, "identifiers": ["cp316-win32"]}))
    assert identifiers() == {"cp316-win32"}


@pytest.mark.parametrize("series", list(CibuildwheelSeries), ids=lambda series: series.label)
def test_the_copied_images_container_platforms_exit_codes_and_log_lines_are_its_own(
    series: CibuildwheelSeries, tmp_path: Path
) -> None:
    source = """\
import json, pathlib, tomllib
import cibuildwheel
from cibuildwheel import errors, logger
from cibuildwheel.platforms import linux
folder = pathlib.Path(cibuildwheel.__file__).parent
codes = [errors.ConfigurationError, errors.NothingToDoError, errors.DeprecationError, errors.OCIEngineTooOldError]
codes += [errors.AuditCommandFailedError] if hasattr(errors, "AuditCommandFailedError") else []
print(json.dumps({
    "defaults": tomllib.loads((folder / "resources/defaults.toml").read_text())["tool"]["cibuildwheel"],
    "pinned": (folder / "resources/pinned_docker_images.cfg").read_text(),
    "oci": {arch.value: oci.value for arch, oci in linux.ARCHITECTURE_OCI_PLATFORM_MAP.items()},
    "codes": [error("").return_code for error in codes],
    "printed": "".join(file.read_text() for file in folder.rglob("*.py")),
}))
"""
    python = installed(series, ProcessGroup(), tmp_path / "install.log")
    done = subprocess.run([python, "-c", source], capture_output=True, text=True, check=True)
    facts = json.loads(done.stdout)
    pinned = configparser.ConfigParser(inline_comment_prefixes="#")
    pinned.read_string(facts["pinned"])
    archs = [section for section in pinned.sections() if not section.startswith("pypy_")]
    assert len(archs) == 7
    for arch in archs:
        images, default = _IMAGES.get(arch, (_USUAL, "manylinux_2_28"))
        assert {*images.values(), "musllinux_1_2"} == {*pinned[arch]}
        assert facts["defaults"][f"manylinux-{arch}-image"] == default
        assert facts["defaults"][f"musllinux-{arch}-image"] == "musllinux_1_2"
        assert facts["oci"][arch] == _OCI.get(arch, "linux/386")
    assert facts["codes"] == [2, 3, 4, 7, 9][: len(facts["codes"])]
    for words in {*_STEPS} - ({"Auditing wheel"} if series is CibuildwheelSeries.THREE else {*()}):
        assert f'"{words}' in facts["printed"], words


def test_selectors_mean_what_they_mean_to_cibuildwheel(known: dict[CibuildwheelSeries, dict[str, Any]]) -> None:
    answer = known[CibuildwheelSeries.FOUR]
    everything = [text for found in answer["known"].values() for text in found]
    assert {
        pattern: [each for each in everything if selector_matches(pattern, each)] for pattern in PATTERNS
    } == answer["matching"]


@pytest.mark.parametrize("series", list(CibuildwheelSeries), ids=lambda series: series.label)
def test_the_projects_own_options_are_read_as_cibuildwheel_reads_them(
    series: CibuildwheelSeries, tmp_path: Path
) -> None:
    cases: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({}, {}),
        ({"skip": "cp39-* cp310-*", "before-all": "a"}, {}),
        ({"skip": ["cp39-*", "cp310-*"], "before-all": ["a", "b"]}, {}),
        ({"before-all": "a", "linux": {"before-all": "b"}, "macos": {"before-all": "c"}}, {}),
        ({"skip": "cp39-*", "before-all": "a"}, {"CIBW_SKIP": "cp310-*", "CIBW_BEFORE_ALL": "d"}),
        ({"before-all": "a"}, {"CIBW_BEFORE_ALL": "d", "CIBW_BEFORE_ALL_LINUX": "e", "CIBW_BEFORE_ALL_MACOS": "f"}),
        ({"skip": "cp39-*"}, {"CIBW_SKIP": "", "CIBW_SKIP_LINUX": "cp311-*"}),
    ]
    if series is CibuildwheelSeries.FOUR:  # 3.x refuses inherit outside of overrides
        cases += [
            ({"before-all": "a", "linux": {"before-all": ["b"], "inherit": {"before-all": "append"}}}, {}),
            ({"before-all": "a", "linux": {"before-all": "b", "inherit": {"before-all": "prepend"}}}, {}),
        ]
    build = BuildIdentifier(platform="manylinux_x86_64", minor=14, free_threaded=False)
    runs = [
        CibuildwheelRun(
            series=series, system="linux", identifiers=(build,), environment=environ, config=config_text(table)
        )
        for table, environ in cases
    ]
    answers = ask(series, tmp_path, runs)["answers"]
    for (table, environ), answer in zip(cases, answers, strict=True):
        own = CibuildwheelOptions(table=table, environ=environ)
        assert answer["skip"] == (own.get("skip", "linux") or ""), (table, environ)
        assert answer["before_all"] == (own.get("before-all", "linux", separator=" && ") or ""), (table, environ)


def test_what_is_gone_is_what_it_refuses(tmp_path: Path) -> None:
    """The copies in core.project.cibuildwheel_updates, which init needs where no cibuildwheel is installed."""
    python = installed(CibuildwheelSeries.FOUR, ProcessGroup(), tmp_path / "install.log")
    source = """\
import inspect, json
from cibuildwheel import options, selector
refuses = inspect.getsource(options.Options._check_pinned_image)
print(json.dumps([[*map(str, selector.EnableGroup), "all"], refuses]))
"""
    done = subprocess.run([python, "-c", source], capture_output=True, text=True, check=True)
    groups, refuses = json.loads(done.stdout)
    assert set(groups) == set(GROUPS)
    line = next(line for line in refuses.splitlines() if "error_set" in line)
    assert set(line.split('"')[1::2]) == set(GONE_IMAGES)


def test_overrides_reach_the_build_they_are_for_and_leave_the_projects_own(tmp_path: Path) -> None:
    document = {
        "build-system": {"build-backend": "mesonpy"},
        "tool": {
            "meson-python": {"limited-api": True},
            "cibuildwheel": {"config-settings": {"setup-args": ["-Dx=1"]}, "environment": {"A": "b"}},
        },
    }
    request = CibuildwheelRequest(
        pythons=("3.14", "3.14t"), platforms=("manylinux_x86_64",), own=read_options(document, {})
    )
    runs = runs_for(CibuildwheelSeries.FOUR, document, request, config_settings={"compile-args": "-v"})
    [answer] = ask(CibuildwheelSeries.FOUR, tmp_path, runs)["answers"]
    assert dict(zip(answer["chosen"], answer["settings"], strict=True)) == {
        "cp314-manylinux_x86_64": "setup-args=-Dx=1 compile-args=-v",
        "cp314t-manylinux_x86_64": "setup-args=-Dx=1 setup-args=-Dpython.allow_limited_api=false compile-args=-v",
    }


def test_maturin_has_a_folder_for_each_build_and_keeps_the_projects_environment(tmp_path: Path) -> None:
    document = {
        "build-system": {"build-backend": "maturin"},
        "tool": {"cibuildwheel": {"environment": {"A": "b"}}},
    }
    request = CibuildwheelRequest(
        pythons=("3.14", "3.14t"), platforms=("manylinux_x86_64",), own=read_options(document, {})
    )
    [answer] = ask(CibuildwheelSeries.FOUR, tmp_path, runs_for(CibuildwheelSeries.FOUR, document, request))["answers"]
    for identifier, environment in zip(answer["chosen"], answer["environments"], strict=True):
        python = identifier.partition("-")[0]
        assert f'CARGO_TARGET_DIR="target/ftwheel-{python}"' in environment
        assert 'A="b"' in environment
        assert ".cargo/bin" in environment
