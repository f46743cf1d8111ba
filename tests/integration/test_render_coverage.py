"""The reports of verify say the same in every format, and nothing in a name can change what a report is."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ftwheel.core.findings import Finding, Severity
from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.release.coverage import Coverage, ExpectationBasis
from ftwheel.render.release import coverage as reports
from ftwheel.render.release import svg
from ftwheel.render.release.html import html
from ftwheel.render.release.matrix import FieldState, Tone, lay_out
from ftwheel.render.terminal import printable
from ftwheel.rules.registry import family
from ftwheel.rules.release.coverage import findings
from support.commands import ftwheel
from support.coverages import HOSTILE, big, both, cell, coverage, hostile, varied

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def text(form: str, shown: Coverage, found: tuple[Finding, ...] | None = None, **options: object) -> str:
    out = io.StringIO()
    reports.write(shown, findings(shown) if found is None else found, form, out, **options)  # type: ignore[arg-type]
    return out.getvalue()


class Tags(HTMLParser):
    """What a browser would find: every element with its attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._raw = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._raw = tag in {"style", "script"}

    def handle_endtag(self, tag: str) -> None:
        self._raw = False

    def handle_data(self, data: str) -> None:
        if not self._raw:
            self.text += data


@pytest.fixture(scope="module")
def shown() -> Coverage:
    return varied()


def test_every_state_and_what_to_think_of_it(shown: Coverage) -> None:
    layout = lay_out(shown, findings(shown))
    got = {field.target.label: (field.word, field.tone, field.codes) for field in layout.fields}
    assert got == {
        "cp313-manylinux_2_17_x86_64": ("wheel", Tone.GOOD, ()),
        "cp314-manylinux_2_17_x86_64": ("wheel", Tone.GOOD, ()),
        "cp314t-manylinux_2_17_x86_64": ("wheel", Tone.GOOD, ()),
        "cp313-musllinux_1_2_x86_64": ("nothing", Tone.QUIET, ()),
        "cp314-musllinux_1_2_x86_64": ("nothing (uv)", Tone.WARNED, ("FTV102",)),
        "cp314t-musllinux_1_2_x86_64": ("cannot load", Tone.BAD, ("FTV106",)),
        "cp313-macosx_11_0_arm64": ("stable ABI", Tone.GOOD, ()),
        "cp314-macosx_11_0_arm64": ("stable ABI", Tone.GOOD, ()),
        "cp314t-macosx_11_0_arm64": ("sdist", Tone.BAD, ("FTV101",)),
        "cp313-win_amd64": ("older 0.9", Tone.BAD, ("FTV103",)),
        "cp314-win_amd64": ("wheel", Tone.GOOD, ()),
        "cp314t-win_amd64": ("pure", Tone.BAD, ("FTV105",)),
    }
    assert {field.state for field in layout.fields} == set(FieldState)
    assert [system.name for system in layout.systems] == ["Linux (glibc)", "Linux (musl)", "macOS", "Windows"]
    assert layout.headline == "5 of 11 expected targets do not get the wheel of this release"
    assert layout.verdict is Tone.BAD


def test_a_place_weighs_what_its_finding_weighs(shown: Coverage) -> None:
    warnings = tuple(
        Finding(subject="spam 1.0", code=code, severity=Severity.WARNING, message="m") for code in family("FTV")
    )
    layout = lay_out(shown, warnings)
    assert layout.verdict is Tone.WARNED
    assert layout.count(Tone.BAD) == 0
    assert layout.count(Tone.WARNED) == 5


def test_what_a_baseline_accepts_is_no_problem_and_stays_visible(shown: Coverage) -> None:
    known = frozenset((code, field.target.label) for field in lay_out(shown, ()).fields for code in field.codes)
    layout = lay_out(shown, (), known=known)
    assert (layout.count(Tone.BAD), layout.count(Tone.KNOWN), layout.verdict) == (0, 5, Tone.GOOD)
    assert "accepted" in layout.headline
    assert "sdist (accepted)" in text("text", shown, (), known=known)
    assert "complete" in svg.badge(shown, (), known=known)


def test_headlines() -> None:
    target = cell("314", "win_amd64", *both(Outcome.PURE, "spam-1.0-py3-none-any.whl"))
    error = Finding(subject="spam 1.0", code="FTV109", severity=Severity.ERROR, message="other contents")
    assert lay_out(coverage(target), ()).headline == "All 1 expected targets get a wheel of this release"
    assert lay_out(coverage(target), (error,)).headline.endswith("findings about the files")
    assert lay_out(coverage(), ()).headline == "No target is expected to get a wheel of this release"
    lone = cell("314", "win_amd64", *both(Outcome.NOTHING), expected=ExpectationBasis.SHIPPED)
    assert lay_out(coverage(lone), ()).headline == "1 of 1 expected targets does not get the wheel of this release"


def test_text_is_a_matrix(shown: Coverage) -> None:
    lines = text("text", shown).splitlines()
    assert lines[0] == "spam 1.0, compared with 0.9: pip, uv"
    assert lines[2].split("  ")[0] == "PLATFORM"
    row = next(line for line in lines if line.startswith("musllinux"))
    assert re.split(r"  +", row) == ["musllinux_1_2_x86_64", "(nothing)", "nothing (uv) ?", "cannot load !"]
    assert lines[-1].startswith("5 of 11 expected targets do not get the wheel of this release (")


def test_markdown_is_a_matrix(shown: Coverage) -> None:
    page = text("markdown", shown)
    assert "| `macosx_11_0_arm64` | stable ABI | stable ABI | **sdist** ❌ |" in page
    assert "| `musllinux_1_2_x86_64` | *(nothing)* | **nothing \\(uv\\)** ⚠️ | **cannot load** ❌ |" in page
    assert all(finding.code in page for finding in findings(shown))


