"""The public API as another program uses it: names, types, examples of the documentation, errors, indexes."""

from __future__ import annotations

import doctest
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

import ftwheel
from ftwheel.testing import MemoryIndex
from support.documents import only_blocks
from support.server import IndexServer, ranged
from support.wheels import make_wheel

ROOT = Path(__file__).resolve().parents[2]
WINDOWS = ["cp314-win_amd64", "cp314t-win_amd64"]
DEFAULT = "demo-1.0-cp314-cp314-win_amd64.whl"
FREE_THREADED = "demo-1.0-cp314-cp314t-win_amd64.whl"
# A name that goes is a break for other programs; one that comes is a promise.
PUBLIC = """
Accepted BuildError Candidate CheckReport ConfigurationError Coverage CoverageCell Environment Evaluation
ExpectationBasis File Finding FtwheelError Help HelpKind Index IndexFormatError IndexSource IndexStrategy InputError
InstallerChoice InstallerOptions Loading MissingReport MissingToolError NetworkError OpenIndex Outcome ProjectDetails
ProjectReport Readiness Rejected Requirement ResolutionError Selection Severity Simulation SimulationCell SourceKind
TargetEnvironment TargetReadiness Verification WheelReport Yanked __version__ check environment_of explain missing
open_index parse_environment parse_page parse_requirement PipTarget simulate target_environment verify
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTWHEEL_CACHE_DIR", os.fspath(tmp_path / "cache"))


def page(*filenames: str, address: str = "https://files.example.org/") -> dict[str, object]:
    files = [{"filename": name, "url": f"{address}{name}", "hashes": {}} for name in filenames]
    return {"meta": {"api-version": "1.1"}, "name": "demo", "files": files}


def taken(simulation: ftwheel.Simulation) -> list[str]:
    return [cell.best.file.filename if cell.best else "nothing" for cell in simulation.cells]


def test_the_public_names_are_these_and_each_can_be_had() -> None:
    names = set(PUBLIC.split())
    assert set(vars(ftwheel)["__getattr__"]("__all__")) == names
    assert names <= set(dir(ftwheel))
    for name in names:
        assert getattr(ftwheel, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = ftwheel.no_such_name  # type: ignore[attr-defined]


def test_importing_ftwheel_loads_nothing_of_it() -> None:
    program = "import ftwheel, sys; print([name for name in sys.modules if name.startswith('ftwheel.')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_examples_of_the_page_are_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_wheel(tmp_path / "dist", "demo-1.1-cp314t-cp314t-win_amd64.whl")
    make_wheel(tmp_path / "dist", "demo-1.1-cp314-cp314-win_amd64.whl", {"demo/__init__.py": "", "demo/_core.py": ""})
    monkeypatch.chdir(tmp_path)
    text = only_blocks((ROOT / "docs" / "api.md").read_text("utf-8"), "pycon")
    examples = doctest.DocTestParser().get_doctest(text, {"ftwheel": ftwheel}, "docs/api.md", "docs/api.md", 0)
    assert len(examples.examples) > 10
    told = StringIO()
    with redirect_stdout(told):
        results = doctest.DocTestRunner().run(examples, clear_globs=False)
    assert not results.failed, told.getvalue()


def test_a_program_of_somebody_else_passes_mypy_strict(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from __future__ import annotations\n"
        "from pathlib import Path\n"
        "import ftwheel\n"
        "from ftwheel.testing import MemoryIndex\n"
        "index = MemoryIndex('demo-1.0.tar.gz').add('demo-1.0-py3-none-any.whl', requires=['other'])\n"
        "pages: list[ftwheel.IndexSource] = [index, 'https://example.org/simple/', Path('links'), {'name': 'x'}]\n"
        "cell: ftwheel.SimulationCell = ftwheel.simulate('demo', indexes=pages).cells[0]\n"
        "name: str | None = cell.best.file.filename if cell.best is not None else None\n"
        "report: ftwheel.CheckReport = ftwheel.check('dist', severities={'FTW401': ftwheel.Severity.ERROR})\n"
        "selection: ftwheel.Selection = ftwheel.explain('demo', environment='cp314-win_amd64', indexes=[index])\n"
        "for one in selection.evaluations:\n"
        "    match one.verdict:\n"
        "        case ftwheel.Accepted(rank=rank):\n"
        "            number: int = rank\n"
        "        case ftwheel.Rejected(reason=reason):\n"
        "            print(reason)\n"
        "found: ftwheel.Verification = ftwheel.verify('demo==1.0', indexes=[index])\n"
        "ready: list[bool] = [p.ready for p in ftwheel.missing('demo', targets=['3.14t'], indexes=[index]).projects]\n"
        "with ftwheel.open_index('https://index.example.org/simple/') as opened:\n"
        "    details: ftwheel.ProjectDetails | None = opened.project('demo')\n",
        encoding="utf-8",
    )
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import ftwheel\nftwheel.simulate(1, indexes=[])\nftwheel.nothing\n", encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path / 'mypy'}"]
    done = subprocess.run([*command, program, wrong], cwd=tmp_path, capture_output=True, text=True, check=False)
    told = done.stdout.splitlines()
    assert [line.partition(": error:")[0] for line in told[:-1]] == ["wrong.py:2", "wrong.py:3"], done.stdout
    assert '"simulate" has incompatible type "int"' in told[0]
    assert 'Module has no attribute "nothing"' in told[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"environments": []}, "environments: the list is empty"),
        ({"installers": []}, "installers: the list is empty"),
        ({"indexes": []}, "indexes: the list is empty"),
        ({"environments": "cp314-win_amd64"}, "environments: expected a list, got 'cp314-win_amd64'"),
        ({"installers": "pip"}, "installers: expected a list, got 'pip'"),
        ({"indexes": "https://index.example.org/simple/"}, "expected a list"),
        ({"environments": ["cp31-"]}, "not an environment"),
        ({"installers": ["conda"]}, "conda"),
        ({"indexes": ["ftp://index.example.org/"]}, "URL of an index"),
        ({"indexes": ["no-such-folder"]}, "no-such-folder: cannot be listed"),
        ({"indexes": [3]}, "indexes: 3 is not an index"),
        ({"indexes": [{"files": []}]}, "a page in memory has no name"),
        ({"indexes": [{"name": "demo", "files": None}]}, 'JSON without a "files" list'),
        ({"indexes": [{"name": "other", "files": []}]}, "demo: no index has this project"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(arguments: dict[str, object], message: str) -> None:
    given: dict[str, object] = {"indexes": [MemoryIndex(DEFAULT)], **arguments}
    with pytest.raises(ftwheel.FtwheelError) as caught:
        ftwheel.simulate("demo", **given)  # type: ignore[arg-type]  # that is the question
    assert message in caught.value.message
    assert caught.value.hint or "JSON" in message


def test_no_target_no_input_no_wheel_and_no_release_are_refused(tmp_path: Path) -> None:
    index = MemoryIndex(DEFAULT)
    with pytest.raises(ftwheel.InputError, match="targets: the list is empty"):
        ftwheel.missing("demo", targets=[], indexes=[index])
    with pytest.raises(ftwheel.InputError, match="no input given"):
        ftwheel.missing(targets=["3.14t"], indexes=[index])
    with pytest.raises(ftwheel.InputError, match=r"uv\.lock: read as a requirement"):
        ftwheel.missing("uv.lock", targets=["3.14t"], indexes=[index])
    with pytest.raises(ftwheel.InputError, match="no wheels given"):
        ftwheel.check()
    with pytest.raises(ftwheel.InputError, match="no wheels in this folder"):
        ftwheel.check(tmp_path)
    with pytest.raises(ftwheel.InputError, match="neither a file nor a folder"):
        ftwheel.check(tmp_path / "nothing")
    with pytest.raises(ftwheel.InputError, match="no release given"):
        ftwheel.verify(indexes=[index])
    with pytest.raises(ftwheel.InputError, match="one release at a time"):
        ftwheel.verify("demo==1.0", "demo==2.0", indexes=[index])
    with pytest.raises(ftwheel.InputError, match="has no time zone"):
        ftwheel.verify("demo==1.0", indexes=[index], uploaded_before=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ftwheel.InputError, match="local and a release on an index are mutually exclusive"):
        ftwheel.verify("demo==1.0", local=True)
    make_wheel(tmp_path, DEFAULT)
    with pytest.raises(ftwheel.InputError, match="local and indexes are mutually exclusive"):
        ftwheel.verify(tmp_path, indexes=[index], local=True)
    with pytest.raises(ftwheel.InputError, match="indexes: the list is empty"):
        ftwheel.verify(tmp_path)
    with pytest.raises(ftwheel.InputError, match="expected one environment, got"):
        ftwheel.explain("demo", environment="all", indexes=[index])


def test_an_index_is_an_address_a_folder_or_a_page_and_all_say_the_same(server: IndexServer, tmp_path: Path) -> None:
    server.put("/simple/demo/", json.dumps(page(DEFAULT, FREE_THREADED, address=f"{server.url}/files/")))
    flat = tmp_path / "files"
    make_wheel(flat, DEFAULT)
    make_wheel(flat, FREE_THREADED)
    laid_out = tmp_path / "index" / "demo"
    laid_out.mkdir(parents=True)
    html = "".join(f'<a href="../../files/{name}">{name}</a>\n' for name in (DEFAULT, FREE_THREADED))
    (laid_out / "index.html").write_text(html, "utf-8")
    links = tmp_path / "links.html"
    links.write_text(html.replace("../../", ""), "utf-8")
    parsed = ftwheel.parse_page(html.encode(), content_type="text/html", url="https://example.org/demo/", name="demo")
    sources: list[ftwheel.IndexSource] = [
        f"{server.url}/simple/",
        flat,
        os.fspath(flat),
        flat.as_uri(),
        laid_out.parent,
        links,
        page(DEFAULT, FREE_THREADED),
        [page(DEFAULT, FREE_THREADED)],
        parsed,
        MemoryIndex(DEFAULT, FREE_THREADED),
    ]
    for source in sources:
        found = ftwheel.simulate("demo", environments=WINDOWS, indexes=[source])
        assert taken(found) == [DEFAULT, DEFAULT, FREE_THREADED, FREE_THREADED], source


def test_the_first_index_is_the_default_one_and_find_links_go_first(tmp_path: Path) -> None:
    make_wheel(tmp_path, "demo-3.0-py3-none-any.whl")
    newer = page("demo-2.0-py3-none-any.whl")
    both = {"requirement": "demo", "environments": ["cp314-win_amd64"]}
    merged = ftwheel.simulate(**both, indexes=[page(DEFAULT), newer])  # type: ignore[arg-type]
    # pip merges all indexes; uv takes the first that has the project, and the default one comes last
    assert taken(merged) == ["demo-2.0-py3-none-any.whl", "demo-2.0-py3-none-any.whl"]
    swapped = ftwheel.simulate(**both, indexes=[newer, page(DEFAULT)])  # type: ignore[arg-type]
    assert taken(swapped) == ["demo-2.0-py3-none-any.whl", DEFAULT]
    with_folder = ftwheel.simulate(**both, indexes=[page(DEFAULT), tmp_path])  # type: ignore[arg-type]
    assert taken(with_folder) == ["demo-3.0-py3-none-any.whl"] * 2


def test_an_open_index_reads_a_page_once_and_names_no_credentials(server: IndexServer) -> None:
    server.put("/simple/demo/", json.dumps(page(DEFAULT, address=f"{server.url}/files/")))
    address = server.url.replace("://", "://somebody:secret@")
    with ftwheel.open_index(f"{address}/simple/", refresh=True) as index:
        for _ in range(3):
            assert taken(ftwheel.simulate("demo", environments=WINDOWS[:1], indexes=[index])) == [DEFAULT] * 2
        assert "secret" not in repr(index)
        index.prefetch(["demo", "other"])
        index.forget("demo")
    with ftwheel.open_index(f"{address}/simple/", offline=True) as index:
        assert index.project("demo") is not None
        with pytest.raises(ftwheel.NetworkError):
            index.project("never-asked")
    with pytest.raises(ftwheel.InputError, match="mutually exclusive"):
        ftwheel.open_index(f"{address}/simple/", offline=True, refresh=True)


def test_metadata_that_is_given_counts_where_the_page_says_nothing() -> None:
    question = {"requirement": "demo", "environments": ["cp314-win_amd64"], "indexes": [page(DEFAULT)]}
    text = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Python: >=3.15\n"
    for metadata in (text, text.encode()):
        found = ftwheel.simulate(**question, metadata={DEFAULT: metadata})  # type: ignore[arg-type]
        assert taken(found) == ["nothing", "nothing"]
    assert taken(ftwheel.simulate(**question, metadata={"other.whl": text})) == [DEFAULT] * 2  # type: ignore[arg-type]


def test_a_release_is_verified_from_a_folder_over_any_index(tmp_path: Path) -> None:
    make_wheel(tmp_path / "dist", DEFAULT)
    index = MemoryIndex("demo-0.9-cp314-cp314-win_amd64.whl", "demo-0.9-cp314-cp314t-win_amd64.whl")
    found = ftwheel.verify(tmp_path / "dist", indexes=[index])
    assert [finding.code for finding in found.findings] == ["FTV101"]
    assert not ftwheel.verify(tmp_path / "dist", indexes=[index], ignore=["FTV101"]).findings
    (weighed,) = ftwheel.verify(
        tmp_path / "dist", indexes=[index], severities={"FTV101": ftwheel.Severity.WARNING}
    ).findings
    assert weighed.severity is ftwheel.Severity.WARNING
    alone = ftwheel.verify(tmp_path / "dist", local=True)
    assert [finding.code for finding in alone.findings] == ["FTV101"]
    make_wheel(tmp_path / "dist", FREE_THREADED)
    assert not ftwheel.verify(tmp_path / "dist", local=True).findings
    assert not ftwheel.verify(tmp_path / "dist", indexes=[index]).findings
    told = ftwheel.verify(tmp_path / "dist", indexes=[index], platforms=["win_amd64", "win_arm64"], pythons=["3.14t"])
    assert [cell.target.label for cell in told.coverage.missing] == ["cp314t-win_arm64"]
    table = {"skip": "cp314t-win_arm64"}
    platforms = ["win_amd64", "win_arm64"]
    make_wheel(tmp_path / "dist", DEFAULT.replace("amd64", "arm64"))
    told = ftwheel.verify(
        tmp_path / "dist", indexes=[index], platforms=platforms, pythons=["3.14", "3.14t"], cibuildwheel=table
    )
    assert not told.findings


def test_what_was_uploaded_later_is_hidden() -> None:
    index = MemoryIndex().add(DEFAULT, upload_time=datetime(2026, 1, 1, tzinfo=UTC))
    index.add(FREE_THREADED, upload_time=datetime(2026, 2, 1, tzinfo=UTC))
    assert not ftwheel.verify("demo==1.0", indexes=[index]).findings
    early = ftwheel.verify("demo==1.0", indexes=[index], uploaded_before=datetime(2026, 1, 15, tzinfo=UTC))
    assert [finding.code for finding in early.findings] == ["FTV101"]
    with pytest.raises(ftwheel.InputError, match="has no time zone"):
        index.add(DEFAULT, upload_time=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ftwheel.InputError, match="neither a wheel nor a source distribution"):
        index.add("demo.exe")


def test_dependencies_are_followed_with_what_the_index_the_caller_or_the_file_says(
    server: IndexServer, tmp_path: Path
) -> None:
    speed = "speed-1.0-cp314-cp314-win_amd64.whl"
    expected = [("demo", True), ("speed", False)]

    def told(*inputs: str | Path, **more: object) -> list[tuple[str, bool]]:
        report = ftwheel.missing(*inputs, targets=["3.14t-win_amd64"], **more)  # type: ignore[arg-type]
        return [(project.name, project.ready) for project in report.projects]

    pure = "demo-1.0-py3-none-any.whl"
    memory = MemoryIndex(speed).add(pure, requires=["speed"])
    assert told("demo", indexes=[memory]) == expected
    assert told("demo", indexes=[memory], dependencies=False) == [("demo", True)]
    pages = [page(pure), {**page(speed), "name": "speed"}]
    given = {pure: "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Dist: speed\n"}
    assert told("demo", indexes=[pages], metadata=given) == expected
    folder = tmp_path / "files"
    make_wheel(folder, pure, replace={"METADATA": given[pure]})
    make_wheel(folder, speed)
    assert told("demo", indexes=[folder]) == expected
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("demo\n", "utf-8")
    assert told(requirements, indexes=[folder]) == expected
    for name in ("demo", "speed"):
        wheel = pure if name == "demo" else speed
        server.routes[f"/files/{wheel}"] = ranged((folder / wheel).read_bytes())
        server.put(f"/simple/{name}/", json.dumps({**page(wheel, address=f"{server.url}/files/"), "name": name}))
    assert told("demo", indexes=[f"{server.url}/simple/"]) == expected
    both = MemoryIndex("speed-1.0-py3-none-any.whl", "speed-3.0-py3-none-any.whl").add(pure, requires=["speed<2"])
    with pytest.raises(ftwheel.ResolutionError):
        told("demo", "speed>2", indexes=[both])


def test_wheels_are_checked_in_this_process_or_in_others_alike(tmp_path: Path) -> None:
    make_wheel(tmp_path, "demo-1.1-cp314t-cp314t-win_amd64.whl")
    make_wheel(tmp_path, "demo-1.1-cp314-cp314-win_amd64.whl")
    (tmp_path / "broken-1.0-py3-none-any.whl").write_bytes(b"no zip")
    report = ftwheel.check(tmp_path)
    assert report.unreadable
    assert {"FTW100", "FTW203"} <= {finding.code for finding in report.findings}
    assert ftwheel.check(tmp_path, processes=2) == report
    assert {one.code for one in ftwheel.check(tmp_path, select=["FTW203"]).findings} == {"FTW100", "FTW203"}
    with pytest.raises(ftwheel.InputError, match="no rule"):
        ftwheel.check(tmp_path, ignore=["FTW999"])


def test_a_real_interpreter_is_an_environment(default_python: str) -> None:
    environment = ftwheel.environment_of(default_python)
    found = ftwheel.simulate("demo", environments=[environment], indexes=[MemoryIndex("demo-1.0-py3-none-any.whl")])
    assert taken(found) == ["demo-1.0-py3-none-any.whl"] * 2
