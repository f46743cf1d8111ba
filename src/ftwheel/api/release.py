"""``ftwheel.verify``: which file of a release each environment installs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftwheel.api.arguments import installers_of
from ftwheel.api.indexes import IndexSource, opened
from ftwheel.core.errors import InputError
from ftwheel.core.index.page import ProjectDetails
from ftwheel.core.index.rules import IndexRules
from ftwheel.core.installers.registry import DEFAULT_INSTALLERS

if TYPE_CHECKING:
    from ftwheel.app.release.verify import Verification
    from ftwheel.core.findings import Severity
    from ftwheel.core.installers.options import InstallerOptions
    from ftwheel.io.release.dist import Dist

__all__ = ["verify"]


def verify(
    *release: str | os.PathLike[str],
    indexes: Iterable[IndexSource] = (),
    installers: Iterable[str | InstallerOptions] = DEFAULT_INSTALLERS,
    pythons: Iterable[str] = (),
    platforms: Iterable[str] = (),
    stable_abi: str = "",
    cibuildwheel: Mapping[str, Any] | None = None,
    uploaded_before: datetime | None = None,
    ignore: Iterable[str] = (),
    severities: Mapping[str, Severity] | None = None,
    index_rules: IndexRules = IndexRules.PYPI,
    new_project: bool = False,
    local: bool = False,
) -> Verification:
    """Decide which file each environment installs once a release is uploaded, and what is missing.

    ``release`` is a folder of files to upload, or individual files, added to the first index; or a single string
    ``NAME==VERSION``, a release that the indexes have. ``pythons`` (``3.14t``), ``platforms`` (platform tags) and
    ``stable_abi`` (``3.12``) say what the release has to serve, as in ``[tool.ftwheel]``; by default this is inferred
    from its files and the previous release. ``cibuildwheel`` is the table ``[tool.cibuildwheel]``: what its ``build``
    or ``skip`` leaves out of ``pythons`` and ``platforms`` is not asked for. ``uploaded_before`` hides files uploaded
    later, and sets the date whose supported CPython releases count. ``ignore`` and ``severities`` select findings by
    code. ``index_rules`` says whether PyPI has to accept the files. ``new_project`` accepts a project that no index
    has. ``local`` is for files that one machine has built: it takes no ``indexes``, and expects only the Pythons and
    platforms that these files are for.

    Raises InputError for arguments that cannot be read, files of several releases, and a release that does not exist;
    passes on NetworkError and IndexFormatError from the indexes.
    """
    from dataclasses import replace

    from ftwheel.api.wheel import check
    from ftwheel.app.release.targets import configured_targets
    from ftwheel.app.release.verify import verify as verify_release
    from ftwheel.core.findings import weighed

    dist, name, version = _release(release)
    rules = installers_of(installers)
    if local:
        if dist is None or indexes:
            what = "a release on an index" if dist is None else "indexes"
            raise InputError(f"local and {what} are mutually exclusive", hint="drop one of them")
        indexes = [ProjectDetails(name=name, files=())]
    if uploaded_before is not None and uploaded_before.tzinfo is None:
        raise InputError(f"uploaded_before: {uploaded_before} has no time zone", hint="for example tzinfo=UTC")
    day = (uploaded_before or datetime.now(UTC)).date()
    with opened(indexes) as found:
        verification = verify_release(
            name,
            version,
            upload=dist.upload(lambda paths: check(*paths, index_rules=index_rules)) if dist else None,
            indexes=found,
            installers=rules,
            day=day,
            configured=configured_targets(
                pythons=pythons,
                platforms=platforms,
                stable_abi=stable_abi,
                cibuildwheel=cibuildwheel or {},
                day=day,
            ),
            before=uploaded_before,
            index_rules=index_rules,
            new_project=new_project,
            local=local,
        )
    findings = weighed(verification.findings, severities=severities or {}, ignore=tuple(ignore))
    return replace(verification, findings=findings)


def _release(release: tuple[str | os.PathLike[str], ...]) -> tuple[Dist | None, str, str]:
    """The files to upload, if any, and the name and version."""
    from ftwheel.app.release.published_wheels import parse_release

    if not release:
        raise InputError("no release given", hint='for example verify("dist/"), or verify("grimp==3.17")')
    if isinstance(release[0], str) and not os.path.exists(release[0]) and (named := parse_release(release[0])):
        if len(release) > 1:
            raise InputError(f"{os.fspath(release[1])}: one release at a time", hint="call verify once for each")
        return None, named[0], str(named[1])
    from ftwheel.io.release.dist import read_dist

    dist = read_dist(map(Path, release))
    return dist, dist.name, dist.version
