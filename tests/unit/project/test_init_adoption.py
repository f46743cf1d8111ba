"""What a project needs to ship pairs: the edits, from what it says and what its author wants."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from ftwheel.core.errors import ConfigurationError, InputError
from ftwheel.core.project.adoption import STATUSES, AdoptionPlan, AdoptionRequest, ProjectScan, adopt, found
from ftwheel.core.project.declarations import Declarations
from ftwheel.core.project.stable_abi import (
    StableAbiFloor,
    StableAbiSources,
    abi3t_feature,
    asks_for_abi3t,
    stable_abi_floors,
)
from ftwheel.core.project.toml_edits import Insert, Put, Remove, applied, table_at

NINE = (StableAbiFloor(minor=9, where="setup.py"),)
DECLARED = Declarations(declared=("a.c",))
MAKES = "setup(ext_modules=[Extension('a', ['a.c'])])\n"
SETUPTOOLS = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "a"
requires-python = ">=3.13"
classifiers = ["A", "Programming Language :: Python :: 3", "Topic :: B"]
"""
EVERYTHING = AdoptionRequest(pythons=("3.14", "3.14t"), platforms=("win_amd64",))


def scan(pyproject: str | None = SETUPTOOLS, *, setup_py: str | None = MAKES, **more: Any) -> ProjectScan:
    document = tomllib.loads(pyproject or "")
    return ProjectScan(pyproject=pyproject, document=document, setup_py=setup_py, **{"declarations": DECLARED, **more})


def document_after(given: ProjectScan, request: AdoptionRequest = EVERYTHING) -> dict[str, Any]:
    return applied(given.document, adopt(given, request).edits)


def own(given: ProjectScan, request: AdoptionRequest = EVERYTHING) -> dict[str, Any]:
    table = document_after(given, request)["tool"]["ftwheel"]
    assert isinstance(table, dict)
    return table


def backend(name: str, more: str = "") -> str:
    return f'[build-system]\nrequires = ["b"]\nbuild-backend = "{name}"\n{more}'


class TestEdits:
    def test_each_does_what_it_says_and_leaves_the_rest(self):
        before = {"a": {"b": ["x"], "c": 1}, "d": 2}
        edits = (
            Insert(table=("a",), key="b", value="y", position=0, why=""),
            Remove(table=("a",), key="c", why=""),
            Put(table=("e", "f"), key="g", value=("h",), why=""),
            Put(table=("e", "f"), key="i", value="j", why=""),
        )
        assert applied(before, edits) == {"a": {"b": ["y", "x"]}, "d": 2, "e": {"f": {"g": ["h"], "i": "j"}}}
        assert before == {"a": {"b": ["x"], "c": 1}, "d": 2}

    def test_a_table_is_found_only_where_there_is_one(self):
        document = {"a": {"b": {}}, "c": 1}
        assert table_at(document, ("a", "b")) == {}
        assert table_at(document, ("c",)) is None
        assert table_at(document, ("c", "d")) is None


