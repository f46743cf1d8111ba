"""What files say of themselves, which of it counts in an environment, and the files an installer tries in turn."""

from __future__ import annotations

import pytest
from packaging.version import Version

from ftwheel.core.dependencies.resolution import (
    CoreMetadata,
    Resolution,
    ResolutionError,
    ResolvedPin,
    UnknownMetadata,
    combined,
    dependencies,
    parse_core_metadata,
    parse_project_table,
)
from ftwheel.core.errors import InputError
from ftwheel.core.index.page import File, Yanked
from ftwheel.core.installers.candidates import Candidate
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.registry import installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import ProjectFiles, walk
from ftwheel.core.tags.environments import parse_environment
from support.pages import page, project

LABEL = "cp314t-manylinux_2_28_x86_64"
MARKERS = dict(parse_environment(LABEL).markers)
METADATA = """\
Metadata-Version: 2.4
Name: Foo
Version: 1.0
Requires-Python: >=3.9
Provides-Extra: fast
Requires-Dist: bar>=1;
 python_version >= "3.9"
Requires-Dist: baz; extra == "fast"

Requires-Dist: not a header any more
"""


def names(metadata: CoreMetadata, *extras: str) -> list[str]:
    return [one.requirement.name for one in dependencies(metadata, extras, MARKERS, {})]


def test_metadata_is_read_up_to_the_first_empty_line() -> None:
    assert parse_core_metadata(METADATA) == CoreMetadata(
        name="Foo",
        version="1.0",
        requires_python=">=3.9",
        requires=('bar>=1; python_version >= "3.9"', 'baz; extra == "fast"'),
        extras=("fast",),
    )
    assert parse_core_metadata("") == CoreMetadata(name="", version="")
    assert parse_core_metadata("Requires-Dist: a\r" * 100_001) == UnknownMetadata(why="its metadata has 100,001 lines")


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("Metadata-Version: 2.2", ""),
        ("Metadata-Version: 2.4\nDynamic: License-File", ""),
        ("Metadata-Version: 2.4\nDynamic: Requires-Python", ""),
        ("Metadata-Version: 2.4\nDynamic: requires-dist", "its build determines requires-dist"),
        (
            "Metadata-Version: 2.4\nDynamic: Provides-Extra\nDynamic: Requires-Dist",
            "determines provides-extra, requires-d",
        ),
        ("Metadata-Version: 2.1", "its PKG-INFO has metadata version 2.1, in which any field may be dynamic"),
        ("Summary: none", "its PKG-INFO has no version"),
        ("Metadata-Version: two", "its PKG-INFO has no version"),
    ],
)
def test_a_source_distribution_may_leave_it_to_the_build(head: str, why: str) -> None:
    found = parse_core_metadata(f"{head}\nName: foo\nVersion: 1.0\n", sdist=True)
    if why:
        assert isinstance(found, UnknownMetadata)
        assert why in found.why
    else:
        assert found == CoreMetadata(name="foo", version="1.0")


def test_a_static_project_table_settles_it() -> None:
    text = """
        [project]
        name = "Foo"
        version = "1.0"
        requires-python = ">=3.9"
        dependencies = ["bar>=1"]
        dynamic = ["readme"]
        [project.optional-dependencies]
        Fast_One = ["baz; sys_platform == 'linux' or sys_platform == 'win32'", "qux>2"]
    """
    found = parse_project_table(text, UnknownMetadata(why="no"))
    assert isinstance(found, CoreMetadata)
    assert (found.name, found.version, found.requires_python, found.extras) == ("Foo", "1.0", ">=3.9", ("Fast_One",))
    assert names(found) == ["bar"]
    assert names(found, "fast-one") == ["bar", "baz", "qux"]
    assert names(found, "other") == ["bar"]


@pytest.mark.parametrize(
    "text", ["", "project = 1", "[project]\nversion = '1'", "[project", "a = " + "[" * 5000], ids=range(5)
)
def test_without_a_project_table_the_answer_stays(text: str) -> None:
    assert parse_project_table(text, UnknownMetadata(why="no")) == UnknownMetadata(why="no")


def test_a_dynamic_project_table_is_no_answer() -> None:
    text = "[project]\nname = 'foo'\ndynamic = ['version', 'dependencies']"
    assert parse_project_table(text, UnknownMetadata(why="no")) == UnknownMetadata(
        why="its build determines dependencies"
    )
    assert parse_project_table("[project]\nname = 'foo'\ndynamic = 1", UnknownMetadata(why="no")) == CoreMetadata(
        name="foo", version=""
    )


