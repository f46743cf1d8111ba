"""How long the simulator takes for numpy's page in 40 environments with both installers, and what others take.

Everything is asked in one run on one machine: ``json.loads`` of the page, the simulator, explanations of every file,
pip's own finder in-process, real ``pip download``, real ``uv``, nab, and ``ftwheel simulate`` from the command line
with its page in the cache. The page is the real one, from the configured index; for the command line a server on the
loopback serves it, cacheable.

Run it with ``python3 dev.py bench -- simulate``.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from results import install_peers, keep, parse

from ftwheel.app.installers.simulate import simulate_project
from ftwheel.core.index.page import SourceKind
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.evaluations import Selection, explain
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.registry import INSTALLERS, installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles
from ftwheel.core.tags.environments import Environment, parse_environment
from support.index_generator import Options
from support.index_generator_machines import MATRIX, Machine
from support.pip_oracle import NEWEST, PipFinder, environment_with
from support.server import IndexServer, serve
from support.uv_oracle import NEWEST as NEWEST_UV
from support.uv_oracle import Uv

PROJECT = "numpy"
FIGURES: dict[str, float] = {}
MOST = {"times": 9, "sizes": 6}
MACHINES = [*MATRIX]
JSON = "application/vnd.pypi.simple.v1+json"
NAB_PLATFORMS = ["linux_x86_64", "linux_aarch64", "macos_arm64", "macos_x86_64", "windows_amd64"]


def best(call: Callable[[], object], *, times: int) -> float:
    """Seconds of the fastest of several calls: what the machine can do when nobody else uses it."""
    found = []
    for _ in range(min(times, MOST["times"])):
        begin = time.perf_counter()
        call()
        found.append(time.perf_counter() - begin)
    return min(found)


def processor(call: Callable[[], object], *, times: int) -> float:
    """Seconds of processor time of the cheapest of several runs of a program; other programs disturb it less."""
    found = []
    for _ in range(min(times, MOST["times"])):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        call()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def row(what: str, seconds: float, environments: int = 1, note: str = "") -> None:
    each = f"{seconds * 1e3 / environments:10.2f}" if environments > 1 else " " * 10
    print(f"{what:<52}{seconds * 1e3:10.1f}{each}  {note}", flush=True)


def whole(body: bytes, environments: tuple[Environment, ...], project: str = PROJECT) -> object:
    """From the bytes of a page to the matrix."""
    details = parse_page(body, content_type=JSON, url="https://index.example/simple/demo/", name=project)
    return simulate_project(
        ProjectFiles(project, [(SourceKind.INDEX, details)]),
        parse_requirement(project),
        environments=environments,
        installers=(installer("pip"), installer("uv")),
    )


FRESH = """
import sys, time
from pathlib import Path
sys.path[:0] = [{tests!r}, {benchmarks!r}]
import ftwheel.core.index.page_json
from ftwheel.core.installers.registry import DEFAULT_INSTALLERS, find_installer
from ftwheel.core.tags.environments import parse_environment
import bench_simulate
for name in DEFAULT_INSTALLERS:
    find_installer(name)  # which imports its modules: all imports are left out here
