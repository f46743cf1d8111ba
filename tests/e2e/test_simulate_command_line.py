"""``ftwheel simulate`` as a user runs it: a process, its two streams and its exit code."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

import pytest

from support.commands import ftwheel, ftwheel_environ

pytestmark = pytest.mark.e2e

RECORDINGS = Path(__file__).parents[1] / "recordings"


def test_colours_on_a_terminal_and_none_in_a_pipe() -> None:
    asked = ("simulate", "rpds-py==0.22.0", "--index", RECORDINGS, "--env", "cp313-win_amd64,cp313t-win_amd64")
    plain = ftwheel(*asked)
    coloured = ftwheel(*asked, environ=ftwheel_environ(FORCE_COLOR="1", COLUMNS="160"))
    assert (plain.code, coloured.code) == (1, 1)
    assert "\x1b" not in plain.out
    assert "\x1b[32mfree-threaded wheel" in coloured.out
    assert plain.err == ""
    words = re.sub(r"\x1b\[[0-9;]*m", "", coloured.out)
    assert [word in words for word in ("sdist", "rpds_py-0.22.0-cp313-cp313t-win_amd64.whl")] == [True, True]


@pytest.mark.network
class TestRealIndex:
    """The two examples of the documentation, with what the user has configured."""

    @pytest.fixture
    def environ(self, tmp_path: Path) -> dict[str, str]:
        return ftwheel_environ(FTWHEEL_CACHE_DIR=str(tmp_path / "cache"))

    def test_windows_falls_to_the_sdist(self, environ: dict[str, str]) -> None:
        done = ftwheel("simulate", "rpds-py==0.22.0", "--env", "all", "--format", "json", environ=environ)
        (result,) = done.json["results"]
        outcomes = {(cell["environment"], cell["installer"]): cell["outcome"] for cell in result["cells"]}
        for installer in ("pip", "uv"):
            assert outcomes["cp313-win_amd64", installer] == "sdist"
            assert outcomes["cp313t-win_amd64", installer] == "free-threaded wheel"

    def test_what_installers_saw_on_a_day(self, environ: dict[str, str]) -> None:
        day = ("--uploaded-prior-to", "2026-01-11", "--env", "cp314t-win_amd64", "--format", "json")
        done = ftwheel("simulate", "whenever", *day, environ=environ)
        recorded = ftwheel("simulate", "whenever", *day, "--index", RECORDINGS, environ=environ)
        assert set(done.json["results"][0]["newest"].values()) == {"0.9.4"}
        assert _without_place(done.json) == _without_place(recorded.json)

    def test_many_projects_at_once_and_again_offline(self, environ: dict[str, str]) -> None:
        projects = ("numpy", "pyyaml", "cffi", "lxml", "no-such-project-of-ftwheel-tests")
        first = ftwheel("simulate", *projects, "--env", "pairs", environ=environ)
        assert first.code == 2
        assert "no-such-project-of-ftwheel-tests" in first.err
        begin = time.monotonic()
        again = ftwheel("simulate", *projects[:4], "--env", "pairs", "--offline", environ=environ)
        assert time.monotonic() - begin < 30
        assert again.out == first.out

    def test_the_systems_certificates_are_enough(self, environ: dict[str, str]) -> None:
        named = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "PIP_CERT"}
        bare = {name: value for name, value in environ.items() if name not in named} | {"PIP_CONFIG_FILE": os.devnull}
        done = ftwheel("simulate", "pyyaml", "--env", "cp314-win_amd64", "--installer", "pip", environ=bare)
        assert done.code == 0, done.err


def _without_place(answer: dict[str, object]) -> str:
    return re.sub(r'"from": "[^"]*"', "", json.dumps(answer["results"]))
