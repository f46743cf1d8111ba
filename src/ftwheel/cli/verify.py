"""``ftwheel verify``: which file of a release each environment installs, before the upload or after it."""

from __future__ import annotations

import argparse
import shlex
import sys
import tomllib
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ftwheel.cli.options import index_rules, indexes, reports, severities
from ftwheel.cli.options import installers as choices
from ftwheel.cli.options.files import no_such_file, written_in
from ftwheel.core.errors import ConfigurationError, InputError, MissingToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ftwheel.app.release.verify import Verification
    from ftwheel.core.build.interpreters import Interpreter
    from ftwheel.core.findings import Finding, Severity
    from ftwheel.core.index.pages import Index
    from ftwheel.core.installers.comparison import RealInstall
    from ftwheel.core.installers.options import InstallerOptions
    from ftwheel.core.release.coverage import ConfiguredTargets, Coverage
    from ftwheel.core.tags.environments import Environment
    from ftwheel.io.release.dist import Dist
    from ftwheel_build.config import Config

__all__ = ["EXAMPLES", "add_arguments", "run"]

EXAMPLES = """\
  ftwheel verify dist/                          what each environment would install if dist/ were uploaded
  ftwheel verify --local dist/                  the same for what one machine has built, without an index
  ftwheel verify --format markdown dist/ >> "$GITHUB_STEP_SUMMARY"
  ftwheel verify --html report.html dist/
  ftwheel verify grimp                          the newest release on the index
  ftwheel verify grimp==3.17 --uploaded-prior-to 2026-09-10
  ftwheel verify --write-baseline known.json dist/      accept all current findings
  ftwheel verify --baseline known.json dist/            report only new findings
  ftwheel verify --plan dist/                   the smallest set of wheels that serves every target
  ftwheel verify --against-installers dist/     ask the real pip and uv as well"""

_FOLDERS = ("dist", "wheelhouse")  # where builds put wheels: if missing, not the name of a project


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    several = partial(add, action="append", default=[])
    add(
        "targets",
        nargs="+",
        metavar="DIST",
        help="a folder of files to upload, individual files, or NAME==VERSION (NAME: its newest)",
    )
    several("--installer", metavar="NAME", help=choices.names_of_installers())
    add("--uploaded-prior-to", metavar="DATE", help="consider only files uploaded before this (UTC)")
    add("--plan", action="store_true", help="print the smallest set of wheels that serves every target, and exit")
    add("--against-installers", action="store_true", help="also run the real pip and uv of this machine's interpreters")
    several("--python", metavar="PATH", help="an interpreter for --against-installers")
    several(
        "--digests",
        type=Path,
        metavar="FILE",
        help="fail if the files differ from this list (sha256sum output, or the JSON of ftwheel build)",
    )
    add("--write-digests", type=Path, metavar="FILE", help="write the SHA-256 of each file, to publish only these")
    add(
        "--keep-targets",
        action="store_true",
        help="fail if a supported CPython or a platform that the previous release served is dropped",
    )
    add(
        "--local",
        action="store_true",
        help="verify a local build: ask no index, and expect only the Pythons and platforms that these files are for",
    )
    add("--new-project", action="store_true", help="first release: the project need not be on an index yet")
    weight = parser.add_argument_group("findings")
    add = weight.add_argument
    add("--config", type=Path, metavar="FILE", help="pyproject.toml to read [tool.ftwheel] from (default: here)")
    add("--baseline", type=Path, metavar="FILE", help="accept the findings listed in this file")
    add("--write-baseline", type=Path, metavar="FILE", help="accept all current findings: write them to this file")
    add("--ignore", action="append", default=[], metavar="CODES", help="skip these rules: FTV102, or FTV for all")
    severities.add_arguments(weight)
    index_rules.add_argument(weight)
    shown = parser.add_argument_group("output")
    add = shown.add_argument
    reports.add_arguments(shown, "verify")
    add("--html", type=Path, metavar="FILE", help="also write the report as one HTML file")
    add("--svg", type=Path, metavar="FILE", help="also write the matrix as an SVG image")
    add("--badge", type=Path, metavar="FILE", help="also write a badge for a README")
    indexes.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """0 without findings at ``--fail-on`` or above, 1 with."""
    from ftwheel.core.findings import Severity
    from ftwheel.render.progress import progress

    config, folder = _config(arguments.config)
    _weights(arguments, config)
    release = dist, name, _ = _target(arguments.targets)
    if arguments.local:
        _refuse_an_index(arguments, dist)
    digests = _digests(arguments, dist) if arguments.digests or arguments.write_digests else {}
    installers = _installers(arguments.installer)
    with _opened(arguments, installers, name) as found:
        with progress(begin=f"querying the indexes for {name}, and simulating each environment"):
            version = release[2] or _newest(name, found, arguments.uploaded_prior_to)
            verification = _verify(arguments, (config, folder), (dist, name, version), installers, found)
        if not release[2]:
            print(f"{name}=={version} is the newest release", file=sys.stderr)
        if arguments.plan:
            return _plan(verification, config, installers)
        if arguments.write_baseline:
            from ftwheel.io.release.baseline import write_baseline

            write_baseline(arguments.write_baseline, verification.accepted)
            print(f"{arguments.write_baseline}: {len(verification.accepted)} accepted", file=sys.stderr)
            return 0
        weighed = _weighed(arguments, config, verification)
        _write(arguments, config, replace(verification, findings=weighed), dist)
        limit = Severity[arguments.fail_on.upper()]
        failed = any(finding.severity >= limit for finding in weighed)
        if failed and verification.incomplete and arguments.format == "text":
            print(f"next: to look only at what this machine built: {_local(arguments.targets)}", file=sys.stderr)
        if arguments.write_digests:
            from ftwheel.io.release.digests import written

            reports.save(arguments.write_digests, written(digests))
        disagreed = arguments.against_installers and not _agrees_with_installers(
            arguments, verification, dist, found, installers
        )
    return int(disagreed or failed)