class TestWrapping:
    def test_the_backend_moves_and_nothing_else_changes(self):
        after = document_after(scan())
        assert after["build-system"] == {
            "requires": ["ftwheel-build", "setuptools>=77"],
            "build-backend": "ftwheel_build",
        }
        assert after["tool"]["ftwheel"] == {
            "build-backend": "setuptools.build_meta",
            "pythons": ["3.14", "3.14t"],
            "platforms": ["win_amd64"],
        }
        assert after["project"] == tomllib.loads(SETUPTOOLS)["project"]

    def test_a_backend_in_the_tree_takes_its_path_along(self):
        pyproject = backend("mine", 'backend-path = ["tools"]\n')
        after = document_after(scan(pyproject))
        assert after["build-system"] == {"requires": ["ftwheel-build", "b"], "build-backend": "ftwheel_build"}
        assert (own(scan(pyproject))["build-backend"], own(scan(pyproject))["backend-path"]) == ("mine", ["tools"])

    @pytest.mark.parametrize("pyproject", [None, '[project]\nname = "a"\n'])
    def test_without_a_build_system_it_is_setuptools_as_frontends_have_it(self, pyproject: str | None):
        given = scan(pyproject, setup_py="from Cython.Build import cythonize\nimport numpy\n" + MAKES)
        system = document_after(given)["build-system"]
        assert system["requires"] == ["ftwheel-build", "setuptools>=77", "Cython>=3.1", "numpy"]
        assert own(given)["build-backend"] == "setuptools.build_meta:__legacy__"

    def test_without_a_backend_it_is_the_old_one_of_setuptools(self):
        given = scan('[build-system]\nrequires = ["setuptools", "not a requirement!"]\n')
        assert own(given)["build-backend"] == "setuptools.build_meta:__legacy__"
        assert document_after(given)["build-system"]["requires"][0] == "ftwheel-build"

    def test_the_requirement_is_not_added_twice(self):
        given = scan('[build-system]\nrequires = ["FTWheel_Build>=0.1"]\nbuild-backend = "maturin"\n')
        assert document_after(given)["build-system"]["requires"] == ["FTWheel_Build>=0.1"]

    @pytest.mark.parametrize(
        ("pyproject", "message"),
        [
            ('[build-system]\nrequires = "setuptools"\n', "requires is 'setuptools'"),
            ("[build-system]\n", "requires is None"),
            (backend("mine", 'backend-path = "."\n'), "backend-path is '.'"),
            (backend("ftwheel_build"), "names none to wrap"),
        ],
    )
    def test_a_table_that_contradicts_itself_is_refused(self, pyproject: str, message: str):
        with pytest.raises(ConfigurationError, match=message):
            adopt(scan(pyproject), EVERYTHING)

    def test_a_lost_name_can_be_given(self):
        given = scan(backend("ftwheel_build"))
        assert own(given, AdoptionRequest(backend="maturin"))["build-backend"] == "maturin"

    def test_an_unknown_backend_is_wrapped_when_something_is_compiled(self):
        assert own(scan(backend("sipbuild.api"), setup_py=None))["build-backend"] == "sipbuild.api"

    def test_an_unknown_backend_is_else_wrapped_only_when_named(self):
        with pytest.raises(InputError, match=r"unknown build backend 'sipbuild\.api'"):
            adopt(scan(backend("sipbuild.api"), declarations=Declarations()), EVERYTHING)
        request = AdoptionRequest(backend="sipbuild.api", pythons=("3.14t",), platforms=("win_amd64",))
        assert own(scan(backend("sipbuild.api")), request)["build-backend"] == "sipbuild.api"

    def test_a_backend_without_requirements_cannot_be_wrapped(self):
        with pytest.raises(InputError, match="its requirements are unknown"):
            adopt(scan(None), AdoptionRequest(backend="sipbuild.api"))
        assert (
            own(scan(None), AdoptionRequest(backend="setuptools.build_meta"))["build-backend"]
            == "setuptools.build_meta"
        )

    def test_a_name_that_contradicts_the_file_is_refused(self):
        with pytest.raises(InputError, match=r"names 'setuptools\.build_meta'"):
            adopt(scan(), AdoptionRequest(backend="maturin"))