body = Path(sys.argv[1]).read_bytes()
begin = time.perf_counter()
bench_simulate.whole(body, tuple(map(parse_environment, sys.argv[2:])))
print(time.perf_counter() - begin)
"""


def fresh(page: Path) -> float:
    """Seconds for the first matrix of a process, with nothing worked out before."""
    code = FRESH.format(tests=str(ROOT / "tests"), benchmarks=str(ROOT / "benchmarks"))
    command = [sys.executable, "-c", code, page, *(machine.label for machine in MACHINES)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


FRESH_LOADS = """
import json, sys, time
from pathlib import Path
body = Path(sys.argv[1]).read_bytes()
begin = time.perf_counter()
json.loads(body)
print(time.perf_counter() - begin)
"""


def fresh_loads(page: Path) -> float:
    """Seconds for ``json.loads`` as the first of a process, which also gets its memory from the system."""
    command = [sys.executable, "-c", FRESH_LOADS, page]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


FRESH_EXPLANATION = """
import sys, time
from pathlib import Path
from ftwheel.core.index.page import SourceKind
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.registry import installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.evaluations import explain
from ftwheel.core.installers.selection import ProjectFiles
from ftwheel.core.tags.environments import parse_environment
body = Path(sys.argv[1]).read_bytes()
details = parse_page(body, content_type=sys.argv[2], url="https://index.example/simple/demo/", name=sys.argv[3])
question = parse_requirement(sys.argv[3]), parse_environment(sys.argv[4]), installer(sys.argv[5])
begin = time.perf_counter()
explain(ProjectFiles(sys.argv[3], [(SourceKind.INDEX, details)]), *question)
print(time.perf_counter() - begin)
"""


def fresh_explanation(page: Path, name: str) -> float:
    """Seconds for the first explanation of a process, with the page parsed and nothing else worked out before."""
    command = [sys.executable, "-c", FRESH_EXPLANATION, page, JSON, PROJECT, MACHINES[0].label, name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def run(command: Sequence[str | Path], **options: object) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)  # type: ignore[call-overload]


def synthetic(files: int) -> bytes:
    """A page of a project with wheels for six builds of Python and eight platforms, as many releases as it takes."""
    platforms = ["manylinux_2_17_x86_64.manylinux2014_x86_64", "manylinux_2_28_aarch64", "musllinux_1_2_x86_64",
                 "macosx_10_13_x86_64", "macosx_11_0_arm64", "win32", "win_amd64", "win_arm64"]  # fmt: skip
    pythons = ["cp311-cp311", "cp312-cp312", "cp313-cp313", "cp313-cp313t", "cp314-cp314", "cp314-cp314t"]

    def names() -> Iterator[str]:
        release = 0
        while True:
            release += 1
            yield f"demo-1.{release}.tar.gz"
            yield from (f"demo-1.{release}-{python}-{platform}.whl" for python in pythons for platform in platforms)

    entries = [
        {
            "filename": name,
            "url": f"https://files.example/{number:x}/{name}",
            "hashes": {"sha256": f"{number:064x}"},
            "requires-python": ">=3.11",
            "size": 1000 + number,
            "upload-time": "2026-01-11T00:00:00.000000Z",
            "yanked": False,
        }
        for number, name in zip(range(files), names())  # noqa: B905 - names never end
    ]
    return json.dumps({"meta": {"api-version": "1.3"}, "name": "demo", "files": entries}).encode()


def growth(body: bytes) -> None:
    environments = tuple(parse_environment(machine.label) for machine in MACHINES)
    print(f"\nGrowth with files ({len(environments)} environments, both installers)")
    print(f"{'files':>8}{'ms':>10}{'us a file':>12}{'json.loads ms':>16}")
    for files in (100, 300, 1_000, 3_000, 10_000)[: MOST["sizes"]]:
        page = synthetic(files)
        seconds = best(lambda page=page: whole(page, environments, "demo"), times=5)
        loads = best(lambda page=page: json.loads(page), times=5)
        print(f"{files:>8}{seconds * 1e3:>10.1f}{seconds * 1e6 / files:>12.2f}{loads * 1e3:>16.1f}")
    print(f"\nGrowth with environments (the page of {PROJECT}, both installers)")
    print(f"{'environments':>12}{'ms':>10}{'us each':>12}")
    labels = [
        f"cp3{minor}{threads}-manylinux_2_{release}_{machine}"
        for release in range(17, 44)
        for minor in range(11, 16)
        for threads in (("", "t") if minor >= 13 else ("",))
        for machine in ("x86_64", "aarch64", "ppc64le")
    ]
    for count in (5, 20, 50, 100, 200, 500)[: MOST["sizes"]]:
        environments = tuple(map(parse_environment, labels[:count]))
        seconds = best(lambda environments=environments: whole(body, environments), times=3)
        print(f"{count:>12}{seconds * 1e3:>10.1f}{seconds * 1e6 / count:>12.1f}")


def explained(page: Path, environments: tuple[Environment, ...]) -> None:
    """Every file of the page with its verdict; pip's finder, further down, gives one file and no reasons."""
    url = "https://index.example/simple/demo/"
    details = parse_page(page.read_bytes(), content_type=JSON, url=url, name=PROJECT)
    wanted = parse_requirement(PROJECT)
    for name in INSTALLERS:
        rules = installer(name)

        def first(rules: InstallerOptions = rules) -> Selection:
            project = ProjectFiles(PROJECT, [(SourceKind.INDEX, details)])
            return explain(project, wanted, environments[0], rules)

        def everywhere(rules: InstallerOptions = rules) -> None:
            project = ProjectFiles(PROJECT, [(SourceKind.INDEX, details)])
            for environment in environments:
                explain(project, wanted, environment, rules)

        files = len(first().evaluations)
        begun = min(fresh_explanation(page, name) for _ in range(min(7, MOST["times"])))
        row(f"{name} explained, first in its process", begun, note=f"{files:,} verdicts")
        row(f"{name} explained, one environment", best(first, times=9))
        FIGURES[f"ftwheel, {name} explained, first of a process"] = begun
        row(f"{name} explained, all environments", best(everywhere, times=3), len(environments))


