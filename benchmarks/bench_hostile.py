"""What hostile inputs take: how many each group has, and the most memory and processor time that one of them took.

The inputs are those of ``tests/support/hostile*.py``; each runs in a process with hard limits.
Run it with ``python3 dev.py bench -- hostile``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from results import keep, parse

from support.bounded import Runner, trouble
from support.hostile_machine import hostile_inputs
from support.server import serve


def main() -> None:
    arguments = parse(__doc__)
    rows: dict[str, list[dict[str, object]]] = {}
    runner = Runner()
    with serve() as server, tempfile.TemporaryDirectory() as folder:
        cases = hostile_inputs(server)
        if arguments.short:  # one of each group
            cases = list({case.group: case for case in cases}.values())
        for number, case in enumerate(cases):
            answer = runner.run(case, Path(folder, str(number)))
            if why := trouble(answer):
                sys.exit(f"{case.name}: {why}")
            rows.setdefault(case.group, []).append(answer)
    runner.close()
    peaks, seconds = ({group: most(answers, key) for group, answers in rows.items()} for key in ("peak", "seconds"))
    numbers = {group: len(answers) for group, answers in rows.items()}
    print(f"{'':24}{'inputs':>8}{'MiB':>8}{'s':>8}")
    for group, number in numbers.items():
        print(f"{group:24}{number:8}{peaks[group]:8.0f}{seconds[group]:8.1f}")
    title, what = f"{len(cases)} hostile inputs", "Memory and processor time are the highest of each group"
    keep(arguments.results, "hostile", title, seconds, what=what, more={"inputs": numbers, "MiB": peaks})


def most(answers: Sequence[Mapping[str, object]], key: str) -> float:
    return max(float(str(answer[key])) for answer in answers)


if __name__ == "__main__":
    main()
