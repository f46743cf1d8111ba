"""Inspect the wheel that was just built, with the standard library only and before anyone can install it."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator

from ftwheel_build import binaries, stable_abi, tags
from ftwheel_build.errors import RefusedError
from ftwheel_build.target import FIRST_ABI3T, Target
from ftwheel_build.values import FrozenValue

__all__ = ["inspect"]

_MAX_WHEEL_FILE = 1 << 20  # bytes of a WHEEL file
_MAX_MODULE = 1 << 30  # bytes of one compiled file; a larger one is judged by its name alone
_SMALL_MODULE, _EXPANSION = 16 << 20, 30  # and so is one that expands beyond both, as machine code does not
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MAX_MEMBERS = 200_000
_MAX_TAGS = 10_000  # that one line of WHEEL stands for


class Module(FrozenValue):
    """An extension module of the wheel. ``name`` is its dotted name once installed.

    ``inits`` are the functions that an import may call: that of PEP 793 and that of PEP 489.
    """

    path: str
    images: tuple[binaries.Image, ...]
    name: str
    suffix: tags.ExtensionSuffix
    inits: tuple[str, str]


class Library(FrozenValue):
    """A compiled file that no interpreter imports: a shared library, a program."""

    path: str
    images: tuple[binaries.Image, ...]


def inspect(path: str, target: Target, *, editable: bool = False, may_be_empty: bool = False) -> list[RefusedError]:
    """Everything that is wrong with a wheel built for ``target``, in the order of the codes; empty if it is correct.

    An editable wheel holds paths instead of modules, and so does one whose extensions are all optional and did not
    compile: neither is refused for being empty.
    """
    try:
        return sorted(_inspect(path, target, may_be_empty=editable or may_be_empty), key=lambda error: error.code)
    except (OSError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, RuntimeError) as error:
        return [RefusedError("FTB301", f"{os.path.basename(path)} cannot be read: {error}")]


def _inspect(path: str, target: Target, *, may_be_empty: bool) -> Iterator[RefusedError]:
    filename = os.path.basename(path)
    name = tags.parse_name(filename)
    if name is None:
        yield RefusedError(
            "FTB301", f"{filename}: not a wheel file name, expected NAME-VERSION-PYTHON-ABI-PLATFORM.whl"
        )
        return
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > _MAX_MEMBERS:
            raise ValueError(f"{len(members)} files are more than {_MAX_MEMBERS}")
        said = _wheel_file(archive, members)
        yield from _metadata(said, filename, name)
        compiled = [found for member in members for found in _compiled(archive, member)]
    purelib = _field(said, "Root-Is-Purelib") == ["true"]
    modules = [item for item in compiled if isinstance(item, Module)]
    yield from _purity(filename, name, modules, purelib=purelib)
    yield from _platforms(filename, name, compiled)
    if target.implementation != "cpython":
        return
    yield from _tags(filename, name, target)
    if not compiled and not may_be_empty and "none" not in name.abis:
        yield RefusedError(
            "FTB304",
            f"{filename}: the ABI tag {'.'.join(name.abis)} is for compiled modules, but the wheel has none",
            fix="check the log for an extension that failed to compile (optional=True skips it), and keep two "
            "builds of one tree separate",
        )
    if "any" not in name.platforms:
        yield from _loading(filename, name, modules, target)
    loading = [(item, [kept for kept in name.promises if not _why_not(item, kept, target)]) for item in modules]
    for item, kept in loading:
        wrong = list(_objects(filename, item, kept)) if kept else []
        # code of another ABI keeps to no other promise either
        claims = [(promise.python, promise.abi) for promise in kept]
        yield from wrong or stable_abi.judge(f"{filename}: {item.path}", item.images, item.inits, claims)
    if all(kept for _, kept in loading):
        yield from _one_version(filename, name, modules, target)


def _wheel_file(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> str:
    found = [item for item in members if item.filename.endswith(".dist-info/WHEEL") and item.filename.count("/") == 1]
    if len(found) != 1:
        raise ValueError(f"{len(found)} WHEEL files, expected one")
    if found[0].file_size > _MAX_WHEEL_FILE:
        raise ValueError(f"WHEEL has {found[0].file_size} bytes")
    if found[0].compress_type not in _METHODS:
        raise ValueError(f"WHEEL is compressed with method {found[0].compress_type}")
    return archive.read(found[0]).decode("utf-8")


def _field(text: str, name: str) -> list[str]:
    pairs = (line.partition(":") for line in text.splitlines())
    return [value.strip() for key, _, value in pairs if key.strip().lower() == name.lower()]


def _metadata(said: str, filename: str, name: tags.Name) -> Iterator[RefusedError]:
    """The tags that WHEEL says are those of the file name."""
    written = set()
    for line in _field(said, "Tag"):
        parts = line.split("-")
        if len(parts) != 3:
            raise ValueError(f"WHEEL has the tag {line!r}")
        python, abi, platform = (part.split(".") for part in parts)
        if len(python) * len(abi) * len(platform) > _MAX_TAGS:
            raise ValueError(f"WHEEL has a tag that stands for more than {_MAX_TAGS:,}")
        written |= {f"{a}-{b}-{c}" for a in python for b in abi for c in platform}
    if written != name.tags:
        missing, extra = sorted(name.tags - written), sorted(written - name.tags)
        yield RefusedError(
            "FTB302",
            f"{filename}: the file name says {', '.join(missing) or 'nothing else'}, WHEEL says "
            f"{', '.join(extra) or 'nothing else'}; expected the same tags in both",
            fix="do not rename wheels by hand: `wheel tags` changes both",
        )


def _compiled(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[Module | Library]:
    """The member as a compiled file, nothing if it is none."""
    if member.is_dir():
        return
    known = member.compress_type in _METHODS
    folder, _, file = member.filename.rpartition("/")
    parsed = tags.parse_suffix(file)
    if parsed is None:
        if not known or file.endswith((".py", ".pyi", ".txt", ".json", ".pyx", ".h", ".c")):
            return
        with archive.open(member) as stream:
            head = stream.read(4096)
        if binaries.magic(head):
            yield Library(member.filename, _header(head))
        return
    found: tuple[binaries.Image, ...] = ()
    if known and member.file_size <= min(_MAX_MODULE, max(_SMALL_MODULE, _EXPANSION * member.compress_size)):
        try:
            found = binaries.images(archive.read(member))
        except binaries.UnreadableError as error:
            if parsed[1].kind == "plain":
                return  # linker scripts, data
            raise ValueError(f"{member.filename}: {error}") from error
    stem, suffix = parsed
    # PEP 489: the name of a module outside ASCII is in punycode
    tail = f"_{stem}" if stem.isascii() else "U_" + stem.encode("punycode").decode().replace("-", "_")
    inits = f"PyModExport{tail}", f"PyInit{tail}"
    if suffix.kind == "plain" and not any(image.exports.intersection(inits) for image in found):
        yield Library(member.filename, found)
        return
    parts = folder.split("/")
    if parts[0].endswith(".data"):  # NAME-1.0.data/platlib/package
        parts = parts[2:]
    yield Module(member.filename, found, ".".join(filter(None, [*parts, stem])), suffix, inits)


def _header(head: bytes) -> tuple[binaries.Image, ...]:
    """The machines of a library or program, without its symbols."""
    try:
        return binaries.machines_of(head)
    except binaries.UnreadableError:
        return ()


def _purity(filename: str, name: tags.Name, modules: list[Module], *, purelib: bool) -> Iterator[RefusedError]:
    if not modules:
        return
    first = modules[0].path
    if "any" in name.platforms:
        yield RefusedError(
            "FTB305",
            f"{filename}: the platform tag any is for wheels without machine code, but {first} is machine code",
            fix="both builds of a pair use this file name, so the second overwrites the first; "
            "exclude the file if an earlier build left it behind, or remove the override of the tags",
        )
    elif purelib and not all(".data/platlib/" in item.path for item in modules):
        yield RefusedError(
            "FTB305",
            f"{filename}: WHEEL says Root-Is-Purelib: true, but {first} is machine code",
            fix="setuptools: list the extension in ext_modules, or let has_ext_modules() return True",
        )


def _tags(filename: str, name: tags.Name, target: Target) -> Iterator[RefusedError]:
    if not any(tags.claims_target(python, abi, target) for python, abi in name.claims):
        free_threaded_abi3 = target.free_threaded and "abi3" in name.abis
        yield RefusedError(
            "FTB303",
            f"{filename}: found {'.'.join(name.pythons)}-{'.'.join(name.abis)}, expected tags that {target} accepts",
            fix="the default build uses the same file name; "
            "the project's get_tag() must not change the tags of free-threaded interpreters"
            if free_threaded_abi3
            else "remove what overrides the tags (python-tag, get_tag, wheel.py-api)",
        )
    for python, abi in name.claims:
        floor = int(python[3:]) if python.startswith("cp3") and python[3:].isdigit() else 0
        if abi == "abi3t" and floor < FIRST_ABI3T[1]:
            yield RefusedError(
                "FTB312",
                f"{filename}: {python}-abi3t is accepted by free-threaded CPython before 3.15, and none of them has "
                "this ABI; expected cp315 or later",
                fix="build for the limited API of 3.15: cp315",
            )


def _why_not(item: Module, promise: tags.Promise, target: Target) -> str:
    """Why some interpreter that a tag names does not load a module, empty if all do."""
    if promise.tag.endswith("-none") and item.suffix.kind == "plain":
        return "it names interpreters of several ABIs, but this extension module was compiled for one"
    named_abi3 = item.suffix.kind == "abi3" and not item.suffix.platform
    if named_abi3 and promise.abi in _FIND_ABI3 and _found(item) == {"free-threaded"}:
        return ""  # what setuptools names a module that asks for the limited API and is compiled without it
    return tags.why_not_loaded(item.suffix, promise.python, promise.abi, target)


_FIND_ABI3 = ("cp313t", "cp314t")  # free-threaded builds that look for .abi3.so


def _loading(filename: str, name: tags.Name, modules: list[Module], target: Target) -> Iterator[RefusedError]:
    """Every module has exactly one file for each interpreter that the tags name, and there is no file for others."""
    files: dict[str, list[Module]] = {}
    for item in modules:
        why = [(promise, _why_not(item, promise, target)) for promise in name.promises]
        if all(reason for _, reason in why):
            yield _unloaded(filename, item, *why[0])
        else:
            files.setdefault(item.name, []).append(item)
    for module, items in sorted(files.items()):
        for promise in name.promises:
            loading = [item for item in items if not _why_not(item, promise, target)]
            if not loading:
                yield _unloaded(filename, items[0], promise, _why_not(items[0], promise, target))
            elif len(loading) > 1:
                yield RefusedError(
                    "FTB311",
                    f"{filename}: {module} is in {' and in '.join(item.path for item in loading)}; the interpreter "
                    "loads only one of them",
                    fix="remove the one that an earlier build left behind",
                )
                break


def _unloaded(filename: str, item: Module, promise: tags.Promise, reason: str) -> RefusedError:
    if promise.tag.endswith("-none"):
        fix = "name the ABI in the tags: remove get_tag(), wheel.py-api or whatever else sets them"
    elif item.suffix.kind == "abi3" and item.suffix.platform:
        fix = "build the abi3 wheel with the oldest Python of its range: 3.15 and newer put the platform into the name"
    elif promise.abi in ("abi3", "abi3t"):
        fix = (
            "compile the module against the limited API too (setuptools: Extension(py_limited_api=True) and the macro "
            "Py_LIMITED_API; CMake: USE_SABI), or drop the stable-ABI tag; on free-threaded interpreters limited-api = "
            '"version-specific" in [tool.ftwheel] does'
        )
    else:
        fix = (
            "remove the file if an earlier build left it in the tree or in a build folder; if this build compiled it, "
            "CMake or another tool found a Python other than the one that builds"
        )
    message = f"{item.path} is not loaded by the interpreters that {promise.tag} names: {reason}"
    return RefusedError("FTB306", f"{filename}: {message}", fix=fix)


def _found(item: Module) -> set[str]:
    """The ABIs of a module's code, one for each machine; "" where the code does not show it."""
    return {binaries.abi_of(image) for image in item.images}


