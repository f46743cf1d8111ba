"""What people type by mistake, what they are told, and the exit code: one row a mistake.

Each answer is an error and a hint of one line each, on standard error; the exit code is never 1, which means findings.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ftwheel.cli import main as command_line
from ftwheel.cli import pip_companion
from support.commands import ftwheel, ftwheel_environ

WHEEL = "x-1.0-py3-none-any.whl"
PUBLISHED = (
    "nobody",
    "x==9",
    "x<0.1",
    "newer.txt",
    "--no-deps",
    "verify|wheels|--html",
)  # mistakes that an index has to be asked about


@pytest.fixture
def tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run a command in a folder with a project ``cfg``, a wheel, and empty and unreadable files."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "VIRTUAL_ENV")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("FTWHEEL_CACHE_DIR", str(tmp_path / "cache"))
    here = tmp_path / "here"
    for folder in ("cfg", "dist", "wheels", "locked", "folder.whl", "built/dist"):
        (here / folder).mkdir(parents=True)
    (here / "locked" / "setup.cfg").write_text("[metadata]\nname = cfg\n")
    (here / "cfg" / "pyproject.toml").write_text('[project]\nname = "cfg"\nversion = "1"\n')
    (here / "locked" / "uv.lock").write_text("version = 1\n")
    (here / "latin.toml").write_bytes(b'name = "caf\xe9"\n')
    (here / "torn.toml").write_text("[project\n")
    (here / "torn.json").write_text("{")
    (here / "other.json").write_text("{}")
    (here / "binary.txt").write_bytes(b"numpy\0\xff\n")
    (here / "requirements.txt").write_text("numpy=1.0\n")
    with zipfile.ZipFile(here / WHEEL, "w") as archive:
        archive.writestr("x-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: x\nVersion: 1.0\n")
    for place in ("wheels", "built/dist"):
        (here / place / WHEEL).write_bytes((here / WHEEL).read_bytes())
    (here / "built" / "pyproject.toml").write_text('[project]\nname = "built"\nversion = "1"\n')
    (here / "torn-1.0-py3-none-any.whl").write_bytes((here / WHEEL).read_bytes()[:60])
    (here / "empty.json").touch()
    (here / "notes.md").write_text("nothing-like-it\n")
    (here / "loop.txt").write_text("-r loop.txt\n")
    (here / "options.txt").write_text("--extra-index https://index.example/simple/\nnumpy\n")
    (here / "merged.lock").write_text("version = 1\n<<<<<<< HEAD\nrevision = 3\n=======\n>>>>>>> other\n")
    (here / "merged.json").write_text("<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n")
    (here / "merged.txt").write_text("x\n<<<<<<< HEAD\nx==1.0\n=======\n>>>>>>> other\n")
    for name in ("Pipfile.lock", "environment.yml", "setup.py", "no-2.0.tar.gz"):
        (here / name).write_text("{}\n")
    (here / "newer.txt").write_text("x>=9\n")
    (here / "far.txt").write_text("-r requirements.tx\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    monkeypatch.chdir(here)

    def told(line: str) -> tuple[int, str]:
        program, *arguments = line.split("|")
        code = command_line.main(arguments) if program == "ftwheel" else pip_companion.main(arguments)
        return code, capsys.readouterr().err

    return told


@pytest.mark.parametrize(
    ("typed", "error", "hint"),
    [
        # commands and options
        ("ftwheel|bild", "unknown command 'bild'", "did you mean 'build'?"),
        ("ftwheel|Check", "unknown command 'Check'", "did you mean 'check'?"),
        ("ftwheel|frobnicate", "unknown command 'frobnicate'", "ftwheel --help lists the commands"),
        ("ftwheel|--jobs|3|missing", "unknown option --jobs", "options go after the command"),
        ("ftwheel|missing|--targt|3.14t", "missing: unknown option --targt", "did you mean --target?"),
        ("ftwheel|missing|--targt=3.14t", "missing: unknown option --targt", "did you mean --target?"),
        ("ftwheel|simulate|numpy|-format|json", "simulate: unknown option -format", "did you mean --format?"),
        ("ftwheel|simulate|numpy|--json", "simulate: unknown option --json", "did you mean --format json?"),
        ("ftwheel|check|--zzz", "check: unknown option --zzz", "ftwheel check --help lists the options"),
        ("ftwheel|missing|--format|jsn", "missing: --format: invalid choice 'jsn', expected text, ", "'json'?"),
        ("ftwheel|missing|--format", "missing: --format: the value is missing", "write --format VALUE"),
        ("ftwheel|missing|--jobs|x", "missing: --jobs: 'x' is not a positive whole number", "ftwheel missing --help"),
        ("ftwheel|serve|dist|--port|x", "serve: --port: 'x' is not a whole number", "ftwheel serve --help"),
        ("ftwheel|verify", "verify: missing argument DIST", "for example: ftwheel verify dist/"),
        ("ftwheel|--verson", "unknown option --verson", "did you mean --version?"),
        ("ftwheel|-V", "unknown option -V", "options go after the command"),
        ("ftwheel|", "unknown command ''", "ftwheel --help lists the commands"),
        ("ftwheel|help|bild", "unknown command 'bild'", "did you mean 'build'?"),
        ("ftwheel|check|--format|xml", "check: --format: invalid choice 'xml'", "ftwheel check --help shows"),
        ("ftwheel|check|--fail-on|errors", "check: --fail-on: invalid choice 'errors'", "did you mean 'error'?"),
        ("ftwheel|check|--select|FTW999|wheels", "FTW999: no rule code starts with this", "--list-rules lists"),
        (
            "ftwheel|check|--report|json|wheels",
            "--report json: expected FORMAT=FILE",
            "did you mean --report json=report.json?",
        ),
        ("ftwheel|rule|FTX", "FTX: no rule code starts with this", "ftwheel rule lists them all"),
        ("ftwheel|completion", "completion: missing argument", "for example: ftwheel completion bash"),
        ("ftwheel|completion|basj", "invalid choice 'basj', expected bash, zsh or tcsh", "did you mean 'bash'?"),
        ("ftwheel|completion|powershell", "invalid choice 'powershell'", "ftwheel completion --help"),
        ("ftwheel|action", "action: missing argument", "for example: ftwheel action prepare"),
        ("ftwheel|action|plan", "invalid choice 'plan', expected prepare or run", "ftwheel action --help"),
        ("ftwheel|init|--gil|nope", "init: --gil: invalid choice 'nope'", "ftwheel init --help"),
        ("ftwheel|init|--platform|x", "init: unknown option --platform", "did you mean --platforms?"),
        ("ftwheel|init|cfg", "no terminal to ask questions on", "--yes accepts the proposals"),
        (
            "ftwheel|serve|wheels|--port|99999",
            "--port 99999: expected a number from 0 to 65535",
            "--port 0 picks a free",
        ),
        ("ftwheel|serve", "serve: missing argument DIST", "for example: ftwheel serve dist/"),
        ("ftwheel|tag", "tag: missing argument WHEEL", "for example: ftwheel tag --suggest dist/*.whl"),
        ("ftwheel|simulate", "simulate: missing argument REQUIREMENT", "for example: ftwheel simulate numpy"),
        ("ftwheel|missing|x|--installer|conda", "'conda': not an installer", "expected pip, uv, poetry or pdm"),
        ("ftwheel|missing|x|--shard|3/2", "3/2: not a shard", "expected NUMBER/OF"),
        ("ftwheel|missing|x|--fail-on|all", "--fail-on: invalid choice 'all', expected error, ", "missing --help"),
        ("ftwheel|missing|x|--uploaded-prior-to|soon", "'soon' is not a valid date", "expected a date such as"),
        ("ftwheel|missing|x|--no-deps|--allow|a b", "a b: not a requirement", "for example numpy"),
        ("ftwheel|check|", "check: WHEEL: an empty argument", "is a shell variable unset?"),
        ("ftwheel|verify|", "verify: DIST: an empty argument", "is a shell variable unset?"),
        ("ftwheel|missing|", "missing: INPUT: an empty argument", "is a shell variable unset?"),
        ("pip-ftwheel|list|-c|requirements.txt", "list reads what is installed", "drop -r and -c"),
        ("pip-ftwheel|install|--report|-|x", "pip-ftwheel reads pip's report itself", "ftwheel missing FILE reads"),
        ("ftwheel|build|.|more", "build: unexpected argument 'more'", "ftwheel build --help"),
        ("pip-ftwheel|lsit", "unknown command 'lsit'", "did you mean 'list'?"),
        ("pip-ftwheel|--targt|x|list", "unknown option --targt", "did you mean --target?"),
        ("ftwheel|check|--severity|FTW401=warn|dist", "--severity FTW401=warn: expected CODE=LEVEL", "'warning'?"),
        ("ftwheel|install|numpy", "unknown command 'install'", "did you mean pip-ftwheel install?"),
        ("ftwheel|list", "unknown command 'list'", "did you mean pip-ftwheel list?"),
        ("ftwheel|lint|wheels", "unknown command 'lint'", "did you mean ftwheel check?"),
        ("ftwheel|version", "unknown command 'version'", "did you mean ftwheel --version?"),
        ("ftwheel|missing|-x", "missing: unknown option -x", "ftwheel missing --help lists the options"),
        ("ftwheel|missing|-r", "missing: --requirement: the value is missing", "write --requirement FILE"),
        ("ftwheel|build|--python", "build: --python: the value is missing", "write --python LIST"),
        ("ftwheel|build|cfg|--python|,", "--python: an empty argument", "is a shell variable not set?"),
        ("ftwheel|verify|wheels|--index-rules|pipy", "--index-rules: invalid choice 'pipy'", "did you mean 'pypi'?"),
        ("ftwheel|check|--cores|0", "check: --cores: '0' is not a positive whole number", "ftwheel check --help"),
        ("ftwheel|missing|x|--fail-on|nothing,sdist", "one value at a time", "--fail-on nothing --fail-on sdist"),
        ("ftwheel|missing|x|--report|jsn=a", "--report jsn=a: expected FORMAT=FILE", "did you mean --report json=a?"),
        (
            "ftwheel|missing|x|--report|json",
            "--report json: expected FORMAT=FILE",
            "did you mean --report json=report.json?",
        ),
        ("ftwheel|missing|x|--installer|Pip", "'Pip': not an installer", "did you mean pip?"),
        ("ftwheel|missing|x|--installer|pip=24.0", "'pip=24.0': not an installer", "did you mean pip==24.0?"),
        ("ftwheel|simulate|x|--installer|pip,uv", "'pip,uv': not an installer", "give --installer once for each"),
        ("ftwheel|simulate|x|--only-binary|:al:", "':al:' is not a project", "or :all:; for example --only-binary"),
        ("ftwheel|simulate|x|--no-binary|a b", "--no-binary a b: 'a b' is not a project", "with commas between them"),
        ("ftwheel|missing|x|--extra|foo", "--extra foo: applies to a project or lock file", "write 'NAME[EXTRA]'"),
        ("ftwheel|verify|wheels|--ignore|FTV999", "FTV999: no rule code starts with this", "ftwheel rule lists them"),
        ("ftwheel|verify|wheels|--severity|FTV999=error", "verify has no rule FTV999", "ftwheel rule FTV lists them"),
        ("ftwheel|verify|wheels|--severity|FTV102=eror", "expected CODE=LEVEL", "did you mean 'error'?"),
        ("ftwheel|rule|401", "401: no rule code starts with this", "did you mean FTW401?"),
        (
            "ftwheel|init|cfg|--pythons|nope",
            "--pythons: found 'nope', expected a version",
            "for example 3.13,3.14,3.14t",
        ),
        ("ftwheel|init|cfg|--pythons|3.14,cp314t", "--pythons: found 'cp314t', expected a", "did you mean '3.14t'?"),
        ("ftwheel|init|cfg|--pythons|", "--pythons: an empty argument", "is a shell variable not set?"),
        ("ftwheel|init|cfg|--platforms|linux_amd64", "--platforms: found 'linux_amd64'", "'manylinux_2_28_x86_64'?"),
        ("ftwheel|init|cfg|--stable-abi|abi3", "--stable-abi: found 'abi3', expected a version", "for example 3.11"),
        ("ftwheel|init|no-2.0.tar.gz", "no-2.0.tar.gz: an archive, expected a project's folder", "unpack it first"),
        # what is given to the wrong command, and what is not there
        (
            "ftwheel|check|no-2.0.tar.gz",
            "a source distribution, not a wheel",
            "ftwheel build no-2.0.tar.gz builds wheels",
        ),
        ("ftwheel|check|notes.md", "notes.md: not a wheel", "pass a wheel, a folder of wheels, or a release"),
        ("ftwheel|check|x-2.0", "x-2.0: not a file, a folder or NAME==VERSION", "did you mean x==2.0?"),
        ("ftwheel|check|pyproject.toml", "pyproject.toml: not a file", "pass a wheel, a folder of wheels"),
        ("ftwheel|verify|pyproject.toml", "pyproject.toml: not a file", "pass a folder of files to upload"),
        ("ftwheel|verify|dist/*", "dist/*: no file matches", "pass the folder the files were built to"),
        (
            "ftwheel|verify|wheels|x==1.0",
            "x==1.0: a release on the index cannot be combined with other targets",
            "once for each",
        ),
        ("ftwheel|verify|wheels|--no-index", "--no-index without --find-links leaves pip nowhere", "pass --find-links"),
        ("ftwheel|verify|nobody-2.0", "nobody-2-0: no index has a release of it", "did you mean nobody==2.0?"),
        (f"ftwheel|tag|{os.devnull}", f"{os.devnull}: not a regular file", "name a wheel, or a link to one"),
        ("ftwheel|tag|dist", "dist: no wheels in this folder", "build them first: ftwheel build"),
        ("ftwheel|tag|dist/*.whl", "dist/*.whl: no file matches", "build the wheels first"),
        (f"ftwheel|tag|{WHEEL}|--platform-tag|linux", "linux is not a platform tag", "manylinux_2_28_x86_64"),
        (f"ftwheel|tag|{WHEEL}|--python-tag|3.14", "14 is not an interpreter tag", "for example cp314"),
        (f"ftwheel|tag|{WHEEL}|--abi-tag|abi3-x", "abi3-x is not an ABI tag", "for example cp314t, abi3 or none"),
        (f"ftwheel|tag|{WHEEL}|--suggest|--abi-tag|abi3", "changes none", "leave out either --suggest or the tags"),
        (
            "ftwheel|missing|nosuch.txt",
            "nosuch.txt: cannot be read (No such",
            "check the path; there is requirements.txt",
        ),
        ("ftwheel|missing|nosuch/a.txt", "nosuch/a.txt: cannot be read (No such", "there is no folder nosuch"),
        ("ftwheel|missing|Pipfile.lock", "Pipfile.lock: not a format that is read here", "pipenv requirements > "),
        ("ftwheel|missing|environment.yml", "not a format that is read here", "ftwheel missing --python PATH"),
        ("ftwheel|missing|-r|setup.py", "setup.py: not a format that is read here", "ftwheel missing --python PATH"),
        ("ftwheel|missing|merged.lock", "merged.lock: not valid TOML", "line 2 is a conflict of a merge: resolve it"),
        ("ftwheel|missing|merged.json", "merged.json: not valid JSON", "line 1 is a conflict of a merge: resolve it"),
        ("ftwheel|missing|-r|merged.txt", "merged.txt: not a requirements file", "line 2 is a conflict of a merge"),
        ("ftwheel|build|nosuch", "nosuch: does not exist", "projects here: built, cfg"),
        ("ftwheel|init|nosuch", "nosuch: does not exist", "projects here: built, cfg"),
        (
            "ftwheel|missing|nobody-2.0|--no-deps",
            "nobody-2-0: no index has this project",
            "did you mean 'nobody==2.0'?",
        ),
        (
            "ftwheel|simulate|x|-i|index.example/simple",
            "neither a URL",
            "did you mean https://index.example/simple?",
        ),
        ("ftwheel|simulate|x|-i|localhost:80/simple", "neither a URL", "did you mean http://localhost:80/simple?"),
        ("ftwheel|simulate|x|-i|htps://a.example", "not the URL of an index", "did you mean https://a.example?"),
        ("ftwheel|simulate|x|-i|http:/a.example", "neither a URL nor a folder", "did you mean http://a.example?"),
        ("ftwheel|simulate|x|-i|/nosuch/simple", "neither a URL nor a folder", "there is no folder /nosuch"),
        ("ftwheel|verify|wheels|--html|.", ".: cannot be written (Is a directory)", "name a file, not a folder"),
        ("ftwheel|verify|wheels|--html|nosuch/a.html", "cannot be written (No such file", "make its folder first"),
        # environments and targets
        ("ftwheel|simulate|x|--env|3.14t", "3.14t: not an environment", "did you mean cp314t-manylinux_2_28_x86_64?"),
        ("ftwheel|simulate|x|--env|cp314tt-win_amd64", "not an environment", "did you mean cp314t-win_amd64?"),
        ("ftwheel|simulate|x|--env|cp314t_win_amd64", "not an environment", "did you mean cp314t-win_amd64?"),
        ("ftwheel|simulate|x|--env|python3.14t-win64", "not an environment", "did you mean cp314t-win_amd64?"),
        ("ftwheel|simulate|x|--env|cp314t-win-arm64", "not an environment", "did you mean cp314t-win_arm64?"),
        ("ftwheel|simulate|x|--env|cp314t-linux", "linux: not a known platform tag", "cp314t-manylinux_2_28_x86_64?"),
        ("ftwheel|simulate|x|--env|cp314t-linux_aarch64x", "not a known platform tag", "cp314t-manylinux_2_28_x86_64?"),
        ("ftwheel|simulate|x|--env|cp314t-macos_x86_64", "not a known platform tag", "cp314t-macosx_14_0_x86_64?"),
        (
            "ftwheel|simulate|x|--env|cp314t-manylinux2_28_x86_64",
            "not a known platform",
            "cp314t-manylinux_2_28_x86_64?",
        ),
        ("ftwheel|simulate|x|--env|cp314t-frob", "frob: not a known platform tag", "for example manylinux_2_28_x86_64"),
        ("ftwheel|simulate|x|--env|al", "al: not an environment", "did you mean all?"),
        ("ftwheel|simulate|x|--env|zzz", "zzz: not an environment", "expected ABI-PLATFORM"),
        ("ftwheel|missing|x|--target|3.14tt", "3.14tt: not a target", "did you mean cp314t?"),
        ("ftwheel|missing|x|--target|pairz", "pairz: not a target", "did you mean pairs?"),
        ("ftwheel|missing|x|--target|zzz", "zzz: not a target", "expected VERSION or VERSION-PLATFORM"),
        # requirements and releases
        ("ftwheel|simulate|numpy=1.0", "numpy=1.0: not a requirement", "did you mean 'numpy==1.0'?"),
        ("ftwheel|missing|numpy=1.0", "numpy=1.0: not a requirement", "did you mean 'numpy==1.0'?"),
        ("ftwheel|missing|-r|requirements.txt", "requirements.txt:1: numpy=1.0: not", "did you mean 'numpy==1.0'?"),
        ("ftwheel|simulate|numpy 1.0", "numpy 1.0: not a requirement", "did you mean 'numpy==1.0'?"),
        ("ftwheel|missing|numpy@1.0", "a URL leaves nothing to select", "did you mean 'numpy==1.0'?"),
        ("ftwheel|simulate|numpy=>1", "numpy=>1: not a requirement", "did you mean 'numpy>=1'?"),
        ("ftwheel|simulate|numpy==2.x", "numpy==2.x: not a requirement", "did you mean 'numpy==2.*'?"),
        ("ftwheel|simulate|numpy~2", "numpy~2: not a requirement", "did you mean 'numpy~=2.0'?"),
        ("ftwheel|simulate|numpy^2", "numpy^2: not a requirement", "did you mean 'numpy>=2'?"),
        ("ftwheel|simulate|numpy[a]=2", "numpy[a]=2: not a requirement", "did you mean 'numpy[a]==2'?"),
        ("ftwheel|simulate|a b c", "a b c: not a requirement", "for example numpy, or 'numpy>=2,<3'"),
        ("ftwheel|check|numpy=1.0", "numpy=1.0: not a file, a folder", "did you mean numpy==1.0?"),
        ("ftwheel|check|numpy", "numpy: not a file, a folder", "name its version: numpy==VERSION"),
        ("ftwheel|verify|numpy>=1", "numpy>=1: not a file, a folder", "name its version: numpy==VERSION"),
        ("ftwheel|missing|nobody-has-it|--no-deps", "nobody-has-it: no index has this project", "check the spelling"),
        ("ftwheel|missing|x==9|--no-deps", "x: no version 9; the newest is 1.0", "relax the version specifier, or add"),
        ("ftwheel|missing|x>9|--no-deps", "x: no release satisfies >9; the newest is 1.0", "relax the version"),
        ("ftwheel|missing|x<0.1", "x: no release satisfies <0.1; the newest is 1.0", "relax the version specifier"),
        ("ftwheel|missing|-r|newer.txt", "x: no release satisfies >=9; the newest is 1.0", "relax the version"),
        ("ftwheel|simulate|nobody-has-it", "nobody-has-it: no index has this project", "check the spelling"),
        ("ftwheel|simulate|x==9", "x==9: x has no such version", "the newest is 1.0"),
        ("ftwheel|check|x==9", "x==9: no wheel of this version is on the index", "the newest with wheels is 1.0"),
        ("ftwheel|verify|x==9", "x 9: no index has this release", "the newest is 1.0; for files"),
        ("ftwheel|verify|nobody==1", "nobody: no index has this project", "check the spelling"),
        ("ftwheel|missing|wheels|--no-deps", "wheels: no index has this project", f"the folder: .{os.sep}wheels?"),
        ("ftwheel|missing|notes.md|--no-deps", "nothing-like-it: no index has this project", "check the spelling"),
        ("ftwheel|missing|x|--no-deps|--issue|y", "--issue y: not a project of the report, which has 1", "name one of"),
        ("ftwheel|check|numpy==one", "numpy==one: 'one' is not a version", "name one release"),
        # files and folders
        ("ftwheel|check|dits", "dits: not a file, a folder or NAME==VERSION", "did you mean dist?"),
        ("ftwheel|verify|dits/", "dits/: not a file, a folder or NAME==VERSION", "did you mean dist?"),
        ("ftwheel|check|qq.whl", "qq.whl: not a file, a folder", "pass a wheel, a folder of wheels"),
        ("ftwheel|check|dist", "dist: no wheels in this folder", "pass the folder the wheels were built to"),
        ("ftwheel|verify|dist", "dist: contains no wheel and no source distribution", "build them first"),
        ("ftwheel|serve|dist", "dist: contains no wheel and no source distribution", "build them first"),
        ("ftwheel|missing|dist/", "dist/: a folder without pyproject.toml", "pass a requirements file"),
        ("ftwheel|missing|wheels/", "wheels/: a folder without pyproject.toml", "ftwheel check wheels/ looks into"),
        ("ftwheel|missing|locked/", "a folder without pyproject.toml", f"did you mean locked{os.sep}uv.lock?"),
        ("ftwheel|missing|cfg", "cfg: both the folder of a project and the name", f"did you mean .{os.sep}cfg?"),
        (f"ftwheel|missing|{WHEEL}", "a wheel, not a list of dependencies", "ftwheel missing x==1.0 follows"),
        ("ftwheel|missing|no-2.0.tar.gz", "an archive, not a list of dependencies", "ftwheel missing no==2.0 follows"),
        ("ftwheel|missing|requirments.txt", "cannot be read (No such file", "did you mean requirements.txt?"),
        ("ftwheel|missing|latin.toml", "latin.toml: not valid TOML: it is not UTF-8", "save it as UTF-8"),
        ("ftwheel|missing|torn.toml", "torn.toml: not valid TOML", "correct that line"),
        ("ftwheel|missing|torn.json", "torn.json: not valid JSON", "regenerate the file"),
        (
            "ftwheel|missing|other.json",
            "other.json: neither the output of pip inspect nor",
            "create it with pip inspect",
        ),
        ("ftwheel|missing|binary.txt", "binary.txt: not text in UTF-8", "save it as UTF-8"),
        ("ftwheel|missing|empty.json", "empty.json: is empty, expected JSON", "did the command that writes it"),
        ("ftwheel|missing|-", "standard input: is empty, expected JSON", "did the command that writes it fail?"),
        ("ftwheel|missing|-r|loop.txt", "loop.txt: includes itself", "remove one of the -r lines"),
        ("ftwheel|missing|-r|far.txt", "far.txt:1: requirements.tx: no such file", "did you mean requirements.txt?"),
        ("ftwheel|missing|-r|options.txt", "--extra-index is not an option", "did you mean '--extra-index-url'?"),
        ("ftwheel|missing|x|-c|qqqqq", "qqqqq: cannot be read (No such file", "check the path"),
        (
            "ftwheel|missing|-c|requirements.txt|locked/uv.lock",
            "-c requirements.txt: constraints do not apply",
            "drop -c",
        ),
        ("ftwheel|missing|--extra|nope|./cfg", "has no extra nope", "it has no extras"),
        ("ftwheel|missing|--merge|other.json", "other.json: not a report of ftwheel missing", "--format json"),
        (
            "ftwheel|missing|x|--state|dist",
            "dist: cannot be used as a state file (Is a directory)",
            "name another file",
        ),
        ("ftwheel|missing|x|--index|dist", "dist: not a recording", "create one with --record DIR"),
        (
            "ftwheel|simulate|./cfg",
            "./cfg: expected a project or a requirement, got a path",
            "ftwheel missing ./cfg checks",
        ),
        (
            "ftwheel|simulate|requirements.txt",
            "requirements.txt: expected a project",
            "ftwheel missing requirements.txt",
        ),
        (
            f"ftwheel|simulate|{WHEEL}",
            "expected a project or a requirement, got a file",
            f"ftwheel verify {WHEEL} shows",
        ),
        ("ftwheel|simulate|x|-f|wheelz", "--find-links wheelz: neither a file nor a folder", "did you mean wheels?"),
        ("ftwheel|simulate|x|-i|simple", "simple: neither a URL nor a folder", "pass the URL of a simple"),
        ("ftwheel|simulate|x|-i|http://", "http://: not the URL of an index", "expected https://"),
        ("ftwheel|simulate|x|-i|http://[::1/", "http://[::1/: not the URL of an index", "expected https://"),
        ("ftwheel|simulate|x|-i|ftp://a.example", "ftp://a.example: not the URL of an index", "expected https://"),
        (
            "ftwheel|simulate|x|--offline|--refresh",
            "--offline and --refresh are mutually exclusive",
            "drop one of them",
        ),
        ("ftwheel|check|https://a.example/x.whl", "not a file, a folder or NAME==VERSION", "download it first"),
        ("ftwheel|check|built", "built: no wheels in this folder", f"did you mean built{os.sep}dist?"),
        ("ftwheel|check|cfg", "cfg: no wheels in this folder", "build its wheels first: ftwheel build cfg"),
        ("ftwheel|check|folder.whl", "folder.whl: no wheels in this folder", "pass the folder the wheels were built"),
        ("ftwheel|verify|notes.md", "notes.md: neither a wheel nor a source distribution", "pass wheels, source"),
        (
            "ftwheel|verify|torn-1.0-py3-none-any.whl",
            "cannot be read as a wheel",
            "rebuild the file, or download it again",
        ),
        ("ftwheel|serve|notes.md", "notes.md: neither a wheel nor a source distribution", "pass wheels, source"),
        ("ftwheel|serve|qqqqq", "qqqqq: no such file or folder", "name a folder of files to upload"),
        ("ftwheel|tag|qq.whl", "qq.whl: no such file", "name the wheels to look at: dist"),
        ("ftwheel|tag|wheels", "wheels: a folder, expected wheels", f"name them: wheels{os.sep}*.whl"),
        (
            "ftwheel|tag|notes.md|--suggest",
            "notes.md: not a wheel's file name",
            "a wheel is named NAME-VERSION",
        ),
        (
            "ftwheel|tag|torn-1.0-py3-none-any.whl",
            "cannot be read as a wheel",
            "rebuild the file, or download it again",
        ),
        (f"ftwheel|build|{WHEEL}", "a wheel, neither a project folder nor", f"to check it, run ftwheel check {WHEEL}"),
        ("ftwheel|build|notes.md", "notes.md: a file, neither a project folder nor", "pass the folder that holds"),
        ("ftwheel|init|notes.md", "notes.md: a file, neither a project folder nor", "pass the folder that holds"),
        ("ftwheel|init|dist", "no pyproject.toml and no setup.py", "pass the folder that holds pyproject.toml"),
        ("ftwheel|init|locked", "no pyproject.toml and no setup.py", "setup.cfg alone cannot be built"),
        ("ftwheel|init|cgf", "does not exist", "did you mean"),
        ("ftwheel|build|cgf", "does not exist", "did you mean"),
        ("ftwheel|build|dist", "no pyproject.toml and no setup.py", "pass the folder that holds pyproject.toml"),
        ("ftwheel|missing|--python|/no/python", "/no/python: no such file", "pass the path of a python executable"),
        ("ftwheel|simulate|demo|--python|3.13t", "3.13t: no such file", "uv python find 3.13t prints one"),
        (
            "ftwheel|missing|--python|dist",
            "dist: a folder, not an interpreter",
            "pass the path of the python executable",
        ),
        ("ftwheel|missing|--python|notes.md", "notes.md: cannot be run (Permission denied)", "pass the path of"),
        ("ftwheel|build|cfg|--python|/bin/true", "does not answer like a Python interpreter", "pass the path of"),
        ("ftwheel|build|cfg|--python|nope", "neither a version of CPython 3 nor the path", "versions look like 3.14"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(
    tell: Callable[..., tuple[int, str]], typed: str, error: str, hint: str
) -> None:
    offline = "|--no-index|--find-links|wheels" if any(name in typed for name in PUBLISHED) else ""
    code, err = tell(typed + offline)
    assert code == 2, err
    assert_told(err, error, hint)


def assert_told(err: str, error: str, hint: str) -> None:
    first, second = err.splitlines()
    assert ": error: " in first
    assert error in first
    assert ": hint: " in second
    assert hint in second


@pytest.mark.parametrize("command", ["check", "verify", "build"])
def test_a_configuration_that_is_not_utf_8(tell: Callable[..., tuple[int, str]], command: str) -> None:
    Path("pyproject.toml").write_bytes(b'name = "caf\xe9"\n')
    code, err = tell(f"ftwheel|{command}|{'.' if command == 'build' else 'wheels'}")
    assert code == 3
    assert_told(err, "pyproject.toml: not valid TOML: it is not UTF-8", "save it as UTF-8")


def test_a_dist_that_is_not_there_is_not_taken_for_a_project(
    tell: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("wheels")  # no project
    code, err = tell("ftwheel|check|dist")
    assert code == 2
    assert_told(err, "dist: not a file, a folder or NAME==VERSION", "pass a wheel, a folder of wheels, or a release")


@pytest.mark.parametrize(
    ("table", "error", "hint"),
    [
        ("[tool.ftwheel.check]\nignroe = []", "check: found the unknown key 'ignroe'", "did you mean 'ignore'?"),
        ('[tool.ftwheel.check]\nignore = ["FTW999"]', "[tool.ftwheel.check]: FTW999: no rule code", "lists all codes"),
        ('[tool.ftwheel]\npythons = "3.14"', "pythons: found '3.14', expected an array", "docs/configuration.md lists"),
        (
            '[tool.ftwheel]\nplatforms = ["win64"]',
            "found 'win64', expected a platform tag",
            "did you mean 'win_amd64'?",
        ),
        (
            '[tool.ftwheel]\nplatforms = ["manylinux_2_28_x86"]',
            "expected a platform tag such as",
            "did you mean 'manylinux_2_28_x86_64'?",
        ),
        ('[tool.ftwheel]\npythons = ["cp314t"]', "found 'cp314t', expected a version such as", "did you mean '3.14t'?"),
        ('[tool.ftwheel]\npythons = ["3.41"]', "found '3.41', expected a version such as", "did you mean '3.14'?"),
        ('[tool.ftwheel]\npythons = ["3.41t"]', "found '3.41t', expected a version such as", "did you mean '3.14t'?"),
        ('[tool.ftwheel.check]\nselect = ["ftw4"]', "found 'ftw4', expected a rule", "did you mean 'FTW4'?"),
        ("<<<<<<< HEAD\n", "pyproject.toml: not valid TOML", "line 1 is a conflict of a merge: resolve it"),
        ("[tool]\nftwheel = 3", "[tool.ftwheel]: found 3, expected a table", "docs/configuration.md lists every key"),
        ("[tool.ftwheel]\nplatform = []", "found the unknown key 'platform'", "did you mean 'platforms'?"),
        ('[tool.ftwheel]\nlimited-api = "kep"', "found 'kep', expected one of 'auto'", "did you mean 'keep'?"),
        ('[tool.ftwheel.check.severity]\nFTW401 = "warn"', "found 'warn', expected one of", "did you mean 'warning'?"),
    ],
)
def test_a_configuration_with_a_wrong_key_or_value(
    tell: Callable[..., tuple[int, str]], table: str, error: str, hint: str
) -> None:
    Path("pyproject.toml").write_text(f"{table}\n")
    code, err = tell("ftwheel|check|wheels")
    assert code == 3
    assert_told(err, error, hint)


def test_no_network_says_what_still_works(tell: Callable[..., tuple[int, str]]) -> None:
    code, err = tell("ftwheel|simulate|numpy|--index-url|http://127.0.0.1:9/simple/")
    assert code == 5
    assert_told(err, "cannot be reached (Connection refused)", "--offline uses the pages already in the cache")


def test_no_compiler_says_how_to_get_one(tmp_path: Path, free_threaded_python: str, examples: Path) -> None:
    """With a PATH that has a shell and uv, and no compiler."""
    for name in ("sh", "env", "uname", "uv"):
        (tmp_path / name).symlink_to(shutil.which(name) or pytest.fail(f"{name} is not on PATH"))
    environ = ftwheel_environ(PATH=str(tmp_path))
    project = tmp_path / "project"
    shutil.copytree(examples / "setuptools-c", project)
    done = ftwheel("build", project, "--python", free_threaded_python, environ=environ)
    assert done.code == 7, done.err
    assert "No such file or directory: '" in done.err
    assert done.err.splitlines()[-1].startswith("ftwheel: hint: install a C and C++ compiler: ")


def test_a_broken_build_shows_the_first_error_of_the_compiler(
    tmp_path: Path, free_threaded_python: str, examples: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(examples / "setuptools-c", project)
    source = next(project.rglob("*.c"))
    source.write_text(source.read_text().replace("static ", "sttic ", 1))
    done = ftwheel("build", project, "--python", free_threaded_python)
    assert done.code == 6
    shown = done.err.partition("ftwheel: error: ")[2].splitlines()
    assert any(": error: " in line and "sttic" in line for line in shown[:4])
    assert len(shown) < 14
    assert shown[-1] == "ftwheel: hint: ftwheel build -v shows the whole log"
    assert "Deprecat" not in done.err


def test_no_such_python(tell: Callable[..., tuple[int, str]]) -> None:
    code, err = tell("ftwheel|build|cfg|--python|3.99")
    assert code == 7
    assert_told(err, "no default CPython 3.99 here (found: ", "uv python install 3.99; or pass its path: --python PATH")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
@pytest.mark.parametrize("command", [("completion", "bash"), ("check", "--help")], ids=lambda command: command[0])
def test_a_full_disk(command: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ftwheel", *command], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 8
    assert_told(done.stderr, "No space left on device", "free some space")


@pytest.mark.parametrize(
    ("table", "error", "hint"),
    [
        (
            'targets = ["nope"]',
            "pyproject.toml: [tool.ftwheel.missing] targets: nope: not a target",
            "expected VERSION",
        ),
        ('allow = ["x=1"]', "pyproject.toml: [tool.ftwheel.missing] allow: x=1: not", "did you mean 'x==1'?"),
        ("alow = []", "missing: found the unknown key 'alow'", "did you mean 'allow'?"),
        ('allow = ["a b"]', "allow: found 'a b', expected a project", "docs/configuration.md lists every key"),
        ('fail-on = ["eror"]', "fail-on: found 'eror', expected one of", "did you mean 'error'?"),
    ],
)
def test_a_wrong_value_of_what_missing_reads(
    tell: Callable[..., tuple[int, str]], table: str, error: str, hint: str
) -> None:
    Path("pyproject.toml").write_text(f"[tool.ftwheel.missing]\n{table}\n")
    code, err = tell("ftwheel|missing|x|--no-deps|--no-index|--find-links|wheels")
    assert code == 3
    assert_told(err, error, hint)


@pytest.mark.parametrize("command", ["check|wheels", "missing|x"])
def test_a_configuration_that_is_not_there(tell: Callable[..., tuple[int, str]], command: str) -> None:
    code, err = tell(f"ftwheel|{command}|--config|nope.toml")
    assert code == 3
    assert_told(err, "nope.toml: No such file or directory", "check the path and its permissions")


@pytest.mark.parametrize("command", ["check", "verify", "serve"])
def test_a_project_that_is_not_built_yet(
    tell: Callable[..., tuple[int, str]], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("cfg")
    code, err = tell(f"ftwheel|{command}|dist/")
    assert code == 2
    assert_told(err, "no such f", "build the wheels first: ftwheel build")


def test_a_misspelt_project_among_others_is_no_finding(tell: Callable[..., tuple[int, str]]) -> None:
    """The others are reported; a lock, or what is installed, may name what no index has."""
    asked = "ftwheel|missing|x|nobody-has-it|--no-deps|--no-index|--find-links|wheels"
    assert tell(asked) == (2, "")
    assert tell(f"{asked}|--allow|nobody-has-it") == (0, "")


def test_constraints_hold_for_what_is_named_on_the_command_line(tell: Callable[..., tuple[int, str]]) -> None:
    Path("constraints.txt").write_text("x<1\n")
    asked = "ftwheel|missing|x|--no-index|--find-links|wheels|--target|3.14t-win_amd64"
    assert tell(asked) == (0, "")
    code, err = tell(f"{asked}|-c|constraints.txt")
    assert code == 2
    assert_told(err, "x: no release satisfies <1; the newest is 1.0", "relax the version specifier")


UNPRIVILEGED = ("setpriv", "--inh-caps=-all", "--bounding-set=-all")
"""Runs a program as root whom permissions bind, which needs no second user; without root it is any user."""


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's")
@pytest.mark.parametrize(
    ("typed", "code", "error", "hint"),
    [
        ("missing|-r|secret.txt", 2, "secret.txt: cannot be read (Permission denied)", "check the path"),
        ("verify|secret.whl", 2, "secret.whl", ""),
        ("tag|--suggest|x-1.0-py3-none-any.whl", 2, "cannot be read (Permission denied)", "its permissions"),
        ("check|shut", 8, "shut: Permission denied", "change its permissions"),
        ("build|shut", 3, "pyproject.toml: cannot be read (Permission denied)", "its permissions"),
        ("missing|x|--config|secret.txt", 3, "secret.txt: Permission denied", "check the path and its permissions"),
        ("simulate|x|--no-index|-f|wheels|--record|fixed/pages", 2, "cannot be written (Permission denied)", "change"),
        ("serve|wheels|--port|1", 2, "port 1 of the loopback interface cannot be used", "--port 0 picks a free one"),
    ],
)
def test_what_is_not_permitted(
    tell: Callable[..., tuple[int, str]], typed: str, code: int, error: str, hint: str
) -> None:
    here = Path.cwd()
    (here / "secret.txt").touch(mode=0)
    (here / "secret.whl").touch(mode=0)
    (here / WHEEL).chmod(0)
    (here / "shut").mkdir(mode=0)
    (here / "fixed").mkdir(mode=0o555)
    command = [sys.executable, "-m", "ftwheel", *typed.split("|")]
    done = subprocess.run(
        [*UNPRIVILEGED, *command] if os.geteuid() == 0 else command, capture_output=True, text=True, check=False
    )
    (here / "shut").chmod(0o700)
    assert done.returncode == code, done.stderr
    assert_told(done.stderr, error, hint)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a folder that somebody is in")
@pytest.mark.parametrize("command", ["build", "init|--yes", "missing|.", "simulate|x|--no-index|-f|."])
def test_the_current_folder_is_gone(tmp_path: Path, command: str) -> None:
    (gone := tmp_path / "gone").mkdir()
    program = "import os, sys; os.rmdir(os.getcwd()); from ftwheel.cli.main import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", program, *command.split("|")], cwd=gone, capture_output=True, text=True, check=False
    )
    assert done.returncode == 8, done.stderr
    assert_told(done.stderr, "the current folder was removed", "change to a folder that exists")


def test_a_cache_that_cannot_be_written(tmp_path: Path, free_threaded_python: str, examples: Path) -> None:
    """Pages are asked for again each time; a build, which needs a place to work in, says which variable to set."""
    (tmp_path / "file").touch()
    environ = ftwheel_environ(FTWHEEL_CACHE_DIR=str(tmp_path / "file" / "cache"))
    done = ftwheel("build", examples / "setuptools-c", "--python", free_threaded_python, environ=environ)
    assert done.code == 8
    assert_told(done.err, "cannot be written (Not a directory)", "set FTWHEEL_CACHE_DIR to a writable folder")
    links = tmp_path / "links"
    links.mkdir()
    (links / "x-1.0-py3-none-any.whl").touch()
    asked = ("simulate", "x", "--no-index", "--find-links", links, "--env", "cp314t-win_amd64")
    done = ftwheel(*asked, environ=environ)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    ("typed", "error", "hint"),
    [
        ("ftwheel|verify|wheels|--report|json=file/x", "file/x: cannot be written (Not a directory)", "check the path"),
        ("ftwheel|simulate|x|--record|file/x", "file/x: cannot be written (File exists)", "a file is in the way"),
    ],
)
def test_an_output_that_cannot_be_written(
    tell: Callable[..., tuple[int, str]], typed: str, error: str, hint: str
) -> None:
    Path("file").touch()
    code, err = tell(f"{typed}|--no-index|--find-links|wheels")
    assert code == 2
    assert_told(err, error, hint)


def test_a_bug_is_told_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(name: str) -> command_line.Command:
        raise KeyError(name)

    monkeypatch.setattr(command_line, "load", broken)
    assert command_line.main(["check"]) == 70
    assert_told(capsys.readouterr().err, "internal error: KeyError: 'check'", "please report it")


def test_the_program_alone_shows_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error and with 2, as uv and ruff do."""
    assert command_line.main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert all(f"\n  {name} " in err for name in command_line.COMMANDS)


