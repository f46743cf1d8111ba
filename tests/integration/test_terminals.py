"""Tables and texts on terminals of every width, and what is shown while somebody waits."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.cells import cell_len

from ftwheel.cli import main as command_line
from ftwheel.cli import pip_companion
from ftwheel.render.progress import progress
from ftwheel.render.terminal import StyledText, paragraphs, table
from ftwheel.render.terminal_table import shortened
from support.commands import ftwheel, ftwheel_environ

SHOP = Path(__file__).parents[1] / "recordings" / "shop"
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
LABELS = ("cp314t-manylinux_2_28_x86_64", "cp315t-manylinux_2_28_x86_64", "cp315t-win_amd64")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> object:
    """Draw a table at a width, as a terminal without colours shows it."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")

    def draw(width: int, header: Sequence[str], rows: Sequence[Sequence[StyledText | str]]) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(width))
        out = io.StringIO()
        table(out, header, rows)
        return [line.rstrip() for line in ANSI.sub("", out.getvalue()).splitlines()]

    return draw


FILE = "numpy-2.5.5-cp314-cp314t-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
EXPLAINED = [
    ["1", FILE, "selected"],
    ["-", "numpy-2.5.5.tar.gz", "platform manylinux2014_aarch64, manylinux_2_17_aarch64"],
]


def test_a_wide_terminal_shows_whole_names(drawn: object) -> None:
    lines = drawn(160, ("rank", "file", "why"), EXPLAINED)  # type: ignore[operator]
    assert lines[0].split() == ["rank", "file", "why"]
    assert lines[2] == f"1     {FILE}  selected"


def test_a_narrower_one_shortens_names_in_the_middle_and_wraps_between_words(drawn: object) -> None:
    lines = drawn(80, ("rank", "file", "why"), EXPLAINED)  # type: ignore[operator]
    assert max(map(cell_len, lines)) < 80
    (short,) = [word for line in lines for word in line.split() if "…" in word]
    head, _, tail = short.partition("…")
    assert FILE.startswith(head)
    assert FILE.endswith(tail)
    assert "cp314t" in short or len(head) > 14
    assert [line.split()[-1] for line in lines[-2:]] == ["manylinux2014_aarch64,", "manylinux_2_17_aarch64"]


@pytest.mark.parametrize("width", [40, 60])
def test_a_narrow_one_stacks(drawn: object, width: int) -> None:
    rows = [["brotli", "1.2.1", "sdist", "sdist", "free-threaded wheel", ""], ["lxml", "5.4.0", "-", "", "pure", "x"]]
    lines = drawn(width, ("project", "version", *LABELS, "needed by"), rows)  # type: ignore[operator]
    assert max(map(cell_len, lines)) < width
    assert [line for line in lines if not line.startswith(" ")] == ["brotli", "lxml"]
    words = " ".join(lines)
    assert all(label in words for label in LABELS)
    assert sum("sdist" in line for line in lines) == 1  # two targets share a line
    assert "-" not in words.split()


def test_rows_with_the_same_values_share_a_block(drawn: object) -> None:
    """As the platforms of a release do; names of columns that are two words stay on one line."""
    rows = [["win32", "wheel", "wheel"], ["win_arm64", "-", "sdist !"], ["win_amd64", "wheel", "wheel"]]
    lines = drawn(20, ("platform", "3.14", "3.14 ft"), rows)  # type: ignore[operator]
    assert lines == ["win32, win_amd64", "  3.14,    wheel", "  3.14 ft", "win_arm64", "  3.14 ft  sdist !"]
    files = [[f"demo-1.0-cp314-cp314-{platform}.whl", "abi cp314"] for platform in ("win32", "win_amd64")]
    lines = drawn(40, ("file", "why"), files)  # type: ignore[operator]
    assert lines == [*(name for name, _ in files), "  why  abi cp314"]


def test_a_title_as_short_as_a_number_takes_the_next_cell_in(drawn: object) -> None:
    lines = drawn(50, ("rank", "file", "why"), [*EXPLAINED, ["123", "numpy-1.tar.gz", "fits"]])  # type: ignore[operator]
    assert lines[0].startswith("1    numpy-2.5.5-")
    assert "123  numpy-1.tar.gz" in lines
    assert max(map(cell_len, lines)) < 50


def test_an_output_without_the_characters_gets_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    table(out, ("file", "is"), [[FILE, "long"]])
    out.seek(0)
    text = out.read()
    assert "..." in text
    assert "----" in text


def test_the_middle_goes_first() -> None:
    assert shortened("short.whl", 20) == "short.whl"
    assert shortened("abcdefghij", 7) == "abc…hij"
    assert shortened("abcdefghij", 1) == "a…j"
    wheel = "demo-1.0-cp314-cp314t-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
    assert shortened(wheel, 28) == "demo-1.0-cp31…_17_x86_64.whl"
    assert shortened(wheel, 29) == "demo-1.0-cp314-cp314t-…64.whl"


def test_the_wheels_of_a_pair_and_their_sizes_can_be_told_apart(drawn: object) -> None:
    """As in the table of ``build``."""
    pair = [
        f"markupsafe-3.0.4-cp313-{abi}-manylinux2014_x86_64.manylinux_2_17_x86_64.whl" for abi in ("cp313", "cp313t")
    ]
    rows = [
        [name, python, "8.5 kB", "1", gil, "14.3 s"]
        for name, python, gil in zip(pair, ("3.13", "3.13t"), ("always on", "stays off"), strict=True)
    ]
    lines = drawn(80, ("wheel", "python", "size", "modules", "GIL", "time"), rows)  # type: ignore[operator]
    assert max(map(cell_len, lines)) < 80
    assert sum("8.5 kB" in line and "14.3 s" in line for line in lines) == 2
    assert len({line.split()[0] for line in lines if "…" in line}) == 2


