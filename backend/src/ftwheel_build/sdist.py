"""Check that the sdist contains what its build needs: the in-tree modules of the wrapped backend."""

from __future__ import annotations

import os
import tarfile

from ftwheel_build.config import Config
from ftwheel_build.errors import RefusedError

__all__ = ["check_sdist"]


def check_sdist(path: str, root: str, config: Config) -> None:
    """Raise RefusedError FTB104, and remove the sdist, if the backend that ``backend-path`` names is not in it.

    The wrapped backend adds its own ``backend-path`` by itself; this one stands in a table it does not know.
    """
    module = config.build_backend.partition(":")[0].split(".")[0]
    wanted = {
        os.path.normpath(os.path.join(folder, place)).replace(os.sep, "/")
        for folder in config.backend_path
        for place in (f"{module}.py", os.path.join(module, "__init__.py"))
        if os.path.isfile(os.path.join(root, folder, place))
    }
    with tarfile.open(path) as archive:
        inside = {member.name.partition("/")[2] for member in archive}
    if wanted and not wanted & inside:
        os.remove(path)
        raise RefusedError(
            "FTB104",
            f"{os.path.basename(path)}: {min(wanted)} is missing, and [tool.ftwheel] backend-path needs it to build",
            fix="include the file in the sdist (setuptools: MANIFEST.in)",
        )
