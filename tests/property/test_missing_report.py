"""Whatever stands in a file given to ``--merge``: one clear error, or a report that every form can show."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ftwheel.core.dependencies.readiness import GilDeclarations, HelpKind, Readiness, merge
from ftwheel.core.dependencies.readiness_json import parse_report, report_data
from ftwheel.core.errors import InputError
from ftwheel.core.wheel.extension_module import Declaration
from ftwheel.render.dependencies.report import write
from ftwheel.render.formats import formats
from support.readiness import LINUX, NEXT, project, release, report, verdict

WHOLE = json.loads(
    json.dumps(
        report_data(
            report(
                project(
                    "foo",
                    verdict(LINUX, Readiness.SDIST, filename="foo-1.0.tar.gz", upgrade=release("2.0", "2026-01-02")),
                    verdict(
                        NEXT,
                        helps=[(HelpKind.ASK, "ask")],
                        gil=GilDeclarations(filename="f.whl", declares=Declaration.NONE, modules=2, others=("a",)),
                    ),
                    chains=[("bar", "foo")],
                ),
                project("bar", problem="no answer", problem_code=5),
            )
        )
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key in a document."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(value, key), *places(value[key])]]


@given(st.data())
@settings(deadline=None)
def test_a_damaged_report_is_refused_or_shown(data: st.DataObject) -> None:
    body = copy.deepcopy(WHOLE)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(body)))
        if isinstance(container, dict) and data.draw(st.booleans()):
            del container[key]
        else:
            container[key] = data.draw(JSON)
    try:
        found = merge([parse_report(body, "one.json")])
    except InputError:
        return
    for form in formats("missing"):
        out = io.StringIO()
        write(found, form, out, everything=True)
        assert out.getvalue()
