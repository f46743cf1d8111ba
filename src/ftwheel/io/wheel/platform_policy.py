"""Decide as auditwheel does whether a wheel keeps the promise of its manylinux or musllinux tag.

auditwheel itself runs, in a separate process, only if the contents of the wheel do not settle the question
(``ftwheel.core.wheel.linkage``). Its policies are read from the data files of the installed package.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftwheel.core.wheel.contents import FlawKind
from ftwheel.core.wheel.linkage import LibraryPolicy, surely_keeps
from ftwheel.core.wheel.reports import PolicyVerdict
from ftwheel.io.system.limits import limited_environ

if TYPE_CHECKING:
    from ftwheel.core.wheel.contents import WheelContents

__all__ = ["can_audit", "platform_policy", "surely_kept", "watched_symbols"]

_TIMEOUT = 300.0  # seconds; the largest wheels take auditwheel about a minute
_SECONDS, _MORE_SECONDS = 6, 2  # of the processor, and for each MiB of the wheel; most take a third of a second
_MEMORY = 256 << 20  # bytes of data, or four times a large wheel
_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "AUDITWHEEL_LD_LIBRARY_PATH")  # auditwheel searches these
_TAG = re.compile(r"((many|musl)linux(?:\d+|_\d+_\d+))_(\w+)")
_GLIBC = re.compile(r"manylinux_(\d+)_(\d+)_(\w+)")
_MUSL_MACHINES = {"i686": "x86", "armv7l": "armv7"}  # machines that musl's own library names differently


def can_audit() -> bool:
    """Whether auditwheel runs on this system: it needs Linux."""
    return sys.platform == "linux"


def platform_policy(path: str, contents: WheelContents) -> PolicyVerdict:
    """A tag that auditwheel finds a wheel consistent with: one in its filename, or the most compatible one.

    Never raises because of the wheel's contents.
    """
    tag = surely_kept(contents)
    if tag:
        return PolicyVerdict(tag=tag)
    if any(flaw.kind is FlawKind.TOO_LARGE for flaw in contents.flaws):
        return PolicyVerdict(tag="", reason="auditwheel would unpack members that are too large")
    with tempfile.TemporaryDirectory(prefix="ftwheel-policy-") as folder:
        if contents.name.variant:  # auditwheel cannot parse variant labels
            plain = os.path.join(folder, contents.filename.removesuffix(f"-{contents.name.variant}.whl") + ".whl")
            os.symlink(os.path.abspath(path), plain)
            path = plain
        return _ask(path, contents, folder)


def surely_kept(contents: WheelContents) -> str:
    """The oldest promised tag if auditwheel is certain to grant all of them; "" if auditwheel has to run."""
    promised = [found for tag in contents.name.platforms if (found := _TAG.fullmatch(tag))]
    kinds = {(tag[2], tag[3]) for tag in promised}
    if len(promised) < len(contents.name.platforms) or len(kinds) != 1 or contents.flaws or contents.linkage is None:
        return ""
    members = {member.path for member in contents.members}
    recorded = {entry.path for entry in contents.record or ()}
    if not recorded <= members or not {file.path for file in contents.linkage} <= recorded:
        return ""
    inherit = not any(map(os.environ.get, _LIBRARY_PATHS))
    policies = {tag[0]: _policies().get(tag[0]) for tag in promised}
    kind = f"{promised[0][2]}linux"
    if all(policy and surely_keeps(policy, kind, contents.linkage, inherit=inherit) for policy in policies.values()):
        return min(policies, key=lambda tag: _extent(policies[tag]))
    return ""


def watched_symbols() -> Mapping[str, frozenset[str]]:
    """The symbols that at least one policy forbids importing, by library."""
    watched: dict[str, frozenset[str]] = {}
    for policy in _policies().values():
        for library, symbols in policy.forbidden.items():
            watched[library] = watched.get(library, frozenset()) | symbols
    return watched


@functools.cache
def _policies() -> Mapping[str, LibraryPolicy]:
    """auditwheel's policies by tag; empty if its data files are missing or have an unknown format."""
    package = importlib.util.find_spec("auditwheel")  # locates the folder without importing anything
    try:
        folder = Path(str(package and package.origin)).parent / "policy"
        rows = json.loads((folder / "manylinux-policy.json").read_bytes())
        policies = list(_read(rows, _same))
        # auditwheel knows only the installed version of musl, or the newest if none is; wheels do not state theirs
        if not any(Path("/lib").glob("libc.musl-*.so.1")):
            rows = json.loads((folder / "musllinux-policy.json").read_bytes())
            versions = sorted((row for row in rows if row["priority"]), key=lambda row: row["priority"])
            names = [row["name"] for row in versions[1:]]
            policies += _read([versions[0] | {"aliases": [*versions[0]["aliases"], *names]}], _musl_name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {name: policy for policy in policies for name in policy.names}


def _read(rows: list[dict[str, Any]], library: Any) -> Iterator[LibraryPolicy]:
    for row in rows:
        for machine, versions in row["symbol_versions"].items():
            yield LibraryPolicy(
                names=frozenset(f"{name}_{machine}" for name in (row["name"], *row["aliases"])),
                machine=machine,
                versions={group: frozenset(known) for group, known in versions.items()},
                libraries=frozenset(library(name, machine) for name in row["lib_whitelist"]),
                forbidden={name: frozenset(symbols) for name, symbols in row["blacklist"].items()},
            )


def _same(name: str, machine: str) -> str:
    return name


def _musl_name(name: str, machine: str) -> str:
    return f"libc.musl-{_MUSL_MACHINES.get(machine, machine)}.so.1" if name == "libc.so" else name


def _ask(path: str, contents: WheelContents, folder: str) -> PolicyVerdict:
    """auditwheel's answer; it unpacks the wheel in ``folder``, which outlives it if it is killed."""
    command = [sys.executable, "-P", "-m", "auditwheel", "show", "--json", path]
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    environ = limited_environ(TMPDIR=folder)
    seconds = _SECONDS + _MORE_SECONDS * (contents.size >> 20)
    try:
        with subprocess.Popen(command, stdin=null, stdout=pipe, stderr=pipe, text=True, env=environ) as process:
            try:
                _limit(process.pid, seconds, max(_MEMORY, 4 * contents.size))
                stdout, stderr = process.communicate(timeout=_TIMEOUT)
            except BaseException:
                process.kill()
                raise
    except subprocess.TimeoutExpired:
        return PolicyVerdict(tag="", reason=f"auditwheel did not answer within {_TIMEOUT:.0f} seconds")
    except OSError as error:
        return PolicyVerdict(tag="", reason=f"auditwheel cannot be run ({error})")
    if process.returncode == -signal.SIGXCPU:
        return PolicyVerdict(tag="", reason=f"auditwheel did not answer within {seconds} seconds of processor time")
    try:
        answer = json.loads(stdout)
        if tag := answer.get("overall_tag"):
            exact = _between_policies(str(tag), contents)
            return PolicyVerdict(tag=exact or str(tag), reason="" if exact else _what_hinders(answer, contents))
        reason = str(answer.get("error", "auditwheel names no tag"))
    except (ValueError, AttributeError):
        lines = stderr.strip().splitlines()
        if "Traceback (most recent call last):" in lines:
            return PolicyVerdict(tag="", reason="auditwheel fails on this wheel with an error of its own")
        reason = lines[-1] if lines else f"auditwheel exited {process.returncode}"
    return PolicyVerdict(tag="", reason=" ".join(reason.split()))


def _limit(process: int, seconds: int, memory: int) -> None:
    """Limit the processor time and the data of a process, because the files that it reads are a stranger's."""
    import resource

    with suppress(ProcessLookupError, PermissionError, ValueError):  # it has ended, or has lower limits already
        resource.prlimit(process, resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.prlimit(process, resource.RLIMIT_DATA, (memory, memory))


def _between_policies(found: str, contents: WheelContents) -> str:
    """The promised tag if it is kept and falls between two policies, of which auditwheel named the newer; else "".

    The tag is kept if no file needs a newer glibc and the next older policy allows all other symbols (PEP 600).
    """
    needed = _own_versions(contents)
    numbers = {version for version in needed if re.fullmatch(r"GLIBC_\d+(\.\d+)+", version)}
    glibc = [tuple(map(int, version.removeprefix("GLIBC_").split("."))) for version in numbers]
    for promised in contents.name.platforms if needed else ():
        if promised in _policies() or not (tag := _GLIBC.fullmatch(promised)):
            continue
        version, machine = (int(tag[1]), int(tag[2])), tag[3]
        policies = {
            (int(each[1]), int(each[2])): policy
            for name, policy in _policies().items()
            if (each := _GLIBC.fullmatch(name)) and each[3] == machine
        }
        older = [policies[each] for each in sorted(policies) if each < version]
        newer = [policies[each] for each in sorted(policies) if each > version]
        if older and newer and found in newer[0].names and all(map(older[-1].allows, needed - numbers)):
            return promised if all(each[:2] <= version for each in glibc) else ""
    return ""


def _own_versions(contents: WheelContents) -> frozenset[str]:
    """The symbol versions that the files of the wheel need; empty if any file could not be read."""
    files = contents.linkage or ()
    return frozenset(version for file in files for version in file.versions if all(each.plain for each in files))


def _extent(policy: LibraryPolicy | None) -> int:
    """How many libraries and versions a policy allows; the newer of two policies allows more."""
    return len(policy.libraries) + sum(map(len, policy.versions.values())) if policy else 0


def _what_hinders(answer: dict[str, Any], contents: WheelContents) -> str:
    """The libraries, symbols and versions in auditwheel's answer that the oldest promised policy does not allow.

    auditwheel also lists versions needed by libraries of this system. Those are not the wheel's fault, and are omitted
    if the wheel's own versions are known.
    """
    policies = [policy for tag in contents.name.platforms if (policy := _policies().get(tag))]
    if not policies:
        return ""
    policy = min(policies, key=_extent)
    upgrades: dict[str, dict[str, Any]] = answer.get("policy_upgrades", {})
    upgrade: dict[str, Any] = next((upgrades[name] for name in policy.names if name in upgrades), {})
    found = [f"the library {name}" for name in upgrade.get("libs_to_eliminate", ())]
    for library, symbols in upgrade.get("blacklisted_symbols", {}).items():
        found.append(f"{', '.join(symbols)} of {library}")
    own = _own_versions(contents)
    for library, versions in answer.get("versioned_symbols", {}).items():
        over = [version for version in versions if not policy.allows(version) and (not own or version in own)]
        if over:
            found.append(f"{', '.join(over)} of {library}")
    return "; ".join(found)
