"""The environment of the programs that ftwheel starts, without what would steer them or lend them power.

A build, an import or a test runs code of the project and of its dependencies. In a workflow the job's variables would
let that code set outputs and the variables of later steps, or upload a release with the job's tokens.
"""

from __future__ import annotations

import os
import re

__all__ = ["clean_environ"]

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


def clean_environ(*, installing: bool = False, **changes: str) -> dict[str, str]:
    """The environment for another program, with ``changes``.

    ``PYTHON_GIL=0`` hides a module that needs the GIL, and a default build refuses to start under it. Without bytecode
    every hook would compile the whole backend again, and what it would litter is thrown away anyway. Workflow files,
    tokens and passwords are left out but for those that ``FTWHEEL_PASS`` names; ``installing`` keeps the logins of
    indexes, which pip and uv need.
    """
    passed = set(os.environ.get(_PASSED, "").split())

    def stays(name: str) -> bool:
        if name in passed:
            return True
        if name in _STEERING:
            return False
        return not _POWER.fullmatch(name) or (installing and _INDEX_LOGIN.fullmatch(name) is not None)

    return {name: value for name, value in os.environ.items() if stays(name)} | changes
