"""The resolver on a real server: what is asked how often, what is kept, and what people are told."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ftwheel.app.dependencies.resolver import Resolver
from ftwheel.core.dependencies.inputs import Dependencies, WantedRequirement
from ftwheel.core.dependencies.resolution import CoreMetadata, Resolution, ResolutionError, UnknownMetadata
from ftwheel.core.errors import FtwheelError, IndexFormatError, NetworkError
from ftwheel.core.index.page import File
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.tags.environments import parse_environment
from ftwheel.io.dependencies.metadata import MetadataClient
from ftwheel.io.index.client import IndexClient
from ftwheel.io.index.credentials import Credentials
from ftwheel.io.index.settings import NetworkSettings
from ftwheel.io.index.transport import Transport
from support.resolved import dependencies, source
from support.server import IndexServer, Reply, Request, serve, wait_until
from support.universes import Dist, Universe, publish

LABEL = "cp314t-manylinux_2_28_x86_64"
BOTH = pytest.mark.parametrize("installer", ["pip", "uv"])


def wheel(name: str, version: str, *requires: str, tags: str = "py3-none-any", **more: object) -> Dist:
    filename = f"{name}-{version}-{tags}.whl"
    return Dist(project=name, version=version, filename=filename, requires=requires, **more)  # type: ignore[arg-type]


def sdist(name: str, version: str, *requires: str) -> Dist:
    return Dist(project=name, version=version, filename=f"{name}-{version}.tar.gz", requires=requires, beside=False)


def put(server: IndexServer, *dists: Dist) -> str:
    return publish(Universe(number="world", dists=dists, roots=()), server)


def resolve(
    index: str, asked: Dependencies, *, installer: str = "uv", folder: Path | None = None, forgiving: bool = True
) -> Resolution:
    with source(index, folder=str(folder) if folder else None) as found:
        rules = InstallerOptions(name=installer)
        return Resolver(found, lambda _: rules, forgiving=forgiving)(asked, parse_environment(LABEL))


def versions(resolution: Resolution) -> dict[str, str]:
    return {pin.name: pin.version for pin in resolution.pins}


# --- resolving -------------------------------------------------------------------------------------------------------


@BOTH
def test_a_tree_with_extras_markers_and_constraints(server: IndexServer, installer: str) -> None:
    index = put(
        server,
        wheel("app", "1.0", "lib[fast]>=1", 'windows; sys_platform == "win32"'),
        wheel("lib", "1.0", extras=("fast",)),
        wheel("lib", "2.0", 'engine>1; extra == "fast"', 'app; extra == "slow"', extras=("fast", "slow")),
        wheel("engine", "1.0"),
        wheel("engine", "2.0"),
        wheel("engine", "3.0"),
    )
    found = resolve(index, dependencies("app", constraints=("engine<3", "windows<1")), installer=installer)
    assert versions(found) == {"app": "1.0", "engine": "2.0", "lib": "2.0"}
    lib = found.pin("lib")
    assert lib is not None
    assert (lib.extras, [edge.name for edge in lib.requires]) == (("fast",), ["engine"])
    assert found.roots == ("app",)


@BOTH
def test_an_older_version_where_the_newest_do_not_fit(server: IndexServer, installer: str) -> None:
    index = put(
        server,
        wheel("app", "1.0", "core<2", "plugin"),
        wheel("core", "1.0"),
        wheel("core", "2.0"),
        wheel("plugin", "1.0", "core"),
        wheel("plugin", "2.0", "core>=2"),
    )
    found = resolve(index, dependencies("app"), installer=installer)
    assert versions(found) == {"app": "1.0", "core": "1.0", "plugin": "1.0"}


@BOTH
def test_a_conflict_says_who_wants_what(server: IndexServer, installer: str) -> None:
    index = put(
        server,
        wheel("app", "1.0", "middle"),
        wheel("middle", "1.0", "core<2"),
        wheel("core", "1.0"),
        wheel("core", "2.0"),
    )
    with pytest.raises(ResolutionError) as caught:
        resolve(index, dependencies("app", "core>=2"), installer=installer)
    message = caught.value.message
    assert "core" in caught.value.names
    assert "core>=2 (arguments)" in message
    assert "core<2 (middle 1.0 < app)" in message
    assert LABEL in message


@BOTH
def test_a_project_without_files_for_the_target_ends_the_installer_and_not_us(
    server: IndexServer, installer: str
) -> None:
    index = put(
        server,
        wheel("app", "1.0", "native>=1", "other"),
        wheel("native", "1.0", tags="cp314-cp314-win32"),
        wheel("other", "1.0", "nowhere"),
    )
    found = resolve(index, dependencies("app"), installer=installer)
    assert versions(found) == {"app": "1.0", "native": "", "nowhere": "", "other": "1.0"}
    assert [
        (pin.name, pin.requirement.specification) for pin in [pin for pin in found.pins if pin.candidate is None]
    ] == [
        ("native", ">=1"),
        ("nowhere", ""),
    ]
    with pytest.raises(ResolutionError, match=r"native>=1 \(app 1\.0"):
        resolve(index, dependencies("app"), installer=installer, forgiving=False)


@BOTH
def test_what_is_wanted_from_an_address_is_set_aside(server: IndexServer, installer: str) -> None:
    index = put(server, wheel("app", "1.0", "tool @ https://example.org/tool.whl"))
    found = resolve(index, dependencies("app"), installer=installer)
    assert versions(found) == {"app": "1.0"}
    assert [(one.name, one.origin) for one in found.set_aside] == [("tool", "app 1.0")]


@BOTH
def test_hashes_decide_about_the_file(server: IndexServer, installer: str) -> None:
    first = wheel("app", "1.0")
    index = put(server, first, sdist("app", "1.0"))
    for dist in (first, sdist("app", "1.0")):
        wanted = WantedRequirement(
            requirement=parse_requirement("app==1.0"),
            origin="requirements.txt:1",
            hashes=frozenset({("sha256", sha256(dist.content).hexdigest())}),
        )
        asked = replace(dependencies(), wanted=(wanted,))
        (pin,) = resolve(index, asked, installer=installer).pins
        assert pin.candidate is not None
        assert pin.candidate.file.filename == dist.filename


def test_a_file_of_another_version_makes_pip_try_the_next(server: IndexServer) -> None:
    wrong = replace(wheel("app", "2.0"), version="9.9")
    index = put(server, wrong, sdist("app", "2.0"), wheel("app", "1.0"))
    (pin,) = resolve(index, dependencies("app"), installer="pip").pins
    assert pin.candidate is not None
    assert pin.candidate.file.filename == "app-2.0.tar.gz"
    assert versions(resolve(index, dependencies("app"))) == {"app": "1.0"}


def test_versions_with_nonsense_in_them_are_passed_over(server: IndexServer) -> None:
    index = put(server, wheel("app", "2.0", "lib (oops"), wheel("app", "1.0"))
    assert versions(resolve(index, dependencies("app"))) == {"app": "1.0"}
    assert versions(resolve(index, dependencies("app"), installer="pip")) == {"app": "1.0"}


def test_a_server_error_is_told(server: IndexServer) -> None:
    index = put(server, wheel("app", "1.0"))
    server.routes["/world/simple/app/"] = Reply(status=403)
    with pytest.raises(NetworkError, match="403"):
        resolve(index, dependencies("app"))


# --- how often the index is asked ------------------------------------------------------------------------------------


def test_everything_is_asked_once_and_many_at_a_time(server: IndexServer) -> None:
    names = [f"lib{number}" for number in range(40)]
    index = put(
        server, wheel("app", "1.0", *names), *(wheel(name, "1.0", "base") for name in names), wheel("base", "1.0")
    )
    pages = {path: route for path, route in server.routes.items() if "/simple/lib" in path and isinstance(route, Reply)}
    assert len(pages) == len(names)

    def wait_for_others(request: Request) -> Reply:
        wait_until(lambda: server.most_at_once >= 20, 20)  # as slow as it takes for the others to arrive
        return pages[request.path]

    server.routes.update(dict.fromkeys(pages, wait_for_others))
    rules = InstallerOptions(name="uv")
    with source(index) as found:
        resolver = Resolver(found, lambda _: rules)
        for label in (LABEL, "cp313t-win_amd64"):
            assert len(resolver(dependencies("app"), parse_environment(label)).pins) == 42
    assert set(Counter(server.paths).values()) == {1}
    assert server.most_at_once >= 20


@BOTH
def test_a_search_that_goes_down_reads_what_it_comes_to(server: IndexServer, installer: str) -> None:
    libs = [wheel("lib", f"1.{number}", f"base=={number}") for number in range(30)]
    index = put(server, *libs, wheel("base", "0"))
    let_wait(server, r"/lib-1\.1", 8)  # by then, ten were tried
    found = resolve(index, dependencies("base", "lib"), installer=installer)
    assert versions(found) == {"base": "0", "lib": "1.0"}
    assert set(Counter(server.paths).values()) == {1}
    assert server.most_at_once >= 8


def test_a_search_that_gives_up_one_project_after_another_reads_their_next_versions(server: IndexServer) -> None:
    names = [f"lib{number}" for number in range(8)]
    libs = [wheel(name, version, "shared") for name in names for version in ("1", "2")]
    index = put(server, *libs, wheel("shared", "1", "absent"), wheel("absent", "1", tags="cp39-cp39-win32"))
    let_wait(server, "/lib[0-3]-1-py3", 4)
    with pytest.raises(ResolutionError):
        resolve(index, dependencies(*names), installer="pip", forgiving=False)
    assert server.most_at_once >= 4


def let_wait(server: IndexServer, pattern: str, how_many: int) -> None:
    """Let the files with these paths wait until so many are requested."""
    routes = {
        path: route for path, route in server.routes.items() if re.search(pattern, path) and isinstance(route, Reply)
    }

    def wait(request: Request) -> Reply:
        wait_until(lambda: server.most_at_once >= how_many, 2)
        return routes[request.path]

    server.routes.update(dict.fromkeys(routes, wait))


def test_what_files_say_is_kept(server: IndexServer, tmp_path: Path) -> None:
    dists = (wheel("app", "1.0", "lib", "raw"), replace(wheel("lib", "1.0"), beside=False), sdist("raw", "1.0"))
    index = put(server, *dists)
    first = resolve(index, dependencies("app"), folder=tmp_path)
    assert any("/files/" in path for path in server.paths)
    server.requests.clear()
    assert resolve(index, dependencies("app"), folder=tmp_path) == first
    assert not any("/files/" in path for path in server.paths)
    for kept in tmp_path.iterdir():
        kept.write_bytes(kept.read_bytes()[:-5])  # half written, or of another program
    assert resolve(index, dependencies("app"), folder=tmp_path) == first
    assert any("/files/" in path for path in server.paths)
    server.requests.clear()
    for kept in tmp_path.iterdir():
        head, _, body = kept.read_text().partition("\n")
        wrong = json.dumps({name: 1 if isinstance(said, str) else said for name, said in json.loads(body).items()})
        kept.write_text(f"{json.dumps({**json.loads(head), 'length': len(wrong)})}\n{wrong}")
    assert resolve(index, dependencies("app"), folder=tmp_path) == first
    assert any("/files/" in path for path in server.paths)


# --- what files say --------------------------------------------------------------------------------------------------


def said(
    server: IndexServer, dist: Dist, *, offline: bool = False, folder: Path | None = None, **changes: Any
) -> CoreMetadata | UnknownMetadata:
    """What one file says; ``changes`` are fields of its entry on the page."""
    index = put(server, dist)
    credentials = Credentials(keyring="disabled")

    def connect() -> Transport:
        return Transport(NetworkSettings(), credentials, connections=2)

    with IndexClient(connect, credentials) as client, IndexClient(connect, credentials, offline=offline) as other:
        page = client.index(index).project(dist.project)
        assert page is not None
        (file,) = page.files
        server.requests.clear()
        return MetadataClient(other, folder=str(folder) if folder else None).metadata(file._replace(**changes))


def test_beside_the_wheel(server: IndexServer) -> None:
    found = said(server, wheel("app", "1.0", "lib"))
    assert found == CoreMetadata(name="app", version="1.0", requires=("lib",))
    assert [path.endswith(".whl.metadata") for path in server.paths] == [True]


def test_another_digest_than_declared_is_an_error(server: IndexServer) -> None:
    with pytest.raises(IndexFormatError, match="but the index declares"):
        said(server, wheel("app", "1.0"), core_metadata=(("sha256", "0" * 64),))


def test_an_index_says_nothing_about_the_files_of_another_in_the_cache(server: IndexServer, tmp_path: Path) -> None:
    """It declares the digest of their metadata for its own wheel, and serves no metadata that would be compared."""
    theirs, own = wheel("app", "1.0", "lib"), replace(wheel("app", "1.0", "evil"), beside=False)
    declared = (("sha256", sha256(theirs.metadata.encode()).hexdigest()),)
    with serve() as liar:
        found = said(liar, own, folder=tmp_path, core_metadata=declared)
    assert isinstance(found, CoreMetadata)
    assert found.requires == ("evil",)
    assert said(server, theirs, folder=tmp_path) == replace(found, requires=("lib",))


@pytest.mark.parametrize("size", [None, True], ids=["unknown size", "known size"])
def test_in_the_wheel_by_ranges(server: IndexServer, size: bool | None) -> None:
    dist = replace(wheel("app", "1.0", "lib", *(f"lib{n}; extra == 'x{n}'" for n in range(20_000))), beside=False)
    changes: dict[str, Any] = {} if size else {"size": None}
    found = said(server, dist, **changes)
    assert isinstance(found, CoreMetadata)
    assert len(found.requires) == 20_001
    assert len(server.requests) > 1
    assert all(request.headers["Range"] for request in server.requests)


def test_a_declared_metadata_file_that_is_missing_is_looked_for_in_the_wheel(server: IndexServer) -> None:
    found = said(server, replace(wheel("app", "1.0", "lib"), beside=False), core_metadata=())
    assert found == CoreMetadata(name="app", version="1.0", requires=("lib",))


def test_in_the_whole_wheel_where_the_server_knows_no_ranges(server: IndexServer) -> None:
    dist = replace(wheel("app", "1.0", "lib"), beside=False)
    put(server, dist)
    body = dist.content
    server.routes["/whole/app-1.0-py3-none-any.whl"] = Reply(body=body, content_type="application/octet-stream")
    found = said(server, dist, url=f"{server.url}/whole/app-1.0-py3-none-any.whl")
    assert found == CoreMetadata(name="app", version="1.0", requires=("lib",))
    assert len(server.requests) == 1


def test_in_a_source_distribution_that_is_final(server: IndexServer) -> None:
    assert said(server, sdist("app", "1.0", "lib")) == CoreMetadata(name="app", version="1.0", requires=("lib",))


@pytest.mark.parametrize(
    "body", [b"no archive", b"", b"PK\x05\x06" + bytes(18)], ids=["text", "nothing", "an empty zip"]
)
def test_what_cannot_be_read_is_not_guessed(server: IndexServer, body: bytes) -> None:
    for filename in ("app-1.0-py3-none-any.whl", "app-1.0.tar.gz", "app-1.0.zip"):
        server.routes[f"/bad/{filename}"] = Reply(body=body, content_type="application/octet-stream")
        dist = replace(wheel("app", "1.0"), beside=False)
        file: dict[str, Any] = {"url": f"{server.url}/bad/{filename}", "filename": filename, "size": None, "hashes": ()}
        found = said(server, dist, **file)
        assert isinstance(found, UnknownMetadata)
        assert found.why


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Range": "bytes 5-9/10"}, {"Content-Range": "bytes 0-99999/100000"}, {"Content-Range": "items 1"}],
    ids=["none", "another", "longer than sent", "nonsense"],
)
def test_a_server_that_lies_about_parts(server: IndexServer, headers: dict[str, str]) -> None:
    server.routes["/odd/app-1.0-py3-none-any.whl"] = Reply(
        status=206, body=b"0123", content_type="application/octet-stream", headers=headers
    )
    with pytest.raises(FtwheelError, match="which part of the file"):
        said(
            server,
            replace(wheel("app", "1.0"), beside=False),
            url=f"{server.url}/odd/app-1.0-py3-none-any.whl",
            size=None,
        )


def test_offline_asks_nobody(server: IndexServer) -> None:
    with pytest.raises(NetworkError) as caught:
        said(server, wheel("app", "1.0"), offline=True)
    assert caught.value.hint == "run without --offline"
    assert server.requests == []


def test_a_folder_of_files_needs_no_server(tmp_path: Path, server: IndexServer) -> None:
    for dist in (wheel("app", "1.0", "lib"), sdist("lib", "2.0")):
        (tmp_path / dist.filename).write_bytes(dist.content)
    credentials = Credentials(keyring="disabled")

    def connect() -> Transport:
        raise AssertionError("nobody is asked")

    with IndexClient(connect, credentials) as client:
        for name, version in (("app", "1.0"), ("lib", "2.0")):
            (path,) = tmp_path.glob(f"{name}-*")
            found = MetadataClient(client, folder=str(tmp_path / "cache")).metadata(
                File(filename=path.name, url=path.as_uri())
            )
            assert isinstance(found, CoreMetadata)
            assert (found.name, found.version) == (name, version)
    assert not (tmp_path / "cache").exists()  # a file of a folder may change
