"""``ftwheel verify`` about the upload itself: what an index refuses, where an upload stopped, what can exist."""

from __future__ import annotations

import io
import tarfile
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ftwheel.cli.main import main
from integration.test_verify_command import VerifyRun, user, verify
from support.clients import page
from support.server import IndexServer
from support.wheels import make_wheel

__all__ = ["user", "verify"]
LINUX = "manylinux_2_17_x86_64"
PAIR = (f"cp313-cp313-{LINUX}", f"cp313-cp313t-{LINUX}")


def dist(folder: Path, *tags: str, **fields: object) -> Path:
    for tag in tags:
        make_wheel(folder, f"demo-1.0-{tag}.whl", **fields)  # type: ignore[arg-type]
    return folder


def sdist(folder: Path, *lines: str, name: str = "demo-1.0.tar.gz", top: str = "demo-1.0") -> Path:
    folder.mkdir(exist_ok=True)
    data = "\n".join(["Metadata-Version: 2.4", "Name: demo", "Version: 1.0", *lines, ""]).encode()
    with tarfile.open(folder / name, "w:gz") as archive:
        member = tarfile.TarInfo(f"{top}/PKG-INFO")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return folder


def where(server: IndexServer, *filenames: str, **fields: object) -> list[str]:
    server.put("/simple/demo/", page("demo", *filenames, **fields))  # type: ignore[arg-type]
    return ["-i", f"{server.url}/simple/", "--no-config"]


def changed(path: Path, change: str) -> None:
    """Rewrite a wheel: ``old=new`` in METADATA, ``+name`` a second member of a name, ``folder=new`` its .dist-info."""
    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    key, _, new = change.partition("=")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            file, text = name, data
            if key == "folder":
                file = name.replace("demo-1.0.dist-info", new)
                text = data.replace(b"demo-1.0.dist-info", new.encode())
            elif name.endswith("METADATA"):
                text = data.replace(key.encode(), new.encode())
            archive.writestr(file, text)
        if key.startswith("+"):
            with pytest.warns(UserWarning, match="Duplicate name"):
                archive.writestr(key[1:], b"other")


@pytest.mark.parametrize(
    ("tags", "messages"),
    [
        (
            ["cp313-cp313-linux_x86_64", "cp313-cp313t-linux_x86_64"],
            [
                "is rejected: has the platform tag linux_x86_64, which PyPI rejects (FTW801); likewise {}".format(
                    "demo-1.0-cp313-cp313t-linux_x86_64.whl"
                )
            ],
        ),
        (
            [*PAIR, "cp313-cp313-pyodide_2025_0_wasm32"],
            ["is rejected: has the platform tag pyodide_2025_0_wasm32, which PyPI rejects (FTW801)"],
        ),
        ([*PAIR, "cp313-cp313-pyemscripten_2025_0_wasm32"], []),
        (
            [*PAIR, "cp313-cp313-ios_13_0_arm64_iphoneos", "cp314-cp314-ios_13_0_arm64_iphoneos"],
            [],
        ),
    ],
)
def test_platform_tags(
    tags: list[str], messages: list[str], verify: VerifyRun, server: IndexServer, tmp_path: Path
) -> None:
    """A platform without a free-threaded build asks for none; one that PyPI refuses is named."""
    found = verify.findings(dist(tmp_path / "dist", *tags), *where(server))
    assert [message for severity, _, message in found if severity == "error"] == messages
    assert verify(tmp_path / "dist", *where(server), "--index-rules", "any") == 0


