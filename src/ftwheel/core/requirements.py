"""Decides what was asked for: one requirement (PEP 508) with the parts that take part in choosing a file."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.specifiers import SpecifierSet

__all__ = ["Requirement", "parse_requirement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """``name`` is normalized, ``text`` is as given; ``marker`` is the text of the marker, empty when there is none."""

    text: str
    name: str
    specifier: SpecifierSet
    extras: tuple[str, ...] = ()
    marker: str = ""


def parse_requirement(text: str) -> Requirement:
    """Decide what a requirement asks for. Raises InputError for what is none, and for a direct reference (``name @ url``)."""
    raise NotImplementedError
