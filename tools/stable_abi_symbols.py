"""Write the build backend's table of the stable ABI: what abi3info says, which the backend cannot depend on."""

from __future__ import annotations

import sys
import textwrap
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from ftwheel.io.wheel.stable_abi import stable_symbols

TABLE = ROOT / "backend" / "src" / "ftwheel_build" / "symbols.py"
HEAD = '''"""Every symbol of the stable ABI and the minor version that added it. Made by tools/stable_abi_symbols.py."""

from __future__ import annotations

__all__ = ["STABLE_SYMBOLS"]

_ADDED = {
'''
TAIL = """}
STABLE_SYMBOLS = {name: minor for minor, names in _ADDED.items() for name in names.split()}
"""


def main() -> None:
    symbols = sorted((minor, name) for name, minor in stable_symbols().items())
    parts = []
    for minor, group in groupby(symbols, key=lambda symbol: symbol[0]):
        names = textwrap.fill(" ".join(name for _, name in group), 112)
        parts.append(f'    {minor}: """\n{textwrap.indent(names, " " * 8)}\n    """,\n')
    TABLE.write_text(HEAD + "".join(parts) + TAIL, encoding="utf-8")


if __name__ == "__main__":
    main()
