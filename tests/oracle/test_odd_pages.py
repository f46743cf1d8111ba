"""The simulator against all four installers on pages that are odd in one respect, sent over the loopback."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import unquote

import pytest

from ftwheel.app.installers.simulate import fetch
from ftwheel.core.errors import FtwheelError
from ftwheel.core.index.page import ProjectDetails, SourceKind
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.evaluations import explain
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.registry import INSTALLERS
from ftwheel.core.installers.requirements import parse_requirement
from support.comparing import SEED
from support.finder_oracle import FinderProcess
from support.index_generator import Options
from support.index_generator_machines import MACHINES
from support.more_odd_pages import MORE_ODD_PAGES
from support.odd_pages import JSON, ODD_PAGES, OTHER_INDEX, OddPage, spoilt
from support.pip_oracle import NEWEST, PipFinder
from support.server import IndexServer
from support.simulated import environment
from support.uv_oracle import Uv

pytestmark = pytest.mark.oracle

NUMBERS = itertools.count()
POETRY_APART = {
    "JSON as 'APPLICATION/VND.PYPI.SIMPLE.V1+JSON'",
    "JSON as 'application/vnd.pypi.simple.v1+json,x'",
    "HTML as 'application/vnd.pypi.simple.latest+html'",
    "HTML as 'application/xhtml+xml'",
    "HTML as 'text/html;charset=utf-16'",
}
"""What is not modelled: Poetry reads what is not JSON by its type as HTML."""
ADDRESSES_APART = {f"{kind}address '{each}'" for kind in ("", "HTML: ") for each in ("http://[x]/{}", "http://[::1/{}")}
"""Addresses that Python cannot parse; such a file is left out, uv and Poetry notice when they fetch it."""
MORE_APART = {
    "uv": {*ADDRESSES_APART, "HTML: nested 2,000 times"},
    "poetry": {
        *ADDRESSES_APART,
        "requires-python 'x'",
        *(f"HTML: requires-python {quote}{value}{quote}" for value in (" ", "3.8") for quote in "\"'"),
        "HTML: base 'http://[::1/'",
        "HTML: base 'http://[::1/', relative links",
        *(f"JSON as '{JSON}{more}'" for more in ("; charset=utf-16", "2", "/x")),
        *(
            f"HTML as '{kind}'"
            for kind in ("text/htm", "text", "application/vnd.pypi.simple.v2+html", "application/html")
        ),
        *(f"HTML as 'text/html; charset={charset}'" for charset in ("utf-8; charset=utf-16", "idna")),
    },
}
"""What else is not modelled: see docs/oracles.md."""
EVERY = int(os.environ.get("FTWHEEL_ORACLE_ODD", "50"))  # of the further pages, every fiftieth
MACHINE = next(each for each in MACHINES if each.label == "cp313-manylinux_2_36_x86_64")


class MemoryIndex:
    """One page."""

    label = "memory"

    def __init__(self, kind: SourceKind, page: OddPage, url: str) -> None:
        self.kind = kind
        self._body, self._content_type = page
        self._url = url

    def project(self, name: str) -> ProjectDetails:
        return parse_page(self._body, content_type=self._content_type, url=self._url, name=name)


def said(installer: str, odd: OddPage, url: str) -> str:
    """A file name (to pip the end of the address), ``nothing`` or ``gives up``."""
    kinds = [SourceKind.INDEX, SourceKind.EXTRA_INDEX]
    first, second = kinds if installer != "uv" else reversed(kinds)
    indexes = [MemoryIndex(first, odd, f"{url}/odd/foo/"), MemoryIndex(second, OTHER_INDEX, f"{url}/other/foo/")]
    wanted = parse_requirement("foo")
    try:
        project = fetch(wanted, indexes)
    except FtwheelError:
        return "gives up"
    rules = InstallerOptions(name=installer, dependencies=False)
    selection = explain(project, wanted, environment(MACHINE.label), rules)
    if selection.refusal:
        return "gives up"
    if selection.best is None:
        return "nothing"
    file = selection.best.file
    return file.filename if installer == "uv" else _end(file.url)


def _end(url: str) -> str:
    """The last part of an address, unquoted."""
    return unquote(url.partition("#")[0].rpartition("/")[2]).strip()


def disagreements(installer: str, url: str, real: Callable[[OddPage], str], pages: Mapping[str, OddPage]) -> list[str]:
    with ThreadPoolExecutor(2 if installer == "uv" else 1) as pool:
        answers = dict(zip(pages, pool.map(real, pages.values()), strict=True))
    return [
        f"{name}: {installer} {answers[name]}, ftwheel {here}: {odd[0][:2000]!r}"
        for name, odd in pages.items()
        if (here := said(installer, odd, url)) != answers[name]
    ]


@contextmanager
def served(server: IndexServer, odd: OddPage) -> Iterator[str]:
    """The address of the folder with the indexes ``odd`` and ``other``."""
    folder = f"/odd-pages/{next(NUMBERS)}"  # two threads may ask for the same page
    for name, (body, content_type) in (("odd", odd), ("other", OTHER_INDEX)):
        server.put(f"{folder}/{name}/foo/", body, content_type=content_type)
    yield server.url + folder
    for name in ("odd", "other"):
        server.routes.pop(f"{folder}/{name}/foo/", None)


Installer = tuple[str, Callable[[OddPage], str], str]


@pytest.fixture(scope="module")
def finders(
    pip: Callable[[str], PipFinder], processes: Callable[[str], FinderProcess]
) -> Callable[[str], PipFinder | FinderProcess]:
    """pip's own finder, Poetry and unearth, each in its process."""
    return lambda name: pip(NEWEST) if name == "pip" else processes(name)


