"""Small random worlds of projects that require each other, served as an index; and what real installers make of them.

Every file is really there: wheels with METADATA, source distributions with a final PKG-INFO and a backend that writes
the same. Nothing of ftwheel takes part.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from support.pip_oracle import clean_environment
from support.server import IndexServer, ranged
from support.uv_oracle import installed

__all__ = ["Answer", "Dist", "Universe", "ask_pip", "ask_uv", "generate", "publish"]

Answer = dict[str, str] | str
"""File names by project, or ``impossible``."""

_NAMES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot")
_VERSIONS = ("1.0", "1.1", "2.0", "2.1", "3.0", "3.0rc1", "4.0b2", "1.0+cpu", "2.0.post1")
_EXTRAS = ("fast", "all")
_BACKEND = """\
import os

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    os.mkdir(os.path.join(directory, {info!r}))
    with open(os.path.join(directory, {info!r}, "METADATA"), "w") as file:
        file.write({metadata!r})
    return {info!r}

def build_wheel(directory, config_settings=None, metadata_directory=None):
    raise SystemExit("only metadata is wanted")
"""
_PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@dataclass(frozen=True, kw_only=True)
class Dist:
    """One file. ``beside`` says whether the index has its metadata file, ``said`` what requires-python the page has."""

    project: str
    version: str
    filename: str
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    requires_python: str = ""
    said: bool = True
    yanked: bool = False
    beside: bool = True

    @property
    def metadata(self) -> str:
        lines = ["Metadata-Version: 2.2", f"Name: {self.project}", f"Version: {self.version}"]
        lines += [f"Requires-Python: {self.requires_python}"] if self.requires_python else []
        lines += [f"Provides-Extra: {extra}" for extra in self.extras]
        lines += [f"Requires-Dist: {requirement}" for requirement in self.requires]
        return "\n".join(lines) + "\n"

    @property
    def content(self) -> bytes:
        """The file, with no time in it: its digest is asked for again later."""
        stream = io.BytesIO()
        info = f"{self.project}-{self.version}.dist-info"
        if self.filename.endswith(".whl"):
            members = {
                "METADATA": self.metadata,
                "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n",
                "RECORD": "",
            }
            with zipfile.ZipFile(stream, "w") as wheel:
                for name, text in members.items():
                    wheel.writestr(zipfile.ZipInfo(f"{info}/{name}"), text)
            return stream.getvalue()
        texts = {
            "PKG-INFO": self.metadata,
            "pyproject.toml": _PROJECT,
            "backend.py": _BACKEND.format(info=info, metadata=self.metadata),
        }
        with tarfile.open(fileobj=stream, mode="w") as archive:
            for name, text in texts.items():
                member = tarfile.TarInfo(f"{self.project}-{self.version}/{name}")
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
        return gzip.compress(stream.getvalue(), mtime=0)


@dataclass(frozen=True, kw_only=True)
class Universe:
    """``roots`` and ``constraints`` are what the user asks for; ``only_binary`` switches source distributions off."""

    number: str
    dists: tuple[Dist, ...]
    roots: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    only_binary: bool = False

    def describe(self) -> str:
        lines = [f"universe {self.number}: {', '.join(self.roots)}"]
        lines += [f"  constraint {one}" for one in self.constraints]
        lines += ["  only binary"] if self.only_binary else []
        for dist in self.dists:
            python = f" python {dist.requires_python}{'' if dist.said else ' (page silent)'}"
            lines.append(
                f"  {dist.filename}{' yanked' if dist.yanked else ''}{python if dist.requires_python else ''}"
                f"  <- {', '.join(dist.requires)}"
            )
        return "\n".join(lines)


def generate(seed: int, number: int, python: str, *, tags: tuple[str, ...]) -> Universe:
    """The universe with this number. ``python`` is ``3.13``; ``tags`` are of wheels, ``py3-none-any`` among them."""
    rng = random.Random(f"{seed} {number} {python}")
    names = _NAMES[: rng.randint(2, len(_NAMES))]
    dists: list[Dist] = []
    for name in names:
        drawn = rng.sample(_VERSIONS, rng.choices((1, 2, 3, 4, 5), (1, 3, 4, 4, 2))[0])
        for version in drawn:
            dists += _files(name, version, names=names, python=python, tags=tags, rng=rng)
    roots = rng.sample(names, rng.randint(1, min(3, len(names))))
    return Universe(
        number=f"{seed}/{number}",
        dists=tuple(dists),
        roots=tuple(_requirement(name, python, rng, root=True) for name in roots),
        constraints=tuple(
            f"{name}{_specifier(rng)}" for name in rng.sample(names, rng.choices((0, 1, 2), (7, 2, 1))[0])
        ),
        only_binary=rng.random() < 0.2,
    )


def _files(
    name: str, version: str, *, names: tuple[str, ...], python: str, tags: tuple[str, ...], rng: random.Random
) -> list[Dist]:
    extras = _EXTRAS if rng.random() < 0.4 else ()
    others = [each for each in names if each != name]
    requires = [
        _requirement(each, python, rng)
        for each in rng.sample(others, min(len(others), rng.choices((0, 1, 2, 3), (4, 4, 2, 1))[0]))
    ]
    for extra in extras:
        if rng.random() < 0.2:
            requires.append(f'{name}[{rng.choice(extras)}]; extra == "{extra}"')
        elif others:
            wanted = _requirement(rng.choice(others), python, rng).partition(";")[0].strip()
            requires.append(f'{wanted} ; extra == "{extra}"')
    requires_python = rng.choices(("", f">={python}", "<3.10", f"!={python}.*", ">=3.8"), (16, 2, 1, 1, 4))[0]
    kinds = rng.choices(
        (("any",), ("tag",), ("sdist",), ("any", "sdist"), ("tag", "sdist"), ("tag", "any")), (6, 2, 2, 2, 2, 1)
    )[0]
    yanked = rng.random() < 0.08
    stem = f"{name}-{version}"
    apart = rng.random() < 0.3  # what the files of a version say may differ
    said = [tuple(_requirement(each, python, rng) for each in rng.sample(others, min(1, len(others)))) for _ in kinds]
    dists = [
        Dist(
            project=name,
            version=version,
            filename={"any": f"{stem}-py3-none-any.whl", "tag": f"{stem}-{rng.choice(tags)}.whl"}.get(
                kind, f"{stem}.tar.gz"
            ),
            requires=said[number] if apart else tuple(requires),
            extras=extras,
            requires_python=requires_python,
            said=rng.random() < 0.85,
            yanked=yanked,
            beside=kind != "sdist" and rng.random() < 0.8,
        )
        for number, kind in enumerate(kinds)
    ]
    return list({dist.filename: dist for dist in dists}.values())  # a drawn tag may be the one for any platform


def _requirement(name: str, python: str, rng: random.Random, *, root: bool = False) -> str:
    extras = rng.choices(("", "[fast]", "[fast,all]", "[none]"), (20, 4, 2, 1))[0]
    markers = (
        f'python_version >= "{python}"',
        f'python_version < "{python}"',
        'sys_platform == "win32"',
        'platform_python_implementation == "CPython"',
    )
    marker = f" ; {rng.choice(markers)}" if rng.random() < 0.15 else ""
    return f"{name}{extras}{_specifier(rng, root=root)}{marker}"


def _specifier(rng: random.Random, *, root: bool = False) -> str:
    version = rng.choice(("1.0", "1.1", "2.0", "2.1", "3.0", "4.0"))
    return rng.choices(
        (
            "",
            f">={version}",
            f"<={version}",
            f"<{version}",
            f"!={version}",
            f"=={version}",
            "==2.*",
            f"~={version}",
            ">=3.0rc1",
        ),
        (10, 5, 3, 3, 2, 1 + root, 1, 1, 1),
    )[0]


def publish(universe: Universe, server: IndexServer) -> str:
    """Serve it; gives the address of the index."""
    root = f"/{universe.number}"
    for name in sorted({dist.project for dist in universe.dists}):
        files: list[dict[str, Any]] = []
        for dist in (each for each in universe.dists if each.project == name):
            content, path = dist.content, f"{root}/files/{quote(dist.filename)}"
            entry: dict[str, Any] = {
                "filename": dist.filename,
                "url": f"{server.url}{path}",
                "hashes": {"sha256": sha256(content).hexdigest()},
                "size": len(content),
            }
            if dist.requires_python and dist.said:
                entry["requires-python"] = dist.requires_python
            if dist.yanked:
                entry["yanked"] = "taken back"
            if dist.beside:
                entry["core-metadata"] = {"sha256": sha256(dist.metadata.encode()).hexdigest()}
                server.put(f"{path}.metadata", dist.metadata, content_type="text/plain")
            server.routes[path] = ranged(content)
            files.append(entry)
        server.put(f"{root}/simple/{name}/", json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}))
    return f"{server.url}{root}/simple/"


def ask_pip(python: str, universe: Universe, index: str, folder: Path) -> Answer:
    """What the ``pip`` of a real interpreter would install."""
    command = [python, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--report", "-", "--quiet"]
    command += ["--no-input", "--no-cache-dir", "--disable-pip-version-check", "--retries", "0"]
    command += ["--index-url", index, *_options(universe, folder), "--no-build-isolation"]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=120)
    if done.returncode == 0:
        installed = json.loads(done.stdout)["install"]
        return {each["metadata"]["name"]: _filename(each["download_info"]["url"]) for each in installed}
    assert re.search(r"ResolutionImpossible|No matching distribution", done.stderr), (
        f"{universe.describe()}\n{done.stderr}"
    )
    return "impossible"


def ask_uv(uv: Path, interpreter: Path, universe: Universe, index: str, folder: Path) -> Answer:
    """What ``uv pip install`` would install for an interpreter."""
    command = [str(uv), "pip", "install", "--dry-run", "--verbose", "--python", str(interpreter)]
    command += ["--default-index", index, *_options(universe, folder)]
    environment = clean_environment(UV_CACHE_DIR=str(folder / "uv-cache"), NO_COLOR="1", UV_HTTP_RETRIES="0")
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
    if done.returncode == 0:
        return installed(done.stderr)
    assert "No solution found" in done.stderr, f"{universe.describe()}\n{done.stderr}"
    return "impossible"


def _options(universe: Universe, folder: Path) -> Iterable[str]:
    folder.mkdir(parents=True, exist_ok=True)
    stem = universe.number.replace("/", "-")
    roots, constraints = folder / f"{stem}.txt", folder / f"{stem}-constraints.txt"
    roots.write_text("\n".join(universe.roots) + "\n")
    constraints.write_text("\n".join(universe.constraints) + "\n")
    yield from ("--requirement", str(roots), "--constraint", str(constraints))
    if universe.only_binary:
        yield "--only-binary=:all:"


def _filename(url: str) -> str:
    return unquote(url.partition("#")[0].rpartition("/")[2])