def command_line(server: IndexServer, body: bytes, work: Path) -> None:
    """``ftwheel simulate`` with the page fresh in its cache, against the start-up of Python."""
    server.put(f"/simple/{PROJECT}/", body, headers={"Cache-Control": "max-age=3600"})
    environment = {**os.environ, "FTWHEEL_CACHE_DIR": str(work / "cache"), "PIP_CONFIG_FILE": os.devnull}
    command = [sys.executable, "-m", "ftwheel", "simulate", PROJECT, "--no-config", "-i", f"{server.url}/simple/"]
    command += [argument for machine in MACHINES for argument in ("--env", machine.label)] + ["--allow", "sdist"]
    command += ["--allow", "older-version", "--allow", "nothing"]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    asked = len(server.requests)
    python = [sys.executable, "-c", "pass"]
    start, warm = best(lambda: run(python), times=15), best(lambda: run(command, env=environment), times=15)
    start_cpu, warm_cpu = (
        processor(lambda: run(python), times=9),
        processor(lambda: run(command, env=environment), times=9),
    )
    assert len(server.requests) == asked, "the page was not fresh in the cache"
    FIGURES["python -c pass"], FIGURES["ftwheel simulate, warm, command line"] = start, warm
    row("start-up of Python", start, note=f"{start_cpu * 1e3:.1f} ms of processor time")
    row("ftwheel simulate, warm, command line", warm, len(MACHINES), f"{warm_cpu * 1e3:.1f} ms of processor time")


