"""The parsers of wheel file names agree: packaging's, the one of this project, the backend's, pip's and uv's readings.

``WheelName`` is the parser; the backend has to work without it and the installers are lenient in ways of their own. So
thousands of names are put through all of them: what one takes for a wheel, the others do, with the same parts, but for
what each is known to do otherwise.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from ftwheel.core.errors import InputError
from ftwheel.core.installers.pip.filenames import read_filename as read_for_pip
from ftwheel.core.installers.uv.filenames import read_filename as read_for_uv
from ftwheel.core.wheel.filename import WheelName
from ftwheel_build.tags import parse_name

_NAMES = ("pkg", "my_pkg", "My.Pkg", "p", "a1")
_VERSIONS = ("1.0", "1!2.0.post1", "2024.1.1rc1", "0.0.0.dev3", "1.0+cpu.1")
_BUILDS = ("", "", "", "1", "2b", "20240101_x", "x", "b1")
_INTERPRETERS = ("cp313", "cp39.cp310", "py3", "py2.py3", "pp310", "graalpy311", "CP314")
_ABIS = ("none", "cp313", "cp313t", "abi3", "abi3.abi3t", "pypy310_pp73")
_PLATFORMS = (
    "any",
    "win_amd64",
    "macosx_11_0_arm64",
    "manylinux1_x86_64.manylinux_2_5_x86_64",
    "manylinux_2_17_X86_64.manylinux2014_x86_64",
    "linux_armv7l",
    "pyodide_2025_0_wasm32",
)
_LABELS = ("", "", "", "x86_64_v3", "null", "cu12.8", "V3")
_ENDINGS = (".whl", ".whl", ".whl", ".whl", ".WHL", ".zip", "")


def _names(count: int) -> Iterator[str]:
    """Names of wheels, some of them with a part too many, too few or malformed."""
    draw = random.Random(825)
    for _ in range(count):
        parts = [
            draw.choice(values) for values in (_NAMES, _VERSIONS, _BUILDS, _INTERPRETERS, _ABIS, _PLATFORMS, _LABELS)
        ]
        parts = [part for part in parts if part]
        match draw.randrange(12):
            case 0:
                del parts[draw.randrange(len(parts))]
            case 1:
                parts.insert(draw.randrange(len(parts) + 1), draw.choice(("", "x", "1", "cp313")))
            case _:
                pass
        yield "-".join(parts) + draw.choice(_ENDINGS)


def _ours(filename: str) -> WheelName | None:
    try:
        return WheelName.parse(filename)
    except InputError:
        return None


def test_the_parsers_agree_about_thousands_of_names() -> None:
    wheels = variants = others = 0
    for filename in _names(20_000):
        ours = _ours(filename)
        plain = ours is not None and not ours.variant
        try:
            name, version, build, tags = parse_wheel_filename(filename)
        except InvalidWheelFilename:
            assert not plain, filename
        else:
            assert ours is not None, filename
            assert (ours.name, ours.version, ours.variant) == (name, version, "")
            assert {str(tag).lower() for tag in ours.tags} == {str(tag) for tag in tags}
            assert ours.build == ("".join(map(str, build)) if build else "")
        backends = parse_name(filename)
        if plain:
            assert ours is not None
            assert backends is not None, filename
            assert {tag.lower() for tag in backends.tags} == {str(tag) for tag in ours.tags}
        elif ours is not None:
            assert backends is None, filename  # no backend makes a variant
        if ours is not None and not re.fullmatch(r"[\w.]*", ours.build):
            continue  # uv takes letters, digits, "_" and "." behind the number of a build tag, pip anything
        project = ours.name if ours else "pkg"
        pip, uv = read_for_pip(filename, "", project), read_for_uv(filename, project)
        if plain:
            assert ours is not None
            for reading in (pip, uv):
                assert (reading.kind, reading.problem, reading.version) == ("wheel", None, ours.version), filename
                assert "".join(map(str, reading.build)) == ours.build
                assert f"{reading.abi}-{reading.platform}".lower() == ours.tag_text
            wheels += 1
        elif ours is not None:
            assert pip.problem is not None, filename  # laid aside
            assert uv.problem is not None, filename
            variants += 1
        else:
            others += 1
    assert min(wheels, variants, others) > 1000
