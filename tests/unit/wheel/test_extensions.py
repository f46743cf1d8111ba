"""What file names promise, and the few answers the types give themselves."""

from __future__ import annotations

import pytest

from ftwheel.core.wheel.extension_module import (
    AbiInfo,
    Architecture,
    BinaryFormat,
    BuiltFor,
    Declaration,
    DeclarationSource,
    ExtensionModule,
    GilDeclaration,
    InitPhase,
    InterpreterDeclaration,
    InterpreterSupport,
    ReadingLevel,
    Toolchain,
)
from ftwheel.core.wheel.suffixes import Suffix, SuffixAbi, init_names_for, module_name, parse_suffix


@pytest.mark.parametrize(
    ("path", "abi", "version", "platform", "name"),
    [
        ("a/spam.cpython-313-x86_64-linux-gnu.so", SuffixAbi.DEFAULT, (3, 13), "x86_64-linux-gnu", "spam"),
        ("spam.cpython-313t-darwin.so", SuffixAbi.FREE_THREADED, (3, 13), "darwin", "spam"),
        ("a\\spam.cp314t-win_amd64.pyd", SuffixAbi.FREE_THREADED, (3, 14), "win_amd64", "spam"),
        ("spam.cp39-win32.pyd", SuffixAbi.DEFAULT, (3, 9), "win32", "spam"),
        ("spam.cpython-37m-x86_64-linux-gnu.so", SuffixAbi.DEFAULT, (3, 7), "x86_64-linux-gnu", "spam"),
        ("spam.cpython-313.so", SuffixAbi.DEFAULT, (3, 13), "", "spam"),
        ("spam.abi3.so", SuffixAbi.STABLE_ABI, None, "", "spam"),
        ("spam.abi3t.so", SuffixAbi.STABLE_ABI_T, None, "", "spam"),
        ("spam.abi3t-x86_64-linux-gnu.so", SuffixAbi.STABLE_ABI_T, None, "x86_64-linux-gnu", "spam"),
        ("spam.so", SuffixAbi.PLAIN, None, "", "spam"),
        ("spam.pyd", SuffixAbi.PLAIN, None, "", "spam"),
        ("spam.pypy311-pp73-x86_64-linux-gnu.so", SuffixAbi.OTHER, None, "", "spam"),
        ("libspam.so.1", SuffixAbi.OTHER, None, "", "libspam"),
        ("spam", SuffixAbi.OTHER, None, "", "spam"),
        ("spam.dll", SuffixAbi.OTHER, None, "", "spam"),
        ("pkg/__init__.cpython-313-darwin.so", SuffixAbi.DEFAULT, (3, 13), "darwin", "pkg"),
        ("__init__.so", SuffixAbi.PLAIN, None, "", "__init__"),
    ],
)
def test_names(path: str, abi: SuffixAbi, version: tuple[int, int] | None, platform: str, name: str) -> None:
    suffix = parse_suffix(path)
    assert (suffix.abi, suffix.version, suffix.platform, suffix.debug) == (abi, version, platform, False)
    assert path.endswith(suffix.text)
    assert module_name(path) == name


def test_debug_builds() -> None:
    assert parse_suffix("spam.cpython-313td-x86_64-linux-gnu.so") == Suffix(
        text=".cpython-313td-x86_64-linux-gnu.so",
        abi=SuffixAbi.FREE_THREADED,
        version=(3, 13),
        debug=True,
        platform="x86_64-linux-gnu",
    )
    assert parse_suffix("spam_d.cp313-win_amd64.pyd").debug
    assert parse_suffix("spam_d.pyd").debug
    assert module_name("spam_d.cp313-win_amd64.pyd") == "spam"
    assert module_name("spam_d.so") == "spam_d"


def test_init_names() -> None:
    assert init_names_for("spam") == ("PyModExport_spam", "PyInit_spam")
    assert init_names_for("lančmít") == ("PyModExportU_lanmt_2sa6t", "PyInitU_lanmt_2sa6t")  # PEP 489's own example


@pytest.mark.parametrize(
    ("flags", "built_for"),
    [
        (7, BuiltFor.STABLE_ABI_T),
        (5, BuiltFor.STABLE_ABI_T),
        (3, BuiltFor.STABLE_ABI),
        (2, BuiltFor.DEFAULT),
        (4, BuiltFor.FREE_THREADED),
        (0, BuiltFor.CANNOT_TELL),
        (6, BuiltFor.CANNOT_TELL),
        (1, BuiltFor.CANNOT_TELL),
    ],
)
def test_abi_info(flags: int, built_for: BuiltFor) -> None:
    assert AbiInfo(major=1, minor=0, flags=flags, build_version=0, abi_version=0).built_for is built_for


def test_architectures_have_words() -> None:
    with pytest.raises(ValueError, match="16 bits"):
        Architecture(name="x86", bits=16)


def test_what_a_module_adds_up() -> None:
    needed = ("libc.so.6", "libpython3.13t.so.1.0", "python313t.dll", "PYTHON3.dll", "libpythonic.so")
    module = ExtensionModule(
        path="pkg/spam.so",
        name="spam",
        suffix=parse_suffix("spam.so"),
        binary_format=BinaryFormat.ELF,
        architectures=(Architecture(name="x86_64", bits=64),),
        init_name="PyInit_spam",
        init_names=("PyInit_spam",),
        built_for=BuiltFor.CANNOT_TELL,
        evidence=(),
        gil=GilDeclaration(
            answer=Declaration.NONE, basis=DeclarationSource.NOTHING, level=ReadingLevel.DATA, reason=""
        ),
        interpreters=InterpreterDeclaration(answer=InterpreterSupport.NOT_DECLARED, level=ReadingLevel.DATA, reason=""),
        phase=InitPhase.SINGLE,
        toolchain=Toolchain.C,
        imports=(),
        needed=needed,
    )
    assert module.is_extension
    assert module.python_libraries == needed[1:4]