class TestCompiled:
    @pytest.mark.parametrize(
        ("pyproject", "setup_py", "setup_cfg"),
        [
            (backend("maturin"), None, None),
            (backend("setuptools.build_meta"), MAKES, None),
            (backend("setuptools.build_meta", "[[tool.setuptools.ext-modules]]\nname = 'a'\n"), None, None),
            (backend("setuptools.build_meta", "[[tool.setuptools-rust.ext-modules]]\ntarget = 'a'\n"), None, None),
            (backend("setuptools.build_meta"), "setup()", "[options]\next_modules = x\n"),
            (backend("setuptools.build_meta"), "from skbuild import setup\nsetup()", None),
            (backend("hatchling.build", "[tool.hatch.build.targets.wheel.hooks.custom]\n"), None, None),
            (backend("hatchling.build", "[tool.hatch.build.hooks.mypyc]\n"), None, None),
            (backend("poetry.core.masonry.api", '[tool.poetry.build]\nscript = "build.py"\n'), None, None),
            (backend("mine", 'backend-path = ["."]\n'), None, None),
        ],
    )
    def test_a_sign_of_compiling_is_enough(self, pyproject: str, setup_py: str | None, setup_cfg: str | None):
        given = scan(pyproject, setup_py=setup_py, setup_cfg=setup_cfg, declarations=Declarations())
        assert adopt(given, EVERYTHING).edits

    def test_a_source_of_a_module_is_a_sign(self):
        assert adopt(scan(backend("hatchling.build"), setup_py=None), EVERYTHING).edits

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("setuptools.build_meta", "the project compiles nothing: setup.py"),
            ("hatchling.build", "hatchling.build has no build hook"),
            ("flit_core.buildapi", "flit-core compiles nothing"),
            ("uv_build", "uv_build compiles nothing"),
        ],
    )
    def test_a_project_of_pure_python_needs_no_pair(self, name: str, message: str):
        pyproject = backend(name, '[project]\nclassifiers = ["Framework :: Sphinx :: Extension"]\n')
        setup_py = "setup(description='An Extension of Sphinx')"
        given = scan(pyproject, setup_py=setup_py, declarations=Declarations())
        with pytest.raises(InputError, match=message):
            adopt(given, EVERYTHING)

    def test_a_pure_backend_in_the_tree_itself_compiles_nothing(self):
        pyproject = SETUPTOOLS.replace("setuptools.build_meta", "flit_core.buildapi")
        given = scan(pyproject.replace("[build-system]", "[build-system]\nbackend-path = ['.']"))
        with pytest.raises(InputError, match="flit-core compiles nothing"):
            adopt(given, EVERYTHING)

    def test_the_author_may_know_better(self):
        request = AdoptionRequest(compiled=True, pythons=("3.14t",), platforms=("win_amd64",))
        assert adopt(scan(backend("pdm.backend"), setup_py=None, declarations=Declarations()), request).edits


