"""How cibuildwheel is called: variables, overrides, images, and what would contradict the project's own options."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from ftwheel.core.build.cibuildwheel.identifiers import BuildIdentifier, CibuildwheelRequest, select
from ftwheel.core.build.cibuildwheel.options import read_options
from ftwheel.core.build.cibuildwheel.runs import (
    CibuildwheelRun,
    ContainerImage,
    DriverPlan,
    RunRequest,
    config_text,
    maturin_interpreters,
    plan_runs,
)
from ftwheel.core.errors import ConfigurationError

PAIR = ("3.14", "3.14t")
X86 = ("manylinux_x86_64",)
MESON: dict[str, Any] = {"build-system": {"build-backend": "mesonpy"}, "tool": {"meson-python": {"limited-api": True}}}
MATURIN = {"build-system": {"build-backend": "maturin"}}


def planned(
    document: dict[str, Any] | None = None,
    environ: dict[str, str] | None = None,
    *,
    pythons: tuple[str, ...] = PAIR,
    on: tuple[str, ...] = X86,
    **options: Any,
) -> DriverPlan:
    own = read_options(document or {}, environ or {})
    selection = select(CibuildwheelRequest(pythons=pythons, platforms=on, own=own))
    return plan_runs(selection, own, document or {}, RunRequest(**{"config_settings": {}, **options}))


def only(plan: DriverPlan) -> CibuildwheelRun:
    [run] = plan.runs
    return run


def overrides(run: CibuildwheelRun) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(run.config)["tool"]["cibuildwheel"]["overrides"]
    return found


def test_a_run_for_each_series_and_platform() -> None:
    plan = planned(pythons=("3.13", "3.13t", "3.14t"), on=(*X86, "musllinux_aarch64", "win_amd64"))
    assert [(run.series.label, run.system, " ".join(run.arguments)) for run in plan.runs] == [
        ("3.x", "linux", "--platform linux --archs aarch64,x86_64 --enable cpython-freethreading"),
        ("3.x", "windows", "--platform windows --archs AMD64 --enable cpython-freethreading"),
        ("4.x", "linux", "--platform linux --archs aarch64,x86_64"),
        ("4.x", "windows", "--platform windows --archs AMD64"),
    ]
    assert plan.runs[2].environment == {
        "CIBW_BUILD": "cp314t-manylinux_x86_64 cp314t-musllinux_aarch64",
        "CIBW_CONTAINER_ENGINE_LINUX": "docker",
        "CIBW_MANYLINUX_X86_64_IMAGE": "manylinux_2_28",
        "CIBW_MUSLLINUX_AARCH64_IMAGE": "musllinux_1_2",
    }
    assert plan.runs[3].environment == {"CIBW_BUILD": "cp314t-win_amd64"}
    assert plan.runs[3].images == ()
    assert plan.maturin == ()


def test_a_pyodide_past_its_end_of_life_has_to_be_enabled() -> None:
    run = only(planned(pythons=("3.12", "3.13"), on=("pyodide_wasm32",)))
    assert run.arguments == ("--platform", "pyodide", "--archs", "wasm32", "--enable", "pyodide-eol")


@pytest.mark.parametrize(
    ("tags", "place", "image"),
    [
        ((), "manylinux_x86_64", "manylinux_2_28"),
        (("manylinux2014_x86_64",), "manylinux_x86_64", "manylinux2014"),
        (("manylinux_2_17_x86_64", "manylinux_2_34_x86_64"), "manylinux_x86_64", "manylinux2014"),
        (("manylinux_2_31_x86_64", "manylinux_2_17_aarch64"), "manylinux_x86_64", "manylinux_2_28"),
        (("manylinux_2_40_x86_64",), "manylinux_x86_64", "manylinux_2_34"),
        (("manylinux_2_35_armv7l",), "manylinux_armv7l", "manylinux_2_35"),
        ((), "manylinux_riscv64", "manylinux_2_39"),
        (("musllinux_1_2_x86_64",), "musllinux_x86_64", "musllinux_1_2"),
    ],
)
def test_the_image_is_the_newest_that_is_old_enough(tags: tuple[str, ...], place: str, image: str) -> None:
    run = only(planned(on=(place,), platforms=tags))
    libc, _, arch = place.partition("_")
    assert run.images == (ContainerImage(name=image, arch=arch),)
    assert run.environment[f"CIBW_{libc.upper()}_{arch.upper()}_IMAGE"] == image


def test_there_is_no_image_for_a_glibc_that_is_too_old() -> None:
    with pytest.raises(ConfigurationError, match=r"no image of glibc 2\.5 for x86_64") as caught:
        planned(platforms=("manylinux1_x86_64",))
    assert caught.value.hint.startswith("use manylinux2014_x86_64 or newer")


def test_the_projects_own_image_stays() -> None:
    document = {"tool": {"cibuildwheel": {"manylinux-x86_64-image": "example.org/mine:1"}}}
    run = only(planned(document, platforms=("manylinux1_x86_64",)))
    assert run.images == (ContainerImage(name="example.org/mine:1", arch="x86_64"),)
    assert "CIBW_MANYLINUX_X86_64_IMAGE" not in run.environment


@pytest.mark.parametrize(
    ("engine", "program", "option"),
    [
        (None, "docker", "docker; create_args: --label=a=b"),
        ("podman", "podman", "podman; create_args: --label=a=b"),
        ("podman; create-args: --x", "podman", "podman; create-args: --x; create-args: --label=a=b"),
        (
            {"name": "podman", "create-args": ["--x", "a b"], "disable-host-mount": True},
            "podman",
            "podman; create-args: --x 'a b'; disable-host-mount: True; create-args: --label=a=b",
        ),
    ],
)
def test_containers_get_a_label_beside_the_projects_own_arguments(engine: Any, program: str, option: str) -> None:
    table = {} if engine is None else {"container-engine": engine}
    run = only(planned({"tool": {"cibuildwheel": table}}, container_label="a=b"))
    assert (run.engine, run.environment["CIBW_CONTAINER_ENGINE_LINUX"]) == (program, option)


def test_the_audit_goes_to_4x_and_after_the_projects_own() -> None:
    audit = "ftwheel check {wheel}"
    run = only(planned(audit=audit))
    assert run.environment["CIBW_AUDIT_COMMAND_LINUX"] == audit
    assert run.environment["CIBW_AUDIT_REQUIRES_LINUX"] == ""
    own: dict[str, Any] = {"tool": {"cibuildwheel": {"audit-command": ["a {wheel}", "b {wheel}"]}}}
    run = only(planned(own, audit=audit))
    assert run.environment["CIBW_AUDIT_COMMAND_LINUX"] == f"a {{wheel}} && b {{wheel}} && {audit}"
    assert "CIBW_AUDIT_REQUIRES_LINUX" not in run.environment
    own = {"tool": {"cibuildwheel": {"audit-requires": ["x"]}}}
    run = only(planned(own, audit=audit))
    assert run.environment["CIBW_AUDIT_COMMAND_LINUX"] == audit
    assert "CIBW_AUDIT_REQUIRES_LINUX" not in run.environment
    run = only(planned({}, {"CIBW_AUDIT_COMMAND": ""}, audit=audit))
    assert not any("AUDIT" in name for name in run.environment)
    run = only(planned(pythons=("3.13t",), audit=audit))
    assert not any("AUDIT" in name for name in run.environment)
    own = {"tool": {"cibuildwheel": {"overrides": [{"select": "*", "audit-command": "c {wheel}"}]}}}
    assert not any("AUDIT" in name for name in only(planned(own, audit=audit)).environment)


def test_config_settings_of_the_command_line_are_an_override_for_all() -> None:
    own = {"tool": {"cibuildwheel": {"skip": "*-win32", "overrides": [{"select": "cp3*", "build-verbosity": 1}]}}}
    run = only(planned(own, config_settings={"a": "b", "c": ["d", "e"]}))
    assert tomllib.loads(run.config)["tool"]["cibuildwheel"] == {
        "skip": "*-win32",
        "overrides": [
            {"select": "cp3*", "build-verbosity": 1},
            {
                "select": "*",
                "inherit": {"config-settings": "append"},
                "config-settings": {"a": "b", "c": ["d", "e"]},
            },
        ],
    }


@pytest.mark.parametrize(
    ("theirs", "args"),
    [
        (None, []),
        ({"setup-args": "-Dx=1"}, ["-Dx=1"]),
        ({"setup-args": ["-Dx=1", "-Dy=2"], "z": "1"}, ["-Dx=1", "-Dy=2"]),
        ("setup-args=-Dx=1 z=2 setup-args='-Dy=a b'", ["-Dx=1", "-Dy=a b"]),
    ],
)
def test_meson_python_is_told_to_leave_the_limited_api_where_there_is_none(theirs: Any, args: list[str]) -> None:
    table = {} if theirs is None else {"config-settings": theirs}
    document = {**MESON, "tool": {**MESON["tool"], "cibuildwheel": table}}
    run = only(planned(document, pythons=("3.14", "3.14t", "3.15t")))
    assert overrides(run) == [
        {
            "select": "cp314t-manylinux_x86_64",
            "inherit": {"config-settings": "append"},
            "config-settings": {"setup-args": [*args, "-Dpython.allow_limited_api=false"]},
        }
    ]


@pytest.mark.parametrize("key", ["py_limited_api", "py-limited-api"])
def test_setuptools_is_told_to_leave_the_limited_api(key: str) -> None:
    document = {
        "build-system": {"build-backend": "setuptools.build_meta"},
        "tool": {"distutils": {"bdist_wheel": {key: "cp39"}}},
    }
    assert overrides(only(planned(document)))[0]["config-settings"] == {"--build-option": ["--py-limited-api="]}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"build-system": {"build-backend": "mesonpy"}},
        {**MESON, "build-system": {"build-backend": "ftwheel_build"}},
        {"build-system": {"build-backend": "scikit_build_core.build"}, "tool": {"scikit-build": {"wheel": {}}}},
    ],
)
def test_nothing_is_overridden_where_nothing_has_to_be(document: dict[str, Any]) -> None:
    assert only(planned(document)).config == ""


def test_a_variable_that_would_undo_an_override_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="CIBW_CONFIG_SETTINGS_LINUX is set, which would replace"):
        planned(MESON, {"CIBW_CONFIG_SETTINGS_LINUX": "a=b"})
    with pytest.raises(ConfigurationError, match="CIBW_ENVIRONMENT is set, which would replace"):
        planned(MATURIN, {"CIBW_ENVIRONMENT": "A=b"})
    with pytest.raises(ConfigurationError, match=r"needed for -C"):
        planned({}, {"CIBW_CONFIG_SETTINGS": "a=b"}, config_settings={"a": "c"})


def test_maturin_gets_rust_and_a_folder_for_each_build() -> None:
    plan = planned(MATURIN, on=("manylinux_x86_64", "musllinux_x86_64"))
    run = only(plan)
    assert "rustup" in run.environment["CIBW_BEFORE_ALL_LINUX"]
    assert [(each["select"], each["environment"]) for each in overrides(run)] == [
        ("cp314-manylinux_x86_64 cp314-musllinux_x86_64", {"CARGO_TARGET_DIR": "target/ftwheel-cp314"}),
        ("cp314t-manylinux_x86_64 cp314t-musllinux_x86_64", {"CARGO_TARGET_DIR": "target/ftwheel-cp314t"}),
        ("*", {"PATH": "$HOME/.cargo/bin:$PATH"}),
    ]
    assert plan.maturin == ("/opt/python/cp314-cp314/bin/python", "/opt/python/cp314-cp314t/bin/python")


def test_maturin_with_a_before_all_of_its_own_or_outside_of_a_container() -> None:
    own = {**MATURIN, "tool": {"cibuildwheel": {"before-all": "make rust"}}}
    run = only(planned(own, pythons=("3.14t",)))
    assert "CIBW_BEFORE_ALL_LINUX" not in run.environment
    assert [list(each["environment"]) for each in overrides(run)] == [["CARGO_TARGET_DIR"]]
    run = only(planned(MATURIN, pythons=("3.14t",), on=("win_amd64",)))
    assert [list(each["environment"]) for each in overrides(run)] == [["CARGO_TARGET_DIR"]]


def test_wrapped_maturin_needs_only_rust() -> None:
    wrapped = {"build-system": {"build-backend": "ftwheel_build"}, "tool": {"ftwheel": {"build-backend": "maturin"}}}
    assert [list(each["environment"]) for each in overrides(only(planned(wrapped)))] == [["PATH"]]


def test_the_interpreters_for_maturin_action_are_whole_paths() -> None:
    found = [
        BuildIdentifier(platform=platform, minor=minor, free_threaded=free_threaded)
        for platform in ("manylinux_x86_64", "musllinux_x86_64", "win_amd64")
        for minor, free_threaded in ((9, False), (14, True), (14, False))
    ]
    assert maturin_interpreters(found) == (
        "/opt/python/cp39-cp39/bin/python",
        "/opt/python/cp314-cp314/bin/python",
        "/opt/python/cp314-cp314t/bin/python",
    )


def test_the_configuration_reads_back() -> None:
    table = {
        "build": ["cp3*", 'quote " and \\ and \x7f and \x01 and \n and é'],
        "a.b": {"c d": [1, 2.5, True, False, {}], "e": []},
        "overrides": ({"select": "*"},),
    }
    expected = {**table, "overrides": [{"select": "*"}]}
    assert tomllib.loads(config_text(table)) == {"tool": {"cibuildwheel": expected}}


@pytest.mark.parametrize(("platform", "fits"), [("auto", True), ("", True), ("linux", True), ("macos", False)])
def test_a_variable_for_another_platform_is_an_error(platform: str, fits: bool) -> None:
    environ = {"CIBW_PLATFORM": platform}
    if fits:
        assert only(planned({}, environ)).system == "linux"
    else:
        with pytest.raises(ConfigurationError, match="CIBW_PLATFORM is macos, but cp314-manylinux_x86_64 is to be"):
            planned({}, environ)


def test_a_wrapped_project_finds_the_backend_that_came_with_ftwheel() -> None:
    def variables(own: dict[str, Any], on: str = X86[0], **environ: str) -> dict[str, str]:
        document = {
            "build-system": {"build-backend": "ftwheel_build"},
            "tool": {"ftwheel": {"build-backend": "setuptools.build_meta"}, "cibuildwheel": own},
        }
        run = only(planned(document, environ, on=(on,), backend_folder="file:///cache/b"))
        found: dict[str, str] = overrides(run)[0]["environment"] if run.config else {}
        return found

    assert variables({}) == {"PIP_FIND_LINKS": "$PIP_FIND_LINKS file:///host/cache/b"}
    assert variables({}, "win_amd64") == {"PIP_FIND_LINKS": "$PIP_FIND_LINKS file:///cache/b"}
    assert variables({"build-frontend": "build[uv]"})["UV_FIND_LINKS"] == "file:///host/cache/b"
    assert variables({"container-engine": "docker; disable_host_mount: True"}) == {}
    assert variables({}, CIBW_ENVIRONMENT="A=1") == {}
    assert (
        only(planned({"build-system": {"build-backend": "hatchling.build"}}, backend_folder="file:///b")).config == ""
    )
