from __future__ import annotations

import pytest
from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier

from ftwheel.core.versions import pep508_requirement, specifier_set


def test_what_packaging_takes() -> None:
    assert specifier_set(">=3.9,<4").contains("3.9")
    assert pep508_requirement("a[b]>=1; python_version > '3'").extras == {"b"}


@pytest.mark.parametrize("text", ["=>1", ">=" + "9" * 601])
def test_what_is_invalid(text: str) -> None:
    with pytest.raises(InvalidSpecifier):
        specifier_set(text)
    with pytest.raises(InvalidRequirement):
        pep508_requirement(f"a{text}")
