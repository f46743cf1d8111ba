"""Parses the file name of an extension module: its suffix, its name, and its init functions.

Sources: ``importlib.machinery.EXTENSION_SUFFIXES`` of CPython 3.9 to 3.15, PEP 489 and PEP 793 for the init
functions. The build backend has its own parser, because it must not import this package; a test compares the two.
"""

from __future__ import annotations

import enum
import re

from ftwheel.core.named_tuples import NamedTuple

__all__ = ["Suffix", "SuffixAbi", "init_names_for", "module_name", "parse_suffix"]


class SuffixAbi(enum.Enum):
    """The ABI that the suffix of a file name promises, as in ``importlib.machinery.EXTENSION_SUFFIXES``."""

    DEFAULT = "default"  # .cpython-313-x86_64-linux-gnu.so, .cp313-win_amd64.pyd
    FREE_THREADED = "free-threaded"  # .cpython-313t-darwin.so, .cp313t-win_amd64.pyd
    STABLE_ABI = "abi3"  # .abi3.so; from 3.15 on also .abi3-x86_64-linux-gnu.so, .abi3-darwin.so
    STABLE_ABI_T = "abi3t"  # .abi3t.so, .abi3t-x86_64-linux-gnu.so
    PLAIN = "plain"  # .so, .pyd: every build loads it
    OTHER = "other"  # for another implementation, or not a suffix that CPython looks for


class Suffix(NamedTuple):
    """The suffix of a file name, parsed.

    ``version`` is ``(3, 13)`` if the suffix names one; ``platform`` is in the suffix's own spelling
    (``x86_64-linux-gnu``, ``darwin``, ``win_amd64``), empty if it names none.
    """

    text: str
    abi: SuffixAbi
    version: tuple[int, int] | None = None
    debug: bool = False
    platform: str = ""


_CPYTHON = re.compile(r"(?:cpython-|cp)(\d)(\d+)(t?)(d?)m?u?(?:-([A-Za-z0-9_-]+))?")
_STABLE = re.compile(r"abi3(t?)(?:-([A-Za-z0-9_-]+))?")


def _split(path: str) -> tuple[str, str, str]:
    """Folder, stem and suffix; the stem ends at the first dot, as in the import system."""
    folder, _, base = path.replace("\\", "/").rpartition("/")
    stem, dot, rest = base.partition(".")
    return folder, stem, dot + rest


def parse_suffix(path: str) -> Suffix:
    """Parse the suffix of a file name (``EXTENSION_SUFFIXES`` of CPython on the three platforms).

    A debug build's Windows name (``spam_d.cp313-win_amd64.pyd``) counts as ``debug``.
    """
    _, stem, text = _split(path)
    tag, dot, extension = text[1:].rpartition(".")
    if extension not in {"so", "pyd"}:
        return Suffix(text=text, abi=SuffixAbi.OTHER)
    debug = extension == "pyd" and stem.endswith("_d")
    if not dot:
        return Suffix(text=text, abi=SuffixAbi.PLAIN, debug=debug)
    if found := _CPYTHON.fullmatch(tag):
        major, minor, threads, flag, platform = found.groups()
        return Suffix(
            text=text,
            abi=SuffixAbi.FREE_THREADED if threads else SuffixAbi.DEFAULT,
            version=(int(major), int(minor)),
            debug=debug or bool(flag),
            platform=platform or "",
        )
    if extension == "so" and (found := _STABLE.fullmatch(tag)):  # Windows only looks for .pyd
        return Suffix(
            text=text,
            abi=SuffixAbi.STABLE_ABI_T if found[1] else SuffixAbi.STABLE_ABI,
            platform=found[2] or "",
        )
    return Suffix(text=text, abi=SuffixAbi.OTHER)


def module_name(path: str) -> str:
    """The last component of the file's import name; ``pkg/__init__.so`` is ``pkg``."""
    folder, stem, text = _split(path)
    if stem == "__init__" and folder:
        return folder.rpartition("/")[2]
    if text.endswith(".pyd") and parse_suffix(path).debug and stem.endswith("_d"):
        return stem.removesuffix("_d")
    return stem


def init_names_for(name: str) -> tuple[str, ...]:
    """The init functions the import system tries for a module, in order (PEP 489, PEP 793).

    A non-ASCII name is encoded in punycode, with ``U`` after the prefix.
    """
    if name.isascii():
        return f"PyModExport_{name}", f"PyInit_{name}"
    encoded = name.encode("punycode").decode("ascii").replace("-", "_")
    return f"PyModExportU_{encoded}", f"PyInitU_{encoded}"
