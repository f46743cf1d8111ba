"""What the user configured is read as pip and uv read it: both are watched asking their indexes over real HTTP."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ftwheel.core.errors import ConfigurationError, InputError
from ftwheel.core.index.page import SourceKind
from ftwheel.core.installers.options import IndexStrategy
from ftwheel.core.installers.registry import installer
from ftwheel.io.installers.config import FormatControl, InstallerConfig, parse_cutoff
from ftwheel.io.installers.default_index import default_index
from ftwheel.io.installers.pip_config import read_pip
from ftwheel.io.installers.uv_config import read_uv
from support.server import IndexServer


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with nothing configured, in a folder of a project."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "XDG_")) or name == "VIRTUAL_ENV":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "system"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "venv"))
    (tmp_path / "project" / "sub").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project" / "sub")
    # without it, the project would be the one that the temporary folder happens to be in
    write(tmp_path / "project" / "pyproject.toml", '[project]\nname = "x"\nversion = "1"\n')
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def asked(server: IndexServer, config: InstallerConfig) -> list[str]:
    """What the installer must have asked for if it reads its configuration as we do; uv's default index is last."""
    order = [url.removeprefix(server.url).rstrip("/") + "/demo/" for url, _ in config.indexes("")]
    return order if config.installer == "pip" else [*order[1:], order[0]]


# --- pip -------------------------------------------------------------------------------------------------------------

PIP_CASES = {
    "files and sections": (
        {
            "system/pip/pip.conf": "[install]\nindex-url = {url}/system-install\n[global]\nindex-url = {url}/system\n",
            "home/.pip/pip.conf": "[global]\nextra-index-url = {url}/legacy\n",
            "home/.config/pip/pip.conf": "[global]\nindex_url = {url}/user\nextra-index-url =\n  {url}/a\n  {url}/b\n",
            "venv/pip.conf": "[download]\nindex-url = {url}/download\n",
        },
        {},
    ),
    "variables win": (
        {"home/.config/pip/pip.conf": "[install]\nindex-url = {url}/user\nextra-index-url = {url}/x\n"},
        {"PIP_INDEX_URL": "{url}/variable", "PIP_EXTRA_INDEX_URL": "{url}/v1 {url}/v2"},
    ),
    "a file of one's own": (
        {
            "home/.config/pip/pip.conf": "[global]\nindex-url = {url}/user\nextra-index-url = {url}/x\n",
            "own.conf": "[global]\nindex-url = {url}/own\n",
            "venv/pip.conf": "[global]\nextra-index-url = {url}/venv\n",
        },
        {"PIP_CONFIG_FILE": "{root}/own.conf"},
    ),
}


@pytest.mark.oracle
@pytest.mark.parametrize("case", PIP_CASES)
def test_pip_looks_where_its_configuration_is_read_to_say(
    case: str, server: IndexServer, home: Path, monkeypatch: pytest.MonkeyPatch, default_python: str
) -> None:
    files, variables = PIP_CASES[case]
    # pip's own "site" file is that of its environment, so it has to run in one
    subprocess.run(
        [shutil.which("uv") or "uv", "venv", "-q", "-p", default_python, home / "venv"], check=True, timeout=60
    )
    for name, text in files.items():
        write(home / name, text.format(url=server.url))
    for name, text in variables.items():
        monkeypatch.setenv(name, text.format(url=server.url, root=home))
    code = "import runpy, sys; sys.path.append(sys.argv.pop(1)); runpy.run_module('pip', run_name='__main__')"
    where = subprocess.run(
        [default_python, "-c", "import pip, os; print(os.path.dirname(os.path.dirname(pip.__file__)))"],
        check=True, capture_output=True, text=True, timeout=60,
    ).stdout.strip()  # fmt: skip
    subprocess.run(
        [
            home / "venv/bin/python",
            "-c",
            code,
            where,
            "install",
            "--dry-run",
            "--no-cache-dir",
            "--retries=0",
            "demo",
            "--disable-pip-version-check",
        ],
        capture_output=True,
        timeout=60,
    )
    config = read_pip(os.environ)
    assert server.paths == asked(server, config)
    assert len(server.paths) > 1


