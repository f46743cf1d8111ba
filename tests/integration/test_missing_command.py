"""``ftwheel missing`` from its arguments to its output and exit code, on recorded pages and on a loopback index."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ftwheel.cli.missing import OUTCOMES
from ftwheel.core.index.page import normalized
from ftwheel.io.system.environment_probe import this_platform
from ftwheel_build import config
from support.documents import documented
from support.in_process import CommandRun, configure_nothing
from support.published import publish
from support.server import IndexServer

ROOT = Path(__file__).parents[2]
RECORDINGS = Path(__file__).parents[1] / "recordings"
SHOP = (str(RECORDINGS / "shop" / "uv.lock"), "--index", str(RECORDINGS / "shop"))
LINUX = "3.14t-manylinux_2_28_x86_64"
TARGETS = ("--target", LINUX, "--target", "3.15t-manylinux_2_28_x86_64")


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user with nothing configured and nothing in the cache."""
    configure_nothing(monkeypatch, tmp_path)
    monkeypatch.delenv("UV_NO_CONFIG")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def missing(capsys: pytest.CaptureFixture[str]) -> CommandRun:
    return CommandRun("missing", capsys)


def outcomes(body: dict[str, Any]) -> dict[str, list[str]]:
    return {each["name"]: [verdict["readiness"] for verdict in each["verdicts"]] for each in body["projects"]}


# --- the example of the documentation --------------------------------------------------------------------------------


def test_a_lock_shows_what_is_missing_and_what_helps(missing: CommandRun) -> None:
    assert missing(*SHOP, *TARGETS) == 1
    lines = missing.out.splitlines()
    assert [line.split()[:4] for line in lines if "sdist  " in line] == [
        ["brotli", "1.2.1", "sdist", "sdist"],
        ["lxml", "5.4.0", "sdist", "sdist"],
    ]
    assert "next: lxml: upgrade to 6.1.3 (2026-09-02)" in lines
    assert lines[-1] == "8 of 10 ready; 2 block"
    assert missing.err == ""


def test_markers_decide_for_each_target(missing: CommandRun) -> None:
    (found,) = [
        each for each in missing.json(*SHOP, *TARGETS, "--all")["projects"] if each["name"] == "typing-extensions"
    ]
    assert [verdict["target"] for verdict in found["verdicts"]] == ["cp314t-manylinux_2_28_x86_64"]
    assert found["chains"] == [["httpx", "anyio", "typing-extensions"]]


def test_our_own_dependencies_are_ready_everywhere(missing: CommandRun) -> None:
    own = RECORDINGS / "own"
    platforms = ("manylinux_2_28_x86_64", "win_amd64", "macosx_14_0_arm64")
    targets = [text for platform in platforms for text in ("--target", f"3.14t-{platform}")]
    assert missing(str(own / "pylock.toml"), *targets, "--index", str(own), "--all") == 0, missing.out
    assert missing.out.endswith("34 of 34 ready\n")
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    looked_at = {line.split()[0] for line in missing.out.splitlines() if line}
    names = {normalized(text.split(";")[0].split(">")[0].split("=")[0]) for text in required}
    assert names - looked_at == {"ftwheel-build"}, "a new dependency: see tests/recordings/own/README.md"


# --- policy ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "summary"),
    [
        (("--allow", "brotli", "--allow", "LXML"), 0, "8 of 10 ready; 2 allowed"),
        (("--allow", "brotli", "--allow", "lxml==5.4.0"), 0, "8 of 10 ready; 2 allowed"),
        (("--allow", "brotli", "--allow", "lxml<5"), 1, "8 of 10 ready; 1 blocks; 1 allowed"),
        (("--fail-on", "nothing"), 0, "8 of 10 ready; 2 allowed"),
        (("--fail-on", "nothing", "--fail-on", "sdist"), 1, "8 of 10 ready; 2 block"),
        (("--fail-on", "warning"), 1, "8 of 10 ready; 2 block"),
    ],
)
def test_what_fails_is_said_by_the_user(missing: CommandRun, options: tuple[str, ...], code: int, summary: str) -> None:
    assert missing(*SHOP, *TARGETS, *options) == code
    assert missing.out.splitlines()[-1] == summary


