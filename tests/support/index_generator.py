"""Random indexes and questions for the oracle tests, reproducible from a seed and a number.

A case is everything one answer of an installer depends on: a machine, a requirement, options and the places to look,
each with its files. ``generate("pip", seed, number)`` always gives the same case, whatever was drawn before; a failing
case is repeated by those three and made small by ``shrink``.
"""

from __future__ import annotations

import hashlib
import html
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from packaging.version import Version

from support.archives import archive, metadata_digest
from support.index_generator_files import DIGESTS, GeneratedFile, declare, draw_files, is_version
from support.index_generator_machines import MACHINES, RARE, Machine

__all__ = ["Case", "Options", "Place", "generate", "shrink"]

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place to look: an ``index`` (JSON or HTML), a find-links ``page`` (HTML), or a find-links ``folder``.

    ``base`` is the ``href`` of a ``<base>`` element, with ``{root}`` for the server's address. ``name`` is its part of
    the URL.
    """

    kind: str
    name: str
    files: tuple[GeneratedFile, ...]
    json: bool = False
    base: str | None = None
    status: str | None = None

    @property
    def content_type(self) -> str:
        return JSON_TYPE if self.json else HTML_TYPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of one run, in the words of ftwheel's ``InstallerOptions``; ``cutoff`` is an ISO time in UTC."""

    only_binary: tuple[str, ...] = ()
    no_binary: tuple[str, ...] = ()
    prefer_binary: bool = False
    prereleases: bool | None = None
    cutoff: str | None = None
    hashes: tuple[tuple[str, str], ...] = ()
    index_strategy: str = "first-index"
    ignore_requires_python: bool = False
    dependencies: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question. ``places`` are in the order in which they are given to the installer: folders and pages, then
    indexes by priority (for uv the extra indexes first, the default one last; for pip the default one first).
    """

    installer: str
    number: str
    machine: Machine
    project: str
    specifier: str
    places: tuple[Place, ...]
    options: Options = field(default_factory=Options)

    @property
    def requirement(self) -> str:
        return f"{self.project}{self.specifier}"

    def place_url(self, place: Place, root: str) -> str:
        """Where the page of the project (or the find-links page) is; ``root`` is the server's address for this case."""
        if place.kind == "index":
            return f"{root}{place.name}/simple/{self.project}/"
        return f"{root}{place.name}/links.html"

    def body(self, place: Place, root: str) -> bytes:
        """The page as a server would send it."""
        return (_json_page if place.json else _html_page)(self, place, root).encode()

    def describe(self) -> str:
        """The case for people, complete enough to repeat it by hand."""
        lines = [
            f"{self.installer} case {self.number}: {self.requirement} on {self.machine.label}",
            f"  {self.options}",
        ]
        for place in self.places:
            lines.append(f"  {place.kind} {place.name} ({'JSON' if place.json else 'HTML'}, base {place.base}):")
            lines += [f"    {file}" for file in place.files]
        return "\n".join(lines)


def generate(installer: str, seed: int, number: int, *, plain: bool = False, machine: Machine | None = None) -> Case:
    """The case with this number, on a drawn machine or the given one.

    ``plain`` leaves out what earlier releases of pip and uv read differently: only tags, build tags, requires-python,
    yanked files and source distributions decide, and METADATA says what the page says.
    """
    rng = random.Random(f"{installer} {seed} {number} {plain}")
    threaded = rng.random() < 0.5
    machines = RARE if rng.random() < 0.06 and not plain else MACHINES
    drawn = rng.choice([each for each in machines if each.free_threaded is threaded])
    machine = machine or drawn
    project = rng.choice(("demo", "demo", "some-project", "x9"))
    timed = not plain and rng.random() < 0.10
    places = _places(installer, machine, project, rng, plain=plain, timed=timed)
    versions = [file.version for place in places for file in place.files]
    options = Options() if plain else _options(installer, project, places, rng, timed=timed)
    if installer == "uv" and not plain:
        places = _declared(places, machine, f"{seed} {number} {plain}", options)
    return Case(
        installer=installer,
        number=f"{seed}/{number}{'/plain' if plain else ''}",
        machine=machine,
        project=project,
        specifier=_specifier(versions, rng, plain=plain, pinned=bool(options.hashes)),
        places=places,
        options=options,
    )


