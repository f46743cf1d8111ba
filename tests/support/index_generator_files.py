"""Random files of a project for the oracle tests: names, tags and everything a page says about them.

Most of what is drawn is near a decision: it fits the machine, or misses it in one respect. Names that no installer
accepts are there too, each in a page of names that it does.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from support.index_generator_machines import Machine, rungs

__all__ = ["DIGESTS", "ODDITIES", "GeneratedFile", "declare", "draw_file", "draw_files", "draw_versions", "is_version"]

DIGESTS = {
    "sha256": tuple(f"{number:x}" * 64 for number in range(10, 14)),
    "sha512": tuple(f"{number:x}" * 128 for number in range(10, 12)),
    "md5": tuple(f"{number:x}" * 32 for number in range(10, 12)),
}
"""Few digests, so that a required one is met now and then."""

ODDITIES = (
    "no url",
    "null url",
    "no filename",
    "no hashes",
    "null hashes",
    "null yanked",
    "null metadata",
    "text size",
    "null size",
    "number as requires-python",
    "time without zone",
    "time with offset",
    "no time",
    "unknown key",
    "upper-case markup",
    "no href",
    "empty href",
    "single quotes",
    "no quotes",
)
"""What can be wrong, or only strange, about one entry; the last five are about HTML, the others about JSON."""

_VERSIONS = (
    ("0.9", "1.0", "1.1", "1.2.3", "2.0", "2.1", "3.0", "10.0"),
    ("2.0a1", "2.0b2", "2.0rc1", "3.0rc1", "3.0.dev1", "1.1.dev4", "2.0a1.dev1"),
    (
        "1.0.0",
        "1.0.post1",
        "2.0.post1",
        "2.0.post1.dev2",
        "1.0+cpu",
        "1.0+local.2",
        "2.0+cu126",
        "2.0rc1+cpu",
        "1!0.1",
        "1!0.2a1",
    ),
    ("v1.0", "01.2", "1.0-1", "2.0.RC1", "1.0.Post1", "1.0+Ubuntu.1", "2.0-rc.1", "2.0_1"),
)
_BAD_VERSIONS = ("1.0.x", "latest", "1.0_", "", "1..0", "2004d", "1.0+", "1.0-beta.final")
_BUILDS = ("1", "2", "10", "1a", "10b", "0", "2_local", "10a", "007")
_SDISTS = (
    (".tar.gz", ".zip"),
    (".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma"),
    (".tar.Z", ".TAR.GZ", ".egg", ".exe", ".rpm", ".7z", ".whl.asc", ".tar.gz.asc", "", ".metadata", ".ZIP"),
)
_TIMES = tuple(
    f"2025-03-{day:02}T12:00:00{fraction}Z" for day in range(1, 11) for fraction in ("", ".000000", ".250000")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedFile:
    """One entry of a page, before it is written as JSON or HTML.

    ``filename`` is what JSON says; ``address`` is the last segment of the URL, which installers may disagree about.
    ``folder`` keeps files of one name apart. ``yanked`` is None (absent), False, True (HTML: the attribute without a
    value) or a reason. ``fragment`` follows ``#`` in HTML. ``metadata`` is what stands for ``core-metadata``.
    ``quoted`` addresses have every character escaped that can be. ``odd`` names what is wrong with the entry, if any.
    ``project``, ``version`` and ``declared``, the Requires-Python, are what METADATA in a file of this name says.
    """

    filename: str
    address: str
    folder: str
    project: str
    version: str
    requires_python: str | None = None
    yanked: bool | str | None = None
    hashes: tuple[tuple[str, str], ...] = ()
    upload_time: str | None = None
    metadata: bool | str | None = None
    fragment: str = ""
    relative: bool = True
    query: str = ""
    quoted: bool = False
    odd: str = ""
    declared: str | None = None

    @property
    def path(self) -> str:
        """The URL path below the server's root."""
        return f"files/{self.folder}/{self.address}"


def draw_versions(rng: random.Random, *, plain: bool) -> list[str]:
    """The versions of one project, few, and close to each other."""
    if plain:
        return rng.sample(_VERSIONS[0], rng.randint(1, 3))
    weights = rng.choice(((8, 3, 3, 1), (8, 0, 2, 1), (1, 8, 1, 0), (6, 1, 5, 3), (1, 0, 0, 0)))
    pool = rng.choices(_VERSIONS, weights, k=rng.randint(1, 5))
    return list(dict.fromkeys(rng.choice(group) for group in pool))


