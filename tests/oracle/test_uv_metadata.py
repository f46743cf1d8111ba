"""Which METADATA uv counts, asked as users run it, with dependencies: Requires-Python on pages and in METADATA differ.

With ``--no-deps`` uv reads no METADATA at all, so that is another question, asked of the same pages.
"""

from __future__ import annotations

import io
import json
import os
import random
import re
import subprocess
import tarfile
from dataclasses import dataclass
from datetime import datetime

import pytest

from ftwheel.core.index.page import JSON_TYPE, SourceKind
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.evaluations import explain
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.project_files import ProjectFiles
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import choose
from ftwheel.core.wheel.contents import Metadata
from support.comparing import BATCHES, SEED, SIZES
from support.index_generator_machines import MACHINES, Machine
from support.pip_oracle import clean_environment
from support.server import IndexServer
from support.simulated import environment
from support.uv_oracle import Uv

pytestmark = pytest.mark.oracle

BUILDS = [
    next(each for each in MACHINES if each.label == f"{build}-manylinux_2_28_x86_64") for build in ("cp313", "cp313t")
]
NATIVE = "manylinux_2_17_x86_64"
TAGS = (
    f"cp313-cp313-{NATIVE}",
    f"cp39-abi3-{NATIVE}",
    "py3-none-any",
    "cp313-cp313-win_amd64",
    "cp313-cp313-any",
    f"cp313-cp313t-{NATIVE}",
    f"cp313-pypy311_pp73-{NATIVE}",
    f"cp312-cp312-{NATIVE}",
    f"cp314.cp313-cp313t-{NATIVE}",
    f"cp314-cp314-{NATIVE}",
    f"cp314-abi3-{NATIVE}",
    "cp314-cp314-win_amd64",
    "py2-none-any",
    "zz9-none-any",
    f"cp313-zz-{NATIVE}",
    "cp313-cp313-zz",
    f"cp313-cp313-{NATIVE}.zz",
)
PYTHONS = (None, None, ">=3.8", ">=3.14", "<3.13", ">=3.13.1", "!=3.13.*", "nonsense")
OLD, NEW, CUTOFF = "2024-01-01T00:00:00Z", "2025-06-01T00:00:00Z", "2025-01-01T00:00:00Z"


@dataclass(frozen=True)
class DeclaredFile:
    """``page`` is the Requires-Python of the page, ``declared`` that of METADATA."""

    filename: str
    page: str | None
    declared: str | None
    yanked: bool | str
    time: str

    @property
    def version(self) -> str:
        return self.filename.removesuffix(".tar.gz").split("-")[1]

    @property
    def metadata(self) -> bytes:
        requires = f"Requires-Python: {self.declared}\n" if self.declared else ""
        return f"Metadata-Version: 2.2\nName: foo\nVersion: {self.version}\n{requires}".encode()


def draw(number: int) -> tuple[list[DeclaredFile], list[str], InstallerOptions]:
    """The files of a page, in any order, uv's options, and what ftwheel calls them."""
    rng = random.Random(f"metadata {SEED} {number}")
    files: dict[str, DeclaredFile] = {}
    for version in ("1.0", "0.9"):
        names = [f"foo-{version}-{rng.randint(1, 3)}-{rng.choice(TAGS)}.whl" for _ in range(rng.randint(0, 3))]
        for name in (*names, *([f"foo-{version}.tar.gz"] if rng.random() < 0.8 else [])):
            page = rng.choice(PYTHONS)
            files[name] = DeclaredFile(
                filename=name,
                page=page,
                declared=(page if page != "nonsense" else None) if rng.random() < 0.4 else rng.choice(PYTHONS[:-1]),
                yanked=rng.choice((False,) * 6 + (True, "", "reason")),
                time=rng.choice((OLD, OLD, OLD, NEW)),
            )
    listed = list(files.values())
    rng.shuffle(listed)
    late, sources = rng.random() < 0.2, rng.random() < 0.1
    flags = ["--exclude-newer", CUTOFF] * late + ["--no-binary", "foo"] * sources
    return (
        listed,
        flags,
        InstallerOptions(
            name="uv",
            uploaded_prior_to=datetime.fromisoformat(CUTOFF) if late else None,
            no_binary=frozenset({"foo"} if sources else ()),
        ),
    )