class TestSettings:
    def test_the_proposal_is_what_cibuildwheel_would_build(self):
        pythons, platforms = scan().proposed
        assert pythons[:3] == ("3.13", "3.14", "3.14t")
        assert platforms[:2] == ("manylinux_2_28_x86_64", "musllinux_1_2_x86_64")
        assert "macosx_11_0_arm64" in platforms
        assert own(scan(), AdoptionRequest())["pythons"] == list(pythons)
        assert own(scan(), AdoptionRequest())["platforms"] == list(platforms)

    def test_what_cibuildwheel_skips_is_not_proposed(self):
        pyproject = SETUPTOOLS + '[tool.cibuildwheel]\nbuild = "cp314*-*"\nskip = "*-musllinux* *-win_arm64"\n'
        pythons, platforms = scan(pyproject).proposed
        assert pythons == ("3.14", "3.14t")
        assert not [tag for tag in platforms if "musllinux" in tag or tag == "win_arm64"]

    @pytest.mark.parametrize(
        ("table", "platforms"),
        [
            ('[tool.cibuildwheel.linux]\narchs = ["x86_64", "riscv64"]\n', {
                "manylinux_2_28_x86_64", "manylinux_2_39_riscv64", "musllinux_1_2_x86_64", "musllinux_1_2_riscv64",
                "macosx_10_13_x86_64", "macosx_11_0_arm64", "win_amd64", "win_arm64",
            }),
            ('[tool.cibuildwheel]\nskip = "*linux*"\nmacos.archs = "universal2"\nwindows.archs = "x86, AMD64"\n', {
                "macosx_10_13_x86_64", "macosx_11_0_arm64", "win32", "win_amd64",
            }),
            ('[tool.cibuildwheel]\nskip = "*linux* *macos*"\nwindows.archs = "auto64"\n', {"win_amd64", "win_arm64"}),
        ],
    )  # fmt: skip
    def test_the_machines_of_cibuildwheel_are_proposed(self, table: str, platforms: set[str]):
        assert {*scan(SETUPTOOLS + table).proposed[1]} == platforms

    @pytest.mark.parametrize(
        ("image", "tag"),
        [
            ("manylinux2014", "manylinux_2_17_x86_64"),
            ("manylinux_2_34", "manylinux_2_34_x86_64"),
            ("example.org/ours:latest", "manylinux_2_28_x86_64"),
        ],
    )
    def test_the_image_of_the_project_says_how_old_a_system_may_be(self, image: str, tag: str):
        table = f'[tool.cibuildwheel]\nmanylinux-x86_64-image = "{image}"\nskip = "*musl*"\n'
        assert scan(SETUPTOOLS + table).proposed[1][0] == tag

    def test_a_machine_that_nobody_knows_is_refused(self):
        with pytest.raises(ConfigurationError, match="does not build for 'pdp11'"):
            scan(SETUPTOOLS + '[tool.cibuildwheel.windows]\narchs = "pdp11"\n').proposed  # noqa: B018 - raises

    def test_pythons_without_support_are_proposed_only_where_they_are_named(self):
        pyproject = SETUPTOOLS.replace(">=3.13", ">=3.9")
        alive = (11, 12, 13, 14, 15)
        assert scan(pyproject, supported=alive).proposed[0][0] == "3.11"
        named = pyproject.replace("Python :: 3", "Python :: 3.9")
        assert scan(named, supported=alive).proposed[0][:2] == ("3.9", "3.11")
        selected = pyproject + '[tool.cibuildwheel]\nbuild = ["cp39-*", "cp314*"]\n'
        assert scan(selected, supported=alive).proposed[0] == ("3.9", "3.14", "3.14t")
        assert scan(pyproject, supported=(16,)).proposed[0][0] == "3.9"  # nothing would be left

    @pytest.mark.parametrize(
        ("requires", "table", "tags"),
        [
            (">=3.13", "", ["macosx_10_13_x86_64", "macosx_11_0_arm64"]),
            (">=3.14", "", ["macosx_10_15_x86_64", "macosx_11_0_arm64"]),
            (">=3.11", "", ["macosx_10_9_x86_64", "macosx_11_0_arm64"]),
            (">=3.13", "environment = { MACOSX_DEPLOYMENT_TARGET = '10.14' }",
             ["macosx_10_14_x86_64", "macosx_11_0_arm64"]),
            (">=3.13", "macos.environment = 'A=b MACOSX_DEPLOYMENT_TARGET=\"12\"'",
             ["macosx_12_0_x86_64", "macosx_12_0_arm64"]),
        ],
    )  # fmt: skip
    def test_the_deployment_target_of_a_mac_is_what_cibuildwheel_uses(self, requires: str, table: str, tags: list[str]):
        pyproject = SETUPTOOLS.replace(">=3.13", requires) + f"[tool.cibuildwheel]\n{table}\n"
        assert [tag for tag in scan(pyproject).proposed[1] if tag.startswith("macosx")] == tags

    def test_what_cibuildwheel_refuses_goes(self):
        document = document_after(scan(SETUPTOOLS + '[tool.cibuildwheel]\nenable = ["cpython-freethreading"]\n'))
        assert document["tool"]["cibuildwheel"] == {}

    def test_a_lower_bound_outside_pyproject_counts(self):
        assert scan(None, requires_python=">=3.14").proposed[0][0] == "3.14"

    def test_settings_that_are_there_stay(self):
        pyproject = SETUPTOOLS + '[tool.ftwheel]\npythons = ["3.13t"]\nplatforms = ["win32"]\nstable-abi = "3.10"\n'
        table = own(scan(pyproject, floors=NINE), AdoptionRequest())
        assert (table["pythons"], table["platforms"], table["stable-abi"]) == (["3.13t"], ["win32"], "3.10")

    def test_only_what_is_missing_is_proposed(self):
        table = own(scan(SETUPTOOLS + '[tool.ftwheel]\nplatforms = ["win32"]\n'), AdoptionRequest())
        assert table["platforms"] == ["win32"]
        assert "3.14t" in table["pythons"]

    def test_what_is_asked_for_replaces_what_is_there(self):
        pyproject = SETUPTOOLS + '[tool.ftwheel]\npythons = ["3.13t"]\ngil = "not-used"\n'
        request = AdoptionRequest(pythons=("3.14t",), platforms=("win32",), gil="allow-used", stable_abi="3.11")
        assert own(scan(pyproject), request) == {
            "build-backend": "setuptools.build_meta",
            "pythons": ["3.14t"],
            "platforms": ["win32"],
            "gil": "allow-used",
            "stable-abi": "3.11",
        }

    def test_an_adopted_project_needs_nothing(self):
        done = document_after(scan(floors=NINE))
        given = ProjectScan(pyproject="", document=done, declarations=DECLARED)
        assert given.adopted
        assert adopt(given, AdoptionRequest()).edits == ()
        assert adopt(given, EVERYTHING).edits == ()
        del done["tool"]["ftwheel"]["pythons"]
        assert adopt(ProjectScan(pyproject="", document=done), AdoptionRequest()).edits == ()

    def test_a_stable_abi_that_was_found_is_written_down(self):
        assert own(scan(floors=NINE))["stable-abi"] == "3.9"


