"""The table [tool.ftwheel]: what is accepted, what is refused and in which words, and what is made from the model."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import ftwheel_build
from ftwheel_build import config, schema
from ftwheel_build.errors import RefusedError

ROOT = Path(__file__).resolve().parents[3]


def test_every_key_has_a_value_when_only_the_backend_is_named():
    found = config.parse({"build-backend": "setuptools.build_meta"})
    assert found == config.Config(build_backend="setuptools.build_meta")
    assert (found.limited_api, found.gil, found.pythons, found.ignore) == ("auto", "not-used", (), ())


def test_a_full_table():
    table = {
        "build-backend": "local_backend:hooks.inner",
        "backend-path": ["tools"],
        "limited-api": "version-specific",
        "gil": "allow-used",
        "pythons": ["3.13", "3.14t"],
        "platforms": ["manylinux_2_28_x86_64", "win_amd64"],
        "stable-abi": "3.9",
        "index-rules": "any",
        "ignore": ["FTB307"],
        "verify": {"ignore": ["FTV102"], "severity": {"FTV112": "error"}, "baseline": "known.json"},
        "check": {"select": ["FTW4"], "severity": {"FTW401": "warning"}, "undeclared": ["pkg.*"]},
        "missing": {"allow": ["numpy", "lxml==5.4.0"], "fail-on": ["nothing"], "targets": ["3.14t-win_amd64"]},
        "config-settings": {"default": {"a": "1"}, "free-threaded": {"setup-args": ["-Dx=1", "-Dy=2"]}},
    }
    found = config.parse(table)
    assert found.config_settings.free_threaded == {"setup-args": ("-Dx=1", "-Dy=2")}
    assert found.check.severity == {"FTW401": "warning"}
    assert {config.name_of(name) for name in found.keys} == set(table)
    with pytest.raises(AttributeError, match="Config is immutable"):
        found.gil = "not-used"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("table", "message", "fix"),
    [
        (
            {"limited-ap": "auto"},
            "found the unknown key 'limited-ap', expected only the keys ",
            "did you mean 'limited-api'?",
        ),
        ({"limited-api": "atuo"}, "limited-api: found 'atuo', expected one of 'auto', ", "did you mean 'auto'?"),
        ({"gil": True}, "gil: found True, expected a string", ""),
        ({"pythons": "3.13"}, "pythons: found '3.13', expected an array of strings", ""),
        (
            {"pythons": ["cp313"]},
            "pythons: found 'cp313', expected a version such as '3.14' or '3.14t'",
            "did you mean '3.13'?",
        ),
        ({"pythons": ["3.14tt"]}, "found '3.14tt', expected a version such as", "did you mean '3.14t'?"),
        ({"pythons": ["3.12t"]}, "found '3.12t', expected a version such as", "did you mean '3.12'?"),
        ({"pythons": ["pypy3.11"]}, "found 'pypy3.11', expected a version such as", ""),
        ({"stable-abi": "3.9t"}, "stable-abi: found '3.9t', expected a version such as '3.9'", "did you mean '3.9'?"),
        ({"stable-abi": "3.1"}, "stable-abi: found '3.1', expected a version such as '3.9'", ""),
        ({"platforms": ["Linux"]}, "found 'Linux', expected a platform tag", "did you mean 'manylinux_2_28_x86_64'?"),
        ({"platforms": ["linux-aarch64"]}, "expected a platform tag", "did you mean 'manylinux_2_28_aarch64'?"),
        ({"platforms": ["musllinux"]}, "expected a platform tag", "did you mean 'musllinux_1_2_x86_64'?"),
        ({"platforms": ["manylinux_2_28_x86"]}, "expected a platform tag", "did you mean 'manylinux_2_28_x86_64'?"),
        ({"platforms": ["macosx_11_arm64"]}, "expected a platform tag", "did you mean 'macosx_11_0_arm64'?"),
        ({"platforms": ["mac-x86_64"]}, "expected a platform tag", "did you mean 'macosx_10_13_x86_64'?"),
        ({"platforms": ["windows"]}, "expected a platform tag", "did you mean 'win_amd64'?"),
        ({"platforms": ["win-arm64"]}, "expected a platform tag", "did you mean 'win_arm64'?"),
        ({"platforms": ["solaris"]}, "expected a platform tag", ""),
        ({"check": {"select": ["ftw4"]}}, "found 'ftw4', expected a rule of ftwheel check", "did you mean 'FTW4'?"),
        ({"build-backend": "a-b"}, "build-backend: found 'a-b', expected module or module:object", ""),
        ({"build-backend": "setuptools.build_meta\n"}, "expected module or module:object", ""),
        ({"ignore": ["FTB201"]}, "ignore: found 'FTB201', expected the code of a refusal of a finished wheel", ""),
        ({"ignore": ["FTB399"]}, "ignore: found 'FTB399', expected the code of a refusal", "did you mean 'FTB309'?"),
        ({"config-settings": {"freethreaded": {}}}, "unknown key 'freethreaded'", "did you mean 'free-threaded'?"),
        ({"config-settings": {"default": {"a": 1}}}, "config-settings: default: a: found 1, expected a string or", ""),
        ({"check": []}, "check: found [], expected a table", ""),
        ({"check": {"severity": {"FTW401": "fatal"}}}, "severity: FTW401: found 'fatal', expected one of 'advice'", ""),
        ({"missing": {"allow": ["@x"]}}, "allow: found '@x', expected a project, or a project and a version", ""),
        ({"missing": {"fail-on": ["eror"]}}, "fail-on: found 'eror', expected one of 'error'", "did you mean 'error'?"),
        ({"missing": {"targets": [""]}}, "targets: found '', expected a target such as '3.14t'", ""),
        ("setuptools", "[tool.ftwheel]: found 'setuptools', expected a table", ""),
    ],
)
def test_what_is_wrong_is_named_with_what_was_found_and_wanted(table, message, fix):
    with pytest.raises(RefusedError) as caught:
        config.parse(table, where="pyproject.toml: [tool.ftwheel]")
    assert caught.value.code == "FTB101"
    assert caught.value.message.startswith("pyproject.toml: [tool.ftwheel]")
    assert message in caught.value.message
    assert caught.value.fix == fix


@pytest.mark.parametrize(
    "tag",
    [
        *("manylinux1_i686", "manylinux2014_aarch64", "manylinux_2_39_riscv64", "manylinux_x86_64", "linux_armv7l"),
        *("musllinux_1_2_s390x", "macosx_10_13_x86_64", "macosx_11_0_universal2", "win32", "win_arm64"),
        *("ios_13_0_arm64_iphoneos", "android_24_arm64_v8a", "pyodide_2024_0_wasm32"),
    ],
)
def test_platform_tags_of_wheels(tag):
    assert config.parse({"platforms": [tag]}).platforms == (tag,)


def test_a_merge_that_was_not_finished():
    assert config.after_merge("a = 1\n<<<<<<< HEAD\n") == "line 2 is a conflict of a merge: resolve it"
    assert config.after_merge("# <<<<<<< HEAD\n") == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "found no key build-backend, expected the backend to wrap"),
        ("[tool.ftwheel]\ngil = 'not-used'\n", "found no key build-backend"),
        ("[tool]\nftwheel = 1\n", "found 1, expected a table"),
        ("[tool.ftwheel\n", "not valid TOML"),
        ("<<<<<<< HEAD\n", "not valid TOML"),
        (b"\xff", "not valid TOML"),
        (None, "No such file or directory"),
    ],
)
def test_load_names_the_file(tmp_path, text, message):
    path = tmp_path / "pyproject.toml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RefusedError, match=re.escape(message)) as caught:
        config.load(tmp_path)
    assert caught.value.message.startswith(str(path))


def test_check_settings_need_no_wrapped_backend(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        "[tool.ftwheel]\ngil = 'allow-used'\n[tool.ftwheel.check]\nignore = ['FTW4']\n"
    )
    table = config.load_table(tmp_path / "pyproject.toml")
    assert (table.check.ignore, table.gil, table.index_rules) == (("FTW4",), "allow-used", "pypi")


def test_own_config_settings_go_before_the_table_and_no_further():
    base = config.Config(build_backend="mesonpy", limited_api="refuse")
    given = {"ftwheel.limited-api": "keep", "ftwheel.ignore": "FTB307, FTB310", "setup-args": ["-Da=b"]}
    changed, rest = config.split_settings(base, given)
    assert (changed.limited_api, changed.ignore) == ("keep", ("FTB307", "FTB310"))
    assert rest == {"setup-args": ["-Da=b"]}
    assert config.split_settings(base, None) == (base, {})
    listed, _ = config.split_settings(base, {"ftwheel.ignore": ["FTB307", "FTB310"]})
    assert listed.ignore == ("FTB307", "FTB310")


@pytest.mark.parametrize(
    ("given", "message", "fix"),
    [
        (
            {"ftwheel.limited_api": "keep"},
            "config setting ftwheel.limited_api: found an unknown key",
            "ftwheel.limited-api",
        ),
        (
            {"ftwheel.build-backend": "x"},
            "found an unknown key, expected one of ftwheel.limited-api, ftwheel.ignore",
            "",
        ),
        ({"ftwheel.limited-api": ["keep"]}, "found ['keep'], expected a string", ""),
    ],
)
def test_own_config_settings_are_validated(given, message, fix):
    with pytest.raises(RefusedError) as caught:
        config.split_settings(config.Config(build_backend="mesonpy"), given)
    assert message in caught.value.message
    assert fix in caught.value.fix


def test_the_schema_beside_the_model_is_current():
    kept = ROOT / "backend" / "src" / "ftwheel_build" / "schema.json"
    assert kept.read_text() == schema.json_schema(), "run python -m ftwheel_build.schema > .../schema.json"


def test_the_schema_says_what_the_model_says():
    document = json.loads(schema.json_schema())
    assert document["additionalProperties"] is False
    assert document["properties"]["limited-api"]["enum"] == ["auto", "version-specific", "keep", "refuse"]
    assert document["properties"]["limited-api"]["default"] == "auto"
    pattern = document["properties"]["pythons"]["items"]["pattern"]
    assert re.search(pattern, "3.14t")
    assert not re.search(pattern, "3.14x")
    nested = document["properties"]["config-settings"]
    assert set(nested["properties"]) == {"default", "free-threaded"}


def test_the_documentation_lists_every_key_as_the_model_describes_it():
    page = (ROOT / "docs" / "configuration.md").read_text()
    assert schema.markdown() in page, "put the output of python -m ftwheel_build.schema --markdown into the page"


def test_the_wrapper_has_no_other_public_names():
    assert set(ftwheel_build.HOOKS) == {
        *("build_wheel", "build_sdist", "build_editable"),
        *("get_requires_for_build_wheel", "get_requires_for_build_sdist", "get_requires_for_build_editable"),
        *("prepare_metadata_for_build_wheel", "prepare_metadata_for_build_editable"),
    }
    with pytest.raises(AttributeError, match="no attribute 'get_requires'"):
        ftwheel_build.get_requires  # noqa: B018