def _places(
    installer: str, machine: Machine, project: str, rng: random.Random, *, plain: bool, timed: bool
) -> tuple[Place, ...]:
    """Where to look; ``timed`` pages mostly say when files were uploaded, since pip gives up on one that does not."""
    shape = (
        "one"
        if plain
        else rng.choices(("one", "two", "three", "links", "folder", "only-links"), (70, 9, 3, 8, 7, 3))[0]
    )
    kinds = {
        "one": ("index",),
        "two": ("index", "index"),
        "three": ("index", "index", "index"),
        "links": ("page", "index"),
        "folder": ("folder", "index"),
        "only-links": rng.choice(
            (("folder",), ("page",), ("folder", "page"), ("page", "page", "index"), ("folder", "folder"))
        ),
    }[shape]
    places: list[Place] = []
    for number, kind in enumerate(kinds):
        is_json = kind == "index" and rng.random() < (0.95 if timed else 0.6)
        count = (
            rng.choice((1, 2, 3, 4, 6, 8, 10, 12, 16))
            if len(kinds) == 1
            else rng.randint(0 if kind == "index" else 1, 6)
        )
        files = draw_files(machine, project, rng, count=count, plain=plain or kind == "folder", json_page=is_json)
        if kind == "folder":
            files = _folder(files)
        elif timed and rng.random() < (0.9 if installer == "pip" else 0.4):
            files = tuple(replace(file, upload_time=file.upload_time or "2025-03-05T00:00:00Z") for file in files)
        elif timed:
            files = tuple(replace(file, upload_time=None) if rng.random() < 0.25 else file for file in files)
        if places and kind != "folder" and rng.random() < 0.4:  # the same names in several places
            files = tuple(
                replace(file, folder=f"{rng.randrange(1000):03}") if not file.folder or rng.random() < 0.7 else file
                for file in (*files, *rng.sample(places[0].files, min(2, len(places[0].files))))
            )
        base = None
        if not is_json and not plain and rng.random() < 0.06:
            base = rng.choice(("{root}", "{root}", "{root}files/", "/elsewhere/", "../", ""))
        status = rng.choice((None, None, "active", "archived", "quarantined", "deprecated")) if is_json else None
        places.append(Place(kind=kind, name=f"p{number}", files=files, json=is_json, base=base, status=status))
    return tuple(places)


def _declared(places: tuple[Place, ...], machine: Machine, seed: str, options: Options) -> tuple[Place, ...]:
    """What METADATA in the files says, the same for the same address.

    With dependencies uv compares digests before it reads METADATA, and reads it once for one digest; so they are right.
    """

    known: dict[tuple[bool, str], str | None] = {}

    def declared(place: Place, file: GeneratedFile) -> GeneratedFile:
        key = (place.kind == "folder", file.path)
        if key not in known:
            known[key] = declare(file, machine, random.Random(f"{seed} {key}")).declared
        file = replace(file, declared=known[key])
        if not options.dependencies:
            return file
        content = archive(file)
        hashes = tuple((algorithm, hashlib.new(algorithm, content).hexdigest()) for algorithm, _ in file.hashes)
        return replace(file, hashes=hashes)

    return tuple(replace(place, files=tuple(declared(place, file) for file in place.files)) for place in places)


def _folder(files: tuple[GeneratedFile, ...]) -> tuple[GeneratedFile, ...]:
    """What a folder can say: names.

    Each in one spelling: of two that differ in capitals only, uv takes the one the file system happens to list first.
    """
    named = {file.filename.lower(): file for file in files}
    return tuple(
        GeneratedFile(
            filename=file.filename, address=file.filename, folder="", project=file.project, version=file.version
        )
        for file in named.values()
    )


def _options(installer: str, project: str, places: tuple[Place, ...], rng: random.Random, *, timed: bool) -> Options:
    draw = rng.random
    only, no = ((rng.choice((":all:", project, "other")),) if draw() < share else () for share in (0.1, 0.05))
    if installer == "uv" and only and no:
        no = ()
    hashes: tuple[tuple[str, str], ...] = ()
    if draw() < 0.15:
        algorithms = ["sha256"] if draw() < 0.8 else ["sha256", "sha512"]
        hashes = tuple((name, digest) for name in algorithms for digest in rng.sample(DIGESTS[name], rng.randint(1, 2)))
    cutoff = None
    if timed:
        cutoff = f"2025-03-{rng.randint(1, 11):02}T12:00:00{rng.choice(('', '', '.250000'))}Z"
    return Options(
        dependencies=not hashes,  # with both, uv wants the digest of a source distribution to be right
        only_binary=only,
        no_binary=no,
        prefer_binary=installer in {"pip", "pdm"} and draw() < 0.12,
        prereleases=rng.choices((None, True, False), (85, 10, 5))[0],
        cutoff=cutoff,
        hashes=hashes,
        index_strategy=rng.choice(("first-index", "unsafe-first-match", "unsafe-best-match"))
        if installer == "uv" and sum(place.kind == "index" for place in places) > 1
        else "first-index",
        ignore_requires_python=installer == "pip" and draw() < 0.03,
    )