class TestClassifier:
    def added(self, classifiers: list[str], status: str = "beta", **more: Any) -> AdoptionPlan:
        pyproject = backend("maturin", f"[project]\nname = 'a'\nclassifiers = {classifiers}\n")
        return adopt(scan(pyproject, **more), AdoptionRequest(status=status, pythons=("3.14t",), platforms=("win32",)))

    @pytest.mark.parametrize(
        ("classifiers", "position"),
        [
            (["A", "Programming Language :: Python :: 3", "Topic :: B"], 2),
            (["Topic :: B", "Programming Language :: Python :: 3", "A"], 2),
            (["Topic :: B", "A"], 2),
            ([], 0),
        ],
    )
    def test_it_goes_where_it_belongs(self, classifiers: list[str], position: int):
        [edit] = [each for each in self.added(classifiers).edits if each.key == "classifiers"]
        assert isinstance(edit, Insert)
        assert (edit.position, edit.value) == (position, STATUSES["beta"])

    def test_there_is_never_a_second_one(self):
        same = self.added([STATUSES["beta"]])
        assert (same.notes, [each for each in same.edits if each.key == "classifiers"]) == ((), [])
        other = self.added([STATUSES["stable"]])
        assert other.notes == (f"the existing classifier is kept: {STATUSES['stable']}",)

    @pytest.mark.parametrize("found", [Declarations(), Declarations(declared=("a.c",), undeclared=("b.c",))])
    def test_it_is_not_claimed_for_sources_that_do_not_declare(self, found: Declarations):
        with pytest.raises(InputError, match="the sources do not declare it"):
            self.added([], declarations=found)

    def test_classifiers_elsewhere_are_left_to_the_author(self):
        request = AdoptionRequest(status="beta", pythons=("3.14t",), platforms=("win32",))
        for project in ("", '[project]\nname = "a"\ndynamic = ["classifiers"]\n'):
            made = adopt(scan(backend("maturin", project)), request)
            assert STATUSES["beta"] in made.notes[0]
            assert [each for each in made.edits if each.key == "classifiers"] == []

    def test_it_may_be_the_first_one(self):
        given = scan(backend("maturin", '[project]\nname = "a"\n'))
        request = AdoptionRequest(status="beta", pythons=("3.14t",), platforms=("win32",))
        assert document_after(given, request)["project"]["classifiers"] == [STATUSES["beta"]]


class TestNotes:
    def test_modules_that_declare_nothing_are_named(self):
        undeclared = Declarations(undeclared=("src/a.c",))
        [note] = adopt(scan(declarations=undeclared), EVERYTHING).notes
        assert "src/a.c" in note
        request = AdoptionRequest(gil="allow-used", pythons=("3.14t",), platforms=("win32",))
        assert adopt(scan(declarations=undeclared), request).notes == ()

    def test_a_release_without_a_free_threaded_wheel_is_told(self):
        [note] = adopt(scan(), AdoptionRequest(pythons=("3.13",), platforms=("win32",))).notes
        assert note.startswith("there will be no pair")

    def test_floors_that_disagree_are_told(self):
        floors = (*NINE, StableAbiFloor(minor=11, where="the features of PyO3"))
        given = scan(floors=floors, abi3t_feature="abi3t-py315")
        assert own(given)["stable-abi"] == "3.11"
        disagree, feature = adopt(given, EVERYTHING).notes
        assert "3.9 (setup.py), 3.11 (the features of PyO3)" in disagree
        assert "abi3t-py315" in feature

    def test_a_project_that_compiles_in_place_is_told(self):
        [note] = adopt(scan(in_place="build.py"), EVERYTHING).notes
        assert note.startswith("build.py compiles modules into the source tree")

    def test_what_was_found_is_told(self):
        given = scan(SETUPTOOLS + "[tool.cibuildwheel]\n", floors=NINE)
        assert adopt(given, EVERYTHING).found == (
            ("build backend", "setuptools.build_meta"),
            ("requires-python", ">=3.13"),
            ("stable ABI", "from 3.9 (setup.py)"),
            ("cibuildwheel", "[tool.cibuildwheel]"),
            ("declares", "a.c"),
        )
        assert adopt(scan(None), EVERYTHING).found[1] == ("requires-python", "not said")
        assert found(given) == adopt(given, EVERYTHING).found
        without = adopt(scan(SETUPTOOLS, setup_py="Extension(", declarations=Declarations()), EVERYTHING)
        assert without.found[-1] == ("declares", "cannot tell: no source that defines a module was found")


