"""Hostile text in arguments, names, files and pages reaches no terminal and no workflow as more than text."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ftwheel.cli import main as command_line
from ftwheel.core.errors import InputError
from ftwheel.render.terminal import EscapedStream, printable, printable_lines
from support.wheels import make_wheel

ESCAPES = "\x1b[31m\x1b]0;title\x07\x9b2J\u202e\x00\r"
COMMANDS = ("::error::forged", "  ::set-output name=a::b", "##[add-mask]x", "x ##[error]y")
HOSTILE = f"a{ESCAPES.replace(chr(0), '')}b\n::error::forged\n##[error]c"
_BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]")


def run(*arguments: str, cwd: Path | None = None, text: str | None = None) -> str:
    """Everything the command prints."""
    command = [sys.executable, "-m", "ftwheel", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, input=text and text.encode())
    assert done.returncode in {0, 1, 2, 3, 4, 5, 7}, done
    said = (done.stdout + b"\n" + done.stderr).decode()
    assert "Traceback" not in said
    return said


def harmless(said: str) -> None:
    assert not _BAD.search(said), said
    assert not [line for line in said.splitlines() if line.lstrip().startswith("::") or "##[" in line], said


@pytest.mark.parametrize("text", COMMANDS)
def test_no_line_is_a_command_of_a_workflow(text: str) -> None:
    harmless(printable(text))
    harmless(printable_lines(f"told:\n{text}\n{ESCAPES}"))
    assert printable("a::b") == "a::b"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", HOSTILE),
        ("check", f"{HOSTILE}==1.0"),
        ("check", "--ignore", HOSTILE, "x.whl"),
        ("check", "--severity", HOSTILE, "x.whl"),
        ("check", "--explain", HOSTILE),
        ("check", "--config", HOSTILE, "x.whl"),
        ("check", "--format", HOSTILE),
        ("check", f"--{HOSTILE}"),
        (HOSTILE,),
        (f"--{HOSTILE}",),
        ("tag", HOSTILE, "--suggest"),
        ("tag", "--abi", HOSTILE, "x-1-py3-none-any.whl"),
        ("build", HOSTILE),
        ("build", "--python", HOSTILE),
        ("verify", HOSTILE),
        ("verify", "--platform", HOSTILE, "."),
        ("simulate", HOSTILE, "--no-index"),
        ("simulate", "--index-url", f"http://user:secret@{HOSTILE}", "x"),
        ("simulate", "x", "--python", HOSTILE, "--no-index"),
        ("missing", HOSTILE),
        ("missing", "--target", HOSTILE),
        ("init", HOSTILE),
        ("init", "--backend", HOSTILE),
        ("serve", HOSTILE),
        ("completion", HOSTILE),
        ("rule", HOSTILE),
    ],
)
def test_an_argument(arguments: tuple[str, ...], tmp_path: Path) -> None:
    said = run(*arguments, cwd=tmp_path)
    harmless(said)
    assert "secret" not in said


def test_names_in_a_wheel(tmp_path: Path) -> None:
    names = {f"pkg/{HOSTILE}.py": "", f"pkg/{HOSTILE}.so": b"\x7fELF", "::error::x.so": b"\x7fELF"}
    wheel = make_wheel(tmp_path, "pkg-1.0-py3-none-any.whl", names, replace={"WHEEL": f"Tag: {HOSTILE}\n"})
    for form in ("text", "markdown", "json", "sarif"):
        harmless(run("check", "--format", form, str(wheel)))


def test_a_folder_to_write_to(tmp_path: Path) -> None:
    make_wheel(tmp_path, "pkg-1.0-py3-none-any.whl")
    harmless(run("tag", "--python-tag=py2.py3", "-o", "::error::x", "pkg-1.0-py3-none-any.whl", cwd=tmp_path))


def test_the_name_of_a_file(tmp_path: Path) -> None:
    for name in (HOSTILE.replace("/", ""), "::error::x.whl", "bad\udce9.whl"):
        path = tmp_path / f"{name}.whl"
        path.write_bytes(b"no zip")
        harmless(run("check", os.fspath(path)))
        harmless(run("verify", os.fspath(path), "--no-index"))
    harmless(run("check", os.fspath(tmp_path)))


def test_configuration(tmp_path: Path) -> None:
    text = HOSTILE.encode("unicode_escape").decode().replace("\\x", "\\u00")
    for table in (f'["{text}"]', f'[tool.ftwheel]\n"{text}" = 1', f'[tool.ftwheel]\nplatforms = ["{text}"]',
                  f'[project]\nname = "{text}"\nversion = "1"', f'[tool.ftwheel.check]\nignore = ["{text}"]',
                  f'[build-system]\nrequires = []\nbuild-backend = "{text}"'):  # fmt: skip
        (tmp_path / "pyproject.toml").write_text(f"{table}\n", encoding="utf-8")
        for command in (["init"], ["missing", "pyproject.toml", "--no-index"], ["check", "."]):
            harmless(run(*command, cwd=tmp_path))


def test_a_page(tmp_path: Path) -> None:
    shown = HOSTILE.replace("\n", "&#10;").replace("\x1b", "&#27;")
    page = f'<!DOCTYPE html><a href="x-1.0-py3-none-any.whl" data-requires-python="{shown}">{shown}</a>'
    folder = tmp_path / "simple" / "x"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(page, encoding="utf-8", errors="backslashreplace")
    harmless(run("simulate", "x", "--find-links", os.fspath(folder / "index.html"), "--no-index"))


def test_what_a_renderer_forgets_is_escaped_in_a_process_of_ours() -> None:
    raw = io.BytesIO()
    stream = EscapedStream(io.TextIOWrapper(raw, "ascii"))
    stream.write("a\x1b[31m\tb\u202e\udc80é\n")
    stream.write("x::y\n ::error::z\n::a ##[b]\n")
    stream.unescaped.write("\x1b[0m")
    escaped = rb"x::y|n \x3a:error::z|n\x3a:a #\x23[b]|n".replace(b"|n", b"\n")
    assert raw.getvalue() == b"a\\x1b[31m\tb\\u202e\\udc80\\xe9\n" + escaped + b"\x1b[0m"


def test_a_bug_is_one_line_with_a_kept_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail() -> int:
        raise ZeroDivisionError(HOSTILE)

    monkeypatch.setenv("FTWHEEL_CACHE_DIR", os.fspath(tmp_path / "cache"))
    assert command_line.guarded("ftwheel", fail) == 70
    said = capsys.readouterr().err
    harmless(said)
    assert said.startswith("ftwheel: error: internal error: ZeroDivisionError: ")
    (trace,) = (tmp_path / "cache" / "traces").iterdir()
    assert f"please report it with the command you ran and {trace}" in said
    assert "raise ZeroDivisionError(HOSTILE)" in trace.read_text(encoding="utf-8")


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("deep"), InputError(HOSTILE, hint=HOSTILE)])
def test_other_failures_are_told_in_a_line(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise error

    assert command_line.guarded("ftwheel", fail) in {1, 2, 8, 9}
    said = capsys.readouterr().err
    harmless(said)
    assert "Traceback" not in said