def _specifier(versions: list[str], rng: random.Random, *, plain: bool, pinned: bool) -> str:
    """What is asked for; mostly one version when there are hashes (``pinned``), which uv otherwise passes over."""
    draw = rng.random()
    if draw < (0.2 if pinned else 0.5):
        return ""
    version = str(Version(rng.choice([*(each for each in versions if is_version(each)), "1.0"])))
    public = version.split("+", maxsplit=1)[0]
    if pinned and draw < 0.8:
        return f"{rng.choice(('==', '==', '==='))}{rng.choice((version, public))}"
    if plain:
        return rng.choice((f"=={public}", f">={public}", f"<={public}", f"!={public}"))
    shapes = [
        f"=={version}",
        f"=={public}",
        f"=={public}",
        f"=={public}",
        f"==={version}",
        f">={public}",
        f"<={public}",
        f"!={public}",
        f">{public}",
        f"<{public}",
        f"<={public},!=1.0",
        f">={public}" if "dev" in public else f">={public}.dev0",
        "==1.*",
        "!=2.*",
        "==2.0",
        "==2.0.0",
        "<2.0",
        ">=2.0a1",
        "~=1.0",
        "~=2.0a1",
        ">1.0,<2.1",
        "==1.0,==1.0.0",
        f"=={public},>=0.1",
        "!=1.0rc1",
        "===1.0",
        ">=0.dev0",
        "<3.0rc1",
    ]
    return rng.choice(shapes)


# --- pages -----------------------------------------------------------------------------------------------------------


def _address(case: Case, place: Place, file: GeneratedFile, root: str) -> str:
    name = "".join(f"%{ord(each):02x}" for each in file.address) if file.quoted and file.address.isascii() else ""
    quoted = f"files/{file.folder}/{name or quote(file.address, safe='+!')}{file.query}"
    if not file.relative:
        return f"{root}{quoted}"
    if place.base is not None:
        return quoted if place.base == "{root}" else f"/{root.split('/', 3)[3]}{quoted}"
    return ("../../../" if place.kind == "index" else "../") + quoted


def _json_page(case: Case, place: Place, root: str) -> str:
    entries: list[dict[str, object]] = []
    for number, file in enumerate(place.files):
        entry: dict[str, object] = {
            "filename": file.filename,
            "url": _address(case, place, file, root),
            "hashes": dict(file.hashes),
        }
        if file.requires_python is not None:
            entry["requires-python"] = file.requires_python
        elif number % 3 == 0:
            entry["requires-python"] = None
        if file.yanked is not None:
            entry["yanked"] = file.yanked
        if file.upload_time is not None:
            entry["upload-time"] = file.upload_time
        if file.metadata is not None:
            key = "core-metadata" if number % 2 else "dist-info-metadata"
            entry[key] = {"sha256": metadata_digest(file)} if isinstance(file.metadata, str) else file.metadata
        if number % 2:
            entry["size"] = 1000 + number
        _spoil(entry, file.odd)
        entries.append(entry)
    page: dict[str, object] = {
        "meta": {"api-version": f"1.{len(entries) % 5}"},
        "name": case.project,
        "files": entries,
        "versions": sorted({file.version for file in place.files}),
    }
    if place.status:
        page["project-status"] = {"status": place.status, "reason": "no reason"}
    return json.dumps(page)