@pytest.fixture(scope="module", params=INSTALLERS)
def installer(request: pytest.FixtureRequest, index_server: IndexServer) -> Installer:
    """Its name, what it takes, and the server's address."""
    name: str = request.param
    if name != "uv":
        finder: PipFinder | FinderProcess = request.getfixturevalue("finders")(name)

        def takes(odd: OddPage) -> str:
            with served(index_server, odd) as url:
                indexes = [f"{url}/odd/", f"{url}/other/"]
                answer = finder.choose_live(machine=MACHINE, requirement="foo", index_urls=indexes, options=Options())
            return "gives up" if answer.startswith("refused") else _end(answer)

        return name, takes, index_server.url
    uv: Uv = request.getfixturevalue("uv")
    uv.interpreter(MACHINE)

    def uv_takes(odd: OddPage) -> str:
        with served(index_server, odd) as url:
            return uv.choose_first(MACHINE, "foo", index=f"{url}/odd/", default_index=f"{url}/other/")

    return "uv", uv_takes, index_server.url


def test_odd_pages_are_taken_as_is_said(installer: Installer) -> None:
    name, real, url = installer
    apart = POETRY_APART if name == "poetry" else set()
    assert apart <= set(ODD_PAGES)
    pages = {each: odd for each, odd in ODD_PAGES.items() if each not in apart}
    assert not disagreements(name, url, real, pages)


def test_more_odd_pages_are_taken_as_is_said(installer: Installer) -> None:
    """``FTWHEEL_ORACLE_ODD`` says every how many are asked."""
    name, real, url = installer
    apart = MORE_APART.get(name, set())
    assert apart <= set(MORE_ODD_PAGES)
    pages = {each: MORE_ODD_PAGES[each] for each in list(MORE_ODD_PAGES)[::EVERY] if each not in apart}
    assert not disagreements(name, url, real, pages)


def is_odd_to_poetry(page: OddPage) -> bool:
    """Whether Poetry reads it otherwise.

    ``1.0`` means ``==1.0``; it needs no address of a file that is not foo; and it writes other characters of an address
    by their code points.
    """
    try:
        files = json.loads(page[0])["files"]
    except (ValueError, LookupError, TypeError):
        return False
    entries = [entry for entry in files if isinstance(entry, dict)] if isinstance(files, list) else []
    return any(
        entry.get("requires-python") == "1.0"
        or not str(entry.get("url")).isascii()
        or (not isinstance(entry.get("url"), str) and not str(entry.get("filename")).startswith("foo-"))
        for entry in entries
    )


def test_spoilt_pages_are_taken_as_is_said(installer: Installer) -> None:
    """The installer gives up exactly where the simulator says so; ``FTWHEEL_ORACLE_SPOILT`` says how many are asked."""
    name, real, url = installer
    count = int(os.environ.get("FTWHEEL_ORACLE_SPOILT", {"pip": 900, "uv": 60, "poetry": 60, "pdm": 250}[name]))
    numbers = range(SEED * 1_000_000, SEED * 1_000_000 + count)
    pages = {f"{number}": spoilt(number) for number in numbers}
    if name == "poetry":
        pages = {number: page for number, page in pages.items() if not is_odd_to_poetry(page)}
    found = disagreements(name, url, real, pages)
    assert not found, f"{len(found)} of {count}:\n" + "\n".join(found[:12])
