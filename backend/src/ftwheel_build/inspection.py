"""Judge the wheel that was just built, with the standard library alone and before anybody can install it."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

from ftwheel_build import binaries, tags
from ftwheel_build.errors import RefusedError
from ftwheel_build.target import Target

__all__ = ["inspect"]

_MAX_WHEEL_FILE = 1 << 20  # bytes of a WHEEL file
_MAX_MODULE = 1 << 30  # bytes of one compiled file; a larger one is judged by its name alone
_MAX_MEMBERS = 200_000


class Compiled(NamedTuple):
    """A compiled file of the wheel. ``module`` is its dotted place, empty if it is no extension module."""

    path: str
    module: str
    suffix: tags.Suffix | None
    images: tuple[binaries.Image, ...]


def inspect(path: str, target: Target, *, editable: bool = False, may_be_empty: bool = False) -> list[RefusedError]:
    """Everything that is wrong with a wheel built for ``target``, in the order of the codes; empty if it is right.

    An editable wheel holds paths instead of modules, and so does one whose extensions are all optional and did not
    compile: neither is refused for being empty.
    """
    try:
        return sorted(_inspect(path, target, may_be_empty=editable or may_be_empty), key=lambda error: error.code)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        return [RefusedError("FTB301", f"{os.path.basename(path)} cannot be read: {error}")]


def _inspect(path: str, target: Target, *, may_be_empty: bool) -> Iterator[RefusedError]:
    filename = os.path.basename(path)
    name = tags.parse_name(filename)
    if name is None:
        yield RefusedError(
            "FTB301", f"{filename}: found no wheel's file name, wanted NAME-VERSION-PYTHON-ABI-PLATFORM.whl"
        )
        return
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > _MAX_MEMBERS:
            raise ValueError(f"{len(members)} files are more than {_MAX_MEMBERS}")
        yield from _metadata(archive, members, filename, name)
        compiled = [found for member in members for found in _compiled(archive, member)]
        purelib = _field(_wheel_file(archive, members), "Root-Is-Purelib") == ["true"]
    extensions = [item for item in compiled if item.module]
    yield from _purity(filename, name, extensions, purelib=purelib)
    yield from _platforms(filename, name, compiled)
    if target.implementation != "cpython":
        return
    yield from _tags(filename, name, target)
    if not compiled and not may_be_empty and "none" not in name.abis:
        yield RefusedError(
            "FTB304",
            f"{filename}: the ABI tag {'.'.join(name.abis)} is for compiled modules, and the wheel has none",
            fix="was another build of this tree running? Extension(optional=True) says that this is meant",
        )
    yield from _loading(filename, name, extensions, target)
    yield from _objects(filename, name, extensions)


def _wheel_file(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> str:
    found = [item for item in members if item.filename.endswith(".dist-info/WHEEL") and item.filename.count("/") == 1]
    if len(found) != 1:
        raise ValueError(f"{len(found)} WHEEL files, wanted one")
    if found[0].file_size > _MAX_WHEEL_FILE:
        raise ValueError(f"WHEEL has {found[0].file_size} bytes")
    return archive.read(found[0]).decode("utf-8")


def _field(text: str, name: str) -> list[str]:
    pairs = (line.partition(":") for line in text.splitlines())
    return [value.strip() for key, _, value in pairs if key.strip().lower() == name.lower()]


def _metadata(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], filename: str, name: tags.Name
) -> Iterator[RefusedError]:
    written = set()
    for line in _field(_wheel_file(archive, members), "Tag"):
        parts = line.split("-")
        if len(parts) != 3:
            raise ValueError(f"WHEEL has the tag {line!r}")
        python, abi, platform = (part.split(".") for part in parts)
        written |= {f"{a}-{b}-{c}" for a in python for b in abi for c in platform}
    if written != name.tags:
        missing, extra = sorted(name.tags - written), sorted(written - name.tags)
        yield RefusedError(
            "FTB302",
            f"{filename}: the file name says {', '.join(missing) or 'nothing else'}, WHEEL says "
            f"{', '.join(extra) or 'nothing else'}; wanted the same tags in both",
            fix="rename nothing by hand: `wheel tags` changes both",
        )


def _compiled(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[Compiled]:
    """The member as a compiled file, nothing if it is none."""
    if member.is_dir():
        return
    folder, _, file = member.filename.rpartition("/")
    parsed = tags.parse_suffix(file)
    if parsed is None:
        if file.endswith((".py", ".pyi", ".txt", ".json", ".pyx", ".h", ".c")):
            return
        with archive.open(member) as stream:
            head = stream.read(4096)
        if binaries.magic(head):
            yield Compiled(member.filename, "", None, _header(head))
        return
    found: tuple[binaries.Image, ...] = ()
    if member.file_size <= _MAX_MODULE:
        try:
            found = binaries.images(archive.read(member))
        except binaries.UnreadableError as error:
            if parsed[1].kind == "plain":
                return  # linker scripts, data
            raise ValueError(f"{member.filename}: {error}") from error
    stem, suffix = parsed
    starts = {f"PyInit_{stem}", f"PyModExport_{stem}"} | ({f"PyInitU_{stem}"} if not stem.isascii() else set())
    is_module = suffix.kind != "plain" or any(image.exports & starts for image in found)
    parts = folder.split("/")
    if parts[0].endswith(".data"):  # NAME-1.0.data/platlib/package
        parts = parts[2:]
    yield Compiled(member.filename, ".".join(filter(None, [*parts, stem])) if is_module else "", suffix, found)


def _header(head: bytes) -> tuple[binaries.Image, ...]:
    """The machines of a library or program, whose symbols nobody needs."""
    try:
        return binaries.machines_of(head)
    except binaries.UnreadableError:
        return ()


def _purity(filename: str, name: tags.Name, extensions: list[Compiled], *, purelib: bool) -> Iterator[RefusedError]:
    if not extensions:
        return
    first = extensions[0].path
    if "any" in name.platforms:
        yield RefusedError(
            "FTB305",
            f"{filename}: the platform tag any is for wheels without machine code, and {first} is machine code",
            fix="both builds of a pair write this name, and the second overwrites the first; "
            "exclude the file if it was left over by an earlier build, or remove the override of the tags",
        )
    if purelib and not all(".data/platlib/" in item.path for item in extensions):
        yield RefusedError(
            "FTB305",
            f"{filename}: WHEEL says Root-Is-Purelib: true, and {first} is machine code",
            fix="setuptools: the extension has to be in ext_modules, or has_ext_modules() has to say so",
        )


def _tags(filename: str, name: tags.Name, target: Target) -> Iterator[RefusedError]:
    if not any(tags.claims_target(python, abi, target) for python, abi in name.claims):
        free_threaded_abi3 = target.free_threaded and "abi3" in name.abis
        yield RefusedError(
            "FTB303",
            f"{filename}: found {'.'.join(name.pythons)}-{'.'.join(name.abis)}, wanted tags that {target} takes",
            fix="the build on the default interpreter writes the same file name; "
            "a get_tag() of the project's own has to leave free-threaded interpreters alone"
            if free_threaded_abi3
            else "remove what overrides the tags (python-tag, get_tag, wheel.py-api)",
        )
    for python, abi in name.claims:
        floor = int(python[3:]) if python.startswith("cp3") and python[3:].isdigit() else 0
        if abi == "abi3t" and floor < 15:
            yield RefusedError(
                "FTB312",
                f"{filename}: {python}-abi3t is taken by free-threaded interpreters below 3.15, and none of them has "
                "this ABI; wanted cp315 or later",
                fix="ask for the limited API of 3.15: cp315",
            )


def _loading(filename: str, name: tags.Name, extensions: list[Compiled], target: Target) -> Iterator[RefusedError]:
    by_module: dict[str, list[Compiled]] = {}
    for item in extensions:
        by_module.setdefault(item.module, []).append(item)
    for module, items in sorted(by_module.items()):
        reasons = {
            (item.path, claim): tags.why_not_loaded(item.suffix, *claim, target)
            for item in items
            for claim in name.claims
            if item.suffix is not None
        }
        for item in items:
            mine = {claim: reasons[item.path, claim] for claim in name.claims}
            if all(mine.values()):
                (python, abi), reason = next(iter(mine.items()))
                yield _unloaded(filename, item, f"{python}-{abi}", reason)
        for claim in name.claims:
            loading = [item for item in items if not reasons[item.path, claim]]
            if len(loading) > 1:
                yield RefusedError(
                    "FTB311",
                    f"{filename}: {module} is in {' and in '.join(item.path for item in loading)}; the interpreter "
                    "takes one of them",
                    fix="remove the one that an earlier build left over",
                )
            elif not loading and not all(all(reasons[item.path, other] for other in name.claims) for item in items):
                yield _unloaded(filename, items[0], "-".join(claim), reasons[items[0].path, claim])
        if all(abi == "none" for abi in name.abis) and "any" not in name.platforms:
            for item in items:
                if item.suffix is not None and item.suffix.kind == "plain":
                    yield _unloaded(
                        filename,
                        item,
                        f"{name.pythons[0]}-none",
                        "it names interpreters of both ABIs, and this extension module was compiled for one",
                    )


def _unloaded(filename: str, item: Compiled, tag: str, reason: str) -> RefusedError:
    return RefusedError(
        "FTB306",
        f"{filename}: {item.path} is not loaded by the interpreters that {tag} names: {reason}",
        fix="left over in the source tree or in a build folder, compiled by CMake for another Python than the one "
        "that builds, or a tag that the code was not compiled for",
    )


def _objects(filename: str, name: tags.Name, extensions: list[Compiled]) -> Iterator[RefusedError]:
    free_threaded_claim = any(abi.rstrip("d").endswith("t") and abi != "abi3t" for abi in name.abis)
    default_claim = any(abi not in ("none", "abi3t") and not abi.rstrip("d").endswith("t") for abi in name.abis)
    if free_threaded_claim == default_claim:
        return  # no CPython ABI in the tags, or a wheel for both builds with a file for each
    wanted = "free-threaded" if free_threaded_claim else "default"
    for item in extensions:
        for found in sorted({binaries.abi_of(image) for image in item.images} or {""}):
            where = f"{filename}: {item.path}"
            if found == "both":
                yield RefusedError(
                    "FTB309",
                    f"{where} mixes objects compiled for default and for free-threaded CPython; it may import and "
                    "leak memory or crash",
                    fix="remove object files and static libraries of the other build; compile all of them anew",
                )
            elif found in ("default", "free-threaded", "abi3", "abi3t") and (found in _OF[wanted]) is False:
                yield RefusedError(
                    "FTB308",
                    f"{where} was compiled for the {found} ABI of CPython, wanted {wanted}",
                    fix="another Python's headers came first (include_dirs, CFLAGS, CPATH), Py_GIL_DISABLED was "
                    "defined by hand, or the file was left over by the other build",
                )
            elif not found and item.suffix is not None and item.suffix.kind == "plain":
                yield RefusedError(
                    "FTB307",
                    f"{where}: a plain suffix is loaded by every build of every version, and the content does not "
                    f"tell which one it was compiled for; wanted proof of {wanted}",
                    fix="give the module the suffix of its interpreter (EXT_SUFFIX)",
                )


_OF = {"default": ("default", "abi3", "abi3t"), "free-threaded": ("free-threaded", "abi3t")}


def _platforms(filename: str, name: tags.Name, compiled: list[Compiled]) -> Iterator[RefusedError]:
    for platform in name.platforms:
        wanted = tags.machines(platform)
        if wanted is None:
            continue
        kind, needed = wanted
        told = [(item, {(image.format, image.machine) for image in item.images}) for item in compiled if item.images]
        wrong = [
            (item, found)
            for item, found in told
            if not {(kind, machine) for machine in needed} <= found and all(machine for _, machine in found)
        ]
        # Libraries for several platforms may lie in one wheel and be chosen at run time; modules may not.
        modules = [pair for pair in wrong if pair[0].module]
        blamed = modules or (wrong if told and len(wrong) == len(told) else [])
        for item, found in blamed[:1]:
            held = ", ".join(sorted(f"{form} {machine}" for form, machine in found))
            yield RefusedError(
                "FTB310",
                f"{filename}: {item.path} is {held}, wanted {kind} {' and '.join(sorted(needed))} as {platform} says",
                fix=_PLATFORM_FIX,
            )


_PLATFORM_FIX = (
    "_PYTHON_HOST_PLATFORM and --plat-name change the tag and not the compiler; ARCHFLAGS, CC or a toolchain file "
    "change the compiler"
)