def _config(given: Path | None) -> tuple[Config, Path]:
    """``[tool.ftwheel]``, and the folder that paths in it are relative to."""
    from ftwheel_build.config import Config, load_table
    from ftwheel_build.errors import RefusedError

    path = given or Path("pyproject.toml")
    if given is None and not path.is_file():
        return Config(), path.parent
    try:
        return load_table(path), path.parent
    except RefusedError as error:
        raise ConfigurationError(error.message, hint=error.fix) from error


def _target(targets: Sequence[str]) -> tuple[Dist | None, str, str]:
    """The files to upload, if any, and the release."""
    from ftwheel.app.release.published_wheels import parse_release, project_name

    release = parse_release(targets[0]) if not Path(targets[0]).exists() else None
    if release is not None:
        if len(targets) > 1:
            raise InputError(f"{targets[1]}: one release at a time", hint="run ftwheel verify once for each")
        return None, release[0], str(release[1])
    from ftwheel.io.release.dist import read_dist

    name = project_name(targets[0]) if len(targets) == 1 and not Path(targets[0]).exists() else ""
    if name and name not in _FOLDERS:
        return None, name, ""
    if gone := next((target for target in targets if not Path(target).exists()), ""):
        if parse_release(gone):
            raise InputError(
                f"{gone}: a release on the index cannot be combined with other targets",
                hint="run ftwheel verify once for each",
            )
        raise no_such_file(gone, "a folder of files to upload, individual files, or a release")
    dist = read_dist(map(Path, targets))
    return dist, dist.name, dist.version


@contextmanager
def _opened(
    arguments: argparse.Namespace, installers: Sequence[InstallerOptions], name: str
) -> Iterator[Sequence[Index]]:
    """The indexes to query for a project. Of the user's configuration only the locations count, not the selection."""
    if arguments.local:
        from ftwheel.core.index.page import ProjectDetails
        from ftwheel.core.index.pages import Pages

        yield [Pages.of([ProjectDetails(name=name, files=())])]
        return
    with indexes.open_locations(arguments, (each.name for each in installers)) as locations:
        locations.prefetch([name])
        yield locations.indexes[installers[0].name]