@pytest.mark.parametrize(
    ("table", "code", "summary"),
    [
        ('allow = ["brotli", "lxml==5.4.0"]', 0, "8 of 10 ready; 2 allowed"),
        ('allow = ["brotli", "lxml<5"]', 1, "8 of 10 ready; 1 blocks; 1 allowed"),
        ('fail-on = ["never"]', 0, "8 of 10 ready; 2 allowed"),
    ],
)
def test_what_fails_is_said_by_the_project(
    missing: CommandRun, user: Path, table: str, code: int, summary: str
) -> None:
    (user / "pyproject.toml").write_text(f"[tool.ftwheel.missing]\n{table}\n")
    assert missing(*SHOP, *TARGETS) == code
    assert missing.out.splitlines()[-1] == summary
    (user / "pyproject.toml").rename(user / "elsewhere.toml")
    assert missing(*SHOP, *TARGETS) == 1
    assert missing(*SHOP, *TARGETS, "--config", "elsewhere.toml") == code


def test_targets_are_said_by_the_project_and_the_command_line_goes_before(missing: CommandRun, user: Path) -> None:
    (user / "pyproject.toml").write_text('[tool.ftwheel.missing]\ntargets = ["3.14t-win_amd64"]\n')
    assert missing.json(*SHOP)["targets"] == ["cp314t-win_amd64"]
    assert missing.json(*SHOP, "--target", LINUX)["targets"] == ["cp314t-manylinux_2_28_x86_64"]


def test_the_outcomes_of_the_configuration_are_those_of_the_option() -> None:
    assert set(OUTCOMES) == set(config.OUTCOMES)


def test_never_fails_where_it_is_told_to(missing: CommandRun) -> None:
    assert missing(*SHOP, *TARGETS, "--fail-on", "never") == 0


# --- showing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["text", "tree", "json", "markdown", "csv", "github", "sarif"])
def test_each_form_is_the_same_on_the_terminal_and_in_a_file(missing: CommandRun, user: Path, form: str) -> None:
    assert missing(*SHOP, *TARGETS, "--format", form, "--report", f"{form}=out") == 1
    assert "brotli" in missing.out
    assert (user / "out").read_text(encoding="utf-8") == missing.out


def test_an_issue_can_be_pasted(missing: CommandRun) -> None:
    assert missing(*SHOP, *TARGETS, "--issue", "Brotli") == 0
    assert missing.out.startswith("Wheels for free-threaded CPython 3.14 and 3.15 (cp314t and cp315t)\n\nHello")
    assert "`brotli-1.2.1.tar.gz`" in missing.out


def test_no_issue_where_an_upgrade_is_all_it_takes(missing: CommandRun) -> None:
    assert missing(*SHOP, *TARGETS, "--issue", "lxml") == 2
    assert "upgrade to 6.1.3 (2026-09-02), which has the wheels" in missing.err
    assert missing(*SHOP, *TARGETS, "--issue", "numpy") == 2
    assert "not a project of the report, which has 10" in missing.err


# --- shards ----------------------------------------------------------------------------------------------------------


def test_shards_make_the_whole_report_again(missing: CommandRun, user: Path) -> None:
    whole = missing.json(*SHOP, *TARGETS)
    for number in (1, 2, 3):
        missing(*SHOP, *TARGETS, "--shard", f"{number}/3", "--format", "json")
        (user / f"{number}.json").write_text(missing.out)
    assert missing("--merge", "3.json", "1.json", "2.json", "--format", "json") == 1
    assert json.loads(missing.out) == whole
    assert missing("--merge", "3.json", "1.json") == 1
    assert "shard 1/3 and 3/3" in missing.out
    assert missing("--merge", "1.json", "2.json", "3.json", "--allow", "lxml", "--fail-on", "sdist") == 1
    assert missing.out.endswith("8 of 10 ready; 1 blocks; 1 allowed\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--shard", "4/3", *SHOP), "4/3: not a shard"),
        (("--merge", "other.json"), "other.json: not a report of ftwheel missing (no key 'policy')"),
        (("--merge", "deep.json"), "deep.json: objects or arrays are nested too deeply"),
        (("--merge", "not.json"), "not.json: cannot be read"),
        (("--target", "2.7", *SHOP), "2.7: not a target"),
        (("no-such.lock",), "no-such.lock: cannot be read"),
        (("numpy==",), "argument: numpy==: not a requirement"),
        (("--installer", "conda", *SHOP), "'conda': not an installer"),
        (("httpx", *SHOP[1:]), "a recording contains index pages, but no metadata of files"),
    ],
)
def test_wrong_input_is_one_clear_message(
    missing: CommandRun, user: Path, arguments: tuple[str, ...], message: str
) -> None:
    (user / "other.json").write_text("{}")
    (user / "deep.json").write_text("[" * 200_000)
    assert missing(*arguments) == 2
    assert missing.err.startswith(f"ftwheel: error: {message}")
    assert missing.out == ""


