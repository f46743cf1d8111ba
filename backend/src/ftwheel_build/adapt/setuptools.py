"""setuptools, in process: every command is adjusted just before it finalises its options.

That one place serves every layout: options of setup.py, setup.cfg, pyproject.toml, ``DIST_EXTRA_CONFIG`` and the
command line have been read by then, and subclasses of the commands have not yet acted on them. Works for wheels and
editable installs, where ``--build-option`` and ``DIST_EXTRA_CONFIG`` do not.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from typing import Any

from ftwheel_build.adapt import limited_api_asked
from ftwheel_build.environment import check_flags, check_include, check_macro
from ftwheel_build.errors import RefusedError
from ftwheel_build.job import OPTIONAL_EXTENSIONS, Job
from ftwheel_build.target import FIRST_ABI3T

__all__ = ["adapted", "adjust"]

# Cython defines the second one itself from the first, and a project may define only the second
_LIMITED = ("Py_LIMITED_API", "CYTHON_LIMITED_API")
_LIMITED_FLAG = r"[-/]D\s*(Py_LIMITED_API|CYTHON_LIMITED_API)(=.*)?"
_FLOOR = "0x030F0000"  # PY_VERSION_HEX of 3.15, the first limited API of free-threaded builds (PEP 803)
_FLOOR_TAG = "cp315"
_ABI3 = r"\.abi3(?:-[^./]*)?(?=\.so$)"
# setuptools 84.2.0 names limited-API modules .abi3t.so on 3.13t and 3.14t, whose loaders do not know the suffix
_BAD_VERSIONS = {"84.2.0"}


@contextlib.contextmanager
def adapted(job: Job) -> Iterator[dict[str, Any]]:
    """Adjust the commands of every setup() that runs inside; config settings pass through."""
    import setuptools

    # distutils, stdlib or setuptools' own, whichever setuptools uses in this process
    command = next(base for base in setuptools.Command.__mro__ if "ensure_finalized" in vars(base))
    original = command.ensure_finalized

    def ensure_finalized(self: Any) -> None:
        if not self.finalized:
            adjust(self, job)
        original(self)

    command.ensure_finalized = ensure_finalized
    try:
        yield dict(job.settings)
    finally:
        command.ensure_finalized = original


def adjust(command: Any, job: Job) -> None:
    """Change the options of one command that is about to finalise them, according to the target and the policy."""
    names = _names(command)
    if "build" in names and job.hook == "build_wheel":  # an sdist leaves out the folder that the project builds in
        _own_folders(command, job)
    elif "bdist_wheel" in names and command.py_limited_api:
        _limited(job, f"bdist_wheel: py_limited_api = {command.py_limited_api!r}")
        if job.drops_limited_api or job.editable:
            command.py_limited_api = False
        elif job.raises_limited_api or _serves_both(command.distribution, job):
            if _minor(command.py_limited_api) < FIRST_ABI3T[1]:
                command.py_limited_api = _FLOOR_TAG
            if not job.target.free_threaded:  # those builds say so by themselves
                get_tag = command.get_tag
                command.get_tag = lambda: tuple("abi3.abi3t" if part == "abi3" else part for part in get_tag())
    elif names & {"build_ext", "build_clib"}:
        _extensions(command, job)


def _names(command: Any) -> set[str]:
    """The name a command runs under, and its classes' names: plugins put in subclasses that are named otherwise."""
    registered = {name for name, instance in command.distribution.command_obj.items() if instance is command}
    return registered | {base.__name__ for base in type(command).__mro__}


def _minor(tag: str) -> int:
    found = re.fullmatch(r"cp3(\d+)", str(tag))
    return int(found[1]) if found else 0


def _limited(job: Job, where: str) -> None:
    """Stop if a limited API must not be requested at all."""
    import setuptools

    limited_api_asked(job, where)
    target = job.target
    if setuptools.__version__ in _BAD_VERSIONS and target.free_threaded and target.version < FIRST_ABI3T:
        raise RefusedError(
            "FTB206",
            f"setuptools {setuptools.__version__} names limited-API modules .abi3t.so, which {target} cannot load",
            fix='write "setuptools!=84.2.0" in [build-system] requires',
        )


def _serves_both(distribution: Any, job: Job) -> bool:
    """Whether a default build from 3.15 on makes the wheel of both builds: its headers can, where the sources can.

    setuptools knows ``abi3t`` on free-threaded interpreters only. Sources that export no ``PyModExport_`` function are
    compiled as they ask for it.
    """
    limited = [each for each in distribution.ext_modules or () if getattr(each, "py_limited_api", False)]
    return (
        not job.editable
        and not job.target.free_threaded
        and job.target.stable_abi == "abi3"
        and job.target.version >= FIRST_ABI3T
        and job.config.limited_api == "auto"
        and bool(limited)
        and all(_exports_slots(each, job.root) for each in limited)
    )


