"""Finds the user name and password for an index in its URL, in netrc or in the keyring; they are never printed."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

from ftwheel.core.index.urls import split_credentials

if TYPE_CHECKING:
    import netrc

__all__ = ["Credentials", "Login"]

Login = tuple[str, str]
_NETRC_FILES = ("~/.netrc", "~/_netrc")
_LARGEST_NETRC = 1 << 20  # bytes; parsing them takes half a second
_SECONDS = 60.0  # the keyring may prompt the user to unlock it


class Credentials:
    """Known credentials, by location. Thread-safe."""

    def __init__(self, *, keyring: str = "auto") -> None:
        """``keyring`` is pip's ``keyring-provider``: ``auto``, ``import``, ``subprocess`` or ``disabled``."""
        self._keyring = keyring
        self._places: list[str] = []
        self._known: dict[str, Login] = {}
        self._asked: set[str] = set()
        self._netrc: netrc.netrc | None = None
        self._netrc_is_read = False
        self._lock = threading.Lock()

    def learn(self, url: str) -> str:
        """Extract the login from an index URL, to be used for that entire server; returns the URL without it."""
        bare, info = split_credentials(url)
        self._places.append(bare)
        if info:
            from urllib.parse import unquote

            user, _, password = info.partition(":")
            self._known[bare] = (unquote(user), unquote(password))
        return bare

    def login(self, url: str) -> Login | None:
        """The login for a URL: that of the index it belongs to, else that of an index on the same server."""
        server = _server(url)
        best: tuple[int, Login] | None = None
        for place, login in self._known.items():
            if _server(place) == server:
                depth = len(place) if url.startswith(place) else 0
                if best is None or depth > best[0]:
                    best = (depth, login)
        return best[1] if best else None

    def netrc_login(self, url: str) -> Login | None:
        """The login for the host of a URL in netrc, as requests finds it there; for a URL without another login."""
        from urllib.parse import urlsplit

        with self._lock:
            if not self._netrc_is_read:
                self._netrc, self._netrc_is_read = _read_netrc(), True
        entry = self._netrc.authenticators(urlsplit(url).hostname or "") if self._netrc else None
        return (entry[0] or entry[1] or "", entry[2] or "") if entry and any(entry) else None

    def after_refusal(self, url: str, used: Login | None) -> Login | None:
        """The login to try next for a URL that answered 401 to ``used``; None if there is no other.

        As in pip, the keyring is queried for the index URL first, then for the host.
        """
        with self._lock:  # so that the keyring prompts the user once, not once per page
            known = self.login(url)
            if known != used:
                return known
            server = _server(url)
            if self._keyring == "disabled" or server in self._asked or (used and used[1]):
                return None
            self._asked.add(server)
            user = used[0] if used else None
            for service in (next((place for place in self._places if url.startswith(place)), url), _host(url)):
                if found := self._ask(service, user):
                    self._known = {place: login for place, login in self._known.items() if _server(place) != server}
                    self._known[server] = found
                    return found
            return None

    def _ask(self, service: str, user: str | None) -> Login | None:
        if self._keyring in {"auto", "import"}:
            try:
                import keyring
            except ImportError:
                pass
            else:
                try:
                    credential = keyring.get_credential(service, user)
                except Exception:  # noqa: BLE001 - backends may raise anything; treat it as no login
                    return None
                return (credential.username, credential.password) if credential else None
        import shutil

        program = shutil.which("keyring") if self._keyring in {"auto", "subprocess"} else None
        return _ask_program(program, service, user) if program else None


def _read_netrc() -> netrc.netrc | None:
    """The netrc file that requests would read; None if there is none, or if it is a device, too long or invalid."""
    named = os.environ.get("NETRC")
    for path in map(os.path.expanduser, _NETRC_FILES if named is None else (named,)):
        if os.path.exists(path):
            import netrc

            try:
                readable = os.path.isfile(path) and os.path.getsize(path) <= _LARGEST_NETRC
                return netrc.netrc(path) if readable else None
            except (netrc.NetrcParseError, OSError, ValueError):
                return None
    return None


def _ask_program(program: str, service: str, user: str | None) -> Login | None:
    import subprocess

    command = [program, "--mode=creds", "--output=json", "get", service, *([user] if user else [])]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
        answer = json.loads(done.stdout)
        return str(answer["username"]), str(answer["password"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return None


def _server(url: str) -> str:
    return f"{url.partition('://')[0]}://{_host(url)}"


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]
