"""Takes one rule at a time away from the simulator, to see whether the oracle tests would notice.

A rule is taken away by leaving it nothing to decide: the simulator, and it alone, is told of an index, an environment
or options in which the thing the rule is about does not exist. So no rule can be forgotten here by being renamed
there, and the knock-outs say nothing about how the rules are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ftwheel.core.index.page import File, ProjectDetails, SourceKind, Yanked
from ftwheel.core.installers.options import IndexStrategy, InstallerOptions
from ftwheel.core.installers.poetry.selection import meets_python
from ftwheel.core.installers.registry import INSTALLERS
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles, choose, refusal
from ftwheel.core.tags.environments import Environment
from ftwheel.core.tags.priority import TagFlavour, position
from ftwheel.core.wheel.contents import Metadata
from support.index_generator import Case
from support.simulated import declared, environment, rules, sources

__all__ = ["KNOCKOUTS", "Knockout"]

Sources = list[tuple[SourceKind, ProjectDetails]]


_SDIST_TYPES = r"\.(tgz|tbz|txz|tlz|tar(\.(bz2|xz|lz|lzma|Z))?|TAR\.GZ|ZIP)$"


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Knockout:
    """One rule, and what the simulator is told so that it decides nothing.

    ``file`` may drop a file by giving None, ``there`` by what the case's machine is.
    """

    rule: str
    installers: tuple[str, ...] = INSTALLERS
    file: Callable[[File], File | None] = _same
    there: Callable[[File, Environment], bool] = lambda _file, _environment: True
    pages: Callable[[Sources], Sources] = _same
    target: Callable[[Environment], Environment] = _same
    options: Callable[[InstallerOptions], InstallerOptions] = _same
    specifier: Callable[[str], str] = _same

    def simulate(self, case: Case, root: str, folders: Path) -> str:
        """What the simulator says without the rule, in addresses of the case as it is."""
        altered: Sources = []
        original: dict[tuple[int, int], str] = {}
        metadata: dict[str, Metadata] = {}
        found = sources(case, root, folders)
        known = declared(case, found, root, folders)
        for number, (kind, details) in enumerate(self.pages(found)):
            files: list[File] = []
            for file in details.files:
                changed = self.file(file)
                if changed is not None and self.there(file, environment(case.machine.label)):
                    original[number, len(files)] = file.url
                    if (said := known.get(file.url)) is not None:
                        metadata[changed.url] = said
                    files.append(changed)
            altered.append((kind, details._replace(files=tuple(files))))
        project = ProjectFiles(case.project, altered, metadata=metadata)
        question = (
            project,
            parse_requirement(self.specifier(case.requirement)),
            self.target(environment(case.machine.label)),
            self.options(rules(case)),
        )
        best = choose(*question)
        if best is None:
            return "refused" if refusal(*question) else "nothing"
        index = next(index for index, file in enumerate(altered[best.source][1].files) if file == best.file)
        return original[best.source, index].partition("#")[0]


# --- what is done to one file ----------------------------------------------------------------------------------------


def _rename(change: Callable[[str], str]) -> Callable[[File], File]:
    """Give the file another name, on the page and in its address."""

    def apply(file: File) -> File:
        path, _, fragment = file.url.partition("#")
        path, question, query = path.partition("?")
        folder, _, name = path.rpartition("/")
        url = f"{folder}/{quote(change(unquote(name)), safe='+!')}{question}{query}"
        return file._replace(filename=change(file.filename), url=f"{url}#{fragment}" if fragment else url)

    return apply


def _tags(change: Callable[[str, str, str], tuple[str, str, str]]) -> Callable[[File], File]:
    """Change the three tags of a wheel's name."""

    def rename(filename: str) -> str:
        parts = filename.removesuffix(".whl").split("-")
        if not filename.endswith(".whl") or len(parts) < 5:
            return filename
        return "-".join([*parts[:-3], *change(parts[-3], parts[-2], parts[-1])]) + ".whl"

    return _rename(rename)


def _without_atom(pattern: str, axis: int) -> Callable[[File], File]:
    """Make tags that match unknown ones."""

    def change(*tags: str) -> tuple[str, str, str]:
        atoms = [f"no{atom}" if re.fullmatch(pattern, atom) else atom for atom in tags[axis].split(".")]
        changed = [*tags[:axis], ".".join(atoms), *tags[axis + 1 :]]
        return changed[0], changed[1], changed[2]

    return _tags(change)


