"""METADATA as the real twine judges it: what it stops for is an error here too, and nothing else is."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest
from twine.commands.check import check
from twine.exceptions import InvalidDistribution
from twine.package import PackageFile

from ftwheel.core.release.index_metadata import metadata_errors
from ftwheel.io.wheel.description import description_problem
from support.upload_worlds import metadata_files

pytestmark = pytest.mark.oracle


def wheel(text: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("foo-1.0.dist-info/METADATA", text)
    return data.getvalue()


def stops(path: Path) -> bool:
    """Whether ``twine check`` and ``twine upload`` stop at the metadata of this file."""
    try:
        PackageFile.from_filename(str(path), None)
    except InvalidDistribution:
        return True
    return False


PIECES = (
    *(
        "Some text.\n",
        "Title\n=====\n",
        "A longer title\n===\n",
        "=====\nTitle\n=====\n",
        "Sub\n---\n",
        "* a\n* b\n",
        "* a\nb\n",
    ),
    *(
        "1. a\n3. c\n",
        " quoted\nand not\n",
        "`half\n",
        "*half\n",
        "``half\n",
        "|half\n",
        "a_\n",
        "`a`_\n",
        "a__\n",
        "|x|\n",
    ),
    *(".. _a: https://example.org\n", ".. |x| replace:: y\n", ".. [1] A note.\n", "A note [1]_.\n", "[#n]_\n", "\\\n"),
    *(
        ":ref:`a`\n",
        ":code:`a`\n",
        ":math:`x^2`\n",
        ":pep:`703`\n",
        ":field: value\n",
        "term\n  what it is\n",
        "-a  option\n",
    ),
    *(
        ".. comment\n",
        "..\n",
        ".. note:: careful\n",
        ".. note::\n",
        ".. image:: a.svg\n   :scale: 50%\n",
        ".. image::\n",
    ),
    *(
        ".. code-block:: python\n\n   x = 1\n",
        ".. code:: nonsense\n\n   x\n",
        ".. code-block:: python\n   :linenos:\n\n   x\n",
    ),
    *(
        ".. include:: a.rst\n",
        ".. raw:: html\n\n   <b>\n",
        ".. toctree::\n\n   a\n",
        ".. contents::\n",
        ".. math::\n\n   x\n",
    ),
    *(
        "+---+\n| a |\n+---+\n",
        "+---+\n| a\n+---+\n",
        "== ==\na  b\n== ==\n",
        "== ==\nabc b\n== ==\n",
        ".. csv-table::\n   a, b\n",
    ),
    *(
        "# Markdown\n",
        "[a](https://example.org)\n",
        "```python\nx = 1\n```\n",
        "<b>html</b>\n",
        "- [ ] a\n",
        "~~~~\n",
        "***\n",
    ),
    *(
        ".. list-table::\n\n",
        ".. meta::\n   :a: b\n",
        ".. header:: a\n",
        ".. default-role:: math\n",
        "    \n",
        "\x0c\n",
        "::\n\n  a\nb\n",
    ),
)


def test_descriptions(tmp_path: Path) -> None:
    """``twine check`` renders a description with the library that PyPI has: of each piece, and of two after another."""
    path = tmp_path / "foo-1.0-py3-none-any.whl"
    fields = ("", "Description-Content-Type: text/x-rst\n", "Description-Content-Type: text/plain\n")
    texts = [(field, piece) for field in fields for piece in PIECES]
    pairs = [("", f"{one}\n{other}") for one in PIECES for other in PIECES]
    texts += random.Random(13).sample(pairs, 400)
    different, refused = [], 0
    for field, text in texts:
        metadata = f"Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n{field}\n{text}"
        path.write_bytes(wheel(metadata))
        fails = check([str(path)])
        refused += fails
        if fails is not bool(description_problem(metadata)):
            different.append((field, text, fails))
    assert different == []
    assert 100 < refused < len(texts) - 100


def test_metadata(tmp_path: Path) -> None:
    path = tmp_path / "foo-1.0-py3-none-any.whl"
    compared, different = 0, []
    for text in metadata_files():
        if not text.startswith("Metadata-Version"):
            continue  # twine does not take such a file for METADATA and says that there is none
        path.write_bytes(wheel(text))
        compared += 1
        if stops(path) is not bool(metadata_errors(text)):
            different.append(text)
    assert different == []
    assert compared > 2500
