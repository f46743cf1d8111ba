"""Members that cannot stand beside each other."""

import pytest

from ftwheel.core.wheel.clashes import files_that_are_folders, folded_clashes


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ((), ()),
        (("a", "a-b", "a.c", "ab/c"), ()),
        (("a", "a/b"), ("a",)),
        (("a", "a/"), ("a",)),
        (("a/", "a/b"), ()),
        (("x/a/b/c", "x/a", "x/a.b", "x/a/b"), ("x/a", "x/a/b")),
        (("a", "A/b"), ()),
    ],
)
def test_files_that_are_folders(names: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert files_that_are_folders(names) == found


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ((), ()),
        (("a", "b"), ()),
        (("a", "A", "b"), (("A", "a"),)),
        (("a/x", "A/y"), ()),  # one folder with both, nothing is lost
        (("p/\u00e9", "p/e\u0301"), (("p/e\u0301", "p/\u00e9"),)),
        (("stra\u00dfe", "strasse"), ()),
        (("a", "A/b"), (("a", "A/b"),)),
        (("a", "a/b"), ()),  # clashes everywhere
    ],
)
def test_files_that_are_one_where_case_is_ignored(paths: tuple[str, ...], found: tuple[tuple[str, str], ...]) -> None:
    assert folded_clashes(paths) == found
