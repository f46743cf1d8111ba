"""What of a project's own [tool.cibuildwheel] has to change for cibuildwheel 4.x to start."""

from __future__ import annotations

import tomllib

import pytest

from ftwheel.core.project.cibuildwheel_updates import updates
from ftwheel.core.project.toml_edits import applied


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ('enable = ["cpython-freethreading"]', ""),
        ('enable = "cpython-freethreading"', ""),
        ('enable = ["cpython-freethreading", "pypy"]', 'enable = ["pypy"]'),
        ('enable = ["cpython-freethreading pypy"]', 'enable = ["pypy"]'),
        ('enable = "pypy cpython-freethreading"', 'enable = "pypy"'),
        ('enable = ["pypy", "cpython-prerelease"]', 'enable = ["pypy", "cpython-prerelease"]'),
        ("free-threaded-support = true", ""),
        ("linux.free-threaded-support = true", "linux = {}"),
        ('build = "cp36-* cp38-*"', ""),
        ('build = "cp38-* cp31{3,4}t-* cp312-*"', 'build = "cp31{3,4}t-* cp312-*"'),
        ('build = ["cp38-*", "cp313t-*", "cp314-*"]', 'build = ["cp314-*"]'),
        ('build = ["cp39-*", "pp310-*"]', 'build = ["cp39-*"]'),
        ('build = "cp39-* pp310-*"\nenable = ["pypy-eol"]', 'build = "cp39-* pp310-*"\nenable = ["pypy-eol"]'),
        ('skip = "cp36-* pp*"', 'skip = "cp36-* pp*"'),
        ('manylinux-x86_64-image = "manylinux2010"', 'manylinux-x86_64-image = "manylinux2014"'),
        ('linux.musllinux-i686-image = "musllinux_1_1"', 'linux.musllinux-i686-image = "musllinux_1_2"'),
        ('manylinux-x86_64-image = "example.org/ours"', 'manylinux-x86_64-image = "example.org/ours"'),
        ('test-command = "{python} -m pytest"', 'test-command = "python -m pytest"'),
        ('before-build = ["{pip} install a", "b"]', 'before-build = ["pip install a", "b"]'),
    ],
)  # fmt: skip
def test_what_it_refuses_is_changed_and_nothing_else(before: str, after: str) -> None:
    document = tomllib.loads(f"[tool.cibuildwheel]\n{before}\n")
    edits, notes = updates(document)
    assert applied(document, edits) == tomllib.loads(f"[tool.cibuildwheel]\n{after}\n")
    assert all(edit.why for edit in edits)
    assert notes == ()


def test_what_an_override_says_is_for_its_author() -> None:
    table = '[[tool.cibuildwheel.overrides]]\nselect = "*"\nmanylinux-i686-image = "manylinux1"\n'
    edits, [note] = updates(tomllib.loads(table))
    assert edits == ()
    assert "use 'manylinux2014'" in note


@pytest.mark.parametrize("table", ["overrides = 1", "overrides = [1]", "enable = 1", "linux = 1"])
def test_a_table_of_another_shape_is_left_to_cibuildwheel(table: str) -> None:
    assert updates(tomllib.loads(f"[tool.cibuildwheel]\n{table}\n")) == ((), ())
