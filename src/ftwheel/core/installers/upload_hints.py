"""Decides which wheels a project should upload so that every environment of a simulation installs one it can load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ftwheel.core.installers.outcomes import Outcome
from ftwheel.core.installers.simulations import Simulation, SimulationCell
from ftwheel.core.listing import listed
from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.tags.cpython import macos_target
from ftwheel.core.tags.environments import Environment, Loading

__all__ = ["UploadHint", "advise", "is_resolved", "listed", "usual_platform", "wheel_tag"]

_UNWANTED = frozenset({Outcome.OLDER_VERSION, Outcome.SDIST, Outcome.NOTHING})


class UploadHint(NamedTuple):
    """What users of one build of Python install, and which wheels would help.

    ``build`` is ``default 3.13`` or ``free-threaded 3.13``. ``environments`` are labels, ``platforms`` the newest
    platform tag of each; ``everywhere`` is true if these are all the requested environments of the build. ``outcome``
    says what the installers do there now. ``wheels`` are the tags of the missing wheels, one per environment.
    """

    build: str
    environments: tuple[str, ...]
    platforms: tuple[str, ...]
    everywhere: bool
    installers: tuple[str, ...]
    outcome: str
    wheels: tuple[str, ...]

    @property
    def text(self) -> str:
        """The hint as one line."""
        several = len(self.wheels) > 1
        where = "on every platform" if several and self.everywhere else f"on {listed(self.platforms)}"
        abi = self.wheels[0].rpartition("-")[0]
        what = f"a {abi} wheel for each" if several else f"a {self.wheels[0]} wheel"
        return f"{self.build} gets {self.outcome} {where} ({listed(self.installers)}): upload {what}"


def is_resolved(cell: SimulationCell, allowed: Iterable[Outcome] = ()) -> bool:
    """Whether the environment installs a wheel of the newest version that its interpreter can load.

    ``allowed`` are further acceptable outcomes. An environment that the requirement's marker excludes needs nothing.
    """
    if cell.marker_excludes:
        return True
    if cell.loading is Loading.NO:
        return False
    return cell.outcome not in _UNWANTED.difference(allowed)


def advise(simulation: Simulation) -> tuple[UploadHint, ...]:
    """A hint for each build of Python and each problem there, in the order of the cells.

    There is no hint for a page that an installer cannot read, because wheels would not fix that, or for pip's cross
    options, because they need not describe an interpreter.
    """
    installers: dict[tuple[str, str, str], list[str]] = {}
    environments: dict[str, Environment] = {}
    for cell in simulation.cells:
        if not is_resolved(cell) and not cell.refusal and not cell.environment.pairs:
            where = cell.environment
            environments[where.label] = where
            installers.setdefault((_build(where), _outcome(cell), where.label), []).append(cell.installer.label)
    groups: dict[tuple[str, str, tuple[str, ...]], list[Environment]] = {}
    for (build, outcome, label), names in installers.items():
        groups.setdefault((build, outcome, tuple(names)), []).append(environments[label])
    sizes = Counter(map(_build, simulation.environments))
    return tuple(
        UploadHint(
            build=build,
            environments=tuple(each.label for each in members),
            platforms=tuple(map(_platform, members)),
            everywhere=len(members) == sizes[build],
            installers=names,
            outcome=outcome,
            wheels=tuple(map(wheel_tag, members)),
        )
        for (build, outcome, names), members in groups.items()
    )


def wheel_tag(environment: Environment, platform: str = "") -> str:
    """The tag of a wheel for this environment; ``platform`` may be an older tag that it also accepts."""
    major, minor = environment.minor
    return f"{environment.implementation}{major}{minor}-{environment.abis[0]}-{platform or _platform(environment)}"


_USUAL = ("manylinux_2_28_", "musllinux_1_2_")  # what cibuildwheel 4 builds for


def usual_platform(environment: Environment) -> str:
    """The platform tag projects usually build for such a machine, if the machine accepts it; else the machine's own."""
    newest = _platform(environment)
    if newest.startswith("macosx_"):
        architecture = newest.split("_", 3)[3]
        wanted = "macosx_{}_{}_{}".format(*macos_target(environment.minor[1], architecture), architecture)
        return wanted if wanted in environment.platforms else newest
    return next((tag for tag in environment.platforms if tag.startswith(_USUAL)), newest)


def _build(environment: Environment) -> str:
    major, minor = environment.minor
    return f"{'free-threaded' if environment.free_threaded else 'default'} {major}.{minor}"


def _outcome(cell: SimulationCell) -> str:
    if cell.best is None:
        return "nothing"
    if cell.outcome is Outcome.OLDER_VERSION:
        return f"the older version {cell.best.version}"
    return (
        "the sdist"
        if cell.outcome is Outcome.SDIST
        else f"{_article(cell.best.tag.split('-')[1])} wheel it cannot load"
    )


def _article(word: str) -> str:
    return f"an {word}" if word.startswith("a") else f"a {word}"


def _platform(environment: Environment) -> str:
    """The newest platform tag that an index accepts, which excludes ``linux_x86_64``."""
    known = environment.platforms
    return next((platform for platform in known if not platform.startswith("linux_")), known[0])
