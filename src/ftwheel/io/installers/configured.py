"""The configuration readers, by the installer's name."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ftwheel.io.installers.config import InstallerConfig

__all__ = ["read_config"]


def read_config(installer: str, environ: Mapping[str, str] | None = None) -> InstallerConfig:
    """The configuration that an installer would use in the current folder and environment.

    Raises ConfigurationError for an invalid file or value.
    """
    variables = os.environ if environ is None else environ
    match installer:
        case "pip":
            from ftwheel.io.installers.pip_config import read_pip

            return read_pip(variables)
        case "uv":
            from ftwheel.io.installers.uv_config import read_uv

            return read_uv(variables, os.getcwd())
        case _:  # Poetry and PDM: their sources are declared in the project, and are passed as options
            return InstallerConfig(installer=installer)
