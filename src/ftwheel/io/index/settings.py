"""Network settings from the user's configuration: how to reach indexes, except for their URLs."""

from __future__ import annotations

from ftwheel.core.named_tuples import NamedTuple

__all__ = ["NetworkSettings"]


class NetworkSettings(NamedTuple):
    """How to reach indexes; an empty value means the default of requests and the system.

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