def _refuse_an_index(arguments: argparse.Namespace, dist: Dist | None) -> None:
    """Raise InputError if ``--local`` comes with something to ask an index for."""
    if dist is None:
        raise InputError(
            f"--local is for files on this machine, but {arguments.targets[0]} is on an index", hint="drop --local"
        )
    options = ("index_url", "extra_index_url", "find_links", "no_index", "index", "offline", "refresh", "keep_targets")
    if given := next((option for option in options if getattr(arguments, option)), ""):
        raise InputError(f"--local and --{given.replace('_', '-')} are mutually exclusive", hint="drop one of them")


def _local(targets: Sequence[str]) -> str:
    return shlex.join(["ftwheel", "verify", "--local", *targets])


def _digests(arguments: argparse.Namespace, dist: Dist | None) -> dict[str, str]:
    """SHA-256 of each file to upload, by name. Raises InputError when ``--digests`` lists others."""
    from ftwheel.io.release.digests import compare_digests, read_digests

    if dist is None:
        raise InputError("a release on the index has no files here", hint="pass the folder of files to upload")
    digests = {name: dist.sha256(name) for name in dist.paths}
    recorded: dict[str, str] = {}
    for path in arguments.digests:
        for name, digest in read_digests(path).items():
            if recorded.setdefault(name, digest) != digest:
                raise ConfigurationError(
                    f"{path}: the digest of {name} differs from the one in an earlier list",
                    hint="recreate the list from the files to upload",
                )
    if arguments.digests:
        compare_digests(
            recorded, digests | dict.fromkeys(dist.rejected, "?"), source=", ".join(map(str, arguments.digests))
        )
    return digests


def _newest(name: str, found: Sequence[Index], before: str | None) -> str:
    """The newest release of a project that users install."""
    from ftwheel.app.release.published_wheels import newest_release
    from ftwheel.io.installers.config import parse_cutoff

    pages = [page for index in found if (page := index.project(name)) is not None]
    return newest_release(name, pages, before=parse_cutoff(before) if before else None)


def _installers(asked: Sequence[str]) -> tuple[InstallerOptions, ...]:
    from ftwheel.core.installers.registry import DEFAULT_INSTALLERS, installer

    return tuple(dict.fromkeys(map(installer, asked or DEFAULT_INSTALLERS)))


def _verify(
    arguments: argparse.Namespace,
    configuration: tuple[Config, Path],
    release: tuple[Dist | None, str, str],
    installers: tuple[InstallerOptions, ...],
    found: Sequence[Index],
) -> Verification:
    from ftwheel.app.release.verify import verify
    from ftwheel.cli.check import check_quietly
    from ftwheel.io.installers.config import parse_cutoff
    from ftwheel.io.release.baseline import read_baseline

    config, folder = configuration
    rules = index_rules.chosen(arguments, config.index_rules)
    dist, name, version = release
    now = datetime.now(UTC)
    before = parse_cutoff(arguments.uploaded_prior_to) if arguments.uploaded_prior_to else None
    baseline = arguments.baseline or (folder / config.verify.baseline if config.verify.baseline else None)
    if not found:
        raise InputError("no index to compare the files with", hint="drop --no-index, or use --index-url")
    return verify(
        name,
        version,
        upload=dist.upload(partial(check_quietly, table=config, rules=rules)) if dist else None,
        indexes=found,
        installers=installers,
        day=(before or now).date(),
        configured=_configured(config, arguments.config, before or now),
        before=before,
        known=read_baseline(baseline) if baseline and not arguments.write_baseline else frozenset(),
        index_rules=rules,
        new_project=arguments.new_project,
        local=arguments.local,
        keep_targets=arguments.keep_targets,
    )


