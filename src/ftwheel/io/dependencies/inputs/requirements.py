"""Reads requirements files as pip does: includes, constraints, options, hashes, line continuations, variables.

Source: pip 26.3 ``_internal/req/req_file.py`` and its documentation, "Requirements File Format". pip also reads files
from URLs; nothing is fetched here, and such an include is an error.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ftwheel.core.dependencies.inputs import Dependencies, IndexOptions
from ftwheel.core.errors import InputError
from ftwheel.core.suggestions import did_you_mean
from ftwheel.io.dependencies.inputs.entries import Entries
from ftwheel.io.dependencies.inputs.reading import read_text, shown
from ftwheel.io.system.folders import from_here, near
from ftwheel_build.config import after_merge

__all__ = ["read_constraints", "read_requirements"]

_COMMENT = re.compile(r"(^|\s+)#.*$")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_ADDRESS = re.compile(r"(?:https?|ftp|file):", re.IGNORECASE)
_MOST_FILES = 200  # including included ones
_MOST_HASHES = 1000  # of one requirement
_SHORT = {"-r": "--requirement", "-c": "--constraint", "-e": "--editable", "-i": "--index-url", "-f": "--find-links"}
_VALUED = frozenset({
    "--requirement", "--constraint", "--editable", "--index-url", "--pypi-url", "--extra-index-url", "--find-links",
    "--no-binary", "--only-binary", "--trusted-host", "--use-feature", "--hash", "--config-settings",
    "--config-setting", "--global-option",
})  # fmt: skip
_FLAGS = frozenset({"--no-index", "--prefer-binary", "--require-hashes", "--pre", "--always-unzip"})
_PER_REQUIREMENT = frozenset({"--hash", "--config-settings", "--config-setting", "--global-option"})

Option = tuple[str, str]


@dataclass(slots=True)
class _Reader:
    wanted: Entries = field(default_factory=Entries)
    constraints: Entries = field(default_factory=Entries)
    options: IndexOptions = field(default_factory=IndexOptions)
    roots: list[str] = field(default_factory=list)
    files: int = 0

    def file(self, path: str, *, constraint: bool, within: tuple[str, ...]) -> None:
        """Read one file and everything it includes; ``within`` is the chain of files that include it."""
        real = os.path.realpath(path)
        if real in within:
            raise InputError(
                f"{path}: includes itself, through {os.path.basename(within[-1])}", hint="remove one of the -r lines"
            )
        self.files += 1
        if self.files > _MOST_FILES:
            raise InputError(f"{path}: more than {_MOST_FILES} files are included; rejected", hint="include fewer")
        shown_path = from_here(path)
        text = read_text(path)
        if conflict := after_merge(text):
            raise InputError(f"{shown_path}: not a requirements file", hint=conflict)
        for number, line in _lines(text):
            self._line(line, f"{shown_path}:{number}", path, constraint=constraint, within=(*within, real))

    def _line(self, line: str, origin: str, path: str, *, constraint: bool, within: tuple[str, ...]) -> None:
        text, options = _split(line, origin)
        if text:
            hashes = [_hash(value, origin) for option, value in options if option == "--hash"]
            if len(hashes) > _MOST_HASHES:
                raise InputError(f"{origin}: more than {_MOST_HASHES} hashes; rejected", hint="is it the right file?")
            if other := next((option for option, _ in options if option not in _PER_REQUIREMENT), ""):
                raise InputError(f"{origin}: {other} does not belong to a requirement", hint="put it on its own line")
            entries = self.constraints if constraint else self.wanted
            name = entries.add(text, origin, hashes=hashes)
            if not constraint:
                self.roots.append(name)
            return
        for option, value in options:
            if option in {"--requirement", "--constraint"}:
                if _ADDRESS.match(value):
                    raise InputError(f"{origin}: includes a URL, which is not followed", hint="download it first")
                included = os.path.join(os.path.dirname(path), value)
                if not os.path.isfile(included):
                    raise InputError(
                        f"{origin}: {shown(value)}: no such file", hint=near(included) or "is the path right?"
                    )
                self.file(included, constraint=option == "--constraint", within=within)
            elif option == "--editable":
                self.wanted.leave(self._editable(value), origin)
            else:
                self._option(option, value)

    def _editable(self, place: str) -> str:
        probe = Entries()
        return probe.add(place if "/" in place or ":" in place or place == "." else f"./{place}", "")

    def _option(self, option: str, value: str) -> None:
        options = self.options
        match option:
            case "--index-url" | "--pypi-url":
                self.options = replace(options, index_url=value)
            case "--extra-index-url":
                self.options = replace(options, extra_index_urls=(*options.extra_index_urls, value))
            case "--find-links":
                self.options = replace(options, find_links=(*options.find_links, value))
            case "--no-index":
                self.options = replace(options, no_index=True)
            case "--pre":
                self.options = replace(options, prereleases=True)
            case "--prefer-binary":
                self.options = replace(options, prefer_binary=True)
            case "--no-binary" | "--only-binary":
                self.options = replace(options, formats=(*options.formats, (option.removeprefix("--"), value)))
            case _:
                return  # options that do not affect the selection


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The logical lines with their first line number: continuations joined, comments removed, variables expanded."""
    parts: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start if parts else number
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            parts.append(line[:-1])
            continue
        # a comment line ends a continuation, and the space keeps it a comment
        parts.append(f" {line}" if is_comment and parts else line)
        yield from _joined(start, parts)
        parts = []
    yield from _joined(start, parts)


