"""One registry of output formats: what it names can be written, and nobody keeps a list of their own."""

from __future__ import annotations

import ast
import json
import sys
from io import StringIO
from pathlib import Path

import pytest

from ftwheel.cli.main import main
from ftwheel.cli.options.reports import save
from ftwheel.render.formats import OF_FINDINGS, OWN, formats, write_findings
from ftwheel.rules.registry import RULES

SOURCES = Path(__file__).parents[2] / "src" / "ftwheel"


@pytest.mark.parametrize("form", OF_FINDINGS)
def test_a_format_of_findings_writes_findings_of_every_family(form: str) -> None:
    found = [rule.finding("a-1.0-py3-none-any.whl:m.so", "bad\n::error::\x1b[31m") for rule in RULES.values()]
    out = StringIO()
    write_findings(form, found, out, families=("FTW",))
    assert all(code in out.getvalue() for code in RULES)
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("command", OWN)
def test_a_command_offers_its_formats(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert f"{{{','.join(formats(command))}}}" in "".join(capsys.readouterr().out.split())


def test_nobody_else_keeps_a_list_of_formats() -> None:
    lists = [
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Tuple | ast.List | ast.Set)
        and {"text", "json"} <= {each.value for each in node.elts if isinstance(each, ast.Constant)}
    ]
    assert set(lists) == {"render/formats.py"}


def test_rules_as_text_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule"]) == 0
    table = capsys.readouterr().out
    assert all(code in table for code in RULES)
    for command in (["rule", "ftb306"], ["check", "--explain", "FTB306"]):
        assert main(command) == 0
        assert capsys.readouterr().out.startswith("# FTB306: An interpreter named by the tags")
    assert main(["rule", "FTV1", "--format", "json"]) == 0
    assert {rule["code"][:4] for rule in json.loads(capsys.readouterr().out)["rules"]} == {"FTV1"}
    assert main(["rule", "E501"]) == 2
    assert "no rule code starts with this" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_report_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "report")  # as /dev/stdout is one
    save(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "report").read_text() == "text"
