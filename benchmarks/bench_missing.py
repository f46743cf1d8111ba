"""How long ``ftwheel missing`` takes for a lock of some 300 projects, and what others take; and for lists of thousands.

Everything is asked in one run on one machine. The lock is made by ``uv pip compile`` from the requirements below, on
the configured index; python-ft-deps, abi3t-doctor and ``uv pip compile`` look at the same projects on the same index.
The pages of the lock are then served from the loopback as an index serves them that says how long they are good for,
which is what "warm" is measured with. The projects of the lists are made up, and come from the loopback too.

Run it with ``python3 dev.py bench -- missing``; with ``--long`` after it the lists go on to 15,000.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from results import install_peers, keep, parse

from support.long_index import name_of, put_projects
from support.server import IndexServer, serve

REQUIREMENTS = """\
apache-airflow[amazon,postgres,redis,celery,http,ssh]
django
djangorestframework
fastapi[standard]
jupyterlab
scikit-learn
statsmodels
seaborn
polars
pyarrow
duckdb
dask[complete]
xgboost
transformers
datasets
mlflow
scrapy
pytest
hypothesis
sphinx
lxml
pillow
numba
plotly
bokeh
psycopg[binary]
asyncpg
pymongo
elasticsearch
uvloop
orjson
msgpack
zstandard
opencv-python
spacy
nltk
"""
TARGET = "cp314t-manylinux_2_28_x86_64"
NAMES = (1_500, 5_000, 15_000)
MOST = {"times": 9}


class Run:
    """One run of a program: seconds, seconds of processor time, most memory in MiB."""

    def __init__(
        self, command: Sequence[str | Path], *, environ: Mapping[str, str], cwd: Path, codes: Collection[int] = (0, 1)
    ) -> None:
        begin = time.perf_counter()
        process = subprocess.Popen(
            list(map(str, command)), env=dict(environ), cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        self.seconds = time.perf_counter() - begin
        self.processor = used.ru_utime + used.ru_stime
        self.memory = used.ru_maxrss / 1024
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in codes:
            raise SystemExit(f"{command}: exit code {process.returncode}\n{said.decode()[-2000:]}")


KEPT: dict[str, Run] = {}


def row(what: str, run: Run, note: str = "") -> None:
    KEPT[what] = run
    print(f"{what:<58}{run.seconds:9.2f}{run.processor:9.2f}{run.memory:9.0f}  {note}", flush=True)


def head(title: str) -> None:
    KEPT.clear()
    print(f"\n{title}\n{'':<58}{'s':>9}{'cpu s':>9}{'MiB':>9}")


def put(folder: Path | None, name: str, title: str, *, base: str | None = None, **versions: str) -> None:
    """Keep the rows since the last head."""
    seconds = {what: run.seconds for what, run in KEPT.items()}
    more = {
        "processor, ms": {what: 1e3 * run.processor for what, run in KEPT.items()},
        "MiB": {what: run.memory for what, run in KEPT.items()},
    }
    keep(folder, name, title, seconds, base=base, what="Time on the clock", more=more, versions=versions)


def ftwheel(*arguments: str | Path, cache: Path, cwd: Path, times: int = 1, **environ: str) -> Run:
    """The fastest of several runs."""
    command = [sys.executable, "-m", "ftwheel", "missing", *arguments, "--target", TARGET]
    outer = {**os.environ, "FTWHEEL_CACHE_DIR": str(cache), **environ}
    codes = (0, 1, 2)  # 2: no index has one of the projects
    runs = [Run(command, environ=outer, cwd=cwd, codes=codes) for _ in range(min(times, MOST["times"]))]
    return min(runs, key=lambda run: run.seconds)


def main() -> None:
    arguments = parse(__doc__, long="go on to lists of 5,000 and 15,000 projects")
    if arguments.short:
        MOST.update(times=1)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        default = os.environ.get("FTWHEEL_PYTHON", sys.executable)
        (work / "in.txt").write_text("markupsafe\n" if arguments.short else REQUIREMENTS)
        real_index(work, default, arguments.results)
        warm(work, arguments.results)
        lists = (30,) if arguments.short else NAMES if arguments.long else NAMES[:1]
        long_lists(work, lists, arguments.results)


def real_index(work: Path, default: str, results: Path | None) -> None:
    """A lock of some 300 projects on the configured index: the first run of each tool, then the second."""
    tools, versions = install_peers(work / "tools", "python-ft-deps", "abi3t-doctor", "uv", python=default)
    environ = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "UV_PYTHON": default}
    compile_ = [tools / "uv", "pip", "compile", "-q", "in.txt", "--no-header", "--no-annotate", "-o", "lock.txt"]

    def run(command: Sequence[str | Path], **more: str) -> Run:
        return Run(command, environ=environ | more, cwd=work)

    first = run(compile_, UV_CACHE_DIR=str(work / "uv"))
    pins = [line for line in (work / "lock.txt").read_text().splitlines() if "==" in line]
    head(f"A lock of {len(pins)} projects, the configured index")
    row("uv pip compile, cold", first, "resolves what the lock is of")
    (work / "lock.txt").unlink()
    row("uv pip compile, again", run(compile_, UV_CACHE_DIR=str(work / "uv")))
    lock = ["-r", "lock.txt", "--no-deps"]
    row("ftwheel missing, cold", ftwheel(*lock, cache=work / "cache", cwd=work))
    row("ftwheel missing, again", ftwheel(*lock, cache=work / "cache", cwd=work), "the index decides what may be kept")
    row("ftwheel missing, again, --offline", ftwheel(*lock, "--offline", cache=work / "cache", cwd=work, times=3))
    row("ftwheel missing, unresolved input, pages at hand", ftwheel("in.txt", cache=work / "cache", cwd=work))
    doctor = [tools / "abi3t-doctor", "tree", "--target", "3.14t", "--platform", "manylinux_2_28_x86_64"]
    doctor += ["--cache-dir", work / "doctor", "lock.txt"]
    row("abi3t-doctor tree, cold", run(doctor))
    row("abi3t-doctor tree, again", run(doctor))
    project = {"name": "locked", "version": "1", "requires-python": "==3.13.*", "dependencies": pins}
    lines = [f"{key} = {json.dumps(value)}" for key, value in project.items()]
    (work / "pyproject.toml").write_text("\n".join(["[project]", *lines]))
    run([tools / "uv", "lock", "-q"], UV_CACHE_DIR=str(work / "uv"))
    row("python-ft-deps", run([tools / "python-ft-deps"]), "keeps nothing; leaves out names with a hyphen")
    row("ftwheel missing uv.lock, --offline", ftwheel("uv.lock", "--offline", cache=work / "cache", cwd=work, times=3))
    title = f"What is missing for a lock of {len(pins)} projects"
    put(results, "missing", title, base="uv pip compile, cold", **versions)


def warm(work: Path, results: Path | None) -> None:
    """The pages of the lock from an index that says how long they may be kept."""
    with Server("pages", work / "cache" / "pages-1") as server:
        arguments = ["-r", "lock.txt", "--no-deps", "--no-config", "-i", f"{server.url}/simple/"]
        head("The same lock, its pages on the loopback, good for an hour")
        row("ftwheel missing, cold", ftwheel(*arguments, cache=work / "loopback", cwd=work))
        asked = server.asked()
        row("ftwheel missing, warm", ftwheel(*arguments, cache=work / "loopback", cwd=work, times=9))
        again = server.asked()
    python = [Run([sys.executable, "-c", "pass"], environ=os.environ, cwd=work) for _ in range(9)]
    row("start-up of Python", min(python, key=lambda run: run.seconds))
    title = "The same lock, its pages on the loopback, good for an hour"
    put(results, "missing-warm", title, base="start-up of Python")
    print(f"{asked['pages']} pages, {asked['requests']} requests, up to {asked['at_once']} in flight", end="; ")
    print(f"{again['requests'] - asked['requests']} requests in the warm runs")


def long_lists(work: Path, counts: Sequence[int], results: Path | None) -> None:
    head("Lists of made-up projects, from the loopback; the index takes its share of the cores")
    with Server("made-up", str(max(counts))) as server:
        for count in counts:
            names = work / f"names-{count}.txt"
            names.write_text("\n".join(map(name_of, range(count))))
            arguments = ["-r", names, "--no-deps", "--no-config", "-i", f"{server.url}/simple/", "--format", "json"]
            state = work / f"state-{count}.jsonl"
            arguments += ["--state", state]
            row(f"{count:,} names, cold", ftwheel(*arguments, cache=work / f"cache-{count}", cwd=work))
            size = state.stat().st_size
            run = ftwheel(*arguments, cache=work / "none", cwd=work)
            row(f"{count:,} names, from the state file", run, f"{size / 1e6:.1f} MB")
    put(results, "missing-names", "Lists of made-up projects, from the loopback")


class Server:
    """An index in a process of its own, so that its work and its memory are not measured."""

    def __init__(self, *arguments: str | Path) -> None:
        self._command = [sys.executable, __file__, "serve", *map(str, arguments)]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        self.url = self._line()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def asked(self) -> dict[str, int]:
        """How many requests there were for how many pages, and how many at once at most."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: dict[str, int] = json.loads(self._line())
        return found

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def be_server(kind: str, what: str) -> None:
    with serve() as server:
        if kind == "made-up":
            put_projects(server, int(what))
        else:
            put_kept_pages(server, Path(what))
        print(server.url, flush=True)
        for _ in sys.stdin:
            asked = {"pages": len(set(server.paths)), "requests": len(server.paths), "at_once": server.most_at_once}
            print(json.dumps(asked), flush=True)


def put_kept_pages(server: IndexServer, folder: Path) -> None:
    """The pages in ftwheel's cache."""
    for page in folder.iterdir():
        with page.open("rb") as file:
            about = json.loads(file.readline())
            if about.get("status") == 200:  # no packed page
                name = about["url"].rstrip("/").rpartition("/")[2]
                server.put(f"/simple/{name}/", file.read(), headers={"Cache-Control": "max-age=3600"})


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        be_server(*sys.argv[2:])
    else:
        main()