def test_an_architecture_that_a_policy_never_had(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    folder = dist(
        tmp_path / "dist", *PAIR, "cp313-cp313-manylinux1_aarch64.manylinux2014_aarch64.manylinux_2_17_aarch64"
    )
    codes = [
        (code, message) for severity, code, message in verify.findings(folder, *where(server)) if severity == "error"
    ]
    assert [code for code, _ in codes] == ["FTV101", "FTV116"]
    assert "free-threaded 3.13 on manylinux_2_17_aarch64" in codes[0][1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "Version: 1.0\n=Version: 1.0\nLicense-Expression: MIT\n",
            "license-expression introduced in metadata version 2.4",
        ),
        ("+pkg/__init__.py", "pkg/__init__.py: two members of the zip have this name (FTW102)"),
        ("folder=de-mo-1.0.dist-info", "(FTW1"),
        ("folder=Demo-1.0.dist-info", "Demo-1.0.dist-info: has to be named demo-1.0.dist-info (FTW110)"),
    ],
)
def test_wheels_that_are_refused(
    change: str, message: str, verify: VerifyRun, server: IndexServer, tmp_path: Path
) -> None:
    folder = dist(tmp_path / "dist", *PAIR, files={"pkg/__init__.py": ""})
    for path in folder.iterdir():
        changed(path, change)
    refused = [text for severity, code, text in verify.findings(folder, *where(server)) if code == "FTV116"]
    assert any(message in text and "; likewise " in text for text in refused), refused