def _configured(config: Config, given: Path | None, moment: datetime) -> ConfiguredTargets:
    """What ``[tool.ftwheel]`` names, less the pairs that ``[tool.cibuildwheel]`` beside it leaves out."""
    from ftwheel.app.release.targets import configured_targets
    from ftwheel.core.build.cibuildwheel.options import table_of
    from ftwheel.io.system.texts import read_text

    named = config.pythons and config.platforms
    text = read_text(given or Path("pyproject.toml")) if named else ""
    return configured_targets(
        pythons=config.pythons,
        platforms=config.platforms,
        stable_abi=config.stable_abi,
        cibuildwheel=table_of(tomllib.loads(text), "tool").get("cibuildwheel", {}),
        day=moment.date(),
    )


def _weighed(arguments: argparse.Namespace, config: Config, verification: Verification) -> tuple[Finding, ...]:
    from ftwheel.core.findings import weighed

    levels, ignore = _weights(arguments, config)
    return weighed(verification.findings, severities=levels, ignore=ignore)


def _weights(arguments: argparse.Namespace, config: Config) -> tuple[Mapping[str, Severity], Sequence[str]]:
    """The severity of findings by code, and the codes to ignore. Raises InputError for codes that no rule has."""
    from ftwheel.core.findings import Severity

    levels: Mapping[str, Severity] = {
        **{code: Severity[word.upper()] for code, word in config.verify.severity.items()},
        **dict(map(_severity, arguments.severity)),
    }
    with written_in(f"{arguments.config or 'pyproject.toml'}: [tool.ftwheel.verify]"):
        ignore = _codes(config.verify.ignore)
    return levels, [*ignore, *_codes(arguments.ignore)]


def _codes(given: Sequence[str]) -> list[str]:
    """Codes of findings, or prefixes of them. Raises InputError if no code starts with one."""
    codes = severities.codes(given)
    if codes:
        from ftwheel.rules.registry import rules_of

        for code in codes:
            rules_of(code)
    return list(codes)


def _severity(text: str) -> tuple[str, Severity]:
    from ftwheel.rules.registry import family

    code, level = severities.severity(text)
    if code not in family("FTV"):
        raise InputError(f"--severity {text}: verify has no rule {code}", hint="ftwheel rule FTV lists them")
    return code, level


def _plan(verification: Verification, config: Config, installers: tuple[InstallerOptions, ...]) -> int:
    """Print the planned wheels, whether they are served today, and the targets that a simulation leaves unserved."""
    from ftwheel.app.release.verify import unserved
    from ftwheel.core.release.upload_plan import plan, stable_abi_floor
    from ftwheel.render.terminal import printable, table

    coverage = verification.coverage
    floor = stable_abi_floor([*coverage.new_files, *coverage.published])
    if config.stable_abi:
        floor = int(config.stable_abi.partition(".")[2])
    served = {cell.target for cell in coverage.cells if cell.served}
    wheels = plan(
        [cell.target for cell in coverage.cells if cell.expected is not None or cell.served],
        floor=floor,
        abi3t=config.limited_api != "version-specific",
    )
    rows = [
        [
            wheel.tag,
            wheel.platform,
            " ".join(dict.fromkeys(target.python for target in wheel.targets)),
            "yes" if served.issuperset(wheel.targets) else "no",
        ]
        for wheel in wheels
    ]
    count = f"{len(wheels)} wheel{'s serve' if len(wheels) != 1 else ' serves'} every target"
    print(f"{printable(coverage.project)} {printable(coverage.version)}: {count}")
    table(sys.stdout, ["tag", "platform", "serves", "served today"], rows)
    left = unserved(coverage, wheels, installers)
    for target in left:
        print(f"not served: {target.label}")
    return int(bool(left))


def _write(arguments: argparse.Namespace, config: Config, verification: Verification, dist: Dist | None) -> None:
    from ftwheel.render.release.coverage import write

    coverage, found = verification.coverage, verification.findings
    # ignored findings are shown as accepted
    ignored = (*config.verify.ignore, *severities.codes(arguments.ignore))
    known = verification.known | {one for one in verification.accepted if ignored and one[0].startswith(ignored)}
    paths = {name: str(path) for name, path in dist.paths.items()} if dist else None
    show = partial(write, coverage, found, known=known, paths=paths)
    show(arguments.format, sys.stdout)
    reports.write_all(arguments.report, show)
    if arguments.html:
        from ftwheel.render.release.html import html

        reports.save(arguments.html, html(coverage, found, known=known))
    if arguments.svg or arguments.badge:
        from ftwheel.render.release import svg

        if arguments.svg:
            reports.save(arguments.svg, svg.matrix(coverage, found, known=known))
        if arguments.badge:
            reports.save(arguments.badge, svg.badge(coverage, found, known=known))


