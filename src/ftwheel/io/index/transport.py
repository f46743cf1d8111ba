"""Downloads over HTTP with limits on bytes, redirects, attempts and time, however an index behaves.

requests implements the protocol: pooled connections, proxies, and no credentials across a redirect to another host. Its
own retries do not cover response bodies, its timeouts restart with every byte, and it reads netrc anew for every URL,
even from a device without an end, so these are handled here.
No other module imports requests: a command whose pages are all cached never loads it.
"""

from __future__ import annotations

import errno
import math
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from traceback import walk_tb
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.util.ssl_ import create_urllib3_context

from ftwheel import __version__
from ftwheel.core.errors import ConfigurationError, IndexFormatError, NetworkError, refused
from ftwheel.core.index.urls import redact
from ftwheel.io.index.credentials import Credentials, Login
from ftwheel.io.index.settings import NetworkSettings

__all__ = ["Answer", "Transport"]

_CHUNK = 256 * 1024
_TRIES = 3
_REDIRECTS = 10
_WAITS = (0.25, 1.0)  # seconds before the second and the third attempt
_PASSING = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A server's response; ``url`` is the one after redirects. The body is in the file passed to ``get``."""

    status: int
    url: str
    headers: Mapping[str, str]


class _Deadline:
    """Aborts the current thread's request, whatever it waits for, when its time is up."""

    current = threading.local()

    def __init__(self, seconds: float, watchdog: _Watchdog) -> None:
        self.passed = False
        self.time = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._watchdog = watchdog

    def __enter__(self) -> Self:
        _Deadline.current.deadline = self
        self._watchdog.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watchdog.remove(self)
        _Deadline.current.deadline = None

    def watch(self, connection: socket.socket | None) -> None:
        self._socket = connection

    def end(self) -> None:
        self.passed = True
        if self._socket is not None:
            try:
                # Not SSLSocket's own shutdown: that removes the TLS state while another thread is reading.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                return


