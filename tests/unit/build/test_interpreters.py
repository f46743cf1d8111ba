"""Which interpreters make a pair."""

from __future__ import annotations

import pytest

from ftwheel.core.build.interpreters import Interpreter, pairs


def interpreter(text: str, *, debug: bool = False, implementation: str = "cpython", where: str = "") -> Interpreter:
    minor = int(text.removesuffix("t").partition(".")[2])
    return Interpreter(
        executable=f"{where}/python{text}",
        implementation=implementation,
        version=(3, minor, 1),
        release_level="final",
        free_threaded=text.endswith("t"),
        debug=debug,
        platform="linux-x86_64",
        extension_suffixes=(".so",),
    )


@pytest.mark.parametrize(
    ("text", "debug", "tag"), [("3.14", False, "cp314"), ("3.14t", False, "cp314t"), ("3.13t", True, "cp313td")]
)
def test_an_interpreter_is_named_as_tools_name_it(text: str, debug: bool, tag: str) -> None:
    found = interpreter(text, debug=debug)
    assert (found.label, found.abi_tag, found.minor) == (text, tag, found.version[:2])


def test_pairs_are_complete_and_newest_first() -> None:
    found = pairs(map(interpreter, ["3.13", "3.12", "3.14t", "3.13t", "3.14", "3.15t"]))
    assert [(pair.default.label, pair.free_threaded.label) for pair in found] == [("3.14", "3.14t"), ("3.13", "3.13t")]
    assert found[0].minor == (3, 14)


def test_of_two_of_a_kind_the_first_counts() -> None:
    (found,) = pairs([interpreter("3.14", where="/a"), interpreter("3.14t"), interpreter("3.14", where="/b")])
    assert found.default.executable == "/a/python3.14"


def test_debug_builds_and_other_implementations_make_no_pair() -> None:
    assert pairs([interpreter("3.14", debug=True), interpreter("3.14t")]) == ()
    assert pairs([interpreter("3.14", implementation="pypy"), interpreter("3.14t")]) == ()
