"""Coverage-guided fuzzing of what ftwheel parses as text: ``python fuzz_texts.py TARGET FOLDER [OPTION...]``.

TARGET is ``pages``, ``names``, ``metadata`` or ``locks``; FOLDER keeps what libFuzzer finds new. The seeds are in
``tests/fuzz/corpus/TARGET``. Anything but an answer or a FtwheelError is a finding.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ftwheel.core", "ftwheel.io.dependencies.inputs"]):
    from ftwheel.core.errors import FtwheelError
    from ftwheel.core.index.parse import parse_page
    from ftwheel.core.installers.requirements import parse_requirement
    from ftwheel.core.wheel.contents import parse_metadata, parse_record, parse_wheel_file
    from ftwheel.core.wheel.filename import WheelName
    from ftwheel.io.dependencies.inputs import (  # noqa: F401 - imported when they are first needed, and not instrumented
        entries,
        installed,
        other_locks,
        pylock,
        read_input,
        requirements,
        tables,
        uv_lock,
    )

_TYPES = ("application/vnd.pypi.simple.v1+json", "text/html", "text/html; charset=utf-16")
_LOCKS = ("requirements.txt", "uv.lock", "poetry.lock", "pylock.toml", "Pipfile.lock", "pyproject.toml", "report.json")


def pages(data: bytes) -> None:
    for content_type in _TYPES:
        with contextlib.suppress(FtwheelError):
            page = parse_page(data, content_type=content_type, url="https://example.org/simple/x/", name="x")
            list(page.files)


def names(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for parse in (WheelName.parse, parse_requirement):
        with contextlib.suppress(FtwheelError):
            parse(text)


def metadata(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    parse_metadata(text)
    parse_record(text)
    parse_wheel_file(text)


def locks(data: bytes) -> None:
    name = _LOCKS[data[0] % len(_LOCKS)] if data else _LOCKS[0]
    path = _PLACE / name
    path.write_bytes(data[1:])
    with contextlib.suppress(FtwheelError):
        read_input(str(path))


_TARGETS: dict[str, Callable[[bytes], None]] = {"pages": pages, "names": names, "metadata": metadata, "locks": locks}

if __name__ == "__main__":
    target, kept, *options = sys.argv[1:]
    seeds = Path(__file__).resolve().parent / "corpus" / target
    with tempfile.TemporaryDirectory() as place:
        _PLACE = Path(place)
        limits = ["-timeout=20", "-rss_limit_mb=1024", "-max_len=20000"]
        atheris.Setup([sys.argv[0], *limits, *options, kept, str(seeds)], _TARGETS[target])
        atheris.Fuzz()
