"""Real wheels from the configured index: what is known to be wrong is found, what is right passes every rule."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from ftwheel.app.release.published_wheels import parse_release, wheels_of
from ftwheel.cli.main import main
from ftwheel.cli.options import indexes
from ftwheel.io.wheel.platform_policy import platform_policy, surely_kept, watched_symbols
from ftwheel.io.wheel.reading import inspect_wheel

pytestmark = pytest.mark.network


@pytest.fixture
def findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Code and file name of every finding that is no advice. auditwheel is not asked: it takes minutes."""
    monkeypatch.chdir(tmp_path)

    def check(release: str) -> set[tuple[str, str]]:
        # what PyPI took years ago it would refuse today
        main(["check", "--ignore", "FTW304", "--index-rules", "any", "--format", "json", release])
        document = json.loads(capsys.readouterr().out)
        assert len(document["wheels"]) > 10
        found = [*document["together"], *(each for wheel in document["wheels"] for each in wheel["findings"])]
        return {(each["code"], each["subject"].partition(":")[0]) for each in found if each["severity"] != "advice"}

    return check


@pytest.mark.short
def test_every_platform_of_a_release_that_is_right(findings) -> None:
    assert findings("markupsafe==3.0.2") == set()


def test_the_stable_abi_of_a_large_module(findings) -> None:
    found = findings("cryptography==46.0.3")
    # its PyPy wheels for macOS say 10.9 and were built for 10.13
    assert {code for code, _ in found} == {"FTW310"}
    assert all("-pypy31" in filename for _, filename in found)


def test_modules_that_do_not_declare(findings) -> None:
    found = findings("google-crc32c==1.7.1")
    assert {filename for code, filename in found if code == "FTW401"} == {
        f"google_crc32c-1.7.1-cp313-cp313t-manylinux_2_17_{machine}.manylinux2014_{machine}.whl"
        for machine in ("aarch64", "x86_64")
    }
    # the release has free-threaded wheels for Linux alone
    assert {code for code, _ in found} == {"FTW401", "FTW606"}


def test_modules_of_other_interpreters(findings) -> None:
    found = findings("pymongo==4.15.1")
    assert {code for code, _ in found} == {"FTW208"}
    assert any("-cp313t-" in filename for _, filename in found)


@pytest.mark.oracle
@pytest.mark.parametrize("release", ["kiwisolver==1.4.9", "shapely==2.1.2", "lxml==6.0.2", "cffi==2.0.0", "uv==0.9.7"])
def test_no_tag_is_granted_that_auditwheel_refuses(release: str, tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    indexes.add_arguments(parser)
    granted = 0
    with indexes.open_locations(parser.parse_args([])) as locations:
        assert locations.client is not None
        parsed = parse_release(release)
        assert parsed
        pages = [page for index in locations.all if (page := index.project(parsed[0]))]
        files = [each for each in wheels_of(pages, *parsed) if "linux" in each.filename]
        for file in files:
            if not ("-cp313-" in file.filename or "-none-" in file.filename):
                continue
            path = locations.client.download(file, tmp_path / file.filename)
            contents = inspect_wheel(str(path), level2=False, watched=watched_symbols())
            if surely_kept(contents):
                granted += 1
                asked = platform_policy(str(path), inspect_wheel(str(path), level2=False))
                assert asked.tag, file.filename
                assert not asked.reason, file.filename
            path.unlink()
    assert granted > 3
