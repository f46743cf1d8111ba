"""Preload auditwheel and repair several wheels at once, each in its own fork.

Loading auditwheel takes ten times as long as repairing a small wheel. This process starts at the beginning of a build
and loads auditwheel once for both wheels, while nothing else can be done yet. auditwheel changes the current folder
while it works, so two repairs cannot share a process.

Run as ``python -m ftwheel.io.wheel.auditwheel_worker``. Each line of standard input is a JSON object with ``id``,
``wheel``, ``folder`` (receives the repaired wheel), ``answer`` (receives the output of ``auditwheel show --json``) and
``log``. The worker prints ``ID EXITCODE`` as each repair finishes, and exits at the end of its input.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import sys
import traceback

__all__ = ["main"]


def main() -> None:
    """Process orders until the input ends, and report each as it finishes."""
    import auditwheel.main
    import auditwheel.repair
    import auditwheel.wheel_abi  # noqa: F401 - preloaded for the forks

    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    running: dict[int, int] = {}
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(awake, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                chunk = os.read(key.fd, 65536)
                if key.fd == awake:
                    _reap(running)
                    continue
                if not chunk:
                    return
                *lines, buffer = (buffer + chunk).split(b"\n")
                for line in lines:
                    order = json.loads(line)
                    running[_fork(order)] = order["id"]


def _fork(order: dict[str, str]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        code = _repair(order)
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - the fork must not carry on as a second worker
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _repair(order: dict[str, str]) -> int:
    """Run auditwheel's own command line twice; the second run reuses what the first read from the wheel."""
    from auditwheel.error import InvalidLibcError
    from auditwheel.main import main as auditwheel

    try:
        _show(order)
    except InvalidLibcError:
        # An .abi3.so that calls nothing in libc does not reveal which libc it uses, but it was built on this machine.
        _assume_own_libc()
        _show(order)
    sys.argv = ["auditwheel", "repair", "--wheel-dir", order["folder"], order["wheel"]]
    return auditwheel() or 0


def _show(order: dict[str, str]) -> None:
    from auditwheel.main import main as auditwheel

    with open(order["answer"], "w", encoding="utf-8") as sink, contextlib.redirect_stdout(sink):
        sys.argv = ["auditwheel", "show", "--json", order["wheel"]]
        auditwheel()


def _assume_own_libc() -> None:
    """Make auditwheel (6.8) assume this machine's libc, for which it has no option; the fork serves only one wheel."""
    from auditwheel import main_repair, wheeltools
    from auditwheel.libc import Libc

    own = Libc.detect()
    wheeltools.get_wheel_libc = main_repair.get_wheel_libc = lambda filename: own


def _reap(running: dict[int, int]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        os.write(1, f"{running.pop(pid)} {os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
