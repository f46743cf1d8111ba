"""The machines that the oracle tests ask about, told from the outside: no tag code of ftwheel takes part.

``Machine`` says what an installer's own detection would find on such a machine (the operating system, its version, the
processor); every installer makes its tag list of that itself.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["MACHINES", "MATRIX", "RARE", "Machine", "rungs"]

# System name, version and processor as they stand in a platform tag. An empty version means that tags have none.
_PLATFORMS = (
    *(("manylinux", release, "x86_64") for release in ((2, 17), (2, 26), (2, 28), (2, 34), (2, 36), (2, 39))),
    *(("manylinux", release, "aarch64") for release in ((2, 17), (2, 28), (2, 35))),
    ("manylinux", (2, 12), "x86_64"),
    ("manylinux", (2, 12), "i686"),
    ("manylinux", (2, 28), "i686"),
    ("manylinux", (2, 31), "armv7l"),
    ("manylinux", (2, 28), "ppc64le"),
    ("manylinux", (2, 34), "s390x"),
    ("manylinux", (2, 39), "riscv64"),
    ("musllinux", (1, 1), "x86_64"),
    ("musllinux", (1, 2), "x86_64"),
    ("musllinux", (1, 2), "aarch64"),
    ("musllinux", (1, 2), "i686"),
    ("win", None, "amd64"),
    ("win", None, "arm64"),
    ("win", None, "32"),
    ("macosx", (10, 9), "x86_64"),
    ("macosx", (10, 15), "x86_64"),
    ("macosx", (11, 0), "arm64"),
    ("macosx", (11, 7), "x86_64"),
    ("macosx", (13, 6), "x86_64"),
    ("macosx", (14, 0), "arm64"),
    ("macosx", (15, 3), "arm64"),
    ("macosx", (26, 1), "arm64"),
)
_PYTHONS = (
    *(
        (minor, micro, False)
        for minor, micro in ((9, 0), (10, 4), (11, 0), (12, 1), (13, 0), (13, 2), (14, 0), (15, 0))
    ),
    *((minor, micro, True) for minor, micro in ((13, 0), (13, 1), (14, 0), (14, 2), (15, 0), (16, 0))),
)
_OTHER_PROCESSOR = {"x86_64": "aarch64", "arm64": "x86_64", "amd64": "arm64", "aarch64": "x86_64", "32": "amd64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """An interpreter on a machine.

    ``python`` is (major, minor, micro), ``rest`` what follows it (``rc1``). ``release`` is the version of glibc, musl,
    macOS or iOS, or Android's API level and a zero. ``implementation`` is ``cp``, or ``pp`` for PyPy.
    """

    python: tuple[int, int, int]
    free_threaded: bool
    system: str
    release: tuple[int, int] | None
    processor: str
    implementation: str = "cp"
    debug: bool = False
    rest: str = ""

    @property
    def platform(self) -> str:
        """The newest platform tag the machine accepts, for example ``macosx_14_0_arm64`` or ``win32``."""
        if self.system == "win":
            return "win32" if self.processor == "32" else f"win_{self.processor}"
        assert self.release
        if self.system == "android":
            return f"android_{self.release[0]}_{self.processor}"
        return f"{self.system}_{self.release[0]}_{self.release[1]}_{self.processor}"

    @property
    def label(self) -> str:
        """What ftwheel calls it: ``cp314t-win_amd64``, ``cp3.13.2-manylinux_2_28_x86_64``."""
        major, minor, micro = self.python
        version = f"{major}.{minor}.{micro}{self.rest}" if micro or self.rest else f"{major}{minor}"
        flags = ("t" if self.free_threaded else "") + ("d" if self.debug else "")
        return f"{self.implementation}{version}{flags}-{self.platform}"

    @property
    def nodot(self) -> str:
        """``314``"""
        return f"{self.python[0]}{self.python[1]}"


MACHINES = tuple(
    Machine(python=(3, minor, micro), free_threaded=free_threaded, system=system, release=release, processor=processor)
    for minor, micro, free_threaded in _PYTHONS
    for system, release, processor in _PLATFORMS
)
"""Every combination. Free-threaded builds are half of what matters: the generator draws them as often as others."""

RARE = (
    *(
        Machine(python=(3, 14, 0), free_threaded=threaded, system=system, release=release, processor=processor)
        for threaded in (False, True)
        for system, release, processor in (
            ("ios", (17, 2), "arm64_iphoneos"),
            ("ios", (13, 0), "x86_64_iphonesimulator"),
            ("android", (24, 0), "arm64_v8a"),
            ("android", (35, 0), "x86_64"),
        )
    ),
    *(
        Machine(
            python=(3, 14, 1),
            free_threaded=threaded,
            system="manylinux",
            release=(2, 28),
            processor="x86_64",
            debug=debug,
            rest=rest,
        )
        for threaded, debug, rest in ((False, True, ""), (True, True, ""), (False, False, "rc1"), (True, False, "rc2"))
    ),
    *(
        Machine(
            python=(3, 11, 9),
            free_threaded=False,
            system=system,
            release=release,
            processor=processor,
            implementation="pp",
        )
        for system, release, processor in (("manylinux", (2, 28), "x86_64"), ("win", None, "amd64"))
    ),
)
"""Phones, debug builds, release candidates and PyPy: drawn seldom."""

_MATRIX_PLATFORMS = (
    ("manylinux", (2, 28), "x86_64"),
    ("manylinux", (2, 17), "aarch64"),
    ("musllinux", (1, 2), "x86_64"),
    ("macosx", (14, 0), "arm64"),
    ("win", None, "amd64"),
)
MATRIX = tuple(
    machine
    for machine in MACHINES
    if (machine.system, machine.release, machine.processor) in _MATRIX_PLATFORMS
    and (machine.python[1:], machine.free_threaded)
    in {
        ((11, 0), False),
        ((12, 1), False),
        ((13, 0), False),
        ((14, 0), False),
        ((15, 0), False),
        ((13, 0), True),
        ((14, 0), True),
        ((15, 0), True),
    }
)
"""Forty machines for real pages: what projects build for, from 3.11 to 3.15t."""


def rungs(target: Machine, rng: random.Random) -> str:
    """A platform tag for a wheel: mostly one the machine accepts, sometimes one that misses it in a single respect."""
    processor = target.processor
    if rng.random() < 0.07:
        processor = _OTHER_PROCESSOR.get(processor, "x86_64")
    if target.system == "win":
        return rng.choices(
            ("win32" if processor == "32" else f"win_{processor}", "win_amd64", "manylinux_2_17_x86_64"), (8, 1, 1)
        )[0]
    if target.system == "macosx":
        return _mac(target, processor, rng)
    if target.system in {"ios", "android"}:
        return _phone(target, rng)
    return _linux(target, processor, rng)


def _linux(target: Machine, processor: str, rng: random.Random) -> str:
    assert target.release
    draw = rng.random()
    if draw < 0.06:
        return f"linux_{processor}"
    if draw < 0.10:
        return rng.choice(("win_amd64", "macosx_11_0_arm64"))
    if draw < 0.16:  # the other libc
        return (
            f"musllinux_1_{rng.randint(0, 2)}_{processor}"
            if target.system == "manylinux"
            else f"manylinux_2_17_{processor}"
        )
    if target.system == "musllinux":
        return f"musllinux_1_{rng.randint(0, target.release[1] + 1)}_{processor}"
    glibc = (5, 12, 17, 24, 27, 28, 31, 34, 35, 36, 39)
    below = [minor for minor in glibc if minor <= target.release[1]]
    if draw < 0.26:  # one step too new, or exactly what the machine has
        return f"manylinux_2_{target.release[1] + rng.randint(0, 1)}_{processor}"
    if draw < 0.45:
        return f"{rng.choice(('manylinux1', 'manylinux2010', 'manylinux2014'))}_{processor}"
    return f"manylinux_2_{rng.choice(below)}_{processor}"


def _mac(target: Machine, processor: str, rng: random.Random) -> str:
    assert target.release
    major, minor = target.release
    formats = ["universal2"] * 3 + [processor] * 5
    if processor == "x86_64":
        formats += ["intel", "fat64", "fat3", "fat32", "universal"]
    draw = rng.random()
    if draw < 0.06:
        return rng.choice(("win_amd64", "manylinux_2_17_x86_64", "macosx_10_9_ppc"))
    if draw < 0.35:
        version = (10, rng.choice((4, 6, 9, 12, 13, 15, 16)))
    elif major == 10:
        version = (10, rng.randint(max(minor - 3, 0), minor + 1))
    else:  # from 11 on only minor 0 counts
        version = (rng.randint(11, major + 1), rng.choice((0, 0, 0, 1, minor)))
    return f"macosx_{version[0]}_{version[1]}_{rng.choice(formats)}"


def _phone(target: Machine, rng: random.Random) -> str:
    assert target.release
    if rng.random() < 0.1:
        return rng.choice(("linux_aarch64", "macosx_11_0_arm64", "android_21_x86", "ios_13_0_arm64_iphonesimulator"))
    major, minor = target.release
    if target.system == "android":
        return f"android_{rng.choice((16, 21, 24, major, major + 1, 15))}_{target.processor}"
    version = rng.choice(((12, 0), (13, rng.randint(0, 9)), (major, minor), (major, minor + 1), (major, 0), (11, 4)))
    return f"ios_{version[0]}_{version[1]}_{target.processor}"
