"""The user's configuration of pip and uv, as far as it affects which file they select.

Each installer's configuration is read as the installer reads it: the same files and variables, in the same order, with
its own defaults. ``pip.conf`` does not affect uv, nor ``uv.toml`` pip.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from ftwheel.core.errors import InputError
from ftwheel.core.index.page import SourceKind, normalized
from ftwheel.core.installers.options import IndexStrategy, InstallerOptions
from ftwheel.core.named_tuples import NamedTuple
from ftwheel.io.index.settings import NetworkSettings

__all__ = ["FormatControl", "InstallerConfig", "parse_cutoff", "unique"]

ALL = ":all:"
NONE = ":none:"


class FormatControl(NamedTuple):
    """``--only-binary`` and ``--no-binary``: normalized names, or ``:all:``."""

    only_binary: frozenset[str] = frozenset()
    no_binary: frozenset[str] = frozenset()

    def with_value(self, option: str, value: str) -> FormatControl:
        """Apply one more ``--only-binary VALUE`` or ``--no-binary VALUE``.

        As in pip, the value is a comma-separated list. ``:all:`` replaces all previous values of both options,
        ``:none:`` empties this option, and a name is removed from the other option.
        """
        target = set(self.only_binary if option == "only-binary" else self.no_binary)
        other = set(self.no_binary if option == "only-binary" else self.only_binary)
        names = [name.strip() for name in value.split(",") if name.strip()]
        for position, name in enumerate(names):
            if name == ALL:
                other.clear()
                target = {ALL}
                if NONE not in names[position:]:
                    break
            elif name == NONE:
                target.clear()
            else:
                other.discard(normalized(name))
                target.add(normalized(name))
        only, no = (target, other) if option == "only-binary" else (other, target)
        return FormatControl(only_binary=frozenset(only), no_binary=frozenset(no))


class InstallerConfig(NamedTuple):
    """The configuration of one installer.

    ``default_index`` is None if none is configured: then the installer's own default applies. ``extra_indexes`` are in
    the installer's order, ``explicit_indexes`` are those used only for the projects that name them. URLs still contain
    credentials, so they are excluded from ``repr``. ``releases`` maps a normalized name, or ``:all:``, to whether
    pre-releases are allowed (True) or not (False). ``cutoffs`` are by name as well; None lifts the cutoff for that
    project.
    """

    installer: str
    default_index: str | None = None
    extra_indexes: tuple[str, ...] = ()
    explicit_indexes: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    formats: FormatControl = FormatControl()
    prefer_binary: bool = False
    releases: Mapping[str, bool] = MappingProxyType({})
    cutoffs: Mapping[str, datetime | None] = MappingProxyType({})
    index_strategy: IndexStrategy = IndexStrategy.FIRST_INDEX
    network: NetworkSettings = NetworkSettings()

    def __repr__(self) -> str:
        return f"InstallerConfig(installer={self.installer!r})"

    def indexes(self, default: str) -> tuple[tuple[str, SourceKind], ...]:
        """The URLs of all indexes with their kinds, in the order of ``ProjectFiles``: the default index first.

        ``default`` is used when none is configured.
        """
        if self.no_index:
            return ()
        extra = ((url, SourceKind.EXTRA_INDEX) for url in self.extra_indexes)
        return ((self.default_index or default, SourceKind.INDEX), *extra)

    def rules(self, rules: InstallerOptions, project: str) -> InstallerOptions:
        """The options of an installer as configured for this project (a normalized name)."""
        return rules._replace(
            only_binary=self.formats.only_binary,
            no_binary=self.formats.no_binary,
            prefer_binary=self.prefer_binary,
            allow_prereleases=self.releases.get(project, self.releases.get(ALL)),
            uploaded_prior_to=self.cutoffs[project] if project in self.cutoffs else self.cutoffs.get(ALL),
            index_strategy=self.index_strategy,
        )


def parse_cutoff(text: str, *, now: datetime | None = None) -> datetime:
    """The time before which a file must have been uploaded: an ISO 8601 date or time, or ``P7D`` for seven days ago.

    A date means its first moment. Without a time zone, it is UTC, so that a command has the same result everywhere (pip
    would use the local time zone, and uv the end of the day). Raises InputError.
    """
    if match := re.fullmatch(r"P(\d{1,6})D", text):
        return (now or datetime.now(UTC)) - timedelta(days=int(match[1]))
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(
            f"{text!r} is not a valid date",
            hint="expected a date such as 2026-01-11, a time such as 2026-01-11T12:00Z, or P7D",
        ) from None


def unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
