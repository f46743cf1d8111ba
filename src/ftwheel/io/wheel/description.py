"""Decide whether PyPI can render a description: it rejects a file whose description it cannot render.

Of PyPI's three formats, only reStructuredText can be invalid. PyPI renders it with docutils and rejects anything that
causes a warning (readme-renderer 45, ``rst.py``; ``warehouse/forklift/legacy.py`` of 2026-08-21). This module renders
it with docutils, too.
"""

from __future__ import annotations

import functools
import io
import re
from typing import Any

from ftwheel.core.release.index_acceptance import UNTOLD
from ftwheel.core.release.index_metadata import description_of

__all__ = ["description_problem"]

_MOST_CHARACTERS = 200_000  # docutils reads 30,000 per second if every line is a separate construct
_MESSAGE = re.compile(r"<string>:(\d*): \(\w+/\d\) (.*)")  # line, level and problem
_ROLE = re.compile("role ?::", re.IGNORECASE)
# PyPI's settings that affect warnings; nothing is read from configuration files
_SETTINGS = {
    "_disable_config": True,
    "file_insertion_enabled": False,
    "halt_level": 2,
    "math_output": "MathJax /nowhere.js",
    "raw_enabled": False,
    "report_level": 5,
    "smart_quotes": True,
    "strip_comments": True,
    "doctitle_xform": False,
    "sectsubtitle_xform": False,
    "syntax_highlight": "short",
}


def description_problem(metadata: str) -> str:
    """What PyPI would reject in the description in METADATA or PKG-INFO; "" if it renders.

    The answer begins with ``UNTOLD`` if rendering was not attempted.
    """
    text, content_type = description_of(metadata)
    if not text or content_type == "text/plain":
        return ""
    if not text.strip():
        return "the description is blank"
    if content_type != "text/x-rst":
        return ""
    if len(text) > _MOST_CHARACTERS:
        return f"{UNTOLD} the description can be rendered: it has {len(text):,} characters, too many to try"
    return _rst_problem(text)


@functools.lru_cache(maxsize=4)  # the wheels of a release share one description
def _rst_problem(text: str) -> str:
    from docutils.core import publish_parts
    from docutils.utils import SystemMessage
    from docutils.writers.html5_polyglot import HTMLTranslator, Writer

    writer = Writer()
    writer.translator_class = type("Translator", (HTMLTranslator,), {"read_size_with_PIL": _no_size})
    settings: dict[str, Any] = {**_SETTINGS, "warning_stream": io.StringIO()}
    if not _ROLE.search(text):  # only a role for code can fail for its language; colours are not needed
        settings["syntax_highlight"] = "none"
    try:
        parts = publish_parts(text, writer=writer, settings_overrides=settings)
    except SystemMessage as error:
        said = _MESSAGE.match(str(error))
        assert said is not None
        where = f"line {said[1]} of the description" if said[1] else "the description"
        return f"{where} is not valid reStructuredText: {said[2]}"
    except RecursionError:
        return "the description is nested too deeply to be rendered"
    return "" if parts["docinfo"] or parts["fragment"] else "nothing is left of the description when it is rendered"


def _no_size(translator: object, node: object) -> None:
    """Skip reading image sizes: images may not exist as files here, and PyPI does not read them either."""
