"""Index clients for tests: no proxy, no user configuration, short patience; and pages for servers to serve."""

from __future__ import annotations

import json
from pathlib import Path

from ftwheel.io.index.cache import PageCache
from ftwheel.io.index.client import IndexClient
from ftwheel.io.index.credentials import Credentials
from ftwheel.io.index.settings import NetworkSettings


def client(
    *,
    cache: str | Path | PageCache | None = None,
    keyring: str = "disabled",
    timeout: float = 5.0,
    settings: NetworkSettings | None = None,
    **options: object,
) -> IndexClient:
    credentials = Credentials(keyring=keyring)

    def connect() -> object:
        from ftwheel.io.index.transport import Transport

        return Transport(settings or NetworkSettings(timeout=timeout), credentials, connections=24)

    kept = PageCache(str(cache)) if isinstance(cache, str | Path) else cache
    return IndexClient(connect, credentials, cache=kept, **options)  # type: ignore[arg-type]


def page(name: str, *filenames: str, **fields: object) -> str:
    """A JSON page of the simple API; every file gets the fields."""
    return json.dumps(
        {
            "meta": {"api-version": "1.3"},
            "name": name,
            "files": [{"filename": each, "url": each, "hashes": {"sha256": "0" * 64}, **fields} for each in filenames],
        }
    )
