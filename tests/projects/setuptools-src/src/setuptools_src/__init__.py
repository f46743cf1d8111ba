"""An extension in the src layout."""

from setuptools_src._answer import answer

__all__ = ["answer"]
