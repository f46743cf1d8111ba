#!/usr/bin/env python3
"""Make sure a default and a free-threaded CPython of one minor version exist on this machine.

Tried in order: interpreters already here (PATH, pyenv, uv's folder, ftwheel's cache); ``uv python install``;
a build from the distribution's python3.13 source package (Debian and its kin). Prints one JSON object,
``{"default": PATH, "free_threaded": PATH}``, to standard output and says what it does on standard error.

Programs named as arguments (``cc``, ``c++``, ...) are made sure of first; where this is root on Debian, apt-get
installs them.
Standard library only; run it as ``python3 tools/provision.py cc c++``.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from ftwheel.core.build.interpreters import InterpreterPair, pairs
from ftwheel.core.errors import FtwheelError, InputError, MissingToolError
from ftwheel.io.system.interpreters import discover, interpreter_cache

# Debian 13 carries this one; its source package is found through the mirror the machine is already set up for.
SOURCE_PACKAGE, SOURCE_SUITE = "python3.13", "trixie"
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


def say(message: str) -> None:
    print(f"provision: {message}", file=sys.stderr, flush=True)


def run(command: Sequence[str], *, cwd: Path | None = None, log: Path | None = None) -> None:
    """Run a command; its output goes to ``log``, whose end is shown when it fails."""
    with open(log, "ab") if log else contextlib.nullcontext() as stream:
        done = subprocess.run(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=stream or sys.stderr, stderr=subprocess.STDOUT
        )
    if done.returncode:
        tail = log.read_text(errors="replace").splitlines()[-30:] if log else []
        raise FtwheelError(
            "\n".join([*tail, f"{shlex.join(command)} failed with exit code {done.returncode}"]),
        )


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process provisions at a time; others wait for it."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as handle:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


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


def best_pair() -> InterpreterPair | None:
    found = pairs(discover())
    return found[0] if found else None


def uv_install() -> None:
    """Ask uv for a ready-made pair; leaves quietly when there is no uv or it cannot reach its downloads."""
    uv = shutil.which("uv")
    if uv is None:
        say("no uv on PATH, so no ready-made interpreters")
        return
    say("running uv python install 3.14 3.14t")
    done = subprocess.run(
        [uv, "python", "install", "3.14", "3.14t"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        say(f"uv could not: {lines[-1].strip() if lines else f'exit code {done.returncode}'}")


def mirror() -> str:
    """The Debian mirror this machine is configured for."""
    parts = Path("/etc/apt/sources.list.d")
    files = [Path("/etc/apt/sources.list"), *sorted(parts.glob("*.sources")), *sorted(parts.glob("*.list"))]
    for file in files:
        if not file.is_file():
            continue
        for line in file.read_text(errors="replace").splitlines():
            match = re.match(r"(?:deb\s+(?:\[[^]]*\]\s*)?|URIs:\s*)(\S+/debian)/?(?:\s|$)", line)
            if match:
                return match[1]
    raise MissingToolError(
        "no free-threaded CPython on this machine, uv could not install one, and no Debian mirror is configured here",
        hint="install a pair by hand, for example with pyenv: pyenv install 3.14 3.14t",
    )


def download_source(folder: Path) -> Path:
    """Fetch the source package through a private apt configuration (signatures verified), and unpack it."""
    uri = mirror()
    require_programs(["gcc", "make", "xz"], why="building CPython")
    require_packages([p for header, p in HEADERS.items() if not find_header(header)], why="building CPython")
    if not KEYRING.is_file():
        require_packages(["debian-archive-keyring"], why="checking the source's signature")
    apt = folder / "apt"
    for part in ("sources", "lists/partial", "cache/archives/partial"):
        (apt / part).mkdir(parents=True)
    (apt / "sources" / "source.sources").write_text(
        f"Types: deb-src\nURIs: {uri}\nSuites: {SOURCE_SUITE}\nComponents: main\nSigned-By: {KEYRING}\n"
    )
    options = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": f"{apt}/sources",
        "Dir::State::lists": f"{apt}/lists",
        "Dir::Cache": f"{apt}/cache",
        "APT::Sandbox::User": "root",
    }
    flags = [f"--option={key}={value}" for key, value in options.items()]
    say(f"fetching the source package {SOURCE_PACKAGE} of Debian {SOURCE_SUITE}")
    run(["apt-get", *flags, "--quiet", "update"], log=folder / "apt.log")
    run(["apt-get", *flags, "source", "--download-only", SOURCE_PACKAGE], cwd=folder, log=folder / "apt.log")
    (archive,) = (path for path in folder.glob(f"{SOURCE_PACKAGE}_*.orig.tar.*") if path.suffix != ".asc")
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):  # Debian 12's Python 3.11.2 is older than the filters
            tar.extraction_filter = tarfile.data_filter
        tar.extractall(folder / "source")  # noqa: S202 - apt verified the signature
    (source,) = (folder / "source").iterdir()
    return source


def find_header(path: str) -> bool:
    """Whether a header is in /usr/include or in the folder of the machine's architecture."""
    relative = path.removeprefix("/usr/include/")
    return Path(path).exists() or any(Path("/usr/include").glob(f"*-linux-gnu*/{relative}"))


