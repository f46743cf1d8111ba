"""What hostile inputs take: how many each group has, and the most memory and processor time that one of them took.

The inputs are those of ``tests/support/hostile.py`` and ``hostile_machine.py``; each runs in a process with hard
limits. Run it with ``python3 dev.py bench -- hostile``; it prints the table of ``docs/threat-model.md``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.bounded import Runner, trouble
from support.hostile_machine import hostile_inputs
from support.server import serve


def main() -> None:
    rows: dict[str, list[dict[str, object]]] = {}
    runner = Runner()
    with serve() as server, tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(hostile_inputs(server)):
            answer = runner.run(case, Path(folder, str(number)))
            if why := trouble(answer):
                sys.exit(f"{case.name}: {why}")
            rows.setdefault(case.group, []).append(answer)
    runner.close()
    print("| inputs | number | MiB | seconds |\n|---|---|---|---|")
    for group, answers in rows.items():
        peak, seconds = (max(float(str(answer[key])) for answer in answers) for key in ("peak", "seconds"))
        print(f"| {group} | {len(answers)} | {peak:.0f} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