def test_markers_are_those_of_the_target() -> None:
    metadata = CoreMetadata(
        name="foo",
        version="1",
        requires=(
            'win; sys_platform == "win32"',
            'linux; sys_platform == "linux"',
            'again; sys_platform == "linux"',
            'new; python_version >= "3.14"',
        ),
    )
    assert names(metadata) == ["linux", "again", "new"]


def test_addresses_are_told_and_nonsense_is_an_error() -> None:
    found = list(
        dependencies(
            CoreMetadata(name="foo", version="1", requires=("bar @ https://example.org/bar.whl",)), (), MARKERS, {}
        )
    )
    assert [(one.requirement.name, one.address) for one in found] == [("bar", "https://example.org/bar.whl")]
    with pytest.raises(InputError, match="not a requirement"):
        names(CoreMetadata(name="foo", version="1", requires=("bar (oops",)))


def test_combined_requirements_ask_for_all_of_it_once() -> None:
    wanted = combined("foo", map(parse_requirement, ("foo>=1", "foo[fast]<3", "foo>=1", "foo")))
    assert (wanted.name, wanted.specification, wanted.extras) == ("foo", "<3,>=1", ())


def test_a_resolution_tells_what_is_missing() -> None:
    file = Candidate(file=File(filename="a-1.tar.gz", url="https://example.org/a-1.tar.gz"), kind="sdist", version="1")
    pins = (
        ResolvedPin(name="a", version="1", requirement=parse_requirement("a"), candidate=file, untold="dynamic"),
        ResolvedPin(name="b", version="", requirement=parse_requirement("b"), candidate=None),
    )
    found = Resolution(environment=LABEL, pins=pins, roots=("a",))
    assert found.untold == pins[:1]
    assert found.pin("b") == pins[1]
    assert found.pin("c") is None
    assert ResolutionError("no", names=("a",)).names == ("a",)


# --- the files tried in turn -----------------------------------------------------------------------------------------


def walked(
    found: ProjectFiles,
    requirement: str = "foo",
    *,
    rules: InstallerOptions | str = "pip",
    pins: frozenset[Version] | None = None,
) -> list[str]:
    chosen = installer(rules) if isinstance(rules, str) else rules
    wanted = parse_requirement(requirement)
    return [one.file.filename[4:] for one in walk(found, wanted, parse_environment(LABEL), chosen, pins=pins)]


def yanked(name: str) -> File:
    return File(filename=name, url=f"https://files.example.org/{name}", yanked=Yanked(reason="bad"))


PAGE = project("foo-1.0.tar.gz", "foo-2.0.tar.gz", "foo-2.0-py3-none-any.whl", "foo-3.0-cp313-cp313-win32.whl")


@pytest.mark.parametrize("rules", ["pip", "uv", InstallerOptions(name="pip", prefer_binary=True)])
def test_each_version_is_tried_once_with_its_best_file(rules: InstallerOptions | str) -> None:
    assert walked(PAGE, rules=rules) == ["2.0-py3-none-any.whl", "1.0.tar.gz"]
    assert walked(PAGE, "foo<2", rules=rules) == ["1.0.tar.gz"]


def test_prereleases_come_last_with_uv_and_only_alone_with_pip() -> None:
    found = project("foo-1.0.tar.gz", "foo-2.0rc1.tar.gz")
    assert walked(found, rules="uv") == ["1.0.tar.gz", "2.0rc1.tar.gz"]
    assert walked(found) == ["1.0.tar.gz"]
    assert walked(found, "foo>=1.5") == ["2.0rc1.tar.gz"]
    assert walked(found, "foo>=1.0rc1") == ["2.0rc1.tar.gz", "1.0.tar.gz"]
    assert walked(found, "foo>=1.5", rules=InstallerOptions(name="pip", allow_prereleases=False)) == []


def test_yanked_files_are_for_pins() -> None:
    found = ProjectFiles("foo", [page("foo-1.0.tar.gz", yanked("foo-2.0.tar.gz"))])
    assert walked(found) == ["1.0.tar.gz"]
    assert walked(found, "foo==2.0") == ["2.0.tar.gz"]
    assert walked(found, "foo>=1.5") == []
    assert walked(found, rules="uv", pins=frozenset({Version("2.0")})) == ["2.0.tar.gz", "1.0.tar.gz"]
    assert walked(found, "foo==2.0", rules="uv", pins=frozenset()) == []


def test_nothing_is_tried_where_the_installer_gives_up() -> None:
    found = ProjectFiles(
        "foo",
        [page(File(filename="foo-1.0.tar.gz", url="https://e.example/foo-1.0.tar.gz", broken=("requires-python",)))],
    )
    assert walked(found) == []
