"""Generated platform tags and METADATA files, the same ones every time, to compare the rules of an index over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

__all__ = ["metadata_files", "platform_tags"]

_SYSTEMS = (
    *("any", "win32", "win_amd64", "win_arm64", "win_ia64", "win", "manylinux1", "manylinux2010", "manylinux2014"),
    *("manylinux_2_5", "manylinux_2_17", "manylinux_2_28", "manylinux_3_0", "manylinux_2", "manylinux", "linux"),
    *("musllinux_1_1", "musllinux_1_2", "musllinux_2", "macosx_10_9", "macosx_10_15", "macosx_11_0", "macosx_11_3"),
    *("macosx_12_0", "macosx_13_0", "macosx_14_0", "macosx_14_1", "macosx_15_0", "macosx_16_0", "macosx_26_0"),
    *("macosx_26_1", "macosx_9_0", "macosx_11", "ios_13_0", "ios_12", "ios_17_5", "android_21", "android_24"),
    *(
        "android_24_1",
        "pyodide_2024_0",
        "pyodide_2025_0",
        "pyemscripten_2025_0",
        "pyemscripten_2026",
        "emscripten_3_1_58",
    ),
    *("freebsd_14_0_release", "openbsd_7_5", "cygwin_3_5", "wasi_0_0_0", "solaris_2_11", "aix_7300"),
)
_MACHINES = (
    *("", "x86_64", "i686", "i386", "aarch64", "arm64", "armv6l", "armv7l", "ppc64", "ppc64le", "s390x", "riscv64"),
    *("loongarch64", "amd64", "universal2", "universal", "intel", "fat", "fat3", "fat32", "fat64", "ppc", "wasm32"),
    *("arm64_iphoneos", "arm64_iphonesimulator", "x86_64_iphoneos", "x86_64_iphonesimulator", "armv7_iphoneos"),
    *("arm64_v8a", "armeabi_v7a", "x86", "mips", "x86_64_v3"),
)
_FIELDS: tuple[tuple[str, ...], ...] = (  # of each row one line goes into a file; the first is harmless
    ("", "Summary: fine", f"Summary: {'x' * 512}", f"Summary: {'x' * 513}", "Summary: UNKNOWN"),
    (
        "",
        "License: MIT",
        "License-Expression: MIT",
        "License: MIT\nLicense-Expression: MIT",
        "License-Expression: my own",
    ),
    ("", "License-File: LICENSE", "License-File: ../LICENSE", "License-File: a\\LICENSE", "License-File: LIC*"),
    (
        *("", "Classifier: Programming Language :: Python :: 3", "Classifier: Programming Language :: Python :: 9"),
        *("Classifier: Private :: Do Not Upload", "Classifier: Natural Language :: Ukranian"),
        *("Classifier: Programming Language :: Python :: Free Threading :: 2 - Beta", "Classifier: typing :: Typed"),
    ),
    (
        *("", "Requires-Dist: foo", "Requires-Dist: foo>=1 ; extra == 'x'", "Requires-Dist: foo (>=1)"),
        *("Requires-Dist: foo @ https://example.org/foo.whl", "Requires-Dist: foo >> 1", "Requires-Dist: foo>=1.*"),
    ),
    ("", "Requires-Python: >=3.9", "Requires-Python: >=3.9.*", "Requires-Python: 3.9", "Requires-Python: >=3.9, <4"),
    (
        *("", "Author-email: A <a@example.org>", "Author-email: a@example.org, b@example.org", "Author-email: nobody"),
        *("Author-email: A <a@localhost>", "Author-email: A <a b@example.org>", "Maintainer-email: m@example.invalid"),
    ),
    (
        *("", "Home-page: https://example.org", "Home-page: example.org", "Home-page: ftp://example.org/a"),
        *("Home-page: https://example.org/a b", "Home-page: https://example.org/%zz", "Download-URL: UNKNOWN"),
    ),
    (
        *("", "Project-URL: Source, https://example.org/s", "Project-URL: Source https://example.org"),
        *(f"Project-URL: {'x' * 33}, https://example.org", "Project-URL: , https://example.org", "Project-URL: Bugs,"),
        *(
            "Project-URL: Source, git@example.org:a/b",
            "Project-URL: A, https://example.org\nProject-URL: A, https://b.org",
        ),
    ),
    (
        "",
        "Dynamic: Version",
        "Dynamic: Description",
        "Dynamic: Nonsense",
        "Dynamic: License-File",
        "Dynamic: requires-dist",
    ),
    ("", "Provides-Extra: x", "Provides-Extra: X_y", "Provides-Extra: -x", "Provides-Extra: a b"),
    (
        *("", "Description-Content-Type: text/markdown", "Description-Content-Type: text/x-rst; charset=UTF-8"),
        *("Description-Content-Type: text/html", "Description-Content-Type: text/markdown; variant=Other"),
    ),
    (
        "",
        "Keywords: a,b",
        "Keywords: a\nKeywords: b",
        "Platform: any",
        "Obsoletes-Dist: foo",
        "Provides-Dist: b @ file:///x",
    ),
    ("", "Import-Name: foo", "Import-Name: 1foo", "Import-Name: foo; private", "Import-Namespace: class"),
    (
        "",
        "X-Unknown: 1",
        "Name: Bar",
        "Requires-External: C",
        "Supported-Platform: a",
        "Maintainer: M",
        "Requires: foo",
    ),
)
_METADATA_VERSIONS = ("2.4", "2.5", "2.3", "2.2", "2.1", "1.2", "1.1", "1.0", "2.0", "2.6", "3.0", "")
_VERSIONS = ("1.0", "1.0+cpu", "1.0.post1", "1.0-1", "one", "2!1.0a1.dev3")


def platform_tags() -> Iterator[str]:
    """Some 1,700 tags: every system with every machine, sensible or not."""
    for system, machine in product(_SYSTEMS, _MACHINES):
        yield f"{system}_{machine}" if machine else system


def metadata_files() -> Iterator[str]:
    """Some 3,000 files: each line alone under each Metadata-Version, and mixtures of two lines."""
    lines = [(row, line) for row in _FIELDS for line in row]
    for metadata_version in _METADATA_VERSIONS:
        for _, line in lines:
            yield _file(metadata_version, "1.0", [line])
        for version in _VERSIONS:
            yield _file(metadata_version, version, [])
    state = 7
    for _ in range(2000):
        chosen = []
        for _ in range(2):
            state = (state * 1103515245 + 12345) % (1 << 31)  # the same on every version of Python
            chosen.append(lines[(state >> 8) % len(lines)][1])
        yield _file(_METADATA_VERSIONS[(state >> 4) % 2], _VERSIONS[0], chosen)


def _file(metadata_version: str, version: str, lines: Sequence[str]) -> str:
    head = [f"Metadata-Version: {metadata_version}"] if metadata_version else []
    fields = [*head, "Name: foo", f"Version: {version}", *(line for line in dict.fromkeys(lines) if line)]
    return "\n".join([*fields, "", "The description.", ""])
