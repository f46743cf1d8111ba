"""However a pyproject.toml is laid out, ``ftwheel init`` changes the tokens it says, and not one other."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from ftwheel.core.project.adoption import STATUSES, AdoptionRequest, ProjectScan, adopt
from ftwheel.core.project.declarations import Declarations
from ftwheel.core.project.toml_edits import applied
from ftwheel.io.project.toml_text import edited

REQUEST = AdoptionRequest(pythons=("3.14", "3.14t"), platforms=("win_amd64",), status="beta")
TOKEN = re.compile(r"""#[^\r\n]*|"(?:\\.|[^"\\])*"|'[^']*'|[\w-]+|[^\s\w]""")
QUOTES = ('"', "'")


def tokens(text: str) -> list[str]:
    return TOKEN.findall(text)


@st.composite
def arrays(draw: st.DrawFn, *items: str) -> str:
    """An array of strings in one of the ways that people write them, with comments."""
    quoted = [f"{quote}{item}{quote}" for item in items for quote in [draw(st.sampled_from(QUOTES))]]
    comma = draw(st.sampled_from([",", ", ", " , ", " ,"]))
    match draw(st.sampled_from(["line", "lines", "hugging", "leading"])):
        case "line":
            return f"[{draw(st.sampled_from(['', ' ']))}{comma.join(quoted)}{draw(st.sampled_from(['', ' ', ',']))}]"
        case "lines":
            indent = draw(st.sampled_from(["  ", "    ", "\t", ""]))
            notes = [draw(st.sampled_from(["", "  # why", f"\n{indent}# a line of its own"])) for _ in quoted]
            lines = [f"{indent}{item},{note}" for item, note in zip(quoted, notes, strict=True)]
            first = draw(st.sampled_from(["", f"{indent}# at first\n", "\n"]))
            return "[\n" + first + "\n".join(lines) + draw(st.sampled_from(["\n]", "\n  ]"]))
        case "hugging":
            return "[" + ",\n            ".join(quoted) + draw(st.sampled_from(["]", ",]", "\n]"]))
        case _:
            return "[\n  " + "\n  , ".join(quoted) + "\n]"


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A pyproject.toml for maturin, in any layout."""
    equals = draw(st.sampled_from(["=", " = ", "   =  "]))
    note = st.sampled_from(["", " # a note", "#close", "   # spaced  "])
    quote = draw(st.sampled_from(QUOTES))
    system = [
        f"requires{equals}{draw(arrays('maturin>=1,<2', 'other'))}{draw(note)}",
        f"build-backend{equals}{quote}maturin{quote}{draw(note)}",
    ]
    project = [f"name{equals}'a'{draw(note)}", f"classifiers{equals}{draw(arrays('A', 'Topic :: B'))}{draw(note)}"]
    head = draw(st.sampled_from(["[{}]", "[ {} ]", "[{}]  # here", "  [{}]"]))
    tables = [
        "\n".join([head.format("build-system"), *draw(st.permutations(system))]),
        "\n".join([head.format("project"), *draw(st.permutations(project))]),
        draw(
            st.sampled_from(
                ["[tool.black]\nline-length = 79", "[tool]\nblack = {}", "[[tool.many]]\na = 1\n[[tool.many]]"]
            )
        ),
    ]
    own = draw(
        st.sampled_from(
            ["", '[tool.ftwheel]\ngil = "not-used" # mine', "[tool.ftwheel.check]\nignore = []", '[tool."ftwheel"]\n\n']
        )
    )
    parts = [part for part in (*draw(st.permutations(tables)), own) if part]
    text = draw(st.sampled_from(["", "# first\n\n", "\n"])) + draw(st.sampled_from(["\n\n", "\n", "\n\n\n"])).join(
        parts
    )
    text += draw(st.sampled_from(["", "\n", "\n\n", "\n# last", "\n# last\n"]))
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def is_subsequence(short: list[str], long: list[str]) -> bool:
    rest: Iterator[str] = iter(long)
    return all(item in rest for item in short)


@settings(max_examples=150, deadline=None)
@given(documents())
def test_only_what_is_said_changes(text: str):
    document = tomllib.loads(text)
    scan = ProjectScan(pyproject=text, document=document, declarations=Declarations(declared=("a.c",)))
    edits = adopt(scan, REQUEST).edits
    after = edited(text, edits)

    assert tomllib.loads(after) == applied(document, edits)
    kept = [token for token in tokens(text) if token not in {"'maturin'", '"maturin"'}]
    assert is_subsequence(kept, tokens(after))
    new = set(tokens(after)) - set(tokens(text))
    named = {"ftwheel-build", "ftwheel_build", STATUSES["beta"], "3.14", "3.14t", "win_amd64", "maturin"}
    words = {"tool", ".", "ftwheel", "build-backend", "pythons", "platforms", ","}
    assert new <= words | {f"{quote}{name}{quote}" for name in named for quote in QUOTES}
    lost = set(text.splitlines()) - set(after.splitlines())
    assert all("maturin" in line or "Topic :: B" in line or '"A"' in line or "'A'" in line for line in lost)
    assert {*re.findall(r"\r?\n", after)} <= {*re.findall(r"\r?\n", text)}
    assert after.endswith("\n") is text.endswith("\n")

    again = ProjectScan(pyproject=after, document=tomllib.loads(after), declarations=scan.declarations)
    assert adopt(again, REQUEST).edits == ()