class _Watchdog:
    """Ends every deadline in time, in one thread: starting one for each takes as long as the request itself."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._pending: set[_Deadline] = set()
        self._wakes = math.inf
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, deadline: _Deadline) -> None:
        with self._changed:
            self._closed = False
            self._pending.add(deadline)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            elif deadline.time < self._wakes:
                self._wakes = deadline.time
                self._changed.notify()

    def remove(self, deadline: _Deadline) -> None:
        with self._changed:
            self._pending.discard(deadline)

    def end_all(self) -> None:
        """End every pending deadline now."""
        with self._changed:
            pending = tuple(self._pending)
        for deadline in pending:
            deadline.end()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                for deadline in [each for each in self._pending if each.time <= now]:
                    self._pending.discard(deadline)
                    deadline.end()
                # the ends of finished requests are not worth waking for: the next is found when this one comes
                self._wakes = min((each.time for each in self._pending), default=math.inf)
                self._changed.wait(None if self._wakes == math.inf else self._wakes - now)
            self._thread = None


def _watch(connection: Any) -> None:
    deadline = getattr(_Deadline.current, "deadline", None)
    if deadline is not None:
        deadline.watch(connection.sock)


class _Connection(urllib3.connection.HTTPConnection):
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
        _watch(self)
        return super().getresponse()


class _SecureConnection(urllib3.connection.HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            # If the server resets the connection before TLS begins, ssl.SSLSocket._create leaves its socket open.
            for frame, _ in walk_tb(error.__traceback__):
                if isinstance(half := frame.f_locals.get("self"), ssl.SSLSocket):
                    half.close()
            raise

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
        _watch(self)
        return super().getresponse()


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class _Adapter(HTTPAdapter):
    """Pools of watched connections that share one context; loading certificates takes longer than a handshake."""

    def __init__(self, *, context: ssl.SSLContext, trusted_hosts: AbstractSet[str], size: int) -> None:
        self._context = context
        self._trusted_hosts = trusted_hosts
        super().__init__(pool_connections=size, pool_maxsize=size, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        place = urlsplit(request.url)
        kwargs["verify"] = not self._trusted_hosts & {place.hostname, place.netloc}  # a redirect may lead elsewhere
        response = super().send(request, *args, **kwargs)
        if response.is_redirect:
            # requests would read the body, whatever its length, and expand it
            with suppress(urllib3.exceptions.HTTPError):
                response.raw.read(_CHUNK, decode_content=False)
            response.raw.close()
        return response

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        # requests' own bundle would be trusted in addition; without verifying, urllib3 would change the shared context
        return host, {**pool, "ca_certs": None, "ssl_context": self._context if verify else None}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
        conn.ca_certs = None


def _trusting(path: str | None) -> ssl.SSLContext:
    """A context that trusts a file or folder of certificates: the configured one, or one set in the environment.

    If there is none, it trusts the operating system's store. Raises ConfigurationError.
    """
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        path = path or next(filter(os.path.exists, [os.environ.get(name, "")]), "")
    if not path:
        if sys.platform not in {"win32", "darwin"} and ssl.get_default_verify_paths().cafile:
            # What truststore does here too, but for each connection: reading the file takes longer than a handshake.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.set_default_verify_paths()
            return context
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = create_urllib3_context()
    _check_certificates(path)
    try:
        context.load_verify_locations(**{"capath" if os.path.isdir(path) else "cafile": path})
    except OSError as error:
        raise _no_certificates(path, getattr(error, "reason", None) or error.strerror or "") from error
    return context


def _check_certificates(path: str) -> None:
    """Raise ConfigurationError for a path that is neither a file nor a folder: OpenSSL would wait for a FIFO."""
    if not (os.path.isfile(path) or os.path.isdir(path)):
        raise _no_certificates(path, "not a file" if os.path.exists(path) else os.strerror(errno.ENOENT))


def _no_certificates(path: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path}: no certificates can be read ({why})",
        hint="set SSL_CERT_FILE, or cert in pip's configuration, to a file of certificates in PEM",
    )


class _Session(requests.Session):
    """A session that looks up proxies once per server and reads netrc once; requests does both for every URL."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials
        self._merged: dict[tuple[str, str], Any] = {}

    def merge_environment_settings(self, url: Any, *args: Any) -> Any:
        key = urlsplit(url)[:2]
        if key not in self._merged:
            self._merged[key] = super().merge_environment_settings(url, *args)
        return dict(self._merged[key])

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        url = prepared_request.url or ""
        if self.should_strip_auth(response.request.url, url):  # type: ignore[no-untyped-call]
            prepared_request.headers.pop("Authorization", None)
        if login := self._credentials.netrc_login(url):
            prepared_request.prepare_auth(login)


