"""``ftwheel.check``: what the code in wheels is, and whether their tags are true."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ftwheel.core.errors import InputError
from ftwheel.core.index.rules import IndexRules

if TYPE_CHECKING:
    from ftwheel.core.findings import Severity
    from ftwheel.core.wheel.reports import CheckReport, WheelReport

__all__ = ["check"]


def check(
    *wheels: str | os.PathLike[str],
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    severities: Mapping[str, Severity] | None = None,
    index_rules: IndexRules = IndexRules.PYPI,
    follow_init: bool = True,
    processes: int = 1,
) -> CheckReport:
    """Check wheels and folders of wheels: each wheel by itself, then the wheels of a release together.

    ``select`` and ``ignore`` are rule codes, or prefixes such as ``FTW4``; ``severities`` overrides the severity of
    rules. ``index_rules`` says whether PyPI's rules about uploads apply. ``follow_init`` follows the init functions of
    extension modules; without it only data is read, which is faster and leaves more modules undecided. ``processes``
    is how many processes read wheels, this one included. A file that is not a wheel is reported, and sets
    ``CheckReport.unreadable``.

    Raises InputError for a path that does not exist, a folder without wheels, and an unknown rule code.
    """
    from ftwheel.app.wheel.check import Judge
    from ftwheel.app.wheel.check import check as check_paths
    from ftwheel.io.wheel.platform_policy import can_audit, platform_policy, watched_symbols
    from ftwheel.io.wheel.reading import inspect_wheel
    from ftwheel.io.wheel.stable_abi import stable_symbols
    from ftwheel.rules.wheel.selection import RuleSelection

    judge = Judge(
        selection=RuleSelection(
            select=tuple(select), ignore=tuple(ignore), severities=dict(severities or {}), index_rules=index_rules
        ),
        read=partial(inspect_wheel, level2=follow_init, watched=watched_symbols() if can_audit() else None),
        stable_symbols=stable_symbols,
        policy=platform_policy if can_audit() else None,
    )

    def run(function: Callable[[str], WheelReport], paths: Sequence[str]) -> Iterator[WheelReport]:
        from ftwheel.io.system.parallel import in_parallel

        return iter(map(function, paths)) if processes == 1 else in_parallel(function, paths, jobs=processes)

    return check_paths(list(dict.fromkeys(_paths(wheels))), judge, run=run)


def _paths(wheels: Iterable[str | os.PathLike[str]]) -> Iterator[str]:
    named = tuple(os.fspath(one) for one in wheels)
    if not named:
        raise InputError("no wheels given", hint='for example check("dist/")')
    for path in named:
        if os.path.isdir(path):
            found = sorted(entry.path for entry in os.scandir(path) if entry.name.endswith(".whl"))
            if not found:
                raise InputError(f"{path}: no wheels in this folder", hint="pass the folder the wheels were built to")
            yield from found
        elif os.path.isfile(path):
            yield path
        else:
            raise InputError(f"{path}: neither a file nor a folder", hint="pass a wheel, or a folder of wheels")