# --- a real index ----------------------------------------------------------------------------------------------------


@pytest.fixture
def index(server: IndexServer) -> tuple[str, ...]:
    """An application that needs a library with wheels for the default build only."""
    publish(server, "app", "app-1.0-py3-none-any.whl", requires=("lib>=2", "win; sys_platform == 'win32'"))
    publish(server, "lib", "lib-2.0-cp314-cp314-manylinux_2_17_x86_64.whl", "lib-2.0.tar.gz", requires=("leaf",))
    publish(server, "leaf", "leaf-1.0-cp314-cp314t-manylinux_2_17_x86_64.whl")
    publish(server, "win", "win-1.0-cp314-cp314t-win_amd64.whl")
    return "--index-url", f"{server.url}/simple/", "--no-config"


def test_the_tree_is_resolved_for_each_target(missing: CommandRun, index: tuple[str, ...]) -> None:
    both = ("--target", LINUX, "--target", "3.14t-win_amd64")
    body = missing.json("app", *index, *both, "--only-binary", "leaf")
    chains = {each["name"]: each["chains"] for each in body["projects"]}
    assert chains["app"] == [["app"]]
    assert chains["win"] == [["app", "win"]]
    assert [verdict["target"] for verdict in body["projects"][-1]["verdicts"]] == ["cp314t-win_amd64"]
    assert outcomes(body)["win"] == ["free-threaded wheel"]
    assert outcomes(body)["lib"] == ["sdist", "sdist"]


def test_no_deps_looks_at_what_is_named_alone(missing: CommandRun, server: IndexServer, index: tuple[str, ...]) -> None:
    assert outcomes(missing.json("lib", "leaf", "--no-deps", *index, "--target", LINUX)) == {
        "leaf": ["free-threaded wheel"],
        "lib": ["sdist"],
    }
    assert {path for path in server.paths if path.startswith("/files")} == set()


def test_a_version_that_does_not_exist_is_an_error_among_others(
    missing: CommandRun, user: Path, index: tuple[str, ...]
) -> None:
    (user / "requirements.txt").write_text("lib>=3\nleaf\n")
    assert missing("requirements.txt", *index, "--target", LINUX) == 2
    assert "error: lib: no release satisfies >=3; the newest is 2.0\nnext: lib: relax the version" in missing.out
    assert missing.out.splitlines()[-1] == "1 of 2 ready; 1 unknown"


def test_a_pin_of_the_lock_that_no_index_has(missing: CommandRun, user: Path, index: tuple[str, ...]) -> None:
    report = {"version": "1", "pip_version": "26", "installed": [{"metadata": {"name": "leaf", "version": "99"}}]}
    (user / "installed.json").write_text(json.dumps(report))
    assert missing("installed.json", *index, "--target", LINUX) == 1
    assert "note: leaf: 99 is not on the index" in missing.out
    assert "next: leaf: check which index leaf 99 is from, and add it with --extra-index-url" in missing.out


def test_a_requirements_file_says_where_to_look(missing: CommandRun, user: Path, index: tuple[str, ...]) -> None:
    (user / "requirements.txt").write_text(f"--index-url {index[1]}\nleaf\n--no-binary leaf\n")
    for arguments in (("requirements.txt",), ("-r", "requirements.txt")):
        body = missing.json(*arguments, "--no-deps", "--no-config", "--target", LINUX)
        assert outcomes(body) == {"leaf": ["nothing"]}


