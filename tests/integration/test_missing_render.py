"""Every form of the report of ``ftwheel missing``, from reports made by hand; hostile names in each."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from ftwheel.core.dependencies.inputs import UnindexedDependency
from ftwheel.core.dependencies.readiness import (
    FailurePolicy,
    GilDeclarations,
    HelpKind,
    MissingReport,
    Readiness,
    Shard,
)
from ftwheel.core.dependencies.readiness_json import parse_report
from ftwheel.core.errors import InputError
from ftwheel.core.findings import Severity
from ftwheel.core.installers.requirements import UNKNOWN_PROJECT
from ftwheel.core.wheel.extension_module import Declaration
from ftwheel.render.dependencies.csv import COLUMNS
from ftwheel.render.dependencies.issue import write_issue
from ftwheel.render.dependencies.report import write
from ftwheel.render.formats import formats
from ftwheel.rules.dependencies.readiness import as_findings
from ftwheel.rules.registry import RULES
from support.readiness import LINUX, NEXT, project, release, report, verdict

UPGRADE = (HelpKind.UPGRADE, "upgrade to 6.0.2 (2026-11-01)")
ASK = (HelpKind.ASK, "ask lxml for a cp315-cp315t wheel")
HOSTILE = "=cmd|' /C calc'!A0\x1b[31m\u202e|`<b>\n::error::x"

LXML = project(
    "lxml",
    verdict(LINUX, version="5.3.0", filename="lxml-5.3.0-cp314-cp314t-manylinux_2_28_x86_64.whl"),
    verdict(
        NEXT,
        Readiness.SDIST,
        version="5.3.0",
        filename="lxml-5.3.0.tar.gz",
        newest="6.0.2",
        first=release("6.0.1", "2026-10-20"),
        upgrade=release("6.0.2", "2026-11-01"),
        helps=[UPGRADE],
        notes=("5.3.0 is yanked",),
    ),
    chains=[("scrapy", "lxml"), ("scrapy", "parsel", "lxml")],
)
PARSEL = project("parsel", verdict(LINUX, Readiness.PURE), verdict(NEXT, Readiness.PURE), chains=[("scrapy", "parsel")])
SCRAPY = project("scrapy", verdict(LINUX, Readiness.PURE), verdict(NEXT, Readiness.PURE))
LOST = project("lost", problem="no index has this project", problem_code=2, problem_hint=UNKNOWN_PROJECT)
WHOLE = report(
    LOST,
    LXML,
    PARSEL,
    SCRAPY,
    set_aside=(UnindexedDependency(name="local", origin="requirements.txt:7", reason="a folder"),),
)


def shown(found: MissingReport, form: str, *, everything: bool = False) -> str:
    out = io.StringIO()
    write(found, form, out, everything=everything)
    return out.getvalue()


def test_the_table_shows_what_is_missing_who_needs_it_and_what_helps() -> None:
    assert shown(WHOLE, "text") == (
        "requirements.txt, for cp314t-manylinux_2_28_x86_64 and cp315t-manylinux_2_28_x86_64\n"
        "\n"
        "PROJECT  VERSION  CP314T               CP315T  NEEDED BY\n"
        "lxml     5.3.0    free-threaded wheel  sdist   scrapy, scrapy > parsel\n"
        "\n"
        "note: lxml: cp314t yes, cp315t not yet\n"
        "note: lxml: 5.3.0 is yanked\n"
        "note: lxml: 6.0.1 (2026-10-20) was the first release with a wheel for cp315t\n"
        "next: lxml: upgrade to 6.0.2 (2026-11-01)\n"
        "error: lost: no index has this project\n"
        "next: lost: check the spelling; if it is on another index, add that with --extra-index-url\n"
        "set aside: local (requirements.txt:7): a folder\n"
        "\n"
        "2 of 4 ready; 1 blocks; 1 unknown\n"
    )


def test_everything_shows_what_is_ready_as_well() -> None:
    rows = [line.split()[0] for line in shown(WHOLE, "text", everything=True).splitlines() if "  " in line]
    assert rows == ["PROJECT", "lxml", "parsel", "scrapy"]


def test_a_report_without_anything_missing_is_two_lines() -> None:
    assert shown(report(SCRAPY), "text").splitlines()[1:] == ["", "1 of 1 ready"]


def test_the_tree_leads_from_the_roots_to_what_is_missing() -> None:
    lines = shown(WHOLE, "tree").split("\n\n")[1].splitlines()
    assert lines == [
        "lost: no index has this project",
        "scrapy 1.0: pure",
        "├── lxml 5.3.0: free-threaded wheel (cp314t); sdist (cp315t)",
        "└── parsel 1.0: pure",
        "    └── lxml 5.3.0: free-threaded wheel (cp314t); sdist (cp315t)",
    ]


def test_the_tree_is_drawn_with_ascii_where_the_output_has_nothing_else() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    write(WHOLE, "tree", out)
    out.seek(0)
    assert "`-- parsel 1.0: pure\n    `-- lxml" in out.read()


def test_with_many_targets_those_that_fare_alike_share_a_row() -> None:
    targets = (LINUX, NEXT, "cp314t-win_amd64", "cp315t-win_amd64")
    foo = project(
        "foo",
        verdict(LINUX),
        verdict(NEXT, Readiness.SDIST, version="1.0", helps=[ASK]),
        verdict("cp314t-win_amd64"),
        verdict("cp315t-win_amd64", Readiness.SDIST, version="1.0", helps=[ASK]),
    )
    bar = project("bar", *(verdict(target, Readiness.NOTHING, version="") for target in targets))
    text = shown(report(bar, foo, targets=targets), "text")
    assert [re.split("  +", line) for line in text.splitlines() if "  " in line] == [
        ["PROJECT", "VERSION", "INSTALLS", "TARGETS", "NEEDED BY"],
        ["bar", "nothing", "all 4"],
        ["foo", "1.0", "free-threaded wheel", f"{LINUX} and cp314t-win_amd64"],
        ["foo", "1.0", "sdist", f"{NEXT} and cp315t-win_amd64"],
    ]
    assert "note: foo: cp314t yes, cp315t not yet\n" in text
    assert "next: foo: ask lxml for a cp315-cp315t wheel\n" in text


def test_a_target_that_does_not_want_a_project_says_so_and_versions_may_differ() -> None:
    found = report(
        project("foo", verdict(LINUX, Readiness.SDIST, version="1.0"), verdict(NEXT, version="2.0")),
        project("winonly", verdict(NEXT, Readiness.NOTHING, version="")),
    )
    rows = [re.split("  +", line) for line in shown(found, "text").splitlines() if "  " in line]
    assert rows[1:] == [
        ["foo", "1.0, 2.0", "1.0: sdist", "2.0: free-threaded wheel"],
        ["winonly", "not needed here", "nothing"],
    ]


def test_help_for_some_targets_names_them() -> None:
    foo = project(
        "foo",
        verdict(LINUX, Readiness.SDIST, helps=[UPGRADE]),
        verdict(NEXT, Readiness.SDIST, helps=[UPGRADE, ASK]),
    )
    text = shown(report(foo, policy=FailurePolicy(allowed=frozenset({"foo"}))), "text")
    assert "next: foo (allowed): upgrade to 6.0.2 (2026-11-01)\n" in text
    assert "next: foo (allowed): ask lxml for a cp315-cp315t wheel (cp315t)\n" in text
    assert text.endswith("0 of 1 ready; 1 allowed\n")


@pytest.mark.parametrize(
    ("gil", "words"),
    [
        (
            GilDeclarations(filename="f.whl", declares=Declaration.NONE, modules=5, others=("a", "b", "c", "d")),
            "free-threaded wheel, does not declare (4 of 5: a, b, c, d)",
        ),
        (
            GilDeclarations(filename="f.whl", declares=Declaration.NOT_USED, modules=5),
            "free-threaded wheel, declares that it does not need the GIL",
        ),
        (
            GilDeclarations(filename="f.whl", declares=Declaration.CANNOT_TELL),
            "free-threaded wheel, no extension modules",
        ),
        (
            GilDeclarations(filename="f.whl", declares=Declaration.CANNOT_TELL, why="no answer"),
            "free-threaded wheel, cannot tell what its modules declare: no answer",
        ),
    ],
)
def test_what_deep_found_stands_beside_the_verdict(gil: GilDeclarations, words: str) -> None:
    assert words in shown(report(project("foo", verdict(gil=gil))), "text", everything=True)


def test_undeclared_modules_are_shown_though_the_project_is_ready() -> None:
    gil = GilDeclarations(filename="f.whl", declares=Declaration.NONE, modules=2, others=("foo._a",))
    found = report(project("foo", verdict(gil=gil), verdict(NEXT, gil=gil)))
    assert "does not declare (1 of 2: foo._a)" in shown(found, "text")
    (finding,) = as_findings(found)
    assert (finding.code, finding.severity) == ("FTM107", Severity.WARNING)
    assert finding.message == "f.whl: does not declare: foo._a"


def test_json_is_read_back_as_it_was() -> None:
    found = report(LXML, LOST, shards=(Shard(of=2, number=1),))
    body = json.loads(shown(found, "json"))
    assert list(body)[:2] == ["schema_version", "command"]
    assert parse_report(body, "a.json") == found
    assert "shard 1/2" in shown(found, "text")


def test_markdown_begins_with_the_summary() -> None:
    lines = shown(WHOLE, "markdown").splitlines()
    assert lines[0] == "### ❌ 2 of 4 ready; 1 blocks; 1 unknown"
    assert "| `lxml` | 5.3.0 | free\\-threaded wheel | sdist | scrapy, scrapy \\> parsel |" in lines
    assert "- next: lxml: upgrade to 6.0.2 \\(2026\\-11\\-01\\)" in lines
    assert shown(report(SCRAPY), "markdown").startswith("### ✅ 1 of 1 ready\n")
    assert shown(report(LOST), "markdown").startswith("### ⚠️ 0 of 1 ready; 1 unknown\n")


def test_csv_has_a_line_for_each_project_and_target() -> None:
    rows = list(csv.DictReader(io.StringIO(shown(WHOLE, "csv"))))
    assert [(row["project"], row["target"]) for row in rows] == [
        ("lost", ""), ("lxml", LINUX), ("lxml", NEXT), ("parsel", LINUX), ("parsel", NEXT), ("scrapy", LINUX),
        ("scrapy", NEXT),
    ]  # fmt: skip
    assert set(rows[0]) == set(COLUMNS)
    assert rows[0]["problem"] == "no index has this project"
    wanted = {"readiness": "sdist", "ready": "no", "blocks": "yes", "version": "5.3.0", "file": "lxml-5.3.0.tar.gz"}
    wanted |= {"newest": "6.0.2", "first": "6.0.1", "first_date": "2026-10-20", "upgrade": "6.0.2"}
    assert wanted.items() <= rows[2].items()


def test_findings_name_every_outcome_and_weigh_it_by_the_policy() -> None:
    outcomes = {
        Readiness.CANNOT_LOAD: "FTM101",
        Readiness.OLDER_VERSION: "FTM102",
        Readiness.SDIST: "FTM103",
        Readiness.NOTHING: "FTM104",
        Readiness.CANNOT_TELL: "FTM105",
    }
    for readiness, code in outcomes.items():
        foo = project("foo", verdict(LINUX, readiness), verdict(NEXT, readiness, why="because"))
        (finding,) = as_findings(report(foo))
        assert finding.code == code
        assert finding.message == f"foo 1.0: {readiness.value} for cp314t and cp315t: because"
        assert finding.severity is RULES[code].severity
        (allowed,) = as_findings(report(foo, policy=FailurePolicy(allowed=frozenset({"foo"}))))
        assert allowed.severity is Severity.ADVICE
        (tolerated,) = as_findings(report(foo, policy=FailurePolicy(fail_on=frozenset())))
        assert tolerated.severity is Severity.WARNING


def test_annotations_and_sarif_say_where_and_what() -> None:
    lines = shown(WHOLE, "github").splitlines()
    assert lines[0].startswith("::error file=requirements.txt,title=FTM106 lost::")
    assert lines[1] == (
        "::error file=requirements.txt,title=FTM103 lxml::requirements.txt: lxml 5.3.0: sdist for cp315t"
        " (lxml-5.3.0.tar.gz); needed by scrapy, scrapy > parsel%0Afix: upgrade to 6.0.2 (2026-11-01)"
    )
    (run,) = json.loads(shown(WHOLE, "sarif"))["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["FTM106", "FTM103"]
    assert run["results"][1]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "lxml"


@pytest.mark.parametrize("form", formats("missing"))
def test_hostile_text_is_only_text(form: str) -> None:
    hostile = project(
        HOSTILE,
        verdict(LINUX, Readiness.SDIST, version=HOSTILE, filename=HOSTILE, helps=[(HelpKind.ASK, HOSTILE)]),
        verdict(NEXT, Readiness.CANNOT_TELL, why=HOSTILE),
        chains=[(HOSTILE, HOSTILE)],
    )
    text = shown(report(hostile, project("foo", problem=HOSTILE, problem_code=2)), form, everything=True)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not [line for line in text.splitlines() if line.startswith("::error::x")]
    if form == "csv":
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    if form == "markdown":
        assert "<b>" not in re.sub(r"`[^`]*`|``.*?``", "", text)


class TestIssue:
    def issue(self, found: MissingReport) -> str:
        out = io.StringIO()
        write_issue(found, found.projects[0], "pip", out)
        return out.getvalue()

    def test_asks_for_what_is_missing_and_shows_what_happens_today(self) -> None:
        foo = project(
            "foo",
            verdict(LINUX, Readiness.SDIST, filename="foo-1.0.tar.gz", newest="1.0", prerelease=release("2.0rc1")),
            verdict(NEXT, Readiness.NOTHING, newest="1.0"),
            verdict("cp313t-win_amd64", newest="1.0", first=release("0.9", "2025-01-02")),
        )
        title, _, *body = self.issue(report(foo)).splitlines()
        assert title == "Wheels for free-threaded CPython 3.14 and 3.15 (cp314t and cp315t)"
        assert body[0] == "Hello, and thank you for foo!"
        assert f"| `{LINUX}` | builds the source distribution on the user's machine | `foo-1.0.tar.gz` |" in body
        assert f"| `{NEXT}` | finds nothing it can install |  |" in body
        text = "\n".join(body)
        assert "cp313t" not in text
        assert "The newest release I see is 1.0. The pre\\-release" not in text
        assert f"The pre-release 2.0rc1 has one for `{LINUX}`: will the next release?" in text
        assert "abi3t" in text
        assert "Py_mod_gil" in text

    def test_asks_for_a_python_where_only_that_is_missing(self) -> None:
        helps = [(HelpKind.ASK_PYTHON, "ask foo to support Python 3.15")]
        excluded = replace(verdict(NEXT, Readiness.NOTHING, helps=helps), notes=("2.0 requires Python <3.15",))
        text = self.issue(report(project("foo", excluded)))
        assert text.startswith("Support for Python 3.15\n")
        assert "pip finds nothing to install there today: 2.0 requires Python \\<3.15." in text
        assert "wheel" not in text
        text = self.issue(report(project("foo", verdict(LINUX, Readiness.SDIST), excluded)))
        assert text.startswith("Wheels for free-threaded CPython 3.14 (cp314t)\n")

    @pytest.mark.parametrize(
        ("target", "says", "says_not"),
        [
            ("cp313t-win_amd64", "cpython-freethreading", "cibuildwheel 3.1"),
            ("cp315t-win_amd64", "serves all later free-threaded versions", "one wheel per version"),
            ("cp315t-win_amd64", "cibuildwheel 4.3", "cibuildwheel 3.1"),
            ("cp314-win_amd64", "every supported CPython by default", "Py_mod_gil"),
        ],
    )
    def test_says_what_holds_for_the_target(self, target: str, says: str, says_not: str) -> None:
        text = self.issue(report(project("foo", verdict(target, Readiness.SDIST)), targets=(target,)))
        assert says in text
        assert says_not not in text

    def test_asks_for_a_declaration_where_the_wheels_are_there(self) -> None:
        modules = tuple(f"foo._m{number}" for number in range(23))
        gil = GilDeclarations(
            filename="foo-1.0-cp314-cp314t-w.whl", declares=Declaration.NONE, modules=30, others=modules
        )
        text = self.issue(report(project("foo", verdict(gil=gil))))
        assert text.startswith("Declare that the modules work without the GIL\n")
        assert "23 of 30 modules: `foo._m0`, " in text
        assert "and 3 more\n" in text

    @pytest.mark.parametrize(
        ("found", "hint"),
        [
            (project("foo", verdict(LINUX, Readiness.SDIST, upgrade=release("2.0"))), "upgrade to 2.0"),
            (project("foo", verdict()), "every target installs a wheel"),
            (project("foo", verdict(LINUX, Readiness.CANNOT_TELL)), "could not determine"),
            (LOST, "could not determine"),
        ],
    )
    def test_is_not_written_where_there_is_nothing_to_ask(self, found: object, hint: str) -> None:
        with pytest.raises(InputError, match="there is nothing to ask for") as caught:
            self.issue(report(found))  # type: ignore[arg-type]
        assert hint in caught.value.hint


def test_what_only_the_lock_does_not_know_is_nothing_to_ask_for() -> None:
    again = verdict(readiness=Readiness.SDIST, helps=[(HelpKind.LOCK_AGAIN, "lock again: the index has it")])
    locked = project("lxml", again)
    with pytest.raises(InputError, match="there is nothing to ask for") as caught:
        write_issue(report(locked), locked, "pip", io.StringIO())
    assert caught.value.hint == "lock again: the index has the wheels"
