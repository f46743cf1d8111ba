"""The tags of real interpreters newer than the pair, against packaging's and pip's own lists, in order."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ftwheel.io.system.environment_probe import environment_of
from support.pip_oracle import environment_with


@pytest.mark.parametrize("version", ["3.14", "3.15"])
def test_tags_of_newer_interpreters_are_packagings_and_pips(
    version: str, installers: Path, python_314: str, python_315: str
) -> None:
    python = {"3.14": python_314, "3.15": python_315}[version]
    own = [*environment_of(python).tags]
    inside = environment_with(installers / f"tags-{version}", python, "pip==26.3", "packaging>=26.3")

    code = "import packaging.tags as tags; print(*tags.sys_tags(), sep='\\n')"
    assert subprocess.check_output([inside, "-c", code], text=True).split() == own
    shown = subprocess.check_output([inside, "-m", "pip", "debug", "--verbose"], text=True, stderr=subprocess.DEVNULL)
    assert shown.partition("Compatible tags:")[2].split()[1:] == own
