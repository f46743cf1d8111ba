"""setuptools, with the version of the C sources checked first."""

from setuptools.build_meta import *  # noqa: F403