def test_a_zip_that_readers_disagree_about(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    folder = dist(tmp_path / "dist", *PAIR)
    signed = folder / f"demo-1.0-{PAIR[1]}.whl"
    signed.write_bytes(signed.read_bytes() + b"signature")
    assert verify.findings(folder, *where(server)) == [
        ("error", "FTV116", "is rejected: has 9 bytes after its end that belong to no member (FTW805)")
    ]


def test_a_complete_release_for_macs(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    """CPython 3.14 needs macOS 10.15: wheels for 3.13 from 10.13 on and for 3.14 from 10.15 on serve everybody."""
    tags = ["cp313-cp313-macosx_10_13_x86_64", "cp314-cp314-macosx_10_15_x86_64", "cp314-cp314t-macosx_10_15_x86_64"]
    Path("pyproject.toml").write_text(
        '[tool.ftwheel]\npythons = ["3.13", "3.14", "3.14t"]\nplatforms = ["macosx_10_13_x86_64"]\n'
    )
    assert verify(dist(tmp_path / "dist", *tags), *where(server)) == 0
    assert verify(tmp_path / "dist", *where(server), "--plan") == 0
    (tmp_path / "dist" / f"demo-1.0-{tags[1]}.whl").unlink()
    assert [code for _, code, _ in verify.findings(tmp_path / "dist", *where(server))] == ["FTV104"]


def test_what_the_table_names_is_all_there_is(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    """Neither a dropped version nor another platform is asked for when the project names what it serves."""
    before = [
        f"demo-0.9-cp3{minor}-cp3{minor}-{platform}.whl" for minor in (12, 13) for platform in (LINUX, "win_amd64")
    ]
    folder = dist(tmp_path / "dist", *PAIR, "cp313-cp313-win_amd64")
    Path("pyproject.toml").write_text(f'[tool.ftwheel]\npythons = ["3.13", "3.13t"]\nplatforms = ["{LINUX}"]\n')
    assert verify.findings(folder, *where(server, *before)) == []


def test_a_raised_floor_is_told_once(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    minors = range(10, 15)
    before = [f"demo-0.9-cp3{minor}-cp3{minor}-manylinux_2_17_x86_64.whl" for minor in minors]
    tags = [f"cp3{minor}-cp3{minor}-manylinux_2_28_x86_64" for minor in minors]
    folder = dist(tmp_path / "dist", *tags, "cp314-cp314t-manylinux_2_28_x86_64")
    ((severity, code, message),) = verify.findings(folder, *where(server, *before))
    assert (severity, code) == ("warning", "FTV115")
    assert message == (
        "the floor rises from manylinux_2_17 to manylinux_2_28 on x86_64 for 3.10, 3.11, 3.12, 3.13 and 3.14:"
        " on the older systems pip and uv select the older version 0.9"
    )


def test_an_upload_that_stopped(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    """The files that are missing, the one that stopped it, and the order: wheels before the sdist."""
    folder = sdist(dist(tmp_path / "dist", *PAIR, "cp314-cp314-linux_x86_64", f"cp314-cp314t-{LINUX}"))
    there = [f"demo-1.0-{PAIR[0]}.whl", f"demo-1.0-{PAIR[1]}.whl"]
    uploaded = datetime.now(UTC).isoformat()
    found = verify.findings(folder, *where(server, *there, **{"upload-time": uploaded}))
    (message,) = [text for _, code, text in found if code == "FTV117"]
    assert message == (
        "2 of 5 files are on the index; missing, in the order to upload: demo-1.0-cp314-cp314-linux_x86_64.whl,"
        f" demo-1.0-cp314-cp314t-{LINUX}.whl, demo-1.0.tar.gz; the upload stopped at"
        " demo-1.0-cp314-cp314-linux_x86_64.whl (FTV116)"
    )
    assert verify(folder, *where(server, *there, **{"upload-time": uploaded}), "--format", "text") == 1
    (folder / "demo-1.0-cp314-cp314-linux_x86_64.whl").unlink()
    found = verify.findings(folder, *where(server, *there, **{"upload-time": uploaded}))
    (message,) = [text for _, code, text in found if code == "FTV117"]
    assert "it is unknown why the upload stopped" in message


def test_a_release_that_is_closed(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    folder = dist(tmp_path / "dist", *PAIR)
    late = where(
        server, f"demo-1.0-{PAIR[0]}.whl", **{"upload-time": (datetime.now(UTC) - timedelta(days=15)).isoformat()}
    )
    refused = [text for _, code, text in verify.findings(folder, *late) if code == "FTV116"]
    assert len(refused) == 1
    assert "PyPI accepts no new files for a release after 14 days" in refused[0]


@pytest.mark.parametrize(
    ("line", "top", "message"),
    [
        ("License-File: LICENSE", "demo-1.0", "PKG-INFO names the license file LICENSE"),
        ("Classifier: Made :: Up", "demo-1.0", "'Made :: Up' is not a known classifier"),
        ("Nonsense: x", "demo-1.0", "the field 'nonsense' is unknown"),
        ("Summary: x", ".", "its members are not all in one folder"),
    ],
)
def test_source_distributions(
    line: str, top: str, message: str, *, verify: VerifyRun, server: IndexServer, tmp_path: Path
) -> None:
    folder = sdist(dist(tmp_path / "dist", *PAIR), line, top=top)
    (refused,) = [text for _, code, text in verify.findings(folder, *where(server)) if code == "FTV116"]
    assert message in refused


def test_a_source_distribution_is_a_tar_archive(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    folder = dist(tmp_path / "dist", *PAIR)
    with zipfile.ZipFile(folder / "demo-1.0.zip", "w") as archive:
        archive.writestr("demo-1.0/PKG-INFO", "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n")
    (refused,) = [text for _, code, text in verify.findings(folder, *where(server)) if code == "FTV116"]
    assert "has to be named demo-1.0.tar.gz" in refused


def test_files_of_the_index_are_named(verify: VerifyRun, server: IndexServer, tmp_path: Path) -> None:
    folder = dist(tmp_path / "dist", PAIR[0])
    there = where(server, f"demo-1.0-{PAIR[1]}.whl", **{"upload-time": datetime.now(UTC).isoformat()})
    verify(folder, *there)
    assert f"from the index: demo-1.0-{PAIR[1]}.whl" in verify.out
    verify(folder, *there, "--format", "markdown")
    assert "from the index: " in verify.out


def test_a_tag_that_was_never_filled_in(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """``Tag: {tag}`` in WHEEL: check names it, and ftwheel tag, its advice, mends it."""
    wheel = make_wheel(tmp_path / "dist", f"demo-1.0-py3-none-{LINUX}.whl", files={"demo/__init__.py": ""})
    with zipfile.ZipFile(wheel) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    path = "demo-1.0.dist-info/WHEEL"
    members[path] = members[path].replace(f"Tag: py3-none-{LINUX}".encode(), b"Tag: {tag}")
    assert b"{tag}" in members[path]
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert main(["check", str(wheel)]) == 1
    assert "error FTW201" in capsys.readouterr().out