def main() -> None:
    arguments = parse(__doc__)
    if arguments.short:
        MOST.update(times=1, sizes=1)
        del MACHINES[2:]
    count = len(MACHINES)
    with tempfile.TemporaryDirectory() as folder, serve() as server:
        work = Path(folder)
        default = os.environ.get("FTWHEEL_PYTHON", sys.executable)
        pip = environment_with(work / "pip", default, f"pip=={NEWEST}")
        tool = environment_with(work / "uv", default, f"uv=={NEWEST_UV}").with_name("uv")
        scripts, versions = install_peers(work / "nab", "nab", python=default)
        with PipFinder(pip, NEWEST, configured=True) as finder:
            fetched = finder.fetch(PROJECT)
            body = fetched["body"].encode()
            files = len(json.loads(body)["files"])
            print(f"{PROJECT}: {files:,} files, {len(body):,} bytes of JSON; {count} environments, pip and uv\n")
            print(f"{'':<52}{'ms':>10}{'each':>10}")
            page = work / "page.json"
            page.write_bytes(body)
            loads = best(lambda: json.loads(body), times=15)
            row("json.loads of the page", loads)
            FIGURES["json.loads of the page"] = loads
            pairs = [(fresh_loads(page), fresh(page)) for _ in range(min(7, MOST["times"]))]
            first_loads, usual = map(statistics.median, zip(*pairs, strict=True))
            row("json.loads of the page, first in its process", first_loads, note="median")
            FIGURES["json.loads of the page, first of its process"] = first_loads
            first = min(seconds for _, seconds in pairs)
            compared = f"{first / loads:.2f} times json.loads; median {usual / first_loads:.2f} times its first"
            row("the matrix, first in its process", first, count, compared)
            environments = tuple(parse_environment(machine.label) for machine in MACHINES)
            again = best(lambda: whole(body, environments), times=15)
            row("the matrix, again (page read anew)", again, count, f"{again / loads:.2f} times json.loads")
            FIGURES["ftwheel, first matrix of a process"], FIGURES["ftwheel, a matrix later on"] = first, again
            explained(page, environments)
            command_line(server, body, work)

            def ask(machine: Machine) -> str:
                return finder.choose(
                    machine=machine, requirement=PROJECT, find_links=[], index_urls=[fetched["index"]], pages={},
                    options=asdict(Options()),
                )  # fmt: skip

            ask(MACHINES[0])
            seconds = sum(best(lambda machine=machine: ask(machine), times=1) for machine in MACHINES)
            FIGURES[f"pip's finder, in-process, {count} times"] = seconds
            row("pip's finder, in-process, page in memory", seconds, count, f"{seconds / again:.0f} times the matrix")
        uv = Uv(tool, default, work, server)
        real_pip(pip, work, again)
        real_uv(uv, fetched["index"], again)
        real_nab(scripts / "nab", work)
        growth(body)
        title, what = f"The choices for {PROJECT} in {count} environments, pip and uv", "Time on the clock"
        versions = {"pip": NEWEST, "uv": NEWEST_UV} | versions
        keep(
            arguments.results,
            "simulate",
            title,
            FIGURES,
            base="json.loads of the page",
            what=what,
            versions=versions,
        )


def real_pip(python: Path, work: Path, matrix: float) -> None:
    targets = ([], ["--platform", "win_amd64", "--python-version", "3.12", "--only-binary", ":all:"])
    times = []
    for number, target in enumerate(targets[: MOST["sizes"]]):
        command = [python, "-m", "pip", "download", "--no-deps", "--dest", work / f"files-{number}", *target, PROJECT]
        run(command)
        shutil.rmtree(work / f"files-{number}")
        times.append(best(lambda command=command: run(command), times=1))
    count = len(MACHINES)
    seconds = statistics.mean(times) * count
    FIGURES[f"pip download, {count} times"] = seconds
    row("pip download, warm cache", seconds, count, f"from two environments; {seconds / matrix:.0f} times the matrix")


def real_uv(uv: Uv, index: str, matrix: float) -> None:
    uv.choose(MACHINES[0], PROJECT, index=index)
    seconds = sum(
        best(lambda machine=machine: uv.choose(machine, PROJECT, index=index), times=1) for machine in MACHINES
    )
    FIGURES[f"uv pip install --dry-run, {len(MACHINES)} times"] = seconds
    row("uv pip install --dry-run, warm cache", seconds, len(MACHINES), f"{seconds / matrix:.0f} times the matrix")


def real_nab(nab: Path, work: Path) -> None:
    project = work / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        f'[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.12,<3.16"\ndependencies = ["{PROJECT}"]\n'
        f'[tool.nab.matrix]\npython = ">=3.12,<3.16"\nplatforms = {json.dumps(NAB_PLATFORMS)}\n'
    )
    lock = [nab, "lock", "pyproject.toml"]
    run(lock, cwd=project)
    seconds = best(lambda: run(lock, cwd=project), times=3)
    count = 4 * len(NAB_PLATFORMS)
    FIGURES["nab lock, 20 environments"] = seconds
    row("nab lock, warm cache", seconds, count, f"{count} environments, default builds only, one set of rules")


if __name__ == "__main__":
    main()
