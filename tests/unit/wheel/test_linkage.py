from __future__ import annotations

from typing import Any

import pytest

from ftwheel.core.wheel.linkage import ElfLinkage, LibraryPolicy, surely_keeps

POLICY = LibraryPolicy(
    names=frozenset({"manylinux_2_17_x86_64", "manylinux2014_x86_64"}),
    machine="x86_64",
    versions={"GLIBC": frozenset({"2.2.5", "2.17"})},
    libraries=frozenset({"libc.so.6", "libz.so.1", "libX11.so.6"}),
    forbidden={"libz.so.1": frozenset({"inflate_fast"})},
)
MODULE = ElfLinkage(
    path="pkg/_ext.cpython-313-x86_64-linux-gnu.so",
    machine="x86_64",
    needed=("libc.so.6", "ld-linux-x86-64.so.2"),
    versions=frozenset({"GLIBC_2.17", "OPENSSL_3.0"}),
    initialises=True,
)
LIBRARY = ElfLinkage(path="pkg.libs/libown-1.so", machine="x86_64", needed=("libc.so.6",))
USER = MODULE._replace(needed=("libown-1.so", "libc.so.6"), search=("$ORIGIN/../pkg.libs",))


def keeps(*files: ElfLinkage, libc: str = "manylinux", inherit: bool = True) -> bool:
    return surely_keeps(POLICY, libc, files, inherit=inherit)


def test_what_the_policy_allows() -> None:
    assert keeps(MODULE)
    assert keeps(MODULE, LIBRARY._replace(interpreter="/lib64/ld-linux-x86-64.so.2"))
    assert keeps(MODULE._replace(needed=("ld64.so.2",), path="_ext.so"))
    assert keeps(MODULE._replace(needed=("libz.so.1", "libX11.so.6"), undefined=frozenset({"other"})))


@pytest.mark.parametrize(
    "change",
    [
        {"plain": False},
        {"machine": "aarch64"},
        {"versions": frozenset({"GLIBC_2.18"})},
        {"versions": frozenset({"GLIBC"})},
        {"needed": ("libown-1.so",)},
        {"needed": ("libc.musl-x86_64.so.1",)},
        {"needed": ("libc.musl-x86_64.so.1", "libc.so.6")},
        {"interpreter": "/lib/ld-musl-x86_64.so.1"},
        {"path": "pkg-1.0.data/purelib/_ext.so"},
        {"path": "_ext.cpython-313-x86_64-linux-musl.so", "needed": ()},
        {"needed": ("libz.so.1",), "undefined": frozenset({"inflate_fast"})},
    ],
)
def test_what_auditwheel_has_to_say(change: dict[str, Any]) -> None:
    assert not keeps(MODULE._replace(**change))
    assert not keeps()


def test_the_name_of_a_module_may_be_all_that_shows_the_c_library() -> None:
    assert MODULE._replace(needed=()).libc == "manylinux"
    assert MODULE._replace(needed=(), path="_ext.so").libc == ""


def test_libraries_of_the_wheels_own() -> None:
    assert keeps(USER, LIBRARY)
    assert keeps(USER._replace(search=("${ORIGIN}/elsewhere", "$ORIGIN/../pkg.libs")), LIBRARY)
    assert keeps(USER._replace(path="_ext.so", search=("$ORIGIN/pkg.libs",)), LIBRARY)
    assert keeps(USER._replace(path="pkg.libs/_ext.so", search=("$ORIGIN",)), LIBRARY)


@pytest.mark.parametrize(
    "search",
    [
        (),
        ("/usr/lib", "$ORIGIN/../pkg.libs"),
        ("", "$ORIGIN/../pkg.libs"),
        ("$ORIGIN/../../pkg.libs",),
        ("$ORIGIN/../$LIB",),
        ("$ORIGINAL/../pkg.libs",),
        ("$ORIGIN/elsewhere",),
    ],
)
def test_the_host_might_have_the_library(search: tuple[str, ...]) -> None:
    assert not keeps(USER._replace(search=search), LIBRARY)
    assert not keeps(USER._replace(needed=("./libown-1.so",)), LIBRARY)


def test_libraries_that_need_each_other() -> None:
    inner = LIBRARY._replace(path="pkg.libs/libinner-1.so")
    both = LIBRARY._replace(needed=("libinner-1.so", "libown-1.so"))
    assert keeps(USER, both, inner)  # found where the module looks
    assert not keeps(USER, both, inner, inherit=False)  # unless the host comes first
    assert keeps(USER, both._replace(search=("$ORIGIN",)), inner, inherit=False)
    assert not keeps(USER, both)
    assert not keeps(USER, both._replace(initialises=True), inner)  # a module counts by itself too


def test_a_library_of_the_host_may_bring_another_copy() -> None:
    assert not keeps(USER._replace(needed=("libX11.so.6", "libown-1.so")), LIBRARY)
