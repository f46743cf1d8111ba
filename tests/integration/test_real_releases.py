"""Real releases, healthy and faulty: exactly the findings that are true of them, from a recording and live."""

from __future__ import annotations

import json
from datetime import date

import pytest

from ftwheel.app.release.verify import verify
from ftwheel.core.index.pages import Pages
from ftwheel.core.installers.registry import installer
from support.commands import ftwheel
from support.real_releases import EXPECTED, INSIDE, head, pages

INSTALLERS = (installer("pip"), installer("uv"))
NAMED = (
    *("markupsafe==3.0.4", "pillow==12.0.0", "psutil==7.1.3", "pandas==2.3.3", "docker==7.1.0", "ctoon==0.7.0"),
    *("deltachat-rpc-server==2.59.0", "hypothesis==6.170.17", "argon2-cffi-bindings==26.2.0"),
)


def test_there_are_enough_of_both() -> None:
    assert set(NAMED) <= set(EXPECTED)
    faulty = {release for release, findings in EXPECTED.items() if findings} | INSIDE.keys()
    assert len(faulty) >= 20
    assert len(EXPECTED) - len(faulty) >= 20


@pytest.mark.parametrize("release", EXPECTED)
def test_from_the_recording(release: str) -> None:
    name, version = release.split("==")
    found = verify(
        name, version, indexes=[Pages.of([pages()[name]])], installers=INSTALLERS, day=date(2026, 11, 28)
    ).findings
    assert [[one.severity.word, one.code, head(one.message)] for one in found] == EXPECTED[release]


@pytest.mark.network
@pytest.mark.parametrize("release", EXPECTED)
def test_live(release: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    done = ftwheel("verify", release, "--format", "json", cwd=tmp_path_factory.mktemp("live"))
    assert done.code in {0, 1}, done.err
    found = json.loads(done.out)["findings"]
    assert [[one["severity"], one["code"], head(one["message"])] for one in found] == EXPECTED[release]


@pytest.mark.network
@pytest.mark.parametrize("release", INSIDE)
def test_what_is_in_the_wheels(release: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    done = ftwheel("check", release, "--format", "json", cwd=tmp_path_factory.mktemp("live"))
    found = [one for one in json.loads(done.out)["findings"] if one["severity"] != "advice"]
    assert [[one["severity"], one["code"]] for one in found] == INSIDE[release]
    assert done.code == any(one["severity"] == "error" for one in found)
