"""Secrets in addresses are never shown."""

from __future__ import annotations

import pytest

from ftwheel.core.index.urls import redact, redact_login, split_credentials


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://example.org/simple/", "https://example.org/simple/"),
        ("https://user:secret@example.org/simple/", "https://****@example.org/simple/"),
        ("https://token@example.org:8443/", "https://****@example.org:8443/"),
        ("https://user:p@ss@example.org/a@b", "https://****@example.org/a@b"),
        ("https://example.org/f.whl?sig=secret#sha256=00", "https://example.org/f.whl?****#sha256=00"),
        (
            "see 'https://u:p@a.example/?t=x' and https://b.example/",
            "see 'https://****@a.example/?****' and https://b.example/",
        ),
        ("someone@example.org asked what?", "someone@example.org asked what?"),
        ("file:///home/me@work/x", "file:///home/me@work/x"),
    ],
)
def test_user_information_and_queries_are_hidden(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_credentials_are_taken_out_of_an_address() -> None:
    assert split_credentials("https://u:p%40q@example.org/s?x=1") == ("https://example.org/s?x=1", "u:p%40q")
    assert split_credentials("https://example.org/s") == ("https://example.org/s", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no address, a@b", "no address, a@b"),
        ("https://user:pass@host/x and http://token@host", "https://****@host/x and http://****@host"),
        ("https:/user:pass@[::1/x", "https:/****@[::1/x"),
        ("ftp://u:p@q@host", "ftp://****@host"),
        ("git+ssh://git@host/x", "git+ssh://git@host/x"),
        ("git+https://token@host/x", "git+https://****@host/x"),
        ("https//user:pass@host/x", "https//****@host/x"),
        ("http:user:pa/ss@host/x", "http:****@host/x"),
        ("there is no folder https:/token@host", "there is no folder https:/****@host"),
        ("htps:/token@host/x C:/a@b", "htps:/****@host/x C:/a@b"),
        ("user:pass@host/simple: neither a URL nor", "****@host/simple: neither a URL nor"),
        ("x @ user:pass@[::1]", "x @ ****@[::1]"),
        ("there is no folder /tmp/user:pass@host", "there is no folder /tmp/****@host"),
        ("image: python:3.13@sha256:0123", "image: python:3.13@sha256:0123"),
        (
            "quay.io/pypa/manylinux:2026.1@sha256:01 C:\\a@b: x@y",
            "quay.io/pypa/manylinux:2026.1@sha256:01 C:\\a@b: x@y",
        ),
    ],
)
def test_logins_are_hidden_in_any_text(text: str, shown: str) -> None:
    assert redact_login(text) == shown


@pytest.mark.parametrize("part", [":/:x", "https://x", "https://x:", "http:x", "user:x", "ab:/x", "abc"])
def test_a_long_text_without_a_login_is_read_once(part: str) -> None:
    text = f"a@b {part * 200_000}"
    assert redact_login(text) == text
