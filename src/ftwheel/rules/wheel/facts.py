"""The input of rules about wheels: one wheel with everything a rule may ask about it, or the wheels of a release.

``WheelFacts`` carries what comes from outside (auditwheel's verdict, the results of imports, the table of stable ABI
symbols); nothing here reads files.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ftwheel.core.findings import Finding
from ftwheel.core.named_tuples import NamedTuple
from ftwheel.core.release.index_acceptance import UploadRefusal, wheel_refusals
from ftwheel.core.tags.cpython_builds import CPythonBuild, promised_by_none, targets_of
from ftwheel.core.wheel.contents import WheelContents, dotted_name
from ftwheel.core.wheel.extension_module import ExtensionModule
from ftwheel.core.wheel.imports import ImportOutcome
from ftwheel.core.wheel.pairs import PairComparison, Pairing
from ftwheel.core.wheel.reports import Imported, PolicyVerdict
from ftwheel.rules.rule import Rule

__all__ = ["GroupRule", "ReleaseWheels", "WheelFacts", "WheelRule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelFacts:
    """One wheel and everything a rule may ask about it.

    ``stable_symbols`` returns each symbol of the stable ABI with the minor version that added it. ``policy`` runs
    auditwheel, and is None where it cannot run. ``imported`` is None if imports were not requested. ``undeclared`` are
    patterns of module names that may lack a GIL declaration. ``left_out`` is the error of an extension that failed to
    compile without stopping the build, "" if there is none. ``targets`` are the CPython builds that the tags of the
    file name serve, ``refusals`` what PyPI rejects: many rules ask for these.
    """

    wheel: WheelContents
    stable_symbols: Callable[[], Mapping[str, int]]
    policy: Callable[[], PolicyVerdict] | None = None
    imported: tuple[Imported, ...] | None = None
    not_imported: str = ""
    undeclared: tuple[str, ...] = ()
    left_out: str = ""
    targets: tuple[CPythonBuild, ...] = field(init=False, repr=False)
    refusals: tuple[UploadRefusal, ...] = field(init=False, repr=False)
    _variants: dict[str, tuple[ExtensionModule, ...]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", targets_of(self.wheel.name))
        object.__setattr__(self, "refusals", wheel_refusals(self.wheel))
        for extension in self.wheel.extensions:
            name = dotted_name(extension.path)
            if name and extension.init_name:
                self._variants[name] = (*self._variants.get(name, ()), extension)

    @property
    def promised(self) -> tuple[CPythonBuild, ...]:
        """The CPython builds that accept the wheel by the ABI tag ``none``, as far as Requires-Python allows them."""
        if "none" not in self.wheel.name.abis:
            return ()
        return promised_by_none(self.wheel.name, self.wheel.metadata.requires_python if self.wheel.metadata else "")

    @property
    def variants(self) -> Mapping[str, tuple[ExtensionModule, ...]]:
        """Extension modules by import name: the files among which an import chooses.

        Only files that an import can reach (importable folder, own init function) are included.
        """
        return self._variants

    def subject(self, extension: ExtensionModule | None = None, path: str = "") -> str:
        """``WHEEL``, or ``WHEEL:MEMBER``"""
        member = extension.path if extension else path
        return f"{self.wheel.filename}:{member}" if member else self.wheel.filename

    @property
    def used(self) -> tuple[ExtensionModule, ...]:
        """All binaries except modules that no interpreter of the tags looks for, which FTW208 covers."""
        foreign = {
            variant.path
            for variants in self.variants.values()
            for variant in variants
            if self.targets and not any(target.some_search(variant.suffix) for target in self.targets)
        }
        return tuple(each for each in self.wheel.extensions if each.path not in foreign)

    def proved(self, name: str) -> bool:
        """Whether a free-threaded interpreter imported this module, which shows its effect on the GIL."""
        return any(
            result.module == name and result.outcome is ImportOutcome.LOADED and result.gil_before is False
            for imported in self.imported or ()
            for result in imported.results
        )

    def loads(self, name: str) -> bool:
        """Whether any interpreter imported this module."""
        return any(
            result.module == name and result.outcome is ImportOutcome.LOADED
            for imported in self.imported or ()
            for result in imported.results
        )

    def loaded_by(self, target: CPythonBuild) -> Iterator[tuple[str, ExtensionModule]]:
        """For each module, the file that interpreters of this target load, if they find one."""
        for name, variants in self.variants.items():
            found = [variant for variant in variants if target.searches(variant.suffix)]
            if found:
                yield name, min(found, key=lambda variant: target.order(variant.suffix))


class ReleaseWheels(NamedTuple):
    """All wheels of one run that belong to the same release, and their pairs."""

    wheels: tuple[WheelContents, ...]
    pairing: Pairing
    comparisons: tuple[PairComparison, ...]


class WheelRule(Rule):
    """A rule about one wheel."""

    @abc.abstractmethod
    def check(self, facts: WheelFacts) -> Iterator[Finding]: ...


class GroupRule(Rule):
    """A rule about the wheels of one release, seen together."""

    @abc.abstractmethod
    def check(self, group: ReleaseWheels) -> Iterator[Finding]: ...