def draw_files(
    target: Machine, project: str, rng: random.Random, *, count: int, plain: bool, json_page: bool
) -> tuple[GeneratedFile, ...]:
    """``count`` files of a few versions, with duplicates and ties among them."""
    versions = draw_versions(rng, plain=plain)
    files: list[GeneratedFile] = []
    while len(files) < count:
        if files and rng.random() < 0.2:
            files.append(_rival(rng.choice(files), target, rng, plain=plain))
        else:
            files.append(draw_file(target, project, versions, rng, plain=plain, json_page=json_page))
    return tuple(files)


def draw_file(
    target: Machine, project: str, versions: Sequence[str], rng: random.Random, *, plain: bool, json_page: bool
) -> GeneratedFile:
    """One file of one of the versions."""
    version = rng.choice(versions)
    is_wheel = rng.random() < 0.82
    name = project if plain else _spelled(project, rng)
    if not plain and rng.random() < 0.03:
        name = rng.choice((f"{project}_extra", "other", f"{project}-extra", "", "_" + project, project + "é"))
    written = rng.choice(_BAD_VERSIONS) if not plain and rng.random() < 0.03 else version
    if is_wheel:
        filename = _wheel(target, name.replace("-", "_"), written, rng, plain=plain)
    else:
        filename = _sdist(target, name, written, rng, plain=plain)
    address = filename
    folder = f"{rng.randrange(1000):03}"
    if not plain and json_page and rng.random() < 0.02:
        address = _wheel(target, project.replace("-", "_"), version, rng, plain=True)
    return GeneratedFile(
        filename=filename,
        address=address,
        folder=folder,
        project=project,
        version=version,
        requires_python=_requires_python(target, rng, plain=plain),
        yanked=_yanked(rng, plain=plain),
        hashes=_hashes(rng),
        upload_time=None if rng.random() < 0.02 else rng.choice(_TIMES),
        metadata=rng.choice((None, None, True, False, "sha256", "odd")),
        fragment="" if plain else _fragment(rng),
        relative=rng.random() < 0.7,
        query="?x=1&y=.whl" if not plain and rng.random() < 0.02 else "",
        quoted=rng.random() < 0.03,
        odd=rng.choice(ODDITIES) if not plain and rng.random() < 0.004 else "",
    )


def declare(file: GeneratedFile, target: Machine, rng: random.Random) -> GeneratedFile:
    """Give the file a METADATA: mostly it says what the page says, which is nothing for a folder."""
    declared = file.requires_python if rng.random() < 0.7 else _requires_python(target, rng, plain=False)
    try:
        SpecifierSet(declared or "")
    except InvalidSpecifier:
        declared = None
    return replace(file, declared=declared)


def is_version(text: str) -> bool:
    """Whether a requirement can name it."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _spelled(project: str, rng: random.Random) -> str:
    """The project's name in one of the spellings PEP 503 makes equal; rarely one that is none for wheels."""
    draw = rng.random()
    if draw < 0.8:
        return project
    if draw < 0.95:
        return rng.choice((project.upper(), project.title(), project.replace("-", "."), project.replace("-", "_")))
    return project.replace("-", "__")


def _rival(file: GeneratedFile, target: Machine, rng: random.Random, *, plain: bool) -> GeneratedFile:
    """A file that differs from another in one thing only: in nothing that counts, in an attribute, or in its name."""
    folder = f"{rng.randrange(1000):03}"
    draw = rng.random()
    if draw < 0.15:
        return replace(file, folder=folder)
    if draw < 0.22:
        return replace(file, yanked=_yanked(rng, plain=plain), upload_time=rng.choice(_TIMES))
    if draw < 0.36:
        return replace(file, folder=folder, hashes=_hashes(rng), yanked=_yanked(rng, plain=plain))
    if draw < 0.46:
        return replace(file, folder=folder, requires_python=_requires_python(target, rng, plain=plain))
    parts = file.filename.split("-")
    if not file.filename.endswith(".whl") or len(parts) < 5 or file.address != file.filename:
        return replace(file, folder=folder)
    if draw < 0.75:
        number = re.match(r"\d*", "".join(parts[2 : len(parts) - 3]))
        parts[2 : len(parts) - 3] = [f"{(number and number[0]) or 1}{rng.choice(('', 'a', 'b', '_local'))}"]
    elif draw < 0.82:
        parts[-1] = f"{rungs(target, rng)}.whl"
    elif draw < 0.86:
        parts[-2:-1] = [tags(target, rng)[1]]
    elif plain or draw < 0.9:
        parts[0] = parts[0].upper()
    else:  # capitals in one of the tags
        position = rng.randrange(-3, 0)
        parts[position] = f"{parts[position].removesuffix('.whl').upper()}{'.whl' if position == -1 else ''}"
    name = "-".join(parts)
    return replace(file, folder=folder, filename=name, address=name)


# --- names -----------------------------------------------------------------------------------------------------------


