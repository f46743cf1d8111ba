"""The part of a log that says why a build failed."""

from __future__ import annotations

import pytest

from ftwheel.core.build.log_excerpt import disk_is_full, interesting, lacks_compiler, left_out, needs_object_layout

NOISE = [f"copying file {number}" for number in range(100)]


def test_a_log_without_an_error_is_shown_from_its_end() -> None:
    assert interesting("one\ntwo\n") == "one\ntwo"
    assert interesting("") == ""
    assert interesting("\n".join(NOISE), tail=2) == "[... 98 more lines]\ncopying file 98\ncopying file 99"
    assert interesting("a\nb\nc", tail=2) == "[... 1 more line]\nb\nc"


@pytest.mark.parametrize(
    "complaint",
    [
        "src/_ext.c:3:10: fatal error: missing.h: No such file or directory",
        "src/_ext.c:9:5: error: unknown type name 'PyObjekt'",
        "_ext.c(3): error C1083: Cannot open include file",
        "_ext.c(3): fatal error C1083: Cannot open include file",
        "LINK : fatal error LNK1181: cannot open input file 'z.lib'",
        "error[E0425]: cannot find value `x` in this scope",
        "CMake Error at CMakeLists.txt:4 (find_package):",
        "FAILED: CMakeFiles/_ext.dir/ext.c.o",
        "/usr/bin/ld: ext.o: undefined reference to `frobnicate'",
        "/usr/bin/ld: cannot find -lz: No such file or directory",
        "Error compiling Cython file:",
        "ModuleNotFoundError: No module named 'numpy'",
        "../meson.build:5:0: ERROR: Dependency not found",
        "sh: 1: cargo: command not found",
    ],
)
def test_an_early_complaint_is_shown_alone(complaint: str) -> None:
    lines = [*NOISE[:50], complaint, *NOISE[50:]]
    assert interesting("\n".join(lines)).splitlines() == ["[... 50 more lines]", complaint, "[... 50 more lines]"]


def test_the_last_exception_of_a_traceback_says_why() -> None:
    log = [
        *NOISE[:9],
        "  error: it failed",
        "  Traceback (most recent call last):",
        '    File "x"',
        "  ValueError: not here",
    ]
    assert "ValueError: not here" in interesting("\n".join(log))


def test_the_compiler_goes_before_those_that_call_it() -> None:
    log = """\
error: in a comment of the backend
In file included from src/a.h:3,
                 from src/a.c:1:
src/a.c: In function 'f':
src/a.c:20:1: error: unknown type name 'sttic'
   20 | sttic PyObject *
      | ^~~~~
src/a.h:2:1: note: declared here
src/a.c:21:16: error: expected ';'
error: command '/usr/bin/gcc' failed with exit code 1"""
    assert interesting(log).splitlines() == [
        "[... 1 more line]",
        "In file included from src/a.h:3,",
        "                 from src/a.c:1:",
        "src/a.c: In function 'f':",
        "src/a.c:20:1: error: unknown type name 'sttic'",
        "   20 | sttic PyObject *",
        "      | ^~~~~",
        "src/a.h:2:1: note: declared here",
        "[... 2 more lines]",
    ]


CYTHON = """\
Error compiling Cython file:
------------------------------------------------------------
...
        return 1

def broken(int x):
    return undefined + x
           ^
------------------------------------------------------------
src/_ext.pyx:48:11: undeclared name not builtin: undefined"""
RUST = """\
error[E0425]: cannot find type `NoSuchType` in this scope
  --> src/lib.rs:26:24
   |
26 |         fn broken() -> NoSuchType { 1 }
   |                        ^^^^^^^^^^ not found in this scope"""
CARGO = """\
error: no matching package named `nosuch` found
location searched: registry index
required by package `demo v0.1.0 (/src)`"""
MATURIN = """\
\N{COLLISION SYMBOL} maturin failed
  Caused by: Failed to parse Cargo.toml at /src/Cargo.toml
  Caused by: TOML parse error at line 14, column 14
   |
14 | [dependencies
   |              ^
unclosed table, expected `]`"""
NINJA = """\
FAILED: x.c
/usr/bin/false --of x.y
it says why"""
SWIG = "demo.i:3: Error: Syntax error in input(1)."
LLD = """\
ld.lld: error: undefined symbol: frobnicate
>>> referenced by ext.c:3 (src/ext.c:3)
>>>               build/ext.o:(PyInit_ext)"""
FORTRAN = """\
src/f.f90:3:10:

    3 |   x = y z
      |          1
Error: Syntax error in expression at (1)"""
AFTER = """\

[2/3] Compiling C object ext.o
ninja: build stopped: subcommand failed.
error: command '/usr/bin/swig' failed with exit code 1
Traceback (most recent call last):
ValueError: of the backend"""


