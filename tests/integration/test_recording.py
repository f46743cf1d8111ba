"""A recording replays exactly, holds no host, and is written whole or not at all."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ftwheel.core.errors import FtwheelError, IndexFormatError, InputError
from ftwheel.core.index.page import ProjectDetails, SourceKind
from ftwheel.core.index.pages import Pages
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles, choose
from ftwheel.io.installers.config import FormatControl, InstallerConfig, parse_cutoff
from ftwheel.io.installers.recording import read_recording, write_recording
from support.clients import client, page
from support.index_generator import Case, generate
from support.server import closed_port
from support.simulated import environment, rules, sources

ROOT = "https://user:secret@index.example/root"
RECORDINGS = Path(__file__).parents[1] / "recordings"


def took(case: Case, places: list[tuple[SourceKind, ProjectDetails]]) -> tuple[object, ...] | str:
    try:
        project = ProjectFiles(case.project, places)
        best: Candidate | None = choose(
            project, parse_requirement(case.requirement), environment(case.machine.label), rules(case)
        )
    except FtwheelError as error:
        return type(error).__name__
    return "nothing" if best is None else (best.source, best.file.filename, best.version, best.tag, best.file.hashes)


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_random_pages_give_the_same_answers_from_a_recording(installer: str, tmp_path: Path) -> None:
    """Pages that are almost right are among them: duplicate addresses, odd fragments, broken fields, refusals."""
    different = set()
    for number in range(120):
        case = generate(installer, 33, number)
        places = sources(case, ROOT, tmp_path / str(number))
        indexes = tuple(Pages.of([details], kind=kind) for kind, details in places)
        folder = tmp_path / f"recording-{number}"
        write_recording(folder, {installer: InstallerConfig(installer=installer)}, {installer: indexes}, [case.project])
        replayed = []
        for index in read_recording(folder).indexes[installer]:
            details = index.project(case.project)
            assert details is not None
            replayed.append((index.kind, details))
        answer = took(case, places)
        different.add(answer)
        assert took(case, replayed) == answer, case.describe()
        written = "".join(path.read_text() for path in folder.iterdir())
        assert "index.example" not in written
        assert "secret" not in written
        assert str(tmp_path) not in written
    assert len(different) > 40


def test_options_absent_projects_and_order_are_kept(tmp_path: Path) -> None:
    config = InstallerConfig(
        installer="pip",
        formats=FormatControl(only_binary=frozenset({":all:"}), no_binary=frozenset({"demo"})),
        prefer_binary=True,
        releases={":all:": True},
        cutoffs={":all:": parse_cutoff("2026-01-11"), "demo": None},
        network=InstallerConfig(installer="pip").network,
    )
    first, second = Pages(pages=()), Pages.of([ProjectDetails(name="demo", files=())])
    write_recording(tmp_path / "kept", {"pip": config}, {"pip": (first, second)}, ["demo"])
    again = read_recording(tmp_path / "kept")
    assert again.configs["pip"] == config
    one, two = again.indexes["pip"]
    assert one.project("demo") is None
    assert two.project("demo") is not None
    with pytest.raises(InputError, match="other was not recorded"):
        one.project("other")


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    configs = {"pip": InstallerConfig(installer="pip")}
    folder = tmp_path / "kept"
    with client(page_seconds=1.0) as index_client:
        unreachable = index_client.index(closed_port())
        with pytest.raises(FtwheelError):
            write_recording(folder, configs, {"pip": (unreachable,)}, ["demo"])
        assert not list(tmp_path.iterdir())
        write_recording(folder, configs, {"pip": (Pages(pages=()),)}, ["demo"])
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        with pytest.raises(FtwheelError):
            write_recording(folder, configs, {"pip": (unreachable,)}, ["demo"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    write_recording(folder, configs, {"pip": (Pages.of([ProjectDetails(name="demo", files=())]),)}, ["demo"])
    assert {path.name for path in folder.iterdir()} == {"recording.json", "0-demo.json"}
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_folder_that_is_no_recording_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("data")
    with pytest.raises(InputError, match="not a recording"):
        write_recording(tmp_path, {}, {}, [])
    with pytest.raises(InputError, match="not a recording"):
        read_recording(tmp_path)
    assert (tmp_path / "precious").read_text() == "data"


@pytest.mark.parametrize(
    "table",
    [
        "",
        "[]",
        "{}",
        '{"schema_version": 1}',
        '{"schema_version": 2}',
        '{"schema_version": 1, "places": [{}], "installers": {}}',
    ],
)
def test_a_damaged_recording_is_said_so(tmp_path: Path, table: str) -> None:
    (tmp_path / "recording.json").write_text(table)
    with pytest.raises(IndexFormatError, match=r"recording\.json"):
        read_recording(tmp_path)


def test_a_recording_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text(page("demo", "demo-1.0.tar.gz"))
    folder = tmp_path / "recording"
    write_recording(folder, {"pip": InstallerConfig(installer="pip")}, {"pip": (Pages(pages=()),)}, ["demo"])
    table = json.loads((folder / "recording.json").read_text())
    table["places"][0]["pages"]["demo"] = {
        "page": "../outside.json", "rank": 10, "local": False, "html": False, "refusals": {}, "broken": {},
    }  # fmt: skip
    (folder / "recording.json").write_text(json.dumps(table))
    with pytest.raises(IndexFormatError, match="does not match the recording"):
        read_recording(folder).indexes["pip"][0].project("demo")


def test_the_recordings_of_the_tests_hold_no_address() -> None:
    for path in RECORDINGS.glob("*.json"):
        pages = json.loads(path.read_text())
        assert all(re.fullmatch(r"\.\./[0-9]+/[^/:]+", file["url"]) for file in pages.get("files", ()))
