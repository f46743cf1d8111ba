"""The wheels that cibuildwheel would name, for a project whose ``[tool.ftwheel]`` says what a release serves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["named_tags"]

_OTHER_MACOS = re.compile(r"macosx_10_(\d+)_x86_64")


def named_tags(table: dict[str, Any], built: Callable[[str], bool] = lambda identifier: True) -> Iterator[str]:
    """The tags of the wheels, each once, as cibuildwheel 4.3.5 gives them.

    ``built`` says whether an identifier (``cp314t-manylinux_x86_64``) is one that is built. On Intel, CPython 3.14 and
    newer are built for macOS 10.15. A wheel for the stable ABI is built once, by the oldest Python that it serves.
    """
    floor = int(table.get("stable-abi", "3.99").partition(".")[2])
    stable: set[str] = set()
    for minor, python in sorted((int(python[2:].removesuffix("t")), python) for python in table["pythons"]):
        for platform in table["platforms"]:
            if not built(f"cp{python.replace('.', '')}-{re.sub(r'_[0-9]+_[0-9]+_', '_', platform)}"):
                continue
            intel = _OTHER_MACOS.fullmatch(platform)
            oldest = 15 if minor >= 14 else 13 if minor >= 12 else 9
            tag = f"macosx_10_{max(int(intel[1]), oldest)}_x86_64" if intel else platform
            if python.endswith("t") or minor < floor:
                yield f"cp3{minor}-cp{python.replace('.', '')}-{tag}"
            elif platform not in stable:
                stable.add(platform)
                yield f"cp3{floor}-abi3-{tag}"
