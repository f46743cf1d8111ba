"""Render the texts in reStructuredText on standard input as PyPI does, and say on standard output what is wrong.

``description`` runs ``main`` in a process of its own, because a short text can keep docutils busy for hours. The limits
on processor time and memory are this process's own.
"""

from __future__ import annotations

import gc
import io
import json
import math
import re
import sys
from types import ModuleType

TYPE_CHECKING = False  # type checkers take it as true; docutils does without typing
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from docutils import nodes

__all__ = ["SECONDS", "main", "rst_problem"]

SECONDS = 5  # of the processor
_MEMORY = 256 << 20  # bytes of data
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


def main() -> None:
    """Answer each text, preceded by a line with its length in bytes, with a line of JSON: the problem, and the failure.

    One of the two is "", or both are. The limit on time is for each text.
    """
    gc.set_threshold(50_000)  # the modules of docutils have no garbage, most documents little
    _leave_out_unused()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while length := source.readline():
        _set_limits()
        problem = failure = ""
        try:
            problem = rst_problem(source.read(int(length)).decode())
        except (Exception, MemoryError) as error:  # noqa: BLE001 - docutils fails on some texts in its own way
            failure = f"docutils fails on it with {type(error).__name__}"
        sink.write(json.dumps((problem, failure)).encode() + b"\n")
        sink.flush()


def rst_problem(text: str) -> str:
    """What PyPI would reject in this description; "" if it renders."""
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
        where = f"line {said[1]} of the description" if said and said[1] else "the description"
        return f"{where} is not valid reStructuredText: {said[2] if said else error}"
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
    members = {"read_size_with_PIL": _no_size, "uri2path": _no_file, "uri2imagepath": _no_file}
    writer.translator_class = type("Translator", (HTMLTranslator,), members)
    parts: dict[str, str] = publish_parts(text, writer=writer, settings_overrides=settings)
    return parts["docinfo"] + parts["fragment"]


def _no_size(translator: object, node: object) -> None:
    """Skip reading image sizes: images may not exist as files here, and PyPI does not read them either."""


def _no_file(translator: object, uri: str) -> str:
    """Embed no file (``:loading: embed``): a description must not read this machine's, and PyPI does not have them."""
    raise FileNotFoundError(f"no file {uri}")


def _leave_out_unused() -> None:
    """Replace the modules that docutils imports for what no description gets to use: URLs, and a dump of the settings.

    Loading these, with HTTP, TLS and temporary files, takes half as long as loading docutils.
    """
    for name, contents in (
        ("urllib.request", {"urlopen": _refuse, "url2pathname": _refuse}),
        ("urllib.error", {"URLError": OSError}),
        ("pprint", {}),
    ):
        module = ModuleType(name)
        vars(module).update(contents)
        sys.modules[name] = module


def _refuse(url: str) -> NoReturn:
    raise OSError(f"a description may not open {url}")


def _set_limits() -> None:
    try:
        import resource
    except ImportError:  # on Windows, where the parent process has a time limit
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = math.ceil(used.ru_utime + used.ru_stime) + SECONDS
    for kind, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_DATA, _MEMORY)):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
