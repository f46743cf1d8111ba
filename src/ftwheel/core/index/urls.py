"""Decides what of an address may be shown: never the user name, password or query, where secrets are kept."""

from __future__ import annotations

import re

__all__ = ["redact", "redact_login", "split_credentials"]

# Patterns, and not compiled: most runs show no address.
# A password may hold an unescaped @, so everything up to the last one before the path counts.
_USER_INFO = r"(?<=://)[^/\s?#]*@"
_LOGIN = r"(?<=:/)(/*)[^/\s?#@:'\"]*:[^\s?#'\"]*@|(?<=https://)[^/\s?#]+@|(?<=http://)[^/\s?#]+@"
_QUERY = r"(://[^\s?#'\"<>]*)\?[^\s#'\"<>]+"


def redact(text: str) -> str:
    """The text with user names, passwords and queries of all addresses in it replaced by ``****``."""
    return re.sub(_QUERY, r"\1?****", re.sub(_USER_INFO, "****@", text))


def redact_login(text: str) -> str:
    """Any text with the logins in it replaced by ``****``, also those of addresses that were mistyped.

    A user name alone, as in ``git+ssh://git@``, is none.
    """
    return re.sub(_LOGIN, lambda match: f"{match[1] or ''}****@", text) if "@" in text else text


def split_credentials(url: str) -> tuple[str, str]:
    """The address without its user information, and the user information (``user:password``, still quoted)."""
    found = re.search(_USER_INFO, url)
    if not found:
        return url, ""
    return url[: found.start()] + url[found.end() :], found[0][:-1]
