"""How to reach indexes: what the user's configuration says beyond their addresses."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["NetworkSettings"]


class NetworkSettings(NamedTuple):
    """How to reach indexes; empty means as requests and the system have it.

    ``timeout`` is how many seconds a server may be silent. ``cert`` is a file or folder of certificates,
    ``client_cert`` a file with a certificate and its key. ``trusted_hosts`` are hosts, or hosts with ports, whose
    certificates are not verified. ``keyring`` is pip's ``keyring-provider``.
    """

    timeout: float = 15.0
    proxy: str = ""
    cert: str = ""
    client_cert: str = ""
    trusted_hosts: frozenset[str] = frozenset()
    keyring: str = "auto"