# the ABIs of code that an interpreter of another ABI cannot run; abi3 without a t is that of default builds
_CONTRARY = {
    "default": frozenset({"free-threaded"}),
    "free-threaded": frozenset({"default", "abi3"}),
    "abi3t": frozenset({"default", "abi3", "free-threaded"}),
}


def _build_of(abi: str) -> str:
    """The build of CPython that an ABI tag is for; empty for ``none``."""
    if abi in ("none", "abi3t"):
        return abi.replace("none", "")
    return "free-threaded" if abi.rstrip("d").endswith("t") else "default"


def _objects(filename: str, item: Module, kept: list[tags.Promise]) -> Iterator[RefusedError]:
    """The code has the ABI of the interpreters that load it; code whose ABI cannot be determined passes."""
    builds = sorted({_build_of(promise.abi) for promise in kept} - {""})
    where, found = f"{filename}: {item.path}", _found(item)
    contrary = [(build, found & _CONTRARY[build]) for build in builds if found & _CONTRARY[build]]
    if "both" in found:
        yield RefusedError(
            "FTB309",
            f"{where} mixes objects compiled for default and for free-threaded CPython; it may import and "
            "leak memory or crash",
            fix="remove the object files and static libraries of the other build, and recompile all of them",
        )
    elif contrary:
        wanted, wrong = contrary[0]
        yield RefusedError(
            "FTB308",
            f"{where} was compiled for the {min(wrong)} ABI of CPython, expected {wanted}",
            fix="another Python's headers came first (include_dirs, CFLAGS, CPATH), Py_GIL_DISABLED was "
            "defined by hand, or the other build left the file behind",
        )
    elif item.suffix.kind == "plain" and not any(found) and builds in (["default"], ["free-threaded"]):
        yield RefusedError(
            "FTB307",
            f"{where}: a file with a plain suffix is loaded by every build of every version, and its content does not "
            f"show which one it was compiled for; expected {builds[0]}",
            fix="give the module the suffix of its interpreter (EXT_SUFFIX)",
        )


