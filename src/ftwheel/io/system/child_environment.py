"""The environment for the programs that ftwheel starts, without variables that would steer them or grant access.

A build, an import or a test runs code from the project and its dependencies. In a workflow, the job's variables would
let that code set outputs and variables for later steps, or upload a release with the job's tokens.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable

__all__ = ["clean_environ", "installer_environ"]

_STEERING = frozenset(
    {
        "PYTHON_GIL",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONEXECUTABLE",
        "PYTHONHOME",
        "PYTHONPATH",
        "VIRTUAL_ENV",
        "__PYVENV_LAUNCHER__",
    }
)
# where GitHub Actions steps write outputs and variables (docs.github.com, "Workflow commands"), the Action's own
# inputs, and anything whose name suggests a secret
_POWER = re.compile(
    r"GITHUB_(OUTPUT|ENV|PATH|STEP_SUMMARY|STATE)|ACTIONS_.*|INPUT_.*|TWINE_.*|UV_PUBLISH_.*|CI_JOB_JWT.*"
    r"|(.*_)?(TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRETS|CREDENTIALS?|API_?KEY|ACCESS_KEY(_ID)?|SECRET_KEY"
    r"|PRIVATE_KEY|SIGNING_KEY|AUTH)(_.*)?|(?!CIBW_|FTWHEEL_).*_(PAT|PWD|PASS)",
    re.IGNORECASE,
)
_INDEX_LOGIN = re.compile(r"UV_INDEX_.*|PIP_.*|SSH_AUTH_SOCK", re.IGNORECASE)
_PASSED = "FTWHEEL_PASS"


def clean_environ(**changes: str) -> dict[str, str]:
    """The environment for another program, with ``changes`` applied.

    ``PYTHON_GIL=0`` hides a module that needs the GIL, and a default build refuses to start under it. Without bytecode,
    every hook would recompile the whole backend; bytecode that it writes is thrown away anyway. Workflow files, tokens
    and passwords are removed, except those that ``FTWHEEL_PASS`` names.
    """
    return _environ(_POWER.fullmatch) | changes


def installer_environ(**changes: str) -> dict[str, str]:
    """The same for pip, uv and programs that install through them: credentials for indexes are kept."""
    return _environ(lambda name: _POWER.fullmatch(name) and not _INDEX_LOGIN.fullmatch(name)) | changes


def _environ(powerful: Callable[[str], object]) -> dict[str, str]:
    passed = os.environ.get(_PASSED, "").split()
    return {
        name: value for name, value in os.environ.items() if name in passed or not (name in _STEERING or powerful(name))
    }
