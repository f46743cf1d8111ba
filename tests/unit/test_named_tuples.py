"""Named tuples made without ``typing`` are those that ``typing`` makes."""

from __future__ import annotations

import pickle
import typing

import pytest

from ftwheel.core.named_tuples import NamedTuple

if typing.TYPE_CHECKING:
    from datetime import datetime  # as in the package: an annotation need not be importable


class Ours(NamedTuple):
    """A file."""

    name: str
    when: datetime | None = None
    size: int = 3

    @property
    def label(self) -> str:
        return f"{self.name}: {self.size}"

    @classmethod
    def empty(cls) -> Ours:
        return cls("")


class Theirs(typing.NamedTuple):
    """A file."""

    name: str
    when: datetime | None = None
    size: int = 3


def test_the_values_are_those_of_typing() -> None:
    ours, theirs = Ours("a", size=4), Theirs("a", size=4)
    assert tuple(ours) == tuple(theirs) == ("a", None, 4)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert ours._asdict() == theirs._asdict()
    assert hash(ours) == hash(theirs)
    assert ours._replace(name="b") == Ours("b", None, 4)
    with pytest.raises(TypeError, match="name"):
        Ours()  # type: ignore[call-arg]


def test_the_class_is_that_of_typing() -> None:
    for attribute in (
        "__doc__",
        "__module__",
        "__slots__",
        "__match_args__",
        "_fields",
        "_field_defaults",
        "__bases__",
    ):
        assert getattr(Ours, attribute) == getattr(Theirs, attribute), attribute
    assert Ours.__qualname__ == "Ours"
    assert Ours.__annotations__ == {"name": "str", "when": "datetime | None", "size": "int"}
    assert type(Ours) is type(Theirs) is type


def test_methods_belong_to_the_class() -> None:
    assert Ours.empty().label == ": 3"
    with pytest.raises(AttributeError):
        Ours("a").name = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Ours("a").other = "b"  # type: ignore[attr-defined]


def test_a_value_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Ours("a"))) == Ours("a")