ASKS = "py.extension_module('m', 'm.c', limited_api: get_option('sabi'))\n"
OTHER = "option('other', type: 'string', value: '3.9')"


@pytest.mark.parametrize(
    ("document", "files", "cargo", "floors"),
    [
        ('[tool.scikit-build]\nwheel.py-api = "cp312"\n', {}, "", ["3.12"]),
        ('[tool.scikit-build]\nwheel.py-api = "py3"\n', {}, "", []),
        ('[tool.scikit-build]\nwheel.py-api = "cp312.cp315t"\n', {}, "", ["3.12"]),
        ('[tool.distutils.bdist_wheel]\npy-limited-api = "cp39"\n', {}, "", ["3.9"]),
        ('[tool.distutils.bdist_wheel]\npy_limited_api = "cp310"\n', {}, "", ["3.10"]),
        ("", {"setup_cfg": "[bdist_wheel]\nuniversal = 0\npy_limited_api = cp38\n"}, "", ["3.8"]),
        ("", {"setup_cfg": "[other]\npy_limited_api = cp38\n"}, "", []),
        ("", {"setup_py": 'setup(options={"bdist_wheel": {"py_limited_api": "cp311"}})\n'}, "", ["3.11"]),
        ("", {"setup_py": "Extension(py_limited_api=True)\n"}, "", []),
        ("", {"setup_py": 'def get_tag(self):\n    return "cp310", "abi3", platform\n'}, "", ["3.10"]),
        ("", {"setup_py": 'class B(bdist_wheel):\n  py_limited_api = "cp36"\n'}, "", ["3.6"]),
        ("", {"setup_py": 'define_macros=[("Py_LIMITED_API", "0x030A0000")]\n'}, "", ["3.10"]),
        ("", {"setup_py": 'options["bdist_wheel"]["py_limited_api"] = "cp39"\n'}, "", ["3.9"]),
        ("", {"setup_py": 'sys.argv += ["--py-limited-api", "cp38"]\n'}, "", ["3.8"]),
        ("", {"setup_py": 'sys.argv.append("--py-limited-api=cp310")\n'}, "", ["3.10"]),
        ("", {"setup_py": '# py_limited_api="cp39"\n'}, "", []),
        ("", {"setup_cfg": "[bdist_wheel]\n# see [PEP 384]\npy-limited-api: cp310\n"}, "", ["3.10"]),
        ("", {"setup_cfg": "[bdist_wheel]\n#py_limited_api = cp310\n"}, "", []),
        ("", {"setup_cfg": "py_limited_api = cp310\n"}, "", []),
        ('[[tool.setuptools.ext-modules]]\ndefine-macros = [["Py_LIMITED_API", "0x03090000"]]\n', {}, "", ["3.9"]),
        ("", {"meson_build": "py.extension_module('m', 'm.c', limited_api: '3.12')\n"}, "", ["3.12"]),
        ("", {"meson_build": "kwargs: {'limited_api': '3.9'}\n"}, "", ["3.9"]),
        ("", {"meson_build": "# limited_api: '3.9'\n"}, "", []),
        ("", {"meson_build": "c_args: ['-DPy_LIMITED_API=0x030b0000'], limited_api: '3.10'\n"}, "", ["3.10", "3.11"]),
        ("", {"meson_build": ASKS, "meson_options": f"{OTHER}\noption('sabi', value: '3.11')"}, "", ["3.11"]),
        ("", {"meson_build": ASKS, "meson_options": f"option('sabi', type: 'string')\n{OTHER}"}, "", []),
        ('[tool.maturin]\nfeatures = ["pyo3/abi3-py39"]\n', {}, "", ["3.9"]),
        ("", {}, '[dependencies]\npyo3 = { version = "0.29", features = ["abi3-py39", "abi3-py310"] }\n', ["3.9"]),
        ("", {}, '[dependencies]\npyo3 = "0.29"\n', []),
        ('[tool.maturin]\nfeatures = [{ feature = "pyo3/abi3-py310", python-version = ">=3.10" }]\n', {}, "", ["3.10"]),
        ('[tool.maturin]\nfeatures = ["stable"]\n', {}, '[features]\nstable = ["pyo3/abi3-py39", "stable"]\n', ["3.9"]),
        ("", {}, '[features]\nstable = ["pyo3/abi3-py39"]\n', []),
        ("", {}, '[dependencies]\npy = { package = "pyo3", features = ["abi3-py310"] }\n', ["3.10"]),
        ("", {}, '[dependencies]\npyo3 = 1\n[target]\nx = 1\n', []),
        ("", {}, '[target."cfg(unix)".dependencies]\npyo3-ffi = { features = ["abi3-py311"] }\n', ["3.11"]),
        ("", {}, '[workspace.dependencies]\npyo3 = { version = "1", features = ["abi3-py38"] }\n', ["3.8"]),
        ("", {}, '[features]\ndefault = ["abi3"]\nabi3 = ["pyo3/abi3-py37"]\n', ["3.7"]),
    ],
)  # fmt: skip
def test_the_stable_abi_is_believed_where_it_is_written_out(
    document: str, files: dict[str, str], cargo: str, floors: list[str]
):
    sources = StableAbiSources(document=tomllib.loads(document), cargo=[tomllib.loads(cargo)], **files)
    assert [floor.version for floor in stable_abi_floors(sources)] == floors


