"""Files that commands write for their users: whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ftwheel.core.errors import InputError
from ftwheel.io.system.writing import write_text


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("before")
    write_text(path, "after")
    assert path.read_text("utf-8") == "after"
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    path = tmp_path / "report.html"
    path.symlink_to(tmp_path / "kept" / "report.html")
    write_text(path, "text")
    assert path.is_symlink()
    assert (tmp_path / "kept" / "report.html").read_text("utf-8") == "text"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(path.read_text("utf-8")))
    reader.start()
    write_text(path, "text")
    reader.join(30)
    assert read == ["text"]
    assert path.is_fifo()


def test_nothing_is_left_of_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "half of a pair: \ud800")
    assert path.read_text("utf-8") == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(InputError, match="cannot be written") as error:
        write_text(tmp_path / "missing" / "report.html", "text")
    assert error.value.hint
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path, "text")