def _agrees_with_installers(
    arguments: argparse.Namespace,
    verification: Verification,
    dist: Dist | None,
    found: Sequence[Index],
    installers: tuple[InstallerOptions, ...],
) -> bool:
    """Compare with the real installers, print a line for each, and return whether all agree."""
    from ftwheel.app.release.compare_installers import compare
    from ftwheel.core.index.overlay import Overlay
    from ftwheel.core.installers.registry import installer
    from ftwheel.io.installers.config import parse_cutoff
    from ftwheel.io.release.real_installers import ask_installer
    from ftwheel.io.release.server import LocalIndex, serving
    from ftwheel.render.progress import progress
    from ftwheel.render.terminal import printable

    coverage = verification.coverage
    before = parse_cutoff(arguments.uploaded_prior_to) if arguments.uploaded_prior_to else None
    index = LocalIndex([dist] if dist else [], [Overlay(below=one, before=before) for one in found], sdists=False)
    asked = _real_environments(arguments.python, coverage, [rules.name for rules in installers])
    out = sys.stdout if arguments.format == "text" else sys.stderr
    agree = True
    with serving(index) as address:
        page = index.seen(coverage.project, address)
        if page is None or not asked:
            raise MissingToolError(
                "none of the interpreters on this machine is a target of the release",
                hint="name one with --python PATH",
            )

        def ask(requirement: str, rules: InstallerOptions, environment: Environment) -> RealInstall:
            return ask_installer(
                rules.name,
                asked[environment, installer(rules.label)],
                requirement,
                index=index,
                address=address,
                prereleases=bool(rules.allow_prereleases),
            )

        with progress(begin="asking the real installers") as shown:
            comparisons = []
            for number, comparison in enumerate(compare(page, coverage.version, asked, ask), 1):
                comparisons.append(comparison)
                shown(number, 0, f"{comparison.environment}: {comparison.installer} has answered")
        for comparison in comparisons:
            agree &= comparison.agrees
            taken = comparison.real.filename or "nothing"
            as_simulated = comparison.simulated == comparison.real.filename
            told = "as simulated" if as_simulated else f"THE SIMULATOR SAID {comparison.simulated or 'nothing'}"
            told += f"; not installed: {comparison.refused}" if comparison.refused else ""
            imports = "".join(f"; {one.module}: {one.outcome.value}" for one in comparison.real.imports)
            line = f"{comparison.environment}: {comparison.installer} selects {taken}, {told}{imports}"
            print(printable(line), file=out, flush=True)
    return agree


def _real_environments(
    paths: Sequence[str], coverage: Coverage, names: Sequence[str]
) -> dict[tuple[Environment, InstallerOptions], Interpreter]:
    """The environments on this machine that the release is for, with the installers they have."""
    from ftwheel.core.installers.registry import installer
    from ftwheel.io.release.real_installers import installed_version
    from ftwheel.io.system.environment_probe import environment_of
    from ftwheel.io.system.interpreters import discover, probe

    pythons = {(cell.target.minor, cell.target.free_threaded) for cell in coverage.cells}
    asked: dict[tuple[Environment, InstallerOptions], Interpreter] = {}
    for interpreter in [probe(path) for path in paths] if paths else discover():
        if interpreter.implementation != "cpython" or interpreter.debug:
            continue
        if not paths and (interpreter.minor[1], interpreter.free_threaded) not in pythons:
            continue
        environment = environment_of(interpreter.executable)
        for name in dict.fromkeys(names):
            version = installed_version(name, interpreter)
            if version:
                asked[environment, installer(f"{name}=={version}")] = interpreter
    return asked
