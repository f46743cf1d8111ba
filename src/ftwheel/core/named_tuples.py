"""``typing.NamedTuple``, made in a third of the time.

``typing`` compiles the annotation of each field, although all are texts here (PEP 563), and the first one makes Python
create the classes of ``ast``: together a tenth of what a short command takes.
"""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False  # type checkers take it as true, and read what they know
if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class _Maker(type):
        """Turns the body of a class into a named tuple with its methods; no class ever has this metaclass."""

        def __new__(cls, name, _bases, body):
            fields = body["__annotations__"]
            defaults = [body[field] for field in fields if field in body]
            made = namedtuple(name, fields, defaults=defaults, module=body["__module__"])  # noqa: PYI024
            for key, value in body.items():
                if key not in fields:
                    setattr(made, key, value)
            return made

    class _Base:
        """What classes name as their base."""

        def __mro_entries__(self, _bases):
            return (type.__new__(_Maker, "NamedTuple", (), {}),)

    NamedTuple = _Base()

__all__ = ["NamedTuple"]
