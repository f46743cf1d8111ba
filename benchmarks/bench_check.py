"""How long ``ftwheel check`` takes for real wheels, and what others take for the same ones in the same run.

abi3audit is made to look into every module (``--assume-minimum-abi3``), abi3t-doctor reads them all; merely
decompressing every member, and hashing it too, is the floor. The platform policy (FTW304) is part of it. Programs are
measured from start to end.

Run it with ``python3 dev.py bench -- check``, or on wheels of your own: ``python benchmarks/bench_check.py DIR``. The
wheels come from the configured index, and stay in the cache folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from ftwheel.app.release.published_wheels import parse_release, wheels_of
from ftwheel.cli.options import indexes
from ftwheel.io.system.folders import cache_root

RELEASES = (
    "contourpy==1.3.3",
    "frozenlist==1.8.0",
    "kiwisolver==1.4.9",
    "markupsafe==3.0.2",
    "numpy==2.3.5",
    "pandas==2.3.3",
    "scikit-learn==1.7.2",
    "shapely==2.1.2",
)
TAG = "cp313t-manylinux"
TOOLS = ("abi3audit", "abi3t-doctor")
TIMES = 3


def wheels(folder: Path) -> list[Path]:
    """One free-threaded Linux wheel of each release."""
    folder.mkdir(parents=True, exist_ok=True)
    parser = argparse.ArgumentParser()
    indexes.add_arguments(parser)
    with indexes.open_locations(parser.parse_args([])) as locations:
        assert locations.client is not None
        for text in RELEASES:
            release = parse_release(text)
            assert release
            pages = [page for index in locations.all if (page := index.project(release[0]))]
            for file in wheels_of(pages, *release):
                if TAG in file.filename and "x86_64" in file.filename and not (folder / file.filename).exists():
                    locations.client.download(file, folder / file.filename)
    return sorted(folder.glob("*.whl"))


def decompress(paths: list[Path], *, digest: bool) -> None:
    for path in paths:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                data = archive.read(info)
                if digest:
                    hashlib.sha256(data).digest()


def median(call: Callable[[], object]) -> float:
    times = []
    for _ in range(TIMES):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def program(*command: str | Path) -> Callable[[], object]:
    def call() -> None:
        done = subprocess.run([*map(str, command)], capture_output=True, text=True)
        if done.returncode not in {0, 1}:  # 1: it found something
            sys.exit(f"{command[0]} left with exit code {done.returncode}:\n{done.stderr[-2000:]}")

    return call


def main() -> None:
    paths = sorted(Path(sys.argv[1]).glob("*.whl")) if sys.argv[1:] else wheels(Path(cache_root()) / "bench-check")
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("uv is not on PATH")
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([uv, "venv", "--quiet", place], check=True)
        python = Path(place) / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *TOOLS], check=True)
        check = (sys.executable, "-m", "ftwheel", "check", "--quiet")
        runs: dict[str, Callable[[], object]] = {
            "decompress": lambda: decompress(paths, digest=False),
            "decompress and hash": lambda: decompress(paths, digest=True),
            "ftwheel check, level 1, one core": program(*check, "--level", "1", "--cores", "1", *paths),
            "ftwheel check, level 2, one core": program(*check, "--cores", "1", *paths),
            "ftwheel check, level 2, all cores": program(*check, *paths),
            "abi3t-doctor wheel": program(python.parent / "abi3t-doctor", "wheel", *paths),
            "abi3audit": program(python.parent / "abi3audit", "--assume-minimum-abi3", "3.2", *paths),
        }
        seconds = {name: median(call) for name, call in runs.items()}
    floor = seconds["decompress"]
    size = sum(path.stat().st_size for path in paths)
    print(f"{len(paths)} wheels, {size / 1e6:.1f} MB, median of {TIMES}")
    for name, value in seconds.items():
        print(f"{name:36} {value:7.2f} s  {value / floor:6.2f} times decompressing")
    print(json.dumps({"wheels": len(paths), "bytes": size, "seconds": {k: round(v, 3) for k, v in seconds.items()}}))


if __name__ == "__main__":
    main()
