"""Values of the build backend: what a dataclass does, they do."""

from __future__ import annotations

import pytest

from ftwheel_build.values import FrozenValue


class Pair(FrozenValue):
    left: str
    right: int = 2


class Other(FrozenValue):
    left: str
    right: int = 2


def test_fields_are_given_in_order_or_by_name_and_have_defaults():
    assert Pair("a") == Pair("a", 2) == Pair(left="a", right=2)
    assert (Pair("a").left, Pair("a").right) == ("a", 2)
    assert hash(Pair("a")) == hash(Pair("a", 2))
    assert repr(Pair("a")) == "Pair(left='a', right=2)"


def test_values_of_another_class_or_with_other_fields_differ():
    assert Pair("a") != Other("a")
    assert Pair("a") != Pair("a", 3)


def test_a_value_is_replaced_and_never_changed():
    first = Pair("a")
    assert first.replace(right=3) == Pair("a", 3)
    assert first == Pair("a")
    with pytest.raises(AttributeError, match="Pair is immutable"):
        first.left = "b"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "named", "found"),
    [((), {}, "none"), ((), {"right": 1}, "right"), (("a", 1, 2), {}, "left, right"), (("a",), {"up": 1}, "left, up")],
)
def test_missing_unknown_and_surplus_fields_are_refused(given, named, found):
    with pytest.raises(TypeError, match=rf"^Pair takes left, right; found {found}$"):
        Pair(*given, **named)