def test_the_companion_alone_shows_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert pip_companion.main([]) == 2
    assert "usage: pip-ftwheel [OPTIONS] install" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes them")
@pytest.mark.parametrize(
    ("typed", "code"), [("rule FTW401 >&-", 0), ("bild >&-", 2), ("bild 2>&-", 2), ("bild <&-", 2)]
)
def test_a_stream_that_was_closed(typed: str, code: int) -> None:
    """By whoever started the program, as some schedulers do: what would go there is lost, and nothing else."""
    command = ["sh", "-c", f'exec "$0" -m ftwheel {typed}', sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stdout == ""
    assert ("did you mean 'build'?" in done.stderr) == ("bild" in typed and "2>&-" not in typed)
    assert "internal error" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_report_on_a_device_and_through_a_link(tell: Callable[..., tuple[int, str]]) -> None:
    """Neither is replaced by a file, which root could do."""
    code, err = tell("ftwheel|check|wheels|--report|json=/dev/full")
    assert code == 2
    assert_told(err, "/dev/full: cannot be written (No space left on device)", "free some space")
    assert not Path("/dev/full").is_file()
    Path("real.json").touch()
    Path("link.json").symlink_to("real.json")
    assert tell("ftwheel|check|wheels|--ignore|FTW|--report|json=link.json") == (0, "")
    assert Path("link.json").is_symlink()
    assert '"schema_version": 1' in Path("real.json").read_text()


def test_help_is_a_command_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command_line.main(["help", "verify"])
    assert stopped.value.code == 0
    assert "ftwheel verify dist/" in capsys.readouterr().out
