"""Coverages that no index has to be asked for: one with every state, one of any size, one of hostile names."""

from __future__ import annotations

from collections.abc import Iterator

from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.release.coverage import Coverage, CoverageCell, ExpectationBasis, InstallerChoice, TargetEnvironment

__all__ = ["HOSTILE", "big", "both", "cell", "choice", "coverage", "hostile", "varied"]

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


def choice(
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


def cell(
    python: str, platform: str, *answers: InstallerChoice, expected: ExpectationBasis | None = None
) -> CoverageCell:
    """A target named as ``314t``; it is served when every answer is a wheel of version 1.0."""
    unserved = {Outcome.OLDER_VERSION, Outcome.SDIST, Outcome.NOTHING}
    served = all(each.outcome not in unserved and each.loadable for each in answers)
    return CoverageCell(
        target=TargetEnvironment(
            minor=int(python.removesuffix("t")[1:]), free_threaded=python.endswith("t"), platform=platform
        ),
        choices=answers,
        served=served,
        compiled=served and all(each.outcome is not Outcome.PURE for each in answers),
        expected=expected,
    )


def both(
    outcome: Outcome, filename: str = "", version: str = "1.0", only_binary: str | None = None
) -> tuple[InstallerChoice, ...]:
    return tuple(choice(name, outcome, filename, version, only_binary) for name in ("pip", "uv"))


def coverage(
    *cells: CoverageCell, project: str = "spam", version: str = "1.0", files: tuple[str, ...] = ()
) -> Coverage:
    return Coverage(
        project=project,
        version=version,
        previous="0.9",
        installers=("pip", "uv"),
        new_files=files,
        published=(),
        cells=cells,
    )


def varied() -> Coverage:
    """Every state, every tone, and a target where pip and uv differ."""
    linux, mac, windows = "manylinux_2_17_x86_64", "macosx_11_0_arm64", "win_amd64"
    wheel = "spam-1.0-{}.whl".format
    return coverage(
        cell(
            "313",
            linux,
            *both(Outcome.VERSION_SPECIFIC, wheel(f"cp313-cp313-{linux}")),
            expected=ExpectationBasis.SHIPPED,
        ),
        cell(
            "314",
            linux,
            *both(Outcome.VERSION_SPECIFIC, wheel(f"cp314-cp314-{linux}")),
            expected=ExpectationBasis.OTHER_BUILD,
        ),
        cell(
            "314t",
            linux,
            *both(Outcome.FREE_THREADED, wheel(f"cp314-cp314t-{linux}")),
            expected=ExpectationBasis.OTHER_BUILD,
        ),
        cell("313", mac, *both(Outcome.STABLE_ABI, wheel(f"cp311-abi3-{mac}"))),
        cell("314", mac, *both(Outcome.STABLE_ABI, wheel(f"cp311-abi3-{mac}")), expected=ExpectationBasis.PREVIOUS),
        cell(
            "314t",
            mac,
            *both(Outcome.SDIST, "spam-1.0.tar.gz", only_binary="0.9"),
            expected=ExpectationBasis.OTHER_BUILD,
        ),
        cell(
            "313",
            windows,
            *both(Outcome.OLDER_VERSION, wheel("x").replace("1.0", "0.9"), "0.9"),
            expected=ExpectationBasis.PREVIOUS,
        ),
        cell(
            "314",
            windows,
            *both(Outcome.FREE_THREADED, wheel(f"cp314-cp314-{windows}")),
            expected=ExpectationBasis.SHIPPED,
        ),
        cell("314t", windows, *both(Outcome.PURE, wheel("py3-none-any"))),
        cell("313", "musllinux_1_2_x86_64", *both(Outcome.NOTHING)),
        cell(
            "314",
            "musllinux_1_2_x86_64",
            choice("pip", Outcome.SDIST, "spam-1.0.tar.gz", only_binary=""),
            choice("uv", Outcome.NOTHING),
            expected=ExpectationBasis.SHIPPED,
        ),
        cell(
            "314t",
            "musllinux_1_2_x86_64",
            *(
                choice(name, Outcome.STABLE_ABI, wheel("cp314-abi3t-musllinux_1_2_x86_64"), loadable=False)
                for name in ("pip", "uv")
            ),
        ),
        files=("spam-1.0.tar.gz",),
    )


def hostile() -> Coverage:
    """Everything that an index or a folder can name is hostile."""
    cells = [
        cell("314", machine, *both(Outcome.VERSION_SPECIFIC, name, version="1.0"), expected=ExpectationBasis.SHIPPED)
        for machine, name in zip(_MACHINES, HOSTILE, strict=False)
    ]
    cells += [
        cell("313", machine, *both(Outcome.OLDER_VERSION, name, version=name), expected=ExpectationBasis.PREVIOUS)
        for machine, name in zip(_MACHINES, HOSTILE, strict=False)
    ]
    return coverage(*cells, project=HOSTILE[1], version=HOSTILE[0], files=HOSTILE)


def big(targets: int) -> Coverage:
    """So many targets, each with long file names."""
    return coverage(*_many(targets))


def _many(targets: int) -> Iterator[CoverageCell]:
    for number in range(targets):
        machine, python = divmod(number, 20)
        minor, free_threaded = divmod(python, 2)
        platform = f"manylinux_2_{17 + machine}_x86_64"
        name = f"spam-1.0-cp3{minor}-cp3{minor}-{'.'.join([platform] * 20)}.whl"
        yield cell(f"3{minor + 10}{'t' * free_threaded}", platform, *both(Outcome.VERSION_SPECIFIC, name))
