"""Inputs that somebody made to hurt, or broke: one clear error each, in bounded time and memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftwheel.core.errors import InputError
from ftwheel.io.dependencies.inputs import read_arguments, read_input, read_interpreter, reading

DEEP = 100_000


def refused(path: Path, *words: str) -> InputError:
    with pytest.raises(InputError) as caught:
        read_input(str(path))
    message = caught.value.message
    assert str(path.parent) in message or path.name in message
    assert all(word in message for word in words), message
    assert "\n" not in message
    assert "\x1b" not in message
    assert len(message) < 1000
    return caught.value


def file(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_loop_of_includes(tmp_path: Path) -> None:
    file(tmp_path, "b.txt", "-r ./c.txt")
    file(tmp_path, "c.txt", "-c a.txt")
    refused(file(tmp_path, "a.txt", "-r b.txt"), "includes itself", "c.txt")


def test_a_file_included_twice_is_no_loop(tmp_path: Path) -> None:
    file(tmp_path, "b.txt", "demo")
    found = read_input(str(file(tmp_path, "a.txt", "-r b.txt\n-r b.txt")))
    assert [each.requirement.name for each in found.wanted] == ["demo", "demo"]


def test_includes_that_multiply(tmp_path: Path) -> None:
    for number in range(1, 9):
        file(tmp_path, f"{number}.txt", f"-r {number + 1}.txt\n-r {number + 1}.txt")
    file(tmp_path, "9.txt", "demo")
    refused(file(tmp_path, "0.txt", "-r 1.txt\n-r 1.txt"), "more than 200 files")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-r https://example.org/requirements.txt", ("requirements.txt:1", "not followed")),
        ("-r missing.txt", ("requirements.txt:1", "missing.txt", "no such file")),
        ("-r", ("requirements.txt:1", "needs a value")),
        ("--frobnicate", ("requirements.txt:1", "--frobnicate is not an option")),
        ("a\n\nb --pre", ("requirements.txt:3", "--pre does not belong")),
        ("a --hash=sha256", ("requirements.txt:1", "not a hash")),
        ("a --hash=sha256:xyz", ("requirements.txt:1", "not a hash")),
        ('a --global-option "x', ("requirements.txt:1", "cannot be parsed")),
        ("a==1==2", ("requirements.txt:1", "not a requirement")),
        ("\x1b[31ma b", ("requirements.txt:1", "not a requirement")),
        ("\u202ea b", ("requirements.txt:1", "not a requirement")),
        ("a\n" * 20_001, ("more than 20,000 requirements",)),
        ("a " + "--hash=sha256:ab " * 1001, ("more than 1000 hashes",)),
        (b"a\0b", ("not text",)),
        (b"# coding: utf-7-nonsense\na", ("not text in UTF-7-NONSENSE",)),
    ],
)
def test_requirements(tmp_path: Path, text: str | bytes, words: tuple[str, ...]) -> None:
    refused(file(tmp_path, "requirements.txt", text), *words)


def test_a_long_line_is_no_trouble(tmp_path: Path) -> None:
    refused(file(tmp_path, "requirements.txt", "a" * 1_000_000 + " b"), "not a requirement")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("uv.lock", "version = 2", ("version 2 of the format",)),
        ("uv.lock", "version = 1\npackage = 3", ("package is not an array of tables",)),
        ("uv.lock", 'version = 1\n[[package]]\nname = "../x"\nsource = { registry = "x" }', ("not a project name",)),
        ("uv.lock", "version = 1\n[[package]]\nname = 3", ("package[1]: name is 3", "expected a string")),
        ("uv.lock", 'version = 1\n[[package]]\nname = "x"\nsource = "y"', ("source", "expected a table")),
        ("uv.lock", "version = " + "[" * DEEP, ("nested too deeply",)),
        ("uv.lock", "version = " + "9" * 10_000, ("not valid TOML",)),
        ("uv.lock", b"version = \xff", ("not UTF-8",)),
        ("uv.lock", "version = = 1", ("not valid TOML", "line 1")),
        ("poetry.lock", '[[package]]\nname = "x"\nfiles = "y"', ("files", "expected an array")),
        ("pdm.lock", '[metadata]\nlock_version = "4.5"\n[[package]]\nversion = "1"', ("not a project name",)),
        ("pylock.toml", 'lock-version = "9.0"\ncreated-by = "x"\npackages = []', ("9.0",)),
        ("pylock.toml", 'lock-version = "1.0"\ncreated-by = 3', ("created-by",)),
        ("pyproject.toml", "", ("has no [project] table",)),
        ("pyproject.toml", 'project = "x"', ("expected a table",)),
        ("pyproject.toml", "[project]\ndependencies = [1]", ("dependencies[1]", "not a requirement")),
        ("pyproject.toml", '[project]\ndependencies = ["a b"]', ("dependencies[1]", "not a requirement")),
        ("pyproject.toml", '[project]\ndynamic = ["dependencies"]', ("dynamic",)),
        ("other.toml", "x = 1", ("not a known format",)),
        ("poetry.lock", "", ("not a known format",)),
        ("other.lock", "{}", ("neither",)),
        ("other.json", "{}", ("neither",)),
        ("other.json", "[]", ("neither",)),
        ("other.json", "[" * DEEP, ("nested too deeply",)),
        ("other.json", "{", ("not valid JSON",)),
        ("report.json", '{"install": []}', ("version None of the format",)),
        ("report.json", '{"version": "1", "install": [1]}', ("not an array of tables",)),
        ("report.json", '{"version": "1", "install": [{"metadata": {"name": "\\u001b[2J"}}]}', ("not a project name",)),
        ("report.json", "9" * 100_000, ("not valid JSON",)),
    ],
)
def test_locks_and_reports(tmp_path: Path, name: str, text: str | bytes, words: tuple[str, ...]) -> None:
    refused(file(tmp_path, name, text), *words)


def test_groups_that_include_each_other(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "pyproject.toml",
        '[dependency-groups]\na = [{ include-group = "b" }]\nb = [{ include-group = "a" }]',
    )
    with pytest.raises(InputError, match=r"dependency-groups\.a: .*[Cc]ycl"):
        read_input(str(path), groups=("a",))


def test_extras_that_include_each_other(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "pyproject.toml",
        '[project]\nname = "demo"\n[project.optional-dependencies]\na = ["demo[b]", "x"]\nb = ["demo[a]", "y"]',
    )
    assert read_input(str(path), extras=("a",)).roots == ("x", "y")


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 10)
    refused(file(tmp_path, "requirements.txt", "a" * 11), "more than 10 bytes")


def test_no_file_and_no_interpreter(tmp_path: Path) -> None:
    refused(tmp_path / "missing.txt", "cannot be read")
    with pytest.raises(InputError, match="cannot be run"):
        read_interpreter(str(file(tmp_path, "python", "#!/bin/sh\nexit 1")))
    with pytest.raises(InputError, match=r"argument: .*not a requirement"):
        read_arguments(["a b"])