def _wheel(target: Machine, name: str, version: str, rng: random.Random, *, plain: bool) -> str:
    parts = [name, version.replace("-", "_")]
    if rng.random() < 0.2:
        parts.append(rng.choice(_BUILDS))
    parts += tags(target, rng)
    if plain:
        return "-".join(parts) + ".whl"
    draw = rng.random()
    if draw < 0.015:  # a variant, with and without a build tag (PEP 817)
        parts.append(rng.choice(("x86_64_v3", "cu126", "null")))
    elif draw < 0.03:
        parts.append("more-of-it")
    elif draw < 0.035:
        parts.pop()
    elif draw < 0.04:
        parts[2] = "x" + parts[2]
    elif draw < 0.05:
        position = rng.randrange(2, len(parts))
        parts[position] = rng.choice((parts[position].upper(), parts[position] + ".", "", parts[position] + "..x"))
    elif draw < 0.065:
        position = rng.choice((-3, -2, -1))
        parts[position] += rng.choice((".unknown", ".zz9", ".any", ".none", ".py3"))
    elif draw < 0.085:
        parts[rng.choice((-3, -2, -1))] += rng.choice((".", "..x"))
    return "-".join(parts) + (".WHL" if draw > 0.997 else ".whl")


def tags(target: Machine, rng: random.Random) -> list[str]:
    """Interpreter, ABI and platform tag (or compressed sets) of a wheel."""
    minor = target.python[1]
    if rng.random() < 0.12:
        return [
            rng.choice(("py3", "py3", "py2.py3", f"py3{minor}", "py2", f"cp3{minor}", f"py3{minor + 1}")),
            "none",
            "any",
        ]
    own = f"{target.implementation}3{minor}"
    threaded, default = f"cp3{minor}t", f"cp3{minor}"
    native, other = (threaded, default) if target.free_threaded else (default, threaded)
    if target.implementation == "pp":
        native, other = f"pypy3{minor}_pp73", f"pypy3{minor}_pp74"
    elif target.debug and rng.random() < 0.5:
        native += "d"
    stable = "abi3t" if target.free_threaded else "abi3"
    unstable = "abi3" if target.free_threaded else "abi3t"
    older = f"cp3{rng.choice((2, 6, 7, 8, 9, max(minor - 1, 2), max(minor - 2, 2)))}"
    shapes: tuple[tuple[str, str, int], ...] = (
        (own, native, 40),
        (own, other, 9),
        (own, stable, 6),
        (older, stable, 12),
        (older, unstable, 4),
        (own, unstable, 3),
        (own, "abi3.abi3t", 4),
        (older, "abi3.abi3t", 5),
        (own, f"{default}.{threaded}", 4),
        (own, f"abi3.{threaded}", 3),
        (own, "none", 6),
        (f"cp3{minor - 1}", "none", 2),
        (f"cp3{minor - 1}.{own}", rng.choice(("none", f"{native}.{stable}", native)), 3),
        ("py3", "none", 7),
        (f"py3{minor}", "none", 3),
        (f"py3{minor - 1}", "none", 2),
        ("py2.py3", "none", 3),
        (f"py3.{own}", "none", 2),
        (f"cp3{minor + 1}", rng.choice((f"cp3{minor + 1}", stable)), 3),
        (f"cp3{minor - 1}", f"cp3{minor - 1}{'t' if target.free_threaded else ''}", 3),
        # What is never accepted, or by debug builds and other implementations only.
        (f"{own}t", native, 2),
        (f"{own}t", stable, 1),
        ("py3", stable, 2),
        ("cp3", "none", 2),
        ("cp3", stable, 1),
        (own, f"{native}d", 2),
        ("pp311", "pypy311_pp73", 1),
        ("py3", native, 1),
        (own, "m", 1),
    )
    interpreter, abi = rng.choices([shape[:2] for shape in shapes], [shape[2] for shape in shapes])[0]
    draw = rng.random()
    if draw < 0.05:
        platform = "any"
    elif draw < 0.25:
        platform = ".".join(dict.fromkeys(rungs(target, rng) for _ in range(rng.randint(2, 3))))
    elif draw < 0.6:
        platform = target.platform if rng.random() < 0.4 else _everywhere(target)
    else:
        platform = rungs(target, rng)
    return [interpreter, abi, platform]


def _everywhere(target: Machine) -> str:
    """The compressed set that projects really use, accepted by this machine unless it is very old."""
    match target.system:
        case "manylinux":
            return f"manylinux2014_{target.processor}.manylinux_2_17_{target.processor}"
        case "musllinux":
            return f"musllinux_1_1_{target.processor}"
        case "macosx" if target.processor == "arm64":
            return "macosx_11_0_arm64"
        case "macosx":
            return "macosx_10_9_x86_64"
        case "ios":
            return f"ios_13_0_{target.processor}"
        case "android":
            return f"android_21_{target.processor}"
        case _:
            return target.platform


