"""The ``[tool.ftwheel]`` table of pyproject.toml: one model, read by the build backend and by the ``ftwheel`` command.

The JSON schema for editors and the table in docs/configuration.md are made from the model's keys
(``ftwheel_build.schema``), so a key is described here and nowhere else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Union

from ftwheel_build.errors import CODES, RefusedError
from ftwheel_build.values import FrozenValue

__all__ = [
    "CheckSettings",
    "Config",
    "ExtraSettings",
    "Key",
    "MissingSettings",
    "Settings",
    "Table",
    "VerifySettings",
    "after_merge",
    "load",
    "load_missing",
    "load_table",
    "name_of",
    "parse",
    "split_settings",
]

Settings = Mapping[str, Union[str, "tuple[str, ...]"]]  # config settings, as set by -C KEY=VALUE
_MOST_CHARACTERS = 1 << 20

# Patterns that the schema repeats, each with the words for what was wanted
BACKEND = r"[A-Za-z_]\w*(\.\w+)*(:[A-Za-z_]\w*(\.\w+)*)?"
PYTHON = r"3\.(\d|1[0-2]|1[3-9]t?)"  # 3.20 is due in 2031: until then, it is a slip of the finger
VERSION = r"3\.([2-9]|[1-9]\d)"
_LINUX = r"x86_64|i686|aarch64|armv6l|armv7l|ppc64le|ppc64|s390x|riscv64|loongarch64"
PLATFORM = (
    rf"((manylinux(1|2010|2014|_\d+_\d+)?|musllinux(_\d+_\d+)?|linux)_({_LINUX})"
    r"|macosx(_\d+_\d+)?_(x86_64|arm64|universal2|universal|intel|i386)|win32|win_(amd64|arm64)"
    r"|ios(_\d+_\d+)?_(arm64_iphoneos|(arm64|x86_64)_iphonesimulator)"
    r"|android(_\d+)?_(arm64_v8a|armeabi_v7a|x86_64|x86)|(pyodide|pyemscripten|emscripten)(_\d+)*_wasm32)"
)
CODE = r"FTB3\d{2}"
RULES = r"FTW\d{0,3}"
RULE = r"FTW\d{3}"
GATES = r"FTV\d{0,3}"
GATE = r"FTV\d{3}"
MODULES = r"[\w.*?\[\]!-]+"
ALLOWED = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?([<>=!~][^;@]*)?"
TARGET = r"[A-Za-z0-9][A-Za-z0-9._,-]*"
OUTCOMES = (
    "error",
    "warning",
    "advice",
    "never",
    "cannot-load",
    "older-version",
    "sdist",
    "nothing",
    "cannot-tell",
    "undeclared",
)
"""The values of `--fail-on` of `ftwheel missing`."""
_WANTED = {
    BACKEND: "module or module:object, for example 'setuptools.build_meta'",
    PYTHON: "a version such as '3.14' or '3.14t'",
    VERSION: "a version such as '3.9'",
    PLATFORM: "a platform tag such as 'manylinux_2_28_x86_64'",
    CODE: "the code of a refusal of a finished wheel, for example 'FTB307'",
    RULES: "a rule of ftwheel check or a prefix of its code, for example 'FTW401' or 'FTW4'",
    RULE: "the code of a rule of ftwheel check, for example 'FTW401'",
    GATES: "a code of ftwheel verify or its prefix, for example 'FTV102'",
    GATE: "a code of ftwheel verify, for example 'FTV102'",
    ALLOWED: "a project, or a project and a version, for example 'numpy==2.3.5'",
    TARGET: "a target such as '3.14t' or '3.14t-win_amd64'",
    MODULES: "the dotted name of a module, for example 'pkg._ext' or 'pkg.*'",
}
_SYSTEMS = {
    "manylinux": "manylinux_2_28_x86_64",
    "musllinux": "musllinux_1_2_x86_64",
    "linux": "manylinux_2_28_x86_64",
    "alpine": "musllinux_1_2_x86_64",
    "mac": "macosx_11_0_arm64",
    "darwin": "macosx_11_0_arm64",
    "win": "win_amd64",
    "android": "android_24_arm64_v8a",
    "ios": "ios_13_0_arm64_iphoneos",
}
"""A platform tag of each system."""
_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Key(FrozenValue):
    """A key of a table: what its value is, what it means, and what counts where it is missing.

    ``kind`` is ``text``, ``texts`` (an array), ``words`` (a table of strings), ``settings`` (a table of strings or
    arrays of them), or ``table``, with its ``model``. ``pattern`` and ``choices`` bound each string; of ``words``, the
    pattern bounds the keys.
    """

    kind: str
    doc: str
    default: Any
    pattern: str = ""
    choices: tuple[str, ...] = ()
    model: Any = None


class Table(FrozenValue):
    """A validated table. Each class assigns to its attributes what describes their keys; ``_`` stands for ``-``."""

    keys: ClassVar[Mapping[str, Key]]

    def __init_subclass__(cls) -> None:
        cls.keys = {name: vars(cls)[name] for name in cls.__annotations__}
        for name, key in cls.keys.items():
            setattr(cls, name, key.default)


def _text(doc: str, *, default: str = "", pattern: str = "", choices: tuple[str, ...] = ()) -> Any:
    return Key("text", doc, default, pattern, choices)


def _texts(doc: str, *, pattern: str = "", choices: tuple[str, ...] = ()) -> Any:
    return Key("texts", doc, (), pattern, choices)


def _words(doc: str, *, pattern: str, choices: tuple[str, ...]) -> Any:
    return Key("words", doc, _EMPTY, pattern, choices)


def _settings(doc: str) -> Any:
    return Key("settings", doc, _EMPTY)


def _table(doc: str, model: type[Table]) -> Any:
    return Key("table", doc, model(), model=model)


class ExtraSettings(Table):
    """``[tool.ftwheel.config-settings]``: config settings for the wrapped backend on only one of the two builds."""

    default: Settings = _settings("Config settings for the wrapped backend on a default build of CPython.")
    free_threaded: Settings = _settings("Config settings for the wrapped backend on a free-threaded build of CPython.")


class CheckSettings(Table):
    """``[tool.ftwheel.check]``: which rules of ``ftwheel check`` apply, and the severity of their findings."""

    select: tuple[str, ...] = _texts(
        "Codes of the rules that apply, or prefixes of codes such as `FTW4`; all when empty.", pattern=RULES
    )
    ignore: tuple[str, ...] = _texts(
        "Codes of rules that do not apply, or prefixes of codes; the longer of two matches decides.", pattern=RULES
    )
    severity: Mapping[str, str] = _words(
        "The severity of a rule's findings, by its code: `advice`, `warning` or `error`.",
        pattern=RULE,
        choices=("advice", "warning", "error"),
    )
    undeclared: tuple[str, ...] = _texts(
        "Modules that need not declare that they work without the GIL: dotted names, `*` matches anything.",
        pattern=MODULES,
    )


class VerifySettings(Table):
    """``[tool.ftwheel.verify]``: what ``ftwheel verify`` accepts, and the severity of its findings."""

    ignore: tuple[str, ...] = _texts("Codes to ignore, or prefixes of codes.", pattern=GATES)
    severity: Mapping[str, str] = _words(
        "The severity of findings, by their code: `advice`, `warning` or `error`.",
        pattern=GATE,
        choices=("advice", "warning", "error"),
    )
    baseline: str = _text("The file that `--write-baseline` wrote: the findings in it are accepted.")


class MissingSettings(Table):
    """``[tool.ftwheel.missing]``: which dependencies need not be ready, and on which targets the others have to be."""

    allow: tuple[str, ...] = _texts(
        "Projects that need not be ready: `NAME`, or `NAME==VERSION` to reconsider with the next version.",
        pattern=ALLOWED,
    )
    fail_on: tuple[str, ...] = _texts(
        "What makes `ftwheel missing` exit 1, as with `--fail-on`; `error` when empty.", choices=OUTCOMES
    )
    targets: tuple[str, ...] = _texts(
        "The targets to assess, as with `--target`: `3.14t`, `3.14t-win_amd64`.", pattern=TARGET
    )


class Config(Table):
    """``[tool.ftwheel]``, validated. Attribute names are the keys with ``_`` for ``-``."""

    build_backend: str = _text(
        "The wrapped build backend, `module` or `module:object`, as it would stand in `[build-system]`. "
        "Required where `ftwheel_build` is the build backend.",
        pattern=BACKEND,
    )
    backend_path: tuple[str, ...] = _texts(
        "Folders inside the project that hold the wrapped backend, as `backend-path` of `[build-system]`."
    )
    limited_api: str = _text(
        "What to do on a free-threaded interpreter when the project asks for the limited API. "
        "`auto`: build without it below 3.15, build `cp315-abi3.abi3t` from 3.15 on. "
        "`version-specific`: build without it on every free-threaded interpreter. "
        "`keep`: change nothing. `refuse`: stop.",
        default="auto",
        choices=("auto", "version-specific", "keep", "refuse"),
    )
    gil: str = _text(
        "What every extension module has to declare: `not-used` (it does not need the GIL), "
        "or `allow-used` (a module without the declaration is allowed, and turns the GIL on).",
        default="not-used",
        choices=("not-used", "allow-used"),
    )
    pythons: tuple[str, ...] = _texts(
        "The interpreters that wheels are built for: `3.14` is the default build, `3.14t` the free-threaded one.",
        pattern=PYTHON,
    )
    platforms: tuple[str, ...] = _texts(
        "The platform tags that wheels are built for, for example `manylinux_2_28_x86_64` or `win_amd64`.",
        pattern=PLATFORM,
    )
    stable_abi: str = _text(
        "The oldest CPython of the stable-ABI wheel (`3.9` for `cp39-abi3`), if the default wheel is one.",
        pattern=VERSION,
    )
    index_rules: str = _text(
        "The index whose upload rules apply: `pypi`, or `any` for an index that accepts every wheel.",
        default="pypi",
        choices=("pypi", "any"),
    )
    ignore: tuple[str, ...] = _texts(
        "Codes of refusals (`FTB3..`) that are printed but do not stop the build.", pattern=CODE
    )
    check: CheckSettings = _table("Which rules of `ftwheel check` apply.", CheckSettings)
    verify: VerifySettings = _table("What `ftwheel verify` accepts.", VerifySettings)
    missing: MissingSettings = _table("Which dependencies need not be ready.", MissingSettings)
    config_settings: ExtraSettings = _table(
        "Config settings for the wrapped backend on only one of the two builds.", ExtraSettings
    )


# Config settings of the wrapper itself: -C ftwheel.limited-api=keep goes before the key in pyproject.toml.
_OWN = {"ftwheel.limited-api": "limited_api", "ftwheel.ignore": "ignore"}


def name_of(attribute: str) -> str:
    """The key of an attribute."""
    return attribute.replace("_", "-")


def _wrong(where: str, found: str, wanted: str, fix: str = "") -> RefusedError:
    return RefusedError("FTB101", f"{where}: found {found}, expected {wanted}", fix=fix)


def _close(word: object, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    return next((f"did you mean {match!r}?" for match in get_close_matches(str(word), list(known), n=1)), "")


def _meant(value: str, pattern: str) -> str:
    """``did you mean '3.14t'?`` for a value of nearly the right form; empty where none is near."""
    lower = value.strip().lower()
    meant = ""
    if pattern in (PYTHON, VERSION):
        match = re.fullmatch(r"(?:c?python|cp|py)?[-_]?3\.?(\d{1,2})(?:\.\d+)?[-_]?(t*|ft|nogil)", lower)
        minor = match[1] if match else ""
        if minor[1:] == "1" and pattern == PYTHON:  # 3.41
            minor = minor[::-1]
        threads = "t" if match and match[2] and pattern == PYTHON and int(minor) > 12 else ""
        meant = f"3.{minor}{threads}" if match else ""
    elif pattern == PLATFORM:
        start = next((name for name in _SYSTEMS if lower.startswith(name)), "")
        machine = re.search(rf"(?:{_LINUX})$", lower)
        meant = _SYSTEMS[start] if start else ""
        if machine and meant.startswith("m") and start not in ("mac", "darwin"):
            meant = meant.replace("x86_64", machine[0])
        elif meant.startswith("macosx") and lower.endswith(("x86_64", "amd64", "intel")):
            meant = "macosx_10_13_x86_64"
        elif meant == "win_amd64" and "arm" in lower:
            meant = "win_arm64"
    elif re.fullmatch(pattern, value.upper(), re.ASCII):
        meant = value.upper()
    return f"did you mean {meant!r}?" if re.fullmatch(pattern, meant, re.ASCII) else ""


def after_merge(text: str) -> str:
    """What to do where a merge has left its markers in a file; empty where it has not."""
    marked = (number for number, line in enumerate(text.splitlines(), 1) if line.startswith(("<<<<<<< ", ">>>>>>> ")))
    first = next(marked, 0)
    return f"line {first} is a conflict of a merge: resolve it" if first else ""


def _one(where: str, value: object, pattern: str, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise _wrong(where, repr(value), "a string")
    if choices and value not in choices:
        raise _wrong(where, repr(value), "one of " + ", ".join(map(repr, choices)), _close(value, choices))
    if pattern and not re.fullmatch(pattern, value, re.ASCII):
        raise _wrong(where, repr(value), _WANTED[pattern], _meant(value, pattern))
    if pattern == CODE and value not in CODES:
        raise _wrong(where, repr(value), _WANTED[pattern], _close(value, CODES))
    return value


def _mapping(where: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(where, repr(value), "a table")
    return value


def _value(where: str, value: object, key: Key) -> Any:
    """One value, checked against what describes its key."""
    if key.kind == "table":
        return _model(where, value, key.model)
    if key.kind == "words":
        return {
            _one(where, name, key.pattern, ()): _one(f"{where}: {name}", word, "", key.choices)
            for name, word in _mapping(where, value).items()
        }
    if key.kind == "settings":
        found: dict[str, str | tuple[str, ...]] = {}
        for name, item in _mapping(where, value).items():
            if isinstance(item, list) and all(isinstance(text, str) for text in item):
                found[name] = tuple(item)
            elif isinstance(item, str):
                found[name] = item
            else:
                raise _wrong(f"{where}: {name}", repr(item), "a string or an array of strings")
        return found
    if key.kind == "texts":
        if not isinstance(value, list):
            raise _wrong(where, repr(value), "an array of strings")
        return tuple(_one(where, text, key.pattern, key.choices) for text in value)
    return _one(where, value, key.pattern, key.choices)


def _model(where: str, table: object, model: type[Table]) -> Any:
    """A table with the keys of a model and no others."""
    known = {name_of(name): name for name in model.keys}
    values = {}
    for key, value in _mapping(where, table).items():
        if key not in known:
            wanted = "only the keys " + ", ".join(sorted(known))
            raise _wrong(where, f"the unknown key {key!r}", wanted, _close(key, known))
        name = known[key]
        values[name] = _value(f"{where}: {key}", value, model.keys[name])
    return model(**values)


def parse(table: object, *, where: str = "[tool.ftwheel]") -> Config:
    """Validate the table; ``where`` names the file and the table in messages.

    Raises RefusedError FTB101 at the first thing that is wrong: what was found, what was wanted, "did you mean".
    """
    config: Config = _model(where, table, Config)
    return config


def _read(path: str) -> Mapping[str, Any]:
    """The whole document; raises RefusedError FTB101 when the file is missing or is not TOML."""
    from ftwheel_build.toml import loads

    try:
        with open(path, encoding="utf-8", newline="") as stream:
            text = stream.read(_MOST_CHARACTERS)
            if stream.read(1):  # a link to a device never ends
                raise RefusedError("FTB101", f"{path}: more than {_MOST_CHARACTERS:,} characters", fix="check the path")
    except OSError as error:
        raise RefusedError(
            "FTB101", f"{path}: {error.strerror or error}", fix="check the path and its permissions"
        ) from error
    except UnicodeDecodeError as error:
        raise RefusedError("FTB101", f"{path}: not valid TOML: it is not UTF-8", fix="save it as UTF-8") from error
    try:
        return loads(text)
    except ValueError as error:  # also of a number with more digits than Python reads
        fix = after_merge(text) or "correct that line"
        raise RefusedError("FTB101", f"{path}: not valid TOML: {error}", fix=fix) from error


def _parse_document(path: str, document: Mapping[str, Any]) -> Config:
    tool = document.get("tool", {})
    table = tool.get("ftwheel", {}) if isinstance(tool, Mapping) else {}
    return parse(table, where=f"{path}: [tool.ftwheel]")


def load(folder: str | os.PathLike[str]) -> tuple[Config, Mapping[str, Any]]:
    """Read ``pyproject.toml`` of a source tree whose backend is wrapped: the validated table, and the whole document.

    Raises RefusedError FTB101 when the file is missing, is not TOML, or the table is wrong or names no backend.
    """
    path = os.path.join(folder, "pyproject.toml")
    document = _read(path)
    config = _parse_document(path, document)
    if not config.build_backend:
        raise _wrong(
            f"{path}: [tool.ftwheel]",
            "no key build-backend",
            "the backend to wrap",
            'add [tool.ftwheel] with build-backend = "setuptools.build_meta", or whichever did the work before',
        )
    return config, document


def load_table(path: str | os.PathLike[str]) -> Config:
    """Read ``[tool.ftwheel]`` of a pyproject.toml for commands that need no wrapped backend: every key may be missing.

    Raises RefusedError FTB101 when the file is missing, is not TOML, or a key is wrong.
    """
    return _parse_document(os.fspath(path), _read(os.fspath(path)))


def load_missing(path: str | os.PathLike[str]) -> MissingSettings:
    """Read ``[tool.ftwheel.missing]`` of a pyproject.toml; every key may be missing.

    Raises RefusedError FTB101 as ``load_table`` does.
    """
    return _parse_document(os.fspath(path), _read(os.fspath(path))).missing


def split_settings(config: Config, given: Mapping[str, Any] | None) -> tuple[Config, dict[str, Any]]:
    """Take the wrapper's own config settings (``ftwheel.KEY``) out: the config they override, and the rest.

    scikit-build-core and meson-python reject a key they do not know, so none of ours may reach them.
    """
    own: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for key, value in (given or {}).items():
        if not key.startswith("ftwheel."):
            rest[key] = value
            continue
        where = f"config setting {key}"
        if key not in _OWN:
            raise _wrong(where, "an unknown key", "one of " + ", ".join(_OWN), _close(key, _OWN))
        name = _OWN[key]
        if Config.keys[name].kind == "texts" and isinstance(value, str):
            value = value.replace(",", " ").split()  # noqa: PLW2901 - what frontends give for a single -C
        own[name] = _value(where, value, Config.keys[name])
    return config.replace(**own), rest
