"""The templates are found where ftwheel runs from a checkout, and where it is installed."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ftwheel.core.project.templates import PLACEHOLDERS, placeholders
from ftwheel.io.project import templates
from ftwheel.io.system.virtual_environments import find_uv

ROOT = Path(__file__).resolve().parents[2]
ASK = (
    "import json; from ftwheel.io.project import templates as t; folders = ('workflows', 'gitlab', 'pyproject');"
    "print(json.dumps([t.release_commit(), {n: t.read(n) for f in folders for n in t.names(f)}]))"
)


def shipped() -> dict[str, str]:
    return {path.relative_to(ROOT / "templates").as_posix(): path.read_text() for path in ROOT.glob("templates/*/*")}


def test_an_installed_ftwheel_has_them_all(tmp_path: Path):
    uv = find_uv()
    assert uv
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", tmp_path, ROOT], check=True, timeout=120)
    [wheel] = tmp_path.glob("*.whl")
    folder = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {ASK}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [None, shipped()]
    pages = {path.name: path.read_text(encoding="utf-8") for path in (folder / "ftwheel" / "rule_pages").glob("*.md")}
    assert pages == {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "rules").glob("*.md")}


def test_a_checkout_has_them_all_and_no_commit():
    folders = ("workflows", "gitlab", "pyproject")
    found = {name: templates.read(name) for folder in folders for name in templates.names(folder)}
    assert found == shipped()
    assert templates.release_commit() is None


def test_every_placeholder_is_one_that_is_described():
    used = {name for template in templates.names("workflows") for name in placeholders(templates.read(template))}
    assert used == set(PLACEHOLDERS)


@pytest.mark.parametrize(
    ("text", "commit"),
    [("0123456789abcdef0123456789abcdef01234567\n", "0123456789abcdef0123456789abcdef01234567"), ("main\n", None)],
)
def test_the_commit_of_a_release_is_read_as_one(
    text: str, commit: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "COMMIT").write_text(text)
    monkeypatch.setattr(templates, "files", lambda package: tmp_path)
    assert templates.release_commit() == commit