def test_pip_options_that_choose_files_are_read(home: Path) -> None:
    write(
        home / "home/.config/pip/pip.conf",
        "[global]\nno-index = true\nprefer-binary = on\nonly-binary = :all:\nno-binary = Some_Thing,other\n"
        "uploaded-prior-to = 2026-01-11T00:00:00Z\nfind-links = ~/links /more\nonly-final = Strict\npre = 1\n"
        "trusted-host = a.example b.example:8080\ntimeout = 7\ncert = /certs.pem\n",
    )
    config = read_pip(os.environ)
    assert config.indexes("https://example.org/") == ()
    assert config.find_links == (f"{home}/home/links", "/more")
    rules = config.rules(installer("pip"), "strict")
    assert rules.prefer_binary
    # pip goes through the options in the order of the file, so :all: came first and the names left it alone
    assert rules.only_binary == {":all:"}
    assert rules.no_binary == {"some-thing", "other"}
    assert rules.allow_prereleases is False
    assert config.rules(installer("pip"), "demo").allow_prereleases is True
    assert rules.uploaded_prior_to == datetime(2026, 1, 11, tzinfo=UTC)
    assert config.network.trusted_hosts == {"a.example", "b.example:8080"}
    assert (config.network.timeout, config.network.cert) == (7.0, "/certs.pem")


@pytest.mark.parametrize(
    "text",
    [
        "index-url = x",
        "[global]\nno-index = perhaps",
        "[global]\nuploaded-prior-to = soon",
        "[global]\ntimeout = long",
        "[global]\ntimeout = -1",
        "[global\n",
    ],
)
def test_a_wrong_pip_configuration_is_named(home: Path, text: str) -> None:
    path = write(home / "home/.config/pip/pip.conf", text)
    with pytest.raises(ConfigurationError, match=str(path)):
        read_pip(os.environ)


@pytest.mark.parametrize("text", ["9" * 5000, "inf", "nan"])
def test_a_timeout_is_bounded(home: Path, text: str) -> None:
    write(home / "home/.config/pip/pip.conf", f"[global]\ntimeout = {text}")
    assert read_pip(os.environ).network.timeout == 1e6