def test_json_has_every_target(shown: Coverage) -> None:
    document = json.loads(text("json", shown))
    targets = {target["environment"]: target for target in document["places"]}
    assert len(targets) == len(shown.cells)
    assert document["verdict"] == "problem"
    target = targets["cp314t-macosx_11_0_arm64"]
    assert target["gets"][0] == {
        "installer": "pip",
        "outcome": "sdist",
        "filename": "spam-1.0.tar.gz",
        "version": "1.0",
        "only_binary": "0.9",
        "loadable": True,
    }
    assert (target["verdict"], target["expected"], target["codes"]) == ("problem", "twin", ["FTV101"])


def test_sarif_describes_every_code(shown: Coverage) -> None:
    [run] = json.loads(text("sarif", shown))["runs"]
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == set(family("FTV"))
    assert len(run["results"]) == len(findings(shown))


def test_github_annotations_are_one_line_each(shown: Coverage) -> None:
    lines = text("github", shown).splitlines()
    assert len(lines) == len(findings(shown))
    assert all(line.startswith(("::error ", "::warning ")) for line in lines)


def test_the_page_says_in_words_what_the_matrix_shows(shown: Coverage) -> None:
    layout = lay_out(shown, findings(shown))
    page = Tags(html(shown, findings(shown)))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {
        attributes["href"] for tag, attributes in page.elements if tag == "a" and attributes["href"] != "#findings"
    }
    assert links == {f"#{field.target.label}" for field in layout.fields}
    described = [
        attributes["aria-describedby"] for tag, attributes in page.elements if "aria-describedby" in attributes
    ]
    assert set(described) <= set(ids)
    for field in layout.fields:
        assert page.text.count(field.taken) >= 2  # in the matrix and in the list
    for finding in findings(shown):
        assert finding.message in page.text
        assert finding.fix in page.text


def test_the_page_needs_nothing_from_elsewhere(shown: Coverage) -> None:
    page = Tags(html(shown, findings(shown)))
    for tag, attributes in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "base", "form"}
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    policies = [attributes["content"] for _, attributes in page.elements if attributes.get("http-equiv")]
    assert len(policies) == 1
    assert (policies[0] or "").startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in (policies[0] or "")


def test_hostile_names_stay_text() -> None:
    shown = hostile()
    quiet, loud = Tags(html(big(20), ())), Tags(html(shown, findings(shown)))
    assert {tag for tag, _ in loud.elements} <= {tag for tag, _ in quiet.elements} | {"ol", "li", "ul", "h3", "p", "br"}
    assert sum(tag == "script" for tag, _ in loud.elements) == 1
    assert "</script><script>document.title='owned'" in loud.text
    assert printable(HOSTILE[6]) in loud.text
    assert "\u202e" not in loud.text
    assert "\x1b" not in text("text", shown)
    for picture in (svg.badge(shown, ()), svg.matrix(shown, ())):
        names = {element.tag.removeprefix(SVG) for element in ET.fromstring(picture).iter()}
        assert names <= {"svg", "title", "desc", "style", "text", "g", "rect", "path", "clipPath"}
    assert all(line.startswith("::") for line in text("github", shown).splitlines())


def test_reports_are_bounded() -> None:
    shown = big(500)
    assert len(html(shown, findings(shown))) < 1_500_000
    assert len(svg.matrix(shown, ())) < 400_000
    assert len(html(hostile(), findings(hostile()))) < 200_000  # one of the names has 100,000 characters


def test_pictures_have_titles(shown: Coverage) -> None:
    badge, matrix = ET.fromstring(svg.badge(shown, findings(shown))), ET.fromstring(svg.matrix(shown, findings(shown)))
    for picture in (badge, matrix):
        assert picture.get("role") == "img"
        title = picture.find(f"{SVG}title")
        assert title is not None
        assert "5 of 11 expected targets" in (title.text or "")
        assert picture.get("aria-labelledby", "").split()[0] == title.get("id")
    assert [element.text for element in badge.iter(f"{SVG}text")] == ["wheels", "5 gaps"]
    cells = list(matrix.iter(f"{SVG}g"))
    assert len(cells) == len(shown.cells)
    described = matrix.find(f"{SVG}desc")
    assert described is not None
    assert "CPython 3.14, free-threaded on macosx_11_0_arm64: sdist" in (described.text or "")


def test_the_same_coverage_gives_the_same_bytes(shown: Coverage) -> None:
    found = findings(shown)
    assert html(shown, found) == html(shown, found)
    assert svg.matrix(shown, found) == svg.matrix(shown, found)


def test_the_pictures_in_the_documentation_are_what_verify_draws(tmp_path: Path) -> None:
    """Also that all three files and a format can be asked for at once."""
    arguments = ["whenever==0.9.4", "--uploaded-prior-to", "2026-01-11", "--index", str(ROOT / "tests/recordings")]
    files = {"--svg": "whenever-0.9.4.svg", "--badge": "whenever-0.9.4-badge.svg", "--html": "report.html"}
    options = [part for option, name in files.items() for part in (option, str(tmp_path / name))]
    done = ftwheel("verify", *arguments, "--no-config", *options, cwd=tmp_path)
    assert done.code == 1, done.err
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert written.keys() == set(files.values())
    for name in ("whenever-0.9.4.svg", "whenever-0.9.4-badge.svg"):
        assert (ROOT / "docs" / "images" / name).read_text(encoding="utf-8") == written[name]
    shown = (ROOT / "docs" / "report.md").read_text(encoding="utf-8").partition("```console\n")[2].partition("```")[0]
    for line in shown.splitlines()[1:]:
        assert line == "..." or line in done.out.splitlines()
