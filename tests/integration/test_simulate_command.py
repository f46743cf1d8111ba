"""``ftwheel simulate`` from its arguments to its output and exit code, on recorded pages and on a loopback index."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ftwheel
from ftwheel.core.tags.environments import parse_environment
from ftwheel.io.system.environment_probe import environment_of
from support.clients import page
from support.in_process import CommandRun, configure_nothing
from support.server import HTML, IndexServer, Reply
from support.wheels import make_wheel

RECORDINGS = str(Path(__file__).parents[1] / "recordings")


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user with nothing configured and nothing in the cache."""
    configure_nothing(monkeypatch, tmp_path)
    return tmp_path


@pytest.fixture
def simulate(capsys: pytest.CaptureFixture[str]) -> CommandRun:
    return CommandRun("simulate", capsys)


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines() if "  " in line]


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_files_of_a_folder_say_which_python_they_require(simulate: CommandRun, tmp_path: Path, installer: str) -> None:
    for version, python in (("1.0", ">=3.8"), ("2.0", ">=3.99")):
        metadata = f"Metadata-Version: 2.1\nName: foo\nVersion: {version}\nRequires-Python: {python}\n"
        make_wheel(tmp_path, f"foo-{version}-py3-none-any.whl", replace={"METADATA": metadata.encode()})
    (tmp_path / "foo-0.9-py3-none-any.whl").write_bytes(b"no wheel")
    asked = ("foo", "--no-index", "-f", tmp_path, "--env", "cp313-win_amd64", "--installer", installer)
    assert simulate(*asked) == 1
    assert rows(simulate.out)[1] == ["cp313-win_amd64", "older version 1.0", "foo-1.0-py3-none-any.whl"]
    answer = ftwheel.simulate("foo", environments=["cp313-win_amd64"], installers=[installer], indexes=[tmp_path])
    assert answer.cells[0].best is not None
    assert answer.cells[0].best.version == "1.0"


def test_pip_told_to_choose_for_another_interpreter(simulate: CommandRun) -> None:
    """The host is each environment that is asked for, or the interpreter that runs."""
    there = ("rpds-py==0.22.0", "--index", RECORDINGS, "--platform", "win_amd64", "--python-version", "3.13")
    hosts = ("cp311-manylinux_2_28_x86_64", "cp313t-manylinux_2_28_x86_64")
    options = "--platform win_amd64 --python-version 3.13"
    assert simulate(*there, "--only-binary", ":all:", "--env", ",".join(hosts)) == 1
    assert rows(simulate.out)[0] == ["ENVIRONMENT", "PIP", "FILE"]
    assert rows(simulate.out)[1:] == [
        [f"{hosts[0]} {options}", "nothing"],
        [f"{hosts[1]} {options}", "free-threaded wheel", "rpds_py-0.22.0-cp313-cp313t-win_amd64.whl"],
    ]
    assert "next:" not in simulate.out  # what pip is told need not be an interpreter
    assert simulate(*there, "--abi", "cp313t") == 0
    assert rows(simulate.out)[1][0] == f"{environment_of(sys.executable).label} {options} --abi cp313t"
    assert simulate(*there, "--explain", hosts[1], "--format", "json") == 0
    assert json.loads(simulate.out)["results"][0]["explanations"][0]["environment"] == f"{hosts[1]} {options}"
    assert simulate(*there, "--installer", "uv") == 2
    assert simulate.err.endswith("use --installer pip, for the newest release\n")
    assert simulate(*there[:-1], "3.x") == 2
    assert "--python-version 3.x: not a version that pip accepts" in simulate.err


# --- the example of the documentation --------------------------------------------------------------------------------


