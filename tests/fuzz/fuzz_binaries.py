"""Coverage-guided fuzzing of the readers of compiled modules: ``python3 dev.py fuzz -- -max_total_time=600``.

Arguments go to libFuzzer. The corpus starts with a tiny image of every format; anything but an answer or
UnreadableBinaryError is a finding, and so is a file that takes long (``-timeout``) or much memory (``-rss_limit_mb``).
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

with atheris.instrument_imports(include=["ftwheel.io.binaries", "ftwheel.core.wheel.extension_module"]):
    from ftwheel.core.wheel.extension_module import UnreadableBinaryError
    from ftwheel.io.binaries import read_extension

from support.images import Spec, elf, fat, macho, pe

_SPEC = Spec(imports=("PyModuleDef_Init", "PyModule_Create2", "PyUnstable_Module_SetGIL"), needed=("libc.so.6",))


def seeds() -> list[bytes]:
    """One image of every kind, and those on which the reader failed once."""
    return [
        *(path.read_bytes() for path in (Path(__file__).resolve().parent / "corpus" / "binaries").iterdir()),
        elf(_SPEC),
        elf(replace(_SPEC, machine=183, code=b"\xc0\x03\x5f\xd6"), pointers="relr", gnu_hash=False),
        elf(replace(_SPEC, bits=32, machine=3), pointers="rel"),
        elf(replace(_SPEC, order=">", machine=22)),
        pe(_SPEC),
        pe(replace(_SPEC, bits=32)),
        macho(_SPEC, trie=False),
        macho(_SPEC, chained=True),
        fat(macho(_SPEC), macho(replace(_SPEC, machine=0x01000007), chained=True)),
    ]


def read_one(data: bytes) -> None:
    """What libFuzzer calls."""
    with contextlib.suppress(UnreadableBinaryError):
        read_extension(data, "pkg/spam.so")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        for number, data in enumerate(seeds()):
            (Path(name) / f"seed-{number}").write_bytes(data)
        limits = ["-timeout=20", "-rss_limit_mb=1024", "-max_len=40000"]
        atheris.Setup([sys.argv[0], *limits, *sys.argv[1:], name], read_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