def test_texts_are_wrapped_on_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    out = io.StringIO()
    paragraphs(out, ["  fix: one two three"])
    assert out.getvalue() == "  fix: one two three\n"
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "16")
    out = io.StringIO()
    paragraphs(out, ["  fix: one two three", ""])
    assert out.getvalue() == "  fix: one two\n    three\n\n"
    out = io.StringIO()
    monkeypatch.setenv("COLUMNS", "60")
    paragraphs(out, [FILE, f"  error FTW401 {FILE}"])
    first, second, third = out.getvalue().splitlines()
    assert "…" in first
    assert max(map(len, (first, second, third))) < 60
    assert (second, third.split("…")[0].strip()) == ("  error FTW401", FILE[: len(third.split("…")[0].strip())])


def test_a_page_fills_the_terminal() -> None:
    asked = ("rule", "FTW401")
    environ = ftwheel_environ(FORCE_COLOR="1", NO_COLOR="1", COLUMNS="60")
    plain, shown = ftwheel(*asked).out, ftwheel(*asked, environ=environ).out
    assert plain.split() == shown.split()
    assert max(map(len, plain.splitlines())) > 100
    assert all(len(line) < 60 or len(line.split()) == 1 for line in shown.splitlines())
    paragraph = next(line for line in shown.splitlines() if line.startswith("A free-threaded interpreter enables"))
    assert len(paragraph) > 50


@pytest.mark.parametrize("command", [*command_line.COMMANDS, "pip-ftwheel", ""])
def test_help_fits_the_terminal(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    if not command:
        command_line.main([])
    else:
        with pytest.raises(SystemExit):
            pip_companion.main(["--help"]) if command == "pip-ftwheel" else command_line.main([command, "--help"])
    shown = "".join(capsys.readouterr())
    assert len(shown.splitlines()) > 8
    assert [line for line in shown.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize(
    "command",
    [
        ("missing", SHOP / "uv.lock", "--all", "--target", ",".join(label[2:] for label in LABELS)),
        ("simulate", "lxml", "--installer", "pip"),
        ("simulate", "lxml", "--installer", "pip", "--explain", "cp314t-win_amd64"),
        ("verify", "lxml==6.1.3", "--installer", "pip"),
    ],
    ids=lambda command: command[0],
)
def test_no_line_is_wider_than_the_terminal_and_no_word_is_broken(
    command: tuple[str | Path, ...], width: int, tmp_path: Path
) -> None:
    asked = (*command, "--index", SHOP)
    plain = ftwheel(*asked, cwd=tmp_path)
    environ = ftwheel_environ(FORCE_COLOR="1", NO_COLOR="1", COLUMNS=str(width))
    shown = ANSI.sub("", ftwheel(*asked, cwd=tmp_path, environ=environ).out)
    known = {word.lower() for word in plain.out.split()}
    for line in shown.splitlines():
        words = line.split()
        assert cell_len(line.rstrip()) < width or len(words) == 1, line
        strange = {word for word in words if not {word.lower(), word.lower().rstrip(",")} & known and "…" not in word}
        assert not strange - {"─" * len(line.strip())}, line


# --- while somebody waits --------------------------------------------------------------------------------------------


def test_nothing_is_shown_in_a_pipe_or_for_what_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    pipe = io.StringIO()
    with progress(pipe) as shown:
        shown(1, 100, "x")
    assert pipe.getvalue() == ""
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress(pipe) as shown:
        shown(1, 2, "x")
    assert pipe.getvalue() == ""


def test_what_takes_longer_is_shown_before_anything_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = io.StringIO()
    with progress(out, begin="resolving") as shown:
        while "resolving" not in out.getvalue():
            time.sleep(0.02)
        shown(7, 0, "projects \x1b[31m")
        while "7" not in ANSI.sub("", out.getvalue()):
            time.sleep(0.02)
    assert "\\x1b[31m" in out.getvalue()
    assert out.getvalue().endswith("\x1b[2K")  # taken away again
    assert threading.active_count() == 1 or not any("Timer" in each.name for each in threading.enumerate())


def test_missing_says_what_it_does_while_it_resolves(tmp_path: Path) -> None:
    """On a real terminal, with an index that lets us wait."""
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(1.5)
            self.send_error(404)

        def log_message(self, *arguments: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Slow)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    master, slave = pty.openpty()
    try:
        address = f"http://127.0.0.1:{server.server_port}/simple/"
        command = [sys.executable, "-m", "ftwheel", "missing", "lonely", "--no-config", "--index-url", address]
        environ = ftwheel_environ(TERM="xterm", COLUMNS="80", FTWHEEL_CACHE_DIR=str(tmp_path))
        environ.pop("FORCE_COLOR", None)
        done = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=slave, env=environ, cwd=tmp_path)
        os.close(slave)
        said = b""
        while True:
            try:
                part = os.read(master, 4096)
            except OSError:  # Linux says so at the end
                break
            if not part:
                break
            said += part
        done.communicate()
    finally:
        os.close(master)
        server.shutdown()
        thread.join()
        server.server_close()
    assert "projects in the resolution: lonely" in ANSI.sub("", said.decode())
    assert "\\" not in said.decode().partition("ftwheel: error")[0]  # no control character is shown as an escape