def _sdist(target: Machine, name: str, version: str, rng: random.Random, *, plain: bool) -> str:
    if plain:
        return f"{name}-{version}.tar.gz"
    extension = rng.choice(rng.choices(_SDISTS, (12, 4, 3))[0])
    draw = rng.random()
    if draw < 0.05:
        own = f"{target.python[0]}.{target.python[1]}"
        version += rng.choice((f"-py{own}", "-py3", "-py3.8", "-py2.7", f"-py{target.nodot}", "-linux-x86_64"))
    elif draw < 0.08:
        version += rng.choice((".win32", "-1", ".linux-x86_64", "-macosx10.9", "-1-1"))
    separator = "_" if rng.random() < 0.01 else "-"
    return f"{name}{separator}{version}{extension}"


# --- attributes ------------------------------------------------------------------------------------------------------


def _requires_python(target: Machine, rng: random.Random, *, plain: bool) -> str | None:
    minor, micro = target.python[1:]
    draw = rng.random()
    if draw < 0.48:
        return None
    if draw < 0.56:
        return ",".join(_comparison(target, rng) for _ in range(rng.randint(1, 3)))
    if draw < 0.7:
        return rng.choice((">=3.8", f">=3.{minor}", ">=3", f">=3.{minor - 1},<4", "", "!=3.0.*,>=2.7"))
    if draw < 0.82:  # floors near the machine
        return rng.choice(
            (
                f">=3.{minor + 1}",
                f">3.{minor}",
                f">=3.{minor}.{micro + 1}",
                f">=3.{minor}.{micro}",
                f">3.{minor}.{micro}",
                ">=4",
                f"~=3.{minor}.1",
            )
        )
    if draw < 0.93 or plain:  # ceilings and holes
        return rng.choice(
            (
                f"<3.{minor}",
                f"<3.{minor + 1}",
                f"!=3.{minor}.*",
                f"==3.{minor}.*",
                f"==3.{minor - 1}.*",
                f"<=3.{minor}",
                f"!=3.{minor}.{micro}",
                f"~=3.{minor}",
                "<3",
                f"==3.{minor}",
                f">=3.8,!=3.{minor}.*,<3.{minor + 2}",
                f">=3.{minor}rc1",
                f">=3.{minor + 1}.dev0",
                f"===3.{minor}.{micro}",
            )
        )
    return rng.choice(
        (
            ">=3.8,",
            ">=3.8.*",
            ">=3.6<4",
            "!=~3.5,>=3.6",
            ">=3.8'",
            f"!=3.{minor}*",
            "3.8+",
            "python>=3",
            "=>3.8",
            ">dev",
            ">=3.6, <3.9.*",
            f">3.{minor}.*",
            "~=3",
            ">=3.8;",
            "%%",
            ">=3.7, >",
            " >= 3.8 ",
            f"<3.{minor}.*",
            "'>=3.8'",
            ">=3.8 <4",
            f"<=3.{minor}.*",
            f"==3.{minor}.*,>=3.6.",
        )
    )


def _comparison(target: Machine, rng: random.Random) -> str:
    """One comparison with a version around the machine's."""
    minor, micro = target.python[1:]
    version = rng.choice(
        (
            "3",
            f"3.{minor}",
            f"3.{minor}.{micro}",
            f"3.{minor - 1}",
            f"3.{minor + 1}",
            f"3.{minor}.{micro + 1}",
            f"3.{minor}.0",
            "3.8",
        )
    )
    operator = rng.choice((">=", ">=", ">", "<", "<=", "==", "!=", "!=", "~="))
    if operator in {"==", "!="} and rng.random() < 0.6:
        version += ".*"
    if operator == "~=" and "." not in version:
        version = f"3.{minor}"
    return f"{operator}{version}"


def _yanked(rng: random.Random, *, plain: bool) -> bool | str | None:
    draw = rng.random()
    if draw < 0.78:
        return None
    if plain:
        return "broken"
    return rng.choices((False, True, "", 'broken on <3.13 & "others"'), (2, 4, 2, 4))[0]


def _hashes(rng: random.Random) -> tuple[tuple[str, str], ...]:
    draw = rng.random()
    if draw < 0.3:
        return ()
    algorithm = "sha256" if draw < 0.85 else rng.choice(("sha512", "md5"))
    return ((algorithm, rng.choice(DIGESTS[algorithm])),)


def _fragment(rng: random.Random) -> str:
    """A fragment other than the digest; most pages have none, since one can spoil the page for an installer."""
    draw = rng.random()
    if draw > 0.01:
        return ""
    return rng.choice(
        ("main", "sha256=abc", "sha1=" + "a" * 40, "egg={project}-7.0", "egg={project}", "subdirectory=x", "", "md5")
    )
