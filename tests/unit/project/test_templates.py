"""A filled-in template is the workflow that was written, with the values that were given."""

from __future__ import annotations

import pytest

from ftwheel.core.errors import InputError
from ftwheel.core.project.templates import ACTION, PLACEHOLDERS, Value, action_value, placeholders, render

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def filled(value: str | Value) -> str:
    return render("key: @tests@\n", {"tests": value})


def test_every_place_of_a_value_is_filled():
    template = "uses: @action@\nenv:\n  TESTS: @tests@\nlist:\n  - @tests@\n  - uses: @action@\n"
    text = render(template, {"action": action_value("1.2", COMMIT), "tests": "tests"})
    assert text == (
        f"uses: {ACTION}@{COMMIT} # v1.2\nenv:\n  TESTS: tests\nlist:\n  - tests\n  - uses: {ACTION}@{COMMIT} # v1.2\n"
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("tests", "tests"),
        ("src/tests", "src/tests"),
        ("yes", '"yes"'),
        ("Null", '"Null"'),
        ("", '""'),
        ("1.10", '"1.10"'),
        ("a: b # c", '"a: b # c"'),
        ('. "x" \\n', '". \\"x\\" \\\\n"'),
        ("größe", '"größe"'),
        (". --group test", '". --group test"'),
        (Value(text="a b", comment="why"), '"a b" # why'),
    ],
)
def test_a_value_is_quoted_where_yaml_would_read_something_else(value: str | Value, written: str):
    assert filled(value) == f"key: {written}\n"


@pytest.mark.parametrize("value", ["a\nb", "a\x1b[1m", "a\u2028b", "${{ secrets.TOKEN }}", "\ud800"])
def test_a_value_that_would_change_the_workflow_is_refused(value: str):
    with pytest.raises(InputError, match=r"tests: .* cannot be used in a workflow"):
        filled(value)


def test_a_comment_stays_on_its_line():
    with pytest.raises(InputError):
        filled(Value(text="a", comment="b\nc: d"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "has tests, but got nothing"),
        ({"tests": "a", "other": "b"}, "has tests, but got other, tests"),
    ],
)
def test_missing_and_unknown_names_are_refused(values: dict[str, str], message: str):
    with pytest.raises(ValueError, match=message):
        render("key: @tests@\n", values)


@pytest.mark.parametrize(
    "template", ["key: a @tests@\n", "key: @tests@ b\n", "key: '@tests@'\n", "# k: @tests@\n", " @tests@\n"]
)
def test_a_placeholder_that_is_no_whole_value_is_refused(template: str):
    with pytest.raises(ValueError, match="not a whole value"):
        render(template, {"tests": "a"})


def test_values_are_not_filled_in_again():
    assert filled("@tests@") == 'key: "@tests@"\n'


def test_the_names_in_a_template_are_told():
    assert placeholders("a: @tests@\nuses: @action@\nb: @tests@\nc: user@host ${{ a }}\n") == ("action", "tests")
    assert set(PLACEHOLDERS) == {"action", "install", "tests"}


def test_without_a_commit_the_tag_is_named_and_the_linter_told():
    value = action_value("0.1.0", None)
    assert value.text == f"{ACTION}@v0.1.0"
    assert value.comment.startswith("zizmor: ignore[unpinned-uses]")


@pytest.mark.parametrize("commit", ["", "main", COMMIT[:-1], COMMIT.upper()])
def test_what_is_no_commit_is_refused(commit: str):
    with pytest.raises(InputError, match="is not the hash of a commit"):
        action_value("0.1.0", commit)
