"""Immutable values whose classes take next to no time to make.

Frontends run each hook in a process of its own, which makes every class anew: a frozen dataclass takes 0.8 ms and a
NamedTuple 0.2 to 0.35 ms of it, because both compile code. These compile none, 0.01 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        return lambda cls: cls


__all__ = ["FrozenValue"]


@dataclass_transform(frozen_default=True)
class FrozenValue:
    """A base class: the annotations of a class are its fields, in order, and what it assigns to them their defaults."""

    def __init__(self, *given: Any, **named: Any) -> None:
        """Raises TypeError for an unknown or a missing field, as a dataclass does."""
        cls = type(self)
        names = cls.__annotations__
        values = {**dict(zip(names, given)), **named}
        missing = [name for name in names if name not in values and not hasattr(cls, name)]
        if missing or len(given) > len(names) or not names.keys() >= values.keys():
            raise TypeError(f"{cls.__name__} takes {', '.join(names)}; found {', '.join(values) or 'none'}")
        vars(self).update(values)

    def replace(self, **named: Any) -> Self:
        """A copy with these fields changed."""
        return type(self)(**{**vars(self), **named})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash(self._fields())

    def __repr__(self) -> str:
        fields = zip(type(self).__annotations__, self._fields())
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in fields)})"

    def _fields(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in type(self).__annotations__)
