"""What PyPI takes: compared with verdicts of its own code, and the shapes that need a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ftwheel.core.release.index_acceptance import (
    UNTOLD,
    RefusalReason,
    UploadRefusal,
    accepts_platform,
    sdist_refusals,
    wheel_refusals,
)
from ftwheel.core.release.index_metadata import description_of, license_files, metadata_errors, metadata_refusals
from ftwheel.core.release.sdist import SdistContents
from ftwheel.core.wheel.contents import parse_metadata
from support.facts import contents
from support.upload_worlds import metadata_files, platform_tags

RECORDING = Path(__file__).parents[2] / "recordings" / "index_rules.json"


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    """The verdicts of PyPI's own code about what ``support.upload_worlds`` generates; the file says of which day."""
    document: dict[str, Any] = json.loads(RECORDING.read_text(encoding="utf-8"))
    return document


def metadata(*lines: str, version: str = "2.4", release: str = "1.0") -> str:
    return "\n".join([f"Metadata-Version: {version}", "Name: foo", f"Version: {release}", *lines, ""])


def test_platform_tags_as_the_index_judges_them(recorded: dict[str, Any]) -> None:
    tags = list(platform_tags())
    assert len(tags) > 1500
    assert [tag for tag in sorted(tags) if accepts_platform(tag)] == recorded["platform_tags_taken"]


def test_metadata_as_twine_and_the_index_judge_it(recorded: dict[str, Any]) -> None:
    files = list(metadata_files())
    assert len(files) == recorded["metadata_files"] > 3000
    refused = int(recorded["metadata_refused"], 16)
    different = [
        text
        for number, text in enumerate(files)
        if bool(metadata_errors(text) or metadata_refusals(text)) is not bool(refused >> number & 1)
    ]
    assert different == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Summary: " + "x" * 513, "Summary is 513 characters long, the limit is 512"),
        ("License: MIT\nLicense-Expression: MIT", "License is set together with License-Expression, which replaces it"),
        ("Author-email: A <nobody>", "Author-email: 'nobody' is not a valid email address"),
        ("Home-page: example.org", "Home-page: 'example.org' is not a valid URL"),
        ("Project-URL: Bugs, git@example.org:a", "Project-URL: 'git@example.org:a' is not a valid URL"),
        (
            f"Project-URL: {'x' * 33}, https://example.org",
            f"Project-URL: the label '{'x' * 33}' has 33 characters, expected 1 to 32",
        ),
        ("Classifier: Made :: Up", "Classifier: 'Made :: Up' is not a known classifier"),
        (
            "Classifier: Natural Language :: Ukranian",
            "Classifier: 'Natural Language :: Ukranian' is deprecated, use Natural Language :: Ukrainian",
        ),
        (
            "Requires-Dist: a @ https://b.org/a.whl",
            "Requires-Dist: a @ https://b.org/a.whl is a direct reference to a URL",
        ),
        (
            "Provides-Dist: a @ https://b.org/a.whl",
            "Provides-Dist: a @ https://b.org/a.whl is a direct reference to a URL",
        ),
        ("Obsoletes-Dist: a b", "Obsoletes-Dist: 'a b' is not a valid requirement"),
        ("Dynamic: Dynamic", "Dynamic: 'dynamic' cannot be dynamic"),
        ("Dynamic: Version", None),
    ],
)
def test_what_the_index_asks_for_beyond(line: str, message: str | None) -> None:
    assert metadata_refusals(metadata(line)) == (() if message is None else (message,))


def test_versions() -> None:
    assert metadata_refusals(metadata(release="1.0+cpu")) == ("Version 1.0+cpu has a local part (+cpu)",)
    assert metadata_refusals(metadata(version="2.6")) == ("Metadata-Version 2.6 is newer than PyPI supports",)
    assert metadata_refusals(metadata(release="one")) == ()
    assert metadata_errors(metadata(release="one")) == ("'one' is invalid for 'version'",)
    assert metadata_errors(metadata(version="nonsense")) == ("'nonsense' is not a valid metadata version",)


def test_licence_files_of_old_metadata_are_left_out_as_twine_does() -> None:
    old = metadata("License-File: ../LICENSE", version="2.1")
    assert (metadata_errors(old), license_files(old)) == ((), ())
    assert license_files(metadata("License-File: LICENSE", "License-File: a/COPYING")) == ("LICENSE", "a/COPYING")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_fields_of_thousands_of_names_are_not_read(end: str) -> None:
    fields = ["Metadata-Version: 2.4", "Name: demo", "Version: 1.0", *(f"X-{number}: 1" for number in range(199_000))]
    assert metadata_errors(end.join(fields)) == ("more than 200 different fields",)
    assert license_files(end.join(fields)) == ()
    described = [*fields[:3], "", *(f"X-{number}: this belongs to the description" for number in range(300))]
    assert not metadata_errors(end.join(described))