def _renamed(pattern: str, replacement: str) -> Callable[[File], File]:
    return _rename(lambda filename: re.sub(pattern, replacement, filename))


def _each_tag(change: Callable[[str], str]) -> Callable[[File], File]:
    return _tags(lambda *tags: (change(tags[0]), change(tags[1]), change(tags[2])))


def _without_build(filename: str) -> str:
    parts = filename.split("-")
    if filename.endswith(".whl") and len(parts) == 6 and parts[2][:1].isdigit():
        del parts[2]
    return "-".join(parts)


def _version(pattern: str, replacement: str) -> Callable[[File], File]:
    def rename(filename: str) -> str:
        name, dash, rest = filename.partition("-")
        return name + dash + re.sub(pattern, replacement, rest, count=1)

    return _rename(rename)


def _without_invalid_python(file: File) -> File:
    try:
        SpecifierSet(file.requires_python or "")
    except InvalidSpecifier:
        return file._replace(requires_python=None)
    return file


def _lower_bound_only(file: File) -> File:
    """What is left of the specifier when ceilings and holes are not read, as uv does."""
    kept = [part for part in (file.requires_python or "").split(",") if re.match(r"\s*(>|~=|==)", part)]
    return file._replace(requires_python=",".join(kept)) if file.requires_python else file


def _ceilings_count(file: File) -> File | None:
    """Drop what a full reading of the specifier could reject on any of the minors the generator draws."""
    return None if re.search(r"<|!=", file.requires_python or "") else file


def _doubtful(file: File) -> File:
    if file.yanked is None or not file.yanked.doubtful:
        return file
    return file._replace(yanked=Yanked(reason=file.yanked.reason))


def _not_doubtful(file: File) -> File:
    return file._replace(yanked=None) if file.yanked is not None and file.yanked.doubtful else file


def _name_from_page(file: File) -> File:
    """Let the address say what the page says."""
    path, hash_mark, fragment = file.url.partition("#")
    folder = path.rpartition("/")[0]
    return file._replace(url=f"{folder}/{quote(file.filename, safe='+!')}{hash_mark}{fragment}")


def _name_from_address(file: File) -> File:
    """Let the page say what the address says."""
    path = file.url.partition("#")[0].partition("?")[0]
    return file._replace(filename=unquote(path.rpartition("/")[2]))


def _without_double(file: File) -> File | None:
    return None if "__" in file.filename.partition("-")[0] else file


def _without_capitals(file: File) -> File | None:
    return None if re.search(r"[A-Z]", "".join(_path(file).removesuffix(".whl").split("-")[-3:])) else file


def _path(file: File) -> str:
    return file.url.partition("#")[0].partition("?")[0]


def _with_a_hash(file: File) -> File:
    return file if file.hashes else file._replace(hashes=(("sha256", "0" * 64),))


def _with_a_time(file: File) -> File:
    return file._replace(upload_time=file.upload_time or datetime(2025, 1, 1, tzinfo=UTC))


def _no_fragment(file: File) -> File:
    return file._replace(url=file.url.partition("#")[0])


def _without_wildcards(file: File) -> File:
    odd = re.search(r"[<>]=?[^,]*\.\*", file.requires_python or "")
    return file._replace(requires_python=None) if odd else file


def _fits(file: File, target: Environment) -> bool:
    """Whether the machine accepts one of a wheel's tags."""
    parts = file.filename.removesuffix(".whl").split("-")
    if not file.filename.endswith(".whl") or len(parts) < 5:
        return True
    return position(*target.tables(TagFlavour.PIP), f"{parts[-3]}-{parts[-2]}", parts[-1]) is not None


def _takes_python(file: File, target: Environment) -> bool:
    return not file.requires_python or meets_python(file.requires_python, target.python_version) is not False


# --- what is done to pages -------------------------------------------------------------------------------------------


def _backwards(found: Sources) -> Sources:
    return [(kind, details._replace(files=tuple(reversed(details.files)))) for kind, details in found]


def _distinct(found: Sources) -> Sources:
    """Give every file an address of its own."""
    return [
        (
            kind,
            details._replace(
                files=tuple(
                    file._replace(url=re.sub(r"(?=#|$)", f"?{number}", file.url, count=1))
                    for number, file in enumerate(details.files)
                ),
            ),
        )
        for kind, details in found
    ]