def _joined(number: int, parts: list[str]) -> Iterator[tuple[int, str]]:
    line = _COMMENT.sub("", "".join(parts)).strip()
    if line:
        yield number, _VARIABLE.sub(lambda match: os.environ.get(match[1]) or match[0], line)


def _split(line: str, origin: str) -> tuple[str, list[Option]]:
    """Split a line into its requirement, empty if there is none, and its options."""
    words = line.split(" ")
    first = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    text = " ".join(words[:first]).strip()
    try:
        rest = shlex.split(" ".join(words[first:]))
    except ValueError as error:
        raise InputError(f"{origin}: cannot be parsed ({error})", hint="is a quotation mark missing?") from None
    options: list[Option] = []
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if not word.startswith("--"):
            option, value = word[:2], word[2:].removeprefix("=")
            equals = value
        option = _SHORT.get(option, option)
        if option in _FLAGS and not equals:
            options.append((option, ""))
            continue
        if option not in _VALUED:
            raise InputError(
                f"{origin}: {shown(word)} is not an option of a requirements file",
                hint=did_you_mean(option, (*_VALUED, *_FLAGS)) or "pass it to ftwheel missing on the command line",
            )
        if not equals:
            if not rest:
                raise InputError(f"{origin}: {option} needs a value", hint=f"write it after the option: {option} VALUE")
            value = rest.pop(0)
        options.append((option, value))
    return text, options


def _hash(value: str, origin: str) -> tuple[str, str]:
    algorithm, colon, digest = value.partition(":")
    if not colon or not re.fullmatch(r"[0-9a-fA-F]+", digest):
        raise InputError(f"{origin}: {shown(value)} is not a hash", hint="expected --hash=sha256:DIGEST")
    return algorithm, digest.lower()


def read_requirements(path: str) -> Dependencies:
    """Read a requirements file and everything it includes.

    Raises InputError, with file and line, for an unreadable file, an include cycle, an unknown option or an invalid
    requirement.
    """
    return _read(path, constraint=False)


def read_constraints(path: str) -> Dependencies:
    """Read a constraints file, as for ``pip -c``: it requires nothing and has no label. Raises InputError as above."""
    return replace(_read(path, constraint=True), label="")


def _read(path: str, *, constraint: bool) -> Dependencies:
    reader = _Reader()
    reader.file(path, constraint=constraint, within=())
    return Dependencies(
        label=path,
        resolved=False,
        wanted=tuple(reader.wanted.wanted),
        constraints=tuple(reader.constraints.wanted),
        roots=tuple(dict.fromkeys(name for name in reader.roots if name)),
        options=reader.options,
        set_aside=(*reader.wanted.set_aside, *reader.constraints.set_aside),
    )