class Transport:
    """One pool of connections for all threads of a command."""

    def __init__(self, settings: NetworkSettings, credentials: Credentials, *, connections: int) -> None:
        self._settings = settings
        self._credentials = credentials
        self._watchdog = _Watchdog()
        self._session = _Session(credentials)
        self._session.max_redirects = _REDIRECTS
        self._session.headers["User-Agent"] = f"ftwheel/{__version__}"
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        if settings.proxy:
            self._session.proxies = {"http": settings.proxy, "https": settings.proxy}
        if settings.trusted_hosts:
            # The user configured this; a warning per page would not help.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        if settings.client_cert:
            _check_certificates(settings.client_cert)
            self._session.cert = settings.client_cert
        adapter = _Adapter(context=_trusting(settings.cert), trusted_hosts=settings.trusted_hosts, size=connections)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Close all idle connections."""
        self._session.close()
        self._watchdog.close()

    def abort(self) -> None:
        """Abort all pending requests; their callers get NetworkError."""
        self._watchdog.end_all()

    def get(self, url: str, into: IO[bytes], *, headers: Mapping[str, str], most_bytes: int, seconds: float) -> Answer:
        """Download a URL into an open file; ``seconds`` is the total limit, including retries.

        Raises NetworkError if there is no response in time, or none with an accepted status (200, 304, 404, 410, and
        206 for a range request), and IndexFormatError if the response is longer than ``most_bytes``.
        """
        end = time.monotonic() + seconds
        problem, tries = "", 0
        while tries < _TRIES and (left := end - time.monotonic()) > 0:
            into.seek(0)
            into.truncate()
            login = self._credentials.login(url)
            wait: float | None = None
            with _Deadline(left, self._watchdog) as deadline:
                try:
                    answer, wait = self._once(url, login, into, headers, most_bytes, seconds=left)
                except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                    if deadline.passed:
                        problem = ""
                        break
                    problem = _refused(url, error)
                else:
                    if deadline.passed:  # the apparent end of the response may be where we cut it off
                        problem = ""
                        break
                    if answer.status in {200, 304, 404, 410} or (answer.status == 206 and "Range" in headers):
                        return answer
                    problem = f"the server answered {answer.status}"
                    if answer.status == 401 and self._credentials.after_refusal(url, login):
                        continue
                    if answer.status not in _PASSING:
                        raise _denied(url, answer.status)
            pause = _WAITS[min(tries, len(_WAITS) - 1)] if wait is None else wait
            tries += 1
            if time.monotonic() + pause >= end:
                break
            if tries < _TRIES:
                time.sleep(pause)
        raise NetworkError(
            f"{redact(url)}: {problem or f'no complete answer within {seconds:g} seconds'}",
            hint="check that the index is up; --offline uses the pages already in the cache",
        )

    def _once(
        self, url: str, login: Login | None, into: IO[bytes], headers: Mapping[str, str], most: int, *, seconds: float
    ) -> tuple[Answer, float | None]:
        """Make one attempt; returns the response, and the seconds the server requests before the next."""
        auth = login or self._credentials.netrc_login(url) or _no_login
        # The watchdog has no socket to end before TLS is established.
        timeout = min(self._settings.timeout, seconds)
        with self._session.get(url, headers=headers, auth=auth, stream=True, timeout=timeout) as response:
            answer = Answer(
                status=response.status_code, url=response.url, headers=CaseInsensitiveDict(response.headers)
            )
            if answer.status not in {200, 206}:
                return answer, _retry_after(answer.headers)
            size = 0
            for chunk in response.raw.stream(_CHUNK, decode_content=True):
                size += len(chunk)
                if size > most:
                    raise IndexFormatError(
                        f"{redact(url)}: more than {most:,} bytes; rejected",
                        hint="check that the URL is that of a simple index",
                    )
                into.write(chunk)
            return answer, None


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An ``auth`` that adds nothing; for None, requests would read netrc."""
    return request


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds in ``Retry-After``; None if it is missing or not a number, such as a date."""
    text = headers.get("Retry-After", "")
    return float(int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _denied(url: str, status: int) -> NetworkError:
    hints = {
        401: "put user and password into the URL, netrc or the keyring",
        403: "the index denies access to these credentials: check those in the URL, netrc or the keyring",
        407: "the proxy requires credentials: set them in HTTPS_PROXY",
    }
    return NetworkError(f"{redact(url)}: the server answered {status}", hint=hints.get(status, "check the URL"))


def _refused(url: str, error: Exception) -> str:
    """Describe the problem for an error message; raises NetworkError if a retry cannot help."""
    if isinstance(error, requests.TooManyRedirects):
        raise NetworkError(
            f"{redact(url)}: more than {_REDIRECTS} redirects",
            hint="the index redirects in a loop: report it to its operator",
        ) from error
    if isinstance(
        error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema)
    ):
        raise NetworkError(
            f"{redact(url)}: redirects to a URL that is not HTTP",
            hint="check the URL",
        ) from error
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise NetworkError(
                f"{redact(url)}: the certificate cannot be verified ({cause.verify_message})",
                hint="set SSL_CERT_FILE, or cert in pip's configuration, to your certificates",
            ) from error
        if isinstance(cause, OSError) and cause.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise refused(cause) from error  # the disk that the response is written to is full
        if isinstance(cause, OSError) and cause.strerror:
            return f"cannot be reached ({cause.strerror})"
        cause = _cause(cause)
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError)):
        return "the server is silent for too long"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy does not connect"
    if isinstance(error, requests.ConnectionError):
        return "cannot be reached"
    return "the answer breaks off or cannot be decoded"


def _cause(error: BaseException) -> BaseException | None:
    """The exception behind one from requests or urllib3, which store it in different places."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return reason
    inner = next((argument for argument in error.args if isinstance(argument, BaseException)), None)
    return inner or error.__cause__ or error.__context__