def test_a_folder_stands_for_its_project_and_a_name_for_a_project_on_the_index(
    missing: CommandRun, user: Path, index: tuple[str, ...]
) -> None:
    (user / "leaf").mkdir()
    (user / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\ndependencies = ["leaf"]\n')
    assert missing.json("leaf", *index, "--target", LINUX)["inputs"] == ["leaf"]
    for folder in (".", "./", str(user)):
        body = missing.json(folder, *index, "--target", LINUX)
        assert (body["inputs"], list(outcomes(body))) == (["pyproject.toml"], ["leaf"])


def test_the_tracker_and_the_extra_that_could_go_are_named(missing: CommandRun, server: IndexServer) -> None:
    publish(
        server,
        "site",
        "site-1.0-py3-none-any.whl",
        requires=("core", "brick; extra == 'fast'"),
        more=("Provides-Extra: fast",),
    )
    publish(server, "core", "core-1.0-py3-none-any.whl")
    issues = ("Project-URL: Bug Tracker, https://brick.example/bugs",)
    publish(server, "brick", "brick-1.0-cp314-cp314-manylinux_2_17_x86_64.whl", "brick-1.0.tar.gz", more=issues)
    asked = ("site[fast]", "--no-config", "--index-url", f"{server.url}/simple/", "--target", LINUX)
    assert missing(*asked) == 1
    assert [line for line in missing.out.splitlines() if ": brick: " in line] == [
        "next: brick: drop the extra site[fast] if you can: nothing else requires it",
        "next: brick: build 1.0 from brick-1.0.tar.gz",
        "next: brick: ask brick for a cp314-cp314t-manylinux_2_17_x86_64 wheel",
        "next: brick: its issue tracker is https://brick.example/bugs",
    ]
    again = missing.json(*asked, "--offline")
    (brick,) = [each for each in again["projects"] if each["name"] == "brick"]
    assert (brick["tracker"], brick["dependents"], again["ranking"]) == ("https://brick.example/bugs", 1, ["brick"])
    plain = missing.json("site", "brick", *asked[1:])
    assert "leave out" not in json.dumps(plain)


def test_a_lock_that_does_not_say_who_requires_whom_is_completed(
    missing: CommandRun, server: IndexServer, user: Path
) -> None:
    """``uv pip compile --format pylock.toml`` writes no dependencies; the wheels that are locked declare them."""
    fast = ("Provides-Extra: fast",)
    publish(server, "site", "site-1.0-py3-none-any.whl", requires=("web[fast]",))
    publish(
        server, "web", "web-1.0-py3-none-any.whl", requires=("brick ; extra == 'fast'", "no (( requirement"), more=fast
    )
    publish(server, "brick", "brick-1.0.tar.gz")
    packages = []
    for name, kind, file in (
        ("site", "wheels = [{}]", "site-1.0-py3-none-any.whl"),
        ("web", "wheels = [{}]", "web-1.0-py3-none-any.whl"),
        ("brick", "sdist = {}", "brick-1.0.tar.gz"),
    ):
        table = f'{{ url = "{server.url}/files/{file}", hashes = {{ sha256 = "{"0" * 64}" }} }}'
        packages.append(f'[[packages]]\nname = "{name}"\nversion = "1.0"\n{kind.format(table)}\n')
    lock = user / "pylock.toml"
    lock.write_text("\n".join(['lock-version = "1.0"\ncreated-by = "test"\n', *packages]))
    asked = ("pylock.toml", "--no-config", "--index-url", f"{server.url}/simple/", "--target", LINUX)
    body = missing.json(*asked)
    found = {each["name"]: (each["chains"], each["dependents"]) for each in body["projects"]}
    assert found["brick"] == ([["site", "web", "brick"]], 2)
    plain = missing.json(*asked, "--no-deps")
    assert {each["name"]: each["dependents"] for each in plain["projects"]} == {"brick": 0, "site": 0, "web": 0}


def test_offline_answers_from_the_cache(missing: CommandRun, server: IndexServer, index: tuple[str, ...]) -> None:
    first = missing.json("app", *index, "--target", LINUX)
    asked = len(server.paths)
    assert missing.json("app", *index, "--target", LINUX, "--offline") == first
    assert len(server.paths) == asked
    assert missing("elsewhere", "--no-deps", *index, "--target", LINUX, "--offline") == 5
    assert (
        "elsewhere/: is not in the cache\nnext: elsewhere: run the same command once without --offline" in missing.out
    )
    assert missing("elsewhere", "nowhere", "leaf", "--no-deps", *index, "--target", LINUX, "--offline") == 5
    assert missing.out.count("run the same command once without --offline") == 1
    assert "next: elsewhere, nowhere: run the same" in missing.out


def test_a_project_that_fails_stops_no_other(missing: CommandRun, server: IndexServer, index: tuple[str, ...]) -> None:
    server.put("/simple/broken/", "{")
    assert missing("broken", "leaf", "nowhere", "--no-deps", *index, "--target", LINUX) == 4
    assert "error: broken: " in missing.out
    assert "no index has this project" in missing.out
    assert missing.out.splitlines()[-1] == "1 of 3 ready; 2 unknown"


def test_a_recording_gives_the_same_report(missing: CommandRun, index: tuple[str, ...]) -> None:
    asked = ("lib", "leaf", "--no-deps", "--target", LINUX)
    assert missing(*asked, *index, "--record", "pages") == 1
    first = missing.out
    assert missing(*asked, "--index", "pages") == 1
    assert missing.out == first


# --- targets and environments ----------------------------------------------------------------------------------------


def test_without_a_target_it_is_the_twin_on_this_platform(missing: CommandRun, index: tuple[str, ...]) -> None:
    body = missing.json("leaf", "--no-deps", *index)
    assert all(label.endswith(f"t-{this_platform()}") for label in body["targets"])


def test_the_twin_is_that_of_the_interpreter_named(
    missing: CommandRun, index: tuple[str, ...], free_threaded_python: str
) -> None:
    body = missing.json("leaf", "--no-deps", *index, "--python", free_threaded_python)
    assert [label.partition("-")[0] for label in body["targets"]] == ["cp313t", "cp314t"]


def test_the_active_environment_is_looked_at(
    missing: CommandRun, user: Path, index: tuple[str, ...], default_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = user / "env" / "lib" / "python3.13" / "site-packages" / "leaf-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: leaf\nVersion: 1.0\n")
    (user / "env" / "bin").mkdir()
    (user / "env" / "bin" / "python").symlink_to(default_python)
    (user / "env" / "pyvenv.cfg").write_text(
        f"home = {Path(default_python).parent}\ninclude-system-site-packages = false\n"
    )
    monkeypatch.setenv("VIRTUAL_ENV", str(user / "env"))
    body = missing.json(*index)
    assert outcomes(body) == {"leaf": ["nothing", "free-threaded wheel"]}
    assert body["projects"][0]["difference"] == "cp313t not yet, cp314t yes"
    shutil.rmtree(user / "env")
    assert missing(*index) == 2
    assert "leaf" not in missing.out, "an environment that is gone is not the active one"


# --- what the documentation shows ------------------------------------------------------------------------------------


def test_the_conflict_that_the_documentation_shows(
    missing: CommandRun, server: IndexServer, index: tuple[str, ...]
) -> None:
    publish(server, "requests", "requests-2.28.0-py3-none-any.whl", requires=("urllib3<1.27,>=1.21.1",))
    publish(server, "urllib3", "urllib3-1.26.20-py3-none-any.whl", "urllib3-2.7.0-py3-none-any.whl")
    asked = ("requests==2.28.0", "urllib3>=2", "--target", "3.14t-manylinux_2_28_x86_64")
    assert missing(*asked, *index) == 2
    documented("missing-resolution.md", "ftwheel missing requests==2.28.0", missing.err)


def test_the_mistake_that_the_documentation_shows(missing: CommandRun, user: Path) -> None:
    (user / "requirements.txt").write_text("scrapy\n\n--extra-index https://index.example/simple/\n")
    assert missing("-r", "requirements.txt") == 2
    documented("missing-inputs.md", "ftwheel missing -r requirements.txt", missing.err)
