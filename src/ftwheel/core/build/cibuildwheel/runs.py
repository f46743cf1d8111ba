"""Decides how to run cibuildwheel: one run per series and platform, with its arguments, variables and overrides.

The project's own options remain in effect. ftwheel adds exact selectors, the image that its platform tags require, its
audit, a label for finding its containers, and overrides for builds that need them. It is an error if a project option
would silently replace one of these, or vice versa.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftwheel.core.build.cibuildwheel.identifiers import (
    BuildIdentifier,
    BuildSelection,
    CibuildwheelSeries,
    OmittedBuild,
    build_platform,
)
from ftwheel.core.build.cibuildwheel.options import CibuildwheelOptions, table_of
from ftwheel.core.errors import ConfigurationError
from ftwheel.core.tags.cpython import FIRST_ABI3T

__all__ = [
    "CibuildwheelRun",
    "ContainerImage",
    "DriverPlan",
    "RunRequest",
    "backend_of",
    "config_text",
    "image_of",
    "maturin_interpreters",
    "plan_runs",
]

_GLIBC = re.compile(r"manylinux(?:_2_(\d+)|(1|2010|2014))_.+")
_LEGACY = {"1": 5, "2010": 12, "2014": 17}
_USUAL = {17: "manylinux2014", 28: "manylinux_2_28", 34: "manylinux_2_34"}
# copied from resources/pinned_docker_images.cfg and defaults.toml: init chooses an image before there is a cibuildwheel
_IMAGES = {  # glibc 2.x -> name; the second column is the default
    "armv7l": ({31: "manylinux_2_31", 35: "manylinux_2_35"}, "manylinux_2_31"),
    "riscv64": ({39: "manylinux_2_39"}, "manylinux_2_39"),
}
_NO_HOST = re.compile(r"disable[-_]host[-_]mount")
_RUST = "curl --proto =https --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal"
_CARGO = "$HOME/.cargo/bin:$PATH"

Override = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a run does in addition to building, in cibuildwheel's terms.

    ``platforms`` are the tags of ``[tool.ftwheel]``, for the choice of images; ``config_settings`` those of the command
    line. ``audit`` is a command with ``{wheel}`` in it, ``container_label`` a ``NAME=VALUE``, ``backend_folder`` the
    ``file:`` URL of the folder with a wheel of ``ftwheel-build``, for a project that requires it; each may be empty.
    """

    platforms: tuple[str, ...] = ()
    config_settings: Mapping[str, str | Sequence[str]]
    audit: str = ""
    container_label: str = ""
    backend_folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ContainerImage:
    """A container image that a run starts: a name that cibuildwheel knows (``manylinux_2_28``) or a full reference."""

    name: str
    arch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CibuildwheelRun:
    """One call of cibuildwheel.

    ``environment`` is set on top of the user's. ``config`` is the text of a file for ``--config-file``, the project's
    own table with overrides added, or "" if the project's file suffices. ``engine`` is "" except on Linux.
    """

    series: CibuildwheelSeries
    system: str
    identifiers: tuple[BuildIdentifier, ...]
    environment: Mapping[str, str]
    config: str = ""
    engine: str = ""
    images: tuple[ContainerImage, ...] = ()

    @property
    def archs(self) -> tuple[str, ...]:
        return tuple(sorted({each.arch for each in self.identifiers}))

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments that do not depend on this machine."""
        needed = "cp313t-" if self.series is CibuildwheelSeries.THREE else "cp312-pyodide"
        enable = ("--enable", self.series.group) if _has(self.identifiers, needed) else ()
        return ("--platform", self.system, "--archs", ",".join(self.archs), *enable)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverPlan:
    """Everything the driver runs; ``maturin`` are the interpreters for maturin-action if the project uses maturin.

    ``shared`` are builds that another build's stable ABI wheel has to serve.
    """

    runs: tuple[CibuildwheelRun, ...]
    shared: tuple[BuildIdentifier, ...] = ()
    left_out: tuple[OmittedBuild, ...] = ()
    maturin: tuple[str, ...] = ()


def _has(identifiers: Iterable[BuildIdentifier], beginning: str) -> bool:
    return any(each.text.startswith(beginning) for each in identifiers)


def plan_runs(
    selection: BuildSelection, own: CibuildwheelOptions, document: Mapping[str, Any], request: RunRequest
) -> DriverPlan:
    """Decide the runs, 3.x first, for the project whose pyproject.toml is ``document``.

    Raises ConfigurationError if the project's options conflict with what a build needs.
    """
    runs = []
    for series, identifiers in selection.builds.items():
        for system in dict.fromkeys(each.system for each in identifiers):
            chosen = tuple(each for each in identifiers if each.system == system)
            runs.append(_run(series, chosen, own, document, request))
    maturin = maturin_interpreters(selection.identifiers) if backend_of(document) == "maturin" else ()
    return DriverPlan(runs=tuple(runs), shared=selection.shared, left_out=selection.left_out, maturin=maturin)


def _run(
    series: CibuildwheelSeries,
    identifiers: tuple[BuildIdentifier, ...],
    own: CibuildwheelOptions,
    document: Mapping[str, Any],
    request: RunRequest,
) -> CibuildwheelRun:
    """The run for identifiers of one platform."""
    system = identifiers[0].system
    if (asked := own.environ.get("CIBW_PLATFORM") or "auto") not in {"auto", system}:
        raise ConfigurationError(f"CIBW_PLATFORM is {asked}, but {identifiers[0].text} is to be built", hint="unset it")
    environment = {"CIBW_BUILD": " ".join(each.text for each in identifiers)}
    engine, images = "", []
    if system == "linux":
        engine, environment["CIBW_CONTAINER_ENGINE_LINUX"] = _engine(own, request.container_label)
        for platform in dict.fromkeys(each.platform for each in identifiers):
            name, arch = image_of(platform, own, request.platforms)
            images.append(ContainerImage(name=name, arch=arch))
            option = f"{platform.partition('_')[0]}-{arch}-image"
            if own.raw(option, system) is None and not own.named_in_overrides(option):
                environment[f"CIBW_{option.upper().replace('-', '_')}"] = name
    if series is CibuildwheelSeries.FOUR and request.audit:
        environment |= _audit(request.audit, own, system)
    if system == "linux" and backend_of(document) == "maturin" and own.raw("before-all", system) is None:
        environment["CIBW_BEFORE_ALL_LINUX"] = _RUST
    overrides = tuple(_overrides(identifiers, system, own, document, request))
    return CibuildwheelRun(
        series=series,
        system=system,
        identifiers=identifiers,
        environment=environment,
        config=config_text({**own.table, "overrides": [*own.table.get("overrides", ()), *overrides]})
        if overrides
        else "",
        engine=engine,
        images=tuple(images),
    )


def _audit(command: str, own: CibuildwheelOptions, system: str) -> Mapping[str, str]:
    """The variables that make cibuildwheel 4.x run a command on each wheel, after the project's own audit.

    There are none with ``audit-command = ""``, because each audit starts by downloading virtualenv.
    """
    theirs = own.get("audit-command", system, separator=" && ")
    if theirs == "" or own.named_in_overrides("audit-command"):
        return {}
    name = f"CIBW_AUDIT_COMMAND_{system.upper()}"
    if theirs:
        return {name: f"{theirs} && {command}"}
    if own.raw("audit-requires", system) is not None:
        return {name: command}
    return {name: command, f"CIBW_AUDIT_REQUIRES_{system.upper()}": ""}  # only the default command needs abi3audit


def backend_of(document: Mapping[str, Any]) -> str:
    """The build backend that does the work, wrapped or not."""
    if _is_wrapped(document):
        return str(table_of(document, "tool", "ftwheel").get("build-backend", ""))
    return str(table_of(document, "build-system").get("build-backend", "setuptools.build_meta:__legacy__"))


def _is_wrapped(document: Mapping[str, Any]) -> bool:
    """Whether the project builds through ``ftwheel_build``, which configures each build itself."""
    return bool(table_of(document, "build-system").get("build-backend") == "ftwheel_build")


def _engine(own: CibuildwheelOptions, label: str) -> tuple[str, str]:
    """The container engine's program, and the option that adds a label to its containers (``oci_container.py``)."""
    raw = own.raw("container-engine", "linux") or "docker"
    key = "create_args"
    if isinstance(raw, Mapping):
        fields = [str(raw.get("name", "docker"))]
        for name, value in raw.items():
            if name == "name":
                continue
            values = map(str, value) if isinstance(value, list) else [str(value)]
            fields.append(f"{name}: {' '.join(map(shlex.quote, values))}")
        option = "; ".join(fields)
    else:
        option = str(raw)
    if re.search(r"\bcreate-args\s*:", option):
        key = "create-args"  # cibuildwheel reads only one of the two spellings
    name = option.partition(";")[0].strip().removeprefix("name:").strip()
    return name, f"{option}; {key}: --label={label}" if label else option


