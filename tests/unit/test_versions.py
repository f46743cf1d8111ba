from __future__ import annotations

import pytest
from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier

from ftwheel.core.versions import meets_plainly, pep508_requirement, specifier_set


def test_what_packaging_takes() -> None:
    assert specifier_set(">=3.9,<4").contains("3.9")
    assert pep508_requirement("a[b]>=1; python_version > '3'").extras == {"b"}


@pytest.mark.parametrize("text", ["=>1", ">=" + "9" * 601])
def test_what_is_invalid(text: str) -> None:
    with pytest.raises(InvalidSpecifier):
        specifier_set(text)
    with pytest.raises(InvalidRequirement):
        pep508_requirement(f"a{text}")


@pytest.mark.parametrize("operator", [">=", "<=", ">", "<", "==", "!="])
@pytest.mark.parametrize("version", ["3", "3.9", "3.13", "3.13.0", "3.13.2", "4", "2.7", "03.013"])
def test_plain_clauses_mean_what_packaging_says(operator: str, version: str) -> None:
    pythons = [(3, 9, 0), (3, 13, 0), (3, 13, 2), (3, 14, 1), (2, 7, 18)]
    texts = [f"{operator}{version}", f" {operator} {version} ,!=3.14.*", f"!=3.0.*,{operator}{version},<4"]
    texts += [f"{operator}{version}.*"] if operator in {"==", "!="} and version.count(".") < 2 else []
    for text in texts:
        for python in pythons:
            assert meets_plainly(text, python) is specifier_set(text).contains(".".join(map(str, python))), text


@pytest.mark.parametrize(
    "text", ["", ">=3.9,", ">=3.9.*", "~=3.9", "===3.9", ">=3.9rc1", "3.9", ">=3.9.0.0", ">=99999"]
)
def test_other_clauses_are_left_to_packaging(text: str) -> None:
    assert meets_plainly(text, (3, 13, 0)) is None
