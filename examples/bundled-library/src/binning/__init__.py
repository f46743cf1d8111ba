"""Finds the bin of a value, with a shared library."""

from ._binning import find

__all__ = ["find"]
