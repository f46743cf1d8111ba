"""Programs run in groups that end as a whole, in a place of work that is always empty and always the same."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ftwheel.io.system.processes import ProcessGroup, Stopped
from ftwheel.io.system.workspace import scratch, workspace

# starts a child of its own, says which, and waits for it
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
child.wait()
"""


def running(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet reaped by its new parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def grandchild(log: Path) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if log.exists() and log.read_text().endswith("\n"):
            return int(log.read_text())
        time.sleep(0.01)
    pytest.fail("the program did not start")


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not running(pid)


def test_a_program_runs_to_its_end_and_its_output_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = "import os, sys; print(os.getcwd(), os.environ['X']); sys.stdout.flush(); print('e', file=sys.stderr)"
    processes = ProcessGroup()
    assert processes.run([sys.executable, "-c", program], log=log, cwd=tmp_path, env={**os.environ, "X": "1"}) == 0
    assert processes.run([sys.executable, "-c", "raise SystemExit(3)"], log=log) == 3
    assert log.read_text() == f"{tmp_path} 1\ne\n"


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ProcessGroup().run([tmp_path / "missing"], log=tmp_path / "log")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_what_a_program_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert ProcessGroup().run([sys.executable, "-c", PARENT.replace("child.wait()", "")], log=log) == 0
    assert gone(grandchild(log))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_time_limit_ends_the_whole_group(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(subprocess.TimeoutExpired):
        ProcessGroup().run([sys.executable, "-c", PARENT], log=log, timeout=1.5)
    assert gone(grandchild(log))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_stop_ends_every_group_and_starts_no_other(tmp_path: Path) -> None:
    processes = ProcessGroup()
    logs = [tmp_path / "one", tmp_path / "two"]
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(processes.run, [sys.executable, "-c", PARENT], log=log) for log in logs]
        pids = [grandchild(log) for log in logs]
        processes.stop()
        for future in futures:
            with pytest.raises(Stopped):
                future.result()
    assert all(map(gone, pids))
    with pytest.raises(Stopped):
        processes.run([sys.executable, "-c", "pass"], log=tmp_path / "three")


def test_a_place_of_work_is_empty_private_and_removed(tmp_path: Path) -> None:
    with workspace(tmp_path) as place:
        (place / "sealed").mkdir()
        (place / "sealed" / "file").touch()
        (place / "sealed").chmod(0o500)  # Go's module cache and Nix leave such folders behind
        first = place
    assert not first.exists()
    (first / "left over").mkdir(parents=True)
    with workspace(tmp_path) as place:
        assert place == first
        assert list(place.iterdir()) == []
        assert sys.platform == "win32" or place.stat().st_mode & 0o077 == 0


def test_two_at_once_have_two_places_and_the_first_is_taken_again(tmp_path: Path) -> None:
    with workspace(tmp_path) as one:
        with workspace(tmp_path) as two:
            assert one != two
        with workspace(tmp_path) as three:
            assert three == two
    with workspace(tmp_path) as again:
        assert again == one


def test_a_failure_removes_the_place_too(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), workspace(tmp_path) as place:
        raise ZeroDivisionError
    assert not place.exists()


def test_the_lock_of_a_killed_run_is_free_again(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys\nfrom ftwheel.io.system.workspace import workspace\n"
        "with workspace(pathlib.Path(sys.argv[1])) as place:\n    (place / 'x').touch(); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", program, tmp_path], timeout=60).returncode == 9
    left = tmp_path / "0"
    assert (left / "x").exists()
    with workspace(tmp_path) as place:
        assert place == left
        assert list(place.iterdir()) == []


def test_what_a_killed_run_left_beside_its_result_is_removed_by_the_next_one(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys\nfrom ftwheel.io.system.workspace import scratch\n"
        "with scratch(pathlib.Path(sys.argv[1])) as place:\n    (place / 'x').touch(); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", program, tmp_path], timeout=60).returncode == 9
    (left,) = tmp_path.iterdir()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "new").mkdir()
    with scratch(tmp_path) as running:
        assert not left.exists()
        with scratch(tmp_path) as other:
            assert running.exists()
            assert other != running
    assert list(tmp_path.iterdir()) == [mine]


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFO, and links need a privilege")
def test_nothing_but_folders_of_killed_runs_is_removed(tmp_path: Path) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "folder"
    (elsewhere / "new").mkdir(parents=True)
    (elsewhere / "lock").touch()
    folder.mkdir()
    (folder / ".ftwheel-new-link").symlink_to(elsewhere)
    for name, lock in (("fifo", os.mkfifo), ("unlocked", None)):
        (folder / f".ftwheel-new-{name}" / "new").mkdir(parents=True)
        if lock:
            lock(folder / f".ftwheel-new-{name}" / "lock")
    there = set(folder.rglob("*"))
    with scratch(folder):
        pass
    assert set(folder.rglob("*")) == there
    assert (elsewhere / "new").is_dir()


def test_threads_take_different_places(tmp_path: Path) -> None:
    barrier = threading.Barrier(4, timeout=30)

    def take(_: int) -> Path:
        with workspace(tmp_path) as place:
            barrier.wait()
            return place

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(take, range(4)))) == 4
