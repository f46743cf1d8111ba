"""``ftwheel verify`` from its arguments to its output and exit code, on recorded pages and on a loopback index."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ftwheel.app.release.published_wheels import newest_release
from ftwheel.core.index.page import File, ProjectDetails
from support.clients import page
from support.in_process import CommandRun, configure_nothing
from support.server import IndexServer
from support.wheels import make_wheel

RECORDINGS = Path(__file__).parents[1] / "recordings"
GATE = str(RECORDINGS / "gate")


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user with nothing configured and nothing in the cache."""
    configure_nothing(monkeypatch, tmp_path)
    return tmp_path


class VerifyRun(CommandRun):
    """Runs ``ftwheel verify``."""

    def findings(self, *arguments: str | Path) -> list[tuple[str, str, str]]:
        """Severity, code and message of each finding."""
        found = self.json(*arguments)["findings"]
        return [(one["severity"], one["code"], one["message"]) for one in found]


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> VerifyRun:
    return VerifyRun("verify", capsys)


def test_grimp_3_17_lacked_its_default_wheels_for_macos(verify: VerifyRun) -> None:
    macos = "macosx_10_15_x86_64 and macosx_11_0_arm64, although the free-threaded build has one"
    found = verify.findings("grimp==3.17", "--index", GATE, "--uploaded-prior-to", "2026-09-10")
    instead = "pip and uv select the sdist (with only-binary: version 3.15 or version 2.5)"
    assert found == [("error", "FTV101", f"no wheel for the default 3.14 and 3.15 on {macos}; {instead}")]


def test_rpds_py_0_22_0_lacked_its_default_wheels_for_windows(verify: VerifyRun) -> None:
    ((severity, code, message),) = verify.findings("rpds-py==0.22.0", "--index", RECORDINGS)
    assert (severity, code) == ("error", "FTV101")
    assert message.startswith("no wheel for the default 3.13 on win32 and win_amd64, although the free-threaded build")


def test_whenever_0_9_4_gave_windows_a_pure_wheel(verify: VerifyRun) -> None:
    found = verify.findings("whenever==0.9.4", "--index", RECORDINGS, "--uploaded-prior-to", "2026-01-11")
    where = "on win32 and win_amd64 install a pure wheel where the other build installs a compiled one"
    assert found == [("error", "FTV105", f"the default 3.13 and 3.14 {where}")]


@pytest.mark.parametrize("release", ["numpy==2.3.5", "markupsafe==3.0.3", "pydantic-core==2.41.5"])
def test_healthy_releases_pass(verify: VerifyRun, release: str) -> None:
    assert verify(release, "--index", GATE) == 0
    assert {code for _, code, _ in verify.findings(release, "--index", GATE)} <= {"FTV112"}
    assert verify(release, "--index", GATE, "--fail-on", "warning") == (release != "numpy==2.3.5")


def test_a_name_alone_is_its_newest_release(verify: VerifyRun) -> None:
    assert verify("Grimp", "--index", GATE, "--uploaded-prior-to", "2026-09-10") == 1
    assert verify.err == "grimp==3.17 is the newest release\n"
    assert verify.out.startswith("grimp 3.17, compared with 3.16: pip, uv\n")
    assert verify("grimp", "--index", GATE, "--uploaded-prior-to", "2026-08-01") in {0, 1}
    assert "grimp==3.17" not in verify.err  # uploaded in September
    assert verify("numpy", "--index", GATE) == 0


PYTHONS = ("cp313-cp313", "cp313-cp313t", "cp314-cp314", "cp314-cp314t")


def dist(folder: Path, *tags: str, version: str = "1.0", **fields: Any) -> Path:
    for tag in tags or PYTHONS:
        make_wheel(folder, f"demo-{version}-{tag}-win_amd64.whl", **fields)
    return folder


def index(server: IndexServer, *filenames: str, **fields: Any) -> list[str]:
    server.put("/simple/demo/", page("demo", *filenames, **fields))
    return ["-i", f"{server.url}/simple/", "--no-config"]