def _one_version(filename: str, name: tags.Name, modules: list[Module], target: Target) -> Iterator[RefusedError]:
    """A wheel of nothing but stable-ABI modules that installers give to one version alone."""
    own = f"cp{target.version[0]}{target.version[1]}"
    # a free-threaded build that takes .abi3.so loads code of another ABI
    kinds = {"abi3t"} if f"{own}t" in name.abis else {"abi3", "abi3t"}
    if name.pythons == (own,) and {own, f"{own}t"}.issuperset(name.abis) and _only(kinds, modules):
        yield RefusedError(
            "FTB313",
            f"{filename}: {modules[0].path} is named for the stable ABI, but the wheel installs only on CPython "
            f"{' and '.join(f'{abi[2]}.{abi[3:]}' for abi in name.abis)}",
            fix="tag the wheel for the stable ABI as well (setuptools: py_limited_api of bdist_wheel; "
            "scikit-build-core: wheel.py-api; meson-python: limited-api)",
        )


def _only(kinds: set[str], modules: list[Module]) -> bool:
    return bool(modules) and kinds.issuperset(item.suffix.kind for item in modules)


def _platforms(filename: str, name: tags.Name, compiled: list[Module | Library]) -> Iterator[RefusedError]:
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
        modules = [pair for pair in wrong if isinstance(pair[0], Module)]
        blamed = modules or (wrong if told and len(wrong) == len(told) else [])
        for item, found in blamed[:1]:
            held = ", ".join(sorted(f"{form} {machine}" for form, machine in found))
            yield RefusedError(
                "FTB310",
                f"{filename}: {item.path} is {held}, expected {kind} {' and '.join(sorted(needed))} as {platform} says",
                fix=_PLATFORM_FIX,
            )


_PLATFORM_FIX = (
    "_PYTHON_HOST_PLATFORM and --plat-name change the tag, not the compiler; ARCHFLAGS, CC or a toolchain file "
    "change the compiler"
)