def test_windows_falls_to_the_sdist_and_its_free_threaded_build_does_not(simulate: CommandRun) -> None:
    code = simulate(
        "rpds-py==0.22.0",
        "--index",
        RECORDINGS,
        "--env",
        "cp313-win_amd64,cp313t-win_amd64",
        "--env",
        "cp312-win_amd64",
    )
    assert code == 1
    assert rows(simulate.out)[1:] == [
        ["cp313-win_amd64", "sdist", "sdist", "rpds_py-0.22.0.tar.gz"],
        ["cp313t-win_amd64", "free-threaded wheel", "free-threaded wheel", "rpds_py-0.22.0-cp313-cp313t-win_amd64.whl"],
        [
            "cp312-win_amd64",
            "version-specific wheel",
            "version-specific wheel",
            "rpds_py-0.22.0-cp312-cp312-win_amd64.whl",
        ],
    ]
    assert (
        "next: default 3.13 gets the sdist on win_amd64 (pip and uv): upload a cp313-cp313-win_amd64 wheel\n"
        in simulate.out
    )
    assert "note: 0.22.0 is yanked: " in simulate.out


def test_the_whole_matrix_is_grouped(simulate: CommandRun) -> None:
    assert simulate("rpds-py==0.22.0", "--index", RECORDINGS) == 1
    lines = rows(simulate.out)
    assert ["cp313", "win_amd64, win32, win_arm64", "sdist", "sdist"] in lines
    assert ["cp313t", "all but win_arm64", "free-threaded wheel", "free-threaded wheel"] in lines
    assert ["cp314", "all 9", "sdist", "sdist"] in lines


def test_an_outcome_can_be_allowed(simulate: CommandRun) -> None:
    asked = ("rpds-py==0.22.0", "--index", RECORDINGS, "--env", "cp313-win_amd64")
    assert simulate(*asked) == 1
    assert simulate(*asked, "--allow", "sdist") == 0
    assert simulate(*asked, "--allow", "nothing") == 1


@pytest.mark.parametrize(
    ("day", "version"), [("2026-01-11", "0.9.4"), ("2026-01-12", "0.9.5"), ("2025-12-18", "0.9.3")]
)
def test_what_installers_saw_on_a_day(simulate: CommandRun, day: str, version: str) -> None:
    found = simulate.json("whenever", "--index", RECORDINGS, "--uploaded-prior-to", day, "--env", "cp314t-win_amd64")
    (result,) = found["results"]
    assert result["newest"] == {"pip": version, "uv": version}
    assert {cell["file"]["version"] for cell in result["cells"]} == {version}


def test_every_file_is_explained_nearest_miss_first(simulate: CommandRun) -> None:
    simulate("rpds-py==0.22.0", "--index", RECORDINGS, "--explain", "cp313-win_amd64", "--installer", "pip")
    head, _, title, *body = simulate.out.splitlines()
    assert head == "rpds-py==0.22.0: pip on cp313-win_amd64 selects rpds_py-0.22.0.tar.gz"
    assert title.split() == ["RANK", "FILE", "WHY"]
    table = rows("\n".join(body))
    assert table[0] == ["1", "rpds_py-0.22.0.tar.gz", "selected"]
    nearest = table[1][1]
    assert nearest.startswith("rpds_py-0.22.0-cp313-cp313")
    assert len(table) == 191  # every file of both versions on the page


# --- formats ---------------------------------------------------------------------------------------------------------