@pytest.mark.parametrize("said", [CYTHON, RUST, CARGO, MATURIN, NINJA, SWIG, LLD, FORTRAN])
def test_what_each_tool_says_is_shown_whole(said: str) -> None:
    """As they said it, in November 2026; it ends with what comes next, and with the log."""
    after = AFTER.strip() if said == NINJA else AFTER
    shown = interesting(f"[1/3] Generating\nwarning: something\n{said}\n{after}")
    assert shown.splitlines()[1:-1] == said.splitlines()
    assert interesting(said).splitlines() == said.splitlines()


def test_what_cmake_says_stands_in_blocks() -> None:
    log = "-- Looking\nCMake Error at CMakeLists.txt:4 (find_package):\n  Could not find ZLIB\n\n  Tried:\n\n\n-- Done"
    assert interesting(log).splitlines()[1:] == [*log.splitlines()[1:5], "[... 3 more lines]"]


def test_a_long_error_is_cut() -> None:
    log = "\n".join(["a.c:1:1: error: x", *["  deep template"] * 100])
    assert interesting(log).splitlines()[-2:] == ["  deep template", "[... 92 more lines]"]


def test_deprecations_are_never_the_reason() -> None:
    banner = [
        "/x/setuptools/config.py:12: SetuptoolsDeprecationWarning: `project.license` as a TOML table is deprecated",
        "!!",
        "        ***********",
        "        error: by 2027-Feb-18 this will fail",
        "        ***********",
        "!!",
        "  corresp(dist, value, root_dir)",
    ]
    plain = ["/x/y.py:3: FutureWarning: soon", "  f(x)", "DEPRECATION: old", "[notice] A new release of pip"]
    assert interesting("\n".join([*banner, "built", *plain, "ended"])) == "built\nended"
    torn = ["x.py:1: DeprecationWarning: y", "!!", "no end"]
    assert interesting("\n".join(torn)) == "!!\nno end"
    assert interesting("x.py:1: DeprecationWarning: y") == ""


@pytest.mark.parametrize(
    "line",
    [
        "error: command 'gcc' failed: No such file or directory",
        "error: [Errno 2] No such file or directory: 'x86_64-linux-gnu-gcc'",
        "error: Microsoft Visual C++ 14.0 or greater is required. Get it with ...",
        "No CMAKE_C_COMPILER could be found.",
        "../meson.build:1:0: ERROR: Unknown compiler(s): [['icl'], ['cl'], ['cc']]",
        "error: linker `cc` not found",
        "xcrun: error: invalid active developer path (/Library/Developer/CommandLineTools)",
    ],
)
def test_no_compiler(line: str) -> None:
    assert lacks_compiler(f"a\n{line}\nb")


def test_a_compiler_that_complains_is_there() -> None:
    assert not lacks_compiler(
        "error: command '/usr/bin/gcc' failed with exit code 1\na.c:1:1: error: x.h: No such file"
    )


@pytest.mark.parametrize(
    "line",
    [
        "_m.c:1898:5: error: unknown type name \u2018PyObject_HEAD\u2019",
        "_m.c:1898:5: error: unknown type name 'PyObject_HEAD'",
        "a.c:9:5: error: incomplete definition of type 'PyObject' (aka 'struct _object')",
    ],
)
def test_code_that_needs_the_layout_of_objects(line: str) -> None:
    assert needs_object_layout(f"a\n{line}\nb")


def test_another_unknown_type_is_no_object() -> None:
    assert not needs_object_layout("_m.c:1:5: error: unknown type name 'size_t'")


ERROR = "src/fast.c:2:10: fatal error: crc32c.h: No such file or directory"
BLOCK = f"{ERROR}\n    2 | #include <crc32c.h>\n      |          ^~~~~~~~~~"
BUILDING = "building 'pkg.fast' extension\ngcc -DUNABLE_TO=1 -c src/fast.c -o not-found.o"
MISSING = "** BuildFailed: No such file or directory: 'gcc'"
SKIPPED = "warning: build_ext: building extension \"pkg.fast\" failed: command '/usr/bin/gcc' failed with exit code 1"


