"""Most descriptions are judged without docutils' HTML writer: the answer is the one that it gives."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import docutils
import pytest
from docutils.core import publish_parts
from docutils.utils import SystemMessage

from ftwheel.io.wheel import description
from ftwheel.io.wheel.description import description_problem
from ftwheel.io.wheel.description_worker import rst_problem

TEXTS = (
    "*Emphasis*, ``code``, `a link <https://example.org>`_, |a|.\n\n.. |a| image:: a.png\n   :target: https://example.org\n",
    "Title\n=====\n\n- a list\n\n  - inside another\n\n1. numbered\n",
    "term\n  what it is\n\n:field: value\n\n====  ===\nA     B\n====  ===\na     b\n====  ===\n",
    "Text [#]_\n\n.. [#] A note.\n\n.. note:: careful\n\n.. figure:: a.png\n   :width: 50%\n\n   A caption.\n",
    ".. contents::\n\nOne\n---\n\n.. code:: python\n\n   x = 1\n",
    ".. image:: a.svg\n   :loading: embed\n",
    'A paragraph.\n\n.. class:: language-tlh\n\n"quoted"\n',
    'A paragraph.\n\n.. class:: language-de\n\n"quoted"\n',
    "A paragraph.\n\n.. math::\n\n   x^2\n",
    ":Author: somebody\n",
    ".. |a| replace:: b\n",
    ".. a comment\n",
    ".. include:: a.rst\n",
    "Title\n====\n",
    "An unknown_ target.\n",
    ".. meta::\n   :a: b\n",
    "* * *\n",
)


def rendered(text: str) -> bool:
    """Whether docutils renders it with PyPI's settings, without a warning and to something."""
    settings = {
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
        "warning_stream": io.StringIO(),
    }
    try:
        parts = publish_parts(text, writer="html5", settings_overrides=settings)
    except SystemMessage:
        return False
    return bool(parts["docinfo"] or parts["fragment"])


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_the_writer_is_left_out_only_where_it_changes_nothing(number: int) -> None:
    first, *others = (TEXTS * 2)[number : number + 4]
    for text in (first, *(f"{first}\n{other}" for other in others)):
        problem = rst_problem(text)
        assert (not problem) is rendered(text), (text, problem)


def test_a_worker_that_was_killed_is_replaced() -> None:
    metadata = "Metadata-Version: 2.1\nName: spam\nVersion: 1\n\n"
    assert description_problem(f"{metadata}One.\n") == ""
    (worker,) = description._idle
    worker.kill()
    worker.wait()
    assert "line 1 of the description" in description_problem(f"{metadata}Two_.\n")
    assert description._idle != [worker]


def test_the_limit_on_memory_leaves_room_on_the_free_threaded_build(free_threaded_python: str) -> None:
    metadata = "Metadata-Version: 2.1\nName: spam\nVersion: 1\n\n*One*, ``two``.\n"
    program = "import sys; from ftwheel.io.wheel import description as it; print([it.description_problem(sys.argv[1])])"
    places = (Path(description.__file__).parents[3], Path(docutils.__file__).parents[1])
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}
    command = [free_threaded_python, "-c", program, metadata]
    assert subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout == "['']\n"