def _respelled(found: Sources) -> Sources:
    """Turn the order of names round by the case of the project's name, which means nothing else."""

    def turn(details: ProjectDetails) -> ProjectDetails:
        order = sorted({file.filename for file in details.files}, reverse=True)
        place = {name: number for number, name in enumerate(order)}

        def rename(file: File) -> File:
            name, dash, rest = file.filename.partition("-")
            bits = place[file.filename]
            cased = "".join(
                letter.lower() if bits >> (len(name) - 1 - position) & 1 else letter.upper()
                for position, letter in enumerate(name)
            )
            return file._replace(filename=cased + dash + rest)

        return details._replace(files=tuple(map(rename, details.files)))

    return [(kind, turn(details)) for kind, details in found]


def _no_problems(found: Sources) -> Sources:
    return [(kind, details._replace(problems=())) for kind, details in found]


def _all_indexes(found: Sources) -> Sources:
    return [(SourceKind.EXTRA_INDEX if kind.flat else kind, details) for kind, details in found]


# --- what is done to the rest ----------------------------------------------------------------------------------------


def _without_prerelease(requirement: str) -> str:
    return re.sub(r"(a|b|rc|\.dev)\d+", "", requirement)


def _best_match(options: InstallerOptions) -> InstallerOptions:
    return options._replace(index_strategy=IndexStrategy.UNSAFE_BEST_MATCH)


def _one_platform(target: Environment) -> Environment:
    newest = next((tag for tag in target.platforms if not tag.startswith("linux_")), target.platforms[0])
    return target._replace(platforms=(newest,))


def _default_build(target: Environment) -> Environment:
    return target._replace(free_threaded=False, abis=tuple(abi.replace("t", "") for abi in target.abis))


def _first_micro(target: Environment) -> Environment:
    return target._replace(python_version=(*target.python_version[:2], 0))


def _other_mac(target: Environment) -> Environment:
    """Let every minor version of macOS 11 and later match."""
    more = [
        re.sub(r"_0_", f"_{minor}_", tag, count=1) if re.match(r"macosx_(1[1-9]|2\d)_0_", tag) else tag
        for tag in target.platforms
        for minor in range(8)
    ]
    return target._replace(platforms=tuple(dict.fromkeys((*target.platforms, *more))))


PIP, UV, POETRY, PDM = ("pip",), ("uv",), ("poetry",), ("pdm",)
_RULES = InstallerOptions(name="pip")


def _option(rule: str, name: str, *, installers: tuple[str, ...] = INSTALLERS) -> Knockout:
    """An option that is not passed on."""
    return Knockout(
        rule=rule, installers=installers, options=lambda each: each._replace(**{name: getattr(_RULES, name)})
    )


