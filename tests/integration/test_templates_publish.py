"""The step of both templates that compares what is uploaded with what was verified, run by a real shell."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ftwheel.io.release.digests import written
from support.wheels import make_wheel

TEMPLATES = Path(__file__).parents[2] / "templates"
NAMES = ("demo-1.0-cp313-cp313-win32.whl", "demo-1.0-cp313-cp313t-win32.whl", "demo-1.0.tar.gz", "Zeta-1.0.tar.gz")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="both jobs run on Linux")


def script(template: str) -> str:
    """The line of the template that compares."""
    text = (TEMPLATES / template / "release.yml").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ +(?:run:|-) (.*sha256sum -- \*[ )].*)$", text, re.MULTILINE)
    return str(line)


def passes(template: str, folder: Path, digests: str) -> bool:
    """Whether the publishing job would go on."""
    (folder / "ftwheel.sha256").write_text(digests, encoding="utf-8")
    github = template == "workflows"
    bash = shutil.which("bash")
    assert bash
    done = subprocess.run(
        [bash, "-e", "-c", script(template)],
        cwd=folder / "dist" if github else folder,
        env={"PATH": os.environ["PATH"]} | ({"DIGESTS": digests.rstrip("\n"), "LC_ALL": "C"} if github else {}),
        check=False,
    )
    return done.returncode == 0


@pytest.mark.parametrize("template", ["workflows", "gitlab"])
@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda dist: None, True),
        (lambda dist: (dist / NAMES[0]).write_text("x"), False),
        (lambda dist: (dist / NAMES[1]).unlink(), False),
        (lambda dist: (dist / "demo-1.0.zip").write_text("x"), False),
        (lambda dist: (dist / NAMES[2]).rename(dist / "Demo-1.0.tar.gz"), False),
    ],
)
def test_only_the_verified_files_are_published(
    template: str, change: Callable[[Path], object], *, same: bool, tmp_path: Path
) -> None:
    dist = tmp_path / "dist"
    dist.mkdir()
    for name in NAMES:
        (dist / name).write_text(name)
    digests = written({name: hashlib.sha256(name.encode()).hexdigest() for name in NAMES})
    change(dist)
    assert passes(template, tmp_path, digests) is same


@pytest.mark.parametrize("added", ["", "demo-1.0-2-py3-none-any.whl"])
def test_only_the_built_files_are_verified_on_gitlab(added: str, tmp_path: Path) -> None:
    for name in ("dist", "digests", "index"):
        (tmp_path / name).mkdir()
    for number, system in enumerate(("linux", "windows")):
        wheel = make_wheel(tmp_path / "dist", f"demo-1.0-{number}-py3-none-any.whl")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        (tmp_path / "digests" / f"{system}.sha256").write_text(written({wheel.name: digest}), encoding="utf-8")
    if added:
        make_wheel(tmp_path / "dist", added)
    text = (TEMPLATES / "gitlab" / "release.yml").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ +- (ftwheel verify .*)$", text, re.MULTILINE)
    bash = shutil.which("bash")
    assert bash
    done = subprocess.run(
        [bash, "-e", "-c", f"{line} --new-project --no-config -i index"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (tmp_path / "ftwheel.html").is_file() is not bool(added), done.stderr
    wrong = f"these files differ from those of digests/linux.sha256, digests/windows.sha256: {added}"
    assert (wrong in done.stderr) is bool(added), done.stderr
