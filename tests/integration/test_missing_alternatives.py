"""``ftwheel missing`` names the other indexes that have what a target lacks, on indexes of the loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import ftwheel
from support.documents import documented
from support.in_process import CommandRun, configure_nothing
from support.server import IndexServer, Reply, serve

TARGET = ("--target", "3.14t-manylinux_2_39_riscv64", "--no-deps")
WHEEL = "lib-1.0-cp314-cp314t-manylinux_2_39_riscv64.whl"


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    configure_nothing(monkeypatch, tmp_path)
    monkeypatch.delenv("UV_NO_CONFIG")
    return tmp_path


@pytest.fixture
def missing(capsys: pytest.CaptureFixture[str]) -> CommandRun:
    return CommandRun("missing", capsys)


@pytest.fixture
def server() -> Iterator[IndexServer]:
    """``simple`` has source distributions, ``vendor`` a wheel of one of them and a project of its own."""
    with serve() as running:
        put(running, "simple", "lib", "lib-1.0.tar.gz")
        put(running, "simple", "ready", "ready-1.0-py3-none-any.whl")
        put(running, "vendor", "lib", WHEEL, "lib-1.0-cp314-cp314-manylinux_2_39_riscv64.whl")
        put(running, "vendor", "ready", "ready-2.0-py3-none-any.whl")
        put(running, "vendor", "theirs", "theirs-1.0-py3-none-any.whl")
        running.routes["/broken/lib/"] = lambda _: Reply(status=400, body=b"no", content_type="text/plain")
        yield running


def put(server: IndexServer, index: str, name: str, *filenames: str) -> None:
    files = [{"filename": each, "url": f"/files/{index}/{each}", "hashes": {}} for each in filenames]
    server.put(f"/{index}/{name}/", json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}))


def helps(text: str) -> list[str]:
    return [line for line in text.splitlines() if "use the index" in line]


def test_an_index_that_is_named_is_asked_about_what_is_not_ready(missing: CommandRun, server: IndexServer) -> None:
    asked = ("lib", "ready", "-i", f"{server.url}/simple/", *TARGET, "--no-config")
    vendor = ("--alternative-index", f"{server.url}/vendor/")
    for _ in range(2):  # reports are remembered, what other indexes have is not
        assert missing(*asked, *vendor) == 1
        assert helps(missing.out) == [f"next: lib: use the index {server.url}/vendor/: it has {WHEEL}"]
        assert missing(*asked) == 1
        assert helps(missing.out) == []
    assert missing(asked[0], *asked[2:], *vendor) == 1
    documented("missing.md", "ftwheel missing lib ", missing.out)
    assert "/vendor/lib/" in server.paths
    assert "/vendor/ready/" not in server.paths
    (found,) = [each for each in missing.json(*asked, *vendor)["projects"] if each["name"] == "lib"]
    best = found["verdicts"][0]["helps"][0]
    assert (best["kind"], best["version"]) == ("use another index", "1.0")


@pytest.mark.parametrize(
    ("filename", "version"),
    [(WHEEL.replace("1.0", "2.0"), "2.0"), (WHEEL.replace("1.0", "0.9"), "0.9"), ("lib-1.0.zip", "")],
)
def test_another_version_helps_too_and_a_source_distribution_does_not(
    missing: CommandRun, server: IndexServer, filename: str, version: str
) -> None:
    put(server, "vendor", "lib", filename)
    options = ("-i", f"{server.url}/simple/", "--alternative-index", f"{server.url}/vendor/", "--no-config")
    assert missing("lib", *TARGET, *options) == 1
    assert [f"lib-{version}-" in line for line in helps(missing.out)] == ([True] if version else [])


def test_one_that_cannot_be_asked_is_noted(missing: CommandRun, server: IndexServer) -> None:
    others = [f"--alternative-index={server.url}/{name}/" for name in ("broken", "empty", "vendor")]
    assert missing("lib", *TARGET, "-i", f"{server.url}/simple/", "--no-config", *others) == 1
    assert f"note: lib: {server.url}/broken/: " in missing.out
    assert len(helps(missing.out)) == 1


def test_a_project_that_only_another_index_has(missing: CommandRun, server: IndexServer) -> None:
    vendor = ("--alternative-index", f"{server.url}/vendor/")
    assert missing("theirs", "ready", *TARGET, "-i", f"{server.url}/simple/", "--no-config", *vendor) == 2
    assert f"error: theirs: no index has this project; {server.url}/vendor/ has it" in missing.out


def test_what_is_configured_elsewhere_is_asked_as_well(missing: CommandRun, server: IndexServer, user: Path) -> None:
    """pip does not look at what uv is configured for, and uv itself only for projects that name an explicit index."""
    asked = ("lib", "-i", f"{server.url}/simple/", *TARGET)
    (user / "uv.toml").write_text(f'[[index]]\nname = "vendor"\nurl = "{server.url}/vendor/"\nexplicit = true\n')
    for installer in ("pip", "uv"):
        assert missing(*asked, "--installer", installer) == 1
        assert helps(missing.out) == [f"next: lib: use the index {server.url}/vendor/: it has {WHEEL}"]
    assert missing(*asked, "--no-config") == 1
    assert helps(missing.out) == []
    (user / "uv.toml").write_text("index = 1")
    assert missing(*asked) == 1
    assert "ftwheel: warning: " in missing.err
    assert "uv.toml" in missing.err


def test_the_indexes_that_uv_passes_over(missing: CommandRun, server: IndexServer) -> None:
    """It takes a project from the first index that has it, and pip from all of them."""
    both = ("--extra-index-url", f"{server.url}/simple/", "-i", f"{server.url}/vendor/", *TARGET, "--no-config")
    assert missing("lib", *both, "--installer", "uv") == 1
    assert helps(missing.out) == [
        f"next: lib: use the index {server.url}/vendor/: it has {WHEEL}, and uv stops at another index that has lib"
    ]
    assert missing("lib", *both) == 0


def test_other_programs_name_them_too(server: IndexServer) -> None:
    report = ftwheel.missing(
        "lib",
        targets=[TARGET[1]],
        indexes=[f"{server.url}/simple/"],
        dependencies=False,
        alternatives=[f"{server.url}/vendor/"],
    )
    kinds = [each.kind for each in report.projects[0].verdicts[0].helps]
    assert ftwheel.HelpKind.OTHER_INDEX in kinds


def test_a_recording_has_no_other_indexes(missing: CommandRun) -> None:
    recordings = Path(__file__).parents[1] / "recordings"
    assert missing("rpds-py", "--index", recordings, *TARGET, "--alternative-index", "https://x.invalid/") == 2
    assert "mutually exclusive" in missing.err