def image_of(platform: str, own: CibuildwheelOptions, platforms: Iterable[str]) -> tuple[str, str]:
    """The image for a platform and the architecture: the project's own, else the newest that is old enough."""
    libc, _, arch = platform.partition("_")
    if chosen := own.get(f"{libc}-{arch}-image", "linux"):
        return chosen, arch
    if libc == "musllinux":
        return "musllinux_1_2", arch
    images, default = _IMAGES.get(arch, (_USUAL, "manylinux_2_28"))
    asked = [_glibc(tag) for tag in platforms if tag != platform and build_platform(tag) == platform]
    if not asked:
        return default, arch
    fitting = [minor for minor in images if minor <= min(asked)]
    if not fitting:
        raise ConfigurationError(
            f"platforms: cibuildwheel has no image of glibc 2.{min(asked)} for {arch}",
            hint=f"use {images[min(images)]}_{arch} or newer, or configure an image:"
            f" [tool.cibuildwheel] manylinux-{arch}-image",
        )
    return images[max(fitting)], arch


def _glibc(tag: str) -> int:
    match = _GLIBC.fullmatch(tag)
    assert match is not None, tag  # build_platform accepted it
    return int(match[1]) if match[1] else _LEGACY[match[2]]


def _overrides(
    identifiers: Sequence[BuildIdentifier],
    system: str,
    own: CibuildwheelOptions,
    document: Mapping[str, Any],
    request: RunRequest,
) -> Iterable[Override]:
    """The overrides for some of the builds, and the command line's settings for all."""
    backend, wrapped = backend_of(document), _is_wrapped(document)
    if request.config_settings:
        _not_replaced(own, "config-settings", system, "-C")
        yield _override("*", "config-settings", dict(request.config_settings))
    if wrapped and (found := _backend_found(own, system, request.backend_folder)):
        yield _override("*", "environment", found)
    threads = [each for each in identifiers if each.free_threaded and each.minor < FIRST_ABI3T]
    setting = {} if wrapped else _without_limited_api(backend, document)
    if threads and setting:
        _not_replaced(own, "config-settings", system, "switching the limited API off for the free-threaded wheel")
        added = {key: [*_given(own, system, key), value] for key, value in setting.items()}
        yield _override(_selector(threads), "config-settings", added)
    if backend == "maturin" and not wrapped:
        _not_replaced(own, "environment", system, "a separate folder for each build's Rust code")
        for python in dict.fromkeys(each.python for each in identifiers):
            # PYO3_ENVIRONMENT_SIGNATURE does not distinguish the two builds of a version
            folder = {"CARGO_TARGET_DIR": f"target/ftwheel-{python}"}
            chosen = [each for each in identifiers if each.python == python]
            yield _override(_selector(chosen), "environment", folder)
    if backend == "maturin" and system == "linux" and own.raw("before-all", system) is None:
        _not_replaced(own, "environment", system, "finding cargo")
        yield _override("*", "environment", {"PATH": _CARGO})


