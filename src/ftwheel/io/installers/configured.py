"""The configuration readers, by the installer's name."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ftwheel.io.installers.config import InstallerConfig

__all__ = ["read_config"]


def read_config(installer: str, environ: Mapping[str, str] | None = None) -> InstallerConfig:
    """The configuration of an installer that applies here and now.

    Raises ConfigurationError for a file or a value that is wrong.
    """
    variables = os.environ if environ is None else environ
    match installer:
        case "pip":
            from ftwheel.io.installers.pip_config import read_pip

            return read_pip(variables)
        case "uv":
            from ftwheel.io.installers.uv_config import read_uv

            return read_uv(variables, os.getcwd())
        case _:  # Poetry and PDM: their sources stand in the project, and are named by options
            return InstallerConfig(installer=installer)
