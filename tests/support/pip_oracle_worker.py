"""Asks the pip of the running interpreter which file it would take: one JSON question a line in, one answer a line out.

Everything that decides is pip's own: ``parse_links`` reads the pages, ``PackageFinder`` gathers and ranks, and the
resolver's ``Factory`` walks what was found (``find_best_candidate().best_candidate`` is not the answer: it breaks ties
the other way round and knows nothing of yanked files). Three things are put in pip's way: pages come from the question
instead of a connection, what pip asks the machine is answered for the machine in question while pip makes its list of
tags, and the factory hands back the first link instead of downloading it.

Runs on its own (``python pip_oracle_worker.py``) in an environment that holds one release of pip, 24.0 or newer.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import platform
import sys
import sysconfig
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple
from unittest import mock

import pip
from pip._internal.cli.cmdoptions import _convert_python_version
from pip._internal.commands import create_command
from pip._internal.index import collector, package_finder
from pip._internal.models.format_control import FormatControl
from pip._internal.models.link import Link
from pip._internal.models.search_scope import SearchScope
from pip._internal.models.selection_prefs import SelectionPreferences
from pip._internal.models.target_python import TargetPython
from pip._internal.models.wheel import Wheel
from pip._internal.network.session import PipSession
from pip._internal.req.constructors import install_req_from_line
from pip._internal.resolution.resolvelib import factory
from pip._internal.utils import compatibility_tags
from pip._internal.utils.hashes import Hashes
from pip._vendor.packaging import _manylinux, _musllinux, tags
from pip._vendor.packaging.specifiers import SpecifierSet

with contextlib.suppress(ImportError):  # since 26.0
    from pip._internal.models.release_control import ReleaseControl

SYSTEMS = {
    "manylinux": "Linux",
    "musllinux": "Linux",
    "macosx": "Darwin",
    "win": "Windows",
    "ios": "iOS",
    "android": "Android",
}


class Pages(collector.LinkCollector):
    """Collects from the pages of one question."""

    pages: dict[str, dict[str, str]]
    live = False

    def fetch_response(self, location: Link, *more: Any, **named: Any) -> collector.IndexContent | None:
        page = self.pages.get(location.url) or Oracle.fetched.get(location.url)
        if page is None:
            return super().fetch_response(location, *more, **named) if self.live else None
        return collector.IndexContent(
            content=page["body"].encode(),
            content_type=page["content_type"],
            encoding=collector._get_encoding_from_headers({"Content-Type": page["content_type"]}),
            url=location.url,
            cache_link_parsing=location.url in Oracle.fetched,  # the same links in less time
        )


class Chosen(NamedTuple):
    link: Link


class FirstLink(factory.Factory):
    """Walks what was found as the resolver does, and stops where the resolver would fetch a file."""

    def _make_candidate_from_link(self, link: Link, *_: object, version: Any = None, **__: object) -> Any:
        # What LinkCandidate asserts before anything is fetched; an #egg= fragment can break it.
        if link.is_wheel and not link.is_file:
            assert str(version) == str(Wheel(link.filename).version)
        return Chosen(link)


@contextlib.contextmanager
def on_machine(machine: dict[str, Any]) -> Iterator[None]:
    """Answer what pip asks the machine and the interpreter it runs on for another one."""
    system, release, processor = machine["system"], machine["release"], machine["processor"]
    major, minor, _ = machine["python"]
    sysconfig_platform = {
        "win": "win32" if processor == "32" else f"win-{processor}",
        "android": f"android-{release and release[0]}-{processor}",
    }.get(system, f"linux-{processor}")
    flags = ("t" if machine["free_threaded"] else "") + ("d" if machine["debug"] else "")
    soabi = f"pypy{major}{minor}-pp73" if machine["implementation"] == "pp" else f"cpython-{major}{minor}{flags}"
    config = {
        "EXT_SUFFIX": f".{soabi}-linux.so",
        "py_version_nodot": f"{major}{minor}",
        "WITH_PYMALLOC": 1,
        "Py_GIL_DISABLED": int(machine["free_threaded"]),
        "Py_DEBUG": int(machine["debug"]),
    }
    glibc = tuple(release) if system == "manylinux" else (-1, -1)
    musl = _musllinux._MuslVersion(*release) if system == "musllinux" else None
    version = ".".join(map(str, release or ()))
    with contextlib.ExitStack() as stack:

        def answer(target: Any, name: str, value: Any) -> None:
            if hasattr(target, name):  # older releases ask fewer questions
                stack.enter_context(mock.patch.object(target, name, return_value=value))

        answer(platform, "system", SYSTEMS[system])
        answer(platform, "mac_ver", (version, ("", "", ""), processor))
        answer(platform, "ios_ver", ("iOS", version, "", False))
        answer(platform, "android_ver", SimpleNamespace(api_level=release and release[0]))
        answer(sysconfig, "get_platform", sysconfig_platform)
        answer(tags, "interpreter_name", machine["implementation"])
        answer(compatibility_tags, "interpreter_name", machine["implementation"])
        answer(_manylinux, "_get_glibc_version", glibc)
        answer(_manylinux, "_is_linux_armhf", True)
        answer(_manylinux, "_is_linux_i686", True)
        answer(_musllinux, "_get_musl_version", musl)
        stack.enter_context(mock.patch.object(tags, "_get_config_var", lambda name, warn=False: config.get(name)))
        stack.enter_context(
            mock.patch.object(sys.implementation, "_multiarch", processor.replace("_iphone", "-iphone"))
        )
        yield


class Oracle:
    """One pip, any number of questions. ``fetched`` are the pages of the configured index, by address."""

    fetched: ClassVar[dict[str, dict[str, str]]] = {}

    def __init__(self) -> None:
        self.session = PipSession()
        self.tags: dict[str, list[tags.Tag]] = {}
        self.factory = FirstLink(
            finder=None,
            preparer=None,
            make_install_req=None,
            wheel_cache=None,
            use_user_site=False,
            force_reinstall=False,
            ignore_installed=True,
            ignore_requires_python=False,
        )

    def target(self, question: dict[str, Any]) -> TargetPython:
        """The interpreter on that machine, or what pip's options say there; pip's tag functions run once for each."""
        machine, given = question["machine"], question.get("target")
        key = json.dumps([machine, given])
        if given:
            with on_machine(machine), mock.patch.object(sys, "version_info", tuple(machine["python"])):
                target = TargetPython(
                    given["platforms"] or None,
                    _convert_python_version(given["python_version"])[0],
                    given["abis"] or None,
                    given["implementation"] or None,
                )
                target._valid_tags = self.tags[key] = self.tags.get(key) or target.get_sorted_tags()
            return target
        target = TargetPython(py_version_info=tuple(machine["python"]))
        if key not in self.tags:
            with on_machine(machine):
                self.tags[key] = target.get_sorted_tags()
        target._valid_tags = self.tags[key]
        return target

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        if question.get("tags"):
            return {"tags": [str(tag) for tag in self.target(question).get_sorted_tags()]}
        if "fetch" in question:
            return self.fetch(question["fetch"])
        try:
            chosen = self.choose(question)
        except Exception as error:  # noqa: BLE001 - whatever stops pip is its answer
            return {"error": f"{type(error).__name__}: {error}"}
        return {"url": chosen and chosen.link.url_without_fragment}

    def fetch(self, project: str) -> dict[str, str]:
        """The page of a project from the index this pip is configured for, kept for later questions."""
        command = create_command("install")
        options, _ = command.parse_args([project])
        url = f"{options.index_url.rstrip('/')}/{project}/"
        with command.main_context():
            response = collector._get_simple_response(url, command.get_default_session(options))
        page = {"body": response.text, "content_type": response.headers["Content-Type"]}
        self.fetched[url] = page
        return page | {"url": url, "index": options.index_url}

    def choose(self, question: dict[str, Any]) -> Chosen | None:
        options = question["options"]
        scope = SearchScope.create(
            find_links=question["find_links"], index_urls=question["index_urls"], no_index=not question["index_urls"]
        )
        pages = Pages(session=self.session, search_scope=scope)
        pages.pages = question["pages"]
        pages.live = question.get("live", False)
        finder = package_finder.PackageFinder.create(
            link_collector=pages,
            selection_prefs=preferences(options),
            target_python=self.target(question),
            **({"uploaded_prior_to": dt.datetime.fromisoformat(options["cutoff"])} if options["cutoff"] else {}),
        )
        hashes: dict[str, list[str]] = {}
        for algorithm, digest in options["hashes"]:
            hashes.setdefault(algorithm, []).append(digest)
        requirement = install_req_from_line(question["requirement"], hash_options=hashes)
        self.factory._finder = finder
        found = self.factory._iter_found_candidates([requirement], SpecifierSet(), Hashes(), False, set())
        return next(iter(found), None)


def preferences(options: dict[str, Any]) -> SelectionPreferences:
    """The options as ``pip install`` hands them on; it always sets ``allow_yanked``."""
    control = FormatControl()
    for value in options["no_binary"]:
        FormatControl.handle_mutual_excludes(value, control.no_binary, control.only_binary)
    for value in options["only_binary"]:
        FormatControl.handle_mutual_excludes(value, control.only_binary, control.no_binary)
    releases: dict[str, Any] = {}
    if options["prereleases"] is not None and "ReleaseControl" in globals():
        named = {":all:"}
        releases["release_control"] = ReleaseControl(
            all_releases=named if options["prereleases"] else set(),
            only_final=set() if options["prereleases"] else named,
        )
    elif options["prereleases"]:
        releases["allow_all_prereleases"] = True
    return SelectionPreferences(
        allow_yanked=True,
        format_control=control,
        prefer_binary=options["prefer_binary"],
        ignore_requires_python=options["ignore_requires_python"],
        **releases,
    )


def main() -> None:
    oracle = Oracle()
    sys.stdout.write(json.dumps({"pip": pip.__version__}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(oracle.ask(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