def _exports_slots(extension: Any, root: str) -> bool:
    """Whether one of an extension's sources has a ``PyModExport_`` function (PEP 793)."""
    for source in extension.sources:
        with contextlib.suppress(OSError), open(os.path.join(root, os.fspath(source)), "rb") as stream:
            if b"PyModExport_" in stream.read():
                return True
    return False


def _no_cython(extension: Any, job: Job) -> None:
    """Stop where Cython wrote the sources: up to 3.3 its code does not compile for ``abi3t``."""
    for source in map(os.fspath, extension.sources):
        found = None
        with contextlib.suppress(OSError), open(os.path.join(job.root, source), "rb") as stream:
            found = re.match(rb"/\* Generated by Cython (3\.[0-3]\S*|[012]\.\S+)", stream.read(256))
        if found:
            raise RefusedError(
                "FTB205",
                f"extension {extension.name}: Cython {found[1].decode()} generates no code for abi3t, the stable ABI of"
                f" {job.target}",
                fix='write limited-api = "version-specific" in [tool.ftwheel]: a wheel for this version only',
            )


def _name_modules(build_ext: Any, abi: str) -> None:
    """Let limited-API modules have a suffix that every CPython of their range looks for: one without the platform.

    setuptools names them ``.abi3-x86_64-linux-gnu.so`` on default 3.15, and no CPython before it looks for that.
    """
    get_ext_filename = build_ext.get_ext_filename
    build_ext.get_ext_filename = lambda name: re.sub(_ABI3, abi, get_ext_filename(name))


def _own_folders(build: Any, job: Job) -> None:
    """Give each target its own build folders, so that nothing of one build can get into another's wheel."""
    own = job.target.folder
    for option in ("build_base", "build_lib", "build_purelib", "build_platlib", "build_temp", "build_scripts"):
        folder = getattr(build, option)
        if folder is not None and os.path.basename(os.path.normpath(folder)) != own:
            setattr(build, option, os.path.join(folder, own))


def _is_limited(macro: Any) -> bool:
    return macro[0] in _LIMITED


def _extensions(command: Any, job: Job) -> None:
    """Drop or raise the limited API of every extension and C library of the distribution."""
    distribution = command.distribution
    both = _serves_both(distribution, job)
    drop, floor = job.drops_limited_api, job.raises_limited_api or both
    if hasattr(command, "get_ext_filename") and not job.target.free_threaded:
        _name_modules(command, ".abi3t" if both else ".abi3")
    libraries = [info for _, info in distribution.libraries or ()]
    extensions = distribution.ext_modules or ()
    if extensions and all(getattr(extension, "optional", False) for extension in extensions):
        job.notes.add(OPTIONAL_EXTENSIONS)
    for extension in extensions:
        where = f"extension {extension.name}"
        for folder in extension.include_dirs:
            check_include(os.fspath(folder), job.target, f"{where}: include_dirs")
        for macro in extension.define_macros:
            check_macro(macro[0], job.target, f"{where}: define_macros has {macro[0]}")
        check_flags(extension.extra_compile_args or (), job.target, f"{where}: extra_compile_args")
        limited = bool(getattr(extension, "py_limited_api", False))
        if limited or any(map(_is_limited, extension.define_macros)):
            _limited(job, f"{where}: limited API")
        if drop:
            extension.py_limited_api = False
            extension.define_macros = [macro for macro in extension.define_macros if not _is_limited(macro)]
            extension.extra_compile_args = _without_flags(extension.extra_compile_args)
        elif floor and limited:
            _no_cython(extension, job)
            extension.define_macros = [
                *(macro for macro in extension.define_macros if macro[0] != "Py_LIMITED_API"),
                ("Py_LIMITED_API", _FLOOR),
                ("Py_TARGET_ABI3T", _FLOOR),
            ]
            extension.extra_compile_args = _without_flags(extension.extra_compile_args)
        if job.editable:
            # A left-over _ext.abi3.so in the tree is loaded by free-threaded 3.13 and 3.14 too; a name with the
            # version is not. The macro stays: the code is still compiled against the limited API.
            extension.py_limited_api = False
    if drop:
        for info in libraries:
            info["macros"] = [macro for macro in info.get("macros") or () if not _is_limited(macro)]
        defined = getattr(command, "define", None)
        if isinstance(defined, str):
            command.define = ",".join(text for text in defined.split(",") if text.split("=")[0] not in _LIMITED)
        elif defined:
            command.define = [macro for macro in defined if not _is_limited(macro)]


def _without_flags(arguments: Any) -> list[str]:
    return [argument for argument in arguments or () if not re.fullmatch(_LIMITED_FLAG, argument)]
