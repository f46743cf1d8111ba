"""A made-up index of very many projects: pages of all sizes, made when they are asked for, always the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from support.server import IndexServer, Reply, Request

__all__ = ["name_of", "put_projects"]

_KINDS = ("free-threaded", "default", "pure", "sdist", "stable", "later", "gone")
_PLATFORMS = (
    "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_11_0_arm64",
    "win_amd64",
)
_PYTHONS = {
    "free-threaded": ("cp312-cp312", "cp313-cp313", "cp314-cp314", "cp314-cp314t", "cp315-cp315t"),
    "default": ("cp312-cp312", "cp313-cp313", "cp314-cp314"),
    "stable": ("cp39-abi3", "cp315-abi3t"),
}


def name_of(number: int) -> str:
    return f"project-{number:05}"


def put_projects(server: IndexServer, count: int, *, pause: float = 0.0, max_age: int = 3600) -> None:
    """Serve this many projects below ``/simple/``; every seventh is on no page. ``pause`` is in seconds."""
    for number in range(count):
        if _KINDS[number % len(_KINDS)] != "gone":
            server.routes[f"/simple/{name_of(number)}/"] = partial(_reply, number, pause, max_age)


def _reply(number: int, pause: float, max_age: int, request: Request) -> Reply:
    return Reply(body=_page(number), pause=pause, headers={"Cache-Control": f"max-age={max_age}"})


def _page(number: int) -> bytes:
    name = name_of(number)
    releases = 400 if number % 300 == 0 else 40 if number % 30 == 0 else 2
    files = [
        {
            "filename": filename,
            "url": f"https://files.example.org/{name}/{filename}",
            "hashes": {"sha256": f"{number:064x}"},
            "requires-python": ">=3.9",
            "size": 1000 + number,
            "upload-time": f"{2010 + release // 28}-01-{1 + release % 28:02}T00:00:00.000000Z",
        }
        for release in range(releases)
        for filename in _files(number, name.replace("-", "_"), release, last=release == releases - 1)
    ]
    page = {"meta": {"api-version": "1.1"}, "name": name, "versions": [], "files": files}
    return json.dumps(page).encode()


def _files(number: int, name: str, release: int, *, last: bool) -> Iterator[str]:
    version, kind = f"{1 + release}.0", _KINDS[number % len(_KINDS)]
    yield f"{name}-{version}.tar.gz"
    if kind == "pure":
        yield f"{name}-{version}-py3-none-any.whl"
    if kind == "later":  # only the newest release has what a free-threaded build needs
        kind = "free-threaded" if last else "default"
    for python in _PYTHONS.get(kind, ()):
        yield from (f"{name}-{version}-{python}-{platform}.whl" for platform in _PLATFORMS)