def test_no_pip_configuration_at_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(home / "home/.config/pip/pip.conf", "[global]\nindex-url = https://user.example/\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    default = "https://default.example/"
    assert read_pip(os.environ).indexes(default) == ((default, SourceKind.INDEX),)


# --- uv --------------------------------------------------------------------------------------------------------------

UV_CASES = {
    "files combine": (
        {
            "project/pyproject.toml": '[project]\nname = "x"\nversion = "1"\n'
            '[tool.uv]\nextra-index-url = ["{url}/project"]\n'
            '[[tool.uv.index]]\nname = "first"\nurl = "{url}/first"\n'
            '[[tool.uv.index]]\nurl = "{url}/never"\nname = "n"\nexplicit = true\n',
            "project/sub/pyproject.toml": '[project]\nname = "sub"\nversion = "1"\n',
            "home/.config/uv/uv.toml": 'index-url = "{url}/user"\n[[index]]\nname = "first"\nurl = "{url}/shadowed"\n'
            '[[index]]\nurl = "{url}/second"\n',
            "system/uv/uv.toml": '[[index]]\nurl = "{url}/system"\ndefault = true\n',
        },
        {},
    ),
    "a file below the project's root": (
        {
            "project/uv.toml": 'index-url = "{url}/root"\nextra-index-url = ["{url}/e"]\n',
            "project/sub/uv.toml": 'index-url = "{url}/below"\n',
        },
        {},
    ),
    "a member of a workspace": (
        {
            "project/pyproject.toml": '[tool.uv]\nindex-url = "{url}/root"\nextra-index-url = ["{url}/e"]\n'
            '[tool.uv.workspace]\nmembers = ["su*"]\n',
            "project/sub/uv.toml": 'index-url = "{url}/member"\n',
            "project/sub/pyproject.toml": '[project]\nname = "sub"\nversion = "1"\n',
        },
        {},
    ),
    "a project between the member and the workspace": (
        {
            "pyproject.toml": '[tool.uv]\nindex-url = "{url}/root"\n[tool.uv.workspace]\nmembers = ["project/*"]\n',
            "project/uv.toml": 'index-url = "{url}/between"\nextra-index-url = ["{url}/e"]\n',
            "project/sub/pyproject.toml": '[project]\nname = "sub"\nversion = "1"\n',
        },
        {},
    ),
    "the pip table": (
        {"project/uv.toml": 'index-url = "{url}/top"\nextra-index-url = ["{url}/e"]\n[pip]\nindex-url = "{url}/pip"\n'},
        {},
    ),
    "variables": (
        {"home/.config/uv/uv.toml": 'index-url = "{url}/user"\nextra-index-url = ["{url}/ue"]\n'},
        {"UV_DEFAULT_INDEX": "{url}/default", "UV_INDEX": "named={url}/i1 {url}/i2", "UV_EXTRA_INDEX_URL": "{url}/e1"},
    ),
    "a file of one's own": (
        {
            "project/uv.toml": 'extra-index-url = ["{url}/project"]\n',
            "own.toml": 'index-url = "{url}/own"\nextra-index-url = ["{url}/o2"]\n',
        },
        {"UV_CONFIG_FILE": "{root}/own.toml"},
    ),
}


@pytest.mark.oracle
@pytest.mark.parametrize("case", UV_CASES)
def test_uv_looks_where_its_configuration_is_read_to_say(
    case: str, server: IndexServer, home: Path, monkeypatch: pytest.MonkeyPatch, default_python: str
) -> None:
    files, variables = UV_CASES[case]
    for name, text in files.items():
        write(home / name, text.format(url=server.url))
    for name, text in variables.items():
        monkeypatch.setenv(name, text.format(url=server.url, root=home))
    subprocess.run(
        ["uv", "pip", "install", "-p", default_python, "--dry-run", "--target", home / "target", "demo"],
        capture_output=True,
        timeout=60,
    )
    assert server.paths == asked(server, read_uv(os.environ, os.getcwd()))
    assert len(server.paths) > 1


def test_uv_options_that_choose_files_are_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        home / "project/uv.toml",
        'no-build = true\nno-binary-package = ["Some_Thing"]\nprerelease = "allow"\n'
        'exclude-newer = "2026-01-11T00:00:00Z"\n'
        'index-strategy = "unsafe-best-match"\nfind-links = ["links", "https://links.example/"]\n'
        '[exclude-newer-package]\nfresh = false\nolder = "2025-01-01T00:00:00Z"\n'
        '[[index]]\nname = "my-own"\nurl = "https://private.example/simple"\n'
        '[[index]]\nurl = "flat"\nformat = "flat"\n',
    )
    monkeypatch.setenv("UV_INDEX_MY_OWN_USERNAME", "me")
    monkeypatch.setenv("UV_INDEX_MY_OWN_PASSWORD", "p@ss")
    config = read_uv(os.environ, os.getcwd())
    rules = config.rules(installer("uv"), "demo")
    assert rules.only_binary == {":all:"}
    assert rules.no_binary == {"some-thing"}
    assert rules.allow_prereleases is True
    assert rules.index_strategy is IndexStrategy.UNSAFE_BEST_MATCH
    assert rules.uploaded_prior_to == datetime(2026, 1, 11, tzinfo=UTC)
    assert config.rules(installer("uv"), "fresh").uploaded_prior_to is None
    assert config.rules(installer("uv"), "older").uploaded_prior_to == datetime(2025, 1, 1, tzinfo=UTC)
    assert config.find_links == (f"{home}/project/links", "https://links.example/", f"{home}/project/flat")
    assert config.extra_indexes == ("https://me:p%40ss@private.example/simple",)
    assert "p%40ss" not in repr(config)


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("7 days", timedelta(days=7)),
        ("1 week, 2 days", timedelta(days=9)),
        ("P1W2DT3H", timedelta(days=9, hours=3)),
        ("24h", timedelta(days=1)),
    ],
)
def test_uv_spans_count_back_from_now(text: str, back: timedelta) -> None:
    config = read_uv({"UV_EXCLUDE_NEWER": text, "UV_NO_CONFIG": "1"}, "/")
    cutoff = config.rules(installer("uv"), "demo").uploaded_prior_to
    assert cutoff is not None
    assert abs(datetime.now(UTC) - back - cutoff) < timedelta(minutes=1)


