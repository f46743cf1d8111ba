"""Decides what of an address may be shown: never the user name, password or query, where secrets are kept."""

from __future__ import annotations

import re

__all__ = ["redact", "redact_login", "split_credentials"]

# A password may hold an unescaped @, so everything up to the last one before the path counts.
_USER_INFO = re.compile(r"(?<=://)[^/\s?#]*@")
_LOGIN = re.compile(r"(?<=:/)(/*)[^/\s?#@:'\"]*:[^\s?#'\"]*@|(?<=https://)[^/\s?#]+@|(?<=http://)[^/\s?#]+@")
_QUERY = re.compile(r"(://[^\s?#'\"<>]*)\?[^\s#'\"<>]+")


def redact(text: str) -> str:
    """The text with user names, passwords and queries of all addresses in it replaced by ``****``."""
    return _QUERY.sub(r"\1?****", _USER_INFO.sub("****@", text))


def redact_login(text: str) -> str:
    """Any text with the logins in it replaced by ``****``, also those of addresses that were mistyped.

    A user name alone, as in ``git+ssh://git@``, is none.
    """
    return _LOGIN.sub(lambda match: f"{match[1] or ''}****@", text) if "@" in text else text


def split_credentials(url: str) -> tuple[str, str]:
    """The address without its user information, and the user information (``user:password``, still quoted)."""
    found = _USER_INFO.search(url)
    if not found:
        return url, ""
    return url[: found.start()] + url[found.end() :], found[0][:-1]
