"""The figures of benchmarks: kept as JSON in ``results/``, and shown as tables and charts in ``docs/benchmarks.md``.

A benchmark calls ``keep`` with what it measured in one run; ``python benchmarks/results.py`` writes the page anew.
"""

from __future__ import annotations

import datetime as dt
import html
import json
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["keep"]

_ROOT = Path(__file__).resolve().parent.parent
_FOLDER = _ROOT / "benchmarks" / "results"
_PAGE = _ROOT / "docs" / "benchmarks.md"
_BEGIN, _END = "<!-- figures: python benchmarks/results.py -->", "<!-- end of figures -->"
_STYLE = (
    "text{font:13px system-ui,-apple-system,'Segoe UI',Verdana,'DejaVu Sans',sans-serif;fill:#1f2328}"
    ".title{font-weight:600}.own{fill:#0969da}.other{fill:#8c959f}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.own{fill:#4493f8}.other{fill:#6e7681}}"
)


def keep(name: str, title: str, figures: Mapping[str, float], *, base: str, what: str) -> None:
    """Keep seconds by label; ratios are to the label ``base``, ``what`` says what kind of seconds they are."""
    _FOLDER.mkdir(exist_ok=True)
    made = {
        "title": title,
        "what": what,
        "base": base,
        "seconds": {label: round(value, 5) for label, value in figures.items()},
        "ratios": {label: round(value / figures[base], 3) for label, value in figures.items()},
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }
    (_FOLDER / f"{name}.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def _section(name: str, kept: dict[str, object]) -> str:
    seconds, ratios = kept["seconds"], kept["ratios"]
    assert isinstance(seconds, dict)
    assert isinstance(ratios, dict)
    rows = "\n".join(f"| {label} | {_time(value)} | {ratios[label]:.2f} |" for label, value in seconds.items())
    return (
        f"### {kept['title']}\n\n"
        f"{kept['what']}, {kept['date']}, CPython {kept['python']}, {kept['cores']} cores.\n\n"
        f"| | time | times {kept['base']} |\n|---|---|---|\n{rows}\n\n"
        f"![{kept['title']}](images/bench-{name}.svg)\n"
    )


def _chart(kept: dict[str, object]) -> str:
    seconds = kept["seconds"]
    assert isinstance(seconds, dict)
    most, title = max(seconds.values()), html.escape(str(kept["title"]))
    height = 36 + 26 * len(seconds)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{height}" viewBox="0 0 760 {height}" role="img">',
        f'<title>{title}</title><style>{_STYLE}</style><text class="title" x="4" y="18">{title}</text>',
    ]
    for number, (label, value) in enumerate(seconds.items()):
        y, width = 30 + 26 * number, max(1.0, 320 * value / most)
        kind = "own" if label.startswith(("ftwheel", "both levels", "level 1")) else "other"
        parts.append(
            f'<text x="4" y="{y + 15}">{html.escape(label)}</text>'
            f'<rect class="{kind}" x="340" y="{y}" width="{width:.1f}" height="20" rx="3"/>'
            f'<text x="{346 + width:.1f}" y="{y + 15}">{_time(value)}</text>'
        )
    return "".join(parts) + "</svg>\n"


def main() -> None:
    sections = []
    for path in sorted(_FOLDER.glob("*.json")):
        kept = json.loads(path.read_text(encoding="utf-8"))
        sections.append(_section(path.stem, kept))
        (_ROOT / "docs" / "images" / f"bench-{path.stem}.svg").write_text(_chart(kept), encoding="utf-8")
    before, _, rest = _PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    if not after:
        sys.exit(f"{_PAGE}: has no place for the figures")
    _PAGE.write_text(f"{before}{_BEGIN}\n\n" + "\n".join(sections) + f"\n{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
