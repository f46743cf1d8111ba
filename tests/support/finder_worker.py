"""Asks Poetry, or PDM's finder unearth, which file it would take: one JSON question a line in, one answer a line out.

Everything that decides is the tool's own. Pages come from the question instead of a connection, unless the tool is to
fetch them itself (``live``); the tags that the machine accepts are told, in order.

Runs on its own, as ``python finder_worker.py poetry``, where the tool is installed.
"""

from __future__ import annotations

import datetime as dt
import json
import signal
import sys
from types import SimpleNamespace
from typing import Any

from packaging.tags import parse_tag


def tags_of(question: dict[str, Any]) -> list[Any]:
    return [tag for text in question["tags"] for tag in parse_tag(text)]


class Unearth:
    """unearth's ``PackageFinder`` on pages at hand."""

    def choose(self, question: dict[str, Any]) -> str:
        from unearth import PackageFinder, TargetPython
        from unearth.fetchers import PyPIClient

        options, pages = question["options"], question["pages"]

        def get(url: str, **_: Any) -> Any:
            page = pages.get(url)
            if page is None:
                return SimpleNamespace(status_code=404, reason_phrase="Not Found", headers={})
            return SimpleNamespace(
                status_code=200,
                reason_phrase="OK",
                url=url,
                content=page["body"].encode(),
                encoding="utf-8",
                headers={"Content-Type": page["content_type"]},
            )

        session: Any = SimpleNamespace(get=get, head=get, iter_secure_origins=lambda: [("*", "*", "*")])
        if question["live"]:
            session = PyPIClient(trusted_hosts=["127.0.0.1"])
        target = TargetPython(py_ver=tuple(question["python"]))
        target._valid_tags = tags_of(question)
        finder = PackageFinder(
            session=session,
            index_urls=question["index_urls"],
            find_links=question["find_links"],
            target_python=target,
            no_binary=options["no_binary"],
            only_binary=options["only_binary"],
            prefer_binary=[":all:"] if options["prefer_binary"] else [],
            exclude_newer_than=dt.datetime.fromisoformat(options["cutoff"]) if options["cutoff"] else None,
        )
        best = finder.find_best_match(question["requirement"], allow_prereleases=options["prereleases"]).best
        return best.link.url_without_fragment if best else "nothing"


class Poetry:
    """Poetry's resolver and chooser on pages at hand."""

    def choose(self, question: dict[str, Any]) -> str:
        from cleo.io.null_io import NullIO
        from poetry.config.config import Config
        from poetry.core.packages.dependency import Dependency
        from poetry.core.packages.project_package import ProjectPackage
        from poetry.inspection.info import PackageInfo
        from poetry.installation.chooser import Chooser
        from poetry.mixology import resolve_version
        from poetry.mixology.failure import SolveFailureError
        from poetry.puzzle.provider import Provider
        from poetry.repositories.exceptions import PackageNotFoundError
        from poetry.repositories.legacy_repository import LegacyRepository
        from poetry.repositories.link_sources.html import HTMLPage
        from poetry.repositories.link_sources.json import SimpleJsonPage
        from poetry.repositories.repository_pool import RepositoryPool
        from poetry.utils.env import MockEnv

        pages, options = question["pages"], question["options"]
        config = Config(use_environment=False)
        config.merge({"cache-dir": "/nonexistent", "installer": {"no-binary": options["no_binary"]}})
        config.merge({"installer": {"only-binary": options["only_binary"]}})

        class Pages(LegacyRepository):
            def _get_page(self, name: str) -> Any:
                if question["live"]:
                    return super()._get_page(name)
                page = pages.get(f"{self._url}/{name}/")
                if page is None:
                    raise PackageNotFoundError(name)
                if "json" in page["content_type"]:
                    return SimpleJsonPage(f"{self._url}/{name}/", json.loads(page["body"]))
                return HTMLPage(f"{self._url}/{name}/", page["body"])

            def _get_info_from_metadata(self, link: Any) -> Any:
                required = link.requires_python  # it reads METADATA, which always has text
                required = required if isinstance(required, str) else None
                return PackageInfo(name=question["project"], version="0", requires_python=required)

            def calculate_sha256(self, link: Any) -> str:
                return f"sha256:of {link.url}"

        pool = RepositoryPool(config=config)
        for number, url in enumerate(question["index_urls"]):
            pool.add_repository(Pages(f"place-{number}", url.rstrip("/"), config=config, disable_cache=True))
        version = tuple(question["python"])
        env = MockEnv(version_info=(*version, "final", 0), supported_tags=tags_of(question))
        root = ProjectPackage("the-root", "1.0")
        root.python_versions = ">=3"
        dependency = Dependency.create_from_pep_508(question["requirement"])
        if options["prereleases"] is not None:
            dependency._allows_prereleases = options["prereleases"]
        root.add_dependency(dependency)
        provider = Provider(root, pool, NullIO())
        with provider.use_environment(env):
            try:
                found = resolve_version(root, provider)
            except SolveFailureError:
                return "nothing"
        [package] = [each for each in found.packages if each.name != "the-root"]
        try:
            link = Chooser(pool, env, config).choose_for(package)
        except Exception as error:
            if "Unable to find installation candidates" in str(error) or "known checksums" in str(error):
                return "nothing"
            raise
        return str(link.url_without_fragment)


class PoetryCore:
    """poetry-core's constraints: for each case ``1`` if it allows the version after some were cut out, else ``0``."""

    def choose(self, question: dict[str, Any]) -> str:
        from poetry.core.constraints.version import Version, parse_constraint

        def allowed(specifiers: str, rejected: list[str], version: str) -> bool:
            constraint = parse_constraint(specifiers)
            for one in map(Version.parse, rejected):
                constraint = constraint.difference(one) if constraint.allows(one) else constraint
            return bool(constraint.allows(Version.parse(version)))

        return "".join(str(int(allowed(*case))) for case in question["cases"])


def main() -> None:
    tool: Any = {"poetry": Poetry, "poetry-core": PoetryCore, "pdm": Unearth}[sys.argv[1]]()
    for line in sys.stdin:
        question = json.loads(line)
        signal.alarm(60)  # Poetry's resolver does not always end; then this process does
        try:
            answer = tool.choose(question)
        except Exception as error:  # noqa: BLE001 - whatever stops the tool is its answer
            answer = f"refused: {type(error).__name__}: {error}"
        signal.alarm(0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
