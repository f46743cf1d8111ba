"""Decides whether the ELF files of a wheel certainly satisfy a manylinux or musllinux policy.

auditwheel has the final say. But most wheels need only the libraries and symbol versions of the policy, or their own
libraries; auditwheel's answer then follows from the files and its policy data, without running it (which unpacks the
wheel). Everything else is left to auditwheel: ``surely_keeps`` answers "yes" or "not sure", never "no".

Follows auditwheel 6.8: ``wheel_abi.py`` (``get_wheel_elfdata``, ``analyze_wheel_abi``), ``policy/__init__.py``
(``lddtree_external_references``, ``versioned_symbols_policy``) and ``lddtree.py`` (``ldd``, ``find_lib``).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from ftwheel.core.named_tuples import NamedTuple

__all__ = ["ElfLinkage", "LibraryPolicy", "surely_keeps"]

_NAMED_FOR = ("-linux-musl.so", "-linux-musleabihf.so", "-linux-gnu.so", "-linux-gnueabihf.so")
_ORIGIN = ("$ORIGIN", "${ORIGIN}")
# auditwheel may find these on the host and then follows the dependencies of the host's copies: only each other
_PLAIN = frozenset(
    {
        "libc.so.6",
        "libm.so.6",
        "libdl.so.2",
        "libpthread.so.0",
        "librt.so.1",
        "libutil.so.1",
        "libgcc_s.so.1",
        "libstdc++.so.6",
        "libatomic.so.1",
        "libz.so.1",
    }
)


class ElfLinkage(NamedTuple):
    """What one ELF file of a wheel needs from outside.

    ``machine`` is auditwheel's name of the architecture. ``needed`` are the DT_NEEDED names in order, ``search`` the
    folders of DT_RUNPATH or DT_RPATH, ``versions`` the symbol versions of all libraries except the loader
    (``GLIBC_2.17``), ``undefined`` the watched symbols that the file requires. ``interpreter`` is the loader of a
    program. ``initialises`` means that the file may be an extension module. ``plain`` is False if the file could not be
    read or has a property that only auditwheel can judge; nothing else counts then.
    """

    path: str
    plain: bool = True
    machine: str = ""
    needed: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    versions: frozenset[str] = frozenset()
    undefined: frozenset[str] = frozenset()
    interpreter: str = ""
    initialises: bool = False

    @property
    def name(self) -> str:
        """The last component of the path."""
        return posixpath.basename(self.path)

    @property
    def libc(self) -> str:
        """``manylinux`` or ``musllinux`` if the file shows the C library; "?" for both, "" for neither."""
        program = posixpath.basename(self.interpreter)
        found = {"musllinux" if program.startswith("ld-musl-") else "manylinux"} if program else set()
        for name in self.needed:
            if name.startswith(("libc.musl-", "ld-musl-")):
                found.add("musllinux")
            elif name == "libc.so.6" or _is_loader(name):
                found.add("manylinux")
        if not found and self.path.endswith(_NAMED_FOR):
            found.add("musllinux" if "-linux-musl" in self.path else "manylinux")
        return "".join(found) if len(found) < 2 else "?"


class LibraryPolicy(NamedTuple):
    """One auditwheel policy for one architecture: the allowed ``libraries``, and ``versions`` of each symbol group.

    ``forbidden`` are symbols of an allowed library that must not be used. ``names`` are the tags of the policy.
    """

    names: frozenset[str]
    machine: str
    versions: Mapping[str, frozenset[str]]
    libraries: frozenset[str]
    forbidden: Mapping[str, frozenset[str]]

    def allows(self, symbol_version: str) -> bool:
        """Whether a symbol version such as ``GLIBC_2.17`` is allowed; groups that the policy lacks are."""
        group, _, version = symbol_version.partition("_")
        return group not in self.versions or version in self.versions[group]


def surely_keeps(policy: LibraryPolicy, libc: str, files: Sequence[ElfLinkage], *, inherit: bool) -> bool:
    """Whether auditwheel would grant a wheel with these ELF files this policy or a stricter one.

    ``libc`` is ``manylinux`` or ``musllinux``, as in the wheel's name. ``inherit`` means that nothing on the host (such
    as LD_LIBRARY_PATH) takes precedence over the search folders that a library inherits from the file that needs it. A
    result of False means "not sure".
    """
    by_path = {file.path: file for file in files}
    needed = {name for file in files for name in file.needed}
    return bool(files) and all(
        file.plain
        and file.machine == policy.machine
        and file.libc in {"", libc}
        and "purelib" not in file.path.split("/")
        and _symbols_allowed(policy, file)
        # a library that other files of the wheel need is judged along with them
        and ((file.name in needed and not file.initialises) or _libraries_allowed(policy, file, by_path, inherit))
        for file in files
    )


def _symbols_allowed(policy: LibraryPolicy, file: ElfLinkage) -> bool:
    return all(map(policy.allows, file.versions)) and not any(
        file.undefined & policy.forbidden.get(name, frozenset()) for name in file.needed
    )


def _libraries_allowed(
    policy: LibraryPolicy, top: ElfLinkage, by_path: Mapping[str, ElfLinkage], inherit: bool
) -> bool:
    """Whether each library, direct or indirect, is allowed by the policy or certainly the wheel's own."""
    own: dict[str, ElfLinkage] = {top.path: top}
    waiting = [top]
    allowed: set[str] = set()
    while waiting:
        file = waiting.pop()
        for name in file.needed:
            if _is_loader(name):
                continue
            if name in policy.libraries:
                allowed.add(name)
                continue
            found = _beside(file, name, by_path) or (_beside(top, name, by_path) if inherit else None)
            if found is None:
                return False
            if found.path not in own:
                own[found.path] = found
                waiting.append(found)
    # a host library that is followed first may pull in the host's copy of a library the wheel ships
    return len(own) == 1 or all(name in _PLAIN or name.startswith("libc.musl-") for name in allowed)


def _beside(file: ElfLinkage, name: str, by_path: Mapping[str, ElfLinkage]) -> ElfLinkage | None:
    """The wheel's file with this name in the first matching search folder; None if the host might have it."""
    for entry in file.search:
        origin, slash, rest = entry.partition("/")
        folder = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), f".{slash}{rest}"))
        if origin not in _ORIGIN or "$" in rest or "/" in name or folder.startswith(".."):
            return None
        if found := by_path.get(posixpath.normpath(posixpath.join(folder, name))):
            return found
    return None


def _is_loader(name: str) -> bool:
    """Whether the library is the dynamic loader, which is never bundled."""
    return "ld-linux" in name or name in {"ld64.so.1", "ld64.so.2"}
