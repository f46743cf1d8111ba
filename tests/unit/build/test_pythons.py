"""What --python asks for."""

from __future__ import annotations

import pytest

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.build.python_requests import PythonRequest, default_builds, parse_request, resolve
from ftwheel.core.errors import InputError, MissingToolError


def interpreter(version: str, *, debug: bool = False, implementation: str = "cpython", where: str = "") -> Interpreter:
    numbers = version.removesuffix("t").split(".")
    return Interpreter(
        executable=f"{where}/usr/bin/python{version}",
        implementation=implementation,
        version=(int(numbers[0]), int(numbers[1]), int(numbers[2]) if len(numbers) > 2 else 0),
        release_level="final",
        free_threaded=version.endswith("t"),
        debug=debug,
        platform="linux-x86_64",
        extension_suffixes=(".so",),
    )


@pytest.mark.parametrize(
    ("text", "version", "free_threaded"),
    [
        ("3.13", (3, 13), None),
        ("3.13t", (3, 13), True),
        (" 3.13.5t ", (3, 13, 5), True),
        ("3.14+gil", (3, 14), False),
        ("3.14+freethreaded", (3, 14), True),
        ("python3.14t", (3, 14), True),
        ("cpython@3.14", (3, 14), None),
        ("cp314t", (3, 14), True),
    ],
)
def test_versions(text: str, version: tuple[int, ...], free_threaded: bool | None) -> None:
    assert parse_request(text) == PythonRequest(text=text.strip(), version=version, free_threaded=free_threaded)


@pytest.mark.parametrize("text", ["/usr/bin/python3", "./python", r"C:\Python\python.exe", "python.exe"])
def test_paths(text: str) -> None:
    request = parse_request(text)
    assert request.path == text
    assert not request.matches(interpreter("3.13"))


@pytest.mark.parametrize("text", ["3", "2.7", "3.13tt", "three", "pypy3.11", "3.13t+gil"])
def test_what_is_neither(text: str) -> None:
    with pytest.raises(InputError, match="neither a version of CPython 3 nor the path") as caught:
        parse_request(text)
    assert "3.14t" in caught.value.hint


def test_a_version_is_both_builds_of_the_pair_default_first() -> None:
    found = [interpreter("3.14t"), interpreter("3.13t"), interpreter("3.13"), interpreter("3.14")]
    chosen = resolve([parse_request("3.13"), parse_request("3.14")], found)
    assert [each.label for each in chosen] == ["3.13", "3.13t", "3.14", "3.14t"]


def test_one_build_alone() -> None:
    found = [interpreter("3.13t"), interpreter("3.13")]
    assert [each.label for each in resolve([parse_request("3.13t")], found)] == ["3.13t"]
    assert [each.label for each in resolve([parse_request("3.13+gil")], found)] == ["3.13"]


def test_of_several_the_first_found_wins_and_none_comes_twice() -> None:
    found = [interpreter("3.13.2", where="/a"), interpreter("3.13.5", where="/b"), interpreter("3.13t")]
    chosen = resolve([parse_request("3.13"), parse_request("3.13t")], found)
    assert [each.executable for each in chosen] == ["/a/usr/bin/python3.13.2", "/usr/bin/python3.13t"]
    assert resolve([parse_request("3.13.5+gil")], found)[0].executable == "/b/usr/bin/python3.13.5"


def test_debug_builds_and_other_implementations_are_not_what_a_version_means() -> None:
    found = [interpreter("3.13", debug=True), interpreter("3.13", implementation="pypy"), interpreter("3.13t")]
    with pytest.raises(MissingToolError, match=r"no default CPython 3\.13 here \(found: 3\.13, 3\.13t\)"):
        resolve([parse_request("3.13")], found)


def test_a_missing_build_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(MissingToolError, match=r"no free-threaded CPython 3\.13t here \(found: 3\.13\)") as caught:
        resolve([parse_request("3.13")], [interpreter("3.13")])
    assert "uv python install 3.13t" in caught.value.hint


def test_without_a_request_every_pair_newest_first() -> None:
    found = [interpreter(version) for version in ("3.13", "3.12", "3.13t", "3.14t", "3.14", "3.15")]
    assert [each.label for each in resolve([], found)] == ["3.14", "3.14t", "3.13", "3.13t"]


@pytest.mark.parametrize(("found", "names"), [([], "none"), (["3.13", "3.12", "3.14t"], "3.12, 3.13, 3.14t")])
def test_no_pair_at_all(found: list[str], names: str) -> None:
    with pytest.raises(MissingToolError, match="no pair of interpreters") as caught:
        resolve([], map(interpreter, found))
    assert caught.value.message.endswith(f"(found: {names})")
    assert "uv python install 3.14 3.14t" in caught.value.hint


def test_the_default_builds_from_a_version_on() -> None:
    found = [
        interpreter("3.15.2", where="/a"), interpreter("3.15.1", where="/b"), interpreter("3.14t"),
        interpreter("3.13", debug=True), interpreter("3.12", implementation="pypy"), interpreter("3.11"),
        interpreter("3.10"),
    ]  # fmt: skip
    chosen = default_builds(found, from_minor=11)
    assert [each.executable for each in chosen] == ["/usr/bin/python3.11", "/a/usr/bin/python3.15.2"]
