"""The ``[tool.ftwheel]`` table of pyproject.toml: one model, read by the build backend and by the ``ftwheel`` command.

The JSON schema for editors and the table in docs/configuration.md are made from the fields' metadata
(``ftwheel_build.schema``), so a key is described here and nowhere else.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Union

from ftwheel_build.errors import CODES, RefusedError

__all__ = [
    "OWN_SETTINGS",
    "CheckSettings",
    "Config",
    "ExtraSettings",
    "Settings",
    "load",
    "load_check",
    "parse",
    "split_settings",
]

Settings = Mapping[str, Union[str, "tuple[str, ...]"]]  # config settings: what -C KEY=VALUE gives
_KEYWORDS: dict[str, bool] = {"slots": True, "kw_only": True} if sys.version_info >= (3, 10) else {}

BACKEND = r"[A-Za-z_]\w*(\.\w+)*(:[A-Za-z_]\w*(\.\w+)*)?"
PYTHON = r"3\.\d{1,2}t?"
VERSION = r"3\.\d{1,2}"
PLATFORM = r"[a-z0-9_]+"
CODE = r"FTB\d{3}"
RULES = r"FTW\d{0,3}"
RULE = r"FTW\d{3}"
MODULES = r"[\w.*?\[\]!-]+"
SEVERITIES = ("advice", "warning", "error")


def _key(doc: str, *, default: Any = "", pattern: str = "", choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"doc": doc, "pattern": pattern, "choices": choices})


@dataclass(frozen=True, **_KEYWORDS)
class ExtraSettings:
    """``[tool.ftwheel.config-settings]``: what the wrapped backend is told on one of the two builds only."""

    default: Settings = field(
        default_factory=dict,
        metadata={"doc": "Config settings for the wrapped backend on a default build of CPython."},
    )
    free_threaded: Settings = field(
        default_factory=dict,
        metadata={"doc": "Config settings for the wrapped backend on a free-threaded build of CPython."},
    )


@dataclass(frozen=True, **_KEYWORDS)
class CheckSettings:
    """``[tool.ftwheel.check]``: which rules of ``ftwheel check`` apply, and how much their findings weigh."""

    select: tuple[str, ...] = _key(
        "Codes of the rules that apply, or beginnings of codes such as `FTW4`; all when empty.",
        default=(),
        pattern=RULES,
    )
    ignore: tuple[str, ...] = _key(
        "Codes of rules that do not apply, or beginnings of codes; the longer of two that fit decides.",
        default=(),
        pattern=RULES,
    )
    severity: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"doc": "The severity of a rule's findings, by its code: `advice`, `warning` or `error`."},
    )
    undeclared: tuple[str, ...] = _key(
        "Modules that need not declare that they work without the GIL: dotted names, `*` stands for anything.",
        default=(),
        pattern=MODULES,
    )


@dataclass(frozen=True, **_KEYWORDS)
class Config:
    """``[tool.ftwheel]``, validated. Attribute names are the keys with ``_`` for ``-``."""

    build_backend: str = _key(
        "The wrapped build backend, `module` or `module:object`, as it would stand in `[build-system]`.",
        pattern=BACKEND,
    )
    backend_path: tuple[str, ...] = _key(
        "Folders inside the project that hold the wrapped backend, as `backend-path` of `[build-system]`.", default=()
    )
    limited_api: str = _key(
        "What to do on a free-threaded interpreter when the project asks for the limited API. "
        "`auto`: build without it below 3.15, build `cp315-abi3.abi3t` from 3.15 on. "
        "`version-specific`: build without it on every free-threaded interpreter. "
        "`keep`: change nothing. `refuse`: stop.",
        default="auto",
        choices=("auto", "version-specific", "keep", "refuse"),
    )
    gil: str = _key(
        "What every extension module has to declare: `not-used` (it does not need the GIL), "
        "or `allow-used` (a module may leave it undeclared, and turns the GIL on).",
        default="not-used",
        choices=("not-used", "allow-used"),
    )
    pythons: tuple[str, ...] = _key(
        "The interpreters that wheels are made for: `3.14` is the default build, `3.14t` the free-threaded one.",
        default=(),
        pattern=PYTHON,
    )
    platforms: tuple[str, ...] = _key(
        "The platform tags that wheels are made for, for example `manylinux_2_28_x86_64` or `win_amd64`.",
        default=(),
        pattern=PLATFORM,
    )
    stable_abi: str = _key(
        "The oldest CPython of the stable-ABI wheel (`3.9` for `cp39-abi3`), if the default half is one.",
        pattern=VERSION,
    )
    ignore: tuple[str, ...] = _key(
        "Codes of refusals (`FTB3..`) that are printed and do not stop the build.", default=(), pattern=CODE
    )
    check: CheckSettings = field(
        default_factory=CheckSettings,
        metadata={"doc": "Which rules of `ftwheel check` apply."},
    )
    config_settings: ExtraSettings = field(
        default_factory=ExtraSettings,
        metadata={"doc": "Config settings for the wrapped backend that hold for one of the two builds only."},
    )


# Config settings of the wrapper itself: -C ftwheel.limited-api=keep goes before the key in pyproject.toml.
OWN_SETTINGS = ("limited-api", "ignore")


def name_of(attribute: str) -> str:
    """The key of an attribute."""
    return attribute.replace("_", "-")


def _wrong(where: str, found: str, wanted: str, fix: str = "") -> RefusedError:
    return RefusedError("FTB101", f"{where}: found {found}, wanted {wanted}", fix=fix)


def _close(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    return next((f"did you mean {match!r}?" for match in get_close_matches(word, list(known), n=1)), "")


def _text(where: str, value: object, pattern: str, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str):
        raise _wrong(where, repr(value), "a string")
    if choices and value not in choices:
        raise _wrong(where, repr(value), "one of " + ", ".join(map(repr, choices)), _close(value, choices))
    if pattern == CODE and not (value in CODES and value.startswith("FTB3")):
        known = [code for code in CODES if code.startswith("FTB3")]
        raise _wrong(where, repr(value), "a code of a finished wheel, FTB3..", _close(value, known))
    if pattern and not re.fullmatch(pattern, value, re.ASCII):
        raise _wrong(where, repr(value), _WANTED.get(pattern, f"text like {pattern}"))
    return value


_WANTED = {
    BACKEND: "module or module:object, for example 'setuptools.build_meta'",
    PYTHON: "a version such as '3.14' or '3.14t'",
    VERSION: "a version such as '3.9'",
    PLATFORM: "a platform tag such as 'manylinux_2_28_x86_64'",
    RULES: "a rule of ftwheel check or the beginning of its code, for example 'FTW401' or 'FTW4'",
    RULE: "the code of a rule of ftwheel check, for example 'FTW401'",
    MODULES: "the dotted name of a module, for example 'pkg._ext' or 'pkg.*'",
}


def _table(where: str, value: object, known: Iterable[str]) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _wrong(where, repr(value), "a table")
    for key in value:
        if key not in known:
            wanted = "only the keys " + ", ".join(sorted(known))
            raise _wrong(where, f"the unknown key {key!r}", wanted, _close(str(key), known))
    return value


def _settings(where: str, value: object) -> Settings:
    if not isinstance(value, Mapping):
        raise _wrong(where, repr(value), "a table of strings or arrays of strings")
    found: dict[str, str | tuple[str, ...]] = {}
    for key, item in value.items():
        if isinstance(item, str):
            found[key] = item
        elif isinstance(item, list) and all(isinstance(text, str) for text in item):
            found[key] = tuple(item)
        else:
            raise _wrong(f"{where}: {key}", repr(item), "a string or an array of strings")
    return found


def _array(where: str, value: object, pattern: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _wrong(where, repr(value), "an array of strings")
    return tuple(_text(where, text, pattern, ()) for text in value)


def _check(where: str, table: object) -> CheckSettings:
    known = {name_of(item.name): item for item in fields(CheckSettings)}
    values: dict[str, Any] = {}
    for key, value in _table(where, table, known).items():
        place = f"{where}: {key}"
        if key == "severity":
            if not isinstance(value, Mapping):
                raise _wrong(place, repr(value), "a table")
            values[key] = {
                _text(place, code, RULE, ()): _text(f"{place}: {code}", word, "", SEVERITIES)
                for code, word in value.items()
            }
        else:
            values[known[key].name] = _array(place, value, known[key].metadata["pattern"])
    return CheckSettings(**values)


def parse(table: object, *, where: str = "[tool.ftwheel]") -> Config:
    """Validate the table; ``where`` names the file and the table in messages.

    Raises RefusedError FTB101 at the first thing that is wrong: what was found, what was wanted, "did you mean".
    """
    known = {name_of(item.name): item for item in fields(Config)}
    values: dict[str, Any] = {}
    for key, value in _table(where, table, known).items():
        item, place = known[key], f"{where}: {key}"
        if item.name == "config_settings":
            halves = {name_of(half.name): half.name for half in fields(ExtraSettings)}
            values[item.name] = ExtraSettings(
                **{
                    halves[half]: _settings(f"{place}: {half}", extra)
                    for half, extra in _table(place, value, halves).items()
                }
            )
        elif item.name == "check":
            values[item.name] = _check(place, value)
        elif item.default == ():
            values[item.name] = _array(place, value, item.metadata["pattern"])
        else:
            values[item.name] = _text(place, value, item.metadata["pattern"], item.metadata["choices"])
    if "build_backend" not in values:
        raise _wrong(
            where, "no key build-backend", "the backend to wrap", 'add build-backend = "setuptools.build_meta"'
        )
    return Config(**values)


def _read(path: str) -> Mapping[str, Any]:
    """The whole document; raises RefusedError FTB101 when the file is missing or is not TOML."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        with open(path, "rb") as stream:
            document: Mapping[str, Any] = tomllib.load(stream)
    except OSError as error:
        raise RefusedError("FTB101", f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RefusedError("FTB101", f"{path}: not valid TOML: {error}") from error
    return document


def load(folder: str | os.PathLike[str]) -> tuple[Config, Mapping[str, Any]]:
    """Read ``pyproject.toml`` of a source tree: the validated table, and the whole document.

    Raises RefusedError FTB101 when the file is missing, is not TOML, or the table is missing or wrong.
    """
    path = os.path.join(folder, "pyproject.toml")
    document = _read(path)
    tool = document.get("tool", {})
    if not isinstance(tool, Mapping) or "ftwheel" not in tool:
        raise RefusedError(
            "FTB101",
            f"{path}: found no table [tool.ftwheel], wanted one that names the wrapped backend",
            fix='add [tool.ftwheel] with build-backend = "setuptools.build_meta"',
        )
    return parse(tool["ftwheel"], where=f"{path}: [tool.ftwheel]"), document


def load_check(path: str | os.PathLike[str]) -> tuple[CheckSettings, bool]:
    """Read ``[tool.ftwheel.check]`` of a pyproject.toml, and whether ``gil`` is ``allow-used``.

    A project may check its wheels without wrapping its backend, so every key may be missing. Raises RefusedError
    FTB101 when the file is missing, is not TOML, or a key is wrong.
    """
    tool = _read(os.fspath(path)).get("tool", {})
    table = tool.get("ftwheel", {}) if isinstance(tool, Mapping) else {}
    where = f"{os.fspath(path)}: [tool.ftwheel]"
    if isinstance(table, Mapping) and "build-backend" not in table:
        table = {"build-backend": "unset", **table}
    config = parse(table, where=where)
    return config.check, config.gil == "allow-used"


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
        name, where = key[len("ftwheel.") :], f"config setting {key}"
        if name not in OWN_SETTINGS:
            raise _wrong(
                where, f"the unknown key {name!r}", "one of " + ", ".join(OWN_SETTINGS), _close(name, OWN_SETTINGS)
            )
        item = next(item for item in fields(Config) if name_of(item.name) == name)
        pattern, choices = item.metadata["pattern"], item.metadata["choices"]
        if item.default == ():
            texts = value if isinstance(value, list) else str(value).replace(",", " ").split()
            own[item.name] = tuple(_text(where, text, pattern, choices) for text in texts)
        else:
            own[item.name] = _text(where, value, pattern, choices)
    if own:
        from dataclasses import replace

        config = replace(config, **own)
    return config, rest
