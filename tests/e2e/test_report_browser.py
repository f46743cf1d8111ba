"""The HTML report in a real, headless Chromium: nothing loads, nothing runs that is not ours, everybody can read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from ftwheel.core.dependencies.readiness import FailurePolicy, HelpKind, MissingReport, Readiness
from ftwheel.core.release.coverage import Coverage
from ftwheel.render.dependencies.badge import badge as missing_badge
from ftwheel.render.dependencies.html import html as missing_html
from ftwheel.render.release import svg
from ftwheel.render.release.html import html
from ftwheel.render.release.matrix import lay_out
from ftwheel.rules.release.coverage import findings
from support.browser import OVERFLOW, violations
from support.coverages import big, hostile, varied
from support.readiness import LINUX, NEXT, project, release, report, verdict

pytestmark = pytest.mark.e2e

Open = Callable[..., Page]


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens the report of a coverage; fails at the end if the page asked for anything, or complained."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(
        shown: Coverage | MissingReport, *, theme: str = "light", width: int = 1400, script: bool = True
    ) -> Page:
        path = tmp_path / "report.html"
        text = html(shown, findings(shown)) if isinstance(shown, Coverage) else missing_html(shown, installer="pip")
        path.write_text(text, encoding="utf-8")
        contexts.append(
            browser.new_context(
                color_scheme=theme,  # type: ignore[arg-type]
                viewport={"width": width, "height": 900},
                java_script_enabled=script,
            )
        )
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda request: complaints.extend({request.url} - {path.as_uri()}))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 400])
def test_axe_finds_no_violation(show: Open, theme: str, width: int) -> None:
    page = show(varied(), theme=theme, width=width)
    page.hover("td.bad a")
    assert violations(page) == []


def test_axe_does_look(show: Open) -> None:
    page = show(varied())
    page.evaluate("() => { document.querySelector('td.bad a').replaceChildren(); }")
    assert len(violations(page, "link-name")) == 1


def test_the_themes_differ(show: Open) -> None:
    colour = "() => getComputedStyle(document.body).backgroundColor"
    page = show(varied())
    light = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(colour) != light


def test_hostile_names_do_nothing(show: Open) -> None:
    page = show(hostile())
    page.hover("td.good a")
    assert "owned" not in page.title().split(":")[-1]
    assert page.locator("img, iframe, object, [onerror], [onload], [onmouseover]").count() == 0
    assert page.locator("main").is_visible()
    assert not page.evaluate(OVERFLOW)


def test_what_slipped_through_would_not_run(browser: Browser, tmp_path: Path) -> None:
    """The policy is the second wall: markup that got into the page runs and loads nothing."""
    evil = "<script>document.title='owned'</script><img src='x.svg' onerror=\"document.title='owned'\">"
    (tmp_path / "x.svg").write_text(svg.badge(varied(), ()), encoding="utf-8")
    path = tmp_path / "evil.html"
    path.write_text(html(varied(), ()).replace("<main>", f"<main>{evil}"), encoding="utf-8")
    page = browser.new_page()
    loaded: list[str] = []
    page.on("requestfinished", lambda request: loaded.append(request.url))
    page.goto(path.as_uri())
    assert "owned" not in page.title()
    assert loaded == [path.as_uri()]
    assert page.evaluate("() => document.images[0].naturalWidth") == 0
    page.close()


@pytest.mark.parametrize("script", [True, False])
def test_pointing_at_a_field_shows_its_reason(show: Open, script: bool) -> None:
    page = show(varied(), script=script)
    page.hover('[href="#cp314t-macosx_11_0_arm64"]')
    tip = page.locator("#w-cp314t-macosx_11_0_arm64")
    assert tip.is_visible()
    assert "pip and uv select the sdist (with only-binary: version 0.9)" in tip.inner_text()
    assert page.locator(".why:visible").count() == 1
    box, field = tip.bounding_box(), page.locator('[href="#cp314t-macosx_11_0_arm64"]').bounding_box()
    assert box is not None
    assert field is not None
    assert 0 <= box["x"] <= field["x"] + field["width"]
    assert abs(box["y"] - field["y"] - field["height"]) < 30 or abs(field["y"] - box["y"] - box["height"]) < 30


@pytest.mark.parametrize("script", [True, False])
def test_filters_need_no_script(show: Open, script: bool) -> None:
    page = show(varied(), script=script)
    rows = page.locator(".matrix tbody tr:not(.system):visible")
    assert rows.count() == 4
    page.get_by_label("only platforms with problems").check()
    assert rows.count() == 3
    assert not page.locator(".matrix .system", has_text="glibc").is_visible()
    page.get_by_label("Windows", exact=True).uncheck()
    assert rows.count() == 2
    page.get_by_label("default", exact=True).uncheck()
    heads = page.locator(".matrix thead th[scope=col]:visible")
    assert heads.all_inner_texts() == ["free-threaded"]
    page.get_by_label("free-threaded").uncheck()
    assert heads.count() == 0
    page.get_by_label("default", exact=True).check()
    assert heads.all_inner_texts() == ["default", "default"]


def test_keyboard(show: Open) -> None:
    page = show(varied())
    focused = "() => document.activeElement.getAttribute('href')"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "#findings"
    page.locator(".matrix td a").first.focus()
    assert page.evaluate(focused) == "#cp313-manylinux_2_17_x86_64"
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert page.evaluate(focused) == "#cp314t-musllinux_1_2_x86_64"
    tip = page.locator("#w-cp314t-musllinux_1_2_x86_64")
    assert tip.is_visible()
    page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    line = page.locator("tr:target")
    assert line.get_attribute("id") == "cp314t-macosx_11_0_arm64"
    assert line.is_visible()  # its group opens by itself


def test_without_a_script_tab_reaches_every_field(show: Open) -> None:
    page = show(varied(), script=False)
    assert page.locator(".matrix td a:not([tabindex])").count() == len(varied().cells)


def test_a_screen_reader_hears_heads_verdicts_and_reasons(show: Open) -> None:
    page = show(varied())
    tree = page.locator(".matrix").aria_snapshot()
    assert 'columnheader "3.14"' in tree
    assert 'rowheader "arm64, macOS 11 macosx_11_0_arm64"' in tree
    assert 'link "sdist problem"' in tree
    described = page.locator('[href="#cp314t-win_amd64"]')
    identifier = described.get_attribute("aria-describedby")
    reason = page.locator(f"#{identifier}").text_content() or ""
    assert "One build installs a pure wheel where the other installs a compiled wheel." in reason


def test_the_list_says_what_the_matrix_shows(show: Open) -> None:
    page = show(varied())
    layout = lay_out(varied(), findings(varied()))
    for field in layout.fields:
        word = page.locator(f'[href="#{field.target.label}"] .word').text_content()
        line = page.locator(f"[id='{field.target.label}']").text_content() or ""
        assert word == field.word
        for fact in (field.word, field.tone.value, field.taken, field.why[1:], *field.codes):
            assert fact in line


def test_the_page_never_scrolls_sideways(show: Open) -> None:
    for page in (show(varied()), show(big(200))):
        for width in (320, 768, 1400):
            page.set_viewport_size({"width": width, "height": 900})
            assert not page.evaluate(OVERFLOW)


def test_on_a_phone_every_problem_is_in_sight_and_announced(show: Open) -> None:
    """Nothing has to be scrolled sideways, and each field says which Python it is about."""
    page = show(varied(), width=400)
    fields = page.locator(".matrix td.bad a, .matrix td.warned a")
    assert fields.count() == 5
    for field in fields.all():
        box = field.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 400
        field.scroll_into_view_if_needed()
        assert field.evaluate(
            "link => { const box = link.getBoundingClientRect();"
            " return link.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)); }"
        )
    tree = page.locator(".matrix").aria_snapshot()
    assert 'link "3.14 ft sdist problem"' in tree
    assert 'rowheader "arm64, macOS 11 macosx_11_0_arm64"' in tree
    page.locator(".matrix td.bad a").first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("() => document.activeElement.closest('table') !== null")


def test_errors_stand_before_warnings_and_the_banner_counts_both(show: Open) -> None:
    page = show(varied())
    words = [text.split()[0] for text in page.locator(".findings h3").all_inner_texts()]
    assert words == ["error"] * 4 + ["warning"]
    banner = "5 of 11 expected targets do not get the wheel of this release (4 problems, 1 warning)"
    assert page.locator(".verdict").inner_text() == banner
    assert page.locator(".facts .bad dd").inner_text() == "4"
    systems = page.locator("section[aria-labelledby=targets] summary .on").all_inner_texts()
    assert systems[:2] == ["3 targets, 0 problems", "3 targets, 1 problem, 1 warning"]


def test_print_shows_everything(show: Open) -> None:
    page = show(varied())
    page.emulate_media(media="print")
    assert page.locator(".list tbody tr:visible").count() == len(varied().cells)
    assert not page.locator(".filters").is_visible()


def test_pictures_are_drawn(browser: Browser, tmp_path: Path) -> None:
    """As a README shows them: by <img>, where nothing but the file itself is at hand."""
    shown = varied()
    for name, picture in (("badge", svg.badge(shown, ())), ("matrix", svg.matrix(shown, ()))):
        (tmp_path / f"{name}.svg").write_text(picture, encoding="utf-8")
    (tmp_path / "readme.html").write_text("<img src=badge.svg alt=badge><img src=matrix.svg alt=matrix>")
    page = browser.new_page()
    page.goto((tmp_path / "readme.html").as_uri())
    sizes = page.evaluate("() => [...document.images].map((image) => [image.naturalWidth, image.naturalHeight])")
    assert sizes[0][1] == 20
    assert sizes[1][0] >= 420
    page.goto((tmp_path / "matrix.svg").as_uri())
    wrong = page.evaluate(
        "() => [...document.querySelectorAll('text')].filter((text) => {"
        "  const box = text.getBBox(), svg = document.documentElement;"
        "  return box.x < 0 || box.x + box.width > svg.width.baseVal.value;"
        "}).map((text) => text.textContent)"
    )
    assert wrong == []
    page.close()


# --- ftwheel missing -------------------------------------------------------------------------------------------------

ASK = (HelpKind.ASK, "ask brick for a cp314-cp314t wheel")
EVIL = "<script>document.title='owned'</script>\x1b[31m\u202e"


def dependencies() -> MissingReport:
    """Two projects that are not ready, one that is allowed, three that are ready, and names that would do harm."""
    return report(
        project("app", verdict(readiness=Readiness.PURE), verdict(NEXT, Readiness.PURE)),
        project(
            "brick",
            verdict(readiness=Readiness.SDIST, filename="brick-1.0.tar.gz", helps=[ASK]),
            verdict(NEXT, Readiness.NOTHING, helps=[ASK], why=EVIL),
            chains=[("app", "brick"), ("site", "lib", "brick")],
            dependents=3,
            tracker="https://brick.example/bugs",
        ),
        project(
            "evil",
            verdict(readiness=Readiness.CANNOT_TELL, why=EVIL, notes=(EVIL,)),
            chains=[("site", "evil")],
            tracker="javascript:document.title='owned'",
        ),
        project("known", verdict(readiness=Readiness.SDIST, upgrade=release("2.0"), helps=[(HelpKind.UPGRADE, EVIL)])),
        project("lib", verdict(), verdict(NEXT), chains=[("site", "lib")], dependents=1),
        project("lost", problem=EVIL, problem_code=5, chains=[("site", "lost")]),
        project("site", verdict(readiness=Readiness.PURE), verdict(NEXT, Readiness.PURE)),
        policy=FailurePolicy(allowed=frozenset({"known"})),
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 400])
def test_the_page_about_dependencies_has_no_violation(show: Open, theme: str, width: int) -> None:
    page = show(dependencies(), theme=theme, width=width)
    assert violations(page) == []
    page.get_by_label("only projects that are not ready").uncheck()
    page.locator("details:not([open]) summary").first.click()
    assert violations(page) == []
    assert not page.evaluate(OVERFLOW)
    assert "owned" not in page.title()
    assert page.locator("script").count() == 1
    assert page.locator("a[href^=javascript]").count() == 0


def names_of(page: Page) -> list[str]:
    return [text.split()[0] for text in page.locator(".deps tbody tr:visible th").all_inner_texts()]


@pytest.mark.parametrize("script", [True, False])
def test_dependencies_stand_as_ranked_and_those_that_are_ready_are_hidden(show: Open, script: bool) -> None:
    page = show(dependencies(), script=script)
    assert names_of(page) == ["brick", "known", "evil", "lost"]
    page.get_by_label("only projects that are not ready").uncheck()
    assert names_of(page)[4:] == ["app", "lib", "site"]
    assert page.locator(".deps th button").count() == (5 if script else 0)
    assert page.locator("#f-name").is_visible() == script


def test_dependencies_are_sorted_and_filtered(show: Open) -> None:
    page = show(dependencies())
    page.get_by_role("button", name="Project").click()
    assert names_of(page) == ["brick", "evil", "known", "lost"]
    page.get_by_role("button", name="Project").click()
    assert names_of(page) == ["lost", "known", "evil", "brick"]
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Project")
    page.get_by_role("button", name="Dependents").click()
    assert names_of(page)[-1] == "brick"
    page.get_by_label("named").fill("SITE")  # what site requires counts too
    assert sorted(names_of(page)) == ["brick", "evil", "lost"]
    assert page.get_by_role("status").inner_text() == "5 of 7 projects match"


def test_the_tree_and_the_issues_lead_on(show: Open) -> None:
    page = show(dependencies())
    tree = page.locator(".tree")
    assert "site" in tree.inner_text()
    assert tree.locator("li:visible", has_text="lib").count() >= 1
    assert page.get_by_role("link", name="issue tracker").get_attribute("href") == "https://brick.example/bugs"
    page.get_by_role("link", name="text of an issue to file").click()
    assert page.locator("#i-brick").is_visible()
    assert "Could you publish wheels" in page.locator("#i-brick").inner_text()
    page.locator(".tree a", has_text="brick").first.click()
    assert page.locator("tr:target th").inner_text().startswith("brick")


def test_on_a_phone_every_value_has_its_name(show: Open) -> None:
    page = show(dependencies(), width=400)
    cells = page.locator("#p-brick td")
    labels = cells.evaluate_all("cells => cells.map((cell) => cell.dataset.label)")
    assert labels == ["Rank", "cp314t", "cp315t", "Dependents", "Next steps"]
    shown = cells.evaluate_all("cells => cells.map((cell) => getComputedStyle(cell, '::before').content)")
    assert "none" not in shown


def test_the_badge_counts_what_is_ready() -> None:
    picture = missing_badge(dependencies())
    assert ">3 of 7 ready<" in picture
    assert "#b3261e" in picture
    assert LINUX in picture
    ready = report(project("app", verdict()))
    assert "#116329" in missing_badge(ready)
