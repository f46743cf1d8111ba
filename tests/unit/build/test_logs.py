"""The part of a log that says why a build failed."""

from __future__ import annotations

import pytest

from ftwheel.core.build.log_excerpt import interesting

NOISE = [f"copying file {number}" for number in range(100)]


def test_a_short_log_is_shown_whole() -> None:
    assert interesting("one\ntwo\n") == "one\ntwo"
    assert interesting("") == ""


def test_without_a_complaint_the_end_is_shown() -> None:
    assert interesting("\n".join(NOISE), tail=2) == "[... 98 more lines]\ncopying file 98\ncopying file 99"


@pytest.mark.parametrize(
    "complaint",
    [
        "src/_ext.c:3:10: fatal error: missing.h: No such file or directory",
        "src/_ext.c:9:5: error: unknown type name 'PyObjekt'",
        "_ext.c(3): error C1083: Cannot open include file",
        "error[E0425]: cannot find value `x` in this scope",
        "CMake Error at CMakeLists.txt:4 (find_package):",
        "FAILED: CMakeFiles/_ext.dir/ext.c.o",
        "/usr/bin/ld: ext.o: undefined reference to `frobnicate'",
        "ModuleNotFoundError: No module named 'numpy'",
        "../meson.build:5:0: ERROR: Dependency not found",
    ],
)
def test_an_early_complaint_stands_before_the_end_with_its_surroundings(complaint: str) -> None:
    lines = [*NOISE[:50], complaint, *NOISE[50:]]
    shown = interesting("\n".join(lines), tail=3).splitlines()
    assert shown[:4] == ["[... 48 more lines]", "copying file 48", "copying file 49", complaint]
    assert shown[-4:] == ["[... 38 more lines]", *NOISE[-3:]]


def test_a_complaint_next_to_the_end_is_not_repeated() -> None:
    lines = ["error: broken", *NOISE[:4]]
    assert interesting("\n".join(lines), tail=3).splitlines() == lines
    lines = ["before", *lines]
    assert interesting("\n".join(lines), tail=2).splitlines() == lines
    lines = [*NOISE, "error: broken", "end"]
    assert interesting("\n".join(lines), tail=2) == "[... 100 more lines]\nerror: broken\nend"
    assert interesting("\n".join(lines), tail=50).splitlines() == ["[... 98 more lines]", *lines[98:]]


def test_one_line_left_out() -> None:
    assert interesting("a\nb\nc", tail=2) == "[... 1 more line]\nb\nc"