def test_the_description_and_its_format() -> None:
    assert description_of(metadata("", "Text.")) == ("Text.\n", "text/x-rst")
    assert description_of(metadata("Description-Content-Type: Text/Markdown; charset=UTF-8", "", "Text.")) == (
        "Text.\n",
        "text/markdown",
    )
    assert description_of(metadata()) == ("", "text/x-rst")


def test_a_description_that_cannot_be_rendered() -> None:
    refusals = (
        *wheel_refusals(contents("foo-1.0-py3-none-any.whl")._replace(unrendered="is bad")),
        *sdist_refusals(replace(sdist(), unrendered="is bad")),
    )
    assert [(each.path, each.reason, each.detail) for each in refusals] == [
        ("foo-1.0.dist-info/METADATA", RefusalReason.DESCRIPTION, "is bad"),
        ("foo-1.0/PKG-INFO", RefusalReason.DESCRIPTION, "is bad"),
    ]
    assert all(each.certain for each in refusals)
    (untold,) = sdist_refusals(replace(sdist(), unrendered=f"{UNTOLD} it is good"))
    assert not untold.certain


@pytest.mark.parametrize(
    ("address", "valid"),
    [
        ("a+b@example.org", True),
        ("ü@exämple.org", True),
        ("a@b", False),
        ("a.@b.org", False),
        ("a..b@c.org", False),
        ("a@c_d.org", False),
        ("a@-c.org", False),
        ("a@192.0.2.1", False),
        ("a@[192.0.2.1]", False),
        ("a@b.localhost", False),
    ],
)
def test_addresses(address: str, *, valid: bool) -> None:
    """As the validator decides that PyPI uses (email-validator 2)."""
    assert (metadata_refusals(metadata(f"Author-email: {address}")) == ()) is valid


def sdist(
    filename: str = "foo-1.0.tar.gz",
    *,
    text: str = metadata(),
    top: str = "foo-1.0",
    members: tuple[str, ...] = (),
    **more: Any,
) -> SdistContents:
    parsed = parse_metadata(text) if top else None
    found = frozenset({f"{top}/PKG-INFO", *(f"{top}/{each}" for each in members)})
    return SdistContents(filename=filename, size=1000, top=top, members=found, metadata=parsed, **more)


def test_a_source_distribution() -> None:
    assert sdist_refusals(sdist()) == ()
    assert sdist_refusals(sdist(text=metadata("License-File: LICENSE"), members=("LICENSE",))) == ()


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        (
            sdist("Foo-1.0.tar.gz"),
            UploadRefusal(reason=RefusalReason.FILE_NAME, detail="has to be named foo-1.0.tar.gz"),
        ),
        (sdist("foo-1.0.zip"), UploadRefusal(reason=RefusalReason.FILE_NAME, detail="has to be named foo-1.0.tar.gz")),
        (
            sdist(text=metadata("License-File: LICENSE")),
            UploadRefusal(path="foo-1.0/LICENSE", reason=RefusalReason.LICENSE_FILE, detail="LICENSE"),
        ),
        (
            sdist(text=metadata("Home-page: x")),
            UploadRefusal(
                path="foo-1.0/PKG-INFO", reason=RefusalReason.METADATA, detail="Home-page: 'x' is not a valid URL"
            ),
        ),
        (
            sdist(top="", flaws=("has two top folders",)),
            UploadRefusal(reason=RefusalReason.ARCHIVE, detail="has two top folders"),
        ),
    ],
)
def test_source_distributions_that_are_refused(given: SdistContents, refusal: UploadRefusal) -> None:
    assert sdist_refusals(given) == (refusal,)


def test_a_version_that_is_none_has_no_name_to_ask_for() -> None:
    assert sdist_refusals(sdist(text=metadata(release="one"))) == ()


def test_the_limit_of_the_project_counts() -> None:
    given = sdist()
    assert [each.certain for each in sdist_refusals(given, limit=999)] == [False]
    assert wheel_refusals(contents("pkg-1.0-py3-none-any.whl"), limit=1000) == ()


def test_numbers_that_python_does_not_read() -> None:
    digits = "9" * 10_000
    assert metadata_errors(f"Metadata-Version: 2.1\nName: pkg\nVersion: {digits}\n")
    assert metadata_errors(f"Metadata-Version: {digits}\nName: pkg\nVersion: 1.0\n")