def _backend_found(own: CibuildwheelOptions, system: str, folder: str) -> Mapping[str, str]:
    """The variables that let build environments find ``ftwheel-build`` in a folder, in addition to the index.

    A container sees this machine's files below ``/host``, unless the project configures otherwise. There are none if
    the variables are already set in the environment, which takes precedence over the project's configuration.
    """
    if not folder or own.where("environment", system) in own.environ:
        return {}
    if system == "linux":
        if _NO_HOST.search(str(own.raw("container-engine", system))):
            return {}
        folder = folder.replace("file://", "file:///host", 1)
    found = {"PIP_FIND_LINKS": f"$PIP_FIND_LINKS {folder}"}
    return found | ({"UV_FIND_LINKS": folder} if "uv" in str(own.raw("build-frontend", system)) else {})


def _without_limited_api(backend: str, document: Mapping[str, Any]) -> Mapping[str, str]:
    """The config setting that makes a backend set up for the limited API build without it.

    scikit-build-core, cffi and maturin do so on their own before 3.15. Settings in setup.py or meson.build are not
    detected here, but by the wrapper.
    """
    if backend.startswith("mesonpy") and table_of(document, "tool", "meson-python").get("limited-api"):
        return {"setup-args": "-Dpython.allow_limited_api=false"}
    bdist = table_of(document, "tool", "distutils", "bdist_wheel")
    if backend.startswith("setuptools.") and (bdist.get("py_limited_api") or bdist.get("py-limited-api")):
        return {"--build-option": "--py-limited-api="}
    return {}