def test_json_has_what_the_documentation_says(simulate: CommandRun) -> None:
    found = simulate.json(
        "rpds-py==0.22.0", "--index", RECORDINGS, "--env", "cp313-win_amd64", "--explain", "cp313t-win_amd64"
    )
    assert list(found) == ["schema_version", "command", "resolved", "results"]
    assert (found["schema_version"], found["command"], found["resolved"]) == (1, "simulate", False)
    (result,) = found["results"]
    documented = (Path(__file__).parents[2] / "docs" / "json.md").read_text()

    def keys(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key not in {"hashes", "newest"}:
                    yield from keys(inner)
                yield key
        elif isinstance(value, list):
            for inner in value[:1]:
                yield from keys(inner)

    names = set(keys(found)) - {"sha256", "pip", "uv"}
    assert sorted(name for name in names if f"`{name}`" not in documented) == []
    assert [explanation["installer"] for explanation in result["explanations"]] == ["pip", "uv"]
    reasons = {file["reason"] for file in result["explanations"][0]["files"]}
    assert {None, "version-mismatch", "tag-mismatch"} <= reasons
    assert "://" not in json.dumps(result["cells"]).replace(str(result["cells"][0]["file"]["yanked"]), "")


def test_markdown_is_a_table_without_markup_of_the_index(simulate: CommandRun, server: IndexServer) -> None:
    server.put("/demo/", page("demo", "demo-1.0+<b>|x.tar.gz", "demo-1.0.tar.gz", yanked="| **bold** <script>"))
    simulate(
        "demo==1.0",
        "-i",
        server.url,
        "--env",
        "cp314-win_amd64",
        "--format",
        "markdown",
        "--explain",
        "cp314-win_amd64",
    )
    assert simulate.out.startswith("### demo\\=\\=1\\.0" if "\\=" in simulate.out else "### demo==1.0")
    assert "<script>" not in simulate.out
    assert "<b>|" not in simulate.out


def test_control_characters_never_reach_the_terminal(simulate: CommandRun, server: IndexServer) -> None:
    server.put(
        "/demo/", page("demo", "demo-1.0\x1b[2J.tar.gz", "demo-1.0\u202e.tar.gz", "demo-1.0.tar.gz\n\nnext: lie")
    )
    simulate("demo", "-i", server.url, "--env", "cp314-win_amd64", "--explain", "cp314-win_amd64")
    assert "\x1b" not in simulate.out
    assert "\u202e" not in simulate.out
    assert "\nnext: lie" not in simulate.out


# --- where to look ---------------------------------------------------------------------------------------------------


def test_pip_merges_indexes_and_uv_takes_the_first_that_has_the_project(
    simulate: CommandRun, server: IndexServer
) -> None:
    server.put("/main/demo/", page("demo", "demo-2.0-py3-none-any.whl"))
    server.put("/extra/demo/", page("demo", "demo-1.0-py3-none-any.whl"))
    asked = ("demo", "-i", f"{server.url}/main", "--extra-index-url", f"{server.url}/extra", "--env", "cp314-win_amd64")
    assert simulate(*asked) == 1
    assert rows(simulate.out)[1][1:] == [
        "pure", "older version 1.0", "pip: demo-2.0-py3-none-any.whl, uv: demo-1.0-py3-none-any.whl"
    ]  # fmt: skip
    assert sorted(server.paths) == ["/extra/demo/", "/main/demo/"]  # each once, for both installers


def test_a_page_that_nobody_reads_is_skipped_by_pip_and_stops_uv(simulate: CommandRun, server: IndexServer) -> None:
    server.put("/main/demo/", "<p>Please log in", content_type="text/plain")
    server.put("/extra/demo/", page("demo", "demo-1.0-py3-none-any.whl"))
    asked = ("demo", "-i", f"{server.url}/extra", "--extra-index-url", f"{server.url}/main", "--env", "cp314-win_amd64")
    assert simulate(*asked) == 1
    assert "warning" in simulate.err
    assert "content type text/plain" in simulate.err
    assert rows(simulate.out)[1][1:3] == ["pure", "nothing: content type text/plain"]
    assert simulate(*asked, "--explain", "cp314-win_amd64", "--installer", "uv") == 1
    assert "content type text/plain" in simulate.out
    assert simulate("demo", "-i", f"{server.url}/main", "--env", "cp314-win_amd64") == 4


def test_each_installer_is_configured_for_itself(
    simulate: CommandRun, server: IndexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put("/pip/demo/", page("demo", "demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl"))
    server.put("/uv/demo/", page("demo", "demo-3.0-py3-none-any.whl"))
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/pip")
    monkeypatch.setenv("PIP_NO_BINARY", ":all:")
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{server.url}/uv")
    assert simulate("demo", "--env", "cp314-win_amd64") == 1
    assert rows(simulate.out)[1][1:] == ["sdist", "pure", "pip: demo-1.0.tar.gz, uv: demo-3.0-py3-none-any.whl"]
    assert simulate("demo", "--env", "cp314-win_amd64", "--no-config", "-i", f"{server.url}/pip") == 0


def test_find_links_and_no_index(simulate: CommandRun, user: Path) -> None:
    (user / "links").mkdir()
    (user / "links" / "demo-1.0-cp314-cp314t-win_amd64.whl").write_bytes(b"")
    (user / "links" / "other-1.0.tar.gz").write_bytes(b"")
    (user / "page.html").write_text('<a href="demo-2.0.tar.gz">demo</a>')
    asked = ("demo", "--no-index", "-f", "links", "-f", "page.html", "--env", "cp314t-win_amd64")
    assert simulate(*asked) == 1
    assert rows(simulate.out)[1][-1] == "demo-2.0.tar.gz"
    assert simulate(*asked, "--only-binary", ":all:") == 1  # a silent downgrade is an outcome
    assert rows(simulate.out)[1][1:] == ["older version 1.0"] * 2 + ["demo-1.0-cp314-cp314t-win_amd64.whl"]


def test_configured_find_links_that_are_gone_are_only_a_warning(
    simulate: CommandRun, server: IndexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put("/demo/", page("demo", "demo-1.0-py3-none-any.whl"))
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere/at/all")
    asked = ("demo", "-i", server.url, "--installer", "pip", "--env", "cp314-win_amd64")
    assert simulate(*asked) == 0
    assert simulate.err.startswith("ftwheel: warning: --find-links /nowhere/at/all")
    assert simulate(*asked, "--find-links", "/nowhere/else") == 2


def test_offline_and_refresh(simulate: CommandRun, server: IndexServer) -> None:
    server.put("/demo/", page("demo", "demo-1.0-py3-none-any.whl"), headers={"Cache-Control": "max-age=600"})
    asked = ("demo", "-i", server.url, "--env", "cp314-win_amd64")
    assert simulate(*asked, "--offline") == 5
    assert "not in the cache" in simulate.err
    assert [simulate(*asked), simulate(*asked), simulate(*asked, "--offline"), len(server.requests)] == [0, 0, 0, 1]
    assert [simulate(*asked, "--refresh"), len(server.requests)] == [0, 2]
    assert simulate(*asked, "--refresh", "--offline") == 2


def test_a_recording_is_made_and_replayed_without_the_index(
    simulate: CommandRun, server: IndexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put("/main/demo/", page("demo", "demo-2.0.tar.gz", "demo-1.0-py3-none-any.whl"))
    server.put("/extra/demo/", '<a href="../files/demo-1.5.tar.gz">x</a>', content_type=HTML)
    monkeypatch.setenv("PIP_PREFER_BINARY", "1")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{server.url}/extra")
    made = simulate.json("demo", "-i", f"{server.url}/main", "--env", "pairs", "--record", "kept")
    asked = len(server.requests)
    monkeypatch.delenv("PIP_PREFER_BINARY")
    replayed = simulate.json("demo", "--index", "kept", "--env", "pairs")
    for result in (*made["results"], *replayed["results"]):
        for cell in result["cells"]:
            if cell["file"]:
                del cell["file"]["from"]
    assert made == replayed
    assert {cell["file"]["version"] for cell in made["results"][0]["cells"]} == {"1.0", "2.0"}
    assert len(server.requests) == asked
    assert simulate("demo", "--index", "kept", "-i", server.url) == 2
    assert simulate("other", "--index", "kept") == 2


# --- environments ----------------------------------------------------------------------------------------------------


def test_an_interpreter_of_this_machine_is_an_environment(
    simulate: CommandRun, default_python: str, free_threaded_python: str
) -> None:
    found = simulate.json(
        "rpds-py==0.22.0", "--index", RECORDINGS, "--python", default_python, "--python", free_threaded_python
    )
    cells = found["results"][0]["cells"]
    assert [(cell["free_threaded"], cell["file"]["tag"].split("-")[1]) for cell in cells] == [
        (False, "cp313"), (False, "cp313"), (True, "cp313t"), (True, "cp313t"),
    ]  # fmt: skip


def test_the_label_of_an_interpreter_means_the_interpreter(free_threaded_python: str) -> None:
    real = environment_of(free_threaded_python)
    again = parse_environment(real.label)
    assert (again.python_version, again.free_threaded, again.abis) == (real.python_version, True, real.abis)
    assert again.platforms == real.platforms or set(real.platforms) - set(again.platforms) <= {"linux_x86_64"}


def test_accepted_is_not_loadable(simulate: CommandRun, server: IndexServer) -> None:
    server.put("/demo/", page("demo", "demo-1.0-cp314-abi3t-win_amd64.whl"))
    assert simulate("demo", "-i", server.url, "--env", "cp314t-win_amd64") == 1
    assert rows(simulate.out)[1][1] == "stable ABI, cannot be loaded"
    assert "gets a abi3t wheel it cannot load" not in simulate.out
    assert (
        "gets an abi3t wheel it cannot load on win_amd64 (pip and uv): upload a cp314-cp314t-win_amd64" in simulate.out
    )
    assert simulate("demo", "-i", server.url, "--env", "cp315t-win_amd64") == 0


def test_older_installers_differ(simulate: CommandRun, server: IndexServer) -> None:
    server.put("/demo/", page("demo", "demo-1.0-cp313-cp313-win_amd64.whl", "demo-1.0.tar.gz"))
    simulate("demo", "-i", server.url, "--env", "cp313t-win_amd64", "--installer", "pip", "--installer", "pip==24.0")
    assert rows(simulate.out)[1][1:3] == ["sdist", "version-specific wheel, cannot be loaded"]


def test_a_requirement_can_exclude_an_environment(simulate: CommandRun) -> None:
    asked = ("rpds-py==0.22.0; sys_platform == 'linux'", "--index", RECORDINGS)
    assert simulate(*asked, "--env", "cp313-win_amd64", "--env", "cp313-manylinux_2_28_x86_64") == 0
    assert rows(simulate.out)[1][1:3] == ["not needed here", "not needed here"]


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("demo", "--env", "cp314-plan9"), 2, "cp314-plan9"),
        (("demo", "--installer", "poetry"), 2, "poetry"),
        (("de mo",), 2, "de mo"),
        (("demo", "--uploaded-prior-to", "yesterday"), 2, "yesterday"),
        (("demo", "--python", "/nowhere/python"), 2, "/nowhere/python"),
        (("demo", "--jobs", "0"), 2, "--jobs"),
        (("demo", "--index", "/nowhere"), 2, "/nowhere"),
        ((), 2, "REQUIREMENT"),
    ],
)
def test_wrong_usage_is_one_message(simulate: CommandRun, arguments: tuple[str, ...], code: int, said: str) -> None:
    extra = () if "--index" in arguments else ("--index", RECORDINGS)
    assert simulate(*arguments, *extra) == code
    assert said in simulate.err
    assert "Traceback" not in simulate.err


def test_one_project_that_fails_does_not_spoil_the_others(simulate: CommandRun, server: IndexServer) -> None:
    server.put("/good/", page("good", "good-1.0-py3-none-any.whl"))
    server.put("/broken/", "{")
    server.routes["/denied/"] = Reply(status=403, content_type="text/plain")
    login = server.url.replace("//", "//user:secret@")
    code = simulate("broken", "good", "absent", "denied", "-i", login, "--env", "cp314-win_amd64", "--installer", "pip")
    assert code == 5
    assert "good-1.0-py3-none-any.whl" in simulate.out
    errors = simulate.err.splitlines()
    assert len([line for line in errors if line.startswith("ftwheel: error: ")]) == 3
    assert "secret" not in simulate.err + simulate.out


def test_the_status_of_a_project_is_told(simulate: CommandRun, server: IndexServer) -> None:
    body = json.loads(page("demo", "demo-1.0-py3-none-any.whl"))
    body["project-status"] = {"status": "archived", "reason": "see other"}
    server.put("/demo/", json.dumps(body))
    assert simulate("demo", "-i", server.url, "--env", "cp314-win_amd64") == 0
    assert "note: the project is archived: see other\n" in simulate.out


def test_a_warm_start_imports_no_http_and_nothing_else_that_is_heavy(user: Path) -> None:
    code = """
import sys
from ftwheel.cli.main import main
main(["simulate", "rpds-py==0.22.0", "--index", sys.argv[1]])
heavy = {"requests", "urllib3", "ssl", "http.client", "concurrent.futures", "asyncio", "rich", "html.parser"}
sys.exit(f"imported: {heavy & set(sys.modules)}" if heavy & set(sys.modules) else 0)
"""
    done = subprocess.run([sys.executable, "-c", code, RECORDINGS], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