def build(source: Path, folder: Path, *, free_threaded: bool) -> None:
    """Configure, compile and install one interpreter into the cache; it appears there whole or not at all."""
    version = source.name.removeprefix("Python-")
    prefix = interpreter_cache() / f"cpython-{version}{'t' if free_threaded else ''}"
    if prefix.exists():
        shutil.rmtree(prefix)  # it did not answer, or it would have been found
    work = folder / f"build{'-t' if free_threaded else ''}"
    work.mkdir()
    log = folder / f"{prefix.name}.log"
    say(f"building {prefix.name} into {prefix} (about three minutes on two cores)")
    gil = ["--disable-gil"] if free_threaded else []
    options = [f"--prefix={prefix}", "--with-ensurepip=install", "--disable-test-modules", *gil]
    run([str(source / "configure"), "--quiet", *options], cwd=work, log=log)
    run(["make", "--silent", f"--jobs={os.cpu_count() or 2}"], cwd=work, log=log)
    staged = folder / f"staged{'-t' if free_threaded else ''}"
    run(["make", "--silent", "install", f"DESTDIR={staged}"], cwd=work, log=log)
    prefix.parent.mkdir(parents=True, exist_ok=True)
    os.replace(staged / prefix.relative_to("/"), prefix)


def ensure_pair() -> InterpreterPair:
    """The newest pair on this machine, made if there is none."""
    if pair := best_pair():
        return pair
    with locked(interpreter_cache()):
        if pair := best_pair():
            return pair
        say("no pair of a default and a free-threaded CPython here")
        uv_install()
        if pair := best_pair():
            return pair
        # Inside the cache, so that the finished tree can be renamed into place.
        with tempfile.TemporaryDirectory(prefix=".build-", dir=interpreter_cache()) as name:
            folder = Path(name)
            source = download_source(folder)
            minor = (3, 13)
            have = {found.free_threaded for found in discover() if found.minor == minor and not found.debug}
            for free_threaded in (False, True):
                if free_threaded not in have:
                    build(source, folder, free_threaded=free_threaded)
        if pair := best_pair():
            return pair
    raise MissingToolError("the interpreters were built but do not answer", hint=f"look into {interpreter_cache()}")


def main() -> int:
    try:
        if unknown := sorted(set(sys.argv[1:]) - set(PROGRAMS)):
            raise InputError(f"unknown program {unknown[0]!r}", hint=f"known are {', '.join(PROGRAMS)}")
        require_programs(sys.argv[1:], why="building extensions")
        pair = ensure_pair()
    except FtwheelError as error:
        print(f"provision: error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"provision: hint: {error.hint}", file=sys.stderr)
        return error.exit_code
    for interpreter in (pair.default, pair.free_threaded):
        say(f"{interpreter.label} is {interpreter.executable}")
    print(json.dumps({"default": pair.default.executable, "free_threaded": pair.free_threaded.executable}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
