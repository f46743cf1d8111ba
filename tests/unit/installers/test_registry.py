"""The registry, and what each installer answers through the interface."""

from __future__ import annotations

import pytest
from packaging.version import Version

from ftwheel.core.errors import InputError
from ftwheel.core.installers.options import InstallerOptions
from ftwheel.core.installers.registry import INSTALLERS, find_installer, installer
from ftwheel.core.installers.requirements import parse_requirement
from ftwheel.core.installers.selection import walk
from ftwheel.core.tags.environments import parse_environment
from support.pages import project


@pytest.mark.parametrize("name", INSTALLERS)
def test_every_installer_answers(name: str) -> None:
    found = find_installer(name)
    assert found is find_installer(name)
    assert found.name == name
    assert found.contains(parse_requirement("foo>=1"), Version("2"))
    options = installer(f"{name}=={found.release}")
    assert options.label == f"{name}=={found.release}"
    assert found.meets_python(">=3.9", (3, 14, 0), options)
    assert not found.meets_python(">=3.15", (3, 14, 0), options)


def test_what_is_none() -> None:
    with pytest.raises(KeyError):
        find_installer("conda")
    with pytest.raises(InputError, match="'conda': not an installer"):
        installer("conda")


def test_a_walk_says_one_file_a_version_also_when_every_file_is_looked_at() -> None:
    found = project("foo-1.0-py3-none-any.whl", "foo-1.0.tar.gz", "foo-2.0.tar.gz")
    question = found, parse_requirement("foo"), parse_environment("cp314-win_amd64")
    for options in (InstallerOptions(name="pip"), InstallerOptions(name="pip", prefer_binary=True)):
        assert {each.file.filename for each in walk(*question, options)} == {
            "foo-1.0-py3-none-any.whl",
            "foo-2.0.tar.gz",
        }