def old() -> list[str]:
    return ["demo-0.9.tar.gz", *(f"demo-0.9-{tag}-win_amd64.whl" for tag in PYTHONS)]


def test_a_complete_folder_over_an_older_release(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    assert verify(dist(tmp_path / "dist"), *index(server, *old())) == 0
    assert "All 4 expected targets get a wheel of this release" in verify.out
    assert not verify.err


def test_the_first_release_of_a_project(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    where = ["-i", f"{server.url}/simple/", "--no-config"]
    assert [code for _, code, _ in verify.findings(dist(tmp_path / "dist"), *where)] == ["FTV118"]
    assert verify(tmp_path / "dist", *where, "--new-project") == 0
    assert verify(dist(tmp_path / "one", "cp314-cp314"), *where, "--new-project") == 1


LOCAL = "next: to look only at what this machine built: ftwheel verify --local "


@pytest.mark.parametrize("platforms", ['["win_amd64", "win_arm64", "macosx_11_0_arm64"]', '["win_arm64"]', ""])
def test_what_one_machine_built_can_be_verified_alone(
    verify: VerifyRun, server: IndexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platforms: str
) -> None:
    """What the index has does not count: a checkout has the version of the release before, and builds other files."""
    where = index(server, *(f"demo-1.0-{tag}-macosx_11_0_arm64.whl" for tag in PYTHONS), "demo-1.0.tar.gz")
    table = f'pythons = ["3.13", "3.14", "3.14t", "3.15", "3.15t"]\nplatforms = {platforms}' if platforms else ""
    (tmp_path / "pyproject.toml").write_text(f"[tool.ftwheel]\n{table}\n")
    monkeypatch.chdir(tmp_path)
    built = dist(tmp_path / "dist", "cp314-cp314", "cp314-cp314t").name
    assert verify(built, *where, "--format", "json") == (1 if platforms else 0)
    assert LOCAL not in verify.err
    assert verify(built, *where) == (1 if platforms else 0)
    assert (f"{LOCAL}{built}\n" in verify.err) == bool(platforms)
    asked = len(server.paths)
    assert verify("--local", built) == 0
    assert "All 2 expected targets get a wheel of this release" in verify.out or platforms == '["win_arm64"]'
    assert "macosx" not in verify.out
    assert len(server.paths) == asked


def test_a_wheel_that_is_missing_is_not_excused_by_one_machine(verify: VerifyRun, tmp_path: Path) -> None:
    folder = dist(tmp_path / "dist", "cp313-cp313", "cp313-cp313t", "cp314-cp314")
    assert verify("--local", folder) == 1
    assert "no wheel for the free-threaded 3.14 on win_amd64" in verify.out
    assert LOCAL not in verify.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("demo==1.0",), "--local is for files on this machine, but demo==1.0 is on an index"),
        (("dist", "--find-links", "dist"), "--local and --find-links are mutually exclusive"),
        (("dist", "--keep-targets"), "--local and --keep-targets are mutually exclusive"),
    ],
)
def test_a_local_build_is_compared_with_nothing(
    verify: VerifyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    dist(tmp_path / "dist")
    monkeypatch.chdir(tmp_path)
    assert verify("--local", *arguments) == 2
    assert verify.err.startswith(f"ftwheel: error: {message}\n")


def test_a_partial_release_is_completed(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    there = [f"demo-1.0-{tag}-win_amd64.whl" for tag in PYTHONS[:3]]
    assert verify("demo==1.0", *index(server, *old(), *there)) == 1
    assert verify(dist(tmp_path / "dist", PYTHONS[3]), *index(server, *old(), *there)) == 0


def test_a_newer_release_hides_nothing(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    newer = [f"demo-2.0-{tag}-win_amd64.whl" for tag in PYTHONS]
    assert verify(dist(tmp_path / "dist"), *index(server, *old(), *newer)) == 0


def test_a_prerelease_and_a_yanked_release_are_judged_too(
    verify: VerifyRun, server: IndexServer, tmp_path: Path
) -> None:
    assert verify(dist(tmp_path / "dist", version="1.0rc1"), *index(server, *old())) == 0
    names = [f"demo-1.0-{tag}-win_amd64.whl" for tag in PYTHONS]
    assert verify("demo==1.0", *index(server, *names, yanked="broken")) == 0


def test_the_newest_release_may_have_a_hyphen_in_its_name() -> None:
    names = ("demo-pkg-1.0.tar.gz", "demo-pkg-2.0.tar.gz", "demo_pkg-1.5-py3-none-any.whl", "demo_pkg-1.5-x.whl")
    files = tuple(File(filename=name, url=f"https://example.org/{name}") for name in names)
    assert newest_release("demo-pkg", [ProjectDetails(name="demo-pkg", files=files, url="")]) == "2.0"


def test_the_newest_release_is_final_and_not_yanked(verify: VerifyRun, server: IndexServer) -> None:
    document = json.loads(page("demo", *old(), "demo-2.0rc1.tar.gz", "demo-x.tar.gz"))
    document["files"] += json.loads(page("demo", "demo-1.0.tar.gz", yanked="broken"))["files"]
    server.put("/simple/demo/", json.dumps(document))
    where = ["-i", f"{server.url}/simple/", "--no-config"]
    assert verify("demo", *where) == 0
    assert "demo==0.9 is the newest release" in verify.err
    where = index(server, "demo-2.0rc1.tar.gz")
    assert verify("demo", *where) == 0
    assert "demo==2.0rc1 is the newest release" in verify.err


def test_a_release_older_than_every_known_python(verify: VerifyRun, server: IndexServer) -> None:
    files = ["demo-0.1-cp36-cp36m-win_amd64.whl", "demo-0.1.tar.gz"]
    assert verify("demo", *index(server, *files, **{"upload-time": "2018-01-01T00:00:00Z"})) == 0
    assert "demo==0.1 is the newest release" in verify.err


@pytest.mark.parametrize("folder", ["dist", "wheelhouse"])
def test_a_missing_folder_of_wheels_is_no_project(verify: VerifyRun, folder: str) -> None:
    assert verify(folder, "--no-index", "--no-config") == 2
    assert f"{folder}: not a file, a folder" in verify.err


# cibuildwheel 4.3.5 builds 3.14 and newer for macOS 10.15 on Intel, and 3.12 and 3.13 for 10.13
def test_the_macos_that_a_python_needs_is_no_gap(verify: VerifyRun, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.ftwheel]\npythons = ["3.13", "3.14", "3.14t"]\nplatforms = ["macosx_10_13_x86_64"]\n'
    )
    folder = tmp_path / "made"
    for tag in (
        "cp313-cp313-macosx_10_13_x86_64",
        "cp314-cp314-macosx_10_15_x86_64",
        "cp314-cp314t-macosx_10_15_x86_64",
    ):
        make_wheel(folder, f"demo-1.0-{tag}.whl")
    where = ["--no-index", "--find-links", str(folder), "--no-config"]
    assert verify.findings(folder, *where) == []
    (folder / "demo-1.0-cp314-cp314t-macosx_10_15_x86_64.whl").unlink()
    assert {code for _, code, _ in verify.findings(folder, *where)} & {"FTV101", "FTV102", "FTV104"}


def test_a_lonely_wheel_names_what_users_get(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    found = verify.findings(dist(tmp_path / "dist", *PYTHONS[:2], PYTHONS[3]), *index(server, *old()))
    what = "no wheel for the default 3.14 on win_amd64, although the free-threaded build has one"
    assert found == [("error", "FTV101", f"{what}; pip and uv select the older version 0.9")]


def test_files_that_are_there_already(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    folder = dist(tmp_path / "dist")
    names = [path.name for path in folder.iterdir()]
    found = verify.findings(folder, *index(server, names[0]))
    assert [code for _, code, _ in found] == ["FTV109", "FTV117"]  # the page has another digest
    found = verify.findings(folder, *index(server, names[0], yanked="oops"))
    assert {"FTV109", "FTV110"} <= {code for _, code, _ in found}


def test_tags_that_are_never_right(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    folder = dist(tmp_path / "dist", *PYTHONS, "cp314t-cp314t", "cp311-abi3.abi3t", "py3-abi3")
    found = [message for _, code, message in verify.findings(folder, *index(server, *old())) if code == "FTV111"]
    assert [message.rpartition(" ")[2] for message in found] == ["(FTW204)", "(FTW203)", "(FTW209)"]


def test_a_stable_abi_wheel_that_cannot_be_loaded(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    folder = dist(tmp_path / "dist", "cp311-abi3.abi3t")
    codes = {code for _, code, _ in verify.findings(folder, *index(server))}
    assert {"FTV106", "FTV111"} <= codes


def test_requires_python_against_the_tags(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    folder = dist(tmp_path / "dist", *PYTHONS, requires_python=">=3.14")
    codes = [code for _, code, _ in verify.findings(folder, *index(server))]
    assert codes.count("FTV108") == 1  # of both wheels alike


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_stable_abi_wheels_before_their_cpython(
    verify: VerifyRun, server: IndexServer, tmp_path: Path, form: str
) -> None:
    where = index(server)
    said = "abi3t wheels serve 3.15, 3.15t and newer"
    verify(dist(tmp_path / "dist", "cp314-cp314", "cp314-cp314t", "cp315-abi3.abi3t"), *where, "--format", form)
    assert said in " ".join(verify.out.split())
    verify(dist(tmp_path / "other", "cp314-cp314", "cp314-cp314t"), *where, "--format", form)
    assert said not in " ".join(verify.out.split())


def test_two_wheels_of_one_rank(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    folder = dist(tmp_path / "dist")
    make_wheel(folder, "demo-1.0-cp314-cp314-win_amd64.win32.whl")
    found = verify.findings(folder, *index(server))
    assert [code for _, code, _ in found if code == "FTV107"] == ["FTV107"]


def test_a_baseline_accepts_place_by_place(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    where = index(server, *old())
    folder = dist(tmp_path / "dist", *PYTHONS[:2], PYTHONS[3])
    assert verify(folder, *where, "--write-baseline", "known.json") == 0
    known = json.loads(Path("known.json").read_text())
    assert known == {"schema_version": 1, "accepted": {"FTV101": ["cp314-win_amd64"]}}
    assert verify(folder, *where, "--baseline", "known.json") == 0
    next(folder.glob("*cp313t*")).unlink()
    assert verify(folder, *where, "--baseline", "known.json", "--fail-on", "warning") == 1
    Path("pyproject.toml").write_text('[tool.ftwheel.verify]\nbaseline = "known.json"\nignore = ["FTV112"]\n')
    assert verify(folder, *where, "--fail-on", "warning") == 0


@pytest.mark.parametrize("text", ["{", "[]", '{"schema_version": 2, "accepted": {}}', '{"schema_version": 1}'])
def test_a_file_that_is_no_baseline(verify: VerifyRun, server: IndexServer, tmp_path: Path, text: str) -> None:
    Path("known.json").write_text(text)
    assert verify(dist(tmp_path / "dist"), *index(server), "--baseline", "known.json") == 3
    assert verify(dist(tmp_path / "dist"), *index(server), "--baseline", "no.json") == 2


def test_severities_and_ignored_codes(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    where = index(server, *old())
    folder = dist(tmp_path / "dist", *PYTHONS[:2], PYTHONS[3])
    assert verify(folder, *where, "--severity", "FTV101=warning") == 0
    assert verify(folder, *where, "--severity", "FTV101=advice", "--fail-on", "advice") == 1
    assert verify(folder, *where, "--ignore", "FTV1") == 0
    assert verify(folder, *where, "--severity", "FTV101=fatal") == 2
    assert verify(folder, *where, "--severity", "FTV999=error") == 2
    Path("pyproject.toml").write_text('[tool.ftwheel.verify.severity]\nFTV101 = "advice"\n')
    assert verify(folder, *where) == 0


def test_a_table_of_the_project_names_what_is_expected(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    Path("pyproject.toml").write_text('[tool.ftwheel]\npythons = ["3.13", "3.14t"]\nplatforms = ["win32"]\n')
    found = verify.findings(dist(tmp_path / "dist", PYTHONS[0]), *index(server))
    assert [code for _, code, _ in found] == ["FTV104", "FTV104"]
    Path("pyproject.toml").write_text('[tool.ftwheel]\npythons = ["3"]\n')
    assert verify(tmp_path / "dist", *index(server)) == 3


def test_the_plan(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    folder = dist(tmp_path / "dist", "cp311-abi3", "cp314-cp314t")
    assert verify(folder, *index(server), "--plan") == 0
    lines = [line.split() for line in verify.out.splitlines()]
    assert lines[0][:6] == ["demo", "1.0:", "3", "wheels", "serve", "every"]
    assert [(line[0], line[-1]) for line in lines[2:]] == [
        ("cp311-abi3", "yes"),
        ("cp314-cp314t", "yes"),
        ("cp315-abi3.abi3t", "no"),
    ]


def test_reports_are_written_beside_the_result(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    reports = ["--html", "r.html", "--svg", "m.svg", "--badge", "b.svg"]
    assert verify(dist(tmp_path / "dist"), *index(server), *reports) == 0
    assert Path("r.html").read_text().startswith("<!DOCTYPE html>")
    assert "</svg>" in Path("m.svg").read_text()
    assert "</svg>" in Path("b.svg").read_text()
    assert verify(dist(tmp_path / "dist"), *index(server), "--html", "no/such/folder.html") == 2


@pytest.mark.parametrize("form", ["text", "json", "markdown", "github", "sarif"])
def test_every_format_names_the_place(verify: VerifyRun, server: IndexServer, tmp_path: Path, form: str) -> None:
    assert verify(dist(tmp_path / "dist", *PYTHONS[:3]), *index(server, *old()), "--format", form) == 1
    assert "FTV101" in verify.out
    assert "win_amd64" in verify.out


def test_inputs_that_are_no_release(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    where = index(server, *old())
    empty = tmp_path / "empty"
    empty.mkdir()
    assert verify(empty, *where) == 2
    assert verify("nowhere", *where) == 2
    assert verify("demo==7.0", *where) == 2
    assert verify("other==1.0", *where) == 2
    assert verify("demo==0.9", "demo==0.9", *where) == 2
    assert verify("demo==0.9", *where, "--uploaded-prior-to", "2026-01-01") == 4  # the page has no times
    assert verify("demo==0.9", "--no-index", "--no-config") == 2
    two = dist(dist(tmp_path / "two"), version="2.0")
    assert verify(two, *where) == 2
    assert "belong to different releases" in verify.err
    (empty / "demo-1.0-cp314-cp314-win_amd64.whl").write_bytes(b"no zip")
    assert verify(empty, *where) == 2


def test_a_file_that_is_no_distribution_is_named_and_the_others_are_judged(
    verify: VerifyRun, server: IndexServer, tmp_path: Path
) -> None:
    folder = dist(tmp_path / "dist")
    (folder / "demo-1.0-cp313-cp313-win32.whl").write_bytes(b"no zip")
    (folder / "notes.zip").write_bytes(b"no sdist")
    found = verify.findings(folder, *index(server, *old()))
    assert [(severity, code) for severity, code, _ in found] == [("error", "FTV114")] * 2
    assert verify(folder, *index(server, *old())) == 1
    assert "demo-1.0-cp313-cp313-win32.whl\n  error FTV114\n    cannot be read as a wheel" in verify.out
    assert "Every expected target is served" in verify.out


@pytest.mark.parametrize(
    "name",
    ["demo-1.0-py3.13.egg", "demo-1.0.tar.bz2", "demo-1.0.TAR.GZ", "demo-1.0.win32.exe", "Demo-1.0-{tags}.whl"],
)
def test_a_file_of_another_format_or_spelling_is_an_error(
    name: str, *, verify: VerifyRun, server: IndexServer, tmp_path: Path
) -> None:
    folder = dist(tmp_path / "dist")
    wheel = min(folder.glob("*.whl"))
    (folder / name.format(tags=wheel.stem.split("-", 2)[2])).write_bytes(wheel.read_bytes())
    assert [(severity, code) for severity, code, _ in verify.findings(folder, *index(server, *old()))] == [
        ("error", "FTV114")
    ]


def test_digests_hand_on_what_was_verified(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    folder, listed = dist(tmp_path / "dist"), tmp_path / "sums"
    where = index(server, *old())
    assert verify(folder, *where, "--write-digests", listed) == 0
    lines = sorted(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}" for file in folder.iterdir())
    assert sorted(listed.read_text().splitlines()) == lines
    assert verify(folder, *where, "--digests", listed) == 0
    wheel = max(folder.glob("*.whl"))
    content = wheel.read_bytes()
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.comment = b"changed"
    assert verify(folder, *where, "--digests", listed) == 2
    assert f"{wheel.name} has the SHA-256" in verify.err
    wheel.unlink()
    assert verify(folder, *where, "--digests", listed) == 2
    assert f"{wheel.name} is missing" in verify.err
    wheel.write_bytes(content)
    (folder / "demo-1.0-cp39-cp39-win32.whl").write_bytes(content)
    assert verify(folder, *where, "--digests", listed) == 2
    assert "demo-1.0-cp39-cp39-win32.whl was not recorded" in verify.err
    for text in ("", "x", "{}", '{"wheels": 3}', f"{lines[0]}\n{'0' * 64}  {lines[0].split()[1]}"):
        listed.write_text(text)
        assert verify(folder, *where, "--digests", listed) == 3
    assert verify("demo==0.9", *where, "--digests", listed) == 2


def test_wheel_variants_are_laid_aside_and_the_others_judged(
    verify: VerifyRun, server: IndexServer, tmp_path: Path
) -> None:
    folder = dist(tmp_path / "dist")
    plain = next(iter(sorted(folder.iterdir())))
    plain.with_name(plain.name.replace(".whl", "-x86_64_v3.whl")).write_bytes(plain.read_bytes())
    found = verify.findings(folder, *index(server, *old()))
    assert found == [("advice", "FTV113", "is a wheel variant with the label x86_64_v3")]
    assert verify(folder, *index(server, *old())) == 0
    assert "Every expected target is served" in verify.out


def test_the_page_of_the_documentation_shows_real_output(verify: VerifyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    root = RECORDINGS.parents[1]
    monkeypatch.chdir(root / "tests")  # out of the way of this repository's own pyproject.toml
    text = (root / "docs" / "verify.md").read_text()
    blocks = re.findall(r"```console\n\$ ftwheel verify ([^\n]*)\n(.*?)```", text, re.DOTALL)
    assert blocks
    for command, output in blocks:
        verify(*command.replace("tests/recordings", str(RECORDINGS)).split())
        assert verify.out == output


def test_every_code_is_documented() -> None:
    from ftwheel.rules.registry import family

    text = (RECORDINGS.parents[1] / "docs" / "verify.md").read_text()
    assert re.findall(r"^\| `(FTV[0-9]+)` \| \w+ \| (.*) \|$", text, re.MULTILINE) == [
        (code, rule.title) for code, rule in family("FTV").items()
    ]


def test_an_index_that_cannot_be_reached(verify: VerifyRun, tmp_path: Path) -> None:
    from support.server import closed_port

    assert verify(dist(tmp_path / "dist"), "-i", f"{closed_port()}/simple/", "--no-config") == 5
