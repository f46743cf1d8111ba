"""How long ``ftwheel verify`` takes: 1,000 files in dist/, a page of 5,000 files, 500 environments, and the curve.

Run it with ``python3 dev.py bench -- verify``. The wheels are real zips, made for it; the page is made, too, and is
read from its JSON each time. Times are the fastest of three, in seconds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from results import keep, parse

from ftwheel.app.release.verify import Verification, verify
from ftwheel.core.index.page import File, ProjectDetails, render_page
from ftwheel.core.index.pages import Pages
from ftwheel.core.index.parse import parse_page
from ftwheel.core.installers.registry import installer
from ftwheel.core.release.upload import Upload
from ftwheel.io.release.dist import read_dist
from support.wheels import make_wheel

NEW, LISTED, ENVIRONMENTS = 1000, 5000, 500
DAY = date(2026, 11, 22)
JSON = "application/vnd.pypi.simple.v1+json"
BUILDS = [
    (minor, threads) for minor in range(8, 16) for threads in ("", "t") if not threads or minor >= 13
]  # 11 builds
PLATFORMS = [
    *(
        f"manylinux_2_{level}_{machine}"
        for machine in ("x86_64", "aarch64", "ppc64le", "s390x")
        for level in range(17, 27)
    ),
    *(f"musllinux_1_{level}_{machine}" for machine in ("x86_64", "aarch64", "i686") for level in range(1, 10)),
    *(f"macosx_{level}_0_{machine}" for machine in ("arm64", "x86_64") for level in range(11, 24)),
    "win32",
    "win_amd64",
    "win_arm64",
]  # 96 machines


def names(version: str, count: int, platforms: int) -> list[str]:
    """Names of one release: every build on every platform, then the same again under build numbers."""
    found: list[str] = []
    number = 0
    while len(found) < count:
        build = f"-{number}" if number else ""
        found += [
            f"demo-{version}{build}-cp3{minor}-cp3{minor}{threads}-{platform}.whl"
            for platform in PLATFORMS[:platforms]
            for minor, threads in BUILDS
        ]
        number += 1
    return found[:count]


def body(count: int, platforms: int) -> bytes:
    """A page of releases of 250 files each."""
    files = [
        File(filename=name, url=f"https://index.example/{name}", hashes=(("sha256", "0" * 64),))
        for release in range(count // 250)
        for name in names(f"0.{release}", 250, platforms)
    ]
    return render_page(ProjectDetails(name="demo", files=tuple(files)))


def fastest(call: Callable[[], object]) -> float:
    found = []
    for _ in range(3):
        begin = time.perf_counter()
        call()
        found.append(time.perf_counter() - begin)
    return min(found)


def judged(page: bytes, files: tuple[File, ...]) -> Verification:
    details = parse_page(page, content_type=JSON, url="https://index.example/simple/demo/", name="demo")
    return verify(
        "demo",
        "1.0",
        upload=Upload(files=files, sha256=lambda _: ""),
        indexes=[Pages.of([details])],
        installers=RULES,
        day=DAY,
    )


SIZES = (  # new files, listed files, platforms
    (250, 1250, 11),
    (500, 2500, 23),
    (NEW, LISTED, 11),
    (NEW, LISTED, 23),
    (NEW, LISTED, 46),
    (NEW, 2 * LISTED, 46),
)
RULES = (installer("pip"), installer("uv"))


def main() -> None:
    arguments = parse(__doc__)
    with tempfile.TemporaryDirectory() as work:
        dist = Path(work)
        for name in names("1.0", SIZES[0][0] if arguments.short else NEW, 46):
            make_wheel(dist, name)
        reading = fastest(lambda: read_dist([dist]))
        files = read_dist([dist]).files
        print(f"reading the names and METADATA of {len(files)} wheels: {reading:.2f} s", flush=True)
    kept: dict[str, float] = {}
    print(f"{'new files':>10}{'listed':>8}{'environments':>14}{'seconds':>9}{'ms each':>9}")
    for new, listed, platforms in SIZES[:1] if arguments.short else SIZES:
        given = tuple(file for file in files if file.filename in set(names("1.0", new, platforms)))
        page = body(listed, platforms)
        seconds = fastest(lambda page=page, given=given: judged(page, given))  # type: ignore[misc]
        environments = len(judged(page, given).coverage.cells)
        kept[f"{len(given)} new files beside {listed}, {environments} environments"] = seconds
        print(
            f"{len(given):>10}{listed:>8}{environments:>14}{seconds:>9.2f}{seconds / environments * 1e3:>9.2f}",
            flush=True,
        )
    keep(arguments.results, "verify", "Verifying a release", kept, what="Time on the clock, fastest of 3")


if __name__ == "__main__":
    main()
