"""What the benchmarks share: their options, the programs they compare with, and where their figures go.

A benchmark calls ``keep`` with what it measured in one run; that is kept as JSON in ``results/``. ``python
benchmarks/results.py`` writes each as a table and a chart into the page of ``docs/`` that has a place for it, between
``<!-- figures: NAME -->`` and ``<!-- end of figures -->``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import html
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["install_peers", "keep", "parse"]

_ROOT = Path(__file__).resolve().parent.parent
_FOLDER = _ROOT / "benchmarks" / "results"
_DOCS = _ROOT / "docs"
_PLACE = re.compile(r"(<!-- figures: (\S+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)
_STYLE = (
    "text{font:13px system-ui,-apple-system,'Segoe UI',Verdana,'DejaVu Sans',sans-serif;fill:#1f2328}"
    ".title{font-weight:600}.own{fill:#0969da}.other{fill:#8c959f}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.own{fill:#4493f8}.other{fill:#6e7681}}"
)


def parse(description: str | None, *, wheels: bool = False, long: str = "") -> argparse.Namespace:
    """Read the command line; ``results`` is None for figures that are only printed, as those of one's own wheels.

    ``long`` is the help of an option ``--long``, if there is to be one.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="measure once and little, keep nothing")
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="keep the figures here")
    if long:
        parser.add_argument("--long", action="store_true", help=long)
    if wheels:
        parser.add_argument("wheels", nargs="?", type=Path, metavar="FOLDER", help="wheels to measure with")
    arguments = parser.parse_args()
    if not (arguments.results or arguments.short or (wheels and arguments.wheels)):
        arguments.results = _FOLDER
    return arguments


def install_peers(place: Path, *names: str, python: str = sys.executable) -> tuple[Path, dict[str, str]]:
    """Install programs into a new environment; returns the folder of its scripts, and their versions."""
    subprocess.run(["uv", "venv", "--quiet", "--no-project", "--python", python, place], check=True)
    scripts = place / ("Scripts" if os.name == "nt" else "bin")
    into = ["--python", scripts / "python"]
    subprocess.run(["uv", "pip", "install", "--quiet", *into, *names], check=True)
    listed = subprocess.run(["uv", "pip", "list", "--format", "json", *into], check=True, capture_output=True)
    versions = {each["name"]: each["version"] for each in json.loads(listed.stdout)}
    return scripts, {name: versions[name] for name in names}


def keep(
    folder: Path | None,
    name: str,
    title: str,
    figures: Mapping[str, float],
    *,
    what: str,
    base: str | None = None,
    more: Mapping[str, Mapping[str, float]] | None = None,
    versions: Mapping[str, str] | None = None,
) -> None:
    """Keep seconds by label, ``what`` says what kind of seconds; ratios are to the label ``base``.

    ``more`` are further columns by their head, ``versions`` those of the programs that ftwheel is compared with.
    """
    if folder is None:
        return
    made: dict[str, object] = {
        "title": title,
        "what": what,
        "base": base,
        "seconds": _rounded(figures, 5),
        "ratios": _rounded({label: value / figures[base] for label, value in figures.items()}, 3) if base else {},
        "more": {head: _rounded(column, 1) for head, column in (more or {}).items()},
        "versions": versions or {},
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


def _rounded(figures: Mapping[str, float], digits: int) -> dict[str, float]:
    return {label: round(value, digits) for label, value in figures.items()}


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def _section(name: str, kept: dict[str, object]) -> str:
    seconds, ratios, more, versions = (kept[key] for key in ("seconds", "ratios", "more", "versions"))
    assert isinstance(seconds, dict)
    assert isinstance(ratios, dict)
    assert isinstance(more, dict)
    assert isinstance(versions, dict)
    heads = [*more, "time", *([f"times {kept['base']}"] if ratios else [])]
    rows = [f"| | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    for label, value in seconds.items():
        cells = [*(f"{column[label]:,.0f}" for column in more.values()), _time(value)]
        rows.append(f"| {label} | {' | '.join(cells + ([f'{ratios[label]:.2f}'] if ratios else []))} |")
    peers = "".join(f", {program} {version}" for program, version in versions.items())
    about = f"{kept['what']}, {kept['date']}, CPython {kept['python']}, {kept['cores']} cores{peers}."
    chart = f"![{kept['title']}](images/bench-{name}.svg)"
    return "\n\n".join(["", about, "\n".join(rows), chart, ""])


def _chart(kept: dict[str, object]) -> str:
    seconds = kept["seconds"]
    assert isinstance(seconds, dict)
    most, title = max(seconds.values()), html.escape(str(kept["title"]))
    height = 36 + 26 * len(seconds)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{height}" viewBox="0 0 760 {height}" role="img">',
        f'<title>{title}</title><style>{_STYLE}</style><text class="title" x="4" y="18">{title}</text>',
    ]
    own = all(not label.startswith("ftwheel") for label in seconds)  # nothing but ftwheel
    for number, (label, value) in enumerate(seconds.items()):
        y, width = 30 + 26 * number, max(1.0, 320 * value / most)
        kind = "own" if own or label.startswith("ftwheel") else "other"
        parts.append(
            f'<text x="4" y="{y + 15}">{html.escape(label)}</text>'
            f'<rect class="{kind}" x="340" y="{y}" width="{width:.1f}" height="20" rx="3"/>'
            f'<text x="{346 + width:.1f}" y="{y + 15}">{_time(value)}</text>'
        )
    return "".join(parts) + "</svg>\n"


def main() -> None:
    results = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.json"))}
    for name, kept in results.items():
        (_DOCS / "images" / f"bench-{name}.svg").write_text(_chart(kept), encoding="utf-8")
    left = set(results)

    def filled(place: re.Match[str]) -> str:
        if place[2] not in results:
            return place[0]
        left.discard(place[2])
        return f"{place[1]}{_section(place[2], results[place[2]]).lstrip()}{place[3]}"

    for page in sorted(_DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if (new := _PLACE.sub(filled, text)) != text:
            page.write_text(new, encoding="utf-8")
    if left:
        sys.exit(f"no page of {_DOCS} has a place for {', '.join(sorted(left))}")


if __name__ == "__main__":
    main()
