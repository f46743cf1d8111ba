"""How long ``ftwheel check`` takes for real wheels, and what others take for the same ones in the same run.

abi3audit is made to look into every module (``--assume-minimum-abi3``), abi3t-doctor reads them all; merely
decompressing every member, and hashing it too, is the floor. The platform policy (FTW304) is part of it. Programs are
measured from start to end.

Run it with ``python3 dev.py bench -- check``, or ``python benchmarks/bench_check.py FOLDER`` on wheels of your own. The
others come from the configured index, and stay in the cache folder.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from results import install_peers, keep, parse

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


def wheels(folder: Path, releases: Sequence[str]) -> list[Path]:
    """One free-threaded Linux wheel of each release."""
    folder.mkdir(parents=True, exist_ok=True)
    starts = tuple(f"{text.replace('-', '_').replace('==', '-')}-" for text in releases)

    def here() -> list[Path]:
        return sorted(path for path in folder.glob("*.whl") if path.name.lower().startswith(starts))

    if len(kept := here()) == len(releases):
        return kept
    parser = argparse.ArgumentParser()
    indexes.add_arguments(parser)
    with indexes.open_locations(parser.parse_args([])) as locations:
        assert locations.client is not None
        for text in releases:
            release = parse_release(text)
            assert release
            pages = [page for index in locations.all if (page := index.project(release[0]))]
            for file in wheels_of(pages, *release):
                if TAG in file.filename and "x86_64" in file.filename and not (folder / file.filename).exists():
                    locations.client.download(file, folder / file.filename)
    return here()


DECOMPRESS = """
import hashlib, sys, zipfile
for path in sys.argv[2:]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            data = archive.read(info)
            if sys.argv[1] == "hash":
                hashlib.sha256(data).digest()
"""


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds of the processor, and on the clock."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in {0, 1}:  # 1: it found something
        sys.exit(f"{command[0]} left with exit code {done.returncode}:\n{done.stderr[-2000:]}")
    after, end = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, end - start


def main() -> None:
    arguments = parse(__doc__, wheels=True)
    times = 1 if arguments.short else TIMES
    if arguments.wheels:
        paths = sorted(arguments.wheels.glob("*.whl"))
    else:
        paths = wheels(Path(cache_root()) / "bench-check", RELEASES[:1] if arguments.short else RELEASES)
    with tempfile.TemporaryDirectory() as place:
        scripts, versions = install_peers(Path(place), *TOOLS)
        check = [sys.executable, "-m", "ftwheel", "check", "--quiet"]
        names = [*map(str, paths)]
        commands = {
            "decompress": [sys.executable, "-c", DECOMPRESS, "only", *names],
            "decompress and hash": [sys.executable, "-c", DECOMPRESS, "hash", *names],
            "ftwheel check --level 1": [*check, "--level", "1", "--cores", "1", *names],
            "ftwheel check": [*check, "--cores", "1", *names],
            "abi3t-doctor wheel": [str(scripts / "abi3t-doctor"), "wheel", *names],
            "abi3audit": [str(scripts / "abi3audit"), "--assume-minimum-abi3", "3.2", *names],
        }
        on_all_cores = {
            "ftwheel check --level 1, all cores": [*check, "--level", "1", *names],
            "ftwheel check, all cores": [*check, *names],
        }
        runs: dict[str, list[tuple[float, float]]] = {}
        for _ in range(times):
            for label, command in (commands | on_all_cores).items():
                runs.setdefault(label, []).append(measured(command))
    processor = {label: statistics.median(run[0] for run in runs[label]) for label in commands}
    clock = {label: statistics.median(run[1] for run in taken) for label, taken in runs.items()}
    clock = {label: clock[label] for label in ("decompress and hash", "ftwheel check", *on_all_cores)}
    size = sum(path.stat().st_size for path in paths)
    print(f"{len(paths)} wheels, {size / 1e6:.1f} MB, median of {times}")
    for kind, figures in (("processor", processor), ("clock", clock)):
        for label, seconds in figures.items():
            ratio = seconds / figures["decompress and hash"]
            print(f"{kind:10} {label:34} {seconds:7.2f} s  {ratio:6.2f} times decompressing and hashing")
    title, base = f"Checking {len(paths)} wheels for Linux with {size / 1e6:.0f} MB", "decompress and hash"
    keep(
        arguments.results,
        "check",
        title,
        processor,
        base=base,
        what=f"Processor time, median of {times}",
        versions=versions,
    )
    what = f"Time on the clock, median of {times}"
    keep(arguments.results, "check-cores", "The same wheels on all cores", clock, base=base, what=what)


if __name__ == "__main__":
    main()
