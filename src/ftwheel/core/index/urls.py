"""Removes user names, passwords and queries, which may be secret, from URLs before they are shown."""

from __future__ import annotations

import re

__all__ = ["redact", "redact_login", "split_credentials"]

# not compiled, because most runs show no URL
# a password may contain an unescaped @, so everything up to the last one before the path counts
_USER_INFO = r"(?<=://)[^/\s?#]*@"
_LOGIN = (
    r"((?::/|\bhttps?[:/])[:/]*)[^/@:]*:.*@"  # user and password, after any scheme
    r"|(\bhttps?[:/]+|\b[a-zA-Z]{2,}:/)[^/]+@"  # a token; other schemes with two slashes may have a user name
    r"|(?<![\w:@.+-])[^\W\d][\w.+-]+:[^/\\@:]+@"  # without a scheme
)
_BETWEEN_WORDS = r"([\s?#'\"]+)"
_QUERY = r"(://[^\s?#'\"<>]*)\?[^\s#'\"<>]+"


def redact(text: str) -> str:
    """Replace the user names, passwords and queries of all URLs in the text with ``****``."""
    return re.sub(_QUERY, r"\1?****", re.sub(_USER_INFO, "****@", text))


def redact_login(text: str) -> str:
    """Replace all credentials in the text with ``****``, even those of mistyped URLs.

    A user name alone, as in ``git+ssh://git@``, is kept.
    """
    return "".join(map(_without_login, re.split(_BETWEEN_WORDS, text))) if "@" in text else text


def _without_login(word: str) -> str:
    before, at, after = word.rpartition("@")
    if not at or not after or (after.startswith("sha256:") and "://" not in before):  # a container image
        return word
    # only what ends with an @ is searched, which takes no more time than the word is long
    return re.sub(_LOGIN, lambda match: f"{match[1] or match[2] or ''}****@", before + at) + after


def split_credentials(url: str) -> tuple[str, str]:
    """Split a URL into the URL without user information, and that information (``user:password``, still quoted)."""
    found = re.search(_USER_INFO, url)
    if not found:
        return url, ""
    return url[: found.start()] + url[found.end() :], found[0][:-1]
