"""The frame of every HTML report: one file that loads nothing, with its own style and script.

The Content Security Policy allows style and script by hash, so injected markup would have no effect. The callers
escape all text in the body.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from importlib.resources import files

from ftwheel import __version__

__all__ = ["asset", "document"]


@cache
def asset(package: str, name: str) -> str:
    """The text of a style sheet or script in a package."""
    return (files(package) / name).read_text(encoding="utf-8").strip()


def document(*, title: str, style: str, script: str, skip: tuple[str, str], body: Iterable[str]) -> Iterator[str]:
    """The lines of the page; ``title`` is plain text, ``skip`` the target and text of the skip link."""
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
    yield f"<title>{escape(title)}</title>"
    yield f"<style>{style}</style>\n</head>\n<body>"
    address, text = skip
    yield f'<a class="skip" href="{address}">{text}</a>'
    yield from body
    yield f"<footer><p>Written by ftwheel {escape(__version__)}. This page loads nothing.</p></footer>"
    yield f"<script>{script}</script>\n</body>\n</html>"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
