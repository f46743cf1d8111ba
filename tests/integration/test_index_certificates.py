"""Which certificates the index client trusts, with a real server that has one of its own authority."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from ftwheel.core.errors import ConfigurationError, NetworkError
from ftwheel.io.index.settings import NetworkSettings
from support.clients import client, page
from support.server import IndexServer, Reply, serve

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server(authority: trustme.CA) -> Iterator[IndexServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with serve(tls=context) as running:
        running.put("/demo/", page("demo", "demo-1.0.tar.gz"))
        yield running


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def file(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    return tmp_path / "authority.pem"


def files(url: str, **settings: object) -> int:
    with client(settings=NetworkSettings(timeout=5.0, **settings)) as index_client:  # type: ignore[arg-type]
        found = index_client.index(url).project("demo")
    assert found is not None
    return len(found.files)


def test_an_unknown_authority_is_not_trusted(server: IndexServer) -> None:
    with pytest.raises(NetworkError, match="the certificate cannot be verified") as caught:
        files(server.url)
    assert caught.value.hint == "set SSL_CERT_FILE, or cert in pip's configuration, to your certificates"


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_file_named_in_the_environment_is_trusted(
    server: IndexServer, file: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(file))
    assert files(server.url) == 1


def test_a_configured_file_takes_precedence(server: IndexServer, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = file.with_name("other.pem")
    trustme.CA().cert_pem.write_to_path(other)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    assert files(server.url, cert=str(file)) == 1
    with pytest.raises(NetworkError, match="cannot be verified"):
        files(server.url)


@pytest.mark.parametrize("text", ["no certificate", None])
def test_a_file_without_certificates_is_one_error(server: IndexServer, file: Path, text: str | None) -> None:
    file.unlink()
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigurationError, match=re.escape(f"{file}: no certificates can be read (")):
        files(server.url, cert=str(file))


@pytest.mark.parametrize("port", [False, True])
def test_a_trusted_host_needs_no_certificate(server: IndexServer, port: bool) -> None:
    host = server.url.removeprefix("https://") if port else "localhost"
    assert files(server.url, trusted_hosts=frozenset({host})) == 1


def test_a_trusted_host_leaves_the_others_verified(server: IndexServer, authority: trustme.CA) -> None:
    """Even where it redirects to them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with serve(tls=context) as other:
        other.put("/demo/", page("demo", "demo-1.0.tar.gz"))
        server.routes["/away/demo/"] = Reply(status=302, headers={"Location": f"{other.url}/demo/"})
        trusted = NetworkSettings(timeout=5.0, trusted_hosts=frozenset({server.url.removeprefix("https://")}))
        with client(settings=trusted) as index_client:
            assert index_client.index(server.url).project("demo") is not None
            for url in (other.url, f"{server.url}/away"):
                with pytest.raises(NetworkError, match="cannot be verified"):
                    index_client.index(url).project("demo")
        assert not other.requests
