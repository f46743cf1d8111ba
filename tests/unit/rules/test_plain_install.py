"""A failed import is a warning only if the wheel itself says that a plain install cannot have what is missing."""

from __future__ import annotations

import pytest

from ftwheel.core.wheel.contents import parse_metadata
from ftwheel.core.wheel.imports import ImportOutcome, ImportResult
from ftwheel.rules.wheel.imports import ImportFails, NotImportedPlainly
from ftwheel.rules.wheel.plain_install import not_of_plain_install
from support.facts import contents, facts, imported

FILES = (
    "pkg/tests/__init__.py",
    "pkg/_vendored/__init__.py",
    "pkg/_vendored/lib/helper.py",
    "pkg/_vendored/lib/_bundle/__init__.py",
    "pkg/_vendored/other/single.py",
    "pkg/sub/__init__.py",
    "pkg/sub/sibling.py",
    "pkg-1.0.data/purelib/second/__init__.py",
    "alone.py",
)


def result(module: str, missing: str, *, package_loads: bool = True) -> ImportResult:
    return ImportResult(module=module, outcome=ImportOutcome.FAILED, missing=missing, package_loads=package_loads)


def reason(result: ImportResult, *requires: str, metadata: bool = True) -> str:
    text = "\n".join(["Name: pkg", "Version: 1.0", *(f"Requires-Dist: {each}" for each in requires)])
    wheel = contents(files=dict.fromkeys(FILES, "x"), metadata=parse_metadata(text) if metadata else None)
    found = not_of_plain_install(wheel, result)
    return found.reason if found else ""


@pytest.mark.parametrize(
    ("missing", "requirement", "extra"),
    [
        ("_cffi_backend", "cffi>=1.17; extra == 'cffi'", "cffi"),
        ("cffi", 'cffi; (python_version < "3.14" and platform_python_implementation != "PyPy") and extra == "c"', "c"),
        ("yaml", "PyYAML; extra == 'yaml'", "yaml"),
        ("dateutil.tz", "python-dateutil; extra == 'dates'", "dates"),
        ("google.cloud.storage", "google-cloud-storage; extra == 'gcs'", "gcs"),
        ("numpy", "numpy; 'np' == extra", ""),  # no backend writes it that way
        ("numpy", "numpy", ""),  # comes with a plain install, and still fails
        ("numpy", "numpydoc; extra == 'doc'", ""),
        ("numpy", "numpy; extra == '$(id)'", ""),
        ("numpy", "not a requirement; extra == 'numpy'", ""),
        ("numpy", "py; extra == 'test'", ""),
    ],
)
def test_what_comes_with_an_extra(missing: str, requirement: str, extra: str) -> None:
    said = reason(result("pkg._ext", missing), "other; extra == 'x'", requirement)
    assert (f"comes with the extra {extra};" in said) is bool(extra)
    assert bool(said) is bool(extra)


@pytest.mark.parametrize(
    ("module", "missing", "expected"),
    [
        ("pkg.tests._ext", "objgraph", "is a module for tests"),
        ("pkg.sub.test._ext", "objgraph", "is a module for tests"),
        ("tests._ext", "objgraph", ""),  # the wheel's own package has this name
        ("pkg._ext", "objgraph", ""),
        ("pkg.tests._ext", "pkg.helper", ""),  # the wheel lacks one of its own modules
        ("pkg.tests._ext", "alone.x", ""),
        ("pkg.tests._ext", "second.x", ""),
        ("pkg._vendored.lib._bundle._ext", "_bundle", "needs _bundle, which is in pkg/_vendored/lib,"),
        ("pkg._vendored.lib._bundle._ext", "helper", "needs helper, which is in pkg/_vendored/lib,"),
        ("pkg._vendored.lib._bundle._ext", "single", ""),
        ("pkg.sub._ext", "sibling", ""),  # forgot "from . import"
        ("_ext", "single", ""),
    ],
)
def test_what_the_layout_says(module: str, missing: str, expected: str) -> None:
    said = reason(result(module, missing))
    assert (expected in said) if expected else said == ""


def test_a_package_that_does_not_load_is_broken_for_everyone() -> None:
    requirement = "cffi; extra == 'cffi'"
    assert reason(result("pkg._ext", "cffi"), requirement)
    assert not reason(result("pkg._ext", "cffi", package_loads=False), requirement)
    assert not reason(result("pkg._ext", ""), requirement)
    assert not reason(result("pkg._ext", "cffi"), metadata=False)


@pytest.mark.parametrize("missing", ["", "cffi"])
@pytest.mark.parametrize("package_loads", [False, True])
@pytest.mark.parametrize("extra", [False, True])
def test_either_an_error_or_a_warning(missing: str, package_loads: bool, extra: bool) -> None:
    text = "Name: pkg\nVersion: 1.0\n" + ("Requires-Dist: cffi; extra == 'c'\n" if extra else "")
    failed = imported(outcome=ImportOutcome.FAILED, missing=missing, package_loads=package_loads)
    wheel = facts(imported=[failed], metadata=parse_metadata(text))
    found = [finding for rule in (ImportFails(), NotImportedPlainly()) for finding in rule.check(wheel)]
    assert [each.code for each in found] == ["FTW706" if missing and package_loads and extra else "FTW701"]
    assert ("list it in an extra" in found[0].fix) is bool(missing and package_loads and not extra)
