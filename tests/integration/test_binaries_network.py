"""Real wheels from the configured index: what the reader says against what the interpreter does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lief
import pytest

from ftwheel.core.wheel.extension_module import BuiltFor, Declaration, ExtensionModule
from ftwheel.core.wheel.suffixes import SuffixAbi
from ftwheel.io.binaries import read_extension, read_images
from ftwheel.io.binaries.readers.image import is_init_name, is_python_name
from support.pip_oracle import NEWEST, environment_with

pytestmark = pytest.mark.network

_LOADER = Path(__file__).resolve().parents[1] / "support" / "load_modules.py"
_PLATFORMS = {
    "linux": [f"manylinux{version}_x86_64" for version in ("_2_28", "_2_27", "_2_26", "_2_17", "2014", "_2_5", "1")],
    "macos": ["macosx_14_0_arm64"],
    "windows": ["win_amd64"],
}
# Cython, C, C++, pybind11, PyO3 and f2py; the last wheels of each project for the free-threaded 3.13. nanobind's and
# cffi's users never had such wheels.
_SMALL = (
    "awkward-cpp==51",
    "bcrypt==5.0.0",
    "blake3==1.0.8",
    "bottleneck==1.6.0",
    "contourpy==1.3.3",
    "coverage==7.11.0",
    "crc32c==2.8",
    "frozenlist==1.8.0",
    "iminuit==2.32.0",
    "jiter==0.15.0",
    "lazy-object-proxy==1.12.0",
    "levenshtein==0.27.3",
    "lz4==4.4.5",
    "markupsafe==3.0.3",
    "multidict==6.7.0",
    "numexpr==2.14.1",
    "optree==0.20.0",
    "pillow==12.2.0",
    "propcache==0.4.1",
    "psutil==7.2.2",
    "pybase64==1.4.3",
    "pydantic-core==2.41.4",
    "pymongo==4.15.1",
    "pywavelets==1.9.0",
    "rapidfuzz==3.14.5",
    "regex==2026.8.31",
    "rpds-py==2026.5.1",
    "setproctitle==1.3.7",
    "shapely==2.1.2",
    "tiktoken==0.13.0",
    "wrapt==2.0.1",
    "xxhash==3.8.2",
    "yarl==1.22.0",
)
_LINUX_ONLY = (
    "dm-tree==0.1.10",
    "google-crc32c==1.7.1",
    "greenlet==3.2.2",
    "kiwisolver==1.5.0",
    "numpy==2.4.6",
    "scipy==1.17.1",
)
_DEFAULT = ("h5py", "pandas", "pillow", "regex")
_UNDECLARED = {"google_crc32c", "greenlet"}


@dataclass(frozen=True, slots=True)
class Read:
    """One module of one wheel."""

    wheel: Path
    module: ExtensionModule

    @property
    def project(self) -> str:
        return self.wheel.name.partition("-")[0]

    @property
    def dotted(self) -> str:
        """The name it is imported under."""
        folder = self.module.path.rpartition("/")[0].replace("/", ".")
        package = folder.rpartition(".")[0] if "/__init__." in self.module.path else folder
        return f"{package}.{self.module.name}".lstrip(".")


def _download(pip: Path, folder: Path, *, platform: str, minor: str, abi: str, projects: tuple[str, ...]) -> None:
    """With pip, from whatever index it is configured for."""
    platforms = [part for name in _PLATFORMS[platform] for part in ("--platform", name)]
    command = [str(pip), "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", *platforms]
    command += ["--python-version", minor, "--implementation", "cp", "--abi", abi, "--dest", str(folder), *projects]
    subprocess.run(command, check=True, timeout=600)


def _modules(folder: Path) -> Iterator[tuple[Path, str, bytes]]:
    for wheel in sorted(folder.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith((".so", ".pyd")):
                    yield wheel, name, archive.read(name)


def _read(folder: Path) -> list[Read]:
    found = [Read(wheel, read_extension(data, name)) for wheel, name, data in _modules(folder)]
    return [one for one in found if one.module.init_name]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory, default_python: str) -> dict[str, Path]:
    """Folders of free-threaded wheels by platform, and of default ones by platform with ``-default``."""
    pip = environment_with(tmp_path_factory.mktemp("pip"), default_python, f"pip=={NEWEST}")
    top = tmp_path_factory.mktemp("wheels")
    for platform in _PLATFORMS:
        more = _LINUX_ONLY if platform == "linux" else ()
        _download(pip, top / platform, platform=platform, minor="313", abi="cp313t", projects=_SMALL + more)
        _download(pip, top / f"{platform}-default", platform=platform, minor="313", abi="cp313", projects=_DEFAULT)
    return {folder.name: folder for folder in top.iterdir()}


@pytest.fixture(scope="module")
def read(wheels: dict[str, Path]) -> dict[str, list[Read]]:
    return {name: _read(folder) for name, folder in wheels.items()}


def test_verdicts_against_loading(
    wheels: dict[str, Path], read: dict[str, list[Read]], tmp_path: Path, free_threaded_python: str
) -> None:
    assert len({one.project for one in read["linux"]}) >= 30
    for wheel in wheels["linux"].glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(tmp_path)
    loadable = [one for one in read["linux"] if one.module.suffix.version == (3, 13)]
    loadable = [one for one in loadable if one.module.suffix.abi is SuffixAbi.FREE_THREADED]
    pairs = [(str(tmp_path / one.module.path), one.dotted) for one in loadable]
    clean = {key: value for key, value in os.environ.items() if key != "PYTHON_GIL"}
    command = [free_threaded_python, str(_LOADER), str(tmp_path)]
    done = subprocess.run(
        command, input=json.dumps(pairs), env=clean, stdout=subprocess.PIPE, text=True, check=True, timeout=600
    )
    truth = json.loads(done.stdout)
    wrong, unknown, untested = [], [], []
    for one in loadable:
        told, answer = truth[str(tmp_path / one.module.path)], one.module.gil.answer
        if told not in {"on", "off"}:
            untested.append((one.module.path, told))
        elif answer is Declaration.CANNOT_TELL:
            unknown.append((one.module.path, one.module.gil.reason))
        elif (answer is Declaration.NOT_USED) != (told == "off"):
            wrong.append((one.module.path, told, one.module.gil))
    assert not wrong
    assert len(unknown) * 100 <= len(loadable), unknown
    assert len(untested) * 50 <= len(loadable), untested
    assert len(loadable) - len(untested) >= 150


def test_platforms_agree(read: dict[str, list[Read]]) -> None:
    answers: dict[tuple[str, str], dict[str, tuple[Declaration, str]]] = {}
    for platform in _PLATFORMS:
        for one in read[platform]:
            if one.module.suffix.abi is SuffixAbi.FREE_THREADED:
                said = (one.module.gil.answer, one.module.interpreters.answer.value)
                answers.setdefault((one.project, one.dotted), {})[platform] = said
    shared = {key: by_platform for key, by_platform in answers.items() if len(by_platform) > 1}
    assert len(shared) >= 50
    unknown = 0
    for key, by_platform in shared.items():
        known = {said for said in by_platform.values() if said[0] is not Declaration.CANNOT_TELL}
        unknown += sum(said[0] is Declaration.CANNOT_TELL for said in by_platform.values())
        assert len(known) <= 1, (key, by_platform)
    assert unknown * 100 <= sum(map(len, shared.values()))


def test_projects_that_do_not_declare(read: dict[str, list[Read]]) -> None:
    seen = set()
    for one in read["linux"]:
        if one.project in _UNDECLARED:
            seen.add(one.project)
            assert one.module.gil.answer is Declaration.NONE, one.module.path
            assert one.module.built_for is BuiltFor.FREE_THREADED
    assert seen == _UNDECLARED


def test_abi_on_three_platforms(read: dict[str, list[Read]]) -> None:
    counted: Counter[BuiltFor] = Counter()
    for modules in read.values():
        for one in modules:
            wanted = BuiltFor.FREE_THREADED if one.module.suffix.abi is SuffixAbi.FREE_THREADED else BuiltFor.DEFAULT
            if one.module.suffix.abi in {SuffixAbi.FREE_THREADED, SuffixAbi.DEFAULT}:
                assert one.module.built_for is wanted, (one.wheel.name, one.module.path, one.module.evidence)
                counted[wanted] += 1
    assert counted[BuiltFor.FREE_THREADED] >= 200
    assert counted[BuiltFor.DEFAULT] >= 200


def test_pymongo_ships_foreign_modules(read: dict[str, list[Read]]) -> None:
    foreign = [one for one in read["linux"] if one.project == "pymongo" and one.module.suffix.version != (3, 13)]
    assert {one.module.suffix.version for one in foreign} >= {(3, 9), (3, 12)}
    assert {one.module.built_for for one in foreign} == {BuiltFor.DEFAULT}


@pytest.mark.oracle
@pytest.mark.parametrize("platform", ["macos", "windows"])
def test_symbols_against_libraries(wheels: dict[str, Path], platform: str) -> None:
    import pefile

    for _, name, data in _modules(wheels[platform]):
        for number, image in enumerate(read_images(data, name)):
            if platform == "windows":
                file = pefile.PE(data=data)
                exports = {one.name for one in file.DIRECTORY_ENTRY_EXPORT.symbols if one.name}
                imports = {one.name for entry in file.DIRECTORY_ENTRY_IMPORT for one in entry.imports if one.name}
            else:
                parsed = lief.MachO.parse(list(data))  # owns the slices
                assert parsed is not None
                slice_: Any = parsed.at(number)
                exports = {one.name.removeprefix("_").encode() for one in slice_.exported_symbols}
                imports = {one.name.removeprefix("_").encode() for one in slice_.imported_symbols}
            assert set(image.exports) == {one.decode() for one in exports if is_init_name(one)}, name
            assert set(image.imports) == {one.decode() for one in imports if is_python_name(one)}, name
            assert not re.search(r"\\x", "".join(image.imports))
