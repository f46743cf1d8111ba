"""Which workflow files a repository gets, and what is left alone."""

from __future__ import annotations

import pytest

from ftwheel.core.errors import InputError
from ftwheel.core.project.generated import FileOrigin, origin, sealed, template_of
from ftwheel.core.project.workflow_files import WorkflowFile, WorkflowPlan, options_not_read, plan_workflows

RELEASE, TESTS = "workflows/release.yml", "workflows/free-threaded-tests.yml"
PATH = ".github/workflows/release.yml"


def text_of(template: str, version: str = "1") -> str:
    return f"name: {template} {version}\non:\n  pull_request:\n    paths: [.github/{template}]\n"


def planned(*existing: tuple[str, str], asked: tuple[str, ...] | None = None, version: str = "1", **more: bool):
    return plan_workflows(existing, asked, lambda name: text_of(name, version), **more)


def written(plan: WorkflowPlan) -> tuple[tuple[str, str], ...]:
    return tuple((each.path, each.after) for each in plan.files)


class TestSeal:
    def test_what_was_written_is_known(self):
        text = sealed("a: 1\n", RELEASE)
        assert text.splitlines()[1:] == ["a: 1"]
        assert (origin(text), template_of(text)) == (FileOrigin.UNTOUCHED, RELEASE)

    def test_line_ends_do_not_count(self):
        assert origin(sealed("a: 1\nb: 2\n", RELEASE).replace("\n", "\r\n")) is FileOrigin.UNTOUCHED

    @pytest.mark.parametrize(
        "change", [lambda text: text + "b: 2\n", lambda text: text.replace("1", "2"), lambda text: text[:-1]]
    )
    def test_a_change_is_noticed(self, change):
        text = change(sealed("a: 1\n", "workflows/other.yml"))
        assert origin(text) is FileOrigin.EDITED
        assert template_of(text) == "workflows/other.yml"

    def test_a_longer_first_line_is_a_change(self):
        text = sealed("a: 1\n", RELEASE).replace("\n", " and more\n", 1)
        assert origin(text) is FileOrigin.EDITED

    @pytest.mark.parametrize("text", ["", "a: 1\n", "# Written by ftwheel init\na: 1\n", "\n" + sealed("a", RELEASE)])
    def test_other_files_are_somebody_elses(self, text: str):
        assert origin(text) is FileOrigin.FOREIGN
        assert template_of(text) == ""


def test_the_release_is_written_by_default():
    plan = planned()
    assert plan.files == (
        WorkflowFile(
            path=PATH, before=None, after=sealed(text_of(RELEASE), RELEASE), why=f"from the template {RELEASE}"
        ),
    )
    assert plan.paths == ((RELEASE, PATH),)
    assert plan.notes == ()


def test_a_second_run_changes_nothing():
    assert planned(*written(planned())).files == ()


def test_what_is_there_is_kept_up_to_date_under_its_name():
    [(_, text)] = written(planned(asked=(TESTS,)))
    renamed = (".github/workflows/threads.yml", text)
    plan = planned(renamed, version="2")
    assert [each.path for each in plan.files] == [".github/workflows/threads.yml"]
    assert "paths: [.github/workflows/threads.yml]" in plan.files[0].after
    assert plan.notes == ()


def test_line_ends_of_windows_stay():
    [(path, text)] = written(planned())
    windows = (path, text.replace("\n", "\r\n"))
    assert planned(windows).files == ()
    [changed] = planned(windows, version="2").files
    assert changed.after.count("\r\n") == changed.after.count("\n") > 1


def test_a_file_changed_by_hand_is_replaced_only_when_asked():
    [(path, text)] = written(planned())
    changed = (path, text + "# mine\n")
    kept = planned(changed)
    assert kept.files == ()
    assert "is kept" in kept.notes[0]
    assert [each.before for each in planned(changed, overwrite=True).files] == [changed[1]]


def test_somebody_elses_file_is_never_touched():
    plan = planned((PATH, "name: mine\n"))
    assert [each.path for each in plan.files] == [".github/workflows/ftwheel-release.yml"]
    assert ".github/workflows/ftwheel-release.yml]" in plan.files[0].after
    assert planned((PATH, "name: mine\n"), *written(plan)).files == ()


def test_without_a_free_name_nothing_is_written():
    taken = [(PATH, "name: mine\n"), (".github/workflows/ftwheel-release.yml", "name: mine too\n")]
    with pytest.raises(InputError, match="exist, but ftwheel did not write them"):
        planned(*taken)


def test_workflows_can_be_left_out():
    assert planned(("a.yml", "run: twine upload dist/*\n"), asked=()) == WorkflowPlan(files=(), paths=(), notes=())


@pytest.mark.parametrize(
    "line",
    ["uses: pypa/gh-action-pypi-publish@v1", "run: twine upload dist/*", "run: uv publish", "run: maturin upload"],
)
def test_another_upload_is_told(line: str):
    [note] = planned((".github/workflows/wheels.yml", line)).notes
    assert note.startswith(".github/workflows/wheels.yml uploads too")


def test_settings_of_cibuildwheel_in_a_workflow_are_told():
    [note] = planned((".github/workflows/wheels.yml", "env:\n  CIBW_SKIP: pp*\n  CIBW_BUILD: cp3*\n")).notes
    assert "sets CIBW_BUILD, CIBW_SKIP, which" in note


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("env:\n  CIBW_SKIP: pp*\n  CIBW_ARCHS_LINUX: all\n  CIBW_TEST_SKIP: '*'\n", "CIBW_ARCHS_LINUX, CIBW_SKIP"),
        ("uses: pypa/cibuildwheel@v4\nwith:\n  config-file: ci.toml\n", "config-file"),
        ("env:\n  CIBW_BUILD_FRONTEND: uv\n  CIBW_TEST_COMMAND: pytest\n", ""),
        ("uses: github/codeql-action/init@v4\nwith:\n  config-file: ci.yml\n", ""),
    ],
)
def test_what_a_workflow_selects_is_told_where_it_stays(text: str, told: str) -> None:
    notes = options_not_read([(".github/workflows/wheels.yml", text)])
    assert [note.partition(", which init")[0] for note in notes] == [
        f".github/workflows/wheels.yml sets {told}"
    ] * bool(told)