@pytest.mark.parametrize(
    ("version", "features", "feature"),
    [
        ("0.29", ["abi3-py39"], "abi3t-py315"),
        ("1.0", ["abi3-py310"], "abi3t-py315"),
        ("0.29", ["abi3-py39", "abi3t-py315"], ""),
        ("0.29", ["abi3-py39", "abi3t"], ""),
        ("0.28", ["abi3-py39"], ""),
        ("0.29", [], ""),
        ("*", ["abi3-py39"], ""),
    ],
)
def test_the_wheel_for_both_builds_is_proposed_where_pyo3_can_make_it(version: str, features: list[str], feature: str):
    cargo = {"dependencies": {"pyo3": {"version": version, "features": features}}}
    assert abi3t_feature(StableAbiSources(document={}, cargo=[cargo])) == feature


def test_what_asks_for_the_stable_abi_of_both_builds() -> None:
    cargo = {"dependencies": {"pyo3": {"version": "0.29", "features": ["abi3-py310", "abi3t-py315"]}}}
    py_api = {"tool": {"scikit-build": {"wheel": {"py-api": "cp312.cp315t"}}}}
    assert asks_for_abi3t(StableAbiSources(document={}, cargo=[cargo]))
    assert asks_for_abi3t(StableAbiSources(document=py_api))
    assert asks_for_abi3t(StableAbiSources(document={}, setup_py='return "cp315", "abi3.abi3t", platform'))
    assert not asks_for_abi3t(StableAbiSources(document={}, setup_py='py_limited_api="cp310"'))


def test_of_many_modules_the_first_are_named() -> None:
    for count, last in ((6, "f.c"), (7, "e.c and 2 more")):
        many = Declarations(undeclared=tuple(f"{letter}.c" for letter in "abcdefg"[:count]))
        told = adopt(scan(declarations=many), EVERYTHING)
        [named] = [value for name, value in told.found if name == "does not declare"]
        assert named.split(", ")[-1] == last
        assert named in told.notes[0]
