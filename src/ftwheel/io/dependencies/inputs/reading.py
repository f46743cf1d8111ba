"""Reads untrusted files: with limits on size and depth, and in any encoding that their tools write."""

from __future__ import annotations

import codecs
import json
import locale
import os
import re
import sys

from ftwheel.core.errors import InputError
from ftwheel.io.dependencies.inputs.formats import PROJECT_FILES, Table
from ftwheel.io.system.folders import near, no_folder
from ftwheel.io.system.texts import unwaiting
from ftwheel_build.config import after_merge

__all__ = [
    "LOCK_AGAIN",
    "MOST_BYTES",
    "Table",
    "read_bytes",
    "read_json",
    "read_stdin",
    "read_text",
    "read_toml",
    "shown",
]

MOST_BYTES = 64 * 1024 * 1024
"""The size limit of one input, in bytes. A lock file of a thousand projects with all files has a few million."""

LOCK_AGAIN = "fix it, or regenerate the file with the tool that wrote it"


_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, because it begins with the same BOM
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")


def shown(text: object, most: int = 100) -> str:
    """Format a piece of an input for a message: short, on one line, and without terminal control sequences."""
    line = " ".join(str(text)[:most].split())
    return line if line.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def read_bytes(path: str) -> bytes:
    """Read the whole file. Raises InputError if it cannot be read or is larger than ``MOST_BYTES``."""
    try:
        with open(path, "rb", opener=unwaiting) as file:
            body = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror})", hint=near(path) or no_folder(path) or _there(path)
        ) from None
    if len(body) > MOST_BYTES:
        raise InputError(f"{path}: more than {MOST_BYTES:,} bytes; rejected", hint="is it the right file?")
    return body


def read_stdin() -> bytes:
    """Read standard input. Raises InputError if it is larger than ``MOST_BYTES``."""
    body = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise InputError(f"standard input: more than {MOST_BYTES:,} bytes; rejected", hint="is it the right file?")
    return body


def _there(path: str) -> str:
    """The hint for a missing file: the project files in the same folder, if there are any."""
    folder = os.path.dirname(path)
    there = [name for each in PROJECT_FILES if os.path.isfile(name := os.path.join(folder, each))]
    return f"check the path; there is {', '.join(there)}" if there else "check the path"


def read_text(path: str) -> str:
    """Read a requirements file, decoded as in pip: by its BOM, its coding comment, as UTF-8, or by the locale.

    Source: pip 26.3 ``_internal/req/req_file.py`` (``_decode_req_file``). Raises InputError.
    """
    body = read_bytes(path)
    encodings = [name for mark, name in _BOMS if body.startswith(mark)][:1]
    if not encodings:
        named = (_CODING.search(line) for line in body.split(b"\n", 2)[:2] if line.startswith(b"#"))
        encodings = [match[1].decode("ascii") for match in named if match] or ["utf-8", locale.getencoding()]
    for encoding in encodings:
        try:
            text = body.decode(encoding)
        except (UnicodeError, LookupError):
            continue
        if "\0" in text:
            break
        return text
    tried = " or ".join(dict.fromkeys(encoding.upper() for encoding in encodings))
    raise InputError(f"{path}: not text in {tried}", hint="save it as UTF-8")


def read_toml(path: str) -> Table:
    """Read a TOML file. Raises InputError, with the line, if it is not valid."""
    from ftwheel_build.toml import loads

    body = read_bytes(path)
    try:
        return loads(body.decode().removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
    except UnicodeDecodeError:
        raise InputError(f"{path}: not valid TOML: it is not UTF-8", hint="save it as UTF-8") from None
    except ValueError as error:
        raise InputError(
            f"{path}: not valid TOML ({shown(error, 200)})",
            hint=after_merge(body.decode()) or "correct that line, or make the file again",
        ) from None
    except RecursionError:
        raise InputError(
            f"{path}: tables or arrays are nested too deeply; rejected", hint="is it the right file?"
        ) from None


def read_json(path: str, body: bytes | None = None) -> object:
    """Parse a JSON file, or ``body`` if it was already read from ``path``. Raises InputError if it is not valid."""
    text = read_bytes(path) if body is None else body
    if not text.strip():
        raise InputError(f"{path}: is empty, expected JSON", hint="did the command that writes it fail?")
    try:
        return json.loads(text)
    except (UnicodeDecodeError, ValueError) as error:
        hint = after_merge(text.decode("utf-8", "replace")) or LOCK_AGAIN
        raise InputError(f"{path}: not valid JSON ({shown(error, 200)})", hint=hint) from None
    except RecursionError:
        raise InputError(
            f"{path}: objects or arrays are nested too deeply; rejected", hint="is it the right file?"
        ) from None


def name_of(path: str) -> str:
    """The last component of a path, in lower case."""
    return os.path.basename(path).lower()