def _spoil(entry: dict[str, object], odd: str) -> None:
    match odd.split():
        case ["no", "url" | "filename" | "hashes" as key]:
            del entry[key]
        case ["null", "metadata"]:
            entry["core-metadata"] = None
        case ["null", key]:
            entry[key] = None
        case ["text", "size"]:
            entry["size"] = "10 kB"
        case ["number", *_]:
            entry["requires-python"] = 3.8
        case ["time", "without", _]:
            entry["upload-time"] = "2025-03-05T12:00:00"
        case ["time", "with", _]:
            entry["upload-time"] = "2025-03-05T12:00:00+02:00"
        case ["no", "time"]:
            entry["upload-time"] = "yesterday"
        case ["unknown", _]:
            entry["provenance"] = {"url": None}
        case _:
            return


def _html_page(case: Case, place: Place, root: str) -> str:
    lines = ["<!DOCTYPE html>", "<html>", f"<head><title>Links for {case.project}</title>"]
    if place.base is not None:
        lines.append(f'<base href="{html.escape(place.base.format(root=root))}">')
    lines += ["</head>", "<body>"]
    for number, file in enumerate(place.files):
        address = _address(case, place, file, root)
        if file.fragment:
            address += "#" + file.fragment.format(project=case.project)
        elif file.hashes:
            address += "#" + "=".join(file.hashes[0])
        attributes = [f'href="{html.escape(address)}"']
        if file.requires_python is not None:
            attributes.append(f'data-requires-python="{html.escape(file.requires_python)}"')
        if file.yanked is True:
            attributes.append("data-yanked")
        elif isinstance(file.yanked, str):
            attributes.append(f'data-yanked="{html.escape(file.yanked)}"')
        if file.upload_time is not None and number % 2:
            attributes.append(f'data-upload-time="{file.upload_time}"')
        if file.metadata is not None:
            value = {True: "true", False: "false", "odd": "odd"}.get(file.metadata, f"sha256={metadata_digest(file)}")
            attributes.append(f'data-{"core" if number % 2 else "dist-info"}-metadata="{value}"')
        lines.append(_anchor(attributes, html.escape(file.filename), file.odd))
    return "\n".join([*lines, "</body>", "</html>"])


def _anchor(attributes: list[str], text: str, odd: str) -> str:
    match odd:
        case "upper-case markup":
            names = (attribute.partition("=") for attribute in attributes)
            return f"<A {' '.join(name.upper() + equals + value for name, equals, value in names)}>{text}</A>"
        case "no href":
            attributes = attributes[1:]
        case "empty href":
            attributes = ['href=""', *attributes[1:]]
        case "single quotes":
            attributes = [attribute if "'" in attribute else attribute.replace('"', "'") for attribute in attributes]
        case "no quotes":
            attributes = [attributes[0].replace('"', ""), *attributes[1:]]
        case _:
            pass
    return f"<a {' '.join(attributes)}>{text}</a><br>"


# --- making a failing case small -------------------------------------------------------------------------------------


def shrink(case: Case, disagrees: Callable[[Case], bool], *, budget: int = 400) -> Case:
    """The smallest case found that still disagrees: places, files, options, specifier and attributes are left out."""
    changed = True
    while changed:
        changed = False
        for smaller in _smaller(case):
            budget -= 1
            if budget < 0:
                return case
            if disagrees(smaller):
                case, changed = smaller, True
                break
    return case


_OPTIONAL = ("requires_python", "yanked", "upload_time", "metadata", "hashes", "fragment", "query", "quoted", "odd")


def _smaller(case: Case) -> Iterator[Case]:
    for number, place in enumerate(case.places):
        without = case.places[:number] + case.places[number + 1 :]
        if without:
            yield replace(case, places=without)
        for index in range(len(place.files)):
            files = place.files[:index] + place.files[index + 1 :]
            yield _with_place(case, number, replace(place, files=files))
    for name, default in Options.__dataclass_fields__.items():
        if getattr(case.options, name) != default.default:
            plain: dict[str, Any] = {name: default.default}
            yield replace(case, options=replace(case.options, **plain))
    if case.specifier:
        yield replace(case, specifier="")
    for number, place in enumerate(case.places):
        if place.base is not None:
            yield _with_place(case, number, replace(place, base=None))
        for index, file in enumerate(place.files):
            for name in _OPTIONAL:
                if getattr(file, name):
                    empty: dict[str, Any] = {name: GeneratedFile.__dataclass_fields__[name].default}
                    files = (*place.files[:index], replace(file, **empty), *place.files[index + 1 :])
                    yield _with_place(case, number, replace(place, files=files))


def _with_place(case: Case, number: int, place: Place) -> Case:
    return replace(case, places=(*case.places[:number], place, *case.places[number + 1 :]))