def _given(own: CibuildwheelOptions, system: str, key: str) -> list[str]:
    """The project's values of a config setting for every build, which an override would replace."""
    raw = own.raw("config-settings", system)
    if isinstance(raw, Mapping):
        value = raw.get(key, [])
        return list(map(str, value)) if isinstance(value, list) else [str(value)]
    pairs = [item.partition("=") for item in shlex.split(raw or "")]
    return [value for name, _, value in pairs if name == key]


def _not_replaced(own: CibuildwheelOptions, name: str, system: str, purpose: str) -> None:
    """Raise ConfigurationError if the variable is set, because it would take precedence over the override."""
    where = own.where(name, system)
    if where in own.environ:
        raise ConfigurationError(
            f"{where} is set, which would replace what is needed for {purpose}",
            hint=f"set {name} in [tool.cibuildwheel] of pyproject.toml",
        )


def _override(select: str, name: str, value: Mapping[str, Any]) -> Override:
    return {"select": select, "inherit": {name: "append"}, name: value}


def _selector(identifiers: Iterable[BuildIdentifier]) -> str:
    return " ".join(each.text for each in identifiers)


def config_text(table: Mapping[str, Any]) -> str:
    """A TOML file with ``table`` as its ``[tool.cibuildwheel]``."""
    lines = ["[tool.cibuildwheel]", *(f"{_quoted(key)} = {_toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """Format a value on one line; cibuildwheel's options are strings, numbers, booleans, arrays and tables."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    """Format a basic string: JSON's escapes are valid in TOML, except that TOML also requires DEL to be escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def maturin_interpreters(identifiers: Iterable[BuildIdentifier]) -> tuple[str, ...]:
    """The values of ``maturin build --interpreter`` inside a manylinux or musllinux image, for maturin-action.

    Full paths, because a search for ``python3.14`` may find ``python3.14t``.
    """
    builds = {(each.minor, each.free_threaded): each for each in identifiers if each.system == "linux"}
    return tuple(f"/opt/python/cp3{minor}-{each.python}/bin/python" for (minor, _), each in sorted(builds.items()))
