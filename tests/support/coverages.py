"""Coverages that no index has to be asked for: one with every state, one of any size, one of hostile names."""

from __future__ import annotations

from collections.abc import Iterator

from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.release.coverage import Coverage, CoverageCell, ExpectationBasis, InstallerChoice, TargetEnvironment

__all__ = ["HOSTILE", "big", "both", "coverage", "gets", "hostile", "spot", "varied"]

HOSTILE = (
    "</script><script>document.title='owned'</script>.whl",
    '"><img src=x onerror="document.title=\'owned\'">.whl',
    "' onmouseover='document.title=`owned`' x='.whl",
    "</style><style>*{display:none!important}</style>.whl",
    "<svg onload=\"document.title='owned'\">.whl",
    "--><!-- ${7*7} {{7*7}} &lt;&#x3c; ]]>.whl",
    "\u202egpj.\x1b[31mexe\x00\u2028.whl",
    f"{'x' * 100_000}.whl",
)
_MACHINES = (
    "manylinux_2_17_x86_64",
    "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_11_0_arm64",
    "macosx_10_12_x86_64",
    "win_amd64",
    "win32",
    "ios_13_0_arm64_iphoneos",
    "android_24_arm64_v8a",
    "pyodide_2025_0_wasm32",
)


def gets(
    installer: str,
    outcome: Outcome,
    filename: str = "",
    version: str = "1.0",
    only_binary: str | None = None,
    *,
    loadable: bool = True,
) -> InstallerChoice:
    return InstallerChoice(
        installer=installer,
        outcome=outcome,
        filename=filename,
        version=version if filename else "",
        only_binary=only_binary,
        loadable=loadable,
    )


def spot(python: str, platform: str, *answers: InstallerChoice, basis: ExpectationBasis | None = None) -> CoverageCell:
    """A place named as ``314t``; it is served when every answer is a wheel of version 1.0."""
    unserved = {Outcome.OLDER_VERSION, Outcome.SDIST, Outcome.NOTHING}
    served = all(each.outcome not in unserved and each.loadable for each in answers)
    return CoverageCell(
        place=TargetEnvironment(
            minor=int(python.removesuffix("t")[1:]), free_threaded=python.endswith("t"), platform=platform
        ),
        gets=answers,
        served=served,
        compiled=served and all(each.outcome is not Outcome.PURE for each in answers),
        basis=basis,
    )


def both(
    outcome: Outcome, filename: str = "", version: str = "1.0", only_binary: str | None = None
) -> tuple[InstallerChoice, ...]:
    return tuple(gets(name, outcome, filename, version, only_binary) for name in ("pip", "uv"))


def coverage(
    *spots: CoverageCell, project: str = "spam", version: str = "1.0", files: tuple[str, ...] = ()
) -> Coverage:
    return Coverage(
        project=project,
        version=version,
        previous="0.9",
        installers=("pip", "uv"),
        new_files=files,
        published=(),
        spots=spots,
    )


def varied() -> Coverage:
    """Every state, every tone, and a place where pip and uv differ."""
    linux, mac, windows = "manylinux_2_17_x86_64", "macosx_11_0_arm64", "win_amd64"
    wheel = "spam-1.0-{}.whl".format
    return coverage(
        spot(
            "313", linux, *both(Outcome.VERSION_SPECIFIC, wheel(f"cp313-cp313-{linux}")), basis=ExpectationBasis.SHIPPED
        ),
        spot("314", linux, *both(Outcome.VERSION_SPECIFIC, wheel(f"cp314-cp314-{linux}")), basis=ExpectationBasis.TWIN),
        spot("314t", linux, *both(Outcome.FREE_THREADED, wheel(f"cp314-cp314t-{linux}")), basis=ExpectationBasis.TWIN),
        spot("313", mac, *both(Outcome.STABLE_ABI, wheel(f"cp311-abi3-{mac}"))),
        spot("314", mac, *both(Outcome.STABLE_ABI, wheel(f"cp311-abi3-{mac}")), basis=ExpectationBasis.PREVIOUS),
        spot("314t", mac, *both(Outcome.SDIST, "spam-1.0.tar.gz", only_binary="0.9"), basis=ExpectationBasis.TWIN),
        spot(
            "313",
            windows,
            *both(Outcome.OLDER_VERSION, wheel("x").replace("1.0", "0.9"), "0.9"),
            basis=ExpectationBasis.PREVIOUS,
        ),
        spot(
            "314",
            windows,
            *both(Outcome.FREE_THREADED, wheel(f"cp314-cp314-{windows}")),
            basis=ExpectationBasis.SHIPPED,
        ),
        spot("314t", windows, *both(Outcome.PURE, wheel("py3-none-any"))),
        spot("313", "musllinux_1_2_x86_64", *both(Outcome.NOTHING)),
        spot(
            "314",
            "musllinux_1_2_x86_64",
            gets("pip", Outcome.SDIST, "spam-1.0.tar.gz", only_binary=""),
            gets("uv", Outcome.NOTHING),
            basis=ExpectationBasis.SHIPPED,
        ),
        spot(
            "314t",
            "musllinux_1_2_x86_64",
            *(
                gets(name, Outcome.STABLE_ABI, wheel("cp314-abi3t-musllinux_1_2_x86_64"), loadable=False)
                for name in ("pip", "uv")
            ),
        ),
        files=("spam-1.0.tar.gz",),
    )


def hostile() -> Coverage:
    """Everything that an index or a folder can name is hostile."""
    spots = [
        spot("314", machine, *both(Outcome.VERSION_SPECIFIC, name, version="1.0"), basis=ExpectationBasis.SHIPPED)
        for machine, name in zip(_MACHINES, HOSTILE, strict=False)
    ]
    spots += [
        spot("313", machine, *both(Outcome.OLDER_VERSION, name, version=name), basis=ExpectationBasis.PREVIOUS)
        for machine, name in zip(_MACHINES, HOSTILE, strict=False)
    ]
    return coverage(*spots, project=HOSTILE[1], version=HOSTILE[0], files=HOSTILE)


def big(places: int) -> Coverage:
    """So many places, each with long file names."""
    return coverage(*_many(places))


def _many(places: int) -> Iterator[CoverageCell]:
    for number in range(places):
        machine, python = divmod(number, 20)
        minor, free_threaded = divmod(python, 2)
        platform = f"manylinux_2_{17 + machine}_x86_64"
        name = f"spam-1.0-cp3{minor}-cp3{minor}-{'.'.join([platform] * 20)}.whl"
        yield spot(f"3{minor + 10}{'t' * free_threaded}", platform, *both(Outcome.VERSION_SPECIFIC, name))
