"""Ask auditwheel whether a wheel keeps what its manylinux or musllinux tag promises."""

from __future__ import annotations

import json
import subprocess
import sys

from ftwheel.core.wheel.reports import PolicyVerdict

__all__ = ["can_audit", "platform_policy"]

_TIMEOUT = 300.0  # seconds; the largest wheels take auditwheel about a minute


def can_audit() -> bool:
    """Whether auditwheel runs on this system: it needs Linux."""
    return sys.platform == "linux"


def platform_policy(path: str) -> PolicyVerdict:
    """The most compatible tag that auditwheel finds a wheel consistent with. Never raises for what the wheel is."""
    command = [sys.executable, "-P", "-m", "auditwheel", "show", "--json", path]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT)
    except subprocess.TimeoutExpired:
        return PolicyVerdict(tag="", reason=f"auditwheel did not answer within {_TIMEOUT:.0f} seconds")
    except OSError as error:
        return PolicyVerdict(tag="", reason=f"auditwheel cannot be run ({error})")
    try:
        answer = json.loads(done.stdout)
        if tag := answer.get("overall_tag"):
            return PolicyVerdict(tag=str(tag))
        reason = str(answer.get("error", "auditwheel names no tag"))
    except (ValueError, AttributeError):
        lines = done.stderr.strip().splitlines()
        reason = lines[-1] if lines else f"auditwheel left with exit code {done.returncode}"
    return PolicyVerdict(tag="", reason=" ".join(reason.split()))
