"""docs/elsewhere.md: the GitLab template is valid and its gate runs; the snippets are what they say."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ftwheel.io.release.digests import written
from support.commands import ftwheel_environ
from support.server import Reply, serve
from support.wheels import make_wheel

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "templates" / "gitlab" / "release.yml"
PAGE = ROOT / "docs" / "elsewhere.md"


def load(text: str) -> Any:
    return YAML(typ="safe").load(text)


def script(job: str) -> list[str]:
    """What a job runs, but for what it installs."""
    lines = load(TEMPLATE.read_text())[job]["script"]
    flat = [line for item in lines for line in (item if isinstance(item, list) else [item])]
    return [line for line in flat if "pip install" not in line]


def test_the_template_is_valid_for_gitlab() -> None:
    command = ["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", os.fspath(TEMPLATE)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("abis", "code"), [(("cp314", "cp314t"), 0), (("cp314",), 1)])
def test_its_gate_passes_a_pair_and_stops_one_wheel(tmp_path: Path, abis: tuple[str, ...], code: int) -> None:
    names = [f"demo_pkg-1.0-cp314-{abi}-win_amd64.whl" for abi in abis]
    built = [make_wheel(tmp_path / "dist", name, files={"demo/__init__.py": ""}) for name in names]
    (tmp_path / "digests").mkdir()
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in built}
    (tmp_path / "digests" / "windows.sha256").write_text(written(digests), encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.ftwheel]\npythons = ["3.14", "3.14t"]\nplatforms = ["win_amd64"]\ngil = "allow-used"\n'
    )
    page = {"meta": {"api-version": "1.1"}, "name": "demo-pkg", "versions": [], "files": []}
    with serve() as index:
        index.routes["/simple/demo-pkg/"] = Reply(body=json.dumps(page).encode())
        urls = {"PIP_INDEX_URL": f"{index.url}/simple/", "UV_DEFAULT_INDEX": f"{index.url}/simple/"}
        done = subprocess.run(
            ["bash", "-e", "-c", "\n".join(script("verify"))],
            cwd=tmp_path,
            env=ftwheel_environ() | urls,
            capture_output=True,
            text=True,
        )
    assert done.returncode == code, done.stdout + done.stderr
    assert (tmp_path / "ftwheel.html").is_file()


def test_it_builds_with_a_command_that_there_is() -> None:
    for job in ("linux", "macos", "windows"):
        assert any("ftwheel build --driver cibuildwheel" in line for line in script(job))


def test_the_snippets_are_yaml_and_name_hooks_that_there_are() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    _gate, hook, own = map(load, blocks)
    hooks = load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["repos"][0]["hooks"][0]["id"] in {each["id"] for each in hooks}
    assert own["repos"][0]["hooks"][0]["entry"] == "ftwheel init --check"
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert hook["repos"][0]["rev"] == f"v{version}"
    [python] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    compile(python, "noxfile.py", "exec")
