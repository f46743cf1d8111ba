"""README's two minutes, word for word: the files it has copied, built by the command that it names."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from support.commands import ftwheel
from support.documents import documented

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.e2e
def test_the_example_is_copied_and_built(tmp_path: Path, default_python: str, free_threaded_python: str) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\$ (cat > \S+ <<'END'\n.*?\nEND)$", text, re.DOTALL | re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    done = ftwheel("build", "--python", f"{default_python},{free_threaded_python}", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    assert "stays off" in done.out
    done = ftwheel("verify", "--local", "dist/", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    documented("../README.md", "ftwheel verify --local dist/\n", done.out)
    source = tmp_path / "answer.c"
    source.write_text(re.sub(r"#ifdef.*?#endif\n", "", source.read_text(), flags=re.DOTALL))
    done = ftwheel("build", "--python", f"{default_python},{free_threaded_python}", cwd=tmp_path)
    assert done.code == 1
    assert "Py_mod_gil" in done.out + done.err
