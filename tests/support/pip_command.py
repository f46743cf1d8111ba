"""The real ``pip install`` as an oracle of the oracle: it downloads, builds metadata and reports, on this machine.

The files of a case are really there: wheels and source distributions are made when they are asked for, small but whole.
"""

from __future__ import annotations

import io
import json
import os
import platform
import re
import subprocess
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urlsplit

from ftwheel.core.tags.pip_target import PipTarget
from support.index_generator import Case
from support.index_generator_files import GeneratedFile
from support.index_generator_machines import Machine
from support.pip_oracle import clean_environment, find_links
from support.server import IndexServer, Reply

__all__ = ["native_machine", "pip_download", "pip_install", "serve", "with_real_files"]

_BACKEND = """\
import os

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    name = {dist_info!r}
    os.mkdir(os.path.join(directory, name))
    with open(os.path.join(directory, name, "METADATA"), "w") as file:
        file.write({metadata!r})
    return name

def build_wheel(directory, config_settings=None, metadata_directory=None):
    raise SystemExit("only metadata is wanted")
"""
_PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def native_machine(python: str, *, free_threaded: bool) -> Machine:
    """What this machine looks like from the outside, with the version of that interpreter."""
    command = [python, "-c", "import sys; print(*sys.version_info[:3])"]
    major, minor, micro = map(int, subprocess.check_output(command, text=True).split())
    libc, version = platform.libc_ver()
    assert libc == "glibc", "the installers are compared on glibc machines"
    first, second = version.split(".")[:2]
    return Machine(
        python=(major, minor, micro),
        free_threaded=free_threaded,
        system="manylinux",
        release=(int(first), int(second)),
        processor=os.uname().machine,
    )


def with_real_files(case: Case) -> Case:
    """The case without the invented digests: what is downloaded has other ones, and would be refused."""
    return replace(
        case,
        places=tuple(
            replace(
                place,
                files=tuple(
                    replace(
                        file,
                        hashes=(),
                        metadata=True if file.metadata else None,
                        fragment="" if "=" in file.fragment else file.fragment,
                        odd="",
                        query="",
                    )
                    for file in place.files
                ),
            )
            for place in case.places
        ),
        options=replace(case.options, hashes=()),
    )


def serve(case: Case, root: str, server: IndexServer, folders: Path) -> None:
    """Put the pages and every file of the case on the server, and the files of find-links folders where they belong."""
    for place in case.places:
        if place.kind == "folder":
            folder = Path(find_links(case, place, root, folders))
            for file in place.files:
                (folder / file.filename).write_bytes(_archive(file))
            continue
        path = urlsplit(case.place_url(place, root)).path
        server.put(path, case.body(place, root), content_type=place.content_type)
        for file in place.files:
            path = quote(f"{urlsplit(root).path}{file.path}")  # quoted as pip quotes: +, ! and all
            server.routes[path] = lambda _, file=file: Reply(
                body=_archive(file), content_type="application/octet-stream"
            )  # type: ignore[misc]
            if file.metadata:
                server.put(f"{path}.metadata", _metadata(file), content_type="text/plain")


def pip_install(python: Path, case: Case, root: str, folders: Path) -> str:
    """What ``pip install`` would install: a URL without fragment, ``nothing``, or ``refused: ...``."""
    command = ["install", "--dry-run", "--ignore-installed", "--no-deps", "--report", "-"]
    done = _run(python, [*command, *_arguments(case, root, folders)])
    if done.returncode == 0:
        installed: str = json.loads(done.stdout)["install"][0]["download_info"]["url"]
        return installed.partition("#")[0]
    return _failure(done)


def pip_download(python: Path, case: Case, root: str, folders: Path, target: PipTarget) -> str:
    """The name of what ``pip download`` saves with pip's options for another interpreter; else as ``pip_install``."""
    saved = folders / "saved"
    done = _run(python, ["download", "--dest", str(saved), *str(target).split(), *_arguments(case, root, folders)])
    return next(saved.iterdir()).name if done.returncode == 0 else _failure(done)


def _arguments(case: Case, root: str, folders: Path) -> list[str]:
    indexes = [f"{root}{place.name}/simple/" for place in case.places if place.kind == "index"]
    found = ["--index-url", indexes[0]] if indexes else ["--no-index"]
    for url in indexes[1:]:
        found += ["--extra-index-url", url]
    for place in case.places:
        if place.kind != "index":
            found += ["--find-links", find_links(case, place, root, folders)]
    options = case.options
    # The order of the worker: what is said last wins.
    found += [f"--no-binary={name}" for name in options.no_binary]
    found += [f"--only-binary={name}" for name in options.only_binary]
    found += ["--prefer-binary"] if options.prefer_binary else []
    if options.prereleases is not None:
        found += ["--all-releases=:all:" if options.prereleases else "--only-final=:all:"]
    found += [f"--uploaded-prior-to={options.cutoff}"] if options.cutoff else []
    found += ["--ignore-requires-python"] if options.ignore_requires_python else []
    return [*found, case.requirement]


def _run(python: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "pip", *arguments, "--quiet", "--no-input", "--no-cache-dir"]
    command += ["--disable-pip-version-check", "--retries", "0"]
    return subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=120)


def _failure(done: subprocess.CompletedProcess[str]) -> str:
    if "No matching distribution found" in done.stderr:
        return "nothing"
    return f"refused: {done.stderr.strip().splitlines()[-1]}"


def _name_and_version(file: GeneratedFile) -> tuple[str, str]:
    """The version the file's address claims, as pip reads it; what pip does not read is never downloaded."""
    parts = file.address.split("-")
    if file.address.endswith(".whl"):
        return file.project, parts[1]
    stem = re.sub(r"\.(tar\.\w+|\w+)$", "", file.address[len(file.project) + 1 :])
    return file.project, re.sub(r"-py[123]\.?[0-9]?$", "", stem)


def _metadata(file: GeneratedFile) -> str:
    name, version = _name_and_version(file)
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"


def _archive(file: GeneratedFile) -> bytes:
    """The content of a wheel or a source distribution of any type pip knows."""
    name, version = _name_and_version(file)
    dist_info = f"{name.replace('-', '_')}-{version}.dist-info"
    stream = io.BytesIO()
    if file.address.endswith(".whl"):
        with zipfile.ZipFile(stream, "w") as wheel:
            wheel.writestr(f"{dist_info}/METADATA", _metadata(file))
            wheel.writestr(f"{dist_info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\n")
            wheel.writestr(f"{dist_info}/RECORD", "")
        return stream.getvalue()
    top = f"{name}-{version}"
    backend = _BACKEND.format(dist_info=dist_info, metadata=_metadata(file))
    members = {"PKG-INFO": _metadata(file), "pyproject.toml": _PROJECT, "backend.py": backend}
    if file.address.lower().endswith(".zip"):
        with zipfile.ZipFile(stream, "w") as archive:
            for path, text in members.items():
                archive.writestr(f"{top}/{path}", text)
        return stream.getvalue()
    compression = ""
    for pattern, found in (
        (r"\.(tar\.gz|tgz)$", "gz"),
        (r"\.(tar\.bz2|tbz)$", "bz2"),
        (r"\.(txz|tlz|tar\.(xz|lz|lzma))$", "xz"),
    ):
        if re.search(pattern, file.address, re.IGNORECASE):
            compression = found
    with tarfile.open(fileobj=stream, mode=f"w:{compression}") as tar:  # type: ignore[call-overload]
        for path, text in members.items():
            member = tarfile.TarInfo(f"{top}/{path}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return stream.getvalue()