def test_a_date_is_the_end_of_the_day_for_uv_and_its_beginning_for_pip() -> None:
    uv = read_uv({"UV_EXCLUDE_NEWER": "2026-01-11", "UV_NO_CONFIG": "1"}, "/").cutoffs[":all:"]
    pip = read_pip({"PIP_UPLOADED_PRIOR_TO": "2026-01-11", "PIP_CONFIG_FILE": os.devnull}).cutoffs[":all:"]
    assert uv is not None
    assert pip is not None
    assert uv - pip == timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("index-url = 3", "index-url is 3"),
        ("index = [3]", "index has no url"),
        ("find-links = [3]", "find-links"),
        ('prerelease = "explicit"', "not simulated"),
        ('index-strategy = "best"', "first-index"),
        ('exclude-newer = "soon"', "soon"),
        ("index-url = ", "not valid TOML"),
    ],
)
def test_a_wrong_uv_configuration_is_named(home: Path, text: str, said: str) -> None:
    write(home / "project/uv.toml", text)
    with pytest.raises(ConfigurationError, match=said):
        read_uv(os.environ, os.getcwd())


# --- both ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "only", "no"),
    [
        ([("only-binary", "a,B_c")], {"a", "b-c"}, set()),
        ([("only-binary", ":all:"), ("no-binary", "a")], {":all:"}, {"a"}),
        ([("no-binary", "a"), ("only-binary", ":all:")], {":all:"}, set()),
        ([("only-binary", "a"), ("no-binary", "a")], set(), {"a"}),
        ([("only-binary", "a,:all:,b")], {":all:"}, set()),
        ([("only-binary", ":all:,:none:,b")], {"b"}, set()),
    ],
)
def test_format_control(values: list[tuple[str, str]], only: set[str], no: set[str]) -> None:
    formats = FormatControl()
    for option, value in values:
        formats = formats.with_value(option, value)
    assert (formats.only_binary, formats.no_binary) == (only, no)


def test_a_cutoff_without_a_zone_is_utc() -> None:
    assert parse_cutoff("2026-01-11") == datetime(2026, 1, 11, tzinfo=UTC)
    assert parse_cutoff("2026-01-11T12:00+02:00") == datetime(2026, 1, 11, 10, tzinfo=UTC)
    now = datetime(2026, 1, 11, tzinfo=UTC)
    assert parse_cutoff("P7D", now=now) == datetime(2026, 1, 4, tzinfo=UTC)
    for wrong in ("", "soon", "2026-13-01", "0001-01-01T00:00+14:00"):
        with pytest.raises(InputError, match="not a valid date"):
            parse_cutoff(wrong)


@pytest.mark.parametrize("name", ["pip", "uv"])
def test_the_default_index_comes_from_the_installer_and_is_asked_once(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch, default_python: str
) -> None:
    monkeypatch.setenv("FTWHEEL_CACHE_DIR", str(home / "own"))
    (home / "bin").mkdir()
    (home / "bin" / "python3").symlink_to(default_python)
    (home / "bin" / "uv").symlink_to(shutil.which("uv") or "uv")
    monkeypatch.setenv("PATH", str(home / "bin"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://configured.example/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://configured.example/simple")
    url = default_index(name)
    assert url.startswith("https://")
    assert "configured" not in url
    monkeypatch.setattr(subprocess, "run", None)  # so that asking again would fail
    assert default_index(name) == url
