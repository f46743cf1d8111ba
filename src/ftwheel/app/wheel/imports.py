"""Selects the interpreters that a wheel is for, and imports its modules with each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ftwheel.core.build.interpreters import Interpreter
from ftwheel.core.tags.cpython_builds import CPythonBuild, targets_of
from ftwheel.core.wheel.contents import WheelContents
from ftwheel.core.wheel.filename import WheelName
from ftwheel.core.wheel.imports import ImportResult
from ftwheel.core.wheel.pairs import platform_family
from ftwheel.core.wheel.reports import Imported

__all__ = ["ImportEach", "fitting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportEach:
    """Imports every extension module of a wheel with one interpreter for each build that the wheel is for."""

    interpreters: tuple[Interpreter, ...]
    import_modules: Callable[[Path, Interpreter, Sequence[str]], tuple[ImportResult, ...]]

    def __call__(self, path: str, contents: WheelContents) -> tuple[tuple[Imported, ...], str]:
        """The results, or the reason why there are none. Raises what ``import_modules`` raises."""
        modules = sorted(contents.modules)
        if not modules:
            return (), ""
        targets = targets_of(contents.name)
        if not targets:
            return (), f"the tag {contents.name.tag_text} is for no build of CPython that could import it"
        chosen = fitting(contents.name, self.interpreters)
        if not chosen:
            wanted = ", ".join(target.label for target in targets)
            return (), f"no interpreter on this machine is {wanted} for {'.'.join(contents.name.platforms)}"
        return tuple(
            Imported(label=each.label, results=self.import_modules(Path(path), each, modules)) for each in chosen
        ), ""


def fitting(name: WheelName, interpreters: Sequence[Interpreter]) -> tuple[Interpreter, ...]:
    """The oldest interpreter for each build that a file name serves, on this platform, each once."""
    families = {platform_family(tag) for tag in name.platforms}
    here = [each for each in interpreters if _runs_on(each) & families]
    chosen: dict[str, Interpreter] = {}
    for target in targets_of(name):
        found = [each for each in here if _is(target, each)]
        if found:
            oldest = min(found, key=lambda each: each.version[:2])
            chosen[oldest.executable] = oldest
    return tuple(chosen.values())


def _is(target: CPythonBuild, interpreter: Interpreter) -> bool:
    minor = interpreter.version[1]
    return (
        interpreter.implementation == "cpython"
        and not interpreter.debug
        and interpreter.free_threaded is target.free_threaded
        and (minor >= target.minor if target.onwards else minor == target.minor)
    )


def _runs_on(interpreter: Interpreter) -> set[tuple[str, str]]:
    """The platform families whose wheels an interpreter can install."""
    system, machine = platform_family(interpreter.platform.replace("-", "_").replace(".", "_"))
    if system == "linux" and any("musl" in suffix for suffix in interpreter.extension_suffixes):
        system = "musllinux"
    if system == "macosx":
        return {(system, machine), (system, "universal2")} if machine != "universal2" else _MACOS
    return {(system, machine)}


_MACOS = {("macosx", machine) for machine in ("universal2", "arm64", "x86_64")}
