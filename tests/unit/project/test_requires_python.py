"""Which Pythons a project says it is for, in each of the places where it may say so."""

from __future__ import annotations

import tomllib

import pytest

from ftwheel.core.project.requires_python import poetry_specifiers, requires_python_of


@pytest.mark.parametrize(
    ("document", "setup_cfg", "setup_py", "found"),
    [
        ("", "", "", ""),
        ('[project]\nrequires-python = ">=3.10"\n', "", "setup(python_requires='>=3.8')", ">=3.10"),
        ("[project]\nrequires-python = 3\n", "", "", ""),
        ('[tool.poetry.dependencies]\npython = "^3.10"\n', "", "", "<4,>=3.10"),
        ('[tool.poetry.dependencies]\npython = { version = "~3.10" }\n', "", "", "<3.11,>=3.10"),
        ("", "[options]\npython_requires = >=3.9\n", "", ">=3.9"),
        ("", "[options]\npython-requires = >=3.9\n", "", ">=3.9"),
        ("", "no section\n", "", ""),
        ("", "", "from setuptools import setup\nsetup(python_requires='>=3.8')\n", ">=3.8"),
        ("", "", "NEEDS = '>=3.8'\nsetuptools.setup(python_requires=NEEDS)\n", ">=3.8"),
        ("", "", "setup(**{'name': 'a', 'python_requires': '>=3.11', **more})\n", ">=3.11"),
        ("", "", "setup(python_requires=f'>={oldest}')\n", ""),
        ("", "", "setup(python_requires=needs())\n", ""),
        ("", "", "setup(python_requires=UNKNOWN)\n", ""),
        ("", "", "setup(python_requires='three')\n", ""),
        ("", "", "print 'Python 2'\n", ""),
    ],
)
def test_it_is_read_where_it_is_said(document: str, setup_cfg: str, setup_py: str, found: str) -> None:
    assert requires_python_of(tomllib.loads(document), setup_cfg=setup_cfg, setup_py=setup_py) == found


@pytest.mark.parametrize(
    ("constraint", "specifiers"),
    [
        ("", ""),
        ("^3.9", ">=3.9,<4"),
        ("^3", ">=3,<4"),
        ("^0.3.1", ">=0.3.1,<0.4"),
        ("~3.9.2", ">=3.9.2,<3.10"),
        ("~3", ">=3,<4"),
        (">=3.9,<3.15", ">=3.9,<3.15"),
        ("3.9.*", "==3.9.*"),
        ("3.11", "==3.11"),
        ("^3.9 || ^4.0", ">=3.9"),
        ("!=3.9.0, ^3.8", "!=3.9.0,>=3.8,<4"),
    ],
)
def test_the_constraints_of_poetry(constraint: str, specifiers: str) -> None:
    assert poetry_specifiers(constraint) == specifiers