@pytest.mark.parametrize(
    ("log", "modules", "told"),
    [
        (f"gcc -c src/fast.c\n{BLOCK}\ncompilation terminated.\n{SKIPPED}", False, BLOCK),
        (f"gcc -c src/fast.c\n{BLOCK}\ncompilation terminated.\n{SKIPPED}", True, BLOCK),
        (f"{BLOCK}\nThe compilation of the C extension failed; the wheel will be pure", False, BLOCK),
        (f"{BLOCK}\nno crc32c.h here, so another way is taken", True, ""),  # a build may try the compiler out
        (f"no compiler\n{SKIPPED}\n{ERROR}", True, SKIPPED),
        # as coverage and simplejson say it where there is no compiler
        (f"{BUILDING}\n** BuildFailed: No such file or directory: 'gcc'\n**", False, MISSING),
        (
            f"{BUILDING}\n****\nWARNING: The C extension could not be compiled.",
            False,
            "WARNING: The C extension could not be compiled.",
        ),
        (f"{BUILDING}\nrunning install_lib\ncopying pkg/fail.py -> build/lib", False, ""),
        (f"{BUILDING}\n** BuildFailed: No such file or directory: 'gcc'\n**", True, ""),
        ("running build_ext\nFAILED: 0 tests", False, ""),
        ("", False, ""),
        ("", True, ""),
    ],
)
def test_why_an_extension_was_left_out(log: str, modules: bool, told: str) -> None:
    assert left_out(log, modules=modules) == told


def test_a_full_disk() -> None:
    assert disk_is_full("cc1: error: a.o: No space left on device")
    assert not disk_is_full("a.c:1:2: error: no space here")


def test_a_build_script_of_cargo_says_why() -> None:
    failed = ["error: failed to run custom build command for `pyo3-ffi v0.30.1`", "", "Caused by:", "  --- stdout"]
    why = "  error: PyO3 does not support the free-threaded build of CPython versions below 3.14"
    log = "\n".join([*failed, *["  cargo:rustc-check-cfg=cfg(A)"] * 20, "", "  --- stderr", why])
    assert interesting(log).splitlines()[-1] == why
    assert why in interesting(f"{log}\n💥 maturin failed\n  Caused by: Failed to build a native library through cargo")
    assert interesting("\n".join(failed)).startswith(failed[0])


QUOTED_BY_UV = """\
error: Failed to build `multidict==7.2.1`
  cause: Call to `setuptools.build_meta.build_wheel` failed (exit status: 1)

         [stdout]
         running build_ext

         [stderr]
         In file included from multidict/_multilib/bulk_update.h:19,
                          from multidict/_multidict.c:4:
         multidict/_multilib/freethreading.h:26:2: error: #error "requires CPython 3.14 or newer"
            26 | #error "requires CPython 3.14 or newer"
         error: Command '['gcc', '-c', 'multidict/_multidict.c']' returned non-zero exit status 1.

hint: Build failures usually indicate a problem with the package or the build environment"""
QUOTED_BY_PIP = """\
  error: subprocess-exited-with-error
  × Building wheel for multidict (pyproject.toml) did not run successfully.
  ╰─> [26 lines of output]
      running build_ext
      In file included from multidict/_multilib/bulk_update.h:19,
                       from multidict/_multidict.c:4:
      multidict/_multilib/freethreading.h:26:2: error: #error "requires CPython 3.14 or newer"
         26 | #error "requires CPython 3.14 or newer"
      error: Command '['gcc', '-c', 'multidict/_multidict.c']' returned non-zero exit status 1.
      [end of output]
  note: This error originates from a subprocess, and is likely not a problem with pip.
  ERROR: Failed building wheel for multidict"""


@pytest.mark.parametrize("log", [QUOTED_BY_UV, QUOTED_BY_PIP], ids=["uv", "pip"])
def test_the_error_of_a_requirement_that_the_installer_built(log: str) -> None:
    told = interesting(log).splitlines()
    assert told[1:-1] == [
        "In file included from multidict/_multilib/bulk_update.h:19,",
        "                 from multidict/_multidict.c:4:",
        'multidict/_multilib/freethreading.h:26:2: error: #error "requires CPython 3.14 or newer"',
        '   26 | #error "requires CPython 3.14 or newer"',
    ]


def test_a_long_message_that_uv_wraps() -> None:
    log = """\
         [stderr]
         Traceback (most recent call last):
           File "<string>", line 11, in <module>
           File "/build/setup.py", line 33, in <module>
             raise RuntimeError("CFFI does not support the free-threaded build of CPython 3.13. Upgrade to 3.14.")
         RuntimeError: CFFI does not support the free-threaded build of CPython
         3.13. Upgrade to 3.14.

  hint: This usually indicates a problem with the package or the build environment."""
    why = ["RuntimeError: CFFI does not support the free-threaded build of CPython", f"{9 * ' '}3.13. Upgrade to 3.14."]
    assert interesting(log).splitlines()[1:3] == why


def test_the_build_script_of_a_requirement_that_uv_built() -> None:
    log = """\
         [stderr]
         error: failed to run custom build command for `pyo3-ffi v0.29.3`

         Caused by:
           --- stderr
           error: PyO3 does not support the free-threaded build of CPython versions below 3.14
         💥 maturin failed"""
    why = "  error: PyO3 does not support the free-threaded build of CPython versions below 3.14"
    assert interesting(log).splitlines() == ["[... 5 more lines]", why, "[... 1 more line]"]