def entry(file: DeclaredFile) -> dict[str, object]:
    wheel: dict[str, object] = {"core-metadata": True} if file.filename.endswith(".whl") else {}
    python: dict[str, object] = {} if file.page is None else {"requires-python": file.page}
    yanked: dict[str, object] = {} if file.yanked is False else {"yanked": file.yanked}
    name = file.filename
    usual: dict[str, object] = {"filename": name, "url": f"files/{name}", "hashes": {}, "upload-time": file.time}
    return usual | wheel | python | yanked


def sdist(file: DeclaredFile) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, data in (("PKG-INFO", file.metadata), ("pyproject.toml", b"[build-system]\nrequires = []\n")):
            member = tarfile.TarInfo(f"foo-{file.version}/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def uv_takes(uv: Uv, machine: Machine, server: IndexServer, path: str, flags: list[str]) -> str:
    command = [str(uv.program), "pip", "install", "--dry-run", "--verbose", "--no-cache"]
    command += ["--python", str(uv.interpreter(machine)), "--default-index", f"{server.url}{path}", *flags, "foo"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=clean_environment(NO_COLOR="1", UV_HTTP_RETRIES="0")
    )
    if done.returncode:
        return "nothing" if "No solution found" in done.stderr else f"refused: {done.stderr[-600:]}"
    return str(re.findall(r"DEBUG Selecting: \S+ \[[^]]*\] \((.*)\)$", done.stderr, re.MULTILINE)[-1])


@pytest.mark.parametrize("part", range(BATCHES))
def test_uv_counts_the_metadata_that_is_said(part: int, uv: Uv, index_server: IndexServer) -> None:
    size = int(os.environ.get("FTWHEEL_ORACLE_UV", SIZES["uv"])) // 5 // BATCHES
    wrong = []
    for number in range(part * size, (part + 1) * size):
        files, flags, options = draw(number)
        machine = BUILDS[number % 2]
        path = f"/metadata/{SEED}/{number}/"
        body = json.dumps({"meta": {"api-version": "1.1"}, "name": "foo", "files": [entry(file) for file in files]})
        index_server.put(f"{path}foo/", body, content_type=JSON_TYPE)
        metadata = {}
        for file in files:
            place = f"{path}foo/files/{file.filename}"
            if file.filename.endswith(".whl"):
                index_server.put(f"{place}.metadata", file.metadata, content_type="text/plain")
            else:
                index_server.put(place, sdist(file), content_type="application/gzip")
            metadata[f"{index_server.url}{place}"] = Metadata(
                name="foo", version=file.version, requires_python=file.declared or "", classifiers=()
            )
        page = parse_page(body.encode(), content_type=JSON_TYPE, url=f"{index_server.url}{path}foo/", name="foo")
        for dependencies in (True, False):
            project = ProjectFiles("foo", [(SourceKind.INDEX, page)], metadata=metadata)
            rules = InstallerOptions(
                name="uv",
                uploaded_prior_to=options.uploaded_prior_to,
                no_binary=options.no_binary,
                dependencies=dependencies,
            )
            question = (project, parse_requirement("foo"), environment(machine.label), rules)
            best = choose(*question)
            assert explain(*question).best == best
            said = best.file.filename if best else "nothing"
            real = uv_takes(uv, machine, index_server, path, [*flags, *([] if dependencies else ["--no-deps"])])
            if said != real:
                asked = f"{number} on {machine.label}, dependencies {dependencies}"
                wrong.append(f"{asked}: uv {real}, ftwheel {said}, {flags}\n  {files}")
    assert not wrong, "\n".join(wrong[:5])
