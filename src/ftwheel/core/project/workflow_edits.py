"""Edits a workflow's text to insert a job or a step, leaving everything else unchanged."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from ftwheel.core.project.workflow_text import JobText, StepText

__all__ = ["WorkflowEdits"]

_QUOTES = frozenset("\"'")
_EXPRESSION = re.compile(r"\$\{\{(?P<inner>(?:(?!\}\}).)*)\}\}")


_BLOCK = re.compile(r"[|>][-+0-9]*")
_OPENING = re.compile(r"(?P<before>\s*(?:\$\{\{[ \t]*)?)")
_CLOSING = re.compile(r"(?P<after>(?:(?<=\S)[ \t]+)?(?:\}\})?\s*)\Z")


def _opened(text: str) -> str:
    """A condition, or its first line, with an opening parenthesis in front."""
    return _OPENING.sub(r"\g<before>(", text, count=1)


def _closed(text: str, more: str) -> str:
    """A condition, or its last line, with the closing parenthesis and the additional condition appended."""
    return _CLOSING.sub(rf") && {more}\g<after>", text, count=1)


class WorkflowEdits:
    """The lines of a workflow, edited from the last to the first, so that earlier positions stay valid."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines(keepends=True)
        self._end = "\r\n" if self._lines[0].endswith("\r\n") else "\n"
        self._open = not text.endswith("\n")
        if self._open:
            self._lines[-1] += self._end

    @property
    def text(self) -> str:
        """The edited text; a final newline is kept or absent as in the original."""
        text = "".join(self._lines)
        return text.removesuffix(self._end) if self._open else text

    def insert(self, position: int, lines: Sequence[str]) -> None:
        """Insert lines before a line and its comments, with the same spacing."""
        while position and self._lines[position - 1].lstrip().startswith("#"):
            position -= 1
        before = self._lines[position - 1].partition("#")[0].strip()
        blank = [self._end] if before in {"", "jobs:"} else []
        self._lines[position:position] = [*(line + self._end for line in lines), *blank]

    def insert_inline(self, step: StepText, text: str) -> None:
        """Insert a step before another in a ``[...]`` list."""
        self._put((step.line, step.column), f"{text}, ")

    def need(self, job: JobText, name: str) -> None:
        """Add a name to a job's ``needs``, keeping its form."""
        if job.needs_at is None:
            # needs from a YAML merge key no longer count once the job has its own key
            names = f"[{', '.join([*job.needs, name])}]" if job.needs else name
            if job.opens is not None:
                self._put((job.opens[0], job.opens[1] + 1), f"needs: {names}, ")
            else:
                # keep a line with the job's name first
                named = self._lines[job.line + 1].strip().startswith("name:")
                self._lines.insert(job.line + 1 + named, f"{' ' * job.inner}needs: {names}{self._end}")
            return
        line, column = self._value(job.needs_at)
        rest = self._lines[line][column:]
        if rest.startswith("["):
            self._append((line, column), name)
        elif rest.startswith("-"):
            self._append_line(line, name)
        else:
            value = self._scalar((line, column), inside=job.opens is not None)
            names = ", ".join(job.needs) if value.startswith("*") else value
            self._lines[line] = f"{self._lines[line][:column]}[{names}, {name}]{rest[len(value) :]}"

    def also_after(self, job: JobText, name: str) -> str:
        """Make a job that runs even after failures require the named job to succeed; return the new condition.

        Empty if the condition's form is not supported: flow style, or several lines without a block scalar.
        """
        if job.condition_at is None or job.opens is not None:
            return ""
        line, column = self._value(job.condition_at)
        value = self._scalar((line, column), inside=False)
        plain = value[:1] not in _QUOTES
        more = f"needs.{name}.result == 'success'"
        if _BLOCK.fullmatch(value):
            self._block_also(line + 1, job.condition_at[1], more)
            return _closed(_opened(job.condition), more)
        if plain and value != job.condition:
            return ""
        whole = _EXPRESSION.fullmatch(job.condition)
        new = f"${{{{ ({whole['inner'].strip()}) && {more} }}}}" if whole else f"({job.condition}) && {more}"
        written = new if plain else json.dumps(new, ensure_ascii=False)
        self._lines[line] = self._lines[line][:column] + written + self._lines[line][column + len(value) :]
        return new

    def _block_also(self, first: int, column: int, more: str) -> None:
        """Add a condition to a block scalar, which ends before the first line indented no deeper than its key."""
        last = first
        for number in range(first, len(self._lines)):
            text = self._lines[number]
            if text.strip() and len(text) - len(text.lstrip()) <= column:
                break
            last = number if text.strip() else last
        self._lines[first] = _opened(self._lines[first])
        self._lines[last] = _closed(self._lines[last], more)

    def _put(self, position: tuple[int, int], text: str) -> None:
        line = self._lines[position[0]]
        self._lines[position[0]] = line[: position[1]] + text + line[position[1] :]

    def _value(self, key: tuple[int, int]) -> tuple[int, int]:
        """The start of the value of a key, after its anchor, on its line or below."""
        line, column = key
        match = re.compile(r"(?:\"[^\"]*\"|'[^']*'|[\w-]+)\s*:\s*(?:&\S+\s*)?").match(self._lines[line], column)
        assert match is not None
        column = match.end()
        while column >= len(self._lines[line].rstrip()) or self._lines[line][column] == "#":
            line += 1
            column = len(self._lines[line]) - len(self._lines[line].lstrip())
        return line, column

    def _scalar(self, position: tuple[int, int], *, inside: bool) -> str:
        """The text of a value that is neither a list nor a mapping, without its comment."""
        rest = self._lines[position[0]][position[1] :]
        pattern = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'|" + (r"[^,}\n]*" if inside else r"(?:(?!\s+#)[^\r\n])*")
        match = re.match(pattern, rest)
        assert match is not None
        return match[0].rstrip()

    def _append(self, opens: tuple[int, int], name: str) -> None:
        """Add a name to a ``[...]`` list, which may span several lines, with a comma if needed."""
        (line, column), quote, (last_line, last) = opens, "", opens
        column += 1
        while True:
            character = self._lines[line][column : column + 1]
            before = self._lines[line][max(column - 1, 0) : column] or " "
            if not character or (not quote and character == "#" and before.isspace()):
                line, column = line + 1, 0
                continue
            if quote:
                quote = "" if character == quote else quote
            elif character in _QUOTES:
                quote = character
            elif character == "]":
                break
            if not character.isspace():
                last_line, last = line, column
            column += 1
        if line > last_line:  # the bracket is on a line of its own
            start = self._lines[last_line]
            indent = start[: len(start) - len(start.lstrip())]
            comma = "," if start[last] == "," else ""
            self._lines.insert(line, f"{indent}{name}{comma}{self._end}")
            if not comma and start[last] != "[":
                self._put((last_line, last + 1), ",")
        elif self._lines[last_line][last] in "[,":
            self._put((line, column), name)
        else:
            self._put((line, last + 1), f", {name}")

    def _append_line(self, line: int, name: str) -> None:
        """Add a name to a list with one item per line."""
        dash = self._lines[line][: len(self._lines[line]) - len(self._lines[line].lstrip())]
        last = line
        for number in range(line, len(self._lines)):
            text = self._lines[number]
            if text.startswith(f"{dash}-"):
                last = number
            elif text.strip() and not text.lstrip().startswith("#"):
                break
        self._lines.insert(last + 1, f"{dash}- {name}{self._end}")
