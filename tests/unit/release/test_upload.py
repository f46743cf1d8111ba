"""The files to upload, before anything is known of them."""

from __future__ import annotations

from ftwheel.core.release.upload import Upload


def test_without_readers_nothing_can_be_told_of_the_files() -> None:
    upload = Upload()
    assert (upload.files, dict(upload.rejected)) == ((), {})
    assert (upload.sha256, upload.check, upload.sdist) == (None, None, None)
