"""requires-python as uv reads it."""

from __future__ import annotations

import pytest

from ftwheel.core.installers.uv.requires_python import meets_lower_bound

PYTHON = (3, 14, 0)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", True),
        (">=3.9", True),
        (">=3.14", True),
        (">=3.14.0", True),
        (">=3.14.1", False),
        (">3.14", False),
        (">3.13,>=3.12", True),
        ("<3.14", True),  # no lower bound
        ("<=2.7", True),
        ("==3.9.*", True),  # its ceiling is ignored
        ("==3.14", True),
        ("===3.15", False),
        ("==3.15.*", False),
        ("~=3.9", True),
        ("~=3.15", False),
        ("!=3.14", True),  # a hole below no bound is no bound
        (">=3.14,!=3.14", False),
        (">=3.14,!=3.14.*", False),
        (">=3.13,!=3.13.*,!=3.14.*", False),
        (">=3.13,!=3.13.*", True),
        (">=3.12,!=3.13.*", True),
        (">=3.12,!=3.13", True),
        (">3.13,!=3.13.*", True),
        ("==3.15,<3.15", True),  # nothing can meet it, so there is no bound
        (">=3.15,<3.15", True),
        (">=3.16,<=3.15,<3.17", True),
        (">=3.15,<=3.16,<3.16", False),
        (">=3.15,<3.16,<=3.16", False),
        ("==3.15,==3.15.*", False),
        (">3.9,==3.15.*", False),
        ("!=3.14.0a1", True),
        ("==3.14.0+x", True),
        # repaired
        (">=3.9<4", True),
        (">=3.9.*", True),
        (">=3.15.*", False),
        ("!=3.0*,>=3.9", True),
        (">=3.9,", True),
        (">=3.15a1.0", False),
        (">dev", True),
        (">= 3.9'", True),
        # dropped
        ("3.9", None),
        (" ", None),
        ("~=3", None),
        (">=three", None),
        ("=>3.9", None),
        (">=3.9+x", None),
        ("<3.9.x.*", None),
        ("x" * 3000, None),
    ],
)
def test_only_the_lower_bound_counts(text: str, answer: bool | None) -> None:
    assert meets_lower_bound(text, PYTHON) is answer


def test_thousands_of_holes_take_no_time() -> None:
    holes = ",".join(f"!=3.{number}.*" for number in range(9, 5000))
    assert meets_lower_bound(f">=3.9,{holes}", PYTHON) is False
