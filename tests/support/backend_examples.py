"""For each refusal of the build backend: what it refuses, and what it lets pass once its advice was followed.

Each runs in the current folder, and returns or raises the refusals.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ftwheel_build.adapt import limited_api_asked
from ftwheel_build.config import Config, load
from ftwheel_build.environment import check_environment
from ftwheel_build.errors import RefusedError
from ftwheel_build.inspection import inspect
from ftwheel_build.job import Job
from ftwheel_build.sdist import check_sdist
from ftwheel_build.target import Target
from ftwheel_build.wrapped import import_backend
from support.rule_examples import ARM, DEFAULT, DEFAULT_CODE, DEFAULT_SO, FT, FT_CODE, FT_SO
from support.wheels import make_wheel

__all__ = ["COMPILED", "REFUSALS", "compiled", "refused"]

Run = Callable[[], Iterable[RefusedError] | None]

TARGET = Target(
    implementation="cpython",
    version=(3, 13),
    free_threaded=True,
    debug=False,
    suffix=".cpython-313t-x86_64-linux-gnu.so",
    platform="linux-x86_64",
)


def refused(run: Run) -> list[RefusedError]:
    """What a run refuses, raised or returned."""
    try:
        return list(run() or ())
    except RefusedError as error:
        return [error]


def settings(text: str) -> Run:
    def run() -> None:
        Path("pyproject.toml").write_text(f"[tool.ftwheel]\n{text}\n")
        load("")

    return run


def backend(name: str) -> Run:
    def run() -> None:
        import_backend(Config(build_backend=name), ".")

    return run


def sdist(*names: str) -> Run:
    def run() -> None:
        Path("tools").mkdir(exist_ok=True)
        Path("tools/own.py").write_text("")
        with tarfile.open("demo-1.0.tar.gz", "w:gz") as archive:
            for name in names:
                archive.addfile(tarfile.TarInfo(f"demo-1.0/{name}"), io.BytesIO())
        check_sdist("demo-1.0.tar.gz", ".", Config(build_backend="own", backend_path=("tools",)))

    return run


def environment(environ: Mapping[str, str], target: Target = TARGET) -> Run:
    def run() -> None:
        headers = Path("include/python3.12")
        headers.mkdir(parents=True, exist_ok=True)
        (headers / "patchlevel.h").write_text("#define PY_MAJOR_VERSION 3\n#define PY_MINOR_VERSION 12\n")
        (headers / "pyconfig.h").write_text("")
        check_environment(environ, target)

    return run


def limited(policy: str) -> Run:
    def run() -> None:
        config = Config(build_backend="setuptools.build_meta", limited_api=policy)
        job = Job("build_wheel", ".", TARGET, config, {}, {}, set())
        limited_api_asked(job, "extension demo._ext: limited API")

    return run


def wheel(filename: str, files: Mapping[str, str | bytes], target: Target = TARGET, **options: object) -> Run:
    return lambda: inspect(str(make_wheel(Path("dist"), filename, files, **options)), target)  # type: ignore[arg-type]


def no_wheel() -> list[RefusedError]:
    Path("dist").mkdir(exist_ok=True)
    Path("dist", FT).write_bytes(b"")
    return inspect(f"dist/{FT}", TARGET)


GOOD = wheel(FT, {FT_SO: FT_CODE})
DEFAULT_TARGET = TARGET.replace(free_threaded=False, suffix=".cpython-313-x86_64-linux-gnu.so")

COMPILED = frozenset(
    {"FTB307", "FTB308", "FTB309", "FTB311", "FTB314", "FTB315", "FTB316", "FTB317", "FTB318"}
)  # what ``compiled`` gives
REFUSALS: dict[str, tuple[Run, Run]] = {
    "FTB101": (
        settings('build-backend = "setuptools.build_meta"\nlimited-api = "of"'),
        settings('build-backend = "setuptools.build_meta"\nlimited-api = "auto"'),
    ),
    "FTB102": (backend("ftwheel_build"), backend("json")),
    "FTB103": (backend("missing.build_meta"), backend("json")),
    "FTB104": (sdist("pyproject.toml"), sdist("pyproject.toml", "tools/own.py")),
    "FTB201": (environment({"CFLAGS": "-O2 -Iinclude/python3.12"}), environment({"CFLAGS": "-O2"})),
    "FTB202": (
        environment({"CFLAGS": "-DPy_GIL_DISABLED=1"}, DEFAULT_TARGET),
        environment({}, DEFAULT_TARGET),
    ),
    "FTB203": (environment({"SETUPTOOLS_EXT_SUFFIX": ".cpython-313-x86_64-linux-gnu.so"}), environment({})),
    "FTB204": (environment({"_PYTHON_HOST_PLATFORM": "linux-aarch64"}), environment({})),
    "FTB205": (limited("refuse"), limited("version-specific")),
    "FTB301": (no_wheel, GOOD),
    "FTB302": (wheel(FT, {FT_SO: FT_CODE}, tags=["cp313-cp313-linux_x86_64"]), GOOD),
    "FTB303": (wheel(DEFAULT, {DEFAULT_SO: DEFAULT_CODE}), GOOD),
    "FTB304": (wheel(FT, {"pkg/__init__.py": ""}), GOOD),
    "FTB305": (wheel("pkg-1.0-py3-none-any.whl", {FT_SO: FT_CODE}), GOOD),
    "FTB306": (wheel(FT, {FT_SO: FT_CODE, DEFAULT_SO: DEFAULT_CODE}), GOOD),
    "FTB310": (wheel(FT, {FT_SO: ARM}), GOOD),
    "FTB312": (
        wheel(
            "pkg-1.0-cp314-abi3t-linux_x86_64.whl",
            {"pkg/_ext.abi3t.so": FT_CODE},
            TARGET.replace(version=(3, 15)),
        ),
        wheel(
            "pkg-1.0-cp315-cp315t-linux_x86_64.whl",
            {"pkg/_ext.cpython-315t-x86_64-linux-gnu.so": FT_CODE},
            TARGET.replace(version=(3, 15), suffix=".cpython-315t-x86_64-linux-gnu.so"),
        ),
    ),
    "FTB313": (
        wheel(DEFAULT, {"pkg/_ext.abi3.so": DEFAULT_CODE}, DEFAULT_TARGET),
        wheel(DEFAULT, {DEFAULT_SO: DEFAULT_CODE}, DEFAULT_TARGET),
    ),
}


def compiled(code: Mapping[str, bytes], machine: str) -> dict[str, tuple[Run, Run]]:
    """The refusals for which the backend has to read real symbols; ``code`` is by what it was compiled for."""
    platform = f"linux_{machine}"
    suffix = f".cpython-313t-{machine}-linux-gnu.so"
    target = TARGET.replace(suffix=suffix, platform=f"linux-{machine}")

    def one(files: Mapping[str, str]) -> Run:
        return wheel(f"pkg-1.0-cp313-cp313t-{platform}.whl", {name: code[kind] for name, kind in files.items()}, target)

    def stable(tag: str, kind: str) -> Run:
        default = TARGET.replace(free_threaded=False, version=(3, 15 if "abi3t" in tag else 13))
        files = {f"pkg/_m.{'abi3t' if 'abi3t' in tag else 'abi3'}.so": code[kind]}
        return wheel(f"pkg-1.0-{tag}-linux_{machine}.whl", files, default.replace(platform=f"linux-{machine}"))

    right = one({f"pkg/_ext{suffix}": "free-threaded"})
    return {
        "FTB307": (one({"pkg/_ext.so": "silent"}), right),
        "FTB308": (one({f"pkg/_ext{suffix}": "default"}), right),
        "FTB309": (one({f"pkg/_ext{suffix}": "mixed"}), right),
        "FTB311": (one({f"pkg/_ext{suffix}": "free-threaded", "pkg/_ext.so": "free-threaded"}), right),
        "FTB314": (stable("cp310-abi3", "slot of 3.13"), stable("cp313-abi3", "slot of 3.13")),
        "FTB315": (stable("cp315-abi3.abi3t", "abi3t without slot"), stable("cp315-abi3.abi3t", "abi3t")),
        "FTB316": (stable("cp310-abi3", "abi3 outside"), stable("cp310-abi3", "limited")),
        "FTB317": (stable("cp315-abi3.abi3t", "abi3t init only"), stable("cp315-abi3.abi3t", "abi3t")),
        "FTB318": (stable("cp315-abi3.abi3t", "abi3t of 3.16"), stable("cp315-abi3.abi3t", "abi3t")),
    }
