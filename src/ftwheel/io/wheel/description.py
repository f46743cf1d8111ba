"""Decide whether PyPI can render a description: it rejects a file whose description it cannot render.

Of PyPI's three formats, only reStructuredText can be invalid. PyPI renders it with docutils and rejects anything that
causes a warning (readme-renderer 45, ``rst.py``; ``warehouse/forklift/legacy.py`` of 2026-08-21). This module renders
it with docutils, too.
"""

from __future__ import annotations

import functools
import io
import re
from typing import TYPE_CHECKING, Any

from ftwheel.core.release.index_acceptance import UNTOLD
from ftwheel.core.release.index_metadata import description_of

if TYPE_CHECKING:
    from docutils import nodes

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
# nodes of the document whose rendering cannot fail, but for some images
_PLAIN_NAMES = (
    "Text admonition attention block_quote bullet_list caption caution colspec comment danger definition"
    " definition_list definition_list_item doctest_block document emphasis entry enumerated_list error field"
    " field_body field_list field_name figure footnote footnote_reference generated hint image important"
    " inline label legend line line_block list_item literal literal_block note paragraph reference row section"
    " strong subscript substitution_definition superscript system_message table target tbody term tgroup thead"
    " tip title title_reference topic transition warning"
)
_PLAIN = frozenset(_PLAIN_NAMES.split())


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
    from docutils.core import publish_doctree
    from docutils.utils import SystemMessage

    settings: dict[str, Any] = {**_SETTINGS, "warning_stream": io.StringIO()}
    if not _ROLE.search(text):  # only a role for code can fail for its language; colours are not needed
        settings["syntax_highlight"] = "none"
    try:
        if _renders(publish_doctree(text, settings_overrides={**settings, "smart_quotes": False})):
            return ""
        return "" if _rendered(text, settings) else "nothing is left of the description when it is rendered"
    except SystemMessage as error:
        said = _MESSAGE.match(str(error))
        assert said is not None
        where = f"line {said[1]} of the description" if said[1] else "the description"
        return f"{where} is not valid reStructuredText: {said[2]}"
    except RecursionError:
        return "the description is nested too deeply to be rendered"


def _renders(document: nodes.document) -> bool:
    """Whether this document certainly becomes HTML that is not empty, so that the writer need not be loaded and run.

    Of the writer's methods for ``_PLAIN`` nodes, only that for images can fail, where the image is to be embedded, and
    sections and paragraphs always leave an element (docutils 0.22 to 0.23, ``writers/_html_base.py``). Smart quotes
    fail only for a language that they do not know, which a class names.
    """
    from docutils import nodes

    if not any(isinstance(child, (nodes.section, nodes.paragraph)) for child in document.children):
        return False
    for node in document.findall():
        if type(node).__name__ not in _PLAIN:
            return False
        if isinstance(node, nodes.Element):
            if any(name.startswith("language-") for name in node.get("classes", ())):
                return False
            if isinstance(node, nodes.image) and ("loading" in node or "[" in node["uri"]):
                return False
    return True


def _rendered(text: str, settings: dict[str, Any]) -> str:
    """The HTML of the description; raises SystemMessage at the first warning."""
    from docutils.core import publish_parts
    from docutils.writers.html5_polyglot import HTMLTranslator, Writer

    writer = Writer()
    writer.translator_class = type("Translator", (HTMLTranslator,), {"read_size_with_PIL": _no_size})
    parts: dict[str, str] = publish_parts(text, writer=writer, settings_overrides=settings)
    return parts["docinfo"] + parts["fragment"]


def _no_size(translator: object, node: object) -> None:
    """Skip reading image sizes: images may not exist as files here, and PyPI does not read them either."""
