"""METADATA as the real twine judges it: what it stops for is an error here too, and nothing else is."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from twine.exceptions import InvalidDistribution
from twine.package import PackageFile

from ftwheel.core.release.index_metadata import metadata_errors
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
