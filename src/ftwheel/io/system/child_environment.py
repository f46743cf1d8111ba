"""The environment of the programs that ftwheel starts, without variables that would steer them or grant them access.

A build, an import or a test runs code of the project and of its dependencies. In a workflow the job's variables would
let that code set outputs and the variables of later steps, or upload a release with the job's tokens.
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
# where steps of GitHub Actions write outputs and variables (docs.github.com, "Workflow commands"), the inputs of the
# Action itself, and whatever is called a secret
_POWER = re.compile(
    r"GITHUB_(OUTPUT|ENV|PATH|STEP_SUMMARY|STATE)|ACTIONS_.*|INPUT_.*|TWINE_.*|UV_PUBLISH_.*|CI_JOB_JWT.*"
    r"|(.*_)?(TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRETS|CREDENTIALS?|API_?KEY|ACCESS_KEY(_ID)?|SECRET_KEY"
    r"|PRIVATE_KEY|SIGNING_KEY|AUTH)(_.*)?",
    re.IGNORECASE,
)
_INDEX_LOGIN = re.compile(r"UV_INDEX_.*|PIP_.*|SSH_AUTH_SOCK", re.IGNORECASE)
_PASSED = "FTWHEEL_PASS"


def clean_environ(**changes: str) -> dict[str, str]:
    """The environment for another program, with ``changes``.

    ``PYTHON_GIL=0`` hides a module that needs the GIL, and a default build refuses to start under it. Without bytecode
    every hook would compile the whole backend again, and what it would litter is thrown away anyway. Workflow files,
    tokens and passwords are left out but for those that ``FTWHEEL_PASS`` names.
    """
    return _environ(_POWER.fullmatch) | changes


def installer_environ(**changes: str) -> dict[str, str]:
    """The same for pip, uv and programs that install through them: the credentials of indexes stay."""
    return _environ(lambda name: _POWER.fullmatch(name) and not _INDEX_LOGIN.fullmatch(name)) | changes


def _environ(powerful: Callable[[str], object]) -> dict[str, str]:
    passed = os.environ.get(_PASSED, "").split()
    return {
        name: value for name, value in os.environ.items() if name in passed or not (name in _STEERING or powerful(name))
    }
