"""Where a project wants its issues."""

from __future__ import annotations

import pytest

from ftwheel.core.dependencies.resolution import CoreMetadata, parse_core_metadata
from ftwheel.core.dependencies.trackers import issue_tracker

FORGE = "https://github.com/o/p"


@pytest.mark.parametrize(
    ("urls", "tracker"),
    [
        ([("Homepage", "https://p.example"), ("Bug Tracker", "https://p.example/bugs")], "https://p.example/bugs"),
        ([("issues", " https://p.example/i "), ("Issue-Tracker", "https://p.example/t")], "https://p.example/i"),
        ([("Source Code", f"{FORGE}.git")], f"{FORGE}/issues"),
        ([("Home", f"{FORGE}/")], f"{FORGE}/issues"),
        ([("Source", "https://p.example/source"), ("Homepage", FORGE)], f"{FORGE}/issues"),
        ([("Homepage", f"{FORGE}/wiki")], ""),
        ([("Documentation", FORGE)], ""),
        ([("Issues", "javascript:alert(1)")], ""),
        ([("Issues", "https://me:secret@p.example/")], ""),
        ([("Issues", "https://p.example/\x1b[31m")], ""),
        ([("Issues", "https://p.example/" + "x" * 400)], ""),
        ([], ""),
    ],
)
def test_the_tracker_is_named_or_that_of_the_source(urls: list[tuple[str, str]], tracker: str) -> None:
    assert issue_tracker(urls) == tracker


def test_addresses_stand_in_the_metadata() -> None:
    said = parse_core_metadata(
        "Metadata-Version: 2.1\nName: p\nVersion: 1\nProject-URL: Issues , https://p.example/i\n"
        "Project-URL: torn\nHome-page: https://p.example\n\nProject-URL: no, header\n"
    )
    assert isinstance(said, CoreMetadata)
    assert said.urls == (("Issues", "https://p.example/i"), ("Homepage", "https://p.example"))