KNOCKOUTS = (
    Knockout(rule="requires-python", file=lambda file: file._replace(requires_python=None)),
    Knockout(
        rule="requires-python: ceilings and holes count", installers=(*PIP, *POETRY, *PDM), file=_lower_bound_only
    ),
    Knockout(rule="requires-python: only the lower bound counts", installers=UV, file=_ceilings_count),
    Knockout(
        rule="requires-python that is invalid drops the file", installers=(*UV, *PDM), file=_without_invalid_python
    ),
    Knockout(rule="requires-python: the micro version", target=_first_micro),
    Knockout(rule="METADATA is read", installers=UV, options=lambda each: each._replace(dependencies=False)),
    Knockout(rule="yanked", file=lambda file: file._replace(yanked=None)),
    Knockout(rule="yanked: an empty reason means not yanked", installers=(*PIP, *PDM), file=_doubtful),
    Knockout(rule="yanked: an empty reason means yanked", installers=(*UV, *POETRY), file=_not_doubtful),
    Knockout(
        rule="pre-releases come after the rest",
        installers=(*PIP, *UV, *POETRY),
        options=lambda each: each._replace(allow_prereleases=True),
    ),
    _option("options about pre-releases", "allow_prereleases"),
    Knockout(
        rule="a specifier opts in to pre-releases", installers=(*PIP, *POETRY, *PDM), specifier=_without_prerelease
    ),
    Knockout(rule="the version that is asked for", specifier=lambda text: re.split(r"[=<>!~]", text)[0]),
    Knockout(rule="=== compares text", installers=(*PIP, *PDM), specifier=lambda text: text.replace("===", "==")),
    Knockout(rule="local versions", file=_version(r"\+[A-Za-z]+(\.\d+)?\d*", "")),
    Knockout(rule="epochs", file=_version(r"^1!", "")),
    Knockout(rule="the ladder of platforms", target=_one_platform),
    Knockout(rule="the old names of manylinux", file=_without_atom(r"manylinux(1|2010|2014)_.*", 2)),
    Knockout(rule="linux_* tags", file=_without_atom(r"linux_.*", 2)),
    Knockout(rule="macOS: fat binaries, universal2", file=_without_atom(r"macosx_.*_(universal2?|intel|fat\d*)", 2)),
    Knockout(rule="macOS 11 and later: minor versions do not match", target=_other_mac),
    Knockout(rule="free-threaded builds", target=_default_build),
    Knockout(rule="abi3", file=_without_atom("abi3", 1)),
    Knockout(rule="abi3t", file=_without_atom("abi3t", 1)),
    Knockout(rule="the ABI tag none", file=_without_atom("none", 1)),
    Knockout(rule="the interpreter tags py3 and py3X", file=_without_atom(r"py3\d*", 0)),
    Knockout(rule="compressed tag sets", file=_each_tag(lambda tag: tag.split(".")[0])),
    Knockout(rule="the version before its files", installers=POETRY, there=_fits),
    Knockout(rule="one METADATA for a whole version", installers=POETRY, there=_takes_python),
    Knockout(rule="wildcards that PEP 440 does not have", installers=PDM, file=_without_wildcards),
    Knockout(rule="build tags", file=_rename(_without_build)),
    Knockout(
        rule="the letters of build tags",
        installers=(*PIP, *UV, *PDM),
        file=_renamed(r"^([^-]+-[^-]+-\d+)[A-Za-z_]\w*(?=-)", r"\1"),
    ),
    Knockout(rule="tags in capitals are as good", installers=(*PIP, *POETRY, *PDM), file=_without_capitals),
    Knockout(rule="tags in capitals are unknown", installers=UV, file=_each_tag(str.lower)),
    Knockout(
        rule="an empty tag spoils the name",
        installers=(*PIP, *UV, *PDM),
        file=_each_tag(lambda tag: tag.replace("..", ".").strip(".")),
    ),
    Knockout(rule="two underscores spoil a wheel's name", installers=(*PIP, *PDM), file=_renamed("__", "_")),
    Knockout(rule="two underscores are as good as one", installers=(*UV, *POETRY), file=_without_double),
    Knockout(
        rule="wheel variants", installers=(*UV, *POETRY, *PDM), file=_renamed(r"-(x86_64_v3|cu126|null)\.whl$", ".whl")
    ),
    Knockout(rule="the number of parts of a wheel's name", file=_renamed(r"-more-of-it\.whl$", ".whl")),
    Knockout(rule="source distributions", file=lambda file: file if _path(file).endswith(".whl") else None),
    Knockout(rule="types of source distributions", file=_renamed(_SDIST_TYPES, ".tar.gz")),
    Knockout(rule="the suffix -pyX.Y", file=_renamed(r"-py\d\.?\d*(?=\.(tar|zip|t[gbxl]))", "")),
    Knockout(rule="the name of a file is in its address", installers=(*PIP, *PDM), file=_name_from_page),
    Knockout(rule="the name of a file is on the page", installers=(*UV, *POETRY), file=_name_from_address),
    Knockout(rule="#egg= names the version", installers=PIP, file=_no_fragment),
    Knockout(rule="what makes an installer refuse a page", installers=(*PIP, *UV), pages=_no_problems),
    Knockout(rule="of equals the last of the page", installers=PIP, pages=_backwards),
    Knockout(rule="of equals the first of the page", installers=(*POETRY, *PDM), pages=_backwards),
    Knockout(rule="of equals the smallest name", installers=UV, pages=_respelled),
    Knockout(rule="an address counts once", installers=PIP, pages=_distinct),
    Knockout(rule="several locations", pages=lambda found: found[:1]),
    Knockout(rule="find-links is no index", installers=(*PIP, *UV, *PDM), pages=_all_indexes),
    Knockout(rule="the index strategy", installers=UV, options=_best_match),
    _option("only-binary", "only_binary"),
    _option("no-binary", "no_binary"),
    _option("prefer-binary", "prefer_binary", installers=(*PIP, *PDM)),
    _option("hashes", "hashes", installers=(*PIP, *UV)),
    Knockout(rule="hashes that the page does not give", installers=UV, file=_with_a_hash),
    _option("the cut-off by upload time", "uploaded_prior_to", installers=(*PIP, *UV, *PDM)),
    Knockout(rule="files without an upload time", installers=(*PIP, *UV, *PDM), file=_with_a_time),
    _option("ignore-requires-python", "ignore_requires_python", installers=PIP),
)
